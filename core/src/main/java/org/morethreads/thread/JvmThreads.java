package org.morethreads.thread;

import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** Looks at the JDK's threads: which is main, which keep the JVM alive, which end it. */
final class JvmThreads {
  /** The frame of the thread that ends the JVM, while it waits for the hooks. */
  private static final String RUNS_HOOKS = "java.lang.ApplicationShutdownHooks";

  private static final String OUR_NAMES = "more-threads-";

  private static final long MILLISECOND = 1_000_000;

  /** How often a thread must be seen to join another: once it may have been woken by chance. */
  private static final int LOOKS = 3;

  /** How long a woken thread may take until it waits again, in milliseconds: machines are busy. */
  private static final int MOST_WAITS_FOR_A_WAIT = 500;

  private JvmThreads() {}

  /** Whether a thread is in System.exit, from which it never returns. */
  static boolean sitsInExit(Thread thread) {
    for (StackTraceElement frame : thread.getStackTrace()) {
      String type = frame.getClassName();
      if (type.equals("java.lang.Shutdown")
          || (type.equals("java.lang.Runtime") && frame.getMethodName().equals("exit"))) {
        return true;
      }
    }
    return false;
  }

  /**
   * The thread that runs {@code main}; null when it has ended. It is the first that the JVM makes,
   * before those of its own that live in the topmost group for ever. Its number differs from JDK to
   * JDK, and its name is the user's.
   */
  static @Nullable Thread findMain() {
    Thread first = null;
    for (Thread thread : alive()) {
      if (first == null || thread.threadId() < first.threadId()) {
        first = thread;
      }
    }
    ThreadGroup group = first == null ? null : first.getThreadGroup();
    return group == null || group.getParent() == null ? null : first;
  }

  /** A thread, not ours or the JVM's, for which the JVM lives on after main. */
  static @Nullable Thread findOtherKeepingAlive() {
    for (Thread thread : alive()) {
      if (thread != Thread.currentThread() && keepsAlive(thread)) {
        return thread;
      }
    }
    return null;
  }

  /** Whether the JVM lives on after main for a thread, and that is neither ours nor the JVM's. */
  static boolean keepsAlive(Thread thread) {
    return !thread.isDaemon()
        && thread.isAlive()
        && !thread.getName().equals("DestroyJavaVM")
        && !isOurs(thread)
        && !isSignalHandler(thread);
  }

  private static boolean isOurs(Thread thread) {
    return thread.getName().startsWith(OUR_NAMES);
  }

  private static boolean isSignalHandler(Thread thread) {
    return thread.getName().startsWith("SIG") && thread.getName().endsWith(" handler");
  }

  /** What began the end of the JVM, in words; for the hook. */
  static String reasonOfExit() {
    return reasonOfExit(findEnder());
  }

  static String reasonOfExit(@Nullable Thread ender) {
    if (ender == null) {
      return "the JVM is shutting down";
    }
    String name = ender.getName();
    if (isSignalHandler(ender)) {
      return name.substring(0, name.indexOf(' ')) + " was received";
    }
    return name.equals("DestroyJavaVM")
        ? "main returned"
        : "System.exit was called by thread \"" + name + "\"";
  }

  /** The platform thread that has begun to end the JVM and waits for the hooks. */
  private static @Nullable Thread findEnder() {
    for (Thread thread : alive()) {
      for (StackTraceElement frame : thread.getStackTrace()) {
        if (frame.getClassName().equals(RUNS_HOOKS)) {
          return thread;
        }
      }
    }
    return null;
  }

  /**
   * A shutdown hook that has called System.exit, and so waits for the thread that waits for it;
   * null when there is none.
   */
  static @Nullable Thread findHookInExit() {
    Thread ender = null;
    for (Thread thread : alive()) {
      if (thread.getState() == Thread.State.BLOCKED && !isOurs(thread) && sitsInExit(thread)) {
        ender = ender == null ? findEnder() : ender;
        if (ender != null && joins(ender, thread)) {
          return thread;
        }
      }
    }
    return null;
  }

  /** Whether the hook of the JDK's own log is still at work. */
  static boolean isLogHookAlive() {
    for (Thread thread : alive()) {
      if (thread.getClass().getName().equals("java.util.logging.LogManager$Cleaner")) {
        return true;
      }
    }
    return false;
  }

  /**
   * Whether one platform thread joins another. The JDK joins by waiting on the monitor of the
   * thread; nobody else says who waits there without another module of the JDK. So: notify whoever
   * waits there, while the monitor is held. The joiner has then been woken, needs the monitor, and
   * is blocked; any other thread is what it was. A woken joiner looks whether the thread is alive,
   * and goes on waiting. One that joined a third thread, which ends in this moment, may be blocked
   * for the blink of an eye as well, but not several times.
   */
  static boolean joins(Thread joiner, Thread joined) {
    for (int i = 0; i < LOOKS; i++) {
      if (joiner == joined || !isWaiting(joiner) || !needsMonitorOnceNotified(joiner, joined)) {
        return false;
      }
    }
    return true;
  }

  /** Whether a thread waits, or does so soon: one woken by us is on its way back to its wait. */
  private static boolean isWaiting(Thread thread) {
    Thread.State state = thread.getState();
    for (int i = 0; i < MOST_WAITS_FOR_A_WAIT && isAwake(state); i++) {
      LockSupport.parkNanos(MILLISECOND);
      state = thread.getState();
    }
    return state == Thread.State.WAITING;
  }

  private static boolean isAwake(Thread.State state) {
    return state == Thread.State.BLOCKED || state == Thread.State.RUNNABLE;
  }

  @SuppressWarnings({"NakedNotify", "SynchronizeOnNonFinalField"}) // see above
  private static boolean needsMonitorOnceNotified(Thread joiner, Thread joined) {
    synchronized (joined) {
      joined.notifyAll();
      LockSupport.parkNanos(MILLISECOND);
      return joiner.getState() == Thread.State.BLOCKED;
    }
  }

  /** All platform threads that are alive. */
  static List<Thread> alive() {
    ThreadGroup group = Thread.currentThread().getThreadGroup();
    while (group != null && group.getParent() != null) {
      group = group.getParent();
    }
    if (group == null) {
      return List.of();
    }
    Thread[] found = new Thread[group.activeCount() + 16];
    while (true) {
      int count = group.enumerate(found, true);
      if (count < found.length) {
        return List.of(Arrays.copyOf(found, count));
      }
      found = new Thread[2 * found.length];
    }
  }
}
