package org.morethreads.thread;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.morethreads.fixture.Kind;
import org.morethreads.internal.Dependent;
import org.morethreads.internal.Firing;
import org.morethreads.internal.Library;
import org.morethreads.internal.OneShot;
import org.morethreads.sync.Signal;

/** H2, H3, H4, and S3 for {@code pleaseStop}: who is told to stop, and in which order. */
@Timeout(20)
class StopOrderTest {
  @RegisterExtension final Grove grove = new Grove();

  private static final Duration ZERO = Duration.ZERO;

  /** For many threads on a busy machine. */
  private static final StopPolicy PATIENT =
      StopPolicy.standard().withAsk(Duration.ofHours(1)).withTotal(Duration.ofDays(365));

  private static Duration seconds(double seconds) {
    return Duration.ofMillis((long) (seconds * 1000));
  }

  /** A task that does what it is told, but takes its time. */
  private static ManagedThread.Task slow(double seconds) {
    return stop -> {
      stop.await();
      Signal.NEVER.await(seconds(seconds));
    };
  }

  /** Hears in which order signals go, on whatever thread that makes them go. */
  private static final class Ears {
    private final Queue<String> heard = new ConcurrentLinkedQueue<>();

    void listen(String what, Signal signal) {
      hear(signal, () -> heard.add(what));
    }

    void listenTo(ManagedThread<?> thread) {
      listen(thread.name(), thread.pleaseStop());
    }

    List<String> heard() {
      return List.copyOf(heard);
    }
  }

  /** Does something while a signal goes, on the thread that makes it go. */
  static void hear(Signal signal, Runnable what) {
    assertThat(Firing.push(signal, new Ear(what))).as("%s has not gone", signal).isTrue();
  }

  private static final class Ear extends Dependent.Hook {
    private final Runnable what;

    Ear(Runnable what) {
      this.what = what;
    }

    @Override
    protected @Nullable OneShot fired() {
      what.run();
      return null;
    }
  }

  /** Remembers threads of a tree on virtual time, and says when each was told. */
  static final class Tellings {
    private final Queue<ManagedThread<?>> threads = new ConcurrentLinkedQueue<>();

    <T extends @Nullable Object> ManagedThread<T> note(ManagedThread<T> thread) {
      threads.add(thread);
      return thread;
    }

    /** The time for each name, without the threads that were not told. */
    Map<String, Duration> times() {
      Map<String, Duration> times = new HashMap<>();
      for (ManagedThread<?> thread : threads) {
        var told = thread.node.told();
        if (told != null) {
          times.put(thread.name(), Duration.ofNanos(told.atNanos()));
        }
      }
      return times;
    }

    @Nullable Duration of(String name) {
      return times().get(name);
    }
  }

  // ---- H2: the end of a parent

  /** Children are told when the task of the parent ends, and not before. */
  @ParameterizedTest
  @EnumSource
  void end_ofTheParent_tellsChildrenAndGrandchildrenThen(Kind kind) throws Exception {
    grove.onVirtualTime((_, time) -> {
      var told = new Tellings();
      Grove.named(kind, "parent")
          .run(_ -> {
            told.note(
                Grove.named(kind, "child")
                    .run(stop -> {
                      told.note(Grove.named(kind, "grandchild").run(Signal::await));
                      stop.await();
                    }));
            Signal.NEVER.await(seconds(3));
          })
          .join();
      assertThat(time.elapsed()).isEqualTo(seconds(3));
      assertThat(told.of("child")).isEqualTo(seconds(3));
      assertThat(told.of("grandchild")).isEqualTo(seconds(3));
    });
  }

  /** Somebody else starts one in a parent that only waits for its children. */
  @ParameterizedTest
  @EnumSource
  void end_ofTheParent_childStartedAfterwardsIsBornTold(Kind kind) throws Exception {
    grove.onVirtualTime((_, time) -> {
      var parent = Grove.named(kind, "parent").run(_ -> Grove.named(kind, "child").run(slow(2)));
      time.awaitOthersBlocked();
      var late = Grove.named(kind, "late").parent(parent).call(Signal::isSignalled);
      assertThat(late.join()).isTrue();
      parent.join();
    });
  }

  /** {@code stopped} goes when the last child has stopped, on each level. */
  @ParameterizedTest
  @EnumSource
  void stopped_threeGenerations_goesWhenTheChildrenHaveStopped(Kind kind) throws Exception {
    grove.onVirtualTime((_, time) -> {
      var grandchild = new AtomicReference<ManagedThread<?>>();
      var parent =
          Grove.named(kind, "parent")
              .run(_ ->
                  Grove.named(kind, "child")
                      .run(stop -> {
                        grandchild.set(Grove.named(kind, "grandchild").run(slow(2)));
                        stop.await();
                      }));
      parent.stopped().await();
      assertThat(time.elapsed()).isEqualTo(seconds(2));
      assertThat(grandchild.get().stopped().isSignalled()).isTrue();
    });
  }

