package org.morethreads.benchmarks;

import java.util.ArrayList;
import java.util.List;

/** Threads of one kind that a benchmark starts and waits for. */
final class Crew {
  private final Thread.Builder builder;
  private final List<Thread> threads = new ArrayList<>();
  private volatile boolean failed;

  /** A crew of kind "P" (platform threads) or "V" (virtual ones). */
  Crew(String kind) {
    builder = kind.equals("V") ? Thread.ofVirtual() : Thread.ofPlatform().daemon();
  }

  /** Work that may wait. */
  @FunctionalInterface
  interface Work {
    void run() throws InterruptedException;
  }

  void start(int count, Work work) {
    for (int i = 0; i < count; i++) {
      threads.add(
          builder.start(() -> {
            try {
              work.run();
            } catch (InterruptedException | RuntimeException e) {
              failed = true;
              throw new IllegalStateException("a benchmark's thread failed", e);
            }
          }));
    }
  }

  void join() throws InterruptedException {
    for (Thread thread : threads) {
      thread.join();
    }
    threads.clear();
    if (failed) {
      throw new IllegalStateException("a thread of the benchmark failed: see above");
    }
  }
}
