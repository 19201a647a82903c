package org.morethreads.benchmarks.scale;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.morethreads.thread.StopPolicy;
import org.morethreads.thread.ThreadTree;

/** Children of one parent, each asleep until it is told to stop. */
abstract class Children implements Subject {
  private static final StopPolicy PATIENT =
      StopPolicy.standard().withAsk(Duration.ofHours(1)).withTotal(Duration.ofHours(2));

  @Override
  public List<String> rows() {
    return List.of("children: start", "children: stop and join");
  }

  static void awaitAll(AtomicInteger begun, int count) {
    while (begun.get() < count) {
      LockSupport.park(begun);
    }
  }

  static final class Managed extends Children {
    @Override
    public long[] cycle(int count, int[] order, Runnable allThere) throws InterruptedException {
      var begun = new AtomicInteger();
      Thread watcher = Thread.currentThread();
      try (var tree = ThreadTree.open("scale", PATIENT)) {
        long start = System.nanoTime();
        for (int i = 0; i < count; i++) {
          tree.run(
              "child",
              pleaseStop -> {
                if (begun.incrementAndGet() == count) {
                  LockSupport.unpark(watcher);
                }
                pleaseStop.await();
              });
        }
        awaitAll(begun, count);
        long starting = System.nanoTime() - start;
        allThere.run();
        start = System.nanoTime();
        tree.stop();
        tree.stopped().await();
        return new long[] {starting, System.nanoTime() - start};
      }
    }
  }

  /** Has no parent, and no stop but for a flag and an unpark each. */
  static final class Bare extends Children {
    private volatile boolean stop;

    @Override
    public long[] cycle(int count, int[] order, Runnable allThere) throws InterruptedException {
      stop = false;
      var begun = new AtomicInteger();
      Thread watcher = Thread.currentThread();
      var threads = new Thread[count];
      long start = System.nanoTime();
      for (int i = 0; i < count; i++) {
        threads[i] =
            Thread.startVirtualThread(() -> {
              if (begun.incrementAndGet() == count) {
                LockSupport.unpark(watcher);
              }
              while (!stop) {
                LockSupport.park(this);
              }
            });
      }
      awaitAll(begun, count);
      long starting = System.nanoTime() - start;
      allThere.run();
      start = System.nanoTime();
      stop = true;
      for (Thread each : threads) {
        LockSupport.unpark(each);
      }
      for (Thread each : threads) {
        each.join();
      }
      return new long[] {starting, System.nanoTime() - start};
    }
  }
}
