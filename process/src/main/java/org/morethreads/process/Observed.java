package org.morethreads.process;

import org.morethreads.internal.Observer;

/** What observers are told of a process, a command, or a shell. Used by one thread at a time. */
final class Observed {
  private final String path;
  private final long pid;
  private final String command;
  private final long since;

  private Observed(String path, long pid, String command, long since) {
    this.path = path;
    this.pid = pid;
    this.command = command;
    this.since = since;
  }

  /**
   * Tells that it has been started.
   *
   * @param path where it hangs in the tree; empty for a shell
   * @param pid its number
   * @param settings what it runs
   * @param since when it was started, by {@link System#nanoTime}
   */
  static Observed started(String path, long pid, Settings settings, long since) {
    Observed its = new Observed(path, pid, settings.program(), since);
    Observer observer = Observer.installed();
    if (observer != null) {
      observer.processStarted(path, pid, its.command);
    }
    return its;
  }

  /** Tells that it has ended. */
  void ended(int exitCode) {
    Observer observer = Observer.installed();
    if (observer != null) {
      observer.processEnded(path, pid, command, exitCode, System.nanoTime() - since);
    }
  }
}
