package org.morethreads.testing;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Looks after a test in real time, from a thread of its own: ends it when it runs out of time, and
 * under virtual time when nothing can ever wake it (a deadlock), or somebody holds the clock too
 * long. What it finds is a problem; the first one stops the tree of the test, and interrupts the
 * test where its stop policy says so.
 */
final class Watch implements Runnable {
  private static final long LONGEST_TICK = 100_000_000;
  private static final long SECOND = 1_000_000_000;

  private final TestRun run;
  private final @Nullable AutoJumpTime virtualTime;
  private final @Nullable Thread thread;
  private volatile boolean closed;

  /** Guarded by this. */
  private boolean isBodyRunning;

  /** Guarded by this. */
  private boolean hasBodyEnded;

  /** The thread of the body, when it is not one of the tree. Guarded by this. */
  private @Nullable Thread caller;

  /** How to interrupt that. Guarded by this. */
  private Runnable interrupt = () -> {};

  /** Guarded by this. */
  private @Nullable AssertionError problem;

  /** Whether the problem came before the body ended, if only before its begin. Guarded by this. */
  private boolean isOfBody;

  private volatile long begunAt;
  private long stalledSince;
  private volatile long nextInterrupt;

  Watch(TestRun run, @Nullable AutoJumpTime virtualTime) {
    this.run = run;
    this.virtualTime = virtualTime;
    if (virtualTime == null && run.settings().timeout() == null) {
      thread = null;
      return;
    }
    thread =
        Thread.ofPlatform()
            .daemon()
            .name("more-threads-test-watch")
            .inheritInheritableThreadLocals(false)
            .unstarted(this);
    if (virtualTime != null) {
      Thread watch = thread;
      virtualTime.onStall(() -> LockSupport.unpark(watch));
    }
    thread.start();
  }

  // ---- what the test tells

  /** The body begins, on a thread of the tree. */
  synchronized void bodyBegins() {
    begunAt = System.nanoTime();
    isBodyRunning = true;
  }

  /** The body begins, on the calling thread, which is none of the tree. */
  synchronized void bodyBegins(Runnable howToInterrupt) {
    caller = Thread.currentThread();
    interrupt = howToInterrupt;
    bodyBegins();
  }

  /** The body has ended; on the same thread. No interrupt of ours comes after this. */
  synchronized void bodyEnds() {
    isBodyRunning = false;
    hasBodyEnded = true;
    if (caller != null && problem != null) {
      boolean _ = Thread.interrupted(); // ours, unless the body has taken it
    }
    caller = null;
  }

  void close() {
    closed = true;
    LockSupport.unpark(thread);
  }

  synchronized @Nullable AssertionError problemOfBody() {
    return isOfBody ? problem : null;
  }

  synchronized @Nullable AssertionError problemAfterBody() {
    return isOfBody ? null : problem;
  }

  synchronized boolean hasProblem() {
    return problem != null;
  }

  /** Whether the calling thread is to leave its wait: the test has failed already. */
  private synchronized boolean isBodyRunning() {
    return isBodyRunning;
  }

  // ---- the look

  @Override
  public void run() {
    Duration limit = run.settings().holdLimit();
    long tick = Math.clamp(limit.toNanos() / 10, 1_000_000, LONGEST_TICK);
    while (!closed) {
      LockSupport.parkNanos(this, tick);
      if (!closed) {
        look(limit);
      }
    }
  }

  private void look(Duration limit) {
    if (virtualTime != null) {
      lookForHolders(virtualTime, limit);
      lookForDeadlock(virtualTime, limit);
    }
    Duration timeout = run.settings().timeout();
    if (timeout != null
        && !hasProblem()
        && isBodyRunning()
        && System.nanoTime() - begunAt >= timeout.toNanos()) {
      problem("The test has run out of time: it may take " + timeout + ", in real time");
    }
    if (hasProblem() && System.nanoTime() - nextInterrupt >= 0) {
      interruptCaller();
      nextInterrupt = System.nanoTime() + SECOND;
    }
  }

