package org.morethreads.work;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.PriorityQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.morethreads.internal.Library;
import org.morethreads.internal.Mutex;
import org.morethreads.internal.SchedulePoint;
import org.morethreads.sync.OpenSignal;
import org.morethreads.sync.Signal;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.StopPolicy;
import org.morethreads.thread.StopReason;
import org.morethreads.thread.ThreadBuilder;

/**
 * Runs jobs, so many at a time. Each job has a name and a managed thread of its own, below the
 * pool's in the tree; a thread costs little. Use a pool to limit what is scarce: connections,
 * processors, the patience of a server.
 *
 * {@snippet class="WorkSnippets" region="pool"}
 *
 * <p><b>The backlog</b> holds jobs that wait for a place to run. When it is full, {@link #run} and
 * {@link #call} wait. A job of the pool itself is never made to wait for a place in the backlog,
 * since it might wait for itself.
 *
 * <p><b>Failures</b> go to who joins the job; those that nobody joins go the way of the failures of
 * all threads: to the log and to the parent.
 *
 * <p><b>The end.</b> {@link #close} accepts no more, finishes what was accepted, and waits for it.
 * {@link #stop}, or a stop of a thread above, begins no job any more: those in the backlog are
 * discarded, and who joins one gets a {@link org.morethreads.thread.ThreadStoppedException}; those
 * that run are asked to stop. What waits to submit a job gets an {@link IllegalStateException}, in
 * both cases, and its job is not accepted.
 *
 * <p><b>Thread safety.</b> Every method may be called from any thread without further
 * synchronization.
 *
 * @since 0.1
 */
public final class ThreadPool implements AutoCloseable {
  /*
   * Everything that changes is guarded by `mutex`; threads are started, signals go, and user code runs, without it.
   *
   * A place is taken (running++) by who begins a job: the submitter, or the end of another job. It is given back when the thread
   * has stopped, by an action on its stopped signal. A job that is joined by one of its own pool before it has begun runs in the
   * place of the joiner (`lent`), which does nothing meanwhile: neither takes a place nor gives one back.
   *
   * The pool's own thread is the parent of all. It ends when everything is finished after close(), or when it is told to stop. What is
   * finished includes the joins: who waits for a job claims its failure before the pool ends, and would report it as its own.
   */
  private final Mutex mutex = new Mutex();
  private final String name;
  private final int size;
  private final int capacity;
  private final boolean platform;
  private final List<ScopedValue<?>> carried;
  private final ManagedThread<?> thread;
  private final OpenSignal finished = Signal.create("finished");

  /** The jobs that run, by their threads. */
  private final Map<ManagedThread<?>, Job<?>> jobs = new ConcurrentHashMap<>();

  private final PriorityQueue<Job<?>> backlog =
      new PriorityQueue<>(
          Comparator.comparingInt((Job<?> job) -> job.priority)
              .reversed()
              .thenComparingLong(job -> job.serial));

  private final Deque<OpenSignal> submitters = new ArrayDeque<>();
  private int running;
  private int lent;

  /**
   * Threads in a join: those that have been woken are about to claim what their job failed with.
   */
  private int joiners;

  private long serials;
  private boolean closed;

  /** Written under the mutex, read by jobs that begin. */
  private volatile @Nullable StopReason stopping;

  private ThreadPool(Builder builder) {
    this.name = builder.name;
    this.size = builder.size;
    this.capacity = builder.backlog;
    this.platform = builder.platform;
    this.carried = builder.carried;
    ThreadBuilder own = ManagedThread.named(name);
    StopPolicy policy = builder.policy;
    this.thread = (policy == null ? own : own.stopPolicy(policy)).prepare(this::awaitTheEnd);
  }

  /**
   * Opens a pool with an unlimited backlog, as a child of the calling thread.
   *
   * @param name its name
   * @param size how many jobs run at a time
   * @return the pool, to be closed
   * @throws IllegalArgumentException if the size is not positive
   */
  public static ThreadPool open(String name, int size) {
    return named(name).size(size).open();
  }

