package org.morethreads.thread;

import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.morethreads.internal.Library;
import org.morethreads.internal.Surroundings;
import org.morethreads.sync.OpenSignal;
import org.morethreads.sync.Signal;

/**
 * A thread with a name, a parent, and a {@code pleaseStop} signal that its task is given. Virtual,
 * unless asked otherwise.
 *
 * {@snippet class="ThreadSnippets" region="run"}
 *
 * <p><b>Stopping.</b> The task looks at {@code pleaseStop} in time, or waits for it, and returns.
 * One that does not is interrupted after a while and abandoned at last, as its {@link StopPolicy}
 * says. When the task ends, its children are told to stop; only when each of them has stopped, or
 * been abandoned, has the thread {@link #stopped}.
 *
 * <p><b>Failures.</b> {@link #join} throws what the task threw, wrapped; {@link #release} sends it
 * to the log. One that nobody has claimed is logged when the parent ends, or after 60 s, and
 * becomes part of the parent's outcome: nothing is lost. The stack trace of a failure goes on,
 * beyond the thread's boundary, with the line that started the thread.
 *
 * <p><b>Thread safety.</b> Every method may be called from any thread without further
 * synchronization.
 *
 * <p><b>Memory consistency.</b> What the starter did before the start <i>happens-before</i> what
 * the task does; what the task did <i>happens-before</i> what others do after they have seen {@link
 * #stopped}, or joined.
 *
 * @param <T> the type of the result
 * @since 0.1
 */
public final class ManagedThread<T extends @Nullable Object> {
  final Node node;

  ManagedThread(Node node) {
    this.node = node;
  }

  /**
   * What a thread does.
   *
   * @since 0.1
   */
  @FunctionalInterface
  public interface Task {
    /**
     * Does it; returns soon after {@code pleaseStop} goes.
     *
     * @param pleaseStop goes when the thread is asked to stop
     * @throws Exception anything: it becomes the thread's outcome
     */
    void run(Signal pleaseStop) throws Exception;
  }

  /**
   * What a thread computes.
   *
   * @param <T> the type of the result
   * @since 0.1
   */
  @FunctionalInterface
  public interface Call<T extends @Nullable Object> {
    /**
     * Computes it; returns soon after {@code pleaseStop} goes.
     *
     * @param pleaseStop goes when the thread is asked to stop
     * @return the result
     * @throws Exception anything: it becomes the thread's outcome
     */
    T call(Signal pleaseStop) throws Exception;
  }

  /** A task without a result as a call, where it must be one, or must not be taken for another. */
  record Wrapped(Task task) implements Call<@Nullable Void> {
    @Override
    public @Nullable Void call(Signal pleaseStop) throws Exception {
      task.run(pleaseStop);
      return null;
    }
  }

  /**
   * Starts a thread that has no result, as a child of the calling thread.
   *
   * @param name its name; equal names of living siblings are told apart in paths by {@code #2} and
   *     so on; one that stopped a moment ago may still count
   * @param task what it does
   * @return the thread
   * @throws IllegalStateException if the parent has stopped
   */
  public static ManagedThread<@Nullable Void> run(String name, Task task) {
    return named(name).run(task);
  }

  /**
   * Starts a thread that has a result, as a child of the calling thread.
   *
   * @param <T> the type of the result
   * @param name its name; equal names of living siblings are told apart in paths by {@code #2} and
   *     so on; one that stopped a moment ago may still count
   * @param task what it computes
   * @return the thread
   * @throws IllegalStateException if the parent has stopped
   */
  public static <T extends @Nullable Object> ManagedThread<T> call(String name, Call<T> task) {
    return named(name).call(task);
  }

  /**
   * Begins a thread with options.
   *
   * @param name its name
   * @return a builder
   * @throws IllegalArgumentException if the name is empty or has a slash, which separates names in
   *     a path
   */
  public static ThreadBuilder named(String name) {
    checkName(name);
    return new ThreadBuilder(name, Options.STANDARD);
  }

  static void checkName(String name) {
    if (name.isEmpty() || name.indexOf('/') >= 0) {
      throw new IllegalArgumentException(
          "\""
              + name
              + "\" cannot be the name of a thread: a name is not empty, and has no '/', which separates names in a path.");
    }
  }

  /**
   * Returns the managed thread that is running.
   *
   * @return the calling thread
   * @throws IllegalStateException if the calling thread is not managed
   */
  public static ManagedThread<?> current() {
    ManagedThread<?> current = currentOrNull();
    if (current == null) {
      throw new IllegalStateException(
          "Thread \""
              + Thread.currentThread().getName()
              + "\" is not a managed thread. Start it with ManagedThread.run, or adopt it for a while:"
              + " try (var adoption = ManagedThread.adopt()) { … }");
    }
    return current;
  }

