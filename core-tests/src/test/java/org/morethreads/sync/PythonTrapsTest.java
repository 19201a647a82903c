package org.morethreads.sync;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.morethreads.fixture.VirtualTime;
import org.morethreads.fixture.VirtualTime.Participant;

/** What went wrong in the Python original, by the numbers of the list that was made of it. */
@Timeout(60)
class PythonTrapsTest {
  private final OpenSignal a = Signal.create("a");
  private final OpenSignal b = Signal.create("b");
  private final AtomicInteger ran = new AtomicInteger();

  /** {@code (a|b).then(f)} never fired after a collection: the composite was held weakly only. */
  @Test
  void trap1_actionOnACompositeNobodyHolds_survivesCollections() {
    a.or(b).then(ran::incrementAndGet);
    a.and(b).or(a.and(a.or(b))).then(ran::incrementAndGet);
    for (int i = 0; i < 5; i++) {
      System.gc();
    }
    b.go();
    a.go();
    assertThat(ran).hasValue(2);
  }

  /** The same with nobody holding anything at all but the clock. */
  @Test
  void trap1_actionOnATillNobodyHolds_survivesCollections() throws Exception {
    OpenSignal both = Signal.create("both");
    Till.after(Duration.ofMillis(100)).then(() -> ran.incrementAndGet());
    Till.after(Duration.ofMillis(100)).or(Signal.create("lost")).then(both::go);
    for (int i = 0; i < 5; i++) {
      System.gc();
    }
    both.await();
    while (ran.get() == 0) {
      Thread.onSpinWait();
    }
  }

  /** {@code wait(till=t)} answered true though only the till had gone. */
  @Test
  void trap2_awaitUntilATill_isFalseWhenOnlyTheTillWent() throws Exception {
    b.go();
    assertThat(a.await(b)).isFalse();
    assertThat(a.await(Till.after(Duration.ofNanos(1)))).isFalse();
    assertThat(a.await(Duration.ofNanos(1))).isFalse();
  }

  /** A till was 90 ms late. Here: not a nanosecond, by the clock that it reads. */
  @Test
  void trap5_till_isNotLate() throws Exception {
    var time = new VirtualTime();
    time.run(
        true,
        () -> {
          for (int i = 1; i <= 100; i++) {
            Till.after(Duration.ofMillis(10)).await();
            assertThat(time.elapsed()).isEqualTo(Duration.ofMillis(10 * i));
          }
        });
  }

  /** All tills fired early at the shutdown, and nobody could tell. */
  @Test
  void trap5_tillHurriedAtAStop_saysSo() throws Exception {
    var time = new VirtualTime();
    Participant thread =
        time.participant(
            "thread",
            true,
            () -> {
              Till till = Till.after(Duration.ofHours(1));
              till.await();
              assertThat(till.isHurried()).isTrue();
              assertThat(Till.unhurried(Duration.ofHours(1)).isSignalled()).isFalse();
            });
    time.run(
        true,
        () -> {
          thread.start();
          time.settle();
          thread.hurry();
        });
    time.join(thread);
  }

  /** Leaving woke one waiter; one that gave up took the wake-up with it. */
  @Test
  void trap11_wokenWaiterGivesUp_theNextIsWoken() throws Exception {
    var time = new VirtualTime();
    Lock lock = Lock.create("lock");
    boolean[] ready = {false};
    time.run(
        true,
        () -> {
          Participant impatient = time.start("impatient", () -> await(lock, new boolean[1]));
          time.settle();
          Participant patient = time.start("patient", () -> await(lock, ready));
          time.settle();
          try (var _ = lock.acquire()) {
            ready[0] = true;
            impatient.interrupt();
          }
          time.settle();
          assertThat(impatient.hasEnded()).isTrue();
          assertThat(patient.hasEnded()).isTrue();
        });
  }

  /** Two waiters with nothing to do woke each other for ever. */
  @Test
  void trap12_twoIdleWaiters_comeToRest() throws Exception {
    var time = new VirtualTime();
    Lock lock = Lock.create("lock");
    boolean[] never = {false};
    time.run(
        true,
        () -> {
          Participant first = time.start("first", () -> await(lock, never));
          Participant second = time.start("second", () -> await(lock, never));
          time.settle();
          int parks = time.parks();
          assertThat(a.await(Duration.ofHours(1))).isFalse();
          assertThat(time.parks())
              .as("sleeps in an hour, this thread's own included")
              .isEqualTo(parks + 1);
          first.interrupt();
          second.interrupt();
        });
  }

  private static void await(Lock lock, boolean[] condition) throws InterruptedException {
    try (var held = lock.acquire()) {
      while (!condition[0]) {
        held.await();
      }
    } catch (InterruptedException _) {
      // gives up
    }
  }
}