  /**
   * Begins a pool with options.
   *
   * @param name its name
   * @return a builder
   */
  public static Builder named(String name) {
    ManagedThread.named(name); // checks it
    return new Builder(name);
  }

  /**
   * How a pool is to be. Not safe for use by several threads.
   *
   * @since 0.1
   */
  public static final class Builder {
    private final String name;
    private int size = Runtime.getRuntime().availableProcessors();
    private int backlog = Integer.MAX_VALUE;
    private boolean platform;
    private @Nullable StopPolicy policy;
    private List<ScopedValue<?>> carried = List.of();

    private Builder(String name) {
      this.name = name;
    }

    /**
     * Sets how many jobs run at a time; without this as many as there are processors.
     *
     * @param newSize the number
     * @return this builder
     * @throws IllegalArgumentException if it is not positive
     */
    public Builder size(int newSize) {
      if (newSize <= 0) {
        throw new IllegalArgumentException(
            "Pool \""
                + name
                + "\" cannot run "
                + newSize
                + " jobs at a time: nothing would ever run. Give it a size of at least 1.");
      }
      size = newSize;
      return this;
    }

    /**
     * Limits how many jobs may wait to begin; without this there is no limit.
     *
     * @param most the number; 0 means that a job is accepted only when it can begin
     * @return this builder
     * @throws IllegalArgumentException if it is negative
     */
    public Builder backlog(int most) {
      if (most < 0) {
        throw new IllegalArgumentException(
            "The backlog of pool \""
                + name
                + "\" cannot hold "
                + most
                + " jobs. Give it 0 or more.");
      }
      backlog = most;
      return this;
    }

    /**
     * Asks for platform threads. Without this they are virtual.
     *
     * @return this builder
     */
    public Builder platform() {
      platform = true;
      return this;
    }

    /**
     * Chooses how a stop of the pool and its jobs is bounded.
     *
     * @param newPolicy the policy
     * @return this builder
     */
    public Builder stopPolicy(StopPolicy newPolicy) {
      policy = Objects.requireNonNull(newPolicy, "newPolicy");
      return this;
    }

    /**
     * Carries scoped values over to all jobs: each sees them bound as they are where it is
     * submitted. One that is not bound there is left unbound.
     *
     * @param values the scoped values
     * @return this builder
     */
    public Builder carrying(ScopedValue<?>... values) {
      carried = Stream.concat(carried.stream(), Arrays.stream(values)).toList();
      return this;
    }

    /**
     * Opens the pool, as a child of the calling thread.
     *
     * @return the pool, to be closed
     */
    public ThreadPool open() {
      var pool = new ThreadPool(this);
      pool.thread.start();
      return pool;
    }
  }

  // ---- submitting

  /**
   * Submits a job that has no result. Waits while the backlog is full.
   *
   * @param jobName its name
   * @param task what it does
   * @return the job
   * @throws InterruptedException if the calling thread is interrupted while it waits for a place;
   *     nothing is accepted then
   * @throws IllegalStateException if this pool is closed, or is closed meanwhile
   */
  public Job<@Nullable Void> run(String jobName, ManagedThread.Task task)
      throws InterruptedException {
    return call(jobName, asCall(task));
  }

  /**
   * Submits a job that has a result. Waits while the backlog is full.
   *
   * @param <T> the type of the result
   * @param jobName its name
   * @param call what it computes
   * @return the job
   * @throws InterruptedException if the calling thread is interrupted while it waits for a place;
   *     nothing is accepted then
   * @throws IllegalStateException if this pool is closed, or is closed meanwhile
   */
  public <T extends @Nullable Object> Job<T> call(String jobName, ManagedThread.Call<T> call)
      throws InterruptedException {
    return Objects.requireNonNull(submit(job(jobName), Objects.requireNonNull(call, "call")));
  }

