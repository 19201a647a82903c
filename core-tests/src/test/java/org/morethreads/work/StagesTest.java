package org.morethreads.work;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.morethreads.sync.OpenSignal;
import org.morethreads.sync.Signal;
import org.morethreads.sync.Till;
import org.morethreads.testing.VirtualClock;
import org.morethreads.thread.Grove;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.Outcome;
import org.morethreads.thread.Scope;
import org.morethreads.thread.ThreadFailedException;
import org.morethreads.thread.ThreadStoppedException;

/**
 * Every construct closed, stopped, interrupted and failing at each of its stages, in the middle of
 * each of the others, on virtual time. Each cell is a test, in each {@link Host}; a cell names what
 * is left after the event.
 *
 * <pre>
 *                        closed, ended      stopped            interrupted        something fails
 * Scope
 *   block runs           waits for child    told, returns      child stopped      child stopped (block, child)
 *   waits for children   (the same)         told, returns      children stopped   siblings stopped
 *   being left           (cannot be)        goes on            goes on, status    suppressed
 * ThreadPool
 *   idle                 ends               ends               thread fails       (nothing runs)
 *   job runs             finishes it        tells it           job fails          next job begins
 *   job waits            finishes it        discards it        joiner leaves      begins it
 *   submitter waits      refuses it         refuses it         not accepted       accepts it
 *   being closed         both wait          closer returns     stops, status      finishes the rest
 * Actor
 *   makes its state      works first        works on nothing   fails              fails
 *   idle                 ends               ends               thread fails       (nothing runs)
 *   letter under way     works on the rest  refuses the rest   letter fails       refuses the rest
 *   mailbox full         refuses teller     refuses teller     teller leaves      refuses teller
 *   being closed         both wait          refuses the rest   stops, status      closer returns
 * Repeat, Schedule
 *   before the first run ends               ends               thread fails       (nothing runs)
 *   run under way        ends after it      ends after it      run fails          goes on
 *   between runs         ends               ends               thread fails       (nothing runs)
 *   being stopped        ends after it      ends after it      cut short          reported, ends
 * </pre>
 *
 * Interrupts are those of a stranger; those of a stop are in the tests of each construct.
 */
@Timeout(20)
class StagesTest {
  @RegisterExtension final Grove grove = new Grove();

  // ---- in the middle of what

  /** What is done in a cell, on a managed thread. */
  @FunctionalInterface
  private interface Body {
    void run(At at) throws Exception;
  }

  /** A construct in which a cell is run, with something else of its own under way. */
  private enum Host {
    THREAD {
      @Override
      void run(Body body, At at) throws Exception {
        ManagedThread.run("host", _ -> body.run(at)).join();
      }
    },
    SCOPE {
      @Override
      void run(Body body, At at) throws Exception {
        Scope.run(
            "host",
            scope -> {
              var beside = scope.run("beside", Signal::await);
              scope.run(
                  "in",
                  _ -> {
                    body.run(at);
                    assertThat(beside.stopped().isSignalled()).isFalse();
                    beside.stop();
                  });
            });
      }
    },
    JOB {
      @Override
      void run(Body body, At at) throws Exception {
        try (var pool = ThreadPool.open("host", 1)) {
          Job<?> in = pool.run("in", _ -> body.run(at));
          Job<Integer> waiting = pool.call("waiting", _ -> 5);
          in.join();
          assertThat(waiting.join()).isEqualTo(5);
        }
      }
    },
    LETTER {
      @Override
      void run(Body body, At at) throws Exception {
        try (Actor<AtomicInteger> actor = Actor.start("host", AtomicInteger::new)) {
          actor.ask(state -> {
            body.run(at);
            return state.incrementAndGet();
          });
          assertThat(actor.ask(AtomicInteger::get)).isEqualTo(1);
        }
      }
    },
    RUN_WITH_A_MAXIMUM {
      @Override
      void run(Body body, At at) throws Exception {
        var schedule =
            Schedule.named("host")
                .maximumRunTime(Duration.ofHours(1))
                .at(
                    Schedule.Times.every(Duration.ofHours(2), at.time.instant()),
                    _ -> body.run(at));
        Signal.NEVER.await(Duration.ofHours(3));
        var status = schedule.status();
        schedule.stop();
        assertThat(status.lastFailure()).isNull();
        assertThat(status.runs()).isEqualTo(1);
      }
    };

