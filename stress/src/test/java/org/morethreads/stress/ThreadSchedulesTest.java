package org.morethreads.stress;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.morethreads.stress.schedule.Run;
import org.morethreads.stress.schedule.Run.Timeouts;
import org.morethreads.stress.schedule.Schedules;
import org.morethreads.sync.OpenSignal;
import org.morethreads.sync.Signal;
import org.morethreads.thread.Adoption;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.Outcome;
import org.morethreads.thread.StopPolicy;
import org.morethreads.thread.ThreadFailedException;
import org.morethreads.thread.ThreadTree;

/** No interleaving of starts, ends, stops and joins breaks the tree (H2 to H7). */
class ThreadSchedulesTest {

  private static void stopAndWait(ThreadTree tree) throws InterruptedException {
    tree.stop();
    tree.stopped().await();
  }

  // start of a child | end of the parent | stop of the parent
  @Test
  void start_racingEndAndStopOfTheParent_isRefusedOrToldAndAwaited() {
    Schedules.of(
            run -> {
              ThreadTree tree = run.tree(StopPolicy.standard());
              ManagedThread<?> parent = tree.named("parent").prepare(_ -> run.step("work"));
              var child = new AtomicReference<ManagedThread<?>>();
              parent.start();
              run.thread(
                  "starter",
                  () -> {
                    try {
                      child.set(
                          ManagedThread.named("child").parent(parent).run(stop -> stop.await()));
                    } catch (IllegalStateException refused) {
                      assertThat(refused).hasMessageContaining("has stopped");
                    }
                    parent.stopped().await();
                    assertThat(child.get() == null || child.get().stopped().isSignalled())
                        .as("the child has stopped before its parent")
                        .isTrue();
                    stopAndWait(tree);
                  });
              run.thread("stopper", parent::stop);
            })
        .timeouts(Timeouts.SOON)
        .explore();
  }

  // start of a grandchild by the child | stop of the parent
  @Test
  void start_racingStopFromAbove_isTold() {
    Schedules.of(
            run -> {
              ThreadTree tree = run.tree(StopPolicy.standard());
              ManagedThread<?> parent =
                  tree.run(
                      "parent",
                      stop -> {
                        ManagedThread<?> child =
                            ManagedThread.run(
                                "child",
                                childStop -> {
                                  ManagedThread.run("grandchild", Signal::await);
                                  childStop.await();
                                });
                        stop.await();
                        // told bottom-up, unless linked after its parent was told
                        assertThat(child.pleaseStop().isSignalled()).isTrue();
                      });
              run.thread(
                  "stopper",
                  () -> {
                    parent.stop();
                    parent.join();
                    assertThat(parent.children()).isEmpty();
                    stopAndWait(tree);
                  });
            })
        .timeouts(Timeouts.SOON)
        .explore();
  }

  // start of a child of one that was told | another stop, which finds the child
  @Test
  void start_bornToldWhileAnotherStopTellsIt_isToldWhenStartReturns() {
    Schedules.of(
            run -> {
              ThreadTree tree = run.tree(StopPolicy.standard());
              OpenSignal done = Signal.create("done");
              ManagedThread<?> parent = tree.run("parent", _ -> done.await());
              parent.stop();
              run.thread(
                  "starter",
                  () -> {
                    ManagedThread<?> child =
                        ManagedThread.named("child").parent(parent).run(Signal::await);
                    assertThat(child.pleaseStop().isSignalled()).as("born told").isTrue();
                    done.go();
                    stopAndWait(tree);
                  });
              run.thread("stopper", parent::stop);
            })
        .timeouts(Timeouts.SOON)
        .explore();
  }

  // stop of the parent | stop of the child, then of the parent
  @Test
  void stop_twiceAtOnce_theChildIsToldBeforeItsParent() {
    Schedules.of(
            run -> {
              ThreadTree tree = run.tree(StopPolicy.standard());
              var child = new AtomicReference<ManagedThread<?>>();
              OpenSignal begun = Signal.create("begun");
              ManagedThread<?> parent =
                  tree.run(
                      "parent",
                      stop -> {
                        child.set(ManagedThread.run("child", Signal::await));
                        begun.go();
                        stop.await();
                        assertThat(child.get().pleaseStop().isSignalled())
                            .as("the child was told before")
                            .isTrue();
                      });
              run.thread(
                  "one",
                  () -> {
                    begun.await();
                    parent.stop();
                    parent.join();
                    stopAndWait(tree);
                  });
              run.thread(
                  "two",
                  () -> {
                    begun.await();
                    child.get().stop();
                    assertThat(child.get().pleaseStop().isSignalled()).isTrue();
                    parent.stop();
                  });
            })
        .timeouts(Timeouts.SOON)
        .explore();
  }

