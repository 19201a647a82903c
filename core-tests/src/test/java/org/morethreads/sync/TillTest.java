package org.morethreads.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.morethreads.fixture.Kind;
import org.morethreads.fixture.VirtualTime;
import org.morethreads.fixture.VirtualTime.Participant;
import org.morethreads.internal.Firing;

/** T1–T5, and the waits of S8 that time ends; all times are virtual. */
@Timeout(120)
class TillTest {
  private static final Duration SECOND = Duration.ofSeconds(1);
  private static final Duration HOUR = Duration.ofHours(1);
  private static final Duration NANO = Duration.ofNanos(1);

  private final VirtualTime time = new VirtualTime();
  private final OpenSignal never = Signal.create("nobody signals this");
  private final Queue<String> log = new ConcurrentLinkedQueue<>();

  // ---- T1: never early

  @ParameterizedTest
  @EnumSource
  void await_ofATill_takesExactlyItsTime(Kind kind) throws Exception {
    time.run(
        kind.isVirtual(),
        () -> {
          Till till = Till.after(HOUR);
          till.await();
          assertThat(time.elapsed()).isEqualTo(HOUR);
          assertThat(till.isHurried()).isFalse();
        });
    assertThat(time.jumps()).isEqualTo(1);
  }

  @Test
  void isSignalled_aNanosecondEarly_isFalse() throws Exception {
    time.run(
        true,
        () -> {
          Till till = Till.after(HOUR);
          sleep(HOUR.minus(NANO));
          assertThat(till.isSignalled()).isFalse();
          sleep(NANO);
          assertThat(till.isSignalled()).isTrue();
        });
  }

  @Test
  void after_zeroOrNegative_isBornSignalled() {
    assertThat(Till.after(Duration.ZERO).isSignalled()).isTrue();
    assertThat(Till.after(Duration.ofSeconds(Long.MIN_VALUE)).isSignalled()).isTrue();
    assertThat(Till.unhurried(Duration.ofDays(-1)).isSignalled()).isTrue();
    assertThat(Till.at(Instant.MIN).isSignalled()).isTrue();
    assertThat(Till.after(Duration.ZERO).isHurried()).isFalse();
  }

  /** S8. */
  @Test
  void toString_saysWhatItWaitsFor() {
    assertThat(Till.after(HOUR)).hasToString("till");
    assertThat(Till.at(Instant.parse("2100-01-02T03:04:05Z")))
        .hasToString("till 2100-01-02T03:04:05Z");
    assertThat(never.or(Till.after(HOUR)).toString()).endsWith(" or till");
  }

  @Test
  void after_longest_isNotSignalled() {
    assertThat(Till.after(Duration.ofSeconds(Long.MAX_VALUE)).isSignalled()).isFalse();
    assertThat(Till.unhurried(Duration.ofSeconds(Long.MAX_VALUE)).isSignalled()).isFalse();
    assertThat(Till.at(Instant.MAX).isSignalled()).isFalse();
  }

  @Test
  void after_null_throws() {
    assertThatNullPointerException().isThrownBy(() -> Till.after(null));
    assertThatNullPointerException().isThrownBy(() -> Till.unhurried(null));
    assertThatNullPointerException().isThrownBy(() -> Till.at(null));
  }

  @ParameterizedTest
  @EnumSource
  void await_untilATill_isFalseWhenItIsDue(Kind kind) throws Exception {
    time.run(
        kind.isVirtual(),
        () -> {
          assertThat(never.await(Till.after(SECOND))).isFalse();
          assertThat(time.elapsed()).isEqualTo(SECOND);
        });
  }

  @ParameterizedTest
  @EnumSource
  void await_durationPasses_isFalse(Kind kind) throws Exception {
    time.run(
        kind.isVirtual(),
        () -> {
          assertThat(never.await(HOUR)).isFalse();
          assertThat(time.elapsed()).isEqualTo(HOUR);
        });
  }

  @Test
  void await_ofSeveralTills_endsWithTheNearest() throws Exception {
    time.run(
        true,
        () -> {
          Signal first = Till.after(HOUR).or(Till.after(SECOND)).or(Till.after(HOUR));
          first.await();
          assertThat(time.elapsed()).isEqualTo(SECOND);
        });
  }

