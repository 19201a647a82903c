package org.morethreads.work;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.morethreads.internal.Library;
import org.morethreads.internal.Log;
import org.morethreads.queue.CloseableQueue;
import org.morethreads.queue.QueueClosedException;
import org.morethreads.sync.OpenSignal;
import org.morethreads.sync.Signal;
import org.morethreads.sync.Till;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.Outcome;
import org.morethreads.thread.StopPolicy;
import org.morethreads.thread.ThreadBuilder;
import org.morethreads.thread.ThreadFailedException;
import org.morethreads.thread.ThreadStoppedException;

/**
 * A named thread that owns a state and works on letters, one after the other, from a bounded
 * mailbox. A letter is a lambda that is given the state: nobody else can reach it.
 *
 * {@snippet class="WorkSnippets" region="actor"}
 *
 * <p>{@link #tell} leaves a letter; {@link #ask} leaves one and waits for its answer. Both wait
 * while the mailbox is full.
 *
 * <p><b>Failures.</b> What a letter throws goes to who asked. A told letter has nobody who waits:
 * its failure ends the actor, and is the failure of its thread; letters that are left are refused.
 * An interrupt status that a letter leaves set is cleared.
 *
 * <p><b>The end.</b> {@link #close} accepts no more letters; those in the mailbox are still worked
 * on, then the thread ends. A {@link #stop}, or that of a thread above, ends it after the letter
 * under way: who asked and has no answer yet gets a {@link ThreadStoppedException}; told letters
 * that are left are counted, and the log names how many.
 *
 * <p><b>Thread safety.</b> Every method may be called from any thread without further
 * synchronization.
 *
 * @param <S> the type of the state
 * @since 0.1
 */
public final class Actor<S> implements AutoCloseable {
  /*
   * A question leaves WAITING once, by CAS: WORKING by the actor, REFUSED by the end of the actor, GIVEN_UP by its asker.
   * One that was given up before the actor comes to it is not worked on. The mailbox is closed before it is drained at the end, so
   * that no letter is left in it. An actor that was abandoned does that when its `stopped` goes, by an action: who waits for a place
   * in its mailbox is let go. Who asks waits for `stopped` as well: the letter under way of an abandoned actor is never settled.
   */
  private static final int STANDARD_CAPACITY = 1_000;

  private final CloseableQueue<Letter<S>> mailbox;
  private final ManagedThread<?> thread;
  private final AtomicLong leftOver = new AtomicLong();

  private Actor(Builder builder, State<? extends S> initial) {
    this.mailbox = CloseableQueue.bounded("mailbox of " + builder.name, builder.capacity);
    this.thread =
        builder.thread.startedHere(Library.MEMBER).prepare(pleaseStop -> work(initial, pleaseStop));
    Signal.Registration _ = thread.stopped().then(this::refuseTheRest); // if it is abandoned
  }

  /**
   * Makes the state of an actor, on the actor's own thread.
   *
   * @param <S> the type of the state
   * @since 0.1
   */
  @FunctionalInterface
  public interface State<S> {
    /**
     * Makes it.
     *
     * @return the state
     * @throws Exception anything: it is the failure of the actor's thread
     */
    S make() throws Exception;
  }

  /**
   * What is told to an actor.
   *
   * @param <S> the type of the state
   * @since 0.1
   */
  @FunctionalInterface
  public interface Order<S> {
    /**
     * Does it, on the actor's thread.
     *
     * @param state the state of the actor
     * @throws Exception anything: it ends the actor
     */
    void act(S state) throws Exception;
  }

  /**
   * What is asked of an actor.
   *
   * @param <S> the type of the state
   * @param <A> the type of the answer
   * @since 0.1
   */
  @FunctionalInterface
  public interface Question<S, A extends @Nullable Object> {
    /**
     * Answers it, on the actor's thread.
     *
     * @param state the state of the actor
     * @return the answer
     * @throws Exception anything: it goes to who asked
     */
    A answer(S state) throws Exception;
  }

  private interface Letter<S> {
    void work(S state, Signal pleaseStop) throws Exception;

    /** It will never be worked on; answers whether somebody was told of that. */
    boolean refuse();
  }

