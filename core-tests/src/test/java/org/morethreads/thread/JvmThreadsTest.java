package org.morethreads.thread;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.morethreads.fixture.Kind;

/**
 * Who joins whom, which decides whether a JVM would never end (H11). A program was once halted
 * while it ended as it should: the thread that joined the hooks was taken for one that joins a
 * thread in {@code System.exit}, since the hook that it did join ended in that moment.
 */
class JvmThreadsTest {
  @Test
  void joins_joiner_isSeenAgainAndAgain() throws Exception {
    var end = new CountDownLatch(1);
    Thread joined = Kind.PLATFORM.call(() -> awaits(end)).thread();
    Thread joiner = Kind.PLATFORM.start(() -> joinSurely(joined));
    awaitWaiting(joiner);

    assertThat(JvmThreads.joins(joiner, joined)).isTrue();
    assertThat(JvmThreads.joins(joiner, joined)).isTrue();

    end.countDown();
    joiner.join();
  }

  /** While a thread ends it has its own monitor, and wakes who joins it. */
  @Test
  void joins_joinerOfAnotherIsBlockedForABlink_isNotTakenForOne() throws Exception {
    var end = new CountDownLatch(1);
    Thread blocked = Kind.PLATFORM.call(() -> awaits(end)).thread();
    Thread ending = Kind.PLATFORM.call(() -> awaits(end)).thread();
    Thread joiner = Kind.PLATFORM.start(() -> joinSurely(ending));
    awaitWaiting(joiner);

    for (int i = 0; i < 100; i++) {
      int delay = 10_000 * i;
      Thread blink = Kind.PLATFORM.start(() -> holdAndNotify(ending, delay));
      assertThat(JvmThreads.joins(joiner, blocked)).as("round %d", i).isFalse();
      blink.join();
    }

    end.countDown();
    joiner.join();
  }

  private static void holdAndNotify(Thread ending, int delay) {
    LockSupport.parkNanos(delay);
    synchronized (ending) {
      ending.notifyAll();
      LockSupport.parkNanos(2_000_000);
    }
  }

  @Test
  void joins_oneself_isFalse() {
    assertThat(JvmThreads.joins(Thread.currentThread(), Thread.currentThread())).isFalse();
  }

  private static boolean awaits(CountDownLatch end) throws InterruptedException {
    end.await();
    return true;
  }

  private static void joinSurely(Thread joined) {
    try {
      joined.join();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** A thread that joins another is parked without a blocker. */
  private static void awaitWaiting(Thread joiner) {
    Grove.eventually(() -> joiner.getState() == Thread.State.WAITING);
  }
}
