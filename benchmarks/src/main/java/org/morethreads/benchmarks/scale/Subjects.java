package org.morethreads.benchmarks.scale;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.PriorityBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.morethreads.queue.CloseablePriorityQueue;
import org.morethreads.queue.CloseableQueue;
import org.morethreads.sync.OpenSignal;
import org.morethreads.sync.Signal;
import org.morethreads.sync.Till;

/** Things that need no thread each. */
final class Subjects {
  private static final long HOUR = TimeUnit.HOURS.toNanos(1);

  /** Makes a subject by its name and that of the peer. */
  static Subject of(String name, String who) {
    return switch (name + " " + who) {
      case "signals ours" -> new Signals();
      case "signals CompletableFuture" -> new Futures();
      case "tills ours" -> new Tills();
      case "tills FJPschedule" -> new Schedules();
      case "waiters ours" -> new Waiters.OnSignal();
      case "waiters CountDownLatch" -> new Waiters.OnLatch();
      case "children ours" -> new Children.Managed();
      case "children startVirtualThread" -> new Children.Bare();
      case "elements ours" -> new Elements(false);
      case "elements LBQ" -> new JdkElements(false);
      case "unique ours" -> new Unique();
      case "unique LinkedHashSet" -> new JdkUnique();
      case "priorities ours" -> new Elements(true);
      case "priorities PBQ" -> new JdkElements(true);
      case "actions ours" -> new Actions();
      case "actions CompletableFuture" -> new FutureActions();
      case "removals ours" -> new Removals();
      case "removals LinkedHashSet" -> new JdkRemovals();
      case "composites ours" -> new Composites();
      case "composites LinkedHashMap" -> new JdkComposites();
      default -> throw new IllegalArgumentException("there is no subject " + name + " of " + who);
    };
  }

  private Subjects() {}

  static void check(boolean holds) {
    if (!holds) {
      throw new IllegalStateException("the benchmark does not do what it should");
    }
  }

  // ---- signals

  private static final class Signals implements Subject {
    @Override
    public List<String> rows() {
      return List.of("signals: create, go, check");
    }

    @Override
    public long[] cycle(int count, int[] order, Runnable allThere) {
      var signals = new OpenSignal[count];
      long start = System.nanoTime();
      for (int i = 0; i < count; i++) {
        signals[i] = Signal.create("s");
      }
      for (OpenSignal each : signals) {
        each.go();
      }
      int gone = 0;
      for (OpenSignal each : signals) {
        gone += each.isSignalled() ? 1 : 0;
      }
      long took = System.nanoTime() - start;
      check(gone == count);
      allThere.run();
      return new long[] {took};
    }
  }

  private static final class Futures implements Subject {
    @Override
    public List<String> rows() {
      return List.of("signals: create, go, check");
    }

    @Override
    public long[] cycle(int count, int[] order, Runnable allThere) {
      var futures = new ArrayList<CompletableFuture<@Nullable Void>>(count);
      long start = System.nanoTime();
      for (int i = 0; i < count; i++) {
        futures.add(new CompletableFuture<>());
      }
      for (CompletableFuture<@Nullable Void> each : futures) {
        each.complete(null);
      }
      int gone = 0;
      for (CompletableFuture<@Nullable Void> each : futures) {
        gone += each.isDone() ? 1 : 0;
      }
      long took = System.nanoTime() - start;
      check(gone == count);
      allThere.run();
      return new long[] {took};
    }
  }

  // ---- tills that somebody waits for

  /**
   * The timer works through what it is told on a thread of its own. Something that is due at once
   * comes after all of that.
   */
  private static boolean isTimerAwaited(int count) {
    return count >= 10_000; // of fewer, the wait would be the greater part
  }

  private static final List<String> TILL_ROWS =
      List.of("awaited tills: arm", "awaited tills: take out");

  private static final class Tills implements Subject {
    @Override
    public List<String> rows() {
      return TILL_ROWS;
    }

