package org.morethreads.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.morethreads.fixture.Kind;
import org.morethreads.internal.Firing;
import org.morethreads.internal.Log;

/** S1–S3, S5, S7–S9: what a signal does, without time passing. */
@Timeout(60)
class SignalTest {
  private final OpenSignal a = Signal.create("a");
  private final OpenSignal b = Signal.create("b");
  private final List<String> log = new ArrayList<>();

  // ---- S1: one way

  @Test
  void isSignalled_beforeGo_isFalse() {
    assertThat(a.isSignalled()).isFalse();
  }

  @Test
  void isSignalled_afterGo_isTrueForEver() {
    a.go();
    assertThat(a.isSignalled()).isTrue();
    assertThat(a.isSignalled()).isTrue();
  }

  @Test
  void go_repeated_runsNothingAgain() {
    a.then(() -> log.add("ran"));
    a.go();
    a.go();
    assertThat(log).containsExactly("ran");
  }

  @Test
  void go_fromWithinItsOwnAction_doesNothing() {
    a.then(() -> {
      a.go();
      log.add("first");
    });
    a.then(() -> log.add("second"));
    a.go();
    assertThat(log).containsExactly("first", "second");
  }

  @Test
  void go_callerInterrupted_signalsAndKeepsTheStatus() {
    a.then(() -> log.add("ran"));
    Thread.currentThread().interrupt();
    a.go();
    assertThat(Thread.interrupted()).isTrue();
    assertThat(log).containsExactly("ran");
  }

  /** An action that blocks holds up its own go(), and nobody else's. */
  @ParameterizedTest
  @EnumSource
  void go_anotherIsRunningActions_waitsForNoOtherThread(Kind kind) throws Exception {
    var entered = new CountDownLatch(1);
    var leave = new CountDownLatch(1);
    a.then(() -> {
      entered.countDown();
      awaitUnchecked(leave);
    });
    a.or(b).then(() -> log.add("composite"));
    var going = kind.call(() -> go(a));
    entered.await();
    a.go(); // returns though the other's action has not
    b.go();
    assertThat(a.isSignalled()).isTrue();
    assertThat(a.or(b).isSignalled()).isTrue();
    leave.countDown();
    going.get();
    assertThat(log).containsExactly("composite");
  }

  @Test
  void go_manyThreadsAtOnce_runsEachActionOnce() throws Exception {
    var ran = new AtomicInteger();
    for (int i = 0; i < 100; i++) {
      a.then(ran::incrementAndGet);
    }
    var all = IntStream.range(0, 8).mapToObj(_ -> Kind.PLATFORM.call(() -> go(a))).toList();
    for (var each : all) {
      each.get();
    }
    assertThat(ran).hasValue(100);
  }

  // ---- S2: memory

  @ParameterizedTest
  @EnumSource
  void await_signalledByAnother_seesWhatCameBefore(Kind kind) throws Exception {
    int[] plain = {0};
    var waiter =
        kind.call(() -> {
          a.await();
          return plain[0];
        });
    waiter.awaitBlocked();
    plain[0] = 42;
    a.go();
    assertThat(waiter.get()).isEqualTo(42);
  }

  @Test
  void isSignalled_ofAComposite_seesWhatCameBeforeEitherGo() throws Exception {
    int[] plain = {0, 0};
    Signal both = a.and(b);
    var first =
        Kind.PLATFORM.call(() -> {
          plain[0] = 1;
          return go(a);
        });
    var second =
        Kind.PLATFORM.call(() -> {
          plain[1] = 2;
          return go(b);
        });
    while (!both.isSignalled()) {
      Thread.onSpinWait();
    }
    assertThat(plain).containsExactly(1, 2);
    first.get();
    second.get();
  }

  // ---- S3: the order of go()

  @Test
  void go_withActions_runsThemInOrderOnTheCaller() {
    var threads = new ArrayList<Thread>();
    for (int i = 0; i < 5; i++) {
      String word = "action " + i;
      a.then(() -> {
        log.add(word);
        threads.add(Thread.currentThread());
      });
    }
    a.go();
    assertThat(log).containsExactly("action 0", "action 1", "action 2", "action 3", "action 4");
    assertThat(threads).containsOnly(Thread.currentThread());
  }

