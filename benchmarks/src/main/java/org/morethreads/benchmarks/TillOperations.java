package org.morethreads.benchmarks;

import java.time.Duration;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.TimeUnit;
import org.morethreads.sync.OpenSignal;
import org.morethreads.sync.Signal;
import org.morethreads.sync.Till;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/**
 * Time-outs that are made and mostly not needed, one thread. What follows {@code __} is the peer.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class TillOperations {
  private static final Duration HOUR = Duration.ofHours(1);
  private final OpenSignal stop = Signal.create("stop");

  @Benchmark
  public Till createAbandon__ours() {
    return Till.after(HOUR);
  }

  @Benchmark
  public boolean createAbandon__FJPschedule() {
    var timer = ForkJoinPool.commonPool().schedule(() -> {}, 1, TimeUnit.HOURS);
    return timer.cancel(false);
  }

  @Benchmark
  public long createAbandon__nanoTime() {
    return System.nanoTime();
  }

  @Benchmark
  public boolean createCheck__ours() {
    return Till.after(HOUR).isSignalled();
  }

  @Benchmark
  public boolean createOrCheck__ours() {
    return stop.or(Till.after(HOUR)).isSignalled();
  }
}
