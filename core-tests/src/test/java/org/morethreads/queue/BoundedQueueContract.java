package org.morethreads.queue;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.morethreads.sync.Signal;
import org.morethreads.sync.Till;

/** What every closeable queue of integers that can be full does besides. */
abstract class BoundedQueueContract extends QueueContract {
  BoundedQueueContract(Crew.Kind kind) {
    super(kind);
  }

  /** Puts 0, 1, 2 … until the queue is full, and returns how many that were. */
  int fill() {
    int count = 0;
    while (queue.offer(count) == Offer.ADDED) {
      count++;
    }
    assertThat(count).isEqualTo(queue.capacity());
    return count;
  }

  @Test
  void offer_full_answersFullAndDoesNotAdd() {
    int count = fill();
    assertThat(queue.offer(-1)).isEqualTo(Offer.FULL);
    assertThat(queue.drain()).hasSize(count).doesNotContain(-1);
  }

  @Test
  void put_full_waitsForATaker() throws Exception {
    int count = fill();
    var putter =
        crew.startBlocked(() -> {
          queue.put(count);
          return "put";
        });
    assertThat(putter.awaitBlocked()).hasToString("a place in queue \"" + queue.name() + "\"");
    for (int i = 0; i <= count; i++) {
      assertThat(queue.take()).isEqualTo(i);
    }
    assertThat(putter.result()).isEqualTo("put");
  }

  @Test
  void put_fullUntilTheEndOfTheWait_returnsFalseAndDoesNotAdd() throws Exception {
    int count = fill();
    assertThat(queue.put(-1, SHORT)).isFalse();
    assertThat(queue.put(-1, Duration.ZERO)).isFalse();
    assertThat(queue.put(-1, Till.after(SHORT))).isFalse();
    assertThat(queue.put(-1, Signal.DONE)).isFalse();
    var stop = Signal.create("stop");
    var putter = crew.startBlocked(() -> queue.put(-1, stop));
    stop.go();
    assertThat(putter.result()).isFalse();
    assertThat(queue.drain()).hasSize(count).doesNotContain(-1);
  }

  @Test
  void putFirst_full_waitsLikePut() throws Exception {
    int count = fill();
    assertThat(queue.putFirst(-1, Duration.ZERO)).isFalse();
    assertThat(queue.putFirst(-1, Signal.DONE)).isFalse();
    assertThat(queue.putAllFirst(List.of(-1), Duration.ZERO)).isFalse();
    assertThat(queue.putAllFirst(List.of(-1), Signal.DONE)).isFalse();
    var putter = crew.startBlocked(() -> queue.putFirst(-1, LONG));
    assertThat(queue.take()).isZero();
    assertThat(putter.result()).isTrue();
    var interrupted = crew.startBlocked(() -> queue.putAllFirst(List.of(-2, -3), LONG));
    interrupted.thread.interrupt();
    assertThat(interrupted.failure()).isInstanceOf(InterruptedException.class);
    assertThat(queue.take()).isEqualTo(-1);
    assertThat(queue.drain()).hasSize(count - 1).doesNotContain(-2, -3);
  }

  @Test
  void putForced_full_exceedsTheCapacityAndLetsNobodyElseIn() throws Exception {
    int count = fill();
    queue.putForced(-1);
    assertThat(queue.size()).isEqualTo(count + 1);
    assertThat(queue.asBlockingQueue().remainingCapacity()).isZero();
    assertThat(queue.take()).isZero();
    assertThat(queue.offer(-2)).as("full again").isEqualTo(Offer.FULL);
    assertThat(queue.take()).isNotNull();
    assertThat(queue.offer(-2)).isEqualTo(Offer.ADDED);
    assertThat(queue.drain()).endsWith(-2).hasSize(count);
  }

  @Test
  void statistics_waitingPutter_isCounted() throws Exception {
    int count = fill();
    assertThat(queue.statistics().depth()).isEqualTo(count);
    assertThat(queue.statistics().blockedPutting()).isZero();
    var putter = crew.startBlocked(() -> queue.put(-1, LONG));
    assertThat(queue.statistics().waitingToPut()).isOne();
    assertThat(queue.take()).isZero();
    assertThat(putter.result()).isTrue();
    assertThat(queue.statistics().waitingToPut()).isZero();
    assertThat(queue.statistics().blockedPutting()).isPositive();
    assertThat(queue.statistics().put()).isEqualTo(count + 1);
    assertThat(queue.statistics().taken()).isOne();
  }

