package org.morethreads.thread;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A clock that stands still until it is set forward, and on which nothing scheduled ever happens;
 * threads park in real time. For one look of a stop watch at a certain moment.
 */
public final class StillTime extends ForwardingTime {
  /** Begins anywhere, but not at zero, where adding and subtracting it would be the same. */
  private final AtomicLong now = new AtomicLong(Duration.ofHours(1).toNanos());

  /** Stands still from now on. */
  public StillTime() {}

  void pass(Duration time) {
    now.addAndGet(time.toNanos());
  }

  @Override
  public long nanoTime() {
    return now.get();
  }

  @Override
  public Scheduled schedule(long delayNanos, Runnable action) {
    return () -> {};
  }
}
