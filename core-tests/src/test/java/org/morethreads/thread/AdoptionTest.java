package org.morethreads.thread;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.morethreads.fixture.Kind;
import org.morethreads.internal.Surroundings;
import org.morethreads.internal.Time;
import org.morethreads.sync.OpenSignal;
import org.morethreads.sync.Signal;
import org.morethreads.sync.Till;
import org.morethreads.testing.VirtualClock;

/**
 * H10: threads of others that take part in a tree. That they go into the main tree when they have
 * opened none is shown in {@code shutdown}, with the end of a program that has some.
 */
@Timeout(20)
class AdoptionTest {
  private static final StopPolicy PATIENT =
      StopPolicy.standard().withAsk(Duration.ofHours(1)).withTotal(Duration.ofHours(2));

  @RegisterExtension final Grove grove = new Grove();

  /** What an alien thread does, with a tree that it has opened. */
  @FunctionalInterface
  private interface Alien<T> {
    T run(ThreadTree tree) throws Exception;
  }

  /** Runs something on a thread that was not started by the library, in a tree of its own. */
  private final class Guest<T> {
    final ThreadTree tree;
    final Kind.Running<T> running;

    Guest(Kind kind, StopPolicy policy, Time time, Alien<T> alien) throws Exception {
      var opened = new AtomicReference<ThreadTree>();
      OpenSignal isOpen = Signal.create("is open");
      this.running =
          kind.call(() -> {
            opened.set(grove.open(policy, time));
            isOpen.go();
            return alien.run(opened.get());
          });
      isOpen.await();
      this.tree = opened.get();
    }

    Guest(Kind kind, Alien<T> alien) throws Exception {
      this(kind, PATIENT, Time.real(), alien);
    }

    /** What it returned; the tree is closed after it. */
    T end() throws Exception {
      try (tree) {
        return running.get();
      } catch (ExecutionException e) {
        throw e.getCause() instanceof Exception cause ? cause : e;
      }
    }
  }

  // ---- who it is

  @ParameterizedTest
  @EnumSource
  void adopt_alienThread_takesItsNameAndAPlaceInTheTreeItHasOpened(Kind kind) throws Exception {
    new Guest<>(
            kind,
            tree -> {
              Thread.currentThread().setName("http-7");
              assertThat(ManagedThread.currentOrNull()).isNull();
              try (var adoption = ManagedThread.adopt()) {
                var thread = adoption.thread();
                assertThat(ManagedThread.current()).isSameAs(thread);
                assertThat(thread.name()).isEqualTo("http-7");
                assertThat(thread.path()).isEqualTo("t/http-7");
                assertThat(thread.tree()).isSameAs(tree);
                assertThat(thread.parent()).isEmpty();
                assertThat(thread.thread()).contains(Thread.currentThread());
                assertThat(tree.children()).isEqualTo(java.util.List.of(thread));
                assertThat(adoption.pleaseStop()).isSameAs(thread.pleaseStop());
                assertThat(thread.pleaseStop().isSignalled()).isFalse();
                assertThat(thread.outcome()).isEmpty();
              }
              return null;
            })
        .end();
  }

  @ParameterizedTest
  @EnumSource
  void adopt_nameWithSlashes_replacesThem(Kind kind) throws Exception {
    new Guest<>(
            kind,
            _ -> {
              Thread.currentThread().setName("GET /a/b");
              ManagedThread.adopt(
                  () -> assertThat(ManagedThread.current().path()).isEqualTo("t/GET |a|b"));
              assertThat(Thread.currentThread().getName()).isEqualTo("GET /a/b");
              return null;
            })
        .end();
  }

  @ParameterizedTest
  @EnumSource
  void adopt_noName_isNamedByItsNumber(Kind kind) throws Exception {
    new Guest<>(
            kind,
            _ -> {
              Thread.currentThread().setName("");
              ManagedThread.adopt(() ->
                  assertThat(ManagedThread.current().name())
                      .isEqualTo("thread-" + Thread.currentThread().threadId()));
              return null;
            })
        .end();
  }

