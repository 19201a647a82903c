package org.morethreads.benchmarks;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import kotlin.Unit;
import kotlinx.coroutines.CompletableDeferred;
import kotlinx.coroutines.CompletableDeferredKt;
import org.jspecify.annotations.Nullable;
import org.morethreads.sync.OpenSignal;
import org.morethreads.sync.Signal;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** One-shot events, one thread. What follows {@code __} is the peer. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class SignalOperations {
  private int ran;
  private final Signal done = Signal.DONE;
  private final CompletableFuture<@Nullable Void> completed =
      CompletableFuture.completedFuture(null);
  private final CompletableDeferred<Unit> completedDeferred =
      CompletableDeferredKt.CompletableDeferred(Unit.INSTANCE);

  @Benchmark
  public boolean createGoCheck__ours() {
    OpenSignal signal = Signal.create("s");
    signal.go();
    return signal.isSignalled();
  }

  @Benchmark
  public boolean createGoCheck__CompletableFuture() {
    var future = new CompletableFuture<@Nullable Void>();
    future.complete(null);
    return future.isDone();
  }

  @Benchmark
  public boolean createGoCheck__Kotlin() {
    CompletableDeferred<Unit> deferred = CompletableDeferredKt.CompletableDeferred(null);
    deferred.complete(Unit.INSTANCE);
    return deferred.isCompleted();
  }

  @Benchmark
  public int createThenGo__ours() {
    OpenSignal signal = Signal.create("s");
    signal.then(() -> ran++);
    signal.go();
    return ran;
  }

  @Benchmark
  public int createThenGo__CompletableFuture() {
    var future = new CompletableFuture<@Nullable Void>();
    var _ = future.thenRun(() -> ran++);
    future.complete(null);
    return ran;
  }

  @Benchmark
  public int createThenGo__Kotlin() {
    CompletableDeferred<Unit> deferred = CompletableDeferredKt.CompletableDeferred(null);
    deferred.invokeOnCompletion(_ -> {
      ran++;
      return Unit.INSTANCE;
    });
    deferred.complete(Unit.INSTANCE);
    return ran;
  }

  @Benchmark
  public boolean orGoCheck__ours() {
    OpenSignal a = Signal.create("a");
    OpenSignal b = Signal.create("b");
    Signal either = a.or(b);
    b.go();
    return either.isSignalled();
  }

  @Benchmark
  public boolean orGoCheck__CompletableFuture() {
    var a = new CompletableFuture<@Nullable Void>();
    var b = new CompletableFuture<@Nullable Void>();
    var either = CompletableFuture.anyOf(a, b);
    b.complete(null);
    return either.isDone();
  }

  @Benchmark
  public int orThenGo__ours() {
    OpenSignal a = Signal.create("a");
    OpenSignal b = Signal.create("b");
    a.or(b).then(() -> ran++);
    b.go();
    return ran;
  }

  @Benchmark
  public int orThenGo__CompletableFuture() {
    var a = new CompletableFuture<@Nullable Void>();
    var b = new CompletableFuture<@Nullable Void>();
    var _ = CompletableFuture.anyOf(a, b).thenRun(() -> ran++);
    b.complete(null);
    return ran;
  }

  @Benchmark
  public boolean checkDone__ours() {
    return done.isSignalled();
  }

  @Benchmark
  public boolean checkDone__Kotlin() {
    return completedDeferred.isCompleted();
  }

  @Benchmark
  public boolean checkDone__CompletableFuture() {
    return completed.isDone();
  }
}
