package org.morethreads.documents;

import static org.morethreads.testing.MoreThreadsAssertions.assertThat;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Test;
import org.morethreads.queue.CloseableQueue;
import org.morethreads.sync.Signal;
import org.morethreads.sync.Till;
import org.morethreads.testing.FailingSink;
import org.morethreads.testing.ManagedThreads;
import org.morethreads.testing.Sequencer;
import org.morethreads.testing.SlowSink;
import org.morethreads.testing.TestLog;
import org.morethreads.testing.TestThreads;
import org.morethreads.testing.VirtualClock;
import org.morethreads.testing.VirtualTime;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.ThreadTree;
import org.morethreads.work.Repeat;
import org.morethreads.work.Schedule;

/** The code of docs/testing-your-code.md; run as tests. */
class TestingYourCodeSnippets {

  // ---- the first test

  @ManagedThreads(timeout = "10 s")
  static class GreeterTest {
    @Test
    void greets_everybodyInTheQueue(ThreadTree tree) throws Exception {
      var names = CloseableQueue.<String>unbounded("names");
      var greeter =
          ManagedThread.call(
              "greeter",
              _ -> {
                var greetings = new ArrayList<String>();
                names.forEach(name -> greetings.add("hello " + name));
                return greetings;
              });
      assertThat(tree).hasThreads("greeter");
      names.put("Ann");
      names.close();
      Assertions.assertThat(greeter.join()).containsExactly("hello Ann");
    }
  }

  // ---- a retry loop with back-off

  static <T> T retry(int attempts, Duration first, Signal pleaseStop, Callable<T> call)
      throws Exception {
    Duration pause = first;
    for (int attempt = 1; ; attempt++) {
      try {
        return call.call();
      } catch (Exception e) {
        if (attempt == attempts || pleaseStop.await(pause)) {
          throw e;
        }
        pause = pause.multipliedBy(2);
      }
    }
  }

  @VirtualTime
  static class RetryTest {
    @Test
    void retry_failsTwice_waitsOneAndTwoMinutes(VirtualClock clock) throws Exception {
      var calls = new ArrayList<Duration>();
      String result =
          retry(
              5,
              Duration.ofMinutes(1),
              Signal.NEVER,
              () -> {
                calls.add(clock.elapsed());
                if (calls.size() < 3) {
                  throw new IllegalStateException("not yet");
                }
                return "done";
              });
      Assertions.assertThat(result).isEqualTo("done");
      Assertions.assertThat(calls)
          .containsExactly(Duration.ZERO, Duration.ofMinutes(1), Duration.ofMinutes(3));
    }

    @Test
    void retry_toldToStop_givesUpAtOnce(VirtualClock clock) throws Exception {
      var client =
          ManagedThread.run(
              "client",
              pleaseStop ->
                  retry(
                      5,
                      Duration.ofHours(1),
                      pleaseStop,
                      () -> {
                        throw new IllegalStateException("never");
                      }));
      clock.sleep(Duration.ofMinutes(90)); // in its second pause, of two hours
      client.stop();
      assertThat(client.awaitOutcome()).isFailedThat().hasMessage("never");
      Assertions.assertThat(clock.elapsed()).isEqualTo(Duration.ofMinutes(90));
    }
  }

  // ---- a job over a change of daylight saving

  static void daily(LocalTime at, Clock clock, Signal pleaseStop, Runnable job)
      throws InterruptedException {
    while (true) {
      ZonedDateTime now = ZonedDateTime.now(clock);
      ZonedDateTime next = now.with(at);
      if (!next.isAfter(now)) {
        next = now.plusDays(1).with(at);
      }
      if (pleaseStop.await(Till.at(next.toInstant()))) {
        return;
      }
      job.run();
    }
  }

  @VirtualTime(start = "2026-03-27T12:00:00Z")
  static class DailyTest {
    private static final ZoneId BERLIN = ZoneId.of("Europe/Berlin");

