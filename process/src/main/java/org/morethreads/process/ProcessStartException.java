package org.morethreads.process;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * A program could not be started; nothing has been.
 *
 * @since 0.1
 */
public final class ProcessStartException extends IOException {
  private static final long serialVersionUID = 1;

  /** Why. */
  private final Reason reason;

  ProcessStartException(Reason reason, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.reason = reason;
  }

  /**
   * Why a program could not be started.
   *
   * @since 0.1
   */
  public enum Reason {
    /** There is no such file, in the place given or on the path. */
    NO_SUCH_PROGRAM,
    /** The working directory is not there, or is none. */
    NO_SUCH_DIRECTORY,
    /** The file may not be executed, or the directory not be entered. */
    NO_PERMISSION,
    /** The file is no program that this machine can run. */
    NOT_A_PROGRAM,
    /** Arguments and environment are longer than the operating system takes. */
    TOO_LONG,
    /** This JVM, or the machine, has too many files open. */
    TOO_MANY_OPEN_FILES,
    /** There are too many processes or threads, or there is too little memory. */
    NO_RESOURCES,
    /** Something else, which the cause says. */
    OTHER
  }

  /** {@return why} */
  public Reason reason() {
    return reason;
  }
}
