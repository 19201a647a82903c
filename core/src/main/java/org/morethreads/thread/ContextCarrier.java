package org.morethreads.thread;

import org.jspecify.annotations.Nullable;

/**
 * Something that belongs to a thread, and that a child takes from whoever starts it (H13): the
 * context of a log, of tracing, of security. Once {@linkplain #register registered}, it is carried
 * to all managed threads that are started from then on; to a job of a pool from whoever submits it.
 *
 * {@snippet class="ThreadSnippets" region="carrier"}
 *
 * <p>Both methods may be called by any thread, and must be quick: they are part of every start. One
 * that throws is reported, and the thread starts without that part of its context.
 *
 * @since 0.1
 */
public interface ContextCarrier {
  /**
   * Reads what is to be carried. Called on the thread that starts another.
   *
   * @return what the new thread gets, which does not change any more; null for nothing
   */
  @Nullable Object capture();

  /**
   * Makes it that of the calling thread, which is new: nothing is there that must be put back.
   *
   * @param captured what {@link #capture} has returned
   */
  void install(Object captured);

  /**
   * Registers a carrier.
   *
   * @param carrier the carrier
   * @return the handle to take it back
   */
  static Registration register(ContextCarrier carrier) {
    return Context.register(carrier);
  }

  /**
   * A registered carrier.
   *
   * @since 0.1
   */
  @FunctionalInterface
  interface Registration {
    /**
     * Takes the carrier back: threads started from now on get nothing of it.
     *
     * @return whether it was registered; false when it was taken back before
     */
    boolean remove();
  }
}
