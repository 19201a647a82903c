package org.morethreads.queue;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.morethreads.internal.Blocker;
import org.morethreads.internal.Surroundings;

/**
 * The threads that wait for one thing of a queue, in order. Not safe for use by several threads at
 * once: the queue's mutex guards it.
 */
final class Line {
  /*
   * A waiter is used for one wait, and only moves forward:
   *
   *   IDLE     -> ASSIGNED   somebody decided, under the mutex, to wake it; it leaves the list, and is unparked after the release
   *   IDLE     -> GONE       it came back by itself (interrupt, till, time)
   *   ASSIGNED -> GONE       it came back, used its chance or not
   *
   * All under the mutex. One that came back in vain waits again as a new waiter, at the front. Since waiters are never used
   * twice, `next` may serve as the link of those who are to be unparked: nobody else writes it until the unparking is done.
   */
  /** Of more threads than that a line does not remember who they were. */
  private static final int MOST_SEEN = 8;

  private final String what;
  private final String queueName;
  private final boolean isForPlaces;

  /** The line of those who end the waits in this one; written before the queue is handed out. */
  private @Nullable Line opposite;

  /**
   * Who has waited here, for the search for deadlocks: a new array each time. Written under the
   * mutex, read by dumps.
   */
  private volatile List<WeakReference<Surroundings>> seen = List.of();

  /** Whether others have waited here, too, who are not among those seen. */
  private volatile boolean hasUnseen;

  private @Nullable Waiter first;
  private @Nullable Waiter last;
  private int idle;
  private int assigned;

  /** How long those have waited who have left. */
  private long waited;

  /**
   * An empty line.
   *
   * @param what what its threads wait for, for dumps
   * @param isForPlaces whether that is a place
   */
  Line(String what, String queueName, boolean isForPlaces) {
    this.what = what;
    this.queueName = queueName;
    this.isForPlaces = isForPlaces;
  }

  /** The lines of those who take and those who put, before the queue is handed out. */
  static void pair(Line takers, Line putters) {
    takers.opposite = putters;
    putters.opposite = takers;
  }

  /** A thread in the line, for one wait; it is also the blocker that dumps show. */
  static final class Waiter implements Blocker {
    final Surroundings surroundings;
    private final Thread thread;
    private final Line line;
    private @Nullable Waiter previous;
    private @Nullable Waiter next;
    private boolean listed;

    /** When it began to wait, counting the times that it came back in vain; if anybody asks. */
    private long since;

    /*
     * The clock is read by the waiting thread, without the mutex, so that others need not wait for that: before it parks, and when it
     * has come back. Others read `arrival`, too, to know how long it has waited so far; BEFORE is what they see until it is there.
     */
    private static final VarHandle ARRIVAL = arrivalHandle();

    private static final long BEFORE = Long.MIN_VALUE;

    private long arrival = BEFORE;
    private long waited;

    /** Whether the thread should look again. Written under the mutex, read also outside. */
    private volatile boolean assigned;

    private Waiter(Line line, Surroundings surroundings) {
      this.line = line;
      this.surroundings = surroundings;
      this.thread = Thread.currentThread();
    }

    /**
     * The thread is about to park, if it has not been told to look again already: then it has not
     * waited, and the clock need not be read. Called by it, without the mutex.
     */
    void begin() {
      if (isNew()) {
        begin(surroundings.time().nanoTime());
      }
    }

    /** Whether the thread has neither been about to park yet nor been told to look again. */
    boolean isNew() {
      return arrival == BEFORE && !assigned;
    }

    /** As {@link #begin()}, of one that {@link #isNew}, for who has read the clock. */
    void begin(long now) {
      ARRIVAL.setOpaque(this, now); // nothing is published with it
    }

    /** The thread has come back, and will leave the line. Called by it, without the mutex. */
    void end() {
      waited = waitedUntilNow();
    }

    /** As {@link #end()}, for a thread that has come back at a time that it knows. */
    void end(long returned) {
      waited = arrival == BEFORE ? 0 : returned - arrival;
    }

    private long waitedUntilNow() {
      long begun = (long) ARRIVAL.getOpaque(this);
      return begun == BEFORE ? 0 : surroundings.time().nanoTime() - begun;
    }

    private static VarHandle arrivalHandle() {
      try {
        return MethodHandles.lookup().findVarHandle(Waiter.class, "arrival", long.class);
      } catch (ReflectiveOperationException e) {
        throw new ExceptionInInitializerError(e);
      }
    }

    long since() {
      return since;
    }

    Thread thread() {
      return thread;
    }

    /** Leaves its line. Called with the mutex of the queue. */
    void leave() {
      line.leave(this);
    }

    boolean isAssigned() {
      return assigned;
    }

    @Override
    public Sort sort() {
      return line.isForPlaces ? Sort.PLACE : Sort.ELEMENT;
    }

    @Override
    public @Nullable List<Surroundings> wakers() {
      Line others = line.opposite;
      return others == null ? List.of() : others.seen();
    }

