package org.morethreads.thread;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import java.io.IOException;
import java.io.InputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.lang.System.Logger.Level;
import java.lang.ref.WeakReference;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.morethreads.fixture.ChildJvm;
import org.morethreads.fixture.Kind;
import org.morethreads.internal.Library;
import org.morethreads.internal.Surroundings;
import org.morethreads.queue.CloseableQueue;
import org.morethreads.sync.Signal;
import org.morethreads.testing.VirtualClock;

/**
 * H1 and H11 as far as they need no JVM of their own: trees that are opened, stopped, waited for
 * and closed. How a program ends is shown in {@code shutdown}.
 */
@Timeout(20)
class ThreadTreeTest {
  /** Nobody is interrupted while a test waits. */
  private static final StopPolicy PATIENT =
      StopPolicy.standard().withAsk(Duration.ofHours(1)).withTotal(Duration.ofHours(2));

  @RegisterExtension final Grove grove = new Grove();

  private static <T> T get(Future<T> running) throws Exception {
    try {
      return running.get();
    } catch (ExecutionException e) {
      throw e.getCause() instanceof Exception cause ? cause : e;
    }
  }

  /** Closes what the block around it will close again. */
  private static void close(AutoCloseable some) throws Exception {
    some.close();
  }

  // ---- open

