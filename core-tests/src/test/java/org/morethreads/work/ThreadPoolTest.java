package org.morethreads.work;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.morethreads.testing.MoreThreadsAssertions.assertThat;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.morethreads.sync.Signal;
import org.morethreads.testing.SlowSink;
import org.morethreads.testing.TestLog;
import org.morethreads.testing.VirtualClock;
import org.morethreads.testing.VirtualTime;
import org.morethreads.thread.ContextCarrier;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.Outcome;
import org.morethreads.thread.StopPolicy;
import org.morethreads.thread.StopReason;
import org.morethreads.thread.ThreadFailedException;
import org.morethreads.thread.ThreadStoppedException;
import org.morethreads.thread.ThreadTree;

/** Pools of named jobs. */
@VirtualTime(managed = false)
class ThreadPoolTest {
  private static Duration seconds(double seconds) {
    return Duration.ofMillis(Math.round(seconds * 1000));
  }

  private static void pause(double seconds) throws InterruptedException {
    Signal.NEVER.await(seconds(seconds));
  }

  private static ManagedThread.Call<Integer> lasting(double seconds, int result) {
    return pleaseStop -> {
      pleaseStop.await(seconds(seconds));
      return result;
    };
  }

  // ---- running

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void call_moreJobsThanPlaces_runsSoManyAtATime(boolean platform, VirtualClock clock)
      throws Exception {
    var now = new AtomicInteger();
    var most = new AtomicInteger();
    var builder = ThreadPool.named("p").size(3);
    try (var pool = (platform ? builder.platform() : builder).open()) {
      List<Job<Integer>> jobs = new ArrayList<>();
      for (int i = 0; i < 10; i++) {
        int number = i;
        jobs.add(
            pool.call(
                "j",
                _ -> {
                  assertThat(Thread.currentThread().isVirtual()).isEqualTo(!platform);
                  most.accumulateAndGet(now.incrementAndGet(), Math::max);
                  pause(1);
                  now.decrementAndGet();
                  return number;
                }));
      }
      assertThat(pool.running()).isEqualTo(3);
      assertThat(pool.waiting()).isEqualTo(7);
      for (int i = 0; i < 10; i++) {
        assertThat(jobs.get(i).join()).isEqualTo(i);
      }
    }
    assertThat(most).hasValue(3);
    assertThat(clock.elapsed()).isEqualTo(seconds(4));
  }

  @Test
  void job_running_isAManagedThreadBelowThePoolH1(ThreadTree tree) throws Exception {
    try (var pool = ThreadPool.open("p", 1)) {
      Job<Integer> first = pool.call("first", lasting(1, 1));
      Job<Integer> second = pool.call("second", lasting(1, 2));
      assertThat(first.thread().orElseThrow()).hasPath(tree.name() + "/p/first");
      assertThat(second.thread()).isEmpty();
      assertThat(second).hasToString(tree.name() + "/p/second");
      assertThat(second.name()).isEqualTo("second");
      assertThat(second.outcome()).isEmpty();
      assertThat(second.join()).isEqualTo(2);
      assertThat(second.stopped()).isSignalled();
      assertThat(second.outcome()).contains(new Outcome.Returned<>(2));
    }
  }

  @Test
  void priority_severalWaiting_greatestFirstThenOldest() throws Exception {
    Queue<String> order = new ConcurrentLinkedQueue<>();
    try (var pool = ThreadPool.open("p", 1)) {
      pool.run("blocker", _ -> pause(1));
      pool.job("low").priority(-1).run(_ -> order.add("low"));
      pool.run("a", _ -> order.add("a"));
      pool.job("urgent").priority(5).run(_ -> order.add("urgent"));
      pool.run("b", _ -> order.add("b"));
    }
    assertThat(order).containsExactly("urgent", "a", "b", "low");
  }

  @Test
  void join_jobFailed_theTraceHasTheLineThatSubmittedItH8(ThreadTree tree, TestLog log)
      throws Exception {
    try (var pool = ThreadPool.open("p", 1)) {
      pool.run("blocker", _ -> pause(1));
      Job<?> job =
          pool.run(
              "j",
              _ -> {
                throw new IOException("disk");
              });
      assertThatExceptionOfType(ThreadFailedException.class)
          .isThrownBy(job::join)
          .satisfies(thrown -> {
            assertThat(thrown.getCause()).hasMessage("disk");
            StackTraceElement[] trace = thrown.getCause().getStackTrace();
            assertThat(trace)
                .anyMatch(frame ->
                    frame.getClassName().startsWith("----- thread \"" + tree.name() + "/p/j\""));
            assertThat(trace[trace.length - 1].getMethodName())
                .contains("theTraceHasTheLineThatSubmittedItH8");
          });
    }
  }

  @Test
  void failure_joinedByNobody_isLoggedAndBecomesThePoolsH7(ThreadTree tree, TestLog log)
      throws Exception {
    var owner =
        ManagedThread.run(
            "owner",
            _ -> {
              try (var pool = ThreadPool.open("p", 1)) {
                pool.run(
                    "j",
                    _ -> {
                      throw new IOException("disk");
                    });
              }
            });
    assertThat(owner.awaitOutcome()).isFailedThat().hasRootCauseMessage("disk");
    log.take(Level.ERROR, tree.name() + "/owner/p/j");
  }

  @Test
  void release_jobFails_isLoggedAtOnce(ThreadTree tree, TestLog log) throws Exception {
    try (var pool = ThreadPool.open("p", 1)) {
      pool.run("blocker", _ -> pause(1));
      Job<?> job =
          pool.run(
              "j",
              _ -> {
                throw new IOException("disk");
              });
      job.release().stopped().await();
    }
    log.take(Level.ERROR, "Released thread \"" + tree.name() + "/p/j\" failed.");
  }

  /** Nobody is left who could claim it, so that it is not the pool's either (H7). */
  @Test
  void release_jobRunsAlready_itsFailureIsLoggedAndNotThePools(ThreadTree tree, TestLog log)
      throws Exception {
    var pool = ThreadPool.open("p", 1);
    Job<?> job =
        pool.job("j")
            .run(_ -> {
              pause(1);
              throw new IOException("disk");
            });
    job.release().stopped().await();
    pool.close();
    assertThat(pool.thread().awaitOutcome()).isReturned();
    log.take(Level.ERROR, "Released thread \"" + tree.name() + "/p/j\" failed.");
  }