    abstract void run(Body body, At at) throws Exception;
  }

  /** The time, and what cells do again and again. */
  private static final class At {
    final VirtualClock time;

    At(VirtualClock time) {
      this.time = time;
    }

    void settle() throws InterruptedException {
      time.awaitOthersBlocked();
    }

    void interrupt(ManagedThread<?> thread) {
      time.interrupt(thread.thread().orElseThrow());
    }

    double now() {
      return Math.round(time.elapsed().toNanos() / 1e8) / 10.0;
    }
  }

  private static void pause(double seconds) throws InterruptedException {
    Signal.NEVER.await(Duration.ofMillis(Math.round(seconds * 1000)));
  }

  /** Ends a second after it was told or interrupted. */
  private static void endSlowly(Signal pleaseStop) throws InterruptedException {
    try {
      pleaseStop.await();
    } catch (InterruptedException e) {
      // slowly
    }
    pause(1);
  }

  /** Ends a second after it was told or interrupted, however often it is interrupted then. */
  private static void endSlowlyAndDeaf(Signal pleaseStop) {
    Signal over = null;
    while (over == null || !over.isSignalled()) {
      try {
        if (over == null) {
          pleaseStop.await();
          over = Till.unhurried(Duration.ofSeconds(1));
        }
        over.await();
      } catch (InterruptedException e) {
        over = over == null ? Till.unhurried(Duration.ofSeconds(1)) : over;
      }
    }
  }

  private static IOException planned() {
    return new IOException("planned");
  }

  private static void assertFailed(ManagedThread<?> thread, Class<? extends Throwable> failure)
      throws InterruptedException {
    assertThat(thread.awaitOutcome())
        .isInstanceOfSatisfying(
            Outcome.Failed.class, failed -> assertThat(failed.failure()).isInstanceOf(failure));
  }

  private static void assertReturned(ManagedThread<?> thread) throws InterruptedException {
    assertThat(thread.awaitOutcome()).isInstanceOf(Outcome.Returned.class);
  }

  // ---- the cells

  private record Cell(String name, Body body) {
    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Arguments> cells() {
    List<Cell> cells = new ArrayList<>();
    cells.addAll(scopes());
    cells.addAll(pools());
    cells.addAll(actors());
    for (Kind kind : Kind.values()) {
      cells.addAll(runs(kind));
    }
    return cells.stream()
        .flatMap(cell -> Stream.of(Host.values()).map(host -> Arguments.of(cell, host)));
  }

  @ParameterizedTest(name = "{0} in {1}")
  @MethodSource("cells")
  void cell(Cell cell, Host host) throws Exception {
    var ran = new AtomicBoolean();
    grove.onVirtualTime((_, time) ->
        host.run(
            at -> {
              cell.body.run(at);
              ran.set(true);
            },
            new At(time)));
    assertThat(ran).as("the cell was run to its end").isTrue();
  }

