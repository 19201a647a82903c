package org.morethreads.benchmarks.memory;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntFunction;
import org.morethreads.queue.CloseablePriorityQueue;
import org.morethreads.queue.CloseableQueue;
import org.morethreads.sync.Lock;
import org.morethreads.sync.OpenSignal;
import org.morethreads.sync.Progress;
import org.morethreads.sync.Signal;
import org.morethreads.sync.Till;

/**
 * Something that is made many times, and whose size is asked for.
 *
 * @param what what it is
 * @param who whose it is
 * @param scale so many fewer are made
 * @param many makes some; what it returns keeps them, by one reference each at most
 */
record Thing(String what, String who, int scale, IntFunction<Object> many) {
  private static final Duration HOUR = Duration.ofHours(1);

  @SuppressWarnings("UnnecessaryLambda") // one for all: it is no part of the thing
  private static final Runnable ACTION = () -> {};

  private static final Integer ELEMENT = 1;

  /** Made one by one, each kept by one reference. */
  private static Thing each(String what, String who, java.util.function.Supplier<Object> one) {
    return new Thing(
        what,
        who,
        1,
        count -> {
          var all = new Object[count];
          for (int i = 0; i < count; i++) {
            all[i] = one.get();
          }
          return all;
        });
  }

  private static Thing fewer(int times, Thing thing) {
    return new Thing(thing.what, thing.who, times, thing.many);
  }

  /** A reference each, which is no part of the thing. */
  private static Object[] array(int count) {
    return new Object[count];
  }

  @SuppressWarnings("FutureReturnValueIgnored") // they are kept, and never complete
  static List<Thing> all() {
    List<Thing> things = new ArrayList<>();
    OpenSignal a = Signal.create("a");
    OpenSignal b = Signal.create("b");
    var future = new CompletableFuture<Object>();
    var other = new CompletableFuture<Object>();
    things.add(each("signal", "ours", () -> Signal.create("s")));
    things.add(each("signal", "CompletableFuture", CompletableFuture::new));
    things.add(each("signal", "CountDownLatch", () -> new CountDownLatch(1)));
    things.add(each("till", "ours", () -> Till.after(HOUR)));
    things.add(each("till with an action", "ours", () -> Till.after(HOUR).then(ACTION)));
    things.add(
        each(
            "till with an action",
            "FJPschedule",
            () -> ForkJoinPool.commonPool().schedule(ACTION, 1, TimeUnit.HOURS)));
    things.add(each("a.or(b)", "ours", () -> a.or(b)));
    things.add(each("a.or(b)", "CompletableFuture", () -> CompletableFuture.anyOf(future, other)));
    things.add(each("a.and(b)", "ours", () -> a.and(b)));
    things.add(each("a.and(b)", "CompletableFuture", () -> CompletableFuture.allOf(future, other)));
    things.add(each("a.or(b) with an action", "ours", () -> a.or(b).then(ACTION)));
    things.add(each("action on a signal", "ours", () -> a.then(ACTION)));
    things.add(each("action on a signal", "CompletableFuture", () -> future.thenRun(ACTION)));
    things.add(each("progress", "ours", () -> Progress.create("p")));
    things.add(each("lock", "ours", () -> Lock.create("l")));
    things.add(each("lock", "ReentrantLock", ReentrantLock::new));
    things.add(
        fewer(50, each("bounded queue of 1,024", "ours", () -> CloseableQueue.bounded("q", 1024))));
    things.add(
        fewer(50, each("bounded queue of 1,024", "ABQ", () -> new ArrayBlockingQueue<>(1024))));
    things.add(fewer(5, each("unbounded queue", "ours", () -> CloseableQueue.unbounded("q"))));
    things.add(fewer(5, each("unbounded queue", "LBQ", LinkedBlockingQueue::new)));
    things.add(new Thing("element of a queue", "ours", 1, Thing::elements));
    things.add(
        new Thing(
            "element of a queue",
            "LBQ",
            1,
            count -> {
              var queue = new LinkedBlockingQueue<Integer>();
              for (int i = 0; i < count; i++) {
                queue.add(ELEMENT);
              }
              return List.of(queue, array(count));
            }));
    things.add(new Thing("element with a priority", "ours", 1, Thing::elementsWithPriorities));
    things.add(new Thing("element of a unique queue", "ours", 1, Thing::uniqueElements));
    return things;
  }

  private static Object elements(int count) {
    CloseableQueue<Integer> queue = CloseableQueue.unbounded("q");
    for (int i = 0; i < count; i++) {
      queue.putForced(ELEMENT);
    }
    return List.of(queue, array(count));
  }

  private static Object elementsWithPriorities(int count) {
    CloseablePriorityQueue<Integer> queue = CloseablePriorityQueue.unbounded("q");
    int levels = CloseablePriorityQueue.HIGHEST + 1;
    for (int i = 0; i < count; i++) {
      queue.putForced(ELEMENT, i % levels);
    }
    return List.of(queue, array(count));
  }

  /** The elements themselves do not count: there is an array of them for the reference each. */
  private static Object uniqueElements(int count) {
    CloseableQueue<Object> queue = CloseableQueue.<Object>named("q").unique().create();
    for (int i = 0; i < count; i++) {
      queue.putForced(DISTINCT[i]);
    }
    return List.of(queue, array(count));
  }

  private static final Object[] DISTINCT = new Object[MemoryProgram.MOST];

  static {
    for (int i = 0; i < DISTINCT.length; i++) {
      DISTINCT[i] = new Object();
    }
  }
}
