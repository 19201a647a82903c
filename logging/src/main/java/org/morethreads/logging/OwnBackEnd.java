package org.morethreads.logging;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The back end for programs without a logging framework.
 *
 * <p>Its writers are made by the first record, not by the first logger: the JDK asks for loggers at
 * times when nothing should be started. One for the file and one for the console, so that one that
 * blocks or fails is not felt by the other's lines.
 */
final class OwnBackEnd implements LogWriterFinder.BackEnd {
  private static final String PREFIX = "org.morethreads.logging.";

  private final ConcurrentMap<String, System.Logger> loggers = new ConcurrentHashMap<>();

  /** While the writers are being made by a thread: what that logs meanwhile. */
  private static final ThreadLocal<Boolean> STARTING = new ThreadLocal<>();

  /** Makes the writers. */
  static final class Writers {
    private Writers() {}

    /**
     * Makes them all, or none: the next who logs tries again.
     *
     * @param last what is done when they are there
     */
    static List<LogWriter<LogLine>> start(Runnable last) {
      List<LogWriter<LogLine>> all = new ArrayList<>();
      try {
        addTo(all);
        last.run();
        return List.copyOf(all);
      } catch (Throwable broken) { // no memory for a thread, or no stack
        for (LogWriter<LogLine> writer : all) {
          writer.close();
        }
        throw broken;
      }
    }

    private static void addTo(List<LogWriter<LogLine>> all) {
      String file = System.getProperty(PREFIX + "file", "");
      boolean hasFile = !file.isEmpty();
      if (hasFile) {
        try {
          all.add(writer("file", LineSink.file(Path.of(file))));
        } catch (IOException | InvalidPathException failure) {
          LastResort.say("The log cannot be written to \"" + file + "\"; using stderr.", failure);
          hasFile = false;
        }
      }
      String console = System.getProperty(PREFIX + "console", hasFile ? "none" : "stderr");
      switch (console.toLowerCase(Locale.ROOT)) {
        case "stdout" -> all.add(writer("stdout", LineSink.standardOutput()));
        case "none" -> {}
        default -> all.add(writer("stderr", LineSink.standardError()));
      }
    }

    private static LogWriter<LogLine> writer(String name, LineSink sink) {
      return LogWriter.<LogLine>named(name)
          .reports(text -> LogLine.of(Level.WARNING, "org.morethreads.logging", text, null))
          .start(sink.formatting(new LogLine.Format()));
    }
  }

  @Override
  public System.Logger logger(String name) {
    return loggers.computeIfAbsent(name, OwnLogger::new);
  }

  /** The lowest level that is written, of the nearest name above that has one. */
  static Level threshold(String name) {
    String at = name;
    while (true) {
      String set = System.getProperty(PREFIX + "level" + (at.isEmpty() ? "" : "." + at));
      Level level = set == null ? null : levelOf(set);
      if (level != null) {
        return level;
      }
      if (at.isEmpty()) {
        return Level.INFO;
      }
      at = at.contains(".") ? at.substring(0, at.lastIndexOf('.')) : "";
    }
  }

  private static @Nullable Level levelOf(String text) {
    for (Level level : Level.values()) {
      if (level.name().equalsIgnoreCase(text.strip())) {
        return level;
      }
    }
    LastResort.say("\"" + text + "\" is no level of System.Logger; it is left out.");
    return null;
  }

  static void write(LogLine line) {
    if (STARTING.get() != null) {
      LastResort.say(new LogLine.Format().apply(line).toString());
      return;
    }
    for (LogWriter<LogLine> writer : writers()) {
      boolean _ = writer.write(line, line.level());
    }
  }

  private static final ReentrantLock MAKING = new ReentrantLock();

  private static volatile @Nullable List<LogWriter<LogLine>> known;

  private static List<LogWriter<LogLine>> writers() {
    List<LogWriter<LogLine>> present = known;
    if (present == null) {
      present = makeWriters();
    }
    return present;
  }

  /**
   * Not by the initializer of a class, which is never repeated: the first who logs may have no
   * memory for it, or no stack.
   */
  private static List<LogWriter<LogLine>> makeWriters() {
    MAKING.lock();
    STARTING.set(true);
    try {
      List<LogWriter<LogLine>> present = known;
      if (present == null) {
        present = Writers.start(UncaughtFailures::install);
        known = present;
      }
      return present;
    } finally {
      STARTING.remove();
      MAKING.unlock();
    }
  }

  private static final class OwnLogger extends FormattingLogger {
    private final int threshold;

    OwnLogger(String name) {
      super(name);
      this.threshold = threshold(name).getSeverity();
    }

    @Override
    public boolean isLoggable(Level level) {
      return level != Level.OFF && level.getSeverity() >= threshold;
    }

    @Override
    void write(Level level, String message, @Nullable Throwable failure) {
      OwnBackEnd.write(LogLine.of(level, getName(), message, failure));
    }
  }
}