  /**
   * Starts an actor as a child of the calling thread, with a mailbox for 1000 letters.
   *
   * @param <S> the type of the state
   * @param name the name of its thread
   * @param initial makes its state
   * @return the actor
   */
  public static <S> Actor<S> start(String name, State<? extends S> initial) {
    return start(name, STANDARD_CAPACITY, initial);
  }

  /**
   * Starts an actor as a child of the calling thread.
   *
   * @param <S> the type of the state
   * @param name the name of its thread
   * @param capacity how many letters its mailbox holds
   * @param initial makes its state
   * @return the actor
   * @throws IllegalArgumentException if the capacity is not positive
   */
  public static <S> Actor<S> start(String name, int capacity, State<? extends S> initial) {
    return named(name).capacity(capacity).start(initial);
  }

  /**
   * Begins an actor with options.
   *
   * @param name the name of its thread
   * @return a builder
   * @throws IllegalArgumentException if the name is empty or has a slash
   */
  public static Builder named(String name) {
    return new Builder(name, ManagedThread.named(name), STANDARD_CAPACITY);
  }

  /**
   * How an actor is to be. Instances are immutable: every method returns a new one.
   *
   * @since 0.1
   */
  public static final class Builder {
    private final String name;
    private final ThreadBuilder thread;
    private final int capacity;

    private Builder(String name, ThreadBuilder thread, int capacity) {
      this.name = name;
      this.thread = thread;
      this.capacity = capacity;
    }

    /**
     * Sets how many letters the mailbox holds; without this 1000.
     *
     * @param most the number
     * @return a changed builder
     * @throws IllegalArgumentException if it is not positive
     */
    public Builder capacity(int most) {
      if (most <= 0) {
        throw new IllegalArgumentException(
            "The mailbox of actor \""
                + name
                + "\" cannot hold "
                + most
                + " letters: none would ever arrive. Give it a capacity of at least 1.");
      }
      return new Builder(name, thread, most);
    }

    /**
     * Asks for a platform thread. Without this it is virtual.
     *
     * @return a changed builder
     */
    public Builder platform() {
      return new Builder(name, thread.platform(), capacity);
    }

    /**
     * Chooses how a stop of the actor is bounded.
     *
     * @param policy the policy
     * @return a changed builder
     */
    public Builder stopPolicy(StopPolicy policy) {
      return new Builder(name, thread.stopPolicy(policy), capacity);
    }

    /**
     * Starts the actor, as a child of the calling thread.
     *
     * @param <S> the type of the state
     * @param initial makes its state
     * @return the actor
     */
    public <S> Actor<S> start(State<? extends S> initial) {
      var actor = new Actor<S>(this, Objects.requireNonNull(initial, "initial"));
      actor.thread.start();
      return actor;
    }
  }

  // ---- on the actor's thread

  private void work(State<? extends S> initial, Signal pleaseStop) throws Exception {
    try {
      S state = Objects.requireNonNull(initial.make(), "the state of an actor");
      for (Letter<S> letter : mailbox.until(pleaseStop)) {
        letter.work(state, pleaseStop);
        Runs.clearInterrupt();
      }
    } finally {
      refuseTheRest();
    }
  }

  private void refuseTheRest() {
    mailbox.close();
    List<Letter<S>> rest = mailbox.drain();
    long lost = rest.stream().filter(letter -> !letter.refuse()).count();
    leftOver.addAndGet(lost);
    if (lost > 0) {
      Log.warning(
          "Actor \""
              + this
              + "\" has ended with "
              + lost
              + (lost == 1 ? " letter" : " letters")
              + " in its mailbox that nobody waits for.");
    }
  }

  // ---- letters

