package org.morethreads.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** What a call costs its caller while the log has room: programs, in turn. */
final class LogBursts {
  /**
   * No slower than the framework's own at the same appender, half of the calls and all together;
   * without a framework 100 ns, and 25 for the clock.
   */
  static final List<Target> TARGETS =
      List.of(
          Target.atMost(1.0, "^burst.*(p50|mean)", "ours-logback", "logback-async-tuned"),
          Target.atMost(1.0, "^burst.*(p50|mean)", "ours-log4j", "log4j-async-appender"),
          Target.atMost(1.0, "^burst.*(p50|mean)", "ours", "logback-async-tuned"),
          Target.atMost(1.0, "^burst.*(p50|mean)", "ours", "log4j-async-loggers"),
          Target.absolute(125, "^burst P 1.*p50", "ours"));

  private static final List<String> FLAGS = List.of("-Xms1g", "-Xmx1g");
  private static final List<String> PEERS =
      List.of(
          "ours",
          "ours-logback",
          "ours-log4j",
          "logback-sync",
          "logback-async-tuned",
          "log4j-sync",
          "log4j-async-loggers",
          "log4j-async-appender");

  private static final List<String> THREADS = List.of("P 1", "P 4", "V 4");

  private final boolean quick;
  private final int rounds;
  private final List<String> peers;
  private final List<String> threads;
  private final Map<String, Measurement> measurements = new LinkedHashMap<>();

  LogBursts(Effort effort) {
    this.quick = effort.quick();
    this.rounds = effort.rounds();
    this.peers = effort.only().getOrDefault("peer", PEERS);
    List<String> usual = quick ? THREADS.subList(0, 1) : THREADS;
    this.threads =
        effort.only().getOrDefault("threads", usual).stream().filter(THREADS::contains).toList();
  }

  Collection<Measurement> run() throws IOException {
    for (int round = 0; round < rounds; round++) {
      for (String kindAndCount : threads) {
        for (String who : peers) {
          add(who, kindAndCount);
        }
      }
    }
    return measurements.values();
  }

  private void add(String who, String kindAndCount) throws IOException {
    Path directory = Files.createTempDirectory("bursts");
    List<String> arguments = new ArrayList<>(List.of(who, directory.toString()));
    arguments.addAll(List.of(kindAndCount.split(" ")));
    arguments.add(quick ? "200" : "2000");
    for (String line : Child.output(FLAGS, BurstProgram.class, arguments)) {
      String[] parts = line.split(" ");
      if (parts[0].equals("BURST")) {
        String what = "burst " + kindAndCount + ": a call, " + parts[2];
        measurements
            .computeIfAbsent(
                what + "|" + who, _ -> new Measurement(what, who, "ns", new ArrayList<>()))
            .rounds()
            .add(new double[] {Double.parseDouble(parts[1])});
      }
    }
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
