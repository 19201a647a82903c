package org.morethreads.thread;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.morethreads.testing.MoreThreadsAssertions.assertThat;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.morethreads.fixture.Kind;
import org.morethreads.sync.Signal;
import org.morethreads.sync.Till;
import org.morethreads.testing.SlowSink;
import org.morethreads.testing.TestLog;
import org.morethreads.testing.VirtualClock;
import org.morethreads.testing.VirtualTime;

/** H9: scopes. */
@VirtualTime(managed = false)
class ScopeTest {
  private ThreadTree tree;
  private VirtualClock clock;
  private TestLog log;

  @BeforeEach
  void remember(ThreadTree itsTree, VirtualClock itsClock, TestLog itsLog) {
    tree = itsTree;
    clock = itsClock;
    log = itsLog;
  }

  private String path(String below) {
    return tree.name() + "/" + below;
  }

  private static Duration seconds(double seconds) {
    return Duration.ofMillis(Math.round(seconds * 1000));
  }

  private static void pause(double seconds) throws InterruptedException {
    Signal.NEVER.await(seconds(seconds));
  }

  /** What happens, and when. */
  private static final class Diary {
    private final VirtualClock time;
    private final Queue<String> lines = new ConcurrentLinkedQueue<>();

    Diary(VirtualClock time) {
      this.time = time;
    }

    void note(String what) {
      lines.add(time.elapsed().toMillis() + " " + what);
    }

    /** Waits until it is interrupted, or told and nothing more. */
    ManagedThread.Task waiter(String name) {
      return _ -> {
        try {
          Signal.NEVER.await();
        } catch (InterruptedException e) {
          note(name + " interrupted");
          throw e;
        }
      };
    }
  }

  /** What the owner of a scope does. */
  @FunctionalInterface
  private interface Owning {
    void run(VirtualClock time, Diary diary) throws Exception;
  }

  /** Runs the owner of scopes on a managed thread of a kind, on virtual time. */
  private void onOwner(Kind kind, Owning owning) throws Exception {
    var diary = new Diary(clock);
    var owner =
        Grove.named(kind, "owner")
            .run(_ -> {
              owning.run(clock, diary);
              assertThat(Thread.currentThread().isInterrupted()).as("leaked interrupt").isFalse();
            });
    owner.join();
  }

  // ---- a normal end

  @ParameterizedTest
  @EnumSource
  void run_blockReturns_waitsForTheChildrenH9(Kind kind) throws Exception {
    onOwner(
        kind,
        (time, diary) -> {
          Scope.run(
              "s",
              scope -> {
                scope.run("a", _ -> pause(3));
                scope.run(
                    "b",
                    _ -> {
                      pause(1);
                      scope.run("late", _ -> pause(6)); // started by a child, while the owner waits
                    });
                diary.note("block ends");
              });
          assertThat(time.elapsed()).isEqualTo(seconds(7));
          assertThat(diary.lines).containsExactly("0 block ends");
        });
  }

  @Test
  void call_blockReturns_returnsItsResult() throws Exception {
    onOwner(
        Kind.VIRTUAL,
        (_, _) -> {
          int sum =
              Scope.call(
                  "s",
                  scope -> {
                    var left = scope.call("left", _ -> 20);
                    var right = scope.call("right", _ -> 22);
                    return left.join() + right.join();
                  });
          assertThat(sum).isEqualTo(42);
          String nothing = Scope.call("s", _ -> null);
          assertThat(nothing).isNull();
        });
  }