    @Test
    void daily_overTheChangeToSummerTime_keepsTheTimeOfDay(VirtualClock clock) throws Exception {
      var runs = CloseableQueue.<Instant>unbounded("runs");
      ManagedThread.run(
          "daily",
          pleaseStop ->
              daily(
                  LocalTime.of(6, 0),
                  clock.withZone(BERLIN),
                  pleaseStop,
                  () -> runs.offer(clock.instant())));
      clock.sleep(Duration.ofDays(3));
      Assertions.assertThat(runs.drain())
          .containsExactly(
              Instant.parse("2026-03-28T05:00:00Z"),
              Instant.parse("2026-03-29T04:00:00Z"), // the clocks went forward in the night
              Instant.parse("2026-03-30T04:00:00Z"));
    }
  }

  @VirtualTime(start = "2026-03-27T12:00:00Z")
  static class ReportTest {
    @Test
    void schedule_overTheChangeToSummerTime_keepsTheTimeOfDay(VirtualClock clock) throws Exception {
      var runs = CloseableQueue.<Instant>unbounded("runs");
      var report =
          Schedule.named("report")
              .zone(ZoneId.of("Europe/Berlin"))
              .at(Schedule.Times.daily(LocalTime.of(6, 0)), _ -> runs.put(clock.instant()));
      clock.sleep(Duration.ofDays(3));
      Assertions.assertThat(runs.drain())
          .containsExactly(
              Instant.parse("2026-03-28T05:00:00Z"),
              Instant.parse("2026-03-29T04:00:00Z"), // the clocks went forward in the night
              Instant.parse("2026-03-30T04:00:00Z"));
      Assertions.assertThat(report.status().runs()).isEqualTo(3);
    }

    @Test
    void repeat_everyMinuteForADay_missesNone(VirtualClock clock) throws Exception {
      var beat = Repeat.named("beat").atFixedRate(Duration.ofMinutes(1), _ -> {});
      clock.sleep(Duration.ofDays(1).plusSeconds(1));
      Assertions.assertThat(beat.status().runs()).isEqualTo(24 * 60);
      Assertions.assertThat(beat.status().skipped()).isZero();
    }
  }

  // ---- a pipeline's shutdown

  static ManagedThread<?> pipeline(CloseableQueue<String> lines, Consumer<String> out) {
    return ManagedThread.run(
        "pipeline",
        _ -> {
          var words = CloseableQueue.<String>bounded("words", 10);
          ManagedThread.run(
              "splitter",
              pleaseStop -> {
                try (words) {
                  for (String line : lines.until(pleaseStop)) {
                    words.putAll(List.of(line.split(" ")));
                  }
                }
              });
          for (String word : words) {
            out.accept(word);
          }
        });
  }

  @VirtualTime
  static class PipelineTest {
    private final CloseableQueue<String> lines = CloseableQueue.unbounded("lines");

    @Test
    void close_everythingInsideIsWritten() throws Exception {
      var out = new ArrayList<String>();
      var pipeline = pipeline(lines, out::add);
      lines.put("one two");
      lines.close();
      pipeline.join();
      Assertions.assertThat(out).containsExactly("one", "two");
    }

    @Test
    void stop_whileTheWriterIsSlow_writesWhatWasSplit(VirtualClock clock) throws Exception {
      var disk = SlowSink.<String>create();
      var pipeline = pipeline(lines, disk);
      lines.put("one two");
      disk.called(1).await();
      pipeline.stop();
      clock.awaitOthersBlocked(); // the splitter has ended, the writer hangs in the disk
      assertThat(pipeline).hasNotStopped();
      disk.letGo();
      assertThat(pipeline).stopsWithin(Duration.ofSeconds(1));
      Assertions.assertThat(disk.received()).containsExactly("one", "two");
    }

