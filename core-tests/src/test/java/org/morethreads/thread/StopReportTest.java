package org.morethreads.thread;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.morethreads.fixture.Kind;
import org.morethreads.fixture.Threads;
import org.morethreads.internal.Log;
import org.morethreads.internal.Surroundings;
import org.morethreads.sync.Lock;
import org.morethreads.sync.Signal;
import org.morethreads.sync.Till;

/** H6: what the log says while a stop does not get on, and of those who were given up. */
@Timeout(20)
class StopReportTest {
  @RegisterExtension final Grove grove = new Grove();

  private static final Pattern AGO = Pattern.compile("(told|asked) ([0-9.]+) s ago");

  /** Enough for reports to come before anybody is interrupted. */
  private static final StopPolicy PATIENT =
      StopPolicy.standard().withAsk(seconds(40)).withInterrupt(seconds(20)).withTotal(seconds(100));

  private static Duration seconds(double seconds) {
    return Duration.ofMillis(Math.round(seconds * 1000));
  }

  /** A task that takes its time, whatever it is told. */
  private static ManagedThread.Task slow(double seconds) {
    return stop -> {
      stop.await();
      Signal.NEVER.await(seconds(seconds));
    };
  }

  /** The warnings that name a thread. */
  private List<String> warnings(String path) {
    return grove.log(System.Logger.Level.WARNING).stream()
        .filter(text -> text.contains('"' + path + '"'))
        .toList();
  }

  /** What the warnings say of how long a thread has been waited for, as in "told 1.0". */
  private List<String> times(String path) {
    List<String> found = new ArrayList<>();
    Pattern line = Pattern.compile("\n  \"" + Pattern.quote(path) + "\", .*");
    for (String text : grove.log(System.Logger.Level.WARNING)) {
      for (MatchResult each : line.matcher(text).results().toList()) {
        AGO.matcher(each.group())
            .results()
            .map(ago -> ago.group(1) + " " + ago.group(2))
            .forEach(found::add);
      }
    }
    return found;
  }

  private static long namedIn(String text) {
    return text.lines().filter(line -> line.startsWith("  \"")).count();
  }

  // ---- when

  @ParameterizedTest
  @EnumSource
  void stop_endsWithinASecond_logsNothing(Kind kind) throws Exception {
    grove.onVirtualTime((_, _) -> {
      var thread = Grove.named(kind, "prompt").run(slow(0.999));
      thread.stop();
      thread.join();
    });
    assertThat(warnings("t/prompt")).isEmpty();
  }