  @Test
  void run_noChildren_doesNotWaitAndKeepsTheInterruptStatus() throws Exception {
    Scope.run("s", _ -> Thread.currentThread().interrupt());
    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void run_inABlock_childrenBelongToTheScopeAndThreadsToTheThreadH9() throws Exception {
    onOwner(
        Kind.VIRTUAL,
        (_, _) -> {
          var own = new AtomicReference<ManagedThread<?>>();
          Scope.run(
              "s",
              scope -> {
                assertThat(scope.path()).isEqualTo(path("owner/s"));
                assertThat(scope.name()).isEqualTo("s");
                var child = scope.run("c", _ -> {});
                assertThat(child).hasPath(path("owner/s/c"));
                own.set(ManagedThread.run("x", stop -> stop.await()));
                assertThat(own.get()).hasPath(path("owner/x"));
                Scope.run(
                    "inner", inner -> assertThat(inner.path()).isEqualTo(path("owner/s/inner")));
                scope.run(
                    "d",
                    _ -> Scope.run("t", t -> assertThat(t.path()).isEqualTo(path("owner/s/d/t"))));
              });
          assertThat(own.get().outcome()).as("not awaited by the scope").isEmpty();
          Scope.run("next", next -> assertThat(next.path()).isEqualTo(path("owner/next")));
        });
  }

  @Test
  void run_ownerUnmanaged_isBelowTheTreeThatItOpenedH1() throws Exception {
    Scope.run(
        "s",
        scope -> {
          var child = scope.run("c", _ -> pause(2));
          assertThat(child).hasPath(path("s/c"));
          assertThat(scope.children()).extracting(ManagedThread::name).containsExactly("c");
          assertThat(tree.dump()).contains("s: running", "c: ");
        });
    assertThat(clock.elapsed()).isEqualTo(seconds(2));
    assertThat(tree.children()).isEmpty();
  }

  @Test
  void run_ownerAdopted_isBelowItAndEndsByItsStop() throws Exception {
    try (var own = ThreadTree.open("t")) {
      try (var adoption = ManagedThread.adopt()) {
        Scope.run(
            "s",
            scope -> {
              scope.run("c", stop -> stop.await());
              assertThat(scope.path()).isEqualTo(adoption.thread().path() + "/s");
              own.stop();
            });
        assertThat(adoption.pleaseStop().await(seconds(10))).isTrue();
      }
    }
  }

  @Test
  void start_afterTheEnd_throws() throws Exception {
    onOwner(
        Kind.VIRTUAL,
        (_, _) -> {
          var kept = new AtomicReference<OpenScope>();
          Scope.run("s", kept::set);
          assertThatIllegalStateException()
              .isThrownBy(() -> kept.get().run("late", _ -> {}))
              .withMessageContaining(path("owner/s"))
              .withMessageContaining("has stopped");
        });
  }

  @Test
  void run_treeHasStopped_throwsAndDoesNotRunTheBlock() throws Exception {
    var ran = new AtomicBoolean();
    try (var own = ThreadTree.open("t")) {
      own.stop();
      own.stopped().await();
      assertThatIllegalStateException()
          .isThrownBy(() -> Scope.run("s", _ -> ran.set(true)))
          .withMessageContaining("Cannot begin scope \"s\"");
    }
    assertThat(ran).isFalse();
  }

  @Test
  void named_badName_saysWhatIsWrong() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Scope.named("a/b"))
        .withMessageContaining("a/b");
    assertThatIllegalArgumentException().isThrownBy(() -> Scope.run("", _ -> {}));
    assertThatIllegalArgumentException().isThrownBy(() -> Scope.race("a/b", _ -> 1));
  }

  // ---- the block fails

  @ParameterizedTest
  @EnumSource
  void run_blockThrows_stopsAndInterruptsTheChildrenAtOnceH9(Kind kind) throws Exception {
    onOwner(
        kind,
        (time, diary) -> {
          var failure = new IOException("disk");
          assertThatThrownBy(() ->
                  Scope.run(
                      "s",
                      scope -> {
                        Grove.named(kind, "c").parent(scope.node).run(diary.waiter("c"));
                        pause(1);
                        throw failure;
                      }))
              .isSameAs(failure)
              .hasNoSuppressedExceptions();
          assertThat(diary.lines).containsExactly("1000 c interrupted");
          assertThat(time.elapsed()).isEqualTo(seconds(1));
        });
  }

  @Test
  void run_blockThrowsAnError_isThrownAsItIs() throws Exception {
    onOwner(
        Kind.VIRTUAL,
        (_, _) -> {
          var error = new AssertionError("x");
          assertThatThrownBy(() ->
                  Scope.run(
                      "s",
                      _ -> {
                        throw error;
                      }))
              .isSameAs(error);
        });
  }

  @Test
  void run_blockThrowsThenChildrenFail_theirFailuresAreSuppressedH9() throws Exception {
    onOwner(
        Kind.VIRTUAL,
        (_, _) -> {
          var failure = new IOException("block");
          assertThatThrownBy(() ->
                  Scope.run(
                      "s",
                      scope -> {
                        for (int i = 1; i <= 2; i++) {
                          int number = i;
                          scope.run(
                              "c" + i,
                              stop -> {
                                stop.await(seconds(10));
                                throw new IOException("child " + number);
                              });
                        }
                        pause(1);
                        throw failure;
                      }))
              .isSameAs(failure);
          assertThat(failure.getSuppressed())
              .extracting(Throwable::getMessage)
              .containsExactly("child 1", "child 2");
        });
  }

  /** An exception that takes none suppressed, as those that the JVM has ready for a full heap. */
  private static final class Light extends Exception {
    private static final long serialVersionUID = 1;

    Light() {
      super("light", null, /* enableSuppression= */ false, /* writableStackTrace= */ false);
    }
  }

  @Test
  void run_blockThrowsWhatTakesNoneSuppressedThenAChildFails_thatIsLoggedH7() throws Exception {
    onOwner(
        Kind.VIRTUAL,
        (_, _) -> {
          var light = new Light();
          var failure = new IOException("child");
          assertThatThrownBy(() ->
                  Scope.run(
                      "s",
                      scope -> {
                        scope.run(
                            "c",
                            stop -> {
                              stop.await(seconds(10));
                              throw failure;
                            });
                        pause(1);
                        throw light;
                      }))
              .isSameAs(light);
          assertThat(log.takeAll(Level.ERROR, path("owner/s")))
              .singleElement()
              .satisfies(record -> assertThat(record.failure()).isSameAs(failure));
        });
  }

  @Test
  void stop_ofTheOwnerWhoseChildThenFails_isAFailureOfTheOwnerH7() throws Exception {
    var failure = new IOException("child");
    var owner =
        ManagedThread.run(
            "owner",
            _ ->
                Scope.run(
                    "s",
                    scope -> {
                      scope
                          .named("c")
                          .run(_ -> {
                            try {
                              Signal.NEVER.await();
                            } catch (InterruptedException e) {
                              throw failure;
                            }
                          });
                      ManagedThread.current().pleaseStop().await();
                      throw new InterruptedException("told to stop");
                    }));
    clock.awaitOthersBlocked();
    owner.stop();
    assertThat(owner.awaitOutcome())
        .isFailedThat()
        .isInstanceOf(InterruptedException.class)
        .satisfies(thrown -> assertThat(thrown.getSuppressed()).containsExactly(failure));
    log.takeStopReports();
  }

  @Test
  void run_childrenTold_knowWhy() throws Exception {
    onOwner(
        Kind.VIRTUAL,
        (_, _) -> {
          var thread = new AtomicReference<ManagedThread<?>>();
          assertThatThrownBy(() ->
              Scope.run(
                  "s",
                  scope -> {
                    thread.set(scope.run("c", stop -> stop.await()));
                    throw new IOException("disk");
                  }));
          assertThat(thread.get().stopReason().orElseThrow().kind())
              .isEqualTo(StopReason.Kind.SCOPE_ENDED);
        });
  }

  // ---- a child fails

  @ParameterizedTest
  @EnumSource
  void run_childFails_interruptsBlockAndSiblingsAtOnceH9(Kind kind) throws Exception {
    onOwner(
        kind,
        (time, diary) -> {
          var failure = new IOException("disk");
          var sibling = new AtomicReference<ManagedThread<?>>();
          assertThatExceptionOfType(ThreadFailedException.class)
              .isThrownBy(() ->
                  Scope.run(
                      "s",
                      scope -> {
                        sibling.set(
                            Grove.named(kind, "sibling")
                                .parent(scope.node)
                                .run(diary.waiter("sibling")));
                        scope.run(
                            "c",
                            _ -> {
                              pause(1);
                              throw failure;
                            });
                        try {
                          Signal.NEVER.await();
                        } finally {
                          diary.note("block left");
                        }
                      }))
              .withCause(failure)
              .withMessageContaining(
                  "Scope \""
                      + path("owner/s")
                      + "\" failed, since \""
                      + path("owner/s/c")
                      + "\" failed")
              .matches(thrown -> thrown.getSuppressed().length == 0)
              .matches(thrown -> thrown.threadPath().equals(path("owner/s")));
          assertThat(diary.lines)
              .containsExactlyInAnyOrder("1000 sibling interrupted", "1000 block left");
          assertThat(time.elapsed()).isEqualTo(seconds(1));
          assertThat(sibling.get().stopReason().orElseThrow().kind())
              .isEqualTo(StopReason.Kind.SIBLING_FAILED);
          assertThat(sibling.get()).outcome().isStopped();
          pause(10);
        });
  }

  @Test
  void run_childFailsAfterTheBlock_throwsAndDoesNotInterruptTheOwner() throws Exception {
    onOwner(
        Kind.VIRTUAL,
        (time, diary) -> {
          var failure = new IOException("disk");
          assertThatExceptionOfType(ThreadFailedException.class)
              .isThrownBy(() ->
                  Scope.run(
                      "s",
                      scope -> {
                        scope.run("sibling", diary.waiter("sibling"));
                        scope.run(
                            "c",
                            _ -> {
                              pause(1);
                              throw failure;
                            });
                      }))
              .withCause(failure);
          assertThat(time.elapsed()).isEqualTo(seconds(1));
          pause(1); // would throw
        });
  }

  @Test
  void run_blockSwallowsTheInterrupt_throwsTheFailureAndLeavesNoStatus() throws Exception {
    onOwner(
        Kind.PLATFORM,
        (_, _) ->
            assertThatExceptionOfType(ThreadFailedException.class)
                .isThrownBy(() ->
                    Scope.call(
                        "s",
                        scope -> {
                          scope.run(
                              "c",
                              _ -> {
                                throw new IOException("disk");
                              });
                          while (!Thread.currentThread().isInterrupted()) {
                            Thread.onSpinWait();
                          }
                          return 1; // with the status set: onOwner looks whether it leaks
                        }))
                .withCauseInstanceOf(IOException.class));
  }

  @Test
  void run_blockJoinsTheFailedChild_throwsTheFailureOnce() throws Exception {
    onOwner(
        Kind.VIRTUAL,
        (_, _) -> {
          var failure = new IOException("disk");
          assertThatExceptionOfType(ThreadFailedException.class)
              .isThrownBy(() ->
                  Scope.run(
                      "s",
                      scope -> {
                        var child =
                            scope.run(
                                "c",
                                _ -> {
                                  throw failure;
                                });
                        child.join();
                      }))
              .withCause(failure)
              .matches(thrown -> thrown.getSuppressed().length == 0);
        });
  }

  @Test
  void run_blockFailsOtherwiseAfterAChildFailed_isSuppressed() throws Exception {
    onOwner(
        Kind.VIRTUAL,
        (_, _) -> {
          var failure = new IOException("disk");
          var second = new IOException("cleaning up");
          assertThatExceptionOfType(ThreadFailedException.class)
              .isThrownBy(() ->
                  Scope.run(
                      "s",
                      scope -> {
                        scope.run(
                            "c",
                            _ -> {
                              throw failure;
                            });
                        try {
                          Signal.NEVER.await();
                        } catch (InterruptedException e) {
                          throw second;
                        }
                      }))
              .withCause(failure)
              .satisfies(thrown -> assertThat(thrown.getSuppressed()).containsExactly(second));
        });
  }

  /** A resource that cannot be closed. */
  private static AutoCloseable failing(IOException failure) {
    return () -> {
      throw failure;
    };
  }

  @Test
  void run_blockLeftByTheStopCannotCloseAResource_isSuppressedH7() throws Exception {
    onOwner(
        Kind.VIRTUAL,
        (_, _) -> {
          var closing = new IOException("not flushed");
          assertThatExceptionOfType(ThreadFailedException.class)
              .isThrownBy(() ->
                  Scope.run(
                      "s",
                      scope -> {
                        scope.run(
                            "c",
                            _ -> {
                              throw new IOException("disk");
                            });
                        try (var _ = failing(closing)) {
                          Signal.NEVER.await();
                        }
                      }))
              .satisfies(thrown -> {
                assertThat(thrown.getSuppressed()).hasSize(1);
                assertThat(thrown.getSuppressed()[0]).isInstanceOf(InterruptedException.class);
                assertThat(thrown.getSuppressed()[0].getSuppressed()).containsExactly(closing);
              });
        });
  }

  @Test
  void run_blockJoinsTheFailedChildAndCannotCloseAResource_isSuppressedH7() throws Exception {
    onOwner(
        Kind.VIRTUAL,
        (_, _) -> {
          var failure = new IOException("disk");
          var closing = new IOException("not flushed");
          assertThatExceptionOfType(ThreadFailedException.class)
              .isThrownBy(() ->
                  Scope.run(
                      "s",
                      scope -> {
                        var child =
                            scope.run(
                                "c",
                                _ -> {
                                  throw failure;
                                });
                        awaitInterrupt();
                        try (var _ = failing(closing)) {
                          child.join();
                        }
                      }))
              .withCause(failure)
              .satisfies(thrown -> {
                assertThat(thrown.getSuppressed()).hasSize(1);
                assertThat(thrown.getSuppressed()[0]).hasCause(failure);
                assertThat(thrown.getSuppressed()[0].getSuppressed()).containsExactly(closing);
              });
        });
  }

  @Test
  void deadline_passesAndTheBlockCannotCloseAResource_isSuppressedH7() throws Exception {
    onOwner(
        Kind.VIRTUAL,
        (_, _) -> {
          var closing = new IOException("not flushed");
          assertThatExceptionOfType(TimeoutException.class)
              .isThrownBy(() ->
                  Scope.named("s")
                      .deadline(seconds(1))
                      .run(_ -> {
                        try (var _ = failing(closing)) {
                          Signal.NEVER.await();
                        }
                      }))
              .satisfies(thrown -> {
                assertThat(thrown.getSuppressed()).hasSize(1);
                assertThat(thrown.getSuppressed()[0].getSuppressed()).containsExactly(closing);
              });
        });
  }

  /**
   * Both ways to join several claim the second failure, and suppress it under that of the first.
   */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void joinAll_ofTwoFailedInTheBlock_losesNeitherH7(boolean ofTheScope) throws Exception {
    onOwner(
        Kind.VIRTUAL,
        (_, _) -> {
          var first = new IOException("x");
          var second = new IOException("y");
          assertThatExceptionOfType(ThreadFailedException.class)
              .isThrownBy(() ->
                  Scope.run(
                      "s",
                      scope -> {
                        var x =
                            scope.run(
                                "x",
                                _ -> {
                                  throw first;
                                });
                        var y =
                            scope.run(
                                "y",
                                stop -> {
                                  stop.await(seconds(10));
                                  throw second;
                                });
                        awaitInterrupt();
                        x.stopped().await();
                        y.stopped().await();
                        if (ofTheScope) {
                          scope.joinAll();
                        } else {
                          Scope.joinAll(List.of(x, y));
                        }
                      }))
              .withCause(first)
              .satisfies(thrown -> assertThat(below(thrown)).contains(second));
        });
  }

  @Test
  void joinAll_ofFailedAndStoppedOnesInTheBlock_throwsTheFailureOnce() throws Exception {
    onOwner(
        Kind.VIRTUAL,
        (_, diary) -> {
          var failure = new IOException("x");
          assertThatExceptionOfType(ThreadFailedException.class)
              .isThrownBy(() ->
                  Scope.run(
                      "s",
                      scope -> {
                        var y = scope.run("y", diary.waiter("y"));
                        var z = scope.run("z", diary.waiter("z"));
                        var x =
                            scope.run(
                                "x",
                                _ -> {
                                  throw failure;
                                });
                        awaitInterrupt();
                        Scope.joinAll(List.of(y, x, z)); // stopped, failed, stopped
                      }))
              .withCause(failure)
              .matches(thrown -> thrown.getSuppressed().length == 0);
        });
  }

  private static void awaitInterrupt() {
    try {
      Signal.NEVER.await();
    } catch (InterruptedException e) {
      return; // that of the scope
    }
  }

  /** All that an exception shows beside itself. */
  private static List<Throwable> below(Throwable thrown) {
    List<Throwable> found = new ArrayList<>();
    for (Throwable suppressed : thrown.getSuppressed()) {
      found.add(suppressed);
      found.addAll(below(suppressed));
    }
    if (thrown.getCause() != null) {
      found.add(thrown.getCause());
      found.addAll(below(thrown.getCause()));
    }
    return found;
  }

  @Test
  void run_manyChildrenFail_theFirstInTimeIsTheCauseH9() throws Exception {
    onOwner(
        Kind.VIRTUAL,
        (_, _) ->
            assertThatExceptionOfType(ThreadFailedException.class)
                .isThrownBy(() ->
                    Scope.run(
                        "s",
                        scope -> {
                          for (int i = 1; i <= 3; i++) {
                            int number = i;
                            scope.run(
                                "c",
                                stop -> {
                                  boolean _ = stop.await(seconds(4 - number));
                                  throw new IOException("child " + number);
                                });
                          }
                        }))
                .satisfies(thrown -> {
                  assertThat(thrown.getCause()).hasMessage("child 3");
                  assertThat(thrown.getSuppressed())
                      .extracting(Throwable::getMessage)
                      .containsExactly("child 1", "child 2");
                }));
  }

  @Test
  void run_childReleased_isLoggedAndStopsTheScopeAllTheSame() throws Exception {
    onOwner(
        Kind.VIRTUAL,
        (_, _) ->
            assertThatExceptionOfType(ThreadFailedException.class)
                .isThrownBy(() ->
                    Scope.run(
                        "s",
                        scope -> {
                          var hold = Signal.create("hold");
                          scope
                              .run(
                                  "c",
                                  _ -> {
                                    hold.await();
                                    throw new IOException("disk");
                                  })
                              .release();
                          hold.go();
                          Signal.NEVER.await();
                        }))
                .withCauseInstanceOf(IOException.class));
    assertThat(log.takeAll(Level.ERROR, "")).hasSize(1);
  }

  @Test
  void start_inAStoppedScope_isBornToldAndInterrupted() throws Exception {
    onOwner(
        Kind.VIRTUAL,
        (time, diary) -> {
          assertThatThrownBy(() ->
                  Scope.run(
                      "s",
                      scope -> {
                        scope.run(
                            "c",
                            _ -> {
                              throw new IOException("disk");
                            });
                        try {
                          Signal.NEVER.await();
                        } catch (InterruptedException e) {
                          scope.run("late", diary.waiter("late"));
                        }
                      }))
              .isInstanceOf(ThreadFailedException.class);
          assertThat(diary.lines).containsExactly("0 late interrupted");
          assertThat(time.elapsed()).isLessThan(seconds(0.1));
        });
  }

  @Test
  void run_grandchildren_areToldAndInterruptedWithTheChildren() throws Exception {
    onOwner(
        Kind.VIRTUAL,
        (time, diary) -> {
          assertThatThrownBy(() ->
                  Scope.run(
                      "s",
                      scope -> {
                        scope.run(
                            "child",
                            stop -> {
                              ManagedThread.run("grandchild", diary.waiter("grandchild"));
                              Scope.run("nested", nested -> nested.run("x", diary.waiter("x")));
                            });
                        pause(1);
                        throw new IOException("disk");
                      }))
              .isInstanceOf(IOException.class);
          assertThat(diary.lines)
              .containsExactlyInAnyOrder("1000 grandchild interrupted", "1000 x interrupted");
          assertThat(time.elapsed()).isLessThan(seconds(1.1));
        });
  }

  // ---- isolated

  @Test
  void isolated_childFails_stopsNobodyAndIsThrownAtTheEndH9() throws Exception {
    onOwner(
        Kind.VIRTUAL,
        (time, diary) -> {
          assertThatExceptionOfType(ThreadFailedException.class)
              .isThrownBy(() ->
                  Scope.named("s")
                      .isolated()
                      .run(scope -> {
                        for (int i = 1; i <= 2; i++) {
                          int number = i;
                          scope.run(
                              "c",
                              _ -> {
                                throw new IOException("child " + number);
                              });
                        }
                        scope.run("sibling", _ -> pause(3));
                        pause(1);
                        diary.note("block ends");
                      }))
              .withMessageContaining("2 failures")
              .satisfies(thrown -> {
                assertThat(thrown.getCause()).hasMessage("child 1");
                assertThat(thrown.getSuppressed())
                    .extracting(Throwable::getMessage)
                    .containsExactly("child 2");
              });
          assertThat(diary.lines).containsExactly("1000 block ends");
          assertThat(time.elapsed()).isEqualTo(seconds(3));
        });
  }

  @Test
  void isolated_failureJoined_isNotThrownAgain() throws Exception {
    onOwner(
        Kind.VIRTUAL,
        (_, _) -> {
          String answer =
              Scope.named("s")
                  .isolated()
                  .call(scope -> {
                    var child =
                        scope.call(
                            "c",
                            _ -> {
                              throw new IOException("disk");
                            });
                    try {
                      return "got " + child.join();
                    } catch (ThreadFailedException e) {
                      return "no answer";
                    }
                  });
          assertThat(answer).isEqualTo("no answer");
        });
  }

  private static void startTwentyThatFail(OpenScope scope) {
    for (int i = 0; i < 20; i++) {
      scope.run(
          "c",
          _ -> {
            throw new IOException("disk");
          });
    }
  }

  @Test
  void isolated_moreThanSixteenFailures_theRestIsLogged() throws Exception {
    onOwner(
        Kind.VIRTUAL,
        (_, _) ->
            assertThatExceptionOfType(ThreadFailedException.class)
                .isThrownBy(() ->
                    Scope.named("s")
                        .isolated()
                        .run(scope -> {
                          startTwentyThatFail(scope);
                        }))
                .withMessageContaining("has 20 failures that nobody joined")
                .matches(thrown -> thrown.getSuppressed().length == 15));
    assertThat(log.takeAll(Level.ERROR, "")).hasSize(4);
  }

  @Test
  void joinAll_moreThanSixteenFailures_countsAllOnce() throws Exception {
    onOwner(
        Kind.VIRTUAL,
        (_, _) ->
            Scope.named("s")
                .isolated()
                .run(scope -> {
                  startTwentyThatFail(scope);
                  assertThatExceptionOfType(ThreadFailedException.class)
                      .isThrownBy(scope::joinAll)
                      .withMessageContaining(" 20 failed")
                      .matches(thrown -> thrown.getSuppressed().length == 15);
                  scope.joinAll();
                }));
    assertThat(log.takeAll(Level.ERROR, "")).hasSize(4);
  }

  /** Those that wait for a joiner for a minute are logged; only the first sixteen are kept then. */
  @Test
  void isolated_failuresUnjoinedForLong_areCountedThoughTheyAreInTheLogOnly() throws Exception {
    onOwner(
        Kind.VIRTUAL,
        (_, _) ->
            assertThatExceptionOfType(ThreadFailedException.class)
                .isThrownBy(() ->
                    Scope.named("s")
                        .isolated()
                        .run(scope -> {
                          startTwentyThatFail(scope);
                          pause(61);
                        }))
                .withMessageContaining("has 20 failures that nobody joined")
                .matches(thrown -> thrown.getSuppressed().length == 15));
    assertThat(log.takeAll(Level.ERROR, "")).hasSize(20);
  }

  @Test
  void joinAll_isolated_waitsForAllAndThrowsAllFailures() throws Exception {
    onOwner(
        Kind.VIRTUAL,
        (time, _) -> {
          Scope.named("s")
              .isolated()
              .run(scope -> {
                scope.run(
                    "a",
                    _ -> {
                      throw new IOException("a");
                    });
                scope.run(
                    "b",
                    _ -> {
                      pause(2);
                      throw new IOException("b");
                    });
                assertThatExceptionOfType(ThreadFailedException.class)
                    .isThrownBy(scope::joinAll)
                    .satisfies(thrown -> {
                      assertThat(thrown.getCause()).hasMessage("a");
                      assertThat(thrown.getSuppressed())
                          .extracting(Throwable::getMessage)
                          .containsExactly("b");
                    });
                assertThat(time.elapsed()).isEqualTo(seconds(2));
                scope.run("c", _ -> pause(1));
                scope.joinAll(); // those that were claimed are not thrown again
                assertThat(time.elapsed()).isEqualTo(seconds(3));
              });
        });
  }

  /** H9: the block of an inner scope may wait for the threads of the outer one. */
  @Test
  void joinAll_ofTheOuterScopeInAnInnerOne_waitsForItsThreadsOnly() throws Exception {
    onOwner(
        Kind.VIRTUAL,
        (time, _) ->
            Scope.run(
                "outer",
                outer -> {
                  outer.run("a", _ -> pause(2));
                  Scope.run(
                      "inner",
                      inner -> {
                        inner.run("b", _ -> pause(3));
                        outer.joinAll();
                        assertThat(time.elapsed()).isEqualTo(seconds(2));
                      });
                  assertThat(time.elapsed()).isEqualTo(seconds(3));
                }));
  }

  /** Its threads are told, and the block goes on. */
  @Test
  void stop_withoutAReason_tellsTheThreadsOnly() throws Exception {
    onOwner(
        Kind.VIRTUAL,
        (time, _) ->
            Scope.run(
                "s",
                scope -> {
                  var child = scope.run("a", Signal::await);
                  scope.stop();
                  assertThat(scope.pleaseStop().isSignalled()).isTrue();
                  child.join();
                  assertThat(child.stopReason().orElseThrow().message()).isEqualTo("asked to stop");
                  pause(0.5);
                  assertThat(time.elapsed()).isEqualTo(seconds(0.5));
                }));
  }

  /** H9: a scope belongs to the one whose block it is in, also after another has been there. */
  @Test
  void run_oneAfterTheOtherInABlock_bothBelongToTheOuter() throws Exception {
    onOwner(
        Kind.VIRTUAL,
        (_, _) -> {
          Scope.run(
              "outer",
              outer -> {
                Scope.run("one", one -> assertThat(one.path()).isEqualTo(outer.path() + "/one"));
                Scope.run("two", two -> assertThat(two.path()).isEqualTo(outer.path() + "/two"));
              });
          Scope.run("next", next -> assertThat(next.path()).isEqualTo(path("owner/next")));
        });
  }

  /** An interrupt that comes while a scope is being stopped is not lost: nobody throws it. */
  @Test
  void run_interruptedWhileItEndsForAFailure_throwsThatAndKeepsTheStatus() throws Exception {
    onOwner(
        Kind.VIRTUAL,
        (time, _) -> {
          Thread owner = Thread.currentThread();
          assertThatExceptionOfType(ThreadFailedException.class)
              .isThrownBy(() ->
                  Scope.run(
                      "s",
                      scope -> {
                        scope.run(
                            "slow",
                            stop -> {
                              awaitDeaf(stop);
                              awaitDeaf(Till.unhurried(seconds(0.4)));
                              owner.interrupt();
                              awaitDeaf(Till.unhurried(seconds(0.4)));
                            });
                        scope.run(
                            "fails",
                            _ -> {
                              throw new IOException("disk");
                            });
                      }))
              .havingCause()
              .withMessage("disk");
          assertThat(time.elapsed()).isEqualTo(seconds(0.8));
          assertThat(Thread.interrupted()).as("interrupted").isTrue();
        });
  }

  /** Waits, whatever happens. */
  private static void awaitDeaf(Signal signal) {
    while (!signal.isSignalled()) {
      try {
        signal.await();
      } catch (InterruptedException e) {
        // deaf
      }
    }
  }

  /** H7: a failure that the block passes on is told once, another one beside it. */
  @Test
  void run_blockThrowsWhatAChildFailedWith_tellsItOnceAndOthersBesides() throws Exception {
    onOwner(
        Kind.VIRTUAL,
        (_, _) -> {
          assertThatExceptionOfType(ThreadFailedException.class)
              .isThrownBy(() ->
                  Scope.run(
                      "s",
                      scope -> {
                        var first = scope.run("a", _ -> fail("first"));
                        awaitDeaf(scope.pleaseStop());
                        Thread.interrupted();
                        first.join();
                      }))
              .satisfies(thrown -> {
                assertThat(thrown.getCause()).hasMessage("first");
                assertThat(thrown.getSuppressed()).isEmpty();
              });
          assertThatExceptionOfType(ThreadFailedException.class)
              .isThrownBy(() ->
                  Scope.run(
                      "s",
                      scope -> {
                        var second =
                            scope.run(
                                "b",
                                stop -> {
                                  awaitDeaf(stop);
                                  fail("second");
                                });
                        scope.run("a", _ -> fail("first"));
                        awaitDeaf(scope.pleaseStop());
                        Thread.interrupted();
                        second.join();
                      }))
              .satisfies(thrown -> {
                assertThat(thrown.getCause()).hasMessage("first");
                assertThat(thrown.getSuppressed())
                    .singleElement()
                    .satisfies(other -> assertThat(other).hasRootCauseMessage("second"));
              });
        });
  }

  private static void fail(String message) throws IOException {
    throw new IOException(message);
  }

  /** H7: threads can read what the scope that they belonged to has come to. */
  @Test
  void parent_ofAThreadInAScope_hasTheOutcomeOfTheScope() throws Exception {
    var scopes = new ArrayList<ManagedThread<?>>();
    Scope.Block<InterruptedException> remember =
        scope ->
            scopes.add(scope.call("c", _ -> ManagedThread.current().parent().orElseThrow()).join());
    onOwner(
        Kind.VIRTUAL,
        (_, _) -> {
          int value =
              Scope.call(
                  "s",
                  scope -> {
                    remember.run(scope);
                    return 42;
                  });
          assertThat(value).isEqualTo(42);
          var failure = new IOException("disk");
          assertThatExceptionOfType(IOException.class)
              .isThrownBy(() ->
                  Scope.run(
                      "s",
                      scope -> {
                        remember.run(scope);
                        throw failure;
                      }))
              .isSameAs(failure);
          var stopped =
              ManagedThread.run(
                  "stopped",
                  told ->
                      Scope.run(
                          "s",
                          scope -> {
                            remember.run(scope);
                            told.await();
                            throw new InterruptedException("leaves");
                          }));
          stopped.stop("enough");
          assertThat(stopped.awaitOutcome()).isInstanceOf(Outcome.Stopped.class);
          assertThat(scopes.get(0).outcome().orElseThrow()).isEqualTo(new Outcome.Returned<>(42));
          assertThat(scopes.get(1).outcome().orElseThrow())
              .isEqualTo(new Outcome.Failed<>(failure));
          assertThat(scopes.get(2).outcome().orElseThrow())
              .isInstanceOfSatisfying(
                  Outcome.Stopped.class,
                  its -> assertThat(its.reason().message()).isEqualTo("enough"));
        });
  }

  @Test
  void run_ownerWaitsForItsChildren_theDumpSaysSo() throws Exception {
    onOwner(
        Kind.VIRTUAL,
        (time, _) -> {
          var watcher =
              ManagedThread.call(
                  "watcher",
                  _ -> {
                    pause(1);
                    time.awaitOthersBlocked();
                    return tree.dump();
                  });
          Scope.run("s", scope -> scope.run("c", _ -> pause(2)));
          assertThat(watcher.join()).contains("the children of scope \"" + path("owner/s") + "\"");
        });
  }

  @Test
  void deadlineAndOthers_inAnyOrder_allHold() throws Exception {
    onOwner(
        Kind.VIRTUAL,
        (time, _) -> {
          var policy = StopPolicy.standard().withAsk(seconds(0.5));
          Scope.named("s")
              .deadline(seconds(9))
              .isolated()
              .stopPolicy(policy)
              .run(scope -> {
                var broken = scope.run("broken", _ -> fail("alone"));
                broken.awaitOutcome();
                assertThat(scope.pleaseStop().isSignalled()).as("isolated").isFalse();
                assertThat(scope.node.policy().ask()).isEqualTo(seconds(0.5));
              });
          assertThatExceptionOfType(TimeoutException.class)
              .isThrownBy(() ->
                  Scope.named("s")
                      .deadline(seconds(1))
                      .isolated()
                      .stopPolicy(policy)
                      .run(_ -> pause(2)));
          assertThat(time.elapsed()).isEqualTo(seconds(1));
        });
  }

  @Test
  void joinAll_oneIsAbove_isAnError() throws Exception {
    onOwner(
        Kind.VIRTUAL,
        (_, _) ->
            assertThatIllegalStateException()
                .isThrownBy(() -> Scope.joinAll(List.of(ManagedThread.current())))
                .withMessageContaining("never end"));
  }

  @Test
  void toString_open_isThePath() throws Exception {
    onOwner(
        Kind.VIRTUAL,
        (_, _) ->
            Scope.run(
                "s",
                scope -> assertThat(scope).hasToString(path("owner/s")).hasToString(scope.path())));
  }

  @Test
  void joinAll_inAChildOfTheScope_isAnError() throws Exception {
    onOwner(
        Kind.VIRTUAL,
        (_, _) ->
            Scope.run(
                "s",
                scope ->
                    scope
                        .run(
                            "c",
                            _ ->
                                assertThatIllegalStateException()
                                    .isThrownBy(scope::joinAll)
                                    .withMessageContaining("would never end"))
                        .join()));
  }

  @Test
  void joinAll_ofThreads_givesTheResultsInOrderOrAllFailures() throws Exception {
    onOwner(
        Kind.VIRTUAL,
        (time, _) -> {
          var slow =
              ManagedThread.call(
                  "slow",
                  _ -> {
                    pause(1);
                    return 1;
                  });
          var quick = ManagedThread.call("quick", _ -> 2);
          List<Integer> results = Scope.joinAll(List.of(slow, quick));
          assertThat(results).containsExactly(1, 2);
          List<ManagedThread<?>> broken = new ArrayList<>();
          for (int i = 0; i < 2; i++) {
            int number = i;
            broken.add(
                ManagedThread.run(
                    "x",
                    _ -> {
                      pause(1);
                      throw new IOException("x" + number);
                    }));
          }
          assertThatExceptionOfType(ThreadFailedException.class)
              .isThrownBy(() -> Scope.joinAll(broken))
              .satisfies(thrown -> {
                assertThat(thrown.getCause()).hasMessage("x0");
                assertThat(thrown.getSuppressed()).hasSize(1);
              });
          assertThat(ManagedThread.current().childFailures()).as("claimed").isEmpty();
          assertThat(time.elapsed()).isEqualTo(seconds(2));
        });
  }

  // ---- deadlines

  @ParameterizedTest
  @EnumSource
  void deadline_passes_stopsBlockAndChildrenExactlyThenH9(Kind kind) throws Exception {
    onOwner(
        kind,
        (time, diary) -> {
          var child = new AtomicReference<ManagedThread<?>>();
          assertThatExceptionOfType(TimeoutException.class)
              .isThrownBy(() ->
                  Scope.named("s")
                      .deadline(seconds(2))
                      .run(scope -> {
                        child.set(Grove.named(kind, "c").parent(scope.node).run(diary.waiter("c")));
                        try {
                          Signal.NEVER.await();
                        } finally {
                          diary.note("block left");
                        }
                      }))
              .withMessageContaining(path("owner/s"))
              .withMessageContaining("PT2S");
          assertThat(diary.lines)
              .containsExactlyInAnyOrder("2000 block left", "2000 c interrupted");
          assertThat(time.elapsed()).isEqualTo(seconds(2));
          assertThat(child.get().stopReason().orElseThrow().kind())
              .isEqualTo(StopReason.Kind.DEADLINE);
        });
  }

  @Test
  void deadline_passesWhileWaiting_stopsTheChildrenAndThrows() throws Exception {
    onOwner(
        Kind.VIRTUAL,
        (time, diary) -> {
          assertThatExceptionOfType(TimeoutException.class)
              .isThrownBy(() ->
                  Scope.named("s")
                      .isolated()
                      .deadline(seconds(2))
                      .run(scope ->
                          scope.run(
                              "c",
                              _ -> {
                                try {
                                  pause(60);
                                } catch (InterruptedException e) {
                                  throw new IOException("while cleaning up", e);
                                }
                              })))
              .satisfies(thrown ->
                  assertThat(thrown.getSuppressed())
                      .extracting(Throwable::getMessage)
                      .containsExactly("while cleaning up"));
          assertThat(time.elapsed()).isEqualTo(seconds(2));
        });
  }

  @Test
  void deadline_notReached_doesNothingLater() throws Exception {
    onOwner(
        Kind.VIRTUAL,
        (time, _) -> {
          int one =
              Scope.named("s").deadline(seconds(2)).call(scope -> scope.call("c", _ -> 1).join());
          assertThat(one).isEqualTo(1);
          pause(5);
          assertThat(time.elapsed()).isEqualTo(seconds(5));
        });
  }

  @Test
  void deadline_notPositive_doesNotRunTheBlock() throws Exception {
    onOwner(
        Kind.VIRTUAL,
        (_, _) -> {
          for (Duration none : List.of(Duration.ZERO, seconds(-1))) {
            assertThatExceptionOfType(TimeoutException.class)
                .isThrownBy(() ->
                    Scope.named("s")
                        .deadline(none)
                        .run(_ -> {
                          throw new AssertionError("run");
                        }));
          }
        });
  }

  @ParameterizedTest
  @EnumSource
  void deadline_reachesNestedScopesH9(Kind kind) throws Exception {
    onOwner(
        kind,
        (time, diary) -> {
          assertThatExceptionOfType(TimeoutException.class)
              .isThrownBy(() ->
                  Scope.named("outer")
                      .deadline(seconds(2))
                      .run(_ -> {
                        try {
                          Scope.run(
                              "inner",
                              inner -> {
                                inner.run("c", diary.waiter("c"));
                                Signal.NEVER.await();
                              });
                        } finally {
                          diary.note("inner left");
                        }
                      }))
              .withMessageContaining(path("owner/outer"));
          assertThat(diary.lines)
              .containsExactlyInAnyOrder("2000 c interrupted", "2000 inner left");
          assertThat(time.elapsed()).isEqualTo(seconds(2));
        });
  }

  @Test
  void deadline_ofTheNestedScope_leavesTheOuterOneAlone() throws Exception {
    onOwner(
        Kind.VIRTUAL,
        (time, diary) -> {
          Scope.run(
              "outer",
              outer -> {
                outer.run("c", _ -> pause(5));
                assertThatExceptionOfType(TimeoutException.class)
                    .isThrownBy(
                        () -> Scope.named("inner").deadline(seconds(1)).run(_ -> pause(60)));
                pause(1);
                diary.note("outer goes on");
              });
          assertThat(diary.lines).containsExactly("2000 outer goes on");
          assertThat(time.elapsed()).isEqualTo(seconds(5));
        });
  }

  @Test
  void deadline_ofTheOuterScopeWhileTheInnerOneIsBeingLeft_interruptsTheOuterBlockToo()
      throws Exception {
    onOwner(
        Kind.VIRTUAL,
        (time, diary) -> {
          assertThatExceptionOfType(TimeoutException.class)
              .isThrownBy(() ->
                  Scope.named("outer")
                      .deadline(seconds(2))
                      .run(_ -> {
                        try {
                          Scope.run("inner", inner -> failsAndIsLeftLate(inner));
                        } catch (ThreadFailedException e) {
                          diary.note("inner has failed");
                        }
                        pause(60); // the interrupt of the deadline came while the inner was left
                      }));
          assertThat(diary.lines).containsExactly("2100 inner has failed");
          assertThat(time.elapsed()).isEqualTo(seconds(2.1));
        });
    log.takeStopReports();
  }

  /** A child fails after one second, and the block goes on until after two. */
  private static void failsAndIsLeftLate(OpenScope scope) {
    scope.run(
        "c",
        _ -> {
          pause(1);
          throw new IOException("disk");
        });
    boolean late = false;
    double left = 60;
    while (!late) {
      try {
        pause(left);
        late = true;
      } catch (InterruptedException e) {
        left = left == 60 ? 1.05 : 0.1; // of the failure, then of the deadline
      }
    }
  }

  // ---- interrupts and stops from outside

  @ParameterizedTest
  @EnumSource
  void run_ownerInterruptedWhileWaiting_stopsTheChildrenAndThrows(Kind kind) throws Exception {
    onOwner(
        kind,
        (time, diary) -> {
          Thread me = Thread.currentThread();
          ManagedThread.run(
              "nuisance",
              _ -> {
                pause(1);
                time.interrupt(me);
              });
          assertThatExceptionOfType(InterruptedException.class)
              .isThrownBy(() -> Scope.run("s", scope -> scope.run("c", diary.waiter("c"))));
          assertThat(diary.lines).containsExactly("1000 c interrupted");
          assertThat(time.elapsed()).isEqualTo(seconds(1));
        });
  }

  @Test
  void run_blockLeftByAnInterrupt_stopsTheChildrenAndThrowsIt() throws Exception {
    onOwner(
        Kind.VIRTUAL,
        (_, diary) -> {
          assertThatExceptionOfType(InterruptedException.class)
              .isThrownBy(() ->
                  Scope.run(
                      "s",
                      scope -> {
                        scope.run("c", diary.waiter("c"));
                        Thread.currentThread().interrupt();
                        Signal.NEVER.await();
                      }));
          assertThat(diary.lines).containsExactly("0 c interrupted");
        });
  }

  @ParameterizedTest
  @EnumSource
  void stop_ofTheOwner_tellsTheChildrenFirstAndIsAnOrdinaryStopH3(Kind kind) throws Exception {
    Queue<String> told = new ConcurrentLinkedQueue<>();
    var owner =
        Grove.named(kind, "owner")
            .call(stop -> {
              StopOrderTest.hear(stop, () -> told.add("owner"));
              return Scope.call(
                  "s",
                  scope -> {
                    StopOrderTest.hear(scope.pleaseStop(), () -> told.add("scope"));
                    scope.run(
                        "c",
                        pleaseStop -> {
                          StopOrderTest.hear(pleaseStop, () -> told.add("child"));
                          pleaseStop.await();
                          pause(4); // has its five seconds
                        });
                    stop.await();
                    return "result";
                  });
            });
    pause(1);
    owner.stop();
    assertThat(owner.join()).isEqualTo("result");
    assertThat(told).containsExactly("child", "scope", "owner");
    assertThat(clock.elapsed()).isEqualTo(seconds(5));
    log.takeStopReports();
  }

  @Test
  void stop_ofTheOwnerThatDoesNotLook_isInterruptedByItsOwnPolicyH5() throws Exception {
    var diary = new Diary(clock);
    var owner =
        ManagedThread.run(
            "owner",
            _ ->
                Scope.run(
                    "s",
                    scope -> {
                      scope.run("c", diary.waiter("c"));
                      Signal.NEVER.await();
                    }));
    owner.stop();
    assertThat(owner.awaitOutcome()).isStopped();
    assertThat(clock.elapsed()).isEqualTo(seconds(5));
    assertThat(diary.lines).containsExactly("5000 c interrupted");
    log.takeStopReports();
  }

  @Test
  void stop_ofTheScope_asksTheChildrenOnly() throws Exception {
    onOwner(
        Kind.VIRTUAL,
        (time, diary) -> {
          Scope.run(
              "s",
              scope -> {
                scope.run(
                    "c",
                    stop -> {
                      stop.await();
                      pause(2);
                      diary.note("c ends");
                    });
                scope.stop("enough");
                assertThat(scope.pleaseStop().await(seconds(1))).isTrue();
                diary.note("block goes on");
              });
          assertThat(diary.lines).containsExactly("0 block goes on", "2000 c ends");
          assertThat(time.elapsed()).isEqualTo(seconds(2));
        });
    log.takeStopReports();
  }

  @Test
  void run_childIgnoresItsStop_isAbandonedAndTheScopeEndsH5() throws Exception {
    onOwner(
        Kind.VIRTUAL,
        (time, _) -> {
          var release = Signal.create("release");
          assertThatThrownBy(() ->
                  Scope.run(
                      "s",
                      scope -> {
                        scope.run(
                            "deaf",
                            _ -> {
                              while (!release.isSignalled()) {
                                try {
                                  release.await();
                                } catch (InterruptedException e) {
                                  // deaf
                                }
                              }
                            });
                        pause(1);
                        throw new IOException("disk");
                      }))
              .isInstanceOf(IOException.class);
          assertThat(time.elapsed()).isBetween(seconds(3), seconds(3.5));
          release.go();
        });
    clock.awaitOthersBlocked();
    log.takeStopReports();
  }

  @Test
  void run_blockGoesOnAfterItsScopeWasStopped_isNotGivenUp() throws Exception {
    onOwner(
        Kind.VIRTUAL,
        (time, _) -> {
          assertThatExceptionOfType(TimeoutException.class)
              .isThrownBy(() ->
                  Scope.named("s")
                      .deadline(seconds(1))
                      .run(_ -> {
                        try {
                          Signal.NEVER.await();
                        } catch (InterruptedException e) {
                          pause(30);
                        }
                      }));
          assertThat(time.elapsed()).isEqualTo(seconds(31));
          assertThat(ManagedThread.current().tree().abandonedCount()).isZero();
        });
    log.takeStopReports();
  }

  /** Who drives the stop of the owner looks once a second, which may be too late for it. */
  @Test
  void run_ownerIsBeingStopped_isGivenUpInItsTimeH5() throws Exception {
    SlowSink<String> deaf = SlowSink.deaf();
    StopPolicy policy = StopPolicy.standard().withAsk(seconds(0.1)).withInterrupt(seconds(0.1));
    var owner =
        ManagedThread.run(
            "owner",
            stop -> {
              stop.await();
              pause(0.3);
              Scope.named("s").stopPolicy(policy).run(_ -> deaf.accept("the owner"));
            });
    owner.stop();
    pause(0.6);
    assertThat(tree.abandonedCount()).isEqualTo(1);
    deaf.letGo();
    owner.awaitOutcome();
    log.takeStopReports();
  }

  @Test
  void stop_ownerInABlockIsDeaf_isAbandonedWithItsScopeH5() throws Exception {
    SlowSink<String> deaf = SlowSink.deaf();
    var owner =
        ManagedThread.run(
            "owner",
            _ ->
                Scope.run(
                    "s",
                    scope -> {
                      scope.run("c", stop -> stop.await());
                      deaf.accept("the owner");
                    }));
    owner.stop();
    assertThat(owner.awaitOutcome()).isAbandoned();
    assertThat(clock.elapsed()).isBetween(seconds(7), seconds(8.5));
    deaf.letGo();
    clock.awaitOthersBlocked();
    assertThat(tree.abandonedAlive()).isEmpty();
    log.takeStopReports();
  }

  @Test
  void stopPolicy_neverInterrupts_holdsForTheBlockToo() throws Exception {
    onOwner(
        Kind.VIRTUAL,
        (time, _) -> {
          var policy = StopPolicy.standard().neverInterrupt();
          assertThatExceptionOfType(ThreadFailedException.class)
              .isThrownBy(() ->
                  Scope.named("s")
                      .stopPolicy(policy)
                      .run(scope -> {
                        scope.run(
                            "c",
                            _ -> {
                              throw new IOException("disk");
                            });
                        scope.run("d", stop -> stop.await());
                        scope.pleaseStop().await();
                        pause(2);
                      }));
          assertThat(time.elapsed()).isEqualTo(seconds(2));
        });
    log.takeStopReports();
  }

  @Test
  void run_ofAScopeThatThrows_isNoFailureOfTheOwnerIfCaught() throws Exception {
    onOwner(
        Kind.VIRTUAL,
        (_, _) -> {
          assertThatThrownBy(() ->
                  Scope.run(
                      "s",
                      scope ->
                          scope.run(
                              "c",
                              _ -> {
                                throw new IOException("disk");
                              })))
              .isInstanceOf(ThreadFailedException.class);
          assertThat(ManagedThread.current().childFailures()).isEmpty();
        });
  }

  // ---- race

  @ParameterizedTest
  @EnumSource
  void race_severalCalls_firstResultWinsAndLosersAreInterruptedH9(Kind kind) throws Exception {
    onOwner(
        kind,
        (time, diary) -> {
          String result =
              Scope.race(
                  "r",
                  _ -> {
                    diary.waiter("loser").run(Signal.NEVER);
                    return "loser";
                  },
                  _ -> {
                    pause(2);
                    return "second";
                  },
                  _ -> {
                    pause(1);
                    return "first";
                  });
          assertThat(result).isEqualTo("first");
          assertThat(time.elapsed()).isEqualTo(seconds(1));
          assertThat(diary.lines).containsExactly("1000 loser interrupted");
          pause(1);
        });
  }

  @Test
  void race_resultNull_isAResult() throws Exception {
    onOwner(
        Kind.VIRTUAL,
        (_, _) -> {
          Object result =
              Scope.race(
                  "r",
                  _ -> null,
                  _ -> {
                    pause(1);
                    return "late";
                  });
          assertThat(result).isNull();
        });
  }

  @Test
  void race_oneFailsBeforeTheResult_theFailureIsInTheLogOnly() throws Exception {
    onOwner(
        Kind.VIRTUAL,
        (_, _) -> {
          int result =
              Scope.race(
                  "r",
                  _ -> {
                    throw new IOException("disk");
                  },
                  _ -> {
                    pause(1);
                    return 1;
                  });
          assertThat(result).isEqualTo(1);
        });
    log.take(Level.INFO, "disk");
  }

  @Test
  void race_allFail_throwsWithAllFailuresH9() throws Exception {
    onOwner(
        Kind.VIRTUAL,
        (time, _) -> {
          assertThatExceptionOfType(ThreadFailedException.class)
              .isThrownBy(() ->
                  Scope.<Integer>race(
                      "r",
                      _ -> {
                        pause(1);
                        throw new IOException("a");
                      },
                      _ -> {
                        throw new IOException("b");
                      }))
              .satisfies(thrown -> {
                assertThat(thrown.getCause()).hasMessage("a");
                assertThat(thrown.getSuppressed())
                    .extracting(Throwable::getMessage)
                    .containsExactly("b");
              });
          assertThat(time.elapsed()).isEqualTo(seconds(1));
        });
  }

  @Test
  void race_timeOver_stopsAllAndThrowsH9() throws Exception {
    onOwner(
        Kind.VIRTUAL,
        (time, diary) -> {
          assertThatExceptionOfType(TimeoutException.class)
              .isThrownBy(() ->
                  Scope.<Integer>race(
                      "r",
                      seconds(2),
                      _ -> {
                        diary.waiter("a").run(Signal.NEVER);
                        return 1;
                      }));
          assertThat(diary.lines).containsExactly("2000 a interrupted");
          assertThat(time.elapsed()).isEqualTo(seconds(2));
        });
  }

  @Test
  void race_inTime_returns() throws Exception {
    onOwner(
        Kind.VIRTUAL,
        (_, _) -> {
          int one = Scope.race("r", seconds(2), _ -> 1);
          assertThat(one).isEqualTo(1);
        });
  }

  /** H7: who watches the calls sees what the first of them has returned. */
  @Test
  void race_decided_theWinnersOutcomeIsItsResult() throws Exception {
    var winner = new AtomicReference<ManagedThread<?>>();
    onOwner(
        Kind.VIRTUAL,
        (_, _) ->
            Scope.race(
                "r",
                _ -> {
                  winner.set(ManagedThread.current());
                  return "first";
                }));
    assertThat(winner.get().outcome().orElseThrow()).isEqualTo(new Outcome.Returned<>("first"));
  }

  @Test
  void race_aCallIsNull_startsNone() throws Exception {
    var started = new AtomicBoolean();
    onOwner(
        Kind.VIRTUAL,
        (_, _) -> {
          assertThatNullPointerException()
              .isThrownBy(() ->
                  Scope.<@Nullable Object>race(
                      "r",
                      _ -> {
                        started.set(true);
                        return null;
                      },
                      null));
          assertThat(tree.failures()).isEmpty();
        });
    assertThat(started).isFalse();
  }

  @Test
  void race_noCalls_isAnError() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Scope.<Integer>race("r"))
        .withMessageContaining("at least one");
  }

  @Test
  void race_allStoppedBeforeAResult_throwsStopped() throws Exception {
    var owner =
        ManagedThread.run(
            "owner",
            _ ->
                Scope.<Integer>race(
                    "r",
                    told -> {
                      told.await();
                      throw new InterruptedException("leaves");
                    }));
    owner.stop();
    assertThat(owner.awaitOutcome())
        .isInstanceOfSatisfying(
            Outcome.Failed.class,
            failed -> assertThat(failed.failure()).isInstanceOf(ThreadStoppedException.class));
  }

  @Test
  void race_ownerInterrupted_stopsTheCallsAndThrows() throws Exception {
    onOwner(
        Kind.VIRTUAL,
        (_, diary) -> {
          Thread.currentThread().interrupt();
          assertThatExceptionOfType(InterruptedException.class)
              .isThrownBy(() ->
                  Scope.<Integer>race(
                      "r",
                      _ -> {
                        diary.waiter("a").run(Signal.NEVER);
                        return 1;
                      }));
          assertThat(diary.lines).containsExactly("0 a interrupted");
        });
  }
}
