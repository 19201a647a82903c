package org.morethreads.thread;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.morethreads.fixture.Kind;
import org.morethreads.sync.OpenSignal;
import org.morethreads.sync.Signal;

/** Planted leaks are found by the {@link LeakCheck} that all tests of core run under. */
@Timeout(20)
class LeakCheckTest {
  private static final java.util.Queue<Runnable> CLEAN_UP = new ConcurrentLinkedQueue<>();

  /** Runs classes of tests as the build does; answers what was said of those that failed. */
  private static List<String> failuresOf(Class<?>... tests) {
    try {
      var events =
          EngineTestKit.engine("junit-jupiter")
              .configurationParameter("junit.jupiter.extensions.autodetection.enabled", "true")
              .configurationParameter(LeakCheck.PATIENCE, "1")
              .selectors(
                  Stream.of(tests)
                      .map(test -> selectClass(test))
                      .toArray(org.junit.platform.engine.DiscoverySelector[]::new))
              .execute()
              .allEvents();
      return events.failed().stream()
          .map(event ->
              event
                  .getRequiredPayload(org.junit.platform.engine.TestExecutionResult.class)
                  .getThrowable()
                  .orElseThrow()
                  .getMessage())
          .toList();
    } finally {
      for (Runnable next = CLEAN_UP.poll(); next != null; next = CLEAN_UP.poll()) {
        next.run();
      }
    }
  }

  @Test
  void check_nothingLeft_passes() {
    assertThat(failuresOf(Clean.class)).isEmpty();
  }

  @Test
  void check_treeLeftOpen_failsAndShowsTheTree() {
    assertThat(failuresOf(Clean.class, LeavesATreeOpen.class, Clean.class))
        .singleElement()
        .asString()
        .startsWith("Left behind by the tests:")
        .contains("open tree \"left open\":", "left open: tree, ", "  worker: running, ")
        .contains("managed thread #", "\"worker\" virtual")
        .contains("LeakCheckTest$LeavesATreeOpen");
  }

  @ParameterizedTest
  @EnumSource
  void check_abandonedThreadStillRuns_failsAndShowsItsStack(Kind kind) {
    kindToLeave = kind;
    assertThat(failuresOf(LeavesAnAbandonedThread.class))
        .singleElement()
        .asString()
        .doesNotContain("open tree")
        .contains("managed thread #", "\"deaf\"", "LeakCheckTest.awaitDeaf");
  }

  @Test
  void check_abandonedThreadEndsSoon_passes() {
    assertThat(failuresOf(LeavesAThreadThatIsAboutToEnd.class)).isEmpty();
  }

  private static volatile Kind kindToLeave = Kind.VIRTUAL;

  private static void awaitDeaf(Signal end) {
    while (!end.isSignalled()) {
      try {
        end.await();
      } catch (InterruptedException e) {
        // on purpose
      }
    }
  }

  private static void abandonThreadUntil(Signal end) throws InterruptedException {
    var policy =
        StopPolicy.standard()
            .withAsk(java.time.Duration.ZERO)
            .withInterrupt(java.time.Duration.ZERO);
    try (var _ = ThreadTree.open("closed", policy)) {
      OpenSignal runs = Signal.create("runs");
      Grove.named(kindToLeave, "deaf")
          .run(_ -> {
            runs.go();
            awaitDeaf(end);
          });
      runs.await();
    }
  }

  static final class Clean {
    @Test
    void test() throws Exception {
      try (var tree = ThreadTree.open("t")) {
        tree.run("x", _ -> {}).join();
      }
    }
  }

  static final class LeavesATreeOpen {
    @Test
    void test() throws Exception {
      var tree = ThreadTree.open("left open");
      CLEAN_UP.add(tree::close);
      OpenSignal runs = Signal.create("runs");
      tree.run(
          "worker",
          stop -> {
            runs.go();
            stop.await();
          });
      runs.await();
    }
  }

  static final class LeavesAnAbandonedThread {
    @Test
    void test() throws Exception {
      OpenSignal end = Signal.create("end");
      CLEAN_UP.add(end::go);
      abandonThreadUntil(end);
    }
  }

  static final class LeavesAThreadThatIsAboutToEnd {
    @Test
    void test() throws Exception {
      OpenSignal end = Signal.create("end");
      abandonThreadUntil(end);
      end.go();
    }
  }
}
