package org.morethreads.thread;

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
}
