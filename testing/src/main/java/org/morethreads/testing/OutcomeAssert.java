package org.morethreads.testing;

import java.util.Objects;
import org.assertj.core.api.AbstractAssert;
import org.assertj.core.api.AbstractThrowableAssert;
import org.assertj.core.api.Assertions;
import org.jspecify.annotations.Nullable;
import org.morethreads.thread.Outcome;

/**
 * Assertions about how a managed thread ended.
 *
 * @since 0.1
 */
public final class OutcomeAssert extends AbstractAssert<OutcomeAssert, Outcome<?>> {
  @SuppressWarnings("NullAway") // AssertJ takes null, and complains of it in isNotNull
  OutcomeAssert(@Nullable Outcome<?> actual) {
    super(actual, OutcomeAssert.class);
  }

  /**
   * Checks that the task returned.
   *
   * @return this
   */
  public OutcomeAssert isReturned() {
    return isKind(Outcome.Returned.class, "that the task returned");
  }

  /**
   * Checks that the task returned a value.
   *
   * @param expected the value
   * @return this
   */
  public OutcomeAssert hasReturned(@Nullable Object expected) {
    isNotNull();
    boolean equal =
        actual instanceof Outcome.Returned<?>(var value) && Objects.equals(value, expected);
    return check(equal, "that the task returned " + expected);
  }

  /**
   * Checks that the thread failed, and goes on with the failure.
   *
   * @return the assertions about the failure
   */
  public AbstractThrowableAssert<?, ? extends Throwable> isFailedThat() {
    OutcomeAssert checked = isKind(Outcome.Failed.class, "that the thread failed");
    return Assertions.assertThat(((Outcome.Failed<?>) checked.actual).failure());
  }

  /**
   * Checks that the task was left by an interrupt or a closed queue after the thread was told.
   *
   * @return this
   */
  public OutcomeAssert isStopped() {
    return isKind(Outcome.Stopped.class, "that the task was left for a stop");
  }

  /**
   * Checks that the thread was abandoned.
   *
   * @return this
   */
  public OutcomeAssert isAbandoned() {
    return isKind(Outcome.Abandoned.class, "that the thread was abandoned");
  }

  private OutcomeAssert isKind(Class<?> kind, String what) {
    isNotNull();
    return check(kind.isInstance(actual), what);
  }

  private OutcomeAssert check(boolean holds, String what) {
    if (!holds) {
      AssertionError error =
          failure("Expected %s, but it is: %s.%s", what, actual, MoreThreadsAssertions.dump());
      if (actual instanceof Outcome.Failed<?>(Throwable failure)) {
        error.initCause(failure);
      }
      throw error;
    }
    return this;
  }
}
