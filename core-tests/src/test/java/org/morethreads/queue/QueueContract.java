package org.morethreads.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.morethreads.sync.Signal;
import org.morethreads.sync.Till;

/** What every closeable queue of integers does, whatever its capacity and whoever uses it. */
abstract class QueueContract {
  static final Duration LONG = Duration.ofSeconds(20);
  static final Duration SHORT = Duration.ofMillis(5);

  final Crew.Kind kind;

  CloseableQueue<Integer> queue = CloseableQueue.unbounded("replaced");
  Crew crew = new Crew(Crew.Kind.PLATFORM);

  QueueContract(Crew.Kind kind) {
    this.kind = kind;
  }

  /** {@return a new queue} */
  abstract CloseableQueue<Integer> create();

  @BeforeEach
  void begin() {
    queue = create();
    crew = new Crew(kind);
  }

  @AfterEach
  void end() throws Exception {
    assertThat(Thread.interrupted()).as("interrupt left behind").isFalse();
    crew.join();
  }

  // ---- order and outcomes

  @Test
  void take_elementsInside_returnsThemInOrder() throws Exception {
    int count = Math.min(queue.capacity(), 100);
    for (int i = 0; i < count; i++) {
      queue.put(i);
    }
    assertThat(queue.size()).isEqualTo(count);
    assertThat(queue.isEmpty()).isFalse();
    for (int i = 0; i < count; i++) {
      assertThat(queue.take()).isEqualTo(i);
    }
    assertThat(queue.isEmpty()).isTrue();
  }

  @Test
  void offer_open_adds() {
    assertThat(queue.offer(1)).isEqualTo(Offer.ADDED);
  }

  @Test
  void everyWayToPut_null_throwsAndDoesNotAdd() {
    assertThatThrownBy(() -> queue.put(null)).isInstanceOf(NullPointerException.class);
    assertThatThrownBy(() -> queue.put(null, Signal.NEVER))
        .isInstanceOf(NullPointerException.class);
    assertThatThrownBy(() -> queue.put(null, LONG)).isInstanceOf(NullPointerException.class);
    assertThatThrownBy(() -> queue.offer(null)).isInstanceOf(NullPointerException.class);
    assertThatThrownBy(() -> queue.putAll(Arrays.asList(1, null)))
        .isInstanceOf(NullPointerException.class);
    assertThatThrownBy(() -> queue.put(1, (Signal) null)).isInstanceOf(NullPointerException.class);
    assertThatThrownBy(() -> queue.put(1, (Duration) null))
        .isInstanceOf(NullPointerException.class);
    assertThat(queue.size()).isZero();
  }

  @Test
  void poll_empty_returnsNull() throws Exception {
    assertThat(queue.poll()).isNull();
    assertThat(queue.poll(Duration.ZERO)).isNull();
    assertThat(queue.poll(Duration.ofSeconds(Long.MIN_VALUE))).isNull();
    assertThat(queue.poll(Signal.DONE)).isNull();
  }

  @Test
  void poll_elementInside_returnsItEvenIfTheWaitIsOver() throws Exception {
    queue.put(1);
    assertThat(queue.poll(Duration.ZERO)).isEqualTo(1);
    queue.put(2);
    assertThat(queue.poll(Signal.DONE)).isEqualTo(2);
    queue.put(3);
    assertThat(queue.poll()).isEqualTo(3);
  }

  @Test
  void put_waitIsOverButRoom_adds() throws Exception {
    assertThat(queue.put(1, Signal.DONE)).isTrue();
    queue.drain();
    assertThat(queue.put(1, Duration.ZERO)).isTrue();
    queue.drain();
    assertThat(queue.put(1, Duration.ofSeconds(-1))).isTrue();
    assertThat(queue.drain()).containsExactly(1);
  }

