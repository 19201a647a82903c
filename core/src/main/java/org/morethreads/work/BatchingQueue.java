package org.morethreads.work;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.morethreads.internal.Library;
import org.morethreads.internal.Log;
import org.morethreads.internal.SchedulePoint;
import org.morethreads.internal.Surroundings;
import org.morethreads.queue.CloseableQueue;
import org.morethreads.queue.Offer;
import org.morethreads.queue.QueueClosedException;
import org.morethreads.queue.QueueStatistics;
import org.morethreads.queue.RoughDepth;
import org.morethreads.sync.OpenSignal;
import org.morethreads.sync.Progress;
import org.morethreads.sync.Signal;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.StopPolicy;
import org.morethreads.thread.ThreadBuilder;

/**
 * A queue that forwards what is put into it, in batches, to a slow sink: a database, a file, a
 * service. It has a managed thread of its own for that, so that those who put wait for the sink
 * only when it does not keep up.
 *
 * {@snippet class="WorkSnippets" region="batching"}
 *
 * <p><b>Batches.</b> The sink is given a batch when that has as many elements as {@link
 * Builder#size} says, or when its first element has waited as long as {@link Builder#maximumAge}
 * says, whichever comes first; what has gathered while the sink was busy for longer than that is
 * given to it at once. Elements come in the order in which they were put, and batches one after the
 * other. A batch is a list that cannot be changed and that the sink may keep.
 *
 * <p><b>Back-pressure.</b> So many elements as {@link Builder#capacity} says wait besides the batch
 * that the sink has. Then {@link #put} waits.
 *
 * <p><b>A sink that fails</b>, by an {@code Error} too, is called again with the same batch, after
 * a pause, as often as {@link Builder#retries} says; without that, not at all. So either all of a
 * batch must have effect or nothing, or the sink must bear to see elements again. A batch that the
 * sink does not take in the end goes to the handler for the {@linkplain Builder#onUndelivered
 * undelivered}, and the next one is tried. Without a handler, or when the handler throws, the queue
 * is closed with the failure, which is that of its {@link #thread}.
 *
 * <p><b>The end.</b> {@link #close} accepts no more, and waits until the sink has taken everything.
 * When the thread is told to stop, by {@link #stop} or by the end or the stop of a thread above, no
 * more is accepted either, and what is inside is still delivered, within the stop policy: a pause
 * between two tries is cut short, and after the interrupt the sink is not called any more. Threads
 * that put should {@linkplain ThreadBuilder#needs need} {@link #thread}, so that they are told
 * first.
 *
 * <p><b>Nothing is lost.</b> What was accepted is delivered, or given to the handler for the
 * undelivered, or, when there is none, kept for {@link #takeUndelivered}; what was not delivered is
 * counted, and named by the log when the queue ends. If the thread is abandoned, since the sink
 * does not come back, that happens with everything but the batch that the sink has: it counts as
 * delivered, or not, when the sink comes back.
 *
 * <p>All times are real time: no request to stop shortens the age of a batch, or hurries it.
 *
 * <p><b>Thread safety.</b> Every method may be called from any thread without further
 * synchronization.
 *
 * <p><b>Memory consistency.</b> Actions in a thread before it puts an element <i>happen-before</i>
 * the call of the sink with it, and that before the signal of a {@link #flush} goes.
 *
 * @param <E> the type of the elements, which are never null
 * @since 0.1
 */
