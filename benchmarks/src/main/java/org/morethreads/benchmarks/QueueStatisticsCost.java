package org.morethreads.benchmarks;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.morethreads.queue.CloseableQueue;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/**
 * What statistics and warnings of a queue cost: the time a message with them on, against {@link
 * WithoutStatistics}, which is run twice to see what is noise. The queue has few places, so that
 * threads wait often, which is where times are measured.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class QueueStatisticsCost {
  /** Each is run in a JVM of its own, beside its peers. */
  static final List<String> PEERS = List.of("without", "without-again", "on", "warning", "watched");

  private static final int MESSAGES = 240_000;
  private static final int CAPACITY = 64;

  /** Kind of thread, producers, consumers. */
  @Param({"P 1-1", "P 8-1", "V 1-1", "V 8-1"})
  public String crew = "";

  @Param({"without", "without-again", "on", "warning", "watched"})
  public String peer = "";

  @Benchmark
  @OperationsPerInvocation(MESSAGES)
  public void transfer() throws InterruptedException {
    switch (peer) {
      case "warning" ->
          transfer(
              CloseableQueue.<Integer>named("benchmark")
                  .capacity(CAPACITY)
                  .warnWhenFullFor(Duration.ofMinutes(1))
                  .create());
      case "watched" -> transferWatched();
      default -> transfer(CloseableQueue.bounded("benchmark", CAPACITY));
    }
  }

  /** Somebody looks at the statistics, ten times a second. */
  private void transferWatched() throws InterruptedException {
    CloseableQueue<Integer> queue = CloseableQueue.bounded("benchmark", CAPACITY);
    var seen = new LongAdder();
    var watcher = new Crew("P");
    watcher.start(
        1,
        () -> {
          while (!queue.drained().await(Duration.ofMillis(100))) {
            seen.add(queue.statistics().depth());
          }
        });
    transfer(queue);
    watcher.join();
  }

  private void transfer(CloseableQueue<Integer> queue) throws InterruptedException {
    String kind = crew.substring(0, 1);
    int dash = crew.indexOf('-');
    int producers = Integer.parseInt(crew.substring(2, dash));
    int consumers = Integer.parseInt(crew.substring(dash + 1));
    var sum = new LongAdder();
    var takers = new Crew(kind);
    takers.start(
        consumers,
        () -> {
          long mine = 0;
          for (Integer each : queue) {
            mine += each;
          }
          sum.add(mine);
        });
    var putters = new Crew(kind);
    putters.start(
        producers,
        () -> {
          for (int i = 0; i < MESSAGES / producers; i++) {
            queue.put(1);
          }
        });
    putters.join();
    queue.close();
    takers.join();
    boolean counts = !peer.startsWith("without");
    if (sum.sum() != MESSAGES || queue.statistics().put() != (counts ? MESSAGES : 0)) {
      throw new IllegalStateException(
          "delivered " + sum + " of " + MESSAGES + ": " + queue.statistics());
    }
  }
}
