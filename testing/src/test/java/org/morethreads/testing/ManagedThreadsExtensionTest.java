package org.morethreads.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import java.lang.reflect.Method;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.testkit.engine.EngineExecutionResults;
import org.junit.platform.testkit.engine.EngineTestKit;

/**
 * Runs {@link Planted} and looks at what becomes of them: for each kind of leak there is a test
 * that must fail with the right message, and its innocent twin, which must pass.
 */
@Timeout(60)
class ManagedThreadsExtensionTest {
  private static EngineExecutionResults run(Class<?> tests, String name) {
    Method method =
        Arrays.stream(tests.getDeclaredMethods())
            .filter(each -> each.getName().equals(name))
            .findFirst()
            .orElseThrow(() -> new AssertionError("no method " + name));
    return EngineTestKit.engine("junit-jupiter").selectors(selectMethod(tests, method)).execute();
  }

  private static Throwable failureOf(String method) {
    return failureOf(Planted.class, method);
  }

  private static Throwable failureOf(Class<?> tests, String method) {
    var finished = run(tests, method).testEvents().finished().list();
    assertThat(finished).as("tests that ran").hasSize(1);
    TestExecutionResult result = finished.getFirst().getRequiredPayload(TestExecutionResult.class);
    Optional<Throwable> failure = result.getThrowable();
    assertThat(failure).as("failure of " + method).isPresent();
    return failure.orElseThrow();
  }

