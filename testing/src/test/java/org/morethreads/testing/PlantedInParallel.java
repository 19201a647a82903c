package org.morethreads.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.ThreadTree;

/**
 * Run by {@link ManagedThreadsExtensionTest}, all tests at the same time. Those named "innocent"
 * must pass, whatever the others leave.
 */
@ManagedThreads
@Execution(ExecutionMode.CONCURRENT)
class PlantedInParallel {
  /** So that all are under way when the first leaves something. */
  private static final CyclicBarrier TOGETHER = new CyclicBarrier(6);

  private static void together() throws Exception {
    TOGETHER.await(30, TimeUnit.SECONDS);
  }

  @Test
  void guilty_alien() throws Exception {
    together();
    Thread.ofVirtual().start(Planted::stay);
    together();
  }

  @Test
  void guilty_log() throws Exception {
    together();
    Thread.startVirtualThread(() -> Logger.getLogger("a.logger").warning("planted warning")).join();
    together();
  }

  @Test
  void guilty_failure() throws Exception {
    together();
    ManagedThread.run(
            "fails",
            _ -> {
              throw new IllegalStateException("planted failure");
            })
        .stopped()
        .await();
    together();
  }

  @Test
  void innocent_busyWithThreads(ThreadTree tree, TestInfo info) throws Exception {
    together();
    for (int i = 0; i < 200; i++) {
      Thread.startVirtualThread(() -> {}).join();
      ManagedThread<?> thread = ManagedThread.run("short", _ -> {});
      assertThat(thread.tree()).isSameAs(tree);
      thread.join();
    }
    together();
  }

  @Test
  @VirtualTime
  void innocent_onVirtualTime(VirtualClock clock) throws Exception {
    together();
    for (int i = 0; i < 200; i++) {
      clock.sleep(Duration.ofDays(1));
    }
    assertThat(clock.elapsed()).isEqualTo(Duration.ofDays(200));
    together();
  }

  @Test
  void innocent_idle() throws Exception {
    together();
    together();
  }
}
