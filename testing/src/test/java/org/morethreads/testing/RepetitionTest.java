package org.morethreads.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.launcher.TagFilter;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.Event;

/**
 * Runs the tests of virtual time again and again: {@code -Dmorethreads.repetitions=1000} does that
 * often. Each is on both kinds of threads.
 */
class RepetitionTest {
  private static final int REPETITIONS = Integer.getInteger("morethreads.repetitions", 1);

  @Test
  @Timeout(value = 3, unit = TimeUnit.HOURS)
  void virtualTime_againAndAgain_neverFails() {
    for (int i = 1; i <= REPETITIONS; i++) {
      var events =
          EngineTestKit.engine("junit-jupiter")
              .selectors(selectClass(VirtualClockTest.class))
              .filters(TagFilter.excludeTags(VirtualClockTest.SLOW))
              .execute()
              .testEvents();
      int round = i;
      events.failed().stream().forEach(event -> fail(event, round));
      assertThat(events.succeeded().count()).isGreaterThan(20);
    }
  }

  private static void fail(Event event, int round) {
    Throwable failure =
        event.getRequiredPayload(TestExecutionResult.class).getThrowable().orElseThrow();
    throw new AssertionError("repetition " + round + ": " + event.getTestDescriptor(), failure);
  }
}
