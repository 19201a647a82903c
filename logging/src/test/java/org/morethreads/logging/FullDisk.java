package org.morethreads.logging;

import java.nio.file.Path;
import java.time.Duration;

/** Writes numbered lines into a file that cannot take all of them: see {@link FullDiskTest}. */
public final class FullDisk {
  private FullDisk() {}

  /** The line of a number. */
  static String line(int number) {
    return "line " + number + " " + "x".repeat(number % 150);
  }

  public static void main(String[] arguments) throws Exception {
    Path file = Path.of(arguments[0]);
    int lines = Integer.parseInt(arguments[1]);
    try (LogWriter<CharSequence> log =
        LogWriter.<CharSequence>named("full")
            .retryFor(Duration.ofMinutes(1))
            .start(LineSink.file(file))) {
      for (int i = 0; i < lines; i++) {
        log.write(line(i));
      }
      boolean all = log.awaitWritten(Duration.ofMinutes(1));
      LogStatistics so = log.statistics();
      System.out.println(all + ": " + so.written() + " written, " + so.lost() + " lost");
    }
  }
}
