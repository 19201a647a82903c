package org.morethreads.benchmarks;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.LongStream;
import org.morethreads.benchmarks.loss.LossConfig;
import org.morethreads.benchmarks.loss.LossProgram;

/**
 * Says what a call costs its caller in a program that has been running for a while and logs in
 * bursts of a hundred, every two milliseconds: {@code BurstProgram WHO DIRECTORY KIND THREADS
 * BURSTS}. Prints {@code BURST figure what}, in nanoseconds, two readings of the clock included.
 */
final class BurstProgram {
  private static final int CALLS = 100;

  /** Until all that logs is compiled. */
  private static final int FIRST = 300_000;

  private static final int SHORTEST_PAUSE = 1_500_000;
  private static final int LONGEST_PAUSE = 2_500_000;

  private BurstProgram() {}

  public static void main(String[] arguments) throws IOException, InterruptedException {
    LossConfig config = LossConfig.valueOf(arguments[0].toUpperCase(Locale.ROOT).replace('-', '_'));
    Path directory = Path.of(arguments[1]);
    int threads = Integer.parseInt(arguments[3]);
    int bursts = Integer.parseInt(arguments[4]);
    for (String option : config.install(directory, directory.resolve("log.txt"))) {
      int equals = option.indexOf('=');
      System.setProperty(option.substring(2, equals), option.substring(equals + 1));
    }
    LossProgram.Numbered log = LossProgram.logger(config.api());
    for (int i = 0; i < FIRST; i++) {
      log.log(0, i);
    }
    Thread.sleep(500); // what the log has kept is in the file
    // once for the code of the bursts themselves
    var _ = bursts(log, arguments[2], threads, Math.max(1, bursts / 10));
    say(bursts(log, arguments[2], threads, bursts));
    System.exit(0);
  }

  /** The time of each call, sorted. */
  private static long[] bursts(LossProgram.Numbered log, String kind, int threads, int bursts)
      throws InterruptedException {
    var builder = kind.equals("V") ? Thread.ofVirtual() : Thread.ofPlatform();
    long[][] times = new long[threads][bursts * CALLS];
    List<Thread> all = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      int thread = i;
      all.add(builder.start(() -> burstsOf(log, thread, times[thread])));
    }
    for (Thread each : all) {
      each.join();
    }
    return Arrays.stream(times).flatMapToLong(Arrays::stream).sorted().toArray();
  }

  private static void burstsOf(LossProgram.Numbered log, int thread, long[] times) {
    var random = new Random(thread);
    for (int i = 0; i < times.length; i++) {
      if (i % CALLS == 0) {
        LockSupport.parkNanos(random.nextInt(SHORTEST_PAUSE, LONGEST_PAUSE));
      }
      long start = System.nanoTime();
      log.log(thread, i);
      times[i] = System.nanoTime() - start;
    }
  }

  private static void say(long[] sorted) {
    say(sorted[sorted.length / 2], "p50");
    say(sorted[(int) (sorted.length * 0.99)], "p99");
    say(LongStream.of(sorted).average().orElseThrow(), "mean");
  }

  private static void say(double nanos, String what) {
    System.out.printf(Locale.ROOT, "BURST %.1f %s%n", nanos, what);
  }
}
