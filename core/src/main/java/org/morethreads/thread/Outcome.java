package org.morethreads.thread;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How a managed thread ended.
 *
 * @param <T> the type of the result
 * @since 0.1
 */
public sealed interface Outcome<T extends @Nullable Object> {
  /**
   * The task returned, and no child has left an unclaimed failure.
   *
   * @param <T> the type of the result
   * @param value what it returned; null for tasks without a result
   */
  record Returned<T extends @Nullable Object>(T value) implements Outcome<T> {}

  /**
   * The task threw, or a child failed and nobody claimed it. Also a task that was left by its stop,
   * when something else is suppressed in the exception that left it: a resource that could not be
   * closed, say.
   *
   * @param <T> the type of the result
   * @param failure what was thrown; failures of children are suppressed in it, or it is a {@link
   *     ThreadFailedException} that has the first of them as cause
   */
  record Failed<T extends @Nullable Object>(Throwable failure) implements Outcome<T> {
    /** Checks that the failure is not null. */
    public Failed {
      Objects.requireNonNull(failure, "failure");
    }
  }

  /**
   * The task was left by an interrupt or a closed queue after its stop had been requested, and the
   * exception has nothing suppressed but others of that sort: no failure.
   *
   * @param <T> the type of the result
   * @param reason why it was stopped
   * @param cause the exception that left the task
   */
  record Stopped<T extends @Nullable Object>(StopReason reason, Throwable cause)
      implements Outcome<T> {
    /** Checks that nothing is null. */
    public Stopped {
      Objects.requireNonNull(reason, "reason");
      Objects.requireNonNull(cause, "cause");
    }
  }

  /**
   * The thread did not end within its {@link StopPolicy}. It may be running still; nobody waits for
   * it.
   *
   * @param <T> the type of the result
   * @param reason why it was stopped
   */
  record Abandoned<T extends @Nullable Object>(StopReason reason) implements Outcome<T> {
    /** Checks that the reason is not null. */
    public Abandoned {
      Objects.requireNonNull(reason, "reason");
    }
  }

  /**
   * The thread called {@code System.exit} and will never come back from it.
   *
   * @param <T> the type of the result
   */
  record Exited<T extends @Nullable Object>() implements Outcome<T> {}
}
