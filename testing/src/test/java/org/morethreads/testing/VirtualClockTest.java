package org.morethreads.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.morethreads.internal.Surroundings;
import org.morethreads.queue.CloseableQueue;
import org.morethreads.sync.Lock;
import org.morethreads.sync.OpenSignal;
import org.morethreads.sync.Signal;
import org.morethreads.sync.Till;
import org.morethreads.thread.Adoption;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.Outcome;
import org.morethreads.thread.StopPolicy;
import org.morethreads.thread.ThreadFailedException;

/** What virtual time promises, on both kinds of threads. */
@Timeout(300)
class VirtualClockTest {
  /** The tag of tests that spend real time, and are not repeated as often as the others. */
  static final String SLOW = "slow";

  private static final Duration SECOND = Duration.ofSeconds(1);
  private static final Duration DAY = Duration.ofDays(1);

  // ---- the clock jumps

  @ParameterizedTest
  @EnumSource
  void tenHoursOfTimeouts_takeJustTenHours(Kind kind) throws Exception {
    kind.setup()
        .run(clock -> {
          for (int i = 0; i < 600; i++) {
            assertThat(Signal.create("never").await(Duration.ofMinutes(1))).isFalse();
          }
          assertThat(clock.elapsed()).isEqualTo(Duration.ofHours(10));
          assertThat(clock.jumps()).isEqualTo(600);
        });
  }

  @ParameterizedTest
  @EnumSource
  void tills_areDueAtTheirTime(Kind kind) throws Exception {
    kind.setup()
        .run(clock -> {
          Till till = Till.after(DAY);
          Till.at(clock.instant().plusSeconds(3)).await();
          assertThat(clock.elapsed()).isEqualTo(Duration.ofSeconds(3));
          assertThat(till.isSignalled()).isFalse();
          till.await();
          assertThat(clock.elapsed()).isEqualTo(DAY);
        });
  }

  @ParameterizedTest
  @EnumSource
  void threadsDueAtOneTime_runOneAfterTheOther_inTheOrderOfTheirWaits(Kind kind) throws Exception {
    kind.setup()
        .run(clock -> {
          List<Integer> order = new ArrayList<>(); // not thread-safe: only one runs at a time
          Instant due = clock.instant().plus(DAY);
          List<ManagedThread<?>> threads = new ArrayList<>();
          for (int i = 0; i < 50; i++) {
            int number = i;
            threads.add(
                kind.named("sleeper")
                    .run(_ -> {
                      clock.sleep(Duration.between(clock.instant(), due));
                      order.add(number);
                      clock.sleep(SECOND);
                      order.add(number);
                    }));
            clock.awaitOthersBlocked();
          }
          for (ManagedThread<?> thread : threads) {
            thread.join();
          }
          List<Integer> once = IntStream.range(0, 50).boxed().toList();
          assertThat(order.subList(0, 50)).isEqualTo(once);
          assertThat(order.subList(50, 100)).isEqualTo(once);
        });
  }

