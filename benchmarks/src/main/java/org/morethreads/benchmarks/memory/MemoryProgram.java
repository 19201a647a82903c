package org.morethreads.benchmarks.memory;

import java.lang.ref.Reference;
import java.util.Locale;
import java.util.function.IntFunction;
import org.openjdk.jol.info.GraphLayout;

/**
 * Says what many things take of the heap: {@code MemoryProgram COUNT}. Prints {@code HEAP bytes who
 * what} by the growth of the heap when that many are there, and {@code JOL bytes objects who what}
 * by the objects that are reachable.
 */
public final class MemoryProgram {
  /** The most that COUNT may be. */
  static final int MOST = 1_000_000;

  private static final int FEW = 1_000;
  private static final int REFERENCE = 4;

  private MemoryProgram() {}

  public static void main(String[] arguments) throws InterruptedException {
    int count = Integer.parseInt(arguments[0]);
    for (Thing thing : Thing.all()) {
      int made = Math.max(FEW, count / thing.scale());
      var _ = heap(thing.many(), made); // what is made once for all of them
      double bytes = heap(thing.many(), made) - REFERENCE;
      System.out.printf(Locale.ROOT, "HEAP %.1f %s %s%n", bytes, thing.who(), thing.what());
      objects(thing);
    }
    ParkedThreads.measure(count);
    System.exit(0); // what is armed for an hour need not end first
  }

  private static double heap(IntFunction<Object> many, int count) {
    long before = used();
    Object kept = many.apply(count);
    try {
      return (double) (used() - before) / count;
    } finally {
      Reference.reachabilityFence(kept);
    }
  }

  static long used() {
    for (int i = 0; i < 2; i++) {
      System.gc();
    }
    return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
  }

  /** By twice as many less by half: what they share falls out. */
  private static void objects(Thing thing) {
    Object half = thing.many().apply(FEW);
    GraphLayout ofHalf = GraphLayout.parseInstance(half);
    Object twice = thing.many().apply(2 * FEW);
    GraphLayout ofTwice = GraphLayout.parseInstance(half, twice);
    double bytes = (double) (ofTwice.totalSize() - ofHalf.totalSize()) / (2 * FEW) - REFERENCE;
    double count = (double) (ofTwice.totalCount() - ofHalf.totalCount()) / (2 * FEW);
    System.out.printf(
        Locale.ROOT, "JOL %.1f %.1f %s %s%n", bytes, count, thing.who(), thing.what());
  }
}