  @Test
  void go_withComposites_signalsThemAllBeforeAnyAction() {
    Signal either = a.or(b);
    Signal active = a.or(Signal.create("c"));
    active.then(() -> log.add("active"));
    Signal high = active.or(Signal.create("d")).and(a);
    Signal large = Signal.anyOf(signals(40, a));
    Signal larger = large.or(Signal.create("e"));
    a.then(() ->
        log.add(
            "all: "
                + List.of(either, active, high, large, larger).stream()
                    .allMatch(Signal::isSignalled)));
    a.go();
    assertThat(log.getFirst()).isEqualTo("all: true");
  }

  @ParameterizedTest
  @EnumSource
  void go_withWaiters_wakesThemBeforeActionsRun(Kind kind) throws Exception {
    var waiter = kind.call(() -> awaited(a.or(b)));
    waiter.awaitBlocked();
    a.then(() -> {
      try {
        log.add("waiter got on: " + waiter.get());
      } catch (InterruptedException | ExecutionException e) {
        log.add(e.toString());
      }
    });
    a.go();
    assertThat(log).containsExactly("waiter got on: true");
  }

  @Test
  void then_alreadySignalled_runsAtOnceOnTheRegistrant() {
    a.go();
    var ranOn = new AtomicReference<Thread>();
    a.then(() -> ranOn.set(Thread.currentThread()));
    assertThat(ranOn).hasValue(Thread.currentThread());
  }

  @Test
  void then_onASignalledComposite_runsAtOnceOnTheRegistrant() {
    b.go();
    var ranOn = new AtomicReference<Thread>();
    a.or(b).then(() -> ranOn.set(Thread.currentThread()));
    assertThat(ranOn).hasValue(Thread.currentThread());
    assertThat(Firing.countLinked(a)).isZero();
  }

  @Test
  void then_fromWithinAnAction_runsAtOnceBeforeTheLaterOnes() {
    a.then(() -> a.then(() -> log.add("nested")));
    a.then(() -> log.add("second"));
    a.go();
    assertThat(log).containsExactly("nested", "second");
  }

  @Test
  void then_onNever_neverRuns() {
    Signal.Registration registration = Signal.NEVER.then(() -> log.add("never"));
    assertThat(registration.remove()).isTrue();
    assertThat(registration.remove()).isFalse();
    assertThat(log).isEmpty();
    assertThat(Firing.countLinked(Signal.NEVER)).isZero();
  }

  @Test
  void go_anActionThrows_reportsItAndRunsTheOthers() {
    for (Throwable failure :
        List.of(
            new IllegalStateException("unchecked"),
            new AssertionError("error"),
            new StackOverflowError("stack"),
            new OutOfMemoryError("memory"),
            new InterruptedException("checked"))) {
      OpenSignal signal = Signal.create("failing");
      var after = new AtomicInteger();
      signal.then(after::incrementAndGet);
      signal.then(() -> sneakyThrow(failure));
      signal.then(after::incrementAndGet);
      signal.or(b).then(after::incrementAndGet);
      var reported = new ArrayList<Throwable>();
      Log.setListener((_, _, reason) -> reported.add(reason));
      try {
        signal.go();
      } finally {
        Log.setListener(null);
      }
      assertThat(after).hasValue(3);
      assertThat(reported).containsExactly(failure);
    }
  }

  @Test
  void then_signalledAndThrows_reportsItToTheLogOnly() {
    a.go();
    var reported = new ArrayList<Throwable>();
    Log.setListener((_, _, reason) -> reported.add(reason));
    try {
      a.then(() -> sneakyThrow(new AssertionError("late")));
    } finally {
      Log.setListener(null);
    }
    assertThat(reported).hasSize(1);
  }

  @Test
  void then_nullAction_throws() {
    assertThatNullPointerException().isThrownBy(() -> a.then(null));
  }

