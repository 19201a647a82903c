package org.morethreads.stress;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.morethreads.stress.schedule.Run;
import org.morethreads.stress.schedule.Run.Timeouts;
import org.morethreads.stress.schedule.Schedules;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.Outcome;
import org.morethreads.thread.Scope;
import org.morethreads.thread.StopPolicy;
import org.morethreads.thread.ThreadFailedException;
import org.morethreads.thread.ThreadStoppedException;
import org.morethreads.thread.ThreadTree;
import org.morethreads.work.Actor;
import org.morethreads.work.Job;
import org.morethreads.work.ThreadPool;

/** No interleaving strands, loses or leaks anything of scopes, pools and actors (H3, H7, H9). */
class WorkSchedulesTest {

  /** Runs something on a managed thread of a tree, and stops the tree when it has ended. */
  private static void inATree(Run run, ManagedThread.Task task) {
    ThreadTree tree = run.tree(StopPolicy.standard());
    ManagedThread<?> owner = tree.run("owner", task);
    run.thread(
        "main",
        () -> {
          owner.stopped().await();
          tree.stop();
          tree.stopped().await();
          assertThat(tree.failures()).isEmpty();
          assertThat(owner.outcome())
              .get()
              .satisfies(outcome -> {
                if (outcome instanceof Outcome.Failed<?> failed) {
                  throw new AssertionError(failed.failure());
                }
              });
        });
  }

  // ---- scopes

  // the deadline of a scope | the end of its child, and of the block
  @Test
  void deadline_racingTheEnd_isTooLateOrNotAndLeaksNoInterrupt() {
    Schedules.of(run ->
            inATree(
                run,
                _ -> {
                  var child = new AtomicReference<ManagedThread<?>>();
                  try {
                    Scope.named("s")
                        .deadline(Duration.ofMillis(1))
                        .run(scope -> child.set(scope.run("c", _ -> run.step("work"))));
                  } catch (TimeoutException late) {
                    assertThat(late).hasMessageContaining("deadline");
                  } catch (InterruptedException e) {
                    throw new AssertionError("only its own deadline could have sent it", e);
                  }
                  assertThat(Thread.interrupted()).as("leaked interrupt").isFalse();
                  ManagedThread<?> its = child.get();
                  assertThat(its == null || its.stopped().isSignalled()).isTrue();
                }))
        .explore();
  }

  // a child fails | stop of the owner, whose block waits
  @Test
  void failure_racingStopOfTheOwner_reachesTheOwner() {
    Schedules.of(run ->
            inATree(
                run,
                _ -> {
                  var owner =
                      ManagedThread.call(
                          "scoping",
                          stop -> {
                            try {
                              Scope.run(
                                  "s",
                                  scope -> {
                                    scope.run(
                                        "c",
                                        _ -> {
                                          run.step("fail");
                                          throw new IOException("planned");
                                        });
                                    stop.await();
                                  });
                            } catch (ThreadFailedException failed) {
                              assertThat(Thread.interrupted()).as("leaked").isFalse();
                              return failed.getCause().getMessage();
                            }
                            return "lost";
                          });
                  owner.stop();
                  assertThat(owner.join()).isEqualTo("planned");
                }))
        .timeouts(Timeouts.SOON)
        .explore();
  }

  // two children fail | the block ends: one is the cause, the other is suppressed, or was first
  @Test
  void failure_ofTwoChildren_noneIsLost() {
    Schedules.of(run ->
            inATree(
                run,
                _ -> {
                  try {
                    Scope.run(
                        "s",
                        scope -> {
                          for (String name : List.of("a", "b")) {
                            scope.run(
                                name,
                                _ -> {
                                  run.step("fail");
                                  throw new IOException(name);
                                });
                          }
                        });
                    throw new AssertionError("no failure");
                  } catch (ThreadFailedException failed) {
                    assertThat(failed.getSuppressed()).hasSize(1);
                    assertThat(
                            List.of(
                                failed.getCause().getMessage(),
                                failed.getSuppressed()[0].getMessage()))
                        .containsExactlyInAnyOrder("a", "b");
                  }
                  assertThat(Thread.interrupted()).as("leaked interrupt").isFalse();
                }))
        .timeouts(Timeouts.SOON)
        .explore();
  }

