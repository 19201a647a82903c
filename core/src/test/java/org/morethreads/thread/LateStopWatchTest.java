package org.morethreads.thread;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.morethreads.sync.Signal;

/**
 * A stop watch that looks late, since the JVM was stopped or the machine busy, interrupts before it
 * abandons. It looked at the time alone, and abandoned threads that it had never interrupted (H5).
 */
class LateStopWatchTest {
  @Test
  void look_afterTheTimeToAbandon_interruptsFirst() throws Exception {
    var policy =
        StopPolicy.standard()
            .withAsk(Duration.ZERO)
            .withInterrupt(Duration.ofNanos(1)); // over before anybody can look
    try (var tree = ThreadTree.open("late", policy)) {
      var thread = tree.run("deaf", stop -> Signal.NEVER.await());
      tree.stop();
      assertThat(thread.awaitOutcome())
          .isInstanceOfAny(Outcome.Stopped.class, Outcome.Abandoned.class);
      assertThat(thread.node.escalation & StopWatch.INTERRUPTED).isNotZero();
    }
  }
}