public final class BatchingQueue<E> implements AutoCloseable {
  /*
   * What is put waits in a CloseableQueue, the inbox, which does all that a queue does: back-pressure, closing, interrupts, statistics.
   * One thread, the forwarder, takes from it. Its states:
   *
   *   IDLE       -> GATHERING   there is an element
   *   IDLE       -> ENDED       the inbox is closed and empty
   *   GATHERING  -> DELIVERING  the batch is full, its first element has its age, a flush asks for it, the inbox is closed
   *   DELIVERING -> IDLE        the sink has taken it; or it has failed for the last time, and the handler has taken it
   *   DELIVERING -> PAUSING     the sink has failed and is to be called again
   *   DELIVERING -> ENDING      failed for the last time, and there is no handler or that has failed; or interrupted
   *   PAUSING    -> DELIVERING  the pause is over, or (once) cut short since the thread was told to stop
   *   IDLE | GATHERING | PAUSING -> ENDING   interrupted
   *   ENDING     -> ENDED       what is in hand and in the inbox has been given back
   *   any        -> abandoned   by the stop watch: somebody else gives back what is in the inbox (salvage)
   *
   * All of these are made by the forwarder alone, but for the last. Being told closes the inbox, by an action on pleaseStop, so that
   * those who wait for a place hear of it at once, and is no transition otherwise: the forwarder goes on until the inbox has ended.
   *
   * Elements are in one place at a time: the inbox; `hand`, which only the forwarder touches; the sink; the handler; `undelivered`.
   * Moves out of the inbox are decided under its mutex, so that forwarder and salvage share what is there without losing any.
   *
   * While it gathers the forwarder leaves elements in the inbox, and is woken only when there are as many as are missing: not for
   * each. It publishes `gathering`, then looks at the inbox; who puts, puts and then looks at `gathering`. Both go by the mutex of
   * the inbox in between: one of them sees the other. A flush does the same with `flushTo`. The depth is then read without the mutex,
   * since acquiring it once more costs as much as the put: nobody takes while the forwarder waits, so the depth only grows, and
   * whose put makes it enough sees at least that put.
   *
   * Elements are numbered by the order in which they were put. `settled` counts those that are delivered or given back, always in that
   * order; so a flush is a point of that progress. The clock is read once a batch and not for each element: an element that was in
   * the inbox when the forwarder came back counts as put when the inbox was last known to be empty, which is too early, never late.
   */
  private static final int STANDARD_SIZE = 100;
  private static final Duration STANDARD_AGE = Duration.ofSeconds(1);

  private final String name;
  private final CloseableQueue<E> inbox;
  private final Sink<E> sink;
  private final @Nullable Undelivered<E> handler;
  private final int size;
  private final long age;
  private final int retries;
  private final Duration firstPause;
  private final Duration longestPause;
  private final ManagedThread<?> thread;
  private final Progress settled;
  private final AtomicLong flushTo = new AtomicLong();
  private final AtomicReference<Counts> counts = new AtomicReference<>(new Counts(0, 0, 0, 0, 0));
  private final Queue<E> undelivered = new ConcurrentLinkedQueue<>();

  /** What the forwarder waits for while it gathers; null while it does not. Written by it alone. */
  private volatile @Nullable Gathering gathering;

  /** The queue's own thread, written by it. Others may see null here, but never themselves. */
  private @Nullable Thread forwarder;

  /** Whether the forwarder has left its loop: nobody else need give anything back. */
  private volatile boolean hasEnded;

  /** Set by the forwarder; the handler is not asked again then. */
  private volatile boolean handlerHasFailed;

  /** The batch; confined to the forwarder. */
  private List<E> hand = new ArrayList<>();

  /** When the inbox was last known to be empty; confined to the forwarder. */
  private long emptyAt;

  /** How many elements must be in the inbox for the forwarder to be woken, and what wakes it. */
  private record Gathering(int missing, OpenSignal enough) {}

  private record Counts(int inHand, long delivered, long undelivered, long batches, long failures) {
    Counts took(int more) {
      return new Counts(inHand + more, delivered, undelivered, batches, failures);
    }

    Counts deliveredAll() {
      return new Counts(0, delivered + inHand, undelivered, batches + 1, failures);
    }

    Counts failedOnce() {
      return new Counts(inHand, delivered, undelivered, batches, failures + 1);
    }

    Counts gaveBack(int ofHand, int ofInbox) {
      return new Counts(
          inHand - ofHand, delivered, undelivered + ofHand + ofInbox, batches, failures);
    }
  }

