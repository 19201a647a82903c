package org.morethreads.process;

/**
 * A program exited with a code that is not accepted, or did not keep a limit of time. The message
 * has the end of its standard error.
 *
 * @since 0.1
 */
public sealed class ProcessFailedException extends Exception permits ProcessTimeoutException {
  private static final long serialVersionUID = 1;

  private static final int MOST_IN_MESSAGE = 2_000;

  /** Its exit code. */
  private final int exitCode;

  /** The last of its standard error. */
  private final String stderrTail;

  ProcessFailedException(String what, int exitCode, String stderrTail) {
    super(what + lastOf(stderrTail));
    this.exitCode = exitCode;
    this.stderrTail = stderrTail;
  }

  private static String lastOf(String tail) {
    String text = tail.strip();
    if (text.isEmpty()) {
      return " It wrote nothing to its standard error.";
    }
    String last =
        text.length() <= MOST_IN_MESSAGE
            ? text
            : "…" + text.substring(text.length() - MOST_IN_MESSAGE);
    return " Its standard error ends with:\n" + last;
  }

  /**
   * {@return its exit code; 128 and the number of the signal when the operating system ended it}
   */
  public final int exitCode() {
    return exitCode;
  }

  /** {@return the last 64 KB of its standard error; of both outputs when they were merged} */
  public final String stderrTail() {
    return stderrTail;
  }
}
