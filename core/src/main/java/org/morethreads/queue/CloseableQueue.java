package org.morethreads.queue;

import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;
import org.morethreads.internal.Log;
import org.morethreads.internal.Surroundings;
import org.morethreads.sync.Signal;

/**
 * A queue between threads that has an end: after {@link #close} nothing more can be put in, and
 * those who take see the end once they have taken everything. Elements are passed by reference.
 *
 * <p>Use it where one part of a program hands work, rows or messages to another. A queue with a
 * capacity also slows fast producers down to the speed of their consumers. To tell several threads
 * one thing once, use a {@link Signal}; for code written against the JDK's interface there is
 * {@link #asBlockingQueue}.
 *
 * {@snippet class="QueueSnippets" region="pipeline"}
 *
 * <p><b>Looping takes.</b> {@code for (var x : queue)} takes one element after the other, waits
 * while the queue is empty, and ends when it is closed and empty. Several threads may loop over one
 * queue; each element goes to one of them. {@link #until} ends the loop early, and leaves what has
 * not been taken in the queue.
 *
 * {@snippet class="QueueSnippets" region="until"}
 *
 * <p>What each method does when it cannot proceed:
 *
 * <table class="striped">
 *   <caption>Outcomes</caption>
 *   <thead>
 *     <tr><th scope="col">Method</th><th scope="col">full, open</th><th scope="col">empty, open</th>
 *         <th scope="col">closed</th></tr>
 *   </thead>
 *   <tbody>
 *     <tr><th scope="row">{@code put(e)}, {@code putAll(c)}</th>
 *         <td>waits</td><td>–</td><td>throws {@link QueueClosedException}</td></tr>
 *     <tr><th scope="row">{@code put(e, till)}, {@code putAll(c, till)}; also with a duration</th>
 *         <td>waits; {@code false} when the wait ended first</td><td>–</td>
 *         <td>throws {@link QueueClosedException}</td></tr>
 *     <tr><th scope="row">{@code offer(e)}</th>
 *         <td>{@link Offer#FULL}</td><td>–</td><td>{@link Offer#CLOSED}</td></tr>
 *     <tr><th scope="row">{@code take()}</th>
 *         <td>–</td><td>waits</td><td>element; when empty, throws {@link QueueClosedException}</td></tr>
 *     <tr><th scope="row">{@code poll(till)}, {@code poll(duration)}</th>
 *         <td>–</td><td>waits; null when the wait ended first</td><td>element; when empty, null</td></tr>
 *     <tr><th scope="row">{@code poll()}</th>
 *         <td>–</td><td>null</td><td>element; when empty, null</td></tr>
 *     <tr><th scope="row">{@code drain(…)}</th>
 *         <td>–</td><td>nothing</td><td>elements; when empty, nothing</td></tr>
 *     <tr><th scope="row">{@code for (x : queue)}</th>
 *         <td>–</td><td>waits</td><td>element; when empty, ends</td></tr>
 *     <tr><th scope="row">{@code for (x : queue.until(signal))}</th>
 *         <td>–</td><td>waits; ends when the signal goes</td>
 *         <td>element; when empty or signalled, ends</td></tr>
 *   </tbody>
 * </table>
 *
 * <p>{@link #named} makes queues with options: a capacity, {@linkplain Builder#unique unique}
 * elements, {@linkplain Builder#warnWhenFullFor warnings} of slow consumers, {@linkplain
 * Builder#onUndelivered a handler} for what nobody takes. {@link #putFirst} puts in front, {@link
 * #putForced} is for a consumer that gives work back, {@link #close(Throwable)} tells consumers of
 * a failure. {@link #statistics} says how deep a queue has been, and how long threads waited for
 * it.
 *
 * <p><b>Nothing is lost.</b> A call that throws, or answers that it could not, has done nothing:
 * nothing was put, nothing was taken, however interrupts, closing and time-outs race. The elements
 * of one producer come out in the order in which it put them; no order and no fairness is promised
 * among several. Elements that stay behind, in a closed queue or after the loop of {@link #until}
 * was left, are reported in the log at the end of the tree of threads, unless somebody takes them
 * before.
 *
 * <p>Where some elements are more urgent than others there is {@link CloseablePriorityQueue}, which
 * is such a queue in all but the order.
 *
 * <p><b>Thread safety.</b> Every method may be called from any thread without further
 * synchronization. An iterator may be used by one thread at a time.
 *
 * <p><b>Memory consistency.</b> Actions in a thread before it puts an element <i>happen-before</i>
 * actions in another thread after it has taken that element; actions before {@link #close}
 * <i>happen-before</i> those after the end was seen.
 *
 * @param <E> the type of the elements, which are never null
 * @since 0.1
 */
