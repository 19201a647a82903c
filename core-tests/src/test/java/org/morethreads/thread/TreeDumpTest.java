package org.morethreads.thread;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.morethreads.fixture.Kind;
import org.morethreads.fixture.Threads;
import org.morethreads.queue.CloseableQueue;
import org.morethreads.sync.Lock;
import org.morethreads.sync.OpenSignal;
import org.morethreads.sync.Signal;
import org.morethreads.sync.Till;

/** H14: what a dump shows, as text. */
@Timeout(20)
class TreeDumpTest {
  /** Who waits for what never comes is interrupted when the tree is closed. */
  private static final StopPolicy QUICK = StopPolicy.standard().withAsk(Duration.ZERO);

  private static final StopPolicy PATIENT =
      StopPolicy.standard().withAsk(Duration.ofHours(1)).withTotal(Duration.ofHours(2));

  @RegisterExtension final Grove grove = new Grove();

  private static ThreadBuilder named(ThreadTree tree, Kind kind, String name) {
    ThreadBuilder builder = tree.named(name);
    return kind.isVirtual() ? builder : builder.platform();
  }

  private static String word(Kind kind) {
    return kind.isVirtual() ? "virtual" : "platform";
  }

  /** The line of a thread that is blocked. */
  private static String lineOf(ManagedThread<?> thread) {
    Threads.awaitBlocked(thread.thread().orElseThrow());
    return lines(thread.tree(), thread.name()).getFirst();
  }

  private static List<String> lines(ThreadTree tree, String name) {
    return tree.dump().lines().map(String::strip).filter(line -> line.startsWith(name)).toList();
  }

  private static void awaitBlocked(ManagedThread<?>... threads) {
    for (var thread : threads) {
      Threads.awaitBlocked(thread.thread().orElseThrow());
    }
  }

  /**
   * On virtual time a thread counts as waiting a moment before it is parked; this waits for all of
   * a tree to be.
   */
  private static void awaitAllBlocked(ThreadTree tree) {
    for (var thread : tree.children()) {
      awaitBlocked(thread);
      awaitBlocked(thread.children().toArray(ManagedThread<?>[]::new));
    }
  }

  /** Closes what the block around it will close again. */
  private static void close(ThreadTree tree) {
    tree.close();
  }

  // ---- the tree, its states and times

  @Test
  void dump_emptyTree_isItsRoot() throws Exception {
    grove.onVirtualTime((tree, _) -> assertThat(tree.dump()).isEqualTo("t: tree, 0.0 s\n"));
  }

  @Test
  void dump_closedTree_saysThatItHasEndedAndWhy() throws Exception {
    grove.onVirtualTime((tree, _) -> {
      close(tree);
      assertThat(tree.dump())
          .isEqualTo(
              "t: ended, 0.0 s, told to stop 0.0 s ago: the tree is closed (by thread \"test\")\n");
    });
  }

  @ParameterizedTest
  @EnumSource
  void dump_nestedThreads_areIndentedInStartOrderWithTheirAges(Kind kind) throws Exception {
    grove.onVirtualTime((tree, time) -> {
      Signal x = Signal.create("x");
      var db = named(tree, kind, "db").run(stop -> x.await(stop));
      Signal.NEVER.await(Duration.ofMillis(1500));
      var web =
          named(tree, kind, "web")
              .run(stop -> {
                ManagedThread.run("handler", inner -> x.await(inner));
                ManagedThread.run("handler", inner -> x.await(inner));
                x.await(stop);
              });
      Signal.NEVER.await(Duration.ofMillis(500));
      awaitAllBlocked(tree);
      assertThat(tree.dump())
          .isEqualTo(
              """
              t: tree, 2.0 s
                db: running, 2.0 s, %1$s WAITING on signal "x" until "please stop t/db"
                web: running, 0.5 s, %1$s WAITING on signal "x" until "please stop t/web"
                  handler: running, 0.5 s, virtual WAITING on signal "x" until "please stop t/web/handler"
                  handler#2: running, 0.5 s, virtual WAITING on signal "x" until "please stop t/web/handler#2"
              """
                  .formatted(word(kind)));
      assertThat(List.of(db, web)).isEqualTo(tree.children());
    });
  }

