package org.morethreads.internal;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Lets through so many of the same failure in a time, and counts the others. The same are those of
 * one class that come from one line.
 *
 * <p>Thread-safe. The calls of the failure's own methods are made without the lock.
 */
public final class Repetition {
  /** More different failures than that are not told apart: the map would grow for ever. */
  private static final int MOST_KINDS = 1_000;

  private static final String OTHERS = "others";

  private static final Answer YES = new Answer(true, 0);
  private static final Answer NO = new Answer(false, 0);

  private final int most;
  private final long window;

  private final Mutex mutex = new Mutex(this);

  /** By name; guarded by the mutex. */
  private final Map<String, Kind> kinds = new HashMap<>();

  private static final class Kind {
    long since;
    int logged;
    long suppressed;
  }

  /**
   * Whether a failure may be logged.
   *
   * @param mayLog whether it may
   * @param suppressed how many of its kind were not, since the last that was
   */
  public record Answer(boolean mayLog, long suppressed) {
    /** {@return what to add to the message: nothing, or how many were not logged} */
    public String suppressedText() {
      return suppressed == 0 ? "" : " " + suppressed + " more like it were not logged.";
    }
  }

  /** Lets through ten a minute. */
  public Repetition() {
    this(10, TimeUnit.MINUTES.toNanos(1));
  }

  /**
   * Lets through {@code most} in each {@code window}.
   *
   * @param most how many
   * @param window the time, in nanoseconds
   */
  public Repetition(int most, long window) {
    this.most = most;
    this.window = window;
  }

  /**
   * Counts a failure.
   *
   * @param failure the failure; one that cannot say where it comes from may always be logged
   * @param now the time, in nanoseconds of a monotonic clock
   * @return whether it may be logged
   */
  public Answer mayLog(Throwable failure, long now) {
    try {
      return mayLog(nameOf(failure), now);
    } catch (Throwable broken) { // in a user's class, or there is no memory
      return YES;
    }
  }

  private Answer mayLog(String name, long now) {
    mutex.acquire();
    try {
      Kind kind = kinds.get(kinds.size() < MOST_KINDS || kinds.containsKey(name) ? name : OTHERS);
      if (kind == null) {
        kind = new Kind();
        kind.since = now;
        kinds.put(kinds.size() < MOST_KINDS ? name : OTHERS, kind);
      }
      if (now - kind.since >= window) {
        kind.since = now;
        kind.logged = 0;
      }
      if (kind.logged >= most) {
        kind.suppressed++;
        return NO;
      }
      kind.logged++;
      long suppressed = kind.suppressed;
      kind.suppressed = 0;
      return suppressed == 0 ? YES : new Answer(true, suppressed);
    } finally {
      mutex.release();
    }
  }

  /** {@return what has been counted and not logged, or nothing} Begins anew. */
  public String rest() {
    StringBuilder text = new StringBuilder();
    mutex.acquire();
    try {
      kinds.forEach((name, kind) -> {
        if (kind.suppressed > 0) {
          text.append(text.isEmpty() ? "" : ", ")
              .append(kind.suppressed)
              .append(" x ")
              .append(name);
          kind.suppressed = 0;
        }
      });
    } finally {
      mutex.release();
    }
    return text.toString();
  }

  private static String nameOf(Throwable failure) {
    StackTraceElement[] trace = failure.getStackTrace();
    return failure.getClass().getName() + (trace.length == 0 ? "" : " at " + trace[0]);
  }
}
