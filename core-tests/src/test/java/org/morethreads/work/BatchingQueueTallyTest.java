package org.morethreads.work;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.morethreads.queue.QueueClosedException;
import org.morethreads.sync.Signal;
import org.morethreads.thread.Grove;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.StopPolicy;

/** Where every element of a batching queue stays, whatever happens (Q6). */
@Timeout(60)
class BatchingQueueTallyTest {
  private static final Duration LONG = Duration.ofDays(1);

  @RegisterExtension final Grove grove = new Grove();

  private static BatchingQueue.Builder<Integer> named(String name) {
    return BatchingQueue.<Integer>named(name).maximumAge(LONG);
  }

  /** How a round of the tally ends. */
  private enum End {
    CLOSE,
    STOP,
    INTERRUPT,
    FAIL
  }

  /** In real time, with producers, flushes, failures and an end at random. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void everyElement_whateverHappens_isInOnePlace(boolean platform) throws Exception {
    for (int round = 0; round < 60; round++) {
      long seed = System.nanoTime();
      tally(platform, End.values()[round % End.values().length], new Random(seed), seed);
    }
  }

  private void tally(boolean platform, End end, Random random, long seed) throws Exception {
    List<Integer> delivered = new CopyOnWriteArrayList<>();
    List<Integer> handed = new CopyOnWriteArrayList<>();
    List<Integer> accepted = new CopyOnWriteArrayList<>();
    var slow = random.nextInt(3);
    var failing = random.nextInt(4);
    var sinkRandom = new Random(seed + 1);
    try (var tree = grove.open("tally")) {
      var builder =
          named("rows")
              .size(1 + random.nextInt(20))
              .capacity(1 + random.nextInt(30))
              .maximumAge(Duration.ofNanos(1 + random.nextInt(3_000_000)))
              .stopPolicy(
                  end == End.INTERRUPT
                      ? StopPolicy.standard().withAsk(Duration.ofMillis(2))
                      : StopPolicy.standard());
      if (random.nextBoolean()) {
        builder = builder.retries(2, Duration.ofNanos(100_000), Duration.ofMillis(1));
      }
      if (end != End.FAIL) {
        builder = builder.onUndelivered((batch, _) -> handed.addAll(batch));
      }
      var queue =
          (platform ? builder.platform() : builder)
              .start(batch -> {
                if (slow == 0) {
                  Signal.NEVER.await(Duration.ofNanos(sinkRandom.nextInt(1_000_000)));
                }
                if (failing == 0 && sinkRandom.nextInt(5) == 0) {
                  throw new IOException("at random");
                }
                delivered.addAll(batch);
              });
      List<ManagedThread<?>> producers = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        int first = 1000 * i;
        var mine = new Random(seed + 10 + i);
        producers.add(ManagedThread.run("producer", _ -> produce(queue, first, mine, accepted)));
      }
      if (end == End.INTERRUPT || end == End.STOP) {
        Signal.NEVER.await(Duration.ofNanos(random.nextInt(3_000_000)));
        queue.stop();
      }
      if (end == End.CLOSE && random.nextBoolean()) {
        queue.shutdown();
      }
      for (var producer : producers) {
        producer.join();
      }
      assertThat(queue.flush().await(Duration.ofSeconds(30))).as("seed %s", seed).isTrue();
      queue.close();
      List<Integer> kept = queue.takeUndelivered();
      queue.thread().awaitOutcome();
      List<Integer> all = new ArrayList<>(delivered);
      all.addAll(handed);
      all.addAll(kept);
      assertThat(all).as("seed %s", seed).containsExactlyInAnyOrderElementsOf(accepted);
      var statistics = queue.statistics();
      assertThat(statistics.put()).isEqualTo(accepted.size());
      assertThat(statistics.delivered()).isEqualTo(delivered.size());
      assertThat(statistics.undelivered()).isEqualTo(handed.size() + kept.size());
      assertThat(statistics.inHand() + statistics.waiting()).isZero();
      for (int i = 0; i < 3; i++) {
        int producer = i;
        assertThat(delivered.stream().filter(each -> each / 1000 == producer))
            .as("seed %s", seed)
            .isSorted();
      }
      tree.stop();
    }
  }

  private static void produce(
      BatchingQueue<Integer> queue, int first, Random random, List<Integer> accepted)
      throws InterruptedException {
    try {
      for (int i = 0; i < 100; i++) {
        int number = first + i;
        boolean isIn =
            switch (random.nextInt(5)) {
              case 0 -> queue.put(number, Duration.ofNanos(random.nextInt(100_000)));
              case 1 -> {
                queue.putAll(List.of(number));
                yield true;
              }
              case 2 -> queue.offer(number) == org.morethreads.queue.Offer.ADDED;
              default -> {
                queue.put(number);
                yield true;
              }
            };
        if (isIn) {
          accepted.add(number);
        }
        if (random.nextInt(40) == 0) {
          queue.flush();
        }
      }
    } catch (QueueClosedException e) {
      // closed: the number is not in
    }
  }
}
