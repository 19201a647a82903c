package org.morethreads.benchmarks.till;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.morethreads.sync.Signal;
import org.morethreads.sync.Till;

/**
 * Says how late what is due comes, {@code TillProgram lateness WHO COUNT RUNS}, and what waiting
 * for a millisecond again and again costs, {@code TillProgram loop WHO KIND ROUNDS}. Prints {@code
 * TILL figure unit what}.
 */
public final class TillProgram {
  private static final long WINDOW_NANOS = TimeUnit.SECONDS.toNanos(2);

  /** Long enough for all to be armed before the first is due. */
  private static final long AHEAD_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  private static final long MILLISECOND = TimeUnit.MILLISECONDS.toNanos(1);

  private TillProgram() {}

  public static void main(String[] arguments) throws InterruptedException {
    String who = arguments[1];
    if (arguments[0].equals("lateness")) {
      int count = Integer.parseInt(arguments[2]);
      int runs = Integer.parseInt(arguments[3]);
      lateness(who, count); // so that all of it is compiled
      for (int run = 0; run < runs; run++) {
        double[] late = lateness(who, count);
        say(late[count / 2], String.format(Locale.ROOT, "lateness of %,d in 2 s: p50", count));
        say(
            late[count * 99 / 100],
            String.format(Locale.ROOT, "lateness of %,d in 2 s: p99", count));
      }
    } else {
      loop(who, arguments[2], Integer.parseInt(arguments[3]));
    }
    System.exit(0);
  }

  private static void say(double micros, String what) {
    System.out.printf(Locale.ROOT, "TILL %.2f us %s%n", micros, what);
  }

  // ---- lateness

  /** Sorted, in microseconds. */
  private static double[] lateness(String who, int count) throws InterruptedException {
    var late = new double[count];
    var left = new CountDownLatch(count);
    var random = new Random(count);
    long start = System.nanoTime() + AHEAD_NANOS;
    for (int i = 0; i < count; i++) {
      int mine = i;
      long due = start + (long) (random.nextDouble() * WINDOW_NANOS);
      Runnable arrived =
          () -> {
            late[mine] = (System.nanoTime() - due) / 1e3;
            left.countDown();
          };
      switch (who) {
        case "ours" -> Till.after(Duration.ofNanos(due - System.nanoTime())).then(arrived);
        case "ours-await" ->
            Thread.startVirtualThread(() -> {
              try {
                Till.after(Duration.ofNanos(due - System.nanoTime())).await();
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
              arrived.run();
            });
        case "FJPschedule" -> {
          var _ =
              ForkJoinPool.commonPool()
                  .schedule(arrived, due - System.nanoTime(), TimeUnit.NANOSECONDS);
        }
        default -> throw new IllegalArgumentException("no peer is called " + who);
      }
    }
    left.await();
    Arrays.sort(late);
    if (late[0] < 0) {
      throw new IllegalStateException(who + " was early, by " + -late[0] + " us");
    }
    return late;
  }

  // ---- a millisecond, again and again

  private static void loop(String who, String kind, int rounds) throws InterruptedException {
    Thread.Builder builder = kind.equals("V") ? Thread.ofVirtual() : Thread.ofPlatform();
    builder
        .start(() -> {
          turn(who, rounds / 4);
          var machine = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
          long cpu = machine.getProcessCpuTime();
          long start = System.nanoTime();
          turn(who, rounds);
          long took = System.nanoTime() - start;
          long used = machine.getProcessCpuTime() - cpu;
          String what = "loop of 1 ms " + kind + ": ";
          say(took / 1e3 / rounds, what + "a round");
          say(used / 1e3 / rounds, what + "CPU of a round");
        })
        .join();
  }

  private static void turn(String who, int rounds) {
    Signal stop = Signal.create("stop");
    for (int i = 0; i < rounds; i++) {
      switch (who) {
        case "ours" -> {
          try {
            stop.or(Till.after(Duration.ofMillis(1))).await();
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
        }
        case "timedPark" -> {
          long due = System.nanoTime() + MILLISECOND;
          for (long left = MILLISECOND; left > 0; left = due - System.nanoTime()) {
            LockSupport.parkNanos(stop, left);
          }
        }
        default -> throw new IllegalArgumentException("no peer is called " + who);
      }
    }
  }
}
