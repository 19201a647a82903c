package org.morethreads.cron;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Cron expressions: the times that they mean, and what is said of those that mean none. */
class CronTest {
  private static List<String> times(Cron cron, String after, int count) {
    List<String> found = new ArrayList<>();
    ZonedDateTime at = ZonedDateTime.parse(after);
    for (int i = 0; i < count; i++) {
      at = cron.next(at).orElseThrow();
      found.add(at.toOffsetDateTime().toString());
    }
    return found;
  }

  // ---- dialects

  @Test
  void of_fiveFields_isUnix() {
    assertThat(times(Cron.of("30 2 * * MON-FRI"), "2030-03-29T12:00:00Z", 2))
        .containsExactly("2030-04-01T02:30Z", "2030-04-02T02:30Z");
    assertThat(times(Cron.of("*/20 8-9 * * *"), "2030-01-01T09:00:00Z", 3))
        .containsExactly("2030-01-01T09:20Z", "2030-01-01T09:40Z", "2030-01-02T08:00Z");
    assertThat(times(Cron.of("0 0 * * 7"), "2030-01-01T00:00:00Z", 1))
        .containsExactly("2030-01-06T00:00Z");
    assertThat(times(Cron.of("0 0 * * 0"), "2030-01-01T00:00:00Z", 1))
        .containsExactly("2030-01-06T00:00Z");
  }

  @Test
  void of_sixFields_hasSecondsInFront() {
    assertThat(times(Cron.of("*/20 * * * * *"), "2030-01-01T00:00:50Z", 2))
        .containsExactly("2030-01-01T00:01Z", "2030-01-01T00:01:20Z");
    assertThat(times(Cron.of("0 0 12 L * ?"), "2030-02-01T00:00:00Z", 1))
        .containsExactly("2030-02-28T12:00Z");
    assertThat(times(Cron.of("0 0 0 ? * 5#3"), "2030-01-01T00:00:00Z", 1))
        .containsExactly("2030-01-18T00:00Z");
  }

  @Test
  void of_name_isKnown() {
    assertThat(times(Cron.of("@daily"), "2030-01-01T00:00:00Z", 1))
        .containsExactly("2030-01-02T00:00Z");
    assertThat(times(Cron.of("@hourly"), "2030-01-01T00:00:00Z", 1))
        .containsExactly("2030-01-01T01:00Z");
    assertThat(times(Cron.of("@yearly"), "2030-01-01T00:00:00Z", 1))
        .containsExactly("2031-01-01T00:00Z");
  }

  @Test
  void of_bothDays_oneIsEnoughWithFiveFieldsAndBothHaveToFitWithSix() {
    assertThat(times(Cron.of("0 0 13 * FRI"), "2030-09-05T00:00:00Z", 3))
        .containsExactly("2030-09-06T00:00Z", "2030-09-13T00:00Z", "2030-09-20T00:00Z");
    assertThat(times(Cron.of("0 0 0 13 * FRI"), "2030-09-05T00:00:00Z", 2))
        .containsExactly("2030-09-13T00:00Z", "2030-12-13T00:00Z");
  }

  @Test
  void quartz_sundayIsOneAndYearsEnd() {
    assertThat(times(Cron.quartz("0 30 2 ? * 2-6"), "2030-03-29T12:00:00Z", 1))
        .containsExactly("2030-04-01T02:30Z");
    Cron once = Cron.quartz("0 0 0 1 1 ? 2031");
    assertThat(times(once, "2030-01-01T00:00:00Z", 1)).containsExactly("2031-01-01T00:00Z");
    assertThat(once.next(ZonedDateTime.parse("2031-01-01T00:00:00Z"))).isEmpty();
    assertThat(Cron.quartz("0 0 0 1 1 ? 2005").next(ZonedDateTime.parse("2031-01-01T00:00:00Z")))
        .isEmpty();
  }

  @Test
  void next_betweenSeconds_isTheNextWholeOne() {
    assertThat(times(Cron.of("0 12 * * *"), "2030-01-01T11:59:59.999999999Z", 1))
        .containsExactly("2030-01-01T12:00Z");
    assertThat(times(Cron.of("0 12 * * *"), "2030-01-01T12:00:00.000000001Z", 1))
        .containsExactly("2030-01-02T12:00Z");
    assertThat(times(Cron.of("* * * * * *"), "2030-01-01T12:00:00.5Z", 2))
        .containsExactly("2030-01-01T12:00:01Z", "2030-01-01T12:00:02Z");
  }

  @Test
  void describe_saysWhatItMeans() {
    Cron cron = Cron.of(" 30 2 * * MON-FRI ");
    assertThat(cron.describe()).isEqualTo("at 02:30 every day between Monday and Friday");
    assertThat(cron).hasToString("30 2 * * MON-FRI");
    assertThat(cron.expression()).isEqualTo("30 2 * * MON-FRI");
  }

