package org.morethreads.queue;

import java.util.Objects;
import org.morethreads.internal.Library;

/**
 * For the library's own use: how deep a queue is, without its mutex.
 *
 * @hidden
 */
@SuppressWarnings("exports") // only our own modules can call it
public final class RoughDepth {
  private RoughDepth() {}

  /**
   * Tells how many elements are in a queue, or were a moment ago. A thread that has put one sees at
   * least what was inside after that, as long as nobody takes.
   *
   * @param library the proof of membership
   * @param queue the queue
   * @return the number
   */
  public static int of(Library library, CloseableQueue<?> queue) {
    Objects.requireNonNull(library, "library");
    return queue.roughDepth();
  }
}
