package org.morethreads.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.morethreads.fixture.Kind;
import org.morethreads.fixture.VirtualTime;
import org.morethreads.fixture.VirtualTime.Participant;
import org.morethreads.internal.Firing;

/**
 * L1–L4. Where the order of wake-ups counts, threads run in virtual time: {@code settle()} returns
 * when all others wait, so that what has not happened by then does not happen.
 */
@Timeout(120)
class LockTest {
  private static final Duration SECOND = Duration.ofSeconds(1);
  private static final Duration HOUR = Duration.ofHours(1);

  private final Lock lock = Lock.create("todo");
  private final VirtualTime time = new VirtualTime();
  private final List<String> log = Collections.synchronizedList(new ArrayList<>());

  // ---- L1: misuse is an error

  @Test
  void acquire_heldByThisThread_throwsAndExplains() throws Exception {
    try (var _ = lock.acquire()) {
      assertThatIllegalStateException()
          .isThrownBy(lock::acquire)
          .withMessageContaining("todo")
          .withMessageContaining("not reentrant")
          .withMessageContaining(Thread.currentThread().getName());
      assertThatIllegalStateException().isThrownBy(() -> lock.acquire(HOUR));
      assertThatIllegalStateException().isThrownBy(() -> lock.run(() -> log.add("no")));
      assertThatIllegalStateException().isThrownBy(() -> lock.call(() -> log.add("no")));
      assertThat(lock.owner()).isSameAs(Thread.currentThread());
    }
    assertThat(lock.owner()).isNull();
    assertThat(log).isEmpty();
  }

  @Test
  void held_usedByAnotherThread_throwsAndNamesBoth() throws Exception {
    try (var held = lock.acquire()) {
      Kind.PLATFORM
          .call(() -> {
            for (var use :
                List.<org.assertj.core.api.ThrowableAssert.ThrowingCallable>of(
                    held::await,
                    () -> held.await(Signal.DONE),
                    () -> held.await(Duration.ZERO),
                    held::wakeOthers,
                    held::close)) {
              assertThatExceptionOfType(WrongThreadException.class)
                  .isThrownBy(use)
                  .withMessageContaining("todo")
                  .withMessageContaining("PLATFORM");
            }
            return null;
          })
          .get();
      assertThat(lock.owner()).isSameAs(Thread.currentThread());
    }
  }

  @Test
  void held_usedAfterClose_throws() throws Exception {
    Lock.Held held = lock.acquire();
    held.close();
    assertThatIllegalStateException().isThrownBy(held::await).withMessageContaining("todo");
    assertThatIllegalStateException().isThrownBy(() -> held.await(Signal.DONE));
    assertThatIllegalStateException().isThrownBy(() -> held.await(Duration.ZERO));
    assertThatIllegalStateException().isThrownBy(held::wakeOthers);
  }

  @Test
  void close_twice_doesNotReleaseForTheNextHolder() throws Exception {
    Lock.Held first = lock.acquire();
    first.close();
    try (var _ = lock.acquire()) {
      first.close();
      assertThat(lock.owner()).isSameAs(Thread.currentThread());
    }
  }

  @Test
  void run_actionThrows_releases() throws Exception {
    assertThatThrownBy(() ->
            lock.run(() -> {
              throw new IllegalArgumentException("mine");
            }))
        .hasMessage("mine");
    assertThat(lock.owner()).isNull();
    assertThat(lock.<String>call(() -> "result")).isEqualTo("result");
    assertThat(lock.owner()).isNull();
  }

  @ParameterizedTest
  @EnumSource
  void acquire_heldByAnother_waitsUntilItIsReleased(Kind kind) throws Exception {
    int[] plain = {0};
    Kind.Running<Integer> waiter;
    try (var _ = lock.acquire()) {
      waiter = kind.call(() -> lock.call(() -> plain[0]));
      waiter.awaitBlocked();
      plain[0] = 7; // S2: lock exit happens-before acquire
    }
    assertThat(waiter.get()).isEqualTo(7);
  }

