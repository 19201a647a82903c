package org.morethreads.stress.fault;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.morethreads.queue.CloseableQueue;
import org.morethreads.queue.Select;
import org.morethreads.queue.WaitInterruptedException;
import org.morethreads.sync.Lock;
import org.morethreads.sync.OpenSignal;
import org.morethreads.sync.Signal;
import org.morethreads.sync.Till;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.Scope;
import org.morethreads.thread.ThreadTree;

/**
 * An interrupt at any point of a blocking call either ends it, and then it has done nothing, or
 * comes too late, and then the status is set (Q2, L2, S8, H7).
 */
@Tag("real")
class InterruptTest {
  private static final int ROUNDS = 150 * Integer.getInteger("morethreads.faults", 1);
  private static final Duration LONG = Duration.ofSeconds(60);

  /** A blocking call. */
  @FunctionalInterface
  private interface Call {
    /** Makes it; answers true unless it says that it has done nothing. */
    boolean run() throws Exception;
  }

  private final Random random = new Random(5);

  /**
   * Makes a call on a thread of its own, interrupts that at a random moment, and lets the call
   * proceed at another.
   *
   * @return whether the call has done its work
   */
  private boolean interrupted(boolean virtual, Call call, Call proceed) throws Exception {
    AtomicInteger done = new AtomicInteger(-1);
    Throwable[] failure = new Throwable[1];
    OpenSignal begun = Signal.create("begun");
    Runnable body =
        () -> {
          begun.go();
          try {
            boolean worked = call.run();
            done.set(worked ? 1 : 0);
          } catch (InterruptedException leaves) {
            done.set(0);
            if (Thread.currentThread().isInterrupted()) {
              failure[0] = new AssertionError("the status is set beside the exception");
            }
          } catch (WaitInterruptedException leaves) {
            done.set(0);
            if (!Thread.currentThread().isInterrupted()) {
              failure[0] = new AssertionError("an unchecked exception needs the status");
            }
          } catch (Throwable other) {
            failure[0] = other;
          }
        };
    Thread caller =
        virtual ? Thread.ofVirtual().start(body) : Thread.ofPlatform().daemon(true).start(body);
    begun.await();
    boolean first = random.nextBoolean();
    spin();
    if (first) {
      proceed.run();
      spin();
    }
    caller.interrupt();
    if (!first) {
      spin();
      proceed.run();
    }
    assertThat(caller.join(LONG)).as("the call has come back").isTrue();
    if (failure[0] != null) {
      throw new AssertionError("round fails", failure[0]);
    }
    assertThat(done.get()).isNotNegative();
    return done.get() == 1;
  }

  private void spin() {
    for (int i = random.nextInt(1 << random.nextInt(14)); i > 0; i--) {
      Thread.onSpinWait();
    }
  }

  private void rounds(Round round) throws Exception {
    for (int i = 0; i < ROUNDS; i++) {
      round.run(i % 2 == 0);
    }
  }

  private interface Round {
    void run(boolean virtual) throws Exception;
  }

  @Test
  void signals_interrupted_answerTruthfullyOrThrow() throws Exception {
    rounds(virtual -> {
      OpenSignal signal = Signal.create("signal");
      Signal composed = signal.or(Till.after(LONG)).and(signal);
      interrupted(
          virtual,
          () -> {
            boolean gone =
                switch (random.nextInt(3)) {
                  case 0 -> composed.await(LONG);
                  case 1 -> signal.await(Till.after(LONG));
                  default -> {
                    signal.await();
                    yield true;
                  }
                };
            assertThat(gone).isEqualTo(true);
            return gone;
          },
          () -> {
            signal.go();
            return true;
          });
      assertThat(signal.isSignalled()).isTrue();
    });
  }

  @Test
  void puts_interrupted_areInOrNot() throws Exception {
    rounds(virtual -> {
      CloseableQueue<Integer> queue = CloseableQueue.bounded("queue", 1);
      queue.put(0);
      int how = random.nextInt(4);
      boolean in =
          interrupted(
              virtual,
              () ->
                  switch (how) {
                    case 0 -> {
                      queue.put(1);
                      yield true;
                    }
                    case 1 -> queue.put(1, LONG);
                    case 2 -> queue.putAll(List.of(1), Till.after(LONG));
                    default -> Select.awaitFirst(Select.put(queue, 1, () -> true));
                  },
              () -> queue.poll() != null);
      assertThat(queue.drain()).isEqualTo(in ? List.of(1) : List.of());
      assertThat(queue.statistics().waitingToPut()).isZero();
    });
  }

