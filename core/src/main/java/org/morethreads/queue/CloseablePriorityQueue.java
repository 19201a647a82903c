package org.morethreads.queue;

import java.time.Duration;
import java.util.Collection;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.ToIntFunction;
import org.morethreads.sync.Signal;

/**
 * A {@link CloseableQueue} that delivers what is more urgent first. Everything else is the same:
 * the end, the waits, the options, looping, the view for the JDK, and it can be handed over
 * wherever a {@code CloseableQueue} is expected.
 *
 * <p>Priorities are numbers from {@value #LOWEST}, which is taken last and is what an element has
 * that was put without one, to {@value #HIGHEST}, which is taken first. Among elements of the same
 * priority the oldest comes first.
 *
 * {@snippet class="QueueSnippets" region="priorities"}
 *
 * <p><b>One capacity.</b> It counts elements of all priorities together. When the queue is full,
 * whoever puts an urgent element waits like all others, and no order among those who wait is
 * promised; {@link #putForced(Object, int)} does not wait.
 *
 * <p><b>Starving.</b> As long as more urgent elements keep coming, less urgent ones wait. With
 * {@link Builder#ageing} they do not wait for ever: an element becomes more urgent while it waits.
 * Closing is no element and waits for none: producers see it at once, and consumers see the end
 * when they have taken everything, of whatever priority.
 *
 * <p><b>In front.</b> {@code putFirst} and {@code putAllFirst} put in front of the elements of the
 * same priority, not of more urgent ones. {@code putAll} keeps its elements together within one
 * priority.
 *
 * @param <E> the type of the elements, which are never null
 * @since 0.1
 */
public final class CloseablePriorityQueue<E> extends CloseableQueue<E> {
  /** The priority that is taken last, and that elements have when nothing else is said. */
  public static final int LOWEST = 0;

  /** The priority that is taken first. */
  public static final int HIGHEST = Levels.COUNT - 1;

  private CloseablePriorityQueue(Builder<E> builder) {
    super(builder, new Levels(builder.ageing), builder.priorityBy, builder.ageing > 0);
  }

  /**
   * Creates a queue in which producers wait while it is full.
   *
   * @param <E> the type of the elements
   * @param name what it is called in dumps and messages
   * @param capacity how many elements of all priorities it holds before producers wait, at least 1
   * @return the queue, open and empty
   * @throws IllegalArgumentException if the capacity is less than 1
   */
  public static <E> CloseablePriorityQueue<E> bounded(String name, int capacity) {
    return CloseablePriorityQueue.<E>named(name).capacity(capacity).create();
  }

