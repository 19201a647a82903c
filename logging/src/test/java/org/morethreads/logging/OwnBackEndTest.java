package org.morethreads.logging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.ListResourceBundle;
import java.util.ResourceBundle;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.ThreadTree;

/** The parts of the back end without a framework; EndOfProgramTest has the whole of it. */
class OwnBackEndTest {
  private static final String LEVEL = "org.morethreads.logging.level";
  private static final String FILE = "org.morethreads.logging.file";

  @AfterEach
  void clear() {
    System.clearProperty(FILE);
    System.clearProperty(LEVEL);
    System.clearProperty(LEVEL + ".com");
    System.clearProperty(LEVEL + ".com.example.Own");
  }

  @Test
  void threshold_nearestNameAbove_decides() {
    assertThat(OwnBackEnd.threshold("com.example.Own")).isEqualTo(Level.INFO);
    System.setProperty(LEVEL, "warning");
    System.setProperty(LEVEL + ".com", "DEBUG");
    System.setProperty(LEVEL + ".com.example.Own", "OFF");
    assertThat(OwnBackEnd.threshold("org")).isEqualTo(Level.WARNING);
    assertThat(OwnBackEnd.threshold("com")).isEqualTo(Level.DEBUG);
    assertThat(OwnBackEnd.threshold("com.example.Other")).isEqualTo(Level.DEBUG);
    assertThat(OwnBackEnd.threshold("com.example.Own")).isEqualTo(Level.OFF);
    assertThat(OwnBackEnd.threshold("comet")).isEqualTo(Level.WARNING);
  }

  // ---- the writers

  /** The next who logs begins anew: there are never two for one file. */
  @Test
  void start_failsAtTheLast_endsTheWritersThatThereAre(@TempDir Path directory) throws Exception {
    Path file = directory.resolve("own.log");
    System.setProperty(FILE, file.toString());
    var noMemory = new OutOfMemoryError("planted");
    assertThatThrownBy(() ->
            OwnBackEnd.Writers.start(() -> {
              assertThat(fileWriters()).hasSize(1);
              throw noMemory;
            }))
        .isSameAs(noMemory);
    assertThat(fileWriters()).isEmpty();
    List<LogWriter<LogLine>> writers = OwnBackEnd.Writers.start(() -> {});
    assertThat(writers).hasSize(1);
    assertThat(writers.getFirst().write(line("2026-11-26T01:02:03Z", null))).isTrue();
    writers.getFirst().close();
    assertThat(Files.readAllLines(file)).singleElement().asString().endsWith("app - hello");
  }