  /**
   * {@return the managed thread that is running, or null when the calling thread is not managed;
   * for libraries}
   */
  public static @Nullable ManagedThread<?> currentOrNull() {
    return Surroundings.current() instanceof Node own ? own.handle : null;
  }

  /**
   * Makes the calling thread a managed one until the returned adoption is closed, under its own
   * name, as a child of the tree that it has opened, or else of the main tree. A shutdown asks it
   * to stop and waits for it to leave, but does not interrupt it. A thread that is managed already
   * keeps its place, and closing does nothing.
   *
   * @return the adoption, to be closed by the same thread
   */
  public static Adoption adopt() {
    return Adoption.of(Options.ADOPTED);
  }

  /**
   * Like {@link #adopt()}, and agrees to be interrupted when the thread does not leave in time.
   *
   * @return the adoption, to be closed by the same thread
   */
  public static Adoption adoptInterruptibly() {
    return Adoption.of(Options.ADOPTED_INTERRUPTIBLE);
  }

  /**
   * Runs something with the calling thread {@linkplain #adopt() adopted}.
   *
   * @param action what to run
   */
  public static void adopt(Runnable action) {
    try (Adoption _ = adopt()) {
      action.run();
    }
  }

  /**
   * Starts a thread that was {@linkplain ThreadBuilder#prepare prepared}.
   *
   * @return this thread
   * @throws IllegalStateException if it was started before, the parent has stopped or the time of
   *     its stop is over, or a {@linkplain ThreadBuilder#needs needed} thread has stopped
   */
  public ManagedThread<T> start() {
    node.start(null);
    return this;
  }

  /**
   * For our own modules: starts this thread, and does something as soon as nothing refuses the
   * start any more, before the thread runs.
   *
   * @param library the proof of membership
   * @param first what to do, on the calling thread; what it throws comes through, and the thread is
   *     not started
   * @return this thread
   * @throws IllegalStateException as {@link #start()}; nothing has been done then
   * @hidden
   */
  @SuppressWarnings("exports")
  public ManagedThread<T> start(Library library, Runnable first) {
    Objects.requireNonNull(library, "library");
    node.start(Objects.requireNonNull(first, "first"));
    return this;
  }

  /** {@return the name that it was given} */
  public String name() {
    return node.name;
  }

  /** {@return the names from the root of the tree to this thread, separated by slashes} */
  public String path() {
    return node.describe();
  }

  /** {@return the tree that it belongs to} */
  public ThreadTree tree() {
    return node.tree;
  }

  /** {@return the parent, or empty when it is the tree itself} */
  public Optional<ManagedThread<?>> parent() {
    Node parent = node.parent;
    return parent == null || parent.kind() == Node.Kind.ROOT
        ? Optional.empty()
        : Optional.of(parent.handle);
  }

  /** {@return the living children, in the order in which they were started} */
  public List<ManagedThread<?>> children() {
    List<ManagedThread<?>> newestFirst =
        Arrays.stream(node.childrenBeyond(0))
            .filter(child -> !child.isEnded()) // its stopped may have gone before it is unlinked
            .<ManagedThread<?>>map(child -> child.handle)
            .toList();
    return newestFirst.reversed();
  }

  /** {@return the JDK's thread; empty before the start} */
  public Optional<Thread> thread() {
    return Optional.ofNullable(node.thread());
  }

  /** {@return the signal that goes when this thread is asked to stop} */
  public Signal pleaseStop() {
    return node.pleaseStop;
  }

  /**
   * For our own modules: whether a stop of this thread is under way: it has been told, or will be
   * when those below it have been. Not one that waits for those who need this thread: until they
   * have stopped it works for them as ever.
   *
   * @param library the proof of membership
   * @return whether it is
   * @hidden
   */
  @SuppressWarnings("exports")
  public boolean isStopUnderWay(Library library) {
    Objects.requireNonNull(library, "library");
    return Stopping.isUnderWay(node);
  }

  /**
   * For our own modules: whether what a task has thrown counts as its stop, if that has been
   * requested (H7).
   *
   * @param library the proof of membership
   * @param thrown what the task has thrown
   * @return whether it is one of the exceptions by which waits end, and no other failure is
   *     suppressed in it
   * @hidden
   */
  @SuppressWarnings("exports")
  public static boolean isLeavingByStop(Library library, Throwable thrown) {
    Objects.requireNonNull(library, "library");
    return Node.isLeavingByStop(thrown);
  }

  /**
   * For our own modules: interrupts this thread, if it has started, by the clock that it goes by.
   *
   * @param library the proof of membership
   * @hidden
   */
  @SuppressWarnings("exports")
  public void interrupt(Library library) {
    Objects.requireNonNull(library, "library");
    Thread own = node.thread();
    if (own != null) {
      node.time().interrupt(node, own);
    }
  }

