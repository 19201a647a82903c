package org.morethreads.queue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.morethreads.internal.Firing;
import org.morethreads.internal.Library;
import org.morethreads.internal.Log;
import org.morethreads.internal.Mutex;
import org.morethreads.internal.SchedulePoint;
import org.morethreads.internal.Surroundings;
import org.morethreads.internal.Time;
import org.morethreads.sync.Signal;
import org.morethreads.sync.Waiting;

/**
 * The state of a queue, and all that is done under its mutex: putting, taking, waiting, closing.
 * {@link CloseableQueue} is what users see of it.
 *
 * @param <E> the type of the elements
 */
abstract class QueueCore<E> {
  /*
   * One mutex guards everything. Every operation ends with unlock(), which re-establishes this before it releases:
   *
   *   T  if there is an element and somebody waits for one, at least one taker has been assigned a chance
   *   P  if there is a free place and somebody waits for one, at least one putter has been assigned a chance
   *   C  once closed (and no drain is under way): everybody who waits has been assigned one
   *
   * A waiter that comes back, for whatever reason, takes the mutex, leaves its line (which uses its chance up), looks, and either
   * acts, or gives up, or waits again, in front; each time through unlock(), so a chance that it did not use goes to the next.
   * So nobody sleeps on while there is something for him to do, unless somebody who was told before him has not come back yet.
   *
   * T and P are cascades: the waiter that comes back wakes the next one if there is still something to do, before it returns to
   * its caller. To wake as many at once as there are elements, or places, is no more live, and makes each element cost a park and
   * an unpark: those who run on have long done the work when the others are awake. (Measured: 8 platform takers, 1 putter, a
   * message took 10 times as long; 100 takers, 30 times.)
   *
   * Elements move under the mutex, by the thread that returns with them. They are never handed to a waiter: so one that is
   * interrupted cannot lose anything.
   */

  /** The longest time that can be added to the clock and compared by difference. */
  static final long LONGEST = Long.MAX_VALUE / 2;

  static final long FOREVER = Long.MAX_VALUE;

  static final int UNBOUNDED = Integer.MAX_VALUE;

  /** How to put: in front of all others. */
  static final int FIRST = 1;

  /** How to put: whether there is room or not, and also after closing. */
  static final int FORCED = 2;

  final String name;
  final int capacity;
  final End closed;
  final End drained;

  /** Guards the fields below. Innermost: nothing else is acquired, nothing foreign is called. */
  private final Mutex mutex = new Mutex(this);

  private final Store<Object> store;
  private final Line takers;
  private final Line putters;
  private final Remains<E> remains;

  /** Whether the items in the store are entries, and not the elements themselves. */
  final boolean wraps;

  /** What is inside, if each element may be inside only once. */
  final @Nullable Distinct distinct;

  private final @Nullable SlowConsumers slow;

  /** How many elements have been put in. */
  private long added;

  /** The most that have been inside at once. */
  private int peak;

  /** Elements that {@link #takeTo} has in its hands and may bring back. */
  private int inTransfer;

  /** Set once; from then on nothing is put. */
  private boolean isClosed;

  /**
   * Whether nothing will ever be taken any more. Written under the mutex, before the signals are
   * fired that say so; read also outside.
   */
  private volatile boolean ended;

  /** Whether {@link #unlock} has more to do than to wake: closed, or {@code remains} is busy. */
  private boolean isSpecial;

  /**
   * Whether {@link #unlock} has to look for something to do: set when a thread enters a line, and
   * with {@code isSpecial}; unset by it when there is neither. Most of the time it is false, and to
   * unlock is to release.
   */
  private boolean isWatched;

  /** Who closed; null while open. Written under the mutex, read also outside, for messages. */
  volatile @Nullable String closer;

  /** Why it was closed, if because of a failure. Written under the mutex, read also outside. */
  volatile @Nullable Throwable failure;

  /** Whether it counts when an element was put. */
  final boolean ages;

  QueueCore(CloseableQueue.Builder<E> builder, Store<Object> store, boolean wraps, boolean ages) {
    this.ages = ages;
    this.name = builder.name;
    this.capacity = builder.capacity;
    this.store = store;
    this.distinct = builder.unique ? new Distinct() : null;
    this.wraps = wraps || builder.unique;
    this.slow = builder.warnAfter == 0 ? null : new SlowConsumers(builder.warnAfter);
    this.closed = new End(name, " closed", null);
    this.drained = new End(name, " drained", this);
    this.takers = new Line("an element of", name, /* isForPlaces= */ false);
    this.putters = new Line("a place in", name, /* isForPlaces= */ true);
    Line.pair(takers, putters);
    this.remains = new Remains<>(this, mutex, builder.undelivered);
  }