  @Test
  void join_timeOver_throwsAndClaimsNothing(VirtualClock clock) throws Exception {
    try (var pool = ThreadPool.open("p", 1)) {
      Job<Integer> first = pool.call("first", lasting(5, 1));
      Job<Integer> second = pool.call("second", lasting(5, 2));
      assertThatExceptionOfType(TimeoutException.class)
          .isThrownBy(() -> first.join(seconds(1)))
          .withMessageContaining("/first\" has not ended before");
      assertThatExceptionOfType(TimeoutException.class)
          .isThrownBy(() -> second.join(seconds(1)))
          .withMessageContaining("/second\" has not begun before");
      assertThatExceptionOfType(TimeoutException.class)
          .isThrownBy(() -> second.join(Duration.ZERO));
      assertThat(clock.elapsed()).isEqualTo(seconds(2));
      assertThat(second.join(seconds(9))).isEqualTo(2);
    }
  }

  @Test
  void run_veryManyShortJobs_allRunAndNoStackOverflows() throws Exception {
    var count = new AtomicInteger();
    ManagedThread.run(
            "owner",
            _ -> {
              try (var pool = ThreadPool.open("p", 2)) {
                for (int i = 0; i < 20_000; i++) {
                  pool.run("j", _ -> count.incrementAndGet());
                }
              }
            })
        .join();
    assertThat(count).hasValue(20_000);
  }

  @Test
  void run_poolHasStopped_theJobIsDiscardedOrRefused() throws Exception {
    var pool = ThreadPool.open("p", 1);
    pool.thread().stop();
    pool.stopped().await();
    assertThatIllegalStateException().isThrownBy(() -> pool.run("j", _ -> {}));
  }

  // ---- the backlog

  @Test
  void call_backlogFull_waitsForAPlace(VirtualClock clock) throws Exception {
    try (var pool = ThreadPool.named("p").size(1).backlog(1).open()) {
      pool.call("a", lasting(2, 1));
      pool.call("b", lasting(2, 1));
      pool.call("c", lasting(2, 1));
      assertThat(clock.elapsed()).isEqualTo(seconds(2));
      assertThatExceptionOfType(TimeoutException.class)
          .isThrownBy(() -> pool.job("d").within(seconds(1)).call(lasting(2, 1)))
          .withMessageContaining("backlog");
      assertThat(clock.elapsed()).isEqualTo(seconds(3));
      assertThat(pool.waiting()).isEqualTo(1);
      Job<Integer> inTime = pool.job("e").within(seconds(9)).call(lasting(2, 5));
      assertThat(inTime.join()).isEqualTo(5);
    }
    assertThat(clock.elapsed()).isEqualTo(seconds(8));
  }

  @Test
  void call_noBacklog_waitsUntilTheJobCanBegin(VirtualClock clock) throws Exception {
    try (var pool = ThreadPool.named("p").size(1).backlog(0).open()) {
      pool.call("a", lasting(2, 1));
      Job<Integer> job = pool.call("b", lasting(0, 1));
      assertThat(job.thread()).isPresent();
      assertThat(clock.elapsed()).isEqualTo(seconds(2));
    }
  }

  @Test
  void call_interruptedWhileWaitingForAPlace_acceptsNothing() throws Exception {
    try (var pool = ThreadPool.named("p").size(1).backlog(0).open()) {
      pool.call("a", lasting(2, 1));
      Thread.currentThread().interrupt();
      assertThatExceptionOfType(InterruptedException.class)
          .isThrownBy(() -> pool.call("b", lasting(2, 1)));
      assertThat(pool.waiting()).isZero();
      assertThat(pool.call("c", lasting(0, 3)).join()).isEqualTo(3);
    }
  }

  @Test
  void call_byAJobOfThePoolWhenTheBacklogIsFull_isAccepted(VirtualClock clock) throws Exception {
    try (var pool = ThreadPool.named("p").size(1).backlog(0).open()) {
      Job<Integer> parent =
          pool.call(
              "parent",
              _ -> {
                int sum = 0;
                for (int i = 0; i < 3; i++) {
                  sum += pool.call("part", lasting(1, 1)).join();
                }
                return sum;
              });
      assertThat(parent.join(seconds(10))).isEqualTo(3);
      assertThat(clock.elapsed()).isEqualTo(seconds(3));
    }
  }

  /** They get places in the order in which they came, whoever gives up meanwhile. */
  @Test
  void call_oneOfThoseWaitingForAPlaceGivesUp_theOthersKeepTheirOrder(VirtualClock clock)
      throws Exception {
    Queue<String> order = new ConcurrentLinkedQueue<>();
    try (var pool = ThreadPool.named("p").size(1).backlog(0).open()) {
      pool.call("a", lasting(5, 1));
      var impatient =
          ManagedThread.run(
              "impatient",
              _ ->
                  assertThatExceptionOfType(TimeoutException.class)
                      .isThrownBy(() -> pool.job("b").within(seconds(1)).run(_ -> {})));
      clock.awaitOthersBlocked();
      var submitters = submitting(pool, clock, order, "c", "d", "e");
      impatient.join();
      for (var submitter : submitters) {
        submitter.join();
      }
    }
    assertThat(order).containsExactly("c", "d", "e");
  }

  /** Threads that submit jobs which note that they begin, one after the other. */
  private static List<ManagedThread<?>> submitting(
      ThreadPool pool, VirtualClock clock, Queue<String> begun, String... names)
      throws InterruptedException {
    List<ManagedThread<?>> submitters = new ArrayList<>();
    for (String name : names) {
      submitters.add(
          ManagedThread.run(
              "submits " + name,
              _ ->
                  pool.run(
                      name,
                      _ -> {
                        begun.add(name);
                        pause(1);
                      })));
      clock.awaitOthersBlocked();
    }
    return submitters;
  }

  @Test
  void stop_ofAJobInAFullBacklog_letsTheNextSubmitterIn(VirtualClock clock) throws Exception {
    try (var pool = ThreadPool.named("p").size(1).backlog(1).open()) {
      pool.call("running", lasting(5, 1));
      Job<Integer> waiting = pool.call("waiting", lasting(5, 2));
      var submitter = ManagedThread.call("submitter", _ -> pool.call("next", lasting(1, 3)));
      clock.awaitOthersBlocked();
      waiting.stop();
      Job<Integer> next = submitter.join();
      assertThat(clock.elapsed()).as("accepted at once").isZero();
      assertThat(next.join()).isEqualTo(3);
    }
    assertThat(clock.elapsed()).isEqualTo(seconds(6));
  }

