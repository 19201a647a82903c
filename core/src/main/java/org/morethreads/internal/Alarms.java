package org.morethreads.internal;

import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Parks with a limit that is hardly ever reached, for virtual threads. Those of the JDK hand each
 * such park to a timer thread, and take it back, which wakes that thread twice and costs more than
 * the park itself. Here many share one timer task.
 */
final class Alarms {
  /*
   * An alarm is a one-shot that fires well before the limits of those who hang in it; they come back early, which a park may, and
   * park again for what is left, at last for less than FAR, by the JDK's own timer. So nobody is later than by that, and a wait that
   * lasts to its end comes back a few times on its way: each time at most a quarter of what was left is left.
   *
   *   limit in R from now, 2^k <= R < 2^(k+1)     grain g = 2^(k-3)
   *   the alarm at the last multiple of g that is at least g before the limit: between g and 2g before it, and 6g from now at least
   *
   * Alarms of one grain that somebody may still ask for are at most 15 multiples apart, so a ring of 32 has a place for each.
   *
   *   place: null|older -> alarm   CAS, by who asks first; it then hands the alarm to the timer
   *   alarm: waiting -> fired      by the timer, on a thread of its own; or by who could not hand it over
   *
   * An alarm that is displaced in the ring while the timer is late still fires: the timer has it. One that has fired refuses, and so
   * does a place taken by a later one: then the JDK's timer has to do. Who comes back takes its link out, O(1) amortised, so an
   * alarm that nobody needs any more is an empty object until its time.
   */

  /** Shorter waits are not worth it, and would leave the timer little time to be late. */
  static final long FAR = 1L << 26; // 67 ms

  private static final long FARTHEST = (1L << 43) - 1; // 2.4 hours; who waits longer comes back
  private static final int STEPS = 3;
  private static final int FINEST = 26 - STEPS;
  private static final int GRAINS = 43 - 26;
  private static final int PLACES = 32;

  private final Time time;
  private final AtomicReferenceArray<@Nullable Alarm> places =
      new AtomicReferenceArray<>(GRAINS * PLACES);

  /** Alarms by some time. */
  Alarms(Time time) {
    this.time = time;
  }

  /** What fires some time before many limits. */
  static final class Alarm extends OneShot {
    final long at;

    private Alarm(long at) {
      this.at = at;
    }

    /** Wakes all, and allocates nothing for that: those who hang in it have no other limit. */
    void fire() {
      Throwable failure = null;
      Dependent stack = take();
      for (Dependent node = stack; node != null && node != FIRED; node = node.next) {
        if (node instanceof Dependent.WaitLink link) {
          try {
            link.wake();
          } catch (RuntimeException | Error e) { // a scheduler that refuses one may take the next
            failure = e;
          }
        }
      }
      switch (failure) {
        case null -> {}
        case Error error -> throw error;
        case RuntimeException exception -> throw exception;
        default -> throw new AssertionError(failure);
      }
    }
  }

  /** Parks the calling thread, for so long at most; returns early at will. */
  void park(Surroundings self, Object blocker, long nanos) {
    Thread me = Thread.currentThread();
    if (nanos >= FAR && me.isVirtual()) {
      Alarm alarm = before(nanos);
      Dependent.WaitLink link = new Dependent.WaitLink(self, me);
      if (alarm != null && Firing.push(alarm, link)) {
        try {
          LockSupport.park(blocker);
        } finally {
          Firing.remove(alarm, link);
        }
        return;
      }
    }
    LockSupport.parkNanos(blocker, nanos);
  }

  /** The alarm for a limit so far from now, at least {@link #FAR}; null when there is none. */
  @Nullable Alarm before(long nanos) {
    long far = Math.min(nanos, FARTHEST);
    long now = time.nanoTime();
    int grain = 63 - STEPS - Long.numberOfLeadingZeros(far);
    long number = ((now + far) >> grain) - 1;
    long at = number << grain;
    int place = (grain - FINEST) * PLACES + (int) (number & (PLACES - 1));
    Alarm present = places.get(place);
    if (present != null && present.at == at) {
      return present;
    }
    Alarm made = new Alarm(at);
    if (places.compareAndSet(place, present, made)) {
      start(made, at - now);
      return made;
    }
    Alarm others = places.get(place);
    return others != null && others.at == at ? others : null;
  }

  private void start(Alarm alarm, long nanos) {
    try {
      time.schedule(nanos, () -> fireApart(alarm));
    } catch (RuntimeException | VirtualMachineError noTimer) { // no memory, no thread
      alarm.fire(); // it refuses from now on, and the JDK's timer has to do
    }
  }

  /**
   * Many may hang in it, and the timer has more to do. They are virtual as well, so cannot run
   * sooner.
   */
  private static void fireApart(Alarm alarm) {
    try {
      Thread.ofVirtual().name("alarm").inheritInheritableThreadLocals(false).start(alarm::fire);
    } catch (RuntimeException | VirtualMachineError noThread) { // late is better than lost
      alarm.fire();
    }
  }
}
