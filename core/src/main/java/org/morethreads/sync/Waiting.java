package org.morethreads.sync;

import java.time.Duration;
import java.util.Arrays;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.morethreads.internal.Dependent;
import org.morethreads.internal.Firing;
import org.morethreads.internal.Library;
import org.morethreads.internal.Observer;
import org.morethreads.internal.OneShot;
import org.morethreads.internal.SchedulePoint;
import org.morethreads.internal.Surroundings;

/**
 * For the library's own use: a thread that waits for a signal, until another: it hangs a link into
 * each leaf below the two, sleeps no longer than the nearest till among them, and looks at both
 * again after each wake-up. Confined to the waiting thread; it is also the blocker that dumps show.
 *
 * @hidden
 */
@SuppressWarnings("exports") // only our own modules can call it
public final class Waiting {
  private final Signal wanted;
  private final Signal till;
  private final boolean timed;
  private final Surroundings surroundings;
  private final Thread thread;

  /** The one link that most waits have, and where it hangs. */
  private @Nullable OneShot linked;

  private @Nullable Dependent link;

  /** Null unless a till is among what is waited for, or more than one signal. */
  private @Nullable More more;

  /** What only some waits have: a million threads may wait at once. */
  private static final class More {
    private OneShot[] linked = {};
    private Dependent[] links = {};
    private int count;
    private Till[] tills = {};
    private int tillCount;

    void add(OneShot signal, Dependent link) {
      if (count == links.length) {
        int room = Math.max(2, 2 * count);
        linked = Arrays.copyOf(linked, room);
        links = Arrays.copyOf(links, room);
      }
      linked[count] = signal;
      links[count] = link;
      count++;
    }

    void add(Till till) {
      if (tillCount == tills.length) {
        tills = Arrays.copyOf(tills, Math.max(1, 2 * tillCount));
      }
      tills[tillCount++] = till;
    }
  }

  private Waiting(Signal wanted, Signal till, boolean timed, Surroundings surroundings) {
    this.wanted = wanted;
    this.till = till;
    this.timed = timed;
    this.surroundings = surroundings;
    this.thread = Thread.currentThread();
  }

  static boolean await(Signal wanted, Signal till) throws InterruptedException {
    if (Thread.interrupted()) {
      throw new InterruptedException("Interrupted before waiting for \"" + wanted + "\".");
    }
    if (wanted.isSignalled()) {
      return true;
    }
    if (till.isSignalled()) {
      return wanted.isSignalled(); // it may have gone between the two looks
    }
    return new Waiting(wanted, till, /* timed= */ false, Surroundings.current()).await(0);
  }

  static boolean await(Signal wanted, Duration timeout) throws InterruptedException {
    long nanos = Till.nanosOf(timeout);
    if (Thread.interrupted()) {
      throw new InterruptedException("Interrupted before waiting for \"" + wanted + "\".");
    }
    if (wanted.isSignalled()) {
      return true;
    }
    if (nanos <= 0) {
      return false;
    }
    Surroundings surroundings = Surroundings.current();
    long deadline = surroundings.time().nanoTime() + nanos;
    return new Waiting(wanted, Signal.NEVER, /* timed= */ true, surroundings).await(deadline);
  }

  private boolean await(long deadline) throws InterruptedException {
    try {
      wanted.collect(this);
      till.collect(this);
      while (true) {
        long left = nanosLeft(); // first: a till that goes from here on is seen by the looks below
        SchedulePoint.at("signal.await");
        if (wanted.isSignalled()) {
          return true;
        }
        if (till.isSignalled()) {
          observeTills();
          return wanted.isSignalled();
        }
        if (timed) {
          long own = deadline - surroundings.time().nanoTime();
          if (own <= 0) {
            observeLate(-own);
            return wanted.isSignalled();
          }
          left = Math.min(left, own);
        }
        park(surroundings, this, left);
        if (Thread.interrupted()) {
          throw new InterruptedException("Interrupted while waiting for \"" + wanted + "\".");
        }
      }
    } finally {
      unlink();
    }
  }