  // stop of the parent | stop of the parent, of which one finds the other half-way
  @Test
  void stop_twiceAtOnce_theThreadIsToldWhenEitherReturns() {
    Schedules.of(
            run -> {
              ThreadTree tree = run.tree(StopPolicy.standard());
              OpenSignal begun = Signal.create("begun");
              ManagedThread<?> parent =
                  tree.run(
                      "parent",
                      stop -> {
                        ManagedThread.run("child", Signal::await);
                        begun.go();
                        stop.await();
                      });
              Run.Body stopping =
                  () -> {
                    begun.await();
                    parent.stop();
                    assertThat(parent.pleaseStop().isSignalled())
                        .as("told when stop returns")
                        .isTrue();
                  };
              run.thread("one", stopping);
              run.thread(
                  "two",
                  () -> {
                    stopping.run();
                    parent.join();
                    stopAndWait(tree);
                  });
            })
        .timeouts(Timeouts.SOON)
        .explore();
  }

  // an alien thread comes, starts a child and leaves | stop of the tree (H10)
  @Test
  void adopt_racingStopOfTheTree_isRefusedOrAskedAndAwaited() {
    Schedules.of(
            run -> {
              var opened = new AtomicReference<ThreadTree>();
              OpenSignal isOpen = Signal.create("is open");
              run.thread(
                  "alien",
                  () -> {
                    opened.set(run.tree(StopPolicy.standard()));
                    isOpen.go();
                    takePart(run, opened.get());
                    assertThat(ManagedThread.currentOrNull()).as("alien again").isNull();
                  });
              run.thread(
                  "stopper",
                  () -> {
                    isOpen.await();
                    stopAndWait(opened.get());
                    assertThat(opened.get().children()).isEmpty();
                  });
            })
        .timeouts(Timeouts.SOON)
        .explore();
  }

  private static void takePart(Run run, ThreadTree tree) throws InterruptedException {
    Adoption adoption;
    try {
      adoption = ManagedThread.adopt();
    } catch (IllegalStateException refused) {
      assertThat(refused).hasMessageContaining("has stopped");
      return;
    }
    try (adoption) {
      ManagedThread<?> child = ManagedThread.run("child", Signal::await);
      adoption.pleaseStop().await();
      assertThat(child.pleaseStop().isSignalled()).as("the child was told before").isTrue();
      run.step("leave");
      assertThat(tree.stopped().isSignalled()).as("the stop waits for who was adopted").isFalse();
    }
  }

  // stop of the tree | the needer ends by itself or is told | the needed
  @Test
  void needs_stopRacingEndOfTheNeeder_theNeededIsToldAfterwards() {
    exploreNeeds(/* endsByItself= */ true);
  }

  @Test
  void needs_stopOfBoth_theNeededIsToldAfterTheNeederHasStopped() {
    exploreNeeds(/* endsByItself= */ false);
  }

  private static void exploreNeeds(boolean endsByItself) {
    Schedules.of(
            run -> {
              ThreadTree tree = run.tree(StopPolicy.standard());
              var web = new AtomicReference<ManagedThread<?>>();
              ManagedThread<?> db =
                  tree.run(
                      "db",
                      stop -> {
                        stop.await();
                        ManagedThread<?> needer = web.get();
                        assertThat(needer == null || needer.stopped().isSignalled())
                            .as("the needer has stopped before the needed is told")
                            .isTrue();
                      });
              web.set(
                  tree.named("web")
                      .needs(db)
                      .run(stop -> {
                        if (!endsByItself) {
                          stop.await();
                        }
                      }));
              run.thread("stop of db", () -> db.stop());
              run.thread(
                  "stop of all",
                  () -> {
                    stopAndWait(tree);
                    assertThat(tree.failures()).isEmpty();
                  });
            })
        .timeouts(Timeouts.SOON)
        .explore();
  }

  // start of a needed and a needer | stop of the tree
  @Test
  void needs_startsRacingStopOfTheTree_neverRefusedForTheNeeded() {
    Schedules.of(
            run -> {
              ThreadTree tree = run.tree(StopPolicy.standard());
              run.thread(
                  "starter",
                  () -> {
                    try {
                      ManagedThread<?> db = tree.run("db", Signal::await);
                      tree.named("web").needs(db).run(Signal::await);
                    } catch (IllegalStateException refused) {
                      assertThat(refused).hasMessageContaining("its parent \"tree\" has stopped");
                    }
                  });
              run.thread("stopper", () -> stopAndWait(tree));
            })
        .timeouts(Timeouts.SOON)
        .explore();
  }