  @Test
  void await_ofAllTills_endsWithTheLast() throws Exception {
    time.run(
        true,
        () -> {
          Signal last = Till.after(HOUR).and(Till.after(SECOND));
          last.await();
          assertThat(time.elapsed()).isEqualTo(HOUR);
        });
  }

  @Test
  void await_signalGoesMidway_isTrueAtThatTime() throws Exception {
    OpenSignal news = Signal.create("news");
    time.run(
        true,
        () -> {
          time.start(
              "messenger",
              () -> {
                sleep(SECOND);
                news.go();
              });
          assertThat(news.await(HOUR)).isTrue();
          assertThat(time.elapsed()).isEqualTo(SECOND);
        });
  }

  /**
   * Regression: a waiter that found the till not due, and then, when it computed how long to sleep,
   * found it due and left it out, slept for ever. The clock moves with each look here, so that the
   * till comes due between any two of them.
   */
  @Test
  void await_tillComesDueBetweenTwoLooks_doesNotSleepForEver() throws Exception {
    time.creeping(1)
        .run(
            true,
            () -> {
              for (int nanos = 0; nanos < 40; nanos++) {
                Till.after(Duration.ofNanos(nanos)).await();
                assertThat(never.await(Till.after(Duration.ofNanos(nanos)))).isFalse();
                assertThat(never.await(Duration.ofNanos(nanos))).isFalse();
                never.or(Till.after(Duration.ofNanos(nanos))).await();
                Till.at(time.now().plusNanos(nanos)).await();
                Till.after(Duration.ofNanos(nanos)).and(Till.after(Duration.ofNanos(9))).await();
                try (var held = Lock.create("lock").acquire()) {
                  assertThat(held.await(Till.after(Duration.ofNanos(nanos)))).isFalse();
                  assertThat(held.await(Duration.ofNanos(nanos))).isFalse();
                }
              }
            });
  }

  // ---- T2: the wall clock

  @Test
  void at_wallClockReachesIt_isSignalled() throws Exception {
    time.run(
        true,
        () -> {
          Till.at(time.now().plus(HOUR)).await();
          assertThat(time.elapsed()).isEqualTo(HOUR);
        });
  }

  @Test
  void at_wallClockSetForward_goesWithinASecond() throws Exception {
    time.run(
        true,
        () -> {
          Till till = Till.at(time.now().plus(HOUR));
          time.start(
              "operator",
              () -> {
                sleep(Duration.ofSeconds(10));
                time.moveWallClock(HOUR);
              });
          till.await();
          assertThat(time.elapsed()).isBetween(Duration.ofSeconds(10), Duration.ofSeconds(11));
          assertThat(till.isHurried()).isFalse();
        });
  }

  @Test
  void at_wallClockSetForward_runsTheActionWithinASecond() throws Exception {
    time.run(
        true,
        () -> {
          OpenSignal ran = Signal.create("ran");
          Till.at(time.now().plus(HOUR)).then(ran::go);
          sleep(Duration.ofSeconds(10));
          time.moveWallClock(HOUR);
          ran.await();
          assertThat(time.elapsed()).isBetween(Duration.ofSeconds(10), Duration.ofSeconds(11));
        });
  }

  @Test
  void at_wallClockSetBackBefore_waitsLonger() throws Exception {
    time.run(
        true,
        () -> {
          Till till = Till.at(time.now().plus(HOUR));
          time.start(
              "operator",
              () -> {
                sleep(Duration.ofMinutes(30));
                time.moveWallClock(HOUR.negated());
              });
          till.await();
          assertThat(time.elapsed()).isEqualTo(HOUR.multipliedBy(2));
        });
  }

  @Test
  void at_wallClockSetBackAfterItWent_staysSignalled() throws Exception {
    time.run(
        true,
        () -> {
          Till till = Till.at(time.now().plus(HOUR));
          Signal composite = till.or(never);
          Signal both = till.and(Signal.create("late").or(Signal.DONE));
          time.moveWallClock(HOUR);
          assertThat(till.isSignalled()).isTrue();
          time.moveWallClock(HOUR.multipliedBy(-2));
          assertThat(till.isSignalled()).isTrue();
          assertThat(composite.isSignalled()).isTrue();
          assertThat(both.isSignalled()).isTrue();
        });
  }

