package org.morethreads.benchmarks;

import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.ThreadTree;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** Many threads that end at once: started, then all joined; the time for all of them. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class StartJoin {
  @Param({"1", "10000", "1000000"})
  public int threads;

  @Param({"ours", "startVirtualThread", "perTaskExecutor", "StructuredTaskScope", "Kotlin"})
  public String peer = "";

  /** One for all: programs have one. */
  private final ThreadTree tree = ThreadTree.open("benchmark");

  @Benchmark
  public long startAndJoin() throws Exception {
    return switch (peer) {
      case "ours" -> ours();
      case "startVirtualThread" -> bare();
      case "Kotlin" -> {
        Coroutines.launchAndJoin(threads);
        yield threads;
      }
      case "StructuredTaskScope" -> Structured.startAndJoin(threads);
      default -> executor();
    };
  }

  @TearDown
  public void close() {
    tree.close();
  }

  private long ours() throws Exception {
    long sum = 0;
    var started = new ManagedThread<?>[threads];
    for (int i = 0; i < threads; i++) {
      started[i] = tree.call("child", _ -> 1);
    }
    for (ManagedThread<?> each : started) {
      sum += (Integer) each.join();
    }
    return sum;
  }

  private long bare() throws InterruptedException {
    var started = new Thread[threads];
    for (int i = 0; i < threads; i++) {
      started[i] = Thread.startVirtualThread(() -> {});
    }
    for (Thread each : started) {
      each.join();
    }
    return threads;
  }

  private long executor() throws Exception {
    long sum = 0;
    try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
      var started = new Future<?>[threads];
      for (int i = 0; i < threads; i++) {
        started[i] = executor.submit(() -> 1);
      }
      for (Future<?> each : started) {
        sum += (Integer) each.get();
      }
    }
    return sum;
  }
}