  /** A pool may live as long as the program, and run millions of jobs. */
  @Test
  void run_jobHasEnded_nothingOfItIsKept(VirtualClock clock) throws Exception {
    try (var pool = ThreadPool.open("p", 1)) {
      WeakReference<Object> left = runWithSomething(pool);
      clock.awaitOthersBlocked();
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(4);
      while (left.get() != null && System.nanoTime() - end < 0) {
        System.gc();
      }
      assertThat(left.get()).isNull();
    }
  }

  private static WeakReference<Object> runWithSomething(ThreadPool pool)
      throws InterruptedException {
    Object something = new Object();
    assertThat(pool.call("j", _ -> something.hashCode()).join()).isNotNull();
    return new WeakReference<>(something);
  }

  // ---- jobs that join jobs

  /** What runs in the place of another gives no place back when it ends. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void join_whatRanInThePlaceOfTheJoinerHasEnded_nobodyElseGetsAPlace(
      boolean oneMoreWaits, VirtualClock clock) throws Exception {
    Queue<String> begun = new ConcurrentLinkedQueue<>();
    try (var pool = ThreadPool.named("p").size(1).backlog(0).open()) {
      Job<Integer> outer =
          pool.call(
              "outer",
              _ -> {
                pause(1);
                if (oneMoreWaits) {
                  pool.run("beside", _ -> begun.add("beside"));
                }
                int result = pool.call("inner", lasting(1, 7)).join();
                pause(1);
                begun.add("outer goes on");
                return result;
              });
      clock.awaitOthersBlocked();
      var submitters = submitting(pool, clock, begun, "a", "b", "c");
      assertThat(outer.join()).isEqualTo(7);
      for (var submitter : submitters) {
        submitter.join();
      }
    }
    assertThat(begun.poll()).isEqualTo("outer goes on");
    if (oneMoreWaits) {
      assertThat(begun.poll()).isEqualTo("beside");
    }
    assertThat(begun).containsExactly("a", "b", "c");
  }

  @Test
  void join_byAJobWhoseOtherLeavesAFullBacklog_letsTheNextSubmitterIn(VirtualClock clock)
      throws Exception {
    try (var pool = ThreadPool.named("p").size(1).backlog(1).open()) {
      Job<Integer> outer =
          pool.call(
              "outer",
              _ -> {
                Job<Integer> inner = pool.call("inner", lasting(5, 7));
                pause(1);
                return inner.join();
              });
      clock.awaitOthersBlocked();
      Job<Integer> next = pool.call("next", lasting(1, 3));
      assertThat(clock.elapsed()).isEqualTo(seconds(1));
      assertThat(outer.join() + next.join()).isEqualTo(10);
      assertThat(clock.elapsed()).isEqualTo(seconds(7));
    }
  }

  /** Who has given up waits for nobody: the other may wait for him. */
  @Test
  void join_theOtherHasGivenUpWaiting_isNoError() throws Exception {
    try (var pool = ThreadPool.open("p", 2)) {
      var first = new AtomicReference<Job<Integer>>();
      first.set(
          pool.call(
              "first",
              _ -> {
                Job<Integer> second =
                    pool.call(
                        "second",
                        _ -> {
                          pause(2);
                          return first.get().join() + 1;
                        });
                assertThatExceptionOfType(TimeoutException.class)
                    .isThrownBy(() -> second.join(seconds(1)));
                pause(2);
                second.release();
                return 5;
              }));
      assertThat(first.get().join()).isEqualTo(5);
    }
  }

  @Test
  void close_whileSomebodyJoins_endsAfterThat(VirtualClock clock) throws Exception {
    var pool = ThreadPool.open("p", 1);
    Job<Integer> job = pool.call("j", lasting(1, 1));
    var joiner = ManagedThread.call("joiner", _ -> job.join());
    clock.awaitOthersBlocked();
    pool.close();
    assertThat(joiner.join()).isEqualTo(1);
    assertThat(clock.elapsed()).isEqualTo(seconds(1));
  }

  @Test
  void join_byAJobOfItsOwnFullPool_runsTheOtherInItsPlace(VirtualClock clock) throws Exception {
    var now = new AtomicInteger();
    try (var pool = ThreadPool.open("p", 1)) {
      var inner = new AtomicReference<Job<Integer>>();
      Job<Integer> outer =
          pool.call(
              "outer",
              _ -> {
                inner.set(
                    pool.call(
                        "inner",
                        _ -> {
                          now.incrementAndGet();
                          Job<Integer> deeper = pool.call("deeper", lasting(1, 1));
                          return deeper.join() + 1;
                        }));
                return inner.get().join() + 1;
              });
      Job<Integer> other = pool.call("other", lasting(1, 0));
      assertThat(outer.join(seconds(60))).isEqualTo(3);
      assertThat(clock.elapsed()).isEqualTo(seconds(1));
      assertThat(other.join()).isZero();
      assertThat(clock.elapsed()).isEqualTo(seconds(2));
    }
  }

  @Test
  void join_byAThreadOfAJob_lendsThePlaceToo() throws Exception {
    try (var pool = ThreadPool.open("p", 1)) {
      Job<Integer> outer =
          pool.call(
              "outer",
              _ -> {
                Job<Integer> inner = pool.call("inner", lasting(1, 7));
                return ManagedThread.call("child", _ -> inner.join()).join();
              });
      assertThat(outer.join(seconds(60))).isEqualTo(7);
    }
  }

  @Test
  void join_ofAJobThatWaitsForTheJoiner_isAnError() throws Exception {
    try (var pool = ThreadPool.open("p", 2)) {
      var first = new AtomicReference<Job<Integer>>();
      first.set(
          pool.call(
              "first",
              _ -> {
                pause(1);
                Job<Integer> second =
                    pool.call(
                        "second",
                        _ -> {
                          pause(1);
                          return first.get().join();
                        });
                return second.join();
              }));
      assertThatThrownBy(() -> first.get().join())
          .isInstanceOf(ThreadFailedException.class)
          .rootCause()
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("would never end");
    }
  }

  // ---- the end

  @Test
  void close_jobsWaiting_finishesWhatWasAccepted(VirtualClock clock) throws Exception {
    List<Job<Integer>> jobs = new ArrayList<>();
    try (var pool = ThreadPool.open("p", 1)) {
      for (int i = 0; i < 3; i++) {
        jobs.add(pool.call("j", lasting(1, i)));
      }
    }
    assertThat(clock.elapsed()).isEqualTo(seconds(3));
    assertThat(jobs).allMatch(job -> job.stopped().isSignalled());
  }