  private static List<Thread> fileWriters() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().equals("more-threads-log-file"))
        .toList();
  }

  // ---- lines

  private static LogLine line(String time, Throwable failure) {
    return new LogLine(Instant.parse(time), Level.WARNING, "app", "main", null, "hello", failure);
  }

  @Test
  void format_alienThread_hasItsNameAndTheTimeInMicroseconds() {
    var format = new LogLine.Format();
    assertThat(format.apply(line("2026-11-26T01:02:03.004005006Z", null)))
        .hasToString("2026-11-26T01:02:03.004005Z WARNING [main] app - hello");
    assertThat(format.apply(line("2026-11-26T01:02:04Z", null)))
        .hasToString("2026-11-26T01:02:04.000000Z WARNING [main] app - hello");
  }

  @Test
  void format_managedThread_hasItsPath() throws Exception {
    try (var tree = ThreadTree.open("tree")) {
      String text =
          tree.call(
                  "a",
                  _ ->
                      ManagedThread.call(
                              "b",
                              _ ->
                                  new LogLine.Format()
                                      .apply(LogLine.of(Level.INFO, "app", "hello", null))
                                      .toString())
                          .join())
              .join();
      assertThat(text).endsWith("INFO    [tree/a/b] app - hello");
    }
  }

  @Test
  void format_failure_hasCauseAndSuppressed() {
    var failure = new IllegalStateException("outer", new Error("inner"));
    failure.addSuppressed(new IllegalArgumentException("beside"));
    String text = new LogLine.Format().apply(line("2026-11-26T01:02:03Z", failure)).toString();
    assertThat(text.lines())
        .contains("java.lang.IllegalStateException: outer", "Caused by: java.lang.Error: inner")
        .anyMatch(each -> each.contains("Suppressed: java.lang.IllegalArgumentException: beside"));
    assertThat(text).doesNotEndWith("\n");
  }

  @Test
  void format_failureThatCannotBePrinted_isNamed() {
    var failure =
        new RuntimeException() {
          @Override
          public String getLocalizedMessage() {
            throw new UnsupportedOperationException();
          }
        };
    assertThat(new LogLine.Format().apply(line("2026-11-26T01:02:03Z", failure)).toString())
        .contains("which cannot say more (it cannot be printed)");
  }

  /** A record whose failure is endless is written, if not with all of it. */
  @Test
  void format_failureThatOverflowsTheStack_isNamed() {
    var failure =
        new RuntimeException() {
          @Override
          @SuppressWarnings("InfiniteRecursion")
          public String getLocalizedMessage() {
            return getLocalizedMessage() + "!";
          }
        };
    assertThat(new LogLine.Format().apply(line("2026-11-26T01:02:03Z", failure)).toString())
        .contains("app - hello")
        .contains("which cannot say more (it cannot be printed)");
  }

  // ---- the contract of System.Logger

  private static final class Kept extends FormattingLogger {
    final List<String> written = new ArrayList<>();

    Kept() {
      super("kept");
    }

    @Override
    public boolean isLoggable(Level level) {
      return level.getSeverity() >= Level.INFO.getSeverity();
    }

    @Override
    void write(Level level, String message, Throwable failure) {
      written.add(level + " " + message + (failure == null ? "" : " " + failure.getMessage()));
    }
  }

  private static final ResourceBundle BUNDLE =
      new ListResourceBundle() {
        @Override
        protected Object[][] getContents() {
          return new Object[][] {{"greeting", "Guten Tag, {0}"}};
        }
      };

  @Test
  void log_allForms_areFormattedOrLeftOut() {
    var logger = new Kept();
    Object broken =
        new Object() {
          @Override
          public String toString() {
            throw new IllegalStateException("no text");
          }
        };
    var endless = new ArrayList<Object>();
    var other = new ArrayList<Object>(List.of(endless));
    endless.add(other); // a list only knows when it is in itself
    logger.log(Level.INFO, "plain {0}");
    logger.log(Level.INFO, "two {1} {0}", "a", "b");
    logger.log(Level.INFO, BUNDLE, "greeting", "Welt");
    logger.log(Level.INFO, BUNDLE, "unknown {0}", "key");
    logger.log(Level.INFO, () -> "supplied");
    logger.log(Level.ERROR, "failed", new Error("why"));
    logger.log(Level.INFO, "broken {0}", broken);
    logger.log(Level.INFO, "endless {0}", endless);
    logger.log(Level.INFO, "broken pattern {0", "a");
    logger.log(Level.INFO, (String) null);
    logger.log(
        Level.DEBUG,
        () -> {
          throw new AssertionError("not asked for");
        });
    assertThat(logger.written)
        .containsExactly(
            "INFO plain {0}",
            "INFO two b a",
            "INFO Guten Tag, Welt",
            "INFO unknown key",
            "INFO supplied",
            "ERROR failed why",
            "INFO broken {0} (its parameters cannot be shown: java.lang.IllegalStateException: no text)",
            "INFO endless {0} (its parameters cannot be shown: java.lang.StackOverflowError)",
            "INFO broken pattern {0 (its parameters cannot be shown:"
                + " java.lang.IllegalArgumentException: Unmatched braces in the pattern.)",
            "INFO null");
  }
}