  @ParameterizedTest
  @EnumSource
  void acquire_interruptedBefore_throwsAndDoesNotHold(Kind kind) throws Exception {
    assertThat(
            kind.call(
                    () -> {
                      Thread.currentThread().interrupt();
                      boolean first = isInterrupted(lock::acquire);
                      Thread.currentThread().interrupt();
                      return first && isInterrupted(() -> lock.acquire(Duration.ZERO));
                    })
                .get())
        .isTrue();
    assertThat(lock.owner()).isNull();
  }

  @ParameterizedTest
  @EnumSource
  void acquire_interruptedWhileBlocked_throwsAndDoesNotHold(Kind kind) throws Exception {
    try (var _ = lock.acquire()) {
      var plain = kind.call(() -> isInterrupted(lock::acquire));
      var timed = kind.call(() -> isInterrupted(() -> lock.acquire(HOUR)));
      plain.interruptWhenBlocked();
      timed.interruptWhenBlocked();
      assertThat(plain.get()).isTrue();
      assertThat(timed.get()).isTrue();
      assertThat(lock.owner()).isSameAs(Thread.currentThread());
    }
    assertThat(lock.owner()).isNull();
  }

  @ParameterizedTest
  @EnumSource
  void acquire_timePasses_isNull(Kind kind) throws Exception {
    time.run(
        kind.isVirtual(),
        () -> {
          time.start("holder", () -> holdFor(HOUR));
          time.settle();
          assertThat(lock.acquire(Duration.ZERO)).isNull();
          assertThat(lock.acquire(SECOND)).isNull();
          assertThat(time.elapsed()).isBetween(SECOND, SECOND.plusNanos(9));
          try (var held = lock.acquire(HOUR)) {
            assertThat(held).isNotNull();
            assertThat(time.elapsed()).isEqualTo(HOUR);
          }
        });
  }

  @ParameterizedTest
  @EnumSource
  void tryAcquire_heldByAnother_isNullAtOnce(Kind kind) throws Exception {
    time.run(
        kind.isVirtual(),
        () -> {
          time.start("holder", () -> holdFor(HOUR));
          time.settle();
          assertThat(lock.tryAcquire()).isNull();
          assertThat(time.elapsed()).isLessThan(SECOND);
        });
  }

  @Test
  void tryAcquire_free_holdsIt() {
    try (var held = lock.tryAcquire()) {
      assertThat(held).isNotNull();
      assertThat(lock.owner()).isEqualTo(Thread.currentThread());
      assertThatIllegalStateException().isThrownBy(lock::tryAcquire);
    }
    assertThat(lock.owner()).isNull();
  }

  // ---- L2: await re-acquires, always

  @ParameterizedTest
  @EnumSource
  void await_woken_isTrueAndHoldsAgain(Kind kind) throws Exception {
    time.run(
        kind.isVirtual(),
        () -> {
          try (var held = lock.acquire()) {
            time.start("waker", () -> lock.run(() -> log.add("wake")));
            assertThat(held.await(HOUR)).isTrue();
            assertThat(lock.owner()).isSameAs(Thread.currentThread());
            assertThat(log).containsExactly("wake");
          }
          assertThat(time.elapsed()).isZero();
        });
  }

  @ParameterizedTest
  @EnumSource
  void await_timePasses_isFalseAndHoldsAgain(Kind kind) throws Exception {
    time.run(
        kind.isVirtual(),
        () -> {
          try (var held = lock.acquire()) {
            assertThat(held.await(SECOND)).isFalse();
            assertThat(lock.owner()).isSameAs(Thread.currentThread());
            assertThat(held.await(Till.after(SECOND))).isFalse();
            assertThat(lock.owner()).isSameAs(Thread.currentThread());
            assertThat(time.elapsed()).isEqualTo(SECOND.multipliedBy(2));
          }
        });
  }

