package org.morethreads.benchmarks;

import static org.morethreads.benchmarks.Target.atMostOrAs;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.morethreads.benchmarks.scale.ScaleProgram;

/**
 * What one of n things costs, for n from 10 to 10,000,000, or as many as fit into the memory.
 *
 * <p>What is held against a target is the growth: the cost at the largest n over the lowest at any
 * smaller one, as a part of what O(log n) would allow, log(largest) / log(smallest). Things that do
 * not fit into the caches cost more than those that do, whatever the structure; so a growth that a
 * structure of the JDK has in the same run, one known to be O(1) or O(log n), is allowed as well.
 * And what is taken out one by one is taken out in two orders: as it was made, where the caches
 * help, so that it is the structure that shows; and mixed.
 */
final class Scale {
  private static final int OUT_OF_MEMORY = 3;
  private static final Pattern LINE = Pattern.compile("SCALE (\\d+) ([0-9.]+) (.+)");
  private static final Pattern STOPPED = Pattern.compile("STOPPED (\\d+) (.+)");

  /** What is measured, and of whom; the second is what ours is held against. */
  private static final Map<String, List<String>> SUBJECTS = new LinkedHashMap<>();

  static {
    SUBJECTS.put("signals", List.of("ours", "CompletableFuture"));
    SUBJECTS.put("tills", List.of("ours", "FJPschedule"));
    SUBJECTS.put("waiters", List.of("ours", "CountDownLatch"));
    SUBJECTS.put("children", List.of("ours", "startVirtualThread"));
    SUBJECTS.put("elements", List.of("ours", "LBQ"));
    SUBJECTS.put("priorities", List.of("ours", "PBQ"));
    SUBJECTS.put("unique", List.of("ours", "LinkedHashSet"));
    SUBJECTS.put("actions", List.of("ours", "CompletableFuture"));
    SUBJECTS.put("removals", List.of("ours", "LinkedHashSet"));
    SUBJECTS.put("composites", List.of("ours", "LinkedHashMap"));
    for (String mixed : List.of("tills", "removals", "composites")) {
      SUBJECTS.put(mixed + ScaleProgram.IN_ORDER, Objects.requireNonNull(SUBJECTS.get(mixed)));
    }
  }

  static final List<Target> TARGETS =
      List.of(
          atMostOrAs(1, "^growth: signals", "ours", "CompletableFuture"),
          atMostOrAs(1, "^growth: awaited tills", "ours", "FJPschedule"),
          atMostOrAs(1, "^growth: waiters", "ours", "CountDownLatch"),
          atMostOrAs(1, "^growth: children", "ours", "startVirtualThread"),
          atMostOrAs(1, "^growth: queue elements", "ours", "LBQ"),
          atMostOrAs(1, "^growth: elements with priorities", "ours", "PBQ"),
          atMostOrAs(1, "^growth: unique elements", "ours", "LinkedHashSet"),
          atMostOrAs(
              1, "^growth: actions on one signal: (attach|run)", "ours", "CompletableFuture"),
          atMostOrAs(1, "^growth: actions on one signal: take out", "ours", "LinkedHashSet"),
          atMostOrAs(1, "^growth: composites", "ours", "LinkedHashMap"));

  private final boolean quick;
  private final int rounds;
  private final Path results;
  private final String heap;
  private final List<String> subjects;

  /** By what, who and how many: a figure for each round. */
  private final Map<Series, NavigableMap<Integer, List<Double>>> figures = new LinkedHashMap<>();

  private final Set<String> notes = new LinkedHashSet<>();

  /** A line of the plot. */
  record Series(String what, String who) {
    boolean isOurs() {
      return who.equals("ours");
    }
  }

  Scale(Effort effort) {
    this.quick = effort.quick();
    this.rounds = effort.rounds();
    this.results = effort.results();
    this.subjects = effort.only().getOrDefault("subject", List.copyOf(SUBJECTS.keySet()));
    for (String each : subjects) {
      if (!SUBJECTS.containsKey(each)) {
        throw new IllegalArgumentException(
            "There is no subject \"" + each + "\". There are: " + SUBJECTS.keySet());
      }
    }
    this.heap = quick ? "2g" : megabytes() + "m";
  }

