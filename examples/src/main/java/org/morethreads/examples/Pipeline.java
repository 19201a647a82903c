package org.morethreads.examples;

import java.time.Duration;
import java.util.stream.Stream;
import org.morethreads.queue.CloseableQueue;
import org.morethreads.sync.Signal;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.ThreadTree;

/**
 * Back-pressure: a source that could go on at once, workers that take their time, and a printer.
 * The queues between them have few places, so the source is slowed down to what the workers do.
 * Ctrl-C ends the source; what it has handed over is still worked off.
 */
public class Pipeline {
  private static final Duration WORK = Duration.ofMillis(10);

  public static void main(String... arguments) throws InterruptedException {
    int count = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 100;
    var orders = CloseableQueue.<Integer>bounded("orders", 10);
    var bills = CloseableQueue.<String>bounded("bills", 10);
    var tree = ThreadTree.main();

    ManagedThread.run(
        "source",
        pleaseStop -> {
          try (orders) { // closed at the end: the workers go on until it is empty
            for (int i = 1; i <= count && orders.put(i, pleaseStop); i++) {
              System.out.println("order " + i);
            }
          }
        });
    var workers =
        Stream.of("worker-1", "worker-2", "worker-3")
            .map(name -> ManagedThread.run(name, _ -> work(orders, bills)))
            .toList();
    bills.closedBy(workers.stream().map(ManagedThread::stopped).toList());
    var printer = ManagedThread.run("printer", _ -> bills.forEach(System.out::println));
    printer.stopped().then(() -> tree.stop("the last bill is printed"));

    tree.awaitShutdown();
    var seen = orders.statistics();
    System.out.printf(
        "%d orders, %d bills; never more than %d orders waiting; the source waited %d ms%n",
        seen.put(), bills.statistics().taken(), seen.peak(), seen.blockedPutting().toMillis());
  }

  private static void work(CloseableQueue<Integer> orders, CloseableQueue<String> bills)
      throws InterruptedException {
    for (var order : orders) {
      Signal.NEVER.await(WORK);
      bills.put("bill for order " + order);
    }
  }
}
