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

/** Two threads that answer each other through two queues of one place: the time a round trip. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class QueuePingPong {
  static final int ROUNDS = 50_000;

  @Param({"P", "V"})
  public String kind = "";

  @Param({"ours", "ABQ", "LBQ", "LTQ", "Jox", "Kotlin"})
  public String peer = "";

  @Benchmark
  @OperationsPerInvocation(ROUNDS)
  public void roundTrip() throws InterruptedException {
    if (peer.equals("Kotlin")) {
      if (!kind.equals("V")) {
        throw new IllegalStateException("coroutines are no platform threads; see the row V");
      }
      Coroutines.pingPong(ROUNDS);
      return;
    }
    Pipe there = Pipe.of(peer, 1);
    Pipe back = Pipe.of(peer, 1);
    var crew = new Crew(kind);
    crew.start(
        1,
        () -> {
          for (int i = 0; i < ROUNDS; i++) {
            back.put(there.take());
          }
        });
    crew.start(
        1,
        () -> {
          for (int i = 0; i < ROUNDS; i++) {
            there.put(i);
            if (back.take() != i) {
              throw new IllegalStateException("a wrong answer");
            }
          }
        });
    crew.join();
  }
}