  private void lookForDeadlock(AutoJumpTime time, Duration limit) {
    // in this order: if the body runs after the stall was seen, it ran when that was
    if (hasProblem() || !time.isStalled() || !isBodyRunning()) {
      stalledSince = 0;
      return;
    }
    long now = System.nanoTime();
    if (stalledSince == 0) {
      stalledSince = now == 0 ? 1 : now;
    }
    boolean othersMayHelp = run.aliens().mayLive();
    if (!othersMayHelp || now - stalledSince >= limit.toNanos()) {
      time.awaitAsleep();
      problem(
          "Deadlock: all threads wait, and nothing that is to come can wake one"
              + (othersMayHelp
                  ? " but a thread outside of the tree, which has not for " + limit
                  : ""));
    }
  }

  private void lookForHolders(AutoJumpTime time, Duration limit) {
    boolean isOver = hasProblem();
    Duration patience = isOver && limit.toSeconds() >= 1 ? Duration.ofSeconds(1) : limit;
    List<AutoJumpTime.Holder> holders = time.holders(patience);
    if (holders.isEmpty()) {
      return;
    }
    if (!isOver) {
      StringBuilder text = new StringBuilder();
      text.append("The virtual clock has been held for ").append(limit);
      text.append(", in real time, by what does not wait through this library");
      for (AutoJumpTime.Holder holder : holders) {
        text.append("\n  \"").append(holder.name()).append('"');
        text.append(describe(holder));
      }
      problem(text.toString());
    }
    holders.forEach(holder -> holder.giveUp().run()); // so that the stop goes on without them
  }

  private static String describe(AutoJumpTime.Holder holder) {
    Thread thread = holder.thread();
    StringBuilder text = new StringBuilder();
    StackTraceElement[] stack;
    if (holder.where() != null) {
      text.append(", held since here:");
      stack = holder.where().getStackTrace();
    } else if (thread == null) {
      return ", which was started but does not run: have all carriers of virtual threads been taken?";
    } else {
      text.append(", ").append(thread.getState()).append(':');
      stack = thread.getStackTrace();
    }
    for (StackTraceElement frame : stack) {
      text.append("\n      at ").append(frame);
    }
    return text.toString();
  }

  /** Records the first problem, and ends the test for it. */
  void problem(String what) {
    synchronized (this) {
      if (problem != null) {
        return;
      }
      StringBuilder text = new StringBuilder(what).append(".\n");
      if (virtualTime != null) {
        text.append("  ").append(virtualTime.elapsed()).append(" of virtual time have passed.\n");
      }
      text.append("  What each thread waits for:\n").append(TestRun.indented(run.dump()));
      if (caller != null) {
        text.append("\n  The test itself is here");
        Object blocker = LockSupport.getBlocker(caller);
        if (blocker != null) {
          text.append(", and waits for ").append(blocker);
        }
        text.append(':');
        for (StackTraceElement frame : caller.getStackTrace()) {
          text.append("\n      at ").append(frame);
        }
      }
      text.append("\n  What next: ").append(advice());
      problem = new AssertionError(text.toString());
      isOfBody = !hasBodyEnded;
    }
    nextInterrupt = System.nanoTime() + SECOND;
    run.stop("the test has failed");
    interruptCaller();
  }

  private String advice() {
    return virtualTime == null
        ? "find the wait above that should have ended; raise the timeout only if the test has to be that"
            + " slow."
        : "find the wait above that should have ended. What happens outside of this library (I/O,"
            + " processes, Thread.sleep, futures, other threads) the virtual clock does not see: do"
            + " it on a managed thread, or hold the clock with VirtualClock.hold() while it goes on.";
  }

  private synchronized void interruptCaller() {
    if (caller != null) {
      interrupt.run();
    }
  }
}
