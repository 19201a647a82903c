package org.morethreads.thread;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/**
 * A thread that was given no policy has that of its parent. It had the standard one, so that a tree
 * that was opened with a longer policy gave its threads no more time (H5).
 */
class StopPolicyInheritanceTest {
  private static final StopPolicy PATIENT =
      StopPolicy.standard().withAsk(Duration.ofMinutes(1)).withTotal(Duration.ofMinutes(2));

  @Test
  void threadWithoutPolicy_treeWithLongerPolicy_hasThatOfTheTree() throws Exception {
    try (var tree = ThreadTree.open("patient", PATIENT)) {
      StopPolicy inherited =
          tree.call("thread", stop -> ManagedThread.call("child", s -> policyOfCurrent()).join())
              .join();
      assertThat(inherited).isSameAs(PATIENT);
    }
  }

  @Test
  void threadWithPolicy_canOnlyShorten() throws Exception {
    try (var tree = ThreadTree.open("patient", PATIENT)) {
      StopPolicy own = StopPolicy.standard().withAsk(Duration.ofSeconds(3));
      StopPolicy given =
          tree.named("thread")
              .stopPolicy(own.withTotal(Duration.ofHours(1)))
              .call(stop -> policyOfCurrent())
              .join();
      assertThat(given.ask()).isEqualTo(own.ask());
      assertThat(given.total()).isEqualTo(PATIENT.total());
    }
  }

  private static StopPolicy policyOfCurrent() {
    return ManagedThread.current().node.policy();
  }
}
