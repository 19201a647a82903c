package org.morethreads.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Timer;
import java.util.TimerTask;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.morethreads.sync.OpenSignal;
import org.morethreads.sync.Signal;
import org.morethreads.sync.Till;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.Outcome;
import org.morethreads.thread.ThreadFailedException;
import org.morethreads.thread.ThreadTree;

/** Run by {@link ManagedThreadsExtensionTest}: some have leaks, and must fail; some have none. */
@ManagedThreads
class Planted {
  private static volatile CountDownLatch hold = new CountDownLatch(1);
  private static final Queue<Object> kept = new ConcurrentLinkedQueue<>();
  static final Queue<String> ended = new ConcurrentLinkedQueue<>();

  /** Ends the threads that were left. */
  static void letGo() {
    hold.countDown();
    hold = new CountDownLatch(1);
    kept.forEach(each -> {
      if (each instanceof ExecutorService executor) {
        executor.shutdownNow();
      } else if (each instanceof Timer timer) {
        timer.cancel();
      } else if (each instanceof ThreadTree tree) {
        tree.close();
      }
    });
    kept.clear();
  }

  static void stay() {
    try {
      hold.await();
    } catch (InterruptedException e) {
      // ends too
    }
  }

  @BeforeEach
  void prepare(TestInfo info) {
    ended.clear();
    if (info.getDisplayName().startsWith("alien_fromBeforeEach")) {
      Thread.ofVirtual().name("left").start(Planted::stay);
    }
  }

  // ---- managed threads

  @Test
  @ManagedThreads(stopWithin = "200 ms")
  void managed_ignoresTheStop() {
    ManagedThread.run(
        "deaf",
        _ -> {
          while (hold.getCount() > 0 && ended.size() < 1_000_000) {
            LockSupport.parkNanos(1_000_000);
            if (Thread.interrupted()) {
              ended.add("interrupted");
            }
          }
        });
  }

  /** The process of a planted test, which its thread does not end. */
  static final AtomicReference<Process> process = new AtomicReference<>();

  private static Process startSleep() throws IOException {
    Process sleep = new ProcessBuilder("sleep", "1000").start();
    process.set(sleep);
    return sleep;
  }

  @Test
  @ManagedThreads(stopWithin = "200 ms")
  void managed_processOfAThreadThatIgnoresTheStop() throws Exception {
    OpenSignal begun = Signal.create("begun");
    ManagedThread.run(
        "sleep",
        _ -> {
          Process sleep = startSleep();
          begun.go();
          while (sleep.isAlive()) {
            try {
              sleep.waitFor();
            } catch (InterruptedException e) {
              ended.add("interrupted");
            }
          }
        });
    begun.await();
  }

  @Test
  void managed_processEndedAtTheStop() throws Exception {
    OpenSignal begun = Signal.create("begun");
    ManagedThread.run(
        "sleep",
        pleaseStop -> {
          Process sleep = startSleep();
          begun.go();
          pleaseStop.await();
          sleep.destroyForcibly().waitFor();
        });
    begun.await();
  }

  @Test
  void managed_treeNotClosed() {
    ThreadTree own = ThreadTree.open("own");
    kept.add(own);
    ManagedThread.run("forgotten", Signal::await);
  }

  @Test
  void managed_treeClosed() {
    try (ThreadTree own = ThreadTree.open("own")) {
      assertThat(ManagedThread.run("x", Signal::await).tree()).isSameAs(own);
    }
  }

  @Test
  void managed_endsAtTheStop() {
    ManagedThread.run("waits", Signal::await);
  }

  @Test
  void failure_unclaimed() throws Exception {
    ManagedThread<?> thread = failing();
    thread.stopped().await();
  }

  @Test
  void failure_unclaimedAndSomethingIsLogged() throws Exception {
    Logger.getLogger("a.logger").warning("planted warning");
    failure_unclaimed();
  }

  private static ManagedThread<?> failing() {
    return ManagedThread.run(
        "fails",
        _ -> {
          throw new IllegalArgumentException("planted failure");
        });
  }

  @Test
  void failure_joined() {
    assertThatExceptionOfType(ThreadFailedException.class).isThrownBy(failing()::join);
  }

  @Test
  void failure_awaited() throws Exception {
    assertThat(failing().awaitOutcome()).isInstanceOf(Outcome.Failed.class);
  }

  @Test
  void failure_ofTheTestItself() throws Exception {
    failing().stopped().await();
    throw new IllegalStateException("of the test");
  }

  // ---- threads outside of the tree

