package org.morethreads.queue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;

/**
 * The helper threads of a test. A test joins them all; a failure of one whose result was not asked
 * for fails the test.
 */
final class Crew {
  private static final long PATIENCE_SECONDS = 20;

  /** What threads a test runs on. */
  enum Kind {
    PLATFORM,
    VIRTUAL
  }

  /** A thread and what becomes of it. */
  static final class Member<T> {
    final Thread thread;
    private final FutureTask<T> task;
    private boolean asked;

    private Member(Thread thread, FutureTask<T> task) {
      this.thread = thread;
      this.task = task;
    }

    /** Waits for the result; what the task threw comes as the cause. */
    T result() throws Exception {
      asked = true;
      return task.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    /** Waits for the failure, which there must be. */
    Throwable failure() throws Exception {
      asked = true;
      try {
        T value = task.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        throw new AssertionError("returned " + value + " instead of throwing");
      } catch (ExecutionException e) {
        return e.getCause();
      }
    }

    /** Waits until the thread is parked with a blocker, and returns the blocker. */
    Object awaitBlocked() {
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
      while (true) {
        Thread.State state = thread.getState();
        Object blocker = LockSupport.getBlocker(thread);
        if (blocker != null
            && (state == Thread.State.WAITING || state == Thread.State.TIMED_WAITING)) {
          return blocker;
        }
        if (task.isDone()) {
          throw new AssertionError("ended instead of blocking: " + task);
        }
        if (System.nanoTime() - end > 0) {
          throw new AssertionError("does not block: " + state);
        }
        Thread.yield();
      }
    }
  }

  private final Kind kind;
  private final List<Member<?>> members = new ArrayList<>();

  Crew(Kind kind) {
    this.kind = kind;
  }

  <T> Member<T> start(Callable<T> task) {
    FutureTask<T> future = new FutureTask<>(task);
    Thread.Builder builder =
        kind == Kind.VIRTUAL ? Thread.ofVirtual() : Thread.ofPlatform().daemon();
    Member<T> member = new Member<>(builder.name("helper").unstarted(future), future);
    members.add(member);
    member.thread.start();
    return member;
  }

  /** Starts a thread and waits until it blocks. */
  <T> Member<T> startBlocked(Callable<T> task) {
    Member<T> member = start(task);
    member.awaitBlocked();
    return member;
  }

  /** Joins all threads. */
  void join() throws Exception {
    Exception failure = null;
    for (Member<?> member : members) {
      try {
        if (!member.asked) {
          member.result();
        } else {
          member.thread.join(TimeUnit.SECONDS.toMillis(PATIENCE_SECONDS));
        }
      } catch (ExecutionException | TimeoutException e) {
        if (failure == null) {
          failure = e;
        } else {
          failure.addSuppressed(e);
        }
        member.thread.interrupt();
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
