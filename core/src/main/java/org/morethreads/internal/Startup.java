package org.morethreads.internal;

import java.util.ServiceLoader;

/**
 * What another module of ours does when the main tree is first used, and a system property asks for
 * it. Nobody is looked for otherwise: that takes milliseconds.
 */
public interface Startup {
  /** The directory into which the program is to be profiled. */
  String PROFILE = "org.morethreads.profile";

  /** Whether the program can be looked at from outside. */
  String DIAGNOSTICS = "org.morethreads.diagnostics";

  /** The main tree is there. Called once, by whoever used it first. */
  void mainTreeIsOpen();

  /** Calls those who are there, if a system property asks for it. */
  static void runIfWanted() {
    if (System.getProperty(PROFILE) == null && !Boolean.getBoolean(DIAGNOSTICS)) {
      return;
    }
    try {
      boolean found = false;
      for (Startup each : ServiceLoader.load(Startup.class, Startup.class.getClassLoader())) {
        found = true;
        each.mainTreeIsOpen();
      }
      if (!found) {
        Log.warning(
            "The system property "
                + (System.getProperty(PROFILE) == null ? DIAGNOSTICS : PROFILE)
                + " has no effect: more-threads-profiling is neither on the module path nor on the class path.");
      }
    } catch (Throwable broken) { // the program is more important than its profile
      Log.error("What the system properties of org.morethreads ask for could not be done.", broken);
    }
  }
}
