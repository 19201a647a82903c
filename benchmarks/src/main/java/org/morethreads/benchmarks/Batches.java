package org.morethreads.benchmarks;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.morethreads.thread.ThreadTree;
import org.morethreads.work.BatchingQueue;

/** What gathers elements into batches of at most a size and an age, for a sink. */
abstract class Batches {
  static final int SIZE = 100;

  /** As many as wait without further settings: twice the size of a batch. */
  static final int CAPACITY = 2 * SIZE;

  /** Makes one by the name of the peer, with a thread of the kind. */
  static Batches of(String peer, String kind, Duration age, Consumer<List<Integer>> sink) {
    return switch (peer) {
      case "ours" -> new Ours(kind, age, sink);
      case "ABQ-drainTo" -> new DrainTo(kind, age, sink);
      default -> throw new IllegalArgumentException("no peer is called " + peer);
    };
  }

  abstract void put(Integer element) throws InterruptedException;

  /** Ends when the sink has had everything. */
  abstract void end() throws InterruptedException;

  private static final class Ours extends Batches {
    private final ThreadTree tree = ThreadTree.open("benchmark");
    private final BatchingQueue<Integer> queue;

    Ours(String kind, Duration age, Consumer<List<Integer>> sink) {
      BatchingQueue.Builder<Integer> builder =
          BatchingQueue.<Integer>named("batches").size(SIZE).maximumAge(age);
      queue = (kind.equals("V") ? builder : builder.platform()).start(sink::accept);
    }

    @Override
    void put(Integer element) throws InterruptedException {
      queue.put(element);
    }

    @Override
    void end() {
      queue.close();
      tree.close();
    }
  }

  /** What one writes with the JDK alone. Takes what is there at once, and waits for the rest. */
  private static final class DrainTo extends Batches {
    /** Behind all others: the end. */
    private static final Integer END = -1;

    private final ArrayBlockingQueue<Integer> queue = new ArrayBlockingQueue<>(CAPACITY);
    private final Crew forwarder;

    DrainTo(String kind, Duration age, Consumer<List<Integer>> sink) {
      forwarder = new Crew(kind);
      forwarder.start(1, () -> forward(age.toNanos(), sink));
    }

    private void forward(long age, Consumer<List<Integer>> sink) throws InterruptedException {
      for (boolean more = true; more; ) {
        List<Integer> batch = new ArrayList<>(SIZE);
        batch.add(queue.take());
        long due = System.nanoTime() + age;
        queue.drainTo(batch, SIZE - batch.size());
        while (batch.size() < SIZE && batch.getLast() >= 0) {
          @Nullable Integer next = queue.poll(due - System.nanoTime(), TimeUnit.NANOSECONDS);
          if (next == null) {
            break;
          }
          batch.add(next);
          queue.drainTo(batch, SIZE - batch.size());
        }
        more = batch.getLast() >= 0;
        if (!more) {
          batch.removeLast();
        }
        if (!batch.isEmpty()) {
          sink.accept(batch);
        }
      }
    }

    @Override
    void put(Integer element) throws InterruptedException {
      queue.put(element);
    }

    @Override
    void end() throws InterruptedException {
      queue.put(END);
      forwarder.join();
    }
  }
}
