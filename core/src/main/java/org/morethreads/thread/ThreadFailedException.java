package org.morethreads.thread;

import java.util.Objects;
import org.morethreads.internal.Library;

/**
 * A thread failed: the cause is what its task threw, or the first failure among its children.
 *
 * @since 0.1
 */
public final class ThreadFailedException extends ThreadEndException {
  private static final long serialVersionUID = 1;

  ThreadFailedException(String threadPath, String message, Throwable cause) {
    super(threadPath, message, cause);
  }

  /**
   * For our own modules.
   *
   * @param library the proof of membership
   * @param threadPath the path of the thread
   * @param message what has happened
   * @param cause what was thrown
   * @hidden
   */
  @SuppressWarnings("exports")
  public ThreadFailedException(
      Library library, String threadPath, String message, Throwable cause) {
    this(threadPath, message, cause);
    Objects.requireNonNull(library, "library");
  }
}
