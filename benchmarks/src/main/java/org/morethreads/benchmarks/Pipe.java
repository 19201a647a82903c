package org.morethreads.benchmarks;

import com.softwaremill.jox.Channel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.TimeUnit;
import org.jctools.queues.MpscBlockingConsumerArrayQueue;
import org.jspecify.annotations.Nullable;
import org.morethreads.queue.CloseableQueue;
import org.morethreads.sync.Signal;

/** A queue of one of the peers, and the way in which it is used. */
abstract class Pipe {
  /** What a call with a time may take at most; none comes near it. */
  private static final int LIMIT_SECONDS = 60;

  /** Makes a pipe by the name of the peer. */
  static Pipe of(String peer, int capacity) {
    return switch (peer) {
      case "ours" -> new Ours(capacity);
      case "ours-until" -> new OursUntil(capacity);
      case "ours-drain" -> new OursDrain(capacity);
      case "ours-till" -> new OursTill(capacity);
      case "ours-timed" -> new OursTimed(capacity);
      case "ABQ" -> new Jdk(new ArrayBlockingQueue<>(capacity));
      case "ABQ-drainTo" -> new JdkDrain(new ArrayBlockingQueue<>(capacity), capacity);
      case "ABQ-timed" -> new JdkTimed(new ArrayBlockingQueue<>(capacity));
      case "LBQ" -> new Jdk(new LinkedBlockingQueue<>(capacity));
      case "LTQ" -> new Jdk(new LinkedTransferQueue<>());
      case "MPSC" -> new Jdk(new MpscBlockingConsumerArrayQueue<>(Math.max(2, capacity)));
      case "Jox" -> new Jox(capacity);
      default -> throw new IllegalArgumentException("no peer is called " + peer);
    };
  }

  abstract void put(Integer element) throws InterruptedException;

  abstract Integer take() throws InterruptedException;

  /** Takes this consumer's share; answers the sum, so that nothing is optimized away. */
  long consume(int count) throws InterruptedException {
    long sum = 0;
    for (int i = 0; i < count; i++) {
      sum += take();
    }
    return sum;
  }

  /** All producers have ended. */
  void end() {}

  private static class Ours extends Pipe {
    final CloseableQueue<Integer> queue;

    Ours(int capacity) {
      queue = CloseableQueue.bounded("benchmark", capacity);
    }

    @Override
    void put(Integer element) throws InterruptedException {
      queue.put(element);
    }

    @Override
    Integer take() throws InterruptedException {
      return queue.take();
    }

    @Override
    void end() {
      queue.close();
    }
  }

  private static final class OursUntil extends Ours {
    private final Signal stop = Signal.create("stop");

    OursUntil(int capacity) {
      super(capacity);
    }

    @Override
    long consume(int count) {
      long sum = 0;
      for (Integer element : queue.until(stop)) {
        sum += element;
      }
      return sum;
    }
  }

  /** Every call may be ended by a signal, which does not go. */
  private static final class OursTill extends Ours {
    private final Signal stop = Signal.create("stop");

    OursTill(int capacity) {
      super(capacity);
    }

    @Override
    void put(Integer element) throws InterruptedException {
      check(queue.put(element, stop));
    }

    @Override
    Integer take() throws InterruptedException {
      return checked(queue.poll(stop));
    }
  }

  /** Every call may be ended by a time, which does not come. */
  private static final class OursTimed extends Ours {
    private static final Duration LIMIT = Duration.ofSeconds(LIMIT_SECONDS);

    OursTimed(int capacity) {
      super(capacity);
    }

    @Override
    void put(Integer element) throws InterruptedException {
      check(queue.put(element, LIMIT));
    }

    @Override
    Integer take() throws InterruptedException {
      return checked(queue.poll(LIMIT));
    }
  }

  private static void check(boolean wasPut) {
    if (!wasPut) {
      throw new IllegalStateException("an element was not put in time");
    }
  }

  private static Integer checked(@Nullable Integer element) {
    if (element == null) {
      throw new IllegalStateException("no element came in time");
    }
    return element;
  }

  private static final class OursDrain extends Ours {
    OursDrain(int capacity) {
      super(capacity);
    }

    @Override
    long consume(int count) {
      long sum = 0;
      List<Integer> batch = new ArrayList<>(1024);
      for (Integer first : queue) {
        sum += first;
        queue.drain(batch);
        sum += sumAndClear(batch);
      }
      return sum;
    }
  }

  private static long sumAndClear(List<Integer> batch) {
    long sum = 0;
    for (Integer each : batch) {
      sum += each;
    }
    batch.clear();
    return sum;
  }

  private static class Jdk extends Pipe {
    final BlockingQueue<Integer> queue;

    Jdk(BlockingQueue<Integer> queue) {
      this.queue = queue;
    }

    @Override
    void put(Integer element) throws InterruptedException {
      queue.put(element);
    }

    @Override
    Integer take() throws InterruptedException {
      return queue.take();
    }
  }

  /** As {@link OursTimed}. */
  private static final class JdkTimed extends Jdk {
    JdkTimed(BlockingQueue<Integer> queue) {
      super(queue);
    }

    @Override
    void put(Integer element) throws InterruptedException {
      check(queue.offer(element, LIMIT_SECONDS, TimeUnit.SECONDS));
    }

    @Override
    Integer take() throws InterruptedException {
      return checked(queue.poll(LIMIT_SECONDS, TimeUnit.SECONDS));
    }
  }

  private static final class JdkDrain extends Jdk {
    private final int most;

    JdkDrain(BlockingQueue<Integer> queue, int most) {
      super(queue);
      this.most = most;
    }

    @Override
    long consume(int count) throws InterruptedException {
      long sum = 0;
      List<Integer> batch = new ArrayList<>(most);
      for (int left = count; left > 0; ) {
        sum += queue.take();
        left -= 1 + queue.drainTo(batch, Math.min(most, left - 1));
        sum += sumAndClear(batch);
      }
      return sum;
    }
  }

  private static final class Jox extends Pipe {
    private final Channel<Integer> channel;

    Jox(int capacity) {
      channel = Channel.newBufferedChannel(capacity);
    }

    @Override
    void put(Integer element) throws InterruptedException {
      channel.send(element);
    }

    @Override
    Integer take() throws InterruptedException {
      return channel.receive();
    }
  }
}
