package org.morethreads.thread;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.spi.AbstractInterruptibleChannel;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.morethreads.fixture.Kind;
import org.morethreads.fixture.Threads;
import org.morethreads.internal.Firing;
import org.morethreads.sync.OpenSignal;
import org.morethreads.sync.Signal;
import org.morethreads.testing.VirtualClock;

/** H5: a stop is bounded by a policy; and why a thread is stopped. */
@Timeout(20)
class StopPolicyTest {
  @RegisterExtension final Grove grove = new Grove();

  private static final StopPolicy STANDARD = StopPolicy.standard();

  private static Duration seconds(double seconds) {
    return Duration.ofMillis(Math.round(seconds * 1000));
  }

  /** Threads that note what happens to them, and when. */
  private static final class Diary {
    private final VirtualClock time;
    private final Map<String, Duration> interrupted = new ConcurrentHashMap<>();
    private final StopOrderTest.Tellings tellings = new StopOrderTest.Tellings();
    private final Map<String, Duration> stopped = new ConcurrentHashMap<>();
    private final OpenSignal release = Signal.create("release");

    Diary(VirtualClock time) {
      this.time = time;
    }

    /** Notes the first interrupt and goes on: only the release ends it. */
    void deaf() {
      while (!release.isSignalled()) {
        try {
          release.await();
        } catch (InterruptedException e) {
          interrupted.putIfAbsent(ManagedThread.current().name(), time.elapsed());
        }
      }
    }

    /** Waits for nothing; ends when it is interrupted. */
    void interruptible() throws InterruptedException {
      try {
        Signal.NEVER.await();
      } catch (InterruptedException e) {
        interrupted.put(ManagedThread.current().name(), time.elapsed());
        throw e;
      }
    }

    /** Notes when the thread is told, and when it has stopped. */
    <T extends @Nullable Object> ManagedThread<T> note(ManagedThread<T> thread) {
      tellings.note(thread);
      StopOrderTest.hear(thread.stopped(), () -> stopped.put(thread.name(), time.elapsed()));
      return thread;
    }
  }

  // ---- the steps

  @ParameterizedTest
  @EnumSource
  void stop_pleaseStopIgnored_interruptsAfterExactlyAsk(Kind kind) throws Exception {
    grove.onVirtualTime((_, time) -> {
      var diary = new Diary(time);
      var thread = Grove.named(kind, "x").run(_ -> diary.interruptible());
      Signal.NEVER.await(seconds(1));
      thread.stop();
      assertThat(thread.awaitOutcome()).isInstanceOf(Outcome.Stopped.class);
      assertThat(diary.interrupted).isEqualTo(Map.of("x", seconds(6)));
      assertThat(time.elapsed()).isEqualTo(seconds(6));
    });
  }

  @ParameterizedTest
  @EnumSource
  void stop_interruptIgnored_abandonsAfterExactlyInterruptMore(Kind kind) throws Exception {
    grove.onVirtualTime((tree, time) -> {
      var diary = new Diary(time);
      var thread = Grove.named(kind, "x").run(_ -> diary.deaf());
      thread.stop("enough");
      thread.stopped().await();
      assertThat(time.elapsed()).isEqualTo(seconds(7));
      assertThat(diary.interrupted).isEqualTo(Map.of("x", seconds(5)));
      assertThat(thread.outcome().orElseThrow())
          .isInstanceOfSatisfying(
              Outcome.Abandoned.class,
              abandoned -> assertThat(abandoned.reason().message()).isEqualTo("enough"));
      assertThat(tree.abandonedCount()).isEqualTo(1);
      assertThat(tree.children()).isEmpty();
      diary.release.go();
    });
  }

  @ParameterizedTest
  @EnumSource
  void stop_reactsJustInTime_isNotInterrupted(Kind kind) throws Exception {
    grove.onVirtualTime((_, time) -> {
      var thread =
          Grove.named(kind, "x")
              .run(stop -> {
                stop.await();
                Signal.NEVER.await(seconds(4.999));
              });
      thread.stop();
      thread.join();
      assertThat(time.elapsed()).isEqualTo(seconds(4.999));
      assertThat(thread.node.escalation & StopWatch.INTERRUPTED).isZero();
    });
  }

  @Test
  void stop_childAskedLongBeforeItsParent_itsTimeCountsFromItsOwnTelling() throws Exception {
    grove.onVirtualTime((tree, time) -> {
      var diary = new Diary(time);
      var child = new AtomicReference<ManagedThread<?>>();
      var parent =
          tree.run(
              "parent",
              _ -> {
                child.set(ManagedThread.run("child", _ -> diary.interruptible()));
                diary.interruptible();
              });
      time.awaitOthersBlocked();
      Signal.NEVER.await(seconds(1).minus(time.elapsed()));
      child.get().stop();
      Signal.NEVER.await(seconds(2));
      parent.stop();
      child.get().stop();
      parent.awaitOutcome();
      assertThat(diary.interrupted).isEqualTo(Map.of("child", seconds(6), "parent", seconds(8)));
    });
  }

  /** An interrupt is meant for one thread. */
  @Test
  void interrupt_ofAParent_doesNotReachItsChildren() throws Exception {
    grove.onVirtualTime((tree, time) -> {
      var diary = new Diary(time);
      var patient = StopPolicy.standard().withAsk(seconds(1));
      var before = new AtomicReference<ManagedThread<Boolean>>();
      var parent =
          tree.named("parent")
              .stopPolicy(patient)
              .call(_ -> {
                before.set(
                    ManagedThread.named("before")
                        .stopPolicy(patient.neverInterrupt())
                        .call(stop -> {
                          stop.await();
                          Signal.NEVER.await(seconds(2));
                          return Thread.currentThread().isInterrupted();
                        }));
                try {
                  diary.interruptible();
                } catch (InterruptedException e) {
                  Thread.currentThread().interrupt();
                }
                return ManagedThread.call("after", _ -> Thread.currentThread().isInterrupted());
              });
      parent.stop();
      assertThat(parent.join().join()).isFalse();
      assertThat(before.get().join()).isFalse();
      assertThat(diary.interrupted).isEqualTo(Map.of("parent", seconds(1)));
    });
  }

  @Test
  void withAsk_zero_interruptsAtOnce() throws Exception {
    grove.onVirtualTime(
        STANDARD.withAsk(Duration.ZERO),
        (tree, time) -> {
          var diary = new Diary(time);
          var thread = tree.run("x", _ -> diary.interruptible());
          time.awaitOthersBlocked();
          var before = time.elapsed();
          thread.stop();
          thread.awaitOutcome();
          assertThat(diary.interrupted).isEqualTo(Map.of("x", before));
        });
  }

  @Test
  void withInterrupt_zero_abandonsAtOnceAfterTheInterrupt() throws Exception {
    grove.onVirtualTime(
        STANDARD.withInterrupt(Duration.ZERO),
        (tree, time) -> {
          var diary = new Diary(time);
          var thread = tree.run("x", _ -> diary.deaf());
          thread.stop();
          thread.stopped().await();
          assertThat(time.elapsed()).isEqualTo(seconds(5));
          assertThat(thread.outcome().orElseThrow()).isInstanceOf(Outcome.Abandoned.class);
          diary.release.go();
        });
  }

