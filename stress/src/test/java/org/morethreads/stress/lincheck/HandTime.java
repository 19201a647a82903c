package org.morethreads.stress.lincheck;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.morethreads.internal.OneShot;
import org.morethreads.internal.Surroundings;
import org.morethreads.internal.Time;
import org.morethreads.sync.OpenSignal;
import org.morethreads.sync.Signal;

/**
 * A time that an operation of a test moves on, and whose timer goes off on the thread that does so:
 * Lincheck knows no threads but its own.
 */
public final class HandTime extends Time {
  private final List<Timer> timers = new ArrayList<>();
  private volatile long now;

  private static final class Timer {
    final long due;
    final Runnable action;

    Timer(long due, Runnable action) {
      this.due = due;
      this.action = action;
    }
  }

  /** Moves the clock on, and lets off what is due. */
  public void pass(long nanos) {
    List<Timer> due = new ArrayList<>();
    synchronized (timers) {
      now += nanos;
      for (Timer timer : List.copyOf(timers)) {
        if (timer.due <= now) {
          timers.remove(timer);
          due.add(timer);
        }
      }
    }
    due.forEach(timer -> timer.action.run());
  }

  /** How many timers there are. */
  public int countTimers() {
    synchronized (timers) {
      return timers.size();
    }
  }

  @Override
  public long nanoTime() {
    return now;
  }

  @Override
  public Instant now() {
    return Instant.ofEpochSecond(0, now);
  }

  @Override
  public Scheduled schedule(long delayNanos, Runnable action) {
    synchronized (timers) {
      Timer timer = new Timer(now + Math.max(0, delayNanos), action);
      if (delayNanos > 0) {
        timers.add(timer);
        return () -> {
          synchronized (timers) {
            timers.remove(timer);
          }
        };
      }
    }
    action.run();
    return () -> {};
  }

  @Override
  public void startDetached(String name, Runnable action) {
    action.run();
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
  public void unpark(Surroundings target, Thread thread) {
    LockSupport.unpark(thread);
  }

  @Override
  public void interrupt(Surroundings target, Thread thread) {
    thread.interrupt();
  }

  /** Threads that have this time, and are told to stop together. */
  public static final class Maker extends Surroundings {
    private final HandTime time;
    private final OpenSignal hurry = Signal.create("hurry");
    private volatile long hurriedAt;

    public Maker(HandTime time) {
      this.time = time;
    }

    /** Hurries; called once. */
    public void hurry() {
      hurriedAt = time.nanoTime();
      hurry.go();
    }

    @Override
    public Time time() {
      return time;
    }

    @Override
    public boolean isOf(Thread thread) {
      return false;
    }

    @Override
    public boolean isHurried() {
      return hurry.isSignalled();
    }

    @Override
    public long hurriedAtNanos() {
      return hurriedAt;
    }

    @Override
    public Instant hurriedAt() {
      return Instant.ofEpochSecond(0, hurriedAt);
    }

    @Override
    public OneShot hurrySignal() {
      return hurry;
    }

    @Override
    public String describe() {
      return "maker";
    }
  }
}
