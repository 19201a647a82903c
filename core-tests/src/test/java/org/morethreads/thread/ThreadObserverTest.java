package org.morethreads.thread;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.morethreads.fixture.Kind;
import org.morethreads.fixture.Threads;
import org.morethreads.internal.Observer;
import org.morethreads.internal.Surroundings;
import org.morethreads.queue.CloseableQueue;
import org.morethreads.queue.Select;
import org.morethreads.sync.Lock;
import org.morethreads.sync.Signal;
import org.morethreads.sync.Till;

/** What observers are told, on which thread, and what becomes of those that throw. */
@Timeout(20)
class ThreadObserverTest {
  @RegisterExtension final Grove grove = new Grove();

  @AfterEach
  void nobodyIsLeft() {
    assertThat(Observer.installed()).isNull();
  }

  /** Writes down what it is told about one tree. */
  private static final class Recorder implements ThreadObserver {
    final ConcurrentLinkedQueue<String> told = new ConcurrentLinkedQueue<>();
    final ConcurrentLinkedQueue<Duration> late = new ConcurrentLinkedQueue<>();
    private final String tree;

    Recorder(String tree) {
      this.tree = tree;
    }

    private void tell(@Nullable ManagedThread<?> thread, String what) {
      if (thread != null && thread.tree().name().equals(tree)) {
        told.add(thread.path() + " " + what);
      }
    }

    private static String here() {
      ManagedThread<?> current = ManagedThread.currentOrNull();
      return current == null ? "outside" : current.path();
    }

    @Override
    public void started(ManagedThread<?> thread) {
      tell(thread, "started by " + here());
    }

    @Override
    public void ended(ManagedThread<?> thread, Outcome<?> outcome) {
      assertThat(thread.stopped().isSignalled()).isFalse();
      tell(thread, outcome.getClass().getSimpleName() + " in " + here());
    }

    @Override
    public void toldToStop(ManagedThread<?> thread, StopReason reason) {
      assertThat(thread.pleaseStop().isSignalled()).isFalse();
      tell(thread, "told: " + reason.message());
    }

    @Override
    public void overdue(ManagedThread<?> thread, Duration since) {
      tell(thread, "overdue for " + since.toSeconds());
    }

    @Override
    public @Nullable Runnable waiting(@Nullable ManagedThread<?> thread, Wait sort, Object what) {
      tell(thread, "waits for " + sort + " " + what);
      return () -> tell(thread, "woke");
    }

    @Override
    public void timeCame(Duration howLate) {
      late.add(howLate);
    }
  }

  /** To park for no time is not to wait: not for ever either. */
  @Test
  void waiting_parkOfNoTime_isNoneAndNotTold() throws Exception {
    var recorder = new Recorder("t");
    var registration = ThreadTree.observe(recorder);
    try (var tree = grove.open("t")) {
      tree.run("x", _ -> Surroundings.current().parkNanos("nothing", 0)).join();
    }
    registration.remove();
    assertThat(recorder.told).noneMatch(line -> line.endsWith("nothing"));
  }

  @ParameterizedTest
  @EnumSource
  void observe_threadOfATree_tellsStartStopAndEnd(Kind kind) throws Exception {
    var recorder = new Recorder("t");
    var registration = ThreadTree.observe(recorder);
    try (var tree = grove.open("t")) {
      var parent =
          tree.run(
              "parent",
              _ -> {
                Grove.named(kind, "child").run(_ -> {}).join();
              });
      parent.join();
    }
    assertThat(registration.remove()).isTrue();
    assertThat(registration.remove()).isFalse();
    assertThat(recorder.told.stream().filter(line -> !line.contains("wait")))
        .filteredOn(line -> !line.endsWith("woke"))
        .containsExactly(
            "t/parent started by outside",
            "t/parent/child started by t/parent",
            "t/parent/child Returned in t/parent/child",
            "t/parent Returned in t/parent");
  }

  @Test
  void observe_failureAndStop_tellsOutcomes() throws Exception {
    var recorder = new Recorder("t");
    var registration = ThreadTree.observe(recorder);
    try (var tree = grove.open("t")) {
      var failing =
          tree.run(
              "failing",
              _ -> {
                throw new IllegalStateException("on purpose");
              });
      failing.awaitOutcome();
      var serves = tree.run("serves", Signal::await);
      serves.stop("enough");
      serves.join();
    }
    registration.remove();
    assertThat(recorder.told)
        .contains(
            "t/failing Failed in t/failing",
            "t/serves told: enough",
            "t/serves Returned in t/serves");
  }

