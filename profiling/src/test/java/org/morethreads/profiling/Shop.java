package org.morethreads.profiling;

import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.morethreads.queue.CloseableQueue;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.ThreadTree;

/** A small program with something of everything, for pictures and for the tests of pages. */
final class Shop {
  private Shop() {}

  static void run() throws InterruptedException {
    var orders = CloseableQueue.<Integer>bounded("orders", 4);
    var bills = CloseableQueue.<Integer>bounded("bills", 2);
    try (var tree = ThreadTree.open("shop")) {
      var printer =
          tree.named("printer")
              .platform()
              .run(_ -> {
                for (int bill : bills) {
                  print(bill);
                }
              });
      List<ManagedThread<?>> clerks =
          IntStream.rangeClosed(1, 3)
              .<ManagedThread<?>>mapToObj(i ->
                  tree.named("clerk-" + i)
                      .run(_ -> {
                        for (int order : orders) {
                          ManagedThread.run("check-" + order, _ -> check(order)).join();
                          price(order);
                          bills.put(order);
                        }
                      }))
              .toList();
      var door =
          tree.run(
              "door",
              stop -> {
                try (orders) {
                  for (int i = 1; i <= 24; i++) {
                    stop.await(Duration.ofMillis(i == 12 ? 400 : 15));
                    orders.put(i);
                  }
                }
              });
      tree.run(
              "gossip",
              stop -> {
                stop.await(Duration.ofMillis(200));
                throw new IllegalStateException("said too much");
              })
          .awaitOutcome();
      var clock = tree.run("clock", stop -> stop.await());
      door.join();
      for (ManagedThread<?> clerk : clerks) {
        clerk.join();
      }
      bills.close();
      printer.join();
      clock.stop("the shop closes");
      clock.join();
    }
  }

  private static void check(int order) {
    Load.burn(200 + order);
  }

  private static void price(int order) {
    Load.burn(400);
    Load.allocate(2_000 + order);
  }

  private static void print(int bill) {
    Load.burn(300 + bill);
    Load.allocate(1_000);
  }
}
