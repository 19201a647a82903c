package org.morethreads.benchmarks;

import static org.morethreads.benchmarks.Target.absolute;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.morethreads.benchmarks.memory.MemoryProgram;

/** What things take of the heap: by how the heap grows, and by the objects of each. */
final class Memory {
  static final List<Target> TARGETS =
      List.of(
          absolute(300, "^thread, parked: above a virtual thread", "ours"),
          Target.stated("^signal$", "ours", "CompletableFuture"),
          Target.stated("^till with an action$", "ours", "FJPschedule"),
          Target.stated("^a\\.(or|and)\\(b\\)$", "ours", "CompletableFuture"),
          Target.stated("^action on a signal$", "ours", "CompletableFuture"),
          Target.stated("^lock$", "ours", "ReentrantLock"),
          Target.stated("^bounded queue", "ours", "ABQ"),
          Target.stated("^(unbounded queue|element of a queue)$", "ours", "LBQ"),
          Target.stated("^thread that waits$", "ours", "CountDownLatch"));

  private static final Pattern HEAP = Pattern.compile("HEAP (\\S+) (\\S+) (.+)");
  private static final Pattern JOL = Pattern.compile("JOL (\\S+) (\\S+) (\\S+) (.+)");

  /** JOL looks into private fields, also those of records and lambdas, and of the JDK. */
  private static final List<String> FLAGS =
      List.of(
          "-Xms4g",
          "-Xmx4g",
          "-Djol.magicFieldOffset=true",
          "-Djdk.attach.allowAttachSelf=true",
          "-XX:+EnableDynamicAgentLoading",
          "--sun-misc-unsafe-memory-access=allow",
          "--add-opens=java.base/java.lang=ALL-UNNAMED",
          "--add-opens=java.base/java.util=ALL-UNNAMED",
          "--add-opens=java.base/java.util.concurrent=ALL-UNNAMED",
          "--add-opens=java.base/java.util.concurrent.atomic=ALL-UNNAMED",
          "--add-opens=java.base/java.util.concurrent.locks=ALL-UNNAMED",
          "-Dorg.morethreads.logging.backend=own");

  private final boolean quick;
  private final int rounds;
  private final Map<Key, List<double[]>> heap = new LinkedHashMap<>();
  private final Map<Key, double[]> layouts = new LinkedHashMap<>();

  private record Key(String what, String who) {}

  Memory(boolean quick, int rounds) {
    this.quick = quick;
    this.rounds = rounds;
  }

  Findings run() {
    int count = quick ? 50_000 : 500_000;
    for (int round = 0; round < rounds; round++) {
      for (String line :
          Child.output(FLAGS, MemoryProgram.class, List.of(Integer.toString(count)))) {
        read(line);
      }
    }
    List<Measurement> measurements = new ArrayList<>();
    heap.forEach(
        (key, bytes) -> measurements.add(new Measurement(key.what(), key.who(), "B", bytes)));
    return new Findings(
        measurements,
        table(measurements),
        List.of(
            String.format(
                Locale.ROOT,
                "By the growth of the heap with %,d of each, fewer where one is large, and by the"
                    + " objects that JOL reaches from each, without those that all share; what an"
                    + " operand or a signal keeps for it is in the first column alone. Threads that"
                    + " run interpreted code have larger frames than these.",
                count)));
  }

  private void read(String line) {
    Matcher grown = HEAP.matcher(line);
    Matcher layout = JOL.matcher(line);
    if (grown.matches()) {
      heap.computeIfAbsent(new Key(grown.group(3), grown.group(2)), _ -> new ArrayList<>())
          .add(new double[] {Double.parseDouble(grown.group(1))});
    } else if (layout.matches()) {
      layouts.put(
          new Key(layout.group(4), layout.group(3)),
          new double[] {Double.parseDouble(layout.group(1)), Double.parseDouble(layout.group(2))});
    }
  }

  private String table(List<Measurement> measurements) {
    StringBuilder text = new StringBuilder("| what | who | bytes | by JOL | objects |\n");
    text.append("| --- | --- | ---: | ---: | ---: |\n");
    for (Measurement each : measurements) {
      double[] layout = layouts.get(new Key(each.label(), each.peer()));
      text.append(
          String.format(
              Locale.ROOT,
              "| %s | %s | %.0f | %s | %s |%n",
              each.label(),
              each.peer(),
              each.median(),
              layout == null ? "" : String.format(Locale.ROOT, "%.0f", layout[0]),
              layout == null ? "" : String.format(Locale.ROOT, "%.1f", layout[1])));
    }
    return text.toString();
  }
}
