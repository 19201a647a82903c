package org.morethreads.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.morethreads.testing.MoreThreadsAssertions.assertThat;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;
import org.morethreads.sync.Signal;
import org.morethreads.testing.ManagedThreads;
import org.morethreads.testing.SlowSink;
import org.morethreads.testing.TestLog;
import org.morethreads.testing.TestThreads;
import org.morethreads.testing.VirtualClock;
import org.morethreads.testing.VirtualTime;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.ThreadTree;

/** What each option of a queue adds (Q5). */
@ManagedThreads(timeout = "50 s")
class QueueOptionsTest {
  // ---- unique

  /** Equal to all of the same number, however different; all of them have the same hash. */
  private record Clashing(int number, String text) {
    @Override
    public boolean equals(Object other) {
      return other instanceof Clashing clashing && clashing.number == number;
    }

    @Override
    public int hashCode() {
      return 7;
    }
  }

  @Test
  void unique_equalInside_isDuplicate() throws Exception {
    CloseableQueue<Clashing> queue =
        CloseableQueue.<Clashing>named("todo").capacity(2).unique().create();
    var one = new Clashing(1, "one");
    assertThat(queue.offer(one)).isEqualTo(Offer.ADDED);
    assertThat(queue.offer(new Clashing(1, "uno"))).isEqualTo(Offer.DUPLICATE);
    assertThat(queue.offer(new Clashing(2, "two"))).isEqualTo(Offer.ADDED);
    assertThat(queue.offer(new Clashing(3, "three"))).isEqualTo(Offer.FULL);
    assertThat(queue.offer(new Clashing(2, "due"))).as("also when full").isEqualTo(Offer.DUPLICATE);
    queue.put(new Clashing(1, "eins"));
    queue.putFirst(new Clashing(2, "zwei"));
    queue.putForced(new Clashing(2, "deux"));
    assertThat(queue.put(new Clashing(2, "dos"), Duration.ZERO)).isTrue();
    assertThat(queue.asBlockingQueue().offer(one)).isFalse();
    assertThat(queue.asBlockingQueue().add(one)).isFalse();
    assertThat(queue.statistics().put()).isEqualTo(2);
    assertThat(queue.take()).isSameAs(one);
    assertThat(queue.offer(new Clashing(1, "again"))).isEqualTo(Offer.ADDED);
    queue.close();
    assertThat(queue.offer(one)).as("closed comes first").isEqualTo(Offer.CLOSED);
    assertThat(queue.drain()).extracting(Clashing::text).containsExactly("two", "again");
  }

  @Test
  void unique_putAll_addsEachOnce() throws Exception {
    CloseableQueue<Integer> queue = CloseableQueue.<Integer>named("todo").unique().create();
    queue.put(2);
    queue.putAll(List.of(1, 2, 3, 1, 3));
    queue.putAllFirst(List.of(3, 0, 0));
    queue.putAll(List.of());
    assertThat(queue.drain()).containsExactly(0, 2, 1, 3);
    CloseableQueue<Clashing> clashing =
        CloseableQueue.<Clashing>named("clashing").unique().create();
    var one = new Clashing(1, "one");
    var two = new Clashing(2, "two");
    clashing.put(one);
    clashing.putAll(List.of(new Clashing(1, "uno"), two));
    assertThat(clashing.drain())
        .satisfiesExactly(
            first -> assertThat(first).isSameAs(one), second -> assertThat(second).isSameAs(two));
    for (int i = 0; i < 1000; i++) {
      queue.put(i);
    }
    for (int i = 0; i < 1000; i++) {
      assertThat(queue.offer(i)).isEqualTo(Offer.DUPLICATE);
    }
    queue.asBlockingQueue().clear();
    queue.putAll(List.of(5, 6));
    assertThat(queue.asBlockingQueue().remove(5)).isTrue();
    assertThat(queue.offer(5)).isEqualTo(Offer.ADDED);
    var looking = queue.asBlockingQueue().iterator();
    assertThat(looking.next()).isEqualTo(6);
    looking.remove();
    assertThat(queue.offer(6)).isEqualTo(Offer.ADDED);
    assertThat(queue.drain()).containsExactly(5, 6);
  }