  @ParameterizedTest
  @EnumSource
  void dump_threadTold_saysSinceWhenAndWhy(Kind kind) throws Exception {
    grove.onVirtualTime(
        PATIENT,
        (tree, time) -> {
          var release = Signal.create("release");
          var thread = named(tree, kind, "x").run(_ -> release.await());
          time.awaitOthersBlocked();
          Signal.NEVER.await(Duration.ofMillis(1000));
          thread.stop("enough");
          Signal.NEVER.await(Duration.ofMillis(2500));
          awaitAllBlocked(tree);
          assertThat(lines(tree, "x"))
              .containsExactly(
                  "x: running, 3.5 s, told to stop 2.5 s ago: enough (by thread \"test\"), "
                      + word(kind)
                      + " WAITING on signal \"release\"");
          release.go();
        });
  }

  @ParameterizedTest
  @EnumSource
  void dump_stopWaitsForANeeder_saysSo(Kind kind) throws Exception {
    try (var tree = grove.open("t", PATIENT)) {
      var release = Signal.create("release");
      var db = named(tree, kind, "db").run(Signal::await);
      named(tree, kind, "web").needs(db).run(_ -> release.await());
      tree.stop("enough");
      assertThat(lineOf(db))
          .contains("running")
          .contains("to be told when those that need it have");
      assertThat(tree.dump().lines().findFirst().orElseThrow())
          .startsWith("t: tree,")
          .endsWith(", to be told when those that need it have stopped");
      release.go();
    }
  }

  @ParameterizedTest
  @EnumSource
  void dump_taskEndedAndAChildRuns_saysThatItWaitsForItsChildren(Kind kind) throws Exception {
    try (var tree = grove.open("t", PATIENT)) {
      var release = Signal.create("release");
      var parent =
          named(tree, kind, "parent").run(_ -> ManagedThread.run("child", _ -> release.await()));
      Grove.eventually(() -> parent.node.state() == Node.CLOSING);
      assertThat(lineOf(parent))
          .contains("parent: waits for its children")
          .contains(word(kind) + " TIMED_WAITING on the children of thread \"t/parent\"");
      assertThat(lines(tree, "child").getFirst())
          .contains("told to stop")
          .contains("the task of the parent has ended (by t/parent)");
      release.go();
      parent.join();
    }
  }

  @Test
  void dump_threadWithADeadline_showsIt() throws Exception {
    try (var tree = grove.open("t")) {
      var thread = tree.named("x").deadline(Duration.ofMinutes(90)).run(Signal::await);
      assertThat(lineOf(thread)).contains(", deadline PT1H30M, virtual WAITING");
    }
  }

  @Test
  void dump_preparedThread_isNotShown() throws Exception {
    try (var tree = grove.open("t")) {
      var prepared = tree.named("x").prepare(_ -> {});
      assertThat(tree.dump().lines()).hasSize(1);
      prepared.start().join();
    }
  }

  @Test
  void dump_adoptedThread_isShownUnderItsName() throws Exception {
    try (var tree = grove.open("t")) {
      String name = Thread.currentThread().getName();
      ManagedThread.adopt(
          () -> assertThat(tree.dump()).contains("\n  " + name.replace('/', '|') + ": running, "));
      assertThat(tree.dump()).doesNotContain("running");
    }
  }

  // ---- what a thread is blocked on

  @ParameterizedTest
  @EnumSource
  void dump_waitsForASignal_namesIt(Kind kind) throws Exception {
    try (var tree = grove.open("t", QUICK)) {
      var never = Signal.create("paid");
      var plain = named(tree, kind, "plain").run(_ -> never.await());
      var timed = named(tree, kind, "timed").run(_ -> never.await(Duration.ofHours(1)));
      var till =
          named(tree, kind, "till")
              .run(stop -> never.await(stop.or(Till.after(Duration.ofHours(1)))));
      assertThat(lineOf(plain)).endsWith(word(kind) + " WAITING on signal \"paid\"");
      assertThat(lineOf(timed)).endsWith(word(kind) + " TIMED_WAITING on signal \"paid\"");
      assertThat(lineOf(till)).contains("TIMED_WAITING on signal \"paid\" until \"");
    }
  }

  @ParameterizedTest
  @EnumSource
  void dump_waitsForALock_namesItAndItsHolder(Kind kind) throws Exception {
    try (var tree = grove.open("t", QUICK)) {
      var lock = Lock.create("accounts");
      var held = Signal.create("held");
      named(tree, kind, "holder")
          .run(stop -> {
            try (var _ = lock.acquire()) {
              held.go();
              stop.await();
            }
          });
      held.await();
      var waiter = named(tree, kind, "waiter").run(_ -> lock.run(() -> {}));
      assertThat(lineOf(waiter))
          .endsWith(word(kind) + " WAITING on lock \"accounts\", held by \"t/holder\"");
    }
  }