  private static String messageOf(String method) {
    Throwable failure = failureOf(method);
    assertThat(failure).isInstanceOf(AssertionError.class);
    assertThat(failure.getMessage()).contains("What next:");
    return failure.getMessage();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "managed_endsAtTheStop",
        "managed_treeClosed",
        "managed_processEndedAtTheStop",
        "failure_joined",
        "failure_awaited",
        "alien_platform_joined",
        "alien_virtual_joined",
        "alien_executor_closed",
        "alien_ofAManagedThread_ended",
        "alien_justEnding",
        "alien_neverStarted",
        "alien_manyShort",
        "alien_notLookedFor",
        "jdk_commonPool_isNotTheTests",
        "jdk_timersAndCarriers_areNotTheTests",
        "jdk_process_isNotTheTests",
        "jdk_httpClient_isNotTheTests",
        "log_info",
        "log_warningAllowed",
        "log_warningTaken",
        "log_ofOthersBelow",
        "timeout_inTime",
        "parameters_areOfTheTest",
        "unparented_goIntoTheTree"
      })
  void innocentTwin_passes(String method) {
    assertThat(passes(Planted.class, method)).isEqualTo(1);
  }

  /** How many tests ran, all of which passed. */
  private static long passes(Class<?> tests, String method) {
    EngineExecutionResults results = run(tests, method);
    results.testEvents().failed().stream()
        .forEach(event -> {
          throw new AssertionError(
              event.toString(),
              event.getRequiredPayload(TestExecutionResult.class).getThrowable().orElseThrow());
        });
    return results.testEvents().succeeded().count();
  }

  // ---- managed threads

  @Test
  void managedThread_ignoresTheStop_isLeftOver() {
    assertThat(messageOf("managed_ignoresTheStop"))
        .contains(
            "1 managed thread is left over",
            "abandoned, still running: managed_ignoresTheStop/deaf",
            "pleaseStop");
  }

  /** What is left of a process is told by the thread that should have ended it. */
  @Test
  void process_ofAThreadThatWasAbandoned_isLeftOver() throws Exception {
    String message = messageOf("managed_processOfAThreadThatIgnoresTheStop");
    Process left = Planted.process.get();
    try {
      assertThat(message)
          .contains(
              "1 managed thread is left over",
              "abandoned, still running: managed_processOfAThreadThatIgnoresTheStop/sleep",
              "pleaseStop");
      assertThat(ProcessHandle.of(left.pid())).as("nobody has ended it").isPresent();
      assertThat(Planted.ended).contains("interrupted");
    } finally {
      int _ = left.destroyForcibly().waitFor();
    }
    assertThat(passes(Planted.class, "managed_processEndedAtTheStop")).isEqualTo(1);
    assertThat(Planted.process.get()).isNotSameAs(left);
    assertThat(Planted.process.get().isAlive()).isFalse();
  }

  @Test
  void managedThread_ofATreeThatTheTestOpened_isLeftOver() {
    assertThat(messageOf("managed_treeNotClosed"))
        .contains("1 managed thread of a tree that the test has opened still runs")
        .contains("own/forgotten");
    Planted.letGo();
    assertThat(failureOf(PlantedOnVirtualTime.class, "ownTreeNotClosed"))
        .hasMessageContaining("own/forgotten");
  }

  @Test
  void failure_unclaimed_failsTheTest() {
    Throwable failure = failureOf("failure_unclaimed");
    assertThat(failure)
        .hasMessageContaining("nobody has claimed the failure")
        .hasStackTraceContaining("planted failure");
    assertThat(failure.getMessage()).doesNotContain("Something was logged");
  }

  @Test
  void failure_unclaimed_isSaidBesideWhatIsLoggedWithoutOne() {
    Throwable failure = failureOf("failure_unclaimedAndSomethingIsLogged");
    assertThat(failure)
        .hasMessageContaining("nobody has claimed the failure")
        .hasStackTraceContaining("planted warning"); // of the next finding, which is suppressed
  }

  @Test
  void failure_ofTheTestItself_comesFirst_andTheLeaksAfter() {
    Throwable failure = failureOf("failure_ofTheTestItself");
    assertThat(failure).isInstanceOf(IllegalStateException.class).hasMessage("of the test");
    assertThat(failure.getSuppressed()).hasSize(1);
    assertThat(failure.getSuppressed()[0]).hasMessageContaining("nobody has claimed");
  }

  // ---- threads outside of the tree

  @ParameterizedTest
  @ValueSource(
      strings = {
        "alien_platform_left",
        "alien_virtual_left",
        "alien_executor_left",
        "alien_virtualExecutor_left",
        "alien_timer_left",
        "alien_forkJoinPool_left",
        "alien_grandchild_left",
        "alien_ofAManagedThread_left",
        "alien_ofAManagedVirtualThread_left",
        "alien_ofAnAction_left",
        "alien_fromBeforeEach_left",
        "alien_ofARunWithin_left"
      })
  void thread_madeOutsideOfTheTree_survives(String method) {
    assertThat(messageOf(method))
        .contains("1 thread that this test has made outside of its tree")
        .contains("thread, made here:")
        .contains(Planted.class.getName());
    Planted.letGo();
  }

  @Test
  void thread_survives_isNamed() {
    assertThat(messageOf("alien_virtual_left"))
        .contains("a virtual thread, made here:", "Planted.alien_virtual_left");
    Planted.letGo();
    assertThat(messageOf("alien_platform_left"))
        .contains("it is \"left platform\", WAITING, and is now here:");
    Planted.letGo();
  }

  // ---- logs

  @Test
  void log_ofTheLibrary_aboveTheLevel() {
    assertThat(failureOf("log_error"))
        .hasMessageContaining("Something was logged above INFO")
        .hasMessageContaining("planted in an action")
        .hasMessageContaining("allowedLog");
  }

  @ParameterizedTest
  @ValueSource(strings = {"log_ofOthers", "log_ofOthersInAThread", "log_ofOthersInAnAlien"})
  void log_ofOthers_aboveTheLevel(String method) {
    assertThat(messageOf(method))
        .contains("Something was logged above INFO", "WARNING a.logger: planted warning");
  }

  // ---- time-outs

  @Test
  void timeout_waiting_failsWithTheDump_andIsStopped() {
    long begin = System.nanoTime();
    assertThat(messageOf("timeout_waiting"))
        .contains("run out of time", "PT0.3S")
        .contains("worker: running", "what the worker wants")
        .contains("The test itself is here", "Planted.timeout_waiting");
    assertThat(Planted.ended).contains("test", "worker");
    assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(20));
  }

  @Test
  void timeout_swallowsTheInterrupt_isInterruptedAgain() {
    assertThat(messageOf("timeout_swallowsTheInterrupt")).contains("run out of time");
  }

  @Test
  void timeout_returnsAllTheSame_failsYet_andLeavesNoInterrupt() {
    assertThat(messageOf("timeout_returnsLate")).contains("run out of time");
    assertThat(Thread.currentThread().isInterrupted()).isFalse();
  }

  @Test
  void timeout_ofJUnit_underVirtualTime_stopsTheTest() {
    Throwable failure = failureOf(PlantedOnVirtualTime.class, "junitTimeout");
    assertThat(failure).hasStackTraceContaining("interrupted from outside");
  }

  @Test
  void attribute_isNoTime_saysWhatIs() {
    assertThat(failureOf("attribute_isNoTime"))
        .hasMessageContaining("timeout = \"soon\" is no time")
        .hasMessageContaining("10 s");
  }

  // ---- virtual time

  @ParameterizedTest
  @ValueSource(
      strings = {
        "tenHours",
        "onAPlatformThread",
        "runsInTheTree",
        "unmanaged",
        "ownTree",
        "startsWhenTold",
        "beforeAndAfter_areReal",
        "repeated",
        "dynamic"
      })
  void virtualTime_passes(String method) {
    assertThat(passes(PlantedOnVirtualTime.class, method)).isPositive();
  }

  @ParameterizedTest
  @ValueSource(strings = {"deadlock", "unmanagedDeadlock"})
  void virtualTime_deadlock_fails(String method) {
    assertThat(failureOf(PlantedOnVirtualTime.class, method))
        .hasMessageContaining("Deadlock")
        .hasMessageContaining("what the test wants");
  }

  @Test
  void virtualTime_heldTooLong_fails() {
    assertThat(failureOf(PlantedOnVirtualTime.class, "held"))
        .hasMessageContaining("has been held for PT0.2S")
        .hasMessageContaining("Thread.sleep");
  }

  @Test
  void virtualTime_assertionOfTheTest_isUnchanged() {
    Throwable failure = failureOf(PlantedOnVirtualTime.class, "fails");
    assertThat(failure).isSameAs(PlantedOnVirtualTime.FAILURE);
    assertThat(failure.getSuppressed()).isEmpty();
  }

  @Test
  void virtualTime_alienLeft_fails() {
    assertThat(failureOf(PlantedOnVirtualTime.class, "alienLeft"))
        .hasMessageContaining("made outside of its tree");
    Planted.letGo();
  }

  // ---- parallel tests

  /** What one test leaves is charged to that test alone. */
  @Test
  void testsInParallel_answerForThemselves() {
    EngineExecutionResults results =
        EngineTestKit.engine("junit-jupiter")
            .configurationParameter("junit.jupiter.execution.parallel.enabled", "true")
            .configurationParameter("junit.jupiter.execution.parallel.config.strategy", "fixed")
            .configurationParameter(
                "junit.jupiter.execution.parallel.config.fixed.parallelism", "6")
            .selectors(selectClass(PlantedInParallel.class))
            .execute();
    Planted.letGo();
    Map<String, String> failed = new TreeMap<>();
    results.testEvents().failed().stream()
        .forEach(event ->
            failed.put(
                event.getTestDescriptor().getDisplayName(),
                String.valueOf(
                    event
                        .getRequiredPayload(TestExecutionResult.class)
                        .getThrowable()
                        .orElseThrow()
                        .getMessage())));
    assertThat(failed).containsOnlyKeys("guilty_alien()", "guilty_failure()", "guilty_log()");
    assertThat(failed.get("guilty_alien()")).contains("1 thread that this test has made");
    assertThat(failed.get("guilty_failure()")).contains("nobody has claimed");
    assertThat(failed.get("guilty_log()")).contains("planted warning").doesNotContain("failure");
    assertThat(results.testEvents().succeeded().count()).isEqualTo(3);
  }

  @Test
  void classWithoutAnnotation_isNotTouched() {
    EngineTestKit.engine("junit-jupiter")
        .selectors(selectClass(PlantedPlain.class))
        .execute()
        .testEvents()
        .assertStatistics(statistics -> statistics.started(1).succeeded(1));
  }
}