  /** Two thirds of the memory of the machine. */
  private static long megabytes() {
    var machine =
        (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    return machine.getTotalMemorySize() * 2 / 3 / (1 << 20);
  }

  Findings run() throws IOException {
    for (int round = 0; round < rounds; round++) {
      for (String subject : subjects) {
        for (String who : Objects.requireNonNull(SUBJECTS.get(subject))) {
          measure(subject, who);
        }
      }
    }
    Path plot = results.resolve("scale.svg");
    Files.writeString(plot, new ScalePlot(medians()).svg());
    notes.add("Heap of " + heap + ". Plot: " + plot.getFileName() + ".");
    return new Findings(measurements(), table(), List.copyOf(notes));
  }

  private void measure(String subject, String who) {
    Child.Result result =
        Child.run(
            List.of(
                "-Xms" + heap,
                "-Xmx" + heap,
                "-XX:+ExitOnOutOfMemoryError",
                "-Dorg.morethreads.logging.backend=own"),
            ScaleProgram.class,
            List.of(
                subject,
                who,
                quick ? "100000" : "10000000",
                quick ? "3" : "5",
                quick ? "100000" : "500000"));
    int last = 0;
    for (String line : result.lines()) {
      Matcher figure = LINE.matcher(line);
      Matcher stopped = STOPPED.matcher(line);
      if (figure.matches()) {
        last = Integer.parseInt(figure.group(1));
        add(new Series(figure.group(3), who), last, Double.parseDouble(figure.group(2)));
      } else if (stopped.matches()) {
        note(subject, who, Integer.parseInt(stopped.group(1)), stopped.group(2));
      }
    }
    if (result.status() == OUT_OF_MEMORY && last > 0) {
      note(subject, who, last * 10, "the memory ran out");
    } else if (result.status() != 0) {
      throw new IllegalStateException(
          "the scale of " + subject + " of " + who + " ended with status " + result.status());
    }
  }

  private void note(String subject, String who, int count, String why) {
    notes.add(
        String.format(Locale.ROOT, "No figure for %,d %s of %s: %s.", count, subject, who, why));
  }

  private void add(Series series, int count, double nanos) {
    figures
        .computeIfAbsent(series, _ -> new TreeMap<>())
        .computeIfAbsent(count, _ -> new ArrayList<>())
        .add(nanos);
    System.out.printf(
        Locale.ROOT, "%,14d %9.2f ns  %s (%s)%n", count, nanos, series.what(), series.who());
  }

  // ---- what it comes to

  private List<Measurement> measurements() {
    List<Measurement> all = new ArrayList<>();
    figures.forEach((series, byCount) ->
        byCount.forEach((count, nanos) ->
            all.add(
                new Measurement(series.what() + " " + count, series.who(), "ns/op", each(nanos)))));
    figures.forEach((series, byCount) ->
        all.add(
            new Measurement(
                "growth: " + series.what(), series.who(), "x log n", each(growths(byCount)))));
    return all;
  }

  private static List<double[]> each(List<Double> rounds) {
    return rounds.stream().map(figure -> new double[] {figure}).toList();
  }

  /** In each round that came to the largest number, as parts of what O(log n) allows. */
  static List<Double> growths(NavigableMap<Integer, List<Double>> byCount) {
    int largest = byCount.lastKey();
    double allowed = Math.log(largest) / Math.log(byCount.firstKey());
    List<Double> growths = new ArrayList<>();
    List<Double> last = Objects.requireNonNull(byCount.get(largest));
    for (int round = 0; round < last.size(); round++) {
      double lowest = Double.MAX_VALUE;
      for (List<Double> smaller : byCount.headMap(largest).values()) {
        lowest = Math.min(lowest, smaller.get(round));
      }
      growths.add(last.get(round) / lowest / allowed);
    }
    return growths;
  }

  private Map<Series, NavigableMap<Integer, Double>> medians() {
    Map<Series, NavigableMap<Integer, Double>> medians = new LinkedHashMap<>();
    figures.forEach((series, byCount) -> {
      NavigableMap<Integer, Double> line = new TreeMap<>();
      byCount.forEach((count, nanos) -> line.put(count, median(nanos)));
      medians.put(series, line);
    });
    return medians;
  }

  private static double median(List<Double> figures) {
    return Measurement.quantile(
        figures.stream().mapToDouble(Double::doubleValue).sorted().toArray(), 0.5);
  }

  /** A column for each number. */
  private String table() {
    Map<Series, NavigableMap<Integer, Double>> medians = medians();
    Set<Integer> counts = new java.util.TreeSet<>();
    medians.values().forEach(line -> counts.addAll(line.keySet()));
    StringBuilder text = new StringBuilder("| ns for one of | who |");
    counts.forEach(count -> text.append(String.format(Locale.ROOT, " %,d |", count)));
    text.append("\n| --- | --- |").append(" ---: |".repeat(counts.size())).append('\n');
    medians.forEach((series, line) -> {
      text.append("| ").append(series.what()).append(" | ").append(series.who()).append(" |");
      for (Integer count : counts) {
        Double nanos = line.get(count);
        text.append(' ').append(nanos == null ? "" : Report.figure(nanos)).append(" |");
      }
      text.append('\n');
    });
    return text.toString();
  }
}
