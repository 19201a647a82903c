package org.morethreads.thread;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.morethreads.fixture.Kind;
import org.morethreads.fixture.Threads;
import org.morethreads.internal.Log;
import org.morethreads.queue.CloseableQueue;
import org.morethreads.sync.Signal;

/** H7: how threads end, and what those who join them get. */
@Timeout(20)
class OutcomeTest {
  @RegisterExtension final Grove grove = new Grove();

  // ---- what a task comes to

  @ParameterizedTest
  @EnumSource
  void join_taskReturned_returnsItsResult(Kind kind) throws Exception {
    try (var _ = grove.open("t")) {
      var thread = Grove.named(kind, "x").call(_ -> "result");
      assertThat(thread.join()).isEqualTo("result");
      assertThat(thread.outcome()).contains(new Outcome.Returned<>("result"));
    }
  }

  @ParameterizedTest
  @EnumSource
  void join_withinALimit_returnsItsResult(Kind kind) throws Exception {
    try (var _ = grove.open("t")) {
      var thread = Grove.named(kind, "x").call(_ -> "result");
      assertThat(thread.join(Duration.ofDays(1))).isEqualTo("result");
      assertThat(thread.join(Signal.NEVER)).isEqualTo("result");
    }
  }

  @Test
  void join_taskReturnedNull_returnsNull() throws Exception {
    try (var tree = grove.open("t")) {
      assertThat(tree.call("x", _ -> (String) null).join()).isNull();
    }
  }

  @ParameterizedTest
  @EnumSource
  void join_taskThrew_throwsItWrapped(Kind kind) throws Exception {
    try (var _ = grove.open("t")) {
      var failure = new IOException("disk full");
      var thread = Grove.named(kind, "x").run(_ -> raise(failure));
      assertThatExceptionOfType(ThreadFailedException.class)
          .isThrownBy(thread::join)
          .withMessageContaining("t/x")
          .withMessageContaining("disk full")
          .matches(thrown -> thrown.threadPath().equals("t/x"))
          .havingCause()
          .isSameAs(failure);
      assertThat(thread.outcome()).contains(new Outcome.Failed<>(failure));
    }
  }

  static List<Throwable> errors() {
    return List.of(
        new OutOfMemoryError("simulated"),
        new StackOverflowError("simulated"),
        new LinkageError("simulated"),
        new AssertionError("simulated"));
  }

  @ParameterizedTest
  @MethodSource("errors")
  void join_taskThrewAnError_isAFailureLikeAnyOther(Throwable error) throws Exception {
    try (var tree = grove.open("t")) {
      var thread = tree.run("x", _ -> raise(error));
      assertThatExceptionOfType(ThreadFailedException.class)
          .isThrownBy(thread::join)
          .havingCause()
          .isSameAs(error);
    }
  }

  @ParameterizedTest
  @EnumSource
  void join_stackOverflowedReally_isAFailure(Kind kind) throws Exception {
    try (var _ = grove.open("t")) {
      var thread = Grove.named(kind, "x").run(_ -> overflow(0));
      assertThatExceptionOfType(ThreadFailedException.class)
          .isThrownBy(thread::join)
          .withCauseInstanceOf(StackOverflowError.class);
    }
  }

  private static int overflow(int depth) {
    return depth < 0 ? 0 : overflow(depth + 1) + 1;
  }

  @Test
  void join_memoryRanOutReally_isAFailure() throws Exception {
    try (var tree = grove.open("t")) {
      var thread =
          tree.call(
              "x",
              _ -> new long[Integer.MAX_VALUE - 8][0].length + new long[Integer.MAX_VALUE].length);
      assertThatExceptionOfType(ThreadFailedException.class)
          .isThrownBy(thread::join)
          .withCauseInstanceOf(OutOfMemoryError.class);
    }
  }

  // ---- the same again and again

  private static void failManyTimes(ThreadTree tree) throws InterruptedException {
    for (int i = 0; i < 25; i++) {
      var _ = tree.run("x", _ -> raise(new IOException("no route"))).release().awaitOutcome();
    }
  }

  private long stacksLogged() {
    return grove.log().stream().filter(each -> each.failure() != null).count();
  }