    @Override
    public long[] cycle(int count, int[] order, Runnable allThere) throws InterruptedException {
      var armed = new Signal.Registration[count];
      Runnable action = () -> check(false);
      long start = System.nanoTime();
      for (int i = 0; i < count; i++) {
        armed[i] = Till.after(Duration.ofNanos(HOUR + 1_000L * order[i])).then(action);
      }
      awaitTimer(count);
      long making = System.nanoTime() - start;
      allThere.run();
      start = System.nanoTime();
      boolean removed = true;
      for (int i = 0; i < count; i++) {
        removed &= armed[order[count - 1 - i]].remove();
      }
      awaitTimer(count);
      long removing = System.nanoTime() - start;
      check(removed);
      return new long[] {making, removing};
    }

    private static void awaitTimer(int count) throws InterruptedException {
      if (isTimerAwaited(count)) {
        Till.unhurried(Duration.ofNanos(1)).await();
      }
    }
  }

  private static final class Schedules implements Subject {
    private final ForkJoinPool pool = new ForkJoinPool(1);

    @Override
    public List<String> rows() {
      return TILL_ROWS;
    }

    @Override
    public long[] cycle(int count, int[] order, Runnable allThere) throws Exception {
      var armed = new Future<?>[count];
      Runnable action = () -> check(false);
      long start = System.nanoTime();
      for (int i = 0; i < count; i++) {
        armed[i] = pool.schedule(action, HOUR + 1_000L * order[i], TimeUnit.NANOSECONDS);
      }
      awaitTimer(count);
      long making = System.nanoTime() - start;
      allThere.run();
      start = System.nanoTime();
      boolean removed = true;
      for (int i = 0; i < count; i++) {
        removed &= armed[order[count - 1 - i]].cancel(false);
      }
      awaitTimer(count);
      long removing = System.nanoTime() - start;
      check(removed);
      return new long[] {making, removing};
    }

    private void awaitTimer(int count) throws Exception {
      if (isTimerAwaited(count)) {
        pool.schedule(() -> {}, 1, TimeUnit.NANOSECONDS).get();
      }
    }
  }

  // ---- elements of a queue

  private static List<String> elementRows(boolean priorities) {
    String what = priorities ? "elements with priorities" : "queue elements";
    return List.of(what + ": put", what + ": take");
  }

  private static final class Elements implements Subject {
    private static final int LEVELS =
        CloseablePriorityQueue.HIGHEST - CloseablePriorityQueue.LOWEST + 1;
    private final boolean priorities;

    Elements(boolean priorities) {
      this.priorities = priorities;
    }

    @Override
    public List<String> rows() {
      return elementRows(priorities);
    }

    @Override
    public long[] cycle(int count, int[] order, Runnable allThere) throws InterruptedException {
      return priorities ? levels(count, order, allThere) : plain(count, allThere);
    }

    private static long[] plain(int count, Runnable allThere) throws InterruptedException {
      CloseableQueue<Integer> queue = CloseableQueue.unbounded("queue");
      long start = System.nanoTime();
      for (int i = 0; i < count; i++) {
        queue.put(i & 127);
      }
      long putting = System.nanoTime() - start;
      return new long[] {putting, taken(queue, count, allThere)};
    }

    private static long[] levels(int count, int[] order, Runnable allThere)
        throws InterruptedException {
      CloseablePriorityQueue<Integer> queue = CloseablePriorityQueue.unbounded("queue");
      long start = System.nanoTime();
      for (int i = 0; i < count; i++) {
        queue.put(i & 127, CloseablePriorityQueue.LOWEST + order[i] % LEVELS);
      }
      long putting = System.nanoTime() - start;
      return new long[] {putting, taken(queue, count, allThere)};
    }
  }

  private static long taken(CloseableQueue<Integer> queue, int count, Runnable allThere)
      throws InterruptedException {
    allThere.run();
    long start = System.nanoTime();
    long sum = 0;
    for (int i = 0; i < count; i++) {
      sum += queue.take();
    }
    long taking = System.nanoTime() - start;
    check(queue.isEmpty() && sum >= 0);
    return taking;
  }