  /** H1: the tree that it has opened last, of those that are open. */
  @ParameterizedTest
  @EnumSource
  void adopt_innerTreeClosed_goesIntoTheOuter(Kind kind) throws Exception {
    new Guest<>(
            kind,
            tree -> {
              var inner = grove.open("inner");
              ManagedThread.adopt(() -> assertThat(ManagedThread.current().tree()).isSameAs(inner));
              inner.close();
              ManagedThread.adopt(() -> assertThat(ManagedThread.current().tree()).isSameAs(tree));
              return null;
            })
        .end();
  }

  @ParameterizedTest
  @EnumSource
  void adopt_treeHasStopped_throwsAndTheThreadStaysAlien(Kind kind) throws Exception {
    new Guest<>(
            kind,
            tree -> {
              tree.stop();
              tree.stopped().await();
              assertThatIllegalStateException()
                  .isThrownBy(ManagedThread::adopt)
                  .withMessageContaining("\"t\" has stopped");
              assertThat(ManagedThread.currentOrNull()).isNull();
              assertThat(Surroundings.current()).isSameAs(Surroundings.unmanaged());
              return null;
            })
        .end();
  }

  @ParameterizedTest
  @EnumSource
  void adopt_treeIsStopping_isBornTold(Kind kind) throws Exception {
    var release = Signal.create("release");
    new Guest<>(
            kind,
            tree -> {
              tree.run("x", _ -> release.await());
              tree.stop("enough");
              try (var adoption = ManagedThread.adopt()) {
                assertThat(adoption.pleaseStop().isSignalled()).isTrue();
                assertThat(adoption.thread().stopReason().orElseThrow().message())
                    .isEqualTo("enough");
              }
              release.go();
              return null;
            })
        .end();
  }

  /** Who drives the stop already looks once a second, which may be too late for one that is new. */
  @Test
  void adopt_treeIsStopping_isInterruptedInTime() throws Exception {
    var policy =
        StopPolicy.standard()
            .withAsk(Duration.ofMillis(100))
            .withInterrupt(Duration.ofSeconds(5))
            .withTotal(Duration.ofHours(1));
    grove.onVirtualTime(
        policy,
        (tree, time) -> {
          var release = Signal.create("release");
          tree.run("x", _ -> StopOrderTest.awaitDeaf(release));
          tree.stop();
          Signal.NEVER.await(Duration.ofMillis(150));
          try (Adoption _ = ManagedThread.adoptInterruptibly()) {
            assertThatExceptionOfType(InterruptedException.class).isThrownBy(release::await);
            assertThat(time.elapsed()).isEqualTo(Duration.ofMillis(250));
          }
          release.go();
        });
  }

  // ---- leaving

  /** On virtual time an alien thread is a guest of the clock, and stays it. */
  @Test
  void close_guestOfAClock_isThatGuestAgain() throws Exception {
    grove.onVirtualTime((_, _) -> {
      Surroundings guest = Surroundings.current();
      assertThat(guest).isNotSameAs(Surroundings.unmanaged());
      ManagedThread.adopt(() -> assertThat(Surroundings.current()).isNotSameAs(guest));
      assertThat(Surroundings.current()).isSameAs(guest);
    });
  }

  @ParameterizedTest
  @EnumSource
  void close_left_isAlienAgainAndHasReturned(Kind kind) throws Exception {
    new Guest<>(
            kind,
            tree -> {
              Adoption adoption = ManagedThread.adopt();
              var thread = adoption.thread();
              adoption.close();
              assertThat(ManagedThread.currentOrNull()).isNull();
              assertThat(Surroundings.current()).isSameAs(Surroundings.unmanaged());
              assertThat(thread.stopped().isSignalled()).isTrue();
              assertThat(thread.outcome()).contains(new Outcome.Returned<>(null));
              assertThat(tree.children()).isEmpty();
              return null;
            })
        .end();
  }

