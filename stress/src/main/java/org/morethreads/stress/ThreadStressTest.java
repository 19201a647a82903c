package org.morethreads.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.ThreadTree;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.ZI_Result;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/** Start, end, stop and the tree of threads (S2, H2, H3, H7). */
public final class ThreadStressTest {
  private ThreadStressTest() {}

  /** One for all, and never closed: a test is no place to stop 10,000 threads. */
  private static final class Shared {
    static final ThreadTree TREE = ThreadTree.open("stress");
  }

  /** Start publishes to the task, and the end of the task to a joiner. */
  @JCStressTest
  @Outcome(id = "1, 2", expect = ACCEPTABLE, desc = "The task and the joiner see the writes.")
  @Outcome(expect = FORBIDDEN, desc = "r1: seen by the task; r2: seen by the joiner.")
  @State
  public static class Join {
    private int before;
    private int seen;
    private int after;

    @Actor
    public void starter(II_Result result) {
      before = 1;
      ManagedThread<?> thread =
          Shared.TREE.run(
              "task",
              _ -> {
                seen = before;
                after = 2;
              });
      Uninterrupted.run(thread::join);
      result.r1 = seen;
      result.r2 = after;
    }
  }

  /** Whoever has seen {@code stopped} sees what the task did. */
  @JCStressTest
  @Outcome(id = "false, 0", expect = ACCEPTABLE, desc = "The reader came first.")
  @Outcome(id = "false, 1", expect = ACCEPTABLE, desc = "The write was seen early; allowed.")
  @Outcome(id = "true, 1", expect = ACCEPTABLE, desc = "Stopped, and the write is visible.")
  @Outcome(id = "true, 0", expect = FORBIDDEN, desc = "Stopped, but the write is not visible.")
  @State
  public static class Stopped {
    private int plain;
    private final ManagedThread<?> thread = Shared.TREE.named("task").prepare(_ -> plain = 1);

    @Actor
    public void starter() {
      thread.start();
      Uninterrupted.run(thread::join);
    }

    @Actor
    public void reader(ZI_Result result) {
      result.r1 = thread.stopped().isSignalled();
      result.r2 = plain;
    }
  }

  /** A child is started while its parent ends: refused, or told and awaited. */
  @JCStressTest
  @Outcome(id = "true, true", expect = ACCEPTABLE, desc = "Started, and stopped with the parent.")
  @Outcome(id = "false, true", expect = ACCEPTABLE, desc = "Refused.")
  @Outcome(expect = FORBIDDEN, desc = "The child outlived its parent.")
  @State
  public static class ChildAgainstEndOfParent {
    private final ManagedThread<?> parent = Shared.TREE.named("parent").prepare(_ -> {});
    private final ManagedThread<?> child =
        ManagedThread.named("child").parent(parent).prepare(pleaseStop -> pleaseStop.await());

    @Actor
    public void parent() {
      parent.start();
      Uninterrupted.run(parent::join);
    }

    @Actor
    public void starter(ZZ_Result result) {
      try {
        child.start();
        result.r1 = true;
      } catch (IllegalStateException refused) {
        result.r1 = false;
      }
      Uninterrupted.run(parent.stopped()::await);
      result.r2 = !result.r1 || child.stopped().isSignalled();
    }
  }
}