  @ParameterizedTest
  @EnumSource
  void dump_lockHeldByAnUnmanagedThread_namesThat(Kind kind) throws Exception {
    try (var tree = grove.open("t", QUICK)) {
      var lock = Lock.create("accounts");
      try (var _ = lock.acquire()) {
        var waiter = named(tree, kind, "waiter").run(_ -> lock.run(() -> {}));
        assertThat(lineOf(waiter))
            .endsWith("lock \"accounts\", held by \"" + Thread.currentThread().getName() + "\"");
        assertThat(tree.dump()).doesNotContain("DEADLOCK");
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void dump_lockHeldByAThreadOfAnotherTree_namesItsPath(Kind kind) throws Exception {
    try (var other = grove.open("other");
        var tree = grove.open("t", QUICK)) {
      var lock = Lock.create("accounts");
      var held = Signal.create("held");
      named(other, kind, "holder")
          .run(stop -> {
            try (var _ = lock.acquire()) {
              held.go();
              stop.await();
            }
          });
      held.await();
      var waiter = named(tree, kind, "waiter").run(_ -> lock.run(() -> {}));
      assertThat(lineOf(waiter)).endsWith("held by \"other/holder\"");
    }
  }

  @ParameterizedTest
  @EnumSource
  void dump_waitsForAChanceOnALock_saysSo(Kind kind) throws Exception {
    try (var tree = grove.open("t", QUICK)) {
      var lock = Lock.create("accounts");
      var waiter =
          named(tree, kind, "waiter")
              .run(_ -> {
                try (var held = lock.acquire()) {
                  held.await();
                }
              });
      assertThat(lineOf(waiter)).endsWith("WAITING on a chance on lock \"accounts\"");
    }
  }

  @ParameterizedTest
  @EnumSource
  void dump_waitsForAQueue_saysForWhat(Kind kind) throws Exception {
    try (var tree = grove.open("t", QUICK)) {
      var empty = CloseableQueue.<String>bounded("orders", 1);
      var full = CloseableQueue.<String>bounded("bills", 1);
      full.put("x");
      var taker = named(tree, kind, "taker").call(_ -> empty.take());
      var putter = named(tree, kind, "putter").run(_ -> full.put("y"));
      assertThat(lineOf(taker)).endsWith("WAITING on an element of queue \"orders\"");
      assertThat(lineOf(putter)).endsWith("WAITING on a place in queue \"bills\"");
      full.close();
      empty.close();
    }
  }

  @ParameterizedTest
  @EnumSource
  void dump_joins_namesWhom(Kind kind) throws Exception {
    try (var tree = grove.open("t")) {
      var joined = named(tree, kind, "joined").run(Signal::await);
      var joiner = named(tree, kind, "joiner").run(_ -> joined.join());
      assertThat(lineOf(joiner)).endsWith("WAITING on signal \"stopped t/joined\"");
    }
  }

  @ParameterizedTest
  @EnumSource
  void dump_waitsInThePartsOfTheJdk_namesTheClass(Kind kind) throws Exception {
    try (var tree = grove.open("t", QUICK)) {
      var latch = new CountDownLatch(1);
      var waiter = named(tree, kind, "waiter").run(_ -> latch.await());
      assertThat(lineOf(waiter)).endsWith("WAITING on java.util.concurrent.CountDownLatch$Sync");
    }
  }

  /** Nothing is known of it but its state. */
  @ParameterizedTest
  @EnumSource
  void dump_sleeps_showsItsStateAlone(Kind kind) throws Exception {
    try (var tree = grove.open("t", QUICK)) {
      var sleeper = named(tree, kind, "sleeper").run(_ -> Thread.sleep(Duration.ofHours(1)));
      Thread thread = sleeper.thread().orElseThrow();
      Grove.eventually(() -> thread.getState() == Thread.State.TIMED_WAITING);
      assertThat(lines(tree, "sleeper").getFirst()).endsWith(word(kind) + " TIMED_WAITING");
    }
  }

  // ---- deadlocks

  private static void acquireInOrder(Lock first, OpenSignal hasFirst, Signal go, Lock second)
      throws InterruptedException {
    try (var _ = first.acquire()) {
      hasFirst.go();
      go.await();
      try (var _ = second.acquire()) {
        throw new AssertionError();
      }
    }
  }

  private static List<String> deadlocks(ThreadTree tree) {
    return tree.dump().lines().dropWhile(line -> !line.equals("DEADLOCK:")).toList();
  }

  @ParameterizedTest
  @EnumSource
  void dump_twoLocksInOppositeOrder_isNamed(Kind kind) throws Exception {
    try (var tree = grove.open("t", QUICK)) {
      var red = Lock.create("red");
      var blue = Lock.create("blue");
      var one = Signal.create("one");
      var two = Signal.create("two");
      var a = named(tree, kind, "a").run(_ -> acquireInOrder(red, one, two, blue));
      var b = named(tree, kind, "b").run(_ -> acquireInOrder(blue, two, one, red));
      awaitOn(a, "lock \"blue\"");
      awaitOn(b, "lock \"red\"");
      assertThat(deadlocks(tree))
          .hasSize(3)
          .contains(
              "  \"t/a\" waits for lock \"blue\", which \"t/b\" holds",
              "  \"t/b\" waits for lock \"red\", which \"t/a\" holds");
    }
  }

  static void awaitOn(ManagedThread<?> thread, String what) {
    Grove.eventually(() -> lines(thread.tree(), thread.name()).getFirst().contains(" on " + what));
  }

  /** Also through threads of which one is adopted, and not known by its handler slot. */
  @ParameterizedTest
  @EnumSource
  void dump_twoLocksOneOfThemHeldByAnAdoptedThread_isNamed(Kind kind) throws Exception {
    try (var tree = grove.open("t", QUICK)) {
      var red = Lock.create("red");
      var blue = Lock.create("blue");
      var one = Signal.create("one");
      var two = Signal.create("two");
      var place = new AtomicReference<ManagedThread<?>>();
      var own = new AtomicReference<ThreadTree>();
      var adopted =
          kind.call(() -> {
            var ownTree = ThreadTree.open("own", QUICK);
            own.set(grove.remember(ownTree));
            try (var adoption = ManagedThread.adoptInterruptibly()) {
              place.set(adoption.thread());
              named(ownTree, kind, "b").run(_ -> acquireInOrder(blue, two, one, red));
              acquireInOrder(red, one, two, blue);
              return null;
            }
          });
      one.await();
      two.await();
      awaitOn(place.get(), "lock \"blue\"");
      awaitOn(own.get().children().getLast(), "lock \"red\"");
      assertThat(deadlocks(own.get()))
          .hasSize(3)
          .contains("  \"own/b\" waits for lock \"red\", which \"" + place.get() + "\" holds");
      own.get().close();
      Grove.eventually(adopted::isDone);
      assertThat(tree.children()).isEmpty();
    }
  }

  @ParameterizedTest
  @EnumSource
  void dump_lockAndJoin_isNamed(Kind kind) throws Exception {
    try (var tree = grove.open("t", QUICK)) {
      var lock = Lock.create("red");
      var held = Signal.create("held");
      var b =
          named(tree, kind, "b")
              .run(_ -> {
                held.await();
                lock.run(() -> {});
              });
      var a =
          named(tree, kind, "a")
              .run(_ -> {
                try (var _ = lock.acquire()) {
                  held.go();
                  b.join();
                }
              });
      awaitOn(a, "signal \"stopped t/b\"");
      awaitOn(b, "lock \"red\"");
      assertThat(deadlocks(tree))
          .hasSize(3)
          .contains(
              "  \"t/a\" waits for signal \"stopped t/b\", which \"t/b\" would have to end",
              "  \"t/b\" waits for lock \"red\", which \"t/a\" holds");
    }
  }

  @ParameterizedTest
  @EnumSource
  void dump_threeThreadsJoinEachOther_namesTheCycleInOrderAndOnce(Kind kind) throws Exception {
    try (var tree = grove.open("t", QUICK)) {
      var threads = new ManagedThread<?>[4];
      var all = Signal.create("all are there");
      for (int i = 0; i < 3; i++) {
        int next = (i + 1) % 3;
        threads[i] =
            named(tree, kind, "t" + i)
                .run(_ -> {
                  all.await();
                  threads[next].join();
                });
      }
      threads[3] = named(tree, kind, "beside").run(_ -> threads[0].join()); // waits for the cycle
      all.go();
      for (int i = 0; i < 4; i++) {
        awaitOn(threads[i], "signal \"stopped t/t");
      }
      List<String> found = deadlocks(tree);
      String each =
          "  \"t/t%1$d\" waits for signal \"stopped t/t%2$d\", which \"t/t%2$d\" would have to end";
      List<String> cycle =
          List.of(each.formatted(0, 1), each.formatted(1, 2), each.formatted(2, 0));
      assertThat(found).startsWith("DEADLOCK:").hasSize(4).containsAll(cycle);
      int begin = cycle.indexOf(found.get(1));
      assertThat(found.subList(1, 4))
          .containsExactly(
              cycle.get(begin), cycle.get((begin + 1) % 3), cycle.get((begin + 2) % 3));
    }
  }

  @ParameterizedTest
  @EnumSource
  void dump_twoCycles_namesBoth(Kind kind) throws Exception {
    try (var tree = grove.open("t", QUICK)) {
      var threads = new ManagedThread<?>[4];
      var all = Signal.create("all are there");
      for (int i = 0; i < 4; i++) {
        int other = i ^ 1;
        threads[i] =
            named(tree, kind, "t" + i)
                .run(_ -> {
                  all.await();
                  threads[other].join();
                });
      }
      all.go();
      for (var thread : threads) {
        awaitOn(thread, "signal \"stopped t/t");
      }
      assertThat(deadlocks(tree)).hasSize(6).filteredOn("DEADLOCK:"::equals).hasSize(2);
    }
  }

  /** Who waits for a time, or till a signal goes, gets on without the others. */
  @ParameterizedTest
  @EnumSource
  void dump_oneOfACycleWaitsForATimeOnly_isNone(Kind kind) throws Exception {
    try (var tree = grove.open("t", QUICK)) {
      var threads = new ManagedThread<?>[6];
      var all = Signal.create("all are there");
      var till = Signal.create("till");
      var lock = Lock.create("red");
      var held = Signal.create("held");
      threads[0] =
          named(tree, kind, "a0")
              .run(_ -> {
                all.await();
                threads[1].join();
              });
      threads[1] =
          named(tree, kind, "a1")
              .run(_ -> {
                all.await();
                threads[0].join(Duration.ofHours(1));
              });
      threads[2] =
          named(tree, kind, "b0")
              .run(_ -> {
                all.await();
                threads[3].join();
              });
      threads[3] =
          named(tree, kind, "b1")
              .run(_ -> {
                all.await();
                threads[2].join(till);
              });
      threads[4] =
          named(tree, kind, "c0")
              .run(_ -> {
                try (var _ = lock.acquire()) {
                  held.go();
                  all.await();
                  threads[5].join();
                }
              });
      threads[5] =
          named(tree, kind, "c1")
              .run(_ -> {
                held.await();
                var _ = lock.acquire(Duration.ofHours(1));
              });
      all.go();
      held.await();
      for (int i = 0; i < 5; i++) {
        awaitOn(threads[i], "signal \"stopped t/");
      }
      awaitOn(threads[5], "lock \"red\"");
      assertThat(deadlocks(tree)).isEmpty();
    }
  }

  /** On the virtual clock, too, where the JDK knows nothing of the time. */
  @Test
  void dump_oneOfACycleWaitsForATimeOnVirtualTime_isNone() throws Exception {
    grove.onVirtualTime(
        QUICK,
        (tree, time) -> {
          var threads = new ManagedThread<?>[2];
          var all = Signal.create("all are there");
          threads[0] =
              tree.run(
                  "a0",
                  _ -> {
                    all.await();
                    threads[1].join();
                  });
          threads[1] =
              tree.run(
                  "a1",
                  _ -> {
                    all.await();
                    threads[0].join(Duration.ofHours(1));
                  });
          all.go();
          time.awaitOthersBlocked();
          awaitBlocked(threads);
          assertThat(deadlocks(tree)).isEmpty();
        });
  }

  /** A composite may go by its other operand. */
  @ParameterizedTest
  @EnumSource
  void dump_oneOfACycleWaitsForSomethingElseToo_isNone(Kind kind) throws Exception {
    try (var tree = grove.open("t", QUICK)) {
      var threads = new ManagedThread<?>[2];
      var all = Signal.create("all are there");
      var other = Signal.create("other");
      threads[0] =
          named(tree, kind, "a")
              .run(_ -> {
                all.await();
                threads[1].join();
              });
      threads[1] =
          named(tree, kind, "b")
              .run(_ -> {
                all.await();
                threads[0].stopped().or(other).await();
              });
      all.go();
      awaitOn(threads[0], "signal \"stopped t/b\"");
      awaitOn(threads[1], "signal \"stopped t/a or other");
      assertThat(deadlocks(tree)).isEmpty();
    }
  }

  /**
   * What is written first may be over when the rest is: here each of two waits for the other, but
   * at different times.
   */
  @ParameterizedTest
  @EnumSource
  void dump_waitIsOverBeforeTheOtherBegins_isNoDeadlock(Kind kind) throws Exception {
    try (var tree = grove.open("t", QUICK)) {
      var red = Lock.create("red");
      var blue = Lock.create("blue");
      var bHasRed = Signal.create("b has red");
      var aIsWritten = Signal.create("a is written");
      var aHasBlue = Signal.create("a has blue");
      var a =
          named(tree, kind, "a")
              .run(stop -> {
                bHasRed.await();
                red.run(() -> {});
                try (var _ = blue.acquire()) {
                  aHasBlue.go();
                  stop.await();
                }
              });
      var b =
          named(tree, kind, "b")
              .run(_ -> {
                try (var _ = red.acquire()) {
                  bHasRed.go();
                  aIsWritten.await();
                }
                aHasBlue.await();
                blue.run(() -> {});
              });
      awaitOn(a, "lock \"red\"");
      String text =
          dumpAnd(
              tree,
              "  a: ",
              () -> {
                aIsWritten.go();
                awaitOn(b, "lock \"blue\"");
              });
      assertThat(text)
          .contains("lock \"red\", held by \"t/b\"", "lock \"blue\", held by \"t/a\"")
          .doesNotContain("DEADLOCK");
    }
  }

  /** Dumps, and does something when a line has been written. */
  private static String dumpAnd(ThreadTree tree, String begin, Runnable action) throws Exception {
    var text = new StringBuilder();
    tree.dumpTo(
        new Appendable() {
          @Override
          public Appendable append(CharSequence part) {
            text.append(part);
            return this;
          }

          @Override
          public Appendable append(CharSequence part, int start, int end) {
            return append(part.subSequence(start, end));
          }

          @Override
          public Appendable append(char c) {
            text.append(c);
            if (text.substring(text.lastIndexOf("\n", text.length() - 2) + 1).startsWith(begin)) {
              action.run();
            }
            return this;
          }
        });
    return text.toString();
  }

  // ---- abandoned threads

  @ParameterizedTest
  @EnumSource
  void dump_abandonedThreadStillRuns_isListedApartUntilItEnds(Kind kind) throws Exception {
    grove.onVirtualTime((tree, time) -> {
      var end = Signal.create("end");
      var parent =
          tree.run(
              "parent",
              _ -> {
                ThreadBuilder builder = ManagedThread.named("deaf");
                (kind.isVirtual() ? builder : builder.platform()).run(_ -> awaitDeaf(end)).join();
              });
      parent.stop("enough");
      parent.awaitOutcome();
      time.awaitOthersBlocked(); // it is unlinked after it has stopped
      Threads.awaitBlocked(tree.abandonedAlive().getFirst().thread());
      assertThat(tree.dump())
          .isEqualTo(
              """
              t: tree, 7.0 s
              abandoned, still running: t/parent/deaf: abandoned, 7.0 s, told to stop 7.0 s ago: enough (by thread "test"), %s WAITING on signal "end"
              """
                  .formatted(word(kind)));
      end.go();
      time.awaitOthersBlocked();
      assertThat(tree.dump()).isEqualTo("t: tree, 7.0 s\n");
    });
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

  // ---- while the tree changes

  @ParameterizedTest
  @EnumSource
  void dump_threadsComeAndGo_showsThoseThatStayOnceAndWholeLines(Kind kind) throws Exception {
    try (var tree = grove.open("t")) {
      var stays = tree.run("stays", Signal::await);
      awaitBlocked(stays);
      for (int i = 0; i < 3; i++) {
        tree.run(
            "churn",
            stop -> {
              while (!stop.isSignalled()) {
                Grove.named(kind, "mayfly")
                    .run(_ -> ManagedThread.run("child", _ -> {}).join())
                    .join();
              }
            });
      }
      for (int i = 0; i < 300; i++) {
        List<String> lines = tree.dump().lines().toList();
        assertThat(lines.getFirst()).startsWith("t: tree, ");
        assertThat(lines).filteredOn(line -> line.startsWith("  stays: running, ")).hasSize(1);
        assertThat(lines.subList(1, lines.size()))
            .allMatch(line ->
                line.matches(
                    "( {2}){1,3}(stays|churn|mayfly|child)(#\\d+)?: [a-z ]+, \\d+\\.\\d s.*"));
      }
      assertThat(stays.outcome()).isEmpty();
    }
  }

  // ---- where to

  @Test
  void dump_toAFile_replacesIt(@TempDir Path directory) throws Exception {
    Path file = directory.resolve("dump.txt");
    Files.writeString(file, "before\n".repeat(1000));
    grove.onVirtualTime((tree, time) -> {
      tree.run("größer", Signal::await);
      time.awaitOthersBlocked();
      awaitAllBlocked(tree);
      tree.dump(file);
      assertThat(Files.readString(file)).isEqualTo(tree.dump()).contains("größer: running");
    });
  }

  @Test
  void dump_toAFileInNoDirectory_throws(@TempDir Path directory) throws Exception {
    try (var tree = grove.open("t")) {
      assertThatExceptionOfType(NoSuchFileException.class)
          .isThrownBy(() -> tree.dump(directory.resolve("none").resolve("dump.txt")));
    }
  }

  @Test
  void dumpTo_appendableThrows_throwsTheSameAndHarmsNothing() throws Exception {
    try (var tree = grove.open("t")) {
      tree.run("x", Signal::await);
      for (int most = 0; most < 6; most++) {
        var full = new Full(most);
        assertThatExceptionOfType(IOException.class)
            .isThrownBy(() -> tree.dumpTo(full))
            .isSameAs(full.failure);
      }
      tree.run("y", _ -> {}).join(); // no lock was left behind
      assertThat(tree.dump()).contains("x: ");
    }
  }

  private static final class Full implements Appendable {
    final IOException failure = new IOException("disk full");
    private int left;

    Full(int left) {
      this.left = left;
    }

    @Override
    public Appendable append(CharSequence text) throws IOException {
      if (left-- == 0) {
        throw failure;
      }
      return this;
    }

    @Override
    public Appendable append(CharSequence text, int start, int end) throws IOException {
      return append(text);
    }

    @Override
    public Appendable append(char c) throws IOException {
      return append("");
    }
  }

  // ---- large trees

  @Test
  @Timeout(60)
  void dump_tenThousandDeep_needsNoStack() throws Exception {
    int depth = 10_000;
    try (var tree = grove.open("t", PATIENT)) {
      var bottom = Signal.create("bottom");
      var release = Signal.create("release");
      var top = tree.run("level", _ -> descend(depth - 1, bottom, release));
      bottom.await();
      List<String> lines = tree.dump().lines().toList();
      assertThat(lines).hasSize(depth + 1);
      assertThat(lines.getLast()).startsWith("  ".repeat(40) + "level: running");
      release.go();
      top.join();
    }
  }

  private static void descend(int left, OpenSignal bottom, Signal release)
      throws InterruptedException {
    if (left == 0) {
      bottom.go();
      release.await();
    } else {
      ManagedThread.run("level", _ -> descend(left - 1, bottom, release)).join();
    }
  }

  /**
   * The holder of a lock that is in no tree is looked for once, not by each of those that wait for
   * it: that would be billions of looks here.
   */
  @Test
  @Timeout(60)
  void dump_manyWaitForALockHeldOutsideOfTheTree_searchesTheTreeOnce() throws Exception {
    int many = 60_000;
    try (var tree = grove.open("t", QUICK)) {
      var lock = Lock.create("accounts");
      List<ManagedThread<?>> waiters = new ArrayList<>();
      try (var _ = lock.acquire()) {
        for (int i = 0; i < many; i++) {
          waiters.add(tree.run("x", _ -> lock.run(() -> {})));
        }
        for (var waiter : waiters) {
          Threads.awaitBlocked(waiter.thread().orElseThrow());
        }
        assertThat(tree.dump().lines().filter(line -> line.contains("held by"))).hasSize(many);
      }
      for (var waiter : waiters) {
        waiter.join();
      }
    }
  }
}
