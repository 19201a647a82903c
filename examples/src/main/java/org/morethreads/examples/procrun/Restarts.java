package org.morethreads.examples.procrun;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import org.morethreads.examples.procrun.ServiceConfig.Restart;
import org.morethreads.examples.procrun.ServiceConfig.When;

/**
 * Decides what follows the end of a run: a restart after a pause, or none. The pause doubles from
 * one restart to the next, and is short again after a run that was long enough. Belongs to one
 * thread; time comes from outside.
 */
final class Restarts {
  /** What follows. */
  sealed interface Next {
    /** It has ended for good. */
    record End() implements Next {}

    /** It starts again after a pause. */
    record Again(Duration pause) implements Next {}

    /** It would start again, but has done so too often. */
    record GiveUp(int restarts) implements Next {}
  }

  private final Restart rule;

  /** When the last restarts were decided, in nanoseconds; those long ago are forgotten. */
  private final Deque<Long> recent = new ArrayDeque<>();

  private Duration pause;

  Restarts(Restart rule) {
    this.rule = rule;
    this.pause = rule.pause();
  }

  /**
   * Decides.
   *
   * @param failed whether the run has failed
   * @param ran how long it was
   * @param nowNanos the time of its end
   */
  Next after(boolean failed, Duration ran, long nowNanos) {
    if (rule.when() == When.NEVER || (rule.when() == When.ON_FAILURE && !failed)) {
      return new Next.End();
    }
    while (!recent.isEmpty() && nowNanos - recent.getFirst() > rule.within().toNanos()) {
      recent.removeFirst();
    }
    if (recent.size() >= rule.giveUpAfter()) {
      return new Next.GiveUp(recent.size());
    }
    recent.addLast(nowNanos);
    if (ran.compareTo(rule.within()) > 0) {
      pause = rule.pause();
    }
    Duration now = pause;
    Duration doubled = pause.multipliedBy(2);
    pause = doubled.compareTo(rule.longestPause()) < 0 ? doubled : rule.longestPause();
    return new Next.Again(now);
  }
}
