package org.morethreads.queue;

/**
 * What became of an element that was {@linkplain CloseableQueue#offer offered} to a queue.
 *
 * @since 0.1
 */
public enum Offer {
  /** The queue has it now. */
  ADDED,

  /** Not added: the queue holds as many elements as it may. There may be room later. */
  FULL,

  /**
   * Not added: the queue holds each element only once, and has an equal one. No queue of this
   * release answers this; a {@code switch} should have it all the same.
   */
  DUPLICATE,

  /** Not added: the queue is closed, for good. */
  CLOSED
}
