package org.morethreads.thread;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.morethreads.fixture.Kind;
import org.morethreads.fixture.Threads;
import org.morethreads.internal.Surroundings;
import org.morethreads.sync.OpenSignal;
import org.morethreads.sync.Signal;

/**
 * H5, H6: after a look a stop watch says when to look again: no later than something is due, since
 * it would come late, and no sooner, since a stop that takes its time would keep a processor busy.
 */
@Timeout(20)
class StopWatchTest {
  @RegisterExtension final Grove grove = new Grove();

  private final StillTime time = new StillTime();
  private final OpenSignal release = Signal.create("release");

  /** Before the tree is closed, which would wait for ever on a clock that stands still. */
  @FunctionalInterface
  private interface Release extends AutoCloseable {
    @Override
    void close();
  }

  private static Duration seconds(double seconds) {
    return Duration.ofMillis(Math.round(seconds * 1000));
  }

  /** Starts a thread that waits whatever happens, and does so now. */
  private ManagedThread<?> startDeaf(ThreadBuilder builder) throws InterruptedException {
    var running = new CountDownLatch(1);
    var thread =
        builder.run(_ -> {
          running.countDown();
          StopOrderTest.awaitDeaf(release);
        });
    running.await();
    return thread;
  }

  private static Duration look(ThreadTree tree) {
    return Duration.ofNanos(new StopWatch(tree.root).step());
  }

  @Test
  void look_nothingIsDue_looksAgainAfterASecond() throws Exception {
    try (var tree = grove.open(StopPolicy.standard(), time);
        Release _ = release::go) {
      assertThat(look(tree)).as("nobody there").isEqualTo(seconds(1));
      startDeaf(tree.named("x"));
      time.pass(seconds(3));
      assertThat(look(tree)).as("nobody told").isEqualTo(seconds(1));
    }
  }

  /** The standard policy: reports after 1, 2 and 4 s, the interrupt after 5, the end after 7. */
  @ParameterizedTest
  @EnumSource
  void look_aThreadWasTold_looksAgainWhenSomethingIsDue(Kind kind) throws Exception {
    try (var tree = grove.open(StopPolicy.standard(), time);
        Release _ = release::go) {
      var thread = startDeaf(Grove.named(kind, "x").parent(tree));
      thread.stop();
      time.pass(seconds(0.4));
      assertThat(look(tree)).as("the first report").isEqualTo(seconds(0.6));
      time.pass(seconds(0.6));
      assertThat(look(tree)).as("the second report").isEqualTo(seconds(1));
      Grove.eventually(() -> grove.log(System.Logger.Level.WARNING).size() == 1);
      time.pass(seconds(3.9));
      assertThat(look(tree)).as("the interrupt").isEqualTo(seconds(0.1));
      assertThat(thread.node.hasStep(StopWatch.INTERRUPTED)).isFalse();
      time.pass(seconds(0.1));
      assertThat(look(tree)).as("after the interrupt").isEqualTo(seconds(1));
      assertThat(thread.node.hasStep(StopWatch.INTERRUPTED)).isTrue();
      time.pass(seconds(1.25));
      assertThat(look(tree)).as("the end").isEqualTo(seconds(0.75));
      time.pass(seconds(0.75));
      assertThat(look(tree))
          .as("one above that waits for it has a little more time")
          .isEqualTo(Duration.ofNanos(StopWatch.GRACE));
      assertThat(thread.outcome().orElseThrow()).isInstanceOf(Outcome.Abandoned.class);
    }
  }

  @Test
  void look_aThreadIsNotInterrupted_looksAgainForItsEnd() throws Exception {
    try (var tree = grove.open(StopPolicy.standard().neverInterrupt(), time);
        Release _ = release::go) {
      startDeaf(tree.named("x")).stop();
      time.pass(seconds(6.75));
      assertThat(look(tree)).isEqualTo(seconds(0.25));
    }
  }

  @Test
  void look_aThreadWaitsForOthers_looksAgainForTheReports() throws Exception {
    try (var tree = grove.open(StopPolicy.standard(), time);
        Release _ = release::go) {
      var db = tree.run("db", Signal::await);
      startDeaf(tree.named("web").needs(db));
      db.stop();
      time.pass(seconds(0.25));
      assertThat(look(tree)).as("the first report").isEqualTo(seconds(0.75));
      time.pass(seconds(0.75));
      assertThat(look(tree)).as("the second report").isEqualTo(seconds(1));
      time.pass(seconds(2.25));
      assertThat(look(tree)).as("the report after 4 s").isEqualTo(seconds(0.75));
      Grove.eventually(() -> grove.log(System.Logger.Level.WARNING).size() == 2);
      assertThat(grove.log(System.Logger.Level.WARNING).getLast())
          .contains("\"t/db\", asked 3.2 s ago and not told yet");
    }
  }