  // ---- S3: remove() tells the truth

  @Test
  void remove_beforeGo_isTrueAndTheActionNeverRuns() {
    Signal.Registration registration = a.then(() -> log.add("ran"));
    assertThat(registration.remove()).isTrue();
    a.go();
    assertThat(log).isEmpty();
  }

  @Test
  void remove_twice_isFalseTheSecondTime() {
    for (Signal signal : List.of(a, a.or(b), a.and(b), Signal.anyOf(signals(40, a)))) {
      Signal.Registration registration = signal.then(() -> log.add("ran"));
      assertThat(registration.remove()).isTrue();
      assertThat(registration.remove()).isFalse();
    }
  }

  @Test
  void remove_afterGo_isFalse() {
    Signal.Registration registration = a.then(() -> log.add("ran"));
    a.go();
    assertThat(registration.remove()).isFalse();
    assertThat(log).containsExactly("ran");
  }

  @Test
  void remove_ofAnActionThatRanAtOnce_isFalse() {
    a.go();
    assertThat(a.then(() -> log.add("ran")).remove()).isFalse();
  }

  @Test
  void remove_fromWithinTheAction_isFalse() {
    var registration = new AtomicReference<Signal.Registration>();
    registration.set(a.then(() -> log.add("removed: " + registration.get().remove())));
    a.go();
    assertThat(log).containsExactly("removed: false");
  }

  @Test
  void remove_ofALaterActionFromAnEarlierOne_isTrueAndItNeverRuns() {
    var later = new AtomicReference<Signal.Registration>();
    a.then(() -> log.add("removed: " + later.get().remove()));
    later.set(a.then(() -> log.add("later")));
    a.go();
    assertThat(log).containsExactly("removed: true");
  }

  @Test
  void remove_ofOneOfSeveral_leavesTheOthersInOrder() {
    a.then(() -> log.add("first"));
    Signal.Registration middle = a.then(() -> log.add("middle"));
    a.then(() -> log.add("last"));
    middle.remove();
    a.go();
    assertThat(log).containsExactly("first", "last");
  }

  @Test
  void remove_ofTheNewest_leavesTheOlderOnes() {
    a.then(() -> log.add("older"));
    Signal.Registration newest = a.then(() -> log.add("newest"));
    newest.remove();
    a.go();
    assertThat(log).containsExactly("older");
  }

  @Test
  void go_ofACompositeTwiceActive_leavesNothingInTheOtherOperand() {
    Signal either = a.or(b);
    either.then(() -> log.add("first")).remove();
    either.then(() -> log.add("second"));
    a.go();
    assertThat(log).containsExactly("second");
    assertThat(Firing.countLinked(b)).isZero();
    either.then(() -> log.add("late"));
    assertThat(log).containsExactly("second", "late");
    assertThat(Firing.countLinked(b)).isZero();
  }

