package org.morethreads.internal;

import java.util.List;

/** A signal of which it is known whose doing will make it go: for the search for deadlocks. */
public interface Awaited {
  /**
   * {@return the threads of which one must end before this can go; empty when that is not known}
   */
  List<Thread> wakers();

  /** {@return whether nothing else can make it go but a stop} */
  boolean isCertain();
}
