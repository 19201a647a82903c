package org.morethreads.endurance;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.morethreads.queue.CloseablePriorityQueue;
import org.morethreads.queue.CloseableQueue;
import org.morethreads.queue.Select;
import org.morethreads.sync.Lock;
import org.morethreads.sync.OpenSignal;
import org.morethreads.sync.Progress;
import org.morethreads.sync.Signal;
import org.morethreads.sync.Till;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.Scope;
import org.morethreads.thread.ThreadEndException;
import org.morethreads.thread.ThreadTree;
import org.morethreads.work.Actor;
import org.morethreads.work.Job;
import org.morethreads.work.Repeat;
import org.morethreads.work.ThreadPool;

/** Rounds of random load; each opens a tree, works in it, and stops it. */
final class Load {
  /** What was measured in some rounds. */
  static final class Figures {
    final ArrayList<Long> lateNanos = new ArrayList<>();
    final ArrayList<Long> stopNanos = new ArrayList<>();

    long longestStopNanos() {
      return stopNanos.stream().mapToLong(Long::longValue).max().orElse(0);
    }

    /** Leaves nothing of it in the heap. */
    void forget() {
      for (ArrayList<Long> each : List.of(lateNanos, stopNanos)) {
        synchronized (each) {
          each.clear();
          each.trimToSize();
        }
      }
    }
  }

  private static final Duration LONG = Duration.ofSeconds(30);

  private final Random random;
  private final Signal forever;
  private final boolean leaks;
  private final ConcurrentLinkedQueue<String> problems = new ConcurrentLinkedQueue<>();
  private final AtomicLong elements = new AtomicLong();
  private final AtomicLong threads = new AtomicLong();
  private final AtomicLong jobs = new AtomicLong();
  private final AtomicLong tills = new AtomicLong();
  private final AtomicLong scopes = new AtomicLong();

  Load(long seed, Signal forever, boolean leaks) {
    this.random = new Random(seed);
    this.forever = forever;
    this.leaks = leaks;
  }

  List<String> problems() {
    return List.copyOf(problems);
  }

  void round(Figures figures) throws Exception {
    ThreadTree tree = ThreadTree.open("round");
    List<ManagedThread<?>> work = new ArrayList<>();
    int parts = 3 + random.nextInt(5);
    for (int i = 0; i < parts; i++) {
      long seed = random.nextLong();
      int what = random.nextInt(8);
      work.add(
          tree.run(
              "part",
              stop -> {
                Random own = new Random(seed);
                switch (what) {
                  case 0 -> pipeline(own, stop);
                  case 1 -> signals(own);
                  case 2 -> lateness(own, figures);
                  case 3 -> pool(own);
                  case 4 -> actor(own);
                  case 5 -> scope(own);
                  case 6 -> lock(own);
                  default -> repeat(own, stop);
                }
              }));
      threads.incrementAndGet();
    }
    boolean cutShort = random.nextInt(4) == 0; // while they work
    if (!cutShort) {
      for (ManagedThread<?> each : work) {
        join(each);
      }
    }
    long begin = System.nanoTime();
    tree.close();
    figures.stopNanos.add(System.nanoTime() - begin);
    if (!tree.children().isEmpty()) {
      problems.add("a closed tree has children: " + tree.children());
    }
    if (!cutShort && !tree.failures().isEmpty()) {
      problems.add("failed: " + tree.failures());
    }
  }

  private void join(ManagedThread<?> thread) throws InterruptedException {
    try {
      thread.join(LONG);
    } catch (ThreadEndException | TimeoutException failed) {
      problems.add(thread + ": " + failed + ", " + failed.getCause());
    }
  }

  // ---- parts

