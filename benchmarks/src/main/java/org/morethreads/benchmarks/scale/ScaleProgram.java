package org.morethreads.benchmarks.scale;

import java.util.Arrays;
import java.util.Locale;
import java.util.Random;

/**
 * Measures one subject for 10 things, 100, and so on up to a largest number or the end of the
 * memory: {@code ScaleProgram SUBJECT WHO LARGEST SAMPLES OPERATIONS}. Prints a line for each row
 * and number, {@code SCALE number nanoseconds row}, and one that says why it has not gone on,
 * {@code STOPPED number reason}. What is made in a mixed order, or taken out in one, is so in the
 * order of its making when the name of the subject ends with {@link #IN_ORDER}.
 */
public final class ScaleProgram {
  /** The end of the name of a subject whose things come in order. */
  public static final String IN_ORDER = "-in-order";

  /** The end of their rows. */
  public static final String ROW_IN_ORDER = ", in order";

  private static final int SMALLEST = 10;

  /** From here on the heap is cleared before each sample, and what things take of it is counted. */
  private static final int LARGE = 100_000;

  /** Too large for that. */
  private static final int HUGE = 10_000_000;

  /** What collectors want beside what is in use. */
  private static final double ROOM = 1.35;

  private static final long PATIENCE_NANOS = 120_000_000_000L;

  private final Subject subject;
  private final boolean inOrder;
  private final int samples;
  private final int operations;
  private int[] order = {};

  /** Of the whole heap, while all things were there, for each; zero while unknown. */
  private double bytes;

  private ScaleProgram(Subject subject, boolean inOrder, int samples, int operations) {
    this.subject = subject;
    this.inOrder = inOrder;
    this.samples = samples;
    this.operations = operations;
  }

  public static void main(String[] arguments) throws Exception {
    var program =
        new ScaleProgram(
            Subjects.of(arguments[0].replace(IN_ORDER, ""), arguments[1]),
            arguments[0].endsWith(IN_ORDER),
            Integer.parseInt(arguments[3]),
            Integer.parseInt(arguments[4]));
    program.warmUp();
    program.measureUpTo(Integer.parseInt(arguments[2]));
    System.exit(0); // what is armed for an hour need not end first
  }

  private void warmUp() throws Exception {
    order = order(1_000);
    long start = System.nanoTime();
    for (int done = 0;
        done < 2 * operations && System.nanoTime() - start < 5_000_000_000L;
        done += order.length) {
      subject.cycle(order.length, order, () -> {});
    }
  }

  private void measureUpTo(int largest) throws Exception {
    for (long count = SMALLEST; count <= largest; count *= 10) {
      double needed = bytes * count * ROOM;
      if (needed > Runtime.getRuntime().maxMemory()) {
        System.out.printf(
            Locale.ROOT,
            "STOPPED %d it would need %.1f GB of heap, at %.0f bytes each%n",
            count,
            needed / 1e9,
            bytes);
        return;
      }
      measure((int) count);
    }
  }

  private void measure(int count) throws Exception {
    order = order(count);
    if (count >= LARGE && count < HUGE) {
      countBytes(count);
    }
    int cycles = Math.max(1, operations / count);
    var figures = new double[subject.rows().size()][samples];
    long start = System.nanoTime();
    int taken = 0;
    while (taken < samples && System.nanoTime() - start < PATIENCE_NANOS) {
      if (count >= LARGE && count < HUGE) {
        System.gc();
      }
      long[] sums = new long[figures.length];
      for (int i = 0; i < cycles; i++) {
        long[] nanos = subject.cycle(count, order, () -> {});
        for (int row = 0; row < sums.length; row++) {
          sums[row] += nanos[row];
        }
      }
      for (int row = 0; row < sums.length; row++) {
        figures[row][taken] = (double) sums[row] / cycles / count;
      }
      taken++;
    }
    for (int row = 0; row < figures.length; row++) {
      double[] sorted = Arrays.copyOf(figures[row], taken);
      Arrays.sort(sorted);
      System.out.printf(
          Locale.ROOT,
          "SCALE %d %.2f %s%s%n",
          count,
          sorted[taken / 2],
          subject.rows().get(row),
          inOrder ? ROW_IN_ORDER : "");
    }
  }

  private void countBytes(int count) throws Exception {
    long before = used();
    long[] during = new long[1];
    subject.cycle(count, order, () -> during[0] = used());
    bytes = Math.max(1, (double) (during[0] - before) / count);
  }

  private static long used() {
    System.gc();
    return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
  }

  /**
   * The numbers from 0 to {@code count - 1}, in order, or mixed in a way that is always the same.
   */
  private int[] order(int count) {
    var numbers = new int[count];
    Arrays.setAll(numbers, i -> i);
    if (inOrder) {
      return numbers;
    }
    var random = new Random(count);
    for (int i = count - 1; i > 0; i--) {
      int other = random.nextInt(i + 1);
      int kept = numbers[i];
      numbers[i] = numbers[other];
      numbers[other] = kept;
    }
    return numbers;
  }
}
