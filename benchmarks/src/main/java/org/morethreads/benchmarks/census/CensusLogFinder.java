package org.morethreads.benchmarks.census;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ResourceBundle;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.morethreads.logging.LineSink;
import org.morethreads.logging.LogSink;
import org.morethreads.logging.LogWriter;

/**
 * The log of the measured census: one and the same sink, called by the thread that logs, under a
 * lock, or by a log writer. Only in the JVMs of {@link CensusLog}, which names it as a service
 * there.
 */
public final class CensusLogFinder extends System.LoggerFinder {
  private static final String NAME = "org.morethreads.examples.census";

  /**
   * Twice as many may be left at the end, which waits 8 s for them: a sink that takes a millisecond
   * for each must be through by then.
   */
  private static final int CAPACITY = 2_000;

  private final Consumer<String> log;

  /** For the JDK. */
  public CensusLogFinder() {
    try {
      this.log = log(System.getProperty("census.log.mode"), sink());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static LogSink<String> sink() throws IOException {
    LineSink file = LineSink.file(Path.of(System.getProperty("census.log.file")));
    long latency = Long.getLong("census.log.latency", 0) * 1_000_000;
    return new LogSink<>() {
      @Override
      public void write(String line) throws IOException {
        if (latency > 0) {
          LockSupport.parkNanos(latency);
        }
        file.write(line);
      }

      @Override
      public void flush() throws IOException {
        file.flush();
      }
    };
  }

  private static Consumer<String> log(String mode, LogSink<String> sink) {
    switch (mode) {
      case "none":
        return line -> {};
      case "writer":
        return LogWriter.<String>named("census").capacity(CAPACITY).start(sink)::write;
      default:
        ReentrantLock lock = new ReentrantLock();
        return line -> {
          lock.lock();
          try {
            sink.write(line);
            sink.flush();
          } catch (Exception e) {
            throw new IllegalStateException(e);
          } finally {
            lock.unlock();
          }
        };
    }
  }

  @Override
  public System.Logger getLogger(String name, @Nullable Module module) {
    boolean own = name.equals(NAME) && !System.getProperty("census.log.mode").equals("none");
    return new System.Logger() {
      @Override
      public String getName() {
        return name;
      }

      @Override
      public boolean isLoggable(Level level) {
        return own;
      }

      @Override
      public void log(
          Level level,
          @Nullable ResourceBundle bundle,
          @Nullable String text,
          @Nullable Throwable failure) {
        if (own) {
          log.accept(Instant.now() + " [" + Thread.currentThread().getName() + "] " + text);
        }
      }

      @Override
      public void log(
          Level level,
          @Nullable ResourceBundle bundle,
          @Nullable String format,
          @Nullable Object @Nullable ... parameters) {
        log(level, bundle, format, (Throwable) null);
      }
    };
  }
}