  private static List<Cell> scopes() {
    return List.of(
        new Cell(
            "scope: block ends",
            at -> {
              double began = at.now();
              Scope.run("s", scope -> scope.run("c", _ -> pause(2)));
              assertThat(at.now() - began).isEqualTo(2);
            }),
        new Cell(
            "scope: block runs, stopped",
            at -> {
              var owner =
                  ManagedThread.run(
                      "owner",
                      stop ->
                          Scope.run(
                              "s",
                              scope -> {
                                var child = scope.run("c", Signal::await);
                                stop.await();
                                assertThat(child.stopReason()).as("told before").isPresent();
                              }));
              at.settle();
              owner.stop();
              assertReturned(owner);
            }),
        new Cell(
            "scope: block runs, interrupted",
            at -> {
              var child = new AtomicReference<ManagedThread<?>>();
              var owner =
                  ManagedThread.run(
                      "owner",
                      _ ->
                          Scope.run(
                              "s",
                              scope -> {
                                child.set(scope.run("c", Signal::await));
                                pause(60);
                              }));
              at.settle();
              at.interrupt(owner);
              assertFailed(owner, InterruptedException.class);
              assertThat(child.get().stopped().isSignalled()).isTrue();
            }),
        new Cell(
            "scope: block runs, block fails",
            at -> {
              var child = new AtomicReference<ManagedThread<?>>();
              assertThatExceptionOfType(IOException.class)
                  .isThrownBy(() ->
                      Scope.run(
                          "s",
                          scope -> {
                            child.set(scope.run("c", Signal::await));
                            throw planned();
                          }));
              assertThat(child.get().stopped().isSignalled()).isTrue();
            }),
        new Cell(
            "scope: block runs, child fails",
            at ->
                assertThatExceptionOfType(ThreadFailedException.class)
                    .isThrownBy(() ->
                        Scope.run(
                            "s",
                            scope -> {
                              scope.run(
                                  "c",
                                  _ -> {
                                    throw planned();
                                  });
                              pause(60);
                            }))
                    .withCauseInstanceOf(IOException.class)),
        new Cell(
            "scope: waits for children, stopped",
            at -> {
              var owner =
                  ManagedThread.run(
                      "owner", _ -> Scope.run("s", scope -> scope.run("c", Signal::await)));
              at.settle();
              owner.stop();
              assertReturned(owner);
            }),
        new Cell(
            "scope: waits for children, interrupted",
            at -> {
              var owner =
                  ManagedThread.run(
                      "owner", _ -> Scope.run("s", scope -> scope.run("c", Signal::await)));
              at.settle();
              at.interrupt(owner);
              assertFailed(owner, InterruptedException.class);
            }),
        new Cell(
            "scope: waits for children, child fails",
            at -> {
              double began = at.now();
              assertThatExceptionOfType(ThreadFailedException.class)
                  .isThrownBy(() ->
                      Scope.run(
                          "s",
                          scope -> {
                            scope.run("c", Signal::await);
                            scope.run(
                                "d",
                                _ -> {
                                  pause(1);
                                  throw planned();
                                });
                          }))
                  .withCauseInstanceOf(IOException.class);
              assertThat(at.now() - began).isEqualTo(1);
            }),
        new Cell(
            "scope: being left, stopped",
            at -> {
              var owner = leaving(null);
              pause(0.5);
              owner.stop();
              assertFailed(owner, IOException.class);
            }),
        new Cell(
            "scope: being left, interrupted",
            at -> {
              double began = at.now();
              var status = new AtomicBoolean();
              var owner = leaving(status);
              pause(0.5);
              at.interrupt(owner);
              assertFailed(owner, IOException.class);
              assertThat(status).isTrue();
              assertThat(at.now() - began).isEqualTo(1);
            }),
        new Cell(
            "scope: being left, another child fails",
            at ->
                assertThatExceptionOfType(IOException.class)
                    .isThrownBy(() ->
                        Scope.run(
                            "s",
                            scope -> {
                              scope.run(
                                  "c",
                                  stop -> {
                                    endSlowlyAndDeaf(stop);
                                    throw new IllegalStateException("later");
                                  });
                              throw planned();
                            }))
                    .satisfies(thrown ->
                        assertThat(thrown.getSuppressed())
                            .hasSize(1)
                            .allMatch(IllegalStateException.class::isInstance))));
  }

  /** A thread whose scope is being left, since its block has thrown; that takes a second. */
  private static ManagedThread<?> leaving(AtomicBoolean status) {
    return ManagedThread.run(
        "owner",
        _ -> {
          try {
            Scope.run(
                "s",
                scope -> {
                  scope.run("c", StagesTest::endSlowlyAndDeaf);
                  throw planned();
                });
          } finally {
            if (status != null) {
              status.set(Thread.interrupted());
            }
          }
        });
  }

  private static ThreadPool pool() {
    return ThreadPool.named("p").size(1).backlog(1).open();
  }

  private static ManagedThread<?> submitter(ThreadPool pool) {
    return ManagedThread.call("submitter", _ -> pool.call("late", _ -> 9).join());
  }

  private static ManagedThread<?> closer(ThreadPool pool, AtomicBoolean status) {
    return ManagedThread.run(
        "closer",
        _ -> {
          pool.close();
          status.set(Thread.interrupted());
        });
  }

