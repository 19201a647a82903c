package org.morethreads.thread;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNoException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.fail;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.morethreads.fixture.Kind;
import org.morethreads.fixture.Threads;
import org.morethreads.internal.Library;
import org.morethreads.internal.Surroundings;
import org.morethreads.internal.Time;
import org.morethreads.sync.Signal;

/** H1, H2, H12, H13: what a managed thread is, where it belongs, and what it is given. */
@Timeout(20)
class ManagedThreadTest {
  @RegisterExtension final Grove grove = new Grove();

  // ---- H1: names and paths

  @Test
  void path_nested_joinsTheNamesFromTheRoot() throws Exception {
    try (var tree = grove.open("t")) {
      var outer =
          tree.call(
              "outer",
              _ -> ManagedThread.call("inner", _ -> ManagedThread.current().path()).join());
      assertThat(outer.join()).isEqualTo("t/outer/inner");
      assertThat(outer.path()).isEqualTo("t/outer");
      assertThat(outer.name()).isEqualTo("outer");
      assertThat(outer).hasToString("t/outer");
    }
  }

  @Test
  void path_equalNamesOfLivingSiblings_areNumbered() throws Exception {
    try (var tree = grove.open("t")) {
      var first = tree.run("x", Signal::await);
      var second = tree.run("x", Signal::await);
      var third = tree.run("x", Signal::await);
      assertThat(List.of(first.path(), second.path(), third.path()))
          .containsExactly("t/x", "t/x#2", "t/x#3");
      assertThat(second.name()).isEqualTo("x");
    }
  }

  @Test
  void path_nameOfALivingSiblingThatWasNumbered_isNotGivenTwice() throws Exception {
    try (var tree = grove.open("t")) {
      var first = tree.run("x", Signal::await);
      var second = tree.run("x", Signal::await);
      first.stop();
      first.join();
      var third = tree.run("x", Signal::await);
      assertThat(third.path()).isEqualTo("t/x#3").isNotEqualTo(second.path());
    }
  }

  @Test
  void path_allOfThatNameHaveEnded_startsAfresh() throws Exception {
    try (var tree = grove.open("t")) {
      tree.run("x", _ -> {}).join();
      Grove.eventually(() -> tree.root.childCount() == 0);
      assertThat(tree.run("x", _ -> {}).path()).isEqualTo("t/x");
    }
  }

  @Test
  void path_aHundredLevelsDeep_leavesTheMiddleOut() throws Exception {
    try (var _ = grove.open("t")) {
      assertThat(deep(100)).startsWith("t/…/").endsWith("/level2/level1").hasSizeLessThan(400);
    }
  }

  @Test
  void path_thirtyLevelsDeep_isWhole() throws Exception {
    try (var _ = grove.open("t")) {
      assertThat(deep(30)).startsWith("t/level30/level29/").doesNotContain("…");
      assertThat(deep(31)).startsWith("t/…/level30/level29/");
    }
  }

  private static String deep(int levels) throws InterruptedException {
    return ManagedThread.call(
            "level" + levels, _ -> levels == 1 ? ManagedThread.current().path() : deep(levels - 1))
        .join();
  }

  @ParameterizedTest
  @EnumSource
  void run_anyKind_nameIsTheJdkThreadsName(Kind kind) throws Exception {
    try (var _ = grove.open("t")) {
      var thread = Grove.named(kind, "fetch-3").call(_ -> Thread.currentThread());
      assertThat(thread.join().getName()).isEqualTo("fetch-3");
      assertThat(thread.join().isVirtual()).isEqualTo(kind.isVirtual());
      assertThat(thread.join().isDaemon()).isTrue();
      assertThat(thread.thread()).contains(thread.join());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a/b"})
  void named_noName_throws(String name) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ManagedThread.named(name))
        .withMessageContaining(name);
  }