  @ParameterizedTest
  @EnumSource
  void await_tillGoes_isFalseAndHoldsAgain(Kind kind) throws Exception {
    OpenSignal till = Signal.create("till");
    time.run(
        kind.isVirtual(),
        () -> {
          time.start("other", till::go);
          try (var held = lock.acquire()) {
            assertThat(held.await(till)).isFalse();
            assertThat(lock.owner()).isSameAs(Thread.currentThread());
            assertThat(held.await(till)).isFalse();
          }
        });
  }

  /** S5: a wait that was ended by another leaves nothing in the signal that could have ended it. */
  @ParameterizedTest
  @EnumSource
  void await_wokenBeforeItsTill_leavesNothingInThat(Kind kind) throws Exception {
    OpenSignal stop = Signal.create("stop");
    var waiter =
        kind.call(() -> {
          try (var held = lock.acquire()) {
            return held.await(stop);
          }
        });
    waiter.awaitBlocked();
    assertThat(Firing.countLive(stop)).isEqualTo(1);
    lock.run(() -> log.add("changed"));
    assertThat(waiter.get()).isTrue();
    assertThat(Firing.countLive(stop)).isZero();
  }

  /**
   * waiter: times out while another holds the lock for an hour. It returns late, with the lock, and
   * says that it was woken, since the other's leaving gave it the chance as well.
   */
  @ParameterizedTest
  @EnumSource
  void await_timePassesWhileAnotherHolds_waitsForTheLock(Kind kind) throws Exception {
    time.run(
        kind.isVirtual(),
        () -> {
          try (var held = lock.acquire()) {
            time.start("holder", () -> holdFor(HOUR));
            assertThat(held.await(SECOND)).isTrue();
            assertThat(lock.owner()).isSameAs(Thread.currentThread());
            assertThat(time.elapsed()).isEqualTo(HOUR);
          }
        });
  }

  /** waiter: interrupted while another holds the lock; it throws only when it holds it again */
  @ParameterizedTest
  @EnumSource
  void await_interruptedWhileAnotherHolds_throwsHoldingTheLock(Kind kind) throws Exception {
    Participant waiter =
        time.participant(
            "waiter",
            kind.isVirtual(),
            () -> {
              try (var held = lock.acquire()) {
                assertThat(isInterrupted(held::await)).isTrue();
                assertThat(lock.owner()).isSameAs(Thread.currentThread());
                assertThat(time.elapsed()).isGreaterThanOrEqualTo(HOUR);
              }
            });
    time.run(
        true,
        () -> {
          waiter.start();
          time.settle();
          time.start("holder", () -> holdFor(HOUR));
          time.settle();
          waiter.interrupt();
        });
    time.join(waiter);
    assertThat(lock.owner()).isNull();
  }

  /** L2: also when a signal or a time could have ended the wait. */
  @ParameterizedTest
  @EnumSource
  void await_interruptedBeforeItsEnd_throwsHoldingTheLock(Kind kind) throws Exception {
    List<Boolean> kept = Collections.synchronizedList(new ArrayList<>());
    var waiter =
        kind.call(() -> {
          try (var held = lock.acquire()) {
            for (Blocking wait :
                List.<Blocking>of(
                    held::await,
                    () -> held.await(Signal.create("never goes")),
                    () -> held.await(HOUR))) {
              kept.add(isInterrupted(wait) && lock.owner() == Thread.currentThread());
            }
          }
          return null;
        });
    for (int count = 1; count <= 3; count++) {
      waiter.interruptWhenBlocked();
      while (kept.size() < count && !waiter.isDone()) {
        Thread.onSpinWait();
      }
    }
    waiter.get();
    assertThat(kept).containsExactly(true, true, true);
  }

