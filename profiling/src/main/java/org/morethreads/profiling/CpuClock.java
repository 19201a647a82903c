package org.morethreads.profiling;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.morethreads.thread.ManagedThread;

/**
 * How much CPU time Java threads have used since it was made: those that are there, the carriers of
 * virtual threads among them, and managed platform threads that have ended meanwhile. Samples are
 * proportions; this says of how much.
 */
final class CpuClock implements AutoCloseable {
  private static final CopyOnWriteArrayList<CpuClock> RUNNING = new CopyOnWriteArrayList<>();

  /** Kept: the factory hands it out under a monitor, for which many ends at once would queue up. */
  private static final class Bean {
    static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
  }

  private final ThreadMXBean threads = Bean.THREADS;
  private final boolean works =
      threads.isThreadCpuTimeSupported() && threads.isThreadCpuTimeEnabled();
  private final Map<Long, Long> before = new HashMap<>();

  /** What threads had used, by their ids, when their tasks had ended; they may still be alive. */
  private final Map<Long, Long> ended = new ConcurrentHashMap<>();

  CpuClock() {
    if (works) {
      for (long id : threads.getAllThreadIds()) {
        before.put(id, Math.max(0, threads.getThreadCpuTime(id)));
      }
      RUNNING.add(this);
    }
  }

  /** What a platform thread has used so far; 0 of a virtual one, and when the JVM does not know. */
  static long of(Thread thread) {
    if (thread.isVirtual()
        || !Bean.THREADS.isThreadCpuTimeSupported()
        || !Bean.THREADS.isThreadCpuTimeEnabled()) {
      return 0;
    }
    return Math.max(0, Bean.THREADS.getThreadCpuTime(thread.threadId()));
  }

  /** A thread has ended; called by itself, unless it was given up. */
  static void ended(ManagedThread<?> thread) {
    Thread its = Thread.currentThread();
    if (!RUNNING.isEmpty() && !its.isVirtual() && thread.thread().orElse(null) == its) {
      for (CpuClock clock : RUNNING) {
        clock.ended.put(its.threadId(), clock.threads.getCurrentThreadCpuTime());
      }
    }
  }

  /** {@return the time in nanoseconds; 0 when the JVM does not know it} */
  long nanos() {
    if (!works) {
      return 0;
    }
    Map<Long, Long> used = new HashMap<>(ended);
    for (long id : threads.getAllThreadIds()) {
      used.put(id, threads.getThreadCpuTime(id));
    }
    long sum = 0;
    for (Map.Entry<Long, Long> each : used.entrySet()) {
      sum += Math.max(0, each.getValue() - before.getOrDefault(each.getKey(), 0L));
    }
    return sum;
  }

  @Override
  public void close() {
    RUNNING.remove(this);
  }
}
