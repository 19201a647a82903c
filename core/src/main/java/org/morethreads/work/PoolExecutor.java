package org.morethreads.work;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.morethreads.internal.Library;
import org.morethreads.internal.Log;
import org.morethreads.queue.CloseableQueue;
import org.morethreads.sync.OpenSignal;
import org.morethreads.sync.Signal;
import org.morethreads.sync.Till;
import org.morethreads.thread.Outcome;
import org.morethreads.thread.ThreadEndException;
import org.morethreads.thread.ThreadFailedException;

/** A pool as the JDK's executor. Waits for a place in the backlog as the pool does. */
final class PoolExecutor extends AbstractExecutorService {
  private final ThreadPool pool;

  PoolExecutor(ThreadPool pool) {
    this.pool = pool;
  }

  @Override
  public void execute(Runnable command) {
    Objects.requireNonNull(command, "command");
    Job<?> job =
        accept(() -> {
          command.run();
          return null;
        });
    if (command instanceof Future<?> future) { // somebody may wait, a completion service for one
      Signal.Registration _ =
          job.stopped()
              .then(() -> {
                if (!future.isDone()) {
                  future.cancel(false); // it was discarded
                }
              });
    }
  }

  @Override
  public Future<?> submit(Runnable task) {
    Objects.requireNonNull(task, "task");
    return new JobFuture<@Nullable Void>(
        accept(() -> {
          task.run();
          return null;
        }));
  }

  @Override
  public <T extends @Nullable Object> Future<T> submit(Runnable task, T result) {
    Objects.requireNonNull(task, "task");
    return new JobFuture<>(
        accept(() -> {
          task.run();
          return result;
        }));
  }

  @Override
  public <T extends @Nullable Object> Future<T> submit(Callable<T> task) {
    return new JobFuture<>(accept(Objects.requireNonNull(task, "task")));
  }

  @Override
  public <T extends @Nullable Object> List<Future<T>> invokeAll(
      Collection<? extends Callable<T>> tasks) throws InterruptedException {
    return invokeAll(tasks, Signal.NEVER);
  }

  @Override
  public <T extends @Nullable Object> List<Future<T>> invokeAll(
      Collection<? extends Callable<T>> tasks, long timeout, TimeUnit unit)
      throws InterruptedException {
    return invokeAll(tasks, Till.unhurried(duration(timeout, unit)));
  }

  /** Waits as joining does, so that a job of the pool that calls this lends its place meanwhile. */
  private <T extends @Nullable Object> List<Future<T>> invokeAll(
      Collection<? extends Callable<T>> tasks, Signal till) throws InterruptedException {
    List<JobFuture<T>> futures = new ArrayList<>(tasks.size());
    boolean complete = false;
    try {
      for (Callable<T> task : tasks) {
        futures.add(new JobFuture<>(accept(Objects.requireNonNull(task, "task"))));
      }
      complete = true;
      for (JobFuture<T> future : futures) {
        if (!future.awaitDone(till)) {
          complete = false;
          break;
        }
      }
    } catch (InterruptedException e) {
      complete = false;
      throw e;
    } finally {
      if (!complete) {
        futures.reversed().forEach(future -> future.cancel(true)); // so that none begins by it
      }
    }
    return List.copyOf(futures);
  }

  @Override
  public <T extends @Nullable Object> T invokeAny(Collection<? extends Callable<T>> tasks)
      throws InterruptedException, ExecutionException {
    try {
      return invokeAny(tasks, Signal.NEVER);
    } catch (TimeoutException impossible) {
      throw new AssertionError(impossible);
    }
  }

  @Override
  public <T extends @Nullable Object> T invokeAny(
      Collection<? extends Callable<T>> tasks, long timeout, TimeUnit unit)
      throws InterruptedException, ExecutionException, TimeoutException {
    return invokeAny(tasks, Till.unhurried(duration(timeout, unit)));
  }

  /**
   * Submits tasks until one has a result, or all have been, and waits for a result. A job of the
   * pool that calls this lends its place meanwhile to one task after the other.
   */
  private <T extends @Nullable Object> T invokeAny(
      Collection<? extends Callable<T>> tasks, Signal till)
      throws InterruptedException, ExecutionException, TimeoutException {
    if (tasks.isEmpty()) {
      throw new IllegalArgumentException(
          "invokeAny was given no tasks, and can have no result. Give it at least one.");
    }
    tasks.forEach(task -> Objects.requireNonNull(task, "task"));
    List<JobFuture<T>> futures = new ArrayList<>(tasks.size());
    CloseableQueue<JobFuture<T>> ended = CloseableQueue.unbounded("ended tasks of " + pool);
    List<ExecutionException> failures = new ArrayList<>();
    try {
      for (Callable<T> task : tasks) {
        JobFuture<T> future = new JobFuture<>(accept(task));
        futures.add(future);
        Signal.Registration _ = future.job.stopped().then(() -> ended.putForced(future));
        JobFuture<T> early = ended.poll();
        if (early != null && early.hasResult(failures)) {
          return early.resultInsteadOf(failures);
        }
      }
      int at = 0;
      while (failures.size() < futures.size()) {
        while (futures.get(at).isDone() && at < futures.size() - 1) {
          at++; // it has ended, and what it brought is claimed, or comes next
        }
        Optional<JobFuture<T>> best =
            futures.get(at).job.whileJoining(() -> firstOf(ended, till, failures));
        if (best.isPresent()) {
          return best.get().resultInsteadOf(failures);
        }
      }
    } finally {
      futures.reversed().forEach(future -> future.cancel(true)); // so that none begins by it
    }
    ExecutionException last = failures.removeLast();
    failures.forEach(last::addSuppressed);
    throw last;
  }