  @ParameterizedTest
  @EnumSource
  void neverInterrupt_deaf_isAbandonedAfterBothTimesWithoutAnInterrupt(Kind kind) throws Exception {
    grove.onVirtualTime(
        STANDARD.neverInterrupt(),
        (_, time) -> {
          var diary = new Diary(time);
          var thread = Grove.named(kind, "x").stopPolicy(STANDARD).run(_ -> diary.deaf());
          thread.stop();
          thread.stopped().await();
          assertThat(time.elapsed()).isEqualTo(seconds(7));
          assertThat(diary.interrupted).isEmpty();
          diary.release.go();
        });
  }

  // ---- per tree and thread

  @Test
  void stopPolicy_ofTheTree_holdsForItsThreads() throws Exception {
    grove.onVirtualTime(
        STANDARD.withAsk(seconds(20)).withInterrupt(seconds(10)).withTotal(seconds(60)),
        (tree, time) -> {
          var diary = new Diary(time);
          var thread = tree.run("x", _ -> diary.deaf());
          thread.stop();
          thread.stopped().await();
          assertThat(diary.interrupted).isEqualTo(Map.of("x", seconds(20)));
          assertThat(time.elapsed()).isEqualTo(seconds(30));
          diary.release.go();
        });
  }

  @Test
  void stopPolicy_ofTheThread_canOnlyShorten() throws Exception {
    grove.onVirtualTime((tree, time) -> {
      var diary = new Diary(time);
      for (double factor : List.of(0.1, 10.0)) {
        tree.named("x" + factor)
            .stopPolicy(
                STANDARD
                    .withAsk(seconds(5 * factor))
                    .withInterrupt(seconds(2 * factor))
                    .withTotal(seconds(8 * factor)))
            .run(_ -> diary.deaf());
      }
      List<ManagedThread<?>> both = tree.children();
      both.forEach(diary::note);
      tree.stop();
      tree.stopped().await();
      assertThat(diary.interrupted).isEqualTo(Map.of("x0.1", seconds(0.5), "x10.0", seconds(5)));
      assertThat(diary.stopped).isEqualTo(Map.of("x0.1", seconds(0.7), "x10.0", seconds(7)));
      diary.release.go();
    });
  }

  /** Also when the stop is that of a parent with more time, which looks later. */
  @ParameterizedTest
  @EnumSource
  void stopPolicy_ofAChildIsShorter_isKeptExactly(Kind kind) throws Exception {
    grove.onVirtualTime((_, time) -> {
      var diary = new Diary(time);
      var hasty = STANDARD.withAsk(seconds(0.01));
      var parent =
          Grove.named(kind, "parent")
              .run(_ -> {
                Grove.named(kind, "child").stopPolicy(hasty).run(_ -> diary.interruptible());
                diary.interruptible();
              });
      time.awaitOthersBlocked();
      Signal.NEVER.await(seconds(1).minus(time.elapsed()));
      parent.stop();
      parent.awaitOutcome();
      assertThat(diary.interrupted).isEqualTo(Map.of("child", seconds(1.01), "parent", seconds(6)));
    });
  }

  /** Whoever of several is told first. */
  @Test
  void stopPolicy_ofOneOfSeveralChildrenIsShorter_isKeptExactly() throws Exception {
    grove.onVirtualTime((tree, time) -> {
      var diary = new Diary(time);
      var hasty = STANDARD.withAsk(seconds(0.01));
      var parent =
          tree.run(
              "parent",
              _ -> {
                ManagedThread.run("old", _ -> diary.interruptible());
                ManagedThread.named("hasty").stopPolicy(hasty).run(_ -> diary.interruptible());
                ManagedThread.run("new", _ -> diary.interruptible());
                diary.interruptible();
              });
      time.awaitOthersBlocked();
      Signal.NEVER.await(seconds(1).minus(time.elapsed()));
      parent.stop();
      parent.awaitOutcome();
      assertThat(diary.interrupted)
          .isEqualTo(
              Map.of(
                  "old",
                  seconds(6),
                  "hasty",
                  seconds(1.01),
                  "new",
                  seconds(6),
                  "parent",
                  seconds(6)));
    });
  }

  @Test
  void stopPolicy_ofANeededOneIsShorter_isKeptExactly() throws Exception {
    grove.onVirtualTime((tree, time) -> {
      var diary = new Diary(time);
      var db =
          tree.named("db")
              .stopPolicy(STANDARD.withAsk(seconds(0.1)))
              .run(_ -> diary.interruptible());
      tree.named("web")
          .needs(db)
          .run(stop -> {
            stop.await();
            Signal.NEVER.await(seconds(0.3));
          });
      tree.stop();
      tree.stopped().await();
      assertThat(diary.interrupted).isEqualTo(Map.of("db", seconds(0.4)));
    });
  }

  /** Also when somebody looks at it already, every second. */
  @Test
  void stopPolicy_ofANeededOneThatWasAskedBeforeIsShorter_isKeptExactly() throws Exception {
    grove.onVirtualTime((tree, time) -> {
      var diary = new Diary(time);
      var db =
          tree.named("db")
              .stopPolicy(STANDARD.withAsk(seconds(0.1)))
              .run(_ -> diary.interruptible());
      tree.named("web").needs(db).run(_ -> Signal.NEVER.await(seconds(2.3)));
      db.stop();
      db.awaitOutcome();
      assertThat(diary.interrupted).isEqualTo(Map.of("db", seconds(2.4)));
    });
  }

  @Test
  void stopPolicy_ofOneBornToldIsShorter_isKeptExactly() throws Exception {
    grove.onVirtualTime((tree, time) -> {
      var diary = new Diary(time);
      tree.run(
          "parent",
          stop -> {
            stop.await();
            Signal.NEVER.await(seconds(0.3));
            ManagedThread.named("late")
                .stopPolicy(STANDARD.withAsk(seconds(0.1)))
                .run(_ -> diary.interruptible());
            Signal.NEVER.await(seconds(2));
          });
      tree.stop();
      tree.stopped().await();
      assertThat(diary.interrupted).isEqualTo(Map.of("late", seconds(0.4)));
    });
  }

  // ---- total

  /** Less than both: each gets its part. */
  @Test
  void total_lessThanAskAndInterrupt_isSharedInProportion() throws Exception {
    grove.onVirtualTime(
        STANDARD.withTotal(seconds(3.5)),
        (tree, time) -> {
          var diary = new Diary(time);
          var thread = tree.run("x", _ -> diary.deaf());
          thread.stop();
          thread.stopped().await();
          assertThat(diary.interrupted).isEqualTo(Map.of("x", seconds(2.5)));
          assertThat(time.elapsed()).isEqualTo(seconds(3.5));
          diary.release.go();
        });
  }

