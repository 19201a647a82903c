package org.morethreads.testing;

import org.assertj.core.api.AbstractAssert;
import org.jspecify.annotations.Nullable;
import org.morethreads.queue.CloseableQueue;

/**
 * Assertions about a queue.
 *
 * @param <E> the type of its elements
 * @since 0.1
 */
public final class QueueAssert<E> extends AbstractAssert<QueueAssert<E>, CloseableQueue<E>> {
  @SuppressWarnings("NullAway") // AssertJ takes null, and complains of it in isNotNull
  QueueAssert(@Nullable CloseableQueue<E> actual) {
    super(actual, QueueAssert.class);
  }

  /**
   * Checks that the queue is closed.
   *
   * @return this
   */
  public QueueAssert<E> isClosed() {
    return check(isGone(true), "to be closed");
  }

  /**
   * Checks that the queue is open.
   *
   * @return this
   */
  public QueueAssert<E> isOpen() {
    return check(!isGone(true), "to be open");
  }

  /**
   * Checks that the queue is closed and everything in it has been taken.
   *
   * @return this
   */
  public QueueAssert<E> isDrained() {
    return check(isGone(false), "to be drained");
  }

  /**
   * Checks that nothing is in the queue.
   *
   * @return this
   */
  public QueueAssert<E> isEmpty() {
    isNotNull();
    return check(actual.isEmpty(), "to be empty");
  }

  /**
   * Checks how many elements are in the queue.
   *
   * @param expected the number
   * @return this
   */
  public QueueAssert<E> hasSize(int expected) {
    isNotNull();
    return check(actual.size() == expected, "to have " + expected + " elements");
  }

  /**
   * Checks that no thread waits to put into the queue, or to take from it.
   *
   * @return this
   */
  public QueueAssert<E> hasNobodyWaiting() {
    isNotNull();
    int putting = actual.statistics().waitingToPut();
    int taking = actual.statistics().waitingToTake();
    return check(
        putting == 0 && taking == 0,
        "to have nobody waiting, but " + putting + " wait to put, " + taking + " to take");
  }

  private boolean isGone(boolean closed) {
    isNotNull();
    return (closed ? actual.closed() : actual.drained()).isSignalled();
  }

  private QueueAssert<E> check(boolean holds, String what) {
    if (!holds) {
      throw failure(
          "Expected queue \"%s\" %s, but it is %s, with %s elements inside.%s",
          actual.name(),
          what,
          isGone(false) ? "drained" : isGone(true) ? "closed" : "open",
          actual.size(),
          MoreThreadsAssertions.dump());
    }
    return this;
  }
}
