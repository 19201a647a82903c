package org.morethreads.documents;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.morethreads.sync.Lock;
import org.morethreads.sync.OpenSignal;
import org.morethreads.sync.Signal;
import org.morethreads.sync.Till;
import org.morethreads.thread.ManagedThread;

/** The examples of docs/from-mo-threads.md and docs/why-threads.md. */
final class FromMoThreadsSnippets {
  private final List<String> todo = new ArrayList<>();
  private int done;

  // @start region=worker
  static final class Worker {
    private final OpenSignal isDone = Signal.create("worker is done");

    Signal isDone() { // others may look and wait; only the worker says go
      return isDone;
    }

    void doWork() {
      // …
      isDone.go();
    }
  }

  // @end region=worker

  void useWorker() throws InterruptedException {
    // @start region=use-worker
    var worker = new Worker();
    worker.isDone().then(() -> System.out.println("done"));
    ManagedThread.run("worker", pleaseStop -> worker.doWork());
    worker.isDone().await();
    // @end region=use-worker
  }

  void compose(Signal userCancel, ManagedThread<?> workerA, ManagedThread<?> workerB)
      throws InterruptedException {
    // @start region=compose
    var worker =
        ManagedThread.named("worker")
            .stopWhen(
                userCancel.or(Till.after(Duration.ofMinutes(6)))) // userCancel | Till(seconds=360)
            .run(pleaseStop -> {
              while (!pleaseStop.isSignalled()) {
                doSomeWork();
              }
            });
    workerA.stopped().and(workerB.stopped()).await(); // (workerA.stopped & workerB.stopped).wait()
    // @end region=compose
    worker.release();
  }

  // @start region=lock
  void consume(Signal pleaseStop, Lock lock) throws InterruptedException {
    while (!pleaseStop.isSignalled()) {
      try (var held = lock.acquire()) {
        while (todo.isEmpty() && !pleaseStop.isSignalled()) {
          held.await(Duration.ofSeconds(1));
        }
        doSomeWork();
      }
    }
  }

  // @end region=lock

  // @start region=blocking
  Report report(String customer) throws Exception {
    var orders = ManagedThread.call("orders", pleaseStop -> loadOrders(customer));
    var prices = ManagedThread.call("prices", pleaseStop -> loadPrices());
    return new Report(orders.join(), prices.join());
  }

  // @end region=blocking

  // @start region=priority
  void indexInBackground() {
    ManagedThread.named("index").platform().priority(Thread.MIN_PRIORITY).run(this::index);
  }

  // @end region=priority

  record Report(List<String> orders, List<String> prices) {}

  private static List<String> loadOrders(String customer) {
    return List.of("order of " + customer);
  }

  private static List<String> loadPrices() {
    return List.of("price");
  }

  private void index(Signal pleaseStop) throws InterruptedException {
    pleaseStop.await(Duration.ofMillis(1));
  }

  private void doSomeWork() {
    done++;
  }

  int done() {
    return done;
  }
}
