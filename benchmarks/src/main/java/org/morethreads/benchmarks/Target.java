package org.morethreads.benchmarks;

import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What one of our ways must reach: at most {@code limit} times the figure of a peer, or at most
 * {@code limit} itself when there is none.
 *
 * @param limit infinite where the ratio is to be stated only
 * @param where what it holds for: found in the label of the measurement
 * @param twin a peer that is the same as {@code peer}: a ratio that is no greater than the two
 *     differ by chance is within the limit too
 */
record Target(
    double limit, Pattern where, String ours, @Nullable String peer, @Nullable String twin) {
  static Target atMost(double times, String where, String ours, String peer) {
    return new Target(times, Pattern.compile(where), ours, peer, null);
  }

  static Target absolute(double limit, String where, String ours) {
    return new Target(limit, Pattern.compile(where), ours, null, null);
  }

  static Target atMostOrNoise(double times, String where, String ours, String peer, String twin) {
    return new Target(times, Pattern.compile(where), ours, peer, twin);
  }

  static Target stated(String where, String ours, String peer) {
    return atMost(Double.POSITIVE_INFINITY, where, ours, peer);
  }

  boolean isStatedOnly() {
    return Double.isInfinite(limit);
  }

  boolean holdsFor(String label) {
    return where.matcher(label).find();
  }
}
