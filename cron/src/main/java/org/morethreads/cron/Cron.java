package org.morethreads.cron;

import com.cronutils.descriptor.CronDescriptor;
import com.cronutils.model.CronType;
import com.cronutils.model.definition.CronDefinitionBuilder;
import com.cronutils.model.field.CronField;
import com.cronutils.model.field.CronFieldName;
import com.cronutils.model.field.expression.Always;
import com.cronutils.model.field.expression.Every;
import com.cronutils.model.field.expression.FieldExpression;
import com.cronutils.model.time.ExecutionTime;
import com.cronutils.parser.CronParser;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.time.zone.ZoneOffsetTransition;
import java.time.zone.ZoneRules;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.morethreads.work.Schedule;

/**
 * A cron expression: the times of a {@link Schedule}.
 *
 * {@snippet class="CronSnippets" region="schedule"}
 *
 * <p>{@link #of} reads the five fields of Unix, or six with the seconds in front, as Spring has
 * them: {@code [second] minute hour day-of-month month day-of-week}. A field is {@code *}, a
 * number, a list {@code 1,15}, a range {@code MON-FRI}, or a step {@code *}{@code /15}. Sunday is 0
 * or 7. When both days are given, one of them is enough if there are five fields; both have to fit
 * if there are six. {@link #quartz} reads the dialect of Quartz, where Sunday is 1.
 *
 * <p><b>When the clocks are set.</b> An expression that names hours means a time of the day, and
 * each of them once a day: when the clocks are set forward over it, it is as much later as they
 * are; when they are set back over it, it is the first of the two. One whose hour is {@code *}
 * means what the clock on the wall shows: it goes on at the same pace through an hour that comes
 * twice, and leaves out one that does not come at all. The time zone is that of the schedule.
 *
 * <p>Instances are immutable, and safe for use by several threads.
 *
 * @since 0.1
 */
public final class Cron implements Schedule.Times {
  /*
   * The library is only asked in local time, where no clock is ever set: it has no such choice, and is wrong around some changes.
   */
  private static final LocalDateTime LONG_AGO = LocalDateTime.of(1969, 12, 31, 23, 59);

  private final String expression;
  private final com.cronutils.model.Cron parsed;
  private final ExecutionTime times;

  /** Whether the hour is any: then it is the clock on the wall that counts. */
  private final boolean everyHour;

  private Cron(String expression, com.cronutils.model.Cron parsed) {
    this.expression = expression;
    this.parsed = parsed;
    this.times = ExecutionTime.forCron(parsed);
    this.everyHour = isAnyHour(parsed.retrieveFieldsAsMap().get(CronFieldName.HOUR));
  }

  private static boolean isAnyHour(@Nullable CronField field) {
    FieldExpression hour = field == null ? null : field.getExpression();
    return hour instanceof Always
        || (hour instanceof Every every
            && every.getExpression() instanceof Always
            && every.getPeriod().getValue() == 1);
  }

  /**
   * Reads an expression with five fields, or six with the seconds in front, or one of
   * {@code @yearly}, {@code @monthly}, {@code @weekly}, {@code @daily}, {@code @midnight} and
   * {@code @hourly}.
   *
   * @param expression such as {@code 30 2 * * MON-FRI}
   * @return the times
   * @throws IllegalArgumentException if it is none, or no time fits it; the message has the place
   *     in the expression, the reason, and what is possible there
   */
  public static Cron of(String expression) {
    String text = expression.strip();
    boolean five = text.split("\\s+", -1).length == 5;
    return parse(text, five ? Dialect.FIVE : Dialect.SIX);
  }

  /**
   * Reads an expression of Quartz: six fields with the seconds in front, and perhaps a year. One of
   * the two days has to be {@code ?}; Sunday is 1.
   *
   * @param expression such as {@code 0 30 2 ? * 2-6}
   * @return the times
   * @throws IllegalArgumentException if it is none, or no time fits it, as {@link #of}
   */
  public static Cron quartz(String expression) {
    return parse(expression.strip(), Dialect.QUARTZ);
  }

  private static Cron parse(String text, Dialect dialect) {
    com.cronutils.model.Cron parsed;
    try {
      parsed = dialect.parse(text);
    } catch (IllegalArgumentException wrong) {
      throw new IllegalArgumentException(Mistake.explain(text, dialect, wrong), wrong);
    }
    var cron = new Cron(text, parsed);
    if (cron.localAfter(LONG_AGO) == null) {
      throw new IllegalArgumentException(
          "No time fits the cron expression \""
              + text
              + "\": there is no such day. Nothing would ever run; choose a day that the month"
              + " has.");
    }
    return cron;
  }

