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
 * @param alike who has the same figure for something that is known to be good: as much as that is
 *     within the limit too, where there is no peer
 */
record Target(
    double limit,
    Pattern where,
    String ours,
    @Nullable String peer,
    @Nullable String twin,
    @Nullable String alike) {
  static Target atMost(double times, String where, String ours, String peer) {
    return new Target(times, Pattern.compile(where), ours, peer, null, null);
  }

  static Target absolute(double limit, String where, String ours) {
    return new Target(limit, Pattern.compile(where), ours, null, null, null);
  }

  static Target atMostOrNoise(double times, String where, String ours, String peer, String twin) {
    return new Target(times, Pattern.compile(where), ours, peer, twin, null);
  }

  static Target atMostOrAs(double limit, String where, String ours, String alike) {
    return new Target(limit, Pattern.compile(where), ours, null, null, alike);
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