  @Test
  void alien_platform_left() {
    Thread.ofPlatform().daemon().name("left platform").start(Planted::stay);
  }

  @Test
  void alien_platform_joined() throws Exception {
    Thread thread = new Thread(() -> {});
    thread.start();
    thread.join();
  }

  @Test
  void alien_virtual_left() {
    Thread.ofVirtual().name("left virtual").start(Planted::stay);
  }

  @Test
  void alien_virtual_joined() throws Exception {
    Thread.startVirtualThread(() -> {}).join();
  }

  @Test
  void alien_executor_left() {
    ExecutorService executor =
        Executors.newFixedThreadPool(1, Thread.ofPlatform().daemon().factory());
    kept.add(executor);
    executor.submit(() -> {});
  }

  @Test
  void alien_virtualExecutor_left() {
    ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
    kept.add(executor);
    executor.submit(Planted::stay);
  }

  @Test
  void alien_timer_left() {
    Timer timer = new Timer("left timer", true);
    kept.add(timer);
    timer.schedule(
        new TimerTask() {
          @Override
          public void run() {}
        },
        100_000);
  }

  @Test
  void alien_forkJoinPool_left() throws Exception {
    ForkJoinPool pool = new ForkJoinPool(1);
    kept.add(pool);
    pool.submit(() -> {}).get();
  }

