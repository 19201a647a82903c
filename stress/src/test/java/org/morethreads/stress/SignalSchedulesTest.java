package org.morethreads.stress;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.morethreads.internal.Firing;
import org.morethreads.stress.schedule.Participant;
import org.morethreads.stress.schedule.Run.Timeouts;
import org.morethreads.stress.schedule.Schedules;
import org.morethreads.sync.OpenSignal;
import org.morethreads.sync.Progress;
import org.morethreads.sync.Signal;
import org.morethreads.sync.Till;

/** No interleaving loses a wake-up or an action of a signal (S1, S3, S4, S5). */
class SignalSchedulesTest {

  // await, await | go
  @Test
  void await_racingGo_everyWaiterIsWoken() {
    Schedules.of(
            run -> {
              OpenSignal signal = Signal.create("signal");
              run.thread("first", signal::await);
              run.thread("second", signal::await);
              run.thread("go", signal::go);
              run.afterwards(() -> assertThat(Firing.countLive(signal)).isZero());
            })
        .timeouts(Timeouts.NEVER)
        .explore();
  }

  // remove | remove | then: who sweeps meets another who removes, and one who adds on top
  @Test
  void remove_racingRemoveAndThen_answersTruthfullyAndLeavesNothingDead() {
    Schedules.explore(run -> {
      OpenSignal signal = Signal.create("signal");
      var removed = new AtomicInteger();
      var runs = new AtomicInteger();
      for (String name : List.of("first", "second")) {
        Signal.Registration registration = signal.then(runs::incrementAndGet);
        run.thread(
            name,
            () -> {
              if (registration.remove()) {
                removed.incrementAndGet();
              }
            });
      }
      run.thread("then", () -> signal.then(runs::incrementAndGet));
      run.afterwards(() -> {
        assertThat(removed).hasValue(2);
        assertThat(Firing.countLinked(signal)).isOne();
        signal.go();
        assertThat(runs).hasValue(1);
      });
    });
  }

  // then, remove | go left | go right
  @Test
  void or_thenAndRemoveRacingBothOperands_runsExactlyIfNotRemoved() {
    explorePair(/* all= */ false);
  }

  @Test
  void and_thenAndRemoveRacingBothOperands_runsExactlyIfNotRemoved() {
    explorePair(/* all= */ true);
  }

  private static void explorePair(boolean all) {
    Schedules.explore(run -> {
      OpenSignal left = Signal.create("left");
      OpenSignal right = Signal.create("right");
      Signal pair = all ? left.and(right) : left.or(right);
      var removable = new AtomicInteger();
      var staying = new AtomicInteger();
      run.thread(
          "registrant",
          () -> {
            Signal.Registration registration = pair.then(removable::incrementAndGet);
            pair.then(staying::incrementAndGet);
            if (registration.remove()) {
              removable.incrementAndGet();
            }
          });
      run.thread("left", left::go);
      run.thread("right", right::go);
      run.afterwards(() -> {
        assertThat(pair.isSignalled()).isTrue();
        assertThat(removable).hasValue(1);
        assertThat(staying).hasValue(1);
        assertThat(Firing.countLinked(left) + Firing.countLinked(right)).isZero();
      });
    });
  }

  // then, remove | then, remove | go
  @Test
  void twoComposites_sharingAStopThatGoes_answerTruthfullyAndLeaveNothing() {
    Schedules.explore(run -> {
      OpenSignal stop = Signal.create("stop");
      var balances = List.of(new AtomicInteger(), new AtomicInteger());
      for (AtomicInteger balance : balances) {
        Signal own = stop.or(Signal.create("own"));
        run.thread(
            "registrant",
            () -> {
              if (own.then(balance::incrementAndGet).remove()) {
                balance.incrementAndGet();
              }
            });
      }
      run.thread("go", stop::go);
      run.afterwards(() -> {
        assertThat(balances).allSatisfy(balance -> assertThat(balance).hasValue(1));
        assertThat(Firing.countLinked(stop)).isZero();
      });
    });
  }