  /** One that was told before it was started, in a parent whose own time is running out. */
  @Test
  void total_ofTheParentHasBegun_holdsForAChildThatWasStoppedBeforeItsStart() throws Exception {
    grove.onVirtualTime((tree, time) -> {
      var diary = new Diary(time);
      tree.run(
          "parent",
          stop -> {
            stop.await();
            Signal.NEVER.await(seconds(4.5));
            var child = ManagedThread.named("child").prepare(_ -> diary.deaf());
            child.stop();
            diary.note(child).start();
          });
      tree.stop();
      tree.stopped().await();
      assertThat(diary.interrupted).isEqualTo(Map.of("child", seconds(7)));
      assertThat(diary.stopped).isEqualTo(Map.of("child", seconds(8)));
      diary.release.go();
    });
  }

  /** A stop of a part of what is being stopped does not outlast the whole. */
  @Test
  void total_ofAParentThatWaitsItsTurn_holdsForAChildThatIsStoppedAlone() throws Exception {
    var policy = STANDARD.withAsk(seconds(10)).withInterrupt(seconds(10)).withTotal(seconds(12));
    grove.onVirtualTime(
        policy,
        (tree, time) -> {
          var diary = new Diary(time);
          var db =
              tree.run(
                  "db",
                  stop -> {
                    ManagedThread.run("pool", _ -> diary.deaf());
                    stop.await();
                  });
          tree.named("web")
              .needs(db)
              .stopPolicy(policy.neverInterrupt())
              .run(stop -> {
                stop.await();
                Signal.NEVER.await(seconds(5.9));
              });
          time.awaitOthersBlocked();
          Signal.NEVER.await(seconds(1).minus(time.elapsed()));
          tree.stop();
          Signal.NEVER.await(seconds(5.5));
          db.children().getFirst().stop();
          tree.stopped().await();
          assertThat(diary.interrupted)
              .as("half of 6.5 s")
              .isEqualTo(Map.of("pool", seconds(9.75)));
          diary.release.go();
        });
  }

  /** So short that a look every second would come too late. */
  @Test
  void total_lessThanASecond_isKeptExactly() throws Exception {
    grove.onVirtualTime(
        STANDARD.withTotal(seconds(0.7)),
        (tree, time) -> {
          var diary = new Diary(time);
          var thread = tree.run("x", _ -> diary.deaf());
          thread.stop();
          thread.stopped().await();
          assertThat(diary.interrupted).isEqualTo(Map.of("x", seconds(0.5)));
          assertThat(time.elapsed()).isEqualTo(seconds(0.7));
          diary.release.go();
        });
  }

  @Test
  void total_ofAChildIsShorter_endsTheChildBefore() throws Exception {
    grove.onVirtualTime((tree, time) -> {
      var diary = new Diary(time);
      var parent =
          tree.run(
              "parent",
              _ -> {
                diary.note(
                    ManagedThread.named("child")
                        .stopPolicy(STANDARD.withTotal(seconds(1.4)))
                        .run(_ -> diary.deaf()));
                diary.deaf();
              });
      diary.note(parent);
      time.awaitOthersBlocked();
      Signal.NEVER.await(seconds(1).minus(time.elapsed()));
      parent.stop();
      parent.stopped().await();
      time.awaitOthersBlocked();
      assertThat(diary.interrupted).isEqualTo(Map.of("child", seconds(2), "parent", seconds(6)));
      assertThat(diary.stopped.get("child")).isEqualTo(seconds(2.4));
      assertThat(diary.stopped.get("parent")).isBetween(seconds(8), seconds(8.01));
      diary.release.go();
    });
  }

  /** However many generations there are, all of which have to be given up. */
  @ParameterizedTest
  @EnumSource
  void total_manyGenerations_isOneForAll(Kind kind) throws Exception {
    grove.onVirtualTime((tree, time) -> {
      var diary = new Diary(time);
      generation(kind, 40, diary);
      time.awaitOthersBlocked();
      var from = time.elapsed();
      tree.stop();
      tree.stopped().await();
      assertThat(time.elapsed().minus(from)).isBetween(seconds(7), seconds(8.3));
      assertThat(tree.abandonedCount()).isEqualTo(40);
      diary.release.go();
    });
  }

  private static void generation(Kind kind, int left, Diary diary) {
    if (left > 0) {
      Grove.named(kind, "x")
          .run(_ -> {
            generation(kind, left - 1, diary);
            diary.deaf();
          });
    }
  }

  /** Nobody is given up before those below are. */
  @Test
  void abandon_threeGenerations_goesBottomUp() throws Exception {
    grove.onVirtualTime(
        STANDARD.neverInterrupt(),
        (tree, time) -> {
          var diary = new Diary(time);
          Queue<String> order = new ConcurrentLinkedQueue<>();
          var top =
              tree.run(
                  "top",
                  _ -> {
                    ManagedThread.run(
                        "middle",
                        _ -> {
                          ManagedThread.run("bottom", _ -> diary.deaf());
                          diary.deaf();
                        });
                    diary.deaf();
                  });
          time.awaitOthersBlocked();
          note(order, top);
          top.stop();
          tree.close();
          assertThat(order).containsExactly("bottom", "middle", "top");
          diary.release.go();
        });
  }

  private static void note(Queue<String> order, ManagedThread<?> thread) {
    StopOrderTest.hear(thread.stopped(), () -> order.add(thread.name()));
    thread.children().forEach(child -> note(order, child));
  }

  @Test
  void total_stagesOfNeeds_shareItEvenly() throws Exception {
    grove.onVirtualTime((tree, time) -> {
      var diary = new Diary(time);
      ManagedThread<?> last = diary.note(tree.run("0", _ -> diary.deaf()));
      for (int i = 1; i < 4; i++) {
        last = diary.note(tree.named("" + i).needs(last).run(_ -> diary.deaf()));
      }
      tree.stop();
      tree.stopped().await();
      assertThat(diary.tellings.times())
          .isEqualTo(Map.of("3", Duration.ZERO, "2", seconds(2), "1", seconds(4), "0", seconds(6)));
      assertThat(time.elapsed()).isEqualTo(seconds(8));
      diary.release.go();
    });
  }

  /**
   * A child of a needer belongs to the stage of its parent: it must not use up that of the needed.
   */
  @Test
  void total_childOfANeeder_hasTheStageOfItsParent() throws Exception {
    grove.onVirtualTime((tree, time) -> {
      var diary = new Diary(time);
      var db = diary.note(tree.run("db", _ -> diary.deaf()));
      tree.named("web")
          .needs(db)
          .run(stop -> {
            diary.note(ManagedThread.run("child", _ -> diary.deaf()));
            stop.await();
          });
      time.awaitOthersBlocked();
      var from = time.elapsed();
      tree.stop();
      tree.stopped().await();
      assertThat(diary.stopped.get("child").minus(from)).isEqualTo(seconds(4));
      assertThat(diary.tellings.of("db").minus(from)).isEqualTo(seconds(4));
      assertThat(time.elapsed().minus(from)).isEqualTo(seconds(8));
      diary.release.go();
    });
  }

