package org.morethreads.benchmarks;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.results.BenchmarkResult;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/**
 * Runs the benchmarks of an area several times, each time all peers, each in a fresh JVM: what the
 * machine does meanwhile meets all of them.
 */
final class Rounds {
  /** What follows it in the name of a method is the peer. */
  private static final String PEER_MARK = "__";

  private final Area area;
  private final boolean quick;
  private final int count;
  private final Map<String, Measurement> measurements = new LinkedHashMap<>();

  Rounds(Area area, boolean quick, int count) {
    this.area = area;
    this.quick = quick;
    this.count = count;
  }

  Collection<Measurement> run() throws RunnerException {
    for (int round = 0; round < count; round++) {
      for (Class<?> benchmark : area.benchmarks) {
        ChainedOptionsBuilder options =
            new OptionsBuilder()
                .include("\\." + benchmark.getSimpleName() + "\\.")
                .forks(1)
                .warmupIterations(quick ? 2 : 5)
                .measurementIterations(quick ? 3 : 7)
                .warmupTime(TimeValue.milliseconds(quick ? 200 : 500))
                .measurementTime(TimeValue.milliseconds(quick ? 200 : 500))
                .shouldFailOnError(false)
                .jvmArgsAppend("-Xms4g", "-Xmx4g", "--enable-native-access=ALL-UNNAMED");
        if (quick) {
          area.quicken(options);
        }
        for (RunResult result : new Runner(options.build()).run()) {
          add(result);
        }
      }
    }
    return measurements.values();
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
