package org.morethreads.internal;

import java.time.Instant;

/**
 * The seam through which core reads clocks, parks, unparks, interrupts and schedules. {@link
 * #real()} is the JDK's own; the testing module puts virtual time here, and the stress module a
 * controlled scheduler.
 */
public abstract class Time {
  /** For implementations. */
  protected Time() {}

  /** {@return the JDK's own time} */
  public static Time real() {
    return RealTime.INSTANCE;
  }

  /** Something scheduled that can be given up. */
  @FunctionalInterface
  public interface Scheduled {
    /** Gives it up; does nothing when it has run, is running or was given up before. */
    void cancel();
  }

  /** {@return the monotonic clock in nanoseconds; only differences mean something} */
  public abstract long nanoTime();

  /** {@return the wall clock} */
  public abstract Instant now();

  /**
   * Parks the calling thread until it is unparked or interrupted, or for no reason.
   *
   * @param self the surroundings of the calling thread
   * @param blocker what it waits for, for dumps
   */
  public abstract void park(Surroundings self, Object blocker);

  /**
   * Parks the calling thread until it is unparked or interrupted, the time is over, or for no
   * reason.
   *
   * @param self the surroundings of the calling thread
   * @param blocker what it waits for, for dumps
   * @param nanos the longest time; returns at once when it is not positive
   */
  public abstract void parkNanos(Surroundings self, Object blocker, long nanos);

  /**
   * As {@link #parkNanos}, for a wait whose limit is hardly ever reached: may well return long
   * before it for no reason, and is cheap for that.
   *
   * @param self the surroundings of the calling thread
   * @param blocker what it waits for, for dumps
   * @param nanos the longest time; returns at once when it is not positive
   */
  public void parkAtMost(Surroundings self, Object blocker, long nanos) {
    parkNanos(self, blocker, nanos);
  }

  /**
   * Makes the park of a thread return, the present or the next one.
   *
   * @param target the surroundings of the thread
   * @param thread the thread
   */
  public abstract void unpark(Surroundings target, Thread thread);

  /**
   * Interrupts a thread.
   *
   * @param target the surroundings of the thread
   * @param thread the thread
   */
  public abstract void interrupt(Surroundings target, Thread thread);

  /**
   * Runs something short, which must not block, on the timer after a time.
   *
   * @param delayNanos the time; not positive means at once, but still on the timer
   * @param action what to run; must neither block nor throw
   * @return a handle to give it up
   */
  public abstract Scheduled schedule(long delayNanos, Runnable action);

  /**
   * Starts a thread for user code that has no thread of its own, such as the actions of a till.
   *
   * @param name its name
   * @param action what to run; must not throw
   */
  public abstract void startDetached(String name, Runnable action);

  /**
   * Starts a thread for work of the library's own that must get on even when all carriers of
   * virtual threads are busy: driving a stop, and writing reports to a log that may block.
   *
   * @param name its name
   * @param action what to run; must not throw
   */
  public void startDriver(String name, Runnable action) {
    startDetached(name, action);
  }

  /**
   * A thread is about to be started in this time. Called by its starter; followed by {@link #ended}
   * from the started thread, or from the starter when the start failed.
   *
   * @param child the surroundings of the thread that is about to start
   */
  public void starting(Surroundings child) {}

  /**
   * A thread announced by {@link #starting} runs. Called by itself, before its task; not by one
   * that is adopted, which ran before. Must not throw.
   *
   * @param child the surroundings of the calling thread
   */
  public void began(Surroundings child) {}

  /**
   * A thread announced by {@link #starting} has ended, or could not be started.
   *
   * @param child its surroundings
   */
  public void ended(Surroundings child) {}
}
