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

/**
 * Producers with a queue each, and one consumer that waits for the first element of any, a stop, or
 * also a time: the time a message.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class SelectFanIn {
  static final int MESSAGES = 240_000;
  static final int CAPACITY = 1024;

  /** Kind of thread, queues. */
  @Param({"P 2", "P 8", "V 2", "V 8"})
  public String crew = "";

  @Param({"stop", "stop+time"})
  public String waiting = "";

  @Param({"ours", "Jox", "Kotlin", "fanIn"})
  public String peer = "";

  @Benchmark
  @OperationsPerInvocation(MESSAGES)
  public void transfer() throws InterruptedException {
    String kind = crew.substring(0, 1);
    int queues = Integer.parseInt(crew.substring(2));
    boolean timed = waiting.equals("stop+time");
    long arrived =
        peer.equals("Kotlin")
            ? coroutines(kind, queues, timed)
            : threads(Choice.of(peer, queues, CAPACITY, timed), kind, queues);
    if (arrived != MESSAGES) {
      throw new IllegalStateException(peer + " delivered " + arrived + " of " + MESSAGES);
    }
  }

  private static long coroutines(String kind, int queues, boolean timed) {
    if (!kind.equals("V")) {
      throw new IllegalStateException("coroutines are no platform threads; see the rows V");
    }
    return CoroutineSelects.fanIn(queues, MESSAGES, CAPACITY, timed);
  }

  private static long threads(Choice choice, String kind, int queues) throws InterruptedException {
    var arrived = new LongAdder();
    var crew = new Crew(kind);
    crew.start(
        1,
        () -> {
          long sum = 0;
          for (int i = 0; i < MESSAGES; i++) {
            sum += choice.first();
          }
          arrived.add(sum);
        });
    for (int i = 0; i < queues; i++) {
      int queue = i;
      crew.start(
          1,
          () -> {
            for (int message = 0; message < MESSAGES / queues; message++) {
              choice.put(queue, 1);
            }
          });
    }
    crew.join();
    return arrived.sum();
  }
}