  @ParameterizedTest
  @EnumSource
  void close_interruptedByOthers_keepsTheStatus(Kind kind) throws Exception {
    new Guest<>(
            kind,
            _ -> {
              ManagedThread.adopt(Thread.currentThread()::interrupt);
              assertThat(Thread.interrupted()).isTrue();
              return null;
            })
        .end();
  }

  /** H2: the end of the adoption is the end of a task. */
  @ParameterizedTest
  @EnumSource
  void close_childrenStillRun_areToldAndAwaited(Kind kind) throws Exception {
    var release = Signal.create("release");
    var child = new AtomicReference<ManagedThread<?>>();
    var started = Signal.create("started");
    var guest =
        new Guest<>(
            kind,
            _ -> {
              ManagedThread.adopt(() -> {
                child.set(Grove.named(kind, "child").run(_ -> release.await()));
                started.go();
              });
              return child.get().stopped().isSignalled();
            });
    started.await();
    child.get().pleaseStop().await();
    assertThat(child.get().parent().orElseThrow().tree()).isSameAs(guest.tree);
    assertThat(child.get().stopReason().orElseThrow().kind())
        .isEqualTo(StopReason.Kind.PARENT_ENDED);
    guest.running.awaitBlocked();
    assertThat(guest.running.isDone()).isFalse();
    release.go();
    assertThat(guest.end()).isTrue();
  }

  @ParameterizedTest
  @EnumSource
  void close_interruptedWhileChildrenAreAwaited_waitsAndKeepsTheStatus(Kind kind) throws Exception {
    var release = Signal.create("release");
    var child = new AtomicReference<ManagedThread<?>>();
    var started = Signal.create("started");
    var guest =
        new Guest<>(
            kind,
            _ -> {
              ManagedThread.adopt(() -> {
                child.set(Grove.named(kind, "child").run(_ -> release.await()));
                started.go();
              });
              return child.get().stopped().isSignalled() && Thread.interrupted();
            });
    started.await();
    child.get().pleaseStop().await();
    guest.running.interruptWhenBlocked();
    Grove.eventually(() -> !guest.running.thread().isInterrupted());
    guest.running.awaitBlocked();
    release.go();
    assertThat(guest.end()).isTrue();
  }

  @ParameterizedTest
  @EnumSource
  void close_byAnotherThread_throwsAndChangesNothing(Kind kind) throws Exception {
    new Guest<>(
            kind,
            _ -> {
              try (Adoption adoption = ManagedThread.adopt()) {
                var other =
                    kind.call(() -> {
                      assertThatExceptionOfType(WrongThreadException.class)
                          .isThrownBy(() -> leave(adoption))
                          .withMessageContaining("Only the adopted thread itself")
                          .withMessageContaining(adoption.thread().path());
                      return null;
                    });
                other.get();
                assertThat(ManagedThread.current()).isSameAs(adoption.thread());
                assertThat(adoption.thread().outcome()).isEmpty();
              }
              return null;
            })
        .end();
  }

  /** Closes what the block around it will close again. */
  private static void leave(Adoption adoption) {
    adoption.close();
  }

  @ParameterizedTest
  @EnumSource
  void close_twice_doesNothing(Kind kind) throws Exception {
    new Guest<>(
            kind,
            _ -> {
              Adoption first = ManagedThread.adopt();
              first.close();
              try (Adoption second = ManagedThread.adopt()) {
                first.close();
                assertThat(ManagedThread.current()).isSameAs(second.thread());
                assertThat(second.thread().outcome()).isEmpty();
              }
              return null;
            })
        .end();
  }

  @ParameterizedTest
  @EnumSource
  void adopt_again_isANewPlace(Kind kind) throws Exception {
    new Guest<>(
            kind,
            _ -> {
              var seen = new AtomicReference<ManagedThread<?>>();
              ManagedThread.adopt(() -> seen.set(ManagedThread.current()));
              ManagedThread.adopt(() -> {
                assertThat(ManagedThread.current()).isNotSameAs(seen.get());
                assertThat(ManagedThread.current().path()).isEqualTo(seen.get().path());
              });
              return null;
            })
        .end();
  }

