package org.morethreads.work;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.morethreads.internal.Library;
import org.morethreads.sync.OpenSignal;
import org.morethreads.sync.Signal;
import org.morethreads.sync.Till;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.Outcome;
import org.morethreads.thread.StopReason;
import org.morethreads.thread.ThreadBuilder;
import org.morethreads.thread.ThreadEndException;
import org.morethreads.thread.ThreadStoppedException;

/**
 * Something that a {@link ThreadPool} has accepted: it begins when a place is free, on a managed
 * thread of its own, or never, when the pool or the job is stopped before.
 *
 * <p>A job that joins another one of its own pool, which has not begun, gives it its own place
 * while it waits, so that jobs cannot wait for ever for places that they hold themselves. Jobs of
 * two pools that wait for each other's places can; a dump of the tree names them.
 *
 * <p><b>Thread safety.</b> Every method may be called from any thread without further
 * synchronization.
 *
 * @param <T> the type of the result
 * @since 0.1
 */
public final class Job<T extends @Nullable Object> {
  /*
   * WAITING -> BEGUN      by the pool, under its mutex: it has left the backlog
   * WAITING -> DISCARDED  by a stop of the pool or of the job, under the mutex
   * `settled` goes afterwards, when the thread or the reason can be read.
   */
  private final ThreadPool pool;
  private final String name;
  private final ThreadBuilder builder;
  private final ManagedThread.Call<T> call;

  /** Greater is earlier. */
  final int priority;

  /** The order among jobs of the same priority; given under the mutex. */
  long serial;

  /** Whether it runs in the place of a job that joins it. Guarded by the pool's mutex. */
  boolean lent;

  /** The job that this one waits for. Guarded by the pool's mutex. */
  @Nullable Job<?> joining;

  private final OpenSignal settled = Signal.create("job begun");

  /** Goes when the thread has stopped, or the job was discarded. */
  private final JobStopped stopped;

  private volatile @Nullable ManagedThread<T> thread;
  private volatile @Nullable StopReason discarded;
  private volatile boolean released;

  Job(
      ThreadPool pool,
      String name,
      int priority,
      ThreadBuilder builder,
      ManagedThread.Call<T> call) {
    this.pool = pool;
    this.stopped = new JobStopped(this, pool);
    this.name = name;
    this.priority = priority;
    this.builder = builder;
    this.call = call;
  }

  /**
   * Starts it; called by the pool, without its mutex. Whatever fails here, the job is settled, and
   * its place is given back.
   */
  void begin() {
    ManagedThread<T> made = null;
    Signal.Registration end = null;
    boolean started = false;
    try {
      made = builder.prepareCall(call);
      thread = made;
      pool.begins(this, made);
      if (released) {
        made.release(); // after the start, its failure might be one that nobody has joined
      }
      // before the start: were it to run here, the ends of short jobs would pile up on this stack
      end =
          made.stopped()
              .then(() -> {
                stopped.go();
                pool.ended(this);
              });
      made.start();
      started = true;
    } catch (IllegalStateException poolHasStopped) {
      // discarded below
    } finally {
      if (!started && (end == null || end.remove())) {
        if (made != null) {
          pool.notBegun(made);
        }
        thread = null;
        discard(
            new StopReason(
                StopReason.Kind.PARENT_ENDED, pool.toString(), "the pool could not start it"));
        pool.ended(this);
      }
    }
    if (released && made != null) {
      made.release();
    }
    settled.go();
  }

  /** It will never begin; called without the mutex, by who has taken it out of the backlog. */
  void discard(StopReason reason) {
    discarded = reason;
    settled.go();
    stopped.go();
  }

  /** {@return the name that it was given} */
  public String name() {
    return name;
  }

  /** {@return the thread that runs it; empty until it has begun} */
  public Optional<ManagedThread<T>> thread() {
    return Optional.ofNullable(thread);
  }

  /** {@return the signal that goes when it has stopped, or was discarded} */
  public Signal stopped() {
    return stopped;
  }

  /**
   * Asks the job to stop; one that has not begun never will. Returns at once; repeating it does
   * nothing.
   */
  public void stop() {
    StopReason reason =
        new StopReason(
            StopReason.Kind.REQUESTED, ThreadPool.caller(), "stopped before it had begun");
    if (pool.takeBack(this)) {
      discard(reason);
    } else {
      ManagedThread<T> running = thread;
      if (running != null) {
        running.stop();
      } else {
        settled.then(() -> thread().ifPresent(ManagedThread::stop));
      }
    }
  }

