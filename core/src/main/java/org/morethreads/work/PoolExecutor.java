package org.morethreads.work;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.morethreads.thread.ManagedThread;
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
    accept(() -> {
      command.run();
      return null;
    });
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
    return pool.stopped().await(Duration.of(timeout, unit.toChronoUnit()));
  }

  @Override
  public String toString() {
    return pool.toString();
  }

  /** A job as the JDK's future. */
  private static final class JobFuture<T extends @Nullable Object> implements Future<T> {
    private final Job<T> job;
    private volatile boolean cancelled;

    JobFuture(Job<T> job) {
      this.job = job;
    }

    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
      if (isDone()) {
        return false;
      }
      cancelled = true;
      job.stop();
      job.release();
      if (mayInterruptIfRunning) {
        // an interrupt that comes after the task is cleared by the ending thread
        job.thread().flatMap(ManagedThread::thread).ifPresent(Thread::interrupt);
      }
      return true;
    }

    @Override
    public boolean isCancelled() {
      return cancelled;
    }

    @Override
    public boolean isDone() {
      return cancelled || job.stopped().isSignalled();
    }

    @Override
    public T get() throws InterruptedException, ExecutionException {
      checkNotCancelled();
      try {
        return job.join();
      } catch (ThreadEndException end) {
        throw translated(end);
      }
    }

    @Override
    public T get(long timeout, TimeUnit unit)
        throws InterruptedException, ExecutionException, TimeoutException {
      checkNotCancelled();
      try {
        return job.join(Duration.of(timeout, unit.toChronoUnit()));
      } catch (ThreadEndException end) {
        throw translated(end);
      }
    }

    private void checkNotCancelled() {
      if (cancelled) {
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
