package org.morethreads.benchmarks;

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
 * One thread puts to several queues of one place in turn; the other waits for the first element of
 * any, a stop, or also a time, and answers through a queue: the time a round trip, in which every
 * select has to wait.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class SelectPingPong {
  static final int ROUNDS = 50_000;

  /** Kind of thread, queues. */
  @Param({"P 2", "V 2", "V 8"})
  public String crew = "";

  @Param({"stop", "stop+time"})
  public String waiting = "";

  @Param({"ours", "Jox", "Kotlin", "fanIn"})
  public String peer = "";

  @Benchmark
  @OperationsPerInvocation(ROUNDS)
  public void roundTrip() throws InterruptedException {
    String kind = crew.substring(0, 1);
    int queues = Integer.parseInt(crew.substring(2));
    boolean timed = waiting.equals("stop+time");
    if (!peer.equals("Kotlin")) {
      threads(kind, queues, timed);
    } else if (kind.equals("V")) {
      CoroutineSelects.pingPong(queues, ROUNDS, timed);
    } else {
      throw new IllegalStateException("coroutines are no platform threads; see the rows V");
    }
  }

  private void threads(String kind, int queues, boolean timed) throws InterruptedException {
    Choice there = Choice.of(peer, queues, 1, timed);
    Pipe back = Pipe.of(peer.equals("fanIn") ? "ABQ" : peer, 1);
    var crew = new Crew(kind);
    crew.start(
        1,
        () -> {
          for (int i = 0; i < ROUNDS; i++) {
            back.put(there.first());
          }
        });
    crew.start(
        1,
        () -> {
          for (int i = 0; i < ROUNDS; i++) {
            there.put(i % queues, i);
            if (back.take() != i) {
              throw new IllegalStateException("a wrong answer");
            }
          }
        });
    crew.join();
  }
}
