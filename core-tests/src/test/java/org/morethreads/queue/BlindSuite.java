package org.morethreads.queue;

import org.junit.jupiter.api.Test;

/**
 * For stress/mutations, which runs it to see that it can fail: goes through a {@link Ring} and
 * looks at nothing. No part of the build, as its name does not end as those of tests do.
 */
class BlindSuite {
  @Test
  void ring_used_isNotLookedAt() {
    Ring<Integer> ring = new Ring<>();
    for (int i = 0; i < 40; i++) {
      ring.addLast(i);
    }
    ring.addFirst(40);
    ring.removeAt(3, 2);
    ring.snapshot();
  }
}