  @Test
  void released_sameFailureAgainAndAgain_tenAMinuteAreLoggedWithTheirStacks() throws Exception {
    grove.onVirtualTime((tree, _) -> {
      failManyTimes(tree);
      assertThat(grove.log(System.Logger.Level.ERROR)).as("each is logged").hasSize(25);
      assertThat(stacksLogged()).isEqualTo(10);
      assertThat(grove.log(System.Logger.Level.ERROR).getLast())
          .as("numbered when the one before it has stopped, but not yet left its parent")
          .matches(
              "Released thread \"t/x(#\\d+)?\" failed\\. It is one more java\\.io\\.IOException: no"
                  + " route; the stack was logged with others\\.");
      tree.run("other", _ -> raise(new IOException("from another line"))).release().awaitOutcome();
      assertThat(stacksLogged()).isEqualTo(11);
      Signal.NEVER.await(Duration.ofMinutes(1));
      failManyTimes(tree);
      assertThat(stacksLogged()).isEqualTo(21);
    });
    assertThat(grove.log(System.Logger.Level.ERROR)).hasSize(51);
  }

  /** The net must hold whatever the methods of the failure do, or the thread never ends. */
  @Test
  void join_failureWhoseOwnMethodsFail_isAFailure() throws Exception {
    try (var tree = grove.open("t")) {
      var thread = tree.run("x", _ -> raise(new Malicious()));
      assertThatExceptionOfType(ThreadFailedException.class)
          .isThrownBy(thread::join)
          .withMessageContaining("Malicious")
          .withCauseInstanceOf(Malicious.class);
    }
  }

  @Test
  void end_unclaimedFailureWhoseOwnMethodsFail_theParentEndsAllTheSame() throws Exception {
    try (var tree = grove.open("t")) {
      var parent =
          tree.run("parent", _ -> awaitEnd(ManagedThread.run("x", _ -> raise(new Malicious()))));
      assertThatExceptionOfType(ThreadFailedException.class)
          .isThrownBy(parent::join)
          .havingCause()
          .isInstanceOf(ThreadFailedException.class)
          .havingCause()
          .isInstanceOf(Malicious.class);
    }
  }

  /** Not even what its methods throw can be put into words: the log must stand that too. */
  @Test
  void end_failureThatThrowsItself_endsAllTheSame() throws Exception {
    Log.setListener((_, _, failure) -> {
      if (failure != null) {
        throw new AssertionError(failure.toString()); // as a log that formats it
      }
    });
    try (var tree = grove.open("t")) {
      var released = tree.run("x", _ -> raise(new Vicious())).release();
      assertThat(released.awaitOutcome()).isInstanceOf(Outcome.Failed.class);
      var _ = tree.run("y", _ -> raise(new Vicious()));
    }
  }

  private static final class Vicious extends RuntimeException {
    private static final long serialVersionUID = 1;

    @Override
    public String toString() {
      throw this;
    }
  }

  private static final class Malicious extends RuntimeException {
    private static final long serialVersionUID = 1;

    @Override
    public String getMessage() {
      throw new IllegalStateException("no message");
    }

    @Override
    public String toString() {
      throw new IllegalStateException("no words");
    }

    @Override
    public StackTraceElement[] getStackTrace() {
      throw new IllegalStateException("no trace");
    }

    @Override
    public void setStackTrace(StackTraceElement[] trace) {
      throw new IllegalStateException("no trace");
    }
  }

  // ---- Stopped

  static List<Throwable> leavings() throws Exception {
    var queue = CloseableQueue.<String>bounded("q", 1);
    queue.close();
    Throwable closed = catchThrowable(() -> queue.put("x"));
    return List.of(
        new InterruptedException(), new ClosedByInterruptException(), closed, waitInterrupted());
  }

  private static Throwable waitInterrupted() {
    Thread.currentThread().interrupt();
    try {
      return catchThrowable(() -> {
        for (String _ : CloseableQueue.<String>bounded("q", 1)) {
          throw new AssertionError();
        }
      });
    } finally {
      Thread.interrupted();
    }
  }

