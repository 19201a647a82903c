package org.morethreads.stress.fault;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.morethreads.internal.Surroundings;
import org.morethreads.internal.Time;

/** Real time in which something does not work. */
final class FaultyTime extends Time {
  private final Time real = Time.real();
  private final AtomicInteger starts = new AtomicInteger();
  private final AtomicLong wallClockOffset = new AtomicLong();

  /** Every so-manieth start of a thread fails; 0 for none. */
  private volatile int failingStart;

  private volatile boolean timerStalled;

  /** How many starts have failed. */
  final AtomicInteger failed = new AtomicInteger();

  void failEvery(int nth) {
    failingStart = nth;
  }

  /** From now on the timer never goes off. */
  void stallTimer() {
    timerStalled = true;
  }

  /** Sets the wall clock, as an administrator would. */
  void jump(Duration by) {
    wallClockOffset.addAndGet(by.toNanos());
  }

  private void start() {
    int nth = failingStart;
    if (nth > 0 && starts.incrementAndGet() % nth == 0) {
      failed.incrementAndGet();
      throw new OutOfMemoryError("unable to create native thread: planted");
    }
  }

  @Override
  public void starting(Surroundings child) {
    start();
  }

  @Override
  public void startDetached(String name, Runnable action) {
    start();
    real.startDetached(name, action);
  }

  @Override
  public void startDriver(String name, Runnable action) {
    start();
    real.startDriver(name, action);
  }

  @Override
  public long nanoTime() {
    return real.nanoTime();
  }

  @Override
  public Instant now() {
    return real.now().plusNanos(wallClockOffset.get());
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
    return timerStalled ? () -> {} : real.schedule(delayNanos, action);
  }
}
