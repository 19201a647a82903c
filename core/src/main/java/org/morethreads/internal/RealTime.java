package org.morethreads.internal;

import java.time.Instant;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** The JDK's clocks, parks and threads. */
final class RealTime extends Time {
  static final RealTime INSTANCE = new RealTime();

  private RealTime() {}

  /*
   * A pool of one, of its own: the common pool may be full of somebody's blocking work, and a till must not be late for
   * that (T5). Its delay scheduler has flat cost and forgets cancelled tasks. Made, and its threads started, when the
   * first task is scheduled.
   */
  private static final class Timer {
    static final ForkJoinPool POOL = new ForkJoinPool(1);
  }

  private final Alarms alarms = new Alarms(this);

  @Override
  public long nanoTime() {
    return System.nanoTime();
  }

  @Override
  public Instant now() {
    return Instant.now();
  }

  @Override
  public void park(Surroundings self, Object blocker) {
    LockSupport.park(blocker);
  }

  @Override
  public void parkNanos(Surroundings self, Object blocker, long nanos) {
    LockSupport.parkNanos(blocker, nanos);
  }

  @Override
  public void parkAtMost(Surroundings self, Object blocker, long nanos) {
    alarms.park(self, blocker, nanos);
  }

  @Override
  public void unpark(Surroundings target, Thread thread) {
    LockSupport.unpark(thread);
  }

  @Override
  public void interrupt(Surroundings target, Thread thread) {
    thread.interrupt();
  }

  @Override
  public Scheduled schedule(long delayNanos, Runnable action) {
    Future<?> task = Timer.POOL.schedule(action, Math.max(0, delayNanos), TimeUnit.NANOSECONDS);
    return () -> task.cancel(/* mayInterruptIfRunning= */ false);
  }

  @Override
  public void startDetached(String name, Runnable action) {
    Detached.start(name, action);
  }

  @Override
  public void startDriver(String name, Runnable action) {
    Detached.startPlatform(name, action);
  }
}
