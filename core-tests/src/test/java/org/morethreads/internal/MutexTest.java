package org.morethreads.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.morethreads.fixture.Kind;
import org.morethreads.fixture.VirtualTime;

/** The library's own mutual exclusion: L1 and L2 rest on it. */
@Timeout(60)
class MutexTest {
  private final Mutex mutex = new Mutex();

  @Test
  void tryAcquire_free_takesIt() throws Exception {
    assertThat(mutex.isMine()).isFalse();
    assertThat(mutex.tryAcquire()).isTrue();
    assertThat(mutex.isMine()).isTrue();
    assertThat(Kind.PLATFORM.call(mutex::isMine).get()).as("of another thread").isFalse();
    assertThat(mutex.owner()).isSameAs(Thread.currentThread());
    assertThat(mutex.tryAcquire()).isFalse();
    mutex.release();
    assertThat(mutex.owner()).isNull();
  }

  @Test
  void release_notHeld_throws() {
    assertThatExceptionOfType(IllegalMonitorStateException.class).isThrownBy(mutex::release);
  }

  @Test
  void release_byAnother_throwsAndStaysHeld() throws Exception {
    mutex.acquire();
    var other = Kind.PLATFORM.call(() -> releaseFails(mutex));
    assertThat(other.get()).isTrue();
    assertThat(mutex.isMine()).isTrue();
  }

  private static boolean releaseFails(Mutex held) {
    try {
      held.release();
      return false;
    } catch (IllegalMonitorStateException _) {
      return true;
    }
  }

  @ParameterizedTest
  @EnumSource
  void acquire_interruptedWhileBlocked_keepsWaitingAndTheStatus(Kind kind) throws Exception {
    mutex.acquire();
    var waiter =
        kind.call(() -> {
          mutex.acquire();
          mutex.release();
          return Thread.interrupted();
        });
    waiter.interruptWhenBlocked();
    waiter.awaitBlocked();
    mutex.release();
    assertThat(waiter.get()).isTrue();
  }

  @ParameterizedTest
  @EnumSource
  void acquireInterruptibly_interruptedWhileBlocked_throwsAndDoesNotHold(Kind kind)
      throws Exception {
    mutex.acquire();
    var waiter = kind.call(() -> leaves(mutex) && !Thread.currentThread().isInterrupted());
    waiter.interruptWhenBlocked();
    assertThat(waiter.get()).isTrue();
    assertThat(mutex.isMine()).isTrue();
    mutex.release();
    assertThat(mutex.tryAcquire()).isTrue();
  }

  @ParameterizedTest
  @EnumSource
  void acquireInterruptibly_releasedInTime_isTrue(Kind kind) throws Exception {
    mutex.acquire();
    var waiter =
        kind.call(() -> {
          boolean held = mutex.acquireInterruptibly(Long.MAX_VALUE / 2);
          mutex.release();
          return held;
        });
    waiter.awaitBlocked();
    mutex.release();
    assertThat(waiter.get()).isTrue();
  }

  @Test
  void acquireInterruptibly_heldAndNoTime_isFalseAtOnce() throws Exception {
    mutex.acquire();
    for (long nanos : new long[] {0, -1, Long.MIN_VALUE}) {
      assertThat(Kind.PLATFORM.call(() -> mutex.acquireInterruptibly(nanos)).get()).isFalse();
    }
    mutex.release();
  }

  /** A clock that stands still when the time has come: the wait ends just then. */
  @Test
  void acquireInterruptibly_heldUntilTheTimeIsOver_isFalseJustThen() throws Exception {
    var time = new VirtualTime();
    var held = new AtomicBoolean(true);
    var took = new AtomicLong();
    time.run(
        true,
        () -> {
          mutex.acquire();
          time.start(
              "waiter",
              () -> {
                long begin = time.nanoTime();
                held.set(mutex.acquireInterruptibly(1_000));
                took.set(time.nanoTime() - begin);
              });
          time.settle();
          Surroundings.current().parkNanos(this, 5_000);
          mutex.release();
        });
    assertThat(held).isFalse();
    assertThat(took).hasValue(1_000);
  }

  @Test
  void acquire_severalWait_servesThemInOrder() throws Exception {
    var time = new VirtualTime();
    List<Integer> order = new ArrayList<>();
    time.run(
        true,
        () -> {
          mutex.acquire();
          for (int i = 0; i < 20; i++) {
            int mine = i;
            time.start(
                "waiter " + i,
                () -> {
                  mutex.acquire();
                  order.add(mine);
                  mutex.release();
                });
            time.settle();
          }
          mutex.release();
          time.settle();
        });
    assertThat(order).isSorted().hasSize(20);
  }

