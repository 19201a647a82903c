package org.morethreads.sync;

import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.morethreads.internal.Blocker;
import org.morethreads.internal.Library;
import org.morethreads.internal.Mutex;
import org.morethreads.internal.Surroundings;

/**
 * A lock that is <b>not reentrant</b> and whose holder cannot forget to wake the others: leaving
 * the block gives every thread that waits its chance to look at what has changed. Unlike {@link
 * java.util.concurrent.locks.Lock} it has no conditions to choose from and no {@code signal} to
 * forget.
 *
 * {@snippet class="LockSnippets" region="todo"}
 *
 * <p><b>Waking.</b> When a block is left, and when {@link Held#await await} is called for the first
 * time in a block, one pass begins over the threads that are waiting at that moment, oldest first:
 * the first is woken; when it waits again, or gives up, the next is woken, until each has had its
 * turn. A repeated {@code await} in the same block hands the pass on that woke it and starts none,
 * so that threads with nothing to do do not wake each other for ever: loop around {@code await}
 * <i>inside</i> the block. A block that changes something and then awaits a second time calls
 * {@link Held#wakeOthers} first.
 *
 * <p><b>Not reentrant.</b> A thread that acquires a lock it holds gets an {@code
 * IllegalStateException}, not a deadlock: locks are to be held for short times, and code that does
 * not know whether it holds one cannot keep that.
 *
 * <p><b>Order.</b> Waiting threads are served in order; acquisition may barge, as it may with
 * {@code ReentrantLock}.
 *
 * <p><b>Thread safety.</b> Every method may be called from any thread; a {@link Held} belongs to
 * the thread that acquired it.
 *
 * <p><b>Memory consistency.</b> What a thread does before it leaves the block, or awaits in it,
 * <i>happens-before</i> what the next thread does after acquiring.
 *
 * @since 0.1
 */
public final class Lock {
  /*
   * The mutex guards everything below it. See docs/synchronization.md, section 4, for the rules of passes. A pass is a number: the
   * highest ticket it covers; 0 is no pass. It travels in the waiter that is woken, from there into the Held, and on.
   */
  private final Mutex mutex = new Mutex(this);
  private final String name;

  /** Guarded by the mutex: those who wait, oldest first, with ascending tickets. */
  private @Nullable Waiter oldest;

  private @Nullable Waiter newest;
  private long lastTicket;

  private Lock(String name) {
    this.name = name;
  }

  /**
   * Creates a lock.
   *
   * @param name what it is called in dumps and messages
   * @return the lock, free
   */
  public static Lock create(String name) {
    return new Lock(Objects.requireNonNull(name, "name"));
  }

  /** A thread in await. All fields but {@code woken} are guarded by the mutex. */
  private static final class Waiter implements Blocker {
    final Surroundings surroundings;
    final Thread thread;
    long ticket;
    @Nullable Waiter older;
    @Nullable Waiter newer;

    /** The pass that it was woken with; set, once, before {@code woken}. */
    long pass;

    volatile boolean woken;

    final Lock lock;

    Waiter(Lock lock, Surroundings surroundings, Thread thread) {
      this.lock = lock;
      this.surroundings = surroundings;
      this.thread = thread;
    }

    @Override
    public Sort sort() {
      return Sort.CHANCE;
    }

    @Override
    public String toString() {
      return "a chance on " + lock;
    }
  }

  /**
   * Waits for this lock.
   *
   * @return the proof of holding it; close it to release, best by try-with-resources
   * @throws InterruptedException if the calling thread is interrupted, on entry or while waiting;
   *     the lock is not held then
   * @throws IllegalStateException if the calling thread holds this lock already
   */
  public Held acquire() throws InterruptedException {
    checkNotMine();
    mutex.acquireInterruptibly();
    return new Held(this);
  }

  /**
   * Waits for this lock for at most a time.
   *
   * @param timeout the longest time to wait; zero or negative means not to wait at all
   * @return the proof of holding it, or null when the time has passed
   * @throws InterruptedException if the calling thread is interrupted, on entry or while waiting;
   *     the lock is not held then
   * @throws IllegalStateException if the calling thread holds this lock already
   */
  public @Nullable Held acquire(Duration timeout) throws InterruptedException {
    checkNotMine();
    return mutex.acquireInterruptibly(Till.nanosOf(timeout)) ? new Held(this) : null;
  }

  /**
   * Acquires this lock if it is free. Never blocks, and looks at no interrupt.
   *
   * @return the proof of holding it, or null when another thread holds it
   * @throws IllegalStateException if the calling thread holds this lock already
   */
  public @Nullable Held tryAcquire() {
    checkNotMine();
    return mutex.tryAcquire() ? new Held(this) : null;
  }