  private static final class JdkElements implements Subject {
    private final boolean priorities;

    JdkElements(boolean priorities) {
      this.priorities = priorities;
    }

    @Override
    public List<String> rows() {
      return elementRows(priorities);
    }

    @Override
    public long[] cycle(int count, int[] order, Runnable allThere) throws InterruptedException {
      BlockingQueue<Integer> queue =
          priorities ? new PriorityBlockingQueue<>() : new LinkedBlockingQueue<>();
      long start = System.nanoTime();
      for (int i = 0; i < count; i++) {
        queue.put(order[i] & 127);
      }
      long putting = System.nanoTime() - start;
      allThere.run();
      start = System.nanoTime();
      long sum = 0;
      for (int i = 0; i < count; i++) {
        sum += queue.take();
      }
      long taking = System.nanoTime() - start;
      check(queue.isEmpty() && sum >= 0);
      return new long[] {putting, taking};
    }
  }

  private static final List<String> UNIQUE_ROWS =
      List.of("unique elements: put", "unique elements: take");

  /** The same elements in each cycle: making them is not what is measured. */
  private static final class Distinct {
    private Integer[] elements = {};

    Integer[] of(int[] order) {
      if (elements.length != order.length) {
        elements = new Integer[order.length];
        for (int i = 0; i < order.length; i++) {
          elements[i] = order[i];
        }
      }
      return elements;
    }
  }

  private static final class Unique implements Subject {
    private final Distinct elements = new Distinct();

    @Override
    public List<String> rows() {
      return UNIQUE_ROWS;
    }

    @Override
    public long[] cycle(int count, int[] order, Runnable allThere) throws InterruptedException {
      Integer[] distinct = elements.of(order);
      CloseableQueue<Integer> queue = CloseableQueue.<Integer>named("queue").unique().create();
      long start = System.nanoTime();
      for (Integer each : distinct) {
        queue.put(each);
      }
      long putting = System.nanoTime() - start;
      check(queue.size() == count);
      return new long[] {putting, taken(queue, count, allThere)};
    }
  }

  private static final class JdkUnique implements Subject {
    private final Distinct elements = new Distinct();

    @Override
    public List<String> rows() {
      return UNIQUE_ROWS;
    }

    @Override
    public long[] cycle(int count, int[] order, Runnable allThere) {
      Integer[] distinct = elements.of(order);
      var set = new LinkedHashSet<Integer>();
      long start = System.nanoTime();
      for (Integer each : distinct) {
        set.add(each);
      }
      long putting = System.nanoTime() - start;
      check(set.size() == count);
      allThere.run();
      start = System.nanoTime();
      long sum = 0;
      for (int i = 0; i < count; i++) {
        sum += set.removeFirst();
      }
      long taking = System.nanoTime() - start;
      check(set.isEmpty() && sum >= 0);
      return new long[] {putting, taking};
    }
  }

  // ---- actions on one signal

  private static final List<String> ACTION_ROWS =
      List.of("actions on one signal: attach", "actions on one signal: run");

  private static final class Actions implements Subject {
    private int ran;

    @Override
    public List<String> rows() {
      return ACTION_ROWS;
    }

    @Override
    public long[] cycle(int count, int[] order, Runnable allThere) {
      ran = 0;
      Runnable action = () -> ran++;
      OpenSignal signal = Signal.create("s");
      long start = System.nanoTime();
      for (int i = 0; i < count; i++) {
        signal.then(action);
      }
      long attaching = System.nanoTime() - start;
      allThere.run();
      start = System.nanoTime();
      signal.go();
      long running = System.nanoTime() - start;
      check(ran == count);
      return new long[] {attaching, running};
    }
  }

  private static final class FutureActions implements Subject {
    private int ran;

    @Override
    public List<String> rows() {
      return ACTION_ROWS;
    }

