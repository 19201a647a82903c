package org.morethreads.internal;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.I_Result;

/**
 * Many parks share one alarm, and each comes back whatever meets: the alarm, its own wake-up, those
 * who leave before, another who asks for the same alarm (T1, S5). In this package, since alarms are
 * no business of anybody else's. Two actors at most: where there are two processors, jcstress
 * leaves out what has more. Clocks stand still: who is not woken would wait for an hour.
 */
public final class AlarmStressTest {
  private static final long HOUR = TimeUnit.HOURS.toNanos(1);

  private static final int LOST = 0;
  private static final int WOKEN = 1;
  private static final int LEFT_TO_THE_JDK = 2;

  private AlarmStressTest() {}

  /** An alarm, and threads that park for it. */
  private static class Parking {
    final StandingTime time = new StandingTime();
    final Alarms alarms = new Alarms(time);
    final Alarms.Alarm alarm = alarmIn(alarms);
    private volatile boolean hasFired;

    final void fire() {
      alarm.fire();
      hasFired = true;
    }

    /** Starts a virtual thread that parks once. */
    final Thread startParking() {
      return Thread.startVirtualThread(() -> alarms.park(Surroundings.unmanaged(), this, HOUR));
    }

    /**
     * How the park of a thread ends: by its own, or, when it came too late for the alarm, not
     * before the limit that it has given to the JDK. Who still waits for an alarm that fired is
     * lost.
     */
    final int outcomeOf(Thread thread) {
      long begin = System.nanoTime();
      while (thread.isAlive()) {
        boolean late = hasFired && thread.getState() == Thread.State.TIMED_WAITING;
        if (late || System.nanoTime() - begin > TimeUnit.SECONDS.toNanos(10)) {
          LockSupport.unpark(thread);
          return late ? LEFT_TO_THE_JDK : LOST;
        }
        Thread.yield();
      }
      return WOKEN;
    }
  }