public sealed class CloseableQueue<E> extends QueueCore<E> implements Iterable<E>, AutoCloseable
    permits CloseablePriorityQueue {
  private final BlockingView<E> view = new BlockingView<>(this);

  /** What the priority of an element is; nothing in a queue without. */
  private final @Nullable ToIntFunction<? super E> priorityBy;

  private CloseableQueue(Builder<E> builder) {
    this(builder, new Ring<>(), null, false);
  }

  CloseableQueue(
      Builder<E> builder,
      Store<Object> store,
      @Nullable ToIntFunction<? super E> priorityBy,
      boolean ages) {
    super(builder, store, priorityBy != null, ages);
    this.priorityBy = priorityBy;
  }

  // ---- making

  /**
   * Creates a queue in which producers wait while it is full.
   *
   * @param <E> the type of the elements
   * @param name what it is called in dumps and messages
   * @param capacity how many elements it holds before producers wait, at least 1
   * @return the queue, open and empty
   * @throws IllegalArgumentException if the capacity is less than 1
   */
  public static <E> CloseableQueue<E> bounded(String name, int capacity) {
    return CloseableQueue.<E>named(name).capacity(capacity).create();
  }

  /**
   * Creates a queue that takes whatever it is given. Use it only where something else limits how
   * much that can be.
   *
   * @param <E> the type of the elements
   * @param name what it is called in dumps and messages
   * @return the queue, open and empty
   */
  public static <E> CloseableQueue<E> unbounded(String name) {
    return CloseableQueue.<E>named(name).create();
  }

  /**
   * Begins to describe a queue with options.
   *
   * @param <E> the type of the elements
   * @param name what it is called in dumps and messages
   * @return the description; {@link Builder#create} makes the queue
   */
  public static <E> Builder<E> named(String name) {
    return new Builder<>(Objects.requireNonNull(name, "name"));
  }

  /**
   * The description of a queue.
   *
   * <p><b>Thread safety.</b> Not safe for use by several threads at once.
   *
   * @param <E> the type of the elements
   * @since 0.1
   */
  public static sealed class Builder<E> permits CloseablePriorityQueue.Builder {
    final String name;
    int capacity = UNBOUNDED;
    boolean unique;
    long warnAfter;
    @Nullable Consumer<? super E> undelivered;

    Builder(String name) {
      this.name = name;
    }

    /**
     * Sets how many elements the queue holds before producers wait. Without it, they never do.
     *
     * @param newCapacity the capacity, at least 1
     * @return this
     * @throws IllegalArgumentException if the capacity is less than 1
     */
    public Builder<E> capacity(int newCapacity) {
      if (newCapacity < 1) {
        throw new IllegalArgumentException(
            "Queue \"" + name + "\" cannot have the capacity " + newCapacity + "; at least 1.");
      }
      capacity = newCapacity;
      return this;
    }

    /**
     * Lets an element be inside only once. While an equal one is inside, {@link #offer} answers
     * {@link Offer#DUPLICATE}; {@code put} adds nothing and returns at once as if it had, also when
     * the queue is full; and {@code putAll} adds those that are not inside yet. Once an element has
     * been taken an equal one can be put again. A thread that waits for a place looks for equal
     * elements when there is one.
     *
     * <p>Elements need {@code equals} and {@code hashCode} that agree, and must not change while
     * they are inside. Both are called on the threads that put, without any lock held.
     *
     * @return this
     */
    public Builder<E> unique() {
      unique = true;
      return this;
    }

    /**
     * Warns in the log of consumers that do not keep up: when a thread has waited so long for a
     * place, and again when it has waited twice as long, four times as long and so on. However many
     * threads wait, there is never more than one warning in that time. Waits of a {@link Select} do
     * not count. Without this there are no warnings.
     *
     * @param limit how long a producer may wait without a warning; more than zero
     * @return this
     * @throws IllegalArgumentException if the limit is zero or negative
     */
    public Builder<E> warnWhenFullFor(Duration limit) {
      if (limit.isZero() || limit.isNegative()) {
        throw new IllegalArgumentException(
            "Queue \""
                + name
                + "\" cannot warn after "
                + limit
                + "; give a time above zero, or leave warnWhenFullFor out for no warnings.");
      }
      warnAfter = nanosOf(limit);
      return this;
    }

    /**
     * Says what to do with elements that nobody has taken when the tree of threads ends. Without
     * this they are reported in the log. They are taken from the queue and handed over one by one,
     * on a thread of their own, for which the end of the tree waits one second. A failure of the
     * handler is reported in the log, and the next element handed over.
     *
     * <p>It gets what would otherwise be reported: elements that have stayed in a closed queue, or
     * in one whose {@link CloseableQueue#until} loop was left. An element that was not put, because
     * the queue was closed or the wait ended, is not among them: its producer still has it.
     *
     * @param handler what is given each element
     * @return this
     */
    public Builder<E> onUndelivered(Consumer<? super E> handler) {
      undelivered = Objects.requireNonNull(handler, "handler");
      return this;
    }

    /** {@return a new queue, open and empty} */
    public CloseableQueue<E> create() {
      return new CloseableQueue<>(this);
    }
  }

  // ---- putting

  /**
   * Puts an element in, and waits while the queue is full. The first of these that holds decides:
   *
   * <ol>
   *   <li>the calling thread is interrupted, on entry or while waiting: throws {@code
   *       InterruptedException};
   *   <li>the queue is or becomes closed: throws {@code QueueClosedException};
   *   <li>there is or comes room: the element is in.
   * </ol>
   *
   * @param element the element
   * @throws InterruptedException if the calling thread is interrupted, even if there is room; the
   *     element is not in
   * @throws QueueClosedException if the queue is closed, on entry or while waiting; the element is
   *     not in
   */
  public void put(E element) throws InterruptedException {
    putItem(itemOf(element), Signal.NEVER, FOREVER);
  }

  /**
   * Puts an element in, and waits while the queue is full, until a signal goes. The first of these
   * that holds decides:
   *
   * <ol>
   *   <li>the calling thread is interrupted, on entry or while waiting: throws {@code
   *       InterruptedException};
   *   <li>the queue is or becomes closed: throws {@code QueueClosedException};
   *   <li>there is or comes room: the element is in, returns {@code true};
   *   <li>{@code till} is or becomes signalled: returns {@code false}.
   * </ol>
   *
   * @param element the element
   * @param till what ends the wait: a {@code pleaseStop}, a {@link org.morethreads.sync.Till}, any
   *     signal
   * @return whether the element is in
   * @throws InterruptedException if the calling thread is interrupted, even if there is room; the
   *     element is not in
   * @throws QueueClosedException if the queue is closed, on entry or while waiting; the element is
   *     not in
   */
  public boolean put(E element, Signal till) throws InterruptedException {
    return putItem(itemOf(element), Objects.requireNonNull(till, "till"), FOREVER);
  }

  /**
   * Puts an element in, and waits while the queue is full, for at most a time, which is real time:
   * no request to stop shortens it. The first of these that holds decides:
   *
   * <ol>
   *   <li>the calling thread is interrupted, on entry or while waiting: throws {@code
   *       InterruptedException};
   *   <li>the queue is or becomes closed: throws {@code QueueClosedException};
   *   <li>there is or comes room: the element is in, returns {@code true};
   *   <li>the time has passed: returns {@code false}.
   * </ol>
   *
   * @param element the element
   * @param timeout the longest time to wait; zero or negative means not to wait at all
   * @return whether the element is in
   * @throws InterruptedException if the calling thread is interrupted, even if there is room; the
   *     element is not in
   * @throws QueueClosedException if the queue is closed, on entry or while waiting; the element is
   *     not in
   */
  public boolean put(E element, Duration timeout) throws InterruptedException {
    return putItem(itemOf(element), Signal.NEVER, nanosOf(timeout));
  }

  /**
   * Puts all elements of a collection in, together and in its order, and waits while the queue is
   * full. Either all are in or none; nothing of others comes between them.
   *
   * <p>It waits for <i>one</i> place, like {@link #put}, and then puts the whole collection in,
   * even if that exceeds the capacity: the elements are in memory already. An empty collection
   * needs no place.
   *
   * @param elements the elements
   * @throws InterruptedException if the calling thread is interrupted, on entry or while waiting;
   *     none of the elements is in
   * @throws QueueClosedException if the queue is closed, on entry or while waiting; none of the
   *     elements is in
   * @throws NullPointerException if one of the elements is null; none of them is in
   */
  public void putAll(Collection<? extends E> elements) throws InterruptedException {
    putOrFail(null, itemsOf(elements), 0, Signal.NEVER, FOREVER);
  }

  /**
   * Puts all elements of a collection in, together and in its order, and waits while the queue is
   * full, until a signal goes. Like {@link #putAll(Collection)} otherwise, and decided in the order
   * of {@link #put(Object, Signal)}.
   *
   * @param elements the elements
   * @param till what ends the wait
   * @return whether the elements are in: all, or none
   * @throws InterruptedException if the calling thread is interrupted, on entry or while waiting;
   *     none of the elements is in
   * @throws QueueClosedException if the queue is closed, on entry or while waiting; none of the
   *     elements is in
   * @throws NullPointerException if one of the elements is null; none of them is in
   */
  public boolean putAll(Collection<? extends E> elements, Signal till) throws InterruptedException {
    return putOrFail(null, itemsOf(elements), 0, Objects.requireNonNull(till, "till"), FOREVER);
  }

  /**
   * Puts all elements of a collection in, together and in its order, and waits while the queue is
   * full, for at most a time. Like {@link #putAll(Collection)} otherwise, and decided in the order
   * of {@link #put(Object, Duration)}.
   *
   * @param elements the elements
   * @param timeout the longest time to wait; zero or negative means not to wait at all
   * @return whether the elements are in: all, or none
   * @throws InterruptedException if the calling thread is interrupted, on entry or while waiting;
   *     none of the elements is in
   * @throws QueueClosedException if the queue is closed, on entry or while waiting; none of the
   *     elements is in
   * @throws NullPointerException if one of the elements is null; none of them is in
   */
  public boolean putAll(Collection<? extends E> elements, Duration timeout)
      throws InterruptedException {
    return putOrFail(null, itemsOf(elements), 0, Signal.NEVER, nanosOf(timeout));
  }

  /**
   * Puts an element in if that is possible at once. Never blocks, and does not look at interrupts.
   *
   * @param element the element
   * @return what became of it
   */
  public Offer offer(E element) {
    return offerItem(itemOf(element));
  }

  /**
   * Puts an element in, in front of all others, and waits while the queue is full. Decided like
   * {@link #put(Object)} otherwise.
   *
   * @param element the element
   * @throws InterruptedException if the calling thread is interrupted, even if there is room; the
   *     element is not in
   * @throws QueueClosedException if the queue is closed, on entry or while waiting; the element is
   *     not in
   */
  public void putFirst(E element) throws InterruptedException {
    putOrFail(itemOf(element), null, FIRST, Signal.NEVER, FOREVER);
  }

  /**
   * Puts an element in, in front of all others, and waits while the queue is full, until a signal
   * goes. Decided like {@link #put(Object, Signal)} otherwise.
   *
   * @param element the element
   * @param till what ends the wait
   * @return whether the element is in
   * @throws InterruptedException if the calling thread is interrupted, even if there is room; the
   *     element is not in
   * @throws QueueClosedException if the queue is closed, on entry or while waiting; the element is
   *     not in
   */
  public boolean putFirst(E element, Signal till) throws InterruptedException {
    return putOrFail(itemOf(element), null, FIRST, Objects.requireNonNull(till, "till"), FOREVER);
  }

  /**
   * Puts an element in, in front of all others, and waits while the queue is full, for at most a
   * time. Decided like {@link #put(Object, Duration)} otherwise.
   *
   * @param element the element
   * @param timeout the longest time to wait; zero or negative means not to wait at all
   * @return whether the element is in
   * @throws InterruptedException if the calling thread is interrupted, even if there is room; the
   *     element is not in
   * @throws QueueClosedException if the queue is closed, on entry or while waiting; the element is
   *     not in
   */
  public boolean putFirst(E element, Duration timeout) throws InterruptedException {
    return putOrFail(itemOf(element), null, FIRST, Signal.NEVER, nanosOf(timeout));
  }

  /**
   * Puts all elements of a collection in, together and in its order, in front of all others, and
   * waits while the queue is full. Like {@link #putAll(Collection)} otherwise.
   *
   * @param elements the elements; the first one will be taken first
   * @throws InterruptedException if the calling thread is interrupted, on entry or while waiting;
   *     none of the elements is in
   * @throws QueueClosedException if the queue is closed, on entry or while waiting; none of the
   *     elements is in
   * @throws NullPointerException if one of the elements is null; none of them is in
   */
  public void putAllFirst(Collection<? extends E> elements) throws InterruptedException {
    putOrFail(null, itemsOf(elements), FIRST, Signal.NEVER, FOREVER);
  }

  /**
   * Puts all elements of a collection in, together and in its order, in front of all others, and
   * waits while the queue is full, until a signal goes. Like {@link #putAll(Collection, Signal)}
   * otherwise.
   *
   * @param elements the elements; the first one will be taken first
   * @param till what ends the wait
   * @return whether the elements are in: all, or none
   * @throws InterruptedException if the calling thread is interrupted, on entry or while waiting;
   *     none of the elements is in
   * @throws QueueClosedException if the queue is closed, on entry or while waiting; none of the
   *     elements is in
   * @throws NullPointerException if one of the elements is null; none of them is in
   */
  public boolean putAllFirst(Collection<? extends E> elements, Signal till)
      throws InterruptedException {
    return putOrFail(null, itemsOf(elements), FIRST, Objects.requireNonNull(till, "till"), FOREVER);
  }

  /**
   * Puts all elements of a collection in, together and in its order, in front of all others, and
   * waits while the queue is full, for at most a time. Like {@link #putAll(Collection, Duration)}
   * otherwise.
   *
   * @param elements the elements; the first one will be taken first
   * @param timeout the longest time to wait; zero or negative means not to wait at all
   * @return whether the elements are in: all, or none
   * @throws InterruptedException if the calling thread is interrupted, on entry or while waiting;
   *     none of the elements is in
   * @throws QueueClosedException if the queue is closed, on entry or while waiting; none of the
   *     elements is in
   * @throws NullPointerException if one of the elements is null; none of them is in
   */
  public boolean putAllFirst(Collection<? extends E> elements, Duration timeout)
      throws InterruptedException {
    return putOrFail(null, itemsOf(elements), FIRST, Signal.NEVER, nanosOf(timeout));
  }

  /**
   * Puts an element in, behind all others, whether there is room or not: for a consumer that gives
   * work back, and that must not wait for itself. Never blocks, and does not look at interrupts.
   *
   * {@snippet class="QueueSnippets" region="giveBack"}
   *
   * <p>It works in a closed queue as well, as long as {@link #drained} has not gone: as long as
   * something is inside. Whoever has taken the very last element of a closed queue cannot give it
   * back any more, since others have seen the end.
   *
   * @param element the element
   * @throws QueueClosedException if the queue is closed and everything has been taken; the element
   *     is not in
   */
  public void putForced(E element) {
    putItemForced(itemOf(element));
  }

  /** What is kept in the store for an element; calls user code if there is anything to ask. */
  Object itemOf(E element) {
    Objects.requireNonNull(element, "element");
    return wraps ? entryOf(element, priorityOf(element)) : element;
  }

  private int priorityOf(E element) {
    return priorityBy == null ? 0 : priorityBy.applyAsInt(element);
  }

  /** An entry for the store of a queue that {@link #wraps}. */
  Entry entryOf(E element, int priority) {
    Objects.requireNonNull(element, "element");
    checkPriority(priority);
    long now = ages ? Surroundings.current().time().nanoTime() : 0;
    return distinct == null
        ? new Entry(element, priority, now)
        : new Distinct.Key(element, priority, now);
  }

  void checkPriority(int priority) {
    if (priority < 0 || priority >= Levels.COUNT) {
      throw new IllegalArgumentException(
          "Queue \""
              + name
              + "\" has no priority "
              + priority
              + "; they go from "
              + CloseablePriorityQueue.LOWEST
              + ", which is taken last, to "
              + CloseablePriorityQueue.HIGHEST
              + ", which is taken first. Map a wider scale to that.");
    }
  }

  private Object[] itemsOf(Collection<? extends E> elements) {
    return itemsOf(elements, this::priorityOf);
  }

  Object[] itemsOf(Collection<? extends E> elements, ToIntFunction<? super E> priority) {
    if (elements == view) {
      throw new IllegalArgumentException(this + " cannot be put into itself.");
    }
    Object[] all = elements.toArray();
    for (int i = 0; i < all.length; i++) {
      Objects.requireNonNull(all[i], "element");
    }
    if (distinct != null) {
      all = Distinct.once(all);
    }
    if (!wraps) {
      return all;
    }
    Object[] entries = new Object[all.length];
    for (int i = 0; i < all.length; i++) {
      @SuppressWarnings("unchecked") // they come from a collection of such
      E element = (E) all[i];
      entries[i] = entryOf(element, priority.applyAsInt(element));
    }
    return entries;
  }

  // ---- taking

  /**
   * Takes the oldest element, and waits while the queue is empty. The first of these that holds
   * decides:
   *
   * <ol>
   *   <li>the calling thread is interrupted, on entry or while waiting: throws {@code
   *       InterruptedException};
   *   <li>there is or comes an element: returns it;
   *   <li>the queue is or becomes closed: throws {@code QueueClosedException}.
   * </ol>
   *
   * <p>Where the end of the queue is nothing special, loop over the queue, or use {@link
   * #poll(Signal) poll(Signal.NEVER)}, which answers null at the end.
   *
   * @return the element
   * @throws InterruptedException if the calling thread is interrupted, even if there is an element;
   *     nothing was taken
   * @throws QueueClosedException if the queue is closed and empty, on entry or while waiting
   */
  public E take() throws InterruptedException {
    E element = takeItem(Signal.NEVER, FOREVER);
    if (element == null) {
      throwFailure();
      throw new QueueClosedException(
          name,
          "Cannot take from queue \""
              + name
              + "\": it is empty, and was closed by "
              + closer()
              + ". Loop over the queue, or use poll, to see its end without an exception.",
          null);
    }
    return element;
  }

  /**
   * Takes the oldest element if there is one. Never blocks, and does not look at interrupts.
   *
   * @return the element, or null when the queue is empty
   */
  public @Nullable E poll() {
    E element = pollQuietly();
    if (element == null) {
      throwFailure();
    }
    return element;
  }

  /**
   * Takes the oldest element, and waits while the queue is empty, until a signal goes. The first of
   * these that holds decides:
   *
   * <ol>
   *   <li>the calling thread is interrupted, on entry or while waiting: throws {@code
   *       InterruptedException};
   *   <li>there is or comes an element: returns it;
   *   <li>the queue is or becomes closed, or {@code till} is or becomes signalled: returns null.
   * </ol>
   *
   * @param till what ends the wait: a {@code pleaseStop}, a {@link org.morethreads.sync.Till}, any
   *     signal; with {@link Signal#NEVER} null means the end of the queue
   * @return the element, or null when the wait was ended or the queue has ended; {@link #drained}
   *     tells which
   * @throws InterruptedException if the calling thread is interrupted, even if there is an element;
   *     nothing was taken
   */
  public @Nullable E poll(Signal till) throws InterruptedException {
    E element = takeItem(Objects.requireNonNull(till, "till"), FOREVER);
    if (element == null) {
      throwFailure();
    }
    return element;
  }

  /**
   * Takes the oldest element, and waits while the queue is empty, for at most a time, which is real
   * time: no request to stop shortens it. The first of these that holds decides:
   *
   * <ol>
   *   <li>the calling thread is interrupted, on entry or while waiting: throws {@code
   *       InterruptedException};
   *   <li>there is or comes an element: returns it;
   *   <li>the queue is or becomes closed, or the time has passed: returns null.
   * </ol>
   *
   * @param timeout the longest time to wait; zero or negative means not to wait at all
   * @return the element, or null when the time has passed or the queue has ended; {@link #drained}
   *     tells which
   * @throws InterruptedException if the calling thread is interrupted, even if there is an element;
   *     nothing was taken
   */
  public @Nullable E poll(Duration timeout) throws InterruptedException {
    E element = takeItem(Signal.NEVER, nanosOf(timeout));
    if (element == null) {
      throwFailure();
    }
    return element;
  }

  /**
   * Takes everything that is in the queue now. Never blocks.
   *
   * @return a new list of the elements, oldest first; empty when there are none
   */
  public List<E> drain() {
    return takeAll();
  }

  /**
   * Moves everything that is in the queue now to a collection. Never waits for elements.
   *
   * <p>The collection is called without any lock held. If it refuses an element by an exception,
   * that element and those behind it are in the queue again, in front of all others.
   *
   * @param target where to add the elements, oldest first
   * @return how many elements were moved
   * @throws IllegalArgumentException if the target is a view of this queue
   */
  public int drain(Collection<? super E> target) {
    return drain(target, Integer.MAX_VALUE);
  }

  /**
   * Moves the oldest elements that are in the queue now to a collection. Never waits for elements.
   *
   * <p>The collection is called without any lock held. If it refuses an element by an exception,
   * that element and those behind it are in the queue again, in front of all others.
   *
   * @param target where to add the elements, oldest first
   * @param most how many elements to move at most; zero or negative means none
   * @return how many elements were moved
   * @throws IllegalArgumentException if the target is a view of this queue
   */
  public int drain(Collection<? super E> target, int most) {
    Objects.requireNonNull(target, "target");
    if (target == view) {
      throw new IllegalArgumentException(this + " cannot be drained into itself.");
    }
    return most <= 0 ? 0 : takeTo(target, most);
  }

  /**
   * Returns an iterator that takes: {@code hasNext()} waits for an element, takes it and keeps it
   * for {@code next()}; it answers false when the queue is closed and empty. Whoever calls {@code
   * hasNext()} himself owes it a call of {@code next()}; a {@code for} loop that is left by {@code
   * break} or an exception has taken just what its body has seen.
   *
   * <p>When the calling thread is interrupted, on entry or while waiting, {@code hasNext()} and
   * {@code next()} throw {@link WaitInterruptedException}; the interrupt status is set and nothing
   * was taken.
   *
   * @return a new iterator, for use by one thread at a time
   */
  @Override
  public Iterator<E> iterator() {
    return new Taking<>(this, Signal.NEVER);
  }

  /**
   * Returns what to loop over in order to take until a signal goes. Before it takes an element the
   * loop looks, in this order, whether the calling thread is interrupted ({@link
   * WaitInterruptedException}), the signal has gone (the loop ends), there is an element (it is
   * taken), and the queue is closed (the loop ends).
   *
   * <p>What is in the queue then stays there. Let somebody else take it, or {@link #drain} it; what
   * is never taken is reported in the log at the end of the tree of threads.
   *
   * @param signal what ends the loop, typically the {@code pleaseStop} of the calling thread
   * @return something to loop over, also several times
   */
  public Iterable<E> until(Signal signal) {
    Objects.requireNonNull(signal, "signal");
    return () -> new Taking<>(this, signal);
  }

  // ---- ending

  /**
   * Closes this queue: it will be given nothing more. Does nothing if it is closed already. Never
   * blocks.
   *
   * <ul>
   *   <li>Elements inside stay, and can still be taken.
   *   <li>Threads that wait in {@code put} or {@code putAll} throw {@link QueueClosedException};
   *       their elements are not in.
   *   <li>Threads that wait for an element are woken, and see the end: the queue is empty.
   *   <li>Later calls of {@code put} throw {@link QueueClosedException}; later takers get what is
   *       inside and then see the end.
   * </ul>
   *
   * <p>Actions attached to {@link #closed} and, if the queue is empty, to {@link #drained} run on
   * the calling thread.
   */
  @Override
  public void close() {
    closeWith(null);
  }

  /**
   * Closes this queue because of a failure: what is inside is still delivered, and then takers are
   * given the failure instead of the end. {@code take}, {@code poll} in all its forms, and loops
   * throw a {@link QueueClosedException} with the failure as its cause, each time and to each
   * thread that comes to the end. Producers get it as the cause of theirs. (The view for the JDK
   * answers null where its contract has it so.)
   *
   * {@snippet class="QueueSnippets" region="closeWithFailure"}
   *
   * <p>Like {@link #close()} otherwise. If the queue is closed already, nothing changes, and the
   * failure is reported in the log, since nobody else would hear of it. So it is at the end of the
   * tree of threads when nobody has taken that far.
   *
   * @param cause why there will be no more
   */
  public void close(Throwable cause) {
    Objects.requireNonNull(cause, "cause");
    if (!closeWith(cause)) {
      Log.error(
          "Queue \""
              + name
              + "\" was closed before, by "
              + closer()
              + ", so that nobody will receive this failure from it",
          cause);
    }
  }

  /**
   * Closes this queue when the last of some signals has gone, typically the {@code stopped} of its
   * producers. None of them means at once. It may be closed earlier by other means.
   *
   * <p>The queue is closed on the thread that fires the last signal, or where else the actions of
   * that signal run.
   *
   * @param ends the signals
   * @return this
   */
  public CloseableQueue<E> closedBy(Signal... ends) {
    return closedBy(Arrays.asList(ends));
  }

  /**
   * Closes this queue when the last of some signals has gone, typically the {@code stopped} of its
   * producers. None of them means at once. It may be closed earlier by other means.
   *
   * @param ends the signals
   * @return this
   */
  public CloseableQueue<E> closedBy(Collection<? extends Signal> ends) {
    Signal.Registration registration = Signal.allOf(ends).then(this::close);
    closed.then(registration::remove); // closed earlier: leave nothing in signals that live on
    return this;
  }

  /**
   * {@return the signal that goes when this queue is closed} Its actions run on the thread that
   * closes the queue, or on one that has just found it closed.
   */
  public Signal closed() {
    return closed;
  }

  /**
   * {@return the signal that goes when this queue is closed and everything has been taken from it}
   * Nothing can be put in or taken any more then. Its actions run on the thread that takes the last
   * element, before it returns with it, on the one that closes an empty queue, or on one that has
   * just found the end.
   */
  public Signal drained() {
    return drained;
  }

  // ---- looking

  /** {@return what this queue is called} */
  public String name() {
    return name;
  }

  /**
   * {@return how many elements this queue holds before producers wait; {@code Integer.MAX_VALUE} if
   * they never do}
   */
  public int capacity() {
    return capacity;
  }

  /** {@return how many elements are inside at this moment} */
  public int size() {
    return depth();
  }

  /** {@return whether there is no element inside at this moment} */
  public boolean isEmpty() {
    return size() == 0;
  }

  /**
   * {@return what went on in this queue up to now} The counts cost next to nothing, and time is
   * measured only where a thread waits.
   */
  public QueueStatistics statistics() {
    return measure();
  }

  /**
   * Returns a view of this queue that keeps to the letter of the JDK's contract, for code that
   * expects a {@code BlockingQueue}. Both may be used at the same time. Its iterator looks at
   * elements, it does not take them; it is weakly consistent and can remove.
   *
   * <p>Once this queue is closed, methods of the view that can say no by their result do so, at
   * once: {@code offer} answers false, {@code poll} and {@code peek} answer null when it is empty,
   * {@code remainingCapacity} is 0. Methods that cannot throw {@link QueueClosedException}: {@code
   * add} and {@code put}, and {@code take} when it is empty. ({@code remove()} and {@code
   * element()} throw {@code NoSuchElementException} on any empty queue.)
   *
   * <p>What is inside a {@link Builder#unique unique} queue already is not added again: {@code add}
   * and {@code offer} answer false, and {@code put} returns at once.
   *
   * @return the view, always the same
   */
  public BlockingQueue<E> asBlockingQueue() {
    return view;
  }

  /** {@return the name, how much is inside, and whether it is closed} */
  @Override
  public String toString() {
    // Without the mutex, so that it may be called anywhere; the count may be a little out of date.
    return "queue \""
        + name
        + "\" ("
        + roughDepth()
        + (capacity == UNBOUNDED ? "" : " of " + capacity)
        + (closer == null ? ")" : ", closed)");
  }

  static long nanosOf(Duration timeout) {
    return Math.clamp(TimeUnit.NANOSECONDS.convert(timeout), 0, LONGEST);
  }
}
