package org.morethreads.stress.fault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.morethreads.internal.Library;
import org.morethreads.internal.Log;
import org.morethreads.queue.CloseableQueue;
import org.morethreads.sync.OpenSignal;
import org.morethreads.sync.Signal;
import org.morethreads.sync.Till;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.Outcome;
import org.morethreads.thread.StopPolicy;
import org.morethreads.thread.ThreadFailedException;
import org.morethreads.thread.ThreadTree;

/**
 * What is broken around the library breaks nothing in it: after each fault nothing is lost, the
 * tree is consistent, and its end is ordered and bounded (H2 to H7, Q2, S3, T2).
 */
@Tag("real")
class FaultTest {
  /** Short enough for a test, and in the order of the real one. */
  /** For trees in which somebody has to be interrupted, or abandoned. */
  private static final StopPolicy POLICY =
      StopPolicy.standard()
          .withAsk(Duration.ofSeconds(3))
          .withInterrupt(Duration.ofSeconds(3))
          .withTotal(Duration.ofSeconds(8));

  /** For trees in which everybody ends when asked, however long the machine lets them wait. */
  private static final StopPolicy PATIENT =
      StopPolicy.standard()
          .withAsk(Duration.ofSeconds(25))
          .withInterrupt(Duration.ofSeconds(5))
          .withTotal(Duration.ofSeconds(35));

  /** For the end of a tree, on a machine that does other things as well. */
  private static final Duration BOUND = Duration.ofSeconds(40);

  private static final List<Thread> BUSY = new ArrayList<>();
  private static volatile boolean over;

  private final FaultyTime time = new FaultyTime();
  private final List<String> logged = new CopyOnWriteArrayList<>();
  private ThreadTree tree;

  /** {@code -Dmorethreads.busy=16} lets so many threads run in circles beside. */
  @BeforeAll
  static void beginBusyLoops() {
    over = false;
    for (int i = 0; i < Integer.getInteger("morethreads.busy", 0); i++) {
      BUSY.add(
          Thread.ofPlatform()
              .daemon(true)
              .name("busy " + i)
              .start(() -> {
                while (!over) {
                  Thread.onSpinWait();
                }
              }));
    }
  }

  @AfterAll
  static void endBusyLoops() throws InterruptedException {
    over = true;
    for (Thread busy : BUSY) {
      busy.join();
    }
    BUSY.clear();
  }

  @BeforeEach
  void open() {
    Log.setListener((level, message, failure) -> logged.add(level + " " + message));
    tree = ThreadTree.open(Library.MEMBER, "faulty", POLICY, time, /* wholeStarts= */ false);
  }

  @AfterEach
  void close() throws Exception {
    time.failEvery(0);
    tree.stop();
    tree.awaitStopped(BOUND);
    Log.setListener(null);
  }

  private void stopsInTime() throws Exception {
    tree.stop();
    tree.awaitStopped(BOUND);
    assertThat(tree.children()).isEmpty();
  }

  // ---- threads cannot be started

  @Test
  void start_everyNthFails_isThrownOrRuns_andTheTreeEnds() throws Exception {
    for (int nth = 1; nth <= 6; nth++) {
      FaultyTime failing = new FaultyTime();
      ThreadTree its =
          ThreadTree.open(
              Library.MEMBER, "every " + nth, PATIENT, failing, /* wholeStarts= */ false);
      List<String> order = new CopyOnWriteArrayList<>();
      AtomicInteger ran = new AtomicInteger();
      int started = 0;
      int refused = 0;
      List<ManagedThread<?>> all = new ArrayList<>();
      failing.failEvery(nth);
      for (int i = 0; i < 12; i++) {
        ManagedThread<?> above = all.isEmpty() || i % 3 == 0 ? null : all.getLast();
        String name = "t" + i;
        ManagedThread<?> thread =
            (above == null
                    ? ManagedThread.named(name).parent(its)
                    : ManagedThread.named(name).parent(above))
                .prepare(stop -> {
                  ran.incrementAndGet();
                  stop.await();
                  order.add(name);
                });
        try {
          thread.start();
          started++;
          all.add(thread);
        } catch (OutOfMemoryError planted) {
          refused++;
          assertThat(thread.stopped().isSignalled()).as("%s is no child", thread).isTrue();
        }
      }
      assertThat(refused).as("with every %d. failing", nth).isEqualTo(12 / nth);
      stopWithoutThreads(its, failing);
      its.awaitStopped(BOUND);
      assertThat(ran).as("who was started has run").hasValue(started);
      assertThat(order).hasSize(started);
      for (ManagedThread<?> thread : all) {
        assertThat(thread.outcome().orElseThrow()).isInstanceOf(Outcome.Returned.class);
      }
      assertThat(its.children()).isEmpty();
      failing.failEvery(0);
      its.close();
    }
  }