  // ---- where there is a place already

  @ParameterizedTest
  @EnumSource
  void adopt_managedThread_keepsItsPlaceAndClosingDoesNothing(Kind kind) throws Exception {
    try (var _ = grove.open("t")) {
      var thread =
          Grove.named(kind, "x")
              .run(stop -> {
                var self = ManagedThread.current();
                try (var adoption = ManagedThread.adopt()) {
                  assertThat(adoption.thread()).isSameAs(self);
                  assertThat(adoption.pleaseStop()).isSameAs(stop);
                }
                assertThat(ManagedThread.current()).isSameAs(self);
                assertThat(self.outcome()).isEmpty();
                ManagedThread.run("child", _ -> {}).join(); // it can still have some
              });
      thread.join();
    }
  }

  @ParameterizedTest
  @EnumSource
  void adopt_adoptedThread_keepsItsPlaceUntilTheOuterIsClosed(Kind kind) throws Exception {
    new Guest<>(
            kind,
            _ -> {
              try (Adoption outer = ManagedThread.adopt()) {
                try (Adoption inner = ManagedThread.adoptInterruptibly()) {
                  assertThat(inner.thread()).isSameAs(outer.thread());
                }
                assertThat(ManagedThread.current()).isSameAs(outer.thread());
                assertThat(outer.thread().outcome()).isEmpty();
              }
              assertThat(ManagedThread.currentOrNull()).isNull();
              return null;
            })
        .end();
  }

  // ---- adopt(Runnable)

  /** The failure is the caller's, who gets it as it is, and nobody else's. */
  @ParameterizedTest
  @EnumSource
  void adopt_actionThrows_throwsTheSameAndLeaves(Kind kind) throws Exception {
    var failure = new IllegalStateException("planted");
    var guest =
        new Guest<>(
            kind,
            tree -> {
              var seen = new AtomicReference<ManagedThread<?>>();
              assertThatIllegalStateException()
                  .isThrownBy(() ->
                      ManagedThread.adopt(() -> {
                        seen.set(ManagedThread.current());
                        ManagedThread.run("child", Signal::await);
                        throw failure;
                      }))
                  .isSameAs(failure);
              assertThat(ManagedThread.currentOrNull()).isNull();
              assertThat(tree.children()).isEmpty();
              return seen.get().outcome().orElseThrow();
            });
    assertThat(guest.end()).isEqualTo(new Outcome.Returned<>(null));
    assertThat(guest.tree.failures()).isEmpty();
  }

  // ---- the stop

  @ParameterizedTest
  @EnumSource
  void stop_treeClosed_asksAndWaitsUntilItHasLeft(Kind kind) throws Exception {
    var adopted = Signal.create("adopted");
    var release = Signal.create("release");
    var guest =
        new Guest<>(
            kind,
            _ -> {
              try (Adoption adoption = ManagedThread.adopt()) {
                adopted.go();
                adoption.pleaseStop().await();
                release.await();
              }
              return Thread.interrupted();
            });
    adopted.await();
    var closer =
        kind.call(() -> {
          guest.tree.close();
          return null;
        });
    guest.tree.pleaseStop().await();
    closer.awaitBlocked();
    assertThat(guest.tree.stopped().isSignalled()).isFalse();
    release.go();
    closer.get();
    assertThat(guest.end()).as("interrupted").isFalse();
    assertThat(guest.tree.abandonedCount()).isZero();
  }

