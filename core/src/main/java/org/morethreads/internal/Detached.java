package org.morethreads.internal;

import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The virtual threads that run user code which has no thread of its own: actions on tills and on
 * {@code pleaseStop}. They are kept here while they run, so that the end of the program can wait
 * for them.
 */
public final class Detached {
  private static final Set<Thread> RUNNING = ConcurrentHashMap.newKeySet();

  private Detached() {}

  static void start(String name, Runnable action) {
    start(Thread.ofVirtual().name(name).unstarted(() -> runAndForget(action)));
  }

  static void startPlatform(String name, Runnable action) {
    start(Thread.ofPlatform().daemon(true).name(name).unstarted(() -> runAndForget(action)));
  }

  private static void start(Thread thread) {
    RUNNING.add(thread);
    boolean started = false;
    try {
      thread.start();
      started = true;
    } finally {
      if (!started) {
        RUNNING.remove(thread);
      }
    }
  }

  private static void runAndForget(Runnable action) {
    try {
      action.run();
    } finally {
      RUNNING.remove(Thread.currentThread());
    }
  }

  /** {@return the threads that are running actions now} */
  public static Collection<Thread> running() {
    return List.copyOf(RUNNING);
  }
}