  /**
   * Begins a job with options.
   *
   * @param jobName its name
   * @return a builder
   * @throws IllegalArgumentException if the name is empty or has a slash
   */
  public JobBuilder job(String jobName) {
    ManagedThread.named(jobName); // checks it
    return new JobBuilder(this, jobName, 0, Signal.NEVER, carried);
  }

  static ManagedThread.Call<@Nullable Void> asCall(ManagedThread.Task task) {
    Objects.requireNonNull(task, "task");
    return pleaseStop -> {
      task.run(pleaseStop);
      return null;
    };
  }

  /** Answers null when the signal went before there was a place. */
  <T extends @Nullable Object> @Nullable Job<T> submit(
      JobBuilder options, ManagedThread.Call<T> call) throws InterruptedException {
    String jobName = options.name;
    ThreadBuilder builder =
        ManagedThread.named(jobName)
            .parent(thread)
            .carrying(options.carried.toArray(ScopedValue<?>[]::new))
            .startedHere(Library.MEMBER);
    Job<T> job =
        new Job<>(
            this,
            jobName,
            options.priority,
            platform ? builder.platform() : builder,
            beginning(call));
    boolean own = ownJob() != null;
    while (true) {
      OpenSignal place = null;
      boolean begins = false;
      mutex.acquire();
      try {
        checkOpen(jobName);
        job.serial = serials++;
        if (running < size && mayBegin()) {
          running++;
          begins = true;
        } else if (own || backlog.size() < capacity) {
          backlog.add(job);
          return job;
        } else {
          place = Signal.create("place in the backlog of \"" + this + "\"");
          submitters.add(place);
        }
      } finally {
        mutex.release();
      }
      if (begins) {
        job.begin();
        return job;
      }
      if (place != null && !awaitPlace(place, options.till)) {
        return null;
      }
    }
  }

  private void checkOpen(String jobName) {
    if (closed) {
      throw new IllegalStateException(
          "Pool \""
              + this
              + "\" is "
              + (stopping == null ? "closed" : "stopped: " + stopping + ";")
              + " and does not accept job \""
              + jobName
              + "\". Submit before the pool is closed, or open another one.");
    }
  }

  private boolean awaitPlace(OpenSignal place, Signal till) throws InterruptedException {
    boolean found = false;
    try {
      SchedulePoint.at("pool.place");
      found = place.await(till);
      return found;
    } finally {
      if (!found) {
        giveUp(place);
      }
    }
  }

  /** Stops waiting; a place that has been offered meanwhile is offered to the next. */
  private void giveUp(OpenSignal place) {
    OpenSignal next = null;
    mutex.acquire();
    try {
      if (!submitters.remove(place)) {
        next = submitters.poll();
      }
    } finally {
      mutex.release();
    }
    if (next != null) {
      next.go();
    }
  }

  private <T extends @Nullable Object> ManagedThread.Call<T> beginning(ManagedThread.Call<T> call) {
    return pleaseStop -> {
      if (pleaseStop.isSignalled() || stopping != null) {
        ManagedThread.current().stop("its pool is being stopped"); // if not told yet: no failure
        throw new InterruptedException("stopped before it had begun"); // Outcome.Stopped
      }
      return call.call(pleaseStop);
    };
  }

  // ---- the end of jobs

  /** The thread of a job has stopped; or it could not be started. */
  void ended(Job<?> job) {
    job.thread().ifPresent(jobs::remove);
    Job<?> next = null;
    OpenSignal place = null;
    boolean last;
    mutex.acquire();
    try {
      if (job.lent) {
        lent--;
      } else {
        running--;
      }
      if (running < size && !backlog.isEmpty() && mayBegin()) {
        next = backlog.poll();
        running++;
      }
      if (running < size || backlog.size() < capacity) {
        place = submitters.poll();
      }
      last = isFinished();
    } finally {
      mutex.release();
    }
    if (place != null) {
      place.go();
    }
    if (next != null) {
      next.begin();
    }
    if (last) {
      finished.go();
    }
  }

  /**
   * Whether jobs may begin: once a stop is under way they are left to be discarded. One that waits
   * for those who need this pool is not: it works for them.
   */
  private boolean mayBegin() {
    return stopping == null && !thread.isStopUnderWay(Library.MEMBER);
  }

