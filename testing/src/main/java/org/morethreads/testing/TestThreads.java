package org.morethreads.testing;

import java.util.Objects;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.morethreads.sync.Lock;
import org.morethreads.sync.Signal;
import org.morethreads.sync.Waiting;
import org.morethreads.thread.ManagedThread;

/**
 * Looks at threads from outside, and waits until they are blocked: what a test needs before it may
 * say that a call <i>waits</i>, or may interrupt a thread that does.
 *
 * @since 0.1
 */
public final class TestThreads {
  private static final long PATIENCE = 30_000_000_000L;

  private TestThreads() {}

  /**
   * Waits until a thread is blocked: it is parked, waits on a monitor or for one, or sleeps. It was
   * so at some moment after the call; the thread may have been woken since, unless the test knows
   * that nobody does that. A thread of any kind may be asked for, managed or not.
   *
   * @param thread the thread, started already
   * @throws AssertionError if it has ended, or is not blocked within 30 s of real time
   */
  public static void awaitBlocked(Thread thread) {
    awaitBlocked(thread, null);
  }

  /**
   * Waits until a managed thread is blocked; see {@link #awaitBlocked(Thread)}.
   *
   * @param thread the thread, started already
   * @throws AssertionError if it has ended, or is not blocked within 30 s of real time
   */
  public static void awaitBlocked(ManagedThread<?> thread) {
    awaitBlocked(threadOf(thread), null);
  }

  /**
   * Waits until a managed thread waits for a signal, and not for anything else.
   *
   * @param thread the thread, started already
   * @param signal the signal that it is to wait for
   * @throws AssertionError if it has ended, or does not wait for that within 30 s of real time
   */
  public static void awaitBlockedOn(ManagedThread<?> thread, Signal signal) {
    awaitBlocked(threadOf(thread), signal);
  }

  /**
   * Waits until a managed thread waits to acquire a lock, and not for anything else.
   *
   * @param thread the thread, started already
   * @param lock the lock that it is to wait for
   * @throws AssertionError if it has ended, or does not wait for that within 30 s of real time
   */
  public static void awaitBlockedOn(ManagedThread<?> thread, Lock lock) {
    awaitBlocked(threadOf(thread), lock);
  }

  /**
   * Waits until a managed thread waits for something that dumps describe so.
   *
   * @param thread the thread, started already
   * @param what the description, in full
   * @throws AssertionError if it has ended, or does not wait for that within 30 s of real time
   */
  public static void awaitBlockedOn(ManagedThread<?> thread, String what) {
    awaitBlocked(threadOf(thread), Objects.requireNonNull(what, "what"));
  }

  private static Thread threadOf(ManagedThread<?> thread) {
    return thread
        .thread()
        .orElseThrow(() ->
            new AssertionError("Thread \"" + thread + "\" has not been started: it cannot block."));
  }

  private static void awaitBlocked(Thread thread, @Nullable Object wanted) {
    long end = System.nanoTime() + PATIENCE;
    while (!isBlocked(thread, wanted)) {
      Thread.State state = thread.getState();
      if (state == Thread.State.TERMINATED || System.nanoTime() - end > 0) {
        throw new AssertionError(
            "Thread \""
                + thread.getName()
                + "\" "
                + (state == Thread.State.TERMINATED ? "has ended, and" : "is " + state + ", and")
                + " did not block"
                + (wanted == null ? "" : " on \"" + wanted + "\"")
                + "; it is blocked on "
                + LockSupport.getBlocker(thread)
                + stack(thread));
      }
      Thread.yield();
    }
  }

  private static String stack(Thread thread) {
    StringBuilder text = new StringBuilder();
    for (StackTraceElement frame : thread.getStackTrace()) {
      text.append("\n    at ").append(frame);
    }
    return text.toString();
  }

  private static boolean isBlocked(Thread thread, @Nullable Object wanted) {
    boolean blocked =
        switch (thread.getState()) {
          case BLOCKED, WAITING, TIMED_WAITING -> true;
          default -> false;
        };
    if (!blocked || wanted == null) {
      return blocked;
    }
    Object blocker = LockSupport.getBlocker(thread);
    if (wanted instanceof String text) {
      return text.equals(String.valueOf(blocker));
    }
    return blocker == wanted || (blocker instanceof Waiting waiting && waiting.wanted() == wanted);
  }
}
