package org.morethreads.cron;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Finds out what is wrong with a cron expression, where, and what is possible there. */
final class Mistake {
  private static final Pattern WORD = Pattern.compile("\\S+");
  private static final String NICKNAMES = "@yearly, @monthly, @weekly, @daily, @midnight, @hourly";

  private Mistake() {}

  /** A field of an expression, and the column in which it begins, counted from 1. */
  private record Word(String text, int column) {}

  /** Words for an expression that the library does not take, and why that says so. */
  static String explain(String text, Cron.Dialect dialect, IllegalArgumentException wrong) {
    List<Word> words =
        WORD.matcher(text).results().map(m -> new Word(m.group(), m.start() + 1)).toList();
    String what = "The cron expression \"" + text + "\" ";
    if (text.startsWith("@")) {
      return what
          + (dialect == Cron.Dialect.QUARTZ
              ? "has a name instead of fields, which Quartz does not know; use Cron.of."
              : "is no name that is known. Use one of " + NICKNAMES + ", or fields.");
    }
    String countIsWrong = countIsWrong(words.size(), dialect);
    if (countIsWrong != null) {
      return what + countIsWrong;
    }
    for (int i = 0; i < words.size(); i++) {
      String why = whyNot(words, i, dialect);
      if (why != null) {
        Word word = words.get(i);
        return what
            + "is wrong at column "
            + word.column
            + ", in its field "
            + dialect.field(i)
            + " (\""
            + word.text
            + "\"): "
            + why
            + ". "
            + possible(dialect, dialect.field(i));
      }
    }
    return what
        + (dialect == Cron.Dialect.QUARTZ
            ? "names both a day of the month and a day of the week. Quartz wants \"?\" for one of"
                + " them (columns "
                + words.get(3).column
                + " and "
                + words.get(5).column
                + "); Cron.of takes both."
            : "cannot be read: " + reason(wrong) + ".");
  }

  private static @Nullable String countIsWrong(int count, Cron.Dialect dialect) {
    boolean quartz = dialect == Cron.Dialect.QUARTZ;
    if (quartz ? count == 6 || count == 7 : count == 5 || count == 6) {
      return null;
    }
    return "has "
        + count
        + (count == 1 ? " field, but " : " fields, but ")
        + (quartz
            ? "Quartz wants 6, or 7: second minute hour day-of-month month day-of-week [year]."
            : "5 or 6 are needed: [second] minute hour day-of-month month day-of-week.")
        + (!quartz && count == 7 ? " One with a year is read by Cron.quartz." : "");
  }

  /** Why a field is wrong, all others being any; null if it is not. */
  private static @Nullable String whyNot(List<Word> words, int index, Cron.Dialect dialect) {
    List<String> alone = new ArrayList<>();
    for (int i = 0; i < words.size(); i++) {
      alone.add(i == index ? words.get(i).text : "*");
    }
    int otherDay = index == 3 ? 5 : 3;
    if (dialect == Cron.Dialect.QUARTZ) {
      alone.set(otherDay, words.get(index).text.equals("?") ? "*" : dialect.anyDay);
    }
    try {
      dialect.parse(String.join(" ", alone));
      return null;
    } catch (IllegalArgumentException wrong) {
      return reason(wrong);
    }
  }

  /** What the library says, without the expression, which is not the user's. */
  private static String reason(IllegalArgumentException wrong) {
    Throwable inmost = wrong;
    while (inmost.getCause() instanceof IllegalArgumentException cause) {
      inmost = cause;
    }
    String said = String.valueOf(inmost.getMessage());
    said =
        said.replace("Failed to parse cron expression. ", "").replaceAll("\\s*Expression: .*", "");
    said = said.strip().replaceAll("[.!]+$", "");
    return said.isEmpty()
        ? "it cannot be read"
        : said.substring(0, 1).toLowerCase(Locale.ROOT) + said.substring(1);
  }

  private static String possible(Cron.Dialect dialect, String field) {
    return "Possible are "
        + switch (field) {
          case "second", "minute" -> "0 to 59, *, lists as 0,30, ranges as 10-20, steps as */15.";
          case "hour" -> "0 to 23, *, lists as 8,20, ranges as 8-17, steps as */6.";
          case "day-of-month" ->
              "1 to 31, *, lists as 1,15, ranges as 1-7, steps as */2"
                  + (dialect == Cron.Dialect.FIVE ? "." : ", L for the last, 15W, LW, ?.");
          case "month" -> "1 to 12, JAN to DEC, *, lists, ranges as MAR-OCT, steps as */3.";
          case "day-of-week" ->
              (dialect == Cron.Dialect.QUARTZ ? "1 (Sunday) to 7" : "0 (Sunday) to 7 (Sunday)")
                  + ", SUN to SAT, *, lists, ranges as MON-FRI"
                  + (dialect == Cron.Dialect.FIVE
                      ? "."
                      : ", 5L for the last, 5#3 for the third, ?.");
          case "year" -> "1970 to 2099, *, lists, ranges, steps.";
          default -> throw new AssertionError(field);
        };
  }
}
