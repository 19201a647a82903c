package org.morethreads.work;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.morethreads.testing.MoreThreadsAssertions.assertThat;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.morethreads.queue.CloseableQueue;
import org.morethreads.sync.Signal;
import org.morethreads.testing.SignalProbe;
import org.morethreads.testing.TestLog;
import org.morethreads.testing.VirtualClock;
import org.morethreads.testing.VirtualTime;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.ThreadTree;

/** Repetitions, on virtual time. */
@VirtualTime(managed = false)
class RepeatTest {
  private static Duration seconds(double seconds) {
    return Duration.ofMillis(Math.round(seconds * 1000));
  }

  private static void pause(double seconds) throws InterruptedException {
    Signal.NEVER.await(seconds(seconds));
  }

  /** Notes when runs begin, in seconds; the runs take some time, given in turn, then none. */
  private static final class Runs {
    private final VirtualClock time;
    private final Queue<Double> begins = new ConcurrentLinkedQueue<>();
    private final Queue<Double> lasting;

    Runs(VirtualClock time, Double... lasting) {
      this.time = time;
      this.lasting = new ConcurrentLinkedQueue<>(List.of(lasting));
    }

    void run(Signal pleaseStop) throws InterruptedException {
      begins.add(time.elapsed().toMillis() / 1000.0);
      Double takes = lasting.poll();
      if (takes != null) {
        pause(takes);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void atFixedRate_runsTakeTime_beginOnTime(boolean platform, ThreadTree tree, VirtualClock clock)
      throws Exception {
    var runs = new Runs(clock, 0.5, 0.0, 1.9);
    var builder = Repeat.named("r");
    var repeat = (platform ? builder.platform() : builder).atFixedRate(seconds(2), runs::run);
    pause(9);
    assertThat(runs.begins).containsExactly(2.0, 4.0, 6.0, 8.0);
    assertThat(repeat.status().runs()).isEqualTo(4);
    assertThat(repeat.status().skipped()).isZero();
    assertThat(repeat.thread()).hasPath(tree.name() + "/r");
    if (platform) {
      assertThat(repeat.thread()).isPlatform();
    } else {
      assertThat(repeat.thread()).isVirtual();
    }
    repeat.stop();
    repeat.stopped().await();
    assertThat(clock.elapsed()).as("the pause ends at once").isEqualTo(seconds(9));
  }

  @Test
  void atFixedRate_runTakesTooLong_skipsAndCountsTheMissedOnes(VirtualClock clock)
      throws Exception {
    var runs = new Runs(clock, 7.0);
    var repeat = Repeat.named("r").firstAfter(Duration.ZERO).atFixedRate(seconds(2), runs::run);
    pause(11);
    assertThat(runs.begins).containsExactly(0.0, 8.0, 10.0);
    assertThat(repeat.status().skipped()).isEqualTo(3);
    repeat.stop();
  }

  @Test
  void atFixedRate_runEndsJustWhenTheNextIsDue_skipsNone(VirtualClock clock) throws Exception {
    var runs = new Runs(clock, 2.0, 4.0);
    var repeat = Repeat.named("r").firstAfter(Duration.ZERO).atFixedRate(seconds(2), runs::run);
    pause(7);
    assertThat(runs.begins).containsExactly(0.0, 2.0, 6.0);
    assertThat(repeat.status().skipped()).isEqualTo(1);
    repeat.stop();
  }

  @Test
  void withFixedDelay_runsTakeTime_pausesAfterEach(VirtualClock clock) throws Exception {
    var runs = new Runs(clock, 1.0, 5.0);
    var repeat = Repeat.named("r").firstAfter(seconds(1)).withFixedDelay(seconds(2), runs::run);
    pause(12);
    assertThat(runs.begins).containsExactly(1.0, 4.0, 11.0);
    assertThat(repeat.status().skipped()).isZero();
    repeat.stop();
  }

  @Test
  void firstAfter_negative_beginsAtOnceAndInStep(VirtualClock clock) throws Exception {
    var runs = new Runs(clock);
    var repeat = Repeat.named("r").firstAfter(seconds(-3)).atFixedRate(seconds(2), runs::run);
    pause(5);
    assertThat(runs.begins).containsExactly(0.0, 2.0, 4.0);
    assertThat(repeat.status().skipped()).isZero();
    repeat.stop();
  }

  /** Longer than can be counted in nanoseconds. */
  @Test
  void interval_extreme_neverComes(VirtualClock clock) throws Exception {
    var runs = new Runs(clock);
    var longest = Duration.ofSeconds(Long.MAX_VALUE);
    var rate = Repeat.named("a").firstAfter(seconds(1)).atFixedRate(longest, runs::run);
    var delay = Repeat.named("b").firstAfter(longest).withFixedDelay(longest, runs::run);
    pause(86_400);
    assertThat(runs.begins).containsExactly(1.0);
    rate.stop();
    delay.stop();
    assertThat(rate.thread().awaitOutcome()).isReturned();
    assertThat(delay.thread().awaitOutcome()).isReturned();
  }

  @Test
  void status_beforeAndDuringARun_hasWhatIsKnown(VirtualClock clock) throws Exception {
    var start = clock.instant();
    var repeat = Repeat.named("r").withFixedDelay(seconds(10), _ -> pause(4));
    assertThat(repeat).hasToString(repeat.thread().path());
    assertThat(repeat.status()).isEqualTo(new Repeat.Status(0, 0, 0, null, null, null));
    pause(12);
    assertThat(repeat.status())
        .isEqualTo(new Repeat.Status(0, 0, 0, start.plusSeconds(10), null, null));
    pause(10);
    assertThat(repeat.status())
        .isEqualTo(new Repeat.Status(1, 0, 0, start.plusSeconds(10), start.plusSeconds(14), null));
    pause(4);
    assertThat(repeat.status())
        .isEqualTo(new Repeat.Status(1, 0, 0, start.plusSeconds(24), start.plusSeconds(14), null));
    pause(3);
    repeat.stop();
  }

  @Test
  void run_fails_isReportedAndTheRepetitionGoesOn(VirtualClock clock, TestLog log)
      throws Exception {
    var count = new AtomicInteger();
    var repeat =
        Repeat.named("r")
            .atFixedRate(
                seconds(1),
                _ -> {
                  switch (count.incrementAndGet()) {
                    case 1 -> throw new IOException("disk");
                    case 2 -> throw new AssertionError("an error");
                    case 3 -> throw new InterruptedException("of its own");
                    default -> {}
                  }
                });
    pause(4.5);
    assertThat(count).hasValue(4);
    var status = repeat.status();
    assertThat(status.runs()).isEqualTo(4);
    assertThat(status.failures()).isEqualTo(3);
    assertThat(repeat.lastFailure()).containsInstanceOf(InterruptedException.class);
    assertThat(Duration.between(status.lastBegan(), clock.instant())).isEqualTo(seconds(0.5));
    assertThat(status.lastEnded()).isEqualTo(status.lastBegan());
    repeat.stop();
    assertThat(repeat.thread().awaitOutcome()).isReturned();
    assertThat(log.takeAll(Level.ERROR, "/r\" failed; it will be repeated"))
        .extracting(TestLog.Entry::failure)
        .hasOnlyElementsOfTypes(IOException.class, AssertionError.class, InterruptedException.class)
        .hasSize(3);
  }

  @Test
  void until_signalGoes_endsAfterTheRunUnderWay(VirtualClock clock) throws Exception {
    var enough = Signal.create("enough");
    var runs = new Runs(clock, 3.0);
    var repeat = Repeat.named("r").until(enough).atFixedRate(seconds(2), runs::run);
    var end = SignalProbe.on(repeat.stopped());
    pause(3);
    enough.go();
    pause(10);
    assertThat(end).wentAfter(seconds(5));
    assertThat(runs.begins).containsExactly(2.0);
    assertThat(repeat.status().runs()).isEqualTo(1);
  }

  @Test
  void until_signalWentBefore_neverRuns(VirtualClock clock) throws Exception {
    var runs = new Runs(clock);
    var repeat =
        Repeat.named("r")
            .firstAfter(Duration.ZERO)
            .until(Signal.DONE)
            .atFixedRate(seconds(2), runs::run);
    repeat.stopped().await();
    assertThat(runs.begins).isEmpty();
  }

  @Test
  void until_severalSignals_anyEnds(VirtualClock clock) throws Exception {
    var enough = Signal.create("enough");
    var first =
        Repeat.named("a").until(enough).until(Signal.NEVER).atFixedRate(seconds(9), _ -> {});
    var second =
        Repeat.named("b").until(Signal.NEVER).until(enough).withFixedDelay(seconds(9), _ -> {});
    pause(5);
    enough.go();
    first.stopped().await();
    second.stopped().await();
    assertThat(clock.elapsed()).isEqualTo(seconds(5));
  }

  /** The interrupt of a stop is not taken from a thread that is to end by it (H5). */
  @Test
  void stop_runEndsWithItsInterruptPending_endsAndReportsNothing(VirtualClock clock, TestLog log)
      throws Exception {
    var repeat =
        Repeat.named("r")
            .firstAfter(Duration.ZERO)
            .atFixedRate(
                seconds(1),
                _ -> {
                  try {
                    pause(60);
                  } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                  }
                });
    pause(1);
    repeat.stop();
    assertThat(repeat.thread().awaitOutcome()).isStopped();
    assertThat(clock.elapsed()).isEqualTo(seconds(6));
    assertThat(repeat.status().runs()).isEqualTo(1);
    assertThat(repeat.status().failures()).isZero();
    log.takeStopReports();
  }

  /** What fails while it is being stopped is told as that. */
  @Test
  void run_failsAfterTheStop_isReportedAsThat(TestLog log) throws Exception {
    var repeat =
        Repeat.named("r")
            .firstAfter(Duration.ZERO)
            .atFixedRate(
                seconds(1),
                stop -> {
                  stop.await();
                  throw new IOException("disk");
                });
    pause(1);
    repeat.stop();
    assertThat(repeat.thread().awaitOutcome()).isReturned();
    assertThat(repeat.status().failures()).isEqualTo(1);
    log.take(Level.ERROR, "/r\" failed; it is being stopped.");
  }

  @Test
  void stop_duringARun_interruptsItAfterTheAskedTimeH5(
      ThreadTree tree, VirtualClock clock, TestLog log) throws Exception {
    var runs = new Runs(clock, 60.0);
    var repeat = Repeat.named("r").firstAfter(Duration.ZERO).atFixedRate(seconds(2), runs::run);
    pause(1);
    tree.stop();
    assertThat(repeat.thread().awaitOutcome()).isStopped();
    assertThat(clock.elapsed()).isEqualTo(seconds(6));
    assertThat(repeat.status().runs()).as("cut short").isZero();
    assertThat(repeat.status().lastBegan()).isNotNull();
    log.takeStopReports();
  }

  @Test
  void interval_notPositive_saysWhatToDo() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Repeat.named("r").atFixedRate(Duration.ZERO, _ -> {}))
        .withMessageContaining("\"r\"")
        .withMessageContaining("ManagedThread.run");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Repeat.named("r").withFixedDelay(seconds(-1), _ -> {}));
    assertThatIllegalArgumentException().isThrownBy(() -> Repeat.named("a/b"));
  }

  @Test
  void atFixedRate_inAThread_isItsChildH1(ThreadTree tree) throws Exception {
    var owner =
        ManagedThread.call(
            "owner", _ -> Repeat.named("r").atFixedRate(seconds(1), _ -> {}).thread().path());
    assertThat(owner.join()).isEqualTo(tree.name() + "/owner/r");
  }

  @Test
  void run_leavesTheInterruptStatusSet_isReportedAndTheRepetitionGoesOn(TestLog log)
      throws Exception {
    var count = new AtomicInteger();
    var repeat =
        Repeat.named("r")
            .atFixedRate(
                seconds(1),
                _ -> {
                  assertThat(Thread.currentThread().isInterrupted()).isFalse();
                  switch (count.incrementAndGet()) {
                    case 1 -> Thread.currentThread().interrupt();
                    case 2 -> {
                      Thread.currentThread().interrupt();
                      throw new IOException("disk");
                    }
                    default -> {}
                  }
                });
    pause(3.5);
    assertThat(count).hasValue(3);
    assertThat(repeat.status().failures()).isEqualTo(2);
    assertThat(repeat.lastFailure()).containsInstanceOf(IOException.class);
    repeat.stop();
    assertThat(repeat.thread().awaitOutcome()).isReturned();
    assertThat(log.takeAll(Level.ERROR, "\" failed; it will be repeated")).hasSize(2);
  }

  @Test
  void run_leftByAClosedQueueAfterTheStop_isStoppedAndNoFailureH7(TestLog log) throws Exception {
    CloseableQueue<String> queue = CloseableQueue.unbounded("q");
    var repeat =
        Repeat.named("r")
            .firstAfter(Duration.ZERO)
            .atFixedRate(
                seconds(1),
                stop -> {
                  stop.await();
                  queue.close();
                  queue.put("late");
                });
    pause(1);
    repeat.stop();
    assertThat(repeat.thread().awaitOutcome()).isStopped();
  }

  @Test
  void run_leftByTheStopWithAFailureSuppressed_isAFailedRunH7(TestLog log) throws Exception {
    var closing = new IOException("not flushed");
    AutoCloseable resource =
        () -> {
          throw closing;
        };
    var repeat =
        Repeat.named("r")
            .firstAfter(Duration.ZERO)
            .atFixedRate(
                seconds(1),
                _ -> {
                  try (var _ = resource) {
                    Signal.NEVER.await();
                  }
                });
    pause(1);
    repeat.stop();
    repeat.stopped().await();
    assertThat(repeat.status().failures()).isEqualTo(1);
    assertThat(repeat.lastFailure().orElseThrow().getSuppressed()).containsExactly(closing);
    log.take(Level.ERROR, "/r\" failed; it is being stopped.");
    log.takeStopReports();
  }

  // ---- a stop that is under way: what is below waits for one who needs it, and comes first

  @Test
  void stop_runLeftByAClosedQueueBeforeItsThreadIsTold_isStoppedAndNoFailureH7(
      VirtualClock clock, TestLog log) throws Exception {
    CloseableQueue<String> queue = CloseableQueue.bounded("q", 1);
    var below = new AtomicReference<ManagedThread<?>>();
    var repeat =
        Repeat.named("r")
            .firstAfter(Duration.ZERO)
            .atFixedRate(
                seconds(1),
                _ -> {
                  below.set(ManagedThread.run("below", Signal::await));
                  queue.put("fits");
                  queue.put("waits");
                });
    clock.awaitOthersBlocked();
    var release = Signal.create("release");
    var needer = ManagedThread.named("needer").needs(below.get()).run(_ -> release.await());
    repeat.stop();
    queue.close();
    clock.awaitOthersBlocked();
    assertThat(repeat.thread().pleaseStop().isSignalled()).isFalse();
    release.go();
    assertThat(repeat.thread().awaitOutcome()).isStopped();
    assertThat(repeat.status().failures()).isZero();
    assertThat(log.takeAll(Level.ERROR, "")).isEmpty();
    needer.join();
  }

  @Test
  void stop_untilItsThreadIsTold_noFurtherRunBegins(VirtualClock clock, TestLog log)
      throws Exception {
    var below = new AtomicReference<ManagedThread<?>>();
    var runs = new AtomicInteger();
    var repeat =
        Repeat.named("r")
            .firstAfter(Duration.ZERO)
            .atFixedRate(
                seconds(1),
                _ -> {
                  if (runs.incrementAndGet() == 1) {
                    below.set(ManagedThread.run("below", Signal::await));
                  }
                });
    clock.awaitOthersBlocked();
    var release = Signal.create("release");
    var needer = ManagedThread.named("needer").needs(below.get()).run(_ -> release.await());
    repeat.stop();
    pause(2.5);
    assertThat(repeat.thread().pleaseStop().isSignalled()).isFalse();
    assertThat(runs).hasValue(1);
    release.go();
    assertThat(repeat.thread().awaitOutcome()).isReturned();
    needer.join();
    log.takeStopReports();
  }
}