  /** Deaf to its pleaseStop, until it is interrupted or let go. Answers when it went on. */
  private static Guest<Duration> deaf(
      AdoptionTest test, Kind kind, VirtualClock clock, boolean interruptible, OpenSignal release)
      throws Exception {
    OpenSignal adopted = Signal.create("adopted");
    VirtualClock.Hold hold = clock.hold(); // until the other takes part
    Guest<Duration> guest =
        test
        .new Guest<>(
            kind,
            StopPolicy.standard(),
            Surroundings.current().time(),
            _ -> {
              try (Adoption _ =
                  interruptible ? ManagedThread.adoptInterruptibly() : ManagedThread.adopt()) {
                hold.close();
                adopted.go();
                release.await();
              } catch (InterruptedException e) {
                // the time is what matters
              }
              assertThat(Thread.interrupted()).isFalse();
              return clock.elapsed();
            });
    adopted.await();
    return guest;
  }

  @ParameterizedTest
  @EnumSource
  void stop_agreesToBeInterrupted_isInterruptedAfterTheTimeToAsk(Kind kind) throws Exception {
    VirtualClock.setup()
        .withUnmanagedThread()
        .run(clock -> {
          var guest = deaf(this, kind, clock, /* interruptible= */ true, Signal.create("release"));
          guest.tree.close();
          assertThat(guest.end()).isEqualTo(Duration.ofSeconds(5));
          assertThat(guest.tree.abandonedCount()).isZero();
        });
  }

  @ParameterizedTest
  @EnumSource
  void stop_doesNotLeaveInTime_isNotInterruptedAndAbandoned(Kind kind) throws Exception {
    VirtualClock.setup()
        .withUnmanagedThread()
        .run(clock -> {
          OpenSignal release = Signal.create("release");
          var guest = deaf(this, kind, clock, /* interruptible= */ false, release);
          var thread = guest.tree.children().getFirst();
          guest.tree.close();
          assertThat(clock.elapsed()).isEqualTo(Duration.ofSeconds(7));
          assertThat(thread.outcome().orElseThrow()).isInstanceOf(Outcome.Abandoned.class);
          assertThat(guest.tree.abandonedCount()).isEqualTo(1);
          assertThat(guest.tree.abandonedAlive()).containsExactly(thread.node);
          release.go();
          assertThat(guest.end()).isEqualTo(Duration.ofSeconds(7)); // not ended by an interrupt
          assertThat(guest.tree.abandonedAlive()).isEmpty();
        });
  }

  @ParameterizedTest
  @EnumSource
  void stop_hasEndedWithoutClosing_isGivenUpAndTheLogSaysHow(Kind kind) throws Exception {
    var guest =
        new Guest<>(
            kind,
            _ -> {
              @SuppressWarnings("resource") // that is the mistake
              Adoption left = ManagedThread.adopt();
              return left.thread();
            });
    var thread = guest.running.get();
    guest.running.thread().join();
    assertThat(guest.tree.children()).isEqualTo(java.util.List.of(thread));
    guest.end();
    assertThat(thread.outcome().orElseThrow()).isInstanceOf(Outcome.Abandoned.class);
    assertThat(grove.log(System.Logger.Level.WARNING))
        .singleElement()
        .asString()
        .contains("\"" + thread + "\" has ended without closing its adoption")
        .contains("try (var adoption = ManagedThread.adopt())");
    assertThat(guest.tree.abandonedCount()).isEqualTo(1);
    assertThat(guest.tree.abandonedAlive()).isEmpty();
  }

  /** Given up while it still ran, it will never be heard of again when it ends in silence. */
  @ParameterizedTest
  @EnumSource
  void stop_abandonedAndThenEndsWithoutClosing_isNotListedForEver(Kind kind) throws Exception {
    OpenSignal release = Signal.create("release");
    OpenSignal adopted = Signal.create("adopted");
    var guest =
        new Guest<>(
            kind,
            StopPolicy.standard().withAsk(Duration.ZERO).withInterrupt(Duration.ZERO),
            Time.real(),
            _ -> {
              @SuppressWarnings("resource") // that is the mistake
              Adoption left = ManagedThread.adopt();
              adopted.go();
              release.await();
              return left.thread();
            });
    adopted.await();
    guest.tree.close();
    assertThat(guest.tree.abandonedAlive()).hasSize(1);
    release.go();
    guest.running.get();
    guest.running.thread().join();
    assertThat(guest.tree.abandonedAlive()).isEmpty();
    assertThat(guest.tree.dump()).doesNotContain("still running");
  }

