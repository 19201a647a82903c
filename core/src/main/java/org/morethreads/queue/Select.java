package org.morethreads.queue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.morethreads.sync.Signal;

/**
 * Waits for the first of several things: an element of one of several queues, a place in one, a
 * signal, a time. Exactly one of them happens.
 *
 * {@snippet class="QueueSnippets" region="select"}
 *
 * <p>Each clause says what to wait for, and what to make of it: the function of the clause that
 * happened is called on the calling thread, without any lock held, and its result is the result of
 * the wait. The functions of the others are not called. With a type of one's own for the results, a
 * {@code switch} tells them apart; the ends of threads ({@code thread.stopped()}), of queues
 * ({@code queue.drained()}) and tills are signals, and take part by {@link #when}.
 *
 * {@snippet class="QueueSnippets" region="selectSwitch"}
 *
 * <p><b>Which one.</b> The first of these that holds decides:
 *
 * <ol>
 *   <li>the calling thread is interrupted, on entry or while waiting: throws {@code
 *       InterruptedException};
 *   <li>the signal of an {@link #until} clause has gone;
 *   <li>one or more of the {@link #take}, {@link #put} and {@link #when} clauses are ready: one of
 *       them, each with the same probability;
 *   <li>there is nothing to wait for any more, see below: {@link #atEnd}, or throws {@code
 *       QueueClosedException};
 *   <li>the time of an {@link #after} clause has passed.
 * </ol>
 *
 * <p><b>Closed queues.</b> A {@code take} clause takes what is inside; when its queue has ended it
 * takes no further part, and the others go on. When all of them have ended, and there is no {@code
 * put} clause, the wait is at its end, whatever signals and times there are: the {@code atEnd}
 * clause happens, and if there is none the wait throws {@link QueueClosedException}. A queue that
 * was {@linkplain CloseableQueue#close(Throwable) closed because of a failure} makes the wait throw
 * it where another would only have ended. A {@code put} clause whose queue is closed makes the wait
 * throw as {@code put} does: no element is dropped in silence.
 *
 * <p><b>Nothing is lost.</b> Only the clause that happens takes, or puts, whatever is interrupted,
 * closed or timed out meanwhile. A wait that throws has taken nothing and put nothing, but for what
 * the function of the clause throws: it has been given its element by then.
 *
 * <p><b>Thread safety.</b> Clauses are descriptions, and may be used again, also by several
 * threads.
 *
 * <p><b>Memory consistency.</b> As for the queues and signals that take part.
 *
 * @since 0.1
 */
public final class Select {
  private Select() {}

  /**
   * What to wait for, and what to make of it.
   *
   * @param <R> the type of the result
   * @since 0.1
   */
  public abstract static sealed class Clause<R extends @Nullable Object> {
    private Clause() {}

    /** The signal that makes it ready, if it is one. */
    Signal signal() {
      return Signal.NEVER;
    }

    /** What is waited for, as dumps have it. */
    abstract String what();

    /** What to give the waiting thread, once it has happened. */
    abstract R result(Object outcome);
  }

  /** Takes from a queue. */
  static final class Take<E, R extends @Nullable Object> extends Clause<R> {
    final CloseableQueue<E> queue;
    private final Function<? super E, ? extends R> function;

    private Take(CloseableQueue<E> queue, Function<? super E, ? extends R> function) {
      this.queue = Objects.requireNonNull(queue, "queue");
      this.function = Objects.requireNonNull(function, "function");
    }

    @Override
    String what() {
      return "an element of queue \"" + queue.name() + "\"";
    }

    @Override
    @SuppressWarnings("unchecked") // what was taken from the queue
    R result(Object outcome) {
      return function.apply((E) outcome);
    }
  }

  /** Puts into a queue. */
  static final class Put<E, R extends @Nullable Object> extends Clause<R> {
    final CloseableQueue<E> queue;
    private final Supplier<Object> item;
    private final Supplier<? extends R> function;

    private Put(CloseableQueue<E> queue, Supplier<Object> item, Supplier<? extends R> function) {
      this.queue = queue;
      this.item = item;
      this.function = Objects.requireNonNull(function, "function");
    }

    /** A new item for the store of the queue; calls user code. */
    Object newItem() {
      return item.get();
    }

    @Override
    String what() {
      return "a place in queue \"" + queue.name() + "\"";
    }

    @Override
    R result(Object outcome) {
      return function.get();
    }
  }

  /** Waits for a signal. */
  static final class When<R extends @Nullable Object> extends Clause<R> {
    private final Signal signal;
    final boolean first;
    private final Supplier<? extends R> function;

    private When(Signal signal, boolean first, Supplier<? extends R> function) {
      this.signal = Objects.requireNonNull(signal, "signal");
      this.first = first;
      this.function = Objects.requireNonNull(function, "function");
    }

    @Override
    Signal signal() {
      return signal;
    }

    @Override
    String what() {
      return "signal \"" + signal + "\"";
    }

    @Override
    R result(Object outcome) {
      return function.get();
    }
  }

  /** Waits for a time, or for the end of all queues. */
  static final class Otherwise<R extends @Nullable Object> extends Clause<R> {
    /** How long; negative for the end of all queues. */
    final long nanos;

    private final Supplier<? extends R> function;

    private Otherwise(long nanos, Supplier<? extends R> function) {
      this.nanos = nanos;
      this.function = Objects.requireNonNull(function, "function");
    }

    @Override
    String what() {
      return nanos < 0 ? "the end of all queues" : "a time";
    }

    @Override
    R result(Object outcome) {
      return function.get();
    }
  }

