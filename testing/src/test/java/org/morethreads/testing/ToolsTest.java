package org.morethreads.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.morethreads.queue.CloseableQueue;
import org.morethreads.sync.Lock;
import org.morethreads.sync.OpenSignal;
import org.morethreads.sync.Signal;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.Outcome;
import org.morethreads.thread.ThreadFailedException;

/** The sequencer, the look at blocked threads, the probe and the sinks. */
@ManagedThreads(timeout = "50 s")
class ToolsTest {
  // ---- sequencer

  @ParameterizedTest
  @EnumSource
  void sequencer_stepsOfManyThreads_areTakenInOrder(Kind kind) throws Exception {
    Sequencer order = Sequencer.create("order");
    List<Integer> taken = new ArrayList<>(); // not thread-safe: a step happens-before the next
    List<ManagedThread<?>> threads = new ArrayList<>();
    for (int first = 3; first >= 1; first--) {
      int mine = first;
      threads.add(
          kind.named("thread " + mine)
              .run(_ -> {
                for (int step = mine; step <= 300; step += 3) {
                  int now = step;
                  order.step(step, () -> taken.add(now));
                }
              }));
    }
    for (ManagedThread<?> thread : threads) {
      thread.join();
    }
    assertThat(taken).hasSize(300).isSorted();
    assertThat(order.taken()).isEqualTo(300);
    assertThat(order).hasToString("sequencer \"order\" after step 300");
  }

  @Test
  void sequencer_call_returnsTheResult() throws Exception {
    Sequencer order = Sequencer.create("order");
    order.step(1);
    assertThat(order.<String>call(2, () -> "two")).isEqualTo("two");
  }

  @Test
  void sequencer_stepFails_laterOnesSayWhich() throws Exception {
    Sequencer order = Sequencer.create("order");
    ManagedThread<?> second = ManagedThread.run("second", _ -> order.step(2));
    TestThreads.awaitBlocked(second);
    IllegalArgumentException failure = new IllegalArgumentException("planted");
    assertThatIllegalArgumentException()
        .isThrownBy(() ->
            order.step(
                1,
                () -> {
                  throw failure;
                }))
        .isSameAs(failure);
    assertThatExceptionOfType(ThreadFailedException.class)
        .isThrownBy(second::join)
        .havingCause()
        .withMessageContaining("can never begin, since step 1 has failed")
        .withCause(failure);
    assertThatIllegalStateException().isThrownBy(() -> order.step(3));
  }

  @ParameterizedTest
  @EnumSource
  void sequencer_interruptedWhileWaiting_breaksTheOrder(Kind kind) throws Exception {
    Sequencer order = Sequencer.create("order");
    ManagedThread<?> second = kind.named("second").run(_ -> order.step(2));
    TestThreads.awaitBlocked(second);
    second.thread().orElseThrow().interrupt();
    assertThatExceptionOfType(ThreadFailedException.class)
        .isThrownBy(second::join)
        .withCauseInstanceOf(InterruptedException.class);
    order.step(1);
    assertThatIllegalStateException().isThrownBy(() -> order.step(3));
  }

  @Test
  void sequencer_stepTwice_orNone_isRefused() throws Exception {
    Sequencer order = Sequencer.create("order");
    order.step(1);
    assertThatIllegalStateException()
        .isThrownBy(() -> order.step(1))
        .withMessageContaining("is that of thread");
    assertThatIllegalArgumentException().isThrownBy(() -> order.step(0));
  }

  @Test
  @ManagedThreads(allowedLog = System.Logger.Level.WARNING) // of the stop after the deadlock
  void sequencer_neverCompleted_isADeadlockUnderVirtualTime() {
    assertThatExceptionOfType(AssertionError.class)
        .isThrownBy(() -> VirtualClock.run(_ -> Sequencer.create("order").step(2)))
        .withMessageContaining("Deadlock")
        .withMessageContaining("steps of \"order\"");
  }

  // ---- blocked threads