  /** What was never seen signalled may follow the clock back; a composite that was seen may not. */
  @Test
  void at_onlyTheCompositeWasSeen_theCompositeStaysSignalled() throws Exception {
    time.run(
        true,
        () -> {
          Signal composite = Till.at(time.now().plus(HOUR)).or(never);
          composite.then(() -> log.add("ran"));
          time.moveWallClock(HOUR);
          assertThat(composite.isSignalled()).isTrue();
          time.moveWallClock(HOUR.negated());
          assertThat(composite.isSignalled()).isTrue();
        });
  }

  @Test
  void after_wallClockJumps_doesNotNotice() throws Exception {
    time.run(
        true,
        () -> {
          Till till = Till.after(HOUR);
          time.moveWallClock(HOUR.multipliedBy(9));
          assertThat(till.isSignalled()).isFalse();
          time.moveWallClock(HOUR.multipliedBy(-18));
          till.await();
          assertThat(time.elapsed()).isEqualTo(HOUR);
        });
  }

  @Test
  void await_durationAndWallClockJumps_doesNotNotice() throws Exception {
    time.run(
        true,
        () -> {
          time.start("operator", () -> time.moveWallClock(HOUR));
          assertThat(never.await(HOUR)).isFalse();
          assertThat(time.elapsed()).isEqualTo(HOUR);
        });
  }

  // ---- T3: costs nothing

  @Test
  void after_nobodyWaits_registersNothing() throws Exception {
    time.run(
        true,
        () -> {
          for (int i = 0; i < 1000; i++) {
            Till till = Till.after(HOUR);
            assertThat(till.or(never).isSignalled()).isFalse();
            assertThat(till.isHurried()).isFalse();
          }
        });
    assertNoTimerWasLeft();
    assertThat(Firing.countLinked(never)).isZero();
  }

  @Test
  void remove_ofTheOnlyAction_givesTheTimerBack() throws Exception {
    time.run(
        true,
        () -> {
          assertThat(Till.after(HOUR).then(() -> log.add("no")).remove()).isTrue();
          assertThat(Till.at(time.now().plus(HOUR)).then(() -> log.add("no")).remove()).isTrue();
          assertThat(never.or(Till.after(HOUR)).then(() -> log.add("no")).remove()).isTrue();
        });
    assertNoTimerWasLeft();
    assertThat(log).isEmpty();
  }

  @Test
  void go_ofTheOtherOperand_givesTheTimerBack() throws Exception {
    time.run(
        true,
        () -> {
          OpenSignal other = Signal.create("other");
          other.or(Till.after(HOUR)).then(() -> log.add("ran"));
          assertThat(time.isStalled()).isFalse();
          other.go();
        });
    assertNoTimerWasLeft();
    assertThat(log).containsExactly("ran");
  }

  @Test
  void await_aHundredThousandAtOnce_eachWakesInItsTime() throws Exception {
    int count = 10_000;
    var woken = new AtomicInteger();
    var late = new AtomicInteger();
    time.run(
        true,
        () -> {
          for (int i = 0; i < count; i++) {
            Duration own = Duration.ofNanos(HOUR.toNanos() + 7919L * i % count);
            time.start(
                "sleeper",
                () -> {
                  long before = time.nanoTime();
                  Till.after(own).or(never).await();
                  late.addAndGet((int) (time.nanoTime() - before - own.toNanos()));
                  woken.incrementAndGet();
                });
          }
          sleep(HOUR.multipliedBy(2));
        });
    assertThat(woken).hasValue(count);
    assertThat(late).hasValue(0);
    assertThat(Firing.countLinked(never)).isZero();
  }

  // ---- T4: hurry

