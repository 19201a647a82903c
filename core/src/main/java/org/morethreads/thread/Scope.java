package org.morethreads.thread;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * A block whose end waits for the threads that were started in it.
 *
 * {@snippet class="ScopeSnippets" region="run"}
 *
 * <p>The end of a thread's task stops its children; the end of a scope <b>waits</b> for them. The
 * block runs on the calling thread and is given an {@link OpenScope}; what that starts belongs to
 * the scope. What the block starts by {@link ManagedThread#run} belongs to the calling thread as
 * before.
 *
 * <p>How a scope ends; the first of these that happens decides:
 *
 * <ol>
 *   <li>the block returns, and all children end by themselves: returns;
 *   <li>the block throws: the children are stopped, and what it threw is thrown;
 *   <li>a child fails, unless failures are {@linkplain ScopeBuilder#isolated isolated}: the others
 *       are stopped, the block is interrupted, and a {@link ThreadFailedException} is thrown that
 *       has the failure as cause;
 *   <li>the {@linkplain ScopeBuilder#deadline deadline} passes: the children are stopped, the block
 *       is interrupted, and a {@link TimeoutException} is thrown;
 *   <li>the calling thread is interrupted while it waits for the children: they are stopped, and
 *       {@link InterruptedException} is thrown.
 * </ol>
 *
 * <p>Children that are stopped so are told and interrupted at once, with all that is below them,
 * and those that do not end are abandoned as the {@link StopPolicy} says. In each case the scope
 * ends only after all its children have. Failures that come later are suppressed under the first.
 * An interrupt that the scope has sent to the block never outlives it: once it has sent one, the
 * interrupt status is cleared when the block ends. There is one status for all, so one that
 * somebody else has sent to the block besides goes with it, also when the block has caught that of
 * the scope before; who means the calling thread asks it to stop, which reaches it as ever.
 *
 * <p>A stop of the calling thread reaches the children first, as an ordinary stop, and tells the
 * thread then; so does a stop of a scope around this one, its deadline included. In the tree a
 * scope is a node of its own, with the children below.
 *
 * <p><b>Memory consistency.</b> What the children did <i>happens-before</i> what follows the scope.
 *
 * @since 0.1
 */
public final class Scope {
  private Scope() {}

  /**
   * A block that has no result.
   *
   * @param <X> what it can throw
   * @since 0.1
   */
  @FunctionalInterface
  public interface Block<X extends Exception> {
    /**
     * Runs it, on the thread that begins the scope.
     *
     * @param scope starts threads that belong to the scope
     * @throws X anything: it stops the children
     */
    void run(OpenScope scope) throws X;
  }

  /**
   * A block that has a result.
   *
   * @param <T> the type of the result
   * @param <X> what it can throw
   * @since 0.1
   */
  @FunctionalInterface
  public interface Call<T extends @Nullable Object, X extends Exception> {
    /**
     * Computes it, on the thread that begins the scope.
     *
     * @param scope starts threads that belong to the scope
     * @return the result of the scope, if no child fails
     * @throws X anything: it stops the children
     */
    T call(OpenScope scope) throws X;
  }

  /**
   * Runs a block, and waits for the threads of its scope.
   *
   * @param <X> what the block can throw
   * @param name the name of the scope's node in the tree
   * @param block what to run
   * @throws X what the block threw
   * @throws InterruptedException if the block threw it, or the calling thread is interrupted while
   *     it waits; the children have ended then
   * @throws ThreadFailedException if a child failed
   * @throws IllegalStateException if the thread or tree that the scope would belong to has stopped
   */
  public static <X extends Exception> void run(String name, Block<X> block)
      throws X, InterruptedException {
    named(name).run(block);
  }

  /**
   * Runs a block, waits for the threads of its scope, and returns what the block returned.
   *
   * @param <T> the type of the result
   * @param <X> what the block can throw
   * @param name the name of the scope's node in the tree
   * @param block what to run
   * @return the result of the block
   * @throws X what the block threw
   * @throws InterruptedException if the block threw it, or the calling thread is interrupted while
   *     it waits; the children have ended then
   * @throws ThreadFailedException if a child failed
   * @throws IllegalStateException if the thread or tree that the scope would belong to has stopped
   */
  public static <T extends @Nullable Object, X extends Exception> T call(
      String name, Call<T, X> block) throws X, InterruptedException {
    return named(name).call(block);
  }

  /**
   * Begins a scope with options.
   *
   * @param name the name of the scope's node in the tree
   * @return a builder
   * @throws IllegalArgumentException if the name is empty or has a slash
   */
  public static ScopeBuilder named(String name) {
    ManagedThread.checkName(name);
    return new ScopeBuilder(new ScopeLife.Settings(name));
  }

  /**
   * Runs calls at the same time, returns the result of the first that has one, and stops the
   * others. Returns when all have ended. Failures of calls that lost go to the log as information.
   *
   * @param <T> the type of the result
   * @param name the name of the race's node in the tree
   * @param calls what to run, each on a thread of its own
   * @return the first result
   * @throws InterruptedException if the calling thread is interrupted; the calls have ended then
   * @throws ThreadFailedException if all failed, with the failure of the first call as cause and
   *     those of the others suppressed; or some did, and the others were stopped
   * @throws ThreadStoppedException if all were stopped before one had a result
   * @throws IllegalArgumentException if there are no calls
   */
  @SafeVarargs
  @SuppressWarnings("varargs") // only read, and copied
  public static <T extends @Nullable Object> T race(
      String name, ManagedThread.Call<? extends T>... calls) throws InterruptedException {
    return Race.run(name, null, List.copyOf(Arrays.asList(calls)));
  }

  /**
   * Like {@link #race(String, ManagedThread.Call[])}, for at most a time, which is real time.
   *
   * @param <T> the type of the result
   * @param name the name of the race's node in the tree
   * @param deadline how long it may take; zero or negative means that nothing is started
   * @param calls what to run, each on a thread of its own
   * @return the first result
   * @throws InterruptedException if the calling thread is interrupted; the calls have ended then
   * @throws TimeoutException if the time has passed; the calls have been stopped then, and what
   *     failed before is suppressed
   * @throws ThreadFailedException if all failed, with the failure of the first call as cause and
   *     those of the others suppressed; or some did, and the others were stopped
   * @throws ThreadStoppedException if all were stopped before one had a result
   * @throws IllegalArgumentException if there are no calls
   */
  @SafeVarargs
  @SuppressWarnings("varargs") // only read, and copied
  public static <T extends @Nullable Object> T race(
      String name, Duration deadline, ManagedThread.Call<? extends T>... calls)
      throws InterruptedException, TimeoutException {
    return Race.run(name, deadline, List.copyOf(Arrays.asList(calls)));
  }

  /**
   * Joins threads: waits for all of them, also when one has failed, and takes their results or all
   * their failures.
   *
   * @param <T> the type of the results
   * @param threads the threads
   * @return their results, in the order of the threads
   * @throws InterruptedException if the calling thread is interrupted; nothing is claimed then
   * @throws ThreadEndException if a thread has no result, as by {@link ManagedThread#join()}; that
   *     of the first such thread, with those of the others suppressed
   */
  public static <T extends @Nullable Object> List<T> joinAll(
      Collection<? extends ManagedThread<? extends T>> threads) throws InterruptedException {
    for (ManagedThread<? extends T> thread : threads) {
      thread.checkNotBelow();
      thread.stopped().await();
    }
    List<T> results = new ArrayList<>();
    ThreadEndException first = null;
    for (ManagedThread<? extends T> thread : threads) {
      try {
        results.add(thread.joinStopped());
      } catch (ThreadEndException end) {
        if (first == null) {
          first = end;
        } else {
          first.addSuppressed(end);
        }
      }
    }
    if (first != null) {
      throw first;
    }
    return results;
  }
}
