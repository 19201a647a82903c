package org.morethreads.benchmarks;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import jdk.jfr.Recording;
import org.jspecify.annotations.Nullable;
import org.morethreads.profiling.ThreadEvents;
import org.morethreads.queue.CloseableQueue;
import org.morethreads.sync.Lock;
import org.morethreads.sync.OpenSignal;
import org.morethreads.sync.Signal;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.ThreadBuilder;
import org.morethreads.thread.ThreadTree;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * What it costs that threads can be observed: everything that has a place where observers are told,
 * and some that have none. Run in a build {@linkplain WithoutHooks without these places}, in the
 * same once more, to see by how much two runs of one thing differ; in the build as it is while
 * nobody observes; and while Flight Recorder records as for a profile.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class Overhead {
  /** Each is run in a JVM of its own, beside its peers. */
  static final List<String> PEERS = List.of("without", "without-again", "off", "on");

  static final int THREADS = 1_000;
  static final int PLATFORM_THREADS = 50;
  static final int TURNS = 2_000;

  @Param({"without", "without-again", "off", "on"})
  public String peer = "";

  private final ThreadTree tree = ThreadTree.open("benchmark");
  private final CloseableQueue<Integer> queue = CloseableQueue.bounded("queue", 16);
  private final Lock lock = Lock.create("lock");
  private @Nullable Recording recording;
  private int turn;

  /** The names of all benchmarks. */
  static List<String> methods() {
    return Stream.of(Overhead.class.getDeclaredMethods())
        .filter(method -> method.isAnnotationPresent(Benchmark.class))
        .map(java.lang.reflect.Method::getName)
        .sorted()
        .toList();
  }

  @Setup
  public void begin() throws IOException {
    if (hasHooks() == peer.startsWith("without")) {
      throw new IllegalStateException(peer + ": this is the wrong build of core");
    }
    if (peer.equals("on")) {
      recording = record();
    }
  }

  private static boolean hasHooks() throws IOException {
    try (InputStream in =
        Objects.requireNonNull(
            ManagedThread.class.getResourceAsStream(
                "/org/morethreads/internal/Surroundings.class"))) {
      return new String(in.readAllBytes(), StandardCharsets.ISO_8859_1)
          .contains("org/morethreads/internal/Observer");
    }
  }

  /** The settings of a profiler that is told nothing; what it records is thrown away. */
  private static Recording record() {
    ThreadEvents.enable();
    Recording begun = new Recording();
    begun.setToDisk(true);
    begun.setMaxSize(100_000_000);
    begun.enable("jdk.CPUTimeSample").with("throttle", "10ms");
    begun.enable("jdk.CPUTimeSamplesLost");
    begun.enable("jdk.ExecutionSample").withPeriod(Duration.ofMillis(10));
    begun.enable("org.morethreads.Wait").withThreshold(Duration.ofMillis(10));
    begun.start();
    return begun;
  }

  @TearDown
  public void end() {
    tree.close();
    if (recording != null) {
      recording.close();
    }
  }

  // ---- threads

  @Benchmark
  @OperationsPerInvocation(THREADS)
  public long startJoinVirtual() throws Exception {
    return startAndJoin(THREADS, tree.named("child"));
  }

  @Benchmark
  @OperationsPerInvocation(PLATFORM_THREADS)
  public long startJoinPlatform() throws Exception {
    return startAndJoin(PLATFORM_THREADS, tree.named("child").platform());
  }

  private static long startAndJoin(int count, ThreadBuilder builder) throws Exception {
    long sum = 0;
    var started = new ManagedThread<?>[count];
    for (int i = 0; i < count; i++) {
      started[i] = builder.call(_ -> 1);
    }
    for (ManagedThread<?> each : started) {
      sum += (Integer) each.join();
    }
    return sum;
  }

  /** Each waits until it is told to stop. */
  @Benchmark
  @OperationsPerInvocation(THREADS)
  public void startStopJoinVirtual() throws Exception {
    var started = new ManagedThread<?>[THREADS];
    for (int i = 0; i < THREADS; i++) {
      started[i] = tree.run("child", Signal::await);
    }
    for (ManagedThread<?> each : started) {
      each.stop();
    }
    for (ManagedThread<?> each : started) {
      each.join();
    }
  }

  // ---- two threads that wait for each other: the time a round trip

  private void inTurns(boolean virtual, ManagedThread.Task one, ManagedThread.Task other)
      throws Exception {
    ManagedThread<?> first = crew(virtual, "one").run(one);
    ManagedThread<?> second = crew(virtual, "other").run(other);
    first.join();
    second.join();
  }

  private ThreadBuilder crew(boolean virtual, String name) {
    ThreadBuilder builder = tree.named(name);
    return virtual ? builder : builder.platform();
  }

  @Benchmark
  @OperationsPerInvocation(TURNS)
  public void signalTurnsVirtual() throws Exception {
    signalTurns(true);
  }

  @Benchmark
  @OperationsPerInvocation(TURNS)
  public void signalTurnsPlatform() throws Exception {
    signalTurns(false);
  }

  private void signalTurns(boolean virtual) throws Exception {
    var there = new OpenSignal[TURNS];
    Arrays.setAll(there, _ -> Signal.create("there"));
    var back = new OpenSignal[TURNS];
    Arrays.setAll(back, _ -> Signal.create("back"));
    inTurns(
        virtual,
        _ -> {
          for (int i = 0; i < TURNS; i++) {
            there[i].go();
            back[i].await();
          }
        },
        _ -> {
          for (int i = 0; i < TURNS; i++) {
            there[i].await();
            back[i].go();
          }
        });
  }

  @Benchmark
  @OperationsPerInvocation(TURNS)
  public void queueTurnsVirtual() throws Exception {
    queueTurns(true);
  }

  @Benchmark
  @OperationsPerInvocation(TURNS)
  public void queueTurnsPlatform() throws Exception {
    queueTurns(false);
  }

  private void queueTurns(boolean virtual) throws Exception {
    var there = CloseableQueue.<Integer>bounded("there", 1);
    var back = CloseableQueue.<Integer>bounded("back", 1);
    inTurns(
        virtual,
        _ -> {
          for (int i = 0; i < TURNS; i++) {
            there.put(i);
            back.take();
          }
        },
        _ -> {
          for (int i = 0; i < TURNS; i++) {
            back.put(there.take());
          }
        });
  }

  @Benchmark
  @OperationsPerInvocation(TURNS)
  public void lockTurnsVirtual() throws Exception {
    lockTurns(true);
  }

  @Benchmark
  @OperationsPerInvocation(TURNS)
  public void lockTurnsPlatform() throws Exception {
    lockTurns(false);
  }

  private void lockTurns(boolean virtual) throws Exception {
    turn = 0;
    inTurns(virtual, _ -> takeTurns(0), _ -> takeTurns(1));
  }

  private void takeTurns(int mine) throws InterruptedException {
    for (int i = 0; i < TURNS; i++) {
      try (var held = lock.acquire()) {
        while (turn != mine) {
          held.await();
        }
        turn = 1 - mine;
      }
    }
  }

  // ---- one thread, which never waits: nobody is told of anything

  @Benchmark
  public int queueAlone() throws InterruptedException {
    queue.put(1);
    return queue.take();
  }

  @Benchmark
  public int lockAlone() throws InterruptedException {
    try (var _ = lock.acquire()) {
      return turn;
    }
  }
}
