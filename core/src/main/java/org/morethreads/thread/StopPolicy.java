package org.morethreads.thread;

import java.time.Duration;

/**
 * How a stop is bounded: ask; after a while interrupt; after a while more abandon; and all threads
 * below the one that was stopped within a total. Instances are immutable.
 *
 * <p>The {@linkplain #standard() standard} is 5 s, 2 s and 8 s in total, which stays below the 10 s
 * that container run times grant. A thread's own policy can only shorten what its parent's allows.
 * All times are real time and count from when each thread was told.
 *
 * @since 0.1
 */
public final class StopPolicy {
  private static final StopPolicy STANDARD =
      new StopPolicy(Duration.ofSeconds(5), Duration.ofSeconds(2), Duration.ofSeconds(8), true);

  /** About 30 years. */
  private static final double MOST_SECONDS = 1e9;

  private final Duration ask;
  private final Duration interrupt;
  private final Duration total;
  private final boolean interrupts;

  private StopPolicy(Duration ask, Duration interrupt, Duration total, boolean interrupts) {
    this.ask = ask;
    this.interrupt = interrupt;
    this.total = total;
    this.interrupts = interrupts;
  }

  /**
   * {@return the standard policy: ask for 5 s, interrupt and wait 2 s, abandon; 8 s for everything}
   */
  public static StopPolicy standard() {
    return STANDARD;
  }

  /** The policy of the main tree: the standard one, changed by system properties. */
  static StopPolicy ofProgram() {
    return new StopPolicy(
        property("org.morethreads.stop.ask", STANDARD.ask),
        property("org.morethreads.stop.interrupt", STANDARD.interrupt),
        property("org.morethreads.stop.total", STANDARD.total),
        true);
  }

  private static Duration property(String name, Duration standard) {
    String text = System.getProperty(name);
    if (text == null) {
      return standard;
    }
    try {
      double seconds = Double.parseDouble(text.strip());
      if (seconds >= 0 && seconds <= MOST_SECONDS) {
        return Duration.ofNanos((long) (seconds * 1e9));
      }
    } catch (NumberFormatException notANumber) {
      // said below
    }
    JvmShutdown.logApart(
        "System property "
            + name
            + " is \""
            + text
            + "\", but has to be a number of seconds; the standard holds, "
            + standard
            + ".");
    return standard;
  }

  /**
   * Returns a policy that differs in how long a thread has after it was asked, before it is
   * interrupted.
   *
   * @param time the time; zero means to interrupt at once
   * @return the policy
   * @throws IllegalArgumentException if the time is negative
   */
  public StopPolicy withAsk(Duration time) {
    return new StopPolicy(checked("ask", time), interrupt, total, interrupts);
  }

  /**
   * Returns a policy that differs in how long a thread has after it was interrupted, before it is
   * abandoned.
   *
   * @param time the time; zero means to abandon at once
   * @return the policy
   * @throws IllegalArgumentException if the time is negative
   */
  public StopPolicy withInterrupt(Duration time) {
    return new StopPolicy(ask, checked("interrupt", time), total, interrupts);
  }

  /**
   * Returns a policy that differs in how long the stop of a thread and of all below it may take.
   *
   * @param time the time
   * @return the policy
   * @throws IllegalArgumentException if the time is negative
   */
  public StopPolicy withTotal(Duration time) {
    return new StopPolicy(ask, interrupt, checked("total", time), interrupts);
  }

  /**
   * Returns a policy that never interrupts: a thread has both times together to react to its {@code
   * pleaseStop}.
   *
   * @return the policy
   */
  public StopPolicy neverInterrupt() {
    return new StopPolicy(ask, interrupt, total, false);
  }

  private static Duration checked(String what, Duration time) {
    if (time.isNegative()) {
      throw new IllegalArgumentException(
          "The \"" + what + "\" time of a stop policy cannot be negative, but is " + time + ".");
    }
    return time;
  }

  /** {@return the time a thread has before it is interrupted} */
  public Duration ask() {
    return ask;
  }

  /** {@return the time a thread has after it was interrupted, before it is abandoned} */
  public Duration interrupt() {
    return interrupt;
  }

  /** {@return the time that the stop of a thread and of all below it may take} */
  public Duration total() {
    return total;
  }

  /** {@return whether threads are interrupted at all} */
  public boolean interrupts() {
    return interrupts;
  }

  /** Returns what holds for a child with this policy under a parent with that one. */
  StopPolicy under(StopPolicy parent) {
    if (this == parent) {
      return this;
    }
    return new StopPolicy(
        shorter(ask, parent.ask),
        shorter(interrupt, parent.interrupt),
        shorter(total, parent.total),
        interrupts && parent.interrupts);
  }

  private static Duration shorter(Duration one, Duration other) {
    return one.compareTo(other) <= 0 ? one : other;
  }

  @Override
  public String toString() {
    return (interrupts ? "ask " + ask + ", interrupt " + interrupt : "ask " + ask.plus(interrupt))
        + ", total "
        + total;
  }
}