  @ParameterizedTest
  @EnumSource
  void stopped_childWasAbandoned_goesAllTheSame(Kind kind) throws Exception {
    grove.onVirtualTime((_, time) -> {
      var release = Signal.create("release");
      var child = new AtomicReference<ManagedThread<?>>();
      var parent =
          Grove.named(kind, "parent")
              .run(_ -> child.set(Grove.named(kind, "child").run(_ -> awaitDeaf(release))));
      parent.stopped().await();
      assertThat(time.elapsed()).isEqualTo(seconds(7));
      assertThat(child.get().outcome().orElseThrow()).isInstanceOf(Outcome.Abandoned.class);
      assertThat(parent.outcome().orElseThrow()).isInstanceOf(Outcome.Returned.class);
      release.go();
    });
  }

  /** Waits, whatever happens. */
  static void awaitDeaf(Signal signal) {
    while (!signal.isSignalled()) {
      try {
        signal.await();
      } catch (InterruptedException e) {
        // deaf
      }
    }
  }

  // ---- H3: stop()

  @ParameterizedTest
  @EnumSource
  void stop_threadThatDoesNotReact_returnsAtOnce(Kind kind) throws Exception {
    grove.onVirtualTime((_, time) -> {
      var release = Signal.create("release");
      var thread = Grove.named(kind, "deaf").run(_ -> awaitDeaf(release));
      thread.stop();
      assertThat(time.elapsed()).isEqualTo(ZERO);
      assertThat(thread.pleaseStop().isSignalled()).isTrue();
      assertThat(thread.stopped().isSignalled()).isFalse();
      release.go();
      thread.join();
    });
  }

  @Test
  void stop_twice_theFirstReasonStays() throws Exception {
    try (var tree = grove.open("t")) {
      var thread = tree.run("x", Signal::await);
      thread.stop("first");
      thread.stop("second");
      assertThat(thread.stopReason().orElseThrow().message()).isEqualTo("first");
      thread.join();
    }
  }

  /** That of the child, which came first, and that of the parent for all others. */
  @Test
  void stop_parentAfterAChild_theChildKeepsItsReason() throws Exception {
    grove.onVirtualTime((tree, time) -> {
      var children = new AtomicReference<List<ManagedThread<?>>>();
      var parent =
          tree.run(
              "parent",
              stop -> {
                children.set(
                    List.of(
                        ManagedThread.run("early", slow(2)), ManagedThread.run("late", slow(2))));
                stop.await();
              });
      time.awaitOthersBlocked();
      children.get().getFirst().stop("the child alone");
      parent.stop("all of them");
      assertThat(children.get())
          .extracting(child -> child.stopReason().orElseThrow().message())
          .containsExactly("the child alone", "all of them");
      parent.join();
    });
  }

  /** A reason that is recorded stays, though the thread is told later. */
  @Test
  void stop_twiceWhileNeeded_theFirstReasonStays() throws Exception {
    grove.onVirtualTime((tree, time) -> {
      var db = tree.run("db", Signal::await);
      tree.named("web").needs(db).run(_ -> Signal.NEVER.await(seconds(1)));
      db.stop("first");
      db.stop("second");
      db.join();
      assertThat(db.stopReason().orElseThrow().message()).isEqualTo("first");
      assertThat(time.elapsed()).isEqualTo(seconds(1));
    });
  }

  /** Nor must those that it waits for gather hooks. */
  @Test
  void stop_repeatedWhileNeeded_waitsForTheNeederOnce() throws Exception {
    try (var tree = grove.open("t")) {
      var release = Signal.create("release");
      var db =
          tree.run(
              "db",
              stop -> {
                ManagedThread.run("cache", Signal::await);
                stop.await();
              });
      Grove.eventually(() -> !db.children().isEmpty());
      var web = tree.named("web").needs(db).run(_ -> release.await());
      for (int i = 0; i < 100; i++) {
        db.stop();
        tree.tell(ManagedThread.requested("again"));
      }
      assertThat(Firing.countLive(web.stopped())).isLessThan(3);
      assertThat(Firing.countLive(db.pleaseStop())).isLessThan(3);
      assertThat(db.pleaseStop().isSignalled()).isFalse();
      release.go();
      db.join();
    }
  }

  /** A thread that is asked again and again must not gather timers. */
  @Test
  void stop_repeated_isWatchedOnce() throws Exception {
    var scheduled = new AtomicInteger();
    var time =
        new ForwardingTime() {
          @Override
          public Scheduled schedule(long delayNanos, Runnable action) {
            scheduled.incrementAndGet();
            return super.schedule(delayNanos, action);
          }
        };
    try (var tree = grove.open(StopPolicy.standard(), time)) {
      var release = Signal.create("release");
      var ready = new CountDownLatch(1);
      var parent =
          tree.run(
              "parent",
              _ -> {
                ManagedThread.run("child", _ -> release.await());
                ready.countDown();
                release.await();
              });
      ready.await();
      for (int i = 0; i < 100; i++) {
        parent.stop();
      }
      assertThat(scheduled).hasValueLessThan(10);
      release.go();
      parent.join();
    }
  }

  @Test
  void stop_wholeTree_tellsDescendantsFirstAndNewestFirst() throws Exception {
    grove.onVirtualTime((tree, time) -> {
      var ears = new Ears();
      for (String name : List.of("a", "b")) {
        ears.listenTo(
            tree.run(
                name,
                stop -> {
                  for (String child : List.of("1", "2")) {
                    ears.listenTo(
                        ManagedThread.run(
                            name + child,
                            childStop -> {
                              ears.listenTo(ManagedThread.run(name + child + "x", Signal::await));
                              childStop.await();
                            }));
                  }
                  stop.await();
                }));
      }
      ears.listen("root", tree.pleaseStop());
      time.awaitOthersBlocked();
      tree.stop();
      assertThat(ears.heard())
          .containsExactly("b2x", "b2", "b1x", "b1", "b", "a2x", "a2", "a1x", "a1", "a", "root");
    });
  }