  @ParameterizedTest
  @EnumSource
  void await_interruptedBefore_throwsHoldingTheLock(Kind kind) throws Exception {
    assertThat(
            kind.call(
                    () -> {
                      try (var held = lock.acquire()) {
                        for (int i = 0; i < 3; i++) {
                          Thread.currentThread().interrupt();
                          int which = i;
                          assertThat(
                                  isInterrupted(() -> {
                                    switch (which) {
                                      case 0 -> held.await();
                                      case 1 -> held.await(Signal.DONE);
                                      default -> held.await(Duration.ZERO);
                                    }
                                  }))
                              .isTrue();
                          assertThat(lock.owner()).isSameAs(Thread.currentThread());
                        }
                      }
                      return true;
                    })
                .get())
        .isTrue();
  }

  @ParameterizedTest
  @EnumSource
  void await_zeroTime_doesNotRelease(Kind kind) throws Exception {
    assertThat(
            kind.call(
                    () -> {
                      try (var held = lock.acquire()) {
                        return held.await(Duration.ZERO) || held.await(SECOND.negated());
                      }
                    })
                .get())
        .isFalse();
  }

  // ---- L3: passes

  /** Each sees the change and takes one item; none is left asleep, however many wait. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 10, 50})
  void close_manyWait_eachGetsItsChance(int waiters) throws Exception {
    int[] items = {0};
    time.run(
        true,
        () -> {
          var all = new ArrayList<Participant>();
          for (int i = 0; i < waiters; i++) {
            all.add(time.start("taker " + i, () -> takeOne(items)));
          }
          time.settle();
          lock.run(() -> items[0] = waiters);
          time.settle();
          assertThat(all).allMatch(Participant::hasEnded);
          assertThat(items[0]).isZero();
        });
  }

  /** A change that only the last waiter can use reaches it past all the others. */
  @ParameterizedTest
  @ValueSource(ints = {2, 3, 10, 50})
  void close_onlyTheLastCanUseIt_itIsReached(int waiters) throws Exception {
    int[] turn = {-1};
    time.run(
        true,
        () -> {
          var all = new ArrayList<Participant>();
          for (int i = 0; i < waiters; i++) {
            int mine = i;
            all.add(
                time.start(
                    "waiter " + i,
                    () -> {
                      try (var held = lock.acquire()) {
                        while (turn[0] != mine) {
                          held.await();
                        }
                      }
                    }));
            time.settle();
          }
          for (int i = waiters - 1; i >= 0; i--) {
            int next = i;
            lock.run(() -> turn[0] = next);
            time.settle();
            assertThat(all.get(i).hasEnded()).isTrue();
          }
        });
  }

  /** Idle waiters that look and wait again come to rest; each pass wakes each at most once. */
  @ParameterizedTest
  @ValueSource(ints = {2, 3, 10, 50})
  void await_idleWaitersLoop_settleAfterOnePass(int waiters) throws Exception {
    int[] looks = {0};
    boolean[] end = {false};
    time.run(
        true,
        () -> {
          for (int i = 0; i < waiters; i++) {
            time.start(
                "idle " + i,
                () -> {
                  try (var held = lock.acquire()) {
                    while (!end[0]) {
                      looks[0]++;
                      held.await();
                    }
                  }
                });
            time.settle();
          }
          looks[0] = 0;
          sleep(HOUR); // the clock moves, so all of them wait
          assertThat(looks[0]).as("wake-ups while nothing happens").isZero();
          lock.run(() -> {});
          time.settle();
          assertThat(looks[0]).as("wake-ups for one change").isEqualTo(waiters);
          lock.run(() -> end[0] = true);
        });
  }

  @Test
  void await_first_startsAPass() throws Exception {
    boolean[] ready = {false};
    time.run(
        true,
        () -> {
          Participant waiter = time.start("waiter", () -> awaitTrue(ready));
          time.settle();
          try (var held = lock.acquire()) {
            ready[0] = true;
            assertThat(held.await(Till.after(SECOND))).isTrue(); // woken by the waiter's leaving
          }
          assertThat(waiter.hasEnded()).isTrue();
          assertThat(time.elapsed()).isLessThan(SECOND);
        });
  }

