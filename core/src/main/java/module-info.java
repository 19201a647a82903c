import org.jspecify.annotations.NullMarked;

/** Signals, tills, locks, closeable queues, and named threads in a tree. */
// Each package is @NullMarked as well, for users on the class path, where nobody reads this file.
@NullMarked
module org.morethreads {
  requires static transitive org.jspecify;

  // For signals of the operating system. On the class path a JVM may lack it, which is caught.
  requires jdk.unsupported;

  // Looked for only when a system property asks for a profile or for diagnostics.
  uses org.morethreads.internal.Startup;

  exports org.morethreads.sync;
  exports org.morethreads.queue;
  exports org.morethreads.thread;
  exports org.morethreads.work;
  exports org.morethreads.internal to
      org.morethreads.logging,
      org.morethreads.process,
      org.morethreads.profiling,
      org.morethreads.testing;
}