  @Test
  void unique_severalWaitWithEqualElements_oneIsIn() throws Exception {
    CloseableQueue<Integer> queue =
        CloseableQueue.<Integer>named("todo").capacity(1).unique().create();
    queue.put(0);
    var one = ManagedThread.call("one", _ -> queue.put(1, Signal.NEVER));
    TestThreads.awaitBlockedOn(one, "a place in queue \"todo\"");
    var again = ManagedThread.call("again", _ -> queue.put(1, Signal.NEVER));
    TestThreads.awaitBlockedOn(again, "a place in queue \"todo\"");
    assertThat(queue.take()).isZero();
    assertThat(one.join()).isTrue();
    assertThat(queue.put(1, Duration.ZERO)).as("who comes now sees that it is in").isTrue();
    assertThat(queue.take()).isEqualTo(1); // a place: the other looks again, and is the first now
    assertThat(again.join()).isTrue();
    assertThat(queue.drain()).containsExactly(1);
  }

  @Test
  void unique_equalsUsesTheQueue_works() throws Exception {
    CloseableQueue<Object> queue = CloseableQueue.named("todo").unique().create();
    final class Nosy {
      @Override
      public boolean equals(Object other) {
        return queue.size() < 0;
      }

      @Override
      public int hashCode() {
        return queue.size() & 0;
      }
    }
    for (int i = 0; i < 10; i++) {
      queue.put(new Nosy());
    }
    assertThat(queue.size()).isEqualTo(10);
  }

  @Test
  void unique_equalsThrows_putsNothing() throws Exception {
    CloseableQueue<Object> queue = CloseableQueue.named("todo").unique().create();
    final class Broken {
      @Override
      public boolean equals(Object other) {
        throw new IllegalStateException("broken");
      }

      @Override
      public int hashCode() {
        return 7;
      }
    }
    queue.put(new Clashing(1, "one"));
    assertThatThrownBy(() -> queue.put(new Broken())).hasMessage("broken");
    assertThatThrownBy(() -> queue.offer(new Broken())).hasMessage("broken");
    assertThat(queue.drain()).hasSize(1);
  }

  @Test
  void unique_drainRefused_staysUniqueMeanwhile() throws Exception {
    CloseableQueue<Integer> queue = CloseableQueue.<Integer>named("todo").unique().create();
    queue.putAll(List.of(1, 2));
    List<Integer> target =
        new ArrayList<>() {
          private static final long serialVersionUID = 1;

          @Override
          public boolean add(Integer element) {
            assertThat(queue.offer(element)).isEqualTo(Offer.DUPLICATE);
            if (element == 2) {
              throw new UnsupportedOperationException("enough");
            }
            return super.add(element);
          }
        };
    assertThatThrownBy(() -> queue.drain(target)).hasMessage("enough");
    assertThat(queue.offer(1)).isEqualTo(Offer.ADDED);
    assertThat(queue.offer(2)).isEqualTo(Offer.DUPLICATE);
    assertThat(queue.drain()).containsExactly(2, 1);
  }

  @Test
  void unique_drainedToTheEnd_mayBePutAgain() throws Exception {
    CloseableQueue<Integer> queue = CloseableQueue.<Integer>named("todo").unique().create();
    for (int round = 0; round < 2; round++) {
      queue.putAll(List.of(1, 2));
      List<Integer> target = new ArrayList<>();
      assertThat(queue.drain(target)).as("round %s", round).isEqualTo(2);
      assertThat(target).containsExactly(1, 2);
    }
  }

  // ---- closed because of a failure