  @Test
  void takes_interrupted_haveItOrLeaveIt() throws Exception {
    rounds(virtual -> {
      CloseableQueue<Integer> queue = CloseableQueue.bounded("queue", 1);
      int how = random.nextInt(4);
      boolean taken =
          interrupted(
              virtual,
              () ->
                  switch (how) {
                    case 0 -> queue.take() == 1;
                    case 1 -> queue.poll(LONG) != null;
                    case 2 -> Select.awaitFirst(Select.take(queue)) == 1;
                    default -> queue.iterator().next() == 1;
                  },
              () -> {
                queue.put(1);
                return true;
              });
      assertThat(queue.drain()).isEqualTo(taken ? List.of() : List.of(1));
      assertThat(queue.statistics().waitingToTake()).isZero();
    });
  }

  @Test
  void locks_interrupted_areHeldOrNot_andFreeAfterwards() throws Exception {
    rounds(virtual -> {
      Lock lock = Lock.create("lock");
      Lock.Held holder = lock.acquire();
      interrupted(
          virtual,
          () -> {
            try (Lock.Held held = lock.acquire()) {
              return true;
            }
          },
          () -> {
            holder.close();
            return true;
          });
      assertThat(lock.acquire(Duration.ZERO)).as("free afterwards").isNotNull();
    });
  }

  @Test
  void lockWaits_interrupted_holdTheLockAgain() throws Exception {
    rounds(virtual -> {
      Lock lock = Lock.create("lock");
      AtomicInteger inside = new AtomicInteger();
      interrupted(
          virtual,
          () -> {
            try (Lock.Held held = lock.acquire()) {
              try {
                return held.await(LONG);
              } finally {
                assertThat(inside.getAndIncrement()).as("alone inside").isZero();
                spin();
                inside.decrementAndGet();
              }
            }
          },
          () -> {
            lock.run(() -> {
              assertThat(inside.getAndIncrement()).as("alone inside").isZero();
              spin();
              inside.decrementAndGet();
            });
            return true;
          });
      lock.run(() -> {});
    });
  }

  @Test
  void joins_interrupted_claimNothing() throws Exception {
    try (ThreadTree tree = ThreadTree.open("tree")) {
      rounds(virtual -> {
        OpenSignal release = Signal.create("release");
        ManagedThread<String> thread =
            tree.call(
                "joined",
                _ -> {
                  release.await();
                  return "result";
                });
        int how = random.nextInt(4);
        interrupted(
            virtual,
            () ->
                switch (how) {
                  case 0 -> thread.join().equals("result");
                  case 1 -> joinedWithin(thread);
                  case 2 -> thread.awaitOutcome() != null;
                  default -> {
                    thread.stopped().await();
                    yield true;
                  }
                },
            () -> {
              release.go();
              return true;
            });
        assertThat(thread.join()).isEqualTo("result");
      });
    }
  }

  private static boolean joinedWithin(ManagedThread<String> thread) throws InterruptedException {
    try {
      return thread.join(LONG).equals("result");
    } catch (TimeoutException late) {
      throw new AssertionError(late);
    }
  }

  @Test
  void scopes_interrupted_leaveNoThreadBehind() throws Exception {
    try (ThreadTree tree = ThreadTree.open("tree")) {
      rounds(virtual -> {
        OpenSignal release = Signal.create("release");
        AtomicInteger alive = new AtomicInteger();
        interrupted(
            virtual,
            () -> {
              Scope.run(
                  "scope",
                  scope -> {
                    for (int i = 0; i < 2; i++) {
                      scope.run(
                          "in scope",
                          stop -> {
                            alive.incrementAndGet();
                            try {
                              var _ = release.or(stop).await(LONG);
                            } finally {
                              alive.decrementAndGet();
                            }
                          });
                    }
                  });
              return true;
            },
            () -> {
              release.go();
              return true;
            });
        assertThat(alive).as("those of the scope have ended").hasValue(0);
      });
    }
  }
}
