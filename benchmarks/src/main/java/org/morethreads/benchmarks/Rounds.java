package org.morethreads.benchmarks;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.results.BenchmarkResult;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/**
 * Runs the benchmarks of an area several times, each time all peers, each in a fresh JVM: what the
 * machine does meanwhile meets all of them.
 */
final class Rounds {
  /** What follows it in the name of a method is the peer. */
  private static final String PEER_MARK = "__";

  private static final String CLASS_PATH = "java.class.path";
  private static final Path CORE = Path.of("core/src/main/java");

  private final Area area;
  private final Effort effort;
  private final Map<String, Measurement> measurements = new LinkedHashMap<>();
  private final Map<CutCore, Path> built = new EnumMap<>(CutCore.class);

  /** Prepares to run an area. */
  Rounds(Area area, Effort effort) {
    this.area = area;
    this.effort = effort;
  }

  Collection<Measurement> run() throws RunnerException, IOException {
    boolean quick = effort.quick();
    for (int round = 0; round < effort.rounds(); round++) {
      for (Area.Run run : area.runs(quick, round)) {
        ChainedOptionsBuilder options =
            new OptionsBuilder()
                .include(run.include())
                .forks(1)
                .warmupIterations(quick ? 2 : 5)
                .measurementIterations(quick ? 3 : 7)
                .warmupTime(TimeValue.milliseconds(quick ? 200 : 500))
                .measurementTime(TimeValue.milliseconds(quick ? 200 : 500))
                .shouldFailOnError(false)
                .jvmArgsAppend(
                    "-Xms4g",
                    "-Xmx4g",
                    "--enable-native-access=ALL-UNNAMED",
                    "--enable-preview"); // for StructuredTaskScope
        limits(area, effort)
            .forEach((name, values) -> options.param(name, values.toArray(String[]::new)));
        String peer = run.peer();
        if (peer != null) {
          options.param("peer", peer);
        }
        for (RunResult result : run(options.build(), area.cutFor(run))) {
          add(result);
        }
      }
    }
    return measurements.values();
  }

  /** The values to which parameters are limited: what was asked for comes before what is usual. */
  static Map<String, List<String>> limits(Area area, Effort effort) {
    Map<String, List<String>> limits = new LinkedHashMap<>();
    if (effort.quick()) {
      limits.putAll(area.quickLimits());
    }
    limits.putAll(effort.only());
    return limits;
  }

  /** JMH starts JVMs with the class path that it finds in the system property. */
  private Collection<RunResult> run(Options options, @Nullable CutCore cut)
      throws RunnerException, IOException {
    if (cut == null) {
      return new Runner(options).run();
    }
    String present = System.getProperty(CLASS_PATH);
    System.setProperty(CLASS_PATH, classesOf(cut) + File.pathSeparator + present);
    try {
      return new Runner(options).run();
    } finally {
      System.setProperty(CLASS_PATH, present);
    }
  }

  private Path classesOf(CutCore cut) throws IOException {
    Path present = built.get(cut);
    if (present == null) {
      present = cut.compile(CORE, effort.results().resolveSibling("peers"));
      built.put(cut, present);
    }
    return present;
  }

  private void add(RunResult result) {
    String peer = peerOf(result);
    String label = labelOf(result.getParams());
    String unit = result.getPrimaryResult().getScoreUnit();
    measurements
        .computeIfAbsent(
            label + "|" + peer, _ -> new Measurement(label, peer, unit, new ArrayList<>()))
        .rounds()
        .add(figures(result));
  }

  private static String peerOf(RunResult result) {
    String name = result.getParams().getBenchmark();
    int mark = name.indexOf(PEER_MARK);
    return mark >= 0
        ? name.substring(mark + PEER_MARK.length())
        : result.getParams().getParam("peer");
  }

  /** The class, the method and the parameters, without the peer. */
  private static String labelOf(BenchmarkParams parameters) {
    String whole = parameters.getBenchmark();
    int mark = whole.indexOf(PEER_MARK);
    String name = mark >= 0 ? whole.substring(0, mark) : whole;
    StringBuilder label =
        new StringBuilder(name.substring(name.lastIndexOf('.', name.lastIndexOf('.') - 1) + 1));
    for (String key : parameters.getParamsKeys()) {
      if (!key.equals("peer")) {
        label.append(' ').append(parameters.getParam(key));
      }
    }
    return label.toString();
  }

  private static double[] figures(RunResult result) {
    return result.getBenchmarkResults().stream()
        .map(BenchmarkResult::getIterationResults)
        .flatMap(Collection::stream)
        .mapToDouble(iteration -> iteration.getPrimaryResult().getScore())
        .toArray();
  }
}