  /**
   * Runs something while holding this lock.
   *
   * @param action what to run
   * @throws InterruptedException if the calling thread is interrupted before it holds the lock; the
   *     action has not run then
   * @throws IllegalStateException if the calling thread holds this lock already
   */
  public void run(Runnable action) throws InterruptedException {
    Objects.requireNonNull(action, "action");
    try (Held _ = acquire()) {
      action.run();
    }
  }

  /**
   * Computes something while holding this lock.
   *
   * @param <T> the type of the result
   * @param action what to compute
   * @return the result
   * @throws InterruptedException if the calling thread is interrupted before it holds the lock; the
   *     action has not run then
   * @throws IllegalStateException if the calling thread holds this lock already
   * @throws Exception what the action throws
   */
  public <T extends @Nullable Object> T call(Callable<T> action) throws Exception {
    Objects.requireNonNull(action, "action");
    try (Held _ = acquire()) {
      return action.call();
    }
  }

  private void checkNotMine() {
    if (mutex.isMine()) {
      throw new IllegalStateException(
          "Thread \""
              + Thread.currentThread().getName()
              + "\" holds lock \""
              + name
              + "\" already, and a Lock is not reentrant. Acquire it in one place and pass the Held on, or split the"
              + " method into one that acquires and one that expects the lock to be held.");
    }
  }

  /** {@return the thread that holds this lock, or null when it is free; a snapshot for dumps} */
  public @Nullable Thread owner() {
    return mutex.owner();
  }

  @Override
  public String toString() {
    return "lock \"" + name + "\"";
  }

  // ---- passes; all of these are called with the mutex held

  /**
   * Starts a pass over those waiting now; returns the first of them, to be unparked after the
   * release.
   */
  private @Nullable Waiter startPass() {
    return newest == null ? null : wakeOldest(newest.ticket);
  }

  /**
   * Hands a pass on; returns the next of it, to be unparked after the release, or null at its end.
   */
  private @Nullable Waiter wakeOldest(long pass) {
    Waiter next = oldest;
    if (next == null || next.ticket > pass) {
      return null;
    }
    unlink(next);
    next.pass = pass;
    next.woken = true;
    return next;
  }

  private void link(Waiter waiter) {
    waiter.ticket = ++lastTicket;
    waiter.older = newest;
    if (newest == null) {
      oldest = waiter;
    } else {
      newest.newer = waiter;
    }
    newest = waiter;
  }

  private void unlink(Waiter waiter) {
    if (waiter.older == null) {
      oldest = waiter.newer;
    } else {
      waiter.older.newer = waiter.newer;
    }
    if (waiter.newer == null) {
      newest = waiter.older;
    } else {
      waiter.newer.older = waiter.older;
    }
    waiter.older = null;
    waiter.newer = null;
  }

  private void releaseAndUnpark(@Nullable Waiter next) {
    mutex.release();
    if (next != null) {
      next.surroundings.unpark(next.thread);
    }
  }

  /**
   * The proof that a thread holds a {@link Lock}. May be used only by that thread, until it is
   * closed.
   *
   * @since 0.1
   */
  public static final class Held implements AutoCloseable {
    private final Lock lock;
    private final Thread thread = Thread.currentThread();
    private boolean closed;

    /** Whether this block has awaited before: then another await starts no pass. */
    private boolean hasAwaited;

    /** The pass that woke this thread and is to be handed on; 0 for none. */
    private long pass;

    private Held(Lock lock) {
      this.lock = lock;
    }

    /**
     * Releases the lock until another thread gives a chance, and acquires it again before
     * returning. Wake-ups may come for no reason that concerns the caller: re-test the condition,
     * in a loop inside the block.
     *
     * @throws InterruptedException if the calling thread is interrupted, on entry or while waiting;
     *     the lock is held again then
     * @throws WrongThreadException if the calling thread is not the one that acquired
     * @throws IllegalStateException if this has been closed
     */
    public void await() throws InterruptedException {
      await(Signal.NEVER);
    }