  @Test
  void take_empty_waitsForAPutter() throws Exception {
    var taker = crew.startBlocked(queue::take);
    assertThat(taker.awaitBlocked()).hasToString("an element of queue \"" + queue.name() + "\"");
    queue.put(5);
    assertThat(taker.result()).isEqualTo(5);
  }

  @Test
  void poll_emptyUntilTheEndOfTheWait_returnsNull() throws Exception {
    long begin = System.nanoTime();
    assertThat(queue.poll(SHORT)).isNull();
    assertThat(System.nanoTime() - begin).isGreaterThanOrEqualTo(SHORT.toNanos());
    assertThat(queue.poll(Till.after(SHORT))).isNull();
    var stop = Signal.create("stop");
    var taker = crew.startBlocked(() -> queue.poll(stop));
    stop.go();
    assertThat(taker.result()).isNull();
    queue.put(1); // nobody is in line any more who could swallow it
    assertThat(queue.poll()).isEqualTo(1);
  }

  @Test
  void poll_whileWaiting_getsTheElement() throws Exception {
    var stop = Signal.create("stop");
    var first = crew.startBlocked(() -> queue.poll(stop));
    queue.put(1);
    assertThat(first.result()).isEqualTo(1);
    var second = crew.startBlocked(() -> queue.poll(LONG));
    queue.put(2);
    assertThat(second.result()).isEqualTo(2);
  }

  // ---- many at once

  @Test
  void putAll_room_addsAllTogetherInOrder() throws Exception {
    queue.putAll(List.of(1, 2, 3)); // more than some capacities: one place is enough
    queue.putAll(List.of());
    assertThat(queue.size()).isEqualTo(3);
    assertThat(queue.drain()).containsExactly(1, 2, 3);
    assertThat(queue.putAll(List.of(4, 5), Signal.DONE)).isTrue();
    assertThat(queue.drain()).containsExactly(4, 5);
    assertThat(queue.putAll(List.of(6), SHORT)).isTrue();
    assertThat(queue.drain()).containsExactly(6);
  }

