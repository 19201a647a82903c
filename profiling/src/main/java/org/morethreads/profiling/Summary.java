package org.morethreads.profiling;

import java.time.Duration;
import java.util.List;
import java.util.Locale;

/** The profile on one page of text. */
final class Summary {
  private static final int MOST_METHODS = 20;

  private final Profile profile;

  Summary(Profile profile) {
    this.profile = profile;
  }

  String text() {
    StringBuilder text = new StringBuilder(profile.coverage()).append("\n\n");
    text.append("   share   CPU s  waited s  allocated MB  threads  at and below\n");
    for (String path : profile.paths()) {
      text.append(
          String.format(
              Locale.ROOT,
              "%7.1f%% %7.2f %9.2f %13.1f %8d  %s%n",
              share(profile.time(path)),
              profile.time(path).toNanos() / 1e9,
              profile.waited(path).toNanos() / 1e9,
              profile.allocated(path) / 1e6,
              profile.threads(path),
              path));
    }
    text.append("\n    self   total  method\n");
    List<Profile.Method> methods = profile.methods("").stream().limit(MOST_METHODS).toList();
    for (Profile.Method method : methods) {
      text.append(
          String.format(
              Locale.ROOT,
              "%7.1f%% %6.1f%%  %s%n",
              share(method.self()),
              share(method.total()),
              method.name()));
    }
    for (Profile.Timing timing : profile.timings()) {
      text.append(
          String.format(
              Locale.ROOT,
              "timed: %d calls, %.3f ms each, %.3f s in all: %s%n",
              timing.calls(),
              timing.average().toNanos() / 1e6,
              timing.total().toNanos() / 1e9,
              timing.method()));
    }
    return text.toString();
  }

  private double share(Duration time) {
    Duration all = profile.time("");
    return all.isZero() ? 0 : 100.0 * time.toNanos() / all.toNanos();
  }
}
