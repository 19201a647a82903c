package org.morethreads.queue;

import org.jspecify.annotations.Nullable;

/**
 * Nothing can be put into a queue any more, or taken from it, because it was closed. The element of
 * a call that throws this is not in the queue. When the queue was {@linkplain
 * CloseableQueue#close(Throwable) closed because of a failure}, that is the cause.
 *
 * @since 0.1
 */
public final class QueueClosedException extends IllegalStateException {
  private static final long serialVersionUID = 1;

  /** What the queue is called. */
  private final String queueName;

  QueueClosedException(String queueName, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.queueName = queueName;
  }

  /** {@return the name of the queue} */
  public String queueName() {
    return queueName;
  }
}
