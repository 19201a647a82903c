package org.morethreads.stress;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.morethreads.internal.Mutex;
import org.morethreads.stress.schedule.Participant;
import org.morethreads.stress.schedule.Run.Timeouts;
import org.morethreads.stress.schedule.Schedules;
import org.morethreads.sync.Lock;
import org.morethreads.sync.OpenSignal;
import org.morethreads.sync.Signal;

/** No interleaving strands an acquirer or loses a pass (L1 to L4). */
class LockSchedulesTest {

  // acquire | acquire <- interrupt | acquire with a time-out
  @Test
  void mutex_acquirersLeaveByInterruptAndTimeout_nobodyIsStranded() {
    Schedules.explore(run -> {
      Mutex mutex = new Mutex();
      var inside = new AtomicInteger();
      run.thread(
          "patient",
          () -> {
            for (int i = 0; i < 2; i++) {
              mutex.acquire();
              assertThat(inside.incrementAndGet()).isOne();
              run.step("inside");
              inside.decrementAndGet();
              mutex.release();
            }
          });
      Participant interrupted =
          run.thread(
              "interrupted",
              () -> {
                try {
                  mutex.acquireInterruptibly();
                } catch (InterruptedException e) {
                  assertThat(mutex.isMine()).isFalse();
                  return;
                }
                assertThat(inside.incrementAndGet()).isOne();
                inside.decrementAndGet();
                mutex.release();
              });
      run.thread(
          "timed",
          () -> {
            interrupted.interrupt();
            if (mutex.acquireInterruptibly(1_000)) {
              assertThat(inside.incrementAndGet()).isOne();
              inside.decrementAndGet();
              mutex.release();
            } else {
              assertThat(mutex.isMine()).isFalse();
            }
          });
      run.afterwards(() -> assertThat(mutex.owner()).isNull());
    });
  }

  // acquire | acquire | acquire: one arrives just as the mutex becomes free, and gets it
  @Test
  void mutex_threeAcquirers_nobodyIsStranded() {
    Schedules.explore(run -> {
      Mutex mutex = new Mutex();
      var inside = new AtomicInteger();
      for (int i = 0; i < 3; i++) {
        run.thread(
            "acquirer " + i,
            () -> {
              mutex.acquire();
              assertThat(inside.incrementAndGet()).isOne();
              run.step("inside");
              inside.decrementAndGet();
              mutex.release();
            });
      }
      run.afterwards(() -> assertThat(mutex.owner()).isNull());
    });
  }

  // acquire | acquire <- interrupt | release, interrupt: the one that is woken leaves
  @Test
  void mutex_wokenOneLeavesByInterrupt_wakesTheNext() {
    Schedules.explore(run -> {
      Mutex mutex = new Mutex();
      run.thread(
          "patient",
          () -> {
            mutex.acquire();
            mutex.release();
          });
      Participant leaving =
          run.thread(
              "leaving",
              () -> {
                try {
                  mutex.acquireInterruptibly();
                  mutex.release();
                } catch (InterruptedException e) {
                  assertThat(mutex.isMine()).isFalse();
                }
              });
      run.thread(
          "holder",
          () -> {
            mutex.acquire();
            run.step("inside");
            mutex.release();
            leaving.interrupt();
          });
      run.afterwards(() -> assertThat(mutex.owner()).isNull());
    });
  }

  // await <- interrupt | await for it | change
  @Test
  void await_oneWokenIsInterrupted_handsItsPassOn() {
    Schedules.of(
            run -> {
              Lock lock = Lock.create("lock");
              boolean[] changed = new boolean[1];
              Participant leaving =
                  run.thread(
                      "leaving",
                      () -> {
                        try (Lock.Held held = lock.acquire()) {
                          while (true) {
                            held.await();
                          }
                        } catch (InterruptedException e) {
                          assertThat(lock.owner()).isNotSameAs(Thread.currentThread());
                        }
                      });
              run.thread(
                  "waiting",
                  () -> {
                    try (Lock.Held held = lock.acquire()) {
                      while (!changed[0]) {
                        held.await();
                      }
                    }
                  });
              run.thread(
                  "changing",
                  () -> {
                    try (Lock.Held _ = lock.acquire()) {
                      changed[0] = true;
                    }
                    leaving.interrupt();
                  });
              run.afterwards(() -> assertThat(lock.owner()).isNull());
            })
        .timeouts(Timeouts.NEVER)
        .explore();
  }

  // await till | await for it | change | the till goes
  @Test
  void await_oneWokenIsEndedByItsTill_handsItsPassOn() {
    Schedules.of(
            run -> {
              Lock lock = Lock.create("lock");
              OpenSignal enough = Signal.create("enough");
              int[] changes = new int[1];
              run.thread(
                  "leaving",
                  () -> {
                    try (Lock.Held held = lock.acquire()) {
                      while (!enough.isSignalled()) {
                        held.await(enough);
                      }
                    }
                  });
              run.thread(
                  "waiting",
                  () -> {
                    try (Lock.Held held = lock.acquire()) {
                      while (changes[0] < 2) {
                        held.await();
                      }
                    }
                  });
              run.thread(
                  "changing",
                  () -> {
                    for (int i = 0; i < 2; i++) {
                      try (Lock.Held _ = lock.acquire()) {
                        changes[0]++;
                      }
                    }
                  });
              run.thread("enough", enough::go);
              run.afterwards(() -> assertThat(lock.owner()).isNull());
            })
        .timeouts(Timeouts.NEVER)
        .explore();
  }

  // three that hand a token round by awaiting, without a change outside: the first await of a block
  // starts a pass
  @Test
  void await_changeMadeBeforeAwaiting_isSeenByTheOthers() {
    Schedules.of(
            run -> {
              Lock lock = Lock.create("lock");
              int[] turn = new int[1];
              for (int i = 0; i < 3; i++) {
                int mine = i;
                run.thread(
                    "player " + i,
                    () -> {
                      try (Lock.Held held = lock.acquire()) {
                        while (turn[0] % 3 != mine) {
                          held.await();
                        }
                        turn[0]++;
                        held.wakeOthers();
                        while (turn[0] < 3) {
                          held.await();
                        }
                      }
                    });
              }
              run.afterwards(() -> assertThat(turn[0]).isEqualTo(3));
            })
        .timeouts(Timeouts.NEVER)
        .explore();
  }

  // await with a time-out | acquire with a time-out | change
  @Test
  void await_timeOutAndChangeAtOnce_answersTruthfully() {
    Schedules.explore(run -> {
      Lock lock = Lock.create("lock");
      boolean[] changed = new boolean[1];
      run.thread(
          "waiting",
          () -> {
            try (Lock.Held held = lock.acquire()) {
              while (!changed[0]) {
                if (!held.await(Duration.ofSeconds(1))) {
                  assertThat(run.elapsed().toMillis()).isGreaterThanOrEqualTo(1000);
                }
              }
            }
          });
      run.thread(
          "trying",
          () -> {
            Lock.Held held = lock.acquire(Duration.ofSeconds(1));
            if (held != null) {
              held.close();
            }
          });
      run.thread(
          "changing",
          () -> {
            try (Lock.Held _ = lock.acquire()) {
              changed[0] = true;
            }
          });
      run.afterwards(() -> assertThat(lock.owner()).isNull());
    });
  }
}