  private BatchingQueue(Builder<E> builder, Sink<E> sink) {
    this.name = builder.name;
    this.sink = sink;
    this.handler = builder.handler;
    this.size = builder.size;
    this.age = nanos(builder.maximumAge);
    this.retries = builder.retries;
    this.firstPause = builder.firstPause;
    this.longestPause = builder.longestPause;
    this.settled = Progress.create(name + " settled");
    this.inbox = CloseableQueue.bounded(name, builder.capacityOrTwiceTheSize());
    this.thread = builder.thread.startedHere(Library.MEMBER).prepare(this::forward);
  }

  private static long nanos(Duration time) {
    return Math.min(TimeUnit.NANOSECONDS.convert(time), Long.MAX_VALUE / 4);
  }

  /**
   * Where batches go.
   *
   * @param <E> the type of the elements
   * @since 0.1
   */
  @FunctionalInterface
  public interface Sink<E> {
    /**
     * Takes a batch. Called on the thread of the queue, without any lock held, for one batch at a
     * time.
     *
     * @param batch the elements, at least one, in the order in which they were put; cannot be
     *     changed
     * @throws Exception anything: the batch counts as not delivered, and is tried again or given up
     */
    void deliver(List<E> batch) throws Exception;
  }

  /**
   * What is given the elements that could not be delivered.
   *
   * @param <E> the type of the elements
   * @since 0.1
   */
  @FunctionalInterface
  public interface Undelivered<E> {
    /**
     * Takes elements that will not be delivered. Called on the thread of the queue, or, if that was
     * abandoned, on one of its own; without any lock held.
     *
     * @param elements at least one, in the order in which they were put: a batch, or all that were
     *     left at the end; cannot be changed
     * @param why what the sink threw at last; an {@code InterruptedException} when the stop did not
     *     leave the time; a {@code CancellationException} when the thread was abandoned
     * @throws Exception anything: the elements are kept for {@link #takeUndelivered}, and the queue
     *     ends with this failure
     */
    void accept(List<E> elements, Throwable why) throws Exception;
  }

  /**
   * How a queue has done so far. Elements on their way from one place to the next may be missing,
   * so that the numbers add up only while nothing moves: what was put is waiting, with the sink,
   * delivered or undelivered.
   *
   * @param put how many elements have been put in
   * @param waiting how many wait for their batch to be complete, or for the sink
   * @param inHand how many are in the batch that is being gathered or delivered
   * @param delivered how many the sink has taken
   * @param undelivered how many were given up: given to the handler, or kept
   * @param batches how many batches the sink has taken
   * @param failures how often the sink has failed, each try counted
   * @param waitingToPut how many threads wait for a place
   * @param blockedPutting how long threads have waited for a place, all added up
   * @since 0.1
   */
  public record Statistics(
      long put,
      int waiting,
      int inHand,
      long delivered,
      long undelivered,
      long batches,
      long failures,
      int waitingToPut,
      Duration blockedPutting) {}

  // ---- making

  /**
   * Begins a batching queue.
   *
   * @param <E> the type of the elements
   * @param name the name of the queue and of its thread
   * @return a builder
   * @throws IllegalArgumentException if the name is empty or has a slash
   */
  public static <E> Builder<E> named(String name) {
    return new Builder<>(name, ManagedThread.named(name));
  }

  /**
   * How a batching queue is to be made. Instances are immutable: every method returns a new one.
   *
   * @param <E> the type of the elements
   * @since 0.1
   */
  public static final class Builder<E> {
    private final String name;
    private ThreadBuilder thread;
    private int size = STANDARD_SIZE;
    private Duration maximumAge = STANDARD_AGE;
    private int capacity;
    private int retries;
    private Duration firstPause = Duration.ZERO;
    private Duration longestPause = Duration.ZERO;
    private @Nullable Undelivered<E> handler;

    private Builder(String name, ThreadBuilder thread) {
      this.name = name;
      this.thread = thread;
    }