  @Test
  void await_repeated_startsNone() throws Exception {
    int[] looks = {0};
    time.run(
        true,
        () -> {
          startIdle(looks, 1);
          try (var held = lock.acquire()) {
            held.await(SECOND);
            assertThat(looks[0]).isEqualTo(1);
            held.await(SECOND);
            held.await(SECOND);
            assertThat(looks[0]).isEqualTo(1);
          }
          time.settle();
          assertThat(looks[0]).isEqualTo(2);
        });
  }

  @Test
  void wakeOthers_beforeARepeatedAwait_startsOne() throws Exception {
    int[] looks = {0};
    time.run(
        true,
        () -> {
          startIdle(looks, 3);
          try (var held = lock.acquire()) {
            held.await(SECOND);
            assertThat(looks[0]).isEqualTo(3);
            held.wakeOthers();
            held.await(SECOND);
            assertThat(looks[0]).isEqualTo(6);
            held.await(SECOND);
            assertThat(looks[0]).isEqualTo(6);
          }
        });
  }

  @Test
  void await_timedOutNotWoken_startsNoPass() throws Exception {
    int[] looks = {0};
    time.run(
        true,
        () -> {
          startIdle(looks, 2);
          try (var held = lock.acquire()) {
            held.await(SECOND);
            looks[0] = 0;
            for (int i = 0; i < 10; i++) {
              assertThat(held.await(SECOND)).isFalse();
            }
            assertThat(looks[0]).isZero();
          }
        });
  }

  /** waiter 1: woken with the pass, but interrupted | waiter 2 must get the chance */
  @ParameterizedTest
  @EnumSource
  void await_wokenAndInterrupted_handsThePassOn(Kind kind) throws Exception {
    boolean[] ready = {false};
    time.run(
        true,
        () -> {
          Participant first =
              time.participant(
                      "first",
                      kind.isVirtual(),
                      () -> {
                        try (var held = lock.acquire()) {
                          assertThat(isInterrupted(() -> awaitForEver(held))).isTrue();
                          log.add("interrupted");
                          sleep(HOUR); // holding the lock, so that its leaving does not help
                        }
                      })
                  .start();
          time.settle();
          Participant second = time.start("second", () -> awaitTrue(ready));
          time.settle();
          try (var _ = lock.acquire()) {
            ready[0] = true;
            first.interrupt(); // it has to wait for the lock, and is woken by the pass as well
          }
          sleep(HOUR.multipliedBy(2));
          assertThat(log).containsExactly("interrupted");
          assertThat(second.hasEnded()).isTrue();
        });
  }

  /** waiter 1: woken with the pass, and its till goes; it leaves | waiter 2 must get the chance */
  @Test
  void await_wokenAndTillGone_leavingHandsThePassOn() throws Exception {
    boolean[] ready = {false};
    OpenSignal till = Signal.create("till");
    time.run(
        true,
        () -> {
          Participant first =
              time.start(
                  "first",
                  () -> {
                    try (var held = lock.acquire()) {
                      log.add("woken: " + held.await(till));
                    }
                  });
          time.settle();
          Participant second = time.start("second", () -> awaitTrue(ready));
          time.settle();
          try (var _ = lock.acquire()) {
            ready[0] = true;
            till.go();
          }
          time.settle();
          assertThat(first.hasEnded()).isTrue();
          assertThat(second.hasEnded()).isTrue();
        });
  }