  /** Waits for the next that ends, and claims how; answers it if it has a result. */
  private static <T extends @Nullable Object> Optional<JobFuture<T>> firstOf(
      CloseableQueue<JobFuture<T>> ended, Signal till, List<ExecutionException> failures)
      throws InterruptedException, TimeoutException {
    JobFuture<T> next = ended.poll(till);
    if (next == null) {
      throw new TimeoutException("No task had a result before \"" + till + "\".");
    }
    return next.hasResult(failures) ? Optional.of(next) : Optional.empty();
  }

  private <T extends @Nullable Object> Job<T> accept(Callable<T> task) {
    try {
      return pool.call("task", _ -> task.call());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new RejectedExecutionException(
          "Interrupted while waiting for a place in the backlog of \"" + pool + "\".", e);
    } catch (IllegalStateException e) {
      throw new RejectedExecutionException(e.getMessage(), e);
    }
  }

  @Override
  public void shutdown() {
    pool.shutdown();
  }

  /** Stops the pool. Those who wait for jobs that have not begun are told, so none are returned. */
  @Override
  public List<Runnable> shutdownNow() {
    pool.stop("shutdownNow");
    return List.of();
  }

  @Override
  public void close() {
    pool.close();
  }

  @Override
  public boolean isShutdown() {
    return pool.isClosed();
  }

  @Override
  public boolean isTerminated() {
    return pool.stopped().isSignalled();
  }

  @Override
  public boolean awaitTermination(long timeout, TimeUnit unit) throws InterruptedException {
    return pool.stopped().await(duration(timeout, unit));
  }

  /** At most 292 years, rather than an overflow. */
  private static Duration duration(long time, TimeUnit unit) {
    return Duration.ofNanos(unit.toNanos(time));
  }

  @Override
  public String toString() {
    return pool.toString();
  }

  /** A job as the JDK's future. */
  private static final class JobFuture<T extends @Nullable Object> implements Future<T> {
    private final Job<T> job;
    private final OpenSignal cancelled = Signal.create("cancelled");

    JobFuture(Job<T> job) {
      this.job = job;
    }

    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
      if (isDone()) {
        return false;
      }
      cancelled.go();
      job.stop();
      job.release();
      if (mayInterruptIfRunning) {
        // an interrupt that comes after the task is cleared by the ending thread
        job.thread().ifPresent(thread -> thread.interrupt(Library.MEMBER));
      }
      return true;
    }

    /** Also when the job was discarded, or left for a stop: just when {@code get} says so, too. */
    @Override
    public boolean isCancelled() {
      return cancelled.isSignalled()
          || (job.stopped().isSignalled()
              && job.outcome().filter(JobFuture::isCutShort).isPresent());
    }

    private static boolean isCutShort(Outcome<?> outcome) {
      return outcome instanceof Outcome.Stopped<?> || outcome instanceof Outcome.Abandoned<?>;
    }

    @Override
    public boolean isDone() {
      return cancelled.isSignalled() || job.stopped().isSignalled();
    }

    @Override
    public T get() throws InterruptedException, ExecutionException {
      try {
        return get(Signal.NEVER);
      } catch (TimeoutException impossible) {
        throw new AssertionError(impossible);
      }
    }

    @Override
    public T get(long timeout, TimeUnit unit)
        throws InterruptedException, ExecutionException, TimeoutException {
      return get(Till.unhurried(duration(timeout, unit)));
    }

    private T get(Signal till) throws InterruptedException, ExecutionException, TimeoutException {
      checkNotCancelled();
      try {
        return job.join(cancelled.or(till));
      } catch (TimeoutException e) {
        checkNotCancelled();
        throw e;
      } catch (ThreadEndException end) {
        throw translated(end);
      }
    }

    /** Waits until it is done, whatever the result; answers whether it is. */
    boolean awaitDone(Signal till) throws InterruptedException {
      try {
        Object _ = get(till);
        return true;
      } catch (ExecutionException | CancellationException whoAsksTheFutureGetsIt) {
        return true;
      } catch (TimeoutException e) {
        return false;
      }
    }

    /** Claims how it has ended; a failure, or that it was stopped, goes to the list. */
    boolean hasResult(List<ExecutionException> failures) throws InterruptedException {
      if (job.outcome().filter(it -> it instanceof Outcome.Returned<?>).isPresent()) {
        return true;
      }
      try {
        Object _ = get();
      } catch (ExecutionException failed) {
        failures.add(failed);
      } catch (CancellationException stopped) {
        failures.add(new ExecutionException(stopped.getMessage(), stopped));
      }
      return false;
    }

    /** Takes the result; failures that it has made irrelevant are not lost all the same. */
    T resultInsteadOf(List<ExecutionException> failures)
        throws InterruptedException, ExecutionException {
      for (ExecutionException failed : failures) {
        Log.info(failed.getMessage() + "; another task of the same invokeAny has a result");
      }
      return get();
    }

    private void checkNotCancelled() {
      if (cancelled.isSignalled()) {
        throw new CancellationException("Job \"" + job + "\" was cancelled.");
      }
    }

    private static ExecutionException translated(ThreadEndException end) {
      if (end instanceof ThreadFailedException) {
        return new ExecutionException(end.getMessage(), end.getCause());
      }
      var cancelled = new CancellationException(end.getMessage());
      cancelled.initCause(end);
      throw cancelled;
    }
  }
}
