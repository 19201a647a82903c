package org.morethreads.logging.logback;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.joran.JoranConfigurator;
import ch.qos.logback.classic.net.LoggingEventPreSerializationTransformer;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEventVO;
import ch.qos.logback.classic.util.LogbackMDCAdapter;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.AppenderBase;
import ch.qos.logback.core.FileAppender;
import ch.qos.logback.core.UnsynchronizedAppenderBase;
import ch.qos.logback.core.encoder.EncoderBase;
import ch.qos.logback.core.filter.Filter;
import ch.qos.logback.core.spi.FilterReply;
import ch.qos.logback.core.status.Status;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.ThreadTree;

/** The appender for Logback, with Logback and its configuration file. */
@Timeout(60)
class LogWriterAppenderTest {
  @TempDir Path directory;

  private final LoggerContext context = new LoggerContext();
  private final LogbackMDCAdapter mdc = new LogbackMDCAdapter();
  private Path file;

  /** An appender that keeps its records, can be made to wait, and fails when told to. */
  private static class Kept extends AppenderBase<ILoggingEvent> {
    final List<ILoggingEvent> events = Collections.synchronizedList(new ArrayList<>());
    final CountDownLatch entered = new CountDownLatch(1);
    final CountDownLatch letGo;
    volatile int failures;

    Kept(boolean blocks) {
      this.letGo = new CountDownLatch(blocks ? 1 : 0);
    }

    @Override
    protected void append(ILoggingEvent event) {
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
      events.add(event);
    }

    List<String> messages() {
      return List.copyOf(events).stream().map(ILoggingEvent::getFormattedMessage).toList();
    }
  }

  @BeforeEach
  void configure() throws Exception {
    file = directory.resolve("adapter.log");
    if (context.getMDCAdapter() == null) {
      context.setMDCAdapter(mdc);
    }
    context.putProperty("file", file.toString());
    var configurator = new JoranConfigurator();
    configurator.setContext(context);
    configurator.doConfigure(LogWriterAppenderTest.class.getResource("/adapter-logback.xml"));
    assertThat(context.getStatusManager().getCopyOfStatusList())
        .filteredOn(status -> status.getEffectiveLevel() > Status.INFO)
        .isEmpty();
  }

  @AfterEach
  void stop() {
    context.stop();
  }

  private Logger root() {
    return context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
  }

  private LogWriterAppender configured() {
    return (LogWriterAppender) root().getAppender("LOG");
  }

  /** Puts a writer over an appender of the test in the place of the configured one. */
  private LogWriterAppender over(Appender<ILoggingEvent> kept) {
    root().detachAndStopAllAppenders();
    kept.setContext(context);
    kept.setName("KEPT");
    kept.start();
    var appender = new LogWriterAppender();
    appender.setContext(context);
    appender.setName("OVER");
    appender.addAppender(kept);
    appender.start();
    root().addAppender(appender);
    return appender;
  }

  // ---- what a record has

  @Test
  void log_managedThread_hasPathMdcCallerAndMessage() throws Exception {
    try (var tree = ThreadTree.open("tree")) {
      tree.run("outer", _ -> ManagedThread.run("inner", _ -> logAsAlice()).join()).join();
    }
    logAsAlice();
    context.stop();
    assertThat(Files.readAllLines(file))
        .containsExactly(
            "INFO [tree/outer/inner] alice app logAsAlice - hello 1",
            "INFO [] alice app logAsAlice - hello 1");
  }

  private void logAsAlice() {
    mdc.put("user", "alice");
    context.getLogger("app").info("hello {}", 1);
    mdc.put("user", "bob");
    mdc.clear();
  }

