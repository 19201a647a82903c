package org.morethreads.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.openjdk.jmh.runner.RunnerException;

/** Runs areas and writes what they showed: see {@code benchmarks/run}. */
final class Bench {
  private static final String ROUNDS = "--rounds=";
  private static final String ONLY = "--only=";

  private Bench() {}

  public static void main(String... arguments) throws IOException, RunnerException {
    boolean quick = false;
    int rounds = 0;
    Map<String, List<String>> only = new LinkedHashMap<>();
    List<Area> areas = new ArrayList<>();
    Path results = Path.of(arguments[0]);
    for (String argument : Arrays.asList(arguments).subList(1, arguments.length)) {
      if (argument.equals("--quick")) {
        quick = true;
      } else if (argument.startsWith(ROUNDS)) {
        rounds = roundsOf(argument);
      } else if (argument.startsWith(ONLY)) {
        addLimit(only, argument);
      } else {
        areas.add(areaOf(argument));
      }
    }
    if (areas.isEmpty()) {
      areas = List.of(Area.values());
    }
    Files.createDirectories(results);
    List<String> lines = new ArrayList<>();
    StringBuilder table = new StringBuilder(machine(quick && rounds == 0 ? 1 : rounds));
    for (Area area : areas) {
      int count = rounds > 0 ? rounds : quick ? 1 : area.usualRounds();
      Report report = new Report(area, area.measure(new Effort(quick, count, only, results)));
      if (report.isEmpty()) {
        System.err.println(area.title() + ": nothing was measured; see what JMH says above.");
        System.exit(1);
      }
      table.append(report.markdown());
      Files.writeString(results.resolve(area.title() + ".json"), report.json());
      System.out.println(report.markdown());
      System.out.println(report.line());
      lines.add(report.line());
    }
    Files.writeString(results.resolve("table.md"), table);
    System.out.println();
    lines.forEach(System.out::println);
  }

  private static Area areaOf(String argument) {
    for (Area area : Area.values()) {
      if (area.title().equals(argument)) {
        return area;
      }
    }
    System.err.println(
        "There is no area \""
            + argument
            + "\"; there are: "
            + String.join(" ", Arrays.stream(Area.values()).map(Area::title).toList()));
    System.exit(2);
    throw new IllegalStateException();
  }

  /** For example {@code --only=peer=ours,ABQ}. */
  private static void addLimit(Map<String, List<String>> only, String argument) {
    String[] parts = argument.substring(ONLY.length()).split("=", 2);
    if (parts.length < 2 || parts[0].isEmpty() || parts[1].isEmpty()) {
      System.err.println(
          "\"" + argument + "\" names no parameter and values; write " + ONLY + "peer=ours,ABQ.");
      System.exit(2);
    }
    only.put(parts[0], List.of(parts[1].split(",")));
  }

  private static int roundsOf(String argument) {
    try {
      int rounds = Integer.parseInt(argument.substring(ROUNDS.length()));
      if (rounds > 0) {
        return rounds;
      }
    } catch (NumberFormatException e) {
      // said below
    }
    System.err.println("\"" + argument + "\" is no number of rounds; write " + ROUNDS + "3.");
    System.exit(2);
    throw new IllegalStateException();
  }

  /**
   * Says where and how.
   *
   * @param rounds zero for as many as are usual
   */
  private static String machine(int rounds) {
    Runtime runtime = Runtime.getRuntime();
    return String.format(
        Locale.ROOT,
        "%d processors, %s %s, JDK %s, -Xms4g -Xmx4g, %s%n%n",
        runtime.availableProcessors(),
        System.getProperty("os.name"),
        System.getProperty("os.arch"),
        System.getProperty("java.runtime.version"),
        switch (rounds) {
          case 0 -> "5 rounds (scale: 2), each peer in a JVM of its own in each";
          case 1 -> "one round";
          default -> rounds + " rounds, each peer in a JVM of its own in each";
        });
  }
}
