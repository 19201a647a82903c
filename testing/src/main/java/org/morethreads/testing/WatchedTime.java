package org.morethreads.testing;

import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.morethreads.internal.Surroundings;
import org.morethreads.internal.Time;

/** Real time that knows which test it is for: whatever runs in it belongs to that test. */
final class WatchedTime extends Time {
  private final Time real = Time.real();
  private final TestRun run;
  private final Set<Surroundings> living = ConcurrentHashMap.newKeySet();

  WatchedTime(TestRun run) {
    this.run = run;
  }

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
    return real.schedule(delayNanos, () -> asOfTheTest(action));
  }

  @Override
  public void startDetached(String name, Runnable action) {
    real.startDetached(name, () -> asOfTheTest(action));
  }

  @Override
  public void startDriver(String name, Runnable action) {
    real.startDriver(name, () -> asOfTheTest(action));
  }

  @Override
  public void starting(Surroundings child) {
    living.add(child);
  }

  @Override
  public void began(Surroundings child) {
    Ownership.enter(run);
  }

  @Override
  public void ended(Surroundings child) {
    living.remove(child);
  }

  /** The paths of the managed threads that have not ended. */
  List<String> living() {
    return living.stream().map(Surroundings::describe).toList();
  }

  /** On a thread that serves all tests, or that inherits from whoever starts it. */
  private void asOfTheTest(Runnable action) {
    TestRun before = Ownership.current();
    Ownership.enter(run);
    try {
      action.run();
    } finally {
      Ownership.enter(before);
    }
  }
}
