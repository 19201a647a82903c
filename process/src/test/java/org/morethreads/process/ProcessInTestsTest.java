package org.morethreads.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.Event;
import org.morethreads.sync.Till;
import org.morethreads.testing.ManagedThreads;
import org.morethreads.testing.VirtualTime;
import org.morethreads.thread.ManagedThread;

/** Processes in tests of others: what is left over is found, and a process holds virtual time. */
@Timeout(60)
class ProcessInTestsTest {
  private static final AtomicReference<@Nullable ManagedProcess> LEFT = new AtomicReference<>();

  /** Tests that leave a process. */
  @ManagedThreads(allowedLog = System.Logger.Level.WARNING)
  static class Planted {
    @Test
    void leavesAProcessThatFailed() throws Exception {
      ManagedProcess process = ManagedProcess.command("bash", "-c", "exit 3").start();
      process.stopped().await();
    }

    @Test
    void leavesAProcessThatRuns() throws Exception {
      LEFT.set(ManagedProcess.command("sleep", "1000").start());
    }
  }

  private static java.util.stream.Stream<Event> run(String method) {
    return EngineTestKit.engine("junit-jupiter")
        .selectors(selectMethod(Planted.class, method))
        .execute()
        .testEvents()
        .list()
        .stream();
  }

  @Test
  void managedThreads_processThatFailedAndWasNotJoined_failsTheTest() {
    assertThat(run("leavesAProcessThatFailed").map(Event::toString))
        .anyMatch(event -> event.contains("FAILED") && event.contains("exited with 3"));
  }

  @Test
  void managedThreads_processThatRuns_isStoppedWithTheTree() throws Exception {
    assertThat(run("leavesAProcessThatRuns").map(Event::toString))
        .noneMatch(event -> event.contains("FAILED"));
    ManagedProcess left = java.util.Objects.requireNonNull(LEFT.get());
    assertThat(left.stopped().isSignalled()).isTrue();
    Proc.untilGone(left.pid());
  }

  @Test
  @VirtualTime
  @ManagedThreads(timeout = "40 s")
  void virtualTime_whileAProcessRuns_standsStill() throws Exception {
    ManagedProcess process = ManagedProcess.command("cat").stdinLines().lines().start();
    ManagedThread<Boolean> sleeper =
        ManagedThread.call(
            "sleeper", stop -> Till.after(Duration.ofHours(1)).await(process.stopped()));
    process.stdin().put("hello");
    assertThat(process.stdout().take())
        .isEqualTo("hello"); // this thread waits, and so does the sleeper
    process.stdin().close();
    assertThat(process.join()).isZero();
    assertThat(sleeper.join()).isFalse(); // the hour had not passed when the process ended
  }
}