  /** Who is woken runs at the time of the waker, whatever is next on the agenda. */
  @ParameterizedTest
  @EnumSource
  void wokenThread_runsBeforeTheClockMovesOn(Kind kind) throws Exception {
    kind.setup()
        .run(clock -> {
          AtomicInteger late = new AtomicInteger();
          for (int round = 0; round < 200; round++) {
            OpenSignal go = Signal.create("go");
            AtomicLong wokenAt = new AtomicLong();
            List<ManagedThread<?>> waiters = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
              waiters.add(
                  kind.named("waiter")
                      .run(_ -> {
                        go.await(DAY);
                        if (clock.elapsed().toNanos() != wokenAt.get()) {
                          late.incrementAndGet();
                        }
                      }));
            }
            kind.named("waker")
                .run(_ -> {
                  clock.sleep(SECOND);
                  wokenAt.set(clock.elapsed().toNanos());
                  go.go();
                });
            for (ManagedThread<?> waiter : waiters) {
              waiter.join();
            }
          }
          assertThat(late).hasValue(0);
          assertThat(clock.elapsed()).isEqualTo(Duration.ofSeconds(200));
        });
  }

  /** As the JDK's: one permit, which the next park takes at once; not two, and no time passes. */
  @ParameterizedTest
  @EnumSource
  void unparkBeforeAPark_isAPermitForJustOne(Kind kind) throws Exception {
    kind.setup()
        .run(clock -> {
          Surroundings self = Surroundings.current();
          for (int i = 0; i < 3; i++) {
            Duration before = clock.elapsed();
            self.unpark(Thread.currentThread());
            self.unpark(Thread.currentThread());
            self.park("a permit");
            assertThat(clock.elapsed()).isEqualTo(before);
            self.parkNanos("time", 5);
            assertThat(clock.elapsed()).isEqualTo(before.plusNanos(5));
          }
        });
  }

  /** The alarm of a wait that ended before must not wake a later one. */
  @ParameterizedTest
  @EnumSource
  void waitThatEndsEarly_leavesNoAlarm(Kind kind) throws Exception {
    kind.setup()
        .run(clock -> {
          OpenSignal go = Signal.create("go");
          kind.named("goer")
              .run(_ -> {
                clock.sleep(SECOND);
                go.go();
              });
          assertThat(go.await(Duration.ofSeconds(2))).isTrue();
          long jumps = clock.jumps();
          clock.sleep(DAY);
          assertThat(clock.jumps()).isEqualTo(jumps + 1);
        });
  }

  /**
   * Many threads send, wait and sleep at random, while a stranger wakes them for nothing: no time
   * is ever wrong by a nanosecond.
   */
  @ParameterizedTest
  @EnumSource
  void randomTraffic_withStrayUnparks_isAlwaysOnTime(Kind kind) throws Exception {
    long seed = System.nanoTime();
    AtomicBoolean over = new AtomicBoolean();
    List<Thread> targets = new CopyOnWriteArrayList<>();
    Thread stranger =
        Thread.ofPlatform()
            .start(() -> {
              while (!over.get()) {
                targets.forEach(LockSupport::unpark);
                Thread.yield();
              }
            });
    try {
      kind.setup()
          .run(clock -> {
            int count = 12;
            List<CloseableQueue<Long>> boxes = new ArrayList<>();
            for (int i = 0; i < count; i++) {
              boxes.add(CloseableQueue.unbounded("box " + i));
            }
            List<ManagedThread<?>> threads = new ArrayList<>();
            for (int i = 0; i < count; i++) {
              CloseableQueue<Long> own = boxes.get(i);
              Random random = new Random(seed + i);
              threads.add(kind.named("t" + i).run(_ -> traffic(clock, own, boxes, random)));
            }
            threads.forEach(thread -> targets.add(thread.thread().orElseThrow()));
            for (ManagedThread<?> thread : threads) {
              thread.join();
            }
            boxes.forEach(CloseableQueue::drain);
          });
    } catch (ThreadFailedException e) {
      throw new AssertionError("seed " + seed, e);
    } finally {
      over.set(true);
      stranger.join();
    }
  }

  private static void traffic(
      VirtualClock clock, CloseableQueue<Long> own, List<CloseableQueue<Long>> boxes, Random random)
      throws InterruptedException {
    for (int round = 0; round < 100; round++) {
      long before = clock.elapsed().toNanos();
      Duration time = Duration.ofNanos(1 + random.nextInt(50));
      switch (random.nextInt(3)) {
        case 0 -> {
          clock.sleep(time);
          assertThat(clock.elapsed()).isEqualTo(time.plusNanos(before));
        }
        case 1 -> boxes.get(random.nextInt(boxes.size())).offer(before);
        default -> {
          Long sent = own.poll(time);
          long due = sent == null ? before + time.toNanos() : Math.max(before, sent);
          assertThat(clock.elapsed().toNanos()).isEqualTo(due);
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void messages_throughAQueue_takeNoTime(Kind kind) throws Exception {
    kind.setup()
        .run(clock -> {
          CloseableQueue<Duration> queue = CloseableQueue.bounded("stamps", 2);
          ManagedThread<?> producer =
              kind.named("producer")
                  .run(_ -> {
                    try (queue) {
                      for (int i = 0; i < 500; i++) {
                        queue.put(clock.elapsed());
                        clock.sleep(SECOND);
                      }
                    }
                  });
          for (Duration stamp : queue) {
            assertThat(clock.elapsed()).isEqualTo(stamp);
          }
          producer.join();
        });
  }

  @ParameterizedTest
  @EnumSource
  void lock_isHandedOverOnVirtualTime(Kind kind) throws Exception {
    kind.setup()
        .run(clock -> {
          Lock lock = Lock.create("lock");
          List<ManagedThread<?>> threads = new ArrayList<>();
          for (int i = 0; i < 20; i++) {
            threads.add(
                kind.named("worker")
                    .run(_ -> {
                      try (Lock.Held _ = lock.acquire()) {
                        clock.sleep(SECOND);
                      }
                    }));
          }
          for (ManagedThread<?> thread : threads) {
            thread.join();
          }
          assertThat(clock.elapsed()).isEqualTo(Duration.ofSeconds(20));
        });
  }

  @ParameterizedTest
  @EnumSource
  void deadlineAndActions_goByTheClock(Kind kind) throws Exception {
    kind.setup()
        .run(clock -> {
          CloseableQueue<Duration> heard = CloseableQueue.unbounded("heard");
          Till.after(Duration.ofHours(2))
              .then(() -> {
                try {
                  clock.sleep(Duration.ofHours(1)); // actions take part too
                  heard.put(clock.elapsed());
                } catch (InterruptedException e) {
                  throw new AssertionError(e);
                }
              });
          ManagedThread<?> thread =
              kind.named("endless").deadline(Duration.ofMinutes(90)).run(Signal::await);
          thread.join();
          assertThat(clock.elapsed()).isEqualTo(Duration.ofMinutes(90));
          assertThat(heard.take()).isEqualTo(Duration.ofHours(3));
        });
  }

  @ParameterizedTest
  @EnumSource
  void awaitOthersBlocked_letsThemGoOn_withoutTime(Kind kind) throws Exception {
    kind.setup()
        .run(clock -> {
          AtomicInteger steps = new AtomicInteger();
          OpenSignal go = Signal.create("go");
          kind.named("worker")
              .run(pleaseStop -> {
                steps.incrementAndGet();
                go.await();
                steps.incrementAndGet();
                pleaseStop.await();
              });
          clock.awaitOthersBlocked();
          assertThat(steps).hasValue(1);
          go.go();
          clock.awaitOthersBlocked();
          assertThat(steps).hasValue(2);
          assertThat(clock.elapsed()).isZero();
        });
  }

  /** What is due at this instant, and what that makes due at this instant, counts as going on. */
  @ParameterizedTest
  @EnumSource
  void awaitOthersBlocked_othersAreDueNow_waitsForThemToo(Kind kind) throws Exception {
    kind.setup()
        .run(clock -> {
          AtomicInteger steps = new AtomicInteger();
          kind.named("worker")
              .run(_ -> {
                clock.sleep(SECOND);
                for (int i = 0; i < 5; i++) {
                  steps.incrementAndGet();
                  OpenSignal made = Signal.create("made");
                  Surroundings.current().time().schedule(0, made::go);
                  made.await();
                }
                clock.sleep(SECOND);
                steps.incrementAndGet();
              });
          clock.sleep(SECOND);
          clock.awaitOthersBlocked();
          assertThat(steps).hasValue(5);
          assertThat(clock.elapsed()).isEqualTo(SECOND);
        });
  }

  @ParameterizedTest
  @EnumSource
  void awaitOthersBlocked_bySeveral_allReturn(Kind kind) throws Exception {
    kind.setup()
        .run(clock -> {
          List<ManagedThread<?>> threads = new ArrayList<>();
          for (int i = 0; i < 5; i++) {
            threads.add(
                kind.named("looker")
                    .run(_ -> {
                      for (int round = 0; round < 100; round++) {
                        clock.awaitOthersBlocked();
                      }
                    }));
          }
          for (ManagedThread<?> thread : threads) {
            thread.join();
          }
          assertThat(clock.elapsed()).isZero();
        });
  }

  @ParameterizedTest
  @EnumSource
  void awaitOthersBlocked_interrupted_throws(Kind kind) throws Exception {
    kind.setup()
        .run(clock -> {
          Thread.currentThread().interrupt();
          assertThatExceptionOfType(InterruptedException.class)
              .isThrownBy(clock::awaitOthersBlocked);
          assertThat(Thread.interrupted()).isFalse();
          clock.awaitOthersBlocked();
        });
  }

  @ParameterizedTest
  @EnumSource
  void timeOfDay_set_movesTillsAtInstants_andNoOthers(Kind kind) throws Exception {
    kind.setup()
        .withStart(Instant.parse("2031-05-06T07:00:00Z"))
        .run(clock -> {
          assertThat(clock.withZone(ZoneOffset.UTC).instant()).isEqualTo("2031-05-06T07:00:00Z");
          Till at = Till.at(Instant.parse("2031-05-07T07:00:00Z"));
          Till after = Till.after(DAY);
          clock.setTimeOfDay(Instant.parse("2031-05-07T06:59:00Z"));
          at.await();
          assertThat(clock.elapsed()).isEqualTo(Duration.ofMinutes(1));
          assertThat(after.isSignalled()).isFalse();
        });
  }

  @Tag(SLOW)
  @Test
  void hundredThousandThreads_withTimedWaits_work() throws Exception {
    VirtualClock.run(clock -> {
      int count = 100_000;
      AtomicInteger woken = new AtomicInteger();
      for (int i = 0; i < count; i++) {
        int seconds = 1 + i % 1000;
        ManagedThread.run(
            "sleeper",
            _ -> {
              OpenSignal never = Signal.create("never");
              for (int round = 0; round < 3; round++) {
                never.await(Duration.ofSeconds(seconds));
              }
              woken.incrementAndGet();
            });
      }
      clock.sleep(Duration.ofSeconds(3000));
      clock.awaitOthersBlocked();
      assertThat(woken).hasValue(count);
    });
  }

  @Test
  void clocksInParallel_doNotDisturbEachOther() throws Exception {
    List<Throwable> failures = Collections.synchronizedList(new ArrayList<>());
    List<Thread> threads = new ArrayList<>();
    for (int i = 1; i <= 4; i++) {
      Duration step = Duration.ofSeconds(i);
      threads.add(
          Thread.ofPlatform()
              .start(() -> {
                try {
                  VirtualClock.run(clock -> {
                    for (int round = 1; round <= 500; round++) {
                      clock.sleep(step);
                      assertThat(clock.elapsed()).isEqualTo(step.multipliedBy(round));
                    }
                  });
                } catch (Throwable failure) { // looked at below
                  failures.add(failure);
                }
              }));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(failures).isEmpty();
  }

  @Test
  void clockWithinAClock_works() throws Exception {
    VirtualClock.run(outer -> {
      VirtualClock.run(inner -> inner.sleep(DAY));
      assertThat(outer.elapsed()).isZero();
      outer.sleep(SECOND);
    });
  }

  // ---- what the body throws

  @ParameterizedTest
  @EnumSource
  void bodyThrows_itIsThrownUnchanged(Kind kind) {
    IOException failure = new IOException("from the body");
    assertThatThrownBy(() ->
            kind.setup()
                .run(_ -> {
                  throw failure;
                }))
        .isSameAs(failure)
        .hasNoSuppressedExceptions();
  }

  @Test
  void childFails_andNobodyJoinsIt_isThrown() {
    IllegalStateException failure = new IllegalStateException("planted");
    assertThatExceptionOfType(AssertionError.class)
        .isThrownBy(() ->
            VirtualClock.run(clock -> {
              ManagedThread.run(
                  "child",
                  _ -> {
                    throw failure;
                  });
              clock.awaitOthersBlocked();
            }))
        .withMessageContaining("nobody has claimed")
        .withStackTraceContaining("planted");
  }

  @Test
  @Tag(SLOW)
  void actionStillWaits_atTheEnd_isSaid() {
    assertThatExceptionOfType(AssertionError.class)
        .isThrownBy(() ->
            VirtualClock.run(clock -> {
              Till till = Till.after(SECOND);
              till.then(() -> waitDeafly());
              till.await();
            }))
        .withMessageContaining("1 action on a till, or on a pleaseStop, still run");
  }

  // ---- deadlocks

  @ParameterizedTest
  @EnumSource
  void waitThatNothingCanEnd_isADeadlock_atOnce(Kind kind) {
    AtomicBoolean interrupted = new AtomicBoolean();
    long begin = System.nanoTime();
    assertThatExceptionOfType(AssertionError.class)
        .isThrownBy(() ->
            kind.setup()
                .withHoldLimit(Duration.ofSeconds(30))
                .run(_ -> {
                  kind.named("other").run(_ -> Signal.create("what other wants").await());
                  try {
                    Signal.create("what the test wants").await();
                  } catch (InterruptedException e) {
                    interrupted.set(true);
                    throw e;
                  }
                }))
        .withMessageContaining("Deadlock")
        .withMessageContaining("what the test wants")
        .withMessageContaining("other: running")
        .withMessageContaining("what other wants")
        .withMessageContaining("What next");
    assertThat(interrupted).isTrue();
    assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(15));
  }

  @Test
  void timedWaitOfAnother_isNoDeadlock() throws Exception {
    VirtualClock.run(clock -> {
      OpenSignal go = Signal.create("go");
      ManagedThread.run(
          "other",
          _ -> {
            clock.sleep(DAY);
            go.go();
          });
      go.await();
    });
  }

  // ---- what holds the clock

  /** What blocks past the seam; an interrupt ends each. */
  private enum Outside {
    SLEEP("java.lang.Thread.sleep") {
      @Override
      void block() throws Exception {
        Thread.sleep(Duration.ofHours(1));
      }
    },
    SOCKET("ServerSocketChannelImpl.accept") {
      @Override
      void block() throws Exception {
        try (var server = ServerSocketChannel.open()) {
          server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
          server.accept().close();
        }
      }
    },
    PROCESS("ProcessImpl.waitFor") {
      @Override
      void block() throws Exception {
        Process process = new ProcessBuilder("sleep", "1000").start();
        try {
          process.waitFor();
        } finally {
          process.destroyForcibly();
        }
      }
    },
    FUTURE("CompletableFuture.get") {
      @Override
      void block() throws Exception {
        new CompletableFuture<>().get();
      }
    };

    final String frame;

    Outside(String frame) {
      this.frame = frame;
    }

    abstract void block() throws Exception;
  }

  @Tag(SLOW)
  @ParameterizedTest
  @EnumSource
  void blockedOutside_holdsTheClock_andIsNamed(Outside outside) {
    for (Kind kind : Kind.values()) {
      assertThatExceptionOfType(AssertionError.class)
          .isThrownBy(() ->
              kind.setup()
                  .withHoldLimit(Duration.ofMillis(200))
                  .run(clock -> {
                    kind.named("dozer").run(_ -> outside.block());
                    clock.sleep(SECOND);
                  }))
          .withMessageContaining("has been held")
          .withMessageContaining("virtual/test/dozer")
          .withMessageContaining(outside.frame)
          .withMessageContaining(VirtualClockTest.class.getName());
    }
  }

  /** It is counted out, and must be counted in again, once. */
  @ParameterizedTest
  @EnumSource
  @Tag(SLOW)
  void holderThatWasGivenUp_comesBack_takesPartAgain(Kind kind) {
    List<Duration> slept = Collections.synchronizedList(new ArrayList<>());
    assertThatExceptionOfType(AssertionError.class)
        .isThrownBy(() ->
            kind.setup()
                .withHoldLimit(Duration.ofMillis(100))
                .withPolicy(StopPolicy.standard().neverInterrupt())
                .run(clock -> {
                  ManagedThread<?> busy =
                      kind.named("busy")
                          .run(pleaseStop -> {
                            while (!pleaseStop.isSignalled()) {
                              Thread.onSpinWait();
                            }
                            for (int i = 0; i < 3; i++) {
                              Duration before = clock.elapsed();
                              clock.sleep(Duration.ofMillis(7));
                              slept.add(clock.elapsed().minus(before));
                            }
                          });
                  busy.join();
                }))
        .withMessageContaining("has been held")
        .withMessageContaining("virtual/test/busy");
    assertThat(slept.subList(1, 3)).containsOnly(Duration.ofMillis(7));
  }

  @Test
  void futureOfTheJdk_holdsTheClock_untilItCompletes() throws Exception {
    VirtualClock.run(clock -> {
      ManagedThread.run(
          "ticker",
          pleaseStop -> {
            while (!pleaseStop.await(SECOND)) {}
          });
      clock.awaitOthersBlocked();
      Duration before = clock.elapsed();
      CompletableFuture<Duration> future = new CompletableFuture<>();
      Thread alien =
          Thread.ofPlatform()
              .start(() -> {
                busyFor(Duration.ofMillis(20));
                future.complete(clock.elapsed());
              });
      assertThat(future.get()).isEqualTo(before);
      alien.join();
    });
  }

  private static void busyFor(Duration time) {
    long end = System.nanoTime() + time.toNanos();
    while (System.nanoTime() - end < 0) {
      Thread.onSpinWait();
    }
  }

  @ParameterizedTest
  @EnumSource
  void hold_forAThreadOutside_keepsTheClock(Kind kind) throws Exception {
    kind.setup()
        .run(clock -> {
          OpenSignal done = Signal.create("done");
          VirtualClock.Hold hold = clock.hold();
          Thread alien =
              kind.alien()
                  .start(() -> {
                    busyFor(Duration.ofMillis(20));
                    done.go();
                    hold.close();
                    hold.close();
                  });
          assertThat(done.await(DAY)).isTrue();
          assertThat(clock.elapsed()).isZero();
          alien.join();
        });
  }

  @Tag(SLOW)
  @Test
  void hold_forgotten_isNamedWithItsPlace() {
    assertThatExceptionOfType(AssertionError.class)
        .isThrownBy(() ->
            VirtualClock.setup()
                .withHoldLimit(Duration.ofMillis(200))
                .run(clock -> {
                  VirtualClock.Hold _ = clock.hold();
                  clock.sleep(SECOND);
                }))
        .withMessageContaining("a hold that was not closed")
        .withMessageContaining("hold_forgotten_isNamedWithItsPlace");
  }

  @Tag(SLOW)
  @Test
  void endlessVirtualTime_endsWithTheTimeout() {
    assertThatExceptionOfType(AssertionError.class)
        .isThrownBy(() ->
            VirtualClock.setup()
                .withTimeout(Duration.ofMillis(300))
                .run(_ -> {
                  ManagedThread.run(
                      "heart",
                      pleaseStop -> {
                        while (!pleaseStop.await(SECOND)) {}
                      });
                  Signal.create("never").await();
                }))
        .withMessageContaining("run out of time")
        .withMessageContaining("heart");
  }

  // ---- stops

  @ParameterizedTest
  @EnumSource
  void stop_ofOneThatIgnoresIt_goesThroughThePolicyInVirtualTime(Kind kind) throws Exception {
    assertThatExceptionOfType(AssertionError.class)
        .isThrownBy(() ->
            kind.setup()
                .run(clock -> {
                  ManagedThread<?> deaf = kind.named("deaf").run(_ -> waitDeafly());
                  clock.awaitOthersBlocked();
                  Duration before = clock.elapsed();
                  deaf.stop();
                  assertThat(deaf.awaitOutcome()).isInstanceOf(Outcome.Abandoned.class);
                  assertThat(clock.elapsed().minus(before)).isEqualTo(Duration.ofSeconds(7));
                }))
        .withMessageContaining("left over")
        .withMessageContaining("abandoned, still running: virtual/test/deaf");
  }

  /** What the test has provoked and let go is not left over. */
  @ParameterizedTest
  @EnumSource
  void abandoned_endsBeforeTheTestDoes_isNotLeftOver(Kind kind) throws Exception {
    kind.setup()
        .run(clock -> {
          OpenSignal release = Signal.create("release");
          ManagedThread<?> deaf = kind.named("deaf").run(_ -> waitDeaflyFor(release));
          deaf.stop();
          assertThat(deaf.awaitOutcome()).isInstanceOf(Outcome.Abandoned.class);
          release.go();
          clock.awaitOthersBlocked();
        });
  }

  private static void waitDeaflyFor(Signal release) {
    while (!release.isSignalled()) {
      try {
        release.await();
      } catch (InterruptedException e) {
        // planted: goes on
      }
    }
  }

  /** As a task does that takes an interrupt for nothing. */
  private static void waitDeafly() {
    while (true) {
      try {
        Signal.create("never").await(DAY);
      } catch (InterruptedException e) {
        // planted: goes on
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void stop_interruptsAfterItsTime_justThen(Kind kind) throws Exception {
    kind.setup()
        .withPolicy(StopPolicy.standard().withAsk(Duration.ofSeconds(3)))
        .run(clock -> {
          List<Duration> interruptedAt = new ArrayList<>();
          ManagedThread<?> thread =
              kind.named("slow")
                  .run(_ -> {
                    try {
                      Signal.create("never").await();
                    } catch (InterruptedException e) {
                      interruptedAt.add(clock.elapsed());
                    }
                  });
          clock.sleep(SECOND);
          thread.stop();
          thread.join();
          assertThat(interruptedAt).containsExactly(Duration.ofSeconds(4));
        });
  }

  /** The interrupted one counts itself in, a little later: until then all seem to wait. */
  @ParameterizedTest
  @EnumSource
  void interruptByTheJdk_whileAllOthersWait_isNoDeadlock(Kind kind) throws Exception {
    for (int round = 0; round < 20; round++) {
      kind.setup()
          .run(_ -> {
            ManagedThread<?> waiter =
                kind.named("waiter")
                    .run(_ ->
                        assertThatExceptionOfType(InterruptedException.class)
                            .isThrownBy(Signal.create("never")::await));
            Thread its = waiter.thread().orElseThrow();
            kind.named("nuisance").run(_ -> its.interrupt());
            waiter.join();
          });
    }
  }

  @ParameterizedTest
  @EnumSource
  void interrupt_endsAWait_beforeAnyTimePasses(Kind kind) throws Exception {
    for (int round = 0; round < 10; round++) {
      kind.setup()
          .run(clock -> {
            List<Duration> interruptedAt = new ArrayList<>();
            ManagedThread<?> waiter =
                kind.named("waiter")
                    .run(_ -> {
                      try {
                        Signal.create("never").await(DAY);
                      } catch (InterruptedException e) {
                        interruptedAt.add(clock.elapsed());
                      }
                    });
            clock.sleep(SECOND);
            clock.interrupt(waiter.thread().orElseThrow());
            clock.sleep(DAY);
            assertThat(interruptedAt).containsExactly(SECOND);
            assertThatIllegalStateException()
                .isThrownBy(() -> clock.interrupt(waiter.thread().orElseThrow()))
                .withMessageContaining("does not take part");
          });
    }
  }

  @ParameterizedTest
  @EnumSource
  void interruptByTheJdk_endsAWait(Kind kind) throws Exception {
    kind.setup()
        .run(clock -> {
          AtomicBoolean interrupted = new AtomicBoolean();
          CountDownLatch ended = new CountDownLatch(1);
          ManagedThread<?> thread =
              kind.named("waiter")
                  .run(_ -> {
                    try {
                      Signal.create("never").await();
                    } catch (InterruptedException e) {
                      interrupted.set(true);
                    }
                    ended.countDown();
                  });
          clock.awaitOthersBlocked();
          thread.thread().orElseThrow().interrupt();
          ended.await();
          thread.join();
          assertThat(interrupted).isTrue();
        });
  }

  @ParameterizedTest
  @EnumSource
  void furtherTree_goesByTheClock_andMayBeClosedByTheTest(Kind kind) throws Exception {
    kind.setup()
        .run(clock -> {
          try (var further = clock.openTree("service")) {
            ManagedThread<?> worker =
                kind.named("worker")
                    .parent(further)
                    .run(pleaseStop -> {
                      pleaseStop.await();
                      clock.sleep(SECOND);
                    });
            clock.awaitOthersBlocked();
            further.stop();
            worker.join();
            assertThat(clock.elapsed()).isGreaterThanOrEqualTo(SECOND);
          }
        });
  }

  // ---- a test that is no managed thread

  @ParameterizedTest
  @EnumSource
  void unmanaged_takesPart_andStartsAtTheTop(Kind kind) throws Exception {
    kind.setup()
        .withUnmanagedThread()
        .run(clock -> {
          assertThat(ManagedThread.currentOrNull()).isNull();
          assertThat(Thread.currentThread().isVirtual()).isEqualTo(kind == Kind.VIRTUAL);
          ManagedThread<?> sleeper = kind.named("sleeper").run(_ -> clock.sleep(DAY));
          assertThat(sleeper.path()).isEqualTo("virtual/sleeper");
          clock.awaitOthersBlocked();
          clock.sleep(SECOND.minus(clock.elapsed()));
          assertThat(clock.elapsed()).isEqualTo(SECOND);
          sleeper.join();
          assertThat(clock.elapsed()).isEqualTo(DAY);
        });
  }

  /** Also when the thread is told to stop by its tree: a thread that is not managed is not told. */
  @ParameterizedTest
  @EnumSource
  void unmanaged_stopsAndClosesTheTree_goesOn(Kind kind) throws Exception {
    kind.setup()
        .withUnmanagedThread()
        .run(clock -> {
          ManagedThread<?> slow =
              kind.named("slow")
                  .run(stop -> {
                    stop.await();
                    Till.unhurried(Duration.ofSeconds(3)).await();
                  });
          clock.tree().stop();
          assertThat(Till.after(SECOND).isSignalled()).isFalse();
          clock.tree().close();
          assertThat(slow.awaitOutcome()).isInstanceOf(Outcome.Returned.class);
          assertThat(clock.elapsed()).isEqualTo(Duration.ofSeconds(3));
          clock.sleep(DAY);
          assertThat(clock.elapsed()).isEqualTo(DAY.plusSeconds(3));
        });
  }

  /** H10: it takes part once, not twice; so the clock is not held. */
  @ParameterizedTest
  @EnumSource
  void unmanaged_isAdopted_andLeaves_takesPartAllTheTime(Kind kind) throws Exception {
    kind.setup()
        .withUnmanagedThread()
        .run(clock -> {
          for (int i = 1; i <= 3; i++) {
            try (Adoption adoption = ManagedThread.adopt();
                Adoption nested = ManagedThread.adopt()) {
              assertThat(nested.thread()).isSameAs(adoption.thread());
              assertThat(adoption.thread().path()).isEqualTo("virtual/test");
              ManagedThread<?> child = kind.named("child").run(Signal::await);
              clock.sleep(DAY);
              child.stop();
              child.join();
              child.stop(); // of one that has gone
            }
            assertThat(ManagedThread.currentOrNull()).isNull();
            clock.sleep(DAY);
            assertThat(clock.elapsed()).isEqualTo(DAY.multipliedBy(2 * i));
          }
        });
  }

  /** Who has the thread as it was before, or as it is now, wakes the same one. */
  @ParameterizedTest
  @EnumSource
  void unmanaged_isAdopted_isWokenAndStopped(Kind kind) throws Exception {
    kind.setup()
        .withUnmanagedThread()
        .run(clock -> {
          try (Adoption adoption = ManagedThread.adopt()) {
            kind.named("stopper")
                .run(_ -> {
                  clock.sleep(SECOND);
                  clock.tree().stop();
                });
            adoption.pleaseStop().await();
            assertThat(clock.elapsed()).isEqualTo(SECOND);
            assertThat(Till.after(DAY).isSignalled()).as("hurried").isTrue();
          }
          assertThat(Till.after(DAY).isSignalled()).as("no longer").isFalse();
        });
  }

  @ParameterizedTest
  @EnumSource
  void unmanaged_waitsForEver_isADeadlock_andIsInterrupted(Kind kind) {
    assertThatExceptionOfType(AssertionError.class)
        .isThrownBy(() ->
            kind.setup()
                .withUnmanagedThread()
                .run(_ -> {
                  kind.named("other").run(_ -> Signal.create("a").await());
                  Signal.create("b").await();
                }))
        .withMessageContaining("Deadlock")
        .withMessageContaining("other: running")
        .withMessageContaining("The test itself is here, and waits for signal \"b\":")
        .withMessageContaining("unmanaged_waitsForEver_isADeadlock_andIsInterrupted")
        .satisfies(
            error -> assertThat(error.getSuppressed()[0]).isInstanceOf(InterruptedException.class));
  }

  @Tag(SLOW)
  @ParameterizedTest
  @EnumSource
  void unmanaged_holdsTheClock_isNamed(Kind kind) {
    assertThatExceptionOfType(AssertionError.class)
        .isThrownBy(() ->
            kind.setup()
                .withUnmanagedThread()
                .withHoldLimit(Duration.ofSeconds(2))
                .run(_ -> Thread.sleep(DAY)))
        .withMessageContaining("has been held for PT2S")
        .withMessageContaining("Thread.sleep");
  }

  /** Nobody can end it; so it is left, and said where. */
  @Tag(SLOW)
  @ParameterizedTest
  @EnumSource
  void unmanaged_ignoresInterrupts_isLeft(Kind kind) {
    OpenSignal release = Signal.create("release");
    assertThatExceptionOfType(AssertionError.class)
        .isThrownBy(() -> kind.setup().withUnmanagedThread().run(_ -> waitDeaflyFor(release)))
        .withMessageContaining("Deadlock")
        .satisfies(error ->
            assertThat(error.getSuppressed())
                .anySatisfy(left -> assertThat(left).hasStackTraceContaining("waitDeaflyFor")));
    release.go();
  }

  @Test
  void unmanaged_throws_itIsThrownUnchanged() {
    IllegalStateException failure = new IllegalStateException("of the body");
    assertThatExceptionOfType(IllegalStateException.class)
        .isThrownBy(() ->
            VirtualClock.setup()
                .withUnmanagedThread()
                .run(_ -> {
                  throw failure;
                }))
        .isSameAs(failure);
  }
}
