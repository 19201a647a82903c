package org.morethreads.thread;

import org.jspecify.annotations.Nullable;

/**
 * Thrown by {@code join} when a thread has ended without a result.
 *
 * @since 0.1
 */
public abstract sealed class ThreadEndException extends RuntimeException
    permits ThreadFailedException,
        ThreadStoppedException,
        ThreadAbandonedException,
        ThreadExitedException {
  private static final long serialVersionUID = 1;

  /** The path of the thread that has ended. */
  private final String threadPath;

  ThreadEndException(String threadPath, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.threadPath = threadPath;
  }

  /** {@return the path of the thread that has ended} */
  public final String threadPath() {
    return threadPath;
  }
}
