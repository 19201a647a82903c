package org.morethreads.logging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.morethreads.internal.Services;
import org.morethreads.sync.Signal;
import org.morethreads.thread.ThreadTree;

/** The log writer while the program runs (G1); {@link EndOfProgramTest} is about its end. */
@Timeout(60)
class LogWriterTest {
  private static final Duration LONG = Duration.ofSeconds(30);

  /** Keeps what it is given; can be made to block or to fail. */
  private static class Memory implements LogSink<String> {
    final List<String> lines = Collections.synchronizedList(new ArrayList<>());
    final CountDownLatch entered = new CountDownLatch(1);
    final CountDownLatch letGo;
    final AtomicInteger flushes = new AtomicInteger();
    volatile boolean closed;

    Memory(boolean blocks) {
      this.letGo = new CountDownLatch(blocks ? 1 : 0);
    }

    @Override
    public void write(String line) throws Exception {
      entered.countDown();
      letGo.await();
      lines.add(line);
    }

    @Override
    public void flush() {
      flushes.incrementAndGet();
    }

    @Override
    public void close() {
      closed = true;
    }
  }

  private static void await(BooleanSupplier condition) throws InterruptedException {
    long end = System.nanoTime() + LONG.toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime() - end).as("time left").isNegative();
      Thread.sleep(1);
    }
  }

  private static Thread start(boolean virtual, Runnable body) {
    return virtual ? Thread.ofVirtual().start(body) : Thread.ofPlatform().start(body);
  }

  /** What is said on standard error during something. */
  private static String said(Action action) throws Exception {
    PrintStream before = System.err;
    var bytes = new ByteArrayOutputStream();
    System.setErr(new PrintStream(bytes, true, StandardCharsets.UTF_8));
    try {
      action.run();
    } finally {
      System.setErr(before);
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }

  /** The JDK's own; tests put something else in the place of a part. */
  private static class RealSeam extends Seam {
    @Override
    ReentrantLock newLock() {
      return REAL.newLock();
    }

    @Override
    void wakeQueued(ReentrantLock lock) {
      REAL.wakeQueued(lock);
    }

    @Override
    long nanoTime() {
      return REAL.nanoTime();
    }

    @Override
    void pause(long nanos) {
      REAL.pause(nanos);
    }

    @Override
    void park() {
      REAL.park();
    }

    @Override
    void unpark(Thread thread) {
      REAL.unpark(thread);
    }

    @Override
    Thread newThread(String name, Runnable body) {
      return REAL.newThread(name, body);
    }

    @Override
    void start(Thread thread) {
      REAL.start(thread);
    }

    @Override
    void join(Thread thread, long nanos) throws InterruptedException {
      REAL.join(thread, nanos);
    }

    @Override
    boolean add(Services.Service service) {
      return REAL.add(service);
    }

    @Override
    void remove(Services.Service service) {
      REAL.remove(service);
    }
  }

  /** Time flies. */
  private static final class Hurried extends RealSeam {
    private static final int FASTER = 100;

    @Override
    long nanoTime() {
      return FASTER * super.nanoTime();
    }

    @Override
    void pause(long nanos) {
      super.pause(nanos / FASTER);
    }
  }

  private interface Action {
    void run() throws Exception;
  }

  // ---- order, batches, flushes

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void write_manyThreads_allIsWrittenInTheOrderOfEachThread(boolean virtual) throws Exception {
    var sink = new Memory(false);
    int threads = 8;
    int each = 5_000;
    try (var writer = LogWriter.<String>named("order").capacity(64).start(sink)) {
      var running = new ArrayList<Thread>();
      for (int t = 0; t < threads; t++) {
        int number = t;
        running.add(
            start(
                virtual,
                () -> {
                  for (int i = 0; i < each; i++) {
                    assertThat(writer.write(number + " " + i)).isTrue();
                  }
                }));
      }
      for (Thread thread : running) {
        thread.join();
      }
    }
    assertThat(sink.lines).hasSize(threads * each);
    for (int t = 0; t < threads; t++) {
      String prefix = t + " ";
      assertThat(sink.lines.stream().filter(line -> line.startsWith(prefix)))
          .containsExactlyElementsOf(IntStream.range(0, each).mapToObj(i -> prefix + i).toList());
    }
  }

  @Test
  void write_nothingMoreIsWaiting_isFlushed() throws Exception {
    var sink = new Memory(false);
    try (var writer = LogWriter.start("flush", sink)) {
      writer.write("one");
      await(() -> sink.flushes.get() == 1);
      assertThat(sink.lines).containsExactly("one");
    }
  }

  @Test
  void write_whileTheSinkIsBusy_batchIsFlushedOnce() throws Exception {
    var sink = new Memory(true);
    try (var writer = LogWriter.start("batch", sink)) {
      writer.write("first");
      sink.entered.await();
      IntStream.range(0, 1_000).forEach(i -> writer.write("line " + i));
      sink.letGo.countDown();
      assertThat(writer.awaitWritten(LONG)).isTrue();
      assertThat(sink.lines).hasSize(1_001);
      assertThat(sink.flushes.get()).isLessThanOrEqualTo(3);
    }
  }

  @Test
  void awaitWritten_sinkIsBusy_saysNoThenYes() throws Exception {
    var sink = new Memory(true);
    try (var writer = LogWriter.start("await", sink)) {
      writer.write("one");
      assertThat(writer.awaitWritten(Duration.ofMillis(20))).isFalse();
      assertThat(writer.statistics().pending()).isEqualTo(1);
      sink.letGo.countDown();
      assertThat(writer.awaitWritten(LONG)).isTrue();
      assertThat(writer.statistics().written()).isEqualTo(1);
    }
  }

  // ---- back-pressure

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void write_full_waitsForRoomAndDropsNothing(boolean virtual) throws Exception {
    var sink = new Memory(true);
    try (var writer = LogWriter.<String>named("full").capacity(4).start(sink)) {
      writer.write("first");
      sink.entered.await();
      IntStream.range(0, 4).forEach(i -> writer.write("line " + i));
      var done = new AtomicBoolean();
      Thread caller =
          start(
              virtual,
              () -> {
                writer.write("waits");
                done.set(true);
              });
      await(() -> writer.statistics().stalls() == 1);
      assertThat(done).isFalse();
      sink.letGo.countDown();
      caller.join();
      assertThat(writer.awaitWritten(LONG)).isTrue();
      assertThat(sink.lines)
          .containsExactly("first", "line 0", "line 1", "line 2", "line 3", "waits");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void write_interruptedWhileItWaitsForRoom_isWrittenAndKeepsTheStatus(boolean virtual)
      throws Exception {
    var sink = new Memory(true);
    try (var writer = LogWriter.<String>named("interrupt").capacity(1).start(sink)) {
      writer.write("first");
      sink.entered.await();
      writer.write("fills");
      var status = new AtomicBoolean();
      Thread caller =
          start(
              virtual,
              () -> {
                writer.write("waits");
                status.set(Thread.currentThread().isInterrupted());
              });
      await(() -> writer.statistics().stalls() == 1);
      caller.interrupt();
      sink.letGo.countDown();
      caller.join();
      assertThat(status).isTrue();
      assertThat(writer.awaitWritten(LONG)).isTrue();
      assertThat(sink.lines).containsExactly("first", "fills", "waits");
    }
  }

  @Test
  void write_interruptedBefore_sinkSeesNoInterruptAndTheStatusStays() throws Exception {
    var seen = new AtomicBoolean();
    LogSink<String> sink = line -> seen.set(Thread.currentThread().isInterrupted());
    try (var writer = LogWriter.start("status", sink)) {
      Thread.currentThread().interrupt();
      writer.write("one");
      assertThat(writer.awaitWritten(LONG)).isTrue();
      assertThat(Thread.interrupted()).isTrue();
      assertThat(seen).isFalse();
    }
  }

  /** Somebody interrupts every thread that he can find. */
  @Test
  void writersThread_isInterrupted_sinkDoesNotSeeIt() throws Exception {
    var seen = new AtomicBoolean();
    var lines = new AtomicInteger();
    LogSink<String> sink =
        line -> {
          seen.compareAndSet(false, Thread.currentThread().isInterrupted());
          lines.incrementAndGet();
          Thread.currentThread().interrupt();
        };
    try (var writer = LogWriter.start("victim", sink)) {
      IntStream.range(0, 10).forEach(i -> writer.write("line " + i));
      assertThat(writer.awaitWritten(LONG)).isTrue();
      writer.write("one more");
      assertThat(writer.awaitWritten(LONG)).isTrue();
    }
    assertThat(seen).isFalse();
    assertThat(lines).hasValue(11);
  }

  @Test
  @ResourceLock("stderr")
  void write_sinkWaitsForAThreadThatLogs_getsOnBeyondTheCapacity() throws Exception {
    var writerHere = new AtomicReference<LogWriter<String>>();
    var lines = Collections.synchronizedList(new ArrayList<String>());
    var full = new CountDownLatch(1);
    LogSink<String> sink =
        line -> {
          lines.add(line);
          if (line.equals("first")) {
            full.await(); // else the other thread might find the place that "fills" takes
            Thread helper = Thread.ofVirtual().start(() -> writerHere.get().write("from a helper"));
            helper.join();
          }
        };
    String said =
        said(() -> {
          try (var writer = LogWriter.<String>named("helped").capacity(1).start(sink)) {
            writerHere.set(writer);
            writer.write("first");
            writer.write("fills");
            full.countDown();
            writer.write("third");
          }
        });
    assertThat(lines).containsExactlyInAnyOrder("first", "fills", "third", "from a helper");
    assertThat(said).contains("has not taken a record for a second").contains("Thread.join");
  }

  // ---- dropping

  @Test
  @ResourceLock("stderr")
  void write_fullAndToldToDrop_dropsBelowTheLevelAndCounts() throws Exception {
    var sink = new Memory(true);
    String said =
        said(() -> {
          try (var writer =
              LogWriter.<String>named("drop")
                  .capacity(10)
                  .dropBelow(Level.WARNING, 0.5)
                  .reports(text -> "REPORT " + text)
                  .start(sink)) {
            writer.write("first", Level.DEBUG);
            sink.entered.await();
            for (int i = 0; i < 5; i++) {
              assertThat(writer.write("kept " + i, Level.INFO)).isTrue();
            }
            assertThat(writer.write("dropped", Level.INFO)).isFalse();
            assertThat(writer.write("dropped", Level.DEBUG)).isFalse();
            assertThat(writer.write("dropped", Level.DEBUG)).isFalse();
            assertThat(writer.write("warning", Level.WARNING)).isTrue();
            assertThat(writer.statistics().dropped())
                .containsOnly(
                    java.util.Map.entry(Level.INFO, 1L), java.util.Map.entry(Level.DEBUG, 2L));
            sink.letGo.countDown();
            assertThat(writer.awaitWritten(LONG)).isTrue();
            await(() -> sink.lines.size() == 8);
          }
        });
    assertThat(sink.lines).contains("warning").doesNotContain("dropped");
    assertThat(sink.lines.getLast())
        .startsWith("REPORT Log \"drop\" was full, and has dropped records:")
        .contains("DEBUG=2", "INFO=1");
    assertThat(said).contains("Log \"drop\" has dropped records while it was full");
  }

  /** A part of a small capacity is less than one record: that is no reason to drop from nothing. */
  @Test
  void dropBelow_partOfTheCapacityIsLessThanARecord_emptyLogTakesIt() throws Exception {
    var sink = new Memory(true);
    try (var writer =
        LogWriter.<String>named("tiny").capacity(1).dropBelow(Level.WARNING, 0.8).start(sink)) {
      assertThat(writer.write("first", Level.INFO)).isTrue();
      sink.entered.await();
      assertThat(writer.write("into the empty log", Level.INFO)).isTrue();
      assertThat(writer.write("dropped", Level.INFO)).isFalse();
      sink.letGo.countDown();
      assertThat(writer.awaitWritten(LONG)).isTrue();
    }
    assertThat(sink.lines).contains("first", "into the empty log").doesNotContain("dropped");
  }

  @Test
  void dropBelow_partIsZero_whatIsDroppedIsReportedWhileTheProgramRuns() throws Exception {
    var sink = new Memory(false);
    try (var writer =
        LogWriter.<String>named("none")
            .dropBelow(Level.WARNING, 0)
            .reports(text -> text)
            .start(sink)) {
      assertThat(writer.write("dropped", Level.INFO)).isFalse();
      await(() -> !sink.lines.isEmpty()); // nobody logs anything else
    }
    assertThat(sink.lines.getFirst()).contains("has dropped records: {INFO=1}");
  }

  /** The second report is due after ten seconds, and there is nothing else to wake the writer. */
  @Test
  void dropBelow_moreIsDroppedSoonAfterAReport_isReportedThoughNobodyLogsMore() throws Exception {
    var sink = new Memory(false);
    try (var writer =
        LogWriter.<String>named("twice")
            .dropBelow(Level.WARNING, 0)
            .reports(text -> text)
            .over(new Hurried())
            .start(sink)) {
      writer.write("dropped", Level.INFO);
      await(() -> sink.lines.size() == 1);
      writer.write("dropped", Level.INFO);
      writer.write("dropped", Level.INFO);
      await(() ->
          sink.lines.size() == 2 && sink.lines.getLast().contains("INFO=2")
              || sink.lines.size() == 3);
    }
    assertThat(String.join(" ", sink.lines)).containsPattern("INFO=1.*(INFO=2|INFO=1.*INFO=1)");
  }

  // ---- a sink that fails

  @Test
  @ResourceLock("stderr")
  void sinkFails_forAWhile_isTriedAgainAndNothingIsLost() throws Exception {
    var calls = new AtomicInteger();
    var lines = Collections.synchronizedList(new ArrayList<String>());
    LogSink<String> sink =
        line -> {
          if (calls.incrementAndGet() <= 3) {
            throw new IOException("not yet");
          }
          lines.add(line);
        };
    String said =
        said(() -> {
          try (var writer = LogWriter.<String>named("flaky").retryFor(LONG).start(sink)) {
            writer.write("one");
            writer.write("two");
          }
        });
    assertThat(lines).containsExactly("one", "two");
    assertThat(said).isEmpty();
  }

  @Test
  @ResourceLock("stderr")
  void sinkFails_forGood_lossIsCountedAndReported() throws Exception {
    LogSink<String> sink =
        line -> {
          throw new IOException("disk on fire");
        };
    String said =
        said(() -> {
          var writer = LogWriter.<String>named("broken").retryFor(Duration.ZERO).start(sink);
          IntStream.range(0, 10).forEach(i -> writer.write("line " + i));
          assertThat(writer.awaitWritten(LONG)).isTrue();
          assertThat(writer.statistics().lost()).isEqualTo(10);
          assertThat(writer.statistics().written()).isZero();
          assertThat(writer.lastFailure()).hasMessage("disk on fire");
          writer.close();
        });
    assertThat(said)
        .contains("The sink of log \"broken\" has failed; a record is lost.")
        .contains("disk on fire")
        .contains("(failure 8)")
        .contains("has lost 10 records");
    assertThat(said.split("has failed; a record is lost", -1)).hasSize(5); // 1, 2, 4, 8
  }

  @Test
  void sinkThrowsOutOfMemory_isTriedAgain() throws Exception {
    var calls = new AtomicInteger();
    var lines = Collections.synchronizedList(new ArrayList<String>());
    LogSink<String> sink =
        line -> {
          if (calls.incrementAndGet() <= 5) {
            throw new OutOfMemoryError("simulated");
          }
          lines.add(line);
        };
    try (var writer = LogWriter.<String>named("memory").retryFor(Duration.ZERO).start(sink)) {
      writer.write("one");
      assertThat(writer.awaitWritten(LONG)).isTrue();
    }
    assertThat(lines).containsExactly("one");
  }

  @Test
  @ResourceLock("stderr")
  void flushFails_isTriedAgainBeforeAnythingIsConfirmed() throws Exception {
    var flushes = new AtomicInteger();
    LogSink<String> sink =
        new LogSink<>() {
          @Override
          public void write(String line) {}

          @Override
          public void flush() throws IOException {
            if (flushes.incrementAndGet() < 3) {
              throw new IOException("not yet");
            }
          }
        };
    String said =
        said(() -> {
          try (var writer = LogWriter.start("flushes", sink)) {
            writer.write("one");
            assertThat(writer.awaitWritten(LONG)).isTrue();
            assertThat(flushes).hasValueGreaterThanOrEqualTo(3);
          }
        });
    assertThat(said).contains("could not be flushed");
  }

  /**
   * As where a framework throws its buffer away: the record is not lost, but those before it are.
   */
  @Test
  @ResourceLock("stderr")
  void sinkLosesWhatItHadTaken_atALaterRecord_thatIsCountedAndTheRecordIsTriedAgain()
      throws Exception {
    var lines = Collections.synchronizedList(new ArrayList<String>());
    var hasFailed = new AtomicBoolean();
    LogSink<String> sink =
        line -> {
          if (line.equals("third") && hasFailed.compareAndSet(false, true)) {
            lines.clear();
            throw new LogSink.LostException(2, "the buffer is gone", null);
          }
          lines.add(line);
        };
    String said =
        said(() -> {
          try (var writer = LogWriter.start("buffer", sink)) {
            writer.write("first");
            writer.write("second");
            writer.write("third");
            assertThat(writer.awaitWritten(LONG)).isTrue();
            assertThat(writer.statistics().written()).isEqualTo(1);
            assertThat(writer.statistics().lost()).isEqualTo(2);
            assertThat(writer.lastFailure()).hasMessage("the buffer is gone");
          }
        });
    assertThat(lines).containsExactly("third");
    assertThat(said).contains("has lost 2 records that it had taken");
  }

  /**
   * Records that cannot be made into text, among others that can: each is tried again, but they do
   * not hold up the log for a second each.
   */
  @Test
  @ResourceLock("stderr")
  void sinkRefusesSingleRecords_othersAreNotHeldUpForEach() throws Exception {
    var attempts = new AtomicInteger();
    var lines = Collections.synchronizedList(new ArrayList<String>());
    LogSink<String> sink =
        line -> {
          if (line.startsWith("poison")) {
            attempts.incrementAndGet();
            throw new IllegalStateException("no text");
          }
          lines.add(line);
        };
    String said =
        said(() -> {
          try (var writer =
              LogWriter.<String>named("poison").retryFor(Duration.ofMillis(64)).start(sink)) {
            for (int i = 0; i < 64; i++) {
              writer.write("poison " + i);
              writer.write("line " + i);
            }
            assertThat(writer.awaitWritten(LONG)).isTrue();
            assertThat(writer.statistics().lost()).isEqualTo(64);
          }
        });
    assertThat(lines).hasSize(64);
    assertThat(attempts).as("64, and what was tried again").hasValueBetween(64, 64 + 40);
    assertThat(said.split("works again", -1)).as("said: %s", said).hasSizeLessThanOrEqualTo(8);
  }

  /** Of each call: what it leaves behind would let the writer's pauses end at once. */
  @Test
  @ResourceLock("stderr")
  void sinkFailsAndLeavesAnInterrupt_isTriedAgainWithPauses() throws Exception {
    var attempts = new AtomicInteger();
    LogSink<String> sink =
        line -> {
          attempts.incrementAndGet();
          Thread.currentThread().interrupt();
          throw new IOException("interrupted");
        };
    said(() -> {
      try (var writer =
          LogWriter.<String>named("spins").retryFor(Duration.ofMillis(300)).start(sink)) {
        writer.write("one");
        assertThat(writer.awaitWritten(LONG)).isTrue();
      }
    });
    assertThat(attempts).as("with pauses from 5 ms on, doubled").hasValueLessThan(20);
  }

  @Test
  void write_stackOverflowsInTheCallAgainAndAgain_logGoesOn() throws Exception {
    var sink = new Memory(false);
    try (var writer = LogWriter.<String>named("deep").capacity(16).start(sink)) {
      var accepted = Collections.synchronizedList(new ArrayList<String>());
      var overflows = new AtomicInteger();
      Runnable deep =
          new Runnable() {
            private int round;

            @Override
            public void run() {
              for (round = 0; round < 20; round++) {
                try {
                  fall(0);
                } catch (StackOverflowError expected) {
                  overflows.incrementAndGet();
                }
              }
            }

            @SuppressWarnings("InfiniteRecursion") // until the stack overflows
            private void fall(int depth) {
              String record = round + " " + depth;
              if (depth % 64 == 0 && writer.write(record)) {
                accepted.add(record);
              }
              if (depth > 2_000 && writer.write(record)) { // not only at one depth
                accepted.add(record);
              }
              fall(depth + 1);
            }
          };
      Thread thread = new Thread(null, deep, "deep", 256 << 10);
      thread.start();
      thread.join();
      assertThat(overflows).hasValue(20);
      assertThat(writer.write("after")).isTrue();
      assertThat(writer.awaitWritten(LONG)).isTrue();
      assertThat(sink.lines).containsAll(accepted).contains("after");
    }
  }

  // ---- logging from inside

  /**
   * Actions run on whatever thread makes a signal go: also that of a stop, and the writer's own.
   */
  @Test
  void actionsLog_onTheWritersThreadAndWhileATreeStops_allIsWritten() throws Exception {
    var signal = Signal.create("signal");
    var sink =
        new Memory(false) {
          @Override
          public void write(String line) throws Exception {
            super.write(line);
            if (line.equals("trigger")) {
              signal.go();
            }
          }
        };
    var ran = new CountDownLatch(20); // those on a pleaseStop run when they like (S3)
    try (var writer = LogWriter.<String>named("actions").capacity(2).start(sink)) {
      signal.then(() -> writer.write("of an action on the writer's thread"));
      writer.write("trigger");
      assertThat(signal.await(LONG)).isTrue();
      try (var tree = ThreadTree.open("t")) {
        var thread = tree.run("x", Signal::await);
        for (int i = 0; i < 10; i++) {
          int number = i;
          thread
              .pleaseStop()
              .then(() -> {
                writer.write("told " + number);
                ran.countDown();
              });
          thread
              .stopped()
              .then(() -> {
                writer.write("stopped " + number);
                ran.countDown();
              });
        }
        thread.stop();
      }
      ran.await();
      assertThat(writer.awaitWritten(LONG)).isTrue();
    }
    assertThat(sink.lines)
        .hasSize(22)
        .contains("of an action on the writer's thread", "told 0", "told 9", "stopped 9");
  }

  @Test
  @ResourceLock("stderr")
  void sinkLogs_isWrittenAfterwardsAndEnds() throws Exception {
    var writerHere = new AtomicReference<LogWriter<String>>();
    var lines = Collections.synchronizedList(new ArrayList<String>());
    LogSink<String> sink =
        line -> {
          lines.add(line);
          writerHere.get().write("about " + line);
        };
    String said =
        said(() -> {
          var writer = LogWriter.<String>named("nested").capacity(1).start(sink);
          writerHere.set(writer);
          writer.write("one");
          writer.write("two");
          writer.close();
        });
    assertThat(lines).containsExactly("one", "about one", "two", "about two");
    assertThat(said).contains("also what it logs itself: about about one");
  }

  @Test
  @ResourceLock("stderr")
  void sinkLogsWhileItIsFlushed_isWrittenAndEnds() throws Exception {
    var writerHere = new AtomicReference<LogWriter<String>>();
    var lines = Collections.synchronizedList(new ArrayList<String>());
    var flushed = Collections.synchronizedList(new ArrayList<String>());
    LogSink<String> sink =
        new LogSink<>() {
          @Override
          public void write(String line) {
            lines.add(line);
          }

          @Override
          public void flush() {
            flushed.clear();
            flushed.addAll(lines);
            writerHere.get().write("flushed " + lines.size());
          }
        };
    String said =
        said(() -> {
          var writer = LogWriter.<String>named("flush").start(sink);
          writerHere.set(writer);
          writer.write("one");
          assertThat(writer.awaitWritten(LONG)).isTrue();
          assertThat(flushed).containsExactly("one", "flushed 1");
          writer.close();
        });
    assertThat(lines).containsExactly("one", "flushed 1");
    assertThat(said).contains("also what it logs itself: flushed 2");
  }

  /** The writer's own part fails, not the sink: no memory for its words, for example. */
  @Test
  @ResourceLock("stderr")
  void reportOfAFailureFails_restOfTheBatchIsWritten() throws Exception {
    var entered = new CountDownLatch(1);
    var go = new CountDownLatch(1);
    var lines = Collections.synchronizedList(new ArrayList<String>());
    LogSink<String> sink =
        line -> {
          entered.countDown();
          go.await();
          lines.add(line);
        };
    try (var writer =
        LogWriter.<String>named("words")
            .dropBelow(Level.WARNING, 0.5)
            .capacity(20)
            .reports(text -> {
              throw new OutOfMemoryError("simulated");
            })
            .start(sink)) {
      writer.write("first");
      entered.await();
      for (int i = 0; i < 12; i++) {
        writer.write("line " + i, Level.INFO); // drops the last two
      }
      String said =
          said(() -> {
            go.countDown();
            assertThat(writer.awaitWritten(LONG)).isTrue();
          });
      assertThat(said).contains("goes on after a failure");
      writer.write("last");
      assertThat(writer.awaitWritten(LONG)).isTrue();
    }
    assertThat(lines)
        .containsExactlyElementsOf(
            java.util.stream.Stream.concat(
                    java.util.stream.Stream.of("first"),
                    java.util.stream.Stream.concat(
                        IntStream.range(0, 10).mapToObj(i -> "line " + i),
                        java.util.stream.Stream.of("last")))
                .toList());
  }

  @Test
  void sinkClosesItsWriter_doesNotWaitForItself() throws Exception {
    var writerHere = new AtomicReference<LogWriter<String>>();
    var closed = new CountDownLatch(1);
    LogSink<String> sink =
        new LogSink<>() {
          @Override
          public void write(String line) {
            assertThat(writerHere.get().awaitWritten(LONG)).isFalse();
            writerHere.get().close();
          }

          @Override
          public void close() {
            closed.countDown();
          }
        };
    var writer = LogWriter.<String>named("suicide").start(sink);
    writerHere.set(writer);
    writer.write("one");
    assertThat(closed.await(30, TimeUnit.SECONDS)).isTrue();
  }

  /** There is nobody left to write it: it is said, and counted. */
  @Test
  @ResourceLock("stderr")
  void sinkLogsWhileItIsClosed_isRefusedAndSaid() throws Exception {
    var writerHere = new AtomicReference<LogWriter<String>>();
    var answer = new AtomicBoolean(true);
    LogSink<String> sink =
        new LogSink<>() {
          @Override
          public void write(String line) {}

          @Override
          public void close() {
            answer.set(writerHere.get().write("last words"));
          }
        };
    String said =
        said(() -> {
          writerHere.set(LogWriter.start("closing", sink));
          writerHere.get().write("one");
          writerHere.get().close();
        });
    assertThat(answer).isFalse();
    assertThat(said).contains("Log \"closing\" was closed before this was logged: last words");
    assertThat(writerHere.get().statistics().lost()).isEqualTo(1);
  }

  // ---- starting

  /**
   * There is no memory for the main tree, or for the thread: whoever tries again has left nothing.
   */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void start_thereIsNoMemory_leavesNoThreadNoServiceAndNoOpenSink(boolean forTheTree) {
    var running = new ArrayList<Thread>();
    var services = new ArrayList<Services.Service>();
    var seam =
        new RealSeam() {
          @Override
          boolean add(Services.Service service) {
            if (forTheTree) {
              throw new OutOfMemoryError("simulated");
            }
            return services.add(service);
          }

          @Override
          void start(Thread thread) {
            if (!forTheTree) {
              throw new OutOfMemoryError("simulated");
            }
            running.add(thread);
          }

          @Override
          void remove(Services.Service service) {
            services.remove(service);
          }
        };
    var sink = new Memory(false);
    assertThatThrownBy(() -> LogWriter.<String>named("no memory").over(seam).start(sink))
        .isInstanceOf(OutOfMemoryError.class);
    assertThat(running).isEmpty();
    assertThat(services).isEmpty();
    assertThat(sink.closed).isTrue();
  }

  // ---- closing

  @Test
  void close_interrupted_waitsForTheSinkAndKeepsTheStatus() throws Exception {
    var closing = new CountDownLatch(1);
    var letClose = new CountDownLatch(1);
    var sinkIsClosed = new AtomicBoolean();
    LogSink<String> sink =
        new LogSink<>() {
          @Override
          public void write(String line) {}

          @Override
          public void close() {
            closing.countDown();
            try {
              letClose.await();
            } catch (InterruptedException e) {
              throw new AssertionError(e);
            }
            sinkIsClosed.set(true);
          }
        };
    var writer = LogWriter.<String>named("patient").stopWithin(LONG).start(sink);
    var seen = new ArrayList<Boolean>();
    Thread closer =
        Thread.ofPlatform()
            .start(() -> {
              writer.close();
              seen.add(sinkIsClosed.get());
              seen.add(Thread.currentThread().isInterrupted());
            });
    closing.await();
    closer.interrupt();
    await(() -> !closer.isInterrupted() || !closer.isAlive()); // it has noticed
    await(() -> closer.getState() != Thread.State.RUNNABLE);
    letClose.countDown();
    closer.join();
    assertThat(seen).containsExactly(true, true);
  }

  @Test
  @ResourceLock("stderr")
  void close_writesWhatIsThereClosesTheSinkAndRefusesMore() throws Exception {
    var sink = new Memory(false);
    var writer = LogWriter.start("closed", sink);
    IntStream.range(0, 100).forEach(i -> writer.write("line " + i));
    writer.close();
    writer.close();
    assertThat(sink.lines).hasSize(100);
    assertThat(sink.closed).isTrue();
    String said = said(() -> assertThat(writer.write("late")).isFalse());
    assertThat(said).contains("Log \"closed\" was closed before this was logged: late");
    assertThat(writer.statistics().lost()).isEqualTo(1);
  }

  @Test
  @ResourceLock("stderr")
  void close_sinkBlocks_isBoundedAndSaysWhatIsLost() throws Exception {
    var sink = new Memory(true);
    var writer = LogWriter.<String>named("stuck").stopWithin(Duration.ofMillis(50)).start(sink);
    IntStream.range(0, 10).forEach(i -> writer.write("line " + i));
    String said = said(writer::close);
    assertThat(said)
        .contains("Log \"stuck\" was not written to its end: 10 records are lost")
        .contains("CountDownLatch.await");
    sink.letGo.countDown();
    await(() -> sink.closed); // it goes on when it can
    assertThat(sink.lines).hasSize(10);
  }

  @Test
  void close_callerWaitsForRoom_itsRecordIsWrittenOrRefused() throws Exception {
    var sink = new Memory(true);
    var writer = LogWriter.<String>named("race").capacity(1).start(sink);
    writer.write("first");
    sink.entered.await();
    writer.write("fills");
    var accepted = new AtomicBoolean();
    Thread caller = Thread.ofVirtual().start(() -> accepted.set(writer.write("waits")));
    await(() -> writer.statistics().stalls() == 1);
    Thread closer = Thread.ofPlatform().start(writer::close);
    await(() -> closer.getState() != Thread.State.RUNNABLE);
    sink.letGo.countDown();
    closer.join();
    caller.join();
    assertThat(sink.lines.contains("waits")).isEqualTo(accepted.get());
  }

  @Test
  @Timeout(300)
  void close_manyThreadsGoOnLogging_acceptedIsWritten() throws Exception {
    for (int round = 0; round < 30; round++) {
      var sink = new Memory(false);
      var writer = LogWriter.<String>named("close").capacity(8).start(sink);
      var accepted = Collections.synchronizedList(new ArrayList<String>());
      var running = new ArrayList<Thread>();
      var enough = new CountDownLatch(100);
      for (int t = 0; t < 4; t++) {
        int number = t;
        running.add(
            start(
                t % 2 == 0,
                () -> {
                  for (int i = 0; i < 100_000 && writer.write(number + " " + i); i++) {
                    accepted.add(number + " " + i);
                    enough.countDown();
                  }
                }));
      }
      enough.await();
      writer.close();
      for (Thread thread : running) {
        thread.join();
      }
      assertThat(sink.lines).containsAll(accepted).hasSize(accepted.size());
    }
  }

  /** "For ever" is as good a time as any. */
  @Test
  @ResourceLock("stderr")
  void builder_timesAreLongerThanTheClockKnows_areLikeForEver() throws Exception {
    var forEver = Duration.ofSeconds(Long.MAX_VALUE);
    var attempts = new AtomicInteger();
    var lines = Collections.synchronizedList(new ArrayList<String>());
    LogSink<String> sink =
        line -> {
          if (attempts.incrementAndGet() < 3) {
            throw new IOException("not yet");
          }
          lines.add(line);
        };
    try (var writer =
        LogWriter.<String>named("ever").retryFor(forEver).stopWithin(forEver).start(sink)) {
      writer.write("one");
      assertThat(writer.awaitWritten(forEver)).isTrue();
    }
    assertThat(lines).containsExactly("one");
  }

  @Test
  void builder_wrongValues_areRefused() {
    assertThatThrownBy(() -> LogWriter.named("x").capacity(0))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> LogWriter.named("x").dropBelow(Level.INFO, 1.5))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> LogWriter.start("x", (String line) -> {}).write(null))
        .isInstanceOf(NullPointerException.class);
  }
}
