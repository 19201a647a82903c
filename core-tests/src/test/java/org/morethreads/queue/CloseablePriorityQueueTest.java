package org.morethreads.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.morethreads.sync.Signal;
import org.morethreads.testing.VirtualClock;

/** What priorities add to a queue (Q5); the rest is in the contract tests. */
class CloseablePriorityQueueTest {
  private final CloseablePriorityQueue<String> queue = CloseablePriorityQueue.bounded("todo", 10);
  private final Crew crew = new Crew(Crew.Kind.VIRTUAL);

  @AfterEach
  void end() throws Exception {
    crew.join();
  }

  @Test
  void take_severalPriorities_highestFirstAndOldestWithin() throws Exception {
    queue.put("low");
    queue.put("middle 1", 5);
    queue.put("zero", 0);
    assertThat(queue.offer("high", 63)).isEqualTo(Offer.ADDED);
    assertThat(queue.put("middle 2", 5, Signal.DONE)).isTrue();
    assertThat(queue.put("one", 1, Duration.ZERO)).isTrue();
    queue.putAll(List.of("middle 3", "middle 4"), 5);
    assertThat(queue.asBlockingQueue())
        .containsExactly(
            "high", "middle 1", "middle 2", "middle 3", "middle 4", "one", "low", "zero");
    assertThat(queue.asBlockingQueue().peek()).isEqualTo("high");
    assertThat(queue.take()).isEqualTo("high");
    assertThat(queue.poll()).isEqualTo("middle 1");
    List<String> some = new ArrayList<>();
    queue.drain(some, 3);
    assertThat(some).containsExactly("middle 2", "middle 3", "middle 4");
    assertThat(queue.drain()).containsExactly("one", "low", "zero");
  }

  @Test
  void putFirst_goesInFrontOfItsPriority() throws Exception {
    CloseablePriorityQueue<Integer> byTens =
        CloseablePriorityQueue.<Integer>named("todo").priorityBy(number -> number / 10).create();
    byTens.putAll(List.of(11, 25, 12, 3));
    byTens.putFirst(10);
    byTens.putAllFirst(List.of(20, 9, 21));
    byTens.putForced(13);
    byTens.putForced(4, 6);
    assertThat(byTens.asBlockingQueue().add(22)).isTrue();
    assertThat(byTens.drain()).containsExactly(4, 20, 21, 25, 22, 10, 11, 12, 13, 9, 3);
  }

  @Test
  void drain_targetRefuses_restIsBackInItsPlaces() throws Exception {
    queue.put("low", 1);
    queue.put("high 1", 9);
    queue.put("high 2", 9);
    assertThatThrownBy(() -> queue.drain(List.of())).isInstanceOf(RuntimeException.class);
    queue.put("high 3", 9);
    assertThat(queue.drain()).containsExactly("high 1", "high 2", "high 3", "low");
  }

  @Test
  void capacity_countsAllPrioritiesTogether() throws Exception {
    for (int i = 0; i < 10; i++) {
      queue.put("low", 0);
    }
    assertThat(queue.offer("high", 9)).isEqualTo(Offer.FULL);
    assertThat(queue.put("high", 9, Duration.ZERO)).isFalse();
    var putter = crew.startBlocked(() -> queue.put("high", 9, Signal.NEVER));
    assertThat(queue.take()).isEqualTo("low");
    assertThat(putter.result()).isTrue();
    assertThat(queue.take()).isEqualTo("high");
    assertThat(queue).hasToString("queue \"todo\" (9 of 10)");
  }

  /** High priorities that keep coming cannot keep anybody from seeing that the queue is closed. */
  @Test
  void close_whileUrgentElementsAreInside_isSeenAtOnceAndAllAreDelivered() throws Exception {
    for (int i = 0; i < 9; i++) {
      queue.put("high", 63);
    }
    queue.put("low", 0);
    var putter = crew.startBlocked(() -> queue.put("high", 63, Signal.NEVER));
    queue.close();
    assertThat(putter.failure()).isInstanceOf(QueueClosedException.class);
    assertThat(queue.offer("high", 63)).isEqualTo(Offer.CLOSED);
    List<String> seen = new ArrayList<>();
    queue.forEach(seen::add);
    assertThat(seen).hasSize(10).endsWith("low");
    assertThat(queue.drained().isSignalled()).isTrue();
  }

  @Test
  void ageing_elementWaits_overtakesYoungerOnesOfHigherPriority() throws Exception {
    CloseablePriorityQueue<String> ageing =
        CloseablePriorityQueue.<String>named("todo").ageing(Duration.ofSeconds(10)).create();
    VirtualClock.run(_ -> {
      ageing.put("old 0", 0);
      ageing.put("old 2", 2);
      Signal.NEVER.await(Duration.ofSeconds(10));
      ageing.put("10 s: 1", 1); // as urgent as "old 0": the higher priority comes first
      ageing.put("10 s: 2", 2);
      Signal.NEVER.await(Duration.ofMillis(10_001));
      ageing.put("20 s: 2", 2); // a little less urgent than "old 0" by now
      ageing.put("20 s: 3", 3);
    });
    String[] order = {"old 2", "10 s: 2", "20 s: 3", "10 s: 1", "old 0", "20 s: 2"};
    assertThat(ageing.asBlockingQueue()).containsExactly(order);
    assertThat(ageing.drain()).containsExactly(order);
  }

  @Test
  void ageing_floodOfUrgentOnes_doesNotStarveTheOthers() throws Exception {
    CloseablePriorityQueue<String> ageing =
        CloseablePriorityQueue.<String>named("todo").ageing(Duration.ofSeconds(1)).create();
    VirtualClock.run(_ -> {
      ageing.put("low", 0);
      ageing.put("urgent", 5);
      int served = 0;
      while (!ageing.take().equals("low")) {
        served++;
        Signal.NEVER.await(Duration.ofMillis(100));
        ageing.put("urgent", 5);
      }
      assertThat(served).isEqualTo(51); // for five seconds, and the equal one by priority
    });
  }