  // ---- putting

  /** Puts one item behind all others, and waits for a place; answers whether it is in. */
  boolean putItem(Object item, Signal till, long nanos) throws InterruptedException {
    return putNow(item) || putOrFail(item, null, 0, till, nanos);
  }

  /**
   * Puts an item if nothing is in the way: the way of most puts, short enough to be compiled as
   * one. What is in the way is found again, and dealt with, by {@link #putOrWait}.
   */
  private boolean putNow(Object item) {
    SchedulePoint.at("queue.putNow");
    if (store.size >= capacity
        || distinct != null
        || Thread.currentThread().isInterrupted()
        || !mutex.tryAcquire()) {
      return false;
    }
    try {
      return tryPut(item, null, 0) == Offer.ADDED;
    } finally {
      unlock();
    }
  }

  boolean putOrFail(
      @Nullable Object item, Object @Nullable [] items, int how, Signal till, long nanos)
      throws InterruptedException {
    return switch (putOrWait(item, items, how, till, nanos)) {
      case ADDED, DUPLICATE -> true;
      case FULL -> false;
      case CLOSED -> throw closedToPut();
    };
  }

  /** Puts one item, or several, and waits for a place. FULL means that the wait was ended. */
  Offer putOrWait(
      @Nullable Object item, Object @Nullable [] items, int how, Signal till, long nanos)
      throws InterruptedException {
    SchedulePoint.at("queue.put");
    if (Thread.interrupted()) {
      throw new InterruptedException("Interrupted before waiting for " + putters + ".");
    }
    Line.Waiter waiter = null;
    Surroundings me = null;
    long begin = 0;
    boolean over = nanos <= 0;
    while (true) {
      boolean hasWaited = waiter != null;
      boolean looks = false;
      Offer outcome;
      if (waiter != null) {
        waiter.end();
      }
      mutex.acquire();
      try {
        if (waiter != null) {
          putters.leave(waiter);
        }
        outcome = tryPut(item, items, how);
        if (outcome == Offer.FULL && !over) {
          if (me == null) {
            me = Surroundings.current();
            begin = nanos == FOREVER && slow == null ? 0 : me.time().nanoTime();
          }
          waiter = putters.enter(me, hasWaited, begin);
          isWatched = true;
          looks = slow != null && slow.await();
        }
      } finally {
        unlock();
      }
      if (outcome == null) {
        Distinct.compare(item, items);
        waiter = null;
      } else if (outcome != Offer.FULL || over || me == null || waiter == null) {
        return outcome;
      } else {
        if (slow != null && looks) {
          lookLater(slow, me.time());
        }
        over = park(putters, waiter, till, nanos != FOREVER, begin + nanos);
      }
    }
  }

  /*
   * Slow consumers are looked for by a timer of the queue, and not by those who wait: they would have to wake up for it, and a wait
   * with a limit costs a virtual thread much more than one without. Who begins to wait sees to it that somebody will look; who has
   * looked does so again as long as anybody waits.
   */

  /** Called without the mutex, by who has found that nobody will look. */
  private void lookLater(SlowConsumers its, Time time) {
    boolean later = false;
    try {
      long at;
      long now = time.nanoTime();
      mutex.acquire();
      try {
        Line.Waiter longest = putters.longest();
        at = its.nextLook(longest == null ? now : longest.since());
      } finally {
        mutex.release();
      }
      time.schedule(
          Math.max(1, at - now),
          () ->
              time.startDetached(
                  "slow consumers of " + name, () -> lookForSlowConsumers(its, time)));
      later = true;
    } catch (VirtualMachineError full) { // the heap, or the stack
      // the next one who waits tries again; this one only waits, and stands in the line already
    } finally {
      if (!later) {
        mutex.acquire();
        its.looked();
        mutex.release();
      }
    }
  }

