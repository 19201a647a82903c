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

  /**
   * The ratio that two measurements of the same thing, in alternating rounds, may have by chance:
   * three standard deviations of the mean over all rounds, as the ratios of the rounds tell it.
   */
  double noiseAgainst(Measurement same) {
    int count = Math.min(rounds.size(), same.rounds.size());
    double squares = 0;
    for (int i = 0; i < count; i++) {
      double difference = Math.log(medianOfRound(i) / same.medianOfRound(i));
      squares += difference * difference;
    }
    return Math.exp(3 * Math.sqrt(squares / count) / Math.sqrt(count));
  }

  static double quantile(double[] sorted, double share) {
    double place = share * (sorted.length - 1);
    int below = (int) place;
    int above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
  }
}
