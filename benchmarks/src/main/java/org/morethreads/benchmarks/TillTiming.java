package org.morethreads.benchmarks;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.morethreads.benchmarks.till.TillProgram;

/** When tills that are waited for go, and what waiting for them costs: programs, in turn. */
final class TillTiming {
  private static final Pattern LINE = Pattern.compile("TILL (\\S+) (\\S+) (.+)");

  /** At most 1.2 times as late as the JDK's; 900 rounds a second; CPU of 1.3 times a timed park. */
  static final List<Target> TARGETS =
      List.of(
          Target.atMost(1.2, "^lateness", "ours", "FJPschedule"),
          Target.atMost(1.2, "^lateness", "ours-await", "FJPschedule"),
          Target.absolute(1e6 / 900, "^loop.*: a round", "ours"),
          Target.atMost(1.3, "^loop.*: CPU", "ours", "timedPark"));

  private static final List<String> FLAGS =
      List.of("-Xms1g", "-Xmx1g", "-Dorg.morethreads.logging.backend=own");

  private final boolean quick;
  private final int rounds;
  private final Map<String, Measurement> measurements = new LinkedHashMap<>();

  TillTiming(boolean quick, int rounds) {
    this.quick = quick;
    this.rounds = rounds;
  }

  Collection<Measurement> run() {
    for (int round = 0; round < rounds; round++) {
      for (String who : List.of("ours", "ours-await", "FJPschedule")) {
        add(who, List.of("lateness", who, "10000", quick ? "1" : "5"));
      }
      for (String kind : List.of("P", "V")) {
        for (String who : List.of("ours", "timedPark")) {
          add(who, List.of("loop", who, kind, quick ? "1000" : "10000"));
        }
      }
    }
    return measurements.values();
  }

  private void add(String who, List<String> arguments) {
    Map<String, List<Double>> ofRound = new LinkedHashMap<>();
    Map<String, String> units = new LinkedHashMap<>();
    for (String line : Child.output(FLAGS, TillProgram.class, arguments)) {
      Matcher figure = LINE.matcher(line);
      if (figure.matches()) {
        units.put(figure.group(3), figure.group(2));
        ofRound
            .computeIfAbsent(figure.group(3), _ -> new ArrayList<>())
            .add(Double.valueOf(figure.group(1)));
      }
    }
    ofRound.forEach((what, figures) ->
        measurements
            .computeIfAbsent(
                what + "|" + who,
                _ -> new Measurement(what, who, units.getOrDefault(what, ""), new ArrayList<>()))
            .rounds()
            .add(figures.stream().mapToDouble(Double::doubleValue).toArray()));
  }
}