  @ParameterizedTest
  @EnumSource
  void awaitBlocked_seesEveryKindOfWait(Kind kind) throws Exception {
    CountDownLatch go = new CountDownLatch(1);
    Object monitor = new Object();
    List<Thread> threads = new ArrayList<>();
    threads.add(kind.alien().start(LockSupport::park));
    threads.add(kind.alien().start(() -> await(go)));
    threads.add(
        kind.alien()
            .start(() -> {
              try {
                Thread.sleep(Duration.ofHours(1));
              } catch (InterruptedException e) {
                // ends
              }
            }));
    synchronized (monitor) {
      threads.add(
          kind.alien()
              .start(() -> {
                synchronized (monitor) {
                  monitor.notifyAll();
                }
              }));
      for (Thread thread : threads) {
        TestThreads.awaitBlocked(thread);
      }
    }
    go.countDown();
    for (Thread thread : threads) {
      LockSupport.unpark(thread);
      thread.interrupt();
      thread.join();
    }
  }

  private static void await(CountDownLatch go) {
    try {
      go.await();
    } catch (InterruptedException e) {
      // ends
    }
  }

  @ParameterizedTest
  @EnumSource
  void awaitBlockedOn_seesWhatAThreadWaitsFor(Kind kind) throws Exception {
    OpenSignal go = Signal.create("go");
    Lock lock = Lock.create("lock");
    ManagedThread<?> thread;
    try (Lock.Held _ = lock.acquire()) {
      thread =
          kind.named("thread")
              .run(_ -> {
                go.await();
                lock.run(() -> {});
              });
      TestThreads.awaitBlockedOn(thread, go);
      go.go();
      TestThreads.awaitBlockedOn(thread, lock);
    }
    thread.join();
  }

  @ParameterizedTest
  @EnumSource
  void awaitBlockedOn_text_isWhatTheDumpSays(Kind kind) throws Exception {
    OpenSignal go = Signal.create("go");
    CloseableQueue<String> words = CloseableQueue.unbounded("words");
    ManagedThread<?> thread =
        kind.named("thread")
            .run(_ -> {
              go.await();
              assertThat(words.take()).isEqualTo("word");
            });
    TestThreads.awaitBlockedOn(thread, "signal \"go\"");
    go.go();
    TestThreads.awaitBlockedOn(thread, "an element of queue \"words\"");
    words.put("word");
    thread.join();
    thread.thread().orElseThrow().join();
    assertThatExceptionOfType(AssertionError.class)
        .isThrownBy(() -> TestThreads.awaitBlockedOn(thread, "something else"))
        .withMessageContaining("did not block on \"something else\"");
  }

  @Test
  void awaitBlocked_threadHasEnded_saysSo() throws Exception {
    ManagedThread<?> thread = ManagedThread.run("ended", _ -> {});
    thread.join();
    thread.thread().orElseThrow().join();
    assertThatExceptionOfType(AssertionError.class)
        .isThrownBy(() -> TestThreads.awaitBlocked(thread))
        .withMessageContaining("\"ended\" has ended, and did not block");
    ManagedThread<?> prepared = ManagedThread.named("prepared").prepare(_ -> {});
    assertThatExceptionOfType(AssertionError.class)
        .isThrownBy(() -> TestThreads.awaitBlocked(prepared))
        .withMessageContaining("has not been started");
  }

  // ---- probe

  @Test
  @VirtualTime(start = "2030-05-05T00:00:00Z")
  void probe_recordsWhenAndWhere(VirtualClock clock) throws Exception {
    OpenSignal signal = Signal.create("s");
    SignalProbe probe = SignalProbe.on(signal);
    assertThat(probe.count()).isZero();
    assertThat(probe.at()).isEmpty();
    assertThat(probe).hasToString("probe of \"s\": has not gone");
    ManagedThread<?> goer =
        ManagedThread.run(
            "goer",
            _ -> {
              clock.sleep(Duration.ofHours(1));
              signal.go();
              signal.go();
            });
    goer.join();
    assertThat(probe.count()).isEqualTo(1);
    assertThat(probe.thread()).isEqualTo(goer.thread());
    assertThat(probe.at()).contains(Instant.parse("2030-05-05T01:00:00Z"));
    assertThat(probe.after()).contains(Duration.ofHours(1));
    assertThat(probe.signal()).isSameAs(signal);
  }

