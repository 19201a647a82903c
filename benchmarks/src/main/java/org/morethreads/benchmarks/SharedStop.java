package org.morethreads.benchmarks;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.morethreads.sync.OpenSignal;
import org.morethreads.sync.Signal;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/**
 * K composites of one long-lived stop and an event of their own, each with an action; the events
 * fire in turn, and each makes way for a new composite: the time a round.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class SharedStop {
  @Param({"1", "100", "10000", "100000"})
  public int sharers;

  @Param({"ours", "anyOf"})
  public String peer = "";

  private int fired;
  private int next;
  private Runnable[] events = {};
  private final OpenSignal stop = Signal.create("stop");
  private final CompletableFuture<@Nullable Void> stopFuture = new CompletableFuture<>();

  @Setup
  public void compose() {
    events = new Runnable[sharers];
    for (int i = 0; i < sharers; i++) {
      events[i] = composed();
    }
  }

  private Runnable composed() {
    return peer.equals("ours") ? composedSignal() : composedFuture();
  }

  private Runnable composedSignal() {
    OpenSignal own = Signal.create("own");
    stop.or(own).then(() -> fired++);
    return own::go;
  }

  private Runnable composedFuture() {
    var own = new CompletableFuture<@Nullable Void>();
    var _ = CompletableFuture.anyOf(stopFuture, own).thenRun(() -> fired++);
    return () -> own.complete(null);
  }

  @Benchmark
  public int round() {
    events[next].run();
    events[next] = composed();
    next = next + 1 == sharers ? 0 : next + 1;
    return fired;
  }
}
