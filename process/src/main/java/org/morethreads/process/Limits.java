package org.morethreads.process;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** The limits of time of a program, on the monotonic clock. */
final class Limits {
  private static final long FOREVER = Long.MAX_VALUE;

  private final Settings settings;
  private final long startedAt = System.nanoTime();

  Limits(Settings settings) {
    this.settings = settings;
  }

  /** Which limit has passed, or null. */
  @Nullable End passed(boolean ready, long lastOutputAt) {
    long now = System.nanoTime();
    if (left(settings.limit, startedAt, now) <= 0) {
      return End.TOTAL;
    }
    if (!ready && left(settings.startUpLimit, startedAt, now) <= 0) {
      return End.START_UP;
    }
    return left(settings.silenceLimit, lastOutputAt, now) <= 0 ? End.SILENCE : null;
  }

  /** How long it is until the next of them, in nanoseconds. */
  long next(boolean ready, long lastOutputAt) {
    long now = System.nanoTime();
    long startUp = ready ? FOREVER : left(settings.startUpLimit, startedAt, now);
    long silence = left(settings.silenceLimit, lastOutputAt, now);
    return Math.min(left(settings.limit, startedAt, now), Math.min(startUp, silence));
  }

  private static long left(@Nullable Duration limit, long since, long now) {
    return limit == null ? FOREVER : nanos(limit) - (now - since);
  }

  static long nanos(Duration time) {
    try {
      return time.toNanos();
    } catch (ArithmeticException centuries) {
      return Long.MAX_VALUE / 2;
    }
  }
}