  /** Who is told, and looks above, must not think that it alone is to stop. */
  @Test
  void stop_childIsTold_thoseAboveAreKnownToStop() throws Exception {
    grove.onVirtualTime((tree, time) -> {
      var bottom = new AtomicReference<ManagedThread<?>>();
      var top =
          tree.run(
              "top",
              topStop -> {
                ManagedThread.run(
                    "middle",
                    stop -> {
                      bottom.set(ManagedThread.run("bottom", Signal::await));
                      stop.await();
                    });
                topStop.await();
              });
      time.awaitOthersBlocked();
      var middle = top.children().getFirst();
      var known = new AtomicReference<List<Boolean>>();
      hear(
          bottom.get().pleaseStop(),
          () ->
              known.set(
                  List.of(
                      middle.isStopUnderWay(Library.MEMBER), top.isStopUnderWay(Library.MEMBER))));
      top.stop();
      assertThat(known.get()).containsExactly(true, true);
    });
  }

  @Test
  void stop_oneThread_tellsNobodyElse() throws Exception {
    grove.onVirtualTime((tree, time) -> {
      var children = new AtomicReference<List<ManagedThread<?>>>();
      var parent =
          tree.run(
              "parent",
              stop -> {
                children.set(
                    List.of(
                        ManagedThread.run("one", Signal::await),
                        ManagedThread.run("other", Signal::await)));
                stop.await();
              });
      time.awaitOthersBlocked();
      children.get().getFirst().stop();
      assertThat(children.get().getLast().pleaseStop().isSignalled()).isFalse();
      assertThat(parent.pleaseStop().isSignalled()).isFalse();
    });
  }

  @Test
  void stop_chainOfManyGenerations_tellsAllWithoutAStack() throws Exception {
    try (var tree = grove.open("t", PATIENT)) {
      var deepest = new AtomicReference<ManagedThread<?>>();
      var ready = Signal.create("ready");
      var top = tree.run("top", stop -> descend(3_000, deepest, ready, stop));
      ready.await();
      top.stop();
      assertThat(deepest.get().pleaseStop().isSignalled()).isTrue();
      top.join();
    }
  }

  private static void descend(
      int levels,
      AtomicReference<ManagedThread<?>> deepest,
      org.morethreads.sync.OpenSignal ready,
      Signal stop)
      throws InterruptedException {
    if (levels == 0) {
      deepest.set(ManagedThread.current());
      ready.go();
    } else {
      ManagedThread.run("x", below -> descend(levels - 1, deepest, ready, below));
    }
    stop.await();
  }

  /** The task decides what to do about it. */
  @ParameterizedTest
  @EnumSource
  void stop_rightAfterTheStart_theTaskRunsAllTheSame(Kind kind) throws Exception {
    try (var _ = grove.open("t")) {
      var ran = new AtomicInteger();
      for (int i = 0; i < 200; i++) {
        var thread = Grove.named(kind, "x").run(_ -> ran.incrementAndGet());
        thread.stop();
        thread.join();
      }
      assertThat(ran).hasValue(200);
    }
  }

  /** It has its time from the start, not from the stop that was long before. */
  @ParameterizedTest
  @EnumSource
  void stop_preparedThread_itsTimeCountsFromTheStart(Kind kind) throws Exception {
    grove.onVirtualTime((_, time) -> {
      var interruptedAt = new AtomicReference<Duration>();
      var thread =
          Grove.named(kind, "x")
              .prepare(_ -> {
                try {
                  Signal.NEVER.await();
                } catch (InterruptedException e) {
                  interruptedAt.set(time.elapsed());
                  Signal.NEVER.await(seconds(1)); // there are two for that
                }
              });
      thread.stop("not wanted any more");
      Signal.NEVER.await(seconds(10));
      thread.start();
      thread.join();
      assertThat(interruptedAt).hasValue(seconds(15));
      assertThat(thread.stopReason().orElseThrow().message()).isEqualTo("not wanted any more");
    });
  }

  /**
   * A child that is started whenever one is told: the walk would find a new one for ever, if those
   * started meanwhile were not born told.
   */
  @Test
  void stop_everyTellingStartsAnotherChild_ends() throws Exception {
    try (var tree = grove.open("t")) {
      var parent = tree.run("parent", Signal::await);
      var spawner = new Spawner(parent);
      spawner.spawn();
      parent.stop();
      assertThat(spawner.children).hasSizeLessThan(10);
      assertThat(spawner.children).allMatch(child -> child.pleaseStop().isSignalled());
      parent.join();
      assertThat(parent.stopReason()).as("told, and not only woken").isPresent();
      assertThat(spawner.children)
          .as("told by that stop, and not by the end of the parent")
          .allMatch(child -> child.stopReason().equals(parent.stopReason()));
    }
  }

  /** Starts a child when the last one is told, unless that is born told. */
  private static final class Spawner {
    final List<ManagedThread<?>> children = new ArrayList<>();
    private final ManagedThread<?> parent;
    private boolean starting;

