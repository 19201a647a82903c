package org.morethreads.internal;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * A mutual exclusion lock that parks through {@link Surroundings}, for the library's own short
 * critical sections and as the heart of the public {@code Lock}. Not reentrant. Acquisition may
 * barge; those who park are woken in order.
 */
public final class Mutex {
  /*
   * owner:    null = free; CAS null -> me takes it, the owner's volatile write of null releases it.
   * arrivals: a stack of acquirers that have parked; pushed by anybody.
   * first..last: the same acquirers in order; touched only by the owner, who moves arrivals over.
   *
   * No wake-up is lost: an acquirer publishes its node, then tries once more, then parks; the releaser clears owner, then looks
   * for a node. Whichever comes second sees the other. `woken` saves repeated unparks of one that has not run yet: it is
   * cleared by the acquirer before it tries again, so a releaser that still sees it set has released before that try.
   */
  private static final VarHandle OWNER;
  private static final VarHandle ARRIVALS;

  static {
    try {
      MethodHandles.Lookup lookup = MethodHandles.lookup();
      OWNER = lookup.findVarHandle(Mutex.class, "owner", Thread.class);
      ARRIVALS = lookup.findVarHandle(Mutex.class, "arrivals", Acquirer.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private volatile @Nullable Thread owner;
  private volatile @Nullable Acquirer arrivals;
  private @Nullable Acquirer first;
  private @Nullable Acquirer last;

  /** What dumps show of a thread that waits for this. */
  private final Object blocker;

  /** A free mutex. */
  public Mutex() {
    this.blocker = this;
  }

  /**
   * A free mutex.
   *
   * @param blocker what dumps show of a thread that waits for it
   */
  public Mutex(Object blocker) {
    this.blocker = blocker;
  }

  private static final class Acquirer {
    final Surroundings surroundings;
    final Thread thread;
    @Nullable Acquirer next;
    @Nullable Acquirer previous;
    volatile boolean woken;
    volatile boolean gone;

    Acquirer(Surroundings surroundings, Thread thread) {
      this.surroundings = surroundings;
      this.thread = thread;
    }
  }

  /** {@return the thread that holds this mutex, or null} */
  public @Nullable Thread owner() {
    return owner;
  }

  /** {@return whether the calling thread holds this mutex} */
  public boolean isMine() {
    return owner == Thread.currentThread();
  }

  /**
   * Takes the mutex if it is free.
   *
   * @return whether it was
   */
  public boolean tryAcquire() {
    return owner == null && OWNER.compareAndSet(this, null, Thread.currentThread());
  }

  /** Waits for the mutex, without regard to interrupts; the interrupt status is kept. */
  public void acquire() {
    SchedulePoint.at("mutex.acquire");
    if (!tryAcquire()) {
      boolean interrupted = !acquireSlowly(false, false, 0);
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /**
   * Waits for the mutex.
   *
   * @throws InterruptedException if the calling thread is interrupted, on entry or while waiting;
   *     the mutex is not held then
   */
  public void acquireInterruptibly() throws InterruptedException {
    SchedulePoint.at("mutex.acquireInterruptibly");
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
    if (!tryAcquire() && !acquireSlowly(true, false, 0)) {
      Thread.interrupted();
      throw new InterruptedException();
    }
  }

  /**
   * Waits for the mutex for at most a time.
   *
   * @param nanos the longest time; not positive means not to wait
   * @return whether it is held now
   * @throws InterruptedException if the calling thread is interrupted, on entry or while waiting;
   *     the mutex is not held then
   */
  public boolean acquireInterruptibly(long nanos) throws InterruptedException {
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
    if (tryAcquire()) {
      return true;
    }
    if (nanos <= 0) {
      return false;
    }
    long deadline = Surroundings.current().time().nanoTime() + nanos;
    if (acquireSlowly(true, true, deadline)) {
      return true;
    }
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
    return false;
  }

  /**
   * Parks until the mutex is taken. Interruptible: answers false, not holding it, with the status
   * set, when interrupted, or when the time is over. Uninterruptible: holds it always, and answers
   * false when an interrupt was seen on the way.
   */
  private boolean acquireSlowly(boolean interruptible, boolean timed, long deadline) {
    Thread me = Thread.currentThread();
    Surroundings surroundings = Surroundings.current();
    Acquirer node = new Acquirer(surroundings, me);
    pushArrival(node);
    boolean interrupted = false;
    while (true) {
      node.woken = false;
      SchedulePoint.at("mutex.retry");
      if (tryAcquire()) {
        unlink(node);
        return !interrupted;
      }
      if (timed) {
        long left = deadline - surroundings.time().nanoTime();
        if (left <= 0) {
          return leave(node);
        }
        surroundings.parkNanos(blocker, left);
      } else {
        surroundings.park(blocker);
      }
      if (interruptible && me.isInterrupted()) {
        return leave(node);
      }
      if (!interruptible && Thread.interrupted()) {
        interrupted = true;
      }
    }
  }

  /**
   * Gives up waiting: the next owner unlinks the node; a wake-up that it may have eaten goes on.
   */
  private boolean leave(Acquirer node) {
    node.gone = true;
    SchedulePoint.at("mutex.leave");
    if (tryAcquire()) {
      release();
    } else {
      popGone();
    }
    return false;
  }

  /**
   * Takes those that have left from the top of the arrivals: while the mutex is held for long, no
   * owner does it, and there may be many tries. One that lies below a living one goes with that. No
   * node comes back, so a CAS that succeeds has found the stack as it was.
   */
  private void popGone() {
    Acquirer top = arrivals;
    while (top != null && top.gone) {
      Acquirer below = top.next;
      SchedulePoint.at("mutex.pop");
      ARRIVALS.compareAndSet(this, top, below); // else somebody else did, or pushed: look again
      top = arrivals;
    }
  }

  /** {@return how many acquirers have arrived since the owner last looked, those that left too} */
  int countArrivals() {
    int count = 0;
    for (Acquirer each = arrivals; each != null; each = each.next) {
      count++;
    }
    return count;
  }

  private void pushArrival(Acquirer node) {
    while (true) {
      Acquirer top = arrivals;
      node.next = top;
      SchedulePoint.at("mutex.push");
      if (ARRIVALS.compareAndSet(this, top, node)) {
        return; // ends: every failure means that another thread got on
      }
    }
  }

  /** Moves the arrivals, which stand newest first, to the end of the line. Called by the owner. */
  private void line() {
    Acquirer newest = (Acquirer) ARRIVALS.getAndSet(this, null);
    if (newest == null) {
      return;
    }
    Acquirer oldest = newest;
    for (Acquirer older = newest.next; older != null; ) {
      Acquirer before = older.next;
      older.next = oldest;
      oldest.previous = older;
      oldest = older;
      older = before;
    }
    newest.next = null;
    oldest.previous = last;
    if (last == null) {
      first = oldest;
    } else {
      last.next = oldest;
    }
    last = newest;
  }

  /** Takes a node out of the line. Called by the owner. */
  private void unlink(Acquirer node) {
    line();
    Acquirer before = node.previous;
    Acquirer behind = node.next;
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
    node.previous = null;
    node.next = null;
  }

  /**
   * Releases the mutex and wakes the first of those who wait for it.
   *
   * @throws IllegalMonitorStateException if the calling thread does not hold it
   */
  public void release() {
    if (owner != Thread.currentThread()) {
      throw new IllegalMonitorStateException("released by a thread that does not hold it");
    }
    do {
      if (first == null && arrivals != null) {
        line();
      }
      Acquirer next = first;
      while (next != null && next.gone) {
        unlink(next);
        next = first;
      }
      owner = null;
      SchedulePoint.at("mutex.released");
      if (next != null) {
        wake(next);
        if (!next.gone) {
          return;
        }
        // it left between the look at it and the release, and found the mutex held: look for
        // another
      } else if (arrivals == null) {
        return;
      }
    } while (tryAcquire()); // ends: whoever else has it now looks for a successor when it releases
  }

  private static void wake(Acquirer next) {
    if (!next.woken) {
      next.woken = true;
      next.surroundings.unpark(next.thread);
    }
  }
}