  /** A definition of the library, and what a message needs to know of it. */
  enum Dialect {
    FIVE(CronType.UNIX, "*", "minute hour day-of-month month day-of-week"),
    SIX(CronType.SPRING53, "*", "second minute hour day-of-month month day-of-week"),
    QUARTZ(CronType.QUARTZ, "?", "second minute hour day-of-month month day-of-week year");

    private final CronType type;
    private final String fields;
    final String anyDay;

    Dialect(CronType type, String anyDay, String fields) {
      this.type = type;
      this.anyDay = anyDay;
      this.fields = fields;
    }

    com.cronutils.model.Cron parse(String text) {
      return new CronParser(CronDefinitionBuilder.instanceDefinitionFor(type))
          .parse(text)
          .validate();
    }

    /** The name of a field, counted from 0. */
    String field(int index) {
      return fields.split(" ", -1)[index];
    }
  }

  // ---- times

  /**
   * Answers the next time after another one.
   *
   * @param after a time, with the time zone
   * @return the next time; empty when there is none any more, as after the last year of one of
   *     Quartz
   */
  @Override
  public Optional<ZonedDateTime> next(ZonedDateTime after) {
    Objects.requireNonNull(after, "after");
    return Optional.ofNullable(everyHour ? nextOnTheWall(after) : nextOfTheDay(after));
  }

  /** The next local time after another one, as if no clock were ever set; a whole second. */
  private @Nullable LocalDateTime localAfter(LocalDateTime local) {
    return times
        .nextExecution(local.truncatedTo(ChronoUnit.SECONDS).atZone(ZoneOffset.UTC))
        .map(ZonedDateTime::toLocalDateTime)
        .orElse(null);
  }

  private @Nullable LocalDateTime localFrom(LocalDateTime local) {
    return localAfter(local.minusNanos(1));
  }

  /** Goes through the stretches between the changes of the clock, each with one offset. */
  private @Nullable ZonedDateTime nextOnTheWall(ZonedDateTime after) {
    ZoneRules rules = after.getZone().getRules();
    Instant begin = after.toInstant();
    ZoneOffset offset = after.getOffset();
    LocalDateTime next = localAfter(after.toLocalDateTime());
    while (next != null) {
      Instant at = next.toInstant(offset);
      ZoneOffsetTransition change = rules.nextTransition(begin);
      if (change == null || at.isBefore(change.getInstant())) {
        return at.atZone(after.getZone());
      }
      begin = change.getInstant();
      offset = change.getOffsetAfter();
      next = localFrom(change.getDateTimeAfter());
    }
    return null;
  }

  /**
   * The earliest of: the next time that was left out by the clocks that have been set forward
   * before; the next on the clock, though that may be left out by those that will be, and so come
   * later; and then the first one after these.
   */
  private @Nullable ZonedDateTime nextOfTheDay(ZonedDateTime after) {
    ZoneRules rules = after.getZone().getRules();
    LocalDateTime now = after.toLocalDateTime();
    ZonedDateTime found = null;
    ZoneOffsetTransition last = rules.previousTransition(after.toInstant().plusNanos(1));
    if (last != null && last.isGap()) {
      LocalDateTime asBefore = now.minus(last.getDuration());
      if (asBefore.isBefore(last.getDateTimeAfter())) {
        LocalDateTime leftOut = localAfter(asBefore);
        if (leftOut != null && leftOut.isBefore(last.getDateTimeAfter())) {
          found = leftOut.atZone(after.getZone());
        }
      }
    }
    LocalDateTime next = localAfter(now);
    while (next != null) {
      ZonedDateTime at = next.atZone(after.getZone()); // the first of two; later if left out
      ZoneOffsetTransition change = rules.getTransition(next);
      if (at.isAfter(after)) {
        found = earlier(found, at);
      }
      if (change == null) {
        return found;
      }
      if (change.isOverlap() && at.isAfter(after)) {
        return found;
      }
      next = localFrom(change.isGap() ? change.getDateTimeAfter() : change.getDateTimeBefore());
    }
    return found;
  }

  private static ZonedDateTime earlier(@Nullable ZonedDateTime one, ZonedDateTime other) {
    return one != null && one.isBefore(other) ? one : other;
  }

  // ---- for people

  /** {@return the expression, as it was given} */
  public String expression() {
    return expression;
  }

  /** {@return what it means, in English, such as "at 02:30 every day between Monday and Friday"} */
  public String describe() {
    return CronDescriptor.instance(Locale.ENGLISH).describe(parsed);
  }

  /** {@return the expression} */
  @Override
  public String toString() {
    return expression;
  }
}
