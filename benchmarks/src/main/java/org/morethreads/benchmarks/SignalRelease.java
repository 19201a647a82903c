package org.morethreads.benchmarks;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.morethreads.sync.OpenSignal;
import org.morethreads.sync.Signal;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** From the event to the last of many virtual threads that waited for it. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class SignalRelease {
  @Param({"100", "10000"})
  public int waiters;

  @Param({"ours", "CountDownLatch", "CompletableFuture", "Kotlin"})
  public String peer = "";

  private Runnable event = () -> {};
  private final AtomicInteger left = new AtomicInteger();
  private volatile @Nullable Thread watcher;

  @Setup(Level.Invocation)
  public void prepare() {
    left.set(waiters);
    if (peer.equals("Kotlin")) {
      event = Coroutines.awaitEvent(waiters, this::countDown);
    } else {
      park();
    }
    watcher = Thread.currentThread();
  }

  private void countDown() {
    if (left.decrementAndGet() == 0) {
      LockSupport.unpark(watcher);
    }
  }

  private void park() {
    Crew.Work wait =
        switch (peer) {
          case "ours" -> {
            OpenSignal signal = Signal.create("event");
            event = signal::go;
            yield signal::await;
          }
          case "CountDownLatch" -> {
            var latch = new CountDownLatch(1);
            event = latch::countDown;
            yield latch::await;
          }
          default -> {
            var future = new CompletableFuture<@Nullable Void>();
            event = () -> future.complete(null);
            yield future::join;
          }
        };
    var threads = new Thread[waiters];
    for (int i = 0; i < waiters; i++) {
      threads[i] =
          Thread.startVirtualThread(() -> {
            try {
              wait.run();
            } catch (InterruptedException e) {
              throw new IllegalStateException(e);
            }
            countDown();
          });
    }
    for (Thread thread : threads) {
      while (thread.getState() != Thread.State.WAITING) {
        Thread.onSpinWait();
      }
    }
  }

  @Benchmark
  public void release() {
    event.run();
    while (left.get() > 0) {
      LockSupport.park();
    }
  }
}