  @Test
  void log_mdcWasReadBefore_pathIsThereAllTheSame() throws Exception {
    var kept = new Kept(false);
    var appender = over(kept);
    root().detachAppender(appender);
    root()
        .addAppender(
            new AppenderBase<ILoggingEvent>() {
              {
                setContext(context);
                start();
              }

              @Override
              protected void append(ILoggingEvent event) {
                assertThat(event.getMDCPropertyMap()).doesNotContainKey("path");
              }
            });
    root().addAppender(appender);
    try (var tree = ThreadTree.open("tree")) {
      tree.run(
              "worker",
              _ -> {
                mdc.put("user", "alice");
                var marker = org.slf4j.MarkerFactory.getMarker("MARK");
                context
                    .getLogger("app")
                    .warn(marker, "bad {}", "luck", new IllegalStateException("x"));
                context.getLogger("app").atInfo().addKeyValue("key", 1).log("second");
              })
          .join();
    }
    appender.stop();
    ILoggingEvent first = kept.events.get(0);
    assertThat(first.getMDCPropertyMap())
        .containsEntry("path", "tree/worker")
        .containsEntry("user", "alice");
    assertThat(first.getFormattedMessage()).isEqualTo("bad luck");
    assertThat(first.getThrowableProxy().getMessage()).isEqualTo("x");
    assertThat(first.getMarkerList()).hasSize(1);
    assertThat(first.getLoggerName()).isEqualTo("app");
    assertThat(first.getThreadName()).isEqualTo("worker");
    assertThat(kept.events.get(1).getKeyValuePairs().get(0).key).isEqualTo("key");
  }

  @Test
  void log_recordIsSentToAnotherJvm_pathGoesAlong() throws Exception {
    var kept = new Kept(false);
    var appender = over(kept);
    try (var tree = ThreadTree.open("tree")) {
      tree.run("worker", _ -> context.getLogger("app").info("sent")).join();
    }
    appender.stop();
    var bytes = new ByteArrayOutputStream();
    try (var out = new ObjectOutputStream(bytes)) {
      out.writeObject(new LoggingEventPreSerializationTransformer().transform(kept.events.get(0)));
    }
    try (var in = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
      var received = (LoggingEventVO) in.readObject();
      assertThat(received.getMDCPropertyMap()).containsEntry("path", "tree/worker");
    }
  }

  /** H13. */
  @Test
  void mdc_childOfAManagedThread_takesThatOfItsStarter() throws Exception {
    try (var tree = ThreadTree.open("tree")) {
      mdc.put("user", "alice");
      var child =
          tree.call(
              "child",
              _ -> mdc.get("user") + " " + ManagedThread.call("x", _ -> mdc.get("user")).join());
      mdc.put("user", "bob");
      assertThat(child.join()).isEqualTo("alice alice");
      context.stop();
      assertThat(tree.call("after the stop", _ -> mdc.get("user")).join()).isNull();
    }
  }

  @Test
  void log_filterDenies_isNotWritten() throws Exception {
    context.getLogger("app").debug("too low");
    context.getLogger("app").info("high enough");
    context.stop();
    assertThat(Files.readString(file)).contains("high enough").doesNotContain("too low");
  }

  /** Logback's own base classes drop such a record. */
  @Test
  void log_whileAnArgumentIsMadeIntoText_bothAreWritten() throws Exception {
    Object talkative =
        new Object() {
          @Override
          public String toString() {
            context.getLogger("inner").info("asked for my text");
            return "text";
          }
        };
    context.getLogger("outer").info("an argument: {}", talkative);
    context.stop();
    assertThat(Files.readString(file)).contains("asked for my text", "an argument: text");
  }

  // ---- the sink

  @Test
  void log_thenIdle_fileIsFlushed() throws Exception {
    var appender = (FileAppender<ILoggingEvent>) configured().getAppender("FILE");
    assertThat(appender.isImmediateFlush()).isFalse();
    context.getLogger("app").info("visible");
    long end = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    while (!Files.readString(file).contains("visible")) {
      assertThat(System.nanoTime() - end).isNegative();
      Thread.sleep(1);
    }
    configured().stop();
    assertThat(appender.isStarted()).isFalse();
  }