  @Test
  void observe_adoptedThread_isTold() throws Exception {
    var recorder = new Recorder("t");
    var registration = ThreadTree.observe(recorder);
    try (var _ = grove.open("t")) {
      String name = Thread.currentThread().getName();
      ManagedThread.adopt(() -> {});
      registration.remove();
      assertThat(recorder.told)
          .containsExactly(
              "t/" + name + " started by outside", "t/" + name + " Returned in t/" + name);
    }
  }

  @Test
  void observe_threadBornTold_isToldOfThat() throws Exception {
    var recorder = new Recorder("t");
    var registration = ThreadTree.observe(recorder);
    try (var tree = grove.open("t")) {
      var release = Signal.create("release");
      var parent = tree.run("parent", _ -> awaitDeaf(release));
      parent.stop("enough");
      ManagedThread.named("child").parent(parent).run(_ -> {}).join();
      release.go();
    }
    registration.remove();
    assertThat(recorder.told).contains("t/parent told: enough", "t/parent/child told: enough");
  }

  @Test
  void observe_threadThatCannotBeStarted_isToldOfItsEnd() throws Exception {
    var recorder = new Recorder("t");
    var time =
        new ForwardingTime() {
          @Override
          public void starting(Surroundings child) {
            throw new OutOfMemoryError("planted");
          }
        };
    var registration = ThreadTree.observe(recorder);
    try (var tree = grove.open(StopPolicy.standard(), time)) {
      assertThatExceptionOfType(OutOfMemoryError.class).isThrownBy(() -> tree.run("x", _ -> {}));
    }
    registration.remove();
    assertThat(recorder.told).containsExactly("t/x Failed in outside");
  }

  /** A scope is no thread: only those in it are told of. */
  @Test
  void observe_scope_isNoThread() throws Exception {
    var recorder = new Recorder("t");
    var registration = ThreadTree.observe(recorder);
    try (var _ = grove.open("t")) {
      Scope.run("scope", scope -> scope.run("in", _ -> {}));
      registration.remove();
      assertThat(recorder.told)
          .contains("t/scope/in started by outside")
          .noneMatch(line -> line.startsWith("t/scope started") || line.startsWith("t/scope Ret"));
    }
  }

  @Test
  void observe_slowStop_tellsOverdueAtDoublingIntervalsAndAbandoned() throws Exception {
    var recorder = new Recorder("t");
    grove.onVirtualTime((tree, time) -> {
      var end = Signal.create("end");
      var deaf = tree.run("deaf", _ -> awaitDeaf(end));
      time.awaitOthersBlocked();
      var registration = ThreadTree.observe(recorder);
      deaf.stop("enough");
      deaf.awaitOutcome();
      time.awaitOthersBlocked();
      registration.remove();
      end.go();
      time.awaitOthersBlocked();
    });
    assertThat(recorder.told)
        .filteredOn(line -> !line.contains("wait") && !line.endsWith("woke"))
        .startsWith(
            "t/deaf told: enough",
            "t/deaf overdue for 1",
            "t/deaf overdue for 2",
            "t/deaf overdue for 4")
        .anyMatch(line -> line.startsWith("t/deaf Abandoned in "));
  }

