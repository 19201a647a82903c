package org.morethreads.queue;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.morethreads.sync.Signal;
import org.morethreads.sync.Till;

/**
 * Producers and consumers with interrupts, time-outs, signals and closing at random: every element
 * whose put succeeded comes out once, no other does, and each consumer sees those of one producer
 * in order (Q2, Q3).
 */
class QueueTallyTest {
  private static final int PRODUCERS = 4;
  private static final int CONSUMERS = 3;
  private static final int ELEMENTS = 500;

  /** How long to go on in each case; at least once. The time limit of a test is 60 s. */
  private static final long LONG_FORM =
      TimeUnit.SECONDS.toNanos(Math.min(50, Integer.getInteger("morethreads.tallySeconds", 0)));

  static Stream<Arguments> cases() {
    return Stream.of(1, 2, 10, 1024, Integer.MAX_VALUE)
        .flatMap(capacity ->
            Stream.of(Flavour.values())
                .flatMap(flavour ->
                    Stream.of(Crew.Kind.values())
                        .map(kind -> Arguments.of(capacity, flavour, kind))));
  }

  private interface Tally {
    void count(long seed) throws Exception;
  }

  private static void repeat(Tally tally) throws Exception {
    long begin = System.nanoTime();
    do {
      tally.count(System.nanoTime());
    } while (System.nanoTime() - begin < LONG_FORM);
  }

  private record Item(int producer, int number) {}