  @Test
  void putAll_full_waitsAndAddsAllOrNone() throws Exception {
    int count = fill();
    assertThat(queue.putAll(List.of(-1, -2), Duration.ZERO)).isFalse();
    assertThat(queue.putAll(List.of(-1, -2), Till.after(SHORT))).isFalse();
    assertThat(queue.putAll(List.of(), Duration.ZERO)).as("nothing needs no place").isTrue();
    var putter = crew.startBlocked(() -> queue.putAll(List.of(-1, -2), LONG));
    assertThat(queue.take()).isZero();
    assertThat(putter.result()).isTrue();
    List<Integer> rest = queue.drain();
    assertThat(rest).hasSize(count + 1).endsWith(-1, -2);
  }

  @Test
  void drain_manyPuttersWaiting_letsThemAllIn() throws Exception {
    int count = fill();
    List<Crew.Member<Boolean>> putters = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      int own = -1 - i;
      putters.add(crew.startBlocked(() -> queue.put(own, LONG)));
    }
    int taken = 0;
    while (taken < count + 5) {
      Integer next = queue.poll(LONG); // the first ones by drain, the rest as they come
      assertThat(next).isNotNull();
      taken += 1 + queue.drain().size();
    }
    for (var putter : putters) {
      assertThat(putter.result()).isTrue();
    }
    assertThat(queue.isEmpty()).isTrue();
  }

  @Test
  void until_leftAndTakenAgain_allWhoWaitForAPlaceAreWoken() throws Exception {
    assertThat(queue.until(Signal.DONE)).isEmpty();
    int count = fill();
    List<Crew.Member<Boolean>> putters = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      int own = -1 - i;
      putters.add(crew.startBlocked(() -> queue.put(own, LONG)));
    }
    assertThat(queue.drain()).hasSizeGreaterThanOrEqualTo(count);
    for (var putter : putters) {
      assertThat(putter.result()).isTrue();
      queue.poll();
    }
  }

  @Test
  void close_waitingPutters_throwAndTheirElementsAreNotIn() throws Exception {
    int count = fill();
    var plain =
        crew.startBlocked(() -> {
          queue.put(-1);
          return "put";
        });
    var timed = crew.startBlocked(() -> queue.put(-2, LONG));
    var till = crew.startBlocked(() -> queue.put(-3, Signal.create("never gone")));
    var all = crew.startBlocked(() -> queue.putAll(List.of(-4, -5), LONG));
    queue.close();
    for (var putter : List.of(plain, timed, till, all)) {
      assertThat(putter.failure()).isInstanceOf(QueueClosedException.class);
    }
    assertThat(queue.drain()).hasSize(count).allMatch(element -> element >= 0);
  }

  @Test
  void putters_interruptedWhileWaiting_throwAndPutNothing() throws Exception {
    int count = fill();
    var till = crew.startBlocked(() -> queue.put(-1, Signal.create("till")));
    var timed = crew.startBlocked(() -> queue.put(-1, LONG));
    for (var member : List.of(till, timed)) {
      member.thread.interrupt();
      assertThat(member.failure())
          .isInstanceOf(InterruptedException.class)
          .hasMessageContaining("a place in queue \"" + queue.name() + "\"");
    }
    assertThat(queue.statistics().waitingToPut()).isZero();
    assertThat(queue.statistics().blockedPutting()).as("its wait counts").isPositive();
    assertThat(queue.drain()).hasSize(count).doesNotContain(-1);
  }

  @Test
  void put_wokenAndInterrupted_theOtherPutterIsWoken() throws Exception {
    fill();
    for (int round = 0; round < 200; round++) {
      int own = -2 - 2 * round;
      var one = crew.startBlocked(() -> putOrMinusOne(queue, own));
      var two = crew.startBlocked(() -> putOrMinusOne(queue, own - 1));
      one.thread.interrupt();
      assertThat(queue.poll()).isNotNull();
      if (one.result() >= 0) {
        assertThat(queue.poll()).isNotNull();
      }
      assertThat(two.result()).isZero();
    }
  }

  private static int putOrMinusOne(CloseableQueue<Integer> queue, int element) {
    try {
      queue.put(element);
      return 0;
    } catch (InterruptedException e) {
      return -1;
    }
  }
}
