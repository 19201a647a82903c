package org.morethreads.process;

import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Why the life of a program came to its end. */
enum End {
  EXITED,
  TOLD,
  KILLED,
  INTERRUPTED,
  START_UP,
  SILENCE,
  TOTAL;

  /**
   * What joins get.
   *
   * @param told whether the program was told to stop
   * @param subject the program in words
   */
  int result(Settings settings, int code, boolean told, String subject, Output stderr)
      throws ProcessFailedException, InterruptedException {
    switch (this) {
      case START_UP ->
          throw timedOut(
              ProcessTimeoutException.Limit.START_UP,
              settings.startUpLimit,
              subject + " was not ready after ",
              code,
              stderr);
      case SILENCE ->
          throw timedOut(
              ProcessTimeoutException.Limit.SILENCE,
              settings.silenceLimit,
              subject + " was silent for ",
              code,
              stderr);
      case TOTAL ->
          throw timedOut(
              ProcessTimeoutException.Limit.TOTAL,
              settings.limit,
              subject + " was still running after ",
              code,
              stderr);
      case INTERRUPTED -> {
        if (!told) {
          throw new InterruptedException(subject + " was killed by an interrupt.");
        }
      }
      case EXITED -> {
        if (!settings.accepts(code) && !told) {
          throw new ProcessFailedException(
              subject + " exited with " + code + signalOf(code) + ".", code, stderr.tailText());
        }
      }
      case TOLD, KILLED -> {}
    }
    return code;
  }

  private static ProcessTimeoutException timedOut(
      ProcessTimeoutException.Limit which,
      @Nullable Duration limit,
      String what,
      int code,
      Output stderr) {
    Duration time = Objects.requireNonNull(limit);
    return new ProcessTimeoutException(
        what + time + ", and was stopped.", which, time, code, stderr.tailText());
  }

  private static String signalOf(int code) {
    return code > 128 && code < 128 + 65 ? ", signal " + (code - 128) : "";
  }
}