    Spawner(ManagedThread<?> parent) {
      this.parent = parent;
    }

    void spawn() {
      var child = ManagedThread.named("x").parent(parent).prepare(Signal::await);
      hear(
          child.pleaseStop(),
          () -> {
            if (!starting && children.size() < 1_000) {
              spawn();
            }
          });
      children.add(child);
      starting = true;
      child.start();
      starting = false;
    }
  }

  /** Whenever it comes: every child is told by the walk or born told, and the stop returns. */
  @ParameterizedTest
  @EnumSource
  void stop_whileManySpawn_tellsEveryChild(Kind kind) throws Exception {
    for (int round = 0; round < 20; round++) {
      try (var tree = grove.open("t")) {
        Queue<ManagedThread<?>> children = new ConcurrentLinkedQueue<>();
        var running = new CountDownLatch(3);
        var parent = tree.run("parent", Signal::await);
        var spawners = new ArrayList<ManagedThread<?>>();
        for (int i = 0; i < 3; i++) {
          spawners.add(
              Grove.named(kind, "spawner")
                  .parent(tree)
                  .run(_ -> {
                    try {
                      for (int n = 0; n < 500; n++) {
                        children.add(ManagedThread.named("x").parent(parent).run(Signal::await));
                        running.countDown();
                      }
                    } catch (IllegalStateException refused) {
                      assertThat(refused)
                          .hasMessageContaining("its parent \"t/parent\" has stopped");
                    }
                  }));
        }
        running.await();
        parent.stop();
        assertThat(parent.pleaseStop().isSignalled()).isTrue();
        parent.join();
        assertThat(children).allMatch(child -> child.stopped().isSignalled());
        for (ManagedThread<?> spawner : spawners) {
          spawner.join();
        }
      }
    }
  }

  // ---- H4: needs

  /** Where the stop of a thread that is needed may come from. */
  enum Origin {
    TREE,
    THREAD,
    PARENT,
    PARENT_ENDS
  }

  @ParameterizedTest
  @EnumSource
  void needs_stopFromAnywhere_neededIsToldWhenTheNeederHasStopped(Origin origin) throws Exception {
    grove.onVirtualTime((tree, time) -> {
      var told = new Tellings();
      var both = new AtomicReference<List<ManagedThread<?>>>();
      var end = Signal.create("end");
      var parent =
          tree.run(
              "parent",
              stop -> {
                var db = told.note(ManagedThread.run("db", Signal::await));
                var web = told.note(ManagedThread.named("web").needs(db).run(slow(2)));
                both.set(List.of(db, web));
                end.or(stop).await();
              });
      time.awaitOthersBlocked();
      Signal.NEVER.await(seconds(1).minus(time.elapsed()));
      switch (origin) {
        case TREE -> tree.stop();
        case THREAD -> {
          both.get().getFirst().stop();
          assertThat(told.of("db")).isNull();
          both.get().getLast().stop();
        }
        case PARENT -> parent.stop();
        case PARENT_ENDS -> end.go();
      }
      both.get().getFirst().stopped().await();
      assertThat(told.of("web")).isEqualTo(seconds(1));
      assertThat(told.of("db")).isEqualTo(seconds(3));
      end.go();
      parent.join();
    });
  }

  /** Real time, and both kinds of threads: what is told to stop sees that the needer is gone. */
  @ParameterizedTest
  @EnumSource
  void needs_stop_neederHasStoppedWhenTheNeededIsTold(Kind kind) throws Exception {
    for (int round = 0; round < 100; round++) {
      var web = new AtomicReference<ManagedThread<?>>();
      ManagedThread<Boolean> db;
      try (var _ = grove.open("t")) {
        db =
            Grove.named(kind, "db")
                .call(stop -> {
                  stop.await();
                  return web.get().stopped().isSignalled();
                });
        web.set(Grove.named(kind, "web").needs(db).run(Signal::await));
      }
      assertThat(db.join()).isTrue();
    }
  }

  @Test
  void needs_neededAloneIsStopped_isToldWhenTheNeederEndsOfItself() throws Exception {
    grove.onVirtualTime((tree, time) -> {
      var told = new Tellings();
      var db = told.note(tree.run("db", Signal::await));
      var web = tree.named("web").needs(db).run(_ -> Signal.NEVER.await(seconds(3600)));
      db.stop();
      db.join();
      assertThat(told.of("db")).isEqualTo(seconds(3600));
      assertThat(web.pleaseStop().isSignalled()).isFalse();
    });
  }

  @Test
  void needs_chain_isToldLinkByLink() throws Exception {
    grove.onVirtualTime((tree, time) -> {
      var told = new Tellings();
      ManagedThread<?> last = told.note(tree.run("0", slow(1)));
      for (int i = 1; i < 4; i++) {
        last = told.note(tree.named("" + i).needs(last).run(slow(1)));
      }
      tree.stop();
      tree.stopped().await();
      assertThat(told.times())
          .isEqualTo(Map.of("3", ZERO, "2", seconds(1), "1", seconds(2), "0", seconds(3)));
    });
  }

