package org.morethreads.logging;

import java.util.HashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * Lets through so many of the same failure in a time, and counts the others. The same are those of
 * one class that come from one line.
 */
final class Repetition {
  /** More different failures than that are not told apart: the map would grow for ever. */
  private static final int MOST_KINDS = 1_000;

  private final int most;
  private final long window;
  private final LongSupplier clock;

  // ---- guarded by this object's private monitor

  private final Object monitor = new Object();
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
  record Answer(boolean mayLog, long suppressed) {
    String suppressedText() {
      return suppressed == 0 ? "" : " " + suppressed + " more like it were not logged.";
    }
  }

  Repetition(int most, long window, LongSupplier clock) {
    this.most = most;
    this.window = window;
    this.clock = clock;
  }

  Answer mayLog(Throwable failure) {
    String name = nameOf(failure);
    synchronized (monitor) {
      long now = clock.getAsLong();
      Kind kind = kinds.get(kinds.size() < MOST_KINDS || kinds.containsKey(name) ? name : "others");
      if (kind == null) {
        kind = new Kind();
        kind.since = now;
        kinds.put(kinds.size() < MOST_KINDS ? name : "others", kind);
      }
      if (now - kind.since >= window) {
        kind.since = now;
        kind.logged = 0;
      }
      if (kind.logged >= most) {
        kind.suppressed++;
        return new Answer(false, 0);
      }
      kind.logged++;
      long suppressed = kind.suppressed;
      kind.suppressed = 0;
      return new Answer(true, suppressed);
    }
  }

  /** What has been counted and not logged; empty when nothing was. Begins anew. */
  String rest() {
    StringBuilder text = new StringBuilder();
    synchronized (monitor) {
      kinds.forEach((name, kind) -> {
        if (kind.suppressed > 0) {
          text.append(text.isEmpty() ? "" : ", ")
              .append(kind.suppressed)
              .append(" x ")
              .append(name);
          kind.suppressed = 0;
        }
      });
    }
    return text.toString();
  }

  private static String nameOf(Throwable failure) {
    StackTraceElement[] trace = failure.getStackTrace();
    return failure.getClass().getName() + (trace.length == 0 ? "" : " at " + trace[0]);
  }
}