  @Test
  void putAll_manyTakersWaiting_wakesThemAll() throws Exception {
    List<Crew.Member<Integer>> takers = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      takers.add(crew.startBlocked(queue::take));
    }
    queue.putAll(List.of(1, 2, 3, 4, 5));
    List<Integer> taken = new ArrayList<>();
    for (var taker : takers) {
      taken.add(taker.result());
    }
    assertThat(taken).containsExactlyInAnyOrder(1, 2, 3, 4, 5);
  }

  @Test
  void drain_some_movesTheOldest() throws Exception {
    queue.putAll(List.of(1, 2, 3, 4));
    List<Object> target = new ArrayList<>();
    assertThat(queue.drain(target, 0)).isZero();
    assertThat(queue.drain(target, -1)).isZero();
    assertThat(queue.drain(target, 3)).isEqualTo(3);
    assertThat(target).containsExactly(1, 2, 3);
    assertThat(queue.drain(target)).isEqualTo(1);
    assertThat(target).containsExactly(1, 2, 3, 4);
    assertThat(queue.drain()).isEmpty();
  }

  /** A collection that takes two elements and then refuses. */
  private static final class Picky extends ArrayList<Integer> {
    private static final long serialVersionUID = 1;

    @Override
    public boolean add(Integer element) {
      if (size() == 2) {
        throw new UnsupportedOperationException("enough");
      }
      return super.add(element);
    }
  }

  @Test
  void drain_targetRefuses_putsTheRestBackInFront() throws Exception {
    queue.putAll(List.of(1, 2, 3, 4));
    queue.close();
    List<Integer> target = new Picky();
    assertThatThrownBy(() -> queue.drain(target)).hasMessage("enough");
    assertThat(target).containsExactly(1, 2);
    assertThat(queue.drained().isSignalled()).isFalse();
    assertThat(queue.drain()).containsExactly(3, 4);
    assertThat(queue.drained().isSignalled()).isTrue();
  }

  @Test
  void drain_targetHasNotTakenThemYet_isNotTheEnd() throws Exception {
    queue.putAll(List.of(1, 2, 3));
    queue.close();
    var inTheMiddle = Signal.create("in the middle");
    var goOn = Signal.create("go on");
    var drainer =
        crew.start(() ->
            queue.drain(
                new ArrayList<>() {
                  private static final long serialVersionUID = 1;

                  @Override
                  public boolean add(Integer element) {
                    inTheMiddle.go();
                    try {
                      goOn.await();
                    } catch (InterruptedException e) {
                      throw new IllegalStateException(e);
                    }
                    throw new UnsupportedOperationException("after all");
                  }
                }));
    inTheMiddle.await();
    assertThat(queue.drained().isSignalled()).isFalse();
    var taker = crew.startBlocked(queue::take);
    goOn.go();
    assertThat(drainer.failure()).hasMessage("after all");
    assertThat(taker.result()).isEqualTo(1);
    assertThat(queue.drain()).containsExactly(2, 3);
  }

  @Test
  void drain_othersLookMeanwhile_isTheEndAfterIt() throws Exception {
    queue.put(1);
    queue.close();
    List<Integer> target =
        new ArrayList<>() {
          private static final long serialVersionUID = 1;

          @Override
          public boolean add(Integer element) {
            assertThat(queue.poll()).isNull();
            assertThat(queue.drained().isSignalled()).isFalse();
            return super.add(element);
          }
        };
    assertThat(queue.drain(target)).isOne();
    assertThat(queue.drained().isSignalled()).isTrue();
  }

  // ---- in front, and back

  @Test
  void putFirst_room_isTakenNext() throws Exception {
    queue.putAll(List.of(1, 2));
    queue.drain(new ArrayList<>(), 1);
    queue.drain();
    queue.putFirst(3);
    assertThat(queue.take()).isEqualTo(3);
    queue.putAllFirst(List.of(4, 5, 6));
    assertThat(queue.drain()).containsExactly(4, 5, 6);
    assertThat(queue.putFirst(7, SHORT)).isTrue();
    assertThat(queue.take()).isEqualTo(7);
    assertThat(queue.putAllFirst(List.of(8, 9), Signal.DONE)).isTrue();
    queue.putForced(10);
    assertThat(queue.drain()).containsExactly(8, 9, 10);
    assertThat(queue.putFirst(11, Signal.DONE)).isTrue();
    assertThat(queue.drain()).containsExactly(11);
    assertThat(queue.putAllFirst(List.of(12, 13), SHORT)).isTrue();
    assertThat(queue.drain()).containsExactly(12, 13);
  }

  @Test
  void putFirst_takerWaiting_wakesIt() throws Exception {
    var taker = crew.startBlocked(queue::take);
    queue.putFirst(1);
    assertThat(taker.result()).isEqualTo(1);
    var second = crew.startBlocked(queue::take);
    queue.putForced(2);
    assertThat(second.result()).isEqualTo(2);
  }

  @Test
  void everyWayToPutInFrontOrBack_nullOrClosed_throws() throws Exception {
    assertThatThrownBy(() -> queue.putFirst(null)).isInstanceOf(NullPointerException.class);
    assertThatThrownBy(() -> queue.putForced(null)).isInstanceOf(NullPointerException.class);
    assertThatThrownBy(() -> queue.putAllFirst(Arrays.asList(1, null)))
        .isInstanceOf(NullPointerException.class);
    assertInterrupted(() -> queue.putFirst(1));
    assertInterrupted(() -> queue.putAllFirst(List.of(1), Duration.ZERO));
    queue.close();
    assertThatThrownBy(() -> queue.putFirst(1)).isInstanceOf(QueueClosedException.class);
    assertThatThrownBy(() -> queue.putAllFirst(List.of(1)))
        .isInstanceOf(QueueClosedException.class);
    assertThat(queue.size()).isZero();
  }

  @Test
  void putForced_closed_worksUntilDrained() throws Exception {
    queue.putAll(List.of(1, 2));
    queue.close();
    assertThat(queue.take()).isEqualTo(1);
    queue.putForced(1);
    assertThat(queue.take()).isEqualTo(2);
    assertThat(queue.drained().isSignalled()).isFalse();
    assertThat(queue.take()).isEqualTo(1);
    assertThat(queue.drained().isSignalled()).isTrue();
    assertThatThrownBy(() -> queue.putForced(1))
        .isInstanceOf(QueueClosedException.class)
        .hasMessageContaining("Cannot give back to queue \"" + queue.name() + "\"")
        .hasMessageContaining("before the last element is taken");
    assertThat(queue.size()).isZero();
  }

  // ---- statistics

  @Test
  void statistics_elementsInAndOut_areCounted() throws Exception {
    assertThat(queue.statistics())
        .isEqualTo(new QueueStatistics(0, 0, 0, 0, 0, 0, Duration.ZERO, Duration.ZERO));
    queue.putAll(List.of(1, 2, 3));
    assertThat(queue.take()).isEqualTo(1);
    queue.putForced(4);
    queue.putForced(5);
    assertThat(queue.drain(new ArrayList<>(), 2)).isEqualTo(2);
    assertThat(queue.asBlockingQueue().remove(4)).isTrue();
    assertThat(queue.statistics())
        .isEqualTo(new QueueStatistics(1, 4, 5, 4, 0, 0, Duration.ZERO, Duration.ZERO));
    queue.asBlockingQueue().clear();
    assertThat(queue.statistics().taken()).isEqualTo(5);
  }

  @Test
  void statistics_inTheHandsOfADrain_areNotTakenYet() throws Exception {
    queue.putAll(List.of(1, 2, 3));
    List<Long> taken = new ArrayList<>();
    List<Integer> target =
        new ArrayList<>() {
          private static final long serialVersionUID = 1;

          @Override
          public boolean add(Integer element) {
            taken.add(queue.statistics().taken());
            return super.add(element);
          }
        };
    assertThat(queue.drain(target)).isEqualTo(3);
    assertThat(taken).containsExactly(0L, 0L, 0L);
    assertThat(queue.statistics().taken()).isEqualTo(3);
  }

  @Test
  void statistics_waitingTaker_isCounted() throws Exception {
    var taker = crew.startBlocked(queue::take);
    assertThat(queue.statistics().waitingToTake()).isOne();
    assertThat(queue.statistics().blockedTaking()).isPositive();
    queue.put(1);
    assertThat(taker.result()).isEqualTo(1);
    Duration blocked = queue.statistics().blockedTaking();
    assertThat(blocked).isPositive();
    assertThat(queue.statistics().blockedTaking()).as("nobody waits").isEqualTo(blocked);
  }

  // ---- closing

  @Test
  void closeWithFailure_takers_receiveItAfterTheRest() throws Exception {
    queue.putAll(List.of(1, 2));
    var failure = new IllegalArgumentException("no more ink");
    queue.close(failure);
    assertThat(queue.take()).isEqualTo(1);
    assertThat(queue.poll()).isEqualTo(2);
    Blocking[] takers = {
      () -> queue.take(),
      () -> queue.poll(),
      () -> queue.poll(Signal.NEVER),
      () -> queue.poll(Signal.DONE),
      () -> queue.poll(LONG),
      () -> assertThat(queue.iterator().hasNext()).isTrue(),
      () -> queue.until(Signal.NEVER).iterator().next(),
    };
    for (Blocking taker : takers) {
      assertThatThrownBy(taker::run)
          .isInstanceOf(QueueClosedException.class)
          .hasCause(failure)
          .hasMessageContaining(queue.name());
    }
    assertThatThrownBy(() -> queue.put(3))
        .isInstanceOf(QueueClosedException.class)
        .hasCause(failure);
    assertThatThrownBy(() -> queue.putForced(3)).hasCause(failure);
    assertThat(queue.offer(3)).isEqualTo(Offer.CLOSED);
    assertThat(queue.drain()).isEmpty();
    assertThat(queue.asBlockingQueue().poll()).isNull();
    assertThatThrownBy(() -> queue.asBlockingQueue().take()).hasCause(failure);
  }

  @Test
  void closeWithFailure_waitingTakers_receiveIt() throws Exception {
    var failure = new IllegalArgumentException("no more ink");
    var taker = crew.startBlocked(queue::take);
    var polling = crew.startBlocked(() -> queue.poll(LONG));
    var loop = crew.startBlocked(() -> queue.iterator().hasNext());
    queue.close(failure);
    for (var member : List.of(taker, polling, loop)) {
      assertThat(member.failure()).isInstanceOf(QueueClosedException.class).hasCause(failure);
    }
  }

  @Test
  void close_elementsInside_areStillDelivered() throws Exception {
    queue.putAll(List.of(1, 2, 3));
    queue.close();
    assertThat(queue.closed().isSignalled()).isTrue();
    assertThat(queue.drained().isSignalled()).isFalse();
    assertThat(queue.offer(4)).as("while elements are inside").isEqualTo(Offer.CLOSED);
    assertThat(queue.take()).isEqualTo(1);
    assertThat(queue.offer(4)).as("also if there is room").isEqualTo(Offer.CLOSED);
    assertThat(queue.poll()).isEqualTo(2);
    assertThat(queue.drained().isSignalled()).isFalse();
    assertThat(queue.poll(Signal.NEVER)).isEqualTo(3);
    assertThat(queue.drained().isSignalled()).isTrue();
    assertThat(queue.poll()).isNull();
    assertThat(queue.poll(Signal.NEVER)).isNull();
    assertThat(queue.poll(LONG)).isNull();
    assertThat(queue.drain()).isEmpty();
    assertThatThrownBy(queue::take)
        .isInstanceOf(QueueClosedException.class)
        .hasMessageContaining("queue \"" + queue.name() + "\"")
        .hasMessageContaining(Thread.currentThread().getName());
  }

  @Test
  void close_latePutters_throwAndDoNotAdd() throws Exception {
    queue.close();
    queue.close();
    assertThatThrownBy(() -> queue.put(1))
        .isInstanceOf(QueueClosedException.class)
        .hasMessageContaining("queue \"" + queue.name() + "\"")
        .hasMessageContaining(Thread.currentThread().getName());
    assertThatThrownBy(() -> queue.put(1, Signal.DONE)).isInstanceOf(QueueClosedException.class);
    assertThatThrownBy(() -> queue.put(1, Duration.ZERO)).isInstanceOf(QueueClosedException.class);
    assertThatThrownBy(() -> queue.putAll(List.of(1))).isInstanceOf(QueueClosedException.class);
    assertThatThrownBy(() -> queue.putAll(List.of())).isInstanceOf(QueueClosedException.class);
    assertThat(queue.offer(1)).isEqualTo(Offer.CLOSED);
    assertThat(queue.size()).isZero();
  }

  @Test
  void close_waitingTakers_seeTheEnd() throws Exception {
    var taker = crew.startBlocked(queue::take);
    var till = crew.startBlocked(() -> queue.poll(Signal.NEVER));
    var timed = crew.startBlocked(() -> queue.poll(LONG));
    var loop = crew.startBlocked(() -> queue.iterator().hasNext());
    queue.close();
    assertThat(taker.failure()).isInstanceOf(QueueClosedException.class);
    assertThat(till.result()).isNull();
    assertThat(timed.result()).isNull();
    assertThat(loop.result()).isFalse();
    assertThat(queue.drained().isSignalled()).isTrue();
  }

  @Test
  void close_empty_firesClosedThenDrained() {
    List<String> order = new ArrayList<>();
    queue.drained().then(() -> order.add("drained"));
    queue.closed().then(() -> order.add("closed"));
    queue.close();
    assertThat(order).containsExactly("closed", "drained");
  }

  /** Actions run without the mutex: they may use the queue. */
  @Test
  void drained_actionUsesTheQueue_works() throws Exception {
    AtomicInteger seen = new AtomicInteger(-1);
    queue.drained().then(() -> seen.set(queue.size()));
    queue.put(1);
    queue.close();
    assertThat(seen).hasValue(-1);
    assertThat(queue.take()).isEqualTo(1);
    assertThat(seen).hasValue(0);
  }

  @Test
  void closedBy_severalSignals_closesWithTheLast() {
    var one = Signal.create("one");
    var two = Signal.create("two");
    assertThat(queue.closedBy(one, two)).isSameAs(queue);
    one.go();
    assertThat(queue.closed().isSignalled()).isFalse();
    two.go();
    assertThat(queue.closed().isSignalled()).isTrue();
  }

  @Test
  void closedBy_none_closesAtOnce() {
    queue.closedBy();
    assertThat(queue.closed().isSignalled()).isTrue();
  }

  // ---- looping

  @Test
  void iterate_closedLater_takesToTheEnd() throws Exception {
    var consumer =
        crew.start(() -> {
          List<Integer> seen = new ArrayList<>();
          for (var element : queue) {
            seen.add(element);
          }
          return seen;
        });
    List<Integer> all = new ArrayList<>();
    for (int i = 0; i < 2000; i++) {
      queue.put(i);
      all.add(i);
    }
    queue.close();
    assertThat(consumer.result()).isEqualTo(all);
  }

  @Test
  void iterate_leftByBreak_leavesTheRest() throws Exception {
    queue.putAll(List.of(1, 2, 3));
    for (var element : queue) {
      assertThat(element).isEqualTo(1);
      break;
    }
    assertThat(queue.drain()).containsExactly(2, 3);
  }

  @Test
  void iterator_atTheEnd_hasNoNextForEver() throws Exception {
    queue.put(1);
    queue.close();
    Iterator<Integer> iterator = queue.iterator();
    assertThat(iterator.hasNext()).isTrue();
    assertThat(iterator.hasNext()).isTrue();
    assertThat(iterator.next()).isEqualTo(1);
    assertThat(iterator.hasNext()).isFalse();
    assertThatThrownBy(iterator::next).isInstanceOf(NoSuchElementException.class);
    assertThatThrownBy(iterator::remove).isInstanceOf(UnsupportedOperationException.class);
  }

  @Test
  void until_signalGoes_stopsBeforeTakingTheNext() throws Exception {
    queue.putAll(List.of(1, 2, 3));
    var stop = Signal.create("stop");
    List<Integer> seen = new ArrayList<>();
    for (var element : queue.until(stop)) {
      seen.add(element);
      if (element == 2) {
        stop.go();
      }
    }
    assertThat(seen).containsExactly(1, 2);
    assertThat(queue.size()).isEqualTo(1);
    assertThat(queue.until(stop)).isEmpty();
    assertThat(queue.take()).isEqualTo(3);
  }

  @Test
  void until_signalGoesWhileWaiting_ends() throws Exception {
    var stop = Signal.create("stop");
    var loop = crew.startBlocked(() -> queue.until(stop).iterator().hasNext());
    stop.go();
    assertThat(loop.result()).isFalse();
    queue.put(1);
    assertThat(queue.size()).isEqualTo(1);
  }

  @Test
  void until_leftAndTakenAgain_allWhoWaitAreWoken() throws Exception {
    assertThat(queue.until(Signal.DONE)).isEmpty();
    List<Crew.Member<Integer>> takers = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      takers.add(crew.startBlocked(queue::take));
    }
    for (int i = 0; i < 3; i++) {
      queue.put(i);
      assertThat(takers.get(i).result()).isEqualTo(i);
    }
  }

  @Test
  void until_closedAndEmpty_ends() throws Exception {
    queue.putAll(List.of(1, 2));
    queue.close();
    assertThat(queue.until(Signal.NEVER)).containsExactly(1, 2);
    assertThat(queue.drained().isSignalled()).isTrue();
  }

  // ---- interrupts

  @Test
  void everyWait_interruptedBefore_throwsAndDoesNothing() throws Exception {
    queue.put(1);
    assertInterrupted(() -> queue.put(2));
    assertInterrupted(() -> queue.put(2, Signal.DONE));
    assertInterrupted(() -> queue.put(2, Duration.ZERO));
    assertInterrupted(() -> queue.putAll(List.of(2)));
    assertInterrupted(() -> queue.putAll(List.of(2), Signal.DONE));
    assertInterrupted(() -> queue.putAll(List.of(), Duration.ZERO));
    assertInterrupted(() -> queue.take());
    assertInterrupted(() -> queue.poll(Signal.DONE));
    assertInterrupted(() -> queue.poll(Duration.ZERO));
    assertThat(queue.drain()).containsExactly(1);
  }

  private interface Blocking {
    void run() throws Exception;
  }

  private static void assertInterrupted(Blocking call) {
    Thread.currentThread().interrupt();
    assertThatThrownBy(call::run).isInstanceOf(InterruptedException.class);
    assertThat(Thread.currentThread().isInterrupted()).isFalse();
  }

  @Test
  void poll_interrupted_isNotLookedAt() {
    Thread.currentThread().interrupt();
    assertThat(queue.offer(1)).isEqualTo(Offer.ADDED);
    assertThat(queue.poll()).isEqualTo(1);
    assertThat(queue.drain()).isEmpty();
    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void takers_interruptedWhileWaiting_throwAndTakeNothing() throws Exception {
    var taker = crew.startBlocked(queue::take);
    var till = crew.startBlocked(() -> queue.poll(Signal.create("till")));
    var timed = crew.startBlocked(() -> queue.poll(LONG));
    for (var member : List.of(taker, till, timed)) {
      member.thread.interrupt();
      assertThat(member.failure())
          .isInstanceOf(InterruptedException.class)
          .hasMessageContaining("an element of queue \"" + queue.name() + "\"");
    }
    assertThat(queue.statistics().waitingToTake()).isZero();
    assertThat(queue.statistics().blockedTaking()).as("its wait counts").isPositive();
    queue.put(1);
    assertThat(queue.poll()).isEqualTo(1);
  }

  @Test
  void loop_interrupted_throwsUncheckedAndKeepsTheStatus() throws Exception {
    var loop =
        crew.startBlocked(() -> {
          try {
            for (var element : queue) {
              throw new AssertionError("got " + element);
            }
            throw new AssertionError("ended");
          } catch (WaitInterruptedException e) {
            assertThat(e).hasCauseInstanceOf(InterruptedException.class);
            return Thread.interrupted();
          }
        });
    loop.thread.interrupt();
    assertThat(loop.result()).as("status").isTrue();

    queue.put(1);
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> queue.iterator().hasNext())
        .isInstanceOf(WaitInterruptedException.class);
    assertThat(Thread.interrupted()).isTrue();
    assertThat(queue.drain()).containsExactly(1);
  }

  /** The wake-up of a taker that is interrupted in the same moment goes to the other one. */
  @Test
  void take_wokenAndInterrupted_theOtherTakerIsWoken() throws Exception {
    for (int round = 0; round < 200; round++) {
      var one = crew.startBlocked(() -> orMinusOne(queue));
      var two = crew.startBlocked(queue::take);
      one.thread.interrupt();
      queue.put(1);
      int first = one.result();
      if (first < 0) {
        assertThat(two.result()).isEqualTo(1);
      } else {
        queue.put(2);
        assertThat(two.result()).isEqualTo(2);
      }
    }
  }

  private static int orMinusOne(CloseableQueue<Integer> queue) {
    try {
      return queue.take();
    } catch (InterruptedException e) {
      return -1;
    }
  }
}