  /** Of several needers the last counts. */
  @Test
  void needs_diamond_bottomIsToldAfterTheSlowerSide() throws Exception {
    grove.onVirtualTime((tree, time) -> {
      var told = new Tellings();
      var bottom = told.note(tree.run("bottom", Signal::await));
      var left = told.note(tree.named("left").needs(bottom).run(slow(0.5)));
      var right = told.note(tree.named("right").needs(bottom).run(slow(1.5)));
      told.note(tree.named("top").needs(left, right).run(slow(1)));
      tree.stop();
      tree.stopped().await();
      assertThat(told.times())
          .isEqualTo(
              Map.of("top", ZERO, "left", seconds(1), "right", seconds(1), "bottom", seconds(2.5)));
    });
  }

  /** The parent of one that waits its turn waits as well: descendants come before ancestors. */
  @Test
  void needs_acrossBranches_holdsTheParentOfTheNeededToo() throws Exception {
    grove.onVirtualTime((tree, time) -> {
      var told = new Tellings();
      var db = new AtomicReference<ManagedThread<?>>();
      told.note(
          tree.run(
              "storage",
              stop -> {
                db.set(told.note(ManagedThread.run("db", Signal::await)));
                stop.await();
              }));
      time.awaitOthersBlocked();
      told.note(
          tree.run(
              "front",
              stop -> {
                told.note(ManagedThread.named("web").needs(db.get()).run(slow(2)));
                stop.await();
              }));
      time.awaitOthersBlocked();
      Signal.NEVER.await(seconds(1).minus(time.elapsed()));
      tree.stop();
      tree.stopped().await();
      assertThat(told.times())
          .isEqualTo(
              Map.of(
                  "web", seconds(1), "front", seconds(1), "db", seconds(3), "storage", seconds(3)));
    });
  }

  /** A thread is needed with all that works for it. */
  @ParameterizedTest
  @EnumSource(names = {"TREE", "THREAD", "PARENT_ENDS"})
  void needs_neededHasChildren_theyAreToldWithItAndNotBefore(Origin origin) throws Exception {
    grove.onVirtualTime((tree, time) -> {
      var told = new Tellings();
      var end = Signal.create("end");
      var db = new AtomicReference<ManagedThread<?>>();
      var web = new AtomicReference<ManagedThread<?>>();
      var parent =
          tree.run(
              "parent",
              _ -> {
                db.set(
                    told.note(
                        ManagedThread.run(
                            "db",
                            stop -> {
                              var pool = told.note(ManagedThread.run("pool", slow(1)));
                              told.note(ManagedThread.named("connection").needs(pool).run(slow(1)));
                              stop.await();
                            })));
                web.set(told.note(ManagedThread.named("web").needs(db.get()).run(slow(2))));
                end.await();
              });
      time.awaitOthersBlocked();
      Signal.NEVER.await(seconds(1).minus(time.elapsed()));
      switch (origin) {
        case TREE -> tree.stop();
        case THREAD -> {
          db.get().stop();
          web.get().stop();
        }
        default -> end.go();
      }
      db.get().stopped().await();
      assertThat(told.of("web")).isEqualTo(seconds(1));
      assertThat(told.of("connection")).isEqualTo(seconds(3));
      assertThat(told.of("pool")).isEqualTo(seconds(4));
      assertThat(told.of("db")).isEqualTo(seconds(4));
      end.go();
      parent.join();
    });
  }

  /** What it starts while it waits its turn is needed too. */
  @Test
  void needs_neededStartsAChildWhileItWaits_theChildIsNotBornTold() throws Exception {
    grove.onVirtualTime((tree, time) -> {
      var told = new Tellings();
      var db =
          tree.run(
              "db",
              stop -> {
                ManagedThread.run("early", Signal::await);
                Signal.NEVER.await(seconds(1));
                told.note(ManagedThread.run("late", Signal::await));
                stop.await();
              });
      tree.named("web").needs(db).run(slow(2));
      time.awaitOthersBlocked();
      tree.stop();
      tree.stopped().await();
      assertThat(told.of("late")).isBetween(seconds(2), seconds(2).plusNanos(10));
    });
  }

  /** A needer below the needed one would wait for itself. */
  @Test
  void needs_theParent_isToldFirstAndTheParentAfterItsEnd() throws Exception {
    grove.onVirtualTime((tree, time) -> {
      var told = new Tellings();
      var parent =
          tree.run(
              "parent",
              stop -> {
                told.note(ManagedThread.named("web").needs(ManagedThread.current()).run(slow(1)));
                told.note(ManagedThread.run("other", Signal::await));
                told.note(ManagedThread.current());
                stop.await();
              });
      time.awaitOthersBlocked();
      parent.stop();
      parent.join();
      assertThat(told.of("web")).isLessThan(seconds(0.5));
      assertThat(told.of("other")).isLessThan(seconds(0.5));
      assertThat(told.of("parent")).isBetween(seconds(1), seconds(1).plusNanos(10));
    });
  }