  @Test
  void call_afterClose_saysWhatToDo(ThreadTree tree) throws Exception {
    var pool = ThreadPool.open("p", 1);
    pool.close();
    pool.close();
    assertThatIllegalStateException()
        .isThrownBy(() -> pool.call("j", lasting(1, 1)))
        .withMessageContaining("Pool \"" + tree.name() + "/p\" is closed")
        .withMessageContaining("open another one");
  }

  @Test
  void close_whileASubmitterWaits_refusesItsJob(VirtualClock clock) throws Exception {
    var pool = ThreadPool.named("p").size(1).backlog(0).open();
    pool.call("a", lasting(5, 1));
    var submitter =
        ManagedThread.run(
            "submitter",
            _ ->
                assertThatIllegalStateException()
                    .isThrownBy(() -> pool.call("b", lasting(1, 1)))
                    .withMessageContaining("closed"));
    clock.awaitOthersBlocked();
    pool.close();
    submitter.join();
    assertThat(clock.elapsed()).isEqualTo(seconds(5));
  }

  @Test
  void close_inAJobOfThePool_isAnError() throws Exception {
    try (var pool = ThreadPool.open("p", 1)) {
      pool.run(
              "j",
              _ ->
                  assertThatIllegalStateException()
                      .isThrownBy(pool::close)
                      .withMessageContaining("shutdown()"))
          .join();
    }
  }

  @Test
  void close_interrupted_stopsThePoolAndKeepsTheStatus(VirtualClock clock) throws Exception {
    var pool = ThreadPool.open("p", 1);
    pool.call("a", lasting(60, 1));
    Job<Integer> waiting = pool.call("b", lasting(60, 1));
    Thread.currentThread().interrupt();
    pool.close();
    assertThat(Thread.interrupted()).isTrue();
    assertThat(clock.elapsed()).isEqualTo(Duration.ZERO);
    assertThatExceptionOfType(ThreadStoppedException.class).isThrownBy(waiting::join);
  }

  @Test
  void stop_jobsWaiting_beginsNoneAndTellsTheJoiners(
      ThreadTree tree, VirtualClock clock, TestLog log) throws Exception {
    var pool = ThreadPool.open("p", 1);
    var begun = new AtomicInteger();
    Job<Integer> running = pool.call("running", lasting(60, 1));
    Job<?> waiting = pool.run("waiting", _ -> begun.incrementAndGet());
    var joiner =
        ManagedThread.run(
            "joiner",
            _ ->
                assertThatExceptionOfType(ThreadStoppedException.class)
                    .isThrownBy(waiting::join)
                    .withMessageContaining(tree.name() + "/p/waiting")
                    .withMessageContaining("enough"));
    clock.awaitOthersBlocked();
    pool.stop("enough");
    joiner.join();
    assertThat(running.join()).isEqualTo(1);
    pool.stopped().await();
    assertThat(begun).hasValue(0);
    assertThat(waiting.outcome().orElseThrow())
        .isInstanceOfSatisfying(
            Outcome.Stopped.class,
            stopped -> assertThat(stopped.reason().kind()).isEqualTo(StopReason.Kind.REQUESTED));
    assertThatIllegalStateException()
        .isThrownBy(() -> pool.call("late", lasting(1, 1)))
        .withMessageContaining("enough");
    pool.close();
    assertThat(clock.elapsed()).isLessThan(seconds(0.1));
  }

  /** It is refused, and not accepted to be discarded. */
  @Test
  void call_stopHasReturned_isRefused() {
    for (int round = 0; round < 20; round++) {
      var pool = ThreadPool.open("p" + round, 1);
      pool.stop("enough");
      assertThatIllegalStateException()
          .isThrownBy(() -> pool.call("late", lasting(1, 1)))
          .withMessageContaining("enough (by thread \"" + Thread.currentThread().getName() + "\")");
    }
  }

  @Test
  void stopPolicy_jobIsDeaf_isInterruptedAfterItsTime(VirtualClock clock) throws Exception {
    var pool =
        ThreadPool.named("p")
            .size(1)
            .stopPolicy(StopPolicy.standard().withAsk(seconds(0.5)))
            .open();
    Job<?> job = pool.run("j", _ -> Signal.NEVER.await());
    clock.awaitOthersBlocked();
    pool.stop();
    pool.stopped().await();
    assertThat(clock.elapsed()).isEqualTo(seconds(0.5));
    assertThat(job.outcome().orElseThrow()).isInstanceOf(Outcome.Stopped.class);
  }

  @Test
  void stop_jobLeftWithAFailureSuppressed_isAFailureH7(VirtualClock clock, TestLog log)
      throws Exception {
    var pool = ThreadPool.open("p", 1);
    var closing = new IOException("not flushed");
    AutoCloseable resource =
        () -> {
          throw closing;
        };
    Job<?> job =
        pool.run(
            "j",
            _ -> {
              try (var _ = resource) {
                Signal.NEVER.await();
              }
            });
    clock.awaitOthersBlocked();
    pool.stop();
    assertThat(pool.thread().awaitOutcome()).isFailedThat().hasMessageContaining("\"j\" failed");
    assertThatExceptionOfType(ThreadFailedException.class)
        .isThrownBy(job::join)
        .satisfies(
            thrown -> assertThat(thrown.getCause().getSuppressed()).containsExactly(closing));
    log.take(Level.ERROR, "/p/j\" failed");
    log.takeStopReports();
  }

  @Test
  void stop_ofTheTree_stopsJobsAndDiscardsTheRestH3(ThreadTree tree, TestLog log) throws Exception {
    var pool = ThreadPool.open("p", 1);
    var begun = new AtomicInteger();
    pool.call("running", lasting(60, 1));
    Job<?> waiting = pool.run("waiting", _ -> begun.incrementAndGet());
    tree.stop();
    pool.stopped().await();
    assertThat(begun).hasValue(0);
    assertThatExceptionOfType(ThreadStoppedException.class).isThrownBy(waiting::join);
  }

  @Test
  void stop_ofAJobThatHasNotBegun_discardsItAndMakesAPlace(VirtualClock clock) throws Exception {
    try (var pool = ThreadPool.named("p").size(1).backlog(1).open()) {
      Job<Integer> running = pool.call("running", lasting(60, 1));
      Job<Integer> waiting = pool.call("waiting", lasting(60, 2));
      waiting.stop();
      waiting.stop();
      Job<Integer> next = pool.call("next", lasting(1, 3));
      running.stop();
      assertThat(next.join()).isEqualTo(3);
      assertThatExceptionOfType(ThreadStoppedException.class).isThrownBy(waiting::join);
      assertThat(clock.elapsed()).isEqualTo(seconds(1));
    }
  }