  /** What was put has come out, whenever it was stopped. */
  private void pipeline(Random own, Signal stop) throws InterruptedException {
    CloseableQueue<Integer> queue =
        own.nextBoolean()
            ? CloseableQueue.bounded("elements", 1 + own.nextInt(20))
            : CloseablePriorityQueue.bounded("elements", 1 + own.nextInt(20));
    AtomicLong in = new AtomicLong();
    AtomicLong out = new AtomicLong();
    int count = 200 + own.nextInt(2000);
    List<ManagedThread<?>> producers = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      boolean platform = own.nextInt(10) == 0;
      var builder = ManagedThread.named("producer");
      producers.add(
          (platform ? builder.platform() : builder)
              .run(told -> {
                for (int n = 1; n <= count && queue.put(n, told); n++) {
                  in.addAndGet(n);
                }
              }));
    }
    queue.closedBy(producers.stream().map(ManagedThread::stopped).toList());
    for (int i = 0; i < 2; i++) {
      boolean selects = own.nextBoolean();
      producers.add(
          ManagedThread.run(
              "consumer",
              _ -> {
                if (selects) {
                  for (int got = 0; got >= 0; ) {
                    got = Select.awaitFirst(Select.take(queue), Select.atEnd(() -> -1));
                    out.addAndGet(Math.max(0, got));
                  }
                } else {
                  queue.forEach(out::addAndGet);
                }
              }));
    }
    threads.addAndGet(producers.size());
    for (ManagedThread<?> each : producers) {
      try {
        each.join();
      } catch (ThreadEndException stopped) {
        if (!stop.isSignalled()) {
          problems.add("pipeline: " + stopped);
        }
      }
    }
    queue.close();
    queue.drain().forEach(out::addAndGet);
    if (in.get() != out.get()) {
      problems.add("queue: in " + in + ", out " + out);
    }
    elements.addAndGet(in.get());
  }

  /** Composites over a signal that lives for ever: nothing of them may stay in it. */
  private void signals(Random own) throws InterruptedException {
    AtomicInteger runs = new AtomicInteger();
    int expected = 0;
    for (int i = 0; i < 200; i++) {
      OpenSignal leaf = Signal.create("leaf");
      Progress progress = Progress.create("progress");
      Signal any = forever.or(leaf).or(progress.reached(2));
      Signal.Registration registration = any.then(runs::incrementAndGet);
      if (leaks) {
        forever.then(() -> leaf.isSignalled());
      }
      switch (own.nextInt(3)) {
        case 0 -> {
          if (!registration.remove()) {
            problems.add("an action that had not run cannot be removed");
          }
        }
        case 1 -> {
          leaf.go();
          expected++;
        }
        default -> {
          progress.advance(2);
          expected++;
        }
      }
      boolean _ = any.await(Duration.ofNanos(own.nextInt(2000)));
    }
    if (runs.get() != expected) {
      problems.add("actions: " + runs + " have run, and not " + expected);
    }
  }

  private void lateness(Random own, Figures figures) throws InterruptedException {
    int count = 20 + own.nextInt(100);
    CountDownLatch left = new CountDownLatch(count);
    for (int i = 0; i < count; i++) {
      long due = System.nanoTime() + own.nextInt(30_000_000);
      Till.after(Duration.ofNanos(due - System.nanoTime()))
          .then(() -> {
            long late = System.nanoTime() - due;
            synchronized (figures.lateNanos) {
              figures.lateNanos.add(Math.max(0, late));
            }
            left.countDown();
          });
    }
    tills.addAndGet(count);
    if (!left.await(30, TimeUnit.SECONDS)) {
      problems.add("tills: " + left.getCount() + " have not gone");
    }
  }

  private void pool(Random own) throws Exception {
    AtomicInteger ran = new AtomicInteger();
    int count = 20 + own.nextInt(100);
    List<Job<Integer>> all = new ArrayList<>();
    try (ThreadPool pool = ThreadPool.open("pool", 1 + own.nextInt(8))) {
      for (int i = 0; i < count; i++) {
        int number = i;
        all.add(
            pool.call(
                "job",
                _ -> {
                  ran.incrementAndGet();
                  return number;
                }));
      }
      for (int i = 0; i < count; i++) {
        if (all.get(i).join() != i) {
          problems.add("a job has the result of another");
        }
      }
    }
    jobs.addAndGet(count);
    if (ran.get() != count) {
      problems.add("jobs: " + ran + " have run, and not " + count);
    }
  }

  private void actor(Random own) throws Exception {
    int count = 50 + own.nextInt(200);
    try (Actor<AtomicInteger> actor = Actor.start("actor", 8, AtomicInteger::new)) {
      for (int i = 0; i < count; i++) {
        actor.tell(AtomicInteger::incrementAndGet);
      }
      int seen = actor.ask(AtomicInteger::get);
      if (seen != count) {
        problems.add("actor: " + seen + " of " + count);
      }
    }
  }

  private void scope(Random own) throws Exception {
    int winner = own.nextInt(1000);
    int got =
        Scope.race(
            "race",
            LONG,
            _ -> winner,
            stop -> {
              stop.await(LONG); // no answer: a stop from outside may come before the winner's
              throw new IllegalStateException("lost");
            });
    if (got != winner) {
      problems.add("race: " + got);
    }
    AtomicInteger ended = new AtomicInteger();
    boolean fails = own.nextBoolean();
    try {
      Scope.run(
          "scope",
          scope -> {
            for (int i = 0; i < 5; i++) {
              int which = i;
              scope.run(
                  "in scope",
                  stop -> {
                    try {
                      if (fails && which == 2) {
                        throw new IllegalStateException("planted");
                      }
                      boolean _ = stop.await(Duration.ofMillis(2));
                    } finally {
                      ended.incrementAndGet();
                    }
                  });
            }
          });
      if (fails) {
        problems.add("scope: its failure is lost");
      }
    } catch (ThreadEndException | IllegalStateException planted) {
      if (!fails) {
        throw planted;
      }
    }
    scopes.incrementAndGet();
    threads.addAndGet(7);
  }

  private void lock(Random own) throws InterruptedException {
    Lock lock = Lock.create("lock");
    int[] value = new int[1];
    int most = 20 + own.nextInt(50);
    List<ManagedThread<?>> all = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      int mine = i;
      all.add(
          ManagedThread.run(
              "turn " + i,
              stop -> {
                try (Lock.Held held = lock.acquire()) {
                  while (value[0] < most) {
                    if (value[0] % 4 == mine) {
                      value[0]++;
                      held.wakeOthers();
                    } else if (!held.await(Till.after(LONG)) && !stop.isSignalled()) {
                      problems.add("lock: a wake-up is lost");
                      return;
                    } else if (stop.isSignalled()) {
                      return;
                    }
                  }
                }
              }));
    }
    threads.addAndGet(4);
    for (ManagedThread<?> each : all) {
      join(each);
    }
  }

  private void repeat(Random own, Signal stop) throws InterruptedException {
    Progress runs = Progress.create("runs");
    Repeat repeat =
        Repeat.named("repeat")
            .atFixedRate(Duration.ofMillis(1 + own.nextInt(3)), _ -> runs.advance());
    boolean came = runs.reached(5).or(stop).await(LONG);
    if (!came) {
      problems.add("repeat: " + repeat.status());
    }
    repeat.stop();
    repeat.stopped().await();
  }

  @Override
  public String toString() {
    return elements
        + " summed through queues, "
        + threads
        + " threads, "
        + jobs
        + " jobs, "
        + tills
        + " tills, "
        + scopes
        + " scopes";
  }
}
