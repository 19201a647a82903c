package org.morethreads.thread;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.morethreads.fixture.Kind;
import org.morethreads.queue.CloseableQueue;
import org.morethreads.sync.Lock;
import org.morethreads.sync.Signal;

/** H14: deadlocks in which a queue takes part. */
@Timeout(20)
class QueueDeadlockTest {
  private static final StopPolicy QUICK = StopPolicy.standard().withAsk(Duration.ZERO);

  @RegisterExtension final Grove grove = new Grove();

  private static List<String> deadlocks(ThreadTree tree) {
    return tree.dump().lines().dropWhile(line -> !line.startsWith("DEADLOCK")).toList();
  }

  /** The producer holds a lock that the consumer needs, and waits for a place in the full queue. */
  @ParameterizedTest
  @EnumSource
  void dump_producerHoldsLockOfItsConsumer_namesTheCycle(Kind kind) throws Exception {
    try (var tree = grove.open("t", QUICK)) {
      var orders = CloseableQueue.<Integer>bounded("orders", 1);
      var accounts = Lock.create("accounts");
      var held = Signal.create("held");
      var consumer =
          Grove.named(kind, "consumer")
              .run(_ -> {
                for (var _ : orders) {
                  held.await();
                  accounts.run(() -> {});
                }
              });
      TreeDumpTest.awaitOn(consumer, "an element of queue \"orders\"");
      var producer =
          Grove.named(kind, "producer")
              .run(_ -> {
                try (var _ = accounts.acquire()) {
                  held.go();
                  for (int i = 0; i < 3; i++) {
                    orders.put(i);
                  }
                }
              });
      TreeDumpTest.awaitOn(producer, "a place in queue \"orders\"");
      TreeDumpTest.awaitOn(consumer, "lock \"accounts\"");
      assertThat(deadlocks(tree))
          .hasSize(3)
          .startsWith("DEADLOCK, unless somebody else puts into the queue or takes from it:")
          .contains(
              "  \"t/producer\" waits for a place in queue \"orders\", which \"t/consumer\" has been seen to take from",
              "  \"t/consumer\" waits for lock \"accounts\", which \"t/producer\" holds");
      assertThat(tree.dumpJson()).contains("{\"certain\":false,\"cycle\":[");
    }
  }

  /** Nobody waits for a consumer that is gone. */
  @Test
  void dump_anotherConsumerHasEnded_namesTheCycleAllTheSame() throws Exception {
    try (var tree = grove.open("t", QUICK)) {
      var orders = CloseableQueue.<Integer>bounded("orders", 1);
      var former = tree.call("former", _ -> orders.take());
      TreeDumpTest.awaitOn(former, "an element of queue \"orders\"");
      orders.put(0);
      assertThat(former.join()).isZero();
      startProducerAndConsumer(tree, orders);
      assertThat(deadlocks(tree)).hasSize(3).noneMatch(line -> line.contains("former"));
    }
  }

  /** Two stages of a ring, each with a full queue in front of it. */
  @Test
  void dump_oneOfTwoConsumersIsFree_isNoDeadlock() throws Exception {
    try (var tree = grove.open("t", QUICK)) {
      var orders = CloseableQueue.<Integer>bounded("orders", 1);
      var accounts = Lock.create("accounts");
      var held = Signal.create("held");
      var busy = Signal.create("busy");
      var stuck =
          tree.run(
              "stuck",
              _ -> {
                orders.take();
                held.await();
                accounts.run(() -> {});
              });
      TreeDumpTest.awaitOn(stuck, "an element of queue \"orders\"");
      var free =
          tree.run(
              "free",
              stop -> {
                orders.take();
                busy.go();
                stop.await();
              });
      TreeDumpTest.awaitOn(free, "an element of queue \"orders\"");
      var producer =
          tree.run(
              "producer",
              _ -> {
                try (var _ = accounts.acquire()) {
                  held.go();
                  for (int i = 0; i < 4; i++) {
                    orders.put(i);
                  }
                }
              });
      busy.await();
      TreeDumpTest.awaitOn(producer, "a place in queue \"orders\"");
      TreeDumpTest.awaitOn(stuck, "lock \"accounts\"");
      assertThat(deadlocks(tree)).isEmpty();
    }
  }

