package org.morethreads.queue;

/**
 * A wait was interrupted in a place where {@code InterruptedException} cannot be thrown: in a loop
 * over a {@link CloseableQueue}. The interrupt status of the thread is set, and nothing was taken
 * that has not been delivered.
 *
 * @since 0.1
 */
public final class WaitInterruptedException extends RuntimeException {
  private static final long serialVersionUID = 1;

  WaitInterruptedException(InterruptedException cause) {
    super(cause.getMessage() + " The interrupt status is set.", cause);
  }
}