    @Override
    public long[] cycle(int count, int[] order, Runnable allThere) {
      ran = 0;
      Runnable action = () -> ran++;
      var future = new CompletableFuture<@Nullable Void>();
      long start = System.nanoTime();
      for (int i = 0; i < count; i++) {
        var _ = future.thenRun(action);
      }
      long attaching = System.nanoTime() - start;
      allThere.run();
      start = System.nanoTime();
      future.complete(null);
      long running = System.nanoTime() - start;
      check(ran == count);
      return new long[] {attaching, running};
    }
  }

  private static final List<String> REMOVAL_ROWS = List.of("actions on one signal: take out");

  private static final class Removals implements Subject {
    @Override
    public List<String> rows() {
      return REMOVAL_ROWS;
    }

    @Override
    public long[] cycle(int count, int[] order, Runnable allThere) {
      Runnable action = () -> check(false);
      OpenSignal signal = Signal.create("s");
      var attached = new Signal.Registration[count];
      for (int i = 0; i < count; i++) {
        attached[i] = signal.then(action);
      }
      allThere.run();
      boolean removed = true;
      long start = System.nanoTime();
      for (int each : order) {
        removed &= attached[each].remove();
      }
      long removing = System.nanoTime() - start;
      check(removed);
      signal.go();
      return new long[] {removing};
    }
  }

  /** A list from whose middle anything can be taken. */
  private static final class JdkRemovals implements Subject {
    @Override
    public List<String> rows() {
      return REMOVAL_ROWS;
    }

    @Override
    public long[] cycle(int count, int[] order, Runnable allThere) {
      var actions = new LinkedHashSet<Object>();
      var attached = new Object[count];
      for (int i = 0; i < count; i++) {
        attached[i] = new Object();
        actions.add(attached[i]);
      }
      allThere.run();
      boolean removed = true;
      long start = System.nanoTime();
      for (int each : order) {
        removed &= actions.remove(attached[each]);
      }
      long removing = System.nanoTime() - start;
      check(removed && actions.isEmpty());
      return new long[] {removing};
    }
  }

  // ---- composites that share one signal, each with an action

  private static final List<String> COMPOSITE_ROWS =
      List.of("composites of one signal: attach to", "composites of one signal: fire");

  private static final class Composites implements Subject {
    private int ran;

    @Override
    public List<String> rows() {
      return COMPOSITE_ROWS;
    }

    @Override
    public long[] cycle(int count, int[] order, Runnable allThere) {
      ran = 0;
      Runnable action = () -> ran++;
      OpenSignal stop = Signal.create("stop");
      var own = new OpenSignal[count];
      long start = System.nanoTime();
      for (int i = 0; i < count; i++) {
        own[i] = Signal.create("own");
        stop.or(own[i]).then(action);
      }
      long attaching = System.nanoTime() - start;
      allThere.run();
      start = System.nanoTime();
      for (int each : order) {
        own[each].go();
      }
      long firing = System.nanoTime() - start;
      check(ran == count);
      return new long[] {attaching, firing};
    }
  }

  /** What one would write by hand: the actions in a map, from which the one that fires is taken. */
  private static final class JdkComposites implements Subject {
    private int ran;

    @Override
    public List<String> rows() {
      return COMPOSITE_ROWS;
    }

    @Override
    public long[] cycle(int count, int[] order, Runnable allThere) {
      ran = 0;
      Runnable action = () -> ran++;
      var waiting = new LinkedHashMap<Object, Runnable>();
      var own = new Object[count];
      long start = System.nanoTime();
      for (int i = 0; i < count; i++) {
        own[i] = new Object();
        waiting.put(own[i], action);
      }
      long attaching = System.nanoTime() - start;
      allThere.run();
      start = System.nanoTime();
      for (int each : order) {
        Objects.requireNonNull(waiting.remove(own[each])).run();
      }
      long firing = System.nanoTime() - start;
      check(ran == count && waiting.isEmpty());
      return new long[] {attaching, firing};
    }
  }
}