  @ParameterizedTest
  @EnumSource
  void probe_countsTheWaiters(Kind kind) throws Exception {
    OpenSignal signal = Signal.create("s");
    try (SignalProbe probe = SignalProbe.on(signal)) {
      assertThat(probe.waiters()).isZero();
      List<ManagedThread<?>> threads = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        threads.add(kind.named("waiter").run(_ -> signal.await()));
      }
      threads.forEach(thread -> TestThreads.awaitBlockedOn(thread, signal));
      assertThat(probe.waiters()).isEqualTo(3);
      signal.go();
      for (ManagedThread<?> thread : threads) {
        thread.join();
      }
      assertThat(probe.waiters()).isZero();
    }
  }

  @Test
  void probe_closed_recordsNothing() {
    OpenSignal signal = Signal.create("s");
    SignalProbe probe = SignalProbe.on(signal);
    probe.close();
    signal.go();
    assertThat(probe.count()).isZero();
  }

  // ---- sinks

  @Test
  void failingSink_failsAtItsCallAlone() {
    FailingSink<String> sink = FailingSink.atCall(2);
    sink.accept("one");
    assertThatIllegalStateException().isThrownBy(() -> sink.accept("two"));
    sink.accept("three");
    assertThat(sink.received()).containsExactly("one", "three");
    assertThat(sink.calls()).isEqualTo(3);
    assertThat(sink.calledAfter()).hasSize(3).isSorted();
    assertThatIllegalArgumentException().isThrownBy(() -> FailingSink.atCall(0));
  }

  @ParameterizedTest
  @EnumSource
  void slowSink_blocksUntilLetGo(Kind kind) throws Exception {
    SlowSink<String> sink = SlowSink.create();
    ManagedThread<?> writer = kind.named("writer").run(_ -> sink.accept("one"));
    sink.called(1).await();
    TestThreads.awaitBlocked(writer);
    assertThat(sink.received()).isEmpty();
    sink.letGo();
    writer.join();
    sink.accept("two");
    assertThat(sink.received()).containsExactly("one", "two");
  }

  @ParameterizedTest
  @EnumSource
  void slowSink_interrupted_hasReceivedNothing(Kind kind) throws Exception {
    SlowSink<String> sink = SlowSink.create();
    List<Boolean> status = Collections.synchronizedList(new ArrayList<>());
    ManagedThread<?> writer =
        kind.named("writer")
            .run(_ -> {
              try {
                sink.accept("one");
              } catch (SlowSink.InterruptedCallException e) {
                status.add(Thread.interrupted());
              }
            });
    TestThreads.awaitBlocked(writer);
    writer.thread().orElseThrow().interrupt();
    writer.join();
    assertThat(status).containsExactly(true);
    assertThat(sink.received()).isEmpty();
  }

  @Test
  @VirtualTime
  void failingSink_atSomeCalls_failsAtThose_andNotesWhen(VirtualClock clock) throws Exception {
    FailingSink<Integer> sink =
        FailingSink.atCalls(
            call -> call <= 2 || call == 4, () -> new IllegalArgumentException("planted"));
    for (int call = 1; call <= 5; call++) {
      int number = call;
      if (call == 3 || call == 5) {
        sink.accept(number);
      } else {
        assertThatIllegalArgumentException().isThrownBy(() -> sink.accept(number));
      }
      clock.sleep(Duration.ofMinutes(1));
    }
    assertThat(sink.received()).containsExactly(3, 5);
    assertThat(sink.calledAfter())
        .containsExactly(
            Duration.ZERO,
            Duration.ofMinutes(1),
            Duration.ofMinutes(2),
            Duration.ofMinutes(3),
            Duration.ofMinutes(4));
  }

  @ParameterizedTest
  @EnumSource
  void slowSink_takingTime_takesItForEachCall(Kind kind) throws Exception {
    kind.setup()
        .run(clock -> {
          SlowSink<Integer> sink = SlowSink.taking(Duration.ofSeconds(10));
          ManagedThread<?> writer =
              kind.named("writer")
                  .run(_ -> {
                    for (int i = 1; i <= 3; i++) {
                      sink.accept(i);
                    }
                  });
          clock.sleep(Duration.ofSeconds(25));
          assertThat(sink.received()).containsExactly(1, 2);
          sink.letGo();
          writer.join();
          assertThat(sink.received()).containsExactly(1, 2, 3);
          assertThat(clock.elapsed()).isEqualTo(Duration.ofSeconds(25));
          assertThat(sink.calledAfter())
              .containsExactly(Duration.ZERO, Duration.ofSeconds(10), Duration.ofSeconds(20));
        });
  }

  @ParameterizedTest
  @EnumSource
  void slowSink_receiveInterrupted_throwsTheInterruptItself(Kind kind) throws Exception {
    SlowSink<String> sink = SlowSink.create();
    ManagedThread<?> writer = kind.named("writer").run(_ -> sink.receive("one"));
    TestThreads.awaitBlocked(writer);
    writer.thread().orElseThrow().interrupt();
    assertThatExceptionOfType(ThreadFailedException.class)
        .isThrownBy(writer::join)
        .withCauseInstanceOf(InterruptedException.class);
    assertThat(sink.received()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  @ManagedThreads(allowedLog = System.Logger.Level.ERROR) // says who is waited for, and abandoned
  void slowSink_deaf_isAbandoned_andReturnsWithTheStatusWhenLetGo(Kind kind) throws Exception {
    kind.setup()
        .run(clock -> {
          SlowSink<String> sink = SlowSink.deaf();
          OpenSignal back = Signal.create("back");
          ManagedThread<?> writer =
              kind.named("writer")
                  .run(_ -> {
                    sink.receive("one");
                    if (Thread.currentThread().isInterrupted()) {
                      back.go();
                    }
                  });
          sink.called(1).await();
          writer.stop();
          assertThat(writer.awaitOutcome()).isInstanceOf(Outcome.Abandoned.class);
          assertThat(sink.received()).isEmpty();
          sink.letGo();
          back.await();
          assertThat(sink.received()).containsExactly("one");
        });
  }

  // ---- the log

  @Test
  void log_takeAll_takesThoseAndNoOthers(TestLog log) {
    Logger logger = Logger.getLogger("a.logger");
    logger.warning("disk full");
    logger.warning("other");
    logger.severe("disk full");
    logger.warning("disk slow");
    assertThat(log.takeAll(System.Logger.Level.WARNING, "disk"))
        .extracting(TestLog.Entry::message)
        .containsExactly("disk full", "disk slow");
    assertThat(log.takeAll(System.Logger.Level.WARNING, "disk")).isEmpty();
    assertThat(log.messages(System.Logger.Level.WARNING)).containsExactly("other");
    assertThat(log.takeAll(System.Logger.Level.WARNING, "")).hasSize(1);
    log.take(System.Logger.Level.ERROR, "disk full");
  }

  @Test
  @VirtualTime
  void log_takeStopReports_takesThoseOfAStopThatTakesItsTime(VirtualClock clock, TestLog log)
      throws Exception {
    assertThatExceptionOfType(AssertionError.class)
        .isThrownBy(log::takeStopReports)
        .withMessageContaining("Nothing was logged about a stop");
    SlowSink<String> sink = SlowSink.deaf();
    ManagedThread<?> writer = ManagedThread.run("writer", _ -> sink.accept("one"));
    sink.called(1).await();
    writer.stop();
    assertThat(writer.awaitOutcome()).isInstanceOf(Outcome.Abandoned.class);
    clock.awaitOthersBlocked(); // those who report
    assertThat(log.takeStopReports())
        .extracting(TestLog.Entry::message)
        .anyMatch(message -> message.startsWith("The stop of"))
        .anyMatch(message -> message.startsWith("Abandoned a thread"));
    assertThat(log.above(System.Logger.Level.INFO)).isEmpty();
    sink.letGo();
  }
}