  /** LOGBACK-875: an interrupted thread that logs must not close the file. */
  @Test
  void log_interruptedThread_writesAndKeepsTheStatus() throws Exception {
    Thread.currentThread().interrupt();
    context.getLogger("app").info("interrupted");
    assertThat(Thread.interrupted()).isTrue();
    context.getLogger("app").info("and after");
    context.stop();
    assertThat(Files.readString(file)).contains("interrupted", "and after");
  }

  /**
   * logback#998: a full queue, and an interrupt that must neither be swallowed nor cost the record.
   */
  @Test
  void log_fullAndInterrupted_isWrittenAndTheStatusIsKept() throws Exception {
    var kept = new Kept(true);
    root().detachAndStopAllAppenders();
    kept.setContext(context);
    kept.start();
    var appender = new LogWriterAppender();
    appender.setContext(context);
    appender.setCapacity(1);
    appender.addAppender(kept);
    appender.start();
    root().addAppender(appender);
    context.getLogger("app").info("first");
    kept.entered.await();
    context.getLogger("app").info("fills");
    var status = new java.util.concurrent.atomic.AtomicBoolean();
    Thread caller =
        Thread.ofPlatform()
            .start(() -> {
              context.getLogger("app").info("waits");
              status.set(Thread.currentThread().isInterrupted());
            });
    long end = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    while (appender.statistics().stalls() == 0) {
      assertThat(System.nanoTime() - end).isNegative();
      Thread.sleep(1);
    }
    caller.interrupt();
    kept.letGo.countDown();
    caller.join();
    assertThat(status).isTrue();
    appender.stop();
    assertThat(kept.messages()).containsExactly("first", "fills", "waits");
  }

  @Test
  void appenderFails_logbackSwallowsIt_triedAgain() {
    var kept = new Kept(false);
    var appender = over(kept);
    kept.failures = 2;
    context.getLogger("app").info("one");
    context.getLogger("app").info("two");
    appender.stop();
    assertThat(kept.messages()).containsExactly("one", "two");
    assertThat(appender.statistics().lost()).isZero();
  }

  /** Logback swallows all of it, and says so three times. */
  @Test
  void appenderFails_moreOftenThanLogbackSaysSo_eachLossIsCounted() {
    var kept = new Kept(false);
    var appender = over(kept);
    kept.failures = Integer.MAX_VALUE;
    assertLossesAreCounted(appender, () -> kept.failures = 0);
    assertThat(kept.messages()).containsExactly("good");
  }

  @Test
  void unsynchronizedAppenderFails_moreOftenThanLogbackSaysSo_eachLossIsCounted() {
    var bad = new AtomicBoolean(true);
    var messages = Collections.synchronizedList(new ArrayList<String>());
    var appender =
        over(
            new UnsynchronizedAppenderBase<ILoggingEvent>() {
              @Override
              protected void append(ILoggingEvent event) {
                if (bad.get()) {
                  throw new IllegalStateException("connection refused");
                }
                messages.add(event.getFormattedMessage());
              }
            });
    assertLossesAreCounted(appender, () -> bad.set(false));
    assertThat(messages).containsExactly("good");
  }

  private void assertLossesAreCounted(LogWriterAppender appender, Runnable repair) {
    for (int i = 0; i < 20; i++) {
      context.getLogger("app").info("line " + i);
    }
    awaitNothingPending(appender);
    assertThat(appender.statistics().lost()).isEqualTo(20);
    assertThat(appender.statistics().written()).isZero();
    repair.run();
    context.getLogger("app").info("good");
    appender.stop();
    assertThat(appender.statistics().lost()).isEqualTo(20);
    assertThat(appender.statistics().written()).isEqualTo(1);
  }

  private static void awaitNothingPending(LogWriterAppender appender) {
    long end = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    while (appender.statistics().pending() > 0) {
      assertThat(System.nanoTime() - end).isNegative();
      Thread.onSpinWait();
    }
  }

