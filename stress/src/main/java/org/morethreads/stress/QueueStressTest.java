package org.morethreads.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.morethreads.queue.CloseableQueue;
import org.morethreads.queue.Offer;
import org.morethreads.queue.QueueClosedException;
import org.morethreads.sync.Signal;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/**
 * Queues publish, keep the order, and lose and double nothing, however put, take, close, poll and
 * interrupts meet (S2, Q2, Q3). A wake-up that is lost shows as a test that never ends.
 */
public final class QueueStressTest {
  private QueueStressTest() {}

  private static int orZero(@Nullable Integer element) {
    return element == null ? 0 : element;
  }

  /** Takes one element; 0 at the end of the queue. */
  private static int take(CloseableQueue<Integer> queue) {
    int[] taken = new int[1];
    Uninterrupted.run(() -> taken[0] = orZero(queue.poll(Signal.NEVER)));
    return taken[0];
  }

  /** Puts one element, waiting for room; answers 1, or 0 when the queue was closed. */
  private static int put(CloseableQueue<Integer> queue, int element) {
    int[] in = new int[1];
    Uninterrupted.run(() -> {
      try {
        queue.put(element);
        in[0] = 1;
      } catch (QueueClosedException e) {
        // not in
      }
    });
    return in[0];
  }

  /** What was written before a put is seen after the take. */
  @JCStressTest
  @Outcome(id = "7, 1", expect = ACCEPTABLE, desc = "Taken, and the write is visible.")
  @Outcome(expect = FORBIDDEN, desc = "r1: the element; r2: what its putter wrote before.")
  @State
  public static class Publication {
    private final CloseableQueue<Integer> queue = CloseableQueue.bounded("queue", 1);
    private int plain;

    @Actor
    public void putter() {
      plain = 1;
      put(queue, 7);
    }

    @Actor
    public void taker(II_Result result) {
      result.r1 = take(queue);
      result.r2 = plain;
    }
  }

  /**
   * The elements of one producer keep their order, also through a queue that is full in between.
   */
  @JCStressTest
  @Outcome(id = "1, 2, 3", expect = ACCEPTABLE, desc = "In the order in which they were put.")
  @Outcome(expect = FORBIDDEN, desc = "Out of order, lost or doubled.")
  @State
  public static class Order {
    private final CloseableQueue<Integer> queue = CloseableQueue.bounded("queue", 1);

    @Actor
    public void putter() {
      put(queue, 1);
      put(queue, 2);
      put(queue, 3);
    }

    @Actor
    public void taker(III_Result result) {
      result.r1 = take(queue);
      result.r2 = take(queue);
      result.r3 = take(queue);
    }
  }

  /** Two takers, two elements: each goes to one of them. */
  @JCStressTest
  @Outcome(
      id = {"1, 2", "2, 1"},
      expect = ACCEPTABLE,
      desc = "One each.")
  @Outcome(expect = FORBIDDEN, desc = "Lost or doubled.")
  @State
  public static class TwoTakers {
    private final CloseableQueue<Integer> queue = CloseableQueue.unbounded("queue");

    @Actor
    public void putter() {
      put(queue, 1);
      put(queue, 2);
    }

    @Actor
    public void one(II_Result result) {
      result.r1 = take(queue);
    }

    @Actor
    public void two(II_Result result) {
      result.r2 = take(queue);
    }
  }

  /** Two putters wait for the one place; both get it in the end. */
  @JCStressTest
  @Outcome(id = "1, 1, 3", expect = ACCEPTABLE, desc = "Both in; all three came out.")
  @Outcome(expect = FORBIDDEN, desc = "r1, r2: what the putters were told; r3: how many came out.")
  @State
  public static class TwoPutters {
    private final CloseableQueue<Integer> queue = CloseableQueue.bounded("queue", 1);

    public TwoPutters() {
      queue.offer(9);
    }

    @Actor
    public void one(III_Result result) {
      result.r1 = put(queue, 1);
    }

    @Actor
    public void two(III_Result result) {
      result.r2 = put(queue, 2);
    }

    @Actor
    public void taker(III_Result result) {
      for (int i = 0; i < 3; i++) {
        result.r3 += take(queue) > 0 ? 1 : 0;
      }
    }
  }

