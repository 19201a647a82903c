package org.morethreads.process;

import java.util.List;

/**
 * What a program has written, and how it exited.
 *
 * @param exitCode its exit code
 * @param stdout the lines of its standard output
 * @param stderr the lines of its standard error; none when it was merged
 * @since 0.1
 */
public record ProgramResult(int exitCode, List<String> stdout, List<String> stderr) {
  /** Copies the lists. */
  public ProgramResult {
    stdout = List.copyOf(stdout);
    stderr = List.copyOf(stderr);
  }

  /** {@return the lines of the standard output as one text, with newlines between them} */
  public String text() {
    return String.join("\n", stdout);
  }
}
