package org.morethreads.process;

import java.time.Duration;

/**
 * A program did not keep a limit of time, and was stopped.
 *
 * @since 0.1
 */
public final class ProcessTimeoutException extends ProcessFailedException {
  private static final long serialVersionUID = 1;

  /** Which limit has passed. */
  private final Limit limit;

  /** How long that was. */
  private final Duration time;

  ProcessTimeoutException(
      String what, Limit limit, Duration time, int exitCode, String stderrTail) {
    super(what, exitCode, stderrTail);
    this.limit = limit;
    this.time = time;
  }

  /**
   * A limit of time.
   *
   * @since 0.1
   */
  public enum Limit {
    /** Until it is ready: {@link ManagedProcess.Builder#startUpLimit}. */
    START_UP,
    /** Without output: {@link ProgramBuilder#silenceLimit}. */
    SILENCE,
    /** In all: {@link ProgramBuilder#limit}. */
    TOTAL
  }

  /** {@return which limit has passed} */
  public Limit limit() {
    return limit;
  }

  /** {@return how long that limit was} */
  public Duration time() {
    return time;
  }
}