  /** Asking says that it has failed, and works when it is repeated and there is a thread. */
  private static void stopWithoutThreads(ThreadTree its, FaultyTime failing) {
    for (int attempts = 0; attempts < 3; attempts++) {
      try {
        its.stop();
        return;
      } catch (OutOfMemoryError planted) {
        assertThat(planted).hasMessageContaining("planted");
      }
    }
    failing.failEvery(0);
    its.stop();
  }

  @Test
  void action_onATill_runsAlthoughNoThreadCanBeStartedForIt() throws Exception {
    CountDownLatch runs = new CountDownLatch(8);
    ManagedThread<?> owner =
        tree.run(
            "owner",
            stop -> {
              time.failEvery(2);
              for (int i = 0; i < 8; i++) {
                Till.after(Duration.ofMillis(5 + i)).then(runs::countDown);
              }
              Signal.NEVER.await(Duration.ofMillis(50));
              runs.await();
              time.failEvery(0);
            });
    owner.join();
    assertThat(runs.getCount()).isZero();
    stopsInTime();
  }

  @Test
  void action_onAPleaseStop_runsAlthoughNoThreadCanBeStartedForIt() throws Exception {
    CountDownLatch runs = new CountDownLatch(1);
    ManagedThread<?> waiting = tree.run("waiting", Signal::await);
    waiting.pleaseStop().then(runs::countDown);
    time.failEvery(1);
    waiting.stop();
    assertThat(runs.await(30, TimeUnit.SECONDS)).isTrue();
    time.failEvery(0);
    waiting.join();
  }

  @Test
  void stop_noThreadCanBeStartedForIt_endsTheTreeAllTheSame() throws Exception {
    ManagedThread<?> child = tree.run("child", Signal::await);
    time.failEvery(1);
    stopWithoutThreads(tree, time);
    time.failEvery(0);
    tree.awaitStopped(BOUND);
    assertThat(child.outcome().orElseThrow()).isInstanceOf(Outcome.Returned.class);
  }

  // ---- errors in user code

  private static int overflow(int depth) {
    return depth < 0 ? 0 : 1 + overflow(depth + 1);
  }

  @Test
  void task_runsOutOfStackOrMemory_isItsOutcome_andOthersGoOn() throws Exception {
    ManagedThread<?> beside = tree.run("beside", Signal::await);
    ManagedThread<Integer> deep = tree.call("deep", _ -> overflow(0));
    ManagedThread<?> full =
        tree.run(
            "full",
            _ -> {
              ManagedThread.run("child", Signal::await);
              throw new OutOfMemoryError("planted");
            });
    assertThatThrownBy(deep::join)
        .isInstanceOf(ThreadFailedException.class)
        .hasCauseInstanceOf(StackOverflowError.class);
    assertThatThrownBy(full::join)
        .isInstanceOf(ThreadFailedException.class)
        .hasCauseInstanceOf(OutOfMemoryError.class);
    assertThat(full.children()).isEmpty();
    assertThat(beside.stopped().isSignalled()).isFalse();
    stopsInTime();
  }

  @Test
  void action_runsOutOfStackOrMemory_isReported_andTheOthersRun() {
    OpenSignal signal = Signal.create("signal");
    AtomicInteger ran = new AtomicInteger();
    for (int i = 0; i < 3; i++) {
      signal.then(ran::incrementAndGet);
      signal.then(() -> ran.addAndGet(overflow(0)));
      signal.then(() -> {
        throw new OutOfMemoryError("planted");
      });
    }
    signal.or(Signal.NEVER).then(ran::incrementAndGet);
    signal.go();
    assertThat(ran).hasValue(4);
    assertThat(logged.stream().filter(line -> line.startsWith("ERROR"))).hasSize(6);
  }