  private static List<Cell> pools() {
    return List.of(
        new Cell(
            "pool: idle, closed",
            at -> {
              var pool = pool();
              pool.close();
              assertReturned(pool.thread());
            }),
        new Cell(
            "pool: idle, stopped",
            at -> {
              var pool = pool();
              at.settle();
              pool.stop();
              assertReturned(pool.thread());
            }),
        new Cell(
            "pool: idle, interrupted",
            at -> {
              var pool = pool();
              at.settle();
              at.interrupt(pool.thread());
              assertFailed(pool.thread(), InterruptedException.class);
              assertThatIllegalStateException().isThrownBy(() -> pool.run("j", _ -> {}));
            }),
        new Cell(
            "pool: job runs, closed",
            at -> {
              var pool = pool();
              Job<Integer> job = pool.call("j", _ -> pauseAnd(1));
              pool.close();
              assertThat(job.join()).isEqualTo(1);
            }),
        new Cell(
            "pool: job runs, stopped",
            at -> {
              var pool = pool();
              Job<?> job = pool.run("j", Signal::await);
              at.settle();
              pool.stop();
              job.join();
              assertReturned(pool.thread());
            }),
        new Cell(
            "pool: job runs, interrupted",
            at -> {
              var pool = pool();
              Job<?> job = pool.run("j", _ -> pause(60));
              at.settle();
              at.interrupt(job.thread().orElseThrow());
              assertThatExceptionOfType(ThreadFailedException.class)
                  .isThrownBy(job::join)
                  .withCauseInstanceOf(InterruptedException.class);
              assertThat(pool.call("k", _ -> 2).join()).isEqualTo(2);
              pool.close();
            }),
        new Cell(
            "pool: job runs, fails",
            at -> {
              var pool = pool();
              Job<?> job = pool.run("j", StagesTest::fail);
              assertThatExceptionOfType(ThreadFailedException.class).isThrownBy(job::join);
              assertThat(pool.call("k", _ -> 2).join()).isEqualTo(2);
              pool.close();
            }),
        new Cell(
            "pool: job waits, closed",
            at -> {
              var pool = pool();
              pool.run("j", _ -> pause(1));
              Job<Integer> waiting = pool.call("k", _ -> 2);
              pool.close();
              assertThat(waiting.join()).isEqualTo(2);
            }),
        new Cell(
            "pool: job waits, stopped",
            at -> {
              var pool = pool();
              pool.run("j", Signal::await);
              Job<Integer> waiting = pool.call("k", _ -> 2);
              at.settle();
              pool.stop();
              assertThatExceptionOfType(ThreadStoppedException.class).isThrownBy(waiting::join);
              assertThat(waiting.thread()).as("never begun").isEmpty();
              assertReturned(pool.thread());
            }),
        new Cell(
            "pool: job waits, its joiner is interrupted",
            at -> {
              var pool = pool();
              pool.run("j", _ -> pause(1));
              Job<Integer> waiting = pool.call("k", _ -> 2);
              var joiner = ManagedThread.call("joiner", _ -> waiting.join());
              at.settle();
              at.interrupt(joiner);
              assertFailed(joiner, InterruptedException.class);
              assertThat(waiting.join()).isEqualTo(2);
              pool.close();
            }),
        new Cell(
            "pool: job waits, the one before fails",
            at -> {
              var pool = pool();
              Job<?> job = pool.run("j", StagesTest::failSoon);
              Job<Integer> waiting = pool.call("k", _ -> 2);
              assertThat(waiting.join()).isEqualTo(2);
              assertThatExceptionOfType(ThreadFailedException.class).isThrownBy(job::join);
              pool.close();
            }),
        new Cell(
            "pool: submitter waits, closed",
            at -> {
              var pool = pool();
              pool.run("j", _ -> pause(1));
              pool.run("k", _ -> pause(1));
              var submitter = submitter(pool);
              at.settle();
              double began = at.now();
              pool.shutdown();
              assertFailed(submitter, IllegalStateException.class);
              assertThat(at.now()).as("refused at once").isEqualTo(began);
              pool.close();
            }),
        new Cell(
            "pool: submitter waits, stopped",
            at -> {
              var pool = pool();
              pool.run("j", Signal::await);
              pool.run("k", Signal::await);
              var submitter = submitter(pool);
              at.settle();
              pool.stop();
              assertFailed(submitter, IllegalStateException.class);
              assertReturned(pool.thread());
            }),
        new Cell(
            "pool: submitter waits, interrupted",
            at -> {
              var pool = pool();
              pool.run("j", _ -> pause(1));
              pool.run("k", _ -> pause(1));
              var submitter = submitter(pool);
              at.settle();
              at.interrupt(submitter);
              assertFailed(submitter, InterruptedException.class);
              assertThat(pool.waiting()).isEqualTo(1);
              double before = at.now();
              pool.close();
              assertThat(at.now() - before).as("two jobs, and no third").isEqualTo(2);
            }),
        new Cell(
            "pool: submitter waits, a job fails",
            at -> {
              var pool = pool();
              Job<?> job = pool.run("j", StagesTest::failSoon);
              pool.run("k", _ -> pause(1));
              var submitter = submitter(pool);
              pause(1.5);
              assertThat(pool.waiting()).as("accepted when the one before began").isEqualTo(1);
              assertThat(submitter.join()).isEqualTo(9);
              assertThatExceptionOfType(ThreadFailedException.class).isThrownBy(job::join);
              pool.close();
            }),
        new Cell(
            "pool: being closed, closed again",
            at -> {
              var pool = pool();
              pool.run("j", _ -> pause(1));
              var status = new AtomicBoolean();
              var closer = closer(pool, status);
              at.settle();
              pool.close();
              assertReturned(closer);
              assertThat(status).isFalse();
            }),
        new Cell(
            "pool: being closed, stopped",
            at -> {
              var pool = pool();
              pool.run("j", Signal::await);
              Job<Integer> waiting = pool.call("k", _ -> 2);
              var closer = closer(pool, new AtomicBoolean());
              at.settle();
              pool.stop();
              assertReturned(closer);
              assertThatExceptionOfType(ThreadStoppedException.class).isThrownBy(waiting::join);
            }),
        new Cell(
            "pool: being closed, interrupted",
            at -> {
              var pool = pool();
              pool.run("j", StagesTest::endSlowly);
              Job<Integer> waiting = pool.call("k", _ -> 2);
              var status = new AtomicBoolean();
              var closer = closer(pool, status);
              at.settle();
              at.interrupt(closer);
              assertReturned(closer);
              assertThat(status).isTrue();
              assertThat(pool.stopped().isSignalled()).isTrue();
              assertThatExceptionOfType(ThreadStoppedException.class).isThrownBy(waiting::join);
            }),
        new Cell(
            "pool: being closed, a job fails",
            at -> {
              var pool = pool();
              Job<?> job = pool.run("j", StagesTest::failSoon);
              Job<Integer> waiting = pool.call("k", _ -> 2);
              pool.shutdown();
              assertThatExceptionOfType(ThreadFailedException.class).isThrownBy(job::join);
              pool.close();
              assertThat(waiting.join()).isEqualTo(2);
            }));
  }

