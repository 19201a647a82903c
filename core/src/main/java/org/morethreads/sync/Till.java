package org.morethreads.sync;

import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.morethreads.internal.Dependent;
import org.morethreads.internal.Firing;
import org.morethreads.internal.Observer;
import org.morethreads.internal.OneShot;
import org.morethreads.internal.Surroundings;
import org.morethreads.internal.Time;

/**
 * A signal that goes when a time has come (short for <i>until</i>). Use it rather than {@code
 * Thread.sleep}: it combines with other signals, so that whoever waits also hears a request to
 * stop.
 *
 * {@snippet class="SignalSnippets" region="till"}
 *
 * <p>Making, reading and abandoning a till is an allocation and nothing more; a million that are
 * waited for are normal.
 *
 * <p><b>Tills are hurried at a stop.</b> When the thread that made a till is asked to stop, the
 * till goes early, and tills that it makes later are born signalled: a thread that is asleep until
 * its next round should end instead. {@link #isHurried()} tells early from due. Tills made by
 * unmanaged threads are hurried with the main tree, if that is open. {@link #unhurried} makes one
 * that keeps its time, and so does every wait that takes a {@link Duration}.
 *
 * <p>Actions attached to a till run on a virtual thread of the till's own, so that a slow one
 * delays no other till.
 *
 * <p><b>Thread safety.</b> Every method may be called from any thread without further
 * synchronization.
 *
 * @since 0.1
 */
@SuppressWarnings("exports") // hidden members of the machinery
public sealed class Till extends LazySignal {
  /**
   * The longest time that can be added to the clock and compared by difference: about 146 years.
   */
  private static final long LONGEST = Long.MAX_VALUE / 2;

  /**
   * The thread that made this till; null for one that keeps its time whatever happens, and real
   * time.
   */
  private final Surroundings maker;

  private final long deadline;

  private Till(Surroundings maker, long deadline) {
    this.maker = maker;
    this.deadline = deadline;
  }

  /**
   * Creates a till that goes after a time, or when the calling thread is asked to stop.
   *
   * @param time the time from now; zero or negative means that it is signalled from the start
   * @return the till
   */
  public static Till after(Duration time) {
    Surroundings maker = Surroundings.current();
    if (maker.isHurried()) {
      maker.madeHurriedTill();
    }
    return new Till(maker, maker.time().nanoTime() + nanosOf(time));
  }

  /**
   * Creates a till that goes after a time, and not earlier.
   *
   * @param time the time from now; zero or negative means that it is signalled from the start
   * @return the till
   */
  public static Till unhurried(Duration time) {
    Surroundings maker = Surroundings.current();
    return new Unhurried(maker, maker.time().nanoTime() + nanosOf(time));
  }

  /**
   * Creates a till that goes when the wall clock reaches an instant, or when the calling thread is
   * asked to stop. It follows the wall clock when that is set; once seen signalled it stays so.
   *
   * @param instant the instant; one in the past means that it is signalled from the start
   * @return the till
   */
  public static Till at(Instant instant) {
    Objects.requireNonNull(instant, "instant");
    return new WallClock(Surroundings.current(), instant);
  }

  /** Converts to nanoseconds from zero to {@link #LONGEST}. */
  static long nanosOf(Duration time) {
    return Math.clamp(TimeUnit.NANOSECONDS.convert(time), 0, LONGEST);
  }

  /**
   * Tells whether this till was signalled before its time, because the thread that made it was
   * asked to stop.
   *
   * @return whether it went early; false while it is unsignalled, and when it went in time
   */
  public boolean isHurried() {
    return maker.isHurried() && maker.hurriedAtNanos() - deadline < 0;
  }

  /** Whether a request to stop signals this till. */
  boolean canBeHurried() {
    return true;
  }

  /** How long from now until this till should be looked at again. */
  long nanosLeft() {
    return deadline - maker.time().nanoTime();
  }

  final Surroundings maker() {
    return maker;
  }

  @Override
  protected boolean compute() {
    return nanosLeft() <= 0 || (canBeHurried() && maker.isHurried());
  }

  @Override
  protected final Surroundings detached() {
    return maker;
  }

  @Override
  final void collect(Waiting waiting) {
    waiting.watch(this);
  }

  @Override
  protected void describe(Name text) {
    text.append("till");
  }

  @Override
  final Activation arm() {
    return new Armed(this);
  }

  /** The timer, and the hook in the maker's pleaseStop. */
  private static final class Armed extends Activation {
    private final Till till;
    private final @Nullable OneShot hurry;
    private final @Nullable Dependent hook;
    private volatile Time.@Nullable Scheduled timer;
    private volatile boolean down;

    Armed(Till till) {
      this.till = till;
      this.hurry = till.canBeHurried() ? till.maker.hurrySignal() : null;
      this.hook = hurry == null ? null : new Hurry(till);
      if (hurry != null && hook != null) {
        Firing.push(hurry, hook);
      }
      schedule();
    }

    private void schedule() {
      if (down) {
        return;
      }
      timer = till.maker.time().schedule(till.nanosLeft(), this::tick);
      if (down) {
        cancel();
      }
    }

    private void tick() {
      if (till.isSignalled()) {
        Observer observer = Observer.installed();
        if (observer != null && !till.isHurried()) {
          observer.timeCame(Math.max(0, -till.nanosLeft()));
        }
        Firing.fire(till);
      } else {
        schedule(); // a slice of a wall-clock wait, or a timer that was early
      }
    }

    private void cancel() {
      Time.Scheduled present = timer;
      if (present != null) {
        present.cancel();
      }
    }

    @Override
    void disarm() {
      down = true;
      cancel();
      if (hurry != null && hook != null) {
        Firing.remove(hurry, hook);
      }
    }
  }

  private static final class Hurry extends Dependent.Hook {
    private @Nullable Till till;

    Hurry(Till till) {
      this.till = till;
    }

    @Override
    protected @Nullable OneShot fired() {
      return till;
    }

    @Override
    protected void forget() {
      till = null;
    }
  }

  private static final class Unhurried extends Till {
    Unhurried(Surroundings maker, long deadline) {
      super(maker, deadline);
    }

    @Override
    boolean canBeHurried() {
      return false;
    }

    @Override
    public boolean isHurried() {
      return false;
    }
  }

  private static final class WallClock extends Till {
    /** No notice is given when the wall clock is set, so a wait looks at it at least this often. */
    private static final long SLICE = 1_000_000_000;

    private final Instant instant;
    private volatile boolean seen;

    WallClock(Surroundings maker, Instant instant) {
      super(maker, 0);
      this.instant = instant;
    }

    @Override
    public boolean isHurried() {
      return maker().isHurried() && maker().hurriedAt().isBefore(instant);
    }

    @Override
    long nanosLeft() {
      long left = nanosOf(Duration.between(maker().time().now(), instant));
      return Math.min(left, SLICE);
    }

    @Override
    protected boolean compute() {
      if (!seen && super.compute()) {
        seen = true;
      }
      return seen;
    }

    @Override
    protected void describe(Name text) {
      text.append("till " + instant);
    }
  }
}
