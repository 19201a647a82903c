package org.morethreads.cron;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.morethreads.sync.Signal;
import org.morethreads.testing.TestLog;
import org.morethreads.testing.VirtualClock;
import org.morethreads.testing.VirtualTime;
import org.morethreads.work.Schedule;

/** Schedules that go by cron, over days on which clocks are set, on virtual time. */
class CronScheduleTest {
  private static final ZoneId ZURICH = ZoneId.of("Europe/Zurich");

  private static Instant inZurich(String local) {
    return LocalDateTime.parse(local).atZone(ZURICH).toInstant();
  }

  @Test
  @VirtualTime(start = "2030-03-29T12:00:00Z")
  void at_clocksSetForward_runsOnceEachDayAtThatTime(VirtualClock clock) throws Exception {
    Queue<Instant> begins = new ConcurrentLinkedQueue<>();
    var schedule =
        Schedule.named("s")
            .zone(ZURICH)
            .at(Cron.of("30 2 * * *"), _ -> begins.add(clock.instant()));
    clock.sleep(Duration.ofDays(3));
    assertThat(begins)
        .containsExactly(
            inZurich("2030-03-30T02:30"),
            inZurich("2030-03-31T03:30"),
            inZurich("2030-04-01T02:30"));
    assertThat(schedule.status().next()).isEqualTo("2030-04-02T02:30+02:00[Europe/Zurich]");
    assertThat(schedule.status().skipped()).isZero();
  }

  @Test
  @VirtualTime(start = "2030-10-26T12:00:00Z")
  void at_clocksSetBack_runsOnceEachDayOrAtThePaceOfTheClock(VirtualClock clock) throws Exception {
    Queue<Instant> daily = new ConcurrentLinkedQueue<>();
    Queue<Instant> hourly = new ConcurrentLinkedQueue<>();
    Schedule.named("daily").zone(ZURICH).at(Cron.of("30 2 * * *"), _ -> daily.add(clock.instant()));
    Schedule.named("hourly").zone(ZURICH).at(Cron.of("@hourly"), _ -> hourly.add(clock.instant()));
    clock.sleep(Duration.ofMinutes(40 * 60 + 1));
    assertThat(daily)
        .containsExactly(
            Instant.parse("2030-10-27T00:30:00Z"), Instant.parse("2030-10-28T01:30:00Z"));
    assertThat(hourly).hasSize(40);
    assertThat(hourly).first().isEqualTo(Instant.parse("2030-10-26T13:00:00Z"));
  }

  @Test
  @VirtualTime(start = "2030-06-03T00:00:00Z")
  void status_ofRuns_saysHowTheLastWentAndWhenTheNextIs(VirtualClock clock, TestLog log)
      throws Exception {
    var schedule =
        Schedule.named("s")
            .zone(ZURICH)
            .at(
                Cron.of("0 9 * * MON-FRI"),
                _ -> {
                  throw new IOException("disk");
                });
    clock.sleep(Duration.ofSeconds(1));
    assertThat(schedule.status().next()).isEqualTo("2030-06-03T09:00+02:00[Europe/Zurich]");
    assertThat(schedule.status().lastBegan()).isNull();
    clock.sleep(Duration.ofDays(5));
    var status = schedule.status();
    assertThat(status.runs()).isEqualTo(5);
    assertThat(status.failures()).isEqualTo(5);
    assertThat(status.lastFailure()).isInstanceOf(IOException.class);
    assertThat(status.lastBegan()).isEqualTo(inZurich("2030-06-07T09:00"));
    assertThat(status.next()).isEqualTo("2030-06-10T09:00+02:00[Europe/Zurich]");
    for (int i = 0; i < 5; i++) {
      log.take(System.Logger.Level.ERROR, "schedule");
    }
  }

  @Test
  @VirtualTime(start = "2030-03-31T00:00:00Z")
  void maximumRunTime_overAChangeOfTheClocks_isRealTime(VirtualClock clock, TestLog log)
      throws Exception {
    Queue<Duration> lasted = new ConcurrentLinkedQueue<>();
    var schedule =
        Schedule.named("s")
            .zone(ZURICH)
            .maximumRunTime(Duration.ofMinutes(90))
            .at(
                Cron.of("30 1 * * *"), // half an hour before the clocks are set forward
                _ -> {
                  Instant began = clock.instant();
                  try {
                    Signal.NEVER.await();
                  } finally {
                    lasted.add(Duration.between(began, clock.instant()));
                  }
                });
    clock.sleep(Duration.ofHours(4));
    assertThat(lasted).containsExactly(Duration.ofMinutes(90));
    assertThat(schedule.status().lastFailure()).isInstanceOf(TimeoutException.class);
    assertThat(schedule.status().next()).isEqualTo("2030-04-01T01:30+02:00[Europe/Zurich]");
    log.take(System.Logger.Level.ERROR, "schedule");
  }

  @Test
  @VirtualTime(start = "2030-01-01T00:00:00Z")
  void run_longerThanTheTimes_skipsAndCountsThem(VirtualClock clock) throws Exception {
    Queue<Duration> begins = new ConcurrentLinkedQueue<>();
    var schedule =
        Schedule.named("s")
            .at(
                Cron.of("*/10 * * * *"),
                _ -> {
                  begins.add(clock.elapsed());
                  if (begins.size() == 1) {
                    clock.sleep(Duration.ofMinutes(35));
                  }
                });
    clock.sleep(Duration.ofMinutes(65));
    assertThat(begins)
        .containsExactlyElementsOf(
            List.of(Duration.ofMinutes(10), Duration.ofMinutes(50), Duration.ofMinutes(60)));
    assertThat(schedule.status().skipped()).isEqualTo(3);
  }

  @Test
  @VirtualTime(start = "2030-01-01T00:00:00Z")
  void at_yearsAreOver_ends(VirtualClock clock) throws Exception {
    var schedule = Schedule.named("s").at(Cron.quartz("0 0 12 1 1 ? 2030"), _ -> {});
    schedule.stopped().await();
    assertThat(schedule.status().runs()).isEqualTo(1);
    assertThat(clock.elapsed()).isLessThan(Duration.ofDays(2));
  }
}