  /**
   * Two services, a part of each of which needs something of the other: if all below the needed one
   * were held, nobody would ever be told.
   */
  @Test
  void needs_crossingBetweenTwoSubtrees_allAreTold() throws Exception {
    grove.onVirtualTime((tree, time) -> {
      var told = new Tellings();
      var cache = new AtomicReference<ManagedThread<?>>();
      var cacheIsThere = Signal.create("cache is there");
      var db =
          tree.run(
              "db",
              stop -> {
                cacheIsThere.await();
                told.note(ManagedThread.named("log").needs(cache.get()).run(slow(1)));
                stop.await();
              });
      told.note(db);
      told.note(
          tree.named("web")
              .needs(db)
              .run(stop -> {
                cache.set(told.note(ManagedThread.run("cache", slow(1))));
                cacheIsThere.go();
                stop.await();
              }));
      time.awaitOthersBlocked();
      Signal.NEVER.await(seconds(1).minus(time.elapsed()));
      tree.stop();
      tree.stopped().await();
      assertThat(told.times())
          .isEqualTo(
              Map.of("log", seconds(1), "cache", seconds(2), "web", seconds(2), "db", seconds(3)));
      assertThat(tree.abandonedCount()).isZero();
    });
  }

  /** The same, made crossing after the stop of one: the stop of the tree sees it. */
  @Test
  void needs_crossingMadeAfterTheStopOfOne_theStopOfTheTreeTellsAll() throws Exception {
    grove.onVirtualTime((tree, time) -> {
      var cache = new AtomicReference<ManagedThread<?>>();
      var goOn = Signal.create("go on");
      var db =
          tree.run(
              "db",
              stop -> {
                ManagedThread.run("other", Signal::await);
                goOn.await();
                ManagedThread.named("log").needs(cache.get()).run(Signal::await);
                stop.await();
              });
      var web =
          tree.named("web")
              .needs(db)
              .run(stop -> {
                cache.set(ManagedThread.run("cache", Signal::await));
                stop.await();
              });
      time.awaitOthersBlocked();
      db.stop();
      goOn.go();
      time.awaitOthersBlocked();
      web.stop();
      assertThat(web.pleaseStop().isSignalled()).isFalse();
      tree.stop();
      tree.stopped().await();
      assertThat(time.elapsed()).isLessThan(seconds(0.5));
    });
  }

  /**
   * The same, made crossing while the tree stops: nobody could tell any of them, but at the end of
   * the total all are told, and given a chance.
   */
  @Test
  void needs_crossingMadeDuringTheStop_allAreToldAtTheEndOfTheTotal() throws Exception {
    grove.onVirtualTime((tree, time) -> {
      var told = new Tellings();
      var cache = new AtomicReference<ManagedThread<?>>();
      var db =
          tree.run(
              "db",
              stop -> {
                told.note(ManagedThread.run("other", Signal::await));
                Signal.NEVER.await(seconds(1));
                told.note(ManagedThread.named("log").needs(cache.get()).run(Signal::await));
                stop.await();
              });
      var web =
          tree.named("web")
              .needs(db)
              .run(stop -> {
                cache.set(told.note(ManagedThread.run("cache", Signal::await)));
                stop.await();
              });
      tree.named("user").needs(web).run(slow(2));
      time.awaitOthersBlocked();
      tree.stop();
      tree.stopped().await();
      assertThat(told.times().keySet()).containsExactlyInAnyOrder("other", "log", "cache");
      assertThat(told.of("cache")).isBetween(seconds(8), seconds(8.01));
      assertThat(time.elapsed()).isBetween(seconds(8), seconds(8.5));
      assertThat(tree.abandonedCount()).isZero();
    });
  }

  /** Or what serves many short ones would keep them all. */
  @Test
  void needs_neederHasEnded_isForgotten() throws Exception {
    try (var tree = grove.open("t")) {
      var db = tree.run("db", Signal::await);
      tree.named("web").needs(db).run(_ -> {}).join();
      Grove.eventually(() -> db.node.extras().needers.isEmpty());
    }
  }

  @Test
  void needs_neederEndedBefore_isNotWaitedFor() throws Exception {
    grove.onVirtualTime((tree, time) -> {
      var db = tree.run("db", Signal::await);
      tree.named("web").needs(db).run(_ -> {}).join();
      db.stop();
      assertThat(db.pleaseStop().isSignalled()).isTrue();
      assertThat(time.elapsed()).isEqualTo(ZERO);
    });
  }

  @Test
  void needs_neederPreparedOnly_isNotWaitedFor() throws Exception {
    try (var tree = grove.open("t")) {
      var db = tree.run("db", Signal::await);
      tree.named("web").needs(db).prepare(_ -> {});
      db.stop();
      assertThat(db.pleaseStop().isSignalled()).isTrue();
    }
  }

  /** Refused since the needed one is gone; nothing is left of it. */
  @Test
  void needs_neededHasStopped_startThrowsAndTheOtherNeededIsNotHeld() throws Exception {
    try (var tree = grove.open("t")) {
      var db = tree.run("db", Signal::await);
      var gone = tree.run("gone", _ -> {});
      var web = tree.named("web").needs(db, gone).prepare(_ -> {});
      gone.join();
      assertThatIllegalStateException()
          .isThrownBy(web::start)
          .withMessageContaining("needs \"t/gone\", which has stopped");
      db.stop();
      assertThat(db.pleaseStop().isSignalled()).isTrue();
    }
  }

  /** H2, H4: the tree has been asked, and is told later; who starts several threads meets this. */
  @Test
  void needs_neededHasStoppedInAStopThatHasNotComeToTheParent_startsAndIsTold() throws Exception {
    var release = Signal.create("release");
    try (var tree = grove.open("t")) {
      var db = tree.run("db", Signal::await);
      var kept = tree.run("kept", Signal::await);
      tree.named("keeper").needs(kept).run(_ -> awaitDeaf(release));
      tree.stop();
      db.join();
      assertThat(tree.pleaseStop().isSignalled()).as("waits for the keeper").isFalse();
      var web = tree.named("web").needs(db).call(stop -> stop.await(seconds(10)));
      release.go();
      assertThat(web.join()).as("told").isTrue();
    }
  }

