package org.morethreads.testing;

import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.morethreads.testing.MoreThreadsAssertions.assertThat;

import java.time.Duration;
import org.assertj.core.api.Assertions;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.morethreads.queue.CloseableQueue;
import org.morethreads.sync.OpenSignal;
import org.morethreads.sync.Signal;
import org.morethreads.sync.Till;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.Outcome;
import org.morethreads.thread.ThreadTree;

/** Each assertion passes where it should, and says what is the case where it should not. */
@VirtualTime
class MoreThreadsAssertionsTest {
  private static void fails(ThrowingCallable assertion, String... words) {
    Assertions.assertThatThrownBy(assertion)
        .isInstanceOf(AssertionError.class)
        .message()
        .contains(words);
  }

  @Test
  void signal() {
    OpenSignal signal = Signal.create("loaded");
    ManagedThread.run("waits", signal::await);
    assertThat(signal).isNotSignalled();
    fails(
        () -> assertThat(signal).isSignalled(),
        "Expected signal \"loaded\" to be signalled",
        "waits: ",
        "test: running");
    fails(() -> assertThat(signal).isSignalledWithin(Duration.ofHours(1)), "within PT1H");
    signal.go();
    assertThat(signal).isSignalled().isSignalledWithin(Duration.ZERO);
    fails(() -> assertThat(signal).isNotSignalled(), "not to be signalled");
    fails(() -> assertThat((Signal) null).isSignalled(), "not to be null");
  }

  @Test
  void probe() throws Exception {
    Till till = Till.after(Duration.ofHours(1));
    SignalProbe probe = SignalProbe.on(till);
    assertThat(probe).hasNotGone();
    fails(() -> assertThat(probe).wentOnce(), "has run 0 times");
    Signal.NEVER.await(Duration.ofHours(2));
    assertThat(probe).wentOnce().wentAfter(Duration.ofHours(1));
    fails(() -> assertThat(probe).wentAfter(Duration.ofHours(2)), "went after PT1H");
    fails(() -> assertThat(probe).hasNotGone(), "not to have gone");
  }

  @Test
  void queue() throws Exception {
    CloseableQueue<String> queue = CloseableQueue.bounded("orders", 2);
    assertThat(queue).isOpen().isEmpty();
    queue.put("one");
    assertThat(queue).hasSize(1);
    fails(() -> assertThat(queue).isEmpty(), "queue \"orders\" to be empty", "1 elements");
    queue.close();
    assertThat(queue).isClosed();
    fails(() -> assertThat(queue).isOpen(), "it is closed");
    fails(() -> assertThat(queue).isDrained(), "to be drained");
    queue.take();
    assertThat(queue).isDrained();
  }

  @Test
  void queue_waiters(VirtualClock clock) throws Exception {
    CloseableQueue<String> queue = CloseableQueue.bounded("orders", 1);
    assertThat(queue).hasNobodyWaiting();
    ManagedThread<?> taker = ManagedThread.run("taker", _ -> queue.take());
    clock.awaitOthersBlocked();
    fails(() -> assertThat(queue).hasNobodyWaiting(), "0 wait to put, 1 to take", "taker: ");
    queue.put("one");
    taker.join();
    queue.put("two");
    ManagedThread<?> putter = ManagedThread.run("putter", _ -> queue.put("three"));
    clock.awaitOthersBlocked();
    fails(() -> assertThat(queue).hasNobodyWaiting(), "1 wait to put, 0 to take");
    Assertions.assertThat(queue.take()).isEqualTo("two");
    putter.join();
    assertThat(queue).hasNobodyWaiting();
    queue.drain();
  }

  @Test
  void thread_kindAndPath(ThreadTree tree) {
    ManagedThread<?> virtual = tree.run("virtual", Signal::await);
    ManagedThread<?> platform = tree.named("platform").platform().run(Signal::await);
    ManagedThread<?> prepared = tree.named("prepared").prepare(_ -> {});
    assertThat(virtual).hasPath("thread_kindAndPath/virtual").isVirtual();
    assertThat(platform).isPlatform();
    fails(() -> assertThat(virtual).hasPath("other"), "to have the path \"other\"");
    fails(() -> assertThat(virtual).isPlatform(), "to be a platform thread");
    fails(() -> assertThat(platform).isVirtual(), "to be a virtual thread");
    fails(() -> assertThat(prepared).isVirtual(), "to be a virtual thread");
    fails(() -> assertThat(prepared).isPlatform(), "to be a platform thread");
  }

  @Test
  void treeAndThread(VirtualClock clock) throws Exception {
    try (ThreadTree tree = clock.openTree("service")) {
      ManagedThread<?> worker = tree.run("worker", Signal::await);
      assertThat(tree).hasThreads("worker").hasThread("service/worker").hasAbandonedNobody();
      assertThat(tree).hasNoUnclaimedFailure();
      fails(() -> assertThat(tree).hasNoThreads(), "to have no threads", "worker: ");
      fails(() -> assertThat(tree).hasThreads("other"), "[other]");
      fails(() -> assertThat(tree).hasThread("service/other"), "service/other");
      fails(() -> assertThat(tree).hasStopped(), "to have stopped");
      fails(() -> assertThat(tree).wasAskedToStop(), "to have been asked");
      assertThat(worker).hasNotStopped();
      fails(() -> assertThat(worker).hasStopped(), "thread \"service/worker\" to have stopped");
      fails(() -> assertThat(worker).stopsWithin(Duration.ofHours(1)), "within PT1H");
      fails(() -> assertThat(worker).outcome(), "to have an outcome");
      tree.stop();
      assertThat(worker).stopsWithin(Duration.ofSeconds(1)).hasStopped().wasAskedToStop();
      assertThat(worker).outcome().isReturned();
      assertThat(tree).wasAskedToStop().hasNoThreads();
      Assertions.assertThat(tree.stopped().await(Duration.ofSeconds(1))).isTrue();
      assertThat(tree).hasStopped();
    }
  }

  @Test
  @ManagedThreads(allowedLog = System.Logger.Level.WARNING) // of the stop that takes its time
  void outcome() throws Exception {
    ManagedThread<String> returned = ManagedThread.call("returns", _ -> "value");
    assertThat(returned.awaitOutcome()).isReturned().hasReturned("value");
    fails(() -> assertThat(returned.awaitOutcome()).hasReturned("other"), "returned other");
    fails(() -> assertThat(returned.awaitOutcome()).isFailedThat(), "that the thread failed");

    IllegalStateException failure = new IllegalStateException("planted");
    ManagedThread<?> failed =
        ManagedThread.run(
            "fails",
            _ -> {
              throw failure;
            });
    Outcome<?> outcome = failed.awaitOutcome();
    assertThat(outcome).isFailedThat().isSameAs(failure);
    assertThatExceptionOfType(AssertionError.class)
        .isThrownBy(() -> assertThat(outcome).isReturned())
        .withCause(failure);

    ManagedThread<?> stopped = ManagedThread.run("stopped", _ -> Signal.NEVER.await());
    stopped.stop();
    assertThat(stopped.awaitOutcome()).isStopped();
    fails(() -> assertThat(stopped.awaitOutcome()).isAbandoned(), "was abandoned");
  }
}