  private void lookForSlowConsumers(SlowConsumers its, Time time) {
    Line.Waiter late = null;
    long waited = 0;
    boolean looks;
    mutex.acquire();
    try {
      its.looked();
      Line.Waiter longest = putters.longest();
      looks = longest != null && its.await();
      if (longest != null) {
        long now = time.nanoTime();
        waited = now - longest.since();
        late = its.isDue(longest.since(), now) ? longest : null;
      }
    } finally {
      mutex.release();
    }
    if (looks) {
      lookLater(its, time);
    }
    if (late != null) {
      warnOfSlowConsumers(late, waited);
    }
  }

  private void warnOfSlowConsumers(Line.Waiter late, long waited) {
    int others = measure().waitingToPut() - 1;
    Surroundings its = late.surroundings;
    Log.warning(
        "thread \""
            + (its == Surroundings.unmanaged() ? nameOf(late.thread()) : its.describe())
            + "\" has waited "
            + SlowConsumers.inWords(waited)
            + " for a place in "
            + this
            + (others <= 0 ? "" : ", and " + others + " more")
            + ". Its consumers are too slow, or they have stopped.");
  }

  Offer offerItem(Object item) {
    SchedulePoint.at("queue.offer");
    while (true) {
      Offer outcome;
      mutex.acquire();
      try {
        outcome = tryPut(item, null, 0);
      } finally {
        unlock();
      }
      if (outcome != null) {
        return outcome;
      }
      Distinct.compare(item, null);
    }
  }

  void putItemForced(Object item) {
    Surroundings me = Surroundings.current();
    SchedulePoint.at("queue.putForced");
    while (true) {
      Offer outcome;
      mutex.acquire();
      try {
        outcome = tryPut(item, null, FORCED);
        if (outcome == Offer.ADDED && isClosed) {
          remains.left(me, false);
        }
      } finally {
        unlock();
      }
      if (outcome == Offer.CLOSED) {
        throw new QueueClosedException(
            name,
            "Cannot give back to queue \""
                + name
                + "\": closed by "
                + closer()
                + ", and everything has been taken, so others may have seen its end. Give work back"
                + " before the last element is taken, or keep it elsewhere.",
            failure);
      }
      if (outcome != null) {
        return;
      }
      Distinct.compare(item, null);
    }
  }

  /**
   * Puts one item, or several, if there is room. Called with the mutex.
   *
   * @param how the sum of {@link #FIRST} and {@link #FORCED}, or 0
   * @return what became of it; null when elements must be compared first
   */
  private @Nullable Offer tryPut(@Nullable Object item, Object @Nullable [] items, int how) {
    if (isClosed && ((how & FORCED) == 0 || isEnded())) {
      return Offer.CLOSED;
    }
    if (distinct != null) {
      return items == null
          ? tryPutDistinct(distinct, new Object[] {Objects.requireNonNull(item)}, how)
          : tryPutDistinct(distinct, items, how);
    }
    if (isFull(how) && (items == null || items.length > 0)) {
      return Offer.FULL;
    }
    add(item, items, how);
    return Offer.ADDED;
  }

  private boolean isFull(int how) {
    return store.size >= capacity && (how & FORCED) == 0;
  }

  private @Nullable Offer tryPutDistinct(Distinct inside, Object[] keys, int how) {
    int fresh = 0;
    Object[] adding = new Object[keys.length];
    boolean unknown = false;
    for (Object each : keys) {
      switch (inside.look((Distinct.Key) each)) {
        case NEW -> adding[fresh++] = each;
        case UNKNOWN -> unknown = true;
        case INSIDE -> {}
      }
    }
    if (unknown) {
      return null;
    }
    if (fresh == 0) {
      return keys.length == 0 ? Offer.ADDED : Offer.DUPLICATE;
    }
    if (isFull(how)) {
      return Offer.FULL;
    }
    inside.reserve(fresh);
    Object[] all = Arrays.copyOf(adding, fresh);
    add(null, all, how);
    for (Object each : all) {
      inside.add((Distinct.Key) each);
    }
    return Offer.ADDED;
  }

  private void add(@Nullable Object item, Object @Nullable [] items, int how) {
    if (items != null) {
      if ((how & FIRST) != 0) {
        store.addAllFirst(items, 0);
      } else {
        store.addAllLast(items);
      }
      added += items.length;
    } else if (item != null) {
      if ((how & FIRST) != 0) {
        store.addFirst(item);
      } else {
        store.addLast(item);
      }
      added++;
    }
    if (store.size > peak) {
      peak = store.size; // not a store each time
    }
    if (isSpecial && store.size > 0) {
      remains.put();
    }
  }