  /** The same below a parent that is stopped alone. */
  @Test
  void total_stagesOfNeedsBelowAStoppedParent_shareIt() throws Exception {
    grove.onVirtualTime((tree, time) -> {
      var diary = new Diary(time);
      var parent =
          tree.run(
              "parent",
              stop -> {
                var db = diary.note(ManagedThread.run("db", _ -> diary.deaf()));
                diary.note(ManagedThread.named("web").needs(db).run(_ -> diary.deaf()));
                stop.await();
              });
      time.awaitOthersBlocked();
      Signal.NEVER.await(seconds(1).minus(time.elapsed()));
      parent.stop();
      parent.stopped().await();
      assertThat(diary.stopped).isEqualTo(Map.of("web", seconds(5), "db", seconds(9)));
      diary.release.go();
    });
  }

  /** Whoever is told before, and has all of the time for itself. */
  @Test
  void total_oneOfSeveralIsInAnEarlierStage_itsShareIsKeptExactly() throws Exception {
    grove.onVirtualTime(
        STANDARD.withTotal(seconds(1.4)),
        (tree, time) -> {
          var diary = new Diary(time);
          var parent =
              tree.run(
                  "parent",
                  _ -> {
                    var db = ManagedThread.run("db", Signal::await);
                    ManagedThread.named("web").needs(db).run(_ -> diary.interruptible());
                    ManagedThread.run("other", _ -> diary.interruptible());
                    diary.interruptible();
                  });
          time.awaitOthersBlocked();
          Signal.NEVER.await(seconds(1).minus(time.elapsed()));
          parent.stop();
          parent.awaitOutcome();
          assertThat(diary.interrupted)
              .containsEntry("web", seconds(1.5))
              .containsEntry("other", seconds(2));
        });
  }

  /** Nobody has stopped that one: so it takes nothing of the time of those who wait for it. */
  @Test
  void total_waitsForANeederThatWorksOn_beginsAfterIt() throws Exception {
    grove.onVirtualTime((tree, time) -> {
      var diary = new Diary(time);
      var db = diary.note(tree.run("db", _ -> diary.deaf()));
      tree.named("web").needs(db).run(_ -> Signal.NEVER.await(seconds(100)));
      db.stop();
      db.stopped().await();
      assertThat(diary.interrupted).isEqualTo(Map.of("db", seconds(105)));
      assertThat(diary.stopped).isEqualTo(Map.of("db", seconds(107)));
      diary.release.go();
    });
  }

  /** A part of the time is over when the wait begins: afterwards there is the rest of it. */
  @Test
  void total_waitsForANeederThatWorksOnAfterAnother_hasTheRestThen() throws Exception {
    grove.onVirtualTime(
        STANDARD.withAsk(seconds(10)).withInterrupt(seconds(10)),
        (tree, time) -> {
          var diary = new Diary(time);
          var db = new AtomicReference<ManagedThread<?>>();
          var parent =
              tree.run(
                  "parent",
                  stop -> {
                    var storage =
                        ManagedThread.run(
                            "storage",
                            told -> {
                              db.set(diary.note(ManagedThread.run("db", _ -> diary.deaf())));
                              told.await();
                            });
                    ManagedThread.named("web")
                        .needs(storage)
                        .run(told -> {
                          told.await();
                          Signal.NEVER.await(seconds(1.5));
                        });
                    stop.await();
                  });
          time.awaitOthersBlocked();
          tree.named("backup")
              .needs(db.get())
              .run(_ -> Signal.NEVER.await(seconds(100).minus(time.elapsed())));
          Signal.NEVER.await(seconds(1).minus(time.elapsed()));
          parent.stop();
          parent.stopped().await();
          assertThat(diary.interrupted)
              .as("half of 6.5 s")
              .isEqualTo(Map.of("db", seconds(103.25)));
          assertThat(diary.stopped).isEqualTo(Map.of("db", seconds(106.5)));
          diary.release.go();
        });
  }

  /** But when the tree is stopped meanwhile, that bounds all. */
  @Test
  void total_waitsForANeederWhileTheTreeIsStopped_endsWithThat() throws Exception {
    grove.onVirtualTime(
        STANDARD.withAsk(seconds(10)).withInterrupt(seconds(10)),
        (tree, time) -> {
          var diary = new Diary(time);
          var db = diary.note(tree.run("db", _ -> diary.deaf()));
          tree.named("web").needs(db).run(_ -> Signal.NEVER.await(seconds(7)));
          Signal.NEVER.await(seconds(1));
          db.stop();
          Signal.NEVER.await(seconds(5));
          tree.stop();
          tree.stopped().await();
          assertThat(diary.interrupted).isEqualTo(Map.of("db", seconds(10.5)));
          assertThat(diary.stopped).isEqualTo(Map.of("db", seconds(14)));
          diary.release.go();
        });
  }

  /** Nor of the time of a parent, which is told after its children. */
  @Test
  void total_aChildWaitsForANeederThatWorksOn_ofTheParentBeginsAfterItToo() throws Exception {
    grove.onVirtualTime((tree, time) -> {
      var diary = new Diary(time);
      var parent =
          tree.run(
              "parent",
              _ -> {
                ManagedThread.run("db", Signal::await);
                diary.deaf();
              });
      time.awaitOthersBlocked();
      tree.named("web")
          .needs(parent.children().getFirst())
          .run(_ -> Signal.NEVER.await(seconds(100).minus(time.elapsed())));
      diary.note(parent).stop();
      parent.stopped().await();
      assertThat(diary.interrupted).isEqualTo(Map.of("parent", seconds(105)));
      assertThat(diary.stopped).isEqualTo(Map.of("parent", seconds(107)));
      diary.release.go();
    });
  }

  /** What a child has for itself alone says nothing about its parent. */
  @Test
  void total_waitsForAChildThatHasLess_isKept() throws Exception {
    grove.onVirtualTime((tree, time) -> {
      var diary = new Diary(time);
      var parent =
          tree.run(
              "parent",
              _ -> {
                ManagedThread.named("db")
                    .stopPolicy(STANDARD.withTotal(seconds(1)))
                    .run(Signal::await);
                diary.deaf();
              });
      time.awaitOthersBlocked();
      var db = parent.children().getFirst();
      tree.named("web").needs(db).run(_ -> Signal.NEVER.await(seconds(3).minus(time.elapsed())));
      Signal.NEVER.await(seconds(1).minus(time.elapsed()));
      db.stop();
      Signal.NEVER.await(seconds(1));
      diary.note(parent).stop();
      parent.stopped().await();
      assertThat(diary.interrupted).isEqualTo(Map.of("parent", seconds(8)));
      assertThat(diary.stopped).isEqualTo(Map.of("parent", seconds(10)));
      diary.release.go();
    });
  }

  /** A stage that is done early leaves its time to those behind. */
  @Test
  void total_firstStageEndsEarly_theNextHasTheRest() throws Exception {
    grove.onVirtualTime((tree, time) -> {
      var diary = new Diary(time);
      var db = diary.note(tree.run("db", _ -> diary.deaf()));
      tree.named("web")
          .needs(db)
          .run(stop -> {
            stop.await();
            Signal.NEVER.await(seconds(0.5));
          });
      tree.stop();
      tree.stopped().await();
      assertThat(diary.interrupted).isEqualTo(Map.of("db", seconds(5.5)));
      assertThat(time.elapsed()).isEqualTo(seconds(7.5));
      diary.release.go();
    });
  }