  // two calls of a race return | its deadline
  @Test
  void race_ofTwoResultsAndTheDeadline_hasOneOfThem() {
    Schedules.of(run ->
            inATree(
                run,
                _ -> {
                  String result;
                  try {
                    result = Scope.race("r", Duration.ofMillis(1), _ -> step(run, "a"), _ -> "b");
                  } catch (TimeoutException late) {
                    result = "late";
                  }
                  assertThat(result).isIn("a", "b", "late");
                  assertThat(Thread.interrupted()).as("leaked interrupt").isFalse();
                }))
        .explore();
  }

  private static String step(Run run, String result) {
    run.step("call");
    return result;
  }

  // ---- pools

  // submit | close | stop
  @Test
  void submit_racingCloseAndStop_isRefusedRunOrDiscarded() {
    Schedules.of(run ->
            inATree(
                run,
                _ -> {
                  var ran = new AtomicInteger();
                  var pool = ThreadPool.named("p").size(1).backlog(1).open();
                  var submitter =
                      ManagedThread.run(
                          "submitter",
                          _ -> {
                            for (int i = 0; i < 2; i++) {
                              submit(pool, ran);
                            }
                          });
                  var stopper = ManagedThread.run("stopper", _ -> pool.stop());
                  pool.close();
                  submitter.join();
                  stopper.join();
                  assertThat(pool.waiting()).isZero();
                }))
        .timeouts(Timeouts.SOON)
        .explore();
  }

  private static void submit(ThreadPool pool, AtomicInteger ran) throws InterruptedException {
    Job<Integer> job;
    try {
      job = pool.call("j", _ -> ran.incrementAndGet());
    } catch (IllegalStateException refused) {
      assertThat(refused).hasMessageContaining("does not accept");
      return;
    }
    int before = ran.get();
    try {
      assertThat(job.join()).isPositive();
      assertThat(ran.get()).isPositive();
    } catch (ThreadStoppedException discarded) {
      assertThat(job.outcome()).containsInstanceOf(Outcome.Stopped.class);
      assertThat(ran.get()).isGreaterThanOrEqualTo(before);
    }
    assertThat(job.stopped().isSignalled()).isTrue();
  }

  // two submitters for one place, no backlog | the end of the job there: nobody is stranded
  @Test
  void submit_twoWaitForThePlace_bothGetIt() {
    Schedules.of(run ->
            inATree(
                run,
                _ -> {
                  var ran = new AtomicInteger();
                  var pool = ThreadPool.named("p").size(1).backlog(0).open();
                  pool.run("first", _ -> run.step("work"));
                  var one =
                      ManagedThread.run(
                          "one", _ -> pool.run("j", _ -> ran.incrementAndGet()).join());
                  var two =
                      ManagedThread.run(
                          "two", _ -> pool.run("k", _ -> ran.incrementAndGet()).join());
                  one.join();
                  two.join();
                  pool.close();
                  assertThat(ran).hasValue(2);
                }))
        .timeouts(Timeouts.SOON)
        .explore();
  }

  // two submitters for one place | one of them gives up | the end of the job there
  @Test
  void submit_oneGivesUp_theOtherIsNotStranded() {
    Schedules.of(run ->
            inATree(
                run,
                _ -> {
                  var pool = ThreadPool.named("p").size(1).backlog(0).open();
                  pool.run("first", _ -> run.step("work"));
                  var givesUp =
                      ManagedThread.run(
                          "gives up",
                          _ -> {
                            try {
                              pool.job("j").within(Duration.ofMillis(1)).run(_ -> {}).join();
                            } catch (TimeoutException late) {
                              run.step("gave up");
                            }
                          });
                  var stays = ManagedThread.run("stays", _ -> pool.run("k", _ -> {}).join());
                  stays.join();
                  givesUp.join();
                  pool.close();
                }))
        .explore();
  }