  // ---- misuse

  @Test
  void size_notPositive_saysWhatToDo() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ThreadPool.open("p", 0))
        .withMessageContaining("nothing would ever run");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ThreadPool.named("p").backlog(-1))
        .withMessageContaining("0 or more");
    assertThatIllegalArgumentException().isThrownBy(() -> ThreadPool.named("a/b"));
  }

  private static final ThreadLocal<String> MOOD = new ThreadLocal<>();

  @Test
  void run_waitedInTheBacklog_hasTheContextOfTheSubmitter() throws Exception { // H13
    var registration =
        ContextCarrier.register(
            new ContextCarrier() {
              @Override
              public Object capture() {
                return MOOD.get();
              }

              @Override
              public void install(Object captured) {
                MOOD.set((String) captured);
              }
            });
    try (var pool = ThreadPool.open("p", 1)) {
      var go = Signal.create("go");
      MOOD.set("alice");
      var first = pool.run("first", _ -> go.await());
      MOOD.set("bob");
      var second = pool.call("second", _ -> MOOD.get()); // begun by the end of the first
      MOOD.remove();
      go.go();
      first.join();
      assertThat(second.join()).isEqualTo("bob");
    } finally {
      registration.remove();
      MOOD.remove();
    }
  }

  // ---- the executor

  @Test
  void asExecutorService_submit_givesResultsFailuresAndContext() throws Exception {
    var loader = new ClassLoader() {};
    Thread.currentThread().setContextClassLoader(loader);
    var run = new AtomicInteger();
    Runnable running = run::incrementAndGet;
    try (var executor = ThreadPool.open("p", 1).asExecutorService()) {
      executor.execute(running);
      var answer = executor.submit(() -> 42);
      assertThat(answer.get()).isEqualTo(42);
      assertThat(answer.isDone()).isTrue();
      assertThat(answer.isCancelled()).isFalse();
      assertThat(executor.submit(running, "done").get(1, TimeUnit.SECONDS)).isEqualTo("done");
      Object nothing = executor.submit(running).get();
      assertThat(nothing).isNull();
      assertThat(run).hasValue(3);
      assertThat(executor.submit(() -> Thread.currentThread().getContextClassLoader()).get())
          .isSameAs(loader);
      var failing =
          executor.submit(() -> {
            throw new IOException("disk");
          });
      assertThatExceptionOfType(ExecutionException.class)
          .isThrownBy(failing::get)
          .withCauseInstanceOf(IOException.class);
      assertThat(failing.isCancelled()).isFalse();
      assertThat(executor.invokeAll(List.of(() -> 1, () -> 2)))
          .extracting(future -> future.get())
          .containsExactly(1, 2);
    }
  }

  @Test
  void asExecutorService_failureThatNobodyGets_isKeptH7(ThreadTree tree, TestLog log)
      throws Exception {
    var owner =
        ManagedThread.run(
            "owner",
            _ -> {
              try (var executor = ThreadPool.open("p", 1).asExecutorService()) {
                executor.submit(() -> {
                  throw new IOException("disk");
                });
              }
            });
    assertThat(owner.awaitOutcome()).isFailedThat().hasRootCauseMessage("disk");
    log.take(Level.ERROR, "\"" + tree.name() + "/owner/p/task\" failed, and nobody has joined it");
  }

  @Test
  void asExecutorService_shutDown_rejectsAndEnds(VirtualClock clock) throws Exception {
    var executor = ThreadPool.open("p", 1).asExecutorService();
    var running =
        executor.submit(() -> {
          pause(3);
          return 1;
        });
    var waiting = executor.submit(() -> 2);
    assertThat(executor.awaitTermination(1, TimeUnit.SECONDS)).isFalse();
    assertThat(executor.isShutdown()).isFalse();
    executor.shutdown();
    assertThat(executor.isShutdown()).isTrue();
    assertThat(executor.isTerminated()).isFalse();
    assertThatExceptionOfType(RejectedExecutionException.class)
        .isThrownBy(() -> executor.execute(() -> {}))
        .withMessageContaining("closed");
    assertThat(executor.awaitTermination(9, TimeUnit.SECONDS)).isTrue();
    assertThat(executor.isTerminated()).isTrue();
    assertThat(running.get() + waiting.get()).isEqualTo(3);
    assertThat(clock.elapsed()).isEqualTo(seconds(3));
  }

  /** The interrupt goes through the clock: whoever is interrupted goes on before time does. */
  @Test
  void asExecutorService_cancel_interruptsBeforeAnyTimePasses(VirtualClock clock) throws Exception {
    var executor = ThreadPool.open("p", 1).asExecutorService();
    for (int round = 0; round < 50; round++) {
      var running =
          executor.submit(() -> {
            pause(60);
            return 1;
          });
      var waiting = executor.submit(() -> 2);
      clock.awaitOthersBlocked();
      var before = clock.elapsed();
      assertThat(running.cancel(true)).isTrue();
      assertThat(waiting.get()).isEqualTo(2);
      assertThat(clock.elapsed()).isEqualTo(before);
    }
    executor.close();
  }

  @Test
  void asExecutorService_cancelAndShutdownNow_endTheWaits(VirtualClock clock, TestLog log)
      throws Exception {
    var executor = ThreadPool.open("p", 1).asExecutorService();
    var running =
        executor.submit(() -> {
          pause(60);
          return 1;
        });
    var waiting = executor.submit(() -> 2);
    clock.awaitOthersBlocked();
    assertThat(running.cancel(true)).isTrue();
    assertThat(running.isCancelled()).isTrue();
    assertThatExceptionOfType(CancellationException.class).isThrownBy(running::get);
    assertThat(waiting.get()).isEqualTo(2);
    assertThat(waiting.cancel(true)).isFalse();
    executor.submit(() -> {
      Signal.NEVER.await(seconds(60));
      return 1;
    });
    var discarded = executor.submit(() -> 3);
    clock.awaitOthersBlocked();
    assertThat(executor.shutdownNow()).isEmpty();
    assertThatExceptionOfType(CancellationException.class).isThrownBy(discarded::get);
    assertThat(discarded.isCancelled()).isTrue();
    executor.close();
    assertThat(clock.elapsed()).isEqualTo(seconds(5));
    log.takeStopReports();
  }

  // ---- a pool that others need

  @Test
  void stop_ofTheTreeWhileThePoolIsNeeded_beginsTheJobsOfWhoNeedsItH4(
      ThreadTree tree, VirtualClock clock, TestLog log) throws Exception {
    var pool = ThreadPool.open("p", 1);
    var web =
        ManagedThread.named("web")
            .needs(pool.thread())
            .call(pleaseStop -> {
              pleaseStop.await();
              Job<Integer> last = pool.call("last", lasting(1, 5));
              Job<Integer> andOne = pool.call("and one", lasting(1, 6));
              return last.join() + andOne.join();
            });
    pause(1);
    tree.stop();
    assertThat(web.join()).isEqualTo(11);
    pool.stopped().await();
    assertThat(clock.elapsed()).isEqualTo(seconds(3));
    log.takeStopReports();
  }

  @Test
  void stop_ofAPoolThatIsNeeded_waitsForWhoNeedsItH4(VirtualClock clock, TestLog log)
      throws Exception {
    var pool = ThreadPool.open("p", 1);
    var web =
        ManagedThread.named("web")
            .needs(pool.thread())
            .call(_ -> {
              Job<Integer> first = pool.call("first", lasting(2, 1));
              Job<Integer> second = pool.call("second", lasting(2, 2));
              return first.join() + second.join() + pool.call("third", lasting(2, 3)).join();
            });
    pause(1);
    pool.stop();
    assertThat(web.join()).isEqualTo(6);
    pool.stopped().await();
    assertThat(clock.elapsed()).isEqualTo(seconds(6));
    assertThatIllegalStateException()
        .isThrownBy(() -> pool.call("late", lasting(1, 1)))
        .withMessageContaining("stopped");
    log.takeStopReports();
  }

  @Test
  void thread_interruptedByAStranger_endsThePoolAndTellsTheJoiners(VirtualClock clock)
      throws Exception {
    var pool = ThreadPool.open("p", 1);
    Job<Integer> running = pool.call("running", lasting(3, 1));
    Job<Integer> waiting = pool.call("waiting", lasting(3, 2));
    clock.awaitOthersBlocked();
    clock.interrupt(pool.thread().thread().orElseThrow());
    assertThatExceptionOfType(ThreadStoppedException.class)
        .isThrownBy(waiting::join)
        .withMessageContaining("has not begun");
    assertThat(running.join()).isEqualTo(1);
    assertThatIllegalStateException().isThrownBy(() -> pool.call("late", lasting(1, 1)));
    pool.close();
    assertThatExceptionOfType(ThreadFailedException.class).isThrownBy(pool.thread()::join);
  }

  // ---- the view, further

  @Test
  void asExecutorService_verylongTimes_areNoOverflow(VirtualClock clock) throws Exception {
    var pool = ThreadPool.open("p", 1);
    var view = pool.asExecutorService();
    var future = view.submit(() -> 1);
    assertThat(future.get(Long.MAX_VALUE, TimeUnit.DAYS)).isEqualTo(1);
    pool.call("j", lasting(2, 1));
    view.shutdown();
    assertThat(view.awaitTermination(-1, TimeUnit.DAYS)).isFalse();
    assertThat(view.awaitTermination(Long.MAX_VALUE, TimeUnit.DAYS)).isTrue();
    assertThat(clock.elapsed()).isEqualTo(seconds(2));
  }

  @Test
  void asExecutorService_shutdownNowDuringInvokeAll_endsTheWait(VirtualClock clock)
      throws Exception {
    var pool = ThreadPool.open("p", 1);
    var view = pool.asExecutorService();
    pool.run("blocker", pleaseStop -> pleaseStop.await());
    var all = ManagedThread.call("all", _ -> view.invokeAll(List.of(() -> 1, () -> 2)));
    clock.awaitOthersBlocked();
    assertThat(pool.waiting()).isEqualTo(2);
    view.shutdownNow();
    for (var future : all.join(seconds(15))) {
      assertThat(future.isCancelled()).isTrue();
    }
    assertThat(clock.elapsed()).isZero();
  }

  @Test
  void asExecutorService_invokeAllByAJobOfItsOwnFullPool_runsTheTasksInItsPlace(VirtualClock clock)
      throws Exception {
    try (var pool = ThreadPool.open("p", 1)) {
      var view = pool.asExecutorService();
      List<Callable<Integer>> tasks = List.of(() -> pausing(1, 3), () -> pausing(1, 4));
      Job<Integer> outer =
          pool.call(
              "outer",
              _ -> {
                int sum = 0;
                for (var future : view.invokeAll(tasks)) {
                  sum += future.get();
                }
                return sum;
              });
      assertThat(outer.join(seconds(60))).isEqualTo(7);
      assertThat(clock.elapsed()).isEqualTo(seconds(2));
    }
  }

  @Test
  void asExecutorService_invokeAllTimeOver_cancelsWhatIsNotDone(VirtualClock clock)
      throws Exception {
    try (var pool = ThreadPool.open("p", 1)) {
      var view = pool.asExecutorService();
      List<Callable<Integer>> tasks =
          List.of(
              () -> 1,
              () -> {
                throw new IOException("disk");
              },
              () -> pausing(60, 2),
              () -> 3);
      var futures = view.invokeAll(tasks, 5, TimeUnit.SECONDS);
      assertThat(clock.elapsed()).isEqualTo(seconds(5));
      assertThat(futures).hasSize(4).allMatch(Future::isDone);
      assertThat(futures.get(0).get()).isEqualTo(1);
      assertThatExceptionOfType(ExecutionException.class)
          .isThrownBy(futures.get(1)::get)
          .withCauseInstanceOf(IOException.class);
      assertThat(futures.get(2).isCancelled()).isTrue();
      assertThat(futures.get(3).isCancelled()).isTrue();
      // of one that fails before it is cancelled nobody would hear but the log
      List<Callable<Integer>> harmless = List.of(() -> 1, () -> 2);
      assertThat(view.invokeAll(harmless, 0, TimeUnit.SECONDS)).allMatch(Future::isDone);
    }
  }

  @Test
  void asExecutorService_invokeAllInterrupted_cancelsAll(VirtualClock clock) throws Exception {
    try (var pool = ThreadPool.open("p", 1)) {
      var view = pool.asExecutorService();
      var all =
          ManagedThread.run("all", _ -> view.invokeAll(List.of(() -> pausing(60, 1), () -> 2)));
      clock.awaitOthersBlocked();
      clock.interrupt(all.thread().orElseThrow());
      assertThat(all.awaitOutcome()).isFailedThat().isInstanceOf(InterruptedException.class);
    }
    assertThat(clock.elapsed()).as("nothing goes on").isZero();
  }

  @Test
  void asExecutorService_invokeAny_givesTheFirstResult_andStopsTheOthers(
      VirtualClock clock, TestLog log) throws Exception {
    try (var pool = ThreadPool.open("p", 3)) {
      Callable<Integer> failing =
          () -> {
            throw new IOException("down");
          };
      int any =
          pool.asExecutorService()
              .invokeAny(List.of(failing, () -> pausing(60, 1), () -> pausing(2, 2)));
      assertThat(any).isEqualTo(2);
    }
    assertThat(clock.elapsed()).as("nothing goes on").isEqualTo(seconds(2));
    assertThat(log.take(Level.INFO, "down").message()).contains("has a result");
  }

  @Test
  void asExecutorService_invokeAnyHasItsResult_cancelsTheOthers(VirtualClock clock)
      throws Exception {
    try (var pool = ThreadPool.open("p", 1)) {
      var begun = new AtomicInteger();
      Callable<Integer> each =
          () -> {
            begun.incrementAndGet();
            return pausing(1, 1);
          };
      assertThat(pool.asExecutorService().invokeAny(List.of(each, each, each, each))).isEqualTo(1);
      assertThat(begun).as("one more may begin meanwhile").hasValueLessThanOrEqualTo(2);
    }
    assertThat(clock.elapsed()).isEqualTo(seconds(1));
  }

  /** What it has waited for a place for, it need not begin any more. */
  @Test
  void asExecutorService_invokeAnyHasItsResultWhileItWaitsForAPlace_submitsNoMore(
      VirtualClock clock) throws Exception {
    try (var pool = ThreadPool.named("p").size(2).backlog(0).open()) {
      var begun = new AtomicInteger();
      List<Callable<Integer>> tasks =
          List.of(
              () -> 1,
              () -> pausing(1, 2),
              () -> pausing(60, 3),
              () -> pausing(60, 4), // has a place when the second has ended, long after the first
              begun::incrementAndGet);
      int any = pool.asExecutorService().invokeAny(tasks);
      assertThat(any).isEqualTo(1);
      assertThat(begun).hasValue(0);
    }
    assertThat(clock.elapsed()).isLessThanOrEqualTo(seconds(1));
  }

  @Test
  void asExecutorService_invokeAnyOfANullTask_beginsNone() throws Exception {
    try (var pool = ThreadPool.open("p", 1)) {
      var begun = new AtomicInteger();
      List<Callable<Integer>> tasks = Arrays.asList(begun::incrementAndGet, null);
      var view = pool.asExecutorService();
      assertThatNullPointerException().isThrownBy(() -> view.invokeAny(tasks));
      assertThat(begun).hasValue(0);
    }
  }

  @Test
  void asExecutorService_invokeAnyThatAllFail_throwsOneWithTheOthers(VirtualClock clock)
      throws Exception {
    try (var pool = ThreadPool.open("p", 2)) {
      List<Callable<Integer>> tasks =
          List.of(
              () -> {
                throw new IOException("first");
              },
              () -> {
                pause(1);
                throw new IOException("last");
              });
      assertThatExceptionOfType(ExecutionException.class)
          .isThrownBy(() -> pool.asExecutorService().invokeAny(tasks))
          .satisfies(it -> {
            assertThat(it.getCause()).hasMessage("last");
            assertThat(it.getSuppressed()).hasSize(1);
            assertThat(it.getSuppressed()[0].getCause()).hasMessage("first");
          });
    }
    assertThat(clock.elapsed()).isEqualTo(seconds(1));
  }

  @Test
  void asExecutorService_invokeAnyTimeOver_cancelsAll(VirtualClock clock) throws Exception {
    try (var pool = ThreadPool.open("p", 1)) {
      var view = pool.asExecutorService();
      List<Callable<Integer>> tasks = List.of(() -> pausing(60, 1), () -> pausing(60, 2));
      assertThatExceptionOfType(TimeoutException.class)
          .isThrownBy(() -> view.invokeAny(tasks, 5, TimeUnit.SECONDS));
      assertThatExceptionOfType(TimeoutException.class)
          .isThrownBy(() -> view.invokeAny(tasks, 0, TimeUnit.SECONDS));
      assertThat(clock.elapsed()).isEqualTo(seconds(5));
      List<Callable<Integer>> quick = List.of(() -> pausing(1, 3));
      int any = view.invokeAny(quick, 5, TimeUnit.SECONDS);
      assertThat(any).isEqualTo(3);
    }
    assertThat(clock.elapsed()).isEqualTo(seconds(6));
  }

  @Test
  void asExecutorService_invokeAnyByAJobOfItsOwnFullPool_runsTheTasksInItsPlace(VirtualClock clock)
      throws Exception {
    try (var pool = ThreadPool.open("p", 1)) {
      var view = pool.asExecutorService();
      List<Callable<Integer>> tasks =
          List.of(
              () -> {
                pause(1);
                throw new IOException("down");
              },
              () -> pausing(1, 4));
      assertThat(pool.call("outer", _ -> view.invokeAny(tasks)).join(seconds(60))).isEqualTo(4);
    }
    assertThat(clock.elapsed()).isEqualTo(seconds(2));
  }

  @Test
  void asExecutorService_invokeAnyStopped_endsTheWait(VirtualClock clock) throws Exception {
    var pool = ThreadPool.open("p", 1);
    var view = pool.asExecutorService();
    pool.run("blocker", pleaseStop -> pleaseStop.await());
    var any = ManagedThread.call("any", _ -> view.invokeAny(List.of(() -> 1, () -> 2)));
    clock.awaitOthersBlocked();
    view.shutdownNow();
    assertThat(any.awaitOutcome())
        .isFailedThat()
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(CancellationException.class);
    assertThat(clock.elapsed()).isZero();
  }

  @Test
  void asExecutorService_invokeAnyInterrupted_cancelsAll(VirtualClock clock) throws Exception {
    try (var pool = ThreadPool.open("p", 1)) {
      var view = pool.asExecutorService();
      var any =
          ManagedThread.run("any", _ -> view.invokeAny(List.of(() -> pausing(60, 1), () -> 2)));
      clock.awaitOthersBlocked();
      clock.interrupt(any.thread().orElseThrow());
      assertThat(any.awaitOutcome()).isFailedThat().isInstanceOf(InterruptedException.class);
    }
    assertThat(clock.elapsed()).as("nothing goes on").isZero();
  }

  @Test
  void asExecutorService_invokeAnyOfNothing_isRefused() throws Exception {
    try (var pool = ThreadPool.open("p", 1)) {
      var view = pool.asExecutorService();
      assertThatIllegalArgumentException()
          .isThrownBy(() -> view.invokeAny(List.of()))
          .withMessageContaining("at least one");
    }
  }

  private static int pausing(double seconds, int result) throws InterruptedException {
    pause(seconds);
    return result;
  }

  @Test
  void asExecutorService_cancelOfARunningTask_endsTheWaitsOfOthersAtOnce(VirtualClock clock)
      throws Exception {
    var pool = ThreadPool.open("p", 1);
    SlowSink<String> deaf = SlowSink.deaf();
    var future =
        pool.asExecutorService()
            .submit(() -> {
              deaf.accept("task");
              return 1;
            });
    var getter =
        ManagedThread.run(
            "getter",
            _ -> assertThatExceptionOfType(CancellationException.class).isThrownBy(future::get));
    var timed =
        ManagedThread.run(
            "timed",
            _ ->
                assertThatExceptionOfType(CancellationException.class)
                    .isThrownBy(() -> future.get(1, TimeUnit.HOURS)));
    clock.awaitOthersBlocked();
    assertThat(future.cancel(true)).isTrue();
    assertThat(future.cancel(true)).as("again").isFalse();
    getter.join();
    timed.join();
    assertThat(clock.elapsed()).isLessThan(seconds(1));
    assertThat(future.isDone() && future.isCancelled()).isTrue();
    deaf.letGo();
    pool.close();
    assertThatExceptionOfType(CancellationException.class)
        .as("whatever the task has returned since")
        .isThrownBy(future::get);
  }

  /** The interrupt status is that of the waiting thread, and it goes on with it. */
  @Test
  void asExecutorService_submitInterruptedWhileTheBacklogIsFull_isRejectedAndKeepsTheStatus()
      throws Exception {
    try (var pool = ThreadPool.named("p").size(1).backlog(0).open()) {
      var view = pool.asExecutorService();
      Job<Integer> running = pool.call("running", lasting(1, 1));
      Thread.currentThread().interrupt();
      assertThatExceptionOfType(RejectedExecutionException.class)
          .isThrownBy(() -> view.submit(() -> 2))
          .withCauseInstanceOf(InterruptedException.class)
          .withMessageContaining(view.toString());
      assertThat(Thread.interrupted()).isTrue();
      assertThat(view).hasToString(pool.toString());
      assertThat(running.join()).isEqualTo(1);
    }
  }

  /** Whoever waits for a future that was only executed, as a completion service does, is told. */
  @Test
  void asExecutorService_executedFutureIsDiscarded_isCancelled(VirtualClock clock)
      throws Exception {
    var pool = ThreadPool.open("p", 1);
    var view = pool.asExecutorService();
    var first = new FutureTask<>(() -> 1);
    var second = new FutureTask<>(() -> 2);
    view.execute(first);
    pool.run("blocker", pleaseStop -> pleaseStop.await());
    view.execute(second);
    clock.awaitOthersBlocked();
    assertThat(first.get()).isEqualTo(1);
    view.shutdownNow();
    clock.awaitOthersBlocked();
    assertThatExceptionOfType(CancellationException.class).isThrownBy(second::get);
    assertThat(first.isCancelled()).isFalse();
    pool.close();
  }

  @Test
  void asExecutorService_taskIsAbandoned_isCancelledH5(VirtualClock clock, TestLog log)
      throws Exception {
    var pool = ThreadPool.open("p", 1);
    SlowSink<String> deaf = SlowSink.deaf();
    var future =
        pool.asExecutorService()
            .submit(() -> {
              deaf.accept("task");
              return 1;
            });
    clock.awaitOthersBlocked();
    assertThat(future.isCancelled()).isFalse();
    pool.stop();
    assertThatExceptionOfType(CancellationException.class).isThrownBy(future::get);
    assertThat(future.isDone() && future.isCancelled()).isTrue();
    assertThat(clock.elapsed()).isEqualTo(seconds(7));
    deaf.letGo();
    clock.awaitOthersBlocked();
    log.takeStopReports();
  }

  // ---- what a job takes along (H13)

  private static final ScopedValue<String> USER = ScopedValue.newInstance();
  private static final ScopedValue<String> REQUEST = ScopedValue.newInstance();

  private static String bound() {
    return USER.orElse("nobody") + " " + REQUEST.orElse("none");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void carrying_scopedValues_areBoundAsWhereTheJobWasSubmittedH13(boolean platform)
      throws Exception {
    var builder = ThreadPool.named("p").size(1).carrying(USER);
    try (var pool = (platform ? builder.platform() : builder).open()) {
      Job<String> begun =
          ScopedValue.where(USER, "Ann")
              .where(REQUEST, "7")
              .call(() -> pool.call("begun", _ -> pauseAnd(bound())));
      Job<String> queued =
          ScopedValue.where(USER, "Bob").call(() -> pool.call("queued", _ -> bound()));
      Job<String> both =
          ScopedValue.where(USER, "Cleo")
              .where(REQUEST, "8")
              .call(() -> pool.job("both").carrying(REQUEST).call(_ -> bound()));
      Job<String> unbound = pool.call("unbound", _ -> bound());
      assertThat(begun.join()).isEqualTo("Ann none");
      assertThat(queued.join()).isEqualTo("Bob none");
      assertThat(both.join()).isEqualTo("Cleo 8");
      assertThat(unbound.join()).isEqualTo("nobody none");
    }
  }

  private static String pauseAnd(String result) throws InterruptedException {
    pause(1);
    return result;
  }

  @Test
  void call_contextClassLoader_isThatOfTheSubmitterH13() throws Exception {
    var other = new ClassLoader(getClass().getClassLoader()) {};
    try (var pool = ThreadPool.open("p", 1)) {
      pool.run("blocker", _ -> pause(1));
      var mine = Thread.currentThread().getContextClassLoader();
      Thread.currentThread().setContextClassLoader(other);
      Job<ClassLoader> job;
      try {
        job = pool.call("j", _ -> Thread.currentThread().getContextClassLoader());
      } finally {
        Thread.currentThread().setContextClassLoader(mine);
      }
      assertThat(job.join()).isSameAs(other);
    }
  }
}