  @Test
  void alien_executor_closed() throws Exception {
    try (ExecutorService executor = Executors.newFixedThreadPool(3);
        ExecutorService virtual = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 10; i++) {
        executor.submit(() -> {}).get();
        virtual.submit(() -> {}).get();
      }
    }
  }

  @Test
  void alien_grandchild_left() throws Exception {
    Thread child =
        Thread.startVirtualThread(() -> Thread.ofPlatform().daemon().start(Planted::stay));
    child.join();
  }

  @Test
  void alien_ofAManagedThread_left() throws Exception {
    ManagedThread.named("maker")
        .platform()
        .run(_ -> Thread.startVirtualThread(Planted::stay))
        .join();
  }

  @Test
  void alien_ofAManagedVirtualThread_left() throws Exception {
    ManagedThread.run(
            "maker", _ -> ManagedThread.run("inner", _ -> new Thread(Planted::stay).start()).join())
        .join();
  }

  @Test
  void alien_ofAnAction_left() throws Exception {
    OpenSignal made = Signal.create("made");
    ManagedThread.run(
            "maker",
            _ -> {
              Till.after(Duration.ofMillis(1))
                  .then(() -> {
                    Thread.startVirtualThread(Planted::stay);
                    made.go();
                  });
              made.await();
            })
        .join();
  }

  @Test
  void alien_fromBeforeEach_left() {}

  @Test
  void alien_ofAManagedThread_ended() throws Exception {
    ManagedThread.run("maker", _ -> Thread.startVirtualThread(() -> {}).join()).join();
  }

  /** It ends by itself, but the test does not wait for it. */
  @Test
  void alien_justEnding() {
    for (int i = 0; i < 20; i++) {
      Thread.startVirtualThread(() -> LockSupport.parkNanos(20_000_000));
      Thread.ofPlatform().start(() -> LockSupport.parkNanos(20_000_000));
    }
  }

  @Test
  void alien_neverStarted() {
    for (int i = 0; i < 20; i++) {
      kept.add(Thread.ofVirtual().unstarted(() -> {}));
      kept.add(new Thread(() -> {}));
      ManagedThread.run("made at about the same time", Signal::await);
    }
  }

  @Test
  void alien_manyShort() throws Exception {
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < 30_000; i++) {
      threads.add(Thread.startVirtualThread(() -> {}));
    }
    for (Thread thread : threads) {
      thread.join();
    }
  }

  @Test
  void alien_ofARunWithin_left() throws Exception {
    VirtualClock.run(_ -> Thread.ofVirtual().start(Planted::stay));
  }

  @Test
  @ManagedThreads(aliens = false)
  void alien_notLookedFor() {
    Thread.startVirtualThread(Planted::stay);
  }

  // ---- the JDK's own threads

  @Test
  void jdk_commonPool_isNotTheTests() throws Exception {
    CompletableFuture.runAsync(() -> {}).get();
    CompletableFuture.runAsync(
            () -> {}, CompletableFuture.delayedExecutor(1, TimeUnit.MILLISECONDS))
        .get();
    List.of(1, 2, 3, 4).parallelStream().forEach(_ -> {});
  }

  /** Makes the carriers of virtual threads busy, so that the JDK makes more of them. */
  @Test
  void jdk_timersAndCarriers_areNotTheTests() throws Exception {
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      threads.add(
          Thread.startVirtualThread(() -> {
            long end = System.nanoTime() + 2_000_000;
            while (System.nanoTime() - end < 0) {
              Thread.onSpinWait();
            }
            LockSupport.parkNanos(1_000_000);
          }));
    }
    for (Thread thread : threads) {
      thread.join();
    }
  }

  @Test
  void jdk_process_isNotTheTests() throws Exception {
    Process process =
        new ProcessBuilder(System.getProperty("java.home") + "/bin/java", "-version").start();
    process.onExit().get();
  }

  @Test
  void jdk_httpClient_isNotTheTests() throws Exception {
    try (HttpClient client = HttpClient.newHttpClient()) {
      HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:1/")).build();
      CompletableFuture<HttpResponse<Void>> future =
          client.sendAsync(request, HttpResponse.BodyHandlers.discarding());
      assertThat(future.handle((_, failure) -> failure).get()).isNotNull();
    }
  }

  // ---- logs

  private static void logThroughTheLibrary() {
    OpenSignal signal = Signal.create("s");
    signal.then(() -> {
      throw new IllegalStateException("planted in an action");
    });
    signal.go();
  }

  @Test
  void log_error() {
    logThroughTheLibrary();
  }

  @Test
  void log_info() throws Exception {
    OpenSignal begun = Signal.create("begun");
    ManagedThread.run(
            "parent",
            _ -> {
              ManagedThread.run(
                  "cut short",
                  pleaseStop -> {
                    begun.go();
                    pleaseStop.await();
                  });
              begun.await();
            })
        .join();
  }

  @Test
  @ManagedThreads(allowedLog = System.Logger.Level.ERROR)
  void log_warningAllowed() {
    logThroughTheLibrary();
    Logger.getLogger("a.logger").warning("planted warning");
  }

  @Test
  void log_warningTaken(TestLog log) {
    Logger.getLogger("a.logger").log(Level.WARNING, "planted {0}", "warning");
    assertThat(log.entries()).hasSize(1);
    log.take(System.Logger.Level.WARNING, "planted warning");
    assertThatExceptionOfType(AssertionError.class)
        .isThrownBy(() -> log.take(System.Logger.Level.WARNING, "planted warning"));
  }

  @Test
  void log_ofOthers() {
    Logger.getLogger("a.logger").warning("planted warning");
  }

  @Test
  void log_ofOthersInAThread() throws Exception {
    ManagedThread.run(
            "logs",
            _ -> System.getLogger("a.logger").log(System.Logger.Level.WARNING, "planted warning"))
        .join();
  }

  @Test
  void log_ofOthersInAnAlien() throws Exception {
    Thread.startVirtualThread(() -> Logger.getLogger("a.logger").warning("planted warning")).join();
  }

  @Test
  void log_ofOthersBelow() {
    Logger.getLogger("a.logger").info("nothing much");
  }

  // ---- time-outs

  @Test
  @ManagedThreads(timeout = "300 ms")
  void timeout_waiting() throws Exception {
    ManagedThread.run(
        "worker",
        pleaseStop -> {
          Signal.create("what the worker wants").await(pleaseStop);
          ended.add("worker");
        });
    try {
      Signal.create("what the test wants").await();
    } finally {
      ended.add("test");
    }
  }

  @Test
  @ManagedThreads(timeout = "100 ms")
  void timeout_swallowsTheInterrupt() {
    int interrupts = 0;
    while (interrupts < 2) {
      LockSupport.park();
      if (Thread.interrupted()) {
        interrupts++;
      }
    }
  }

  @Test
  @ManagedThreads(timeout = "100 ms")
  void timeout_returnsLate(ThreadTree tree) {
    while (!tree.pleaseStop().isSignalled()) {
      Thread.onSpinWait();
    }
  }

  @Test
  @ManagedThreads(timeout = "50 s")
  void timeout_inTime() {}

  @Test
  @ManagedThreads(timeout = "soon")
  void attribute_isNoTime() {}

  // ---- the tree

  @Test
  void parameters_areOfTheTest(ThreadTree tree, TestLog log) {
    assertThat(tree.name()).isEqualTo("parameters_areOfTheTest");
    assertThat(log.entries()).isEmpty();
  }

  @Test
  void unparented_goIntoTheTree(ThreadTree tree) {
    assertThat(ManagedThread.run("x", Signal::await).tree()).isSameAs(tree);
    assertThat(ManagedThread.named("y").platform().run(Signal::await).path())
        .isEqualTo("unparented_goIntoTheTree/y");
  }
}