  // start of a needer | end of its parent | stop of the needed
  @Test
  void needs_startRefusedSinceTheParentHasStopped_theNeededIsTold() {
    Schedules.of(
            run -> {
              ThreadTree tree = run.tree(StopPolicy.standard());
              ManagedThread<?> parent = tree.run("parent", _ -> run.step("work"));
              ManagedThread<?> db = tree.run("db", Signal::await);
              run.thread(
                  "starter",
                  () -> {
                    try {
                      ManagedThread.named("web").parent(parent).needs(db).run(Signal::await);
                    } catch (IllegalStateException refused) {
                      assertThat(refused).hasMessageContaining("has stopped");
                    }
                  });
              run.thread(
                  "stopper",
                  () -> {
                    db.stop();
                    db.join();
                    stopAndWait(tree);
                  });
            })
        .timeouts(Timeouts.SOON)
        .explore();
  }

  // a deaf task ends late | the stop watch | two joiners
  @Test
  void join_racingAbandon_everybodyGetsTheSameOutcome() {
    Schedules.of(
            run -> {
              ThreadTree tree =
                  run.tree(
                      StopPolicy.standard()
                          .withAsk(Duration.ofMillis(200))
                          .withInterrupt(Duration.ofMillis(200))
                          .withTotal(Duration.ofSeconds(1)));
              OpenSignal enough = Signal.create("enough");
              ManagedThread<String> deaf =
                  tree.call(
                      "deaf",
                      _ -> {
                        while (true) {
                          try {
                            enough.await();
                            return "late";
                          } catch (InterruptedException e) {
                            run.step("deaf to interrupts");
                          }
                        }
                      });
              var outcome = new AtomicReference<Outcome<String>>();
              run.thread("joiner", () -> outcome.set(deaf.awaitOutcome()));
              run.thread("enough", enough::go);
              run.thread("stopper", () -> stopAndWait(tree));
              run.afterwards(() -> {
                assertThat(deaf.outcome()).containsSame(outcome.get());
                assertThat(outcome.get())
                    .isInstanceOfAny(Outcome.Returned.class, Outcome.Abandoned.class);
              });
            })
        .explore();
  }

  // a failing child | join | release
  @Test
  void failure_joinRacingRelease_isLoggedAtMostOnceAndNoFailureOfTheParent() {
    Schedules.of(
            run -> {
              var errors = run.errors();
              ThreadTree tree = run.tree(StopPolicy.standard());
              ManagedThread<?> failing = failing(run, tree);
              run.thread("releaser", failing::release);
              run.thread(
                  "joiner",
                  () -> {
                    joinFailing(failing);
                    stopAndWait(tree);
                  });
              run.afterwards(() -> {
                assertThat(errors).hasSizeLessThan(2);
                assertThat(tree.failures()).isEmpty();
              });
            })
        .timeouts(Timeouts.SOON)
        .explore();
  }

  // a failing child | release
  @Test
  void failure_released_isLoggedExactlyOnce() {
    Schedules.of(
            run -> {
              var errors = run.errors();
              ThreadTree tree = run.tree(StopPolicy.standard());
              ManagedThread<?> failing = failing(run, tree);
              run.thread(
                  "releaser",
                  () -> {
                    failing.release();
                    failing.stopped().await();
                    stopAndWait(tree);
                  });
              run.afterwards(() -> {
                assertThat(errors).hasSize(1);
                assertThat(tree.failures()).isEmpty();
              });
            })
        .timeouts(Timeouts.SOON)
        .explore();
  }

  // a failing child | join | end of the parent
  @Test
  void failure_joinRacingEndOfTheParent_isNotLost() {
    Schedules.of(
            run -> {
              var errors = run.errors();
              ThreadTree tree = run.tree(StopPolicy.standard());
              ManagedThread<?> failing = failing(run, tree);
              run.thread("joiner", () -> joinFailing(failing));
              run.thread("stopper", () -> stopAndWait(tree));
              run.afterwards(() ->
                  assertThat(errors)
                      .as("logged exactly if it is part of the parent's outcome")
                      .hasSize(tree.failures().size()));
            })
        .timeouts(Timeouts.SOON)
        .explore();
  }

  private static ManagedThread<?> failing(Run run, ThreadTree tree) {
    return tree.run(
        "failing",
        _ -> {
          run.step("fail");
          throw new IllegalArgumentException("planned");
        });
  }

  private static void joinFailing(ManagedThread<?> failing) throws InterruptedException {
    try {
      failing.join();
    } catch (ThreadFailedException e) {
      assertThat(e).hasRootCauseMessage("planned");
      return;
    }
    throw new AssertionError("joined, but got no failure");
  }
}