  @ParameterizedTest
  @MethodSource("leavings")
  void join_leftByStopAfterItWasRequested_isStopped(Throwable leaving) throws Exception {
    try (var tree = grove.open("t")) {
      var thread =
          tree.run(
              "x",
              stop -> {
                stop.await();
                raise(leaving);
              });
      thread.stop("enough");
      assertThatExceptionOfType(ThreadStoppedException.class)
          .isThrownBy(thread::join)
          .withMessageContaining("enough")
          .havingCause()
          .isSameAs(leaving);
      assertThat(thread.outcome())
          .contains(new Outcome.Stopped<>(thread.stopReason().orElseThrow(), leaving));
    }
    assertThat(grove.log()).isEmpty();
  }

  /** Such exceptions that hide a failure: in themselves, or further in. */
  static List<Throwable> leavingsThatHide() throws Exception {
    List<Throwable> all = new ArrayList<>(leavings());
    all.forEach(leaving -> leaving.addSuppressed(new IOException("not flushed")));
    var outer = new InterruptedException();
    outer.addSuppressed(new InterruptedException());
    outer.getSuppressed()[0].addSuppressed(new IOException("not flushed"));
    all.add(outer);
    var caused = waitInterrupted();
    caused.getCause().addSuppressed(new IOException("not flushed"));
    all.add(caused);
    return all;
  }

  @ParameterizedTest
  @MethodSource("leavingsThatHide")
  void join_leftByStopWithAFailureSuppressed_isThatAndReachesTheParentH7(Throwable leaving)
      throws Exception {
    try (var tree = grove.open("t")) {
      var parent =
          tree.run(
              "p",
              _ ->
                  ManagedThread.run(
                      "x",
                      stop -> {
                        stop.await();
                        raise(leaving);
                      }));
      assertThat(parent.awaitOutcome())
          .isInstanceOfSatisfying(
              Outcome.Failed.class, failed -> assertThat(failed.failure()).hasCause(leaving));
    }
    assertThat(grove.log(System.Logger.Level.ERROR))
        .singleElement()
        .asString()
        .contains("\"t/p/x\" failed");
  }

