package org.morethreads.thread;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/** Real time that counts what is scheduled, and has neither run nor been given up. */
class CountedTimers extends ForwardingTime {
  private final AtomicInteger pending = new AtomicInteger();

  int pending() {
    return pending.get();
  }

  @Override
  public Scheduled schedule(long delayNanos, Runnable action) {
    var over = new AtomicBoolean();
    pending.incrementAndGet();
    Scheduled timer =
        super.schedule(
            delayNanos,
            () -> {
              end(over);
              action.run();
            });
    return () -> {
      end(over);
      timer.cancel();
    };
  }

  private void end(AtomicBoolean over) {
    if (over.compareAndSet(false, true)) {
      pending.decrementAndGet();
    }
  }
}
