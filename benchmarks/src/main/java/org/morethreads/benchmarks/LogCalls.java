package org.morethreads.benchmarks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.morethreads.benchmarks.loss.LossConfig;
import org.morethreads.benchmarks.loss.LossProgram;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Logging to a file: the time a record, until the calls of all threads have returned. Many more
 * records than any of the logs can keep, so that it says how many get through; and the first of a
 * JVM, which say what starts: next to nothing of what they run is compiled. What a caller pays
 * while there is room, {@link LogBursts} says.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class LogCalls {
  static final int RECORDS = 384_000;
  static final int FIRST = 1_000;

  /** Kind of thread, and how many. */
  @Param({"P 1", "P 4", "P 64", "V 1", "V 4", "V 64"})
  public String threads = "";

  /** The default configuration of Logback's own is missing: it drops most of the records. */
  @Param({
    "ours",
    "ours-logback",
    "ours-log4j",
    "logback-sync",
    "logback-async-tuned",
    "log4j-sync",
    "log4j-async-loggers",
    "log4j-async-appender"
  })
  public String peer = "";

  private @Nullable Path directory;
  private LossProgram.@Nullable Numbered log;

  @Setup
  public void configure() throws IOException {
    Path place = Files.createTempDirectory("log");
    directory = place;
    LossConfig config = LossConfig.valueOf(peer.toUpperCase(Locale.ROOT).replace('-', '_'));
    for (String option : config.install(place, place.resolve("log.txt"))) {
      int equals = option.indexOf('=');
      System.setProperty(option.substring(2, equals), option.substring(equals + 1));
    }
    log = LossProgram.logger(config.api());
  }

  /** Lets the logs empty what they keep. */
  @Setup(Level.Iteration)
  public void rest() throws InterruptedException {
    Thread.sleep(300);
  }

  @TearDown
  public void delete() throws IOException {
    if (directory != null) {
      try (Stream<Path> files = Files.walk(directory)) {
        files.sorted(Comparator.reverseOrder()).forEach(LogCalls::delete);
      }
    }
  }

  private static void delete(Path file) {
    try {
      Files.delete(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Benchmark
  @OperationsPerInvocation(RECORDS)
  public void flood() throws InterruptedException {
    log(RECORDS);
  }

  @Benchmark
  @OperationsPerInvocation(FIRST)
  public void first() throws InterruptedException {
    log(FIRST);
  }

  private void log(int records) throws InterruptedException {
    LossProgram.Numbered logger = log;
    if (logger == null) {
      throw new IllegalStateException("not configured");
    }
    int count = Integer.parseInt(threads.substring(2));
    AtomicInteger next = new AtomicInteger();
    Crew crew = new Crew(threads.substring(0, 1));
    crew.start(
        count,
        () -> {
          int thread = next.getAndIncrement();
          for (int i = 0; i < records / count; i++) {
            logger.log(thread, i);
          }
        });
    crew.join();
  }
}
