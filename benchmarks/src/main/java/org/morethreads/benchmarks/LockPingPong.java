package org.morethreads.benchmarks;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.morethreads.sync.Lock;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** Two threads that take turns under one lock, waiting for each other: the time a round trip. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class LockPingPong {
  static final int ROUNDS = 50_000;

  @Param({"P", "V"})
  public String kind = "";

  @Param({"ours", "ReentrantLock"})
  public String peer = "";

  private int turn;

  @Benchmark
  @OperationsPerInvocation(ROUNDS)
  public void roundTrip() throws InterruptedException {
    turn = 0;
    var crew = new Crew(kind);
    if (peer.equals("ours")) {
      Lock lock = Lock.create("benchmark");
      crew.start(1, () -> takeTurns(lock, 0));
      crew.start(1, () -> takeTurns(lock, 1));
    } else {
      var lock = new ReentrantLock();
      Condition changed = lock.newCondition();
      crew.start(1, () -> takeTurns(lock, changed, 0));
      crew.start(1, () -> takeTurns(lock, changed, 1));
    }
    crew.join();
  }

  private void takeTurns(Lock lock, int mine) throws InterruptedException {
    for (int i = 0; i < ROUNDS; i++) {
      try (var held = lock.acquire()) {
        while (turn != mine) {
          held.await();
        }
        turn = 1 - mine;
      }
    }
  }

  private void takeTurns(ReentrantLock lock, Condition changed, int mine)
      throws InterruptedException {
    for (int i = 0; i < ROUNDS; i++) {
      lock.lock();
      try {
        while (turn != mine) {
          changed.await();
        }
        turn = 1 - mine;
        changed.signal();
      } finally {
        lock.unlock();
      }
    }
  }
}