  /** Waiters that give up at random never strand the others. */
  @ParameterizedTest
  @ValueSource(ints = {3, 10, 50})
  void await_everyOtherGivesUp_theOthersAreServed(int waiters) throws Exception {
    boolean[] ready = {false};
    time.run(
        true,
        () -> {
          var stay = new ArrayList<Participant>();
          var leave = new ArrayList<Participant>();
          for (int i = 0; i < waiters; i++) {
            if (i % 2 == 0) {
              leave.add(time.start("impatient", () -> awaitAndGiveUp()));
            } else {
              stay.add(time.start("patient", () -> awaitTrue(ready)));
            }
            time.settle();
          }
          try (var _ = lock.acquire()) {
            ready[0] = true;
            leave.forEach(Participant::interrupt);
          }
          time.settle();
          assertThat(stay).allMatch(Participant::hasEnded);
        });
  }

  // ---- L4

  @Test
  void close_severalWait_servesThemInOrder() throws Exception {
    time.run(
        true,
        () -> {
          for (int i = 0; i < 10; i++) {
            String name = "waiter " + i;
            time.start(
                name,
                () -> {
                  try (var held = lock.acquire()) {
                    while (true) {
                      held.await();
                      log.add(name);
                    }
                  }
                });
            time.settle();
          }
          log.clear();
          lock.run(() -> {});
          time.settle();
          var order =
              List.copyOf(log); // in which they wait again, so that the next pass has it too
          assertThat(order).hasSize(10).doesNotHaveDuplicates();
          log.clear();
          lock.run(() -> {});
          time.settle();
          assertThat(log).containsExactlyElementsOf(order);
        });
  }

  @Test
  void await_holdingASecondLock_releasesOnlyItsOwn() throws Exception {
    Lock other = Lock.create("other");
    time.run(
        true,
        () -> {
          var nested = new AtomicReference<Thread>();
          Participant waiter =
              time.start(
                  "waiter",
                  () -> {
                    try (var _ = other.acquire();
                        var held = lock.acquire()) {
                      nested.set(Thread.currentThread());
                      held.await();
                    }
                  });
          time.settle();
          assertThat(lock.owner()).isNull();
          assertThat(other.owner()).isSameAs(nested.get());
          assertThat(other.acquire(SECOND)).isNull();
          lock.run(() -> {});
          time.settle();
          assertThat(waiter.hasEnded()).isTrue();
          assertThat(other.owner()).isNull();
        });
  }

  @Test
  void toString_namesTheLock() {
    assertThat(lock).hasToString("lock \"todo\"");
  }

  // ---- helpers

  private void holdFor(Duration howLong) throws InterruptedException {
    try (var _ = lock.acquire()) {
      sleep(howLong);
    }
  }

  private void takeOne(int[] items) throws InterruptedException {
    try (var held = lock.acquire()) {
      while (items[0] == 0) {
        held.await();
      }
      items[0]--;
    }
  }

  private void awaitTrue(boolean[] condition) throws InterruptedException {
    try (var held = lock.acquire()) {
      while (!condition[0]) {
        held.await();
      }
    }
  }

  private void awaitAndGiveUp() throws InterruptedException {
    try (var held = lock.acquire()) {
      isInterrupted(() -> awaitForEver(held));
    }
  }

  private static void awaitForEver(Lock.Held held) throws InterruptedException {
    while (true) {
      held.await();
    }
  }

  /** Starts threads that look and wait for ever, and counts their looks from now on. */
  private void startIdle(int[] looks, int count) {
    for (int i = 0; i < count; i++) {
      time.start(
          "idle " + i,
          () -> {
            try (var held = lock.acquire()) {
              while (true) {
                held.await();
                looks[0]++;
              }
            }
          });
      time.settle();
    }
    looks[0] = 0;
  }

  private static void sleep(Duration howLong) throws InterruptedException {
    Signal.NEVER.await(howLong);
  }

  private interface Blocking {
    void run() throws InterruptedException;
  }

  private static boolean isInterrupted(Blocking call) {
    try {
      call.run();
      return false;
    } catch (InterruptedException _) {
      return !Thread.currentThread().isInterrupted();
    }
  }
}