  /**
   * {@return the signal that goes when this thread and all its children have stopped, or been
   * abandoned}
   */
  public Signal stopped() {
    return node.stopped;
  }

  /** {@return why this thread was told to stop; empty before} */
  public Optional<StopReason> stopReason() {
    Told told = node.told();
    return Optional.ofNullable(told == null ? null : told.reason());
  }

  /** {@return when this thread was told to stop, by the wall clock; empty before} */
  public Optional<Instant> toldAt() {
    Told told = node.told();
    return Optional.ofNullable(told == null ? null : told.at());
  }

  /**
   * Asks this thread and all below it to stop; returns at once. Repeating it does nothing. See
   * {@link #stop(String)}.
   */
  public void stop() {
    stop("asked to stop");
  }

  /**
   * Asks this thread and all below it to stop; returns at once, and says nothing about when.
   * Descendants are told before ancestors, newer ones first; a thread that others {@linkplain
   * ThreadBuilder#needs need}, and what is below it, only after those have stopped. How long each
   * has is said by its {@link StopPolicy}. Repeating it does nothing.
   *
   * @param reason why, for people
   */
  public void stop(String reason) {
    Stopping.stop(node, requested(reason), /* now= */ false);
  }

  /**
   * Like {@link #stop()}, but does not wait for threads that need this one, nor for threads outside
   * that need one below it. Those below that need each other are told in order all the same.
   */
  public void stopNow() {
    Stopping.stop(node, requested("asked to stop now"), /* now= */ true);
  }

  static StopReason requested(String reason) {
    return new StopReason(
        StopReason.Kind.REQUESTED,
        Surroundings.current() instanceof Node asker
            ? asker.describe()
            : "thread \"" + Thread.currentThread().getName() + "\"",
        Objects.requireNonNull(reason, "reason"));
  }

  /**
   * Waits until this thread has stopped, and takes its result or its failure. The wait is not ended
   * by the calling thread's own {@code pleaseStop}. Every joiner gets the same.
   *
   * @return the result
   * @throws InterruptedException if the calling thread is interrupted, on entry or while waiting;
   *     nothing is claimed then
   * @throws ThreadFailedException if this thread failed, with the failure as cause
   * @throws ThreadStoppedException if it was stopped and has no result
   * @throws ThreadAbandonedException if it was abandoned
   * @throws ThreadExitedException if it called {@code System.exit}
   * @throws IllegalStateException if the calling thread is this thread or below it: it would wait
   *     for itself
   */
  public T join() throws InterruptedException {
    return resultOf(awaitOutcome());
  }

  /**
   * Waits until this thread has stopped, for at most a time, and takes its result or its failure.
   *
   * @param timeout the longest time to wait; zero or negative means not to wait at all
   * @return the result
   * @throws InterruptedException if the calling thread is interrupted, on entry or while waiting;
   *     nothing is claimed then
   * @throws TimeoutException if the time has passed; nothing is claimed then
   * @throws ThreadEndException if it ended without a result, as {@link #join()}
   * @throws IllegalStateException if the calling thread is this thread or below it
   */
  public T join(Duration timeout) throws InterruptedException, TimeoutException {
    checkNotBelow();
    if (!node.stopped.await(timeout)) {
      throw new TimeoutException("Thread \"" + this + "\" has not stopped within " + timeout + ".");
    }
    return resultOf(awaitOutcome());
  }

  /**
   * Waits until this thread has stopped, or a signal goes, and takes its result or its failure.
   *
   * @param till what ends the wait
   * @return the result
   * @throws InterruptedException if the calling thread is interrupted, on entry or while waiting;
   *     nothing is claimed then
   * @throws TimeoutException if {@code till} went first; nothing is claimed then
   * @throws ThreadEndException if it ended without a result, as {@link #join()}
   * @throws IllegalStateException if the calling thread is this thread or below it
   */
  public T join(Signal till) throws InterruptedException, TimeoutException {
    checkNotBelow();
    if (!node.stopped.await(till)) {
      throw new TimeoutException(
          "Thread \"" + this + "\" has not stopped before \"" + till + "\".");
    }
    return resultOf(awaitOutcome());
  }

  /**
   * Waits until this thread has stopped, and takes its outcome, whatever it is: a failure in it is
   * claimed.
   *
   * @return the outcome
   * @throws InterruptedException if the calling thread is interrupted, on entry or while waiting;
   *     nothing is claimed then
   * @throws IllegalStateException if the calling thread is this thread or below it
   */
  @SuppressWarnings("unchecked") // the outcome of a node has the type of its task
  public Outcome<T> awaitOutcome() throws InterruptedException {
    checkNotBelow();
    node.stopped.await();
    Outcome<?> outcome = Objects.requireNonNull(node.outcome());
    if (outcome instanceof Outcome.Failed<?>) {
      Failures.claim(node);
    }
    return (Outcome<T>) outcome;
  }