  private static void awaitDeaf(Signal end) {
    while (!end.isSignalled()) {
      try {
        end.await();
      } catch (InterruptedException e) {
        // on purpose
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void observe_waits_saysForWhat(Kind kind) throws Exception {
    var recorder = new Recorder("t");
    var lock = Lock.create("accounts");
    var chance = Lock.create("chance");
    var empty = CloseableQueue.<String>bounded("empty", 1);
    var full = CloseableQueue.<String>bounded("full", 1);
    full.put("x");
    var signal = Signal.create("go on");
    try (var tree = grove.open("t", StopPolicy.standard().withAsk(Duration.ZERO))) {
      var registration = ThreadTree.observe(recorder);
      try (var _ = lock.acquire()) {
        for (ManagedThread.Task task :
            List.<ManagedThread.Task>of(
                _ -> lock.run(() -> {}),
                _ -> {
                  try (var held = chance.acquire()) {
                    held.await();
                  }
                },
                _ -> empty.poll(Duration.ofHours(1)),
                _ -> full.put("y"),
                _ -> signal.await(),
                _ ->
                    Select.<String>awaitFirst(
                        Select.take(empty), Select.put(full, "z", () -> "put")))) {
          Threads.awaitBlocked(Grove.named(kind, "w").run(task).thread().orElseThrow());
        }
      }
      signal.go();
      tree.children().forEach(thread -> thread.stop());
      for (var thread : tree.children()) {
        thread.awaitOutcome();
      }
      registration.remove();
    }
    assertThat(recorder.told)
        .contains(
            "t/w waits for LOCK lock \"accounts\"",
            "t/w#2 waits for CHANCE a chance on lock \"chance\"",
            "t/w#3 waits for ELEMENT an element of queue \"empty\"",
            "t/w#4 waits for PLACE a place in queue \"full\"",
            "t/w#5 waits for SIGNAL signal \"go on\"",
            "t/w#6 waits for SELECT the first of an element of queue \"empty\","
                + " a place in queue \"full\"",
            "t/w woke",
            "t/w#3 woke",
            "t/w#5 woke",
            "t/w#6 woke");
  }

  @Test
  void observe_waitsBySeveral_eachSeesTheirEnd() throws Exception {
    var recorders = List.of(new Recorder("t"), new Recorder("t"), new Recorder("t"));
    try (var tree = grove.open("t")) {
      var registrations = recorders.stream().map(ThreadTree::observe).toList();
      var signal = Signal.create("go on");
      var thread = tree.run("w", _ -> signal.await());
      Threads.awaitBlocked(thread.thread().orElseThrow());
      signal.go();
      thread.join();
      registrations.forEach(Signal.Registration::remove);
    }
    assertThat(recorders)
        .allSatisfy(each ->
            assertThat(each.told)
                .containsSubsequence("t/w waits for SIGNAL signal \"go on\"", "t/w woke"));
  }

  @Test
  void observe_timeOver_saysHowLate() throws Exception {
    var recorder = new Recorder("t");
    var registration = ThreadTree.observe(recorder);
    grove.onVirtualTime((tree, time) -> {
      assertThat(Signal.NEVER.await(Duration.ofMinutes(1))).isFalse();
      assertThat(Signal.NEVER.await(Till.after(Duration.ofMinutes(1)))).isFalse();
      var ran = Signal.create("ran");
      Till.after(Duration.ofMinutes(1)).then(ran::go);
      ran.await();
      assertThat(CloseableQueue.bounded("q", 1).poll(Duration.ofSeconds(1))).isNull();
    });
    registration.remove();
    assertThat(recorder.late).hasSizeGreaterThanOrEqualTo(4).allMatch(Duration.ZERO::equals);
  }

  @Test
  void observe_observerThrows_isReportedOnceAndHarmsNobody() throws Exception {
    var calls = new AtomicInteger();
    var broken =
        ThreadTree.observe(
            new ThreadObserver() {
              @Override
              public void started(ManagedThread<?> thread) {
                calls.incrementAndGet();
                throw new AssertionError("on purpose");
              }

              @Override
              public Runnable waiting(@Nullable ManagedThread<?> thread, Wait sort, Object what) {
                throw new IllegalStateException("on purpose");
              }
            });
    var recorder = new Recorder("t");
    var other = ThreadTree.observe(recorder);
    try (var tree = grove.open("t")) {
      tree.run("a", _ -> {}).join();
      tree.run("b", _ -> {}).join();
    } finally {
      broken.remove();
      other.remove();
    }
    assertThat(calls).hasValue(2);
    assertThat(recorder.told).contains("t/a Returned in t/a", "t/b Returned in t/b");
    assertThat(grove.log(System.Logger.Level.ERROR))
        .containsExactly(
            "A ThreadObserver has thrown; it is called further on, but not reported again.");
  }

  /** At its first failure: there may be no other. */
  @Test
  void observe_observerThrowsOnce_isReported() throws Exception {
    var broken =
        ThreadTree.observe(
            new ThreadObserver() {
              @Override
              public void started(ManagedThread<?> thread) {
                throw new AssertionError("on purpose");
              }
            });
    try (var tree = grove.open("t")) {
      tree.run("a", _ -> {}).join();
      assertThat(grove.log(System.Logger.Level.ERROR)).hasSize(1);
      tree.run("b", _ -> {}).join();
      assertThat(grove.log(System.Logger.Level.ERROR)).hasSize(1);
    } finally {
      broken.remove();
    }
  }

  @Test
  void openTrees_openAndClosed_areThoseOpen() {
    try (var a = grove.open("a");
        var b = grove.open("b")) {
      assertThat(ThreadTree.openTrees()).containsSubsequence(a, b);
      close(b);
      assertThat(ThreadTree.openTrees()).contains(a).doesNotContain(b);
    }
  }

  /** Closes what the block around it will close again. */
  private static void close(ThreadTree tree) {
    tree.close();
  }

  @Test
  void threadCount_threadsAndChildren_countsAll() throws Exception {
    try (var tree = grove.open("t")) {
      var inside = Signal.create("inside");
      tree.run(
          "a",
          stop -> {
            ManagedThread.run("child", Signal::await);
            inside.go();
            stop.await();
          });
      inside.await();
      assertThat(tree.threadCount()).isEqualTo(2);
    }
  }
}
