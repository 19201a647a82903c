package org.morethreads.stress;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.morethreads.queue.CloseablePriorityQueue;
import org.morethreads.queue.CloseableQueue;
import org.morethreads.queue.QueueClosedException;
import org.morethreads.queue.Select;
import org.morethreads.stress.schedule.Participant;
import org.morethreads.stress.schedule.Run;
import org.morethreads.stress.schedule.Run.Timeouts;
import org.morethreads.stress.schedule.Schedules;
import org.morethreads.sync.OpenSignal;
import org.morethreads.sync.Signal;

/** No interleaving loses, doubles or strands anything of a select, or of others (Q2, Q3, Q7). */
class SelectSchedulesTest {
  private static void assertNobodyInLine(CloseableQueue<?>... queues) {
    for (CloseableQueue<?> queue : queues) {
      assertThat(queue.statistics().waitingToTake()).isZero();
      assertThat(queue.statistics().waitingToPut()).isZero();
    }
  }

  // select a, b, atEnd in a loop | put a, close a | put b, close b
  @Test
  void close_againstSelect_allIsDeliveredAndTheEndIsSeen() {
    Schedules.of(
            run -> {
              CloseableQueue<String> a = CloseableQueue.bounded("a", 1);
              CloseableQueue<String> b = CloseablePriorityQueue.bounded("b", 1);
              List<String> got = new ArrayList<>();
              run.thread(
                  "selecting",
                  () -> {
                    String next = "";
                    while (!next.equals("end")) {
                      next =
                          Select.awaitFirst(
                              Select.take(a), Select.take(b), Select.atEnd(() -> "end"));
                      got.add(next);
                    }
                  });
              run.thread(
                  "a",
                  () -> {
                    a.put("a");
                    a.close();
                  });
              run.thread(
                  "b",
                  () -> {
                    b.put("b");
                    b.close();
                  });
              run.afterwards(() -> {
                assertThat(got).hasSize(3).contains("a", "b").endsWith("end");
                assertThat(a.drained().isSignalled() && b.drained().isSignalled()).isTrue();
                assertNobodyInLine(a, b);
              });
            })
        .timeouts(Timeouts.NEVER)
        .explore();
  }

  // select put a, take b | close a | put b, close b: the put is in, or throws
  @Test
  void close_againstSelectThatPuts_isInOrThrows() {
    Schedules.of(
            run -> {
              CloseableQueue<String> a = CloseableQueue.bounded("a", 1);
              CloseableQueue<String> b = CloseableQueue.bounded("b", 1);
              List<String> got = new ArrayList<>();
              run.thread(
                  "selecting",
                  () -> {
                    a.put("full");
                    try {
                      got.add(Select.awaitFirst(Select.put(a, "a", () -> "put"), Select.take(b)));
                    } catch (QueueClosedException e) {
                      got.add("closed");
                    }
                  });
              run.thread(
                  "taking",
                  () -> {
                    assertThat(a.take()).isEqualTo("full");
                    a.close();
                  });
              run.thread("b", b::close);
              run.afterwards(() -> {
                assertThat(a.drain())
                    .isEqualTo(got.equals(List.of("put")) ? List.of("a") : List.of());
                assertThat(got).hasSize(1);
                assertNobodyInLine(a, b);
              });
            })
        .timeouts(Timeouts.NEVER)
        .explore();
  }

  // select a, b | select b, a | put a, then b
  @Test
  void select_twoShareTwoQueues_eachGetsOne() {
    Schedules.of(
            run -> {
              CloseableQueue<String> a = CloseableQueue.bounded("a", 1);
              CloseableQueue<String> b = CloseableQueue.bounded("b", 1);
              List<String> got = new CopyOnWriteArrayList<>();
              run.thread("one", () -> got.add(Select.awaitFirst(Select.take(a), Select.take(b))));
              run.thread("two", () -> got.add(Select.awaitFirst(Select.take(b), Select.take(a))));
              run.thread(
                  "putting",
                  () -> {
                    a.put("a");
                    b.put("b");
                  });
              run.afterwards(() -> {
                assertThat(got).containsExactlyInAnyOrder("a", "b");
                assertNobodyInLine(a, b);
              });
            })
        .timeouts(Timeouts.NEVER)
        .explore();
  }

  // select a, b | poll a | put a twice: who is told in vain stands in line again
  @Test
  void select_toldInVain_isToldAgain() {
    Schedules.of(
            run -> {
              CloseableQueue<String> a = CloseableQueue.bounded("a", 2);
              CloseableQueue<String> b = CloseableQueue.bounded("b", 1);
              List<String> got = new CopyOnWriteArrayList<>();
              run.thread(
                  "selecting", () -> got.add(Select.awaitFirst(Select.take(a), Select.take(b))));
              run.thread(
                  "polling",
                  () -> {
                    String polled = a.poll();
                    if (polled != null) {
                      got.add(polled);
                    }
                  });
              run.thread(
                  "putting",
                  () -> {
                    a.put("one");
                    a.put("two");
                  });
              run.afterwards(() -> {
                got.addAll(a.drain());
                assertThat(got).containsExactlyInAnyOrder("one", "two");
                assertNobodyInLine(a, b);
              });
            })
        .timeouts(Timeouts.NEVER)
        .explore();
  }

