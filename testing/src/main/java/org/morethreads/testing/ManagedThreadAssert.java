package org.morethreads.testing;

import java.time.Duration;
import org.assertj.core.api.AbstractAssert;
import org.jspecify.annotations.Nullable;
import org.morethreads.thread.ManagedThread;

/**
 * Assertions about a managed thread.
 *
 * @since 0.1
 */
public final class ManagedThreadAssert
    extends AbstractAssert<ManagedThreadAssert, ManagedThread<?>> {
  @SuppressWarnings("NullAway") // AssertJ takes null, and complains of it in isNotNull
  ManagedThreadAssert(@Nullable ManagedThread<?> actual) {
    super(actual, ManagedThreadAssert.class);
  }

  /**
   * Checks that the thread and its children have stopped.
   *
   * @return this
   */
  public ManagedThreadAssert hasStopped() {
    isNotNull();
    return check(actual.stopped().isSignalled(), "to have stopped");
  }

  /**
   * Waits for the thread to stop, and checks that it does in time.
   *
   * @param limit the longest time to wait; virtual on a thread that is on virtual time
   * @return this
   */
  public ManagedThreadAssert stopsWithin(Duration limit) {
    isNotNull();
    try {
      return check(actual.stopped().await(limit), "to stop within " + limit);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return check(false, "to stop, but was interrupted while waiting");
    }
  }

  /**
   * Checks that the thread has not stopped. Sound only where it can never have at that point.
   *
   * @return this
   */
  public ManagedThreadAssert hasNotStopped() {
    isNotNull();
    return check(!actual.stopped().isSignalled(), "not to have stopped");
  }

  /**
   * Checks that the thread was asked to stop.
   *
   * @return this
   */
  public ManagedThreadAssert wasAskedToStop() {
    isNotNull();
    return check(actual.stopReason().isPresent(), "to have been asked to stop");
  }

  /**
   * Checks where in its tree the thread is.
   *
   * @param expected its path: the names from the root of the tree on, with slashes between
   * @return this
   */
  public ManagedThreadAssert hasPath(String expected) {
    isNotNull();
    return check(actual.path().equals(expected), "to have the path \"" + expected + "\"");
  }

  /**
   * Checks that the thread has been started, on a virtual thread.
   *
   * @return this
   */
  public ManagedThreadAssert isVirtual() {
    isNotNull();
    return check(actual.thread().filter(Thread::isVirtual).isPresent(), "to be a virtual thread");
  }

  /**
   * Checks that the thread has been started, on a platform thread.
   *
   * @return this
   */
  public ManagedThreadAssert isPlatform() {
    isNotNull();
    return check(
        actual.thread().filter(thread -> !thread.isVirtual()).isPresent(),
        "to be a platform thread");
  }

  /**
   * Goes on with the outcome of the thread, which must have one; claims nothing.
   *
   * @return the assertions about it
   */
  public OutcomeAssert outcome() {
    isNotNull();
    return new OutcomeAssert(
        check(actual.outcome().isPresent(), "to have an outcome").actual.outcome().orElseThrow());
  }

  private ManagedThreadAssert check(boolean holds, String what) {
    if (!holds) {
      throw failure(
          "Expected thread \"%s\" %s.%s", actual, what, MoreThreadsAssertions.dump(actual.tree()));
    }
    return this;
  }
}