  @Test
  void needs_neededHasStoppedAndTheParentIsTold_startsTold() throws Exception {
    var release = Signal.create("release");
    try (var tree = grove.open("t")) {
      var db = tree.run("db", Signal::await);
      tree.run("slow", _ -> awaitDeaf(release));
      tree.stop();
      db.join();
      assertThat(tree.pleaseStop().isSignalled()).isTrue();
      var web = tree.named("web").needs(db).call(Signal::isSignalled);
      assertThat(web.join()).isTrue();
      release.go();
    }
  }

  @Test
  void needs_neededHasStoppedSinceTheTaskOfTheParentHasEnded_startsTold() throws Exception {
    var release = Signal.create("release");
    try (var tree = grove.open("t")) {
      var made = new AtomicReference<ManagedThread<?>>();
      var isMade = Signal.create("is made");
      var parent =
          tree.run(
              "parent",
              _ -> {
                made.set(ManagedThread.run("db", Signal::await));
                ManagedThread.run("slow", _ -> awaitDeaf(release));
                isMade.go();
              });
      isMade.await();
      var db = made.get();
      db.join();
      var web = ManagedThread.named("web").parent(parent).needs(db).call(Signal::isSignalled);
      assertThat(web.join()).isTrue();
      assertThat(parent.pleaseStop().isSignalled()).isFalse();
      release.go();
    }
  }

  /** Told before its own start, it runs, as any does (H3). */
  @Test
  void needs_neededHasStoppedAndItIsToldItself_startsTold() throws Exception {
    try (var tree = grove.open("t")) {
      var db = tree.run("db", Signal::await);
      var web = tree.named("web").needs(db).prepareCall(Signal::isSignalled);
      db.stop();
      db.join();
      assertThatIllegalStateException().isThrownBy(web::start);
      web.stop();
      assertThat(web.start().join()).isTrue();
    }
  }

  /** By construction there is no cycle: what is needed has been started before. */
  @Test
  void needs_notStarted_throws() throws Exception {
    try (var tree = grove.open("t")) {
      var db = tree.named("db").prepare(_ -> {});
      assertThatIllegalStateException()
          .isThrownBy(() -> tree.named("web").needs(db))
          .withMessageContaining("Start it first");
    }
  }

  @ParameterizedTest
  @EnumSource
  void needs_neederIsAbandoned_neededIsToldThen(Kind kind) throws Exception {
    grove.onVirtualTime((_, time) -> {
      var release = Signal.create("release");
      var told = new Tellings();
      var db = told.note(Grove.named(kind, "db").run(Signal::await));
      var web = Grove.named(kind, "web").needs(db).run(_ -> awaitDeaf(release));
      web.stop();
      db.stop();
      db.join();
      assertThat(web.outcome().orElseThrow()).isInstanceOf(Outcome.Abandoned.class);
      assertThat(told.of("db")).isEqualTo(seconds(4)); // half of the total: it is one of two stages
      release.go();
    });
  }

  @Test
  void stopNow_needed_doesNotWait() throws Exception {
    grove.onVirtualTime((tree, time) -> {
      var db = tree.run("db", Signal::await);
      var web = tree.named("web").needs(db).run(Signal::await);
      db.stopNow();
      db.join();
      assertThat(time.elapsed()).isEqualTo(ZERO);
      assertThat(web.pleaseStop().isSignalled()).isFalse();
    });
  }

  /** After a stop that waits, as a person does who has waited long enough. */
  @Test
  void stopNow_afterStop_doesNotWaitAnyMore() throws Exception {
    grove.onVirtualTime((tree, time) -> {
      var pool = new AtomicReference<ManagedThread<?>>();
      var db =
          tree.run(
              "db",
              stop -> {
                pool.set(ManagedThread.run("pool", Signal::await));
                stop.await();
              });
      var web = tree.named("web").needs(db).run(Signal::await);
      time.awaitOthersBlocked();
      db.stop("asked");
      assertThat(db.pleaseStop().isSignalled()).isFalse();
      db.stopNow();
      assertThat(db.pleaseStop().isSignalled()).isTrue();
      assertThat(pool.get().pleaseStop().isSignalled()).isTrue();
      assertThat(web.pleaseStop().isSignalled()).isFalse();
      db.join();
    });
  }

  /** What hangs below it is not waited for by those outside either. */
  @Test
  void stopNow_somethingBelowIsNeededFromOutside_doesNotWait() throws Exception {
    grove.onVirtualTime((tree, time) -> {
      var pool = new AtomicReference<ManagedThread<?>>();
      var db =
          tree.run(
              "db",
              stop -> {
                pool.set(ManagedThread.run("pool", Signal::await));
                stop.await();
              });
      time.awaitOthersBlocked();
      tree.named("web").needs(pool.get()).run(Signal::await);
      db.stopNow();
      assertThat(pool.get().pleaseStop().isSignalled()).isTrue();
      assertThat(db.pleaseStop().isSignalled()).isTrue();
    });
  }