  @ParameterizedTest
  @EnumSource
  void await_makerIsHurried_endsEarly(Kind kind) throws Exception {
    Participant maker =
        time.participant(
            "maker",
            kind.isVirtual(),
            () -> {
              Till till = Till.after(HOUR);
              till.await();
              assertThat(time.elapsed()).isEqualTo(SECOND);
              assertThat(till.isHurried()).isTrue();
            });
    hurryAfterASecond(maker);
  }

  @Test
  void after_makerWasHurriedBefore_isBornSignalled() throws Exception {
    Participant maker =
        time.participant(
            "maker",
            true,
            () -> {
              sleep(SECOND.multipliedBy(2));
              Till till = Till.after(HOUR);
              assertThat(till.isSignalled()).isTrue();
              assertThat(till.isHurried()).isTrue();
              till.await();
              assertThat(time.elapsed()).isEqualTo(SECOND.multipliedBy(2));
            });
    hurryAfterASecond(maker);
  }

  @Test
  void isHurried_dueBeforeTheHurry_isFalseForEver() throws Exception {
    Participant maker =
        time.participant(
            "maker",
            true,
            () -> {
              Till due = Till.after(Duration.ofMillis(500));
              Till exact = Till.after(SECOND);
              Till early = Till.after(SECOND.plus(NANO));
              sleep(SECOND.multipliedBy(2));
              assertThat(due.isHurried()).isFalse();
              assertThat(exact.isHurried()).isFalse();
              assertThat(early.isHurried()).isTrue();
            });
    hurryAfterASecond(maker);
  }

  @Test
  void isHurried_beforeAnything_isFalse() throws Exception {
    time.run(true, () -> assertThat(Till.after(HOUR).isHurried()).isFalse());
  }

  @Test
  void isHurried_ofAWallClockTill_tellsEarlyFromDue() throws Exception {
    Participant maker =
        time.participant(
            "maker",
            true,
            () -> {
              Till due = Till.at(time.now().plusMillis(500));
              Till early = Till.at(time.now().plus(HOUR));
              early.await();
              assertThat(time.elapsed()).isEqualTo(SECOND);
              assertThat(due.isHurried()).isFalse();
              assertThat(early.isHurried()).isTrue();
            });
    hurryAfterASecond(maker);
  }

  /** maker: makes the till, waits elsewhere | other: awaits it | hurry(maker) */
  @ParameterizedTest
  @EnumSource
  void await_ofAnothersTill_endsWhenTheMakerIsHurried(Kind kind) throws Exception {
    var till = new AtomicReference<Till>();
    var made = Signal.create("made");
    Participant maker =
        time.participant(
            "maker",
            true,
            () -> {
              till.set(Till.after(HOUR));
              made.go();
              sleep(HOUR);
            });
    Participant other =
        time.participant(
            "other",
            kind.isVirtual(),
            () -> {
              made.await();
              never.or(till.get()).await();
              assertThat(time.elapsed()).isEqualTo(SECOND);
            });
    try (var _ = time.hold()) {
      other.start();
      hurryLater(maker.start());
    }
    time.join(other, maker);
    assertThat(Firing.countLinked(maker.pleaseStop())).isZero();
  }

  @Test
  void await_ofAnothersTill_leavesNothingInTheMakersSignal() throws Exception {
    Participant maker = time.participant("maker", true, () -> sleep(HOUR));
    var till = new AtomicReference<Till>();
    Participant first = time.participant("first", true, () -> till.set(Till.after(SECOND)));
    time.join(first.start());
    time.run(
        true,
        () -> {
          till.get().await();
          assertThat(time.elapsed()).isEqualTo(SECOND);
        });
    assertThat(Firing.countLinked(first.pleaseStop())).isZero();
    assertThat(maker.hasEnded()).isFalse();
  }

  @Test
  void await_otherIsHurried_doesNotEndTheMakersTill() throws Exception {
    var till = new AtomicReference<Till>();
    time.run(true, () -> till.set(Till.after(HOUR)));
    Participant other =
        time.participant(
            "other",
            true,
            () -> {
              till.get().await();
              assertThat(time.elapsed()).isEqualTo(HOUR);
            });
    hurryAfterASecond(other);
  }