  /** Called with the mutex. */
  private boolean isFinished() {
    return closed && running == 0 && lent == 0 && joiners == 0 && backlog.isEmpty();
  }

  /** Takes a job out of the backlog; answers whether it was there. */
  boolean takeBack(Job<?> job) {
    OpenSignal place = null;
    boolean taken;
    boolean last;
    mutex.acquire();
    try {
      taken = backlog.remove(job);
      if (taken) {
        place = submitters.poll();
      }
      last = isFinished();
    } finally {
      mutex.release();
    }
    if (place != null) {
      place.go();
    }
    if (last) {
      finished.go();
    }
    return taken;
  }

  // ---- jobs that join jobs

  /** The job of this pool that the calling thread belongs to. */
  private @Nullable Job<?> ownJob() {
    ManagedThread<?> at = ManagedThread.currentOrNull();
    while (at != null) {
      ManagedThread<?> above = at.parent().orElse(null);
      if (above == thread) {
        return jobs.get(at);
      }
      at = above;
    }
    return null;
  }

  /**
   * A thread is about to wait for a job. If it belongs to a job of this pool, that lends its place
   * to one that has not begun. Answers that job.
   */
  @Nullable Job<?> beginJoin(Job<?> wanted) {
    Job<?> own = ownJob();
    boolean begins = false;
    OpenSignal place = null;
    mutex.acquire();
    try {
      for (Job<?> at = own == null ? null : wanted; at != null; at = at.joining) {
        if (at == own) {
          throw new IllegalStateException(
              "Job \""
                  + own
                  + "\" cannot join \""
                  + wanted
                  + "\", which waits for it: that would never end.");
        }
      }
      joiners++;
      if (own != null) {
        own.joining = wanted;
      }
      if (own != null && mayBegin() && backlog.remove(wanted)) {
        wanted.lent = true;
        lent++;
        begins = true;
        place = backlog.size() < capacity ? submitters.poll() : null;
      }
    } finally {
      mutex.release();
    }
    if (place != null) {
      place.go();
    }
    boolean whole = !begins;
    try {
      if (begins) {
        wanted.begin();
        whole = true;
      }
    } finally {
      if (!whole) {
        endJoin(own);
      }
    }
    return own;
  }

  /** A thread has got what it waited for, and claimed a failure; or has given up. */
  void endJoin(@Nullable Job<?> own) {
    boolean last;
    mutex.acquire();
    try {
      joiners--;
      if (own != null) {
        own.joining = null;
      }
      last = isFinished();
    } finally {
      mutex.release();
    }
    if (last) {
      finished.go();
    }
  }

  /** The threads that have the places, and those that have lent theirs. */
  List<Thread> threadsOfJobs() {
    return jobs.keySet().stream().flatMap(its -> its.thread().stream()).toList();
  }

  /** The thread of a job has been made, and is about to start. */
  void begins(Job<?> job, ManagedThread<?> its) {
    jobs.put(its, job);
  }

  /** That thread could not be started. */
  void notBegun(ManagedThread<?> its) {
    jobs.remove(its);
  }

  // ---- the end of the pool

  private void awaitTheEnd(Signal pleaseStop) throws InterruptedException {
    boolean done = false;
    try {
      done = finished.await(pleaseStop);
    } finally {
      if (!done) { // told, or interrupted by a stranger: it has to end
        discardAll(
            ManagedThread.current()
                .stopReason()
                .orElse(
                    new StopReason(
                        StopReason.Kind.REQUESTED, toString(), "its thread was interrupted")));
      }
    }
  }

  private void discardAll(StopReason reason) {
    List<Job<?>> discarded = new ArrayList<>();
    List<OpenSignal> refused = new ArrayList<>();
    mutex.acquire();
    try {
      if (stopping == null) {
        stopping = reason;
      }
      closed = true;
      for (Job<?> job = backlog.poll(); job != null; job = backlog.poll()) {
        discarded.add(job);
      }
      refused.addAll(submitters);
      submitters.clear();
    } finally {
      mutex.release();
    }
    refused.forEach(OpenSignal::go);
    discarded.forEach(job -> job.discard(reason));
  }

