package org.morethreads.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.EnumSet;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is made of the figures: a wrong ratio would be believed. */
class ReportTest {
  private static Measurement measured(String label, String peer, double[]... rounds) {
    return new Measurement(label, peer, "ns/op", List.of(rounds));
  }

  @Test
  void quantile_betweenTwoFigures_isInterpolated() {
    var measurement = measured("x", "ours", new double[] {4, 1}, new double[] {3, 2});
    assertThat(measurement.median()).isEqualTo(2.5);
    assertThat(measurement.quantile(0)).isEqualTo(1);
    assertThat(measurement.quantile(1)).isEqualTo(4);
    assertThat(measurement.medianOfRound(0)).isEqualTo(2.5);
    assertThat(measurement.medianOfRound(1)).isEqualTo(2.5);
  }

  @Test
  void line_severalRows_isTheOneFarthestFromItsTarget() {
    var report =
        new Report(
            Area.LOCK,
            List.of(
                measured("LockOperations.alone", "ours", new double[] {10}),
                measured("LockOperations.alone", "ReentrantLock", new double[] {10}),
                measured("LockPingPong.roundTrip V", "ours", new double[] {33}),
                measured("LockPingPong.roundTrip V", "ReentrantLock", new double[] {22}),
                measured("LockPingPong.roundTrip P", "ours", new double[] {99}),
                measured("LockPingPong.roundTrip P", "ReentrantLock", new double[] {11})));
    assertThat(report.line()).isEqualTo("lock ratio=1.50 target=1.10 missed");
    assertThat(report.markdown())
        .contains("| LockPingPong.roundTrip V | ours | ReentrantLock | 1.50 | 1.10 | **missed** |")
        .contains("| LockOperations.alone | ours | ReentrantLock | 1.00 | 1.30 | met |")
        .doesNotContain("| LockPingPong.roundTrip P | ours | ReentrantLock |");
  }

  @Test
  void line_limitBelowThePeer_isNotMetByBeingALittleFaster() {
    var report =
        new Report(
            Area.QUEUE,
            List.of(
                measured("QueueThroughput.transfer P 8-1", "ours-until", new double[] {80}),
                measured("QueueThroughput.transfer P 8-1", "ABQ", new double[] {100})));
    assertThat(report.line()).isEqualTo("queue ratio=0.80 target=0.67 missed");
  }

  @Test
  void line_limitWithoutAPeer_isAPartOfTheLimit() {
    var report =
        new Report(Area.STOP, List.of(measured("SharedStop.round 1", "ours", new double[] {75})));
    assertThat(report.line()).isEqualTo("stop ratio=0.50 target=1.00 met");
    assertThat(report.markdown()).contains("| SharedStop.round 1 | ours | 150.0 ns/op | 0.50 |");
  }

  @Test
  void markdown_severalRounds_showsTheSpreadOfTheRatio() {
    var report =
        new Report(
            Area.LOCK,
            List.of(
                measured("LockOperations.alone", "ours", new double[] {10}, new double[] {30}),
                measured(
                    "LockOperations.alone",
                    "ReentrantLock",
                    new double[] {10},
                    new double[] {20})));
    assertThat(report.markdown()).contains("(1.00–1.50)");
  }

  /** Two runs of one build that differ by a tenth, up and down, tell that a tenth is noise. */
  @Test
  void line_differenceWithinTheNoise_isMet() {
    var without = measured("Overhead.x", "without", new double[] {100}, new double[] {100});
    var twin = measured("Overhead.x", "without-again", new double[] {110}, new double[] {91});
    var off = measured("Overhead.x", "off", new double[] {105}, new double[] {105});
    var report = new Report(Area.OVERHEAD, List.of(without, twin, off));
    // exp(3 * 0.095 / sqrt(2))
    assertThat(report.line()).isEqualTo("overhead ratio=1.05 target=1.22 met");
  }

  @Test
  void line_differenceBeyondTheNoise_isMissed() {
    var without = measured("Overhead.x", "without", new double[] {100}, new double[] {100});
    var twin = measured("Overhead.x", "without-again", new double[] {100}, new double[] {100});
    var off = measured("Overhead.x", "off", new double[] {105}, new double[] {105});
    var report = new Report(Area.OVERHEAD, List.of(without, twin, off));
    assertThat(report.line()).isEqualTo("overhead ratio=1.05 target=1.02 missed");
  }

  /** However much it is. */
  @Test
  void line_ratioThatIsStatedOnly_missesNothing() {
    var without = measured("Overhead.x", "without", new double[] {100});
    var twin = measured("Overhead.x", "without-again", new double[] {100});
    var off = measured("Overhead.x", "off", new double[] {101});
    var on = measured("Overhead.x", "on", new double[] {900});
    var report = new Report(Area.OVERHEAD, List.of(without, twin, off, on));
    assertThat(report.line()).isEqualTo("overhead ratio=1.01 target=1.02 met");
    assertThat(report.markdown()).contains("| Overhead.x | on | without | 9.00 |  | stated |");
  }

  @Test
  void isEmpty_nothingToCompare_isSo() {
    assertThat(new Report(Area.LOCK, List.of()).isEmpty()).isTrue();
    assertThat(
            new Report(
                    Area.LOCK, List.of(measured("LockOperations.alone", "ours", new double[] {1})))
                .isEmpty())
        .isTrue();
  }

  @Test
  void everyArea_hasATargetForOneOfItsBenchmarks() {
    for (Area area : Area.values()) {
      assertThat(area.targets).as(area.title()).isNotEmpty();
      boolean hasPrograms = EnumSet.of(Area.SCALE, Area.MEMORY, Area.STARTUP).contains(area);
      assertThat(area.benchmarks.isEmpty()).as(area.title()).isEqualTo(hasPrograms);
    }
  }

  @Test
  void line_atMostOrAs_allowsWhatAKnownStructureHas() {
    var within =
        new Report(
            Area.SCALE,
            List.of(
                measured("growth: queue elements: put", "ours", new double[] {1.5}),
                measured("growth: queue elements: put", "LBQ", new double[] {2})));
    assertThat(within.line()).isEqualTo("scale ratio=1.50 target=2.00 met");
    var above =
        new Report(
            Area.SCALE,
            List.of(
                measured("growth: queue elements: put", "ours", new double[] {1.5}),
                measured("growth: queue elements: put", "LBQ", new double[] {0.5})));
    assertThat(above.line()).isEqualTo("scale ratio=1.50 target=1.00 missed");
  }

  @Test
  void line_nothingHasATarget_isStatedOnly() {
    var report =
        new Report(
            Area.MEMORY,
            List.of(
                measured("signal", "ours", new double[] {24}),
                measured("signal", "CompletableFuture", new double[] {12}),
                measured("lock", "ours", new double[] {72}),
                measured("lock", "ReentrantLock", new double[] {48})));
    assertThat(report.line()).isEqualTo("memory ratio=2.00 target=none stated");
  }

  @Test
  void markdown_tableOfItsOwnAndNotes_areInIt() {
    var findings =
        new Findings(
            List.of(measured("lock", "ours", new double[] {72})),
            "| a table |\n",
            List.of("A note."));
    assertThat(new Report(Area.MEMORY, findings).markdown())
        .contains("## memory\n\n| a table |\n\n| what | ours | against |")
        .endsWith("\n\nA note.\n\n");
  }
}
