package org.morethreads.benchmarks;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.morethreads.benchmarks.CutBuild.Cut;

/** Core with queues that count nothing, and do not measure how long threads wait for them. */
final class WithoutStatistics {
  private static final List<Cut> CUTS =
      List.of(
          Cut.of("queue/QueueCore.java", 1, "added \\+= items.length;", ""),
          Cut.of("queue/QueueCore.java", 1, "added\\+\\+;", ""),
          Cut.of("queue/QueueCore.java", 1, "(?s)if \\(store.size > peak\\) \\{.*?\\n    \\}", ""),
          Cut.of("queue/Line.java", 1, "(?s)if \\(isNew\\(\\)\\) \\{.*?\\n      \\}", ""),
          Cut.of("queue/Line.java", 1, "ARRIVAL\\.setOpaque\\(this, now\\);", ""),
          Cut.of("queue/Line.java", 1, "waited = waitedUntilNow\\(\\);", ""),
          Cut.of("queue/Line.java", 1, "waited \\+= waiter.waited;", ""));

  private WithoutStatistics() {}

  /** Compiles it; see {@link CutBuild#compile}. */
  static Path compile(Path sources, Path directory) throws IOException {
    return CutBuild.compile(sources, directory, CUTS, (_, _) -> {});
  }
}