  /** The alarm fires while a thread parks for it. */
  @JCStressTest
  @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "Woken.")
  @Outcome(id = "2, 0", expect = ACCEPTABLE, desc = "Came too late, and has a limit of its own.")
  @Outcome(
      expect = FORBIDDEN,
      desc = "r1: how it ended, 0: not at all; r2: what still hangs there.")
  @State
  public static class Fires extends Parking {
    @Actor
    public void waiter(II_Result result) {
      result.r1 = outcomeOf(startParking());
    }

    @Actor
    public void timer() {
      fire();
    }

    @Arbiter
    public void arbiter(II_Result result) {
      result.r2 = alarm.countLinked();
    }
  }

  /** Two threads park for one alarm that fires. */
  @JCStressTest
  @Outcome(
      id = {"1, 1", "1, 2", "2, 1", "2, 2"},
      expect = ACCEPTABLE,
      desc = "Each was woken, or came too late.")
  @Outcome(expect = FORBIDDEN, desc = "r1, r2: how they ended, 0: not at all.")
  @State
  public static class TwoWaiters extends Parking {
    @Actor
    public void waiters(II_Result result) {
      Thread one = startParking();
      Thread two = startParking();
      result.r1 = outcomeOf(one);
      result.r2 = outcomeOf(two);
    }

    @Actor
    public void timer() {
      fire();
    }
  }

  /** What a thread waits for comes while the alarm fires: it sees it, and hangs nowhere. */
  @JCStressTest
  @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "Came back for what it waited for.")
  @Outcome(expect = FORBIDDEN, desc = "r1: 0: waits on though it is there; r2: what still hangs.")
  @State
  public static class WakeUp extends Parking {
    private volatile boolean isThere;
    private final Thread waiter = Thread.ofVirtual().unstarted(this::awaitIt);

    private void awaitIt() {
      while (!isThere) {
        alarms.park(Surroundings.unmanaged(), this, HOUR);
      }
    }

    @Actor
    public void waker(II_Result result) {
      waiter.start();
      isThere = true;
      LockSupport.unpark(waiter);
      try {
        result.r1 = waiter.join(Duration.ofSeconds(10)) ? 1 : 0;
      } catch (InterruptedException e) {
        throw new AssertionError("an actor was interrupted", e);
      }
    }

    @Actor
    public void timer() {
      fire();
    }

    @Arbiter
    public void arbiter(II_Result result) {
      result.r2 = alarm.countLinked();
    }
  }

  /** Those who leave take their links out, and sweep, while the alarm goes through all of them. */
  @JCStressTest
  @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "Who stayed was woken, once.")
  @Outcome(expect = FORBIDDEN, desc = "r1, r2: how often the two who stayed were woken.")
  @State
  public static class Leaving {
    private final Alarms.Alarm alarm = alarmIn(new Alarms(new StandingTime()));
    private final Sleeper first = new Sleeper(alarm);
    private final Sleeper second = new Sleeper(alarm);
    private final Sleeper third = new Sleeper(alarm);
    private final Sleeper fourth = new Sleeper(alarm);

    @Actor
    public void leave() {
      alarm.remove(second.link);
      alarm.remove(fourth.link);
    }

    @Actor
    public void timer() {
      alarm.fire();
    }

    @Arbiter
    public void arbiter(II_Result result) {
      result.r1 = first.time.wakes.get();
      result.r2 = third.time.wakes.get();
    }
  }

  /** Two who ask for an alarm at one time get the same, and it is given to the timer once. */
  @JCStressTest
  @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "One alarm for both.")
  @Outcome(expect = FORBIDDEN, desc = "r1: whether both have the same; r2: tasks of the timer.")
  @State
  public static class Asking {
    private final StandingTime time = new StandingTime();
    private final Alarms alarms = new Alarms(time);
    private Alarms.@Nullable Alarm one;
    private Alarms.@Nullable Alarm two;

    @Actor
    public void one() {
      one = alarms.before(HOUR);
    }

    @Actor
    public void two() {
      two = alarms.before(HOUR);
    }

    @Arbiter
    public void arbiter(II_Result result) {
      result.r1 = one != null && one == two ? 1 : 0;
      result.r2 = time.tasks.get();
    }
  }

  /** The timer refuses while another parks: nobody hangs in an alarm that will never fire. */
  @JCStressTest
  @Outcome(id = "1", expect = ACCEPTABLE, desc = "Woken by the one who could not hand it over.")
  @Outcome(id = "2", expect = ACCEPTABLE, desc = "Has a limit of its own.")
  @Outcome(expect = FORBIDDEN, desc = "Hangs in an alarm that the timer does not have.")
  @State
  public static class NoTimer {
    private final StandingTime time = new StandingTime();
    private final Alarms alarms = new Alarms(time);

    public NoTimer() {
      time.refuses = true;
    }

    @Actor
    public void waiter(I_Result result) {
      Thread thread =
          Thread.startVirtualThread(() -> alarms.park(Surroundings.unmanaged(), this, HOUR));
      long begin = System.nanoTime();
      while (thread.isAlive() && thread.getState() != Thread.State.TIMED_WAITING) {
        if (System.nanoTime() - begin > TimeUnit.SECONDS.toNanos(10)) {
          LockSupport.unpark(thread);
          return; // 0: lost
        }
        Thread.yield();
      }
      result.r1 = thread.isAlive() ? LEFT_TO_THE_JDK : WOKEN;
      LockSupport.unpark(thread);
    }

    @Actor
    public void asks() {
      alarms.before(HOUR);
    }
  }

  private static Alarms.Alarm alarmIn(Alarms alarms) {
    Alarms.Alarm alarm = alarms.before(HOUR);
    if (alarm == null) {
      throw new AssertionError("no alarm");
    }
    return alarm;
  }

  /** Somebody who hangs in an alarm, and counts how often it is woken. */
  private static final class Sleeper {
    final StandingTime time = new StandingTime();
    final Dependent.WaitLink link = new Dependent.WaitLink(new Place(time), Thread.currentThread());

    Sleeper(Alarms.Alarm alarm) {
      if (!alarm.push(link)) {
        throw new AssertionError("has fired");
      }
    }
  }

  /** Surroundings with a time of their own. */
  private static final class Place extends Surroundings {
    private final Time time;

    Place(Time time) {
      this.time = time;
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
      return false;
    }

    @Override
    public long hurriedAtNanos() {
      return 0;
    }

    @Override
    public Instant hurriedAt() {
      return Instant.EPOCH;
    }

    @Override
    public @Nullable OneShot hurrySignal() {
      return null;
    }

    @Override
    public String describe() {
      return "a sleeper";
    }
  }

  /** A clock that stands still, and a timer that only counts. */
  private static final class StandingTime extends Time {
    final AtomicInteger tasks = new AtomicInteger();
    final AtomicInteger wakes = new AtomicInteger();
    volatile boolean refuses;

    @Override
    public long nanoTime() {
      return 0;
    }

    @Override
    public Instant now() {
      return Instant.EPOCH;
    }

    @Override
    public void park(Surroundings self, Object blocker) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void parkNanos(Surroundings self, Object blocker, long nanos) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void unpark(Surroundings target, Thread thread) {
      wakes.incrementAndGet();
    }

    @Override
    public void interrupt(Surroundings target, Thread thread) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Scheduled schedule(long delayNanos, Runnable action) {
      if (refuses) {
        throw new OutOfMemoryError("planted");
      }
      tasks.incrementAndGet();
      return () -> {};
    }

    @Override
    public void startDetached(String name, Runnable action) {
      throw new UnsupportedOperationException();
    }
  }
}