    /** A copy, for its one change before anybody else sees it. */
    private Builder<E> with(UnaryOperator<Builder<E>> change) {
      var copy = new Builder<E>(name, thread);
      copy.size = size;
      copy.maximumAge = maximumAge;
      copy.capacity = capacity;
      copy.retries = retries;
      copy.firstPause = firstPause;
      copy.longestPause = longestPause;
      copy.handler = handler;
      return change.apply(copy);
    }

    private int capacityOrTwiceTheSize() {
      return capacity > 0 ? capacity : (int) Math.min(2L * size, Integer.MAX_VALUE);
    }

    private IllegalArgumentException wrong(String what, Object value, String advice) {
      return new IllegalArgumentException(
          "Batching queue \"" + name + "\" cannot have " + what + " " + value + "; " + advice);
    }

    /**
     * Sets how many elements make a batch; without this 100.
     *
     * @param most the number, at least 1
     * @return a changed builder
     * @throws IllegalArgumentException if it is less than 1
     */
    public Builder<E> size(int most) {
      if (most < 1) {
        throw wrong("batches of size", most, "at least 1.");
      }
      return with(copy -> {
        copy.size = most;
        return copy;
      });
    }

    /**
     * Sets how long an element waits at most for its batch to become full; without this a second.
     *
     * @param time the time, more than zero; for batches that are always full give a long one
     * @return a changed builder
     * @throws IllegalArgumentException if the time is zero or negative
     */
    public Builder<E> maximumAge(Duration time) {
      if (!time.isPositive()) {
        throw wrong(
            "the maximum age", time, "give a time above zero, or batches of size 1 for no wait.");
      }
      return with(copy -> {
        copy.maximumAge = time;
        return copy;
      });
    }

    /**
     * Sets how many elements wait, besides those that the sink has, before producers wait; without
     * this twice the size of a batch. With less than the size, batches are full only when the
     * elements have been gathered in several steps, which costs more.
     *
     * @param most the number, at least 1
     * @return a changed builder
     * @throws IllegalArgumentException if it is less than 1
     */
    public Builder<E> capacity(int most) {
      if (most < 1) {
        throw wrong("the capacity", most, "at least 1.");
      }
      return with(copy -> {
        copy.capacity = most;
        return copy;
      });
    }

    /**
     * Calls a sink that has failed again, with the same batch: after a pause, which doubles each
     * time up to a longest one. For each batch anew.
     *
     * @param most how often, at least 1; {@code Integer.MAX_VALUE} for ever
     * @param first the first pause; zero for none
     * @param longest the longest pause, at least as long as the first
     * @return a changed builder
     * @throws IllegalArgumentException if the number is less than 1, the first pause is negative,
     *     or longer than the longest
     */
    public Builder<E> retries(int most, Duration first, Duration longest) {
      if (most < 1) {
        throw wrong("the number of retries", most, "at least 1; leave retries out for none.");
      }
      if (first.isNegative()) {
        throw wrong("a pause of", first, "zero means none.");
      }
      if (longest.compareTo(first) < 0) {
        throw wrong("the longest pause", longest, "the first is " + first + ", which is longer.");
      }
      return with(copy -> {
        copy.retries = most;
        copy.firstPause = first;
        copy.longestPause = longest;
        return copy;
      });
    }

    /**
     * Says what to do with a batch that the sink has refused for the last time, and with what is
     * left when a stop does not leave the time to deliver it. The queue goes on with the next
     * batch, unless this throws. Without it, the first batch that is refused for the last time ends
     * the queue.
     *
     * @param newHandler what is given the elements
     * @return a changed builder
     */
    public Builder<E> onUndelivered(Undelivered<E> newHandler) {
      Objects.requireNonNull(newHandler, "handler");
      return with(copy -> {
        copy.handler = newHandler;
        return copy;
      });
    }

    /**
     * Asks for a platform thread. Without this it is virtual.
     *
     * @return a changed builder
     */
    public Builder<E> platform() {
      return changing(thread.platform());
    }

