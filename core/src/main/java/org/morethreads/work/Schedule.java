package org.morethreads.work;

import java.time.Duration;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.morethreads.internal.Library;
import org.morethreads.internal.Log;
import org.morethreads.internal.Surroundings;
import org.morethreads.internal.Time;
import org.morethreads.sync.Signal;
import org.morethreads.sync.Till;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.Scope;
import org.morethreads.thread.ThreadBuilder;

/**
 * Something done at times of the wall clock, on a named thread of its own, until that is told to
 * stop. For something done every so often, whatever the clock says, there is {@link Repeat}.
 *
 * {@snippet class="WorkSnippets" region="schedule"}
 *
 * <p>A run that fails, by an {@code Error} too, takes longer than its {@linkplain
 * Builder#maximumRunTime maximum}, or leaves its interrupt status set, is reported to the log and
 * counted, and the schedule goes on. When there is no time any more it ends, and the log says so.
 * Runs never overlap: times that pass while one is under way are skipped and counted.
 *
 * <p>When the wall clock is set forward beyond the next time, that is kept at once, and those after
 * it that have passed are skipped; when it is set back, the next time stays as it is.
 *
 * <p><b>Thread safety.</b> Every method may be called from any thread without further
 * synchronization.
 *
 * @since 0.1
 */
public final class Schedule {
  /** A clock that is set from 1970 to today has passed more times than one can go through. */
  private static final int MOST_COUNTED = 1_000;

  private final Times times;
  private final ZoneId zone;
  private final @Nullable Duration maximum;
  private final ManagedThread.Task task;
  private final ManagedThread<?> thread;

  private final Runs runs = new Runs();

  private Schedule(Builder builder, Times times, ManagedThread.Task task) {
    this.times = Objects.requireNonNull(times, "times");
    this.zone = builder.zone;
    this.maximum = builder.maximum;
    this.task = Objects.requireNonNull(task, "task");
    this.thread =
        builder
            .thread
            .startedHere(Library.MEMBER)
            .prepare(pleaseStop -> keep(pleaseStop, pleaseStop.or(builder.until)));
  }

  /**
   * When something is due: a cron expression, a calendar, an interval. Asked on the thread of the
   * schedule.
   *
   * @since 0.1
   */
  @FunctionalInterface
  public interface Times {
    /**
     * Answers the next time after another one, in its time zone.
     *
     * @param after a time; the answer is later than that
     * @return the next time; empty when there is none any more, which ends the schedule
     */
    Optional<ZonedDateTime> next(ZonedDateTime after);

    /**
     * Returns the times every so often from a start, by the instants of the time line: a day of 24
     * hours, whatever the clocks on the wall do.
     *
     * @param interval the time between two of them
     * @param start the first; may be in the past
     * @return the times
     * @throws IllegalArgumentException if the interval is shorter than a millisecond
     */
    static Times every(Duration interval, Instant start) {
      if (interval.compareTo(Duration.ofMillis(1)) < 0) {
        throw new IllegalArgumentException(
            "A schedule cannot be due every " + interval + ". Give it a millisecond or more.");
      }
      Objects.requireNonNull(start, "start");
      return after -> {
        Duration passed = Duration.between(start, after.toInstant());
        Instant next =
            passed.isNegative()
                ? start
                : start.plus(interval.multipliedBy(passed.dividedBy(interval) + 1));
        return Optional.of(next.atZone(after.getZone()));
      };
    }

    /**
     * Returns one time each day. On a day on which the clocks are set forward over that time it is
     * as much later as they are; on one on which they are set back over it, it is the first of the
     * two.
     *
     * @param time the time of the day
     * @return the times
     */
    static Times daily(LocalTime time) {
      Objects.requireNonNull(time, "time");
      return after -> {
        ZonedDateTime next = after.toLocalDate().atTime(time).atZone(after.getZone());
        for (long days = 1; !next.isAfter(after); days++) {
          next = after.toLocalDate().plusDays(days).atTime(time).atZone(after.getZone());
        }
        return Optional.of(next);
      };
    }
  }

  /**
   * How a schedule has gone so far, and when it goes on.
   *
   * @param runs how many runs have ended
   * @param failures how many of them failed, those that took too long included
   * @param skipped how many times have passed without a run; of those that pass at once no more
   *     than 1000 are counted
   * @param lastBegan when the last run began; null before the first
   * @param lastEnded when the last run that has ended did so; null before
   * @param lastFailure what the last run that failed threw; null if none has
   * @param next when the next run is due; null while one is under way, and after the end
   * @since 0.1
   */
  public record Status(
      long runs,
      long failures,
      long skipped,
      @Nullable Instant lastBegan,
      @Nullable Instant lastEnded,
      @Nullable Throwable lastFailure,
      @Nullable ZonedDateTime next) {}

  /**
   * Begins a schedule, in the time zone of the system.
   *
   * @param name the name of its thread
   * @return a builder
   * @throws IllegalArgumentException if the name is empty or has a slash
   */
  public static Builder named(String name) {
    return new Builder(name, ManagedThread.named(name), ZoneId.systemDefault(), null, Signal.NEVER);
  }