  // select a, b | take a | put both: whoever is told in vain passes it on
  @Test
  void select_besideAPlainTaker_nobodyIsStranded() {
    Schedules.of(
            run -> {
              CloseableQueue<String> a = CloseableQueue.bounded("a", 1);
              CloseableQueue<String> b = CloseableQueue.bounded("b", 1);
              List<String> got = new CopyOnWriteArrayList<>();
              run.thread(
                  "selecting",
                  () -> {
                    String first = Select.awaitFirst(Select.take(a), Select.take(b));
                    got.add(first);
                    if (first.equals("a")) {
                      a.putForced("again"); // for the plain taker
                    }
                  });
              run.thread("taking", () -> got.add(a.take()));
              run.thread("putting a", () -> a.put("a"));
              run.thread("putting b", () -> b.put("b"));
              run.afterwards(() -> {
                got.addAll(a.drain());
                got.addAll(b.drain());
                assertThat(got).contains("a", "b").hasSize(got.contains("again") ? 3 : 2);
                assertNobodyInLine(a, b);
              });
            })
        .timeouts(Timeouts.NEVER)
        .explore();
  }

  // select put q, take r | select take q, put r: each other's partners
  @Test
  void select_putAgainstTake_handsOver() {
    Schedules.of(
            run -> {
              CloseableQueue<String> q = CloseableQueue.bounded("q", 1);
              CloseableQueue<String> r = CloseableQueue.bounded("r", 1);
              List<String> got = new CopyOnWriteArrayList<>();
              run.thread(
                  "one",
                  () -> {
                    for (int i = 0; i < 2; i++) {
                      String what =
                          Select.awaitFirst(Select.put(q, "1", () -> "put q"), Select.take(r));
                      got.add(what);
                    }
                  });
              run.thread(
                  "two",
                  () -> {
                    for (int i = 0; i < 2; i++) {
                      String what =
                          Select.awaitFirst(Select.take(q), Select.put(r, "2", () -> "put r"));
                      got.add(what);
                    }
                  });
              run.afterwards(() -> {
                got.addAll(q.drain());
                got.addAll(r.drain());
                long putsToQ = got.stream().filter("put q"::equals).count();
                long putsToR = got.stream().filter("put r"::equals).count();
                assertThat(got.stream().filter("1"::equals).count()).isEqualTo(putsToQ);
                assertThat(got.stream().filter("2"::equals).count()).isEqualTo(putsToR);
                assertNobodyInLine(q, r);
              });
            })
        .timeouts(Timeouts.NEVER)
        .explore();
  }

  // select put q, when stop | put q | take q twice: a place is not lost with a select that is told
  @Test
  void select_waitsForAPlaceBesideAPutter_bothGetIn() {
    Schedules.of(
            run -> {
              CloseableQueue<String> q = CloseableQueue.bounded("q", 1);
              CloseableQueue<String> r = CloseableQueue.bounded("r", 1);
              q.offer("full");
              r.offer("full");
              List<String> got = new CopyOnWriteArrayList<>();
              run.thread(
                  "selecting",
                  () ->
                      got.add(
                          Select.awaitFirst(
                              Select.put(q, "s", () -> "in q"), Select.put(r, "s", () -> "in r"))));
              run.thread("putting", () -> q.put("p"));
              run.thread(
                  "taking",
                  () -> {
                    assertThat(q.take()).isEqualTo("full");
                    assertThat(r.take()).isEqualTo("full");
                    q.take();
                  });
              run.afterwards(() -> assertNobodyInLine(q, r));
            })
        .timeouts(Timeouts.NEVER)
        .explore();
  }

  // select a, b <- interrupt | take a | put a: the interrupted one passes its chance on
  @Test
  void interrupt_againstSelect_nothingIsLost() {
    Schedules.of(
            run -> {
              CloseableQueue<String> a = CloseableQueue.bounded("a", 1);
              CloseableQueue<String> b = CloseableQueue.bounded("b", 1);
              List<String> got = new CopyOnWriteArrayList<>();
              Participant selecting =
                  run.thread(
                      "selecting",
                      () -> {
                        String mine;
                        try {
                          mine = Select.awaitFirst(Select.take(b), Select.take(a));
                        } catch (InterruptedException e) {
                          got.add("interrupted");
                          return; // the chance that it may have had is the other's
                        }
                        got.add(mine);
                        a.putForced("another");
                      });
              run.thread("taking", () -> got.add(a.take()));
              run.thread(
                  "putting",
                  () -> {
                    a.put("a");
                    selecting.interrupt();
                  });
              run.afterwards(() -> {
                assertThat(got).hasSize(2).contains("a");
                assertThat(a.isEmpty()).isTrue();
                assertNobodyInLine(a, b);
              });
            })
        .timeouts(Timeouts.NEVER)
        .explore();
  }