  // a job joins one of its own full pool | stop of the pool
  @Test
  void join_byAJobOfAFullPool_racingStop_endsBoth() {
    Schedules.of(run ->
            inATree(
                run,
                _ -> {
                  var pool = ThreadPool.open("p", 1);
                  Job<String> outer =
                      pool.call(
                          "outer",
                          _ -> {
                            try {
                              return pool.call("inner", _ -> "inner").join();
                            } catch (IllegalStateException refused) {
                              return "refused";
                            } catch (ThreadStoppedException discarded) {
                              return "discarded";
                            }
                          });
                  pool.stop();
                  try {
                    assertThat(outer.join()).isIn("inner", "refused", "discarded");
                  } catch (ThreadStoppedException stopped) {
                    run.step("never begun");
                  }
                  pool.stopped().await();
                  assertThat(pool.waiting()).isZero();
                }))
        .timeouts(Timeouts.SOON)
        .explore();
  }

  // a thread that needs the pool submits and joins | stop of both
  @Test
  void stop_ofAPoolAndWhoNeedsIt_theLastJobRunsH4() {
    Schedules.of(run ->
            inATree(
                run,
                _ -> {
                  var pool = ThreadPool.open("p", 1);
                  ManagedThread<Integer> web =
                      ManagedThread.named("web")
                          .needs(pool.thread())
                          .call(_ -> pool.call("a", _ -> 1).join() + pool.call("b", _ -> 2).join());
                  pool.stop();
                  web.stop();
                  assertThat(web.join()).isEqualTo(3);
                  pool.stopped().await();
                }))
        .timeouts(Timeouts.SOON)
        .explore();
  }

  // ---- actors

  // ask | stop: an answer, or told that there is none
  @Test
  void ask_racingStop_isAnsweredOrRefused() {
    Schedules.of(run ->
            inATree(
                run,
                _ -> {
                  Actor<AtomicInteger> actor = Actor.start("a", 1, AtomicInteger::new);
                  List<ManagedThread<String>> askers = new CopyOnWriteArrayList<>();
                  for (String name : List.of("one", "two")) {
                    askers.add(ManagedThread.call(name, _ -> ask(actor)));
                  }
                  actor.stop();
                  for (ManagedThread<String> asker : askers) {
                    assertThat(asker.join()).isIn("answer", "stopped", "closed");
                  }
                  actor.stopped().await();
                  assertThat(actor.waiting()).isZero();
                }))
        .timeouts(Timeouts.SOON)
        .explore();
  }

  private static String ask(Actor<AtomicInteger> actor) throws InterruptedException {
    try {
      return actor.ask(_ -> "answer");
    } catch (ThreadStoppedException stopped) {
      return "stopped";
    } catch (IllegalStateException closed) {
      return "closed";
    }
  }

  // tell, to a mailbox for one letter | stop | close: each letter is worked on, left over or
  // refused
  @Test
  void tell_racingStopAndClose_everyLetterIsAccountedFor() {
    Schedules.of(run ->
            inATree(
                run,
                _ -> {
                  var worked = new AtomicInteger();
                  var refused = new AtomicInteger();
                  Actor<AtomicInteger> actor = Actor.start("a", 1, () -> worked);
                  var teller =
                      ManagedThread.run(
                          "teller",
                          _ -> {
                            for (int i = 0; i < 3; i++) {
                              try {
                                actor.tell(AtomicInteger::incrementAndGet);
                              } catch (IllegalStateException closed) {
                                refused.incrementAndGet();
                              }
                            }
                          });
                  var stopper = ManagedThread.run("stopper", _ -> actor.stop());
                  actor.close();
                  teller.join();
                  stopper.join();
                  assertThat(worked.get() + refused.get() + actor.leftOver()).isEqualTo(3);
                }))
        .timeouts(Timeouts.SOON)
        .explore();
  }

  // an answer | the end of the asker's time: answered or too late, and the actor goes on
  @Test
  void ask_racingItsTimeOut_isAnsweredOrLate() {
    Schedules.of(run ->
            inATree(
                run,
                _ -> {
                  Actor<AtomicInteger> actor = Actor.start("a", AtomicInteger::new);
                  try {
                    assertThat(actor.ask(AtomicInteger::incrementAndGet, Duration.ofMillis(1)))
                        .isEqualTo(1);
                  } catch (TimeoutException late) {
                    run.step("late");
                  }
                  assertThat(actor.ask(AtomicInteger::get)).isLessThan(2);
                  actor.close();
                }))
        .explore();
  }
}
