package org.morethreads.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

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
      assertThat(area.benchmarks).as(area.title()).isNotEmpty();
    }
  }
}
