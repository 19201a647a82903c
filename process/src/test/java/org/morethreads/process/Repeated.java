package org.morethreads.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.platform.engine.DiscoverySelector;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.Event;

/**
 * Runs all tests of this module again and again, in one JVM: {@code -Dmorethreads.repetitions=100}
 * does that often. No part of the build, by its name: see the script {@code process/again}. The
 * rounds go on after one that has failed.
 */
class Repeated {
  private static final int REPETITIONS = Integer.getInteger("morethreads.repetitions", 1);

  /** The simple name of the only class to run; empty for all. */
  private static final String ONLY = System.getProperty("morethreads.only", "");

  private static final List<Class<?>> TESTS =
      List.of(
          CmdDialectTest.class,
          CommandTest.class,
          ManagedProcessTest.class,
          ProcessInTestsTest.class,
          ProcessLifetimeTest.class,
          ProcessScaleTest.class,
          ProcessStopTest.class);

  @Test
  @Timeout(value = 12, unit = TimeUnit.HOURS)
  void allTests_againAndAgain_neverFail() {
    List<AssertionError> failures = new ArrayList<>();
    for (int round = 1; round <= REPETITIONS; round++) {
      long began = System.nanoTime();
      var events =
          EngineTestKit.engine("junit-jupiter").selectors(selectors()).execute().testEvents();
      for (Event event : events.failed().list()) {
        AssertionError failure = failure(event, round);
        failure.printStackTrace(System.out);
        failures.add(failure);
      }
      assertThat(events.skipped().count() + events.aborted().count()).isZero();
      assertThat(events.succeeded().count() + events.failed().count())
          .isGreaterThan(ONLY.isEmpty() ? 100 : 0);
      System.out.printf(
          "round %d of %d: %d passed, %d failed so far, %d s%n",
          round,
          REPETITIONS,
          events.succeeded().count(),
          failures.size(),
          Duration.ofNanos(System.nanoTime() - began).toSeconds());
    }
    assertThat(failures).isEmpty();
  }

  private static DiscoverySelector[] selectors() {
    return TESTS.stream()
        .filter(test -> ONLY.isEmpty() || test.getSimpleName().equals(ONLY))
        .map(test -> selectClass(test))
        .toArray(DiscoverySelector[]::new);
  }

  private static AssertionError failure(Event event, int round) {
    Throwable thrown =
        event.getRequiredPayload(TestExecutionResult.class).getThrowable().orElseThrow();
    return new AssertionError("round " + round + ": " + event.getTestDescriptor(), thrown);
  }
}
