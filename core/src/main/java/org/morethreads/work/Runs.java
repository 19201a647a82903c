package org.morethreads.work;

import java.time.Instant;
import java.time.ZonedDateTime;
import org.jspecify.annotations.Nullable;
import org.morethreads.internal.Library;
import org.morethreads.internal.Surroundings;
import org.morethreads.sync.Signal;
import org.morethreads.thread.ManagedThread;

/**
 * The runs of a {@link Repeat} or a {@link Schedule}, one after the other on its thread, and how
 * they went. All methods but {@link #tally} are for that thread.
 */
final class Runs {
  /**
   * How it has gone so far; {@code next} is when the next run is due, if that is known by the wall
   * clock.
   */
  record Tally(
      long runs,
      long failures,
      long skipped,
      @Nullable Instant lastBegan,
      @Nullable Instant lastEnded,
      @Nullable Throwable lastFailure,
      @Nullable ZonedDateTime next) {}

  private volatile Tally tally = new Tally(0, 0, 0, null, null, null, null);

  Tally tally() {
    return tally;
  }

  /**
   * Does a run. What it throws, and an interrupt status that it leaves set, is reported and
   * counted; but what it throws since its thread is being stopped goes on to the thread.
   *
   * @param what what the log calls it
   * @param goesOn what the log says of the others, if one fails
   */
  void run(ManagedThread.Task task, Signal pleaseStop, String what, String goesOn)
      throws Exception {
    Surroundings me = Surroundings.current();
    var time = me.time();
    Tally so = tally;
    tally =
        new Tally(so.runs, so.failures, so.skipped, time.now(), so.lastEnded, so.lastFailure, null);
    Throwable failure = null;
    try {
      task.run(pleaseStop);
    } catch (Exception thrown) {
      if (isStopUnderWay() && ManagedThread.isLeavingByStop(Library.MEMBER, thrown)) {
        throw thrown;
      }
      failure = thrown;
    } catch (Throwable thrown) { // reported, and it goes on
      failure = thrown;
    }
    if (clearInterrupt() && failure == null) {
      failure = new InterruptedException("The run has left its interrupt status set.");
    }
    if (failure != null) {
      me.report(
          "A run of "
              + what
              + " failed"
              + (isStopUnderWay() ? "; it is being stopped." : "; " + goesOn + "."),
          failure);
    }
    Tally at = tally;
    tally =
        new Tally(
            at.runs + 1,
            at.failures + (failure == null ? 0 : 1),
            at.skipped,
            at.lastBegan,
            time.now(),
            failure == null ? at.lastFailure : failure,
            null);
  }

  /**
   * Clears an interrupt status that some user code has left set on a thread of ours, and that would
   * harm what comes next. That of a stop stays.
   *
   * @return whether there was one
   */
  static boolean clearInterrupt() {
    if (!Thread.interrupted()) {
      return false;
    }
    if (isStopUnderWay()) { // before the interrupt of a stop: looked at afterwards
      Thread.currentThread().interrupt();
      return false;
    }
    return true;
  }

  /**
   * Whether the current thread has been told to stop, or will be when those below it have: they may
   * close what a run waits for, before.
   */
  private static boolean isStopUnderWay() {
    return ManagedThread.current().isStopUnderWay(Library.MEMBER);
  }

  /**
   * Whether a run may begin. If a stop of the current thread is under way, waits until the thread
   * is told: what is below comes first.
   */
  static boolean mayBegin(Signal end) throws InterruptedException {
    if (!isStopUnderWay()) {
      return true;
    }
    end.await();
    return false;
  }

  void skipped(long more) {
    Tally so = tally;
    tally =
        new Tally(
            so.runs,
            so.failures,
            so.skipped + more,
            so.lastBegan,
            so.lastEnded,
            so.lastFailure,
            so.next);
  }

  void next(@Nullable ZonedDateTime due) {
    Tally so = tally;
    tally =
        new Tally(
            so.runs, so.failures, so.skipped, so.lastBegan, so.lastEnded, so.lastFailure, due);
  }
}