  @Test
  void encoderFails_moreOftenThanLogbackSaysSo_eachLossIsCounted() throws Exception {
    var bad = new AtomicBoolean(true);
    var target = new FileAppender<ILoggingEvent>();
    target.setFile(directory.resolve("encoded.log").toString());
    target.setContext(context);
    target.setEncoder(
        new EncoderBase<>() {
          @Override
          public byte[] headerBytes() {
            return new byte[0];
          }

          @Override
          public byte[] encode(ILoggingEvent event) {
            if (bad.get()) {
              throw new IllegalStateException("no text");
            }
            return (event.getFormattedMessage() + "\n").getBytes(StandardCharsets.UTF_8);
          }

          @Override
          public byte[] footerBytes() {
            return new byte[0];
          }
        });
    assertLossesAreCounted(over(target), () -> bad.set(false));
    assertThat(Files.readAllLines(directory.resolve("encoded.log"))).containsExactly("good");
  }

  @Test
  void log_filterOfTheAttachedAppenderDenies_isNotWritten() {
    for (boolean synchronised : new boolean[] {true, false}) {
      var messages = Collections.synchronizedList(new ArrayList<String>());
      Appender<ILoggingEvent> target =
          synchronised
              ? new AppenderBase<>() {
                @Override
                protected void append(ILoggingEvent event) {
                  messages.add(event.getFormattedMessage());
                }
              }
              : new UnsynchronizedAppenderBase<>() {
                @Override
                protected void append(ILoggingEvent event) {
                  messages.add(event.getFormattedMessage());
                }
              };
      target.addFilter(
          new Filter<>() {
            @Override
            public FilterReply decide(ILoggingEvent event) {
              return event.getFormattedMessage().equals("denied")
                  ? FilterReply.DENY
                  : FilterReply.NEUTRAL;
            }
          });
      var appender = over(target);
      context.getLogger("app").info("denied");
      context.getLogger("app").info("let through");
      appender.stop();
      assertThat(messages).containsExactly("let through");
    }
  }

  /** What is in there is unknown, so that it must be called; and what it swallows is not seen. */
  @Test
  void start_appenderHasADoAppendOfItsOwn_isCalledAndSaidToBeBlind() {
    var messages = Collections.synchronizedList(new ArrayList<String>());
    var appender =
        over(
            new AppenderBase<>() {
              @Override
              public void doAppend(ILoggingEvent event) {
                messages.add("own");
                super.doAppend(event);
              }

              @Override
              protected void append(ILoggingEvent event) {
                messages.add(event.getFormattedMessage());
              }
            });
    context.getLogger("app").info("one");
    appender.stop();
    assertThat(messages).containsExactly("own", "one");
    assertThat(context.getStatusManager().getCopyOfStatusList())
        .filteredOn(status -> status.getEffectiveLevel() == Status.WARN)
        .extracting(Status::getMessage)
        .singleElement()
        .asString()
        .contains("\"KEPT\"", "cannot be seen", "doAppend of its own");
  }

  @Test
  void appenderIsStopped_recordsAreCountedAsLost() throws Exception {
    var kept = new Kept(false);
    var appender = over(kept);
    kept.stop();
    context.getLogger("app").info("one");
    context.getLogger("app").info("two");
    appender.stop();
    assertThat(appender.statistics().lost()).isEqualTo(2);
  }

  /** A full disk: Logback says so in its status only, and only the first few times. */
  @Test
  void log_diskIsFull_allRecordsAreCountedAsLost() throws Exception {
    context.reset();
    context.putProperty("file", "/dev/full");
    var configurator = new JoranConfigurator();
    configurator.setContext(context);
    configurator.doConfigure(LogWriterAppenderTest.class.getResource("/adapter-logback.xml"));
    var appender = configured();
    for (int i = 0; i < 30; i++) {
      context.getLogger("app").info("line " + i);
    }
    context.stop();
    assertThat(appender.statistics().lost()).isEqualTo(30);
    assertThat(appender.statistics().written()).isZero();
  }