  // ---- S5: nothing stays in the operands

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 10, 100, 1000})
  void remove_ofTheLastActionOfMany_leavesNothingInTheOperands(int count) {
    var registrations = new ArrayList<Signal.Registration>();
    for (int i = 0; i < count; i++) {
      registrations.add(a.or(Signal.create("own")).and(b.or(a)).then(() -> log.add("no")));
    }
    assertThat(Firing.countLive(a)).isEqualTo(2 * count);
    registrations.forEach(Signal.Registration::remove);
    assertThat(Firing.countLinked(a)).isZero();
    assertThat(Firing.countLinked(b)).isZero();
  }

  @Test
  void or_nobodyWaitsOrAttaches_registersNothing() {
    Signal either = a.or(b).or(Signal.create("c")).and(a);
    assertThat(either.isSignalled()).isFalse();
    assertThat(either.toString()).isNotEmpty();
    assertThat(Firing.countLinked(a)).isZero();
    assertThat(Firing.countLinked(b)).isZero();
  }

  @ParameterizedTest
  @EnumSource
  void await_ofAComposite_leavesNothingBehind(Kind kind) throws Exception {
    var waiter = kind.call(() -> awaited(a.or(b)));
    waiter.awaitBlocked();
    assertThat(Firing.countLive(a)).isEqualTo(1);
    b.go();
    assertThat(waiter.get()).isTrue();
    assertThat(Firing.countLinked(a)).isZero();
  }

  @ParameterizedTest
  @EnumSource
  void await_interrupted_leavesNothingBehind(Kind kind) throws Exception {
    var waiter = kind.call(() -> interrupted(() -> a.or(b).await(Signal.create("till"))));
    waiter.interruptWhenBlocked();
    assertThat(waiter.get()).isTrue();
    assertThat(Firing.countLinked(a)).isZero();
    assertThat(Firing.countLinked(b)).isZero();
  }

  @Test
  void go_ofOneOperand_takesTheEdgesOutOfTheOther() {
    a.or(b).then(() -> log.add("ran"));
    b.go();
    assertThat(Firing.countLinked(a)).isZero();
  }

  /** All who depend on one composite share what hangs in its operands. */
  @Test
  void then_severalOnOneComposite_hangOnceAndLeaveWithTheLast() {
    Signal either = a.or(b);
    var registrations = new ArrayList<Signal.Registration>();
    for (int i = 0; i < 3; i++) {
      registrations.add(either.then(() -> log.add("no")));
      assertThat(Firing.countLinked(a)).isEqualTo(1);
      assertThat(Firing.countLinked(b)).isEqualTo(1);
    }
    for (int i = 0; i < 3; i++) {
      assertThat(Firing.countLive(a)).as("before %s. is removed", i).isEqualTo(1);
      assertThat(registrations.get(i).remove()).isTrue();
    }
    assertThat(Firing.countLinked(a)).isZero();
    assertThat(Firing.countLinked(b)).isZero();
    either.then(() -> log.add("ran"));
    b.go();
    assertThat(log).containsExactly("ran");
    assertThat(Firing.countLinked(a)).isZero();
  }

  @Test
  void remove_ofOneOfTwoOnOneComposite_theOtherRuns() {
    Signal either = a.or(b);
    Signal.Registration removed = either.then(() -> log.add("no"));
    either.then(() -> log.add("ran"));
    removed.remove();
    a.go();
    assertThat(log).containsExactly("ran");
    assertThat(Firing.countLinked(b)).isZero();
  }

  /** A composite that is true before it is read for the first time. */
  @Test
  void then_operandsHaveGoneButNobodyHasLooked_runsAtOnceAndHangsNothing() {
    Signal both = a.and(b).or(Signal.create("c"));
    a.go();
    b.go();
    both.then(() -> log.add("ran"));
    assertThat(log).containsExactly("ran");
  }

  // ---- composition, truth tables

  @Test
  void or_eitherSignalled_isSignalled() {
    Signal left = a.or(b);
    a.go();
    assertThat(left.isSignalled()).isTrue();
    OpenSignal c = Signal.create("c");
    Signal right = Signal.create("d").or(c);
    assertThat(right.isSignalled()).isFalse();
    c.go();
    assertThat(right.isSignalled()).isTrue();
  }

  @Test
  void and_onlyOneSignalled_isNotSignalledUntilBothAre() {
    Signal both = a.and(b);
    both.then(() -> log.add("both"));
    a.go();
    assertThat(both.isSignalled()).isFalse();
    assertThat(log).isEmpty();
    b.go();
    assertThat(both.isSignalled()).isTrue();
    assertThat(log).containsExactly("both");
  }

  @Test
  void and_ofTheSameTwice_isThatSignal() {
    assertThat(a.and(a)).isSameAs(a);
    assertThat(a.or(a)).isSameAs(a);
  }

  @Test
  void then_onANestedComposite_runsOnceWhenItBecomesTrue() {
    OpenSignal c = Signal.create("c");
    OpenSignal d = Signal.create("d");
    a.or(b).and(c.or(d)).then(() -> log.add("ran"));
    a.go();
    b.go();
    assertThat(log).isEmpty();
    d.go();
    c.go();
    assertThat(log).containsExactly("ran");
  }

  @Test
  void then_operandsShared_runsOnce() {
    Signal either = a.or(b);
    either.and(either.or(a)).or(a.and(b)).then(() -> log.add("ran"));
    a.go();
    b.go();
    assertThat(log).containsExactly("ran");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 16, 17, 18, 100, 1000})
  void anyOf_theLastGoes_isSignalled(int size) {
    List<OpenSignal> many = signals(size);
    Signal any = Signal.anyOf(many);
    any.then(() -> log.add("any"));
    assertThat(any.isSignalled()).isFalse();
    many.getLast().go();
    assertThat(any.isSignalled()).isTrue();
    assertThat(log).containsExactly("any");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 16, 17, 18, 100, 1000})
  void allOf_allButOneGone_isNotSignalledUntilTheLastGoes(int size) {
    List<OpenSignal> many = signals(size);
    Signal all = Signal.allOf(many);
    all.then(() -> log.add("all"));
    many.subList(0, size - 1).forEach(OpenSignal::go);
    assertThat(all.isSignalled()).isFalse();
    assertThat(log).isEmpty();
    many.getLast().go();
    assertThat(all.isSignalled()).isTrue();
    assertThat(log).containsExactly("all");
  }

  @Test
  void anyOf_allSignalledBefore_isBornSignalled() {
    List<OpenSignal> many = signals(100);
    many.forEach(OpenSignal::go);
    assertThat(Signal.anyOf(many).isSignalled()).isTrue();
    assertThat(Signal.allOf(many).isSignalled()).isTrue();
  }

  @Test
  void anyOf_none_isNever() {
    assertThat(Signal.anyOf()).isSameAs(Signal.NEVER);
    assertThat(Signal.allOf()).isSameAs(Signal.DONE);
  }

  // ---- S7: identities

  @Test
  void or_withNever_isThatSignal() {
    assertThat(a.or(Signal.NEVER)).isSameAs(a);
    assertThat(Signal.NEVER.or(a)).isSameAs(a);
  }

  @Test
  void or_withDone_isDone() {
    assertThat(a.or(Signal.DONE)).isSameAs(Signal.DONE);
    assertThat(Signal.DONE.or(a)).isSameAs(Signal.DONE);
  }

  @Test
  void and_withDone_isThatSignal() {
    assertThat(a.and(Signal.DONE)).isSameAs(a);
    assertThat(Signal.DONE.and(a)).isSameAs(a);
  }

  @Test
  void and_withNever_isNever() {
    assertThat(a.and(Signal.NEVER)).isSameAs(Signal.NEVER);
    assertThat(Signal.NEVER.and(a)).isSameAs(Signal.NEVER);
  }

  @Test
  void constants_areWhatTheySay() throws Exception {
    assertThat(Signal.DONE.isSignalled()).isTrue();
    assertThat(Signal.NEVER.isSignalled()).isFalse();
    Signal.DONE.await();
    assertThat(Signal.NEVER.await(Signal.DONE)).isFalse();
    assertThat(Signal.DONE.or(Signal.NEVER)).isSameAs(Signal.DONE);
    assertThat(Signal.DONE.and(Signal.NEVER)).isSameAs(Signal.NEVER);
  }

  // ---- S8: awaiting

  @Test
  void await_alreadySignalled_returnsAtOnce() throws Exception {
    a.go();
    a.await();
    assertThat(a.await(b)).isTrue();
    assertThat(a.await(Duration.ZERO)).isTrue();
    assertThat(a.await(Duration.ofDays(1))).isTrue();
  }

  @Test
  void await_tillAlreadySignalled_isFalse() throws Exception {
    b.go();
    assertThat(a.await(b)).isFalse();
  }

  @Test
  void await_bothAlreadySignalled_isTrue() throws Exception {
    a.go();
    b.go();
    assertThat(a.await(b)).isTrue();
  }

  @Test
  void await_zeroOrNegativeTime_doesNotWait() throws Exception {
    assertThat(a.await(Duration.ZERO)).isFalse();
    assertThat(a.await(Duration.ofDays(-1))).isFalse();
    assertThat(a.await(Duration.ofSeconds(Long.MIN_VALUE))).isFalse();
  }

  @ParameterizedTest
  @EnumSource
  void await_signalGoes_isTrue(Kind kind) throws Exception {
    var waiter = kind.call(() -> a.await(b));
    waiter.awaitBlocked();
    a.go();
    assertThat(waiter.get()).isTrue();
  }

  @ParameterizedTest
  @EnumSource
  void await_tillGoes_isFalse(Kind kind) throws Exception {
    var waiter = kind.call(() -> a.await(b));
    waiter.awaitBlocked();
    b.go();
    assertThat(waiter.get()).isFalse();
  }

  @ParameterizedTest
  @EnumSource
  void await_longestTime_waitsForTheSignal(Kind kind) throws Exception {
    var waiter = kind.call(() -> a.await(Duration.ofSeconds(Long.MAX_VALUE)));
    waiter.awaitBlocked();
    a.go();
    assertThat(waiter.get()).isTrue();
  }

  @ParameterizedTest
  @EnumSource
  void await_largeComposite_isWoken(Kind kind) throws Exception {
    Signal any = Signal.anyOf(signals(100, a));
    var waiter = kind.call(() -> any.await(b));
    waiter.awaitBlocked();
    a.go();
    assertThat(waiter.get()).isTrue();
  }

  @Test
  void await_null_throws() {
    assertThatNullPointerException().isThrownBy(() -> a.await((Signal) null));
    assertThatNullPointerException().isThrownBy(() -> a.await((Duration) null));
    assertThatNullPointerException().isThrownBy(() -> a.or(null));
    assertThatNullPointerException().isThrownBy(() -> a.and(null));
    assertThatNullPointerException().isThrownBy(() -> Signal.create(null));
    assertThatNullPointerException().isThrownBy(() -> Signal.anyOf(a, null));
  }

  // ---- S8: interruption

  @ParameterizedTest
  @EnumSource
  void await_interruptedBefore_throwsAndClearsTheStatus(Kind kind) throws Exception {
    assertThat(
            kind.call(
                    () -> {
                      Thread.currentThread().interrupt();
                      return interrupted(() -> a.await());
                    })
                .get())
        .isTrue();
  }

  @ParameterizedTest
  @EnumSource
  void await_interruptedBeforeAndSignalled_throwsAndStaysSignalled(Kind kind) throws Exception {
    a.go();
    assertThat(
            kind.call(
                    () -> {
                      Thread.currentThread().interrupt();
                      boolean first = interrupted(() -> a.await(b));
                      Thread.currentThread().interrupt();
                      return first && interrupted(() -> a.await(Duration.ZERO));
                    })
                .get())
        .isTrue();
    assertThat(a.isSignalled()).isTrue();
  }

  @ParameterizedTest
  @EnumSource
  void await_interruptedWhileBlocked_throwsAndClearsTheStatus(Kind kind) throws Exception {
    for (Kind.Running<Boolean> waiter :
        List.of(
            kind.call(() -> interrupted(() -> a.await())),
            kind.call(() -> interrupted(() -> a.await(b))),
            kind.call(() -> interrupted(() -> a.await(Duration.ofDays(1)))))) {
      waiter.interruptWhenBlocked();
      assertThat(waiter.get()).isTrue();
    }
  }

  // ---- S8: names

  @Test
  void toString_ofComposites_composes() {
    assertThat(a.or(b)).hasToString("a or b");
    assertThat(a.and(b)).hasToString("a and b");
  }

  @Test
  void toString_hundredCharacters_isWhole() {
    String name = "n".repeat(100);
    assertThat(Signal.create(name)).hasToString(name);
  }

  @Test
  void toString_longer_isCutAtAHundred() {
    assertThat(Signal.create("n".repeat(101)).toString()).hasSize(100).endsWith("n…");
    assertThat(Signal.anyOf(signals(1000)).toString()).hasSize(100).endsWith("…");
  }

  @Test
  void toString_nearlyAHundredBeforeAnOperandThatIsComposed_saysThatMoreFollows() {
    Signal long96 = Signal.create("n".repeat(96));
    assertThat(long96.or(a.or(b)).toString()).hasSize(100).endsWith("n or…");
  }

  @Test
  void toString_composedMoreThanFiftyDeep_beginsWithWhatIsLeftOut() {
    Signal chain = Signal.create("first");
    for (int i = 0; i < 50; i++) {
      chain = chain.or(Signal.create(""));
    }
    assertThat(chain.toString()).startsWith("first or ");
    assertThat(chain.or(a).toString()).startsWith("… or ");
  }

  @Test
  void toString_ofConstants_isTheirName() {
    assertThat(Signal.DONE).hasToString("DONE");
    assertThat(Signal.NEVER).hasToString("NEVER");
  }

  @Test
  void toString_sharedOperandsWithEmptyNames_isBounded() {
    Signal doubled = Signal.create("");
    for (int i = 0; i < 200; i++) {
      doubled = doubled.or(Signal.create("").and(doubled));
    }
    assertThat(doubled.toString()).hasSizeLessThanOrEqualTo(100);
  }

  // ---- S9: futures

  @Test
  void toFuture_go_completes() {
    CompletableFuture<Void> future = a.toFuture();
    assertThat(future).isNotDone();
    a.go();
    assertThat(future).isCompletedWithValue(null);
  }

  @Test
  void toFuture_signalledBefore_isComplete() {
    a.go();
    assertThat(a.toFuture()).isCompleted();
    assertThat(Signal.DONE.toFuture()).isCompleted();
  }

  @Test
  void toFuture_cancelled_removesTheActionAndSignalsNothing() {
    CompletableFuture<Void> future = a.or(b).toFuture();
    assertThat(Firing.countLinked(a)).isEqualTo(1);
    future.cancel(true);
    assertThat(Firing.countLinked(a)).isZero();
    assertThat(a.or(b).isSignalled()).isFalse();
  }

  @Test
  void toFuture_nobodyHoldsIt_countsAsAnAction() {
    a.or(b).toFuture().thenRun(() -> log.add("ran"));
    System.gc();
    b.go();
    assertThat(log).containsExactly("ran");
  }

  @Test
  void from_stageCompletes_goes() {
    var stage = new CompletableFuture<String>();
    Signal ended = Signal.from(stage);
    assertThat(ended.isSignalled()).isFalse();
    stage.complete("done");
    assertThat(ended.isSignalled()).isTrue();
  }

  @Test
  void from_stageFailsOrIsCancelled_goes() {
    assertThat(Signal.from(CompletableFuture.failedFuture(new Exception())).isSignalled()).isTrue();
    var cancelled = new CompletableFuture<String>();
    Signal ended = Signal.from(cancelled);
    cancelled.cancel(false);
    assertThat(ended.isSignalled()).isTrue();
  }

  // ---- helpers

  private static List<OpenSignal> signals(int count) {
    return IntStream.range(0, count).mapToObj(i -> Signal.create("s" + i)).toList();
  }

  private static List<OpenSignal> signals(int count, OpenSignal last) {
    return IntStream.range(0, count)
        .mapToObj(i -> i == count - 1 ? last : Signal.create("s" + i))
        .toList();
  }

  private static boolean go(OpenSignal signal) {
    signal.go();
    return true;
  }

  private static boolean awaited(Signal signal) throws InterruptedException {
    signal.await();
    return true;
  }

  private static void awaitUnchecked(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private interface Blocking {
    void run() throws InterruptedException;
  }

  /** Whether a call throws InterruptedException and clears the status. */
  private static boolean interrupted(Blocking call) {
    try {
      call.run();
      return false;
    } catch (InterruptedException _) {
      return !Thread.currentThread().isInterrupted();
    }
  }

  @SuppressWarnings("unchecked")
  private static <E extends Throwable> void sneakyThrow(Throwable failure) throws E {
    throw (E) failure;
  }
}