  private static int pauseAnd(int result) throws InterruptedException {
    pause(1);
    return result;
  }

  private static void fail(Signal pleaseStop) throws IOException {
    throw planned();
  }

  private static void failSoon(Signal pleaseStop) throws Exception {
    pause(1);
    throw planned();
  }

  private static Actor<AtomicInteger> slowToMake() {
    return Actor.start(
        "a",
        1,
        () -> {
          pause(1);
          return new AtomicInteger();
        });
  }

  private static Actor<AtomicInteger> actor() {
    return Actor.start("a", 1, AtomicInteger::new);
  }

  private static ManagedThread<?> closer(Actor<?> actor, AtomicBoolean status) {
    return ManagedThread.run(
        "closer",
        _ -> {
          actor.close();
          status.set(Thread.interrupted());
        });
  }

  private static ManagedThread<?> teller(Actor<AtomicInteger> actor) {
    return ManagedThread.run("teller", _ -> actor.tell(AtomicInteger::incrementAndGet));
  }

  private static ManagedThread<?> asker(Actor<AtomicInteger> actor) {
    return ManagedThread.call("asker", _ -> actor.ask(AtomicInteger::incrementAndGet));
  }

  private static List<Cell> actors() {
    return List.of(
        new Cell(
            "actor: makes its state, closed",
            at -> {
              var actor = slowToMake();
              var asker = asker(actor);
              at.settle();
              actor.close();
              assertThat(asker.join()).isEqualTo(1);
            }),
        new Cell(
            "actor: makes its state, stopped",
            at -> {
              var actor = slowToMake();
              var asker = asker(actor);
              at.settle();
              actor.stop();
              assertFailed(asker, ThreadStoppedException.class);
              assertReturned(actor.thread());
            }),
        new Cell(
            "actor: makes its state, interrupted",
            at -> {
              var actor = slowToMake();
              var asker = asker(actor);
              at.settle();
              at.interrupt(actor.thread());
              assertFailed(asker, ThreadStoppedException.class);
              assertFailed(actor.thread(), InterruptedException.class);
            }),
        new Cell(
            "actor: makes its state, fails",
            at -> {
              Actor<AtomicInteger> actor =
                  Actor.start(
                      "a",
                      () -> {
                        pause(1);
                        throw planned();
                      });
              var asker = asker(actor);
              assertFailed(asker, ThreadStoppedException.class);
              assertFailed(actor.thread(), IOException.class);
            }),
        new Cell(
            "actor: idle, closed",
            at -> {
              var actor = actor();
              actor.close();
              assertReturned(actor.thread());
            }),
        new Cell(
            "actor: idle, stopped",
            at -> {
              var actor = actor();
              at.settle();
              actor.stop();
              assertReturned(actor.thread());
            }),
        new Cell(
            "actor: idle, interrupted",
            at -> {
              var actor = actor();
              at.settle();
              at.interrupt(actor.thread());
              assertThat(actor.thread().awaitOutcome()).isInstanceOf(Outcome.Failed.class);
              assertThatIllegalStateException().isThrownBy(() -> actor.tell(_ -> {}));
            }),
        new Cell(
            "actor: letter under way, closed",
            at -> {
              var actor = actor();
              actor.tell(_ -> pause(1));
              var asker = asker(actor);
              at.settle();
              actor.close();
              assertThat(asker.join()).isEqualTo(1);
              assertThat(actor.leftOver()).isZero();
            }),
        new Cell(
            "actor: letter under way, stopped",
            at -> {
              var actor = actor();
              var done = new AtomicBoolean();
              actor.tell(_ -> {
                pause(1);
                done.set(true);
              });
              at.settle();
              var asker = asker(actor);
              at.settle();
              actor.stop();
              assertFailed(asker, ThreadStoppedException.class);
              assertThat(done).isTrue();
              assertReturned(actor.thread());
            }),
        new Cell(
            "actor: letter under way, interrupted",
            at -> {
              var actor = actor();
              var asker =
                  ManagedThread.call(
                      "asker",
                      _ ->
                          actor.ask(_ -> {
                            pause(60);
                            return 0;
                          }));
              at.settle();
              at.interrupt(actor.thread());
              assertThatExceptionOfType(ThreadFailedException.class)
                  .isThrownBy(asker::join)
                  .withRootCauseInstanceOf(InterruptedException.class);
              assertThat(actor.ask(AtomicInteger::get)).isZero();
              actor.close();
            }),
        new Cell(
            "actor: letter under way, fails",
            at -> {
              var actor = actor();
              actor.tell(_ -> failSoon(Signal.NEVER));
              at.settle();
              actor.tell(AtomicInteger::incrementAndGet);
              assertFailed(actor.thread(), IOException.class);
              assertThat(actor.leftOver()).isEqualTo(1);
            }),
        new Cell(
            "actor: mailbox full, closed",
            at -> {
              var actor = full(at);
              var teller = teller(actor);
              at.settle();
              actor.close();
              assertFailed(teller, IllegalStateException.class);
            }),
        new Cell(
            "actor: mailbox full, stopped",
            at -> {
              var actor = full(at);
              var teller = teller(actor);
              at.settle();
              actor.stop();
              assertFailed(teller, IllegalStateException.class);
              assertReturned(actor.thread());
              assertThat(actor.leftOver()).isEqualTo(1);
            }),
        new Cell(
            "actor: mailbox full, teller interrupted",
            at -> {
              var actor = full(at);
              var teller = teller(actor);
              at.settle();
              at.interrupt(teller);
              assertFailed(teller, InterruptedException.class);
              assertThat(actor.waiting()).isEqualTo(1);
              assertThat(actor.ask(AtomicInteger::get)).as("one letter, not two").isEqualTo(1);
              actor.close();
            }),
        new Cell(
            "actor: mailbox full, letter fails",
            at -> {
              var actor = actor();
              actor.tell(_ -> failSoon(Signal.NEVER));
              at.settle();
              actor.tell(AtomicInteger::incrementAndGet);
              var teller = teller(actor);
              assertFailed(teller, IllegalStateException.class);
              assertFailed(actor.thread(), IOException.class);
              assertThat(actor.leftOver()).isEqualTo(1);
            }),
        new Cell(
            "actor: being closed, closed again",
            at -> {
              var actor = full(at);
              var status = new AtomicBoolean();
              var closer = closer(actor, status);
              at.settle();
              actor.close();
              assertReturned(closer);
              assertThat(status).isFalse();
            }),
        new Cell(
            "actor: being closed, stopped",
            at -> {
              var actor = full(at);
              var closer = closer(actor, new AtomicBoolean());
              at.settle();
              actor.stop();
              assertReturned(closer);
              assertThat(actor.leftOver()).isEqualTo(1);
            }),
        new Cell(
            "actor: being closed, closer interrupted",
            at -> {
              var actor = full(at);
              var status = new AtomicBoolean();
              var closer = closer(actor, status);
              at.settle();
              at.interrupt(closer);
              assertReturned(closer);
              assertThat(status).isTrue();
              assertThat(actor.stopped().isSignalled()).isTrue();
              assertThat(actor.leftOver()).isEqualTo(1);
            }),
        new Cell(
            "actor: being closed, letter fails",
            at -> {
              var actor = actor();
              actor.tell(_ -> failSoon(Signal.NEVER));
              at.settle();
              actor.tell(AtomicInteger::incrementAndGet);
              actor.close();
              assertThat(actor.leftOver()).isEqualTo(1);
              assertFailed(actor.thread(), IOException.class);
            }));
  }