  static String caller() {
    ManagedThread<?> caller = ManagedThread.currentOrNull();
    return caller == null ? "thread \"" + Thread.currentThread().getName() + "\"" : caller.path();
  }

  /**
   * Accepts no more jobs, and lets those that were accepted finish. Returns at once; repeating it
   * does nothing.
   */
  public void shutdown() {
    List<OpenSignal> refused;
    boolean last;
    mutex.acquire();
    try {
      closed = true;
      refused = List.copyOf(submitters);
      submitters.clear();
      last = isFinished();
    } finally {
      mutex.release();
    }
    refused.forEach(OpenSignal::go);
    if (last) {
      finished.go();
    }
  }

  /**
   * Accepts no more jobs, and waits until those that were accepted have ended. An interrupt stops
   * them: the wait goes on until they have stopped, within the stop policy, and the status is kept.
   *
   * @throws IllegalStateException if the calling thread belongs to this pool, and would wait for
   *     itself
   */
  @Override
  public void close() {
    for (ManagedThread<?> at = ManagedThread.currentOrNull();
        at != null;
        at = at.parent().orElse(null)) {
      if (at == thread) {
        throw new IllegalStateException(
            "Thread \""
                + ManagedThread.current()
                + "\" cannot close the pool that it belongs to, and wait for itself; call"
                + " shutdown(), which does not wait.");
      }
    }
    shutdown();
    boolean interrupted = false;
    while (!thread.stopped().isSignalled()) {
      try {
        thread.stopped().await();
      } catch (InterruptedException e) {
        interrupted = true;
        stop("interrupted while closing");
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Stops this pool; returns at once. See {@link #stop(String)}. */
  public void stop() {
    stop("asked to stop");
  }

  /**
   * Begins no job any more, discards those that wait, and asks those that run to stop; returns at
   * once. Repeating it does nothing. A pool whose thread others {@linkplain ThreadBuilder#needs
   * need} goes on until they have stopped.
   *
   * @param reason why, for people
   */
  public void stop(String reason) {
    thread.stop(reason);
    if (thread.isStopUnderWay(Library.MEMBER)) { // else its thread does so when it is told
      discardAll(new StopReason(StopReason.Kind.REQUESTED, caller(), reason));
    }
  }

  /** {@return the signal that goes when this pool has ended, and all its jobs} */
  public Signal stopped() {
    return thread.stopped();
  }

  /** {@return the thread that is the parent of the jobs} */
  public ManagedThread<?> thread() {
    return thread;
  }

  /**
   * {@return how many jobs run now, not counting those that run in the place of one that waits for
   * them} A job that has just ended may be counted for a moment longer.
   */
  public int running() {
    mutex.acquire();
    try {
      return running;
    } finally {
      mutex.release();
    }
  }

  /** {@return how many jobs wait to begin} */
  public int waiting() {
    mutex.acquire();
    try {
      return backlog.size();
    } finally {
      mutex.release();
    }
  }

  boolean isClosed() {
    mutex.acquire();
    try {
      return closed;
    } finally {
      mutex.release();
    }
  }

  /**
   * Returns a view for libraries that want an executor. Futures that it gives are jobs: a failure
   * that nobody gets is reported as that of any job, unless it came by {@code invokeAll} or {@code
   * invokeAny}, which have waited for it. Those wait as {@link Job#join()} does. When no task of
   * {@code invokeAny} has a result, what one failed with is thrown, with the others suppressed in
   * it; when one has, failures before it are logged. Its {@code close} is that of this pool.
   *
   * @return the view
   */
  public ExecutorService asExecutorService() {
    return new PoolExecutor(this);
  }

  /** {@return the path of the pool's thread} */
  @Override
  public String toString() {
    return thread.path();
  }
}