  /**
   * Leaves a letter; waits while the mailbox is full. The actor may tell itself something: that
   * never waits.
   *
   * @param order what is to be done
   * @throws InterruptedException if the calling thread is interrupted while it waits; the letter is
   *     not in the mailbox then
   * @throws IllegalStateException if the actor has been closed or has ended, or tells itself
   *     something while its mailbox is full
   */
  public void tell(Order<? super S> order) throws InterruptedException {
    Objects.requireNonNull(order, "order");
    Letter<S> letter =
        new Letter<>() {
          @Override
          public void work(S state, Signal pleaseStop) throws Exception {
            order.act(state);
          }

          @Override
          public boolean refuse() {
            return false;
          }
        };
    try {
      if (ManagedThread.currentOrNull() != thread) {
        mailbox.put(letter);
        return;
      }
    } catch (QueueClosedException e) {
      throw ended(e);
    }
    switch (mailbox.offer(letter)) {
      case FULL ->
          throw new IllegalStateException(
              "Actor \""
                  + this
                  + "\" cannot tell itself something, since its mailbox is full, and nobody else"
                  + " empties it. Give it a larger mailbox, or do it at once.");
      case CLOSED -> throw ended(null);
      default -> {
        // it is in
      }
    }
  }

  private IllegalStateException ended(@Nullable Throwable cause) {
    return new IllegalStateException(
        "Actor \""
            + this
            + (thread.stopped().isSignalled() ? "\" has ended" : "\" is closed")
            + ", and takes no more letters. Tell and ask before it is closed, or start another one.",
        cause);
  }

  /**
   * Leaves a letter and waits for the answer.
   *
   * @param <A> the type of the answer
   * @param question what is to be answered
   * @return the answer
   * @throws InterruptedException if the calling thread is interrupted; the question is not answered
   *     then, unless it is being answered already
   * @throws ThreadFailedException if answering it failed, with the failure as cause
   * @throws ThreadStoppedException if the actor has ended before it came to it
   * @throws IllegalStateException if the actor asks itself, or has been closed or has ended
   */
  public <A extends @Nullable Object> A ask(Question<? super S, A> question)
      throws InterruptedException {
    try {
      return ask(question, Signal.NEVER);
    } catch (TimeoutException impossible) {
      throw new AssertionError(impossible);
    }
  }

  /**
   * Leaves a letter and waits for the answer, for at most a time.
   *
   * @param <A> the type of the answer
   * @param question what is to be answered
   * @param timeout the longest time to wait, for a place in the mailbox and for the answer
   * @return the answer
   * @throws InterruptedException if the calling thread is interrupted, as {@link #ask(Question)}
   * @throws TimeoutException if the time has passed; the question is not answered then, unless it
   *     is being answered already
   * @throws ThreadFailedException if answering it failed, with the failure as cause
   * @throws ThreadStoppedException if the actor has ended before it came to it
   * @throws IllegalStateException if the actor asks itself, or has been closed or has ended
   */
  public <A extends @Nullable Object> A ask(Question<? super S, A> question, Duration timeout)
      throws InterruptedException, TimeoutException {
    return ask(question, timeout.isPositive() ? Till.unhurried(timeout) : Signal.DONE);
  }

  /**
   * Leaves a letter and waits for the answer until a signal goes.
   *
   * @param <A> the type of the answer
   * @param question what is to be answered
   * @param till what ends the wait
   * @return the answer
   * @throws InterruptedException if the calling thread is interrupted, as {@link #ask(Question)}
   * @throws TimeoutException if {@code till} went first; the question is not answered then, unless
   *     it is being answered already
   * @throws ThreadFailedException if answering it failed, with the failure as cause
   * @throws ThreadStoppedException if the actor has ended before it came to it
   * @throws IllegalStateException if the actor asks itself, or has been closed or has ended
   */
  public <A extends @Nullable Object> A ask(Question<? super S, A> question, Signal till)
      throws InterruptedException, TimeoutException {
    Objects.requireNonNull(question, "question");
    checkNotOwn("ask itself something, and wait for its own answer; do it at once, or tell it");
    var asked = new Asked<S, A>(question);
    boolean done = false;
    try {
      done = mailbox.put(asked, till) && asked.settled.or(thread.stopped()).await(till);
    } catch (QueueClosedException e) {
      throw ended(e);
    } finally {
      asked.giveUp(); // unless it is settled: an abandoned actor may come to it yet
    }
    if (!done) {
      throw new TimeoutException(
          "Actor \"" + this + "\" has not answered before \"" + till + "\".");
    }
    return answerOf(asked);
  }