  /** An actor with a letter under way, that takes a second, and one in its mailbox. */
  private static Actor<AtomicInteger> full(At at) throws InterruptedException {
    var actor = actor();
    actor.tell(_ -> pause(1));
    at.settle();
    actor.tell(AtomicInteger::incrementAndGet);
    return actor;
  }

  // ---- repetitions and schedules: the first run after two seconds, then every two

  private enum Kind {
    RATE,
    DELAY,
    SCHEDULE
  }

  /** A repetition or a schedule. */
  private record Going(ManagedThread<?> thread, OpenSignal until, Counts counts) {
    @FunctionalInterface
    interface Counts {
      /** Runs and failures. */
      List<Long> now();
    }

    static Going start(Kind kind, At at, ManagedThread.Task task) {
      OpenSignal until = Signal.create("enough");
      Duration every = Duration.ofSeconds(2);
      if (kind == Kind.SCHEDULE) {
        var schedule =
            Schedule.named("r")
                .until(until)
                .at(Schedule.Times.every(every, at.time.instant()), task);
        return new Going(
            schedule.thread(),
            until,
            () -> List.of(schedule.status().runs(), schedule.status().failures()));
      }
      var builder = Repeat.named("r").until(until);
      var repeat =
          kind == Kind.RATE
              ? builder.atFixedRate(every, task)
              : builder.withFixedDelay(every, task);
      return new Going(
          repeat.thread(),
          until,
          () -> List.of(repeat.status().runs(), repeat.status().failures()));
    }
  }