    /**
     * Names threads that the queue's thread needs to its end, as {@link ThreadBuilder#needs}.
     *
     * @param needed the threads, started already
     * @return a changed builder
     */
    public Builder<E> needs(ManagedThread<?>... needed) {
      return changing(thread.needs(needed));
    }

    /**
     * Chooses how a stop of the queue's thread is bounded, as {@link ThreadBuilder#stopPolicy}.
     *
     * @param policy the policy
     * @return a changed builder
     */
    public Builder<E> stopPolicy(StopPolicy policy) {
      return changing(thread.stopPolicy(policy));
    }

    private Builder<E> changing(ThreadBuilder newThread) {
      return with(copy -> {
        copy.thread = newThread;
        return copy;
      });
    }

    /**
     * Makes the queue, and starts its thread as a child of the calling thread.
     *
     * @param sink where batches go
     * @return the queue, open and empty
     * @throws IllegalStateException if the parent has stopped
     */
    public BatchingQueue<E> start(Sink<E> sink) {
      var made = new BatchingQueue<>(this, Objects.requireNonNull(sink, "sink"));
      made.thread.pleaseStop().then(made.inbox::close);
      made.thread.stopped().then(made::salvage);
      made.thread.start();
      return made;
    }
  }

  // ---- putting

  /**
   * Puts an element in, and waits while the queue is full. The sink may put as well, as long as
   * there is room.
   *
   * @param element the element
   * @throws InterruptedException if the calling thread is interrupted, even if there is room; the
   *     element is not in
   * @throws QueueClosedException if the queue is closed, on entry or while waiting; the element is
   *     not in
   * @throws IllegalStateException if the sink puts something, and there is no room; the element is
   *     not in
   */
  public void put(E element) throws InterruptedException {
    if (isSink()) {
      putBySink(element);
    } else {
      inbox.put(element);
    }
    noteAdded();
  }

  /**
   * Puts an element in, and waits while the queue is full, until a signal goes.
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
    boolean isIn = inbox.put(element, isSink() ? Signal.DONE : till);
    noteAdded();
    return isIn;
  }

  /**
   * Puts an element in, and waits while the queue is full, for at most a time, which is real time.
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
    boolean isIn = inbox.put(element, isSink() ? Duration.ZERO : timeout);
    noteAdded();
    return isIn;
  }

  /**
   * Puts all elements of a collection in, together and in its order, and waits while the queue is
   * full: for one place, as {@link CloseableQueue#putAll}. They may be parted into several batches.
   *
   * @param elements the elements
   * @throws InterruptedException if the calling thread is interrupted, even if there is room; none
   *     of the elements is in
   * @throws QueueClosedException if the queue is closed, on entry or while waiting; none of the
   *     elements is in
   * @throws NullPointerException if one of the elements is null; none of them is in
   * @throws IllegalStateException if the sink puts something, and there is no room; none of the
   *     elements is in
   */
  public void putAll(Collection<? extends E> elements) throws InterruptedException {
    if (!isSink()) {
      inbox.putAll(elements);
    } else if (!inbox.putAll(elements, Duration.ZERO)) {
      throw sinkWouldWait();
    }
    noteAdded();
  }

  /**
   * Puts an element in if that is possible at once. Never blocks, and does not look at interrupts.
   *
   * @param element the element
   * @return what became of it
   */
  public Offer offer(E element) {
    Offer outcome = inbox.offer(element);
    noteAdded();
    return outcome;
  }

  private boolean isSink() {
    return forwarder == Thread.currentThread();
  }

  private void putBySink(E element) throws InterruptedException {
    if (!inbox.put(element, Duration.ZERO)) {
      throw sinkWouldWait();
    }
  }

  private IllegalStateException sinkWouldWait() {
    return new IllegalStateException(
        "The sink of batching queue \""
            + name
            + "\" cannot put anything into it, since it is full, and nobody else empties it. Give it a"
            + " larger capacity, or put from another thread.");
  }

