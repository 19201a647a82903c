package org.morethreads.documents;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.morethreads.queue.CloseableQueue;
import org.morethreads.queue.QueueClosedException;
import org.morethreads.sync.Lock;
import org.morethreads.sync.Progress;
import org.morethreads.sync.Signal;
import org.morethreads.sync.Till;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.Outcome;
import org.morethreads.thread.Scope;
import org.morethreads.thread.StopPolicy;
import org.morethreads.thread.ThreadFailedException;
import org.morethreads.thread.ThreadTree;
import org.morethreads.work.Job;
import org.morethreads.work.Repeat;
import org.morethreads.work.ThreadPool;

/** Our side of the pairs in docs/from-the-jdk.md. */
final class FromTheJdkSnippets {
  private final List<String> seen = new ArrayList<>();

  String oneTask() throws InterruptedException {
    // @start region=one-task
    var page = ManagedThread.call("fetch", pleaseStop -> fetch("/index"));
    String text = page.join(); // or ThreadFailedException, with what the task threw as its cause
    // @end region=one-task
    return text;
  }

  void forget() {
    // @start region=forget
    ManagedThread.run("refresh", pleaseStop -> refresh()).release(); // a failure goes to the log
    // @end region=forget
  }

  int workers(List<String> paths) throws InterruptedException {
    // @start region=workers
    CloseableQueue<String> todo = CloseableQueue.bounded("todo", 100);
    List<ManagedThread<?>> workers = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      workers.add(
          ManagedThread.run(
              "worker",
              pleaseStop -> {
                for (var path : todo.until(pleaseStop)) {
                  fetch(path);
                }
              }));
    }
    // when no worker is left, put throws instead of waiting
    todo.closedBy(workers.stream().map(ManagedThread::stopped).toList());
    try (todo) { // closes it: the workers end when it is empty
      for (var path : paths) {
        todo.put(path); // waits while 100 are inside
      }
    }
    for (var worker : workers) {
      worker.join();
    }
    // @end region=workers
    return workers.size();
  }

  List<String> pool(List<String> paths) throws InterruptedException {
    List<Job<String>> jobs = new ArrayList<>();
    // @start region=pool
    try (var pool = ThreadPool.named("fetchers").size(4).backlog(100).open()) {
      for (var path : paths) {
        jobs.add(pool.call("fetch", pleaseStop -> fetch(path))); // waits while 100 wait
      }
    } // waits until all have ended; a failure that nobody joins is reported
    // @end region=pool
    List<String> pages = new ArrayList<>();
    for (var job : jobs) {
      pages.add(job.join());
    }
    return pages;
  }

  void ownTree() throws InterruptedException {
    // @start region=own-tree
    try (var tree =
        ThreadTree.open("import", StopPolicy.standard().withAsk(Duration.ofSeconds(1)))) {
      var rows = tree.run("rows", pleaseStop -> importRows(pleaseStop));
      tree.run("log", pleaseStop -> logProgress(pleaseStop));
      rows.join();
    } // stops what is left, in order, and waits for it, in bounded time
    // @end region=own-tree
  }

  boolean latch() throws InterruptedException {
    // @start region=latch
    var ready = Signal.create("ready"); // where the count was 1
    ManagedThread.run(
        "server",
        pleaseStop -> {
          ready.go();
          pleaseStop.await();
        });
    boolean inTime = ready.await(Duration.ofSeconds(10));
    // @end region=latch
    return inTime;
  }

  long countDown(List<String> paths) throws InterruptedException {
    // @start region=count-down
    var done = Progress.create("pages done"); // where the count was n
    for (var path : paths) {
      ManagedThread.run(
          "fetch",
          pleaseStop -> {
            try {
              fetch(path);
            } finally {
              done.advance(); // also when it failed
            }
          });
    }
    done.reached(paths.size()).await();
    // @end region=count-down
    return done.value();
  }

  boolean startHandshake() throws InterruptedException {
    // @start region=ready
    var server =
        ManagedThread.run(
            "server",
            pleaseStop -> {
              bind();
              ManagedThread.current().signalReady();
              pleaseStop.await();
            });
    server.awaitReady(); // throws the failure of bind(), instead of waiting for ever
    // @end region=ready
    return server.ready().isSignalled();
  }

  void everySoOften() {
    // @start region=fixed-delay
    ManagedThread.run(
        "refresh",
        pleaseStop -> {
          do {
            refresh(); // a failure ends the thread and is reported, not swallowed
          } while (!pleaseStop.await(Duration.ofMinutes(1)));
        });
    // @end region=fixed-delay
  }

  void fixedRate() {
    // @start region=fixed-rate
    ManagedThread.run(
        "sample",
        pleaseStop -> {
          var next = Till.after(Duration.ofSeconds(1));
          while (!pleaseStop.isSignalled()) {
            sample();
            next.await(); // ends early at a stop: this thread's tills are hurried
            next = Till.after(Duration.ofSeconds(1)); // the time runs while sample() does
          }
        });
    // @end region=fixed-rate
  }

  Repeat repeat() {
    // @start region=repeat
    var sampling =
        Repeat.named("sample").atFixedRate(Duration.ofSeconds(1), pleaseStop -> sample());
    // @end region=repeat
    return sampling;
  }

  void later() {
    // @start region=once-later
    var reminder = Till.after(Duration.ofMinutes(5)).then(this::remind); // on a thread of its own
    boolean inTime = reminder.remove(); // whether it will now never run
    // @end region=once-later
    seen.add("removed " + inTime);
  }

  String[] both() throws InterruptedException {
    // @start region=both
    var a = ManagedThread.call("a", pleaseStop -> fetch("/a"));
    var b = ManagedThread.call("b", pleaseStop -> fetch("/b"));
    String[] pages = {a.join(), b.join()};
    // @end region=both
    return pages;
  }

  String first() throws InterruptedException {
    var a = ManagedThread.call("a", pleaseStop -> fetch("/a"));
    var b = ManagedThread.call("b", pleaseStop -> fetch("/b"));
    // @start region=first
    a.stopped().or(b.stopped()).await(); // leaves nothing behind in either of them
    var first = a.stopped().isSignalled() ? a : b;
    // @end region=first
    return first.join();
  }

  boolean futures(CompletableFuture<String> answer) throws InterruptedException {
    // @start region=futures
    Signal answered = Signal.from(answer); // goes when it completes, normally or not
    CompletableFuture<Void> future = answered.toFuture();
    // @end region=futures
    return answered.await(Duration.ofSeconds(1)) && future.isDone();
  }

  String outcome() throws InterruptedException {
    var thread = ManagedThread.call("answer", pleaseStop -> fetch("/a"));
    // @start region=outcome
    String text =
        switch (thread.awaitOutcome()) {
          case Outcome.Returned<String>(var value) -> value;
          case Outcome.Failed<String>(var failure) -> "failed: " + failure;
          case Outcome.Stopped<String>(var reason, _) -> "stopped: " + reason;
          case Outcome.Abandoned<String>(var reason) -> "still running, given up: " + reason;
          case Outcome.Exited<String> _ -> "called System.exit";
        };
    // @end region=outcome
    return text;
  }

  void failure() throws InterruptedException {
    // @start region=failure
    try {
      ManagedThread.run("import", pleaseStop -> importRows(pleaseStop)).join();
    } catch (ThreadFailedException failed) {
      report(failed.threadPath(), failed.getCause());
    }
    // @end region=failure
  }

  // @start region=children
  void parentWaits(ThreadTree tree) throws InterruptedException {
    tree.run(
        "report",
        pleaseStop -> {
          var sales = ManagedThread.call("sales", stop -> fetch("/sales"));
          var stock = ManagedThread.call("stock", stop -> fetch("/stock"));
          print(sales.join(), stock.join()); // before the task ends, which stops both
        });
  }

  // @end region=children

  void scopeWaits() throws InterruptedException {
    // @start region=scope
    Scope.run(
        "report",
        scope -> {
          var sales = scope.call("sales", stop -> fetch("/sales"));
          var stock = scope.call("stock", stop -> fetch("/stock"));
          print(sales.join(), stock.join());
        });
    // @end region=scope
  }

  // @start region=condition
  private final Lock lock = Lock.create("orders");
  private final Deque<String> orders = new ArrayDeque<>();

  void add(String order) throws InterruptedException {
    lock.run(() -> orders.add(order)); // no signal() to forget
  }

  String next() throws InterruptedException {
    try (var held = lock.acquire()) {
      while (orders.isEmpty()) {
        held.await();
      }
      return orders.remove();
    }
  }

  // @end region=condition

  int pill() throws InterruptedException {
    // @start region=pill
    CloseableQueue<String> lines = CloseableQueue.bounded("lines", 1_000);
    var reader =
        ManagedThread.run(
            "reader",
            pleaseStop -> {
              while (!pleaseStop.isSignalled() && hasMore()) {
                lines.put(read(), pleaseStop);
              }
            });
    lines.closedBy(reader.stopped()); // however the reader ends

    for (var line : lines) { // several threads may loop; none needs a pill of its own
      print(line);
    }
    // @end region=pill
    return lines.size();
  }

  String late(CloseableQueue<String> lines) throws InterruptedException {
    // @start region=late
    try {
      lines.put("one more");
    } catch (QueueClosedException tooLate) {
      return tooLate.getMessage(); // says who closed it; the element is not in
    }
    // @end region=late
    return "";
  }

  // @start region=serve
  static void serve(String... arguments) throws InterruptedException {
    var database = ManagedThread.run("database", pleaseStop -> keepDatabase(pleaseStop));
    ManagedThread.named("web").needs(database).run(pleaseStop -> serveRequests(pleaseStop));
    ThreadTree.main().awaitShutdown();
  } // web has stopped before database was told to

  // @end region=serve

  void onStop() {
    ManagedThread.run(
        "cache",
        task -> {
          // @start region=on-stop
          ManagedThread.current().pleaseStop().then(() -> print("stopping")); // on a virtual thread
          // @end region=on-stop
          task.await();
        });
  }

  // @start region=spring-bean
  static final class Mailer implements AutoCloseable {
    private final ThreadTree threads = ThreadTree.open("mailer");

    void sendLater(String mail) {
      threads.run("send", pleaseStop -> send(mail)).release();
    }

    @Override
    public void close() { // Spring calls it when the context ends
      threads.close();
    }
  }

  // @end region=spring-bean

  private String fetch(String path) {
    return "page " + path;
  }

  private void refresh() {
    seen.add("refresh");
  }

  private void sample() {
    seen.add("sample");
  }

  private void remind() {
    seen.add("remind");
  }

  private void bind() {}

  private void importRows(Signal pleaseStop) {
    seen.add("rows " + pleaseStop);
  }

  private void logProgress(Signal pleaseStop) throws InterruptedException {
    pleaseStop.await();
  }

  private void report(String path, Throwable failure) {
    seen.add(path + failure);
  }

  private void print(String... text) {
    seen.addAll(List.of(text));
  }

  private int left = 3;

  private boolean hasMore() {
    return left > 0;
  }

  private String read() {
    return "line " + left--;
  }

  private static void keepDatabase(Signal pleaseStop) throws InterruptedException {
    pleaseStop.await();
  }

  private static void serveRequests(Signal pleaseStop) throws InterruptedException {
    pleaseStop.await();
  }

  private static void send(String mail) {
    System.out.println("sending " + mail);
  }
}
