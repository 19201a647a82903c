package org.morethreads.testing;

import org.jspecify.annotations.Nullable;
import org.morethreads.queue.CloseableQueue;
import org.morethreads.sync.Signal;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.Outcome;
import org.morethreads.thread.ThreadTree;

/**
 * Assertions in the style of AssertJ, which must be on the path. When one fails, its message shows
 * what each thread of the tree waits for, where a tree is at hand.
 *
 * {@snippet class="TestingSnippets" region="assertions"}
 *
 * @since 0.1
 */
public final class MoreThreadsAssertions {
  private MoreThreadsAssertions() {}

  /**
   * Begins assertions about a signal.
   *
   * @param actual the signal
   * @return the assertions
   */
  public static SignalAssert assertThat(@Nullable Signal actual) {
    return new SignalAssert(actual);
  }

  /**
   * Begins assertions about a probe of a signal.
   *
   * @param actual the probe
   * @return the assertions
   */
  public static SignalProbeAssert assertThat(@Nullable SignalProbe actual) {
    return new SignalProbeAssert(actual);
  }

  /**
   * Begins assertions about a queue.
   *
   * @param <E> the type of its elements
   * @param actual the queue
   * @return the assertions
   */
  public static <E> QueueAssert<E> assertThat(@Nullable CloseableQueue<E> actual) {
    return new QueueAssert<>(actual);
  }

  /**
   * Begins assertions about a tree.
   *
   * @param actual the tree
   * @return the assertions
   */
  public static ThreadTreeAssert assertThat(@Nullable ThreadTree actual) {
    return new ThreadTreeAssert(actual);
  }

  /**
   * Begins assertions about a managed thread.
   *
   * @param actual the thread
   * @return the assertions
   */
  public static ManagedThreadAssert assertThat(@Nullable ManagedThread<?> actual) {
    return new ManagedThreadAssert(actual);
  }

  /**
   * Begins assertions about an outcome.
   *
   * @param actual the outcome
   * @return the assertions
   */
  public static OutcomeAssert assertThat(@Nullable Outcome<?> actual) {
    return new OutcomeAssert(actual);
  }

  /** What the threads of the test at hand wait for, for messages. */
  static String dump() {
    TestRun run = Ownership.current();
    if (run != null) {
      return dump(run.dump());
    }
    ManagedThread<?> current = ManagedThread.currentOrNull();
    return current == null ? "" : dump(current.tree());
  }

  static String dump(ThreadTree tree) {
    return dump(tree.dump());
  }

  private static String dump(String dump) {
    return "\nThe threads:\n" + TestRun.indented(dump);
  }
}
