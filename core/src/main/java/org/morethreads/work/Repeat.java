package org.morethreads.work;

import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.morethreads.internal.Library;
import org.morethreads.internal.Surroundings;
import org.morethreads.internal.Time;
import org.morethreads.sync.Signal;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.ThreadBuilder;

/**
 * Something done again and again on a named thread of its own, until that is told to stop.
 *
 * {@snippet class="WorkSnippets" region="repeat"}
 *
 * <p>A run that fails, by an {@code Error} too, or leaves its interrupt status set, is reported to
 * the log and counted, and the repetition goes on. Runs never overlap. At a fixed rate a run that
 * takes longer than the interval makes the next ones late: those whose time has passed meanwhile
 * are skipped and counted, never made up for. All times are real time.
 *
 * <p>A stop ends the pause between runs at once. A run that is under way sees it by its own {@code
 * pleaseStop}, and is interrupted as the stop policy of its thread says.
 *
 * <p><b>Thread safety.</b> Every method may be called from any thread without further
 * synchronization.
 *
 * @since 0.1
 */
public final class Repeat {
  private final ManagedThread<?> thread;
  private final Duration interval;
  private final ManagedThread.Task task;

  private final Runs runs = new Runs();

  private Repeat(Builder builder, Pace pace, Duration interval, ManagedThread.Task task) {
    this.interval = interval;
    this.task = task;
    this.thread =
        builder
            .thread
            .startedHere(Library.MEMBER)
            .prepare(pleaseStop ->
                repeat(
                    pace,
                    builder.firstAfter == null ? interval : builder.firstAfter,
                    pleaseStop,
                    pleaseStop.or(builder.until)));
  }

  private enum Pace {
    FIXED_RATE,
    FIXED_DELAY
  }

  /**
   * How a repetition has gone so far.
   *
   * @param runs how many runs have ended
   * @param failures how many of them failed
   * @param skipped how many were skipped, since the run before took too long
   * @param lastBegan when the last run began, by the wall clock; null before the first
   * @param lastEnded when the last run that has ended did so; null before
   * @param lastFailure what the last run that failed threw; null if none has
   * @since 0.1
   */
  public record Status(
      long runs,
      long failures,
      long skipped,
      @Nullable Instant lastBegan,
      @Nullable Instant lastEnded,
      @Nullable Throwable lastFailure) {}

  /**
   * Begins a repetition.
   *
   * @param name the name of its thread
   * @return a builder
   * @throws IllegalArgumentException if the name is empty or has a slash
   */
  public static Builder named(String name) {
    return new Builder(name, ManagedThread.named(name), null, Signal.NEVER);
  }

  /**
   * How something is to be repeated. Instances are immutable: every method returns a new one.
   *
   * @since 0.1
   */
  public static final class Builder {
    private final String name;
    private final ThreadBuilder thread;
    private final @Nullable Duration firstAfter;
    private final Signal until;

    private Builder(
        String name, ThreadBuilder thread, @Nullable Duration firstAfter, Signal until) {
      this.name = name;
      this.thread = thread;
      this.firstAfter = firstAfter;
      this.until = until;
    }

    /**
     * Sets when the first run begins; without this after one interval.
     *
     * @param time the time from the start; zero or negative means at once
     * @return a changed builder
     */
    public Builder firstAfter(Duration time) {
      return new Builder(name, thread, Objects.requireNonNull(time, "time"), until);
    }

    /**
     * Ends the repetition, after the run that is under way, when a signal goes.
     *
     * @param signal the signal; may be called several times with others
     * @return a changed builder
     */
    public Builder until(Signal signal) {
      return new Builder(name, thread, firstAfter, until.or(signal));
    }

    /**
     * Asks for a platform thread. Without this it is virtual.
     *
     * @return a changed builder
     */
    public Builder platform() {
      return new Builder(name, thread.platform(), firstAfter, until);
    }

    /**
     * Starts the repetition: a run begins every so often, counted from the start, on time whatever
     * the runs take.
     *
     * @param interval the time from the begin of one run to that of the next
     * @param task what is done; given the {@code pleaseStop} of the thread
     * @return the repetition, started
     * @throws IllegalArgumentException if the interval is not positive
     */
    public Repeat atFixedRate(Duration interval, ManagedThread.Task task) {
      return start(new Repeat(this, Pace.FIXED_RATE, checked(interval), checked(task)));
    }

    /**
     * Starts the repetition: a run begins so long after the one before has ended.
     *
     * @param delay the time from the end of one run to the begin of the next
     * @param task what is done; given the {@code pleaseStop} of the thread
     * @return the repetition, started
     * @throws IllegalArgumentException if the delay is not positive
     */
    public Repeat withFixedDelay(Duration delay, ManagedThread.Task task) {
      return start(new Repeat(this, Pace.FIXED_DELAY, checked(delay), checked(task)));
    }

    private static Repeat start(Repeat made) {
      made.thread.start();
      return made;
    }

    private static ManagedThread.Task checked(ManagedThread.Task task) {
      return Objects.requireNonNull(task, "task");
    }

    private Duration checked(Duration interval) {
      if (!interval.isPositive()) {
        throw new IllegalArgumentException(
            "\""
                + name
                + "\" cannot be repeated every "
                + interval
                + ". Give it a positive time; for a loop without a pause use ManagedThread.run.");
      }
      return interval;
    }
  }

  private void repeat(Pace pace, Duration first, Signal pleaseStop, Signal end) throws Exception {
    Time time = Surroundings.current().time();
    String what = "\"" + thread + "\"";
    long every = nanos(interval);
    long due = time.nanoTime() + Math.max(0, nanos(first));
    while (!end.await(Duration.ofNanos(due - time.nanoTime())) && Runs.mayBegin(end)) {
      runs.run(task, pleaseStop, what, "it will be repeated");
      long now = time.nanoTime();
      if (pace == Pace.FIXED_DELAY) {
        due = now + every;
      } else {
        due += every;
        long missed = now - due > 0 ? (now - due + every - 1) / every : 0;
        if (missed > 0) {
          due += missed * every;
          runs.skipped(missed);
        }
      }
    }
  }

  private static long nanos(Duration time) {
    return Math.min(TimeUnit.NANOSECONDS.convert(time), Long.MAX_VALUE / 4);
  }

  /** {@return how it has gone so far} */
  public Status status() {
    Runs.Tally so = runs.tally();
    return new Status(
        so.runs(), so.failures(), so.skipped(), so.lastBegan(), so.lastEnded(), so.lastFailure());
  }

  /** {@return the last failure, if a run has failed} */
  public Optional<Throwable> lastFailure() {
    return Optional.ofNullable(runs.tally().lastFailure());
  }

  /** {@return the thread that does it} */
  public ManagedThread<?> thread() {
    return thread;
  }

  /** Asks the repetition to stop; returns at once. */
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