  // then, remove | then | go left
  @Test
  void composite_lastLeavesWhileAnotherComes_theOtherIsNotLost() {
    Schedules.explore(run -> {
      OpenSignal left = Signal.create("left");
      OpenSignal right = Signal.create("right");
      Signal either = left.or(right);
      var runs = new AtomicInteger();
      run.thread("leaves", () -> either.then(() -> {}).remove());
      run.thread("comes", () -> either.then(runs::incrementAndGet));
      run.thread("go", left::go);
      run.afterwards(() -> {
        assertThat(runs).hasValue(1);
        assertThat(Firing.countLinked(right)).isZero();
      });
    });
  }

  // await | go left | go right: a composite of a composite, awaited without activation
  @Test
  void composite_awaitedWhileOperandsGo_isWoken() {
    Schedules.of(
            run -> {
              OpenSignal left = Signal.create("left");
              OpenSignal right = Signal.create("right");
              OpenSignal never = Signal.create("never");
              Signal both = left.and(right.or(never));
              run.thread("waiter", both::await);
              run.thread("left", left::go);
              run.thread("right", right::go);
              run.afterwards(() -> assertThat(Firing.countLive(never)).isZero());
            })
        .timeouts(Timeouts.NEVER)
        .explore();
  }

  // then, remove, await | go | go: more than 16 leaves, attached when made
  @Test
  void largeComposite_racingGo_runsExactlyIfNotRemovedAndWakes() {
    Schedules.of(
            run -> {
              List<OpenSignal> leaves =
                  IntStream.range(0, 20).mapToObj(i -> Signal.create("leaf " + i)).toList();
              Signal any = Signal.anyOf(leaves);
              Signal aboveIt = any.and(leaves.get(3));
              var balance = new AtomicInteger();
              var runs = new AtomicInteger();
              run.thread(
                  "registrant",
                  () -> {
                    aboveIt.then(runs::incrementAndGet);
                    if (any.then(balance::incrementAndGet).remove()) {
                      balance.incrementAndGet();
                    }
                    any.await();
                  });
              run.thread("go 3", leaves.get(3)::go);
              run.thread("go 17", leaves.get(17)::go);
              run.afterwards(() -> {
                assertThat(balance).hasValue(1);
                assertThat(runs).hasValue(1);
              });
            })
        .timeouts(Timeouts.NEVER)
        .explore();
  }

  // await till | hurry
  @Test
  void till_hurriedWhileItsMakerAwaits_endsTheWait() {
    Schedules.explore(run -> {
      Signal never = Signal.create("never");
      Participant[] sleeper = new Participant[1];
      sleeper[0] =
          run.thread(
              "sleeper",
              () -> {
                Till till = Till.after(Duration.ofHours(1));
                assertThat(never.await(till)).isFalse();
                assertThat(till.isSignalled()).isTrue();
                assertThat(till.isHurried() || run.elapsed().toHours() >= 1).isTrue();
              });
      run.thread("hurrier", () -> sleeper[0].hurry());
    });
  }

  // make, then | await another's till | hurry: nobody else's time-out helps
  @Test
  void till_hurriedWhileAnotherThreadAwaitsIt_wakesThatAndRunsItsActionOnce() {
    Schedules.of(
            run -> {
              var till = new AtomicReference<Till>();
              OpenSignal made = Signal.create("made");
              var runs = new AtomicInteger();
              Participant maker =
                  run.thread(
                      "maker",
                      () -> {
                        till.set(Till.after(Duration.ofHours(1)));
                        made.go();
                        till.get().then(runs::incrementAndGet);
                      });
              run.thread(
                  "waiter",
                  () -> {
                    made.await();
                    till.get().await();
                  });
              run.thread(
                  "hurrier",
                  () -> {
                    made.await();
                    maker.hurry();
                  });
              run.afterwards(() -> {
                assertThat(runs).hasValue(1);
                assertThat(till.get().isHurried()).isTrue();
              });
            })
        .timeouts(Timeouts.NEVER)
        .explore();
  }