  /** Each stage makes progress within a second, though all of them together take longer. */
  @Test
  void stop_stagesEndWithinASecondEach_logsOfEachOnlyThatItWaits() throws Exception {
    grove.onVirtualTime((tree, _) -> {
      var db = tree.run("db", slow(0.9));
      tree.named("web").needs(db).run(slow(0.9));
      tree.stop();
    });
    assertThat(times("t/web")).isEmpty();
    assertThat(times("t/db")).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void stop_doesNotProgress_reportsAfterOneSecondAndThenDoubling(Kind kind) throws Exception {
    grove.onVirtualTime(
        PATIENT,
        (_, _) -> {
          var thread = Grove.named(kind, "laggard").run(slow(39));
          thread.stop();
          thread.join();
        });
    assertThat(times("t/laggard"))
        .containsExactly("told 1.0", "told 2.0", "told 4.0", "told 8.0", "told 16.0", "told 32.0");
  }

  /** The same when the tree is closed, whose own thread looks. */
  @Test
  void close_doesNotProgress_reportsAfterOneSecondAndThenDoubling() throws Exception {
    grove.onVirtualTime(PATIENT, (tree, _) -> tree.run("laggard", slow(9)));
    assertThat(times("t/laggard")).containsExactly("told 1.0", "told 2.0", "told 4.0", "told 8.0");
  }

  /** However many look, and however often it was asked. */
  @Test
  void stop_watchedFromSeveralLevels_reportsOnce() throws Exception {
    grove.onVirtualTime((tree, time) -> {
      var parent =
          tree.run(
              "parent",
              stop -> {
                ManagedThread.run("child", slow(3));
                stop.await();
              });
      time.awaitOthersBlocked();
      parent.stop();
      parent.children().forEach(ManagedThread::stop);
      parent.stop();
      tree.stop();
    });
    assertThat(times("t/parent/child")).hasSize(2);
  }

  /** To be told is progress: what it has been asked before does not count any more. */
  @Test
  void stop_toldAfterAWhile_countsAnew() throws Exception {
    grove.onVirtualTime(
        PATIENT,
        (tree, _) -> {
          var db = tree.run("db", slow(5));
          tree.named("web").needs(db).run(slow(5));
          tree.stop();
        });
    assertThat(times("t/db"))
        .containsExactly("asked 1.0", "asked 2.0", "asked 4.0", "told 1.0", "told 2.0", "told 4.0");
  }

  /** A look that comes late says so once, and does not catch up. */
  @Test
  void look_late_reportsOnce() throws Exception {
    var time = new Late();
    try (var tree = grove.open(PATIENT, time)) {
      var release = Signal.create("release");
      var thread = tree.run("x", _ -> release.await());
      thread.stop();
      time.pass(seconds(5));
      for (int i = 0; i < 5; i++) {
        new StopWatch(tree.root).step();
      }
      Grove.eventually(() -> !times("t/x").isEmpty());
      time.pass(seconds(3.5));
      new StopWatch(tree.root).step();
      Grove.eventually(() -> times("t/x").size() > 1);
      assertThat(times("t/x")).containsExactly("told 5.0", "told 8.5");
      release.go();
      thread.join();
    }
  }

  /** Real time that can be set forward, and on which nothing scheduled ever happens. */
  private static final class Late extends ForwardingTime {
    private final AtomicLong ahead = new AtomicLong();

    void pass(Duration time) {
      ahead.addAndGet(time.toNanos());
    }

    @Override
    public long nanoTime() {
      return super.nanoTime() + ahead.get();
    }

    @Override
    public Scheduled schedule(long delayNanos, Runnable action) {
      return () -> {};
    }
  }

  // ---- what

  /** On real time: on a virtual clock one that waits may be busy with moving that. */
  @ParameterizedTest
  @EnumSource
  void report_names_pathReasonBlockerStackAndWhoWaits(Kind kind) throws Exception {
    var time = new Late();
    try (var _ = grove.open(PATIENT, time)) {
      var answer = Signal.create("answer of the server");
      var child = new AtomicReference<Thread>();
      var parent =
          Grove.named(kind, "parent")
              .run(stop -> {
                Grove.named(kind, "child")
                    .run(_ -> {
                      // from here, so that nobody wakes it any more when it waits
                      ManagedThread.current().parent().orElseThrow().stop("maintenance");
                      child.set(Thread.currentThread());
                      waitForTheServer(answer);
                    });
                stop.await();
              });
      Grove.eventually(() -> child.get() != null);
      Threads.awaitBlocked(child.get());
      Grove.eventually(() -> parent.node.state() == Node.CLOSING);
      time.pass(seconds(1));
      new StopWatch(parent.node).step();
      Grove.eventually(() -> !warnings("t/parent/child").isEmpty());
      assertThat(warnings("t/parent/child"))
          .singleElement()
          .asString()
          .contains(
              "The stop of \"t/parent\" waits for",
              "\"t/parent/child\", told 1.0 s ago: maintenance (by t/parent/child)",
              "WAITING on signal \"answer of the server\"",
              "waited for by \"t/parent\"",
              "at org.morethreads",
              "StopReportTest.waitForTheServer")
          .doesNotContain("\n  \"t/parent\"", "; interrupted", " tills ");
      answer.go();
      parent.join();
    }
  }

  private static void waitForTheServer(Signal answer) throws InterruptedException {
    answer.await();
  }

  @Test
  void report_interruptedBefore_saysSo() throws Exception {
    grove.onVirtualTime(
        PATIENT.withAsk(seconds(3)),
        (tree, _) -> {
          var release = Signal.create("release");
          var thread = tree.run("x", _ -> StopOrderTest.awaitDeaf(release));
          thread.stop();
          Signal.NEVER.await(seconds(5));
          assertThat(warnings("t/x")).hasSize(3);
          assertThat(warnings("t/x").get(1)).doesNotContain("; interrupted");
          assertThat(warnings("t/x").get(2)).contains("told 4.0 s ago", "; interrupted");
          release.go();
        });
  }

  @ParameterizedTest
  @EnumSource
  void report_blockedOnALock_namesIt(Kind kind) throws Exception {
    var time = new Late();
    try (var tree = grove.open(PATIENT, time)) {
      var lock = Lock.create("accounts");
      ManagedThread<?> thread;
      try (var _ = lock.acquire()) {
        thread =
            Grove.named(kind, "x")
                .run(_ -> {
                  ManagedThread.current().stop(); // from here, so that nobody wakes it any more
                  lock.run(() -> {});
                });
        Threads.awaitBlocked(thread.thread().orElseThrow());
        time.pass(seconds(1));
        new StopWatch(tree.root).step();
        Grove.eventually(() -> !warnings("t/x").isEmpty());
      }
      assertThat(warnings("t/x")).singleElement().asString().contains("on lock \"accounts\"");
      thread.join();
    }
  }

  /** A loop that waits with tills, which go at once now, spins; over a hundred are no accident. */
  @ParameterizedTest
  @CsvSource({"5, true", "20, false"})
  void report_loopsOnHurriedTills_saysSo(int millisEach, boolean says) throws Exception {
    grove.onVirtualTime((tree, _) -> {
      var release = Signal.create("release");
      var thread =
          tree.run(
              "x",
              _ -> {
                while (!release.isSignalled()) {
                  Till.after(Duration.ofHours(1)).await();
                  Signal.NEVER.await(Duration.ofMillis(millisEach)); // the work
                }
              });
      thread.stop();
      Signal.NEVER.await(seconds(1.5));
      var text = warnings("t/x").getFirst();
      if (says) {
        assertThat(text)
            .containsPattern("has made (199|200|201) tills since, which go at once")
            .contains("does its loop look at pleaseStop?");
      } else {
        assertThat(text).doesNotContain(" tills ");
      }
      release.go();
      thread.join();
    });
  }

  @Test
  void report_notToldYet_saysWhoNeedsIt() throws Exception {
    grove.onVirtualTime((tree, _) -> {
      var db = tree.run("db", Signal::await);
      tree.named("web").needs(db).run(slow(1.5));
      tree.named("mail").needs(db).run(slow(0.5));
      tree.stop();
    });
    assertThat(warnings("t/db"))
        .singleElement()
        .asString()
        .contains("\"t/db\", asked 1.0 s ago and not told yet, since it is needed by \"web\"")
        .contains("\"t/web\", told 1.0 s ago")
        .doesNotContain("mail");
  }

  /** One that has children is held with all of them; it was asked all the same. */
  @Test
  void report_notToldYetAndHasChildren_saysWhoNeedsIt() throws Exception {
    grove.onVirtualTime((tree, time) -> {
      var db =
          tree.run(
              "db",
              stop -> {
                ManagedThread.run("pool", Signal::await);
                stop.await();
              });
      tree.named("web").needs(db).run(slow(1.5));
      time.awaitOthersBlocked();
      tree.stop();
      tree.stopped().await();
    });
    assertThat(warnings("t/db"))
        .singleElement()
        .asString()
        .contains("\"t/db\", asked 1.0 s ago and not told yet, since it is needed by \"web\"");
  }

  @Test
  void report_parentOfOneThatIsNotToldYet_saysThatItWaitsForWhatIsBelow() throws Exception {
    grove.onVirtualTime((tree, time) -> {
      var parent =
          tree.run(
              "parent",
              stop -> {
                var db = ManagedThread.run("db", Signal::await);
                ManagedThread.named("web").needs(db).run(slow(1.5));
                stop.await();
              });
      time.awaitOthersBlocked();
      parent.stop();
      parent.join();
    });
    assertThat(warnings("t/parent"))
        .singleElement()
        .asString()
        .contains(
            "\"t/parent\", asked 1.0 s ago and not told yet, since something below it waits for others");
  }

  @ParameterizedTest
  @CsvSource({"10, 10, 0", "11, 10, 1", "25, 10, 15"})
  void report_manyThreads_namesTenAndCountsTheOthers(int threads, int named, int more)
      throws Exception {
    grove.onVirtualTime((tree, _) -> {
      for (int i = 0; i < threads; i++) {
        tree.run("x", slow(1.5));
      }
      tree.stop();
    });
    var text = grove.log(System.Logger.Level.WARNING).getFirst();
    assertThat(namedIn(text)).isEqualTo(named);
    if (more == 0) {
      assertThat(text).doesNotContain("\n  and ");
    } else {
      assertThat(text).contains("\n  and " + more + " more");
    }
  }

  /** Those who are given up in the same look are reported as that alone. */
  @Test
  void report_someAreAbandonedInTheSameLook_countsOnlyTheOthers() throws Exception {
    grove.onVirtualTime((tree, _) -> {
      var release = Signal.create("release");
      var hasty = StopPolicy.standard().withTotal(seconds(1));
      for (int i = 0; i < 12; i++) {
        tree.run("slow", slow(1.5));
      }
      for (int i = 0; i < 12; i++) {
        tree.named("hasty").stopPolicy(hasty).run(_ -> StopOrderTest.awaitDeaf(release));
      }
      tree.stop();
      tree.stopped().await();
      release.go();
    });
    Grove.eventually(() -> grove.log(System.Logger.Level.WARNING).size() >= 2);
    assertThat(grove.log(System.Logger.Level.WARNING))
        .anySatisfy(text -> {
          assertThat(text).contains("waits for", "\n  and 2 more").doesNotContain("hasty");
          assertThat(namedIn(text)).isEqualTo(10);
        })
        .anySatisfy(text -> {
          assertThat(text).contains("Abandoned 12 threads", "\n  and 2 more");
          assertThat(text).doesNotContain("slow");
          assertThat(namedIn(text)).isEqualTo(10);
        });
  }

  /** A report is read by people: sixteen frames of each thread, and how many there are besides. */
  @ParameterizedTest
  @CsvSource({"1, 0", "16, 0", "17, 1", "40, 24"})
  void report_deepStack_showsSixteenFramesAndCountsTheOthers(int frames, int more) {
    var stack = new StackTraceElement[frames];
    for (int i = 0; i < frames; i++) {
      stack[i] = new StackTraceElement("C", "m" + i, "C.java", i);
    }
    var thread =
        new Thread() {
          @Override
          public StackTraceElement[] getStackTrace() {
            return stack;
          }
        };
    List<String> lines = StopWatch.stack(thread).lines().toList();
    assertThat(lines).first().isEqualTo("");
    assertThat(lines).filteredOn(line -> line.startsWith("      at C.m")).hasSize(frames - more);
    if (more == 0) {
      assertThat(lines).hasSize(1 + frames);
    } else {
      assertThat(lines).hasSize(18).last().isEqualTo("      ... " + more + " more");
    }
    assertThat(StopWatch.stack(null)).isEmpty();
  }

  // ---- the abandoned

  @ParameterizedTest
  @EnumSource
  void abandon_one_isReportedWithItsStack(Kind kind) throws Exception {
    var time = new Late();
    try (var tree = grove.open(StopPolicy.standard(), time)) {
      var release = Signal.create("release");
      var thread = Grove.named(kind, "x").run(_ -> StopOrderTest.awaitDeaf(release));
      Threads.awaitBlocked(thread.thread().orElseThrow());
      thread.stop("enough");
      time.pass(seconds(6));
      new StopWatch(tree.root).step();
      Grove.eventually(() -> !thread.thread().orElseThrow().isInterrupted()); // has heard it
      Threads.awaitBlocked(thread.thread().orElseThrow());
      time.pass(seconds(1));
      new StopWatch(tree.root).step();
      Grove.eventually(() -> warnings("t/x").size() == 2); // that it is late, and this
      assertThat(warnings("t/x"))
          .anySatisfy(text ->
              assertThat(text)
                  .contains(
                      "Abandoned a thread that has not ended in time; nobody waits for it any more:",
                      "\"t/x\", told 7.0 s ago: enough",
                      "; interrupted",
                      "StopOrderTest.awaitDeaf"));
      release.go();
    }
  }

  /** It is not forgotten: its end is worth a line. */
  @ParameterizedTest
  @EnumSource
  void abandon_endsAfterAll_isLogged(Kind kind) throws Exception {
    grove.onVirtualTime((_, _) -> {
      var release = Signal.create("release");
      var thread = Grove.named(kind, "x").run(_ -> StopOrderTest.awaitDeaf(release));
      thread.stop();
      thread.stopped().await();
      Signal.NEVER.await(seconds(3));
      release.go();
      Grove.eventually(() -> !grove.log(System.Logger.Level.INFO).isEmpty());
      assertThat(grove.log(System.Logger.Level.INFO))
          .containsExactly("Thread \"t/x\", which was abandoned, has ended after 10.0 s.");
    });
  }

  /** Nothing is lost: nobody can join it any more. */
  @ParameterizedTest
  @EnumSource
  void abandon_failsAfterAll_isLoggedWithTheFailure(Kind kind) throws Exception {
    var failure = new IOException("disk full");
    grove.onVirtualTime((_, _) -> {
      var release = Signal.create("release");
      var thread =
          Grove.named(kind, "x")
              .run(_ -> {
                StopOrderTest.awaitDeaf(release);
                throw failure;
              });
      thread.stop();
      thread.stopped().await();
      release.go();
      Grove.eventually(() -> !grove.log(System.Logger.Level.ERROR).isEmpty());
    });
    assertThat(grove.log())
        .filteredOn(heard -> heard.level() == System.Logger.Level.ERROR)
        .singleElement()
        .satisfies(heard -> {
          assertThat(heard.message()).contains("t/x", "abandoned", "with a failure");
          assertThat(heard.failure()).isSameAs(failure);
        });
  }

  @Test
  void adopt_threadEndsWithoutClosing_isGivenUpAndReported() throws Exception {
    var time = new Late();
    try (var tree = grove.open(StopPolicy.standard(), time)) {
      var thread =
          Kind.PLATFORM.call(() -> {
            leaveWithoutSaying(tree);
            return Thread.currentThread();
          });
      thread.get().join();
      tree.stop();
      new StopWatch(tree.root).step();
      Grove.eventually(() -> !grove.log(System.Logger.Level.WARNING).isEmpty());
      assertThat(grove.log(System.Logger.Level.WARNING))
          .singleElement()
          .asString()
          .contains("has ended without closing its adoption", "try (var adoption");
    }
  }

  /** Adopts the calling thread into a tree, and forgets to close the adoption. */
  private static void leaveWithoutSaying(ThreadTree tree) {
    new Node(tree, tree.root, "guest", Options.ADOPTED, null)
        .adoptCurrentThread(Surroundings.unmanaged());
  }

  // ---- a log that blocks

  /** Blocks all records of a level until the release. */
  private static final class BlockedLog implements AutoCloseable {
    private final CountDownLatch release = new CountDownLatch(1);
    private final CountDownLatch blocked = new CountDownLatch(1);

    BlockedLog(System.Logger.Level which) {
      Log.setListener((level, _, _) -> {
        if (level == which) {
          blocked.countDown();
          Threads.awaitUninterruptibly(release);
        }
      });
    }

    void letGo() {
      release.countDown();
    }

    @Override
    public void close() {
      letGo();
    }
  }

  /** The report, that of an abandonment, and that of an adoption: each look goes on. */
  @ParameterizedTest
  @EnumSource
  void log_blocksOnReports_theStopGoesOn(Kind kind) throws Exception {
    var time = new Late();
    try (var log = new BlockedLog(System.Logger.Level.WARNING);
        var tree = grove.open(StopPolicy.standard(), time)) {
      var release = Signal.create("release");
      var ready = new CountDownLatch(1);
      var thread =
          Grove.named(kind, "x")
              .run(_ -> {
                ready.countDown();
                StopOrderTest.awaitDeaf(release);
              });
      ready.await();
      var adopted =
          Kind.PLATFORM.call(() -> {
            leaveWithoutSaying(tree);
            return Thread.currentThread();
          });
      adopted.get().join();
      thread.stop();
      time.pass(seconds(1));
      new StopWatch(tree.root).step();
      log.blocked.await();
      time.pass(seconds(4));
      new StopWatch(tree.root).step();
      time.pass(seconds(2));
      new StopWatch(tree.root).step();
      assertThat(thread.outcome().orElseThrow()).isInstanceOf(Outcome.Abandoned.class);
      tree.stop();
      new StopWatch(tree.root).step(); // gives the adopted one up
      assertThat(tree.children()).isEmpty();
      release.go();
      Grove.eventually(() -> tree.abandonedAlive().isEmpty());
      log.letGo();
    }
  }

  /** H2's line at the end of a parent must not keep its children from being driven. */
  @ParameterizedTest
  @EnumSource
  void log_blocksAtTheEndOfAParent_itsChildrenAreStoppedAllTheSame(Kind kind) throws Exception {
    var atOnce = StopPolicy.standard().withAsk(Duration.ZERO).withInterrupt(Duration.ZERO);
    try (var log = new BlockedLog(System.Logger.Level.INFO);
        var tree = grove.open("t", atOnce)) {
      var release = Signal.create("release");
      var child = Signal.create("child has stopped");
      Grove.named(Kind.PLATFORM, "parent")
          .parent(tree)
          .run(_ ->
              Grove.named(kind, "child")
                  .run(_ -> StopOrderTest.awaitDeaf(release))
                  .stopped()
                  .then(child::go));
      log.blocked.await();
      child.await();
      log.letGo();
      release.go();
    }
  }
}
