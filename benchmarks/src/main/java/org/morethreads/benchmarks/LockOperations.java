package org.morethreads.benchmarks;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.morethreads.sync.Lock;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Threads;

/** Acquire and release, alone and by two threads at once. What follows {@code __} is the peer. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class LockOperations {
  private final Lock ours = Lock.create("benchmark");
  private final ReentrantLock reentrant = new ReentrantLock();
  private long count;

  @Benchmark
  public long alone__ours() throws InterruptedException {
    try (var _ = ours.acquire()) {
      return ++count;
    }
  }

  @Benchmark
  public long alone__ReentrantLock() {
    reentrant.lock();
    try {
      return ++count;
    } finally {
      reentrant.unlock();
    }
  }

  @Benchmark
  @Threads(2)
  public long contended__ours() throws InterruptedException {
    try (var _ = ours.acquire()) {
      return ++count;
    }
  }

  @Benchmark
  @Threads(2)
  public long contended__ReentrantLock() {
    reentrant.lock();
    try {
      return ++count;
    } finally {
      reentrant.unlock();
    }
  }
}
