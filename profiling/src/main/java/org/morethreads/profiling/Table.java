package org.morethreads.profiling;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * The table of mo-threads: a row for each method, separated by tabs, with the columns that it has
 * there, and behind them the number of samples and the threads. A row is about the threads at and
 * below a path; those of {@code *} are about all.
 */
final class Table {
  private static final String HEAD =
      "num_calls\tself_time\ttotal_time\tself_time_per_call\ttotal_time_per_call\tfile\tline\tmethod"
          + "\tnum_samples\tthread";

  private Table() {}

  static Path write(Profile profile, Path file) throws IOException {
    try (BufferedWriter out = Files.newBufferedWriter(file)) {
      out.write(HEAD + "\n");
      writeTimed(profile, out);
      for (String path : profile.paths()) {
        for (Profile.Method method : profile.methods(path)) {
          write(path, method, out);
        }
      }
    }
    return file;
  }

  /** Exact counts and times; they are of all threads. */
  private static void writeTimed(Profile profile, BufferedWriter out) throws IOException {
    for (Profile.Timing timing : profile.timings()) {
      int dot = timing.method().lastIndexOf('.');
      Frame frame =
          new Frame(timing.method().substring(0, dot), timing.method().substring(dot + 1), 0);
      out.write(
          String.join(
              "\t",
              Long.toString(timing.calls()),
              "",
              seconds(timing.total().toNanos()),
              "",
              seconds(timing.average().toNanos()),
              frame.file(),
              "",
              timing.method(),
              "",
              "*"));
      out.write('\n');
    }
  }

  private static void write(String path, Profile.Method method, BufferedWriter out)
      throws IOException {
    out.write(
        String.join(
            "\t",
            "",
            seconds(method.self().toNanos()),
            seconds(method.total().toNanos()),
            "",
            "",
            method.file(),
            method.line() == 0 ? "" : Integer.toString(method.line()),
            method.name(),
            Long.toString(method.samples()),
            path.replace('\t', ' ').replace('\n', ' ')));
    out.write('\n');
  }

  private static String seconds(long nanos) {
    return String.format(Locale.ROOT, "%.6f", nanos / 1e9);
  }
}
