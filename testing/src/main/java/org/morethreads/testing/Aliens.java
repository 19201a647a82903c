package org.morethreads.testing;

import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ForkJoinWorkerThread;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * The threads outside of the tree that a test has made, and which of them are alive.
 *
 * <p>The JDK tells of a thread when it is made, but not which {@link Thread} it is. What only the
 * thread refers to, its {@linkplain Ownership mark}, becomes garbage when the thread ends. So one
 * whose mark outlives a garbage collection has survived, unless it was never started:
 *
 * <ul>
 *   <li>of a platform thread, its number is known to lie between two numbers, of which mostly just
 *       one is left; it has been started if a living thread has such a number;
 *   <li>of a virtual thread, it has been started if it was made by a method that starts it, or by
 *       an executor. Those that are alive cannot be listed: the JDK's dump of them may crash the
 *       JVM when a virtual thread is mounted at that moment (JDK-8364343; seen on 25.0.3).
 * </ul>
 */
final class Aliens {
  private static final int PRUNE_AT = 10_000;
  private static final int MOST_FRAMES = 12;
  private static final long FIRST_PAUSE = 10_000_000;
  private static final long LONGEST_PAUSE = 200_000_000;

  private final Queue<Ownership.Alien> made = new ConcurrentLinkedQueue<>();
  private final AtomicInteger count = new AtomicInteger();

  /**
   * A thread that has survived.
   *
   * @param description all that is known of it, in lines
   */
  record Survivor(String description) {}

  void add(Ownership.Alien alien) {
    made.add(alien);
    if (count.incrementAndGet() % PRUNE_AT == 0) {
      boolean _ = made.removeIf(each -> each.mark().get() == null);
    }
  }

  /** Tells whether one is alive, or may be. */
  boolean mayLive() {
    return !suspects().isEmpty() && (!collectGarbage() || !suspects().isEmpty());
  }

  /** Waits until all have ended, for a time at most; answers who has not. */
  List<Survivor> survivors(Duration patience) {
    long end = System.nanoTime() + patience.toNanos();
    long pause = FIRST_PAUSE;
    Map<Ownership.Alien, String> suspects = suspects();
    while (!suspects.isEmpty()) {
      if (!collectGarbage()) {
        return List.of(); // nobody knows: the JVM collects only when it likes to
      }
      suspects = suspects();
      if (suspects.isEmpty() || System.nanoTime() - end >= 0) {
        break;
      }
      LockSupport.parkNanos(pause);
      pause = Math.min(2 * pause, LONGEST_PAUSE);
    }
    List<Survivor> found = new ArrayList<>();
    suspects.forEach((alien, now) -> found.add(new Survivor(describe(alien, now))));
    return found;
  }

  private static String describe(Ownership.Alien alien, String now) {
    StringBuilder text = new StringBuilder();
    text.append(alien.isVirtual() ? "a virtual thread" : "a platform thread");
    text.append(", made here:");
    alien.madeAt().forEach(frame -> text.append("\n      at ").append(frame));
    return text.append(now).toString();
  }

  /** Answers whether garbage is collected when it is asked for. */
  private static boolean collectGarbage() {
    WeakReference<Object> canary = new WeakReference<>(new Object());
    for (int i = 0; i < 3 && canary.get() != null; i++) {
      System.gc();
    }
    return canary.get() == null;
  }

  /** Those that have been started and whose mark is still there, with where they are now. */
  private Map<Ownership.Alien, String> suspects() {
    Map<Ownership.Alien, String> found = new LinkedHashMap<>();
    if (made.isEmpty()) {
      return found;
    }
    boolean _ = made.removeIf(each -> each.mark().get() == null);
    NavigableMap<Long, String> platform = null;
    for (Ownership.Alien alien : made) {
      if (alien.isVirtual()) {
        if (alien.startsAtOnce()) {
          found.put(alien, "");
        }
        continue;
      }
      platform = platform == null ? livingPlatformThreads() : platform;
      Map.Entry<Long, String> nearest = platform.lowerEntry(alien.after());
      if (nearest != null && nearest.getKey() > alien.before()) {
        found.put(alien, nearest.getValue());
      }
    }
    return found;
  }

  /** By number, what is to be said of each. */
  private static NavigableMap<Long, String> livingPlatformThreads() {
    NavigableMap<Long, String> found = new TreeMap<>();
    Thread.getAllStackTraces()
        .forEach((thread, stack) -> {
          if (!isOfCommonPool(thread)) {
            found.put(thread.threadId(), describe(thread, stack));
          }
        });
    return found;
  }

  private static String describe(Thread thread, StackTraceElement[] stack) {
    StringBuilder text = new StringBuilder();
    text.append("\n    it is \"").append(thread.getName()).append("\", ");
    text.append(thread.getState()).append(", and is now here:");
    Arrays.stream(stack)
        .limit(MOST_FRAMES)
        .forEach(frame -> text.append("\n      at ").append(frame));
    return text.toString();
  }

  /**
   * That is the JVM's, whoever makes it grow. Its timer inherits from whoever uses it first, and is
   * only known by the class and the name that the JDK gives it.
   */
  private static boolean isOfCommonPool(Thread thread) {
    if (thread instanceof ForkJoinWorkerThread worker
        && worker.getPool() == ForkJoinPool.commonPool()) {
      return true;
    }
    Class<?> type = thread.getClass();
    return type != Thread.class
        && type.getModule() == Object.class.getModule()
        && thread.getName().startsWith("ForkJoinPool.commonPool-");
  }
}