  /**
   * Creates a queue that takes whatever it is given. Use it only where something else limits how
   * much that can be.
   *
   * @param <E> the type of the elements
   * @param name what it is called in dumps and messages
   * @return the queue, open and empty
   */
  public static <E> CloseablePriorityQueue<E> unbounded(String name) {
    return CloseablePriorityQueue.<E>named(name).create();
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
   * The description of a priority queue.
   *
   * <p><b>Thread safety.</b> Not safe for use by several threads at once.
   *
   * @param <E> the type of the elements
   * @since 0.1
   */
  public static final class Builder<E> extends CloseableQueue.Builder<E> {
    private ToIntFunction<? super E> priorityBy = _ -> LOWEST;
    private long ageing;

    private Builder(String name) {
      super(name);
    }

    @Override
    public Builder<E> capacity(int newCapacity) {
      super.capacity(newCapacity);
      return this;
    }

    /**
     * Lets an element be inside only once, of whatever priority: one that is equal to an element
     * inside is not added, and does not make that more urgent.
     *
     * @return this
     * @see CloseableQueue.Builder#unique
     */
    @Override
    public Builder<E> unique() {
      super.unique();
      return this;
    }

    @Override
    public Builder<E> warnWhenFullFor(Duration limit) {
      super.warnWhenFullFor(limit);
      return this;
    }

    @Override
    public Builder<E> onUndelivered(Consumer<? super E> handler) {
      super.onUndelivered(handler);
      return this;
    }

    /**
     * Says what the priority of an element is that is put without one, also by way of {@code
     * putAll}, {@code putFirst}, {@code putForced} and the view for the JDK. Without this it is
     * {@value CloseablePriorityQueue#LOWEST}. The function is called once for each put, on the
     * thread that puts, without any lock held; what it throws, the put throws, and nothing was
     * added.
     *
     * @param priority tells the priority, from {@value CloseablePriorityQueue#LOWEST} to {@value
     *     CloseablePriorityQueue#HIGHEST}
     * @return this
     */
    public Builder<E> priorityBy(ToIntFunction<? super E> priority) {
      priorityBy = Objects.requireNonNull(priority, "priority");
      return this;
    }

    /**
     * Lets elements become more urgent while they wait: by one priority each time that so long has
     * passed since they were put, without a limit. So an element waits for those that are <i>d</i>
     * priorities above it, and are put later, only if they come within <i>d</i> times that time. By
     * the clock of the thread that puts.
     *
     * @param step how long it takes to gain one priority; more than zero
     * @return this
     * @throws IllegalArgumentException if the step is zero or negative
     */
    public Builder<E> ageing(Duration step) {
      if (step.isZero() || step.isNegative()) {
        throw new IllegalArgumentException(
            "Elements of queue \""
                + name
                + "\" cannot gain a priority in "
                + step
                + "; give a time above zero, or leave ageing out for none.");
      }
      ageing = Math.min(nanosOf(step), LONGEST / Levels.COUNT);
      return this;
    }

    @Override
    public CloseablePriorityQueue<E> create() {
      return new CloseablePriorityQueue<>(this);
    }
  }

  /**
   * Puts an element of some priority in, and waits while the queue is full. Decided like {@link
   * #put(Object)}.
   *
   * @param element the element
   * @param priority from {@value #LOWEST}, taken last, to {@value #HIGHEST}, taken first
   * @throws InterruptedException if the calling thread is interrupted, even if there is room; the
   *     element is not in
   * @throws QueueClosedException if the queue is closed, on entry or while waiting; the element is
   *     not in
   * @throws IllegalArgumentException if there is no such priority
   */
  public void put(E element, int priority) throws InterruptedException {
    putItem(entryOf(element, priority), Signal.NEVER, FOREVER);
  }

  /**
   * Puts an element of some priority in, and waits while the queue is full, until a signal goes.
   * Decided like {@link #put(Object, Signal)}.
   *
   * @param element the element
   * @param priority from {@value #LOWEST}, taken last, to {@value #HIGHEST}, taken first
   * @param till what ends the wait
   * @return whether the element is in
   * @throws InterruptedException if the calling thread is interrupted, even if there is room; the
   *     element is not in
   * @throws QueueClosedException if the queue is closed, on entry or while waiting; the element is
   *     not in
   * @throws IllegalArgumentException if there is no such priority
   */
  public boolean put(E element, int priority, Signal till) throws InterruptedException {
    Objects.requireNonNull(till, "till");
    return putItem(entryOf(element, priority), till, FOREVER);
  }

  /**
   * Puts an element of some priority in, and waits while the queue is full, for at most a time.
   * Decided like {@link #put(Object, Duration)}.
   *
   * @param element the element
   * @param priority from {@value #LOWEST}, taken last, to {@value #HIGHEST}, taken first
   * @param timeout the longest time to wait; zero or negative means not to wait at all
   * @return whether the element is in
   * @throws InterruptedException if the calling thread is interrupted, even if there is room; the
   *     element is not in
   * @throws QueueClosedException if the queue is closed, on entry or while waiting; the element is
   *     not in
   * @throws IllegalArgumentException if there is no such priority
   */
  public boolean put(E element, int priority, Duration timeout) throws InterruptedException {
    return putItem(entryOf(element, priority), Signal.NEVER, nanosOf(timeout));
  }

  /**
   * Puts all elements of a collection in with one priority, together and in its order, and waits
   * while the queue is full. Like {@link #putAll(Collection)} otherwise.
   *
   * @param elements the elements
   * @param priority from {@value #LOWEST}, taken last, to {@value #HIGHEST}, taken first
   * @throws InterruptedException if the calling thread is interrupted, on entry or while waiting;
   *     none of the elements is in
   * @throws QueueClosedException if the queue is closed, on entry or while waiting; none of the
   *     elements is in
   * @throws NullPointerException if one of the elements is null; none of them is in
   * @throws IllegalArgumentException if there is no such priority
   */
  public void putAll(Collection<? extends E> elements, int priority) throws InterruptedException {
    checkPriority(priority);
    putOrFail(null, itemsOf(elements, _ -> priority), 0, Signal.NEVER, FOREVER);
  }

  /**
   * Puts an element of some priority in if that is possible at once. Never blocks, and does not
   * look at interrupts.
   *
   * @param element the element
   * @param priority from {@value #LOWEST}, taken last, to {@value #HIGHEST}, taken first
   * @return what became of it
   * @throws IllegalArgumentException if there is no such priority
   */
  public Offer offer(E element, int priority) {
    return offerItem(entryOf(element, priority));
  }

  /**
   * Puts an element of some priority in, behind those of the same, whether there is room or not.
   * Like {@link #putForced(Object)} otherwise.
   *
   * @param element the element
   * @param priority from {@value #LOWEST}, taken last, to {@value #HIGHEST}, taken first
   * @throws QueueClosedException if the queue is closed and everything has been taken; the element
   *     is not in
   * @throws IllegalArgumentException if there is no such priority
   */
  public void putForced(E element, int priority) {
    putItemForced(entryOf(element, priority));
  }
}