  // ---- taking

  /**
   * Takes an element, and waits for one. Null means that the wait was ended, or that the queue has
   * ended; an element counts more than a signalled till.
   */
  @Nullable E takeItem(Signal till, long nanos) throws InterruptedException {
    E element = takeNow();
    return element == null ? takeOrWait(till, nanos, false) : element;
  }

  /**
   * Takes an element if there is one and nothing is in the way; as {@link #putNow}. Null means that
   * {@link #takeOrWait} has to see what it is.
   */
  private @Nullable E takeNow() {
    SchedulePoint.at("queue.takeNow");
    if (store.size == 0 || Thread.currentThread().isInterrupted() || !mutex.tryAcquire()) {
      return null;
    }
    try {
      return tryTake();
    } finally {
      unlock();
    }
  }

  /**
   * Takes an element, and waits for one. Null means that the wait was ended, or that the queue has
   * ended.
   *
   * @param tillFirst whether a signalled till counts more than an element
   */
  @Nullable E takeOrWait(Signal till, long nanos, boolean tillFirst) throws InterruptedException {
    SchedulePoint.at("queue.take");
    if (Thread.interrupted()) {
      throw new InterruptedException("Interrupted before waiting for " + takers + ".");
    }
    if (tillFirst && till.isSignalled()) {
      return null;
    }
    Line.Waiter waiter = null;
    Surroundings me = null;
    long deadline = 0;
    boolean over = nanos <= 0;
    while (true) {
      if (waiter != null) {
        waiter.end();
      }
      mutex.acquire();
      try {
        if (waiter != null) {
          takers.leave(waiter);
        }
        if (over && tillFirst) {
          return null;
        }
        E element = tryTake();
        if (element != null || over || isEnded()) {
          return element;
        }
        if (me == null) {
          me = Surroundings.current();
          deadline = nanos == FOREVER ? 0 : me.time().nanoTime() + nanos;
        }
        waiter = takers.enter(me, waiter != null);
        isWatched = true;
      } finally {
        unlock();
      }
      over = park(takers, waiter, till, nanos != FOREVER, deadline);
    }
  }

  /** Takes an element if there is one, and says nothing of a failure. */
  @Nullable E pollQuietly() {
    SchedulePoint.at("queue.poll");
    mutex.acquire();
    try {
      return tryTake();
    } finally {
      unlock();
    }
  }

  /** Takes an element if there is one. Called with the mutex. */
  private @Nullable E tryTake() {
    if (store.size == 0) {
      return null;
    }
    E element = unwrap(store.removeFirst());
    noteTaken();
    return element;
  }

  /** The element of an item that has just been removed. Called with the mutex. */
  private E unwrap(Object item) {
    if (distinct != null) {
      distinct.remove(item);
    }
    return elementOf(item);
  }

  /** The element of an item. */
  @SuppressWarnings("unchecked") // only elements of this type are put
  private E elementOf(Object item) {
    return (E) (wraps ? ((Entry) item).element : item);
  }

  private void noteTaken() {
    if (isSpecial) {
      remains.taken(store.size == 0);
    }
  }

  /** Takes everything that is inside now, as a new list. */
  List<E> takeAll() {
    SchedulePoint.at("queue.drain");
    mutex.acquire();
    try {
      List<Object> items = store.removeFirstAsList(Integer.MAX_VALUE);
      for (int i = 0; wraps && i < items.size(); i++) {
        items.set(i, unwrap(items.get(i)));
      }
      noteTaken();
      @SuppressWarnings("unchecked") // only elements are in it
      List<E> all = (List<E>) items;
      return all;
    } finally {
      unlock();
    }
  }

  /** Moves so many elements at most, which is more than none, to a collection. */
  int takeTo(Collection<? super E> target, int most) {
    Object[] taken;
    SchedulePoint.at("queue.drain");
    mutex.acquire();
    try {
      taken = store.removeFirst(most);
      noteTaken();
      inTransfer += taken.length; // until they have arrived this queue has not come to its end
    } finally {
      unlock();
    }
    if (taken.length > 0) {
      transfer(taken, target);
    }
    return taken.length;
  }