    @Override
    public String toString() {
      return line.toString();
    }
  }

  /** {@return how many are neither gone nor told to look again} */
  int idle() {
    return idle;
  }

  /** {@return how many have been told to look again and have not come back yet} */
  int assigned() {
    return assigned;
  }

  /** Adds the calling thread, which has waited since some time, for {@link #longest}. */
  Waiter enter(Surroundings surroundings, boolean waitedBefore, long since) {
    Waiter waiter = enter(surroundings, waitedBefore);
    waiter.since = since;
    return waiter;
  }

  /** {@return the idle one that has waited for longest; null when there is none} */
  @Nullable Waiter longest() {
    Waiter longest = first;
    for (Waiter waiter = first; waiter != null; waiter = waiter.next) {
      if (longest != null && waiter.since - longest.since < 0) {
        longest = waiter;
      }
    }
    return longest;
  }

  /** Adds the calling thread: at the front if it has waited before. */
  Waiter enter(Surroundings surroundings, boolean waitedBefore) {
    Waiter waiter = new Waiter(this, surroundings);
    Waiter oldFirst = first;
    Waiter oldLast = last;
    if (oldFirst == null || oldLast == null) {
      first = waiter;
      last = waiter;
    } else if (waitedBefore) {
      waiter.next = oldFirst;
      oldFirst.previous = waiter;
      first = waiter;
    } else {
      waiter.previous = oldLast;
      oldLast.next = waiter;
      last = waiter;
    }
    waiter.listed = true;
    idle++;
    if (!waitedBefore) {
      remember(surroundings);
    }
    return waiter;
  }

  /** Only a thread that is about to park gets here, so that those who do not pay nothing. */
  private void remember(Surroundings surroundings) {
    if (hasUnseen) {
      return;
    }
    List<WeakReference<Surroundings>> present = seen;
    for (WeakReference<Surroundings> each : present) {
      if (each.refersTo(surroundings)) {
        return;
      }
    }
    if (surroundings == Surroundings.unmanaged()) {
      hasUnseen = true;
      return;
    }
    List<WeakReference<Surroundings>> next = new ArrayList<>(present);
    next.removeIf(each -> each.refersTo(null));
    if (next.size() < MOST_SEEN) {
      next.add(new WeakReference<>(surroundings));
      seen = next;
    } else {
      hasUnseen = true;
    }
  }

  /** {@return who has waited in this line and is still known; null when there are others} */
  private @Nullable List<Surroundings> seen() {
    if (hasUnseen) {
      return null;
    }
    List<Surroundings> found = new ArrayList<>();
    for (WeakReference<Surroundings> each : seen) {
      Surroundings surroundings = each.get();
      if (surroundings != null) {
        found.add(surroundings);
      }
    }
    return found;
  }

  /** Takes a waiter out whose thread has come back. */
  void leave(Waiter waiter) {
    if (waiter.listed) {
      unlink(waiter);
    } else {
      assigned--;
    }
    waited += waiter.waited;
  }

  /** {@return how many threads wait, those included that have just been told to look} */
  int waiting() {
    return idle + assigned;
  }

  /** {@return how long threads have waited in this line, all added up} */
  Duration waited() {
    long sum = waited;
    for (Waiter waiter = first; waiter != null; waiter = waiter.next) {
      sum += waiter.waitedUntilNow();
    }
    return Duration.ofNanos(sum);
  }

  /**
   * Assigns a chance to the first few idle waiters.
   *
   * @param most how many at most
   * @param others who is to be unparked besides
   * @return all who are to be unparked, oldest first, by {@link #unpark}, after the release
   */
  @Nullable Waiter assign(int most, @Nullable Waiter others) {
    Waiter oldest = others;
    Waiter newest = null;
    for (int i = 0; i < most; i++) {
      Waiter waiter = first;
      if (waiter == null) {
        break;
      }
      unlink(waiter);
      assigned++;
      waiter.assigned = true;
      waiter.next = others;
      if (newest == null) {
        oldest = waiter;
      } else {
        newest.next = waiter;
      }
      newest = waiter;
    }
    return oldest;
  }

  /** Unparks what {@link #assign} returned. Called without the mutex. */
  static void unpark(@Nullable Waiter all) {
    for (Waiter waiter = all; waiter != null; waiter = waiter.next) {
      waiter.surroundings.unpark(waiter.thread);
    }
  }

  private void unlink(Waiter waiter) {
    Waiter before = waiter.previous;
    Waiter behind = waiter.next;
    if (before == null) {
      first = behind;
    } else {
      before.next = behind;
    }
    if (behind == null) {
      last = before;
    } else {
      behind.previous = before;
    }
    waiter.previous = null;
    waiter.next = null;
    waiter.listed = false;
    idle--;
  }

  @Override
  public String toString() {
    return what + " queue \"" + queueName + "\"";
  }
}
