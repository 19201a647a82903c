package org.morethreads.work;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.morethreads.testing.MoreThreadsAssertions.assertThat;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.morethreads.queue.CloseableQueue;
import org.morethreads.sync.Signal;
import org.morethreads.testing.SignalProbe;
import org.morethreads.testing.TestLog;
import org.morethreads.testing.VirtualClock;
import org.morethreads.testing.VirtualTime;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.ThreadFailedException;
import org.morethreads.thread.ThreadTree;

/** Schedules, on virtual time, which begins in 2030 at midnight UTC. */
@VirtualTime(managed = false)
class ScheduleTest {
  private static final ZoneId ZURICH = ZoneId.of("Europe/Zurich");

  /** Another class runs all of it on platform threads. */
  Schedule.Builder named(String name) {
    return Schedule.named(name);
  }

  static Duration seconds(double seconds) {
    return Duration.ofMillis(Math.round(seconds * 1000));
  }

  private static void pause(Duration time) throws InterruptedException {
    Signal.NEVER.await(time);
  }

  private static Schedule.Times every(double seconds, VirtualClock time) {
    return Schedule.Times.every(seconds(seconds), time.instant());
  }

  private static List<String> times(Schedule.Times times, String after, int count) {
    List<String> found = new ArrayList<>();
    ZonedDateTime at = ZonedDateTime.parse(after);
    for (int i = 0; i < count; i++) {
      at = times.next(at).orElseThrow();
      found.add(at.toOffsetDateTime().toString());
    }
    return found;
  }

  // ---- times

  @Test
  void daily_clocksSetForward_isAsMuchLaterThatDay() {
    assertThat(
            times(
                Schedule.Times.daily(LocalTime.of(2, 30)),
                "2030-03-30T12:00:00+01:00[Europe/Zurich]",
                2))
        .containsExactly("2030-03-31T03:30+02:00", "2030-04-01T02:30+02:00");
  }

  @Test
  void daily_clocksSetBack_isOnceThatDay() {
    assertThat(
            times(
                Schedule.Times.daily(LocalTime.of(2, 30)),
                "2030-10-26T12:00:00+02:00[Europe/Zurich]",
                2))
        .containsExactly("2030-10-27T02:30+02:00", "2030-10-28T02:30+01:00");
  }

  @Test
  void every_clocksSetForward_keepsTheInterval() {
    assertThat(
            times(
                Schedule.Times.every(Duration.ofHours(24), Instant.parse("2030-03-30T01:30:00Z")),
                "2030-03-29T00:00:00+01:00[Europe/Zurich]",
                3))
        .containsExactly(
            "2030-03-30T02:30+01:00", "2030-03-31T03:30+02:00", "2030-04-01T03:30+02:00");
  }

  @Test
  void every_startLongAgo_goesOnInStep() {
    assertThat(
            times(
                Schedule.Times.every(Duration.ofHours(7), Instant.parse("2020-01-01T00:00:00Z")),
                "2020-01-01T14:00:00Z",
                2))
        .containsExactly("2020-01-01T21:00Z", "2020-01-02T04:00Z");
  }

