package org.morethreads.endurance;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;
import org.morethreads.internal.Firing;
import org.morethreads.sync.OpenSignal;
import org.morethreads.sync.Signal;

/**
 * Puts random load on everything in the library for a time, and looks whether what should stay flat
 * does: heap after a collection, threads, file descriptors, dependents of a signal that lives for
 * ever, lateness of tills, time to stop a tree. Whatever is put in is counted, and has to come out.
 *
 * <p>{@code Endurance SECONDS [--planted-leak]}. The status is 0 when all checks pass.
 */
public final class Endurance {
  /** What is measured every now and then. */
  private record Sample(
      long second,
      double heapMegabytes,
      double threads,
      double descriptors,
      double dependents,
      double lateMillis,
      double stopMillis) {}

  private static final int SAMPLES = 12;

  private final OpenSignal forever = Signal.create("forever");
  private final boolean leaks;
  private final List<Sample> samples = new ArrayList<>();
  private final List<String> problems = new ArrayList<>();

  private Endurance(boolean leaks) {
    this.leaks = leaks;
  }

  /** Runs it. */
  public static void main(String[] arguments) throws Exception {
    int seconds = Integer.parseInt(arguments[0]);
    boolean leaks = List.of(arguments).contains("--planted-leak");
    long seed = Long.getLong("morethreads.seed", System.nanoTime());
    System.out.println("seed " + seed + " (-Dmorethreads.seed=" + seed + ")");
    Endurance endurance = new Endurance(leaks);
    int failed = endurance.run(seconds, seed);
    System.exit(failed == 0 ? 0 : 1);
  }

  private int run(int seconds, long seed) throws Exception {
    Load load = new Load(seed, forever, leaks);
    long begin = System.nanoTime();
    long rounds = 0;
    System.out.printf(
        "%8s %9s %8s %6s %11s %8s %8s%n",
        "second", "heap MB", "threads", "files", "dependents", "late ms", "stop ms");
    for (int i = 1; i <= SAMPLES; i++) {
      Load.Figures figures = new Load.Figures();
      long until = begin + Duration.ofSeconds(seconds).toNanos() * i / SAMPLES;
      do {
        load.round(figures);
        rounds++;
      } while (System.nanoTime() < until);
      sample(begin, figures);
    }
    problems.addAll(load.problems());
    System.out.println(rounds + " rounds: " + load);
    return verdict();
  }

  private void sample(long begin, Load.Figures figures) throws IOException {
    double lateMillis = median(figures.lateNanos) / 1e6;
    double stopMillis = median(figures.stopNanos) / 1e6;
    long longestStopNanos = figures.longestStopNanos();
    figures.forget(); // millions in a long run, beside which a leak would not show
    for (int i = 0; i < 3; i++) {
      System.gc();
    }
    var memory = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage();
    Sample sample =
        new Sample(
            Duration.ofNanos(System.nanoTime() - begin).toSeconds(),
            memory.getUsed() / 1e6,
            ManagementFactory.getThreadMXBean().getThreadCount(),
            descriptors(),
            Firing.countLinked(forever),
            lateMillis,
            stopMillis);
    samples.add(sample);
    System.out.printf(
        Locale.ROOT,
        "%8d %9.1f %8.0f %6.0f %11.0f %8.2f %8.2f%n",
        sample.second,
        sample.heapMegabytes,
        sample.threads,
        sample.descriptors,
        sample.dependents,
        sample.lateMillis,
        sample.stopMillis);
    if (longestStopNanos > Duration.ofSeconds(9).toNanos()) {
      problems.add("a stop took longer than its policy allows: " + longestStopNanos);
    }
  }

  private static double descriptors() throws IOException {
    Path own = Path.of("/proc/self/fd");
    if (!Files.isDirectory(own)) {
      return 0;
    }
    try (Stream<Path> open = Files.list(own)) {
      return open.count();
    }
  }

  // ---- the verdict: the last third of the samples against the second one; the first warms up

  private int verdict() {
    int failed = 0;
    failed += flat("heap after collection, MB", Sample::heapMegabytes, 1.2, 4);
    failed += flat("platform threads", Sample::threads, 1.2, 6);
    failed += flat("file descriptors", Sample::descriptors, 1.0, 6);
    failed += flat("dependents of a signal that lives for ever", Sample::dependents, 1.0, 64);
    // times depend on what else the machine does: an order of magnitude is what counts
    failed += flat("lateness of tills, ms", Sample::lateMillis, 10, 200);
    failed += flat("time to stop a tree, ms", Sample::stopMillis, 10, 500);
    failed += problems.isEmpty() ? 0 : 1;
    problems.forEach(problem -> System.out.println("PROBLEM " + problem));
    System.out.println((7 - failed) + " passed, " + failed + " failed");
    return failed;
  }

  private int flat(String what, ToDoubleFunction<Sample> figure, double factor, double more) {
    double before = median(part(figure, 1));
    double after = median(part(figure, 2));
    boolean isFlat = after <= before * factor + more;
    System.out.printf(
        Locale.ROOT, "%s %s: %.2f, then %.2f%n", isFlat ? "flat " : "GROWS", what, before, after);
    return isFlat ? 0 : 1;
  }

  private double[] part(ToDoubleFunction<Sample> figure, int third) {
    int size = SAMPLES / 3;
    return samples.subList(third * size, (third + 1) * size).stream().mapToDouble(figure).toArray();
  }

  private static double median(List<Long> values) {
    return median(values.stream().mapToDouble(Long::doubleValue).toArray());
  }

  private static double median(double[] values) {
    if (values.length == 0) {
      return 0;
    }
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }
}
