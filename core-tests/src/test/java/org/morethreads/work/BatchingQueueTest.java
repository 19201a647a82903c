package org.morethreads.work;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.morethreads.testing.MoreThreadsAssertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.morethreads.queue.Offer;
import org.morethreads.queue.QueueClosedException;
import org.morethreads.sync.Signal;
import org.morethreads.testing.FailingSink;
import org.morethreads.testing.Sequencer;
import org.morethreads.testing.SlowSink;
import org.morethreads.testing.TestLog;
import org.morethreads.testing.VirtualClock;
import org.morethreads.testing.VirtualTime;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.StopPolicy;
import org.morethreads.thread.ThreadFailedException;

/** Batching queues, on virtual time (Q6). */
@VirtualTime
class BatchingQueueTest {
  private static final Duration SECOND = Duration.ofSeconds(1);
  private static final Duration LONG = Duration.ofDays(1);

  private static Duration seconds(double seconds) {
    return Duration.ofMillis(Math.round(seconds * 1000));
  }

  private static void pause(double seconds) throws InterruptedException {
    Signal.NEVER.await(seconds(seconds));
  }

  private static List<Integer> numbers(int from, int to) {
    return IntStream.rangeClosed(from, to).boxed().toList();
  }

  /** A sink that takes so long for each batch, and notes when it was given what. */
  private static SlowSink<List<Integer>> taking(double seconds) {
    return SlowSink.taking(seconds(seconds));
  }

  /** A sink that fails at its first calls, and notes when it was given what. */
  private static FailingSink<List<Integer>> failingAtFirst(int calls) {
    return failingAt(call -> call <= calls);
  }

  private static FailingSink<List<Integer>> failingAt(IntPredicate calls) {
    return FailingSink.atCalls(
        calls, () -> new UncheckedIOException("disk full", new IOException("disk full")));
  }

  private static List<Integer> elements(List<List<Integer>> batches) {
    return batches.stream().flatMap(List::stream).toList();
  }

  private static BatchingQueue.Builder<Integer> named(String name) {
    return BatchingQueue.<Integer>named(name).maximumAge(LONG);
  }

