package org.morethreads.thread;

/**
 * A thread did not end within its {@link StopPolicy} and was abandoned.
 *
 * @since 0.1
 */
public final class ThreadAbandonedException extends ThreadEndException {
  private static final long serialVersionUID = 1;

  ThreadAbandonedException(String threadPath, String message) {
    super(threadPath, message, null);
  }
}