  @Test
  void undelivered_itsHandlerFails_getsTheOthersAllTheSame() throws Exception {
    List<Integer> handled = new CopyOnWriteArrayList<>();
    CloseableQueue<Integer> queue =
        CloseableQueue.<Integer>named("left")
            .onUndelivered(element -> {
              handled.add(element);
              if (element % 2 == 0) {
                throw new OutOfMemoryError("planted");
              }
              overflow(0);
            })
            .create();
    tree.run(
            "putter",
            _ -> {
              for (int i = 0; i < 6; i++) {
                queue.put(i);
              }
              queue.close();
            })
        .join();
    tree.close(); // which looks for what was left over
    assertThat(handled).containsExactly(0, 1, 2, 3, 4, 5);
  }

  @Test
  void log_listenerThrows_disturbsNobody() throws Exception {
    Log.setListener((_, _, _) -> {
      throw new OutOfMemoryError("planted: the log is full");
    });
    ManagedThread<?> failing =
        tree.run(
            "failing",
            _ -> {
              throw new IllegalStateException("planted");
            });
    failing.release();
    OpenSignal signal = Signal.create("signal");
    AtomicInteger ran = new AtomicInteger();
    signal.then(() -> {
      throw new IllegalStateException("planted");
    });
    signal.then(ran::incrementAndGet);
    signal.go();
    assertThat(ran).hasValue(1);
    stopsInTime();
  }

  // ---- the clock and the timer

  @Test
  void clock_jumpsByDays_neitherStopsNorHoldsUpAnything() throws Exception {
    Random random = new Random(3);
    Till tomorrow = tree.call("maker", _ -> Till.at(time.now().plus(Duration.ofHours(20)))).join();
    ManagedThread<?> sleeper = tree.run("sleeper", _ -> tomorrow.await());
    ManagedThread<?> interval = tree.run("interval", stop -> stop.await(Duration.ofMillis(300)));
    for (int i = 0; i < 20; i++) {
      time.jump(Duration.ofHours(random.nextInt(19)).negated());
    }
    interval.join(); // by the monotonic clock
    assertThat(sleeper.stopped().isSignalled()).isFalse();
    Instant before = time.now();
    time.jump(Duration.ofDays(100));
    sleeper.join(); // looks each second
    time.jump(Duration.between(time.now(), before));
    assertThat(tomorrow.isSignalled()).as("never un-signals").isTrue();
    ManagedThread<?> ignoring = tree.run("ignoring", _ -> Signal.NEVER.await());
    time.jump(Duration.ofDays(-1000));
    tree.stop();
    time.jump(Duration.ofDays(2000));
    tree.awaitStopped(BOUND);
    assertThat(ignoring.outcome().orElseThrow()).isInstanceOf(Outcome.Stopped.class);
  }

  @Test
  void timer_neverGoesOff_theStopIsBoundedAllTheSame() throws Exception {
    time.stallTimer();
    OpenSignal free = Signal.create("free");
    ManagedThread<?> asked = tree.run("asked", Signal::await);
    ManagedThread<?> ignoring = tree.run("ignoring", _ -> Signal.NEVER.await());
    ManagedThread<?> stubborn =
        tree.run(
            "stubborn",
            _ -> {
              while (!free.isSignalled()) {
                try {
                  free.await();
                } catch (InterruptedException ignored) {
                  // stubborn
                }
              }
            });
    Signal.NEVER.await(Duration.ofMillis(20));
    stopsInTime();
    assertThat(asked.outcome().orElseThrow()).isInstanceOf(Outcome.Returned.class);
    assertThat(ignoring.outcome().orElseThrow()).isInstanceOf(Outcome.Stopped.class);
    assertThat(stubborn.outcome().orElseThrow()).isInstanceOf(Outcome.Abandoned.class);
    free.go();
  }
}