  /** The one that it waits for ends when all the time is over, and no watch has looked since. */
  @ParameterizedTest
  @ValueSource(doubles = {8, 8.125})
  void look_toldByTheEndOfANeederAfterTheTimeOfTheTree_hasAChanceToReact(double endOfTheNeeder)
      throws Exception {
    try (var tree = grove.open(StopPolicy.standard(), time);
        Release _ = release::go) {
      var db = startDeaf(tree.named("db"));
      var end = Signal.create("end");
      var web = tree.named("web").needs(db).run(_ -> StopOrderTest.awaitDeaf(end));
      tree.tell(ManagedThread.requested("enough"));
      time.pass(seconds(endOfTheNeeder));
      end.go();
      web.awaitOutcome();
      assertThat(db.pleaseStop().isSignalled()).isTrue();
      assertThat(look(tree)).isBetween(seconds(0.05), seconds(0.25));
      assertThat(db.node.hasStep(StopWatch.INTERRUPTED)).isFalse();
      time.pass(seconds(8.25 - endOfTheNeeder));
      look(tree);
      assertThat(db.node.hasStep(StopWatch.INTERRUPTED)).isTrue();
      assertThat(db.stopped().isSignalled()).as("just interrupted").isFalse();
      time.pass(seconds(0.25));
      look(tree);
      assertThat(db.outcome().orElseThrow()).isInstanceOf(Outcome.Abandoned.class);
    }
  }

  /** Whoever waits for others is told when all the time is over, and not a look later. */
  @Test
  void look_theTimeOfTheTreeIsOver_tellsThoseWhomNobodyHasTold() throws Exception {
    try (var tree = grove.open(StopPolicy.standard(), time);
        Release _ = release::go) {
      var thread = startDeaf(tree.named("x"));
      var why = new StopReason(StopReason.Kind.REQUESTED, "a test", "enough");
      long now = time.nanoTime();
      long limit = now + seconds(8).toNanos();
      tree.root.requestStop(new Told(why, now, time.now(), limit, /* interrupting= */ false));
      time.pass(seconds(7.75));
      assertThat(look(tree)).isEqualTo(seconds(0.25));
      assertThat(thread.pleaseStop().isSignalled()).isFalse();
      time.pass(seconds(0.25));
      look(tree);
      assertThat(thread.pleaseStop().isSignalled()).isTrue();
      assertThat(thread.stopReason()).contains(why);
      look(tree);
      assertThat(thread.node.hasStep(StopWatch.INTERRUPTED)).as("has a chance").isFalse();
    }
  }

  /** One that waits for its children, when the time of all is over: they get a chance first. */
  @Test
  void look_aParentIsOverdue_looksAgainAtTheEndOfItsChance() throws Exception {
    try (var tree = grove.open(StopPolicy.standard(), time);
        Release _ = release::go) {
      var parent =
          tree.run(
              "parent",
              stop -> {
                startDeaf(ManagedThread.named("child"));
                stop.await();
              });
      Grove.eventually(() -> !parent.children().isEmpty());
      Threads.awaitBlocked(parent.children().getFirst().thread().orElseThrow());
      parent.stop();
      Grove.eventually(() -> parent.node.state() == Node.CLOSING);
      Threads.awaitBlocked(parent.thread().orElseThrow());
      time.pass(seconds(100));
      assertThat(look(tree)).isEqualTo(Duration.ofNanos(StopWatch.GRACE));
      time.pass(seconds(0.1));
      assertThat(look(tree)).isEqualTo(seconds(0.15));
      time.pass(seconds(0.15));
      look(tree);
      parent.join();
    }
  }

  /** Its task is over, and it has no children, but something keeps it from ending. */
  @Test
  void look_anOverdueThreadHasHadItsChance_isAbandonedThen() throws Exception {
    try (var tree = grove.open(StopPolicy.standard(), time);
        Release _ = release::go) {
      var thread = startDeaf(tree.named("x"));
      thread.node.leaveRunning();
      thread.stop();
      time.pass(seconds(7.9));
      assertThat(look(tree)).isEqualTo(seconds(0.1));
      time.pass(seconds(0.1));
      assertThat(look(tree)).isEqualTo(Duration.ofNanos(StopWatch.GRACE));
      time.pass(Duration.ofNanos(StopWatch.GRACE));
      assertThat(thread.stopped().isSignalled()).isFalse();
      assertThat(look(tree)).isEqualTo(Duration.ofNanos(StopWatch.GRACE));
      assertThat(thread.outcome().orElseThrow()).isInstanceOf(Outcome.Abandoned.class);
    }
  }