  /**
   * The order inside of what is stopped stays: only those who need the thread itself are not asked.
   */
  @Test
  void stopNow_parentOfBoth_keepsTheOrderBelow() throws Exception {
    grove.onVirtualTime((tree, time) -> {
      var told = new Tellings();
      var app =
          tree.run(
              "app",
              stop -> {
                var db = told.note(ManagedThread.run("db", Signal::await));
                told.note(ManagedThread.named("web").needs(db).run(slow(2)));
                told.note(ManagedThread.current());
                stop.await();
              });
      time.awaitOthersBlocked();
      Signal.NEVER.await(seconds(1).minus(time.elapsed()));
      app.stopNow();
      app.join();
      assertThat(told.times())
          .isEqualTo(Map.of("web", seconds(1), "db", seconds(3), "app", seconds(3)));
    });
  }

  /** Each hangs in the one before; the last stop must not need a stack for all. */
  @Test
  void needs_chainOfThousands_endsWithoutAStack() throws Exception {
    try (var tree = grove.open("t", PATIENT)) {
      ManagedThread<?> last = tree.run("x", Signal::await);
      ManagedThread<?> first = last;
      for (int i = 0; i < 5_000; i++) {
        last = tree.named("x").needs(last).run(Signal::await);
      }
      tree.stop();
      tree.stopped().await();
      assertThat(first.outcome().orElseThrow()).isInstanceOf(Outcome.Returned.class);
    }
  }

  // ---- S3: actions on pleaseStop

  @ParameterizedTest
  @EnumSource
  void pleaseStop_action_runsOnAVirtualThreadOfItsOwn(Kind kind) throws Exception {
    try (var _ = grove.open("t")) {
      var thread = Grove.named(kind, "x").run(Signal::await);
      var ranOn = new AtomicReference<Thread>();
      var ran = Signal.create("ran");
      thread
          .pleaseStop()
          .then(() -> {
            ranOn.set(Thread.currentThread());
            ran.go();
          });
      thread.stop();
      ran.await();
      assertThat(ranOn.get().isVirtual()).isTrue();
      assertThat(ranOn.get())
          .isNotSameAs(Thread.currentThread())
          .isNotSameAs(thread.thread().orElseThrow());
      thread.join();
    }
  }

  /** Also when what tells it is the end of another, whose own actions run on its thread. */
  @ParameterizedTest
  @EnumSource
  void pleaseStop_actionOfOneThatWaitedForANeeder_runsOnAVirtualThreadOfItsOwn(Kind kind)
      throws Exception {
    try (var tree = grove.open("t")) {
      var db = tree.run("db", Signal::await);
      var web = Grove.named(kind, "web").parent(tree).needs(db).run(Signal::await);
      var ranOn = new AtomicReference<Thread>();
      var ran = Signal.create("ran");
      db.pleaseStop()
          .then(() -> {
            ranOn.set(Thread.currentThread());
            ran.go();
          });
      db.stop();
      web.stop();
      ran.await();
      assertThat(ranOn.get().isVirtual()).isTrue();
      assertThat(ranOn.get())
          .isNotSameAs(Thread.currentThread())
          .isNotSameAs(web.thread().orElseThrow());
      db.join();
    }
  }

  /** One that blocks holds up neither the stop nor the actions of other threads. */
  @ParameterizedTest
  @EnumSource
  void pleaseStop_actionBlocks_theStopGoesOn(Kind kind) throws Exception {
    try (var _ = grove.open("t")) {
      var release = Signal.create("release");
      var released = new AtomicBoolean();
      var done = Signal.create("done");
      var other = Signal.create("action of the other");
      var one = Grove.named(kind, "one").run(Signal::await);
      var two = Grove.named(kind, "two").run(Signal::await);
      one.pleaseStop()
          .then(() -> {
            awaitDeaf(release);
            released.set(true);
            done.go();
          });
      two.pleaseStop().then(other::go);
      one.stop();
      two.stop();
      one.join();
      two.join();
      other.await();
      assertThat(released).isFalse();
      release.go();
      done.await();
    }
  }

  @Test
  void pleaseStop_actionsOfOneThread_runInTheirOrderAndOneThatThrowsDisturbsNoOther()
      throws Exception {
    try (var tree = grove.open("t")) {
      var thread = tree.run("x", Signal::await);
      Queue<Integer> order = new ConcurrentLinkedQueue<>();
      var done = Signal.create("done");
      for (int i = 0; i < 10; i++) {
        int number = i;
        thread.pleaseStop().then(() -> order.add(number));
      }
      thread
          .pleaseStop()
          .then(() -> {
            throw new AssertionError("on purpose");
          });
      thread.pleaseStop().then(done::go);
      thread.stop();
      done.await();
      assertThat(order).containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
      thread.join();
    }
    assertThat(grove.log()).singleElement().matches(heard -> heard.failure() != null);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void pleaseStop_registeredAfterwards_runsAtOnceOnTheRegistrant(boolean ended) throws Exception {
    try (var tree = grove.open("t")) {
      var thread = tree.run("x", Signal::await);
      thread.stop();
      if (ended) {
        thread.join();
      }
      var ranOn = new AtomicReference<Thread>();
      thread.pleaseStop().then(() -> ranOn.set(Thread.currentThread()));
      assertThat(ranOn).hasValue(Thread.currentThread());
    }
  }
}
