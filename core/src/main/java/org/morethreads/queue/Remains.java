package org.morethreads.queue;

import org.jspecify.annotations.Nullable;
import org.morethreads.internal.Mutex;
import org.morethreads.internal.Surroundings;

/**
 * Sees to it that elements which nobody takes are reported at the end of the tree (Q4): those in a
 * closed queue, and those whose consumer has left its loop.
 */
final class Remains implements Surroundings.Leftovers {
  /*
   * The tree must not be called under the mutex, so what it should keep (wanted) and what it does keep (kept) may differ for a
   * while. Whoever changes `wanted` calls settle() after unlocking; one thread at a time carries the difference over, and looks
   * again before it leaves, so that the last word stands, however keep and forget overtake each other.
   *
   * All fields are guarded by the mutex.
   */
  private final CloseableQueue<?> queue;
  private final Mutex mutex;

  /** Where to report; null when there is nothing to report. */
  private @Nullable Surroundings wanted;

  /** Whose tree keeps this now. */
  private @Nullable Surroundings kept;

  private boolean settling;

  /** Who left a loop over the queue while it was empty, and nobody has taken since. */
  private @Nullable Surroundings deserter;

  /** Whether the queue was closed with a failure that nobody who takes has seen. */
  private boolean unseenFailure;

  Remains(CloseableQueue<?> queue, Mutex mutex) {
    this.queue = queue;
    this.mutex = mutex;
  }

  /** Somebody stops taking, or closes. Called with the mutex. */
  void left(Surroundings by, boolean empty) {
    if (empty) {
      deserter = by;
    } else if (wanted == null || wanted == Surroundings.unmanaged()) {
      wanted = by; // the first of several stays: to move it would leave a moment without
    }
  }

  /** Somebody closes the queue with a failure. Called with the mutex. */
  void failed(Surroundings by) {
    unseenFailure = true;
    left(by, false);
  }

  /** Somebody has been given that failure. Called with the mutex. */
  void failureSeen(boolean empty) {
    unseenFailure = false;
    if (empty) {
      wanted = null;
    }
  }

  boolean hasUnseenFailure() {
    return unseenFailure;
  }

  /** Elements were put. Called with the mutex. */
  void put() {
    if (deserter != null) {
      wanted = deserter;
      deserter = null;
    }
  }

  /** Elements were taken. Called with the mutex. */
  void taken(boolean empty) {
    deserter = null;
    if (empty && !unseenFailure) {
      wanted = null;
    }
  }

  /** {@return whether nothing is of interest here any more} Called with the mutex. */
  boolean isIdle() {
    return wanted == null && kept == null && deserter == null;
  }

  /** {@return whether {@link #settle} has something to do} Called with the mutex. */
  boolean isUnsettled() {
    return wanted != kept && !settling;
  }

  /** Tells the tree. Called without the mutex. */
  void settle() {
    mutex.acquire();
    while (isUnsettled()) {
      Surroundings before = kept;
      Surroundings now = wanted;
      settling = true;
      mutex.release();
      if (before != null) {
        before.forget(this);
      }
      if (now != null) {
        now.keep(this);
      }
      mutex.acquire();
      settling = false;
      kept = now;
    }
    mutex.release();
  }

  @Override
  public @Nullable String leftovers() {
    return queue.leftovers();
  }

  @Override
  public String toString() {
    return "leftovers of " + queue;
  }
}
