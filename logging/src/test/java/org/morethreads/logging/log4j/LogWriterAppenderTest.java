package org.morethreads.logging.log4j;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.ThreadContext;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.Logger;
import org.apache.logging.log4j.core.LoggerContext;
import org.apache.logging.log4j.core.appender.AbstractAppender;
import org.apache.logging.log4j.core.config.AppenderRef;
import org.apache.logging.log4j.core.config.Configurator;
import org.apache.logging.log4j.core.config.Property;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.ThreadTree;

/** The appender for Log4j 2, with Log4j and its configuration file. */
@Timeout(60)
class LogWriterAppenderTest {
  @TempDir Path directory;

  private Path file;
  private LoggerContext context;

  /** An appender that keeps its records, can be made to wait, and fails when told to. */
  private static final class Kept extends AbstractAppender {
    final List<String> messages = Collections.synchronizedList(new ArrayList<>());
    final CountDownLatch entered = new CountDownLatch(1);
    final CountDownLatch letGo;
    volatile int failures;

    Kept(boolean blocks) {
      super("KEPT", null, null, true, Property.EMPTY_ARRAY);
      this.letGo = new CountDownLatch(blocks ? 1 : 0);
      start();
    }

    @Override
    public void append(LogEvent event) {
      entered.countDown();
      try {
        letGo.await();
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
      if (failures > 0) {
        failures--;
        throw new IllegalStateException("refused");
      }
      messages.add(event.getMessage().getFormattedMessage());
    }
  }

  @BeforeEach
  void configure() throws Exception {
    file = directory.resolve("adapter.log");
    System.setProperty("adapter.file", file.toString());
    context =
        Configurator.initialize(
            "test",
            getClass().getClassLoader(),
            getClass().getResource("/adapter-log4j2.xml").toURI());
    context.reconfigure();
  }

  @AfterEach
  void stop() {
    Configurator.shutdown(context);
    ThreadContext.clearMap();
    System.clearProperty("adapter.file");
  }

  private LogWriterAppender over(Kept kept, int capacity, Level dropBelow) {
    context.getConfiguration().addAppender(kept);
    var ref = AppenderRef.createAppenderRef("KEPT", null, null);
    var appender =
        LogWriterAppender.create(
            "OVER",
            null,
            context.getConfiguration(),
            new AppenderRef[] {ref},
            capacity,
            dropBelow,
            0.5,
            false,
            "path");
    appender.start();
    Logger root = context.getRootLogger();
    root.getAppenders().values().forEach(root::removeAppender);
    root.addAppender(appender);
    return appender;
  }

  @Test
  void log_managedThread_hasPathContextLocationAndMessage() throws Exception {
    try (var tree = ThreadTree.open("tree")) {
      tree.run("outer", _ -> ManagedThread.run("inner", _ -> logAsAlice()).join()).join();
    }
    logAsAlice();
    Configurator.shutdown(context);
    assertThat(Files.readAllLines(file))
        .containsExactly(
            "INFO [tree/outer/inner] alice app logAsAlice - hello 1",
            "INFO [] alice app logAsAlice - hello 1");
  }

  private void logAsAlice() {
    ThreadContext.put("user", "alice");
    context.getLogger("app").info("hello {}", 1);
    ThreadContext.put("user", "bob");
    ThreadContext.clearMap();
  }

  /** H13. */
  @Test
  void threadContext_childOfAManagedThread_takesThatOfItsStarter() throws Exception {
    try (var tree = ThreadTree.open("tree")) {
      ThreadContext.put("user", "alice");
      var child = tree.call("child", _ -> ThreadContext.get("user"));
      ThreadContext.put("user", "bob");
      assertThat(child.join()).isEqualTo("alice");
    }
  }

  @Test
  void log_filterDenies_isNotWritten() throws Exception {
    context.getLogger("app").debug("too low");
    context.getLogger("app").info("high enough");
    Configurator.shutdown(context);
    assertThat(Files.readString(file)).contains("high enough").doesNotContain("too low");
  }

  @Test
  void log_thenIdle_fileIsFlushed() throws Exception {
    context.getLogger("app").info("visible");
    long end = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    while (!Files.readString(file).contains("visible")) {
      assertThat(System.nanoTime() - end).isNegative();
      Thread.sleep(1);
    }
  }

  @Test
  void log_interruptedThread_writesAndKeepsTheStatus() throws Exception {
    Thread.currentThread().interrupt();
    context.getLogger("app").info("interrupted");
    assertThat(Thread.interrupted()).isTrue();
    context.getLogger("app").info("and after");
    Configurator.shutdown(context);
    assertThat(Files.readString(file)).contains("interrupted", "and after");
  }