  @Test
  void every_notPositive_saysWhatToDo() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Schedule.Times.every(Duration.ZERO, Instant.EPOCH))
        .withMessageContaining("a millisecond or more");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Schedule.Times.every(Duration.ofNanos(999_999), Instant.EPOCH));
    var shortest = Schedule.Times.every(Duration.ofMillis(1), Instant.EPOCH);
    assertThat(times(shortest, "1970-01-01T00:00:00Z", 1))
        .containsExactly("1970-01-01T00:00:00.001Z");
  }

  // ---- runs

  @Test
  void at_everySoOften_runsThenAndSaysWhatIsNext(ThreadTree tree, VirtualClock clock)
      throws Exception {
    Queue<Duration> begins = new ConcurrentLinkedQueue<>();
    Instant start = clock.instant();
    var schedule = named("s").zone(ZURICH).at(every(60, clock), _ -> begins.add(clock.elapsed()));
    pause(seconds(150));
    assertThat(begins).containsExactly(seconds(60), seconds(120));
    var status = schedule.status();
    assertThat(status.runs()).isEqualTo(2);
    assertThat(status.lastBegan()).isEqualTo(start.plusSeconds(120));
    assertThat(status.next()).isEqualTo(start.plusSeconds(180).atZone(ZURICH));
    assertThat(schedule.thread()).hasPath(tree.name() + "/s");
    schedule.stop();
    schedule.stopped().await();
    assertThat(clock.elapsed()).as("ends at once").isEqualTo(seconds(150));
  }

  @Test
  void run_longerThanTheInterval_skipsAndCountsTheMissedTimes(VirtualClock clock) throws Exception {
    Queue<Duration> begins = new ConcurrentLinkedQueue<>();
    var schedule =
        named("s")
            .at(
                every(60, clock),
                _ -> {
                  begins.add(clock.elapsed());
                  pause(seconds(begins.size() == 1 ? 150 : 0));
                });
    pause(seconds(310));
    assertThat(begins).containsExactly(seconds(60), seconds(240), seconds(300));
    assertThat(schedule.status().skipped()).isEqualTo(2);
    schedule.stop();
  }

  /** A time that has come just now has not passed. */
  @Test
  void run_endsJustWhenTheNextIsDue_skipsNone(VirtualClock clock) throws Exception {
    Queue<Duration> begins = new ConcurrentLinkedQueue<>();
    var schedule =
        named("s")
            .at(
                every(60, clock),
                _ -> {
                  begins.add(clock.elapsed());
                  pause(seconds(begins.size() == 1 ? 60 : 0));
                });
    pause(seconds(190));
    assertThat(begins).containsExactly(seconds(60), seconds(120), seconds(180));
    assertThat(schedule.status().skipped()).isZero();
    schedule.stop();
  }

  @Test
  void status_duringARun_hasItsBeginAndNoNext(VirtualClock clock) throws Exception {
    Instant start = clock.instant();
    var schedule = named("s").at(every(60, clock), _ -> pause(seconds(10)));
    assertThat(schedule).hasToString(schedule.thread().path());
    pause(seconds(5));
    var before = schedule.status();
    assertThat(before.lastBegan()).isNull();
    assertThat(before.lastEnded()).isNull();
    assertThat(before.lastFailure()).isNull();
    assertThat(before.next()).isNotNull();
    pause(seconds(60));
    var during = schedule.status();
    assertThat(during.runs()).isZero();
    assertThat(during.lastBegan()).isEqualTo(start.plusSeconds(60));
    assertThat(during.lastEnded()).isNull();
    assertThat(during.next()).isNull();
    pause(seconds(10));
    var after = schedule.status();
    assertThat(after.runs()).isEqualTo(1);
    assertThat(after.lastBegan()).isEqualTo(start.plusSeconds(60));
    assertThat(after.lastEnded()).isEqualTo(start.plusSeconds(70));
    assertThat(after.failures()).isZero();
    assertThat(after.next().toInstant()).isEqualTo(start.plusSeconds(120));
    schedule.stop();
  }

  @Test
  void run_longerThanItsMaximum_isInterruptedAndReported(VirtualClock clock, TestLog log)
      throws Exception {
    Queue<Duration> ends = new ConcurrentLinkedQueue<>();
    var schedule =
        named("s")
            .maximumRunTime(seconds(10))
            .at(
                every(60, clock),
                _ -> {
                  try {
                    pause(seconds(600));
                  } finally {
                    ends.add(clock.elapsed());
                  }
                });
    pause(seconds(135));
    assertThat(ends).containsExactly(seconds(70), seconds(130));
    assertThat(schedule.status().failures()).isEqualTo(2);
    assertThat(schedule.status().lastFailure()).isInstanceOf(TimeoutException.class);
    schedule.stop();
    assertThat(schedule.thread().awaitOutcome()).isReturned();
    assertThat(log.takeAll(Level.ERROR, "schedule \"")).hasSize(2);
  }

  @Test
  void run_fails_isReportedAndTheScheduleGoesOn(ThreadTree tree, VirtualClock clock, TestLog log)
      throws Exception {
    var count = new AtomicInteger();
    var schedule =
        named("s")
            .at(
                every(60, clock),
                _ -> {
                  if (count.incrementAndGet() == 1) {
                    throw new IOException("disk");
                  }
                  throw new AssertionError("an error");
                });
    pause(seconds(130));
    assertThat(schedule.status().failures()).isEqualTo(2);
    assertThat(schedule.status().lastFailure()).isInstanceOf(AssertionError.class);
    schedule.stop();
    assertThat(log.takeAll(Level.ERROR, "schedule \"" + tree.name() + "/s\" failed; it goes on"))
        .hasSize(2);
  }

  @Test
  void stop_duringARunWithAMaximum_endsByTheStopPolicyH5(
      ThreadTree tree, VirtualClock clock, TestLog log) throws Exception {
    var schedule =
        named("s").maximumRunTime(seconds(600)).at(every(60, clock), _ -> pause(seconds(300)));
    pause(seconds(61));
    tree.stop();
    assertThat(schedule.thread().awaitOutcome()).isStopped();
    assertThat(clock.elapsed()).isEqualTo(seconds(66));
    log.takeStopReports();
  }

  @Test
  void at_noMoreTimes_endsAndSaysSo(ThreadTree tree, VirtualClock clock, TestLog log)
      throws Exception {
    ZonedDateTime only = clock.instant().plusSeconds(60).atZone(ZoneOffset.UTC);
    var schedule =
        named("s")
            .zone(ZoneOffset.UTC)
            .at(after -> Optional.of(only).filter(t -> t.isAfter(after)), _ -> {});
    schedule.stopped().await();
    assertThat(clock.elapsed()).isEqualTo(seconds(60));
    assertThat(schedule.status().runs()).isEqualTo(1);
    assertThat(schedule.status().next()).isNull();
    assertThat(log.take(Level.INFO, "has no more times").message())
        .isEqualTo("Schedule \"" + tree.name() + "/s\" has no more times, and ends.");
  }

  @Test
  void at_timesThatDoNotAdvance_failsAndSaysSo() throws Exception {
    var schedule = named("s").at(Optional::of, _ -> {});
    assertThatExceptionOfType(ThreadFailedException.class)
        .isThrownBy(() -> schedule.thread().join())
        .withMessageContaining("has to be later");
  }

  @Test
  void until_signalGoes_ends(VirtualClock clock) throws Exception {
    var enough = Signal.create("enough");
    var schedule = named("s").until(enough).at(every(60, clock), _ -> {});
    var end = SignalProbe.on(schedule.stopped());
    pause(seconds(70));
    enough.go();
    schedule.stopped().await();
    assertThat(clock.elapsed()).isEqualTo(seconds(70));
  }

  @Test
  void until_severalSignals_anyEnds(VirtualClock clock) throws Exception {
    var enough = Signal.create("enough");
    var first = named("a").until(enough).until(Signal.NEVER).at(every(60, clock), _ -> {});
    var second = named("b").until(Signal.NEVER).until(enough).at(every(60, clock), _ -> {});
    pause(seconds(10));
    enough.go();
    first.stopped().await();
    second.stopped().await();
    assertThat(clock.elapsed()).isEqualTo(seconds(10));
  }

  @Test
  void wallClockSetForward_keepsTheNextTimeAtOnceAndSkipsTheRest(VirtualClock clock)
      throws Exception {
    Queue<Duration> begins = new ConcurrentLinkedQueue<>();
    var schedule = named("s").at(every(3600, clock), _ -> begins.add(clock.elapsed()));
    pause(seconds(10));
    clock.setTimeOfDay(clock.instant().plus(Duration.ofHours(3)));
    pause(seconds(1800));
    assertThat(begins).hasSize(1);
    assertThat(schedule.status().skipped()).isEqualTo(2);
    schedule.stop();
  }

  @Test
  void named_badArguments_sayWhatToDo() {
    assertThatIllegalArgumentException().isThrownBy(() -> Schedule.named("a/b"));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Schedule.named("s").maximumRunTime(Duration.ZERO))
        .withMessageContaining("positive time");
  }

  @Test
  void status_afterTheEnd_hasNoNext(VirtualClock clock) throws Exception {
    var schedule = named("s").at(every(60, clock), _ -> {});
    pause(seconds(70));
    assertThat(schedule.status().next()).isNotNull();
    schedule.stop();
    schedule.stopped().await();
    assertThat(schedule.status().next()).isNull();
    assertThat(schedule.status().runs()).isEqualTo(1);
  }

  @Test
  void every_fractionOfAMillisecond_isKept() {
    var times = Schedule.Times.every(Duration.ofNanos(1_500_000), Instant.EPOCH);
    assertThat(times(times, "1970-01-01T00:00:00Z", 2))
        .containsExactly("1970-01-01T00:00:00.001500Z", "1970-01-01T00:00:00.003Z");
    assertThat(times(times, "1969-01-01T00:00:00Z", 1)).containsExactly("1970-01-01T00:00Z");
    assertThat(
            Schedule.Times.every(Duration.ofSeconds(Long.MAX_VALUE), Instant.EPOCH)
                .next(ZonedDateTime.parse("1969-01-01T00:00:00Z")))
        .isPresent();
  }

  @Test
  void wallClockSetForwardByDecades_goesOnAtOnce(VirtualClock clock) throws Exception {
    var count = new AtomicInteger();
    var schedule = named("s").at(every(1, clock), _ -> count.incrementAndGet());
    pause(seconds(1.5));
    clock.setTimeOfDay(clock.instant().plus(Duration.ofDays(60 * 365)));
    pause(seconds(2));
    assertThat(count.get()).isBetween(3, 4);
    assertThat(schedule.status().skipped()).isEqualTo(1000);
    assertThat(Duration.between(clock.instant(), schedule.status().next()))
        .isLessThan(seconds(1.1));
    schedule.stop();
  }

  /** What is below waits for one who needs it, and is told before the thread of the schedule. */
  @Test
  void stop_untilItsThreadIsTold_noRunFailsByItAndNoneBeginsH7(VirtualClock clock, TestLog log)
      throws Exception {
    CloseableQueue<String> queue = CloseableQueue.bounded("q", 1);
    var below = new AtomicReference<ManagedThread<?>>();
    var gone = new AtomicReference<ManagedThread<?>>();
    var runs = new AtomicInteger();
    var left =
        named("left")
            .maximumRunTime(seconds(600))
            .at(
                every(1, clock),
                _ -> {
                  below.set(ManagedThread.run("below", Signal::await));
                  queue.put("fits");
                  queue.put("waits");
                });
    var idle =
        named("idle")
            .at(
                every(1, clock),
                _ -> {
                  if (runs.incrementAndGet() == 1) {
                    gone.set(ManagedThread.run("below", Signal::await));
                  }
                });
    pause(seconds(1.5));
    var release = Signal.create("release");
    var needer =
        ManagedThread.named("needer")
            .needs(below.get())
            .needs(gone.get())
            .run(_ -> release.await());
    left.stop();
    idle.stop();
    queue.close();
    clock.awaitOthersBlocked();
    pause(seconds(2.5));
    assertThat(left.thread().pleaseStop().isSignalled()).isFalse();
    assertThat(idle.thread().pleaseStop().isSignalled()).isFalse();
    assertThat(left.status().failures()).isZero();
    assertThat(runs).hasValue(1);
    release.go();
    assertThat(left.thread().awaitOutcome()).isStopped();
    assertThat(idle.thread().awaitOutcome()).isReturned();
    assertThat(log.takeAll(Level.ERROR, "")).isEmpty();
    needer.join();
    log.takeStopReports();
  }
}