  /**
   * Gives the result up: nobody will join this job. What it fails with is logged at once.
   *
   * @return this job
   */
  public Job<T> release() {
    released = true;
    thread().ifPresent(ManagedThread::release);
    return this;
  }

  /**
   * Waits until the job has ended, and takes its result or its failure, as {@link
   * ManagedThread#join()} does. Who joins only after the pool has ended gets a failure all the
   * same, but it has been reported as well, for nobody had claimed it until then.
   *
   * @return the result
   * @throws InterruptedException if the calling thread is interrupted; nothing is claimed then
   * @throws ThreadEndException if it ended without a result; a {@link ThreadStoppedException} also
   *     if it never began
   * @throws IllegalStateException if the calling thread belongs to this job, or to one that this
   *     job waits for
   */
  public T join() throws InterruptedException {
    try {
      return join(Signal.NEVER);
    } catch (TimeoutException impossible) {
      throw new AssertionError(impossible);
    }
  }

  /**
   * Waits until the job has ended, for at most a time, and takes its result or its failure.
   *
   * @param timeout the longest time to wait; zero or negative means not to wait at all
   * @return the result
   * @throws InterruptedException if the calling thread is interrupted; nothing is claimed then
   * @throws TimeoutException if the time has passed; nothing is claimed then
   * @throws ThreadEndException if it ended without a result, as {@link #join()}
   */
  public T join(Duration timeout) throws InterruptedException, TimeoutException {
    return join(timeout.isPositive() ? Till.unhurried(timeout) : Signal.DONE);
  }

  /**
   * Waits until the job has ended, or a signal goes, and takes its result or its failure.
   *
   * @param till what ends the wait
   * @return the result
   * @throws InterruptedException if the calling thread is interrupted; nothing is claimed then
   * @throws TimeoutException if {@code till} went first; nothing is claimed then
   * @throws ThreadEndException if it ended without a result, as {@link #join()}
   */
  public T join(Signal till) throws InterruptedException, TimeoutException {
    return whileJoining(() -> {
      if (!stopped.await(till)) {
        throw new TimeoutException(
            "Job \""
                + this
                + (thread == null ? "\" has not begun" : "\" has not ended")
                + " before \""
                + till
                + "\".");
      }
      ManagedThread<T> ended = thread;
      if (ended == null) {
        throw neverBegun();
      }
      return ended.join();
    });
  }

  /** Waits for what a job may bring about, and claims it. */
  @FunctionalInterface
  interface Wait<R extends @Nullable Object> {
    R await() throws InterruptedException, TimeoutException;
  }

  /**
   * Waits: a job of this pool that calls this lends its place to this one meanwhile, and the pool
   * does not end before what has been waited for is claimed.
   */
  <R extends @Nullable Object> R whileJoining(Wait<R> wait)
      throws InterruptedException, TimeoutException {
    Job<?> own = pool.beginJoin(this);
    try {
      return wait.await();
    } finally {
      pool.endJoin(own);
    }
  }

  private ThreadStoppedException neverBegun() {
    StopReason reason = reasonOfDiscard();
    return new ThreadStoppedException(
        Library.MEMBER,
        toString(),
        "Job \"" + this + "\" has not begun, and never will: " + reason,
        new CancellationException(reason.toString()));
  }

  private StopReason reasonOfDiscard() {
    StopReason reason = discarded;
    return reason != null
        ? reason
        : new StopReason(StopReason.Kind.PARENT_ENDED, pool.toString(), "stopped");
  }

  /** {@return the outcome, once there is one; looking at it claims nothing} */
  public Optional<Outcome<T>> outcome() {
    StopReason reason = discarded;
    if (reason != null) {
      return Optional.of(
          new Outcome.Stopped<>(reason, new CancellationException(reason.toString())));
    }
    return thread().flatMap(ManagedThread::outcome);
  }

  /** {@return the path that its thread has, or would have} */
  @Override
  public String toString() {
    ManagedThread<T> running = thread;
    return running == null ? pool + "/" + name : running.path();
  }
}