  /** An appender beside, that comes after this one, has the location that this one does without. */
  @Test
  void log_locationIsNotWanted_isNotLookedForAndOthersHaveIt() {
    var located = Collections.synchronizedList(new ArrayList<Boolean>());
    var below =
        new AbstractAppender("BELOW", null, null, true, Property.EMPTY_ARRAY) {
          @Override
          public void append(LogEvent event) {
            located.add(event.getSource() != null);
          }
        };
    below.start();
    var beside =
        new AbstractAppender("BESIDE", null, null, true, Property.EMPTY_ARRAY) {
          @Override
          public void append(LogEvent event) {
            assertThat(event.getSource().getMethodName()).contains("locationIsNotWanted");
            located.add(true);
          }
        };
    beside.start();
    var appender = over(new Kept(false), 100, null);
    context.getConfiguration().addAppender(below);
    var writer =
        LogWriterAppender.create(
            "OVER BELOW",
            null,
            context.getConfiguration(),
            new AppenderRef[] {AppenderRef.createAppenderRef("BELOW", null, null)},
            10,
            null,
            0.5,
            false,
            "path");
    writer.start();
    Logger root = context.getRootLogger();
    root.addAppender(writer);
    root.addAppender(beside);
    context.getLogger("app").info("one");
    writer.stop();
    appender.stop();
    assertThat(located).containsExactlyInAnyOrder(false, true);
  }

  /** The argument of a message changes after the call: the text is made before it returns. */
  @Test
  void log_argumentChangesLater_textIsThatOfTheCall() throws Exception {
    var argument = new StringBuilder("as it was");
    var kept = new Kept(true);
    var appender = over(kept, 100, null);
    context.getLogger("app").info("first");
    kept.entered.await();
    context.getLogger("app").info("it is {}", argument);
    argument.setLength(0);
    kept.letGo.countDown();
    appender.stop();
    assertThat(kept.messages).containsExactly("first", "it is as it was");
  }

  @Test
  void appenderFails_triedAgain() {
    var kept = new Kept(false);
    var appender = over(kept, 100, null);
    kept.failures = 2;
    context.getLogger("app").info("one");
    context.getLogger("app").info("two");
    appender.stop();
    assertThat(kept.messages).containsExactly("one", "two");
    assertThat(appender.statistics().lost()).isZero();
  }

  @Test
  void appenderIsStopped_recordsAreCountedAsLost() {
    var kept = new Kept(false);
    var appender = over(kept, 100, null);
    kept.stop();
    context.getLogger("app").info("one");
    appender.stop();
    assertThat(appender.statistics().lost()).isEqualTo(1);
  }

  @Test
  void log_diskIsFull_allRecordsAreCountedAsLost() throws Exception {
    System.setProperty("adapter.file", "/dev/full");
    context.reconfigure();
    LogWriterAppender appender = context.getConfiguration().getAppender("LOG");
    for (int i = 0; i < 30; i++) {
      context.getLogger("app").info("line " + i);
    }
    Configurator.shutdown(context);
    assertThat(appender.statistics().lost()).isEqualTo(30);
    assertThat(appender.statistics().written()).isZero();
  }

  @Test
  void log_fullAndToldToDrop_dropsAndReports() throws Exception {
    var kept = new Kept(true);
    var appender = over(kept, 10, Level.WARN);
    Logger logger = context.getLogger("app");
    logger.info("first");
    kept.entered.await();
    for (int i = 0; i < 20; i++) {
      logger.info("line " + i);
    }
    logger.error("important");
    kept.letGo.countDown();
    appender.stop();
    assertThat(appender.statistics().dropped())
        .containsEntry(System.Logger.Level.INFO, 15L)
        .hasSize(1);
    assertThat(kept.messages).contains("important").hasSize(8);
    assertThat(kept.messages.getLast()).contains("INFO=15");
  }

  // ---- stopped and configured anew while others log

  private void useFile(String resource) throws Exception {
    context.setConfigLocation(getClass().getResource(resource).toURI());
    context.reconfigure();
  }

