import org.jspecify.annotations.NullMarked;

/** Signals, tills, locks, closeable queues, and named threads in a tree. */
@NullMarked
module org.morethreads {
  requires static transitive org.jspecify;

  exports org.morethreads.sync;
  exports org.morethreads.queue;
  exports org.morethreads.thread;
  exports org.morethreads.internal to
      org.morethreads.logging,
      org.morethreads.process,
      org.morethreads.profiling,
      org.morethreads.testing;
}