  // ---- when the clocks are set

  @Test
  void next_clocksSetForwardOverATimeOfTheDay_isAsMuchLater() {
    assertThat(times(Cron.of("30 2 * * *"), "2030-03-30T12:00:00+01:00[Europe/Zurich]", 2))
        .containsExactly("2030-03-31T03:30+02:00", "2030-04-01T02:30+02:00");
    assertThat(times(Cron.of("0,30 2,3 * * *"), "2030-03-31T01:00:00+01:00[Europe/Zurich]", 3))
        .as("those that come together are one")
        .containsExactly(
            "2030-03-31T03:00+02:00", "2030-03-31T03:30+02:00", "2030-04-01T02:00+02:00");
  }

  @Test
  void next_clocksSetBackOverATimeOfTheDay_isTheFirstOfTheTwo() {
    assertThat(times(Cron.of("30 2 * * *"), "2030-10-26T12:00:00+02:00[Europe/Zurich]", 2))
        .containsExactly("2030-10-27T02:30+02:00", "2030-10-28T02:30+01:00");
    assertThat(times(Cron.of("*/30 2 * * *"), "2030-10-27T02:10:00+01:00[Europe/Zurich]", 1))
        .as("from within the second")
        .containsExactly("2030-10-28T02:00+01:00");
  }

  @Test
  void next_clocksSetWhileEveryHourCounts_keepsThePace() {
    assertThat(times(Cron.of("*/30 * * * *"), "2030-03-31T01:00:00+01:00[Europe/Zurich]", 3))
        .containsExactly(
            "2030-03-31T01:30+01:00", "2030-03-31T03:00+02:00", "2030-03-31T03:30+02:00");
    assertThat(times(Cron.of("*/30 * * * *"), "2030-10-27T01:30:00+02:00[Europe/Zurich]", 5))
        .containsExactly(
            "2030-10-27T02:00+02:00",
            "2030-10-27T02:30+02:00",
            "2030-10-27T02:00+01:00",
            "2030-10-27T02:30+01:00",
            "2030-10-27T03:00+01:00");
  }

  /** An expression, and which local times fit it, said in another way. */
  private record Expected(String expression, boolean everyHour, Predicate<LocalDateTime> fits) {}

  private static final List<Expected> EXPRESSIONS =
      List.of(
          new Expected("*/15 * * * *", true, t -> t.getMinute() % 15 == 0),
          new Expected("7 * * * *", true, t -> t.getMinute() == 7),
          new Expected("7 */1 * * *", true, t -> t.getMinute() == 7),
          new Expected("30 2 * * *", false, t -> t.getHour() == 2 && t.getMinute() == 30),
          new Expected("0 0 * * *", false, t -> t.getHour() == 0 && t.getMinute() == 0),
          new Expected("45 23 * * *", false, t -> t.getHour() == 23 && t.getMinute() == 45),
          new Expected("*/20 0-3 * * *", false, t -> t.getHour() < 4 && t.getMinute() % 20 == 0),
          new Expected("10 */2 * * *", false, t -> t.getHour() % 2 == 0 && t.getMinute() == 10));

  /** Days on which clocks are set, by an hour, by half of one, at midnight, over a whole day. */
  @ParameterizedTest
  @CsvSource({
    "Europe/Zurich, 2030-03-31", "Europe/Zurich, 2030-10-27",
    "America/New_York, 2030-03-10", "America/New_York, 2030-11-03",
    "Australia/Lord_Howe, 2030-04-07", "Australia/Lord_Howe, 2030-10-06",
    "Africa/Cairo, 2024-04-26", "Africa/Cairo, 2024-11-01",
    "Antarctica/Troll, 2030-03-31", "Antarctica/Troll, 2030-10-27",
    "Pacific/Apia, 2011-12-30", "Asia/Kolkata, 2030-03-31"
  })
  void next_overAnyChangeOfTheClocks_isWhatAClockOnTheWallShows(String zone, String day) {
    ZoneId id = ZoneId.of(zone);
    Instant begin = LocalDateTime.parse(day + "T12:00").minusDays(2).atZone(id).toInstant();
    Instant end = begin.plus(Duration.ofDays(4));
    for (Expected expected : EXPRESSIONS) {
      Cron cron = Cron.of(expected.expression);
      List<Instant> found = new ArrayList<>();
      ZonedDateTime at = begin.atZone(id);
      while (true) {
        ZonedDateTime next = cron.next(at).orElseThrow();
        if (!next.toInstant().isBefore(end)) {
          break;
        }
        assertThat(next.getZone()).isEqualTo(id);
        found.add(next.toInstant());
        at = next;
      }
      assertThat(found)
          .as("%s in %s", expected.expression, zone)
          .containsExactlyElementsOf(wanted(expected, id, begin, end));
      for (Instant within = begin; within.isBefore(end); within = within.plusSeconds(17 * 60)) {
        Instant next = cron.next(within.atZone(id)).orElseThrow().toInstant();
        assertThat(next).isAfter(within);
        assertThat(next.isBefore(end) ? found : List.of(next)).contains(next);
      }
    }
  }