    /**
     * Releases the lock until another thread gives a chance or a signal goes, and acquires it again
     * before returning.
     *
     * @param till what ends the wait
     * @return true when another thread gave the chance, false when {@code till} ended the wait
     * @throws InterruptedException if the calling thread is interrupted, on entry or while waiting;
     *     the lock is held again then
     * @throws WrongThreadException if the calling thread is not the one that acquired
     * @throws IllegalStateException if this has been closed
     */
    public boolean await(Signal till) throws InterruptedException {
      Objects.requireNonNull(till, "till");
      checkUsable("await");
      if (Thread.interrupted()) {
        throw new InterruptedException("Interrupted before waiting on " + lock + ".");
      }
      if (till.isSignalled()) {
        return false;
      }
      return await(Surroundings.current(), till, false, 0);
    }

    /**
     * Releases the lock until another thread gives a chance or a time has passed, and acquires it
     * again before returning.
     *
     * @param timeout the longest time to wait for the chance; zero or negative means not to wait at
     *     all
     * @return true when another thread gave the chance, false when the time has passed
     * @throws InterruptedException if the calling thread is interrupted, on entry or while waiting;
     *     the lock is held again then
     * @throws WrongThreadException if the calling thread is not the one that acquired
     * @throws IllegalStateException if this has been closed
     */
    public boolean await(Duration timeout) throws InterruptedException {
      long nanos = Till.nanosOf(timeout);
      checkUsable("await");
      if (Thread.interrupted()) {
        throw new InterruptedException("Interrupted before waiting on " + lock + ".");
      }
      if (nanos <= 0) {
        return false;
      }
      Surroundings surroundings = Surroundings.current();
      return await(surroundings, Signal.NEVER, true, surroundings.time().nanoTime() + nanos);
    }

    private boolean await(Surroundings surroundings, Signal till, boolean timed, long deadline)
        throws InterruptedException {
      Waiter waiter = new Waiter(lock, surroundings, thread);
      Waiter next = hasAwaited ? lock.wakeOldest(pass) : lock.startPass();
      hasAwaited = true;
      pass = 0;
      lock.link(waiter);
      boolean interrupted;
      lock.releaseAndUnpark(next);
      try {
        interrupted =
            (till == Signal.NEVER && !timed) ? park(waiter) : park(waiter, till, timed, deadline);
      } finally { // an error while waiting must not leave the block without the lock
        lock.mutex.acquire();
        if (waiter.woken) {
          pass = waiter.pass;
        } else {
          lock.unlink(waiter);
        }
      }
      if (interrupted || Thread.interrupted()) {
        giveUp();
        throw new InterruptedException("Interrupted while waiting on " + lock + ".");
      }
      return waiter.woken;
    }

    /** Waits to be woken; answers whether an interrupt came instead. */
    private boolean park(Waiter waiter) {
      while (!waiter.woken) {
        waiter.surroundings.park(waiter);
        if (Thread.interrupted()) {
          return true;
        }
      }
      return false;
    }

    private boolean park(Waiter waiter, Signal till, boolean timed, long deadline) {
      return Waiting.parkUntil(
          Library.MEMBER, waiter.surroundings, waiter, till, timed, deadline, () -> waiter.woken);
    }

    /** A waiter that was woken and does not use its chance lets the next one have it. */
    private void giveUp() {
      Waiter next = lock.wakeOldest(pass);
      pass = 0;
      if (next != null) {
        next.surroundings.unpark(next.thread); // it finds the lock held, and waits for it
      }
    }

    /**
     * Gives every thread that waits now its chance, after this one has released the lock: for a
     * block that has changed something and awaits again.
     *
     * @throws WrongThreadException if the calling thread is not the one that acquired
     * @throws IllegalStateException if this has been closed
     */
    public void wakeOthers() {
      checkUsable("wakeOthers");
      hasAwaited = false; // the next await starts a pass, as leaving does anyway
    }

    /**
     * Leaves the block: releases the lock and gives every thread that waits now its chance. Does
     * nothing when closed before.
     *
     * @throws WrongThreadException if the calling thread is not the one that acquired
     */
    @Override
    public void close() {
      if (Thread.currentThread() != thread) {
        throw wrongThread("close");
      }
      if (!closed) {
        closed = true;
        lock.releaseAndUnpark(lock.startPass());
      }
    }

    private void checkUsable(String what) {
      if (Thread.currentThread() != thread) {
        throw wrongThread(what);
      }
      if (closed) {
        throw new IllegalStateException(
            "Cannot "
                + what
                + " on "
                + lock
                + ": this block has been left. Acquire the lock again.");
      }
    }

    private WrongThreadException wrongThread(String what) {
      return new WrongThreadException(
          "Thread \""
              + Thread.currentThread().getName()
              + "\" cannot "
              + what
              + " on "
              + lock
              + ": it was acquired by \""
              + thread.getName()
              + "\". A Held belongs to the thread that acquired it.");
    }
  }
}
