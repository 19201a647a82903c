package org.morethreads.benchmarks;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/**
 * Elements from producers to a fast sink, in batches of 100, up to the last being with the sink:
 * the time an element.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class BatchThroughput {
  static final int ELEMENTS = 480_000;

  private long sum;

  /** Kind of thread, producers. */
  @Param({"P 1", "P 8", "V 1", "V 8", "V 1000"})
  public String crew = "";

  @Param({"ours", "ABQ-drainTo", "Kotlin"})
  public String peer = "";

  @Benchmark
  @OperationsPerInvocation(ELEMENTS)
  public void forward() throws InterruptedException {
    String kind = crew.substring(0, 1);
    int producers = Integer.parseInt(crew.substring(2));
    sum = 0;
    if (!peer.equals("Kotlin")) {
      threads(kind, producers);
    } else if (kind.equals("V")) {
      CoroutineBatches.forward(
          producers, ELEMENTS, Batches.SIZE, Batches.CAPACITY, 1_000, this::addAll);
    } else {
      throw new IllegalStateException("coroutines are no platform threads; see the rows V");
    }
    if (sum != ELEMENTS) {
      throw new IllegalStateException(peer + " delivered " + sum + " of " + ELEMENTS);
    }
  }

  private void threads(String kind, int producers) throws InterruptedException {
    Batches batches = Batches.of(peer, kind, Duration.ofSeconds(1), this::addAll);
    var crew = new Crew(kind);
    crew.start(
        producers,
        () -> {
          for (int i = 0; i < ELEMENTS / producers; i++) {
            batches.put(1);
          }
        });
    crew.join();
    batches.end();
  }

  /** The sink; one thread calls it, which the end of the queue waits for. */
  private void addAll(List<Integer> batch) {
    for (Integer each : batch) {
      sum += each;
    }
  }
}