  /** Wakes the forwarder if it gathers and there is enough now. */
  private void noteAdded() {
    SchedulePoint.at("batching.added");
    Gathering waiting = gathering;
    if (waiting != null
        && !waiting.enough.isSignalled()
        && RoughDepth.of(Library.MEMBER, inbox) >= waiting.missing) {
      waiting.enough.go();
    }
  }

  // ---- forwarding: on the queue's own thread

  private void forward(Signal pleaseStop) throws Exception {
    Throwable end = null;
    forwarder = Thread.currentThread();
    emptyAt = now();
    try {
      while (gather(pleaseStop)) {
        deliver(pleaseStop);
      }
    } catch (Throwable thrown) { // nothing may be left behind, whatever it was
      end = thrown;
      throw thrown;
    } finally {
      if (end != null) {
        giveUp(end);
      }
      hasEnded = true;
    }
  }

  /** Fills the hand; answers false when nothing more will come. */
  private boolean gather(Signal pleaseStop) throws InterruptedException {
    long since = emptyAt;
    // before an element is taken, which would be lost if there were no memory for the list
    List<E> next = new ArrayList<>(Math.min(size, 1 + inbox.size()));
    E first = inbox.poll();
    while (first == null) {
      if (pleaseStop.isSignalled()) {
        inbox.close();
      }
      if (inbox.drained().isSignalled()) {
        return false;
      }
      first = inbox.poll(pleaseStop);
      since = now();
    }
    next.add(first);
    hand = next;
    int before = 0;
    long due = since + age;
    while (true) {
      if (pleaseStop.isSignalled()) {
        inbox.close();
      }
      inbox.drain(hand, size - hand.size());
      int more = hand.size() - before;
      before = hand.size();
      counts.updateAndGet(all -> all.took(more));
      long now = now();
      if (inbox.isEmpty()) {
        emptyAt = now;
      }
      if (before == size || due - now <= 0 || isPressed()) {
        return true;
      }
      awaitMore(size - before, pleaseStop, Duration.ofNanos(due - now));
    }
  }

  /** Whether the batch in hand is to be delivered as it is. */
  private boolean isPressed() {
    return inbox.closed().isSignalled() || settled.value() < flushTo.get();
  }

  private void awaitMore(int missing, Signal pleaseStop, Duration longest)
      throws InterruptedException {
    var waiting =
        new Gathering(
            Math.min(missing, inbox.capacity()), Signal.create("enough for a batch of " + name));
    gathering = waiting;
    SchedulePoint.at("batching.gathering");
    try {
      if (inbox.size() < waiting.missing && !isPressed()) {
        Signal.anyOf(waiting.enough, inbox.closed(), pleaseStop).await(longest);
      }
    } finally {
      gathering = null;
    }
  }

  private void deliver(Signal pleaseStop) throws Exception {
    List<E> batch = Collections.unmodifiableList(hand);
    boolean told = pleaseStop.isSignalled();
    Duration pause = firstPause;
    for (int failures = 1; ; failures++) {
      Throwable failure = tryToDeliver(batch);
      if (failure == null) {
        counts.updateAndGet(Counts::deliveredAll);
        hand = List.of();
        settled.advance(batch.size());
        return;
      }
      counts.updateAndGet(Counts::failedOnce);
      if (failure instanceof InterruptedException || Thread.interrupted()) {
        throw interrupted(failure);
      }
      if (failures > retries) {
        handOver(batch, failure);
        return;
      }
      if (failures == 1) {
        Log.warning(
            "The sink of batching queue \""
                + name
                + "\" has failed, and is called again: "
                + words(failure));
      }
      if (told) {
        Signal.NEVER.await(pause);
      } else if (pleaseStop.await(pause)) {
        told = true;
        pause = firstPause;
        continue;
      }
      pause = longestPause.minus(pause).compareTo(pause) < 0 ? longestPause : pause.plus(pause);
    }
  }