  @ParameterizedTest
  @MethodSource("cases")
  void everyElement_whateverHappens_isAccountedForOnce(
      int capacity, Flavour flavour, Crew.Kind kind) throws Exception {
    repeat(seed -> tally(flavour.create("tally", capacity), kind, seed, false));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void everyElement_closedInTheMiddle_isAccountedForOnce(
      int capacity, Flavour flavour, Crew.Kind kind) throws Exception {
    repeat(seed -> tally(flavour.create("tally", capacity), kind, seed, true));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void everyElement_throughSelect_isAccountedForOnce(int capacity, Flavour flavour, Crew.Kind kind)
      throws Exception {
    repeat(seed ->
        tallySelect(flavour.create("one", capacity), Flavour.PLAIN.create("two", 2), kind, seed));
  }

  private static void tallySelect(
      CloseableQueue<Item> one, CloseableQueue<Item> two, Crew.Kind kind, long seed)
      throws Exception {
    Crew crew = new Crew(kind);
    List<Crew.Member<List<Item>>> producers = new ArrayList<>();
    List<Crew.Member<List<Item>>> consumers = new ArrayList<>();
    for (int i = 0; i < CONSUMERS; i++) {
      Random random = new Random(seed + 100 + i);
      consumers.add(crew.start(() -> consumeBySelect(one, two, random)));
    }
    for (int i = 0; i < PRODUCERS; i++) {
      int producer = i;
      Random random = new Random(seed + producer);
      producers.add(crew.start(() -> produceBySelect(one, two, producer, random)));
    }
    List<Crew.Member<List<Item>>> all = new ArrayList<>(producers);
    all.addAll(consumers);
    Random random = new Random(seed);
    int rounds = random.nextBoolean() ? random.nextInt(50) : Integer.MAX_VALUE;
    for (int i = 0; i < rounds && producers.stream().anyMatch(p -> p.thread.isAlive()); i++) {
      all.get(random.nextInt(all.size())).thread.interrupt();
      Thread.yield();
    }
    one.close();
    two.close();
    List<Item> put = new ArrayList<>();
    for (var producer : producers) {
      put.addAll(producer.result());
    }
    List<Item> taken = new ArrayList<>();
    for (var consumer : consumers) {
      taken.addAll(consumer.result());
    }
    crew.join();
    assertThat(sorted(taken)).as("seed %s", seed).isEqualTo(sorted(put));
    for (CloseableQueue<Item> queue : List.of(one, two)) {
      assertThat(queue.drained().isSignalled()).as("seed %s", seed).isTrue();
      QueueStatistics statistics = queue.statistics();
      assertThat(statistics.put()).isEqualTo(statistics.taken());
      assertThat(statistics.waitingToPut() + statistics.waitingToTake()).isZero();
    }
  }

  /** Returns what is in. */
  private static List<Item> produceBySelect(
      CloseableQueue<Item> one, CloseableQueue<Item> two, int producer, Random random) {
    List<Item> in = new ArrayList<>();
    for (int number = 0; number < ELEMENTS; number++) {
      Item item = new Item(producer, number);
      try {
        boolean added =
            switch (random.nextInt(4)) {
              case 0 -> one.put(item, Duration.ofNanos(random.nextInt(20_000)));
              case 1 ->
                  Select.<Boolean>awaitFirst(
                      Select.put(one, item, () -> true),
                      Select.when(
                          Till.after(Duration.ofNanos(random.nextInt(20_000))), () -> false));
              default ->
                  Select.<Boolean>awaitFirst(
                      Select.put(one, item, () -> true),
                      Select.put(two, item, () -> true),
                      Select.after(Duration.ofNanos(random.nextInt(20_000)), () -> false));
            };
        if (added) {
          in.add(item);
        }
      } catch (InterruptedException e) {
        // not in: goes on with the next
      } catch (QueueClosedException e) {
        break;
      }
    }
    return in;
  }

  private static List<Item> consumeBySelect(
      CloseableQueue<Item> one, CloseableQueue<Item> two, Random random) {
    Item end = new Item(-1, -1);
    Item nothing = new Item(-2, -2);
    List<Item> out = new ArrayList<>();
    while (true) {
      try {
        Item item =
            switch (random.nextInt(4)) {
              case 0 -> Objects.requireNonNullElse(two.poll(Duration.ofNanos(5_000)), nothing);
              case 1 ->
                  Select.awaitFirst(
                      Select.take(one),
                      Select.take(two),
                      Select.until(Till.after(Duration.ofNanos(5_000)), () -> nothing),
                      Select.atEnd(() -> end));
              default ->
                  Select.awaitFirst(
                      Select.take(two),
                      Select.take(one),
                      Select.after(Duration.ofNanos(random.nextInt(50_000)), () -> nothing),
                      Select.atEnd(() -> end));
            };
        if (item == end) {
          return out;
        }
        if (item != nothing && (random.nextInt(10) != 0 || !givesBack(one, item))) {
          out.add(item);
        }
      } catch (InterruptedException e) {
        // nothing was taken
      }
    }
  }

  private static boolean givesBack(CloseableQueue<Item> queue, Item item) {
    try {
      queue.putForced(item);
      return true;
    } catch (QueueClosedException e) {
      return false; // the end: it stays with this consumer
    }
  }

  private static void tally(
      CloseableQueue<Item> queue, Crew.Kind kind, long seed, boolean closeEarly) throws Exception {
    Crew crew = new Crew(kind);
    Signal hurry = Signal.create("never gone");
    List<Crew.Member<List<Item>>> producers = new ArrayList<>();
    List<Crew.Member<List<Item>>> consumers = new ArrayList<>();
    for (int i = 0; i < CONSUMERS; i++) {
      long own = seed + 100 + i;
      consumers.add(crew.start(() -> consume(queue, new Random(own), hurry)));
    }
    for (int i = 0; i < PRODUCERS; i++) {
      int producer = i;
      producers.add(crew.start(() -> produce(queue, producer, new Random(seed + producer), hurry)));
    }
    List<Crew.Member<List<Item>>> all = new ArrayList<>(producers);
    all.addAll(consumers);
    Random random = new Random(seed);
    int rounds = closeEarly ? random.nextInt(50) : Integer.MAX_VALUE;
    for (int i = 0; i < rounds && producers.stream().anyMatch(p -> p.thread.isAlive()); i++) {
      all.get(random.nextInt(all.size())).thread.interrupt();
      Thread.yield();
    }
    queue.close();

    List<Item> put = new ArrayList<>();
    for (var producer : producers) {
      put.addAll(producer.result());
    }
    List<Item> taken = new ArrayList<>();
    for (var consumer : consumers) {
      List<Item> mine = consumer.result();
      assertInOrder(mine, seed);
      taken.addAll(mine);
    }
    crew.join();
    assertThat(queue.drained().isSignalled()).as("seed %s", seed).isTrue();
    assertThat(taken).as("seed %s", seed).doesNotHaveDuplicates();
    assertThat(sorted(taken)).as("seed %s", seed).isEqualTo(sorted(put));
  }

  private static List<Item> sorted(List<Item> items) {
    List<Item> sorted = new ArrayList<>(items);
    Collections.sort(
        sorted,
        (a, b) ->
            a.producer == b.producer
                ? Integer.compare(a.number, b.number)
                : Integer.compare(a.producer, b.producer));
    return sorted;
  }

  private static void assertInOrder(List<Item> items, long seed) {
    Map<Integer, Integer> last = new HashMap<>();
    for (Item item : items) {
      Integer before = last.put(item.producer, item.number);
      assertThat(before == null || before < item.number).as("seed %s", seed).isTrue();
    }
  }

  /** Returns what is in. */
  private static List<Item> produce(
      CloseableQueue<Item> queue, int producer, Random random, Signal hurry) {
    List<Item> in = new ArrayList<>();
    int number = 0;
    while (number < ELEMENTS) {
      Item item = new Item(producer, number++);
      try {
        boolean added =
            switch (random.nextInt(7)) {
              case 0 -> queue.offer(item) == Offer.ADDED;
              case 1 -> queue.put(item, Duration.ofNanos(random.nextInt(20_000)));
              case 2 -> queue.put(item, Till.after(Duration.ofNanos(random.nextInt(20_000))));
              case 3 -> queue.put(item, hurry);
              case 4 -> {
                Item second = new Item(producer, number++);
                boolean both = queue.putAll(List.of(item, second), Duration.ofNanos(5_000));
                if (both) {
                  in.add(item);
                }
                item = second;
                yield both;
              }
              default -> {
                queue.put(item);
                yield true;
              }
            };
        if (added) {
          in.add(item);
        }
      } catch (InterruptedException e) {
        // not in: goes on with the next
      } catch (QueueClosedException e) {
        break;
      }
    }
    return in;
  }

  private static List<Item> consume(CloseableQueue<Item> queue, Random random, Signal hurry) {
    List<Item> out = new ArrayList<>();
    while (!queue.drained().isSignalled()) {
      try {
        Item item =
            switch (random.nextInt(7)) {
              case 0 -> queue.poll();
              case 1 -> queue.poll(Duration.ofNanos(random.nextInt(20_000)));
              case 2 -> queue.poll(Till.after(Duration.ofNanos(random.nextInt(20_000))));
              case 3 -> queue.poll(hurry);
              case 4 -> {
                queue.drain(out, random.nextInt(5));
                yield null;
              }
              case 5 -> {
                loop(queue, random, out);
                yield null;
              }
              default -> queue.take();
            };
        if (item != null) {
          out.add(item);
        }
      } catch (InterruptedException e) {
        // nothing was taken
      } catch (QueueClosedException e) {
        assertThat(queue.drained().isSignalled()).isTrue();
      }
    }
    return out;
  }

  private static void loop(CloseableQueue<Item> queue, Random random, List<Item> out) {
    var stop = Signal.create("stop");
    var till = Till.after(Duration.ofNanos(random.nextInt(50_000)));
    try {
      for (Item item : queue.until(stop.or(till))) {
        out.add(item);
        if (random.nextInt(10) == 0) {
          stop.go();
        }
      }
    } catch (WaitInterruptedException e) {
      assertThat(Thread.interrupted()).isTrue();
    }
  }
}