  /** What is suppressed may lead back to where it began. */
  @Test
  void join_leftByStopWithOthersOfThatSortSuppressed_isStoppedH7() throws Exception {
    try (var tree = grove.open("t")) {
      var leaving = new InterruptedException();
      for (Throwable further : leavings()) {
        leaving.addSuppressed(further);
        further.addSuppressed(leaving);
      }
      var thread =
          tree.run(
              "x",
              stop -> {
                stop.await();
                raise(leaving);
              });
      thread.stop("enough");
      assertThat(thread.awaitOutcome())
          .isEqualTo(new Outcome.Stopped<>(thread.stopReason().orElseThrow(), leaving));
    }
    assertThat(grove.log()).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("leavings")
  void join_leftInThatWayBeforeAnyStop_isAFailure(Throwable leaving) throws Exception {
    try (var tree = grove.open("t")) {
      var thread = tree.run("x", _ -> raise(leaving));
      assertThatExceptionOfType(ThreadFailedException.class)
          .isThrownBy(thread::join)
          .havingCause()
          .isSameAs(leaving);
    }
  }

  /** It is asked for, but told only after its needer; that one may close what it waits for. */
  @Test
  void join_leftByStopBetweenRequestAndTelling_isStopped() throws Exception {
    try (var tree = grove.open("t")) {
      var queue = CloseableQueue.<String>bounded("q", 1);
      var release = Signal.create("release");
      var db =
          tree.run(
              "db",
              _ -> {
                release.await();
                queue.put("x");
              });
      var web = tree.named("web").needs(db).run(Signal::await);
      queue.close();
      db.stop();
      assertThat(db.pleaseStop().isSignalled()).isFalse();
      release.go();
      assertThat(db.awaitOutcome()).isInstanceOf(Outcome.Stopped.class);
      web.stop();
    }
    assertThat(grove.log()).isEmpty();
  }

  @Test
  void join_otherFailureAfterTheStop_isAFailure() throws Exception {
    try (var tree = grove.open("t")) {
      var thread =
          tree.run(
              "x",
              stop -> {
                stop.await();
                throw new IOException();
              });
      thread.stop();
      assertThatExceptionOfType(ThreadFailedException.class).isThrownBy(thread::join);
    }
  }

  @Test
  void join_returnedAfterTheStop_returnsTheResult() throws Exception {
    try (var tree = grove.open("t")) {
      var thread =
          tree.call(
              "x",
              stop -> {
                stop.await();
                return 42;
              });
      thread.stop();
      assertThat(thread.join()).isEqualTo(42);
    }
  }

  // ---- waiting for it

  @ParameterizedTest
  @EnumSource
  void join_manyJoiners_getTheSame(Kind kind) throws Exception {
    try (var tree = grove.open("t")) {
      var release = Signal.create("release");
      var failure = new IOException();
      var thread =
          tree.run(
              "x",
              _ -> {
                release.await();
                throw failure;
              });
      List<Kind.Running<Throwable>> joiners = new ArrayList<>();
      for (int i = 0; i < 10; i++) {
        joiners.add(kind.call(() -> catchThrowable(thread::join).getCause()).awaitBlocked());
      }
      release.go();
      for (var each : joiners) {
        assertThat(each.get()).isSameAs(failure);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void join_interruptedOnEntry_throwsAndClaimsNothing(Kind kind) throws Exception {
    try (var tree = grove.open("t")) {
      var failure = new IOException();
      var thread = tree.run("x", _ -> raise(failure));
      thread.stopped().await();
      var joiner =
          kind.call(() -> {
            Thread.currentThread().interrupt();
            var thrown = catchThrowable(thread::join);
            return List.of(thrown.getClass(), Thread.currentThread().isInterrupted());
          });
      assertThat(joiner.get()).isEqualTo(List.of(InterruptedException.class, false));
      assertThat(tree.failures()).containsExactly(failure);
    }
    assertThat(grove.log(System.Logger.Level.ERROR)).hasSize(1);
  }

  @ParameterizedTest
  @EnumSource
  void join_interruptedWhileWaiting_throws(Kind kind) throws Exception {
    try (var tree = grove.open("t")) {
      var thread = tree.run("x", Signal::await);
      var joiner = kind.call(thread::join);
      joiner.interruptWhenBlocked();
      assertThatExceptionOfType(ExecutionException.class)
          .isThrownBy(joiner::get)
          .withCauseInstanceOf(InterruptedException.class);
    }
  }

  @Test
  void join_timePassed_throwsAndClaimsNothing() throws Exception {
    grove.onVirtualTime((tree, time) -> {
      var failure = new IOException();
      var thread =
          tree.run(
              "x",
              _ -> {
                Signal.NEVER.await(Duration.ofSeconds(10));
                throw failure;
              });
      assertThatExceptionOfType(TimeoutException.class)
          .isThrownBy(() -> thread.join(Duration.ofSeconds(3)))
          .withMessageContaining("PT3S");
      assertThat(time.elapsed()).isEqualTo(Duration.ofSeconds(3));
      thread.stopped().await();
      assertThat(tree.failures()).containsExactly(failure);
      assertThatExceptionOfType(ThreadFailedException.class)
          .isThrownBy(() -> thread.join(Duration.ZERO));
      assertThat(tree.failures()).isEmpty();
    });
    assertThat(grove.log()).isEmpty();
  }

  @Test
  void join_noTimeGiven_doesNotWait() throws Exception {
    try (var tree = grove.open("t")) {
      var thread = tree.run("x", Signal::await);
      assertThatExceptionOfType(TimeoutException.class)
          .isThrownBy(() -> thread.join(Duration.ZERO));
      assertThatExceptionOfType(TimeoutException.class)
          .isThrownBy(() -> thread.join(Duration.ofSeconds(-1)));
      assertThatExceptionOfType(TimeoutException.class).isThrownBy(() -> thread.join(Signal.DONE));
    }
  }

  @Test
  void join_tillGoesFirst_throwsAndNamesIt() throws Exception {
    try (var tree = grove.open("t")) {
      var thread = tree.run("x", Signal::await);
      var till = Signal.create("fire alarm");
      var joiner = Kind.VIRTUAL.call(() -> thread.join(till)).awaitBlocked();
      till.go();
      assertThatExceptionOfType(ExecutionException.class)
          .isThrownBy(joiner::get)
          .withCauseInstanceOf(TimeoutException.class)
          .withMessageContaining("fire alarm");
    }
  }

  /** The joiner's own pleaseStop does not end it: join means that the thread has stopped. */
  @ParameterizedTest
  @EnumSource
  void join_joinerToldToStop_goesOn(Kind kind) throws Exception {
    try (var tree = grove.open("t")) {
      var release = Signal.create("release");
      var slow =
          tree.call(
              "slow",
              _ -> {
                release.await();
                return 42;
              });
      var joiner = Grove.named(kind, "joiner").call(_ -> slow.join());
      Grove.eventually(() -> joiner.node.state() == Node.RUNNING);
      Threads.awaitBlocked(joiner.thread().orElseThrow());
      joiner.stop();
      Threads.awaitBlocked(joiner.thread().orElseThrow());
      assertThat(joiner.stopped().isSignalled()).isFalse();
      release.go();
      assertThat(joiner.join()).isEqualTo(42);
    }
  }

  // ---- joins that would never end

  @ParameterizedTest
  @EnumSource
  void join_oneself_throws(Kind kind) throws Exception {
    try (var _ = grove.open("t")) {
      var thread =
          Grove.named(kind, "x").call(_ -> catchThrowable(() -> ManagedThread.current().join()));
      assertThat(thread.join())
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("never end");
    }
  }

  @Test
  void join_anAncestorInAnyWay_throws() throws Exception {
    try (var tree = grove.open("t")) {
      var self = new AtomicReference<ManagedThread<?>>();
      var known = Signal.create("known");
      var grand =
          tree.call(
              "grand",
              _ ->
                  ManagedThread.call(
                          "parent",
                          _ ->
                              ManagedThread.call(
                                      "x",
                                      _ -> {
                                        known.await();
                                        var above = self.get();
                                        return List.of(
                                            catchThrowable(above::join),
                                            catchThrowable(() -> above.join(Duration.ofDays(1))),
                                            catchThrowable(() -> above.join(Signal.NEVER)),
                                            catchThrowable(above::awaitOutcome),
                                            catchThrowable(above::awaitReady));
                                      })
                                  .join())
                      .join());
      self.set(grand);
      known.go();
      assertThat(grand.join())
          .allSatisfy(thrown ->
              assertThat(thrown)
                  .isInstanceOf(IllegalStateException.class)
                  .hasMessageContaining("t/grand"));
    }
  }

  @Test
  void join_notStartedByTimeout_throws() {
    try (var tree = grove.open("t")) {
      var thread = tree.named("x").prepare(_ -> {});
      assertThatIllegalStateException().isThrownBy(() -> thread.join(Duration.ofDays(1)));
    }
  }

  // ---- unclaimed failures

  @ParameterizedTest
  @EnumSource
  void end_failureNobodyClaimed_isLoggedAndBecomesTheParents(Kind kind) throws Exception {
    try (var _ = grove.open("t")) {
      var failure = new IOException("disk full");
      var parent =
          Grove.named(kind, "parent")
              .call(_ -> {
                awaitEnd(ManagedThread.run("child", _ -> raise(failure)));
                return 42;
              });
      assertThat(parent.awaitOutcome())
          .isInstanceOfSatisfying(
              Outcome.Failed.class,
              failed ->
                  assertThat(failed.failure())
                      .isInstanceOf(ThreadFailedException.class)
                      .hasMessageContaining("child")
                      .hasMessageContaining("disk full")
                      .hasCause(failure)
                      .hasNoSuppressedExceptions());
    }
    assertThat(grove.log(System.Logger.Level.ERROR))
        .singleElement()
        .asString()
        .contains("\"t/parent/child\"");
  }

  @Test
  void end_severalFailures_areCauseAndSuppressedInStartOrder() throws Exception {
    try (var tree = grove.open("t")) {
      List<Throwable> failures = new ArrayList<>();
      var parent =
          tree.run(
              "parent",
              _ -> {
                List<ManagedThread<?>> children = new ArrayList<>();
                List<org.morethreads.sync.OpenSignal> gates = new ArrayList<>();
                for (int i = 0; i < 5; i++) {
                  var failure = new IOException("failure " + i);
                  var gate = Signal.create("gate");
                  failures.add(failure);
                  gates.add(gate);
                  children.add(
                      ManagedThread.run(
                          "child",
                          _ -> {
                            gate.await();
                            throw failure;
                          }));
                }
                for (int i = 4; i >= 0; i--) { // they fail newest first
                  gates.get(i).go();
                  children.get(i).stopped().await();
                }
                assertThat(ManagedThread.current().childFailures()).isEqualTo(failures);
              });
      var failed = (Outcome.Failed<?>) parent.awaitOutcome();
      assertThat(failed.failure().getCause()).isSameAs(failures.getFirst());
      assertThat(failed.failure().getSuppressed())
          .containsExactlyElementsOf(failures.subList(1, 5));
    }
    assertThat(grove.log(System.Logger.Level.ERROR)).hasSize(5);
  }

  @Test
  void end_ofAParentThatFailsItself_keepsItsFailureAndSuppressesTheChildrens() throws Exception {
    try (var tree = grove.open("t")) {
      var own = new IllegalStateException("own");
      var childs = new IOException("child's");
      var parent =
          tree.run(
              "parent",
              _ -> {
                awaitEnd(ManagedThread.run("child", _ -> raise(childs)));
                throw own;
              });
      assertThatExceptionOfType(ThreadFailedException.class)
          .isThrownBy(parent::join)
          .havingCause()
          .isSameAs(own);
      assertThat(own.getSuppressed()).containsExactly(childs);
    }
  }

  @Test
  void end_moreFailuresThanAreKept_keepsSixteenAndTheCount() throws Exception {
    try (var tree = grove.open("t")) {
      var parent =
          tree.run(
              "parent",
              _ -> {
                for (int i = 0; i < 40; i++) {
                  int number = i;
                  awaitEnd(
                      ManagedThread.run("child", _ -> raise(new IOException("failure " + number))));
                }
              });
      var failed = (Outcome.Failed<?>) parent.awaitOutcome();
      assertThat(failed.failure()).hasMessageContaining("40 of its children");
      assertThat(failed.failure().getCause()).hasMessage("failure 0");
      assertThat(failed.failure().getSuppressed()).hasSize(15);
      assertThat(failed.failure().getSuppressed()[14]).hasMessage("failure 15");
    }
    assertThat(grove.log(System.Logger.Level.ERROR)).hasSize(40);
  }

  /**
   * A parent that joins all of them has claimed all of them: however many failed before it came to
   * them.
   */
  @Test
  void join_moreFailuresThanAreKept_claimsThemAll() throws Exception {
    try (var tree = grove.open("t")) {
      var parent =
          tree.call(
              "parent",
              _ -> {
                List<ManagedThread<?>> children = new ArrayList<>();
                for (int i = 0; i < 100; i++) {
                  children.add(ManagedThread.run("child", _ -> raise(new IOException())));
                }
                for (var each : children) {
                  each.stopped().await();
                }
                int failed = 0;
                for (var each : children) {
                  failed += each.awaitOutcome() instanceof Outcome.Failed ? 1 : 0;
                }
                return failed;
              });
      assertThat(parent.join()).isEqualTo(100);
    }
    assertThat(grove.log()).isEmpty();
  }

  @Test
  void end_threeGenerations_logOnceAndNotThrice() throws Exception {
    try (var tree = grove.open("t")) {
      var failure = new IOException("disk full");
      var grand =
          tree.run(
              "grand",
              _ ->
                  awaitEnd(
                      ManagedThread.run(
                          "parent",
                          _ -> awaitEnd(ManagedThread.run("child", _ -> raise(failure))))));
      grand.stopped().await();
      assertThat(tree.failures()).hasSize(1);
    }
    assertThat(grove.log(System.Logger.Level.ERROR))
        .singleElement()
        .asString()
        .contains("t/grand/parent/child");
  }

  @Test
  void close_failureNobodyClaimed_isTheTreesFailure() throws Exception {
    var tree = grove.open("t");
    tree.run("x", _ -> raise(new IOException("disk full"))).stopped().await();
    tree.close();
    assertThat(tree.failures())
        .singleElement()
        .satisfies(it -> assertThat(it).hasRootCauseMessage("disk full"));
    assertThat(tree.hasFailed()).isTrue();
  }

  @Test
  void close_failureClaimed_leavesNoTrace() throws Exception {
    var tree = grove.open("t");
    var thread = tree.run("x", _ -> raise(new IOException("disk full")));
    thread.awaitOutcome();
    tree.close();
    assertThat(tree.failures()).isEmpty();
    assertThat(grove.log()).isEmpty();
  }

  @Test
  void outcome_lookedAt_claimsNothing() throws Exception {
    try (var tree = grove.open("t")) {
      var thread = tree.run("x", _ -> raise(new IOException()));
      thread.stopped().await();
      assertThat(thread.outcome()).containsInstanceOf(Outcome.Failed.class);
      assertThat(tree.failures()).hasSize(1);
    }
  }

  @Test
  void fail_unclaimedForAMinute_isLoggedOnceAndStillCounts() throws Exception {
    grove.onVirtualTime((tree, time) -> {
      tree.run("x", _ -> raise(new IOException("disk full"))).stopped().await();
      Signal.NEVER.await(Duration.ofMillis(59_999));
      time.awaitOthersBlocked();
      assertThat(grove.log()).isEmpty();
      Signal.NEVER.await(Duration.ofMillis(2));
      time.awaitOthersBlocked();
      assertThat(grove.log(System.Logger.Level.ERROR))
          .singleElement()
          .asString()
          .contains("t/x", "60 s");
      assertThat(tree.failures()).hasSize(1);
      Signal.NEVER.await(Duration.ofDays(1));
    });
    assertThat(grove.log()).hasSize(1);
  }

  @Test
  void fail_claimedWithinTheMinute_isNotLogged() throws Exception {
    grove.onVirtualTime((tree, _) -> {
      var thread = tree.run("x", _ -> raise(new IOException()));
      Signal.NEVER.await(Duration.ofSeconds(59));
      thread.awaitOutcome();
      Signal.NEVER.await(Duration.ofDays(1));
    });
    assertThat(grove.log()).isEmpty();
  }

  /** More than can be kept for the parent's outcome have their minute too. */
  @Test
  void fail_moreThanAreKeptUnclaimedForAMinute_areLoggedOnce() throws Exception {
    grove.onVirtualTime((tree, time) -> {
      for (int i = 0; i < 40; i++) {
        tree.run("x", _ -> raise(new IOException())).stopped().await();
      }
      assertThat(grove.log()).isEmpty();
      Signal.NEVER.await(Duration.ofSeconds(61));
      time.awaitOthersBlocked();
      assertThat(grove.log(System.Logger.Level.ERROR)).hasSize(40);
    });
    assertThat(grove.log(System.Logger.Level.ERROR)).hasSize(40);
  }

  /** Those that are in the log are kept only if they may become part of an outcome. */
  @Test
  void fail_moreThanAreKeptAfterAMinute_theLaterOnesAreOnlyCounted() throws Exception {
    grove.onVirtualTime((tree, _) -> {
      var parent =
          tree.run(
              "parent",
              _ -> {
                failOfNobody(40);
                assertThat(ManagedThread.current().node.extras().unclaimed).hasSize(16);
              });
      assertThat(((Outcome.Failed<?>) parent.awaitOutcome()).failure())
          .hasMessageContaining("40 of its children")
          .hasMessageContaining("nobody joined them");
    });
  }

  /** Who is joined after all counts no more. */
  @Test
  void join_afterAMinute_isNotCounted() throws Exception {
    grove.onVirtualTime((tree, _) -> {
      var parent =
          tree.run(
              "parent",
              _ -> {
                var children = failOfNobody(40);
                for (var late : children.subList(20, 40)) {
                  assertThat(late.awaitOutcome()).isInstanceOf(Outcome.Failed.class);
                }
              });
      assertThat(((Outcome.Failed<?>) parent.awaitOutcome()).failure())
          .hasMessageContaining("20 of its children");
    });
  }

  /** Children of the calling thread that fail, and whose failures are in the log. */
  private static List<ManagedThread<?>> failOfNobody(int count) throws InterruptedException {
    List<ManagedThread<?>> children = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      children.add(ManagedThread.run("child", _ -> raise(new IOException("disk full"))));
      children.getLast().stopped().await();
    }
    Signal.NEVER.await(Duration.ofSeconds(61));
    return children;
  }

  /** Not for their minute either, when they are very many. */
  @Test
  void fail_aThousandAndMore_areLoggedAtOnceAndCounted() throws Exception {
    grove.onVirtualTime((tree, _) -> {
      var parent =
          tree.run(
              "parent",
              _ -> {
                for (int i = 0; i < 1_100; i++) {
                  ManagedThread.run("child", _ -> raise(new IOException())).stopped().await();
                }
                assertThat(ManagedThread.current().node.extras().unclaimed).hasSize(1_000);
                assertThat(grove.log(System.Logger.Level.ERROR))
                    .hasSize(100)
                    .allMatch(text -> text.contains("too many of its siblings"));
              });
      assertThat(((Outcome.Failed<?>) parent.awaitOutcome()).failure())
          .hasMessageContaining("1100 of its children");
      assertThat(grove.log(System.Logger.Level.ERROR)).hasSize(1_100);
    });
  }

  /** Whoever learns of a failure, its minute is over: a timer would keep it until then. */
  @Test
  void fail_claimedReleasedOrPassedOn_givesItsTimerUp() throws Exception {
    var timers = new CountedTimers();
    try (var tree = grove.open(StopPolicy.standard(), timers)) {
      var joined = tree.run("joined", _ -> raise(new IOException()));
      joined.stopped().await();
      assertThat(timers.pending()).isEqualTo(1);
      joined.awaitOutcome();
      assertThat(timers.pending()).as("joined").isZero();
      var released = tree.run("released", _ -> raise(new IOException()));
      released.stopped().await();
      released.release();
      assertThat(timers.pending()).as("released").isZero();
      tree.run(
              "parent",
              _ -> ManagedThread.run("child", _ -> raise(new IOException())).stopped().await())
          .awaitOutcome();
      assertThat(timers.pending()).as("passed on").isZero();
    }
  }

  // ---- release

  @Test
  void release_beforeItFails_logsAtOnceAndSparesTheParent() throws Exception {
    try (var tree = grove.open("t")) {
      var gate = Signal.create("gate");
      var thread =
          tree.run(
                  "x",
                  _ -> {
                    gate.await();
                    throw new IOException();
                  })
              .release();
      gate.go();
      thread.stopped().await();
      assertThat(grove.log(System.Logger.Level.ERROR)).singleElement().asString().contains("t/x");
      assertThat(tree.failures()).isEmpty();
    }
    assertThat(grove.log()).hasSize(1);
  }

  @Test
  void release_afterItFailed_logsAtOnce() throws Exception {
    try (var tree = grove.open("t")) {
      var thread = tree.run("x", _ -> raise(new IOException()));
      thread.stopped().await();
      assertThat(grove.log()).isEmpty();
      thread.release();
      assertThat(grove.log(System.Logger.Level.ERROR)).hasSize(1);
      thread.release();
      assertThat(grove.log(System.Logger.Level.ERROR)).hasSize(1);
    }
    assertThat(grove.log()).hasSize(1);
  }

  @Test
  void release_afterItWasClaimed_logsNothing() throws Exception {
    try (var tree = grove.open("t")) {
      var thread = tree.run("x", _ -> raise(new IOException()));
      thread.awaitOutcome();
      thread.release();
    }
    assertThat(grove.log()).isEmpty();
  }

  @Test
  void release_afterItWasLogged_logsNoMore() throws Exception {
    grove.onVirtualTime((tree, time) -> {
      var thread = tree.run("x", _ -> raise(new IOException()));
      Signal.NEVER.await(Duration.ofSeconds(61));
      time.awaitOthersBlocked();
      assertThat(grove.log(System.Logger.Level.ERROR)).hasSize(1);
      thread.release();
      assertThat(grove.log(System.Logger.Level.ERROR)).hasSize(1);
      assertThat(tree.failures()).isEmpty();
    });
  }

  /** fail | release: whoever comes second must see the first, in each of the orders. */
  @Test
  void release_whileItFails_isLoggedExactlyOnce() throws Exception {
    int rounds = 5_000;
    try (var tree = grove.open("t")) {
      for (int i = 0; i < rounds; i++) {
        tree.run("x", _ -> raise(new IOException())).release();
      }
      Grove.eventually(() -> tree.root.childCount() == 0);
      assertThat(grove.log()).hasSize(rounds);
      assertThat(tree.failures()).isEmpty();
    }
  }

  // ---- helpers

  private static void awaitEnd(ManagedThread<?> thread) throws InterruptedException {
    thread.stopped().await();
  }

  @SuppressWarnings("unchecked")
  private static <E extends Throwable> void raise(Throwable failure) throws E {
    throw (E) failure;
  }
}