  /** Each needs two that need the same two: the number of ways down doubles with every level. */
  @Test
  void stop_fortyLevelsOfDiamonds_countsTheStagesInNoTime() throws Exception {
    grove.onVirtualTime((tree, time) -> {
      var diary = new Diary(time);
      ManagedThread<?> left = tree.run("x", Signal::await);
      ManagedThread<?> right = tree.run("x", Signal::await);
      for (int i = 0; i < 40; i++) {
        var builder = tree.named("x").needs(left, right);
        left = builder.run(Signal::await);
        right = builder.run(Signal::await);
      }
      tree.named("top").needs(left, right).run(_ -> diary.interruptible());
      tree.stop();
      tree.stopped().await();
      assertThat(time.elapsed())
          .as("the time to ask the first of 42 stages")
          .isEqualTo(Duration.ofNanos((long) (8e9 / 42 * 5 / 7)));
    });
  }

  // ---- those who wait for their children

  @ParameterizedTest
  @EnumSource
  void closing_childIsDeaf_isNeitherInterruptedNorAbandoned(Kind kind) throws Exception {
    grove.onVirtualTime((_, time) -> {
      var diary = new Diary(time);
      var parent =
          Grove.named(kind, "parent")
              .call(stop -> {
                Grove.named(kind, "child").run(_ -> diary.deaf());
                stop.await();
                return "done";
              });
      parent.stop();
      assertThat(parent.join()).isEqualTo("done");
      assertThat(time.elapsed()).isEqualTo(seconds(7));
      assertThat(parent.node.escalation & StopWatch.INTERRUPTED).isZero();
      diary.release.go();
    });
  }

  /** The child is given up when all time is over; the parent has its result all the same. */
  @ParameterizedTest
  @EnumSource
  void closing_childIsAbandonedAtTheVeryEnd_returnsItsResult(Kind kind) throws Exception {
    grove.onVirtualTime(
        STANDARD.withTotal(seconds(4)),
        (tree, time) -> {
          var diary = new Diary(time);
          var parent =
              Grove.named(kind, "parent")
                  .call(stop -> {
                    Grove.named(kind, "child").run(_ -> diary.deaf());
                    stop.await();
                    return "done";
                  });
          parent.stop();
          tree.close();
          assertThat(parent.outcome()).contains(new Outcome.Returned<>("done"));
          assertThat(time.elapsed()).isBetween(seconds(4), seconds(4.01));
          diary.release.go();
        });
  }

  /** One that joins its child, and could not end before, is not given up in the same breath. */
  @ParameterizedTest
  @EnumSource
  void join_childIsAbandoned_theParentHasTheChanceToReact(Kind kind) throws Exception {
    grove.onVirtualTime(
        STANDARD.neverInterrupt().withTotal(seconds(4)),
        (tree, time) -> {
          var diary = new Diary(time);
          var parent =
              Grove.named(kind, "parent")
                  .call(_ -> {
                    try {
                      Grove.named(kind, "child").run(_ -> diary.deaf()).join();
                    } catch (ThreadAbandonedException e) {
                      return "gone";
                    }
                    return "ended";
                  });
          parent.stop();
          tree.close();
          assertThat(parent.outcome()).contains(new Outcome.Returned<>("gone"));
          assertThat(time.elapsed()).isBetween(seconds(4), seconds(4.01));
          diary.release.go();
        });
  }

  // ---- late looks

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

  /**
   * A machine that was asleep: the first look comes after all the time is over, and several watches
   * look one after the other. The thread gets its chance from the interrupt on.
   */
  @ParameterizedTest
  @EnumSource
  void look_afterAllTime_interruptsAndGivesAChanceBeforeItAbandons(Kind kind) throws Exception {
    var time = new Late();
    try (var tree = grove.open(STANDARD, time)) {
      var release = Signal.create("release");
      var interrupted = Signal.create("interrupted");
      var ready = new CountDownLatch(1);
      var thread =
          Grove.named(kind, "x")
              .run(_ -> {
                ready.countDown();
                while (!release.isSignalled()) {
                  try {
                    release.await();
                  } catch (InterruptedException e) {
                    interrupted.go();
                  }
                }
              });
      ready.await();
      thread.stop();
      time.pass(seconds(100));
      for (int i = 0; i < 3; i++) {
        new StopWatch(tree.root).step();
      }
      interrupted.await();
      assertThat(thread.stopped().isSignalled()).isFalse();
      time.pass(seconds(1));
      new StopWatch(tree.root).step();
      assertThat(thread.outcome().orElseThrow()).isInstanceOf(Outcome.Abandoned.class);
      release.go();
    }
  }

  /** The same for one that waits for its children: it is given up only after them. */
  @Test
  void look_afterAllTime_closingParentIsNotAbandonedBeforeItsChild() throws Exception {
    var time = new Late();
    try (var tree = grove.open(STANDARD, time)) {
      var release = Signal.create("release");
      var parent =
          tree.call(
              "parent",
              stop -> {
                ManagedThread.run("child", _ -> StopOrderTest.awaitDeaf(release));
                stop.await();
                return "done";
              });
      Grove.eventually(() -> !parent.children().isEmpty());
      parent.stop();
      Grove.eventually(() -> parent.node.state() == Node.CLOSING);
      Threads.awaitBlocked(parent.thread().orElseThrow());
      time.pass(seconds(100));
      new StopWatch(tree.root).step();
      assertThat(parent.stopped().isSignalled()).isFalse();
      time.pass(seconds(0.25));
      new StopWatch(tree.root).step();
      assertThat(tree.abandonedCount()).isEqualTo(1);
      assertThat(parent.join()).isEqualTo("done");
      release.go();
    }
  }

  // ---- interrupts stay where they belong

  /**
   * Whoever runs last on the thread, the actions on its end, must not find an interrupt of ours.
   */
  @ParameterizedTest
  @EnumSource
  void interrupt_racingTheEndOfTheTask_neverComesAfterIt(Kind kind) throws Exception {
    try (var tree = grove.open("t", STANDARD.withAsk(Duration.ZERO))) {
      for (int round = 0; round < 300; round++) {
        var seen = new AtomicReference<Boolean>();
        var ran = new CountDownLatch(1);
        var go = Signal.create("go");
        var thread =
            Grove.named(kind, "x")
                .parent(tree)
                .run(stop -> {
                  go.await();
                  while (!stop.isSignalled()) {
                    Thread.onSpinWait();
                  }
                });
        thread
            .stopped()
            .then(() -> {
              seen.set(Thread.currentThread().isInterrupted());
              ran.countDown();
            });
        go.go();
        thread.stop();
        ran.await();
        assertThat(seen).hasValue(false);
        thread.awaitOutcome();
      }
    }
  }

  /** A status that the task has left set is its own affair, and ends with it. */
  @ParameterizedTest
  @EnumSource
  void interrupt_statusLeftByTheTask_isClearedForTheActionsOnItsEnd(Kind kind) throws Exception {
    try (var _ = grove.open("t")) {
      var seen = new AtomicReference<Boolean>();
      var thread =
          Grove.named(kind, "x")
              .run(stop -> {
                stop.await();
                Thread.currentThread().interrupt();
              });
      var done = Signal.create("done");
      thread
          .stopped()
          .then(() -> {
            seen.set(Thread.currentThread().isInterrupted());
            done.go();
          });
      thread.stop();
      done.await();
      assertThat(seen).hasValue(false);
    }
  }

