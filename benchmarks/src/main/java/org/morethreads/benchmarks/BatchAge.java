package org.morethreads.benchmarks;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/**
 * One element that no others follow, up to its being with the sink: its batch goes when it is a
 * millisecond old. Then a pause of 200 us, so that the forwarder is back at an empty queue.
 * Everything above 1,200 us is lateness, of the batch and of the pause.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class BatchAge {
  static final int ELEMENTS = 200;
  private static final long PAUSE = 200_000;

  @Param({"P", "V"})
  public String kind = "";

  @Param({"ours", "ABQ-drainTo"})
  public String peer = "";

  private @Nullable Thread putter;
  private volatile int delivered;

  @Benchmark
  @OperationsPerInvocation(ELEMENTS)
  public void oneByOne() throws InterruptedException {
    putter = Thread.currentThread();
    delivered = 0;
    Batches batches =
        Batches.of(
            peer,
            kind,
            Duration.ofMillis(1),
            batch -> {
              delivered = batch.getLast();
              LockSupport.unpark(putter);
            });
    for (int i = 1; i <= ELEMENTS; i++) {
      batches.put(i);
      while (delivered != i) {
        LockSupport.park(this);
      }
      LockSupport.parkNanos(this, PAUSE);
    }
    batches.end();
  }
}