  /** {@return the outcome, once there is one; looking at it claims nothing} */
  @SuppressWarnings("unchecked") // the outcome of a node has the type of its task
  public Optional<Outcome<T>> outcome() {
    return Optional.ofNullable((Outcome<T>) node.outcome());
  }

  /** Takes the result or the failure of this thread, which has stopped. */
  @SuppressWarnings("unchecked") // the outcome of a node has the type of its task
  T joinStopped() {
    Outcome<T> outcome = (Outcome<T>) Objects.requireNonNull(node.outcome());
    if (outcome instanceof Outcome.Failed<T>) {
      Failures.claim(node);
    }
    return resultOf(outcome);
  }

  /** Apart from what follows, whose first use loads some thirty classes. */
  T resultOf(Outcome<T> outcome) {
    return outcome instanceof Outcome.Returned<T>(T value) ? value : resultOrThrow(outcome);
  }

  private T resultOrThrow(Outcome<T> outcome) {
    return switch (outcome) {
      case Outcome.Returned<T>(T value) -> value;
      case Outcome.Failed<T>(Throwable failure) ->
          throw new ThreadFailedException(
              path(), "Thread \"" + this + "\" failed: " + Failures.words(failure), failure);
      case Outcome.Stopped<T>(StopReason reason, Throwable cause) ->
          throw new ThreadStoppedException(
              path(), "Thread \"" + this + "\" was stopped and has no result: " + reason, cause);
      case Outcome.Abandoned<T>(StopReason reason) ->
          throw new ThreadAbandonedException(
              path(),
              "Thread \"" + this + "\" was abandoned, since it did not stop in time: " + reason);
      case Outcome.Exited<T> _ ->
          throw new ThreadExitedException(path(), "Thread \"" + this + "\" called System.exit.");
    };
  }

  void checkNotBelow() {
    if (node.state() < Node.STARTED) {
      throw new IllegalStateException(
          "Thread \""
              + this
              + "\" has not been started: joining it would wait for ever. Call start() first.");
    }
    checkNotAbove();
  }

  /** Checks that the calling thread is neither this one nor below it. */
  void checkNotAbove() {
    if (Surroundings.current() instanceof Node own) {
      for (Node above = own; above != null; above = above.parent) {
        if (above == node) {
          throw new IllegalStateException(
              "Thread \""
                  + own
                  + "\" cannot join \""
                  + this
                  + "\", which waits for it: that would never end.");
        }
      }
    }
  }

  /**
   * Gives the result up: nobody will join this thread. What it fails with is logged at once. It is
   * stopped with its parent as before.
   *
   * @return this thread
   */
  public ManagedThread<T> release() {
    Failures.release(node);
    return this;
  }

  /**
   * {@return the failures of children that nobody has claimed yet, in the order in which those were
   * started; at most 16}
   */
  public List<Throwable> childFailures() {
    return Failures.of(node);
  }

  /**
   * Returns the signal that the task of this thread gives when it is ready to serve.
   *
   * @return the signal; never goes if the task does not call {@link #signalReady}
   */
  public Signal ready() {
    return openReady();
  }

  private OpenSignal openReady() {
    Extras extras = node.extras();
    OpenSignal ready = extras.ready;
    if (ready == null) {
      synchronized (extras) {
        ready = extras.ready;
        if (ready == null) {
          ready = Signal.create("ready " + this);
          extras.ready = ready;
        }
      }
    }
    return ready;
  }

  /**
   * Tells those who wait that this thread is ready to serve; usually called as {@code
   * ManagedThread.current().signalReady()}.
   */
  public void signalReady() {
    openReady().go();
  }

  /**
   * Waits until this thread is ready. If it ends before, takes its outcome as {@link #join} does.
   *
   * @return this thread, ready
   * @throws InterruptedException if the calling thread is interrupted, on entry or while waiting
   * @throws ThreadEndException if it ended without a result before it was ready, as {@link #join()}
   * @throws IllegalStateException if it returned without having been ready, or the calling thread
   *     is this thread or below it
   */
  public ManagedThread<T> awaitReady() throws InterruptedException {
    checkNotBelow();
    Signal ready = openReady();
    ready.or(node.stopped).await();
    if (!ready.isSignalled()) {
      var _ = resultOf(awaitOutcome());
      throw new IllegalStateException(
          "Thread \""
              + this
              + "\" returned without having been ready. Its task must call signalReady().");
    }
    return this;
  }

  /** {@return the path} */
  @Override
  public String toString() {
    return node.describe();
  }
}
