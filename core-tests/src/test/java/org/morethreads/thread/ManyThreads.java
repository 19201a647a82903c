package org.morethreads.thread;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.morethreads.internal.Library;
import org.morethreads.internal.Surroundings;
import org.morethreads.internal.Time;
import org.morethreads.sync.Signal;

/**
 * A program with very many threads, for {@link ManyThreadsTest}, which runs it in a JVM of its own:
 * {@code ManyThreads tree COUNT FILE}, or {@code ManyThreads bytes COUNT WARMUPS}.
 */
final class ManyThreads {
  private static final StopPolicy PATIENT =
      StopPolicy.standard().withAsk(Duration.ofMinutes(1)).withTotal(Duration.ofMinutes(2));

  private static volatile boolean end;

  private ManyThreads() {}

  public static void main(String... arguments) throws Exception {
    int count = Integer.parseInt(arguments[1]);
    if (arguments[0].equals("tree")) {
      startDumpAndStop(count, Path.of(arguments[2]));
    } else {
      compareBytes(count, Integer.parseInt(arguments[2]));
    }
    System.out.println("done");
    System.exit(0); // the keeper of the main tree has nothing to do with this
  }

  // ---- a tree

  /** Real time, which sees in which order threads are told. */
  private static final class Watching extends ForwardingTime {
    private long last = Long.MAX_VALUE;
    private int disorder;
    private int told;

    @Override
    public void unpark(Surroundings target, Thread thread) {
      if (target instanceof Node node && node.kind() == Node.Kind.OWNED) {
        synchronized (this) {
          disorder += node.order > last ? 1 : 0;
          told += node.order < last ? 1 : 0;
          last = node.order;
        }
      }
      super.unpark(target, thread);
    }
  }

  private static void startDumpAndStop(int count, Path file) throws Exception {
    var time = new Watching();
    var ended = new AtomicInteger();
    long start = System.nanoTime();
    var tree = open(time);
    for (int i = 0; i < count; i++) {
      tree.run(
          "child",
          pleaseStop -> {
            pleaseStop.await();
            ended.incrementAndGet();
          });
    }
    say("started", start);
    say("children " + tree.root.childCount());

    start = System.nanoTime();
    tree.dump(file);
    say("dumped", start);
    say("lines " + countLines(file));

    start = System.nanoTime();
    tree.close();
    say("stopped", start);
    say("told " + time.told + ", out of order " + time.disorder);
    say("ended " + ended + ", abandoned " + tree.abandonedCount());
    say("children " + tree.root.childCount());
  }

  private static ThreadTree open(Time time) {
    return ThreadTree.open(Library.MEMBER, "t", PATIENT, time, /* wholeStarts= */ false);
  }

  private static long countLines(Path file) throws IOException {
    try (Stream<String> lines = Files.lines(file)) {
      return lines
          .filter(line -> line.contains("waits for") || line.contains("WAITING on signal"))
          .count();
    }
  }

  // ---- bytes

  private static void compareBytes(int count, int warmUps) throws Exception {
    for (int i = 0; i < warmUps; i++) { // compiled frames are smaller, and what programs have
      bytesOfBare(20_000);
      bytesOfManaged(20_000, _ -> parkToTheEnd());
      bytesOfManaged(20_000, Signal::await);
    }
    long bare = bytesOfBare(count);
    say("bare " + bare);
    say("managed " + (bytesOfManaged(count, _ -> parkToTheEnd()) - bare));
    say("awaiting " + (bytesOfManaged(count, Signal::await) - bare));
  }

  private static void parkToTheEnd() {
    while (!end) {
      LockSupport.park();
    }
  }

  private static long bytesOfBare(int count) throws InterruptedException {
    end = false;
    long before = used();
    var threads = new Thread[count];
    for (int i = 0; i < count; i++) {
      threads[i] = Thread.startVirtualThread(ManyThreads::parkToTheEnd);
    }
    long bytes = bytesOnceParked(threads, before);
    for (Thread thread : threads) {
      thread.join();
    }
    return bytes;
  }

  private static long bytesOfManaged(int count, ManagedThread.Task task)
      throws InterruptedException {
    end = false;
    long before = used();
    var threads = new Thread[count];
    try (var tree = open(Time.real())) {
      for (int i = 0; i < count; i++) {
        threads[i] = tree.run("child", task).thread().orElseThrow();
      }
      return bytesOnceParked(threads, before);
    }
  }

  /** The bytes a thread, once all of them are parked; then lets them end. */
  private static long bytesOnceParked(Thread[] threads, long before) throws InterruptedException {
    for (Thread thread : threads) {
      while (thread.getState() != Thread.State.WAITING) {
        Thread.onSpinWait();
      }
    }
    long bytes = (used() - before) / threads.length;
    end = true;
    for (Thread thread : threads) {
      LockSupport.unpark(thread);
    }
    return bytes;
  }

  /** What is reachable: the least of several collections. */
  private static long used() throws InterruptedException {
    long least = Long.MAX_VALUE;
    Runtime runtime = Runtime.getRuntime();
    for (int i = 0; i < 3; i++) {
      System.gc();
      least = Math.min(least, runtime.totalMemory() - runtime.freeMemory());
    }
    return least;
  }

  private static void say(String what, long since) {
    System.out.printf("%s in %.1f s%n", what, (System.nanoTime() - since) / 1e9);
  }

  private static void say(String text) {
    System.out.println(text);
  }
}