  // select a, until stop | take a | put a, stop
  @Test
  void until_againstElement_oneOfThemAndTheOtherTakerIsNotStranded() {
    Schedules.of(
            run -> {
              CloseableQueue<String> a = CloseableQueue.bounded("a", 2);
              OpenSignal stop = Signal.create("stop");
              List<String> got = new CopyOnWriteArrayList<>();
              run.thread(
                  "selecting",
                  () -> {
                    String what =
                        Select.awaitFirst(Select.take(a), Select.until(stop, () -> "stopped"));
                    got.add(what);
                    if (!what.equals("stopped")) {
                      a.putForced(what);
                    }
                  });
              run.thread("taking", () -> got.add(a.take()));
              run.thread("putting", () -> a.put("a"));
              run.thread("stop", stop::go);
              run.afterwards(() -> {
                assertThat(got).hasSize(2).contains("a");
                assertThat(a.isEmpty()).isTrue();
                assertNobodyInLine(a);
              });
            })
        .timeouts(Timeouts.NEVER)
        .explore();
  }

  // select a, b, after a time | take a | put a: at any moment the time may be over
  @Test
  void after_againstElement_theElementIsWithOneOfThem() {
    Schedules.explore(run -> {
      CloseableQueue<String> a = CloseableQueue.bounded("a", 1);
      CloseableQueue<String> b = CloseableQueue.bounded("b", 1);
      List<String> got = new CopyOnWriteArrayList<>();
      run.thread(
          "selecting",
          () ->
              got.add(
                  Select.awaitFirst(
                      Select.take(a),
                      Select.take(b),
                      Select.after(Duration.ofMillis(1), () -> "late"))));
      run.thread(
          "polling",
          () -> {
            String polled = a.poll(Duration.ofMillis(1));
            assertThat(polled == null || polled.equals("a")).isTrue();
          });
      run.thread("putting", () -> a.put("a"));
      run.afterwards(() -> {
        assertThat(got).hasSize(1);
        assertNobodyInLine(a, b);
        assertThat(a.statistics().put()).isEqualTo(1);
        assertThat(a.statistics().taken() + a.size()).isEqualTo(1);
      });
    });
  }

  // a putter that warns of slow consumers | another putter | take
  @Test
  void warning_ofAPutterThatIsTold_passesTheChanceOn() {
    Schedules.of(run -> slowConsumer(run)).timeouts(Timeouts.ANY).explore();
  }

  private static void slowConsumer(Run run) {
    CloseableQueue<String> q =
        CloseableQueue.<String>named("q")
            .capacity(1)
            .warnWhenFullFor(Duration.ofMillis(1))
            .create();
    q.offer("full");
    run.thread("one", () -> q.put("1"));
    run.thread("two", () -> q.put("2"));
    run.thread(
        "taking",
        () -> {
          for (int i = 0; i < 3; i++) {
            q.take();
          }
        });
    run.afterwards(() -> {
      assertThat(q.isEmpty()).isTrue();
      assertNobodyInLine(q);
    });
  }

  // putForced by a consumer of a closed queue | another consumer: delivered, or refused and kept
  @Test
  void putForced_againstTheEnd_isDeliveredOrRefused() {
    Schedules.of(
            run -> {
              CloseableQueue<String> q = CloseableQueue.unbounded("q");
              q.offer("x");
              q.offer("y");
              q.close();
              List<String> got = new CopyOnWriteArrayList<>();
              run.thread(
                  "giving back",
                  () -> {
                    String taken = q.poll(Signal.NEVER);
                    if (taken == null) {
                      return; // the other was faster, twice
                    }
                    try {
                      q.putForced(taken);
                    } catch (QueueClosedException e) {
                      got.add(taken);
                    }
                  });
              run.thread("taking", () -> q.forEach(got::add));
              run.thread("taking too", () -> q.forEach(got::add));
              run.afterwards(() -> {
                assertThat(got).containsExactlyInAnyOrder("x", "y");
                assertThat(q.drained().isSignalled()).isTrue();
              });
            })
        .timeouts(Timeouts.NEVER)
        .explore();
  }

  // put of an element | put of an equal one | take: inside at most once, none stranded
  @Test
  void unique_equalElementsAtOnce_areInsideOnce() {
    Schedules.of(
            run -> {
              CloseableQueue<List<String>> q =
                  CloseableQueue.<List<String>>named("q").capacity(1).unique().create();
              run.thread(
                  "one",
                  () -> {
                    try {
                      q.put(List.of("x"));
                    } catch (QueueClosedException e) {
                      assertThat(q.closed().isSignalled()).isTrue();
                    }
                  });
              run.thread(
                  "two",
                  () -> {
                    q.put(List.of("x"));
                    assertThat(q.size()).isLessThanOrEqualTo(1);
                    q.put(List.of("y"));
                    q.close();
                  });
              run.thread(
                  "taking",
                  () -> {
                    for (var each : q) {
                      assertThat(each).hasSize(1);
                    }
                  });
              run.afterwards(() -> {
                assertThat(q.statistics().put()).isBetween(2L, 3L);
                assertThat(q.drained().isSignalled()).isTrue();
              });
            })
        .timeouts(Timeouts.NEVER)
        .explore();
  }
}