  @Test
  void log_fullAndToldToDrop_dropsAndReports() throws Exception {
    var kept = new Kept(true);
    root().detachAndStopAllAppenders();
    kept.setContext(context);
    kept.start();
    var appender = new LogWriterAppender();
    appender.setContext(context);
    appender.addAppender(kept);
    appender.setCapacity(10);
    appender.setDropBelow(ch.qos.logback.classic.Level.WARN);
    appender.setDropFrom(0.5);
    appender.start();
    root().addAppender(appender);
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
    assertThat(kept.messages()).contains("important").hasSize(8);
    assertThat(kept.messages().getLast()).contains("INFO=15");
  }

  // ---- configuration

  @Test
  void configure_noAppenderRef_isAnErrorInTheStatus() {
    var appender = new LogWriterAppender();
    appender.setContext(context);
    appender.start();
    assertThat(appender.isStarted()).isFalse();
    assertThat(context.getStatusManager().getCopyOfStatusList().getLast().getMessage())
        .contains("add an <appender-ref>");
  }

  @Test
  void configure_twoAppenderRefs_isAnErrorInTheStatus() {
    configured().addAppender(new Kept(false));
    assertThat(context.getStatusManager().getCopyOfStatusList().getLast().getMessage())
        .contains("one appender only");
  }

  @Test
  void configure_valuesAreWrong_isAnErrorInTheStatus() {
    for (double dropFrom : new double[] {0.5, 7}) {
      var appender = new LogWriterAppender();
      appender.setContext(context);
      appender.addAppender(new Kept(false));
      appender.setCapacity(dropFrom > 1 ? 10 : 0);
      appender.setDropBelow(ch.qos.logback.classic.Level.WARN);
      appender.setDropFrom(dropFrom);
      appender.start();
      assertThat(appender.isStarted()).isFalse();
      assertThat(context.getStatusManager().getCopyOfStatusList().getLast().getMessage())
          .contains("must be");
    }
  }

  private void configureWith(String resource) throws Exception {
    context.reset();
    context.putProperty("file", file.toString());
    var configurator = new JoranConfigurator();
    configurator.setContext(context);
    configurator.doConfigure(LogWriterAppenderTest.class.getResource(resource));
  }

  private static List<String> expected(int[] counts) {
    List<String> expected = new ArrayList<>();
    for (int t = 0; t < counts.length; t++) {
      for (int i = 0; i < counts[t]; i++) {
        expected.add("T" + t + " " + i);
      }
    }
    return expected;
  }

  private List<String> linesOfAllFiles() throws Exception {
    List<String> found = new ArrayList<>();
    try (var files = Files.list(directory)) {
      for (Path each : files.toList()) {
        found.addAll(Files.readAllLines(each));
      }
    }
    return found;
  }

  @Test
  @Timeout(300)
  void log_fourThreadsToRollingFiles_eachLineIsThereOnce() throws Exception {
    configureWith("/rolling-logback.xml");
    int[] counts = new int[4];
    var running = new ArrayList<Thread>();
    for (int t = 0; t < 4; t++) {
      int number = t;
      running.add(
          Thread.ofPlatform()
              .start(() -> {
                for (int i = 0; i < 2_000; i++) {
                  context.getLogger("app").info("T{} {}", number, i);
                  counts[number]++;
                }
              }));
    }
    for (Thread thread : running) {
      thread.join();
    }
    context.stop();
    assertThat(linesOfAllFiles()).containsExactlyInAnyOrderElementsOf(expected(counts));
    assertThat(directory.resolve("adapter.log.1")).exists();
  }

