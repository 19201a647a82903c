package org.morethreads.thread;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.morethreads.sync.OpenSignal;
import org.morethreads.sync.Signal;
import org.morethreads.work.Job;
import org.morethreads.work.ThreadPool;

/** H14: deadlocks in which jobs of several pools wait for each other. */
@Timeout(20)
class PoolDeadlockTest {
  private static final StopPolicy QUICK = StopPolicy.standard().withAsk(Duration.ZERO);

  @RegisterExtension final Grove grove = new Grove();

  private final OpenSignal submitted = Signal.create("submitted");
  private final AtomicReference<Job<?>> ofA = new AtomicReference<>();
  private final AtomicReference<Job<?>> ofB = new AtomicReference<>();

  private static List<String> deadlocks(ThreadTree tree) {
    return tree.dump().lines().dropWhile(line -> !line.startsWith("DEADLOCK")).toList();
  }

  /** Joins what was put there, once all has been submitted. */
  private void join(AtomicReference<Job<?>> job) throws InterruptedException {
    submitted.await();
    job.get().join();
  }

  private static void awaitOn(ThreadTree tree, String thread, String what) {
    Grove.eventually(() ->
        tree.dump()
            .lines()
            .anyMatch(
                line -> line.strip().startsWith(thread + ": ") && line.contains(" on " + what)));
  }

  /**
   * Each pool has one place, and whoever has it waits for one that needs the place of the other.
   */
  @Test
  void dump_jobsThatHaveNotBegunAreJoinedAcrossTwoPools_namesTheCycle() throws Exception {
    try (var tree = grove.open("t", QUICK);
        var a = ThreadPool.open("a", 1);
        var b = ThreadPool.open("b", 1)) {
      a.run("a1", _ -> join(ofB)).release();
      b.run("b1", _ -> join(ofA)).release();
      ofA.set(a.run("a2", _ -> {}));
      ofB.set(b.run("b2", _ -> {}));
      submitted.go();
      awaitOn(tree, "a1", "signal \"stopped t/b/b2\"");
      awaitOn(tree, "b1", "signal \"stopped t/a/a2\"");
      assertThat(deadlocks(tree))
          .hasSize(3)
          .startsWith(
              "DEADLOCK, unless a thread below one of these joins the job that has not begun:")
          .contains(
              "  \"t/a/a1\" waits for signal \"stopped t/b/b2\", which \"t/b/b1\" keeps from beginning",
              "  \"t/b/b1\" waits for signal \"stopped t/a/a2\", which \"t/a/a1\" keeps from beginning");
      assertThat(tree.dumpJson()).contains("{\"certain\":false,\"cycle\":[");
      tree.stop();
    }
  }

  @Test
  void dump_jobsOfTwoPoolsJoinEachOther_namesTheCycle() throws Exception {
    try (var tree = grove.open("t", QUICK);
        var a = ThreadPool.open("a", 1);
        var b = ThreadPool.open("b", 1)) {
      ofA.set(a.run("a1", _ -> join(ofB)).release());
      ofB.set(b.run("b1", _ -> join(ofA)).release());
      submitted.go();
      awaitOn(tree, "a1", "signal \"stopped t/b/b1\"");
      awaitOn(tree, "b1", "signal \"stopped t/a/a1\"");
      assertThat(deadlocks(tree))
          .hasSize(3)
          .startsWith("DEADLOCK:")
          .contains(
              "  \"t/a/a1\" waits for signal \"stopped t/b/b1\", which \"t/b/b1\" would have to end",
              "  \"t/b/b1\" waits for signal \"stopped t/a/a1\", which \"t/a/a1\" would have to end");
      tree.stop();
    }
  }

  /** One of those that have the places of a pool will end. */
  @Test
  void dump_oneOfTwoPlacesWillBeFree_isNoDeadlock() throws Exception {
    var end = Signal.create("end");
    try (var tree = grove.open("t", QUICK);
        var a = ThreadPool.open("a", 1);
        var b = ThreadPool.open("b", 2)) {
      Job<?> first = a.run("a1", _ -> join(ofB));
      b.run("b1", _ -> join(ofA)).release();
      b.run("free", _ -> end.await()).release();
      ofA.set(a.run("a2", _ -> {}));
      ofB.set(b.run("b2", _ -> {}));
      submitted.go();
      awaitOn(tree, "a1", "signal \"stopped t/b/b2\"");
      awaitOn(tree, "b1", "signal \"stopped t/a/a2\"");
      awaitOn(tree, "free", "signal \"end\"");
      assertThat(deadlocks(tree)).isEmpty();
      end.go();
      first.join(); // and so it is
    }
  }
}
