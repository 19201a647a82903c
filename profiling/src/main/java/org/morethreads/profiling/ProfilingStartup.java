package org.morethreads.profiling;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.morethreads.internal.Startup;

/**
 * Does what system properties ask for when the main tree is first used: see {@link Profiler} and
 * {@link Diagnostics}.
 *
 * @hidden
 */
@SuppressWarnings("exports") // the interface is for our own modules only
public final class ProfilingStartup implements Startup {
  /** For the service loader. */
  public ProfilingStartup() {}

  @Override
  public void mainTreeIsOpen() {
    if (Boolean.getBoolean(DIAGNOSTICS)) {
      Diagnostics.enable();
    }
    String directory = System.getProperty(PROFILE);
    if (directory != null) {
      try {
        startProfiler(directory);
      } catch (IOException e) {
        throw new java.io.UncheckedIOException(
            "Cannot profile into \"" + directory + "\", which " + PROFILE + " names.", e);
      }
    }
  }

  private static void startProfiler(String directory) throws IOException {
    Profiler.Builder builder = Profiler.into(Path.of(directory));
    if (Boolean.getBoolean(PROFILE + ".allocation")) {
      builder.allocation();
    }
    Long interval = Long.getLong(PROFILE + ".interval");
    if (interval != null) {
      builder.interval(Duration.ofMillis(interval));
    }
    String timed = System.getProperty(PROFILE + ".timing", "");
    if (!timed.isEmpty()) {
      builder.timing(timed);
    }
    Profiler _ = builder.start(); // ends with the program
  }
}
