package org.morethreads.internal;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a thread waits for, if that can say more of itself than its text. */
public interface Blocker {
  /** What sort of thing is waited for. */
  enum Sort {
    /** A chance on a lock that was left for a while. */
    CHANCE,
    /** An element of a queue. */
    ELEMENT,
    /** A place in a queue, which is full. */
    PLACE,
    /** The first of several things. */
    SELECT
  }

  /** {@return what sort of thing it is} */
  Sort sort();

  /**
   * Returns those who could end the wait, as far as is known from what they did before.
   *
   * @return their surroundings; empty when nobody has been seen, null when there are too many to
   *     remember, or some of them are unmanaged: then anybody might
   */
  default @Nullable List<Surroundings> wakers() {
    return null;
  }
}
