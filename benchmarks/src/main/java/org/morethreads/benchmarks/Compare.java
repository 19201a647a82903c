package org.morethreads.benchmarks;

import com.google.gson.Gson;
import com.google.gson.JsonParseException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Compares two runs of an area, and tells noise from change: {@code Compare OLD.json NEW.json}.
 *
 * <p>The machine may have been slower in one of the runs; how much, the peers tell that were
 * measured beside us in both. So the change of ours is divided by the median change of the peers at
 * the same thing. What is left counts as a change when even the better quartile of the new run
 * against the worse quartile of the old one, and the other way round, is off by more than {@value
 * #LEAST_PERCENT} %.
 */
final class Compare {
  private static final int LEAST_PERCENT = 5;
  private static final double LEAST = 1 + LEAST_PERCENT / 100.0;

  /** One line of a file; the names are those of its JSON. */
  record Figure(String what, String who, String unit, double median, double q1, double q3) {
    boolean isOurs() {
      return who.matches("ours.*|Command.*|ManagedProcess|off|on");
    }

    boolean isOf(Figure other) {
      return what.equals(other.what) && who.equals(other.who);
    }
  }

  /** A file. */
  record Run(String area, List<Figure> measurements) {}

  /** What became of one of our figures: {@code low} to {@code high} times what it was. */
  record Change(Figure before, Figure after, double drift, double low, double high) {
    double ratio() {
      return after.median / before.median / drift;
    }

    boolean isSlower() {
      return low > LEAST;
    }

    boolean isFaster() {
      return high < 1 / LEAST;
    }

    String word() {
      return isSlower() ? "**slower**" : isFaster() ? "faster" : "noise";
    }
  }

  private Compare() {}

  public static void main(String[] args) {
    if (args.length != 2) {
      System.err.println("usage: benchmarks/compare OLD.json NEW.json");
      System.exit(2);
    }
    List<Change> changes = List.of();
    try {
      changes = changes(read(Path.of(args[0])), read(Path.of(args[1])));
    } catch (IOException | IllegalArgumentException bad) {
      System.err.println("compare: " + bad.getMessage());
      System.exit(2);
    }
    System.out.print(table(changes));
    System.exit(changes.stream().anyMatch(Change::isSlower) ? 1 : 0);
  }

  static Run read(Path file) throws IOException {
    if (!Files.isReadable(file)) {
      throw new IllegalArgumentException(
          "\"" + file + "\" cannot be read. benchmarks/run writes such files.");
    }
    try {
      Run run = new Gson().fromJson(Files.readString(file), Run.class);
      if (run != null && run.area != null && run.measurements != null) {
        return run;
      }
    } catch (JsonParseException bad) {
      throw new IllegalArgumentException(
          "\"" + file + "\" is no JSON: " + bad.getMessage() + ". benchmarks/run writes it.", bad);
    }
    throw new IllegalArgumentException(
        "\"" + file + "\" has no measurements of an area. benchmarks/run writes such files.");
  }

  static List<Change> changes(Run before, Run after) {
    if (!before.area.equals(after.area)) {
      throw new IllegalArgumentException(
          "These are two areas, "
              + before.area
              + " and "
              + after.area
              + ". Give two runs of the same one.");
    }
    List<Change> changes = new ArrayList<>();
    for (Figure old : before.measurements) {
      for (Figure now : after.measurements) {
        if (old.isOurs() && old.isOf(now)) {
          double drift = drift(before, after, old.what);
          changes.add(
              new Change(old, now, drift, now.q1 / old.q3 / drift, now.q3 / old.q1 / drift));
        }
      }
    }
    if (changes.isEmpty()) {
      throw new IllegalArgumentException(
          "The two runs of area " + before.area + " have nothing of ours in common.");
    }
    return changes;
  }

  /** How many times slower the machine was in the new run, as the peers tell it. */
  private static double drift(Run before, Run after, String what) {
    double[] changes =
        before.measurements.stream()
            .filter(old -> !old.isOurs() && old.what.equals(what))
            .flatMapToDouble(old ->
                after.measurements.stream()
                    .filter(old::isOf)
                    .mapToDouble(now -> now.median / old.median))
            .sorted()
            .toArray();
    return changes.length == 0 ? 1 : Measurement.quantile(changes, 0.5);
  }

  static String table(List<Change> changes) {
    StringBuilder text = new StringBuilder();
    text.append("| what | who | before | after | machine | change (from–to) | |\n");
    text.append("| --- | --- | ---: | ---: | ---: | ---: | --- |\n");
    for (Change each : changes) {
      text.append(
          String.format(
              Locale.ROOT,
              "| %s | %s | %.4g | %.4g %s | %.2f | %.2f (%.2f–%.2f) | %s |%n",
              each.before.what,
              each.before.who,
              each.before.median,
              each.after.median,
              each.after.unit,
              each.drift,
              each.ratio(),
              each.low,
              each.high,
              each.word()));
    }
    return text.toString();
  }
}