  private @Nullable Throwable tryToDeliver(List<E> batch) {
    try {
      sink.deliver(batch);
      return null;
    } catch (Throwable failure) { // tried again, handed over, or the end of the queue
      return failure;
    }
  }

  private static InterruptedException interrupted(Throwable failure) {
    if (failure instanceof InterruptedException interrupted) {
      return interrupted;
    }
    var made = new InterruptedException("Interrupted in the sink, which threw something else.");
    made.initCause(failure);
    return made;
  }

  private void handOver(List<E> batch, Throwable failure) throws Exception {
    if (handler == null) {
      throw thrown(failure);
    }
    try {
      handler.accept(batch, failure);
    } catch (Throwable failed) {
      if (failed != failure) {
        failed.addSuppressed(failure);
      }
      handlerHasFailed = true;
      throw thrown(failed);
    }
    counts.updateAndGet(all -> all.gaveBack(batch.size(), 0));
    hand = List.of();
    settled.advance(batch.size());
  }

  private static Exception thrown(Throwable failure) {
    return switch (failure) {
      case Exception exception -> exception;
      case Error error -> throw error;
      default -> new IllegalStateException(failure);
    };
  }

  private static long now() {
    return Surroundings.current().time().nanoTime();
  }

  /** A failure in words; those of the user's classes may fail themselves. */
  private static String words(Throwable failure) {
    try {
      return failure.toString();
    } catch (Throwable broken) {
      return failure.getClass().getName();
    }
  }

  // ---- giving back

  /** At the end of the forwarder: gives back what is in its hand and in the inbox. */
  private void giveUp(Throwable why) {
    if (why instanceof InterruptedException || inbox.closed().isSignalled()) {
      inbox.close();
    } else {
      inbox.close(why); // whoever puts is told
    }
    List<E> inHand = hand;
    List<E> rest = inbox.drain();
    hand = List.of();
    int given = give(inHand, why) + give(rest, why);
    counts.updateAndGet(all -> all.gaveBack(inHand.size(), rest.size()));
    try {
      inbox.poll();
    } catch (QueueClosedException seen) {
      // the failure of the thread: it need not be reported as that of a queue as well
    }
    report(inHand.size() + rest.size(), given, words(why));
    settled.advance(inHand.size() + rest.size());
  }

  /**
   * When the thread has stopped: gives back what is in the inbox if the forwarder has not come to
   * its end, since it was abandoned, or sits in {@code System.exit}.
   */
  private void salvage() {
    if (hasEnded) {
      return;
    }
    inbox.close();
    List<E> rest = inbox.drain();
    var why =
        new CancellationException("The sink of batching queue \"" + name + "\" does not end.");
    int given = give(rest, why);
    counts.updateAndGet(all -> all.gaveBack(0, rest.size()));
    report(rest.size(), given, "its sink does not end");
  }

  /** Gives elements to the handler, or keeps them; answers how many the handler has taken. */
  private int give(List<E> elements, Throwable why) {
    if (elements.isEmpty()) {
      return 0;
    }
    if (handler != null && !handlerHasFailed) {
      try {
        handler.accept(Collections.unmodifiableList(elements), why);
        return elements.size();
      } catch (Throwable failed) { // what it did not take is kept
        Log.error(
            "The handler for the undelivered of batching queue \"" + name + "\" has failed",
            failed);
      }
    }
    undelivered.addAll(elements);
    return 0;
  }

  private void report(int left, int given, String why) {
    int inHand = counts.get().inHand;
    if (left == 0 && inHand == 0) {
      return;
    }
    var text = new StringBuilder("Batching queue \"" + name + "\" has ended with ");
    text.append(left).append(left == 1 ? " element" : " elements");
    text.append(" undelivered (").append(why).append(")");
    if (given > 0) {
      text.append("; its handler was given ").append(given);
    }
    if (left - given > 0) {
      text.append("; ").append(left - given).append(" can be had by takeUndelivered()");
    }
    if (inHand > 0) {
      text.append("; its sink has not come back with ").append(inHand);
    }
    Log.warning(text.append('.').toString());
  }