  // then, remove | hurry | the clock, and the timer: due and hurried at once
  @Test
  void till_dueAndHurriedAtOnce_runsItsActionExactlyIfNotRemoved() {
    Schedules.explore(run -> {
      Till[] till = new Till[1];
      OpenSignal made = Signal.create("made");
      var runs = new AtomicInteger();
      var balance = new AtomicInteger();
      Participant maker =
          run.thread(
              "maker",
              () -> {
                till[0] = Till.after(Duration.ofSeconds(1));
                made.go();
                till[0].then(runs::incrementAndGet);
                if (till[0].then(balance::incrementAndGet).remove()) {
                  balance.incrementAndGet();
                }
                till[0].await();
              });
      run.thread(
          "hurrier",
          () -> {
            made.await();
            maker.hurry();
          });
      run.thread("clock", () -> run.pass(Duration.ofSeconds(2)));
      run.afterwards(() -> {
        assertThat(runs).hasValue(1);
        assertThat(balance).hasValue(1);
      });
    });
  }

  // reached(2).then, remove | advanceTo 2 | advanceTo 3 (S10)
  @Test
  void progress_pointRacingTwoAdvances_goesOnce() {
    Schedules.explore(run -> {
      Progress progress = Progress.create("progress");
      Signal reached = progress.reached(2);
      var runs = new AtomicInteger();
      var balance = new AtomicInteger();
      run.thread(
          "registrant",
          () -> {
            reached.then(runs::incrementAndGet);
            if (reached.then(balance::incrementAndGet).remove()) {
              balance.incrementAndGet();
            }
            reached.await();
          });
      run.thread("two", () -> progress.advanceTo(2));
      run.thread("three", () -> progress.advanceTo(3));
      run.afterwards(() -> {
        assertThat(runs).hasValue(1);
        assertThat(balance).hasValue(1);
        assertThat(progress.value()).isEqualTo(3);
      });
    });
  }

  // end | end | advanceTo 5: whoever has seen the end sees its signal (S10)
  @Test
  void progress_endedByTwo_whoHasSeenTheEndSeesItsSignal() {
    Schedules.explore(run -> {
      Progress progress = Progress.create("progress");
      var runs = new AtomicInteger();
      progress.ended().then(runs::incrementAndGet);
      for (int i = 0; i < 2; i++) {
        run.thread(
            "ender",
            () -> {
              progress.end();
              assertThat(progress.ended().isSignalled()).isTrue();
            });
      }
      run.thread(
          "advancer",
          () ->
              assertThat(progress.advanceTo(5) || progress.ended().isSignalled())
                  .as("refused, since it has ended")
                  .isTrue());
      run.afterwards(() -> assertThat(runs).hasValue(1));
    });
  }

  // make a composite of 20 | go | go: it attaches itself while its leaves fire
  @Test
  void largeComposite_madeWhileItsLeavesGo_isSignalled() {
    Schedules.of(
            run -> {
              List<OpenSignal> leaves =
                  IntStream.range(0, 20).mapToObj(i -> Signal.create("leaf " + i)).toList();
              var runs = new AtomicInteger();
              run.thread("maker", () -> Signal.anyOf(leaves).then(runs::incrementAndGet));
              run.thread("go 3", leaves.get(3)::go);
              run.thread("go 17", leaves.get(17)::go);
              run.afterwards(() -> {
                assertThat(runs).hasValue(1);
                assertThat(leaves).allMatch(leaf -> Firing.countLinked(leaf) == 0);
              });
            })
        // random only: the maker takes out what was collected before, which no schedule decides
        .systematic(0, 0)
        .explore();
  }
}
