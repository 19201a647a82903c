package org.morethreads.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * That nothing is lost, whatever the log does. What happens when the JVM shuts down is shown in
 * JVMs of their own.
 */
class LogTest {
  private record Heard(Level level, String message, @Nullable Throwable failure) {}

  private final List<Heard> heard = new ArrayList<>();

  @AfterEach
  void listenNoMore() {
    Log.setListener(null);
  }

  private void listen() {
    Log.setListener((level, message, failure) -> heard.add(new Heard(level, message, failure)));
  }

  /** A failure of a user's class that fails itself when it is looked at. */
  @SuppressWarnings("serial")
  private static final class Vicious extends RuntimeException {
    @Override
    public String toString() {
      throw new IllegalStateException("says nothing");
    }
  }

  /** What goes to standard error while the log is broken. */
  private static String standardErrorWhileBroken(Throwable broken, Runnable action) {
    var bytes = new ByteArrayOutputStream();
    PrintStream before = System.err;
    System.setErr(new PrintStream(bytes, true, StandardCharsets.UTF_8));
    Log.setListener((_, _, _) -> {
      throw sneaky(broken);
    });
    try {
      action.run();
    } finally {
      System.setErr(before);
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }

  @SuppressWarnings("unchecked") // erased: nothing is cast
  private static <X extends Throwable> RuntimeException sneaky(Throwable failure) throws X {
    throw (X) failure;
  }

  @Test
  void records_eachLevel_areHeardAsTheyAre() {
    listen();
    var failure = new IllegalStateException("planted, for the log");
    Log.info("expected");
    Log.warning("look");
    Log.error("failed", failure);
    assertThat(heard)
        .containsExactly(
            new Heard(Level.INFO, "expected", null),
            new Heard(Level.WARNING, "look", null),
            new Heard(Level.ERROR, "failed", failure));
    assertThat(Log.listener()).isNotNull();
    Log.setListener(null);
    assertThat(Log.listener()).isNull();
  }

  /** With and without a failure, in the JDK's own back end. */
  @Test
  void records_eachLevel_reachTheBackEnd() {
    var records = new ArrayList<LogRecord>();
    var handler =
        new Handler() {
          @Override
          public void publish(LogRecord each) {
            records.add(each);
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    Logger logger = Logger.getLogger("org.morethreads");
    logger.addHandler(handler);
    var failure = new IllegalStateException("planted, for the log");
    try {
      Log.warning("look");
      Log.error("failed", failure);
    } finally {
      logger.removeHandler(handler);
    }
    assertThat(records).extracting(LogRecord::getMessage).containsExactly("look", "failed");
    assertThat(records).extracting(LogRecord::getThrown).containsExactly(null, failure);
  }

  @Test
  void errorAgain_any_saysWhatItIsWithoutItsStack() {
    listen();
    Log.errorAgain("Failed.", new IllegalStateException("planted"));
    Log.errorAgain("Failed.", new Vicious());
    assertThat(heard)
        .containsExactly(
            new Heard(
                Level.ERROR,
                "Failed. It is one more java.lang.IllegalStateException: planted; the stack was logged with others.",
                null),
            new Heard(
                Level.ERROR,
                "Failed. It is one more "
                    + Vicious.class.getName()
                    + ", which cannot say more; the stack was logged with others.",
                null));
  }

  @Test
  void error_theLogFails_goesToStandardErrorWithItsStack() {
    var failure = new IllegalStateException("planted");
    assertThat(
            standardErrorWhileBroken(
                new OutOfMemoryError("log"), () -> Log.error("Failed.", failure)))
        .startsWith(
            "ERROR org.morethreads: Failed. (and the log failed: java.lang.OutOfMemoryError: log)")
        .contains("java.lang.IllegalStateException: planted")
        .contains("\tat org.morethreads.internal.LogTest.");
  }

  @Test
  void warning_theLogFailsAndCannotSayHow_goesToStandardError() {
    assertThat(standardErrorWhileBroken(new Vicious(), () -> Log.warning("look")).lines())
        .containsExactly(
            "WARNING org.morethreads: look (and the log failed: "
                + Vicious.class.getName()
                + ", which cannot say more)");
  }

  @Test
  void error_failureThatCannotBePrinted_isNamed() {
    assertThat(
            standardErrorWhileBroken(
                    new IllegalStateException("log"), () -> Log.error("Failed.", new Vicious()))
                .lines())
        .first()
        .isEqualTo(
            "ERROR org.morethreads: Failed. (and the log failed: java.lang.IllegalStateException: log)");
    assertThat(
            standardErrorWhileBroken(
                new IllegalStateException("log"), () -> Log.error("Failed.", new Vicious())))
        .contains(Vicious.class.getName() + ", which cannot be printed");
  }

  /** Whoever reports something gets on, even when nothing can be written anywhere. */
  @Test
  void error_standardErrorFailsToo_returns() {
    PrintStream before = System.err;
    System.setErr(
        new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8) {
          @Override
          public void println(@Nullable String line) {
            throw new OutOfMemoryError("standard error");
          }
        });
    Log.setListener((_, _, _) -> {
      throw new IllegalStateException("log");
    });
    try {
      Log.error("Failed.", new IllegalStateException("planted"));
    } finally {
      System.setErr(before);
    }
    assertThat(System.err).isSameAs(before);
  }
}