  @Test
  void then_makerIsHurried_runsTheActionThen() throws Exception {
    OpenSignal ran = Signal.create("ran");
    Participant maker =
        time.participant(
            "maker",
            true,
            () -> {
              Till.after(HOUR).then(ran::go);
              ran.await();
              assertThat(time.elapsed()).isEqualTo(SECOND);
            });
    hurryAfterASecond(maker);
    assertThat(time.elapsed()).as("the timer was given back").isLessThan(HOUR);
  }

  @Test
  void remove_ofTheOnlyAction_leavesNothingInTheMakersSignal() throws Exception {
    var signal = new AtomicReference<Participant>();
    Participant maker =
        time.participant(
            "maker",
            true,
            () -> {
              Signal.Registration registration = Till.after(HOUR).then(() -> log.add("no"));
              assertThat(Firing.countLinked(signal.get().pleaseStop())).isEqualTo(1);
              registration.remove();
              assertThat(Firing.countLinked(signal.get().pleaseStop())).isZero();
            });
    signal.set(maker);
    time.join(maker.start());
  }

  @Test
  void unhurried_makerIsHurried_keepsItsTime() throws Exception {
    Participant maker =
        time.participant(
            "maker",
            true,
            () -> {
              Till till = Till.unhurried(HOUR);
              till.await();
              assertThat(time.elapsed()).isEqualTo(HOUR);
              assertThat(till.isHurried()).isFalse();
            });
    hurryAfterASecond(maker);
  }

  @Test
  void await_durationAndHurried_keepsItsTime() throws Exception {
    Participant maker =
        time.participant(
            "maker",
            true,
            () -> {
              assertThat(never.await(HOUR)).isFalse();
              assertThat(time.elapsed()).isEqualTo(HOUR);
              try (var held = Lock.create("lock").acquire()) {
                assertThat(held.await(HOUR)).isFalse();
              }
              assertThat(time.elapsed()).isEqualTo(HOUR.multipliedBy(2));
            });
    hurryAfterASecond(maker);
  }

  @Test
  void after_unmanagedThreadWithoutATree_isNotHurried() {
    Till till = Till.after(HOUR);
    assertThat(till.isSignalled()).isFalse();
    assertThat(till.isHurried()).isFalse();
  }

  // ---- S3, T5: actions on tills run apart

  @Test
  void then_onATill_runsInOrderOnAVirtualThreadOfItsOwn() throws Exception {
    time.run(
        true,
        () -> {
          Queue<Thread> threads = new ConcurrentLinkedQueue<>();
          OpenSignal both = Signal.create("both");
          Till till = Till.after(SECOND);
          till.then(() -> {
            log.add("first");
            threads.add(Thread.currentThread());
          });
          till.then(() -> {
            log.add("second");
            threads.add(Thread.currentThread());
            both.go();
          });
          both.await();
          assertThat(time.elapsed()).isEqualTo(SECOND);
          assertThat(log).containsExactly("first", "second");
          assertThat(threads).hasSize(2).allMatch(Thread::isVirtual);
          assertThat(threads.peek()).isNotSameAs(Thread.currentThread());
          assertThat(List.copyOf(threads).getLast()).isSameAs(threads.peek());
        });
  }

  @Test
  void then_onACompositeFiredByATill_runsApart() throws Exception {
    time.run(
        true,
        () -> {
          var ranOn = new AtomicReference<Thread>();
          OpenSignal ran = Signal.create("ran");
          never
              .or(Till.after(SECOND))
              .then(() -> {
                ranOn.set(Thread.currentThread());
                ran.go();
              });
          ran.await();
          assertThat(ranOn.get().isVirtual()).isTrue();
          assertThat(ranOn).doesNotHaveValue(Thread.currentThread());
        });
  }

  @Test
  void then_onAPleaseStop_runsApart() throws Exception {
    Participant told = time.participant("told", true, () -> sleep(HOUR));
    time.run(
        true,
        () -> {
          told.start();
          var ranOn = new AtomicReference<Thread>();
          OpenSignal ran = Signal.create("ran");
          told.pleaseStop()
              .then(() -> {
                ranOn.set(Thread.currentThread());
                ran.go();
              });
          told.hurry();
          ran.await();
          assertThat(ranOn).doesNotHaveValue(Thread.currentThread());
          assertThat(ranOn).doesNotHaveValue(told.thread());
        });
    time.join(told);
  }

