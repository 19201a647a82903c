package org.morethreads.internal;

import org.jspecify.annotations.Nullable;

/**
 * Marks the places in compare-and-set loops and before parks where another thread may come in
 * between. In ordinary programs a call of {@link #at} is a test of a constant and compiles to
 * nothing; in a JVM started with {@code -Dorg.morethreads.schedulePoints=true} it hands control to
 * a scheduler that drives interleavings.
 */
public final class SchedulePoint {
  /** Whether this JVM drives interleavings. */
  public static final boolean ON = Boolean.getBoolean("org.morethreads.schedulePoints");

  private static volatile @Nullable Scheduler scheduler;

  private SchedulePoint() {}

  /** What a controlled scheduler implements. */
  @FunctionalInterface
  public interface Scheduler {
    /**
     * The calling thread has come to a place where others may run first.
     *
     * @param where the name of the place
     */
    void reached(String where);
  }

  /**
   * Lets the scheduler, if there is one, run other threads first.
   *
   * @param where the name of the place, a constant
   */
  public static void at(String where) {
    if (ON) {
      Scheduler current = scheduler;
      if (current != null) {
        current.reached(where);
      }
    }
  }

  /**
   * Installs a scheduler; null removes it.
   *
   * @param newScheduler the scheduler, or null for none
   */
  public static void setScheduler(@Nullable Scheduler newScheduler) {
    scheduler = newScheduler;
  }
}
