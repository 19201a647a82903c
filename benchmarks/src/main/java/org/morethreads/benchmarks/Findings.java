package org.morethreads.benchmarks;

import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What an area has shown.
 *
 * @param table the measurements as a Markdown table, where a row for each would be too many; null
 *     for the usual one
 * @param notes what one must know to read it
 */
record Findings(Collection<Measurement> measurements, @Nullable String table, List<String> notes) {
  Findings {
    notes = List.copyOf(notes);
  }

  static Findings of(Collection<Measurement> measurements) {
    return new Findings(measurements, null, List.of());
  }
}
