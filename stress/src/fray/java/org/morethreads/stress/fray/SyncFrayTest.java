package org.morethreads.stress.fray;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.morethreads.queue.CloseableQueue;
import org.morethreads.queue.QueueClosedException;
import org.morethreads.sync.Lock;
import org.morethreads.sync.OpenSignal;
import org.morethreads.sync.Signal;
import org.pastalab.fray.junit.junit5.FrayTestExtension;
import org.pastalab.fray.junit.junit5.annotations.FrayTest;
import org.pastalab.fray.junit.plain.FrayInTestLauncher;

/**
 * A few scenarios as Fray orders them: it switches at every volatile access and park, its own
 * choice of places, where our scheduler has only the schedule points that somebody thought of. On
 * platform threads, since it knows no virtual ones.
 */
@ExtendWith(FrayTestExtension.class)
class SyncFrayTest {
  private static final int ITERATIONS = 60;

  /** Something that may wait. */
  @FunctionalInterface
  private interface Body {
    void run() throws Exception;
  }

  /** Runs bodies on threads of their own, all at once, and waits for them; a failure is thrown. */
  private static void together(Body... bodies) throws Exception {
    Throwable[] failures = new Throwable[bodies.length];
    Thread[] threads = new Thread[bodies.length];
    for (int i = 0; i < bodies.length; i++) {
      int its = i;
      threads[i] =
          Thread.ofPlatform()
              .start(() -> {
                try {
                  bodies[its].run();
                } catch (Throwable failure) {
                  failures[its] = failure;
                }
              });
    }
    for (Thread thread : threads) {
      thread.join();
    }
    for (Throwable failure : failures) {
      if (failure != null) {
        throw new AssertionError(failure);
      }
    }
  }

  /** The suite can fail: a planted lost update is found. */
  @Test
  void planted_lostUpdate_isFound() {
    assertThatThrownBy(() -> FrayInTestLauncher.INSTANCE.launchFrayTest(SyncFrayTest::loseAnUpdate))
        .hasStackTraceContaining("an update is lost");
  }

  private static void loseAnUpdate() {
    var sum = new AtomicInteger();
    Body add = () -> sum.set(sum.get() + 1);
    try {
      together(add, add);
    } catch (Exception interrupted) {
      throw new AssertionError(interrupted);
    }
    assertThat(sum).as("an update is lost").hasValue(2);
  }

  /** await | then | go: S2, S3. */
  @FrayTest(iterations = ITERATIONS)
  void go_racingAwaitAndThen_wakesAndRunsOnce() throws Exception {
    OpenSignal signal = Signal.create("signal");
    int[] plain = {0};
    var runs = new AtomicInteger();
    together(
        () -> {
          signal.await();
          assertThat(plain[0]).isEqualTo(1);
        },
        () -> signal.then(runs::incrementAndGet),
        () -> {
          plain[0] = 1;
          signal.go();
        });
    assertThat(runs).hasValue(1);
  }

  /** await a.and(b) | a.go | b.go: S5. */
  @FrayTest(iterations = ITERATIONS)
  void composite_operandsGoAtOnce_wakesWhoAwaitsIt() throws Exception {
    OpenSignal a = Signal.create("a");
    OpenSignal b = Signal.create("b");
    Signal both = a.and(b);
    together(both::await, a::go, b::go);
    assertThat(both.isSignalled()).isTrue();
  }

  /** acquire and await | acquire and change | acquire and await: L2, L3. */
  @FrayTest(iterations = ITERATIONS)
  void lock_changeMeetsTwoWhoAwaitIt_bothSeeIt() throws Exception {
    Lock lock = Lock.create("lock");
    int[] plain = {0};
    Body awaitsIt =
        () -> {
          try (var held = lock.acquire()) {
            while (plain[0] == 0) {
              held.await();
            }
          }
        };
    together(
        awaitsIt,
        () -> {
          try (var held = lock.acquire()) {
            plain[0]++;
          }
        },
        awaitsIt);
    assertThat(plain[0]).isEqualTo(1);
  }

  /** put, put, close | take to the end | take to the end: Q2, Q3, Q4. */
  @FrayTest(iterations = ITERATIONS)
  void queue_closedBehindItsElements_eachIsTakenOnce() throws Exception {
    CloseableQueue<Integer> queue = CloseableQueue.bounded("queue", 1);
    var sum = new AtomicInteger();
    Body takesAll =
        () -> {
          try {
            while (true) {
              sum.addAndGet(queue.take());
            }
          } catch (QueueClosedException end) {
            assertThat(queue.poll()).isNull();
          }
        };
    together(
        () -> {
          queue.put(1);
          queue.put(2);
          queue.put(4);
          queue.close();
        },
        takesAll,
        takesAll);
    assertThat(sum).hasValue(7);
  }
}