  @Test
  void priority_virtual_throws() {
    assertThatIllegalStateException()
        .isThrownBy(() -> ManagedThread.named("x").priority(7))
        .withMessageContaining("platform()");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 11})
  void priority_outOfRange_throws(int priority) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ManagedThread.named("x").platform().priority(priority))
        .withMessageContaining("from 1 to 10");
  }

  @ParameterizedTest
  @ValueSource(ints = {Thread.MIN_PRIORITY, Thread.MAX_PRIORITY})
  void priority_lowestAndHighest_areTaken(int priority) throws Exception {
    try (var tree = grove.open("t")) {
      var thread =
          tree.named("x")
              .platform()
              .priority(priority)
              .prepareCall(_ -> Thread.currentThread().getPriority());
      thread.start();
      assertThat(thread.join()).isEqualTo(priority);
    }
  }

  /** A class may be both; how it is started says what it is. */
  private static final class Both implements ManagedThread.Task, ManagedThread.Call<String> {
    @Override
    public void run(Signal pleaseStop) {}

    @Override
    public String call(Signal pleaseStop) {
      return "called";
    }
  }

  @Test
  void run_taskThatIsACallToo_isRun() throws Exception {
    try (var tree = grove.open("t")) {
      var both = new Both();
      assertThat(tree.named("run").run(both).awaitOutcome())
          .isEqualTo(new Outcome.Returned<>(null));
      assertThat(tree.named("call").call(both).awaitOutcome())
          .isEqualTo(new Outcome.Returned<>("called"));
    }
  }

  // ---- what only the library itself may call

  @Test
  void isStopUnderWay_stopped_isTrue() throws Exception {
    try (var tree = grove.open("t")) {
      var thread = tree.run("x", Signal::await);
      assertThat(thread.isStopUnderWay(Library.MEMBER)).isFalse();
      thread.stop();
      assertThat(thread.isStopUnderWay(Library.MEMBER)).isTrue();
    }
  }

  @Test
  void isStopUnderWay_somethingBelowIsNotToldYet_isTrueThereOnlyWhereNobodyNeedsIt()
      throws Exception {
    try (var tree = grove.open("t")) {
      var release = Signal.create("release");
      var ready = Signal.create("ready");
      var parent =
          tree.run(
              "parent",
              stop -> {
                var db = ManagedThread.run("db", Signal::await);
                ManagedThread.named("web").needs(db).run(_ -> release.await());
                ready.go();
                stop.await();
              });
      ready.await();
      var db = parent.children().getFirst();
      db.stop();
      assertThat(db.isStopUnderWay(Library.MEMBER)).as("works for web").isFalse();
      assertThat(parent.isStopUnderWay(Library.MEMBER)).as("not stopped").isFalse();
      parent.stop();
      assertThat(parent.pleaseStop().isSignalled()).isFalse();
      assertThat(parent.isStopUnderWay(Library.MEMBER)).as("waits for those below").isTrue();
      assertThat(db.isStopUnderWay(Library.MEMBER)).isFalse();
      release.go();
      parent.join();
    }
  }

  @Test
  void isLeavingByStop_interrupt_isTrueAndAnotherFailureIsNot() {
    assertThat(ManagedThread.isLeavingByStop(Library.MEMBER, new InterruptedException())).isTrue();
    assertThat(ManagedThread.isLeavingByStop(Library.MEMBER, new IOException())).isFalse();
  }

  @ParameterizedTest
  @EnumSource
  void interrupt_ofALibraryPart_endsItsWait(Kind kind) throws Exception {
    try (var _ = grove.open("t")) {
      var thread = Grove.named(kind, "x").prepareCall(_ -> catchThrowable(Signal.NEVER::await));
      thread.interrupt(Library.MEMBER); // it has no thread yet
      thread.start();
      thread.interrupt(Library.MEMBER);
      assertThat(thread.join()).isInstanceOf(InterruptedException.class);
    }
  }

  @ParameterizedTest
  @EnumSource
  void start_withSomethingFirst_doesItWhenLinkedAndBeforeTheThreadRuns(Kind kind) throws Exception {
    try (var tree = grove.open("t")) {
      List<String> order = new CopyOnWriteArrayList<>();
      var thread = Grove.named(kind, "x").parent(tree).prepareCall(_ -> order.add("task"));
      thread.start(
          Library.MEMBER,
          () -> {
            order.add("first under " + tree.children());
            assertThat(thread.thread().orElseThrow().getState()).isEqualTo(Thread.State.NEW);
          });
      thread.join();
      assertThat(order).containsExactly("first under [t/x]", "task");
    }
  }

  @Test
  void start_withSomethingFirstButRefused_doesNothing() throws Exception {
    var tree = grove.open("t");
    tree.close();
    var thread = tree.named("x").prepare(_ -> {});
    assertThatIllegalStateException()
        .isThrownBy(() -> thread.start(Library.MEMBER, () -> fail("it was refused")));
    try (var other = grove.open("other")) {
      var twice = other.run("twice", _ -> {});
      assertThatIllegalStateException()
          .isThrownBy(() -> twice.start(Library.MEMBER, () -> fail("it was refused")));
    }
  }

  @Test
  void start_withSomethingFirstThatFails_startsNothingAndIsNoFailureOfTheTree() throws Exception {
    List<String> seen = new CopyOnWriteArrayList<>();
    var registration =
        ThreadTree.observe(
            new ThreadObserver() {
              @Override
              public void started(ManagedThread<?> thread) {
                seen.add("started " + thread);
              }

              @Override
              public void ended(ManagedThread<?> thread, Outcome<?> outcome) {
                seen.add("ended " + thread);
              }
            });
    try (var tree = grove.open("t")) {
      var ran = new AtomicBoolean();
      var thread = tree.named("x").prepare(_ -> ran.set(true));
      var failure = new IllegalArgumentException("on purpose");
      assertThatThrownBy(() ->
              thread.start(
                  Library.MEMBER,
                  () -> {
                    throw failure;
                  }))
          .isSameAs(failure);
      assertThat(thread.stopped().isSignalled()).isTrue();
      assertThat(tree.children()).isEmpty();
      assertThat(ran).isFalse();
    } finally {
      registration.remove();
    }
    assertThat(seen).isEmpty();
  }

  @Test
  void priority_platform_isTheThreads() throws Exception {
    try (var tree = grove.open("t")) {
      var thread =
          tree.named("x").platform().priority(7).call(_ -> Thread.currentThread().getPriority());
      assertThat(thread.join()).isEqualTo(7);
    }
  }

  // ---- H1: parents

  @ParameterizedTest
  @EnumSource
  void run_insideAManagedThread_isItsChild(Kind kind) throws Exception {
    try (var _ = grove.open("t")) {
      var parent =
          Grove.named(kind, "parent")
              .call(_ ->
                  Grove.named(kind, "child").call(_ -> ManagedThread.current().parent()).join());
      assertThat(parent.join()).contains(parent);
    }
  }

  @Test
  void run_unmanagedThread_belongsToTheTreeItHasOpened() throws Exception {
    try (var _ = grove.open("outer");
        var inner = grove.open("inner")) {
      var thread = ManagedThread.run("x", _ -> {});
      assertThat(thread.tree()).isSameAs(inner);
      assertThat(thread.parent()).isEmpty();
    }
  }

  @Test
  void run_innerTreeClosed_belongsToTheOuterAgain() throws Exception {
    try (var outer = grove.open("outer")) {
      grove.open("inner").close();
      assertThat(ManagedThread.run("x", _ -> {}).tree()).isSameAs(outer);
    }
  }

  /**
   * Until it is closed: a stop alone must not send new threads to another tree, least of all to the
   * main one.
   */
  @Test
  void run_treeStoppedButNotClosed_doesNotGoElsewhere() throws Exception {
    try (var _ = grove.open("outer");
        var inner = grove.open("inner")) {
      inner.stop();
      inner.stopped().await();
      assertThatIllegalStateException()
          .isThrownBy(() -> ManagedThread.run("late", _ -> {}))
          .withMessageContaining("\"inner\" has stopped");
    }
  }

  @Test
  void parent_given_isTheParentWhoeverStarts() throws Exception {
    try (var tree = grove.open("t");
        var other = grove.open("other")) {
      var foster = tree.run("foster", Signal::await);
      var child = ManagedThread.named("child").parent(foster).run(Signal::await);
      assertThat(child.parent()).contains(foster);
      assertThat(child.path()).isEqualTo("t/foster/child");
      assertThat(foster.children()).isEqualTo(List.of(child));
      assertThat(other.children()).isEmpty();
    }
  }

  @Test
  void children_severalStarted_areInStartOrder() throws Exception {
    try (var tree = grove.open("t")) {
      List<ManagedThread<?>> started = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        started.add(tree.run("x", Signal::await));
      }
      assertThat(tree.children()).isEqualTo(started);
    }
  }

  // ---- current

  @Test
  void current_unmanaged_throwsAndNamesAdopt() {
    assertThatIllegalStateException()
        .isThrownBy(ManagedThread::current)
        .withMessageContaining("adopt()");
    assertThat(ManagedThread.currentOrNull()).isNull();
  }

  @ParameterizedTest
  @EnumSource
  void current_handlerOverwritten_isStillFound(Kind kind) throws Exception {
    try (var _ = grove.open("t")) {
      var thread =
          Grove.named(kind, "x")
              .call(_ -> {
                Thread.currentThread().setUncaughtExceptionHandler((_, _) -> {});
                return ManagedThread.current();
              });
      assertThat(thread.join()).isSameAs(thread);
    }
  }

  @ParameterizedTest
  @EnumSource
  void current_handlerCopiedToAnUnmanagedThread_deceivesNobody(Kind kind) throws Exception {
    try (var tree = grove.open("t")) {
      var thread =
          tree.call(
              "x",
              _ -> {
                var found = new AtomicReference<>(new Object());
                Thread other =
                    kind.isVirtual()
                        ? Thread.ofVirtual()
                            .unstarted(() -> found.set(ManagedThread.currentOrNull()))
                        : new Thread(() -> found.set(ManagedThread.currentOrNull()));
                other.setUncaughtExceptionHandler(
                    Thread.currentThread().getUncaughtExceptionHandler());
                other.start();
                other.join();
                return found.get();
              });
      assertThat(thread.join()).isNull();
    }
  }

  @Test
  void current_handlerOverwritten_theStopStillHurriesItsTills() throws Exception {
    try (var tree = grove.open("t")) {
      var ready = Signal.create("ready");
      var thread =
          tree.call(
              "x",
              _ -> {
                Thread.currentThread().setUncaughtExceptionHandler((_, _) -> {});
                ready.go();
                return org.morethreads.sync.Till.after(Duration.ofHours(1)).await(Signal.NEVER);
              });
      ready.await();
      thread.stop();
      assertThat(thread.join()).isTrue();
    }
  }

  /** Nothing is uncaught in a managed thread, but its handler may be copied. */
  @Test
  void uncaughtException_ofAThreadWithACopiedHandler_isLogged() throws Exception {
    var failure = new AssertionError("stray");
    try (var tree = grove.open("t")) {
      tree.run(
              "x",
              _ -> {
                Thread other =
                    Thread.ofPlatform()
                        .name("stranger")
                        .uncaughtExceptionHandler(
                            Thread.currentThread().getUncaughtExceptionHandler())
                        .start(() -> {
                          throw failure;
                        });
                other.join();
              })
          .join();
    }
    assertThat(grove.log())
        .singleElement()
        .satisfies(heard -> {
          assertThat(heard.level()).isEqualTo(System.Logger.Level.ERROR);
          assertThat(heard.message()).contains("\"stranger\"");
          assertThat(heard.failure()).isSameAs(failure);
        });
  }

  // ---- preparing and starting

  @Test
  void prepare_neverStarted_isNoChildAndHoldsNothingUp() {
    try (var tree = grove.open("t")) {
      var prepared = tree.named("x").prepare(_ -> {});
      assertThat(tree.children()).isEmpty();
      assertThat(prepared.thread()).isEmpty();
      assertThat(prepared.outcome()).isEmpty();
    }
  }

  @Test
  void start_prepared_runsTheTask() throws Exception {
    try (var tree = grove.open("t")) {
      var prepared = tree.named("x").prepareCall(_ -> 42);
      prepared.start();
      assertThat(prepared.join()).isEqualTo(42);
    }
  }

  @Test
  void start_twice_throws() throws Exception {
    try (var tree = grove.open("t")) {
      var thread = tree.run("x", Signal::await);
      assertThatIllegalStateException().isThrownBy(thread::start).withMessageContaining("before");
    }
  }

  /** Two starters at once: the task runs once, and the list of children holds. */
  @Test
  void start_byManyAtOnce_startsOnce() throws Exception {
    for (int round = 0; round < 200; round++) {
      try (var tree = grove.open("t")) {
        var ran = new AtomicInteger();
        var refused = new AtomicInteger();
        var thread = tree.named("x").prepare(_ -> ran.incrementAndGet());
        var gate = new CountDownLatch(1);
        var starters =
            IntStream.range(0, 4)
                .mapToObj(_ ->
                    Kind.PLATFORM.call(() -> {
                      gate.await();
                      try {
                        thread.start();
                      } catch (IllegalStateException e) {
                        refused.incrementAndGet();
                      }
                      return null;
                    }))
                .toList();
        gate.countDown();
        for (var each : starters) {
          each.get();
        }
        thread.join();
        assertThat(ran).hasValue(1);
        assertThat(refused).hasValue(3);
      }
    }
  }

  @Test
  void join_notStarted_throws() {
    try (var tree = grove.open("t")) {
      var prepared = tree.named("x").prepare(_ -> {});
      assertThatIllegalStateException().isThrownBy(prepared::join).withMessageContaining("start()");
    }
  }

  @Test
  void start_parentHasStopped_throwsAndMayBeTriedAgain() throws Exception {
    try (var tree = grove.open("t")) {
      var parent = tree.run("parent", _ -> {});
      parent.join();
      var child = ManagedThread.named("child").parent(parent).prepare(_ -> {});
      for (int i = 0; i < 2; i++) {
        assertThatIllegalStateException()
            .isThrownBy(child::start)
            .withMessageContaining("t/parent")
            .withMessageContaining("has stopped");
      }
      assertThat(child.outcome()).isEmpty();
    }
  }

  /** A child of a thread that is in no tree yet would be found by no stop. */
  @Test
  void start_parentNotStarted_throws() throws Exception {
    try (var tree = grove.open("t")) {
      var parent = tree.named("parent").prepare(_ -> {});
      assertThatIllegalStateException()
          .isThrownBy(() -> ManagedThread.named("child").parent(parent).run(_ -> {}))
          .withMessageContaining("has not been started");
    }
  }

  @Test
  void start_treeClosed_throws() {
    var tree = grove.open("t");
    tree.close();
    assertThatIllegalStateException()
        .isThrownBy(() -> tree.run("late", _ -> {}))
        .withMessageContaining("has stopped");
  }

  @ParameterizedTest
  @EnumSource
  void start_parentToldBefore_isBornToldAndRuns(Kind kind) throws Exception {
    try (var _ = grove.open("t")) {
      var told = Signal.create("told");
      var parent =
          Grove.named(kind, "parent")
              .call(stop -> {
                told.go();
                stop.await();
                var child = Grove.named(kind, "child").call(childStop -> childStop.isSignalled());
                assertThat(child.pleaseStop().isSignalled()).isTrue();
                assertThat(child.stopReason().orElseThrow().message()).isEqualTo("enough");
                return child.join();
              });
      told.await();
      parent.stop("enough");
      assertThat(parent.join()).isTrue();
    }
  }

  /**
   * The parent's task has ended and its children are awaited: a new one is told too, or nobody
   * would ever end it.
   */
  @ParameterizedTest
  @EnumSource
  void start_parentAwaitsItsChildren_isBornTold(Kind kind) throws Exception {
    try (var tree = grove.open("t")) {
      var release = Signal.create("release");
      var parent = tree.run("parent", _ -> Grove.named(kind, "first").run(_ -> release.await()));
      Grove.eventually(() -> parent.node.state() == Node.CLOSING);
      Threads.awaitBlocked(parent.thread().orElseThrow());
      var late = ManagedThread.named("late").parent(parent).run(Signal::await);
      late.join();
      assertThat(late.stopReason().orElseThrow().kind()).isEqualTo(StopReason.Kind.PARENT_ENDED);
      release.go();
      parent.join();
    }
  }

  @ParameterizedTest
  @EnumSource
  void stop_preparedThread_isToldAndRunsWhenStarted(Kind kind) throws Exception {
    try (var _ = grove.open("t")) {
      var thread = Grove.named(kind, "x").prepareCall(stop -> stop.isSignalled());
      thread.stop("not wanted any more");
      assertThat(thread.pleaseStop().isSignalled()).isTrue();
      thread.start();
      assertThat(thread.join()).isTrue();
    }
  }

  // ---- H2: stopped

  @ParameterizedTest
  @EnumSource
  void stopped_childStillRuns_waitsForIt(Kind kind) throws Exception {
    try (var _ = grove.open("t")) {
      var release = Signal.create("release");
      var parent =
          Grove.named(kind, "parent")
              .run(_ -> Grove.named(kind, "child").run(_ -> release.await()));
      Grove.eventually(() -> parent.node.state() == Node.CLOSING);
      Threads.awaitBlocked(parent.thread().orElseThrow());
      assertThat(parent.stopped().isSignalled()).isFalse();
      release.go();
      parent.join();
      assertThat(parent.stopped().isSignalled()).isTrue();
    }
  }

  @Test
  void end_ofTheTask_tellsTheChildrenWhy() throws Exception {
    try (var tree = grove.open("t")) {
      var child = new AtomicReference<ManagedThread<?>>();
      tree.run("parent", _ -> child.set(ManagedThread.run("child", Signal::await))).join();
      assertThat(child.get().stopReason().orElseThrow())
          .isEqualTo(
              new StopReason(
                  StopReason.Kind.PARENT_ENDED, "t/parent", "the task of the parent has ended"));
    }
  }

  @Test
  void end_childrenStillWorking_saysSoOnceAtInfo() throws Exception {
    try (var tree = grove.open("t")) {
      tree.run(
              "parent",
              _ -> {
                for (int i = 0; i < 7; i++) {
                  ManagedThread.run("child", Signal::await);
                }
              })
          .join();
      assertThat(grove.log(System.Logger.Level.INFO))
          .singleElement()
          .asString()
          .contains("\"t/parent\"", "\"child#7\"", "and 2 more");
    }
  }

  @Test
  void end_afterAStop_saysNothing() throws Exception {
    try (var tree = grove.open("t")) {
      var ready = Signal.create("ready");
      var parent =
          tree.run(
              "parent",
              stop -> {
                ManagedThread.run("child", Signal::await);
                ready.go();
                stop.await();
              });
      ready.await();
      parent.stop();
      parent.join();
    }
    assertThat(grove.log()).isEmpty();
  }

  @Test
  void end_childrenEndedBefore_saysNothing() throws Exception {
    try (var tree = grove.open("t")) {
      tree.run("parent", _ -> ManagedThread.run("child", _ -> {}).join()).join();
    }
    assertThat(grove.log()).isEmpty();
  }

  /** That it has told its own children has been said when its task ended. */
  @Test
  void end_childOnlyWaitsForItsChildren_saysNothingMore() throws Exception {
    try (var tree = grove.open("t")) {
      var release = Signal.create("release");
      tree.run(
              "parent",
              _ -> {
                var child =
                    ManagedThread.run(
                        "child", _ -> ManagedThread.run("slow", _ -> release.await()));
                Grove.eventually(() -> !grove.log(System.Logger.Level.INFO).isEmpty());
                StopOrderTest.hear(child.pleaseStop(), release::go);
              })
          .join();
    }
    assertThat(grove.log(System.Logger.Level.INFO))
        .singleElement()
        .asString()
        .contains("\"t/parent/child\"", "still working: \"slow\".");
  }

  @Test
  void close_childrenStillWorking_saysNothingSinceThatIsWhatWasAskedFor() {
    try (var tree = grove.open("t")) {
      tree.run("x", Signal::await);
    }
    assertThat(grove.log()).isEmpty();
  }

  // ---- H12: ready

  @ParameterizedTest
  @EnumSource
  void awaitReady_taskIsReady_returnsTheThread(Kind kind) throws Exception {
    try (var _ = grove.open("t")) {
      var thread =
          Grove.named(kind, "server")
              .run(stop -> {
                ManagedThread.current().signalReady();
                stop.await();
              });
      assertThat(thread.awaitReady()).isSameAs(thread);
      assertThat(thread.ready().isSignalled()).isTrue();
    }
  }

  @Test
  void awaitReady_failsBefore_throwsItsFailureAndClaimsIt() throws Exception {
    try (var tree = grove.open("t")) {
      var thread =
          tree.run(
              "server",
              _ -> {
                throw new IOException("port taken");
              });
      assertThatExceptionOfType(ThreadFailedException.class)
          .isThrownBy(thread::awaitReady)
          .withCauseInstanceOf(IOException.class);
    }
    assertThat(grove.log()).isEmpty();
  }

  @Test
  void awaitReady_returnsBefore_throws() throws Exception {
    try (var tree = grove.open("t")) {
      var thread = tree.run("server", _ -> {});
      assertThatIllegalStateException()
          .isThrownBy(thread::awaitReady)
          .withMessageContaining("signalReady()");
    }
  }

  @Test
  void awaitReady_readyAndEnded_returns() throws Exception {
    try (var tree = grove.open("t")) {
      var thread = tree.run("server", _ -> ManagedThread.current().signalReady());
      thread.join();
      assertThat(thread.awaitReady()).isSameAs(thread);
    }
  }

  @ParameterizedTest
  @EnumSource
  void awaitReady_interruptedWhileWaiting_throwsAndLeavesTheThreadAlone(Kind kind)
      throws Exception {
    try (var tree = grove.open("t")) {
      var thread = tree.run("server", Signal::await);
      var waiter = kind.call(thread::awaitReady);
      waiter.interruptWhenBlocked();
      assertThatExceptionOfType(java.util.concurrent.ExecutionException.class)
          .isThrownBy(waiter::get)
          .withCauseInstanceOf(InterruptedException.class);
      assertThat(thread.pleaseStop().isSignalled()).isFalse();
    }
  }

  // ---- H13: context

  @ParameterizedTest
  @EnumSource
  void run_contextClassLoader_isTheStarters(Kind kind) throws Exception {
    var before = Thread.currentThread().getContextClassLoader();
    try (var _ = grove.open("t");
        var loader = new URLClassLoader(new URL[0])) {
      Thread.currentThread().setContextClassLoader(loader);
      var thread = Grove.named(kind, "x").call(_ -> Thread.currentThread().getContextClassLoader());
      assertThat(thread.join()).isSameAs(loader);
    } finally {
      Thread.currentThread().setContextClassLoader(before);
    }
  }

  private static final ThreadLocal<String> MOOD = new ThreadLocal<>();

  /** Carries a thread-local; fails when it is told to. */
  private static ContextCarrier carrierOfMood(boolean captureFails, boolean installFails) {
    return new ContextCarrier() {
      @Override
      public Object capture() {
        if (captureFails) {
          throw new IllegalStateException("cannot be read");
        }
        return MOOD.get();
      }

      @Override
      public void install(Object captured) {
        if (installFails) {
          throw new AssertionError("cannot be passed on");
        }
        MOOD.set((String) captured);
      }
    };
  }

  @ParameterizedTest
  @EnumSource
  void run_carrierRegistered_childAndGrandchildHaveTheContext(Kind kind) throws Exception {
    var registration = ContextCarrier.register(carrierOfMood(false, false));
    MOOD.set("cheerful");
    try (var _ = grove.open("t")) {
      var thread =
          Grove.named(kind, "x")
              .call(_ -> MOOD.get() + " " + ManagedThread.call("y", _ -> MOOD.get()).join());
      MOOD.set("changed after the start");
      assertThat(thread.join()).isEqualTo("cheerful cheerful");
      assertThat(registration.remove()).isTrue();
      assertThat(registration.remove()).isFalse();
      assertThat(Grove.named(kind, "x").call(_ -> MOOD.get() == null).join()).isTrue();
    } finally {
      registration.remove();
      MOOD.remove();
    }
  }

  @ParameterizedTest
  @EnumSource
  void run_carrierFails_threadRunsWithoutItsPart(Kind kind) throws Exception {
    var broken = ContextCarrier.register(carrierOfMood(true, false));
    var alsoBroken = ContextCarrier.register(carrierOfMood(false, true));
    var whole = ContextCarrier.register(carrierOfMood(false, false));
    MOOD.set("cheerful");
    try (var _ = grove.open("t")) {
      assertThat(Grove.named(kind, "x").call(_ -> MOOD.get()).join()).isEqualTo("cheerful");
    } finally {
      broken.remove();
      alsoBroken.remove();
      whole.remove();
      MOOD.remove();
    }
  }

  private static final ScopedValue<String> USER = ScopedValue.newInstance();
  private static final ScopedValue<String> UNBOUND = ScopedValue.newInstance();

  @ParameterizedTest
  @EnumSource
  void carrying_boundAtTheStart_isBoundInTheTask(Kind kind) throws Exception {
    try (var _ = grove.open("t")) {
      var thread =
          ScopedValue.where(USER, "ada")
              .call(() ->
                  Grove.named(kind, "x")
                      .carrying(USER, UNBOUND)
                      .call(_ -> USER.get() + UNBOUND.isBound()));
      assertThat(thread.join()).isEqualTo("adafalse");
    }
  }

  @Test
  void carrying_notNamed_isNotBound() throws Exception {
    try (var tree = grove.open("t")) {
      var thread = ScopedValue.where(USER, "ada").call(() -> tree.call("x", _ -> USER.isBound()));
      assertThat(thread.join()).isFalse();
    }
  }

  @Test
  void carrying_nothingBound_runsTheTask() throws Exception {
    try (var tree = grove.open("t")) {
      assertThat(tree.named("x").carrying(UNBOUND).call(_ -> UNBOUND.isBound()).join()).isFalse();
    }
  }

  @Test
  void run_inheritableThreadLocals_areNotInherited() throws Exception {
    var inheritable = new InheritableThreadLocal<String>();
    inheritable.set("leak");
    try (var tree = grove.open("t")) {
      assertThat(tree.named("p").platform().call(_ -> inheritable.get() == null).join()).isTrue();
      assertThat(tree.call("v", _ -> inheritable.get() == null).join()).isTrue();
    } finally {
      inheritable.remove();
    }
  }

  // ---- a start that fails

  /**
   * Takes part in nothing; fails when asked to announce a thread, as a JVM that has no memory for
   * one does.
   */
  @ParameterizedTest
  @EnumSource
  void start_noThreadCanBeMade_leavesTheTreeAsItWas(Kind kind) throws Exception {
    var time = new Unwilling();
    try (var tree = grove.open(StopPolicy.standard(), time)) {
      var db = tree.run("db", Signal::await);
      var released = Signal.create("stopWhen");
      time.refuses = true;
      var thread =
          Grove.named(kind, "x")
              .needs(db)
              .stopWhen(released)
              .deadline(Duration.ofHours(1))
              .prepare(_ -> {});
      assertThatExceptionOfType(OutOfMemoryError.class).isThrownBy(thread::start);
      time.refuses = false;
      assertThat(tree.children()).isEqualTo(List.of(db));
      assertThat(thread.stopped().isSignalled()).isTrue();
      assertThatExceptionOfType(ThreadFailedException.class).isThrownBy(thread::join);
      assertThat(org.morethreads.internal.Firing.countLinked(released)).isZero();
      assertThat(db.node.extras().needers).isEmpty();
      db.stop();
      db.join();
    }
  }

  /** So that a component that opens its own tree is tested on virtual time too. */
  @Test
  void open_byAThreadOfATree_orByItsOpener_goesByTheClockOfThat() throws Exception {
    var time = new ForwardingTime();
    try (var tree = grove.open(StopPolicy.standard(), time)) {
      try (var beside = grove.open("beside")) {
        assertThat(beside.time).isSameAs(time);
      }
      tree.run(
              "opener",
              _ -> {
                try (var below = grove.open("below")) {
                  assertThat(below.time).isSameAs(time);
                }
              })
          .join();
    }
    try (var later = grove.open("later")) {
      assertThat(later.time).isSameAs(Time.real());
    }
  }

  /** The time of a tree hears of a thread on the thread itself, before its task and after it. */
  @ParameterizedTest
  @EnumSource
  void time_threadRuns_hearsOfItsBeginAndItsEnd(Kind kind) throws Exception {
    var heard = new ConcurrentLinkedQueue<String>();
    var time =
        new ForwardingTime() {
          @Override
          public void began(Surroundings child) {
            heard.add("began " + child.isOf(Thread.currentThread()));
          }

          @Override
          public void ended(Surroundings child) {
            heard.add("ended " + child.isOf(Thread.currentThread()));
          }
        };
    try (var tree = grove.open(StopPolicy.standard(), time)) {
      Grove.named(kind, "x").parent(tree).run(_ -> heard.add("task")).join();
    }
    Grove.eventually(() -> heard.size() == 3);
    assertThat(heard).containsExactly("began true", "task", "ended true");
  }

  /** Real time that refuses to start threads. */
  private static final class Unwilling extends ForwardingTime {
    volatile boolean refuses;

    @Override
    public void starting(Surroundings child) {
      if (refuses) {
        throw new OutOfMemoryError("unable to create native thread (simulated)");
      }
    }
  }

  /** Whoever has a handle of it may have started children of it before it turns out to fail. */
  @Test
  void start_failsWhenItHasChildren_theyAreToldAndAwaited() throws Exception {
    var child = new AtomicReference<ManagedThread<?>>();
    var time =
        new ForwardingTime() {
          @Override
          public void starting(Surroundings starting) {
            if (starting instanceof Node node && node.name.equals("late")) {
              child.set(ManagedThread.named("child").parent(node.handle).run(Signal::await));
              throw new OutOfMemoryError("planted");
            }
          }
        };
    try (var tree = grove.open(StopPolicy.standard(), time)) {
      var late = tree.named("late").prepare(_ -> {});
      assertThatExceptionOfType(OutOfMemoryError.class).isThrownBy(late::start);
      assertThat(child.get().stopReason().orElseThrow().kind())
          .isEqualTo(StopReason.Kind.PARENT_ENDED);
      assertThat(child.get().stopped().isSignalled()).isTrue();
      assertThat(tree.children()).isEmpty();
    }
  }

  /** As when the JVM has no memory for its stack: who counts the threads must not count it. */
  @ParameterizedTest
  @EnumSource
  void start_theJdkDoesNotStartIt_theTimeHearsOfItsEnd(Kind kind) throws Exception {
    var ended = new AtomicInteger();
    var time =
        new ForwardingTime() {
          @Override
          public void starting(Surroundings child) {
            Thread early = ((Node) child).thread();
            early.start(); // so that it cannot be started again
            Grove.eventually(() -> early.join(Duration.ofSeconds(1)));
          }

          @Override
          public void began(Surroundings child) {
            throw new AssertionError("planted");
          }

          @Override
          public void ended(Surroundings child) {
            if (!child.isOf(Thread.currentThread())) {
              ended.incrementAndGet();
            }
          }
        };
    try (var tree = grove.open(StopPolicy.standard(), time)) {
      assertThatExceptionOfType(IllegalThreadStateException.class)
          .isThrownBy(() -> Grove.named(kind, "x").parent(tree).run(_ -> {}));
      assertThat(ended).hasValue(1);
      assertThat(tree.children()).isEmpty();
    }
  }

  /** A failed start must not be waited for by those that the thread would have needed. */
  @Test
  void start_failsWithNeeds_doesNotHoldTheNeededOneUp() throws Exception {
    try (var tree = grove.open("t")) {
      var db = tree.run("db", Signal::await);
      var parent = tree.run("parent", _ -> {});
      parent.join();
      assertThatIllegalStateException()
          .isThrownBy(() -> ManagedThread.named("web").parent(parent).needs(db).run(_ -> {}));
      db.stop();
      assertThatNoException().isThrownBy(() -> db.join(Duration.ofSeconds(30)));
    }
  }

  // ---- a million are fine: nothing is kept of one that has ended

  @Test
  void end_ofManyThreads_leavesNothingLinked() throws Exception {
    try (var tree = grove.open("t")) {
      List<String> names = Collections.synchronizedList(new ArrayList<>());
      for (int i = 0; i < 1000; i++) {
        tree.run("x", _ -> names.add(ManagedThread.current().name())).join();
      }
      Grove.eventually(() -> tree.root.childCount() == 0);
      assertThat(names).hasSize(1000);
    }
  }

  /** A thread was listed, and counted at the end of main, for a moment after it had been joined. */
  @ParameterizedTest
  @EnumSource
  void children_joined_areNotListed(Kind kind) throws Exception {
    try (var tree = grove.open("t")) {
      for (int i = 0; i < 1_000; i++) {
        Grove.named(kind, "short").run(_ -> {}).join();
        assertThat(tree.children()).isEmpty();
        assertThat(tree.root.descendantCount()).isZero();
      }
    }
  }
}