    @Test
    @ManagedThreads(allowedLog = System.Logger.Level.WARNING) // "three" is left over in the queue
    void writerFails_thePipelineFailsAndStops() throws Exception {
      var pipeline = pipeline(lines, FailingSink.atCall(2));
      lines.put("one two three");
      assertThat(pipeline.awaitOutcome()).isFailedThat().hasMessageContaining("call 2");
      lines.drain();
    }
  }

  // ---- a race between a time-out and a result

  static String answer(Signal ready, Duration patience) throws InterruptedException {
    return ready.await(patience) ? "in time" : "too late";
  }

  @VirtualTime
  static class AnswerTest {
    @Test
    void answer_aMomentBeforeTheTimeout_isInTime(VirtualClock clock) throws Exception {
      Assertions.assertThat(answerAfter(Duration.ofSeconds(10).minusNanos(1), clock))
          .isEqualTo("in time");
    }

    @Test
    void answer_aMomentAfterTheTimeout_isTooLate(VirtualClock clock) throws Exception {
      Assertions.assertThat(answerAfter(Duration.ofSeconds(10).plusNanos(1), clock))
          .isEqualTo("too late");
    }

    private static String answerAfter(Duration time, VirtualClock clock) throws Exception {
      var ready = Signal.create("ready");
      ManagedThread.run(
          "server",
          _ -> {
            clock.sleep(time);
            ready.go();
          });
      return answer(ready, Duration.ofSeconds(10));
    }
  }

  // ---- an order, and a thread that waits

  @ManagedThreads(timeout = "10 s")
  static class OrderTest {
    @Test
    void put_queueIsFull_waits() throws Exception {
      var queue = CloseableQueue.<String>bounded("queue", 1);
      queue.put("first");
      var putter = ManagedThread.run("putter", _ -> queue.put("second"));
      TestThreads.awaitBlocked(putter);
      Assertions.assertThat(queue.take()).isEqualTo("first");
      putter.join();
    }

    @Test
    void close_betweenTwoPuts_refusesTheSecond() throws Exception {
      var queue = CloseableQueue.<String>unbounded("queue");
      var order = Sequencer.create("order");
      var putter =
          ManagedThread.call(
              "putter",
              _ -> {
                order.call(1, () -> queue.offer("first"));
                return order.call(3, () -> queue.offer("second"));
              });
      order.step(2, queue::close);
      Assertions.assertThat(putter.join()).hasToString("CLOSED");
      Assertions.assertThat(queue.take()).isEqualTo("first");
    }

    @Test
    void action_throws_isLogged_andDisturbsNobody(TestLog log) {
      var loaded = Signal.create("loaded");
      loaded.then(() -> {
        throw new IllegalStateException("planted");
      });
      loaded.go();
      log.take(System.Logger.Level.ERROR, "loaded");
    }
  }

  // ---- the end of a program

  @VirtualTime(managed = false)
  static class ProgramTest {
    @Test
    void close_theServerHasRequests_finishesThem(ThreadTree tree, VirtualClock clock)
        throws Exception {
      var server =
          ManagedThread.run(
              "server",
              pleaseStop -> {
                pleaseStop.await();
                clock.sleep(Duration.ofMillis(500)); // answers what it has begun
              });
      assertThat(tree).hasThreads("server");
      tree.close();
      server.join();
      Assertions.assertThat(clock.elapsed()).isEqualTo(Duration.ofMillis(500));
    }
  }

  // ---- what the clock does not see

  @VirtualTime
  static class AlienTest {
    @Test
    void callback_ofAnotherThread_isAwaited(VirtualClock clock) throws Exception {
      var done = Signal.create("done");
      var hold = clock.hold(); // until the other has called back
      var other =
          Thread.ofVirtual()
              .start(() -> {
                done.go();
                hold.close();
              });
      assertThat(done).isSignalledWithin(Duration.ofSeconds(1));
      other.join();
    }
  }
}