  /** Against a list that is sorted at every step. */
  @RepeatedTest(20)
  void everyOperation_atRandom_doesWhatASortedListDoes() throws Exception {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    record Item(int priority, int number) {}
    CloseablePriorityQueue<Item> items =
        CloseablePriorityQueue.<Item>named("items").priorityBy(Item::priority).create();
    List<Item> model = new ArrayList<>();
    for (int step = 0; step < 1000; step++) {
      Item item = new Item(random.nextInt(4) * 21, step);
      switch (random.nextInt(6)) {
        case 0, 1, 2 -> {
          items.put(item);
          model.add(item);
        }
        case 3 -> {
          items.putFirst(item);
          model.addFirst(item);
        }
        case 4 -> {
          model.sort(Comparator.comparing(Item::priority).reversed()); // stable
          Item first = model.isEmpty() ? null : model.removeFirst();
          assertThat(items.poll()).as("seed %s", seed).isEqualTo(first);
        }
        default -> {
          Item victim = model.isEmpty() ? item : model.get(random.nextInt(model.size()));
          assertThat(items.asBlockingQueue().remove(victim)).isEqualTo(model.remove(victim));
        }
      }
      assertThat(items.size()).isEqualTo(model.size());
    }
    model.sort(Comparator.comparing(Item::priority).reversed());
    assertThat(items.asBlockingQueue().toArray()).isEqualTo(model.toArray());
    assertThat(items.drain()).as("seed %s", seed).isEqualTo(model);
  }

  @Test
  void unique_equalOneOfAnotherPriority_isDuplicate() throws Exception {
    CloseablePriorityQueue<String> unique =
        CloseablePriorityQueue.<String>named("todo").unique().create();
    unique.put("a", 1);
    assertThat(unique.offer("a", 9)).isEqualTo(Offer.DUPLICATE);
    unique.put("b", 5);
    assertThat(unique.drain()).containsExactly("b", "a");
    assertThat(unique.offer("a", 9)).isEqualTo(Offer.ADDED);
    var looking = unique.asBlockingQueue().iterator();
    assertThat(looking.next()).isEqualTo("a");
    looking.remove();
    assertThat(unique.offer("a", 3)).as("removed through the view").isEqualTo(Offer.ADDED);
  }

  @Test
  void put_fullAndTheTillHasGone_isFalseAndNotIn() throws Exception {
    CloseablePriorityQueue<String> full = CloseablePriorityQueue.bounded("full", 1);
    assertThat(full.put("in", 3, Signal.DONE)).as("there is room").isTrue();
    assertThat(full.put("out", 9, Signal.DONE)).isFalse();
    assertThat(full.drain()).containsExactly("in");
  }

  @Test
  void everyWayToPut_noSuchPriority_throwsAndSaysWhichThereAre() {
    assertThatThrownBy(() -> queue.put("x", 64))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "Queue \"todo\" has no priority 64; they go from 0, which is taken last, to 63, which is"
                + " taken first. Map a wider scale to that.");
    assertThatThrownBy(() -> queue.put("x", -1, Signal.DONE))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> queue.put("x", -1, Duration.ZERO))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> queue.offer("x", 64)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> queue.putForced("x", 64)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> queue.putAll(List.of(), 64))
        .isInstanceOf(IllegalArgumentException.class);
    CloseablePriorityQueue<String> wild =
        CloseablePriorityQueue.<String>named("wild").priorityBy(String::length).create();
    assertThatThrownBy(() -> wild.put("x".repeat(64))).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> wild.putAll(List.of("x", "x".repeat(64))))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(wild.isEmpty()).isTrue();
    assertThat(queue.isEmpty()).isTrue();
  }

  @Test
  void builder_badArguments_throws() {
    var builder = CloseablePriorityQueue.<String>named("todo");
    assertThatThrownBy(() -> builder.ageing(Duration.ZERO))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("leave ageing out");
    assertThatThrownBy(() -> builder.priorityBy(null)).isInstanceOf(NullPointerException.class);
    assertThatThrownBy(() -> builder.capacity(0)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> CloseablePriorityQueue.bounded("todo", 0))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void put_interruptedBeforeAndWhileWaiting_throwsAndPutsNothing() throws Exception {
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> queue.put("x", 1)).isInstanceOf(InterruptedException.class);
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> queue.putAll(List.of("x"), 1))
        .isInstanceOf(InterruptedException.class);
    assertThat(queue.isEmpty()).isTrue();
    for (int i = 0; i < 10; i++) {
      queue.put("low", 0);
    }
    for (Crew.Kind kind : Crew.Kind.values()) {
      Crew both = new Crew(kind);
      var timed = both.startBlocked(() -> queue.put("x", 1, Duration.ofSeconds(20)));
      var till = both.startBlocked(() -> queue.put("x", 1, Signal.create("never gone")));
      for (var putter : List.of(timed, till)) {
        putter.thread.interrupt();
        assertThat(putter.failure()).isInstanceOf(InterruptedException.class);
      }
      both.join();
    }
    assertThat(queue.drain()).hasSize(10).doesNotContain("x");
  }

  @Test
  void put_null_throws() {
    assertThatThrownBy(() -> queue.put(null, 1)).isInstanceOf(NullPointerException.class);
    assertThatThrownBy(() -> queue.offer(null, 1)).isInstanceOf(NullPointerException.class);
    assertThatThrownBy(() -> queue.putForced(null, 1)).isInstanceOf(NullPointerException.class);
  }
}
