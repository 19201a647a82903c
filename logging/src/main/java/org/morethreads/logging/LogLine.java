package org.morethreads.logging;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.System.Logger.Level;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.morethreads.thread.ManagedThread;

/** A record of our own back end. */
record LogLine(
    Instant time,
    Level level,
    String logger,
    String thread,
    @Nullable ManagedThread<?> managed,
    String message,
    @Nullable Throwable failure) {
  static LogLine of(Level level, String logger, String message, @Nullable Throwable failure) {
    return new LogLine(
        Instant.now(),
        level,
        logger,
        Thread.currentThread().getName(),
        ManagedThread.currentOrNull(),
        message,
        failure);
  }

  @Override
  public String toString() {
    return level + " " + logger + " - " + message;
  }

  /** Makes records into text. Used by one thread at a time; the text is good until the next. */
  static final class Format implements Function<LogLine, CharSequence> {
    private static final DateTimeFormatter SECOND =
        DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.").withZone(ZoneOffset.UTC);

    private static final int MICROS = 1_000;

    private final StringBuilder text = new StringBuilder(256);

    /** The text of the second that the last record was in. */
    private String secondText = "";

    private long second = Long.MIN_VALUE;
    private @Nullable ManagedThread<?> lastThread;
    private String lastPath = "";

    @Override
    public CharSequence apply(LogLine line) {
      text.setLength(0);
      appendTime(line.time());
      appendLevel(line.level());
      text.append(" [").append(threadOf(line)).append("] ");
      text.append(line.logger()).append(" - ").append(line.message());
      if (line.failure() != null) {
        appendFailure(line.failure());
      }
      return text;
    }

    private void appendTime(Instant time) {
      if (time.getEpochSecond() != second) {
        second = time.getEpochSecond();
        secondText = SECOND.format(time);
      }
      text.append(secondText);
      int micros = time.getNano() / MICROS;
      for (int digit = 100_000; digit > 0; digit /= 10) {
        text.append((char) ('0' + micros / digit % 10));
      }
      text.append('Z');
    }

    private void appendLevel(Level level) {
      String name = level.getName();
      text.append(' ').append(name);
      for (int i = name.length(); i < 7; i++) {
        text.append(' ');
      }
    }

    private String threadOf(LogLine line) {
      ManagedThread<?> managed = line.managed();
      if (managed == null) {
        return line.thread();
      }
      if (managed != lastThread) {
        lastPath = managed.path();
        lastThread = managed;
      }
      return lastPath;
    }

    private void appendFailure(Throwable failure) {
      int before = text.length();
      try {
        StringWriter trace = new StringWriter();
        failure.printStackTrace(new PrintWriter(trace));
        text.append('\n').append(trace.getBuffer());
        text.setLength(text.length() - 1); // the line ends by itself
      } catch (RuntimeException
          | LinkageError
          | StackOverflowError broken) { // methods of the user's
        text.setLength(before);
        text.append('\n').append(LastResort.words(failure)).append(" (it cannot be printed)");
      }
    }
  }
}
