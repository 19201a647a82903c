package org.morethreads.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RoundsTest {
  private static Map<String, List<String>> limits(boolean quick, Map<String, List<String>> only) {
    return Rounds.limits(Area.QUEUE, new Effort(quick, 1, only, Path.of("results")));
  }

  @Test
  void limits_notQuick_areThoseAskedFor() {
    var only = Map.of("peer", List.of("ours", "LTQ"));

    assertThat(limits(false, only)).isEqualTo(only);
  }

  @Test
  void limits_quick_whatIsAskedForReplacesWhatIsUsual() {
    Map<String, List<String>> limits = limits(true, Map.of("peer", List.of("LTQ")));

    assertThat(limits).containsEntry("peer", List.of("LTQ"));
    assertThat(limits).containsEntry("topology", Area.QUEUE.quickLimits().get("topology"));
  }
}