  private void transfer(Object[] taken, Collection<? super E> target) {
    int moved = 0;
    Surroundings me = Surroundings.current();
    try {
      if (!wraps
          && target.getClass() == ArrayList.class) { // which takes all, or, without memory, none
        @SuppressWarnings("unchecked") // only elements of this type are put
        List<E> elements = (List<E>) Arrays.asList(taken);
        target.addAll(elements);
        moved = taken.length;
      }
      while (moved < taken.length) {
        target.add(elementOf(taken[moved]));
        moved++;
      }
    } finally {
      mutex.acquire();
      try {
        inTransfer -= taken.length;
        for (int i = 0; distinct != null && i < moved; i++) {
          distinct.remove(taken[i]); // until now an equal one could not be put
        }
        if (moved < taken.length) {
          store.addAllFirst(taken, moved);
          remains.left(me, false); // who was about to claim them has not
          becomeSpecial();
        }
      } finally {
        unlock();
      }
    }
  }

  /** Whoever has seen the end is told why, if the queue was closed because of a failure. */
  void throwFailure() {
    Throwable cause = failure;
    if (cause != null && seesFailure()) {
      throw new QueueClosedException(
          name,
          "Queue \"" + name + "\" is empty, and has ended with a failure: closed by " + closer(),
          cause);
    }
  }

  private boolean seesFailure() {
    boolean seen;
    mutex.acquire();
    try {
      seen = isEnded();
      if (seen) {
        remains.failureSeen();
      }
    } finally {
      unlock();
    }
    return seen;
  }

  /** Takes for a loop: null means that the loop has ended. */
  @Nullable E takeBefore(Signal until) throws InterruptedException {
    E element = until.isSignalled() ? null : takeNow();
    if (element == null) {
      element = takeOrWait(until, FOREVER, true);
    }
    if (element == null) {
      leave();
      throwFailure();
    }
    return element;
  }

  /** The calling thread has been stopped, and will not take any more. */
  void leave() {
    if (drained.isSignalled()) {
      return;
    }
    Surroundings me = Surroundings.current();
    mutex.acquire();
    try {
      if (!isEnded()) {
        remains.left(me, store.size == 0);
        becomeSpecial();
      }
    } finally {
      unlock();
    }
  }

  // ---- for a thread that waits in several lines: see Selecting

  /**
   * Whether it may be worth while to look for an element under the mutex. Read without it: what
   * happened before is seen, what happens meanwhile perhaps not yet.
   */
  boolean mayHaveElement() {
    return store.size > 0 || isClosed;
  }

  /** As {@link #mayHaveElement}, of a place; an equal element inside makes a put succeed, too. */
  boolean mayHavePlace() {
    return store.size < capacity || isClosed || distinct != null;
  }

  /**
   * Takes an element, or enters the line of those who wait for one.
   *
   * @param waiter where the calling thread stands, which has ended its wait; it leaves that
   * @param me its surroundings; null when it should not enter
   * @return the element, the new place in the line, {@link Selecting#ENDED}, or null
   */
  @Nullable Object takeOrEnter(Line.@Nullable Waiter waiter, @Nullable Surroundings me) {
    SchedulePoint.at("queue.takeOrEnter");
    mutex.acquire();
    try {
      if (waiter != null) {
        takers.leave(waiter);
      }
      E element = tryTake();
      if (element != null) {
        return element;
      }
      if (isEnded()) {
        return Selecting.ENDED;
      }
      if (me == null) {
        return null;
      }
      isWatched = true;
      return takers.enter(me, waiter != null);
    } finally {
      unlock();
    }
  }

  /**
   * Puts an item in, or enters the line of those who wait for a place.
   *
   * @param waiter where the calling thread stands, which has ended its wait; it leaves that
   * @param me its surroundings; null when it should not enter
   * @return what became of it, or the new place in the line
   */
  Object putOrEnter(Object item, Line.@Nullable Waiter waiter, @Nullable Surroundings me) {
    SchedulePoint.at("queue.putOrEnter");
    Line.Waiter place = waiter;
    while (true) {
      mutex.acquire();
      try {
        if (place != null) {
          putters.leave(place);
        }
        Offer outcome = tryPut(item, null, 0);
        if (outcome == Offer.FULL && me != null) {
          isWatched = true;
          return putters.enter(me, place != null);
        }
        if (outcome != null) {
          return outcome;
        }
      } finally {
        unlock();
      }
      place = null;
      Distinct.compare(item, null);
    }
  }

