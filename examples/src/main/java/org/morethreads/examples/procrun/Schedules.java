package org.morethreads.examples.procrun;

import java.time.Instant;
import org.morethreads.cron.Cron;
import org.morethreads.work.Schedule;

/** Times as people write them. */
final class Schedules {
  private Schedules() {}

  /**
   * Reads a cron expression, or {@code every 10s}, counted from midnight in Greenwich.
   *
   * @throws IllegalArgumentException if it is neither
   */
  static Schedule.Times parse(String text) {
    String stripped = text.strip();
    if (!stripped.startsWith("every ")) {
      return Cron.of(stripped);
    }
    return Section.parseDuration(stripped.substring(6))
        .map(interval -> Schedule.Times.every(interval, Instant.EPOCH))
        .orElseThrow(
            () -> new IllegalArgumentException("Write \"every 10s\", not \"" + text + "\"."));
  }
}