  /** It may end just when it is given up; what is kept of those still running must go. */
  @ParameterizedTest
  @EnumSource
  void abandon_threadEndsAtThatMoment_isNotKeptForEver(Kind kind) throws Exception {
    for (int round = 0; round < 30; round++) {
      grove.onVirtualTime((tree, time) -> {
        var diary = new Diary(time);
        var thread = Grove.named(kind, "x").run(_ -> diary.deaf());
        thread.stop();
        thread.stopped().await();
        diary.release.go();
        Grove.eventually(() -> tree.abandonedAlive().isEmpty());
        assertThat(tree.abandonedCount()).isEqualTo(1);
      });
    }
  }

  // ---- why

  @Test
  void stopReason_beforeAnyStop_isEmpty() throws Exception {
    try (var tree = grove.open("t")) {
      var thread = tree.run("x", Signal::await);
      assertThat(thread.stopReason()).isEmpty();
      assertThat(thread.toldAt()).isEmpty();
      assertThat(tree.stopReason()).isEmpty();
    }
  }

  @Test
  void stopReason_askedByAManagedThread_namesItsPath() throws Exception {
    try (var tree = grove.open("t")) {
      var victim = tree.run("victim", Signal::await);
      tree.run("boss", _ -> victim.stop("not needed any more")).join();
      victim.join();
      assertThat(victim.stopReason())
          .contains(new StopReason(StopReason.Kind.REQUESTED, "t/boss", "not needed any more"));
    }
  }

  @Test
  void stopReason_askedByAnUnmanagedThread_namesIt() throws Exception {
    try (var tree = grove.open("t")) {
      var thread = tree.run("x", Signal::await);
      thread.stop();
      thread.join();
      assertThat(thread.stopReason())
          .contains(
              new StopReason(
                  StopReason.Kind.REQUESTED,
                  "thread \"" + Thread.currentThread().getName() + "\"",
                  "asked to stop"));
    }
  }

  /** Everybody below is told the same: what led to it, not that the parent stops. */
  @Test
  void stopReason_ofDescendantsAndOfThoseBornTold_isTheOneFromAbove() throws Exception {
    grove.onVirtualTime((tree, time) -> {
      var children = new ConcurrentLinkedQueue<ManagedThread<?>>();
      var parent =
          tree.run(
              "parent",
              stop -> {
                children.add(ManagedThread.run("child", Signal::await));
                stop.await();
                children.add(ManagedThread.run("born told", Signal::await));
              });
      time.awaitOthersBlocked();
      tree.stop("maintenance");
      parent.join();
      assertThat(children)
          .hasSize(2)
          .allMatch(child -> child.stopReason().orElseThrow().message().equals("maintenance"));
      assertThat(tree.stopReason()).isEqualTo(parent.stopReason());
    });
  }

  @Test
  void toldAt_stoppedLater_isTheWallClockThen() throws Exception {
    grove.onVirtualTime((tree, time) -> {
      Instant start = time.instant();
      var thread = tree.run("x", Signal::await);
      Signal.NEVER.await(seconds(3));
      thread.stop();
      thread.join();
      assertThat(thread.toldAt()).contains(start.plusSeconds(3));
    });
  }

  /** As the shutdown of the JVM does it; what signals it leads to is shown with whole programs. */
  @Test
  void stopReason_jvmShutdown_isToldToAll() throws Exception {
    grove.onVirtualTime((tree, _) -> {
      var why = new StopReason(StopReason.Kind.JVM_SHUTDOWN, "SIGTERM", "SIGTERM was received");
      var thread = tree.run("x", Signal::await);
      tree.stopAndWait(why, seconds(8).toNanos());
      assertThat(thread.stopReason()).contains(why);
    });
  }

  /** The shutdown of the JVM shares its time among trees. */
  @Test
  void stopAndWait_withinLessThanTheTotal_isKept() throws Exception {
    grove.onVirtualTime((tree, time) -> {
      var diary = new Diary(time);
      tree.run("x", _ -> diary.deaf());
      tree.stopAndWait(
          new StopReason(StopReason.Kind.JVM_SHUTDOWN, "JVM", "end"), seconds(0.7).toNanos());
      assertThat(time.elapsed()).isBetween(seconds(0.7), seconds(0.71));
      assertThat(diary.interrupted).isEqualTo(Map.of("x", seconds(0.5)));
      diary.release.go();
    });
  }

  // ---- adopted threads

  /** What runs on a thread that the tree has not started. */
  private interface Adopted {
    void run(ThreadTree tree, VirtualClock time, Adoption adoption) throws Exception;
  }

  private void adopted(Kind kind, boolean interruptibly, Adopted body) throws Exception {
    onVirtualTime(
        kind,
        time -> {
          try (var tree = grove.open("t");
              var adoption =
                  interruptibly ? ManagedThread.adoptInterruptibly() : ManagedThread.adopt()) {
            body.run(tree, time, adoption);
          }
        });
  }

  private static void onVirtualTime(Kind kind, VirtualClock.Body body) throws Exception {
    var setup = VirtualClock.setup().withUnmanagedThread();
    (kind.isVirtual() ? setup : setup.withPlatformThread()).run(body);
  }

  @ParameterizedTest
  @EnumSource
  void adopt_treeStops_isAskedAndAwaited(Kind kind) throws Exception {
    adopted(
        kind,
        /* interruptibly= */ false,
        (tree, time, adoption) -> {
          var stopped = new AtomicReference<Duration>();
          tree.stopped().then(() -> stopped.set(time.elapsed()));
          tree.stop("enough");
          adoption.pleaseStop().await();
          Signal.NEVER.await(seconds(6)); // beyond the time to ask
          assertThat(Thread.currentThread().isInterrupted()).isFalse();
          assertThat(adoption.thread().stopReason().orElseThrow().message()).isEqualTo("enough");
          assertThat(stopped).hasNullValue();
          assertThat(time.elapsed()).isEqualTo(seconds(6));
        });
  }

  @ParameterizedTest
  @EnumSource
  void adopt_doesNotLeave_isAbandonedWithoutAnInterrupt(Kind kind) throws Exception {
    adopted(
        kind,
        /* interruptibly= */ false,
        (tree, time, adoption) -> {
          tree.stop();
          adoption.thread().stopped().await(); // an interrupt would throw
          assertThat(time.elapsed()).isEqualTo(seconds(7));
          assertThat(adoption.thread().outcome().orElseThrow())
              .isInstanceOf(Outcome.Abandoned.class);
        });
  }

  @ParameterizedTest
  @EnumSource
  void adoptInterruptibly_doesNotLeave_isInterruptedAfterAsk(Kind kind) throws Exception {
    adopted(
        kind,
        /* interruptibly= */ true,
        (tree, time, _) -> {
          tree.stop();
          var interrupted = new AtomicReference<Duration>();
          try {
            Signal.NEVER.await();
          } catch (InterruptedException e) {
            interrupted.set(time.elapsed());
          }
          assertThat(interrupted).hasValue(seconds(5));
        });
  }