  /** Leaves the line, having ended the wait; a chance that it had there goes to the next. */
  void leaveLine(Line.Waiter waiter) {
    SchedulePoint.at("queue.leaveLine");
    mutex.acquire();
    waiter.leave();
    unlock();
  }

  // ---- waiting

  /**
   * Parks until the waiter has been assigned a chance, or the wait is over.
   *
   * @return whether the wait is over, by the till or the time; the waiter is still in its line
   * @throws InterruptedException if the thread was interrupted; the waiter has left its line then,
   *     and its chance, if it had one, has been passed on; also when an error is thrown
   */
  private boolean park(Line line, Line.Waiter waiter, Signal till, boolean timed, long deadline)
      throws InterruptedException {
    boolean stays = false;
    try {
      SchedulePoint.at("queue.park");
      waiter.begin();
      if (till == Signal.NEVER && !timed) {
        stays = !parkUntilAssigned(waiter);
      } else {
        stays =
            !Waiting.parkUntil(
                Library.MEMBER,
                waiter.surroundings,
                waiter,
                till,
                timed,
                deadline,
                waiter::isAssigned);
      }
      if (!stays) {
        throw new InterruptedException("Interrupted while waiting for " + line + ".");
      }
      return till.isSignalled() || (timed && deadline - waiter.surroundings.time().nanoTime() <= 0);
    } catch (RuntimeException | Error e) {
      stays = false;
      throw e;
    } finally {
      if (!stays) {
        waiter.end();
        mutex.acquire();
        line.leave(waiter);
        unlock();
      }
    }
  }

  /** Parks until the waiter has been assigned a chance; answers true when interrupted instead. */
  private static boolean parkUntilAssigned(Line.Waiter waiter) {
    while (!waiter.isAssigned()) {
      waiter.surroundings.park(waiter);
      if (Thread.interrupted()) {
        return true;
      }
    }
    return false;
  }

  /** Whether nothing will ever be taken any more. Called with the mutex. */
  private boolean isEnded() {
    return isClosed && inTransfer == 0 && store.size == 0;
  }

  /** From now on {@link #unlock} does more than to wake. Called with the mutex. */
  private void becomeSpecial() {
    isSpecial = true;
    isWatched = true;
  }

  /** Assigns the chances that are due, releases the mutex, and does what must be done without. */
  private void unlock() {
    if (isWatched) {
      unlockWatched();
    } else {
      mutex.release();
    }
  }

  private void unlockWatched() {
    Line.Waiter woken = null;
    if (takers.idle() > 0) {
      if (isClosed && inTransfer == 0) {
        woken = takers.assign(takers.idle(), null);
      } else if (takers.assigned() == 0 && store.size > 0) {
        woken = takers.assign(1, null);
      }
    }
    if (putters.idle() > 0) {
      if (isClosed) {
        woken = putters.assign(putters.idle(), woken);
      } else if (putters.assigned() == 0 && store.size < capacity) {
        woken = putters.assign(1, woken);
      }
    }
    if (isSpecial) {
      unlockSpecially(woken);
    } else {
      isWatched = takers.idle() > 0 || putters.idle() > 0;
      mutex.release();
      if (woken != null) {
        Line.unpark(woken);
      }
    }
  }

  /**
   * Whoever finds the queue closed or ended fires the signals that say so before it returns, so
   * that nobody sees an outcome before its signal; the first does, for the others it is nothing.
   */
  private void unlockSpecially(Line.@Nullable Waiter woken) {
    boolean closedNow = isClosed;
    boolean endedNow = isEnded();
    if (endedNow && !ended) {
      ended = true;
    }
    boolean unsettled = remains.isUnsettled();
    isSpecial = closedNow || !remains.isIdle();
    isWatched = isSpecial || takers.idle() > 0 || putters.idle() > 0;
    mutex.release();
    Line.unpark(woken);
    if (unsettled) {
      remains.settle();
    }
    if (endedNow) {
      End.fire(closed, drained);
    } else if (closedNow) {
      closed.fire();
    }
  }

  /** Whether the queue has ended, for who looks at its signals: not before it says it is closed. */
  boolean hasEnded() {
    return ended && Firing.isFired(closed);
  }

  // ---- closing

