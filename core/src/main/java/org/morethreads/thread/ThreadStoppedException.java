package org.morethreads.thread;

import java.util.Objects;
import org.morethreads.internal.Library;

/**
 * A thread was asked to stop and left its task without a result, which is no failure. The cause is
 * the exception by which it left.
 *
 * @since 0.1
 */
public final class ThreadStoppedException extends ThreadEndException {
  private static final long serialVersionUID = 1;

  ThreadStoppedException(String threadPath, String message, Throwable cause) {
    super(threadPath, message, cause);
  }

  /**
   * For our own modules.
   *
   * @param library the proof of membership
   * @param threadPath the path that the thread would have had
   * @param message what has happened
   * @param cause what it was told instead of being started
   * @hidden
   */
  @SuppressWarnings("exports")
  public ThreadStoppedException(
      Library library, String threadPath, String message, Throwable cause) {
    this(threadPath, message, cause);
    Objects.requireNonNull(library, "library");
  }
}
