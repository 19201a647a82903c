package org.morethreads.thread;

import java.time.Instant;
import org.morethreads.internal.Surroundings;
import org.morethreads.internal.Time;

/** Real time, to be changed in one thing. */
class ForwardingTime extends Time {
  private final Time real = Time.real();

  @Override
  public long nanoTime() {
    return real.nanoTime();
  }

  @Override
  public Instant now() {
    return real.now();
  }

  @Override
  public void park(Surroundings self, Object blocker) {
    real.park(self, blocker);
  }

  @Override
  public void parkNanos(Surroundings self, Object blocker, long nanos) {
    real.parkNanos(self, blocker, nanos);
  }

  @Override
  public void unpark(Surroundings target, Thread thread) {
    real.unpark(target, thread);
  }

  @Override
  public void interrupt(Surroundings target, Thread thread) {
    real.interrupt(target, thread);
  }

  @Override
  public Scheduled schedule(long delayNanos, Runnable action) {
    return real.schedule(delayNanos, action);
  }

  @Override
  public void startDetached(String name, Runnable action) {
    real.startDetached(name, action);
  }
}
