package org.morethreads.stress;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.morethreads.queue.QueueClosedException;
import org.morethreads.stress.schedule.Run;
import org.morethreads.stress.schedule.Run.Timeouts;
import org.morethreads.stress.schedule.Schedules;
import org.morethreads.sync.OpenSignal;
import org.morethreads.sync.Signal;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.Outcome;
import org.morethreads.thread.Scope;
import org.morethreads.thread.StopPolicy;
import org.morethreads.thread.ThreadFailedException;
import org.morethreads.thread.ThreadStoppedException;
import org.morethreads.thread.ThreadTree;
import org.morethreads.work.Actor;
import org.morethreads.work.BatchingQueue;
import org.morethreads.work.Job;
import org.morethreads.work.ThreadPool;

/**
 * No interleaving strands, loses or leaks anything of scopes, pools, batches and actors (H3, H7,
 * H9, Q6).
 */
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

  // ---- batching queues, whose batches are never old enough: who is not woken is a deadlock (Q6)

  private static BatchingQueue.Builder<Integer> batching() {
    return BatchingQueue.<Integer>named("b").size(2).capacity(2).maximumAge(Duration.ofHours(1));
  }

  /** Puts some elements in; answers those that were accepted. */
  private static ManagedThread<List<Integer>> putting(
      String name, BatchingQueue<Integer> queue, int... elements) {
    return ManagedThread.call(
        name,
        _ -> {
          List<Integer> accepted = new ArrayList<>();
          try {
            for (int element : elements) {
              queue.put(element);
              accepted.add(element);
            }
          } catch (QueueClosedException closed) {
            assertThat(queue.closed().isSignalled()).isTrue();
          }
          return accepted;
        });
  }

  private static void assertDelivered(
      BatchingQueue<Integer> queue,
      List<Integer> delivered,
      ManagedThread<List<Integer>> one,
      ManagedThread<List<Integer>> other)
      throws InterruptedException {
    for (ManagedThread<List<Integer>> each : List.of(one, other)) {
      List<Integer> accepted = each.join();
      assertThat(delivered).filteredOn(accepted::contains).isEqualTo(accepted);
    }
    assertThat(delivered).hasSize(one.join().size() + other.join().size());
    assertThat(queue.statistics().delivered()).isEqualTo(delivered.size());
    assertThat(queue.statistics().undelivered()).isZero();
    assertThat(queue.statistics().waitingToPut()).isZero();
  }

  // put, put, put | put | close: what was accepted is delivered, in the order of who put it
  @Test
  void batching_putRacingClose_allThatWasAcceptedIsDelivered() {
    Schedules.of(run ->
            inATree(
                run,
                _ -> {
                  List<Integer> delivered = new CopyOnWriteArrayList<>();
                  var queue =
                      batching()
                          .start(batch -> {
                            run.step("sink");
                            delivered.addAll(batch);
                          });
                  var one = putting("one", queue, 1, 2, 3);
                  var two = putting("two", queue, 11);
                  queue.close();
                  assertThat(queue.stopped().isSignalled()).isTrue();
                  assertDelivered(queue, delivered, one, two);
                }))
        .timeouts(Timeouts.SOON)
        .explore();
  }

  // put, put | put | stop of the queue's thread
  @Test
  void batching_putRacingStop_allThatWasAcceptedIsDelivered() {
    Schedules.of(run ->
            inATree(
                run,
                _ -> {
                  List<Integer> delivered = new CopyOnWriteArrayList<>();
                  var queue = batching().capacity(1).start(delivered::addAll);
                  var one = putting("one", queue, 1, 2);
                  var two = putting("two", queue, 11);
                  queue.stop();
                  queue.stopped().await();
                  assertDelivered(queue, delivered, one, two);
                }))
        .timeouts(Timeouts.SOON)
        .explore();
  }

  // put | put | the forwarder gathers: a batch that is full is delivered, though nobody closes
  @Test
  void batching_putsRacingTheGathering_aFullBatchIsDelivered() {
    Schedules.of(run ->
            inATree(
                run,
                _ -> {
                  OpenSignal delivered = Signal.create("delivered");
                  var queue = batching().start(_ -> delivered.go());
                  var one = putting("one", queue, 1);
                  var two = putting("two", queue, 2);
                  delivered.await();
                  assertThat(queue.statistics().put()).isEqualTo(2);
                  one.join();
                  two.join();
                  queue.close();
                }))
        .timeouts(Timeouts.SOON)
        .explore();
  }

  // put, flush | put | the forwarder gathers: who has flushed finds his element delivered
  @Test
  void batching_flushRacingPut_isSignalledWhenAllBeforeIsDelivered() {
    Schedules.of(run ->
            inATree(
                run,
                _ -> {
                  List<Integer> delivered = new CopyOnWriteArrayList<>();
                  var queue = batching().size(3).start(delivered::addAll);
                  var flushing =
                      ManagedThread.run(
                          "flushing",
                          _ -> {
                            queue.put(1);
                            queue.flush().await();
                            assertThat(delivered).contains(1);
                          });
                  var one = putting("one", queue, 11);
                  flushing.join();
                  one.join();
                  queue.close();
                  assertThat(delivered).containsExactlyInAnyOrder(1, 11);
                }))
        .timeouts(Timeouts.SOON)
        .explore();
  }

  // a sink that fails | put, put | close: each element is delivered, or given to the handler
  @Test
  void batching_sinkFailsWhileItIsClosed_everyElementIsDeliveredOrGivenBackOnce() {
    Schedules.of(run ->
            inATree(
                run,
                _ -> {
                  List<Integer> delivered = new CopyOnWriteArrayList<>();
                  List<Integer> back = new CopyOnWriteArrayList<>();
                  var failures = new AtomicInteger();
                  var queue =
                      batching()
                          .retries(1, Duration.ZERO, Duration.ZERO)
                          .onUndelivered((elements, _) -> back.addAll(elements))
                          .start(batch -> {
                            if (batch.contains(1) || failures.getAndIncrement() == 0) {
                              throw new IOException("planned");
                            }
                            delivered.addAll(batch);
                          });
                  var one = putting("one", queue, 1);
                  var two = putting("two", queue, 11, 12);
                  queue.close();
                  List<Integer> accepted = new ArrayList<>(one.join());
                  accepted.addAll(two.join());
                  List<Integer> all = new ArrayList<>(delivered);
                  all.addAll(back);
                  assertThat(all).containsExactlyInAnyOrderElementsOf(accepted);
                  assertThat(delivered).doesNotContain(1);
                  assertThat(queue.statistics().undelivered()).isEqualTo(back.size());
                  assertThat(queue.takeUndelivered()).isEmpty();
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
