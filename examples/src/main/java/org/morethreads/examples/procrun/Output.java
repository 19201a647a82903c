package org.morethreads.examples.procrun;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.morethreads.logging.LineSink;
import org.morethreads.logging.LogSink;
import org.morethreads.logging.LogWriter;

/**
 * The lines of all services, and what there is to say about them, in the order in which they came.
 * Written by one thread, the last to stop, so that nothing is lost; a standard output that takes no
 * more is told to somebody, and what is lost by that is counted.
 */
final class Output implements LogSink<Output.Entry> {
  /** A line. {@code about}: it is ours, about the service. */
  record Entry(Instant at, String service, boolean about, String text) {}

  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("HH:mm:ss.SSS").withZone(ZoneId.systemDefault());
  private static final int[] COLOURS = {36, 33, 32, 35, 34, 96, 93, 92, 95, 94};
  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final int MOST_WAITING = 1024;
  private static final String OWN = "procrun";

  private final boolean json;
  private final boolean colours;
  private final List<String> names;
  private final int width;
  private final Consumer<IOException> whenBroken;
  private final LogSink<CharSequence> lines = LineSink.standardOutput();
  private final LogWriter<Entry> writer;
  private final AtomicLong lost = new AtomicLong();

  /** Of the writer's thread. */
  private boolean broken;

  private long unflushed;

  Output(boolean json, boolean colours, List<String> names, Consumer<IOException> whenBroken) {
    this.json = json;
    this.colours = colours && !json;
    this.names = List.copyOf(names);
    this.width = names.stream().mapToInt(String::length).reduce(OWN.length(), Math::max);
    this.whenBroken = whenBroken;
    this.writer = LogWriter.<Entry>named("output").capacity(MOST_WAITING).start(this);
  }

  /** A service has printed a line. */
  void line(String service, String text) {
    writer.write(new Entry(Instant.now(), service, false, text));
  }

  /** There is something to say about a service. */
  void say(String service, String text) {
    writer.write(new Entry(Instant.now(), service, true, text));
  }

  void say(String text) {
    say(OWN, text);
  }

  /** Waits until all is written that has been handed over. */
  boolean awaitWritten() {
    return writer.awaitWritten(PATIENCE);
  }

  /** {@return how many lines the standard output has not taken} */
  long lost() {
    return lost.get();
  }

  // ---- on the writer's thread

  @Override
  public void write(Entry entry) {
    List<String> parts = List.of(entry.text().split("\n", -1)); // a service's has none
    unflushed += parts.size();
    attempt(() -> {
      for (String line : parts) {
        lines.write(json ? toJson(entry, line) : toText(entry, line));
      }
    });
  }

  @Override
  public void flush() {
    attempt(() -> {
      lines.flush();
      unflushed = 0;
    });
  }

  @FunctionalInterface
  private interface Attempt {
    void run() throws Exception;
  }

  private void attempt(Attempt attempt) {
    try {
      if (!broken) {
        attempt.run();
      }
    } catch (Exception e) {
      broken = true;
      whenBroken.accept(e instanceof IOException failure ? failure : new IOException(e));
    }
    if (broken) {
      lost.addAndGet(unflushed);
      unflushed = 0;
    }
  }

  private String toText(Entry entry, String line) {
    String head = TIME.format(entry.at()) + " " + entry.service();
    String gap = " ".repeat(Math.max(0, width - entry.service().length()));
    String bar = entry.about() ? " * " : " | ";
    int index = names.indexOf(entry.service());
    if (!colours) {
      return head + gap + bar + line;
    }
    int colour = index < 0 ? 1 : COLOURS[index % COLOURS.length];
    String rest = entry.about() ? "\u001b[1m" + line + "\u001b[0m" : line;
    return "\u001b[" + colour + "m" + head + gap + bar + "\u001b[0m" + rest;
  }

  private static String toJson(Entry entry, String line) {
    return "{\"time\":\"%s\",\"service\":%s,\"%s\":%s}"
        .formatted(
            entry.at(),
            Json.quote(entry.service()),
            entry.about() ? "event" : "line",
            Json.quote(line));
  }
}