  /**
   * A clause that takes an element of a queue, and gives it as the result.
   *
   * @param <E> the type of the elements
   * @param queue where to take from
   * @return the clause
   */
  public static <E> Clause<E> take(CloseableQueue<E> queue) {
    return new Take<>(queue, Function.identity());
  }

  /**
   * A clause that takes an element of a queue.
   *
   * @param <E> the type of the elements
   * @param <R> the type of the result
   * @param queue where to take from
   * @param function what to make of the element
   * @return the clause
   */
  public static <E, R extends @Nullable Object> Clause<R> take(
      CloseableQueue<E> queue, Function<? super E, ? extends R> function) {
    return new Take<>(queue, function);
  }

  /**
   * A clause that puts an element into a queue, when there is a place.
   *
   * @param <E> the type of the elements
   * @param <R> the type of the result
   * @param queue where to put
   * @param element what to put
   * @param function makes the result, once the element is in
   * @return the clause
   */
  public static <E, R extends @Nullable Object> Clause<R> put(
      CloseableQueue<E> queue, E element, Supplier<? extends R> function) {
    Objects.requireNonNull(element, "element");
    return new Put<>(queue, () -> queue.itemOf(element), function);
  }

  /**
   * A clause that puts an element of some priority into a queue, when there is a place.
   *
   * @param <E> the type of the elements
   * @param <R> the type of the result
   * @param queue where to put
   * @param element what to put
   * @param priority its priority
   * @param function makes the result, once the element is in
   * @return the clause
   * @throws IllegalArgumentException if there is no such priority
   */
  public static <E, R extends @Nullable Object> Clause<R> put(
      CloseablePriorityQueue<E> queue, E element, int priority, Supplier<? extends R> function) {
    Objects.requireNonNull(element, "element");
    queue.checkPriority(priority);
    return new Put<>(queue, () -> queue.entryOf(element, priority), function);
  }

  /**
   * A clause that waits for a signal, as good as any other clause: what a stop should do at once
   * goes into {@link #until}.
   *
   * @param <R> the type of the result
   * @param signal the signal
   * @param function makes the result, once the signal has gone
   * @return the clause
   */
  public static <R extends @Nullable Object> Clause<R> when(
      Signal signal, Supplier<? extends R> function) {
    return new When<>(signal, /* first= */ false, function);
  }

  /**
   * A clause that waits for a signal, and comes before all others: once the signal has gone nothing
   * is taken any more, and nothing put. What stays in the queues is reported as after a loop over
   * {@link CloseableQueue#until}.
   *
   * @param <R> the type of the result
   * @param signal what ends the wait, typically the {@code pleaseStop} of the calling thread
   * @param function makes the result, once the signal has gone
   * @return the clause
   */
  public static <R extends @Nullable Object> Clause<R> until(
      Signal signal, Supplier<? extends R> function) {
    return new When<>(signal, /* first= */ true, function);
  }

  /**
   * A clause that waits for a time, which is real time, and happens if nothing else does: a wait
   * for zero or less looks at the other clauses and does not wait. For a till, use {@link #when}.
   *
   * @param <R> the type of the result
   * @param timeout the longest time to wait
   * @param function makes the result, once the time has passed
   * @return the clause
   */
  public static <R extends @Nullable Object> Clause<R> after(
      Duration timeout, Supplier<? extends R> function) {
    return new Otherwise<>(CloseableQueue.nanosOf(timeout), function);
  }

  /**
   * A clause for the end: all queues from which something could have been taken are closed and
   * empty, and nothing is to be put.
   *
   * @param <R> the type of the result
   * @param function makes the result
   * @return the clause
   */
  public static <R extends @Nullable Object> Clause<R> atEnd(Supplier<? extends R> function) {
    return new Otherwise<>(-1, function);
  }

  /**
   * Waits until one of some clauses happens.
   *
   * @param <R> the type of the result
   * @param clauses the clauses, in any order
   * @return what the function of the clause that happened makes
   * @throws InterruptedException if the calling thread is interrupted, on entry or while waiting;
   *     nothing was taken and nothing put
   * @throws QueueClosedException if a queue to put into is closed, if all queues to take from have
   *     ended and there is no {@link #atEnd}, or if one has ended with a failure
   * @throws IllegalArgumentException if there is no clause
   */
  @SafeVarargs
  public static <R extends @Nullable Object> R awaitFirst(Clause<? extends R>... clauses)
      throws InterruptedException {
    List<Clause<? extends R>> all = new ArrayList<>(clauses.length);
    for (Clause<? extends R> clause : clauses) {
      all.add(Objects.requireNonNull(clause, "clause"));
    }
    return awaitFirst(all);
  }

  /**
   * Waits until one of some clauses happens.
   *
   * @param <R> the type of the result
   * @param clauses the clauses, in any order
   * @return what the function of the clause that happened makes
   * @throws InterruptedException if the calling thread is interrupted, on entry or while waiting;
   *     nothing was taken and nothing put
   * @throws QueueClosedException if a queue to put into is closed, if all queues to take from have
   *     ended and there is no {@link #atEnd}, or if one has ended with a failure
   * @throws IllegalArgumentException if there is no clause
   */
  public static <R extends @Nullable Object> R awaitFirst(
      Collection<? extends Clause<? extends R>> clauses) throws InterruptedException {
    List<? extends Clause<? extends R>> all = List.copyOf(clauses);
    if (all.isEmpty()) {
      throw new IllegalArgumentException(
          "A select without clauses would wait for ever; give it a take, a put, a when or an after.");
    }
    return new Selecting<R>(all).await();
  }
}