  /**
   * While four threads log, one writer is put in the place of another, as a program may that
   * configures Logback by itself: the new one first, then the old one goes and writes what it has.
   */
  @Test
  @Timeout(300)
  void replace_whileFourThreadsLog_whatWasNotRefusedIsWritten() throws Exception {
    var done = new CountDownLatch(1);
    int[] counts = new int[4];
    Kept first = new Kept(false);
    LogWriterAppender current = over(first);
    var all = new ArrayList<Kept>(List.of(first));
    var writers = new ArrayList<LogWriterAppender>(List.of(current));
    var running = new ArrayList<Thread>();
    for (int t = 0; t < 4; t++) {
      int number = t;
      running.add(
          Thread.ofPlatform()
              .start(() -> {
                while (done.getCount() > 0) {
                  context.getLogger("app").info("T{} {}", number, counts[number]);
                  counts[number]++;
                }
              }));
    }
    for (int i = 0; i < 10; i++) {
      var kept = new Kept(false);
      kept.setContext(context);
      kept.start();
      var next = new LogWriterAppender();
      next.setContext(context);
      next.setName("NEXT " + i);
      next.addAppender(kept);
      next.start();
      root().addAppender(next);
      root().detachAppender(current); // Logback waits for nobody who is just calling it
      current.stop();
      current = next;
      all.add(kept);
      writers.add(next);
      long end = System.nanoTime() + Duration.ofSeconds(60).toNanos();
      while (next.statistics().written() < 50) {
        assertThat(System.nanoTime() - end).isNegative();
        Thread.sleep(1);
      }
    }
    done.countDown();
    for (Thread thread : running) {
      thread.join();
    }
    current.stop();
    long refused = writers.stream().mapToLong(each -> each.statistics().lost()).sum();
    var found = new java.util.HashSet<String>();
    all.forEach(kept -> found.addAll(kept.messages()));
    List<String> missing = expected(counts);
    missing.removeAll(found);
    assertThat((long) missing.size()).as("missing, of which counted").isLessThanOrEqualTo(refused);
  }

  /** Two contexts share the carrier of the MDC; the end of one takes nothing from the other. */
  @Test
  void twoContexts_oneIsStopped_otherGoesOnWithItsMdc() throws Exception {
    var other = new LoggerContext();
    other.setMDCAdapter(mdc);
    Path second = directory.resolve("other.log");
    other.putProperty("file", second.toString());
    var configurator = new JoranConfigurator();
    configurator.setContext(other);
    configurator.doConfigure(LogWriterAppenderTest.class.getResource("/adapter-logback.xml"));
    context.getLogger("app").info("to the first");
    other.getLogger("app").info("to the second");
    context.stop();
    try (var tree = ThreadTree.open("tree")) {
      mdc.put("user", "alice");
      tree.run("worker", _ -> other.getLogger("app").info("after the end of the first")).join();
    } finally {
      mdc.clear();
      other.stop();
    }
    assertThat(Files.readString(file)).contains("to the first").doesNotContain("second");
    assertThat(Files.readAllLines(second))
        .hasSize(2)
        .last()
        .asString()
        .contains("[tree/worker] alice")
        .contains("after the end of the first");
  }

  /** What a layout logs about a record, on the writer's thread, and what an appender does. */
  @Test
  void appenderLogsItself_isWrittenAfterwards() throws Exception {
    var kept =
        new Kept(false) {
          @Override
          protected void append(ILoggingEvent event) {
            super.append(event);
            if (event.getLoggerName().equals("app")) {
              LogWriterAppenderTest.this
                  .context
                  .getLogger("inner")
                  .info("about {}", event.getFormattedMessage());
            }
          }
        };
    var appender = over(kept);
    context.getLogger("app").info("one");
    context.getLogger("app").info("two");
    appender.stop();
    assertThat(kept.messages()).containsExactly("one", "about one", "two", "about two");
    assertThat(appender.statistics().lost()).isZero();
  }

  @Test
  void configureAgain_nothingIsLost() throws Exception {
    context.getLogger("app").info("before");
    context.reset();
    configure();
    context.getLogger("app").info("after");
    context.stop();
    assertThat(Files.readString(file)).contains("before", "after");
  }
}