  private static List<Cell> runs(Kind kind) {
    List<Cell> cells = new ArrayList<>();
    for (boolean before : List.of(true, false)) {
      String stage = kind + (before ? ": before the first run, " : ": between runs, ");
      long so = before ? 0 : 1;
      cells.add(
          new Cell(
              stage + "signal goes",
              at -> {
                var going = Going.start(kind, at, _ -> {});
                pause(before ? 1 : 3);
                double began = at.now();
                going.until.go();
                assertReturned(going.thread);
                assertThat(at.now()).isEqualTo(began);
                assertThat(going.counts.now()).containsExactly(so, 0L);
              }));
      cells.add(
          new Cell(
              stage + "stopped",
              at -> {
                var going = Going.start(kind, at, _ -> {});
                pause(before ? 1 : 3);
                double began = at.now();
                going.thread.stop();
                assertReturned(going.thread);
                assertThat(at.now()).isEqualTo(began);
                assertThat(going.counts.now()).containsExactly(so, 0L);
              }));
      cells.add(
          new Cell(
              stage + "interrupted",
              at -> {
                var going = Going.start(kind, at, _ -> {});
                pause(before ? 1 : 3);
                at.interrupt(going.thread);
                assertFailed(going.thread, InterruptedException.class);
                assertThat(going.counts.now()).containsExactly(so, 0L);
              }));
    }
    String stage = kind + ": run under way, ";
    cells.add(
        new Cell(
            stage + "signal goes",
            at -> {
              var going = Going.start(kind, at, _ -> pause(1));
              pause(2.5);
              going.until.go();
              assertReturned(going.thread);
              assertThat(going.counts.now()).containsExactly(1L, 0L);
            }));
    cells.add(
        new Cell(
            stage + "stopped",
            at -> {
              var going = Going.start(kind, at, _ -> pause(1));
              pause(2.5);
              going.thread.stop();
              assertReturned(going.thread);
              assertThat(going.counts.now()).containsExactly(1L, 0L);
            }));
    cells.add(
        new Cell(
            stage + "interrupted",
            at -> {
              var count = new AtomicInteger();
              var going =
                  Going.start(
                      kind,
                      at,
                      _ -> {
                        if (count.incrementAndGet() == 1) {
                          pause(60);
                        }
                      });
              pause(2.5);
              at.interrupt(going.thread);
              pause(2.2);
              assertThat(going.counts.now()).containsExactly(2L, 1L);
              going.thread.stop();
              assertReturned(going.thread);
            }));
    cells.add(
        new Cell(
            stage + "fails",
            at -> {
              var going = Going.start(kind, at, StagesTest::fail);
              pause(5);
              assertThat(going.counts.now()).containsExactly(2L, 2L);
              going.thread.stop();
              assertReturned(going.thread);
            }));
    String late = kind + ": being stopped, ";
    cells.add(
        new Cell(
            late + "signal goes",
            at -> {
              var going = Going.start(kind, at, StagesTest::endSlowly);
              pause(2.5);
              going.thread.stop();
              going.until.go();
              assertReturned(going.thread);
              assertThat(going.counts.now()).containsExactly(1L, 0L);
            }));
    cells.add(
        new Cell(
            late + "stopped again",
            at -> {
              var going = Going.start(kind, at, StagesTest::endSlowly);
              pause(2.5);
              double began = at.now();
              going.thread.stop();
              pause(0.5);
              going.thread.stop();
              assertReturned(going.thread);
              assertThat(at.now() - began).isEqualTo(1);
            }));
    cells.add(
        new Cell(
            late + "interrupted",
            at -> {
              var going = Going.start(kind, at, StagesTest::endSlowly);
              pause(2.5);
              going.thread.stop();
              pause(0.5);
              at.interrupt(going.thread);
              assertThat(going.thread.awaitOutcome()).isInstanceOf(Outcome.Stopped.class);
              assertThat(going.counts.now()).as("cut short").containsExactly(0L, 0L);
            }));
    cells.add(
        new Cell(
            late + "fails",
            at -> {
              var going =
                  Going.start(
                      kind,
                      at,
                      stop -> {
                        endSlowly(stop);
                        throw planned();
                      });
              pause(2.5);
              going.thread.stop();
              assertReturned(going.thread);
              assertThat(going.counts.now()).containsExactly(1L, 1L);
            }));
    return cells;
  }
}