  /** One action blocks for ever; another till's action runs in its time all the same. */
  @Test
  void then_anActionOfAnotherTillBlocks_isNotDelayed() throws Exception {
    time.run(
        true,
        () -> {
          OpenSignal ran = Signal.create("ran");
          Till.after(SECOND).then(() -> awaitUnchecked(never));
          Till.after(SECOND).then(ran::go);
          ran.await();
          assertThat(time.elapsed()).isEqualTo(SECOND);
        });
  }

  @Test
  void then_onTheRealTimer_aBlockingActionDelaysNoOther() throws Exception {
    OpenSignal ran = Signal.create("ran");
    OpenSignal end = Signal.create("end");
    var registrants = new ArrayList<Thread>();
    for (int i = 0; i < 20; i++) {
      // each on a thread of its own: a till that has gone before runs the action on its registrant
      registrants.add(
          Thread.startVirtualThread(
              () -> Till.after(Duration.ofMillis(1)).then(() -> awaitUnchecked(end))));
    }
    Till.after(Duration.ofMillis(2)).then(ran::go);
    ran.await();
    end.go();
    for (Thread registrant : registrants) {
      registrant.join();
    }
  }

  @Test
  void then_realTime_isNeverEarly() throws Exception {
    var early = new AtomicInteger();
    var ends = new ArrayList<Signal>();
    for (int i = 1; i <= 50; i++) {
      Duration own = Duration.ofNanos(400_000L * i);
      OpenSignal ran = Signal.create("ran");
      long before = System.nanoTime();
      Till.after(own)
          .then(() -> {
            if (System.nanoTime() - before < own.toNanos()) {
              early.incrementAndGet();
            }
            ran.go();
          });
      ends.add(ran);
    }
    Signal.allOf(ends).await();
    assertThat(early).hasValue(0);
  }

  @Test
  void then_largeCompositeWithATill_firesInItsTime() throws Exception {
    time.run(
        true,
        () -> {
          var leaves = new ArrayList<Signal>();
          for (int i = 0; i < 40; i++) {
            leaves.add(Signal.create("s" + i));
          }
          leaves.add(Till.after(SECOND));
          Signal any = Signal.anyOf(leaves);
          OpenSignal ran = Signal.create("ran");
          any.then(ran::go);
          ran.await();
          any.await();
          assertThat(time.elapsed()).isEqualTo(SECOND);
        });
  }

  /** S5: what is decided, or was so when it was made, needs no timer. */
  @Test
  void go_ofALargeCompositeWithATill_givesTheTimerBack() throws Exception {
    time.run(
        true,
        () -> {
          var leaves = new ArrayList<Signal>();
          for (int i = 0; i < 20; i++) {
            leaves.add(Signal.create("s" + i));
          }
          OpenSignal own = Signal.create("own");
          leaves.add(own);
          leaves.add(Till.after(HOUR));
          Signal any = Signal.anyOf(leaves);
          own.go();
          assertThat(any.isSignalled()).isTrue();
          assertThat(Signal.anyOf(leaves).isSignalled()).isTrue();
        });
    assertNoTimerWasLeft();
  }

  // ---- helpers

  /** When all have ended, the clock goes on to whatever is scheduled still. */
  private void assertNoTimerWasLeft() {
    assertThat(time.isStalled()).as("no event is scheduled").isTrue();
    assertThat(time.elapsed()).as("none was scheduled when all had ended").isZero();
  }

  private void hurryAfterASecond(Participant maker) throws Exception {
    Participant stopper;
    try (var _ = time.hold()) {
      stopper = hurryLater(maker.start());
    }
    time.join(maker, stopper);
  }

  private Participant hurryLater(Participant maker) {
    return time.start(
        "stopper",
        () -> {
          sleep(SECOND);
          maker.hurry();
        });
  }

  private static void sleep(Duration howLong) throws InterruptedException {
    Till.unhurried(howLong).await();
  }

  private static void awaitUnchecked(Signal signal) {
    try {
      signal.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