  /** What was ours must not stay with a thread that goes its own ways again. */
  @ParameterizedTest
  @EnumSource
  void adoptInterruptibly_leavesWithOurInterruptPending_takesItNotAlong(Kind kind)
      throws Exception {
    onVirtualTime(
        kind,
        _ -> {
          try (var tree = grove.open("t", STANDARD.withAsk(seconds(1)))) {
            try (var _ = ManagedThread.adoptInterruptibly()) {
              tree.stop();
              while (!Thread.currentThread().isInterrupted()) {
                org.morethreads.internal.Surroundings.current().park("the interrupt");
              }
            }
            assertThat(Thread.currentThread().isInterrupted()).isFalse();
          }
        });
  }

  // ---- deadline

  @ParameterizedTest
  @EnumSource
  void deadline_passes_stopsThenAndSaysWhy(Kind kind) throws Exception {
    grove.onVirtualTime((_, time) -> {
      var thread = Grove.named(kind, "x").deadline(seconds(30)).run(Signal::await);
      thread.join();
      assertThat(time.elapsed()).isEqualTo(seconds(30));
      assertThat(thread.stopReason().orElseThrow().kind()).isEqualTo(StopReason.Kind.DEADLINE);
      assertThat(thread.stopReason().orElseThrow().message()).contains("PT30S");
    });
  }

  @Test
  void deadline_passesForAParent_stopsItsChildrenForThatReason() throws Exception {
    grove.onVirtualTime((tree, time) -> {
      var child = new AtomicReference<ManagedThread<?>>();
      tree.named("x")
          .deadline(seconds(3))
          .run(stop -> {
            child.set(ManagedThread.run("child", Signal::await));
            stop.await();
          })
          .join();
      assertThat(child.get().stopReason().orElseThrow().kind()).isEqualTo(StopReason.Kind.DEADLINE);
      assertThat(time.elapsed()).isEqualTo(seconds(3));
    });
  }

  @Test
  void deadline_deaf_isBoundedFromThen() throws Exception {
    grove.onVirtualTime((tree, time) -> {
      var diary = new Diary(time);
      var thread = tree.named("x").deadline(seconds(3)).run(_ -> diary.interruptible());
      thread.awaitOutcome();
      assertThat(diary.interrupted).isEqualTo(Map.of("x", seconds(8)));
    });
  }

  @ParameterizedTest
  @EnumSource
  void deadline_none_isBornToldAndRuns(Kind kind) throws Exception {
    try (var _ = grove.open("t")) {
      for (var none : List.of(Duration.ZERO, seconds(-1))) {
        var thread = Grove.named(kind, "x").deadline(none).call(Signal::isSignalled);
        assertThat(thread.join()).isTrue();
      }
    }
  }

  /** Its timer goes with it: with nothing else to come, time would jump to it. */
  @Test
  void deadline_endsBefore_isForgotten() throws Exception {
    grove.onVirtualTime((tree, time) -> {
      var thread = tree.named("x").deadline(seconds(3600)).run(_ -> {});
      thread.join();
      Signal.NEVER.await(seconds(7200));
      assertThat(thread.stopReason()).isEmpty();
      assertThat(time.jumps()).isEqualTo(1);
    });
  }

  // ---- stopWhen

  @ParameterizedTest
  @EnumSource
  void stopWhen_signalGoes_stopsAndSaysWhy(Kind kind) throws Exception {
    try (var _ = grove.open("t")) {
      var enough = Signal.create("enough");
      var thread = Grove.named(kind, "x").stopWhen(enough).run(Signal::await);
      enough.go();
      thread.join();
      assertThat(thread.stopReason().orElseThrow().kind()).isEqualTo(StopReason.Kind.SIGNAL);
      assertThat(thread.stopReason().orElseThrow().message()).contains("enough");
    }
  }

  @Test
  void stopWhen_threadIsStopped_doesNotSignalTheSignal() throws Exception {
    try (var tree = grove.open("t")) {
      var enough = Signal.create("enough");
      var thread = tree.named("x").stopWhen(enough).run(Signal::await);
      thread.stop();
      thread.join();
      assertThat(enough.isSignalled()).isFalse();
    }
  }

  @Test
  void stopWhen_hasGoneBefore_isBornToldAndRuns() throws Exception {
    try (var tree = grove.open("t")) {
      var thread = tree.named("x").stopWhen(Signal.DONE).call(Signal::isSignalled);
      assertThat(thread.join()).isTrue();
    }
  }

  @Test
  void stopWhen_severalSignals_anyStops() throws Exception {
    try (var tree = grove.open("t")) {
      for (int which = 0; which < 3; which++) {
        var signals = IntStream.range(0, 3).mapToObj(i -> Signal.create("s" + i)).toList();
        var builder = tree.named("x");
        for (var signal : signals) {
          builder = builder.stopWhen(signal);
        }
        var thread = builder.run(Signal::await);
        signals.get(which).go();
        thread.join();
        assertThat(thread.stopReason().orElseThrow().message()).contains("s" + which);
      }
    }
  }

  @Test
  void stopWhen_threadHasEnded_leavesNothingOnTheSignal() throws Exception {
    try (var tree = grove.open("t")) {
      var enough = Signal.create("enough");
      List<ManagedThread<?>> threads = new ArrayList<>();
      for (int i = 0; i < 100; i++) {
        threads.add(tree.named("x").stopWhen(enough).run(_ -> {}));
      }
      for (var thread : threads) {
        thread.join();
      }
      assertThat(Firing.countLinked(enough)).isZero();
    }
  }

  // ---- the policy itself

