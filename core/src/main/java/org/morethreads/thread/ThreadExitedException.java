package org.morethreads.thread;

/**
 * A thread called {@code System.exit} and never came back.
 *
 * @since 0.1
 */
public final class ThreadExitedException extends ThreadEndException {
  private static final long serialVersionUID = 1;

  ThreadExitedException(String threadPath, String message) {
    super(threadPath, message, null);
  }
}
