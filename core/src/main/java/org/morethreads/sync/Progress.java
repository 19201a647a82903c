package org.morethreads.sync;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.morethreads.internal.Firing;
import org.morethreads.internal.SchedulePoint;

/**
 * A counter that only advances, and at some point ends: how many rows are written, which version is
 * loaded. Anybody may look how far it has got, and {@link #reached} makes a {@link Signal} of any
 * point on its way.
 *
 * {@snippet class="SignalSnippets" region="progress"}
 *
 * <p><b>Thread safety.</b> Every method may be called from any thread without further
 * synchronization.
 *
 * <p><b>Memory consistency.</b> What a thread did before it advanced the progress
 * <i>happens-before</i> what another does after it has seen that value, or a signal of it.
 *
 * @since 0.1
 */
public final class Progress {
  private static final VarHandle VALUE;

  static {
    try {
      VALUE = MethodHandles.lookup().findVarHandle(Progress.class, "value", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final String name;

  /**
   * Fired by whoever ends this progress, and by whoever finds it ended, who may be earlier: nobody
   * has seen the end and then finds this unsignalled.
   */
  private final OpenSignal ended;

  /**
   * How far it has got; the complement of that, a negative number, once it has ended, so that one
   * CAS decides between an advance and the end. Only grows, until then.
   */
  private volatile long value;

  /**
   * The points that somebody depends on, nearest first. Whoever advances past one takes it out and
   * fires it.
   */
  private final ConcurrentSkipListMap<Point, Reached> awaited = new ConcurrentSkipListMap<>();

  private Progress(String name) {
    this.name = name;
    this.ended = Signal.create(name + " ended");
  }

  /** A key that orders by value and tells apart several signals of the same value. */
  private record Point(long value, long serial) implements Comparable<Point> {
    @Override
    public int compareTo(Point other) {
      int byValue = Long.compare(value, other.value);
      return byValue != 0 ? byValue : Long.compare(serial, other.serial);
    }
  }

  /**
   * Creates a progress that stands at zero.
   *
   * @param name what it is called in dumps and messages
   * @return the progress
   */
  public static Progress create(String name) {
    return new Progress(Objects.requireNonNull(name, "name"));
  }

  /** {@return how far it has got; never less than it was} */
  public long value() {
    return valueIn(value);
  }

  private static long valueIn(long seen) {
    return seen < 0 ? ~seen : seen;
  }

  /** Advances by one; does nothing after the {@linkplain #end end}. */
  public void advance() {
    advance(1);
  }

  /**
   * Advances by a number of steps; does nothing after the {@linkplain #end end}.
   *
   * @param steps how many, at least zero
   * @throws IllegalArgumentException if {@code steps} is negative: a progress never goes back
   */
  public void advance(long steps) {
    if (steps < 0) {
      throw new IllegalArgumentException(
          "Progress \"" + name + "\" cannot go back by " + -steps + "; it only advances.");
    }
    for (long seen = value; seen >= 0; seen = value) {
      long further = seen + steps < 0 ? Long.MAX_VALUE : seen + steps;
      SchedulePoint.at("progress.advance");
      if (VALUE.compareAndSet(this, seen, further)) {
        fireUpTo(further);
        return; // ends: every failure means that another thread advanced
      }
    }
    ended.go();
  }

  /**
   * Advances to a value; does nothing when it has got that far already, or after the {@linkplain
   * #end end}.
   *
   * @param target the value
   * @return whether this call advanced it
   */
  public boolean advanceTo(long target) {
    for (long seen = value; seen >= 0; seen = value) {
      if (seen >= target) {
        return false;
      }
      SchedulePoint.at("progress.advance");
      if (VALUE.compareAndSet(this, seen, target)) {
        fireUpTo(target);
        return true; // ends: every failure means that another thread advanced
      }
    }
    ended.go();
    return false;
  }

  private void fireUpTo(long reached) {
    while (true) {
      Map.Entry<Point, Reached> nearest = awaited.firstEntry();
      if (nearest == null || nearest.getKey().value > reached) {
        return;
      }
      if (awaited.remove(nearest.getKey(), nearest.getValue())) {
        Firing.fire(nearest.getValue());
      }
    }
  }

  /** Ends this progress: its value is final. Repeating it does nothing. */
  public void end() {
    for (long seen = value; seen >= 0; seen = value) {
      SchedulePoint.at("progress.end");
      if (VALUE.compareAndSet(this, seen, ~seen)) {
        SchedulePoint.at("progress.ended");
        break; // ends: every failure means that another thread got on
      }
    }
    ended.go();
  }

  /**
   * {@return the signal that goes at the {@linkplain #end end}} Its actions run on the thread that
   * ends this progress, or on one that has just found it ended.
   */
  public Signal ended() {
    return ended;
  }

  /**
   * Returns the signal that goes when the value reaches a point. It never goes when the progress
   * ends before; wait for {@code reached(n).or(ended())} if that can happen. Costs nothing until
   * somebody waits for it.
   *
   * @param point the value to reach
   * @return a signal
   */
  public Signal reached(long point) {
    return new Reached(this, point);
  }

  @Override
  public String toString() {
    long seen = value;
    return name + " at " + valueIn(seen) + (seen < 0 ? ", ended" : "");
  }

  private static final class Reached extends LazySignal {
    private final Progress progress;
    private final long point;

    Reached(Progress progress, long point) {
      this.progress = progress;
      this.point = point;
    }

    @Override
    protected boolean compute() {
      boolean now = progress.value() >= point;
      if (now) {
        Firing.latch(this);
      }
      return now;
    }

    @Override
    Activation arm() {
      return new Entry(this);
    }

    @Override
    protected void describe(Name text) {
      text.append(progress.name + " reached " + point);
    }
  }

  /** The place of a point in the map of those awaited. */
  private static final class Entry extends LazySignal.Activation {
    private final Progress progress;
    private final Reached reached;
    private final Point key;

    Entry(Reached reached) {
      this.reached = reached;
      this.progress = reached.progress;
      this.key = new Point(reached.point, SERIALS.incrementAndGet());
      @Nullable Reached before = progress.awaited.put(key, reached);
      assert before == null;
    }

    @Override
    void disarm() {
      progress.awaited.remove(key, reached);
    }
  }

  private static final AtomicLong SERIALS = new AtomicLong();
}
