package org.morethreads.benchmarks;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** Messages from producers to consumers: the time a message. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class QueueThroughput {
  static final int MESSAGES = 480_000;
  static final int CAPACITY = 1024;

  /** Kind of thread, producers, consumers. */
  @Param({"P 1-1", "P 2-2", "P 8-1", "P 1000-1", "V 1-1", "V 2-2", "V 8-1", "V 1000-1"})
  public String topology = "";

  @Param({
    "ours",
    "ours-until",
    "ours-drain",
    "ours-till",
    "ours-timed",
    "ABQ",
    "ABQ-drainTo",
    "ABQ-timed",
    "LBQ",
    "LTQ",
    "MPSC",
    "Jox",
    "Kotlin"
  })
  public String peer = "";

  @Benchmark
  @OperationsPerInvocation(MESSAGES)
  public void transfer() throws InterruptedException {
    String kind = topology.substring(0, 1);
    int dash = topology.indexOf('-');
    int producers = Integer.parseInt(topology.substring(2, dash));
    int consumers = Integer.parseInt(topology.substring(dash + 1));
    if (consumers > 1 && peer.equals("MPSC")) {
      throw new IllegalStateException("MPSC has one consumer only");
    }
    long arrived =
        peer.equals("Kotlin")
            ? coroutines(kind, producers, consumers)
            : threads(kind, producers, consumers);
    if (arrived != MESSAGES) {
      throw new IllegalStateException(peer + " delivered " + arrived + " of " + MESSAGES);
    }
  }

  private static long coroutines(String kind, int producers, int consumers) {
    if (!kind.equals("V")) {
      throw new IllegalStateException("coroutines are no platform threads; see the row V");
    }
    return Coroutines.transfer(producers, consumers, MESSAGES, CAPACITY);
  }

  private long threads(String kind, int producers, int consumers) throws InterruptedException {
    Pipe pipe = Pipe.of(peer, CAPACITY);
    var sum = new LongAdder();
    var takers = new Crew(kind);
    takers.start(consumers, () -> sum.add(pipe.consume(MESSAGES / consumers)));
    var putters = new Crew(kind);
    putters.start(
        producers,
        () -> {
          for (int i = 0; i < MESSAGES / producers; i++) {
            pipe.put(1);
          }
        });
    putters.join();
    pipe.end();
    takers.join();
    return sum.sum();
  }
}