  @Test
  void open_withAName_isTheBeginOfEachPath() throws Exception {
    try (var tree = grove.open("shop")) {
      assertThat(tree.name()).isEqualTo("shop");
      assertThat(tree).hasToString("tree \"shop\"");
      assertThat(tree.call("till", _ -> ManagedThread.current().path()).join())
          .isEqualTo("shop/till");
      assertThat(tree.stopReason()).isEmpty();
      assertThat(tree.pleaseStop().isSignalled()).isFalse();
      assertThat(tree.stopped().isSignalled()).isFalse();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a/b"})
  void open_noName_throwsAndOpensNothing(String name) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ThreadTree.open(name))
        .withMessageContaining("\"" + name + "\"");
    assertThat(JvmShutdown.allOpen()).noneMatch(tree -> tree.name().equals(name));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a/b"})
  void named_noName_throws(String name) {
    try (var tree = grove.open("t")) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> tree.named(name))
          .withMessageContaining("\"" + name + "\"");
    }
  }

  /** H1: a thread has a parent of its own before it has a tree. */
  @ParameterizedTest
  @EnumSource
  void open_insideAManagedThread_itsThreadsStayItsChildren(Kind kind) throws Exception {
    try (var outer = grove.open("outer")) {
      var opener =
          Grove.named(kind, "opener")
              .call(_ -> {
                try (var inner = grove.open("inner")) {
                  var own = ManagedThread.call("own", _ -> ManagedThread.current().path());
                  var given = inner.call("given", _ -> ManagedThread.current().path());
                  return List.of(own.join(), given.join());
                }
              });
      assertThat(opener.tree()).isSameAs(outer);
      assertThat(opener.join()).containsExactly("outer/opener/own", "inner/given");
    }
  }

  /** H1: the tree of the opener, not of whoever has seen it. */
  @ParameterizedTest
  @EnumSource
  void open_byAnotherThread_isNotTheTreeOfThisOne(Kind kind) throws Exception {
    try (var mine = grove.open("mine")) {
      try (var _ = get(kind.call(() -> grove.open("others")))) {
        assertThat(ManagedThread.run("x", _ -> {}).tree()).isSameAs(mine);
      }
    }
  }

  @Test
  void open_nestedAndTheOuterClosedFirst_threadsGoIntoTheInner() throws Exception {
    try (var rest = grove.open("rest")) {
      var outer = grove.open("outer");
      var inner = grove.open("inner");
      outer.close();
      assertThat(ManagedThread.run("x", _ -> {}).tree()).isSameAs(inner);
      inner.close();
      assertThat(ManagedThread.run("x", _ -> {}).tree()).isSameAs(rest);
    }
  }

  @ParameterizedTest
  @EnumSource
  void open_closedByAnotherThread_openersThreadsGoIntoTheOuter(Kind kind) throws Exception {
    try (var outer = grove.open("outer")) {
      var inner = grove.open("inner");
      get(
          kind.call(() -> {
            inner.close();
            return null;
          }));
      assertThat(ManagedThread.run("x", _ -> {}).tree()).isSameAs(outer);
      assertThat(ManagedThread.run("again", _ -> {}).tree()).isSameAs(outer);
    }
  }

  private static WeakReference<ThreadTree> openAndClose(boolean byAnotherThread) throws Exception {
    var tree = ThreadTree.open("t");
    if (byAnotherThread) {
      get(
          Kind.PLATFORM.call(() -> {
            tree.close();
            return null;
          }));
    } else {
      tree.close();
    }
    return new WeakReference<>(tree);
  }

  private static void awaitForgotten(WeakReference<?> some) {
    Grove.eventually(() -> {
      System.gc();
      return some.get() == null;
    });
  }

  @Test
  void close_theOnlyOne_isForgotten() throws Exception {
    awaitForgotten(openAndClose(/* byAnotherThread= */ false));
  }

  @Test
  void close_theInner_isForgotten() throws Exception {
    try (var _ = grove.open("outer")) {
      awaitForgotten(openAndClose(/* byAnotherThread= */ false));
    }
  }

  @Test
  void open_closedByAnotherThread_isForgottenAtTheNextStart() throws Exception {
    try (var _ = grove.open("outer")) {
      var closed = openAndClose(/* byAnotherThread= */ true);
      ManagedThread.run("x", _ -> {}).join();
      awaitForgotten(closed);
    }
  }

  @Test
  @SuppressWarnings("NullAway") // it is to fail after the look
  void open_theOnlyOneClosedByAnotherThread_isForgottenAtTheNextLook() throws Exception {
    var closed = openAndClose(/* byAnotherThread= */ true);
    assertThatNullPointerException().isThrownBy(() -> ThreadTree.open("t", null));
    awaitForgotten(closed);
  }

  /** A thread of a pool may open trees for ever that others close. */
  @Test
  void open_againAndAgainWithTheClosingLeftToOthers_keepsNoneOfThem() throws Exception {
    List<WeakReference<ThreadTree>> closed = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      var tree = ThreadTree.open("t");
      closed.add(new WeakReference<>(tree));
      get(
          Kind.PLATFORM.call(() -> {
            tree.close();
            return null;
          }));
    }
    grove.open("last").close();
    Grove.eventually(() -> {
      System.gc();
      return closed.stream().allMatch(each -> each.get() == null);
    });
  }

  // ---- close

  @Test
  void hasFailed_treeHasEnded_tellsWhetherAFailureReachedItsRoot() throws Exception {
    var good = grove.open("good");
    good.run("x", _ -> {}).join();
    good.close();
    assertThat(good.hasFailed()).isFalse();
    var bad = grove.open("bad");
    bad.run(
            "x",
            _ -> {
              throw new IOException("disk");
            })
        .stopped()
        .await();
    bad.close();
    assertThat(bad.hasFailed()).isTrue();
  }

  @ParameterizedTest
  @EnumSource
  void close_threadStillRuns_tellsItAndWaitsForIt(Kind kind) throws Exception {
    try (var tree = grove.open("t", PATIENT)) {
      var release = Signal.create("release");
      var thread = Grove.named(kind, "x").run(_ -> release.await());
      var closer =
          kind.call(() -> {
            close(tree);
            return thread.outcome();
          });
      thread.pleaseStop().await();
      closer.awaitBlocked();
      assertThat(closer.isDone()).isFalse();
      assertThat(tree.stopped().isSignalled()).isFalse();
      release.go();
      assertThat(get(closer)).contains(new Outcome.Returned<>(null));
      assertThat(tree.stopped().isSignalled()).isTrue();
      assertThat(tree.stopReason().orElseThrow().message()).isEqualTo("the tree is closed");
    }
  }

  @ParameterizedTest
  @EnumSource
  void close_interruptedBefore_waitsAndKeepsTheStatus(Kind kind) throws Exception {
    try (var tree = grove.open("t", PATIENT)) {
      var release = Signal.create("release");
      var thread = Grove.named(kind, "x").run(_ -> release.await());
      var closer =
          kind.call(() -> {
            Thread.currentThread().interrupt();
            close(tree);
            return Thread.interrupted() && thread.stopped().isSignalled();
          });
      thread.pleaseStop().await();
      release.go();
      assertThat(get(closer)).isTrue();
    }
  }

  @ParameterizedTest
  @EnumSource
  void close_interruptedWhileWaiting_waitsOnAndKeepsTheStatus(Kind kind) throws Exception {
    try (var tree = grove.open("t", PATIENT)) {
      var release = Signal.create("release");
      var thread = Grove.named(kind, "x").run(_ -> release.await());
      var closer =
          kind.call(() -> {
            close(tree);
            return Thread.interrupted() && thread.stopped().isSignalled();
          });
      thread.pleaseStop().await();
      closer.interruptWhenBlocked();
      Grove.eventually(() -> !closer.thread().isInterrupted()); // it has been heard
      closer.awaitBlocked();
      assertThat(closer.isDone()).isFalse();
      release.go();
      assertThat(get(closer)).isTrue();
    }
  }

  /** The second closer waits for the first, by another way. */
  @ParameterizedTest
  @EnumSource
  void close_secondCloserInterrupted_waitsAndKeepsTheStatus(Kind kind) throws Exception {
    try (var tree = grove.open("t", PATIENT)) {
      var release = Signal.create("release");
      var thread = Grove.named(kind, "x").run(_ -> release.await());
      var first =
          kind.call(() -> {
            close(tree);
            return null;
          });
      thread.pleaseStop().await();
      first.awaitBlocked();
      var second =
          kind.call(() -> {
            Thread.currentThread().interrupt();
            close(tree);
            return Thread.interrupted() && thread.stopped().isSignalled();
          });
      second.awaitBlocked();
      release.go();
      assertThat(get(second)).isTrue();
      get(first);
    }
  }

  /** What runs when a thread has stopped belongs to the tree, however its closer is disturbed. */
  @ParameterizedTest
  @EnumSource
  void close_interruptedWhileAnActionOnAStoppedRuns_waitsForTheAction(Kind kind) throws Exception {
    for (int round = 0; round < 5; round++) {
      var tree = grove.open("t", PATIENT);
      var inAction = Signal.create("in action");
      var done = Signal.create("done");
      var thread = Grove.named(kind, "x").prepare(Signal::await);
      var _ =
          thread
              .stopped()
              .then(() -> {
                inAction.go();
                long until =
                    System.nanoTime() + 20_000_000; // well within the second that is granted
                while (System.nanoTime() - until < 0) {
                  Thread.yield();
                }
                done.go();
              });
      thread.start();
      Thread.currentThread().interrupt();
      tree.close();
      assertThat(Thread.interrupted()).isTrue();
      assertThat(inAction.isSignalled()).isTrue();
      assertThat(done.isSignalled()).isTrue();
      assertThat(grove.log(Level.WARNING)).noneMatch(line -> line.contains("ends while actions"));
    }
  }

  /** One that blocks must not hold the end. */
  @Test
  void close_actionOnAStoppedBlocks_endsAfterASecondAndSaysSo() throws Exception {
    grove.onVirtualTime((tree, time) -> {
      var release = Signal.create("release");
      var thread = tree.run("x", Signal::await);
      var _ = thread.stopped().then(() -> awaitQuietly(release));
      tree.close();
      assertThat(time.elapsed()) // less a look or two, when a wake-up was left over
          .isBetween(Duration.ofMillis(990), Duration.ofSeconds(1));
      assertThat(grove.log(Level.WARNING))
          .containsExactly(
              "Tree \"t\" ends while actions on the end of its threads are still running.");
      release.go();
    });
  }

  /** The end is woken by the last action, and does not find out at its next look only. */
  @Test
  void close_actionOnAStoppedTakesAMoment_endsWithoutDelay() throws Exception {
    grove.onVirtualTime((tree, time) -> {
      var thread = tree.run("x", Signal::await);
      var _ = thread.stopped().then(ThreadTreeTest::takeAMoment);
      tree.close();
      assertThat(time.elapsed()).isBetween(Duration.ofMillis(10), Duration.ofMillis(11));
    });
  }

  private static void takeAMoment() {
    try {
      Signal.NEVER.await(Duration.ofMillis(10));
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static void awaitQuietly(Signal signal) {
    try {
      signal.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @ParameterizedTest
  @EnumSource
  void close_fromInside_throwsAndTellsNobody(Kind kind) throws Exception {
    try (var tree = grove.open("t")) {
      var thread =
          Grove.named(kind, "x")
              .call(stop -> {
                assertThatIllegalStateException()
                    .isThrownBy(tree::close)
                    .withMessageContaining("\"t/x\" cannot close")
                    .withMessageContaining("stop()");
                return stop.isSignalled();
              });
      assertThat(thread.join()).isFalse();
      assertThat(ManagedThread.run("y", _ -> {}).tree()).isSameAs(tree);
    }
  }

  @ParameterizedTest
  @EnumSource
  void close_byAThreadOfAnotherTree_closesIt(Kind kind) throws Exception {
    try (var tree = grove.open("t");
        var _ = grove.open("other")) {
      var thread = tree.run("x", Signal::await);
      Grove.named(kind, "closer").run(_ -> close(tree)).join();
      assertThat(thread.stopped().isSignalled()).isTrue();
      assertThat(thread.stopReason().orElseThrow().by()).isEqualTo("other/closer");
    }
  }

  /** The stop is driven on the clock of the tree, whoever closes it. */
  @ParameterizedTest
  @EnumSource
  void close_treeOnAnotherClock_isDrivenByThatClock(Kind kind) throws Exception {
    VirtualClock.setup()
        .withUnmanagedThread()
        .run(clock -> {
          var stop = Signal.create("stop");
          var tree = grove.open("t");
          var thread = tree.named("deaf").run(_ -> awaitDeaf(stop));
          VirtualClock.Hold hold = clock.hold(); // until the stop has begun
          var closer =
              kind.call(() -> { // a thread on real time
                tree.stop();
                hold.close();
                tree.close();
                return true;
              });
          tree.stopped().await();
          assertThat(get(closer)).isTrue();
          assertThat(clock.elapsed()).isEqualTo(Duration.ofSeconds(7));
          assertThat(thread.outcome().orElseThrow()).isInstanceOf(Outcome.Abandoned.class);
          stop.go();
        });
  }

  /** Who lives on that clock does it himself. */
  @Test
  void close_byAThreadOfAnotherClock_startsOneThatDrivesTheStop() throws Exception {
    var drivers = new ConcurrentLinkedQueue<String>();
    var time =
        new ForwardingTime() {
          @Override
          public void startDriver(String name, Runnable action) {
            drivers.add(name);
            super.startDriver(name, action);
          }
        };
    try (var tree = grove.open(StopPolicy.standard(), time)) {
      tree.run("x", _ -> grove.open("below").close()).join();
      assertThat(drivers).isEmpty();
    }
    assertThat(drivers).containsExactly("stop of t");
  }

  private static WeakReference<?> keepSomething(ThreadTree tree) {
    var text = new AtomicReference<String>();
    Surroundings.Leftovers some = text::get;
    tree.root.keep(some);
    return new WeakReference<>(some);
  }

  @Test
  void close_leftoversHaveBeenAsked_areForgotten() {
    var tree = grove.open("t");
    var kept = keepSomething(tree);
    tree.close();
    awaitForgotten(kept);
  }

  /** Hears neither a pleaseStop nor an interrupt. */
  private static void awaitDeaf(Signal end) {
    while (!end.isSignalled()) {
      try {
        end.await();
      } catch (InterruptedException e) {
        // on purpose
      }
    }
  }

  @Test
  void close_twice_doesNothing() throws Exception {
    var tree = grove.open("t");
    tree.close();
    var reason = tree.stopReason();
    tree.close();
    assertThat(tree.stopReason()).isEqualTo(reason);
  }

  @ParameterizedTest
  @EnumSource
  void close_byManyAtOnce_eachReturnsAfterTheEnd(Kind kind) throws Exception {
    try (var tree = grove.open("t", PATIENT)) {
      var release = Signal.create("release");
      var thread = Grove.named(kind, "x").run(_ -> release.await());
      List<Kind.Running<Boolean>> closers = new ArrayList<>();
      for (int i = 0; i < 5; i++) {
        closers.add(
            kind.call(() -> {
              close(tree);
              return thread.stopped().isSignalled();
            }));
      }
      for (var closer : closers) {
        closer.awaitBlocked();
      }
      release.go();
      for (var closer : closers) {
        assertThat(get(closer)).isTrue();
      }
    }
  }

  // ---- stop

  @Test
  void stop_threadsRun_tellsThemAndWaitsForNothing() throws Exception {
    try (var tree = grove.open("t", PATIENT)) {
      var release = Signal.create("release");
      var thread = tree.run("x", _ -> release.await());
      tree.stop("enough");
      assertThat(tree.pleaseStop().isSignalled()).isTrue();
      assertThat(thread.pleaseStop().isSignalled()).isTrue();
      assertThat(thread.stopReason()).isEqualTo(tree.stopReason());
      assertThat(tree.stopReason().orElseThrow().kind()).isEqualTo(StopReason.Kind.REQUESTED);
      assertThat(tree.stopReason().orElseThrow().message()).isEqualTo("enough");
      assertThat(tree.stopped().isSignalled()).isFalse();
      release.go();
      tree.stopped().await(); // though nobody closes it
    }
  }

  @Test
  void stop_twice_theFirstReasonStays() throws Exception {
    try (var tree = grove.open("t", PATIENT)) {
      var release = Signal.create("release");
      var thread = tree.run("x", _ -> release.await());
      tree.stop("first");
      tree.stop("second");
      assertThat(tree.stopReason().orElseThrow().message()).isEqualTo("first");
      assertThat(thread.stopReason().orElseThrow().message()).isEqualTo("first");
      release.go();
    }
  }

  @ParameterizedTest
  @EnumSource
  void stop_fromInside_stopsTheTreeAndNamesTheThread(Kind kind) throws Exception {
    try (var tree = grove.open("t")) {
      var thread =
          Grove.named(kind, "x")
              .call(stop -> {
                tree.stop("done");
                return stop.isSignalled();
              });
      assertThat(thread.join()).isTrue();
      tree.stopped().await();
      assertThat(tree.stopReason().orElseThrow().by()).isEqualTo("t/x");
    }
  }

  /** What is started in a tree that is stopping runs, and knows. */
  @Test
  void stop_threadStartedWhileItStops_isBornTold() throws Exception {
    try (var tree = grove.open("t", PATIENT)) {
      var release = Signal.create("release");
      tree.run("x", _ -> release.await());
      tree.stop("enough");
      var late = tree.call("late", Signal::isSignalled);
      assertThat(late.join()).isTrue();
      assertThat(late.stopReason()).isEqualTo(tree.stopReason());
      release.go();
    }
  }

  // ---- awaitShutdown

  @ParameterizedTest
  @EnumSource
  void awaitShutdown_treeStopped_returnsWhenAllThreadsHave(Kind kind) throws Exception {
    try (var tree = grove.open("t", PATIENT)) {
      var release = Signal.create("release");
      var thread = Grove.named(kind, "x").run(_ -> release.await());
      var waiter =
          kind.call(() -> {
            tree.awaitShutdown();
            return thread.stopped().isSignalled();
          });
      waiter.awaitBlocked();
      tree.stop();
      assertThat(waiter.isDone()).isFalse();
      release.go();
      assertThat(get(waiter)).isTrue();
    }
  }

  @Test
  void awaitShutdown_treeHasStopped_returns() throws Exception {
    var tree = grove.open("t");
    tree.close();
    tree.awaitShutdown();
    tree.awaitShutdown(ThreadTree.orWhenIdle());
  }

  private static ThreadTree.ShutdownOption[] options(boolean whenIdle) {
    return whenIdle
        ? new ThreadTree.ShutdownOption[] {ThreadTree.orWhenIdle()}
        : new ThreadTree.ShutdownOption[0];
  }

  /** Also when nothing is left to wait for: an interrupt is no reason to stop a tree. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void awaitShutdown_interruptedBefore_throwsAndTheTreeGoesOn(boolean whenIdle) throws Exception {
    for (Kind kind : Kind.values()) {
      try (var tree = grove.open("t")) {
        var waiter =
            kind.call(() -> {
              Thread.currentThread().interrupt();
              assertThatExceptionOfType(InterruptedException.class)
                  .isThrownBy(() -> tree.awaitShutdown(options(whenIdle)));
              return Thread.interrupted();
            });
        assertThat(get(waiter)).as("status").isFalse();
        assertThat(tree.stopReason()).isEmpty();
        assertThat(tree.call("x", Signal::isSignalled).join()).isFalse();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void awaitShutdown_interruptedWhileWaiting_throwsAndTheTreeGoesOn(boolean whenIdle)
      throws Exception {
    for (Kind kind : Kind.values()) {
      try (var tree = grove.open("t")) {
        var thread = tree.run("x", Signal::await);
        var waiter =
            kind.call(() -> {
              assertThatExceptionOfType(InterruptedException.class)
                  .isThrownBy(() -> tree.awaitShutdown(options(whenIdle)));
              return Thread.interrupted();
            });
        waiter.interruptWhenBlocked();
        assertThat(get(waiter)).as("status").isFalse();
        assertThat(tree.stopReason()).isEmpty();
        assertThat(thread.pleaseStop().isSignalled()).isFalse();
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void awaitShutdown_fromInside_throws(Kind kind) throws Exception {
    try (var tree = grove.open("t")) {
      Grove.named(kind, "x")
          .run(_ ->
              assertThatIllegalStateException()
                  .isThrownBy(() -> tree.awaitShutdown(ThreadTree.orWhenIdle()))
                  .withMessageContaining("\"t/x\" cannot await")
                  .withMessageContaining("pleaseStop"))
          .join();
      assertThat(tree.stopReason()).isEmpty();
    }
  }

  @ParameterizedTest
  @EnumSource
  void awaitShutdown_orWhenIdle_stopsWhenTheLastThreadHasEnded(Kind kind) throws Exception {
    try (var tree = grove.open("t")) {
      var release = Signal.create("release");
      Grove.named(kind, "first").run(_ -> Grove.named(kind, "second").run(_ -> {}).join());
      Grove.named(kind, "last").run(_ -> release.await());
      var waiter =
          kind.call(() -> {
            tree.awaitShutdown(ThreadTree.orWhenIdle());
            return null;
          });
      waiter.awaitBlocked();
      assertThat(tree.stopReason()).isEmpty();
      release.go();
      get(waiter);
      assertThat(tree.stopReason().orElseThrow().message()).isEqualTo("no thread is left");
      assertThat(tree.stopped().isSignalled()).isTrue();
    }
  }

  /** It is woken, and does not find out at its next look only. */
  @Test
  void awaitShutdown_orWhenIdle_stopsWithoutDelay() throws Exception {
    grove.onVirtualTime((tree, time) -> {
      tree.run("x", _ -> Signal.NEVER.await(Duration.ofMillis(30)));
      tree.awaitShutdown(ThreadTree.orWhenIdle());
      assertThat(time.elapsed()).isBetween(Duration.ofMillis(30), Duration.ofMillis(31));
    });
  }

  /** Whoever gives up takes no wake-up from another one. */
  @Test
  void awaitShutdown_orWhenIdleAndAnotherGivesUp_stopsWithoutDelay() throws Exception {
    grove.onVirtualTime((tree, time) -> {
      try (var others = grove.open("others")) {
        tree.run("x", _ -> Signal.NEVER.await(Duration.ofMillis(30)));
        var first = others.run("first", _ -> tree.awaitShutdown(ThreadTree.orWhenIdle()));
        time.awaitOthersBlocked();
        var second =
            others.call(
                "second",
                _ -> {
                  tree.awaitShutdown(ThreadTree.orWhenIdle());
                  return time.elapsed();
                });
        time.awaitOthersBlocked();
        first.interrupt(Library.MEMBER);
        assertThat(first.awaitOutcome()).isInstanceOf(Outcome.Failed.class);
        assertThat(second.join()).isBetween(Duration.ofMillis(30), Duration.ofMillis(31));
      }
    });
  }

  /** Who waits for idleness must not take the wake-up of the one that ends the tree. */
  @Test
  void awaitShutdown_orWhenIdleDuringTheStop_delaysItNot() throws Exception {
    grove.onVirtualTime((tree, time) -> {
      tree.run(
          "x",
          stop -> {
            stop.await();
            Signal.NEVER.await(Duration.ofMillis(300));
          });
      tree.stop();
      time.awaitOthersBlocked();
      tree.awaitShutdown(ThreadTree.orWhenIdle());
      assertThat(time.elapsed()).isBetween(Duration.ofMillis(300), Duration.ofMillis(301));
    });
  }

  @ParameterizedTest
  @EnumSource
  void awaitShutdown_orWhenIdleAndNobodyThere_stopsAtOnce(Kind kind) throws Exception {
    try (var tree = grove.open("t")) {
      get(
          kind.call(() -> {
            tree.awaitShutdown(ThreadTree.orWhenIdle());
            return null;
          }));
      assertThat(tree.stopped().isSignalled()).isTrue();
    }
  }

  @ParameterizedTest
  @EnumSource
  void awaitShutdown_orWhenIdleAndStoppedBefore_returnsWhenAllThreadsHave(Kind kind)
      throws Exception {
    try (var tree = grove.open("t", PATIENT)) {
      var release = Signal.create("release");
      var thread = Grove.named(kind, "x").run(_ -> release.await());
      var waiter =
          kind.call(() -> {
            tree.awaitShutdown(ThreadTree.orWhenIdle());
            return thread.stopped().isSignalled();
          });
      waiter.awaitBlocked();
      tree.stop("enough");
      release.go();
      assertThat(get(waiter)).isTrue();
      assertThat(tree.stopReason().orElseThrow().message()).isEqualTo("enough");
    }
  }

  /**
   * A word is heard when it is alone on its line. The end of standard input is no word: a service
   * whose input is empty from the beginning serves on.
   */
  @Test
  void awaitShutdown_orTyped_hearsTheWordAndNotTheEndOfInput() throws Exception {
    InputStream before = System.in;
    try (var keyboard = new PipedOutputStream();
        var input = new PipedInputStream(keyboard);
        var tree = grove.open("t");
        var other = grove.open("other")) {
      System.setIn(input);
      var waiter = awaitTyped(tree, "exit");
      type(keyboard, "no exit\n  exit  \n");
      get(waiter);
      assertThat(tree.stopReason().orElseThrow().message()).isEqualTo("\"exit\" was typed");

      var waiterAtEnd = awaitTyped(other, "exit");
      close(keyboard);
      Grove.eventually(() -> threadsNamed("more-threads-standard-input").isEmpty());
      waiterAtEnd.awaitBlocked();
      assertThat(other.stopReason()).isEmpty();
      other.stop("enough");
      get(waiterAtEnd);
    } finally {
      System.setIn(before);
    }
  }

  private static Kind.Running<Void> awaitTyped(ThreadTree tree, String word) {
    return Kind.PLATFORM
        .<Void>call(() -> {
          tree.awaitShutdown(ThreadTree.orTyped(word));
          return null;
        })
        .awaitBlocked();
  }

  private static void type(PipedOutputStream keyboard, String text) throws IOException {
    keyboard.write(text.getBytes(StandardCharsets.UTF_8));
    keyboard.flush();
  }

  private static List<String> threadsNamed(String name) {
    return Thread.getAllStackTraces().keySet().stream()
        .map(Thread::getName)
        .filter(name::equals)
        .toList();
  }

  // ---- awaitStopped

  @Test
  void awaitStopped_threadsRun_throwsAfterJustThatTimeAndAsksNobody() throws Exception {
    grove.onVirtualTime((tree, time) -> {
      var thread = tree.run("x", Signal::await);
      assertThatExceptionOfType(TimeoutException.class)
          .isThrownBy(() -> tree.awaitStopped(Duration.ofDays(1)))
          .withMessageContaining("\"t\" has not stopped within PT24H");
      assertThat(time.elapsed()).isEqualTo(Duration.ofDays(1));
      assertThat(thread.pleaseStop().isSignalled()).isFalse();
    });
  }

  @ParameterizedTest
  @EnumSource
  void awaitStopped_stoppedMeanwhile_returns(Kind kind) throws Exception {
    try (var tree = grove.open("t")) {
      Grove.named(kind, "x").run(Signal::await);
      var waiter =
          kind.call(() -> {
            tree.awaitStopped(Duration.ofHours(1));
            return tree.stopped().isSignalled();
          });
      waiter.awaitBlocked();
      tree.stop();
      assertThat(get(waiter)).isTrue();
      tree.awaitStopped(Duration.ZERO);
    }
  }

  @ParameterizedTest
  @EnumSource
  void awaitStopped_interrupted_throws(Kind kind) throws Exception {
    try (var tree = grove.open("t")) {
      var before =
          kind.call(() -> {
            Thread.currentThread().interrupt();
            assertThatExceptionOfType(InterruptedException.class)
                .isThrownBy(() -> tree.awaitStopped(Duration.ofHours(1)));
            return Thread.interrupted();
          });
      var while_ =
          kind.call(() -> {
            assertThatExceptionOfType(InterruptedException.class)
                .isThrownBy(() -> tree.awaitStopped(Duration.ofHours(1)));
            return Thread.interrupted();
          });
      while_.interruptWhenBlocked();
      assertThat(get(before)).as("status").isFalse();
      assertThat(get(while_)).as("status").isFalse();
      assertThat(tree.stopReason()).isEmpty();
    }
  }

  // ---- failures, and those that were abandoned

  @Test
  void failures_someClaimed_areTheOthersInStartOrder() throws Exception {
    try (var tree = grove.open("t")) {
      var first = new IOException("first");
      var second = new IOException("second");
      var third = new IOException("third");
      var gate = Signal.create("gate");
      var one = tree.run("one", _ -> awaitAndThrow(gate, first));
      var two = tree.run("two", _ -> awaitAndThrow(gate, second));
      var three = tree.run("three", _ -> awaitAndThrow(Signal.DONE, third));
      three.stopped().await();
      assertThat(tree.failures()).containsExactly(third);
      gate.go();
      one.stopped().await();
      assertThat(two.awaitOutcome()).isEqualTo(new Outcome.Failed<>(second));
      assertThat(tree.failures()).containsExactly(first, third);
      close(tree);
      assertThat(tree.failures())
          .singleElement()
          .satisfies(whole -> {
            assertThat(whole).hasCause(first);
            assertThat(whole.getSuppressed()).containsExactly(third);
          });
    }
  }

  @Test
  void failures_allClaimed_areNone() throws Exception {
    try (var tree = grove.open("t")) {
      tree.run("x", _ -> awaitAndThrow(Signal.DONE, new IOException("x"))).awaitOutcome();
      assertThat(tree.failures()).isEmpty();
      close(tree);
      assertThat(tree.failures()).isEmpty();
    }
  }

  private static void awaitAndThrow(Signal gate, Exception failure) throws Exception {
    gate.await();
    throw failure;
  }

  @ParameterizedTest
  @EnumSource
  void abandonedCount_threadEndsAfterAll_stillCounts(Kind kind) throws Exception {
    grove.onVirtualTime((tree, time) -> {
      var end = Signal.create("end");
      tree.run("good", Signal::await);
      ThreadBuilder builder = tree.named("deaf");
      var deaf = (kind.isVirtual() ? builder : builder.platform()).run(_ -> awaitDeaf(end));
      assertThat(tree.abandonedCount()).isZero();
      tree.close();
      assertThat(time.elapsed()).isEqualTo(Duration.ofSeconds(7));
      assertThat(tree.abandonedCount()).isEqualTo(1);
      assertThat(tree.abandonedAlive()).containsExactly(deaf.node);
      end.go();
      time.awaitOthersBlocked();
      assertThat(tree.abandonedAlive()).isEmpty();
      assertThat(tree.abandonedCount()).isEqualTo(1);
    });
  }

  /** Who sees that a thread has been abandoned sees that it is counted. */
  @Test
  void abandonedCount_inAnActionOnItsStopped_countsIt() throws Exception {
    grove.onVirtualTime((tree, time) -> {
      var end = Signal.create("end");
      var seen = new ArrayList<Integer>();
      var deaf = tree.run("deaf", _ -> awaitDeaf(end));
      time.openTree("other")
          .run(
              "watcher",
              _ -> {
                deaf.stopped().await();
                seen.add(tree.abandonedCount());
              });
      deaf.stop();
      deaf.stopped().await();
      assertThat(tree.abandonedCount()).isEqualTo(1);
      time.awaitOthersBlocked();
      assertThat(seen).containsExactly(1);
      end.go();
    });
  }

  /** It may end in the very moment in which it is given up, and must not be listed for ever. */
  @ParameterizedTest
  @EnumSource
  void abandoned_endsWhileItIsGivenUp_isNotKept(Kind kind) throws Exception {
    var policy = StopPolicy.standard().withAsk(Duration.ZERO).withInterrupt(Duration.ZERO);
    for (int round = 0; round < 300; round++) {
      try (var _ = grove.open("t", policy)) {
        var thread = Grove.named(kind, "x").prepareCall(_ -> awaitOwnEnd());
        thread.start();
        thread.stop();
        thread.stopped().await();
      }
    }
  }

  @Test
  void abandonedThreadEnded_manyDo_theFirstTenAreLogged() {
    try (var tree = grove.open("t")) {
      Node node = tree.run("x", Signal::await).node;
      for (int i = 0; i < 12; i++) { // of an even number each second takes the entry out
        tree.abandonedThreadEnded(node, new Outcome.Returned<>(null));
      }
      assertThat(grove.log(Level.INFO)).hasSize(10);
    }
  }

  /** Once it has ended, nothing keeps it, nor its tree. */
  @ParameterizedTest
  @EnumSource
  void abandoned_endsLater_isForgottenWithItsTree(Kind kind) throws Exception {
    WeakReference<ThreadTree> tree = closeWithOneThatEndsLater(kind);
    grove.open("last").close();
    Grove.eventually(() -> {
      System.gc();
      return tree.get() == null;
    });
  }

  private static WeakReference<ThreadTree> closeWithOneThatEndsLater(Kind kind) {
    var policy = StopPolicy.standard().withAsk(Duration.ZERO).withInterrupt(Duration.ZERO);
    var end = Signal.create("end");
    ThreadTree tree = ThreadTree.open("t", policy);
    try (tree) {
      ThreadBuilder builder = tree.named("deaf");
      (kind.isVirtual() ? builder : builder.platform()).run(_ -> awaitDeaf(end));
    }
    assertThat(tree.abandonedAlive()).hasSize(1);
    end.go();
    Grove.eventually(() -> tree.abandonedAlive().isEmpty());
    return new WeakReference<>(tree);
  }

  private static int awaitOwnEnd() {
    Signal stopped = ManagedThread.current().stopped();
    int looks = 0;
    while (!stopped.isSignalled()) {
      looks++;
      Thread.yield();
    }
    return looks;
  }

  // ---- trees among each other, and the JVM

  @ParameterizedTest
  @EnumSource
  void close_oneOfTwoTrees_doesNotDisturbTheOther(Kind kind) throws Exception {
    try (var stays = grove.open("stays");
        var goes = grove.open("goes")) {
      var survivor = stays.call("x", stop -> stop.await(Signal.NEVER));
      var failed =
          Grove.named(kind, "x").run(_ -> awaitAndThrow(Signal.DONE, new IOException("x")));
      failed.stopped().await();
      close(goes);
      assertThat(goes.failures()).isNotEmpty();
      assertThat(stays.failures()).isEmpty();
      assertThat(stays.stopReason()).isEmpty();
      assertThat(survivor.pleaseStop().isSignalled()).isFalse();
      assertThat(survivor.path()).isEqualTo("stays/x");
      assertThat(stays.call("y", Signal::isSignalled).join()).isFalse();
    }
  }

  /** H11: what is installed for the end of the program comes with the main tree only. */
  @Test
  void open_failsAndIsClosed_neitherEndsTheJvmNorInstallsAnything() throws Exception {
    String said = ChildJvm.run(OpensOnly.class, List.of("-Xmx32m"));
    assertThat(said).contains("alive").doesNotContain("more-threads-");
  }

  /** A program that opens a tree, and never needs the main one. */
  static final class OpensOnly {
    public static void main(String[] arguments) throws Exception {
      try (var tree = ThreadTree.open("t")) {
        tree.run("x", _ -> awaitAndThrow(Signal.DONE, new IOException("planted")));
        ManagedThread.run("y", stop -> stop.await(Duration.ofMillis(1))).join();
        ManagedThread.adopt(() -> {});
        for (Thread thread : Thread.getAllStackTraces().keySet()) {
          System.out.println(thread.getName());
        }
      }
      System.out.println("alive");
    }
  }

  // ---- Q4: what nobody has taken

  private List<String> leftOver() {
    return grove.log(Level.WARNING).stream().filter(line -> line.startsWith("Left over")).toList();
  }

  @ParameterizedTest
  @EnumSource
  void close_queueClosedWithElements_reportsThemOnce(Kind kind) throws Exception {
    try (var other = grove.open("other");
        var tree = grove.open("t")) {
      var queue = CloseableQueue.<Integer>unbounded("todo");
      Grove.named(kind, "producer")
          .run(_ -> {
            try (queue) {
              queue.putAll(List.of(1, 2, 3));
            }
          })
          .join();
      close(tree);
      close(tree);
      close(other);
      assertThat(leftOver())
          .containsExactly(
              "Left over at the end of tree \"t\": queue \"todo\" still holds 3 elements that nobody has taken; it was closed by thread \"t/producer\"");
    }
  }

  @Test
  void close_consumerLeftItsLoop_reportsWhatStayed() throws Exception {
    try (var tree = grove.open("t")) {
      var queue = CloseableQueue.<Integer>unbounded("todo");
      queue.put(1);
      tree.run(
              "consumer",
              _ -> {
                for (int _ : queue.until(Signal.DONE)) {
                  throw new AssertionError();
                }
              })
          .join();
      close(tree);
      assertThat(leftOver())
          .containsExactly(
              "Left over at the end of tree \"t\": queue \"todo\" still holds 1 element that nobody has taken; it is open");
    }
  }

  @Test
  void close_restWasTakenInTime_reportsNothing() throws Exception {
    try (var tree = grove.open("t")) {
      var queue = CloseableQueue.<Integer>unbounded("todo");
      queue.put(1);
      tree.run("closer", _ -> queue.close()).join();
      assertThat(queue.take()).isEqualTo(1);
      close(tree);
      assertThat(leftOver()).isEmpty();
    }
  }
}
