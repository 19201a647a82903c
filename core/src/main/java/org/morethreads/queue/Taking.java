package org.morethreads.queue;

import java.util.Iterator;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;
import org.morethreads.sync.Signal;

/**
 * The iterator that takes. Not safe for use by several threads at once.
 *
 * @param <E> the type of the elements
 */
final class Taking<E> implements Iterator<E> {
  private final CloseableQueue<E> queue;
  private final Signal until;

  /** Taken, and not delivered yet. */
  private @Nullable E next;

  private boolean over;

  Taking(CloseableQueue<E> queue, Signal until) {
    this.queue = queue;
    this.until = until;
  }

  @Override
  public boolean hasNext() {
    if (next == null && !over) {
      try {
        next = queue.takeBefore(until);
      } catch (InterruptedException interrupted) {
        Thread.currentThread().interrupt();
        throw new WaitInterruptedException(interrupted);
      }
      over = next == null;
    }
    return !over;
  }

  @Override
  public E next() {
    E element = next;
    if (element == null) {
      element = nextUnasked();
    }
    next = null;
    return element;
  }

  /** For {@link #next} without {@link #hasNext}. */
  private E nextUnasked() {
    E element = hasNext() ? next : null;
    if (element == null) {
      throw new NoSuchElementException("The loop over " + queue + " has ended.");
    }
    return element;
  }
}