  /** waiter 1 has been woken when it is interrupted | waiter 2 must not sleep on */
  @Test
  void release_theWokenOneLeaves_wakesTheNext() throws Exception {
    for (int round = 0; round < 1000; round++) {
      var raced = new Mutex();
      raced.acquire();
      Kind.Running<Boolean> leaver = Kind.PLATFORM.call(() -> leaves(raced)).awaitBlocked();
      Kind.Running<Boolean> next =
          Kind.VIRTUAL.call(() -> {
            raced.acquire();
            raced.release();
            return true;
          });
      next.awaitBlocked();
      if (round % 2 == 0) {
        leaver.thread().interrupt();
        raced.release();
      } else {
        raced.release();
        leaver.thread().interrupt();
      }
      assertThat(next.get()).isTrue();
      leaver.get();
      assertThat(raced.owner()).isNull();
    }
  }

  private static boolean leaves(Mutex raced) {
    try {
      raced.acquireInterruptibly();
      raced.release();
      return false;
    } catch (InterruptedException _) {
      return true;
    }
  }

  /** Many threads, some interrupted, some out of time: exclusive, and nobody is stranded. */
  @ParameterizedTest
  @EnumSource
  void acquire_contendedWithInterruptsAndTimeOuts_strandsNobody(Kind kind) throws Exception {
    int threads = 8;
    var inside = new AtomicInteger();
    var broken = new AtomicInteger();
    var end = new AtomicBoolean();
    int[] counter = {0};
    var all = new ArrayList<Kind.Running<Integer>>();
    for (int i = 0; i < threads; i++) {
      var random = new SplittableRandom(i);
      all.add(
          kind.call(() -> {
            int held = 0;
            for (int round = 0; round < 3000; round++) {
              if (acquireSomehow(random)) {
                broken.addAndGet(inside.incrementAndGet() == 1 ? 0 : 1);
                counter[0]++;
                held++;
                if (random.nextInt(8) == 0) {
                  Thread.yield();
                }
                inside.decrementAndGet();
                mutex.release();
              }
            }
            return held;
          }));
    }
    Thread interrupter =
        Kind.PLATFORM.start(() -> {
          var random = new SplittableRandom(42);
          while (!end.get()) {
            all.get(random.nextInt(threads)).thread().interrupt();
            Thread.yield();
          }
        });
    int held = 0;
    for (var each : all) {
      held += each.get();
    }
    end.set(true);
    interrupter.join();
    assertThat(broken).hasValue(0);
    assertThat(counter[0]).isEqualTo(held);
    assertThat(mutex.tryAcquire()).isTrue();
  }

  private boolean acquireSomehow(SplittableRandom random) {
    try {
      return switch (random.nextInt(4)) {
        case 0 -> {
          mutex.acquireInterruptibly();
          yield true;
        }
        case 1 -> mutex.acquireInterruptibly(random.nextInt(20_000));
        case 2 -> mutex.tryAcquire();
        default -> {
          mutex.acquire();
          yield true;
        }
      };
    } catch (InterruptedException _) {
      return false;
    }
  }

  /** Each try stayed linked until the next release, which may be hours away. */
  @ParameterizedTest
  @EnumSource
  void acquireInterruptibly_timesOutOftenWhileHeld_leavesNothingBehind(Kind kind) throws Exception {
    mutex.acquire();
    assertThat(kind.call(() -> countTriesThatFail(1_000)).get()).isEqualTo(1_000);
    assertThat(mutex.countArrivals()).isZero();
    mutex.release();
  }

  @ParameterizedTest
  @EnumSource
  void acquireInterruptibly_timesOutBelowAndAboveAWaiter_goesWithIt(Kind kind) throws Exception {
    mutex.acquire();
    var below = kind.call(() -> leaves(mutex));
    below.awaitBlocked();
    var waiter = kind.call(() -> leaves(mutex));
    waiter.awaitBlocked();
    below.thread().interrupt();
    assertThat(below.get()).isTrue();
    assertThat(kind.call(() -> countTriesThatFail(1_000)).get()).isEqualTo(1_000);
    assertThat(mutex.countArrivals()).isEqualTo(2); // the waiter, and the one that it covers

    waiter.thread().interrupt();
    assertThat(waiter.get()).isTrue();
    assertThat(mutex.countArrivals()).isZero();
    mutex.release();
    assertThat(mutex.tryAcquire()).isTrue();
    mutex.release();
  }

  private int countTriesThatFail(int tries) throws InterruptedException {
    int failed = 0;
    for (int i = 0; i < tries; i++) {
      failed += mutex.acquireInterruptibly(1) ? 0 : 1;
    }
    return failed;
  }
}