  /** Each ends up waiting for what the other has: one for a place, one for the lock. */
  private static void startProducerAndConsumer(ThreadTree tree, CloseableQueue<Integer> orders)
      throws InterruptedException {
    var accounts = Lock.create("accounts");
    var held = Signal.create("held");
    var consumer =
        tree.run(
            "consumer",
            _ -> {
              orders.take();
              held.await();
              accounts.run(() -> {});
            });
    TreeDumpTest.awaitOn(consumer, "an element of queue \"orders\"");
    var producer =
        tree.run(
            "producer",
            _ -> {
              try (var _ = accounts.acquire()) {
                held.go();
                for (int i = 0; i < 3; i++) {
                  orders.put(i);
                }
              }
            });
    TreeDumpTest.awaitOn(producer, "a place in queue \"orders\"");
    TreeDumpTest.awaitOn(consumer, "lock \"accounts\"");
  }

  /** Whoever is in no tree may put at any time. */
  @Test
  void dump_anUnmanagedThreadHasTaken_isNoDeadlock() throws Exception {
    try (var tree = grove.open("t", QUICK)) {
      var orders = CloseableQueue.<Integer>bounded("orders", 1);
      assertThat(orders.poll(Duration.ofMillis(1))).isNull();
      startProducerAndConsumer(tree, orders);
      assertThat(deadlocks(tree)).isEmpty();
    }
  }

  /** Each tree alone shows only half of it. */
  @Test
  void dump_cycleGoesThroughAnotherTree_isNamed() throws Exception {
    try (var other = grove.open("o", QUICK);
        var tree = grove.open("t", QUICK)) {
      var red = Lock.create("red");
      var blue = Lock.create("blue");
      var hasRed = Signal.create("has red");
      var hasBlue = Signal.create("has blue");
      var a =
          tree.run(
              "a",
              _ -> {
                try (var _ = red.acquire()) {
                  hasRed.go();
                  hasBlue.await();
                  blue.run(() -> {});
                }
              });
      var b =
          other.run(
              "b",
              _ -> {
                try (var _ = blue.acquire()) {
                  hasBlue.go();
                  hasRed.await();
                  red.run(() -> {});
                }
              });
      TreeDumpTest.awaitOn(a, "lock \"blue\"");
      TreeDumpTest.awaitOn(b, "lock \"red\"");
      assertThat(deadlocks(tree)).hasSize(3).startsWith("DEADLOCK:");
      assertThat(deadlocks(other)).hasSize(3).startsWith("DEADLOCK:");
    }
  }

  /** A stop that hangs on a deadlock says so in the log. */
  @Test
  void stop_hangsOnADeadlock_isNamedInTheReport() throws Exception {
    grove.onVirtualTime((tree, time) -> {
      var red = Lock.create("red");
      var blue = Lock.create("blue");
      var hasRed = Signal.create("has red");
      var hasBlue = Signal.create("has blue");
      tree.run(
          "a",
          _ -> {
            try (var _ = red.acquire()) {
              hasRed.go();
              hasBlue.await();
              blue.run(() -> {});
            }
          });
      tree.run(
          "b",
          _ -> {
            try (var _ = blue.acquire()) {
              hasBlue.go();
              hasRed.await();
              red.run(() -> {});
            }
          });
      time.awaitOthersBlocked();
      tree.children().getFirst().stop("enough");
      assertThat(Signal.NEVER.await(Duration.ofMillis(1500))).isFalse();
      time.awaitOthersBlocked();
      assertThat(grove.log(System.Logger.Level.WARNING))
          .anySatisfy(text ->
              assertThat(text)
                  .contains(
                      "DEADLOCK:\n",
                      "  \"t/a\" waits for lock \"blue\", which \"t/b\" holds",
                      "  \"t/b\" waits for lock \"red\", which \"t/a\" holds"));
    });
  }
}