  /** An offer against closing: what it answers is what is inside. */
  @JCStressTest
  @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "Added, and inside.")
  @Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "Closed before, and not inside.")
  @Outcome(id = "1, 0", expect = FORBIDDEN, desc = "Lost.")
  @Outcome(id = "0, 1", expect = FORBIDDEN, desc = "Refused, and inside all the same.")
  @State
  public static class OfferAndClose {
    private final CloseableQueue<Integer> queue = CloseableQueue.bounded("queue", 1);

    @Actor
    public void putter(II_Result result) {
      result.r1 = queue.offer(1) == Offer.ADDED ? 1 : 0;
    }

    @Actor
    public void closer() {
      queue.close();
    }

    @Arbiter
    public void arbiter(II_Result result) {
      result.r2 = queue.drain().size();
    }
  }

  /** A put that waits for a place, a take that makes it, and closing. */
  @JCStressTest
  @Outcome(id = "1, 9, 1", expect = ACCEPTABLE, desc = "In, and left for others to take.")
  @Outcome(id = "0, 9, 0", expect = ACCEPTABLE, desc = "Closed before there was a place.")
  @Outcome(expect = FORBIDDEN, desc = "r1: whether it is in; r2: what was taken; r3: what is left.")
  @State
  public static class PutTakeClose {
    private final CloseableQueue<Integer> queue = CloseableQueue.bounded("queue", 1);

    public PutTakeClose() {
      queue.offer(9);
    }

    @Actor
    public void putter(III_Result result) {
      result.r1 = put(queue, 1);
    }

    @Actor
    public void taker(III_Result result) {
      result.r2 = orZero(queue.poll());
    }

    @Actor
    public void closer() {
      queue.close();
    }

    @Arbiter
    public void arbiter(III_Result result) {
      result.r3 = queue.drain().size();
    }
  }

  /** A taker that waits sees the element or the end, whichever way put and close meet. */
  @JCStressTest
  @Outcome(id = "1, 1, 0", expect = ACCEPTABLE, desc = "Put and taken.")
  @Outcome(id = "0, 0, 0", expect = ACCEPTABLE, desc = "Closed first: the end.")
  @Outcome(
      expect = FORBIDDEN,
      desc = "r1: whether it was put; r2: what was taken; r3: what is left.")
  @State
  public static class TakeAndClose {
    private final CloseableQueue<Integer> queue = CloseableQueue.unbounded("queue");

    @Actor
    public void putter(III_Result result) {
      result.r1 = queue.offer(1) == Offer.ADDED ? 1 : 0;
    }

    @Actor
    public void taker(III_Result result) {
      result.r2 = take(queue);
    }

    @Actor
    public void closer() {
      queue.close();
    }

    @Arbiter
    public void arbiter(III_Result result) {
      result.r3 = queue.drain().size();
    }
  }

  /** Nobody sees an outcome of the end before the signals that say so. */
  @JCStressTest
  @Outcome(id = "true, true", expect = ACCEPTABLE, desc = "Both signals had gone.")
  @Outcome(expect = FORBIDDEN, desc = "r1: closed, r2: drained, as who has just seen the end.")
  @State
  public static class EndAndSignals {
    private final CloseableQueue<Integer> queue = CloseableQueue.unbounded("queue");

    @Actor
    public void closer() {
      queue.close();
    }

    @Actor
    public void taker(ZZ_Result result) {
      take(queue);
      result.r1 = queue.closed().isSignalled();
      result.r2 = queue.drained().isSignalled();
    }
  }

  /** Work given back against the last take of a closed queue. */
  @JCStressTest
  @Outcome(id = "1, 1, 1", expect = ACCEPTABLE, desc = "Given back in time; one taken, one left.")
  @Outcome(id = "0, 1, 0", expect = ACCEPTABLE, desc = "The last one was taken: refused.")
  @Outcome(expect = FORBIDDEN, desc = "r1: whether it is in; r2: taken; r3: left.")
  @State
  public static class GiveBackAtTheEnd {
    private final CloseableQueue<Integer> queue = CloseableQueue.unbounded("queue");

    public GiveBackAtTheEnd() {
      queue.offer(1);
      queue.close();
    }

    @Actor
    public void giver(III_Result result) {
      try {
        queue.putForced(2);
        result.r1 = 1;
      } catch (QueueClosedException e) {
        result.r1 = 0;
      }
    }

    @Actor
    public void taker(III_Result result) {
      result.r2 = take(queue);
    }

    @Arbiter
    public void arbiter(III_Result result) {
      result.r3 = queue.drain().size();
    }
  }

  /**
   * An actor that another one interrupts, once. It does not return before the interrupt has come,
   * so that the thread goes back to jcstress without one.
   */
  private static final class Target {
    private volatile @Nullable Thread thread;
    private volatile boolean interrupted;

    /** Answers what the action answers, or 0 when it was interrupted. */
    int run(Interruptible action) {
      thread = Thread.currentThread();
      int outcome;
      try {
        outcome = action.run();
      } catch (InterruptedException e) {
        outcome = 0;
      }
      while (!interrupted) {
        Thread.onSpinWait();
      }
      Thread.interrupted();
      return outcome;
    }

    void interrupt() {
      Thread found = thread;
      while (found == null) {
        Thread.onSpinWait();
        found = thread;
      }
      found.interrupt();
      interrupted = true;
    }
  }

  private interface Interruptible {
    int run() throws InterruptedException;
  }

  /** A take that is interrupted while an element comes: one or the other. */
  @JCStressTest
  @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "Taken; the interrupt came later.")
  @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "Interrupted; the element is still there.")
  @Outcome(id = "0, 0", expect = FORBIDDEN, desc = "Lost.")
  @Outcome(id = "1, 1", expect = FORBIDDEN, desc = "Taken and still there.")
  @State
  public static class TakeAndInterrupt {
    private final CloseableQueue<Integer> queue = CloseableQueue.unbounded("queue");
    private final Target target = new Target();

    @Actor
    public void taker(II_Result result) {
      result.r1 = target.run(queue::take);
    }

    @Actor
    public void putter() {
      put(queue, 1);
    }

    @Actor
    public void interrupter() {
      target.interrupt();
    }

    @Arbiter
    public void arbiter(II_Result result) {
      result.r2 = queue.drain().size();
    }
  }

  /** A put that is interrupted while a place comes: in, or not. */
  @JCStressTest
  @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "In; the interrupt came later.")
  @Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "Interrupted, and not in.")
  @Outcome(id = "1, 0", expect = FORBIDDEN, desc = "Lost.")
  @Outcome(id = "0, 1", expect = FORBIDDEN, desc = "Interrupted, and in all the same.")
  @State
  public static class PutAndInterrupt {
    private final CloseableQueue<Integer> queue = CloseableQueue.bounded("queue", 1);
    private final Target target = new Target();

    public PutAndInterrupt() {
      queue.offer(9);
    }

    @Actor
    public void putter(II_Result result) {
      result.r1 =
          target.run(() -> {
            queue.put(1);
            return 1;
          });
    }

    @Actor
    public void taker() {
      queue.poll();
    }

    @Actor
    public void interrupter() {
      target.interrupt();
    }

    @Arbiter
    public void arbiter(II_Result result) {
      List<Integer> left = queue.drain();
      result.r2 = left.contains(1) ? 1 : 0;
    }
  }

  /**
   * The chance of a taker that is interrupted goes to the other one, which waits without a limit.
   */
  @JCStressTest
  @Outcome(id = "1, 0, 0", expect = ACCEPTABLE, desc = "The first took it; the second saw the end.")
  @Outcome(id = "0, 1, 0", expect = ACCEPTABLE, desc = "The second took it.")
  @Outcome(expect = FORBIDDEN, desc = "r1, r2: what the takers got; r3: what is left.")
  @State
  public static class InterruptedChance {
    private final CloseableQueue<Integer> queue = CloseableQueue.unbounded("queue");
    private final Target target = new Target();

    @Actor
    public void first(III_Result result) {
      result.r1 =
          target.run(() -> {
            try {
              return queue.take();
            } catch (QueueClosedException e) {
              return 0;
            }
          });
    }

    @Actor
    public void second(III_Result result) {
      result.r2 = take(queue);
    }

    @Actor
    public void putter() {
      put(queue, 1);
      queue.close();
    }

    @Actor
    public void interrupter() {
      target.interrupt();
    }

    @Arbiter
    public void arbiter(III_Result result) {
      result.r3 = queue.drain().size();
    }
  }
}