  /**
   * Parks the calling thread until a condition holds, a signal goes, a time has come, or it is
   * interrupted.
   *
   * @param library the proof of membership
   * @param surroundings those of the calling thread
   * @param blocker what it waits for, for dumps
   * @param till what ends the wait
   * @param timed whether {@code deadline} counts
   * @param deadline the end of the wait by the surroundings' clock
   * @param done the condition; whoever makes it true unparks the thread
   * @return true when the thread was interrupted, and the status is cleared; false otherwise
   */
  public static boolean parkUntil(
      Library library,
      Surroundings surroundings,
      Object blocker,
      Signal till,
      boolean timed,
      long deadline,
      BooleanSupplier done) {
    Objects.requireNonNull(library, "library");
    Waiting waiting = new Waiting(Signal.NEVER, till, timed, surroundings);
    try {
      till.collect(waiting);
      while (true) {
        long left = waiting.nanosLeft(); // first: see await
        if (done.getAsBoolean()) {
          return false;
        }
        if (till.isSignalled()) {
          waiting.observeTills();
          return false;
        }
        if (timed) {
          long own = deadline - surroundings.time().nanoTime();
          if (own <= 0) {
            observeLate(-own);
            return false;
          }
          left = Math.min(left, own);
        }
        SchedulePoint.at("parkUntil");
        if (left == Long.MAX_VALUE) {
          surroundings.park(blocker);
        } else {
          surroundings.parkAtMost(blocker, left); // mostly what is waited for comes before
        }
        if (Thread.interrupted()) {
          return true;
        }
      }
    } finally {
      waiting.unlink();
    }
  }

  private static void park(Surroundings surroundings, Object blocker, long nanos) {
    if (nanos == Long.MAX_VALUE) {
      surroundings.park(blocker);
    } else {
      surroundings.parkNanos(blocker, nanos);
    }
  }

  /**
   * The time until the nearest till that has not gone yet; the largest number when there is none.
   * Asked before the signals are looked at: a till that has gone by then no longer counts here, and
   * must be seen there.
   */
  private long nanosLeft() {
    long nearest = Long.MAX_VALUE;
    if (more != null) {
      for (int i = 0; i < more.tillCount; i++) {
        Till watched = more.tills[i];
        if (!watched.isSignalled()) {
          nearest = Math.min(nearest, Math.max(1, watched.nanosLeft()));
        }
      }
    }
    return nearest;
  }

  private static void observeLate(long nanos) {
    Observer observer = Observer.installed();
    if (observer != null) {
      observer.timeCame(nanos);
    }
  }

  /** Tells how late this thread is that was woken by the time of one of its tills. */
  private void observeTills() {
    Observer observer = Observer.installed();
    if (observer != null && more != null) {
      for (int i = 0; i < more.tillCount; i++) {
        Till watched = more.tills[i];
        if (watched.isSignalled() && !watched.isHurried()) {
          observer.timeCame(Math.max(0, -watched.nanosLeft()));
          return;
        }
      }
    }
  }

  /** Hangs a link into a signal. */
  void link(Signal signal) {
    if (signal instanceof LazySignal lazy) {
      lazy.retain();
    }
    hang(signal);
  }

  /** Takes a till into account: it wakes this thread by the clock, or by its maker's pleaseStop. */
  void watch(Till watched) {
    more().add(watched);
    if (watched.canBeHurried()
        && !watched.maker().isOf(thread)) { // a stop unparks the maker itself
      OneShot hurry = watched.maker().hurrySignal();
      if (hurry != null) {
        hang(hurry);
      }
    }
  }

  private More more() {
    if (more == null) {
      more = new More();
    }
    return more;
  }

  private void hang(OneShot signal) {
    Dependent.WaitLink hung = new Dependent.WaitLink(surroundings, thread);
    if (linked == null) {
      linked = signal;
      link = hung;
    } else {
      more().add(signal, hung);
    }
    Firing.push(signal, hung); // one that has fired is seen by the look that follows
  }

  private void unlink() {
    if (linked != null && link != null) {
      unlink(linked, link);
    }
    if (more != null) {
      for (int i = 0; i < more.count; i++) {
        unlink(more.linked[i], more.links[i]);
      }
    }
  }

  private static void unlink(OneShot signal, Dependent hung) {
    if (Firing.remove(signal, hung) && signal instanceof LazySignal lazy) {
      lazy.release();
    }
  }

  /** {@return the signal that the thread waits for} */
  public Signal wanted() {
    return wanted;
  }

  /** {@return the signal that ends the wait early, or null when there is none} */
  public @Nullable Signal till() {
    return till == Signal.NEVER ? null : till;
  }

  /** {@return whether the wait ends by a time, too} */
  public boolean isTimed() {
    return timed;
  }

  @Override
  public String toString() {
    return till == Signal.NEVER
        ? "signal \"" + wanted + "\""
        : "signal \"" + wanted + "\" until \"" + till + "\"";
  }
}