  /**
   * How a schedule is to be. Instances are immutable: every method returns a new one.
   *
   * @since 0.1
   */
  public static final class Builder {
    private final String name;
    private final ThreadBuilder thread;
    private final ZoneId zone;
    private final @Nullable Duration maximum;
    private final Signal until;

    private Builder(
        String name, ThreadBuilder thread, ZoneId zone, @Nullable Duration maximum, Signal until) {
      this.name = name;
      this.thread = thread;
      this.zone = zone;
      this.maximum = maximum;
      this.until = until;
    }

    /**
     * Chooses the time zone; without this it is that of the system.
     *
     * @param newZone the time zone
     * @return a changed builder
     */
    public Builder zone(ZoneId newZone) {
      return new Builder(name, thread, Objects.requireNonNull(newZone), maximum, until);
    }

    /**
     * Limits how long a run may take: after that it is told to stop and interrupted, as the block
     * of a {@link Scope} with a deadline.
     *
     * @param time the time
     * @return a changed builder
     * @throws IllegalArgumentException if it is not positive
     */
    public Builder maximumRunTime(Duration time) {
      if (!time.isPositive()) {
        throw new IllegalArgumentException(
            "A run of \"" + name + "\" cannot end within " + time + ". Give it a positive time.");
      }
      return new Builder(name, thread, zone, time, until);
    }

    /**
     * Ends the schedule, after the run that is under way, when a signal goes.
     *
     * @param signal the signal; may be called several times with others
     * @return a changed builder
     */
    public Builder until(Signal signal) {
      return new Builder(name, thread, zone, maximum, until.or(signal));
    }

    /**
     * Asks for a platform thread. Without this it is virtual.
     *
     * @return a changed builder
     */
    public Builder platform() {
      return new Builder(name, thread.platform(), zone, maximum, until);
    }

    /**
     * Starts the schedule.
     *
     * @param times when something is due
     * @param task what is done then; given a signal that goes when it is to stop, since its thread
     *     is or its time is over
     * @return the schedule, started
     */
    public Schedule at(Times times, ManagedThread.Task task) {
      var schedule = new Schedule(this, times, task);
      schedule.thread.start();
      return schedule;
    }
  }

  // ---- on its own thread

  private void keep(Signal pleaseStop, Signal end) throws Exception {
    Time time = Surroundings.current().time();
    String what = "schedule \"" + thread + "\"";
    try {
      ZonedDateTime next = nextAfter(time.now().atZone(zone));
      while (next != null) {
        runs.next(next);
        Till due = Till.at(next.toInstant());
        if (end.await(due) || due.isHurried() || !Runs.mayBegin(end)) {
          return; // hurried: its thread is just being told
        }
        runs.run(maximum == null ? task : this::runInTime, pleaseStop, what, "it goes on");
        next = skipPassed(next, time);
      }
      Log.info("Schedule \"" + thread + "\" has no more times, and ends.");
    } finally {
      runs.next(null);
    }
  }

  private void runInTime(Signal pleaseStop) throws Exception {
    Duration limit = Objects.requireNonNull(maximum);
    Scope.named("run").deadline(limit).run(scope -> task.run(scope.pleaseStop()));
  }

  private @Nullable ZonedDateTime nextAfter(ZonedDateTime time) {
    ZonedDateTime next = times.next(time).orElse(null);
    if (next != null && !next.isAfter(time)) {
      throw new IllegalStateException(
          "The times of schedule \""
              + thread
              + "\" answer "
              + next
              + " as the next after "
              + time
              + ": the next has to be later.");
    }
    return next;
  }

  /** The next time that has not passed; those that have are counted, up to a limit. */
  private @Nullable ZonedDateTime skipPassed(ZonedDateTime kept, Time time) {
    ZonedDateTime next = nextAfter(kept);
    long skipped = 0;
    while (next != null && next.toInstant().isBefore(time.now())) {
      skipped++;
      next =
          nextAfter(skipped < MOST_COUNTED ? next : time.now().atZone(zone)); // leaves the rest out
    }
    if (skipped > 0) {
      runs.skipped(skipped);
    }
    return next;
  }

  // ---- for everybody

  /** {@return how it has gone so far, and when it goes on} */
  public Status status() {
    Runs.Tally so = runs.tally();
    return new Status(
        so.runs(),
        so.failures(),
        so.skipped(),
        so.lastBegan(),
        so.lastEnded(),
        so.lastFailure(),
        so.next());
  }

  /** {@return the thread that does it} */
  public ManagedThread<?> thread() {
    return thread;
  }

  /** Asks the schedule to stop; returns at once. */
  public void stop() {
    thread.stop();
  }

  /** {@return the signal that goes when it has ended} */
  public Signal stopped() {
    return thread.stopped();
  }

  /** {@return the path of its thread} */
  @Override
  public String toString() {
    return thread.path();
  }
}
