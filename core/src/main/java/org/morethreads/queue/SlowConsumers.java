package org.morethreads.queue;

import java.time.Duration;

/**
 * When to warn of a queue that stays full. Not safe for use by several threads at once: the queue's
 * mutex guards it.
 */
final class SlowConsumers {
  private final long limit;
  private boolean hasWarned;

  /** No warning before this time, once there has been one. */
  private long notBefore;

  /** Whether somebody will look, later. */
  private boolean awaited;

  /** Warns of waits that are longer than so many nanoseconds. */
  SlowConsumers(long limit) {
    this.limit = limit;
  }

  /** Has somebody look later; answers false when that is so already. */
  boolean await() {
    boolean before = awaited;
    awaited = true;
    return !before;
  }

  /** Somebody has looked, or never will. */
  void looked() {
    awaited = false;
  }

  /**
   * Tells whether it is time for a warning, and takes it that there is one then: the next one not
   * before as long again. So one who waits for long is heard after 1, 2, 4, 8 … times the limit,
   * and many who wait are not heard more often.
   *
   * @param since when the thread began to wait
   * @param now the present time
   */
  boolean isDue(long since, long now) {
    if (now - nextLook(since) < 0) {
      return false;
    }
    hasWarned = true;
    notBefore = now + Math.max(limit, now - since);
    return true;
  }

  /** {@return when it is time to look, for a thread that waits} */
  long nextLook(long since) {
    long first = since + limit;
    return hasWarned && notBefore - first > 0 ? notBefore : first;
  }

  /** A duration as one says it: 5 s, 120 ms. */
  static String inWords(long nanos) {
    Duration duration = Duration.ofNanos(nanos);
    return duration.toSeconds() > 0 ? duration.toSeconds() + " s" : duration.toMillis() + " ms";
  }
}
