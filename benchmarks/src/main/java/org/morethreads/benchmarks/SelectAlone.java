package org.morethreads.benchmarks;

import com.softwaremill.jox.Channel;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.morethreads.queue.CloseableQueue;
import org.morethreads.queue.Select;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** Selects that find something ready, one thread: nobody waits, nobody is woken. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class SelectAlone {
  static final int OPERATIONS = 1_000;

  /** A put to each queue in turn, and a select among all of them, a stop, or also a time. */
  @State(Scope.Thread)
  public static class Many {
    @Param({"2", "8"})
    public int queues;

    @Param({"stop", "stop+time"})
    public String waiting = "";

    @Param({"ours", "Jox", "Kotlin", "fanIn"})
    public String peer = "";
  }

  @Benchmark
  @OperationsPerInvocation(OPERATIONS)
  public long putThenSelect(Many many) throws InterruptedException {
    boolean timed = many.waiting.equals("stop+time");
    if (many.peer.equals("Kotlin")) {
      return CoroutineSelects.alone(many.queues, OPERATIONS, timed);
    }
    Choice choice = Choice.of(many.peer, many.queues, 1, timed);
    long sum = 0;
    for (int i = 0; i < OPERATIONS; i++) {
      choice.put(i % many.queues, 1);
      sum += choice.first();
    }
    return sum;
  }

  // ---- putting or taking, whichever can be done; then what was put is taken out again

  @Benchmark
  @OperationsPerInvocation(OPERATIONS)
  public long putOrTake__ours() throws InterruptedException {
    CloseableQueue<Integer> out = CloseableQueue.bounded("out", 1);
    CloseableQueue<Integer> in = CloseableQueue.bounded("in", 1);
    List<Select.Clause<Integer>> clauses = List.of(Select.put(out, 1, () -> 0), Select.take(in));
    long sum = 0;
    for (int i = 0; i < OPERATIONS; i++) {
      sum += Select.awaitFirst(clauses);
      sum += out.take();
    }
    return sum;
  }

  @Benchmark
  @OperationsPerInvocation(OPERATIONS)
  public long putOrTake__Jox() throws InterruptedException {
    Channel<Integer> out = Channel.newBufferedChannel(1);
    Channel<Integer> in = Channel.newBufferedChannel(1);
    long sum = 0;
    for (int i = 0; i < OPERATIONS; i++) {
      sum += com.softwaremill.jox.Select.select(out.sendClause(1, () -> 0), in.receiveClause());
      sum += out.receive();
    }
    return sum;
  }

  @Benchmark
  @OperationsPerInvocation(OPERATIONS)
  public long putOrTake__Kotlin() {
    return CoroutineSelects.sendOrReceive(OPERATIONS);
  }
}