  @Test
  void closeWithFailure_closedBefore_isLogged(TestLog log) {
    CloseableQueue<Integer> queue = CloseableQueue.unbounded("todo");
    queue.close();
    queue.close(new IOException("disk full"));
    assertThat(log.take(Level.ERROR, "").message())
        .startsWith("Queue \"todo\" was closed before, by thread ");
    assertThat(queue.poll()).as("the end is the one that was decided").isNull();
    assertThatThrownBy(() -> queue.close(null)).isInstanceOf(NullPointerException.class);
  }

  /** The failure comes after the elements: who does not wait for those does not see it. */
  @Test
  void closeWithFailure_notEndedYet_isNotThrown() throws Exception {
    CloseableQueue<Integer> queue = CloseableQueue.unbounded("todo");
    queue.put(1);
    queue.close(new IOException("disk full"));
    assertThat(queue.until(Signal.DONE)).isEmpty();
    List<Integer> target =
        new ArrayList<>() {
          private static final long serialVersionUID = 1;

          @Override
          public boolean add(Integer element) {
            assertThat(queue.poll()).as("in the hands of the drain").isNull();
            throw new UnsupportedOperationException("enough");
          }
        };
    assertThatThrownBy(() -> queue.drain(target)).hasMessage("enough");
    assertThat(queue.poll()).isOne();
    assertThatThrownBy(queue::poll).hasRootCauseMessage("disk full");
  }

  @Test
  void closeWithFailure_nobodyTakes_isReportedAtTheEndOfTheTree(TestLog log) throws Exception {
    try (var _ = ThreadTree.open("garden")) {
      ManagedThread.run(
              "closer",
              _ -> {
                CloseableQueue<Integer> queue = CloseableQueue.unbounded("todo");
                queue.close(new IOException("disk full"));
                CloseableQueue<Integer> seen = CloseableQueue.unbounded("seen");
                seen.close(new IOException("disk full"));
                assertThatThrownBy(seen::poll).hasRootCauseMessage("disk full");
              })
          .join();
    }
    assertThat(log.entries())
        .singleElement()
        .asString()
        .contains("Left over at the end of tree \"garden\": queue \"todo\" was closed by thread")
        .contains("because of java.io.IOException: disk full, and nobody who takes has seen that");
    log.take(log.entries().getFirst().level(), "Left over");
  }

  // ---- the undelivered

  @Test
  void onUndelivered_leftOverAtTheEndOfTheTree_areHandedOver(TestLog log) throws Exception {
    Queue<Integer> handed = new ConcurrentLinkedQueue<>();
    CloseableQueue<Integer> queue =
        CloseableQueue.<Integer>named("todo")
            .onUndelivered(element -> {
              handed.add(element);
              if (element == 2) {
                throw new IllegalStateException("not that one");
              }
            })
            .create();
    try (var _ = ThreadTree.open("garden")) {
      ManagedThread.run(
              "worker",
              _ -> {
                queue.putAll(List.of(1, 2, 3));
                queue.close();
                assertThat(queue.take()).isEqualTo(1);
              })
          .join();
    }
    assertThat(handed).containsExactly(2, 3);
    assertThat(queue.drained()).isSignalled();
    assertThat(log.entries()).hasSize(2);
    assertThat(log.take(Level.ERROR, "").message())
        .isEqualTo("The handler for the undelivered of queue \"todo\" has failed");
    assertThat(log.take(Level.WARNING, "").message())
        .isEqualTo(
            "Left over at the end of tree \"garden\": queue \"todo\" held 2 elements that"
                + " nobody had taken; its handler for the undelivered was given them");
  }