  /** All times, by looking at each minute. */
  private static SortedSet<Instant> wanted(
      Expected expected, ZoneId zone, Instant begin, Instant end) {
    SortedSet<Instant> all = new TreeSet<>();
    if (expected.everyHour) {
      for (Instant at = begin; at.isBefore(end); at = at.plusSeconds(60)) {
        if (expected.fits.test(LocalDateTime.ofInstant(at, zone))) {
          all.add(at);
        }
      }
    } else {
      LocalDateTime last = LocalDateTime.ofInstant(end, zone).plusDays(2);
      for (LocalDateTime at = LocalDateTime.ofInstant(begin, zone).minusDays(2);
          at.isBefore(last);
          at = at.plusMinutes(1)) {
        if (expected.fits.test(at)) {
          all.add(at.atZone(zone).toInstant()); // later in a gap, the first of two
        }
      }
      all.removeIf(at -> at.isBefore(begin) || !at.isBefore(end));
    }
    all.remove(begin);
    return all;
  }

  // ---- mistakes

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "61 * * * *        | column 1, in its field minute (\"61\")        | not in range [0, 59]  | 0 to 59",
        "0 24 * * *        | column 3, in its field hour (\"24\")          | not in range [0, 23]  | 0 to 23",
        "0 0 32 * *        | column 5, in its field day-of-month (\"32\")  | not in range          | 1 to 31",
        "0 0 1 13 *        | column 7, in its field month (\"13\")         | not in range          | JAN to DEC",
        "0 0 * * FOO       | column 9, in its field day-of-week (\"FOO\")  | invalid chars         | SUN to SAT",
        "0  0   *  *  8    | column 14, in its field day-of-week (\"8\")   | not in range          | SUN to SAT",
        "*/0 * * * *       | column 1, in its field minute (\"*/0\")       | period 0              | steps as */15",
        "30-10 * * * *     | column 1, in its field minute (\"30-10\")     | invalid range         | ranges as 10-20",
        "1,,2 * * * *      | column 1, in its field minute (\"1,,2\")      | invalid chars         | lists as 0,30",
        "* * * * * 9       | column 11, in its field day-of-week (\"9\")   | not in range          | 5#3",
        "x * * * * *       | column 1, in its field second (\"x\")         | invalid chars         | 0 to 59"
      })
  void of_mistakeInAField_saysWhatWhereAndWhatIsPossible(
      String expression, String where, String why, String possible) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Cron.of(expression))
        .withMessageContaining("\"" + expression + "\"")
        .withMessageContaining(where)
        .withMessageContaining(why)
        .withMessageContaining(possible);
  }

  @Test
  void of_wrongNumberOfFields_saysHowManyAndWhich() {
    for (String expression : List.of("", "* * *", "* * * *", "* * * * * * *", "* * * * * * * *")) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> Cron.of(expression))
          .withMessageContaining("5 or 6 are needed: [second] minute hour");
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Cron.of("0 0 0 1 1 ? 2031"))
        .withMessageContaining("has 7 fields")
        .withMessageContaining("Cron.quartz");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Cron.quartz("0 0 * * *"))
        .withMessageContaining("has 5 fields, but Quartz wants 6");
  }

  @Test
  void of_unknownName_saysWhichAreKnown() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Cron.of("@dayly"))
        .withMessageContaining("\"@dayly\" is no name")
        .withMessageContaining("@daily");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Cron.quartz("@daily"))
        .withMessageContaining("use Cron.of");
  }

  @Test
  void quartz_mistake_saysWhatWhereAndWhatIsPossible() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Cron.quartz("0 30 2 1 * MON"))
        .withMessageContaining("wants \"?\" for one of them (columns 8 and 12)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Cron.quartz("0 30 2 ? * 8"))
        .withMessageContaining("column 12, in its field day-of-week")
        .withMessageContaining("1 (Sunday) to 7");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Cron.quartz("0 30 2 1 * ? 1066"))
        .withMessageContaining("column 14, in its field year")
        .withMessageContaining("1970 to 2099");
  }

  @ParameterizedTest
  @CsvSource({"0 0 30 2 *", "0 0 31 4 *", "0 0 0 31 6 ?"})
  void of_dayThatNeverComes_saysSo(String expression) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Cron.of(expression))
        .withMessageContaining("No time fits the cron expression \"" + expression + "\"")
        .withMessageContaining("choose a day");
  }
}