  @Test
  void with_negativeTime_throwsAndNamesIt() {
    var negative = seconds(-1);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> STANDARD.withAsk(negative))
        .withMessageContaining("ask");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> STANDARD.withInterrupt(negative))
        .withMessageContaining("interrupt");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> STANDARD.withTotal(negative))
        .withMessageContaining("total");
  }

  @Test
  void with_anything_leavesTheReceiverAsItWas() {
    var changed =
        STANDARD
            .withAsk(seconds(1))
            .withInterrupt(seconds(2))
            .withTotal(seconds(3))
            .neverInterrupt();
    assertThat(changed.ask()).isEqualTo(seconds(1));
    assertThat(changed.interrupt()).isEqualTo(seconds(2));
    assertThat(changed.total()).isEqualTo(seconds(3));
    assertThat(changed.interrupts()).isFalse();
    assertThat(STANDARD.ask()).isEqualTo(seconds(5));
    assertThat(STANDARD.interrupt()).isEqualTo(seconds(2));
    assertThat(STANDARD.total()).isEqualTo(seconds(8));
    assertThat(STANDARD.interrupts()).isTrue();
  }

  /** Durations that no clock can hold must not overflow into the past. */
  @Test
  void with_forEver_neverInterruptsNorAbandons() throws Exception {
    var forEver = Duration.ofSeconds(Long.MAX_VALUE);
    grove.onVirtualTime(
        STANDARD.withAsk(forEver).withInterrupt(forEver).withTotal(forEver),
        (tree, time) -> {
          var diary = new Diary(time);
          var thread = tree.run("x", _ -> diary.deaf());
          thread.stop();
          Signal.NEVER.await(Duration.ofHours(1));
          assertThat(thread.stopped().isSignalled()).isFalse();
          assertThat(diary.interrupted).isEmpty();
          diary.release.go();
          thread.join();
        });
  }

  @Test
  void stopPolicy_thatOfTheParent_isTheSame() throws Exception {
    grove.onVirtualTime(
        STANDARD.withAsk(seconds(1)),
        (tree, _) -> {
          StopPolicy its = tree.root.policy();
          tree.named("x")
              .stopPolicy(its)
              .run(_ -> assertThat(ManagedThread.current().node.policy()).isSameAs(its))
              .join();
        });
  }

  @Test
  void toString_each_saysTheTimes() {
    assertThat(STANDARD).hasToString("ask PT5S, interrupt PT2S, total PT8S");
    assertThat(STANDARD.neverInterrupt()).hasToString("ask PT7S, total PT8S");
  }

  /**
   * S3: what an action on the end of one that is given up does holds up nobody. Both wait for the
   * other, since either may be given up first.
   */
  @ParameterizedTest
  @EnumSource
  void abandon_actionOnItsStoppedWaits_theOtherIsAbandonedAllTheSame(Kind kind) throws Exception {
    grove.onVirtualTime((tree, time) -> {
      var diary = new Diary(time);
      var seen = new ConcurrentHashMap<String, Duration>();
      var one = Grove.named(kind, "one").run(_ -> diary.deaf());
      var other = Grove.named(kind, "other").run(_ -> diary.deaf());
      one.stopped().then(() -> noteWhenStopped(other, time, seen));
      other.stopped().then(() -> noteWhenStopped(one, time, seen));
      tree.stop();
      tree.stopped().await();
      diary.release.go();
      assertThat(seen).isEqualTo(Map.of("one", seconds(7), "other", seconds(7)));
    });
  }

  private static void noteWhenStopped(
      ManagedThread<?> thread, VirtualClock time, Map<String, Duration> seen) {
    try {
      thread.stopped().await();
      seen.put(thread.name(), time.elapsed());
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  // ---- what holds for the main tree

  private static StopPolicy ofProgram(String which, String text) {
    String name = "org.morethreads.stop." + which;
    System.setProperty(name, text);
    try {
      return StopPolicy.ofProgram();
    } finally {
      System.clearProperty(name);
    }
  }

  @Test
  void ofProgram_nothingSet_isTheStandard() {
    assertThat(StopPolicy.ofProgram()).hasToString(STANDARD.toString());
  }

  @Test
  void ofProgram_numbers_areSeconds() {
    assertThat(ofProgram("ask", "1.5")).hasToString("ask PT1.5S, interrupt PT2S, total PT8S");
    assertThat(ofProgram("interrupt", " 3 ")).hasToString("ask PT5S, interrupt PT3S, total PT8S");
    assertThat(ofProgram("total", "0")).hasToString("ask PT5S, interrupt PT2S, total PT0S");
    assertThat(ofProgram("total", "1e9").total()).isEqualTo(Duration.ofSeconds(1_000_000_000));
    assertThat(grove.log()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"soon", "", "-1", "1000000001", "NaN"})
  void ofProgram_noSuchTime_isTheStandardAndTheLogSaysSo(String text) {
    assertThat(ofProgram("ask", text)).hasToString(STANDARD.toString());
    assertThat(grove.log(System.Logger.Level.WARNING))
        .containsExactly(
            "System property org.morethreads.stop.ask is \""
                + text
                + "\", but has to be a number of seconds; the standard holds, PT5S.");
  }

  // ---- channels

  /** A channel whose close takes until the release, as that of a socket may that lingers. */
  private static final class Lingering extends AbstractInterruptibleChannel {
    private final CountDownLatch entered = new CountDownLatch(1);
    private final CountDownLatch release;

    Lingering(CountDownLatch release) {
      this.release = release;
    }

    /** Reads, as it were, until the release. */
    void read() throws AsynchronousCloseException {
      begin();
      entered.countDown();
      Threads.awaitUninterruptibly(release);
      end(/* completed= */ false);
    }

    @Override
    protected void implCloseChannel() {
      Threads.awaitUninterruptibly(release);
    }
  }

  /** Two that read, and between them and after them two that end when they are interrupted. */
  private List<ManagedThread<?>> startReaders(
      Kind kind, ThreadTree tree, CountDownLatch release, AtomicLong interrupted)
      throws InterruptedException {
    ManagedThread.Task interruptible =
        _ -> {
          try {
            Signal.NEVER.await();
          } catch (InterruptedException e) {
            interrupted.incrementAndGet();
            throw e;
          }
        };
    var readers = new ArrayList<ManagedThread<?>>();
    for (int i = 0; i < 2; i++) { // the newest are interrupted first
      Grove.named(kind, "interruptible").parent(tree).run(interruptible);
      var channel = new Lingering(release);
      readers.add(Grove.named(kind, "reader").parent(tree).run(_ -> channel.read()));
      channel.entered.await();
    }
    return readers;
  }

  /**
   * H5: who interrupts a thread in a channel closes that. In real time, of which there is enough.
   */
  @ParameterizedTest
  @EnumSource
  void interrupt_channelsThatDoNotClose_othersAreInterruptedAllTheSame(Kind kind) throws Exception {
    var release = new CountDownLatch(1);
    var interrupted = new AtomicLong();
    var policy =
        STANDARD
            .withAsk(Duration.ofMillis(1))
            .withInterrupt(Duration.ofHours(1))
            .withTotal(Duration.ofHours(2));
    try (var tree = grove.open("t", policy)) {
      var readers = startReaders(kind, tree, release, interrupted);
      tree.stop();
      try {
        Grove.eventually(() -> interrupted.get() == 2);
        assertThat(readers).noneMatch(it -> it.stopped().isSignalled());
      } finally {
        release.countDown();
      }
      tree.stopped().await();
      assertThat(readers)
          .allSatisfy(it -> assertThat(it.outcome()).get().isInstanceOf(Outcome.Stopped.class));
    }
  }

  /** Others are given up before their turn has come, and are interrupted all the same. */
  @ParameterizedTest
  @EnumSource
  void interrupt_channelsThatDoNotClose_areLeftInTime(Kind kind) throws Exception {
    var release = new CountDownLatch(1);
    var interrupted = new AtomicLong();
    var policy =
        STANDARD
            .withAsk(Duration.ofMillis(1))
            .withInterrupt(Duration.ofMillis(1))
            .withTotal(Duration.ofSeconds(1));
    try (var tree = grove.open("t", policy)) {
      var readers = startReaders(kind, tree, release, interrupted);
      tree.stop();
      tree.stopped().await();
      Grove.eventually(() -> interrupted.get() == 2);
      assertThat(readers)
          .allSatisfy(it -> assertThat(it.outcome()).get().isInstanceOf(Outcome.Abandoned.class));
    } finally {
      release.countDown();
    }
  }
}