  /**
   * Takes what could not be delivered and was given to no handler: after the queue has ended, or as
   * soon as a handler has failed. Never blocks.
   *
   * @return a new list of the elements, in the order in which they were put; empty when there are
   *     none
   */
  public List<E> takeUndelivered() {
    List<E> all = new ArrayList<>();
    for (E each = undelivered.poll(); each != null; each = undelivered.poll()) {
      all.add(each);
    }
    return all;
  }

  // ---- flushing

  /**
   * Asks for everything that has been put so far to be delivered now, in batches that need not be
   * full, and returns at once. A pause after a failure of the sink is not cut short.
   *
   * {@snippet class="WorkSnippets" region="flush"}
   *
   * @return a signal that goes when everything that had been put before this call has been
   *     delivered or given up, or when the thread of the queue has stopped; {@link #statistics}
   *     tells how much was undelivered. The sink itself must not wait for it
   */
  public Signal flush() {
    long last = inbox.statistics().put();
    flushTo.accumulateAndGet(last, Math::max);
    SchedulePoint.at("batching.flush");
    Gathering waiting = gathering;
    if (waiting != null) {
      waiting.enough.go();
    }
    return settled.reached(last).or(thread.stopped());
  }

  // ---- the end

  /** Accepts no more; what was accepted is still delivered. Returns at once. */
  public void shutdown() {
    inbox.close();
  }

  /**
   * Accepts no more, and waits until everything has been delivered or given up, and the queue's
   * thread has ended. An interrupt stops that: the wait goes on until it has ended, within the stop
   * policy, and the status is kept. A failure is not thrown here; it is that of {@link #thread}.
   *
   * @throws IllegalStateException if the sink, or a thread below it, closes the queue, and would
   *     wait for itself
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
                + "\" belongs to batching queue \""
                + name
                + "\" and cannot close it, and wait for itself; call shutdown(), which does not wait.");
      }
    }
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

  /**
   * Accepts no more when the last of some signals has gone, typically the {@code stopped} of the
   * producers, as {@link CloseableQueue#closedBy(Signal...)}.
   *
   * @param ends the signals
   * @return this
   */
  public BatchingQueue<E> closedBy(Signal... ends) {
    return closedBy(Arrays.asList(ends));
  }

  /**
   * Accepts no more when the last of some signals has gone, as {@link
   * CloseableQueue#closedBy(Collection)}.
   *
   * @param ends the signals
   * @return this
   */
  public BatchingQueue<E> closedBy(Collection<? extends Signal> ends) {
    inbox.closedBy(ends);
    return this;
  }

  /** Asks the queue's thread to stop; returns at once. What is inside is still delivered. */
  public void stop() {
    thread.stop();
  }

  /** {@return the signal that goes when the queue accepts no more} */
  public Signal closed() {
    return inbox.closed();
  }

  /**
   * {@return the signal that goes when the queue's thread has ended, or was abandoned: everything
   * has been delivered or given up then, but for what a sink has that does not come back}
   */
  public Signal stopped() {
    return thread.stopped();
  }

  /** {@return the queue's thread; who joins it takes the failure that ended the queue} */
  public ManagedThread<?> thread() {
    return thread;
  }

  // ---- looking

  /** {@return what this queue is called} */
  public String name() {
    return name;
  }

  /** {@return how it has done so far} */
  public Statistics statistics() {
    Counts so = counts.get();
    QueueStatistics inside = inbox.statistics();
    return new Statistics(
        inside.put(),
        inside.depth(),
        so.inHand,
        so.delivered,
        so.undelivered,
        so.batches,
        so.failures,
        inside.waitingToPut(),
        inside.blockedPutting());
  }

  /** {@return the path of its thread} */
  @Override
  public String toString() {
    return thread.path();
  }
}