  private <A extends @Nullable Object> A answerOf(Asked<S, A> asked) {
    Outcome<A> outcome = asked.outcome();
    return switch (outcome) {
      case Outcome.Returned<A>(A answer) -> answer;
      case Outcome.Failed<A>(Throwable failure) ->
          throw new ThreadFailedException(
              Library.MEMBER,
              thread.path(),
              "Actor \"" + this + "\" could not answer: " + failure,
              failure);
      case null, default ->
          throw new ThreadStoppedException(
              Library.MEMBER,
              thread.path(),
              "Actor \""
                  + this
                  + "\" has ended without an answer"
                  + thread.stopReason().map(reason -> ": " + reason).orElse("."),
              new CancellationException("not answered"));
    };
  }

  /** A letter that somebody waits for. */
  private static final class Asked<S, A extends @Nullable Object> implements Letter<S> {
    private enum Step {
      WAITING,
      WORKING,
      REFUSED,
      GIVEN_UP
    }

    private final Question<? super S, A> question;
    private final AtomicReference<Step> state = new AtomicReference<>(Step.WAITING);
    private final OpenSignal settled = Signal.create("answer");

    /**
     * Written before `settled` goes; null when the question was refused, or cut short by a stop.
     */
    private volatile @Nullable Outcome<A> outcome;

    Asked(Question<? super S, A> question) {
      this.question = question;
    }

    @Override
    public void work(S actors, Signal pleaseStop) {
      if (!state.compareAndSet(Step.WAITING, Step.WORKING)) {
        return; // nobody waits any more
      }
      try {
        outcome = new Outcome.Returned<>(question.answer(actors));
      } catch (Throwable failure) { // to who asked
        if (!pleaseStop.isSignalled()
            || !ManagedThread.isLeavingByStop(Library.MEMBER, failure)) { // else it is refused
          outcome = new Outcome.Failed<>(failure);
        }
      }
      settled.go();
    }

    @Override
    public boolean refuse() {
      if (state.compareAndSet(Step.WAITING, Step.REFUSED)) {
        settled.go();
      }
      return true;
    }

    void giveUp() {
      state.compareAndSet(Step.WAITING, Step.GIVEN_UP);
    }

    @Nullable Outcome<A> outcome() {
      return outcome;
    }
  }

  private void checkNotOwn(String what) {
    for (ManagedThread<?> at = ManagedThread.currentOrNull();
        at != null;
        at = at.parent().orElse(null)) {
      if (at == thread) {
        throw new IllegalStateException(
            "Thread \""
                + ManagedThread.current()
                + "\" belongs to actor \""
                + this
                + "\" and cannot "
                + what
                + ".");
      }
    }
  }

  // ---- the end

  /** Accepts no more letters; those in the mailbox are still worked on. Returns at once. */
  public void shutdown() {
    mailbox.close();
  }

  /**
   * Accepts no more letters, and waits until those in the mailbox have been worked on and the actor
   * has ended. An interrupt stops it: the wait goes on until it has ended, within the stop policy,
   * and the status is kept.
   *
   * @throws IllegalStateException if the actor closes itself, and would wait for itself
   */
  @Override
  public void close() {
    checkNotOwn("close it, and wait for itself; call shutdown(), which does not wait");
    shutdown();
    boolean interrupted = false;
    while (!thread.stopped().isSignalled()) {
      try {
        thread.stopped().await();
      } catch (InterruptedException e) {
        interrupted = true;
        thread.stop("interrupted while closing");
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Asks the actor to stop after the letter under way; returns at once. */
  public void stop() {
    thread.stop();
  }

  /** {@return the signal that goes when the actor has ended} */
  public Signal stopped() {
    return thread.stopped();
  }

  /** {@return its thread; who joins it takes the failure of a told letter} */
  public ManagedThread<?> thread() {
    return thread;
  }

  /** {@return how many letters are in its mailbox} */
  public int waiting() {
    return mailbox.size();
  }

  /** {@return how many told letters were left when it ended; 0 before} */
  public long leftOver() {
    return leftOver.get();
  }

  /** {@return the path of its thread} */
  @Override
  public String toString() {
    return thread.path();
  }
}
