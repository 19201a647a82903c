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
   * Not added: the queue holds each element only once, and has an equal one. Only a queue made with
   * {@link CloseableQueue.Builder#unique} answers this.
   */
  DUPLICATE,

  /** Not added: the queue is closed, for good. */
  CLOSED
}
