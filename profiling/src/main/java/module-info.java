import org.jspecify.annotations.NullMarked;

/** Profiles by thread, events of Flight Recorder, and diagnostics of a program that runs. */
// Each package is @NullMarked as well, for users on the class path, where nobody reads this file.
@NullMarked
@SuppressWarnings(
    "requires-automatic") // the converter has no module of its own; none of it is exported
module org.morethreads.profiling {
  requires transitive org.morethreads;
  requires static transitive org.jspecify;
  requires jdk.jfr;
  requires transitive java.management; // the exported MBean
  requires jfr.converter;

  // The command line attaches to other programs; done without where it is absent.
  requires static jdk.attach;

  exports org.morethreads.profiling;

  provides org.morethreads.internal.Startup with
      org.morethreads.profiling.ProfilingStartup;
}
