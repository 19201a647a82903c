package org.morethreads.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.morethreads.internal.Firing;
import org.morethreads.sync.Signal;

/** How queues are made, what they are called, and what they leave in others. */
class CloseableQueueTest {
  @Test
  void create_names_areEverywhere() throws Exception {
    CloseableQueue<String> queue = CloseableQueue.bounded("todo", 2);
    assertThat(queue.name()).isEqualTo("todo");
    assertThat(queue.capacity()).isEqualTo(2);
    assertThat(queue.closed()).hasToString("todo closed");
    assertThat(queue.drained()).hasToString("todo drained");
    queue.put("x");
    assertThat(queue).hasToString("queue \"todo\" (1 of 2)");
    queue.close();
    assertThat(queue).hasToString("queue \"todo\" (1 of 2, closed)");
    assertThat(CloseableQueue.unbounded("any")).hasToString("queue \"any\" (0)");
    assertThat(CloseableQueue.named("any").create().capacity()).isEqualTo(Integer.MAX_VALUE);
  }

  @Test
  void create_badArguments_throws() {
    assertThatThrownBy(() -> CloseableQueue.bounded("todo", 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("queue \"todo\"".replace('q', 'Q'));
    assertThatThrownBy(() -> CloseableQueue.unbounded(null))
        .isInstanceOf(NullPointerException.class);
  }

  @Test
  void closed_signals_cannotBeFiredByUsers() {
    CloseableQueue<String> queue = CloseableQueue.unbounded("todo");
    assertThat(queue.closed()).isNotInstanceOf(org.morethreads.sync.OpenSignal.class);
    assertThat(queue.drained()).isNotInstanceOf(org.morethreads.sync.OpenSignal.class);
  }

  @Test
  void queueClosedException_namesTheQueue() {
    CloseableQueue<String> queue = CloseableQueue.unbounded("todo");
    queue.close();
    assertThatThrownBy(() -> queue.put("x"))
        .isInstanceOfSatisfying(
            QueueClosedException.class, e -> assertThat(e.queueName()).isEqualTo("todo"))
        .hasMessageContaining("closedBy");
  }

  @Test
  void queueClosedException_closedByAThreadWithoutAName_hasItsNumber() throws Exception {
    CloseableQueue<String> queue = CloseableQueue.unbounded("todo");
    Thread closer = Thread.startVirtualThread(queue::close);
    closer.join();
    assertThatThrownBy(() -> queue.put("x"))
        .hasMessageContaining("closed by thread \"#" + closer.threadId() + "\". Close a queue");
  }

  /** Many queues that are closed by hand leave nothing in a signal that lives on. */
  @Test
  void closedBy_closedEarlier_leavesNothingInTheSignals() {
    var stop = Signal.create("stop");
    var other = Signal.create("other");
    for (int i = 0; i < 1000; i++) {
      CloseableQueue<String> queue = CloseableQueue.unbounded("todo");
      queue.closedBy(stop).closedBy(List.of(stop, other));
      queue.close();
    }
    assertThat(Firing.countLive(stop)).isZero();
    assertThat(Firing.countLive(other)).isZero();
  }

  @Test
  void closedBy_alreadyGone_closesAtOnce() {
    CloseableQueue<String> queue = CloseableQueue.unbounded("todo");
    queue.closedBy(Signal.DONE, Signal.DONE);
    assertThat(queue.drained().isSignalled()).isTrue();
  }

  /** S3: both are signalled before actions run; an action may wait for the other one. */
  @Test
  void close_emptyQueue_actionOnClosedFindsItDrained() {
    CloseableQueue<String> queue = CloseableQueue.unbounded("todo");
    var found = new AtomicBoolean();
    queue.closed().then(() -> found.set(queue.drained().isSignalled()));
    queue.close();
    assertThat(found).isTrue();
  }

  @Test
  void close_emptyQueue_whoAwaitsTheEndIsWokenBeforeActionsOfClosed() throws Exception {
    CloseableQueue<String> queue = CloseableQueue.unbounded("todo");
    var back = new CountDownLatch(1);
    Thread waiter =
        Thread.startVirtualThread(() -> {
          try {
            queue.drained().await();
            back.countDown();
          } catch (InterruptedException e) {
            throw new AssertionError(e);
          }
        });
    while (Firing.countLive(queue.drained()) == 0) {
      Thread.sleep(1);
    }
    var inTime = new AtomicBoolean();
    queue
        .closed()
        .then(() -> {
          try {
            inTime.set(back.await(20, TimeUnit.SECONDS));
          } catch (InterruptedException e) {
            throw new AssertionError(e);
          }
        });
    queue.close();
    assertThat(inTime).isTrue();
    waiter.join();
  }
}
