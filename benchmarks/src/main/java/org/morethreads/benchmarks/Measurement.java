package org.morethreads.benchmarks;

import java.util.Arrays;
import java.util.List;

/**
 * What was measured of one peer in one benchmark.
 *
 * @param label the benchmark and its parameters, without the peer
 * @param rounds the figures of each round; the rounds of the peers were interleaved
 */
record Measurement(String label, String peer, String unit, List<double[]> rounds) {
  double median() {
    return quantile(0.5);
  }

  /** A quantile of all figures of all rounds, interpolated. */
  double quantile(double share) {
    return quantile(rounds.stream().flatMapToDouble(Arrays::stream).sorted().toArray(), share);
  }

  double medianOfRound(int round) {
    return quantile(Arrays.stream(rounds.get(round)).sorted().toArray(), 0.5);
  }

  static double quantile(double[] sorted, double share) {
    double place = share * (sorted.length - 1);
    int below = (int) place;
    int above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
  }
}