  boolean closeWith(@Nullable Throwable cause) {
    Surroundings me = Surroundings.current();
    String who = describe(me);
    boolean first;
    SchedulePoint.at("queue.close");
    mutex.acquire();
    try {
      first = !isClosed;
      if (first) {
        isClosed = true;
        becomeSpecial();
        closer = who;
        failure = cause;
        if (cause != null) {
          remains.failed(me);
        } else if (store.size > 0) {
          remains.left(me, false);
        }
      }
    } finally {
      unlock();
    }
    return first;
  }

  private static String describe(Surroundings me) {
    return "thread \""
        + (me == Surroundings.unmanaged() ? nameOf(Thread.currentThread()) : me.describe())
        + "\"";
  }

  /** Who closed the queue, and why if there was a failure; calls user code. */
  String closer() {
    Throwable cause = failure;
    if (cause == null) {
      return String.valueOf(closer);
    }
    try {
      return closer + " because of " + cause;
    } catch (Throwable broken) { // asked by the end of a tree, which must not fail for that
      return closer + " because of " + cause.getClass().getName();
    }
  }

  private static String nameOf(Thread thread) {
    return thread.getName().isEmpty() ? "#" + thread.threadId() : thread.getName();
  }

  QueueClosedException closedToPut() {
    return new QueueClosedException(
        name,
        "Cannot put into queue \""
            + name
            + "\": closed by "
            + closer()
            + ". Close a queue only after its producers have stopped; closedBy(…) does that.",
        failure);
  }

  /** Whether the failure that the queue was closed with has been given to nobody who takes. */
  boolean hasUnseenFailure() {
    mutex.acquire();
    try {
      return remains.hasUnseenFailure();
    } finally {
      mutex.release();
    }
  }

  // ---- looking, and removing without taking: for the view

  int depth() {
    mutex.acquire();
    try {
      return store.size;
    } finally {
      mutex.release();
    }
  }

  /** The depth without the mutex: perhaps a little out of date. */
  int roughDepth() {
    return store.size;
  }

  QueueStatistics measure() {
    mutex.acquire();
    try {
      return new QueueStatistics(
          store.size,
          peak,
          added,
          added - store.size - inTransfer,
          putters.waiting(),
          takers.waiting(),
          putters.waited(),
          takers.waited());
    } finally {
      mutex.release();
    }
  }

  @Nullable E peek() {
    mutex.acquire();
    try {
      Object item = store.first();
      return item == null ? null : elementOf(item);
    } finally {
      mutex.release();
    }
  }

  int remainingCapacity() {
    mutex.acquire();
    try {
      return isClosed ? 0 : capacity == UNBOUNDED ? UNBOUNDED : Math.max(0, capacity - store.size);
    } finally {
      mutex.release();
    }
  }

  void discard() {
    mutex.acquire();
    try {
      store.clear();
      if (distinct != null) {
        distinct.clear();
      }
      noteTaken();
    } finally {
      unlock();
    }
  }

  BlockingView.Snapshot snapshot() {
    Object[] items;
    long removedFirst;
    long removedInside;
    mutex.acquire();
    try {
      items = store.snapshot();
      removedFirst = store.removedFirst;
      removedInside = store.removedInside;
    } finally {
      mutex.release();
    }
    Object[] elements = items.clone();
    for (int i = 0; wraps && i < items.length; i++) {
      elements[i] = elementOf(items[i]);
    }
    return new BlockingView.Snapshot(items, elements, removedFirst, removedInside);
  }

  /** Removes the first occurrence of this very item; answers whether there was one. */
  boolean removeIdentical(Object item) {
    mutex.acquire();
    try {
      return removed(store.removeIdentical(item), item);
    } finally {
      unlock();
    }
  }

  /**
   * Removes an item found in a snapshot, if it is still there.
   *
   * @param place its index in the snapshot, counted from the first item that ever was
   * @param removedInside how many removals from inside the caller has accounted for
   * @return whether it was removed from that place; false also when it had to be searched
   */
  boolean removeAt(long place, Object item, long removedInside) {
    mutex.acquire();
    try {
      if (store.removedInside == removedInside) {
        return removed(store.removeAt(place - store.removedFirst, item), item);
      }
      removed(store.removeIdentical(item), item);
      return false;
    } finally {
      unlock();
    }
  }

  private boolean removed(boolean isRemoved, Object item) {
    if (isRemoved && distinct != null) {
      distinct.remove(item);
    }
    noteTaken();
    return isRemoved;
  }
}
