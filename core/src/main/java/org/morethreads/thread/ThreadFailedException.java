package org.morethreads.thread;

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
}