  @Test
  @VirtualTime(managed = false)
  void onUndelivered_handlerThatBlocks_holdsTheEndOfTheTreeForASecond(
      VirtualClock clock, TestLog log) throws Exception {
    SlowSink<Integer> handler = SlowSink.create();
    CloseableQueue<Integer> queue =
        CloseableQueue.<Integer>named("todo").onUndelivered(handler).create();
    try (var _ = ThreadTree.open("garden")) {
      ManagedThread.run(
              "worker",
              _ -> {
                queue.put(1);
                queue.close();
              })
          .join();
    }
    assertThat(handler.called(1)).isSignalled();
    assertThat(clock.elapsed()).isEqualTo(Duration.ofSeconds(1));
    handler.letGo();
    assertThat(log.entries()).hasSize(1);
    assertThat(log.take(Level.WARNING, "").message())
        .isEqualTo(
            "Left over at the end of tree \"garden\": queue \"todo\" held 1 element that nobody"
                + " had taken; its handler for the undelivered has not come to an end");
    clock.awaitOthersBlocked();
    assertThat(handler.received()).containsExactly(1);
  }

  @Test
  void closeWithFailure_whoseTextFails_isNamedByItsClass() {
    final class Mute extends RuntimeException {
      private static final long serialVersionUID = 1;

      @Override
      public String toString() {
        throw new IllegalStateException("mute");
      }
    }
    CloseableQueue<Integer> queue = CloseableQueue.unbounded("todo");
    queue.close(new Mute());
    assertThatThrownBy(() -> queue.put(1))
        .isInstanceOf(QueueClosedException.class)
        .hasMessageContaining("Mute");
  }

  // ---- slow consumers

  @Test
  @VirtualTime
  void warnWhenFullFor_consumersStand_warnsAtDoublingTimes(VirtualClock clock, TestLog log)
      throws Exception {
    CloseableQueue<Integer> queue =
        CloseableQueue.<Integer>named("todo")
            .capacity(1)
            .warnWhenFullFor(Duration.ofSeconds(5))
            .create();
    queue.put(0);
    assertThat(queue.put(1, Duration.ofSeconds(41))).isFalse();
    assertThat(clock.elapsed()).isEqualTo(Duration.ofSeconds(41));
    String who = "thread \"" + ManagedThread.current().path() + "\" has waited ";
    String where = " for a place in queue \"todo\" (1 of 1). Its consumers are too slow,";
    assertThat(log.entries()).hasSize(4);
    for (String time : List.of("5 s", "10 s", "20 s", "40 s")) {
      assertThat(log.take(Level.WARNING, who + time + where).message())
          .startsWith(who)
          .endsWith(" or they have stopped.");
    }
  }

  @Test
  @VirtualTime
  void warnWhenFullFor_manyWait_oneWarns(VirtualClock clock, TestLog log) throws Exception {
    CloseableQueue<Integer> queue =
        CloseableQueue.<Integer>named("todo")
            .capacity(1)
            .warnWhenFullFor(Duration.ofMillis(500))
            .create();
    queue.put(0);
    for (int i = 0; i < 10; i++) {
      ManagedThread.run("putter " + i, _ -> queue.put(1));
    }
    clock.sleep(Duration.ofMillis(900));
    assertThat(log.entries()).hasSize(1);
    assertThat(log.take(Level.WARNING, "").message()).contains("500 ms", ", and 9 more.");
    for (int i = 0; i < 11; i++) {
      assertThat(queue.take()).isNotNull();
    }
    clock.awaitOthersBlocked(); // until the putters have ended
    assertThat(queue).isEmpty().hasNobodyWaiting();
    assertThat(log.entries()).isEmpty();
    assertThat(queue.statistics().blockedPutting()).isEqualTo(Duration.ofSeconds(9));
  }

  @Test
  @VirtualTime
  void warnWhenFullFor_waitsShorterThanThat_saysNothing(TestLog log) throws Exception {
    CloseableQueue<Integer> queue =
        CloseableQueue.<Integer>named("todo")
            .capacity(1)
            .warnWhenFullFor(Duration.ofSeconds(5))
            .create();
    queue.put(0);
    for (int i = 0; i < 5; i++) {
      assertThat(queue.put(1, Duration.ofSeconds(4))).isFalse();
    }
    assertThat(log.entries()).isEmpty();
    assertThat(queue.statistics().blockedPutting()).isEqualTo(Duration.ofSeconds(20));
  }