  /**
   * Log4j stops appenders in the order of a hash map: whichever comes first, what waits is written.
   */
  @ParameterizedTest
  @CsvSource({"A, B", "B, A", "FILE, LOG", "LOG, FILE", "x, LogWriter", "LogWriter, x"})
  void stop_fileComesBeforeOrAfterTheWriter_nothingIsLost(String fileName, String writerName)
      throws Exception {
    System.setProperty("order.file.name", fileName);
    System.setProperty("order.writer.name", writerName);
    try {
      useFile("/order-log4j2.xml");
      LogWriterAppender appender = context.getConfiguration().getAppender(writerName);
      for (int i = 0; i < 5_000; i++) {
        context.getLogger("app").info("line {}", i);
      }
      Configurator.shutdown(context);
      assertThat(appender.statistics().lost()).isZero();
      assertThat(Files.readAllLines(file)).hasSize(5_000);
    } finally {
      System.clearProperty("order.file.name");
      System.clearProperty("order.writer.name");
    }
  }

  /** Four threads log while Log4j is configured anew, again and again. */
  @Test
  @Timeout(300)
  void reconfigure_whileFourThreadsLogToRollingFiles_nothingIsLost() throws Exception {
    useFile("/rolling-log4j2.xml");
    var done = new CountDownLatch(1);
    var counts = new int[4];
    var running = new ArrayList<Thread>();
    for (int t = 0; t < 4; t++) {
      int number = t;
      running.add(
          Thread.ofPlatform()
              .start(() -> {
                while (done.getCount() > 0 || counts[number] < 500) {
                  context.getLogger("app").info("T{} {}", number, counts[number]);
                  counts[number]++;
                }
              }));
    }
    for (int i = 0; i < 10; i++) {
      LogWriterAppender before = context.getConfiguration().getAppender("LOG");
      context.reconfigure();
      LogWriterAppender after = context.getConfiguration().getAppender("LOG");
      assertThat(after).isNotSameAs(before);
      long end = System.nanoTime() + Duration.ofSeconds(60).toNanos();
      while (after.statistics().written() < 50) { // each of them has been used
        assertThat(System.nanoTime() - end).isNegative();
        Thread.sleep(1);
      }
      assertThat(before.statistics().lost()).isZero();
    }
    done.countDown();
    for (Thread thread : running) {
      thread.join();
    }
    Configurator.shutdown(context);
    List<String> found = new ArrayList<>();
    try (var files = Files.list(directory)) {
      for (Path each : files.filter(any -> any.toString().contains("rolled")).toList()) {
        found.addAll(Files.readAllLines(each));
      }
    }
    List<String> expected = new ArrayList<>();
    for (int t = 0; t < 4; t++) {
      for (int i = 0; i < counts[t]; i++) {
        expected.add("T" + t + " " + i);
      }
    }
    assertThat(found.size()).isEqualTo(expected.size());
    assertThat(new HashSet<>(found)).isEqualTo(new HashSet<>(expected));
  }

  /** Log4j itself refuses what is logged while an argument is made into text, and says so. */
  @Test
  void log_whileAnArgumentIsMadeIntoText_theRecordIsWritten() throws Exception {
    Object talkative =
        new Object() {
          @Override
          public String toString() {
            context.getLogger("inner").info("asked for my text");
            return "text";
          }
        };
    context.getLogger("outer").info("an argument: {}", talkative);
    Configurator.shutdown(context);
    assertThat(Files.readString(file)).contains("an argument: text").contains("asked for my text");
  }

  @Test
  void configure_capacityIsWrong_isReportedAndTheOthersGoOn() {
    var ref = AppenderRef.createAppenderRef("FILE", null, null);
    for (double dropFrom : new double[] {0.5, 7}) {
      var appender =
          LogWriterAppender.create(
              "X",
              null,
              context.getConfiguration(),
              new AppenderRef[] {ref},
              dropFrom > 1 ? 10 : 0,
              Level.WARN,
              dropFrom,
              false,
              "path");
      appender.start();
      assertThat(appender.isStarted()).isFalse();
    }
  }

  @Test
  void configure_wrong_isNoAppender() {
    assertThat(
            LogWriterAppender.create(
                "X", null, context.getConfiguration(), null, 1, null, 0.8, false, "path"))
        .isNull();
    assertThat(
            LogWriterAppender.create(
                null, null, context.getConfiguration(), null, 1, null, 0.8, false, "path"))
        .isNull();
    var ref = AppenderRef.createAppenderRef("NOT THERE", null, null);
    var appender =
        LogWriterAppender.create(
            "X",
            null,
            context.getConfiguration(),
            new AppenderRef[] {ref},
            1,
            null,
            0.8,
            false,
            "path");
    appender.start();
    assertThat(appender.isStarted()).isFalse();
  }
}
