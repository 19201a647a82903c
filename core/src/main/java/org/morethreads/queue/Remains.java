package org.morethreads.queue;

import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.morethreads.internal.Log;
import org.morethreads.internal.Mutex;
import org.morethreads.internal.Surroundings;
import org.morethreads.sync.OpenSignal;
import org.morethreads.sync.Signal;

/**
 * Sees to it that elements which nobody takes are reported at the end of the tree (Q4): those in a
 * closed queue, and those whose consumer has left its loop.
 *
 * @param <E> the type of the elements
 */
final class Remains<E> implements Surroundings.Leftovers {
  /*
   * The tree must not be called under the mutex, so what it should keep (wanted) and what it does keep (kept) may differ for a
   * while. Whoever changes `wanted` calls settle() after unlocking; one thread at a time carries the difference over, and looks
   * again before it leaves, so that the last word stands, however keep and forget overtake each other.
   *
   * All fields that change are guarded by the mutex.
   */
  /** How long the end of a tree waits for a handler for the undelivered. */
  private static final Duration HAND_OVER = Duration.ofSeconds(1);

  private final QueueCore<E> queue;
  private final Mutex mutex;

  /** Who gets what nobody has taken; not guarded. */
  private final @Nullable Consumer<? super E> undelivered;

  /** Where to report; null when there is nothing to report. */
  private @Nullable Surroundings wanted;

  /** Whose tree keeps this now. */
  private @Nullable Surroundings kept;

  private boolean settling;

  /** Who left a loop over the queue while it was empty, and nobody has taken since. */
  private @Nullable Surroundings deserter;

  /** Whether the queue was closed with a failure that nobody who takes has seen. */
  private boolean unseenFailure;

  Remains(QueueCore<E> queue, Mutex mutex, @Nullable Consumer<? super E> undelivered) {
    this.queue = queue;
    this.mutex = mutex;
    this.undelivered = undelivered;
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
  void failureSeen() {
    unseenFailure = false;
    wanted = null; // who sees the failure has come to the end
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
    int left = queue.depth();
    if (left == 0) {
      return unseenFailure();
    }
    String what = left + (left == 1 ? " element" : " elements");
    if (undelivered != null) {
      boolean handedOver = handOver(undelivered);
      return "queue \""
          + queue.name
          + "\" held "
          + what
          + (handedOver
              ? " that nobody had taken; its handler for the undelivered was given them"
              : " that nobody had taken; its handler for the undelivered has not come to an end");
    }
    return "queue \""
        + queue.name
        + "\" still holds "
        + what
        + " that nobody has taken; it "
        + (queue.closer == null ? "is open" : "was closed by " + queue.closer());
  }

  private @Nullable String unseenFailure() {
    return queue.hasUnseenFailure()
        ? "queue \""
            + queue.name
            + "\" was closed by "
            + queue.closer()
            + ", and nobody who takes has seen that"
        : null;
  }

  /**
   * Gives what is inside to the handler, on a thread of its own; waits for that, but not for long.
   */
  private boolean handOver(Consumer<? super E> handler) {
    OpenSignal handedOver = Signal.create(queue.name + " handed over");
    Surroundings.current()
        .time()
        .startDetached(
            "undelivered of " + queue.name,
            () -> {
              for (E element : queue.takeAll()) {
                try {
                  handler.accept(element);
                } catch (Throwable failed) { // one that fails must not keep the others
                  Log.error(
                      "The handler for the undelivered of queue \"" + queue.name + "\" has failed",
                      failed);
                }
              }
              handedOver.go();
            });
    try {
      return handedOver.await(HAND_OVER);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return handedOver.isSignalled();
    }
  }

  @Override
  public String toString() {
    return "leftovers of " + queue;
  }
}