  /** A parent that cannot be given up yet may go on starting threads until all time is over. */
  @Test
  void look_aParentWouldBeAbandonedButForItsChild_mayStartAnother() throws Exception {
    try (var tree = grove.open(StopPolicy.standard(), time);
        Release _ = release::go) {
      var parent = startDeaf(tree.named("parent"));
      parent.stop();
      time.pass(seconds(6.5));
      look(tree);
      startDeaf(ManagedThread.named("late").parent(parent));
      time.pass(seconds(0.5));
      look(tree);
      assertThat(parent.stopped().isSignalled()).isFalse();
      startDeaf(ManagedThread.named("later").parent(parent));
      assertThat(parent.children()).hasSize(2);
    }
  }

  @Test
  void look_anAdoptedThreadHasGone_looksAgainSoonForThoseThatItLeaves() throws Exception {
    try (var tree = grove.open(StopPolicy.standard(), time);
        Release _ = release::go) {
      var thread =
          Kind.PLATFORM.call(() -> {
            new Node(tree, tree.root, "guest", Options.ADOPTED, null)
                .adoptCurrentThread(Surroundings.unmanaged());
            return Thread.currentThread();
          });
      thread.get().join();
      tree.tell(ManagedThread.requested("enough")); // without a thread that looks as well
      assertThat(look(tree)).isEqualTo(Duration.ofNanos(StopWatch.GRACE));
      assertThat(tree.children()).isEmpty();
    }
  }

  /** A thread that has stopped in time leaves no timer behind, which would keep it reachable. */
  @ParameterizedTest
  @EnumSource
  void stop_endsInTime_leavesNoTimer(Kind kind) throws Exception {
    var pending = new AtomicInteger();
    var timers =
        new ForwardingTime() {
          @Override
          public Scheduled schedule(long delayNanos, Runnable action) {
            pending.incrementAndGet();
            return pending::decrementAndGet;
          }
        };
    try (var tree = grove.open(StopPolicy.standard(), timers);
        Release _ = release::go) {
      var thread = Grove.named(kind, "x").parent(tree).run(_ -> release.await());
      thread.stop();
      assertThat(pending).hasPositiveValue();
      release.go();
      thread.join();
      assertThat(pending).hasValue(0);
    }
  }

  /** A thread for which no processor is free yet, or whose start takes long. */
  @ParameterizedTest
  @EnumSource
  void stop_linkedButNotBegun_isGivenUpAllTheSame(Kind kind) throws Exception {
    var linked = Signal.create("linked");
    var letBegin = Signal.create("let it begin");
    var slowStart =
        new ForwardingTime() {
          @Override
          public void starting(Surroundings child) {
            linked.go();
            StopOrderTest.awaitDeaf(letBegin);
          }
        };
    var hasty = StopPolicy.standard().withAsk(Duration.ZERO).withInterrupt(Duration.ZERO);
    try (var tree = grove.open(hasty, slowStart);
        Release _ = letBegin::go) {
      var thread = Grove.named(kind, "late").parent(tree).prepare(_ -> {});
      var starter =
          kind.call(() -> {
            thread.start();
            return null;
          });
      linked.await();
      thread.stop();
      thread.stopped().await();
      assertThat(thread.outcome().orElseThrow()).isInstanceOf(Outcome.Abandoned.class);
      letBegin.go();
      starter.get();
    }
  }

  /** A loop on tills may come to a hundred in a stop that is no endless one. */
  @ParameterizedTest
  @CsvSource({"100, false", "101, true"})
  void report_hurriedTills_areWorthALineWhenMoreThanAHundred(int tills, boolean says)
      throws Exception {
    try (var tree = grove.open(StopPolicy.standard(), time);
        Release _ = release::go) {
      var thread = startDeaf(tree.named("x"));
      thread.stop();
      thread.node.extras().hurriedTills = tills;
      time.pass(seconds(1));
      look(tree);
      Grove.eventually(() -> !grove.log(System.Logger.Level.WARNING).isEmpty());
      assertThat(grove.log(System.Logger.Level.WARNING).getFirst().contains(" tills since"))
          .isEqualTo(says);
    }
  }
}
