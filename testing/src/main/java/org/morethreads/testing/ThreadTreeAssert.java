package org.morethreads.testing;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.List;
import org.assertj.core.api.AbstractAssert;
import org.jspecify.annotations.Nullable;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.ThreadTree;

/**
 * Assertions about a tree of threads.
 *
 * @since 0.1
 */
public final class ThreadTreeAssert extends AbstractAssert<ThreadTreeAssert, ThreadTree> {
  @SuppressWarnings("NullAway") // AssertJ takes null, and complains of it in isNotNull
  ThreadTreeAssert(@Nullable ThreadTree actual) {
    super(actual, ThreadTreeAssert.class);
  }

  /**
   * Checks that all threads of the tree have stopped, or were abandoned, and the tree with them.
   *
   * @return this
   */
  public ThreadTreeAssert hasStopped() {
    isNotNull();
    return check(actual.stopped().isSignalled(), "to have stopped");
  }

  /**
   * Checks that the tree was asked to stop.
   *
   * @return this
   */
  public ThreadTreeAssert wasAskedToStop() {
    isNotNull();
    return check(actual.stopReason().isPresent(), "to have been asked to stop");
  }

  /**
   * Checks that no thread lives in the tree.
   *
   * @return this
   */
  public ThreadTreeAssert hasNoThreads() {
    isNotNull();
    return check(actual.children().isEmpty(), "to have no threads");
  }

  /**
   * Checks which threads live at the top of the tree, by their names and in the order in which they
   * were started.
   *
   * @param names the names
   * @return this
   */
  public ThreadTreeAssert hasThreads(String... names) {
    isNotNull();
    List<String> found = actual.children().stream().map(ManagedThread::name).toList();
    return check(found.equals(Arrays.asList(names)), "to have the threads " + List.of(names));
  }

  /**
   * Checks that a thread lives in the tree.
   *
   * @param path its path
   * @return this
   */
  public ThreadTreeAssert hasThread(String path) {
    isNotNull();
    ArrayDeque<ManagedThread<?>> todo = new ArrayDeque<>(actual.children());
    boolean found = false;
    for (ManagedThread<?> next = todo.poll(); next != null && !found; next = todo.poll()) {
      found = next.path().equals(path);
      todo.addAll(next.children());
    }
    return check(found, "to have a thread " + path);
  }

  /**
   * Checks that no thread was abandoned since the tree was opened.
   *
   * @return this
   */
  public ThreadTreeAssert hasAbandonedNobody() {
    isNotNull();
    return check(actual.abandonedCount() == 0, "to have abandoned no thread");
  }

  /**
   * Checks that no failure waits to be claimed.
   *
   * @return this
   */
  public ThreadTreeAssert hasNoUnclaimedFailure() {
    isNotNull();
    List<Throwable> failures = actual.failures();
    return check(failures.isEmpty(), "to have no unclaimed failure, but has " + failures);
  }

  private ThreadTreeAssert check(boolean holds, String what) {
    if (!holds) {
      throw failure("Expected %s %s.%s", actual, what, MoreThreadsAssertions.dump(actual));
    }
    return this;
  }
}