  @Test
  @VirtualTime
  void warnWhenFullFor_twoWait_namesWhoHasWaitedLongest(VirtualClock clock, TestLog log)
      throws Exception {
    CloseableQueue<Integer> queue =
        CloseableQueue.<Integer>named("todo")
            .capacity(1)
            .warnWhenFullFor(Duration.ofSeconds(5))
            .create();
    queue.put(0);
    clock.sleep(Duration.ofSeconds(100));
    var first = ManagedThread.run("first", _ -> queue.put(1));
    clock.sleep(Duration.ofSeconds(2));
    var second = ManagedThread.run("second", _ -> queue.put(2));
    clock.sleep(Duration.ofSeconds(4));
    assertThat(log.take(Level.WARNING, "").message())
        .startsWith("thread \"" + first.path() + "\" has waited 5 s ")
        .contains(", and 1 more.");
    clock.sleep(Duration.ofSeconds(30));
    for (String time : List.of("10 s", "20 s")) {
      assertThat(log.take(Level.WARNING, "has waited " + time).message()).contains(first.path());
    }
    assertThat(log.entries()).isEmpty();
    queue.take();
    queue.take();
    first.join();
    second.join();
  }

  @Test
  @VirtualTime
  void warnWhenFullFor_anotherWaitSoonAfterAWarning_hasItsTimeToo(VirtualClock clock, TestLog log)
      throws Exception {
    CloseableQueue<Integer> queue =
        CloseableQueue.<Integer>named("todo")
            .capacity(1)
            .warnWhenFullFor(Duration.ofSeconds(5))
            .create();
    queue.put(0);
    assertThat(queue.put(1, Duration.ofSeconds(8))).isFalse();
    assertThat(log.take(Level.WARNING, "").message()).contains("has waited 5 s");
    assertThat(queue.put(1, Duration.ofSeconds(4))).as("until 12 s").isFalse();
    assertThat(log.entries()).isEmpty();
    assertThat(queue.put(1, Duration.ofSeconds(6))).as("until 18 s").isFalse();
    assertThat(log.take(Level.WARNING, "").message()).contains("has waited 5 s");
    assertThat(log.entries()).isEmpty();
  }

  /** In real time, as threads outside of any tree are. */
  @Test
  void warnWhenFullFor_aThreadOutsideOfAnyTreeWaits_isNamed(TestLog log) throws Exception {
    CloseableQueue<Integer> queue =
        CloseableQueue.<Integer>named("todo")
            .capacity(1)
            .warnWhenFullFor(Duration.ofMillis(1))
            .create();
    queue.put(0);
    Thread outsider =
        Thread.ofPlatform()
            .name("outsider")
            .start(() -> {
              try {
                queue.put(1);
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
    while (log.entries().isEmpty()) {
      Thread.sleep(1);
    }
    queue.take();
    outsider.join();
    assertThat(log.take(Level.WARNING, "").message()).startsWith("thread \"outsider\" has waited ");
    while (!log.entries().isEmpty()) {
      assertThat(log.take(Level.WARNING, "").message()).startsWith("thread \"outsider\"");
    }
  }

  // ---- misuse

  @Test
  void builder_badArguments_throwsAndSaysWhatNext() {
    var builder = CloseableQueue.<Integer>named("todo");
    assertThatThrownBy(() -> builder.capacity(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("\"todo\"")
        .hasMessageContaining("at least 1");
    assertThatThrownBy(() -> builder.capacity(-5)).hasMessageContaining("-5");
    assertThatThrownBy(() -> builder.warnWhenFullFor(Duration.ZERO))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("leave warnWhenFullFor out");
    assertThatThrownBy(() -> builder.warnWhenFullFor(Duration.ofSeconds(-1)))
        .hasMessageContaining("PT-1S");
    assertThatThrownBy(() -> builder.onUndelivered(null)).isInstanceOf(NullPointerException.class);
    assertThatThrownBy(() -> CloseableQueue.named(null)).isInstanceOf(NullPointerException.class);
  }
}
