package org.morethreads.benchmarks;

import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What one of our ways must reach: at most {@code limit} times the figure of a peer, or at most
 * {@code limit} itself when there is none.
 *
 * @param where what it holds for: found in the label of the measurement
 */
record Target(double limit, Pattern where, String ours, @Nullable String peer) {
  static Target atMost(double times, String where, String ours, String peer) {
    return new Target(times, Pattern.compile(where), ours, peer);
  }

  static Target absolute(double limit, String where, String ours) {
    return new Target(limit, Pattern.compile(where), ours, null);
  }

  boolean holdsFor(String label) {
    return where.matcher(label).find();
  }
}