  /** T4: a till belongs to the thread that made it, adopted or not. */
  @ParameterizedTest
  @EnumSource
  void stop_tillMadeInside_isHurried(Kind kind) throws Exception {
    OpenSignal adopted = Signal.create("adopted");
    var guest =
        new Guest<>(
            kind,
            _ -> {
              Till outside = Till.after(Duration.ofHours(1));
              try (Adoption adoption = ManagedThread.adopt()) {
                Till inside = Till.after(Duration.ofHours(1));
                adopted.go();
                inside.await();
                assertThat(adoption.pleaseStop().isSignalled()).isTrue();
                assertThat(inside.isHurried()).isTrue();
                assertThat(Till.after(Duration.ofHours(1)).isSignalled()).isTrue();
                assertThat(outside.isSignalled()).isFalse();
              }
              assertThat(Till.after(Duration.ofHours(1)).isSignalled()).isFalse();
              return null;
            });
    adopted.await();
    guest.tree.stop();
    guest.end();
  }

  /** A handler slot that others have filled makes no difference. */
  @Test
  void adopt_threadWithAHandlerOfItsOwn_keepsIt() throws Exception {
    new Guest<>(
            Kind.PLATFORM,
            _ -> {
              Thread.UncaughtExceptionHandler handler = (_, _) -> {};
              Thread.currentThread().setUncaughtExceptionHandler(handler);
              assertThat(ManagedThread.currentOrNull()).isNull();
              ManagedThread.adopt(
                  () -> assertThat(ManagedThread.current().path()).startsWith("t/"));
              assertThat(ManagedThread.currentOrNull()).isNull();
              assertThat(Thread.currentThread().getUncaughtExceptionHandler()).isSameAs(handler);
              return null;
            })
        .end();
  }

  // ---- interrupts

  /** The stop watch may decide to interrupt a thread that is linked, and not yet here. */
  @ParameterizedTest
  @EnumSource
  void adoptInterruptibly_interruptIsDecidedWhileItEnters_isDelivered(Kind kind) throws Exception {
    var policy = StopPolicy.standard().withAsk(Duration.ZERO).withInterrupt(Duration.ofHours(1));
    var entering = new AtomicReference<Thread>();
    var time =
        new ForwardingTime() {
          @Override
          public void unpark(Surroundings target, Thread thread) {
            if (entering.compareAndSet(thread, null)) { // it is told, right after it was linked
              new StopWatch(((Node) target).tree.root).step();
            }
            super.unpark(target, thread);
          }
        };
    new Guest<>(
            kind,
            policy.withTotal(Duration.ofHours(2)),
            time,
            tree -> {
              var release = Signal.create("release");
              tree.run("other", _ -> StopOrderTest.awaitDeaf(release));
              tree.stop();
              entering.set(Thread.currentThread());
              try (var _ = ManagedThread.adoptInterruptibly()) {
                assertThat(entering.get()).isNull();
                Thread here = Thread.currentThread();
                Grove.eventually(here::isInterrupted); // by another thread
              } finally {
                release.go();
              }
              return null;
            })
        .end();
  }

  /** Of the interrupts only ours stays behind, and only if it has come. */
  @ParameterizedTest
  @EnumSource
  void close_interruptOfOursHasNotComeYet_keepsThatOfOthers(Kind kind) throws Exception {
    new Guest<>(
            kind,
            _ -> {
              var adoption = ManagedThread.adoptInterruptibly();
              assertThat(adoption.thread().node.escalate(StopWatch.INTERRUPTED)).isTrue();
              Thread.currentThread().interrupt();
              adoption.close();
              assertThat(Thread.interrupted()).isTrue();
              return null;
            })
        .end();
  }
}
