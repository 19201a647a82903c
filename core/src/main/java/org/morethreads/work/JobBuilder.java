package org.morethreads.work;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.morethreads.sync.Signal;
import org.morethreads.sync.Till;
import org.morethreads.thread.ManagedThread;

/**
 * How a job is to be: begun by {@link ThreadPool#job}, ended by {@link #run} or {@link #call}.
 * Instances are immutable: every method returns a new one.
 *
 * @since 0.1
 */
public final class JobBuilder {
  private final ThreadPool pool;
  final String name;
  final int priority;
  final Signal till;
  final List<ScopedValue<?>> carried;

  JobBuilder(
      ThreadPool pool, String name, int priority, Signal till, List<ScopedValue<?>> carried) {
    this.pool = pool;
    this.name = name;
    this.priority = priority;
    this.till = till;
    this.carried = carried;
  }

  /**
   * Sets a priority: of the jobs that wait, that with the greatest number begins first, and of
   * those with the same the oldest. Without this it is 0. A steady stream of urgent jobs keeps the
   * others waiting.
   *
   * @param newPriority any number
   * @return a changed builder
   */
  public JobBuilder priority(int newPriority) {
    return new JobBuilder(pool, name, newPriority, till, carried);
  }

  /**
   * Limits how long to wait for a place in a full backlog.
   *
   * @param timeout the longest time to wait; zero or negative means not to wait at all
   * @return a changed builder
   */
  public JobBuilder within(Duration timeout) {
    return new JobBuilder(
        pool,
        name,
        priority,
        timeout.isPositive() ? Till.unhurried(timeout) : Signal.DONE,
        carried);
  }

  /**
   * Carries scoped values over: the job sees them bound as they are where it is submitted, besides
   * those that its pool carries. One that is not bound there is left unbound.
   *
   * @param values the scoped values
   * @return a changed builder
   */
  public JobBuilder carrying(ScopedValue<?>... values) {
    return new JobBuilder(
        pool,
        name,
        priority,
        till,
        Stream.concat(carried.stream(), Arrays.stream(values)).toList());
  }

  /**
   * Submits a job that has no result.
   *
   * @param task what it does
   * @return the job
   * @throws InterruptedException if the calling thread is interrupted while it waits for a place;
   *     nothing is accepted then
   * @throws TimeoutException if there was no place in time; nothing is accepted then
   * @throws IllegalStateException if the pool is closed
   */
  public Job<@Nullable Void> run(ManagedThread.Task task)
      throws InterruptedException, TimeoutException {
    return call(ThreadPool.asCall(task));
  }

  /**
   * Submits a job that has a result.
   *
   * @param <T> the type of the result
   * @param call what it computes
   * @return the job
   * @throws InterruptedException if the calling thread is interrupted while it waits for a place;
   *     nothing is accepted then
   * @throws TimeoutException if there was no place in time; nothing is accepted then
   * @throws IllegalStateException if the pool is closed
   */
  public <T extends @Nullable Object> Job<T> call(ManagedThread.Call<T> call)
      throws InterruptedException, TimeoutException {
    Objects.requireNonNull(call, "call");
    Job<T> job = pool.submit(this, call);
    if (job == null) {
      throw new TimeoutException(
          "Job \"" + name + "\" found no place in the backlog of \"" + pool + "\" in time.");
    }
    return job;
  }
}