  // ---- size and age

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 10, 1000})
  void put_asManyAsABatch_areDeliveredAtOnce_inOrder(int size, VirtualClock clock)
      throws Exception {
    var sink = taking(0);
    try (var queue = named("rows").size(size).start(sink::receive)) {
      for (int i = 1; i <= 2 * size; i++) {
        queue.put(i);
      }
      clock.awaitOthersBlocked();
      assertThat(sink.received()).containsExactly(numbers(1, size), numbers(size + 1, 2 * size));
      assertThat(clock.elapsed()).isZero();
      assertThat(queue.statistics())
          .isEqualTo(
              new BatchingQueue.Statistics(
                  2L * size, 0, 0, 2L * size, 0, 2, 0, 0, queue.statistics().blockedPutting()));
    }
  }

  @Test
  void put_lessThanABatch_isDeliveredWhenTheFirstHasItsAge() throws Exception {
    var sink = taking(0);
    try (var queue = named("rows").size(10).maximumAge(SECOND).start(sink::receive)) {
      pause(5);
      queue.put(1);
      pause(0.9);
      queue.put(2);
      pause(0.05);
      assertThat(sink.received()).isEmpty();
      assertThat(queue.statistics().waiting() + queue.statistics().inHand()).isEqualTo(2);
      pause(0.1);
      assertThat(sink.received()).containsExactly(List.of(1, 2));
      assertThat(sink.calledAfter()).containsExactly(seconds(6));
      pause(0.1);
      queue.put(3);
      pause(2);
      assertThat(sink.calledAfter()).containsExactly(seconds(6), seconds(7.15));
    }
  }

  /** The age is real time: nothing of it is hurried, and it counts from the put. */
  @Test
  void put_whileTheSinkIsBusy_ageCountsFromThen() throws Exception {
    var sink = taking(0.5);
    try (var queue = named("rows").size(2).maximumAge(SECOND).start(sink::receive)) {
      pause(5);
      queue.putAll(List.of(1, 2)); // with the sink till 5.5
      pause(0.3);
      queue.put(3);
      pause(3);
      assertThat(sink.received()).containsExactly(List.of(1, 2), List.of(3));
      assertThat(sink.calledAfter().get(1))
          .as("from the put, or from when it was empty before")
          .isBetween(seconds(6), seconds(6.3));
    }
  }

  @Test
  void put_sinkBusyForLongerThanTheAge_isDeliveredAtOnceAfter() throws Exception {
    var sink = taking(5);
    try (var queue = named("rows").size(3).maximumAge(SECOND).start(sink::receive)) {
      queue.putAll(List.of(1, 2, 3));
      pause(1);
      queue.put(4);
      pause(5);
      assertThat(sink.calledAfter()).containsExactly(Duration.ZERO, seconds(5));
    }
    assertThat(elements(sink.received())).containsExactly(1, 2, 3, 4);
  }

  @Test
  void put_inEachWay_completesTheBatchThatIsGathered(VirtualClock clock) throws Exception {
    var sink = taking(0);
    try (var queue = named("rows").size(2).start(sink::receive)) {
      queue.put(1);
      clock.awaitOthersBlocked();
      assertThat(queue.put(2, Signal.NEVER)).isTrue();
      clock.awaitOthersBlocked();
      assertThat(sink.received()).hasSize(1);
      queue.put(3);
      clock.awaitOthersBlocked();
      assertThat(queue.put(4, SECOND)).isTrue();
      clock.awaitOthersBlocked();
      assertThat(sink.received()).hasSize(2);
      queue.put(5);
      clock.awaitOthersBlocked();
      assertThat(queue.offer(6)).isEqualTo(Offer.ADDED);
      clock.awaitOthersBlocked();
      assertThat(sink.received()).hasSize(3);
      queue.put(7);
      clock.awaitOthersBlocked();
      queue.putAll(List.of(8));
      clock.awaitOthersBlocked();
      assertThat(sink.received()).hasSize(4);
      assertThat(clock.elapsed()).isZero();
    }
  }

  @Test
  void put_moreThanABatchTogether_isPartedAndNothingOvertakes(VirtualClock clock) throws Exception {
    var sink = taking(0);
    try (var queue = named("rows").size(4).start(sink::receive)) {
      queue.putAll(numbers(1, 10));
      clock.awaitOthersBlocked();
      assertThat(sink.received()).containsExactly(numbers(1, 4), numbers(5, 8));
    }
    assertThat(sink.received()).containsExactly(numbers(1, 4), numbers(5, 8), numbers(9, 10));
  }

  @Test
  void start_capacityBelowTheSize_batchesAreFullAllTheSame(VirtualClock clock) throws Exception {
    var sink = taking(0);
    try (var queue = named("rows").size(10).capacity(3).start(sink::receive)) {
      for (int i = 1; i <= 20; i++) {
        queue.put(i);
        if (i == 9) {
          clock.awaitOthersBlocked();
          assertThat(queue.statistics().waiting() + queue.statistics().inHand()).isEqualTo(9);
        }
      }
      clock.awaitOthersBlocked();
      assertThat(sink.received()).containsExactly(numbers(1, 10), numbers(11, 20));
    }
  }

  @Test
  void batch_isTheSinksOwn_andCannotBeChanged() throws Exception {
    List<List<Integer>> kept = new CopyOnWriteArrayList<>();
    try (var queue = named("rows").size(2).start(kept::add)) {
      queue.putAll(numbers(1, 4));
    }
    assertThat(kept).containsExactly(List.of(1, 2), List.of(3, 4));
    assertThatThrownBy(() -> kept.getFirst().clear())
        .isInstanceOf(UnsupportedOperationException.class);
  }

  // ---- back-pressure

  @Test
  void put_full_waitsForTheSink(VirtualClock clock) throws Exception {
    var sink = taking(10);
    try (var queue = named("rows").size(2).capacity(3).start(sink::receive)) {
      queue.putAll(List.of(1, 2));
      clock.awaitOthersBlocked(); // with the sink
      queue.putAll(List.of(3, 4, 5));
      assertThat(queue.offer(6)).isEqualTo(Offer.FULL);
      assertThat(queue.put(6, seconds(2))).isFalse();
      assertThat(queue.put(6, Signal.DONE)).isFalse();
      assertThat(clock.elapsed()).isEqualTo(seconds(2));
      queue.put(6);
      assertThat(clock.elapsed()).isEqualTo(seconds(10));
      assertThat(queue.statistics().blockedPutting()).isEqualTo(seconds(10));
      assertThat(queue.statistics().put()).isEqualTo(6);
    }
    assertThat(elements(sink.received())).containsExactlyElementsOf(numbers(1, 6));
  }

  @Test
  void put_bySink_worksWhileThereIsRoom_elseIsAnError() throws Exception {
    var self = new AtomicReference<BatchingQueue<Integer>>();
    List<Integer> seen = new CopyOnWriteArrayList<>();
    var refused = new AtomicInteger();
    var goOn = Signal.create("go on");
    try (var queue =
        named("rows")
            .size(1)
            .capacity(1)
            .start(batch -> {
              goOn.await();
              seen.addAll(batch);
              if (batch.contains(1)) {
                self.get().put(2);
                assertThat(self.get().put(3, LONG)).as("does not wait for itself").isFalse();
                assertThat(self.get().put(3, Signal.NEVER)).isFalse();
                assertThatIllegalStateException()
                    .isThrownBy(() -> self.get().put(3))
                    .withMessageContaining("larger capacity");
                assertThatIllegalStateException()
                    .isThrownBy(() -> self.get().putAll(List.of(3)))
                    .withMessageContaining("larger capacity");
                refused.incrementAndGet();
              }
            })) {
      self.set(queue);
      queue.put(1);
      goOn.go();
      assertThat(queue.flush()).isSignalledWithin(LONG);
      assertThat(queue.flush()).isSignalledWithin(LONG);
    }
    assertThat(seen).containsExactly(1, 2);
    assertThat(refused).hasValue(1);
  }

  // ---- a sink that fails

  @Test
  void sinkFails_retried_pausesDouble_andTheBatchIsDelivered(TestLog log) throws Exception {
    var sink = failingAt(call -> call <= 5 || call == 7); // each batch has retries of its own
    try (var queue = named("rows").size(2).retries(5, SECOND, seconds(5)).start(sink::accept)) {
      queue.putAll(List.of(1, 2));
      pause(30);
      assertThat(sink.calledAfter())
          .containsExactly(
              Duration.ZERO, seconds(1), seconds(3), seconds(7), seconds(12), seconds(17));
      assertThat(sink.received()).containsExactly(List.of(1, 2));
      assertThat(queue.statistics().failures()).isEqualTo(5);
      assertThat(queue.statistics().delivered()).isEqualTo(2);

      queue.putAll(List.of(3, 4));
      pause(30);
      assertThat(sink.calledAfter().subList(6, 8)).containsExactly(seconds(30), seconds(31));
    }
    log.take(
        Level.WARNING, "The sink of batching queue \"rows\" has failed, and is called again: ");
    assertThat(log.take(Level.WARNING, "is called again").message()).contains("disk full");
  }

  @Test
  void sinkFailsForTheLastTime_handler_getsTheBatchAndTheNextOnesGoOn(
      VirtualClock clock, TestLog log) throws Exception {
    var sink = failingAtFirst(3);
    List<String> handed = new CopyOnWriteArrayList<>();
    try (var queue =
        named("rows")
            .size(2)
            .retries(2, Duration.ZERO, Duration.ZERO)
            .onUndelivered((batch, why) -> handed.add(batch + " " + why.getMessage()))
            .start(sink::accept)) {
      queue.putAll(numbers(1, 4));
      clock.awaitOthersBlocked();
      assertThat(handed).containsExactly("[1, 2] disk full");
      assertThat(sink.received()).containsExactly(List.of(3, 4));
      assertThat(queue.statistics().undelivered()).isEqualTo(2);
      assertThat(queue.statistics().delivered()).isEqualTo(2);
      assertThat(queue.statistics().inHand()).isZero();
      assertThat(queue.takeUndelivered()).as("the handler has them").isEmpty();
    }
    log.take(Level.WARNING, "is called again");
  }

  @Test
  void sinkFails_noHandler_endsTheQueue_failureForAll_elementsAreKept(TestLog log)
      throws Exception {
    var failure = new IOException("disk full");
    var order = Sequencer.create("order");
    var queue =
        named("rows")
            .size(2)
            .capacity(2)
            .start(_ -> {
              order.step(2);
              throw failure;
            });
    queue.putAll(numbers(1, 4));
    var putter = ManagedThread.run("putter", _ -> queue.put(7)); // waits: 3 and 4 are inside
    pause(1);
    order.step(1);
    assertThat(putter.awaitOutcome())
        .isFailedThat()
        .isInstanceOf(QueueClosedException.class)
        .hasCause(failure);
    queue.close();
    assertThatExceptionOfType(ThreadFailedException.class)
        .isThrownBy(queue.thread()::join)
        .withCause(failure);
    assertThatThrownBy(() -> queue.put(8)).hasCause(failure);
    assertThat(queue.offer(8)).isEqualTo(Offer.CLOSED);
    assertThat(queue.takeUndelivered()).containsExactlyElementsOf(numbers(1, 4));
    assertThat(queue.takeUndelivered()).isEmpty();
    assertThat(queue.statistics().undelivered()).isEqualTo(4);
    assertThat(
            log.take(Level.WARNING, "Batching queue \"rows\" has ended with 4 elements").message())
        .contains("disk full", "4 can be had by takeUndelivered()");
  }

  @Test
  void sinkFails_handlerFails_endsTheQueueWithThat_elementsAreKept(TestLog log) throws Exception {
    var sink = failingAtFirst(1);
    var calls = new AtomicInteger();
    var queue =
        named("rows")
            .size(2)
            .onUndelivered((_, _) -> {
              calls.incrementAndGet();
              throw new IllegalStateException("nowhere to put it");
            })
            .start(sink::accept);
    queue.putAll(numbers(1, 5));
    queue.close();
    assertThatExceptionOfType(ThreadFailedException.class)
        .isThrownBy(queue.thread()::join)
        .satisfies(thrown ->
            assertThat(thrown.getCause())
                .hasMessage("nowhere to put it")
                .satisfies(failed ->
                    assertThat(failed.getSuppressed())
                        .singleElement()
                        .asInstanceOf(InstanceOfAssertFactories.THROWABLE)
                        .hasMessage("disk full")));
    assertThat(calls).as("asked once").hasValue(1);
    assertThat(queue.takeUndelivered()).containsExactlyElementsOf(numbers(1, 5));
    log.take(Level.WARNING, "has ended with 5 elements undelivered");
  }

  @Test
  void sinkFails_handlerThrowsTheSame_endsTheQueueWithThat(TestLog log) throws Exception {
    var failure = new IOException("disk full");
    var queue =
        named("rows")
            .size(1)
            .onUndelivered((_, why) -> {
              throw (Exception) why;
            })
            .start(_ -> {
              throw failure;
            });
    queue.put(1);
    queue.close();
    assertThatExceptionOfType(ThreadFailedException.class)
        .isThrownBy(queue.thread()::join)
        .withCause(failure);
    assertThat(queue.takeUndelivered()).containsExactly(1);
    log.take(Level.WARNING, "has ended with 1 element undelivered");
  }

  /** The log is given words, and what makes them may be broken as well. */
  @Test
  void sinkFails_failureHasNoWords_isRetriedAllTheSame(TestLog log) throws Exception {
    class Wordless extends Exception {
      private static final long serialVersionUID = 1;

      @Override
      public String toString() {
        throw new IllegalStateException("no words");
      }
    }
    var calls = new AtomicInteger();
    try (var queue =
        named("rows")
            .size(1)
            .retries(1, SECOND, SECOND)
            .start(_ -> {
              if (calls.incrementAndGet() == 1) {
                throw new Wordless();
              }
            })) {
      queue.put(1);
    }
    assertThat(calls).hasValue(2);
    assertThat(log.take(Level.WARNING, "is called again").message())
        .endsWith(Wordless.class.getName());
  }

  @Test
  void sinkThrowsAnError_isHandledAsAnyFailure() throws Exception {
    List<Throwable> why = new CopyOnWriteArrayList<>();
    var failed = new AtomicInteger();
    try (var queue =
        named("rows")
            .size(1)
            .onUndelivered((_, failure) -> why.add(failure))
            .start(batch -> {
              if (batch.contains(1)) {
                throw new StackOverflowError("deep");
              }
              failed.addAndGet(batch.size());
            })) {
      queue.putAll(numbers(1, 3));
    }
    assertThat(why).singleElement().isInstanceOf(StackOverflowError.class);
    assertThat(failed).hasValue(2);
  }

  // ---- flush

  @Test
  void flush_partOfABatch_isDeliveredNow_andTheSignalGoesWhenDone(VirtualClock clock)
      throws Exception {
    var sink = taking(3);
    try (var queue = named("rows").size(10).start(sink::receive)) {
      assertThat(queue.flush()).as("nothing to do").isSignalled();
      queue.putAll(numbers(1, 3));
      clock.awaitOthersBlocked();
      Signal flushed = queue.flush();
      queue.put(4); // perhaps taken along, but not waited for
      assertThat(flushed).isNotSignalled();
      flushed.await();
      assertThat(clock.elapsed()).isEqualTo(seconds(3));
      assertThat(elements(sink.received())).startsWith(1, 2, 3);
      assertThat(queue.flush()).isSignalledWithin(LONG);
      assertThat(elements(sink.received())).containsExactlyElementsOf(numbers(1, 4));
      pause(10);
      queue.put(5);
      pause(10);
      assertThat(elements(sink.received())).as("one flush, one time").hasSize(4);
    }
  }

  @Test
  void flush_moreThanABatchInside_allOfItIsDelivered(VirtualClock clock) throws Exception {
    var sink = taking(1);
    try (var queue = named("rows").size(2).capacity(10).start(sink::receive)) {
      queue.putAll(numbers(1, 7));
      Signal flushed = queue.flush();
      flushed.await();
      assertThat(elements(sink.received())).containsExactlyElementsOf(numbers(1, 7));
      assertThat(clock.elapsed()).isEqualTo(seconds(4));
    }
  }

  @Test
  void flush_givenUp_theSignalGoesAsWell() throws Exception {
    var sink = failingAtFirst(1);
    try (var queue = named("rows").size(5).onUndelivered((_, _) -> {}).start(sink::accept)) {
      queue.put(1);
      assertThat(queue.flush()).isSignalledWithin(LONG);
      assertThat(queue.statistics().undelivered()).isEqualTo(1);
    }
  }

  @Test
  void flush_queueHasEnded_isSignalled(TestLog log) throws Exception {
    var sink = failingAtFirst(1);
    var queue = named("rows").size(5).start(sink::accept);
    queue.put(1);
    Signal flushed = queue.flush();
    assertThat(flushed).isSignalledWithin(LONG);
    queue.close();
    assertThat(queue.flush()).isSignalled();
    assertThatThrownBy(queue.thread()::join).hasRootCauseMessage("disk full");
    log.take(Level.WARNING, "has ended with 1 element undelivered");
  }

  /** The thread of the queue has stopped only when those have that its sink has started. */
  @Test
  void flush_queueFailsAndAThreadOfItsSinkLasts_isSignalledBeforeThatEnds(
      VirtualClock clock, TestLog log) throws Exception {
    var queue =
        named("rows")
            .size(5)
            .start(_ -> {
              ManagedThread.run("child", _ -> pause(3));
              throw new IOException("disk full");
            });
    queue.put(1);
    queue.flush().await();
    assertThat(clock.elapsed()).isZero();
    assertThat(queue.stopped()).isNotSignalled();
    assertThatThrownBy(queue.thread()::join).hasRootCauseMessage("disk full");
    assertThat(clock.elapsed()).isEqualTo(seconds(3));
    log.take(Level.WARNING, "has ended with 1 element undelivered");
    log.takeStopReports();
  }

  // ---- the end

  @Test
  void close_slowSink_waitsUntilEverythingIsDelivered(VirtualClock clock) throws Exception {
    var sink = taking(100);
    var queue = named("rows").size(2).capacity(10).start(sink::receive);
    queue.putAll(numbers(1, 9));
    queue.close();
    assertThat(clock.elapsed()).as("longer than any stop may take").isEqualTo(seconds(500));
    assertThat(elements(sink.received())).containsExactlyElementsOf(numbers(1, 9));
    assertThat(queue.stopped()).isSignalled();
    assertThat(queue.closed()).isSignalled();
    assertThat(queue.thread()).outcome().isReturned();
    assertThatThrownBy(() -> queue.put(10)).isInstanceOf(QueueClosedException.class);
    queue.close();
  }

  @Test
  void close_sinkIsRetried_waitsForTheRetries(VirtualClock clock, TestLog log) throws Exception {
    var sink = failingAtFirst(3);
    try (var queue = named("rows").retries(9, seconds(60), seconds(60)).start(sink::accept)) {
      queue.put(1);
    }
    assertThat(clock.elapsed()).isEqualTo(seconds(180));
    assertThat(elements(sink.received())).containsExactly(1);
    log.take(Level.WARNING, "is called again");
  }

  @Test
  void shutdown_returnsAtOnce_andTheRestIsDelivered(VirtualClock clock) throws Exception {
    var sink = taking(1);
    var queue = named("rows").size(10).start(sink::receive);
    queue.put(1);
    clock.awaitOthersBlocked();
    queue.shutdown();
    assertThat(clock.elapsed()).isZero();
    assertThat(queue.offer(2)).isEqualTo(Offer.CLOSED);
    assertThat(queue.stopped()).isSignalledWithin(LONG);
    assertThat(elements(sink.received())).containsExactly(1);
    assertThat(clock.elapsed()).isEqualTo(seconds(1));
  }

  @Test
  void closedBy_lastProducerStops_ends() throws Exception {
    var sink = taking(0);
    var queue = named("rows").size(10).start(sink::receive);
    var one = ManagedThread.run("one", _ -> queue.put(1));
    var two =
        ManagedThread.run(
            "two",
            _ -> {
              pause(1);
              queue.put(2);
            });
    assertThat(queue.closedBy(one.stopped(), two.stopped())).isSameAs(queue);
    assertThat(queue.stopped()).isSignalledWithin(LONG);
    assertThat(sink.received()).containsExactly(List.of(1, 2));
  }

  @Test
  void stop_elementsInside_areDelivered(VirtualClock clock) throws Exception {
    var sink = taking(0.3);
    var queue = named("rows").size(2).capacity(4).start(sink::receive);
    queue.putAll(numbers(1, 6));
    queue.stop();
    assertThat(queue.stopped()).isSignalledWithin(LONG);
    assertThat(clock.elapsed()).isEqualTo(seconds(0.9));
    assertThat(elements(sink.received())).containsExactlyElementsOf(numbers(1, 6));
    assertThat(queue.thread()).outcome().isReturned();
    assertThat(queue.statistics().undelivered()).isZero();
  }

  @Test
  void stop_waitingPutter_isToldAtOnce_andKeepsItsElement(VirtualClock clock) throws Exception {
    var sink = taking(0.6);
    var queue = named("rows").size(1).capacity(1).start(sink::receive);
    queue.put(1);
    clock.awaitOthersBlocked();
    queue.put(2);
    var putter =
        ManagedThread.call(
            "putter",
            _ -> {
              try {
                queue.put(3);
                return "in";
              } catch (QueueClosedException e) {
                return "refused";
              }
            });
    pause(0.5);
    queue.stop();
    assertThat(putter.join()).isEqualTo("refused");
    assertThat(clock.elapsed()).isEqualTo(seconds(0.5));
    assertThat(queue.stopped()).isSignalledWithin(LONG);
    assertThat(elements(sink.received())).containsExactly(1, 2);
  }

  @Test
  void stop_whileGathering_deliversWithoutWaitingForTheAge(VirtualClock clock) throws Exception {
    var sink = taking(0);
    var queue = named("rows").size(10).start(sink::receive);
    queue.putAll(numbers(1, 3));
    clock.awaitOthersBlocked();
    queue.stop();
    assertThat(queue.stopped()).isSignalledWithin(LONG);
    assertThat(clock.elapsed()).isZero();
    assertThat(elements(sink.received())).containsExactly(1, 2, 3);
  }

  @Test
  void stop_inAPause_triesAtOnce_andAgainAfterTheFirstPause(TestLog log) throws Exception {
    var sink = failingAtFirst(3);
    var queue = named("rows").size(1).retries(9, seconds(0.5), seconds(600)).start(sink::accept);
    queue.put(1);
    pause(1); // at 0 and 0.5; the next would be at 1.5
    queue.stop();
    assertThat(queue.stopped()).isSignalledWithin(LONG);
    assertThat(sink.calledAfter())
        .containsExactly(Duration.ZERO, seconds(0.5), seconds(1), seconds(1.5));
    assertThat(elements(sink.received())).containsExactly(1);
    log.take(Level.WARNING, "is called again");
  }

  @Test
  void stop_sinkTooSlow_theRestIsHandedBack_countedAndLogged(VirtualClock clock, TestLog log)
      throws Exception {
    var sink = taking(2);
    List<List<Integer>> handed = new CopyOnWriteArrayList<>();
    List<Throwable> why = new CopyOnWriteArrayList<>();
    var queue =
        named("rows")
            .size(2)
            .capacity(20)
            .onUndelivered((elements, reason) -> {
              handed.add(elements);
              why.add(reason);
            })
            .start(sink::receive);
    queue.putAll(numbers(1, 9));
    queue.stop();
    assertThat(queue.stopped()).isSignalledWithin(LONG);
    assertThat(clock.elapsed()).as("asked for so long").isEqualTo(seconds(5));
    assertThat(elements(sink.received())).containsExactlyElementsOf(numbers(1, 4));
    assertThat(handed).containsExactly(List.of(5, 6), numbers(7, 9));
    assertThat(why).allMatch(InterruptedException.class::isInstance);
    assertThat(queue.statistics().undelivered()).isEqualTo(5);
    assertThat(queue.statistics().delivered()).isEqualTo(4);
    assertThat(queue.thread()).outcome().isStopped();
    assertThat(log.take(Level.WARNING, "\"rows\" has ended with 5 elements undelivered").message())
        .endsWith("; its handler was given 5.");
    log.takeStopReports();
  }

  @Test
  void stop_sinkTooSlow_noHandler_theRestCanBeTaken(VirtualClock clock, TestLog log)
      throws Exception {
    var sink = taking(100);
    var queue =
        named("rows")
            .size(2)
            .capacity(20)
            .stopPolicy(StopPolicy.standard().withAsk(seconds(0.5)))
            .start(sink::receive);
    queue.putAll(numbers(1, 5));
    queue.stop();
    assertThat(queue.stopped()).isSignalledWithin(LONG);
    assertThat(clock.elapsed()).isEqualTo(seconds(0.5));
    assertThat(queue.takeUndelivered()).containsExactlyElementsOf(numbers(1, 5));
    assertThat(log.take(Level.WARNING, "has ended with 5 elements undelivered").message())
        .endsWith("); 5 can be had by takeUndelivered().");
  }

  /** A sink that is interrupted and throws something else is not called again. */
  @Test
  void stop_sinkTurnsTheInterruptIntoAFailure_isNotRetried(VirtualClock clock, TestLog log)
      throws Exception {
    var calls = new AtomicInteger();
    var queue =
        named("rows")
            .size(1)
            .retries(9, Duration.ZERO, Duration.ZERO)
            .start(_ -> {
              calls.incrementAndGet();
              try {
                pause(100);
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("stream closed", e);
              }
            });
    queue.put(1);
    queue.stop();
    assertThat(queue.stopped()).isSignalledWithin(LONG);
    assertThat(clock.elapsed()).isEqualTo(seconds(5));
    assertThat(calls).hasValue(1);
    assertThat(queue.thread()).outcome().isStopped();
    assertThat(queue.takeUndelivered()).containsExactly(1);
    log.take(Level.WARNING, "has ended with 1 element undelivered");
    log.takeStopReports();
  }

  @Test
  void stop_handlerFails_whatItDidNotTakeIsKept_countedAndLogged(TestLog log) throws Exception {
    var sink = taking(100);
    List<List<Integer>> handed = new CopyOnWriteArrayList<>();
    var queue =
        named("rows")
            .size(2)
            .capacity(20)
            .stopPolicy(StopPolicy.standard().withAsk(seconds(0.5)))
            .onUndelivered((elements, _) -> {
              if (!handed.isEmpty()) {
                throw new IOException("full as well");
              }
              handed.add(elements);
            })
            .start(sink::receive);
    queue.putAll(numbers(1, 5));
    queue.stop();
    assertThat(queue.stopped()).isSignalledWithin(LONG);
    assertThat(handed).containsExactly(List.of(1, 2));
    assertThat(queue.takeUndelivered()).containsExactlyElementsOf(numbers(3, 5));
    assertThat(queue.statistics().undelivered()).isEqualTo(5);
    assertThat(log.take(Level.WARNING, "has ended with 5 elements undelivered").message())
        .endsWith("; its handler was given 2; 3 can be had by takeUndelivered().");
    assertThat(log.take(Level.ERROR, "The handler for the undelivered").failure())
        .hasMessage("full as well");
  }

  /** The batch that it has is its own; everything else is given back, once. */
  @Test
  void stop_sinkNeverComesBack_theRestIsHandedBack_andTheBatchWhenItDoesH5(
      VirtualClock clock, TestLog log) throws Exception {
    SlowSink<List<Integer>> deaf = SlowSink.deaf();
    List<List<Integer>> handed = new CopyOnWriteArrayList<>();
    List<Throwable> why = new CopyOnWriteArrayList<>();
    var queue =
        named("rows")
            .size(2)
            .capacity(20)
            .onUndelivered((elements, reason) -> {
              handed.add(elements);
              why.add(reason);
            })
            .start(deaf::accept);
    queue.putAll(numbers(1, 5));
    Signal flushed = queue.flush();
    queue.stop();
    assertThat(flushed).as("does not wait for ever").isSignalledWithin(LONG);
    assertThat(queue.thread()).outcome().isAbandoned();
    clock.awaitOthersBlocked(); // it is given back on a thread of its own
    assertThat(handed).containsExactly(numbers(3, 5));
    assertThat(why)
        .singleElement()
        .asInstanceOf(InstanceOfAssertFactories.THROWABLE)
        .isInstanceOf(CancellationException.class)
        .hasMessage("The sink of batching queue \"rows\" does not end.");
    assertThat(queue.statistics().undelivered()).isEqualTo(3);
    assertThat(queue.statistics().inHand()).isEqualTo(2);
    assertThat(log.take(Level.WARNING, "\"rows\" has ended with 3 elements undelivered").message())
        .endsWith(
            " (its sink does not end); its handler was given 3; its sink has not come back with 2.");
    deaf.letGo();
    clock.awaitOthersBlocked();
    assertThat(queue.statistics().delivered()).isEqualTo(2);
    assertThat(queue.statistics().inHand()).isZero();
    assertThat(handed).hasSize(1);
    log.takeStopReports();
  }

  @Test
  void stop_sinkNeverComesBackWithAllThereIs_theLogSaysSoH5(VirtualClock clock, TestLog log)
      throws Exception {
    SlowSink<List<Integer>> deaf = SlowSink.deaf();
    var queue = named("rows").size(1).start(deaf::accept);
    queue.put(1);
    queue.stop();
    assertThat(queue.stopped()).isSignalledWithin(LONG);
    clock.awaitOthersBlocked();
    assertThat(log.take(Level.WARNING, "\"rows\" has ended").message())
        .endsWith(
            "with 0 elements undelivered (its sink does not end); its sink has not come back with 1.");
    deaf.letGo();
    log.takeStopReports();
  }

  @Test
  void parentEnds_whatIsInside_isDelivered() throws Exception {
    var sink = taking(0.5);
    ManagedThread.run(
            "parent",
            _ -> {
              var queue = named("rows").size(10).start(sink::receive);
              queue.putAll(numbers(1, 3));
            })
        .join();
    assertThat(elements(sink.received())).containsExactly(1, 2, 3);
  }

  @Test
  void needs_producerIsToldFirst_andLosesNothing(VirtualClock clock) throws Exception {
    var sink = taking(0);
    var put = new AtomicInteger();
    try (var tree = clock.openTree("service")) {
      var queue = named("rows").size(10).start(sink::receive);
      assertThat(queue.thread().path()).endsWith("/test/rows");
      queue.close();
      ManagedThread.named("owner")
          .parent(tree)
          .run(_ -> {
            var rows = named("rows").size(10).start(sink::receive);
            ManagedThread.named("producer")
                .needs(rows.thread())
                .run(pleaseStop -> {
                  do {
                    rows.put(put.incrementAndGet());
                  } while (!pleaseStop.await(SECOND));
                  rows.put(put.incrementAndGet()); // a last word: it is not closed yet
                });
            Signal.NEVER.await(seconds(3.5));
          })
          .join();
    }
    assertThat(put).hasValue(5);
    assertThat(elements(sink.received())).containsExactlyElementsOf(numbers(1, 5));
  }

  /** What its sink writes to must not stop before. */
  @Test
  void needs_whatTheSinkUses_isToldWhenTheQueueHasStoppedH4(TestLog log) throws Exception {
    List<String> order = new CopyOnWriteArrayList<>();
    ManagedThread.run(
            "owner",
            _ -> {
              var database =
                  ManagedThread.run(
                      "database",
                      pleaseStop -> {
                        pleaseStop.await();
                        order.add("database is told");
                      });
              var queue =
                  named("rows")
                      .size(1)
                      .needs(database)
                      .start(batch -> {
                        pause(2);
                        order.add("delivered " + batch);
                      });
              queue.put(1);
            })
        .join();
    assertThat(order).containsExactly("delivered [1]", "database is told");
    log.takeStopReports();
  }

  @Test
  void interrupt_idle_ends(VirtualClock clock) throws Exception {
    var sink = taking(0);
    var queue =
        named("rows").stopPolicy(StopPolicy.standard().withAsk(Duration.ZERO)).start(sink::receive);
    clock.awaitOthersBlocked();
    queue.stop();
    assertThat(queue.stopped()).isSignalledWithin(LONG);
    assertThat(queue.statistics().undelivered()).isZero();
  }

  @Test
  void interrupt_byAStranger_endsTheQueueAndNothingIsAcceptedAnyMore(VirtualClock clock)
      throws Exception {
    var queue = named("rows").start(_ -> {});
    clock.awaitOthersBlocked();
    clock.interrupt(queue.thread().thread().orElseThrow());
    assertThat(queue.stopped()).isSignalledWithin(LONG);
    assertThat(queue.offer(1)).isEqualTo(Offer.CLOSED);
    assertThat(queue.thread().awaitOutcome())
        .isFailedThat()
        .isInstanceOf(InterruptedException.class);
  }

  @Test
  void close_interrupted_stopsAndKeepsTheStatus(VirtualClock clock, TestLog log) throws Exception {
    var sink = taking(1000);
    var queue =
        named("rows")
            .size(1)
            .stopPolicy(StopPolicy.standard().withAsk(seconds(0.5)))
            .start(sink::receive);
    queue.put(1);
    var closer =
        ManagedThread.named("closer")
            .stopPolicy(StopPolicy.standard().withAsk(SECOND))
            .call(_ -> {
              queue.close();
              return Thread.interrupted();
            });
    clock.awaitOthersBlocked();
    closer.stop();
    assertThat(queue.stopped()).isSignalledWithin(LONG);
    assertThat(closer.join()).as("interrupt status").isTrue();
    assertThat(queue.takeUndelivered()).containsExactly(1);
    assertThat(clock.elapsed()).isLessThan(seconds(10));
    log.take(Level.WARNING, "has ended with 1 element undelivered");
    log.takeStopReports();
  }

  @Test
  void close_bySink_isAnError() throws Exception {
    var self = new AtomicReference<BatchingQueue<Integer>>();
    var failure = new AtomicReference<Throwable>();
    try (var queue =
        named("rows")
            .size(1)
            .onUndelivered((_, why) -> failure.set(why))
            .start(_ -> {
              self.get().shutdown();
              self.get().close();
            })) {
      self.set(queue);
      queue.put(1);
    }
    assertThat(failure.get())
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("call shutdown()");
  }

  // ---- putting, as any queue does it

  @Test
  void put_interruptedOrNull_throwsAndPutsNothing() throws Exception {
    try (var queue = named("rows").start(_ -> {})) {
      Thread.currentThread().interrupt();
      assertThatThrownBy(() -> queue.put(1)).isInstanceOf(InterruptedException.class);
      Thread.currentThread().interrupt();
      assertThatThrownBy(() -> queue.putAll(List.of(1))).isInstanceOf(InterruptedException.class);
      assertThatThrownBy(() -> queue.put(null)).isInstanceOf(NullPointerException.class);
      assertThatThrownBy(() -> queue.offer(null)).isInstanceOf(NullPointerException.class);
      assertThatThrownBy(() -> queue.put(1, (Signal) null))
          .isInstanceOf(NullPointerException.class);
      assertThat(queue.statistics().put()).isZero();
      assertThat(queue.name()).isEqualTo("rows");
      assertThat(queue.toString()).endsWith("/test/rows");
    }
  }

  @Test
  void builder_badArguments_throwsAndSaysWhatNext() {
    var builder = BatchingQueue.<Integer>named("rows");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.size(0))
        .withMessage("Batching queue \"rows\" cannot have batches of size 0; at least 1.");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.capacity(-1))
        .withMessageContaining("the capacity -1; at least 1");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.maximumAge(Duration.ZERO))
        .withMessageContaining("batches of size 1");
    assertThatIllegalArgumentException().isThrownBy(() -> builder.maximumAge(seconds(-1)));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.retries(0, SECOND, SECOND))
        .withMessageContaining("leave retries out");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.retries(1, seconds(-1), SECOND))
        .withMessageContaining("zero means none");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.retries(1, SECOND, Duration.ZERO))
        .withMessageContaining("PT1S");
    assertThatThrownBy(() -> builder.onUndelivered(null)).isInstanceOf(NullPointerException.class);
    assertThatThrownBy(() -> builder.start(null)).isInstanceOf(NullPointerException.class);
    assertThatIllegalArgumentException().isThrownBy(() -> BatchingQueue.named(""));
  }

  /** All that flushes and ages decide: twice the size is more than any queue holds. */
  @Test
  void builder_greatestSize_needsNoCapacity() throws Exception {
    var sink = taking(0);
    try (var queue = named("rows").size(Integer.MAX_VALUE).start(sink::receive)) {
      queue.put(1);
    }
    assertThat(elements(sink.received())).containsExactly(1);
  }

  @Test
  void builder_extremeTimes_work(TestLog log) throws Exception {
    var sink = failingAtFirst(1);
    var longest = Duration.ofSeconds(Long.MAX_VALUE);
    List<Integer> undelivered = new ArrayList<>();
    try (var queue =
        BatchingQueue.<Integer>named("rows")
            .platform()
            .size(Integer.MAX_VALUE / 2)
            .maximumAge(longest)
            .retries(Integer.MAX_VALUE, Duration.ZERO, longest)
            .onUndelivered((elements, _) -> undelivered.addAll(elements))
            .start(sink::accept)) {
      assertThat(queue.thread()).isPlatform();
      queue.put(1);
      assertThat(queue.flush()).isSignalledWithin(LONG);
    }
    assertThat(elements(sink.received())).containsExactly(1);
    assertThat(undelivered).isEmpty();
    log.take(Level.WARNING, "is called again");
  }
}
