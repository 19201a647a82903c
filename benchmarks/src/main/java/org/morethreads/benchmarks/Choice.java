package org.morethreads.benchmarks;

import com.softwaremill.jox.Channel;
import com.softwaremill.jox.SelectClause;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.morethreads.queue.CloseableQueue;
import org.morethreads.queue.Select;
import org.morethreads.sync.Signal;

/**
 * Several queues, a signal that ends it all and perhaps a time; whoever waits, waits for the first
 * of these.
 */
abstract class Choice {
  private static final Duration MINUTE = Duration.ofMinutes(1);

  /** Makes one by the name of the peer. */
  static Choice of(String peer, int queues, int capacity, boolean timed) {
    return switch (peer) {
      case "ours" -> new Ours(queues, capacity, timed);
      case "Jox" -> new Jox(queues, capacity, timed);
      case "fanIn" -> new FanIn(queues, capacity, timed);
      default -> throw new IllegalArgumentException("no peer is called " + peer);
    };
  }

  abstract void put(int queue, Integer element) throws InterruptedException;

  /** Waits for the first. */
  abstract Integer first() throws InterruptedException;

  private static final class Ours extends Choice {
    private final List<CloseableQueue<Integer>> queues = new ArrayList<>();
    private final List<Select.Clause<Integer>> clauses;

    Ours(int count, int capacity, boolean timed) {
      List<Select.Clause<Integer>> all = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        CloseableQueue<Integer> queue = CloseableQueue.bounded("in", capacity);
        queues.add(queue);
        all.add(Select.take(queue));
      }
      all.add(
          Select.until(
              Signal.create("stop"),
              () -> {
                throw new IllegalStateException("nobody stops it");
              }));
      if (timed) {
        all.add(
            Select.after(
                MINUTE,
                () -> {
                  throw new IllegalStateException("nothing came for a minute");
                }));
      }
      clauses = List.copyOf(all);
    }

    @Override
    void put(int queue, Integer element) throws InterruptedException {
      queues.get(queue).put(element);
    }

    @Override
    Integer first() throws InterruptedException {
      return Select.awaitFirst(clauses);
    }
  }

  /** Has no signals: a channel to which nothing is sent stands for the stop. */
  private static final class Jox extends Choice {
    private final List<Channel<Integer>> channels = new ArrayList<>();
    private final Channel<Integer> stop = Channel.newBufferedChannel(1);
    private final boolean timed;

    Jox(int count, int capacity, boolean timed) {
      for (int i = 0; i < count; i++) {
        channels.add(Channel.newBufferedChannel(capacity));
      }
      this.timed = timed;
    }

    @Override
    void put(int queue, Integer element) throws InterruptedException {
      channels.get(queue).send(element);
    }

    @Override
    Integer first() throws InterruptedException {
      @SuppressWarnings({"unchecked", "rawtypes"}) // an array of a generic type
      SelectClause<Integer>[] clauses = new SelectClause[channels.size() + 1];
      for (int i = 0; i < channels.size(); i++) {
        clauses[i] = channels.get(i).receiveClause();
      }
      clauses[channels.size()] = stop.receiveClause();
      if (!timed) {
        return com.softwaremill.jox.Select.select(clauses);
      }
      try {
        return com.softwaremill.jox.Select.selectWithin(MINUTE, clauses);
      } catch (TimeoutException e) {
        throw new IllegalStateException("nothing came for a minute", e);
      }
    }
  }

  /**
   * What one writes with the JDK alone: all producers put into one queue, and say which they are.
   * It is no select: the producers must know, a full queue makes all of them wait, the stop is an
   * element behind all others, and nothing can be put.
   */
  private static final class FanIn extends Choice {
    private final BlockingQueue<Tagged> queue;
    private final boolean timed;

    private record Tagged(int source, Integer element) {}

    FanIn(int count, int capacity, boolean timed) {
      queue = new ArrayBlockingQueue<>(count * capacity);
      this.timed = timed;
    }

    @Override
    void put(int source, Integer element) throws InterruptedException {
      queue.put(new Tagged(source, element));
    }

    @Override
    Integer first() throws InterruptedException {
      Tagged next =
          timed
              ? Objects.requireNonNull(queue.poll(1, TimeUnit.MINUTES), "nothing came")
              : queue.take();
      if (next.source() < 0) {
        throw new IllegalStateException("nobody stops it");
      }
      return next.element();
    }
  }
}
