package org.morethreads.stress;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.AbstractCollection;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.morethreads.queue.CloseablePriorityQueue;
import org.morethreads.queue.CloseableQueue;
import org.morethreads.queue.Offer;
import org.morethreads.queue.QueueClosedException;
import org.morethreads.stress.schedule.Participant;
import org.morethreads.stress.schedule.Run;
import org.morethreads.stress.schedule.Run.Timeouts;
import org.morethreads.stress.schedule.Schedules;
import org.morethreads.sync.OpenSignal;
import org.morethreads.sync.Signal;

/**
 * No interleaving of two operations of a queue loses, doubles or strands anything (Q2, Q3, Q5), of
 * whatever kind the queue is. Where no time can end a wait ({@link Timeouts#NEVER}), who was
 * stranded is a deadlock.
 */
class QueueSchedulesTest {

  /** An element: equal to others of its name, and told from them by its number. */
  private static final class Item {
    private final Run run;
    private final String name;
    private final int number;

    Item(Run run, String name, int number) {
      this.run = run;
      this.name = name;
      this.number = number;
    }

    /** What is later in the alphabet is more urgent. */
    int priority() {
      return Math.min(9, name.charAt(0) % 10);
    }

    @Override
    public boolean equals(Object other) {
      run.step("equals");
      return other instanceof Item item && item.name.equals(name);
    }

    @Override
    public int hashCode() {
      return name.hashCode();
    }

    @Override
    public String toString() {
      return name + number;
    }
  }

  private enum Kind {
    PLAIN {
      @Override
      CloseableQueue<Item> create(int capacity) {
        return CloseableQueue.bounded("q", capacity);
      }
    },
    UNIQUE {
      @Override
      CloseableQueue<Item> create(int capacity) {
        return CloseableQueue.<Item>named("q").capacity(capacity).unique().create();
      }
    },
    PRIORITY {
      @Override
      CloseableQueue<Item> create(int capacity) {
        return CloseablePriorityQueue.<Item>named("q")
            .capacity(capacity)
            .priorityBy(Item::priority)
            .create();
      }
    },
    UNIQUE_PRIORITY {
      @Override
      CloseableQueue<Item> create(int capacity) {
        return CloseablePriorityQueue.<Item>named("q")
            .capacity(capacity)
            .priorityBy(Item::priority)
            .unique()
            .create();
      }
    };

    abstract CloseableQueue<Item> create(int capacity);

    boolean isUnique() {
      return this == UNIQUE || this == UNIQUE_PRIORITY;
    }
  }

  private static void explore(Timeouts timeouts, Kind kind, BiConsumer<Run, Kind> scenario) {
    Schedules.of(run -> scenario.accept(run, kind)).timeouts(timeouts).quietly().explore();
  }

  private static void assertNobodyInLine(CloseableQueue<?> queue) {
    assertThat(queue.statistics().waitingToTake()).isZero();
    assertThat(queue.statistics().waitingToPut()).isZero();
  }

  /** All that was put has been taken, or is inside. */
  private static void assertAccounts(CloseableQueue<?> queue) {
    assertNobodyInLine(queue);
    assertThat(queue.statistics().put()).isEqualTo(queue.statistics().taken() + queue.size());
  }

  // ---- close

  // put into a full queue | close | take to the end: in and taken, or refused and not in
  @ParameterizedTest
  @EnumSource
  void close_againstWaitingPut_isInOrThrows(Kind kind) {
    explore(
        Timeouts.NEVER,
        kind,
        (run, of) -> {
          CloseableQueue<Item> q = of.create(1);
          Item full = new Item(run, "full", 0);
          Item late = new Item(run, "late", 0);
          q.offer(full);
          List<Item> got = new ArrayList<>();
          List<Item> in = new ArrayList<>();
          run.thread(
              "putting",
              () -> {
                try {
                  q.put(late);
                  in.add(late);
                } catch (QueueClosedException e) {
                  assertThat(q.closed().isSignalled()).isTrue();
                }
              });
          run.thread("closing", q::close);
          run.thread("taking", () -> q.forEach(got::add));
          run.afterwards(() -> {
            assertThat(got).startsWith(full);
            assertThat(got.subList(1, got.size())).isEqualTo(in);
            assertThat(q.drained().isSignalled()).isTrue();
            assertAccounts(q);
          });
        });
  }

  // putAll of two into a full queue | close | take to the end: both, together and in order, or none
  @ParameterizedTest
  @EnumSource
  void close_againstWaitingPutAll_allAreInOrNone(Kind kind) {
    explore(
        Timeouts.NEVER,
        kind,
        (run, of) -> {
          CloseableQueue<Item> q = of.create(1);
          Item full = new Item(run, "full", 0);
          Item first = new Item(run, "b", 1);
          Item second = new Item(run, "a", 2);
          q.offer(full);
          List<Item> got = new ArrayList<>();
          List<Item> expected = new ArrayList<>(List.of(full));
          run.thread(
              "putting",
              () -> {
                try {
                  q.putAll(List.of(first, second));
                  expected.addAll(List.of(first, second));
                } catch (QueueClosedException e) {
                  assertThat(q.closed().isSignalled()).isTrue();
                }
              });
          run.thread("closing", q::close);
          run.thread("taking", () -> q.forEach(got::add));
          run.afterwards(() -> {
            assertThat(got).isEqualTo(expected);
            assertAccounts(q);
          });
        });
  }

  // take | take | put, close: one has it, the other sees the end
  @ParameterizedTest
  @EnumSource
  void close_againstWaitingTakers_oneHasTheElementTheOtherTheEnd(Kind kind) {
    explore(
        Timeouts.NEVER,
        kind,
        (run, of) -> {
          CloseableQueue<Item> q = of.create(1);
          Item only = new Item(run, "x", 0);
          List<Object> got = new CopyOnWriteArrayList<>();
          for (String name : List.of("one", "two")) {
            run.thread(
                name,
                () -> {
                  Item mine = q.poll(Signal.NEVER);
                  if (mine == null) {
                    assertThat(q.drained().isSignalled()).isTrue();
                    got.add("end");
                  } else {
                    got.add(mine);
                  }
                });
          }
          run.thread(
              "putting",
              () -> {
                q.put(only);
                q.close();
              });
          run.afterwards(() -> {
            assertThat(got).containsExactlyInAnyOrder(only, "end");
            assertAccounts(q);
          });
        });
  }

  // drain into what refuses | close | take to the end: who takes does not see the end before it
  @ParameterizedTest
  @EnumSource
  void close_againstDrainThatIsRefused_theElementIsDelivered(Kind kind) {
    explore(
        Timeouts.NEVER,
        kind,
        (run, of) -> {
          CloseableQueue<Item> q = of.create(1);
          Item only = new Item(run, "x", 0);
          q.offer(only);
          List<Item> got = new ArrayList<>();
          run.thread(
              "draining",
              () -> {
                try {
                  q.drain(new Gate(run, false));
                } catch (UnsupportedOperationException e) {
                  assertThat(e).hasMessage("refused"); // and it is inside again
                }
              });
          run.thread("closing", q::close);
          run.thread("taking", () -> q.forEach(got::add));
          run.afterwards(() -> {
            assertThat(got).containsExactly(only);
            assertThat(q.drained().isSignalled()).isTrue();
            assertAccounts(q);
          });
        });
  }

  // close when empty | look at both signals: who sees that it is closed sees that it has ended
  @ParameterizedTest
  @EnumSource
  void close_whenEmpty_endIsSeenWithItAndNotBefore(Kind kind) {
    explore(
        Timeouts.NEVER,
        kind,
        (run, of) -> {
          CloseableQueue<Item> q = of.create(1);
          run.thread("closing", q::close);
          run.thread(
              "looking",
              () -> {
                boolean drained = q.drained().isSignalled();
                boolean closed = q.closed().isSignalled();
                if (drained) {
                  assertThat(closed).as("closed, since it has ended").isTrue();
                }
                if (closed) {
                  assertThat(q.drained().isSignalled()).as("ended, since it was empty").isTrue();
                }
              });
          run.afterwards(() -> {
            assertThat(q.closed().isSignalled()).isTrue();
            assertThat(q.drained().isSignalled()).isTrue();
          });
        });
  }

  // ---- forced

  // put into a full queue | putForced | take three: who waits for a place is not forgotten
  @ParameterizedTest
  @EnumSource
  void putForced_againstWaitingPut_neitherIsStranded(Kind kind) {
    explore(
        Timeouts.NEVER,
        kind,
        (run, of) -> {
          CloseableQueue<Item> q = of.create(1);
          Item full = new Item(run, "m", 0);
          Item waiting = new Item(run, "n", 0);
          Item forced = new Item(run, "l", 0);
          q.offer(full);
          List<Item> got = new ArrayList<>();
          run.thread("putting", () -> q.put(waiting));
          run.thread("forcing", () -> q.putForced(forced));
          run.thread(
              "taking",
              () -> {
                for (int i = 0; i < 3; i++) {
                  got.add(q.take());
                }
              });
          run.afterwards(() -> {
            assertThat(got).containsExactlyInAnyOrder(full, waiting, forced);
            assertThat(q.statistics().peak()).as("one forced, beside one").isLessThanOrEqualTo(2);
            assertAccounts(q);
          });
        });
  }

  // put twice beyond capacity by force | two putters | take all: one place is not given twice
  @ParameterizedTest
  @EnumSource
  void putForced_beyondCapacity_noPutterGetsInBeforeThereIsRoom(Kind kind) {
    explore(
        Timeouts.NEVER,
        kind,
        (run, of) -> {
          CloseableQueue<Item> q = of.create(1);
          q.putForced(new Item(run, "a", 0));
          q.putForced(new Item(run, "b", 0));
          List<Item> got = new ArrayList<>();
          run.thread("one", () -> q.put(new Item(run, "c", 0)));
          run.thread("two", () -> q.put(new Item(run, "d", 0)));
          run.thread(
              "taking",
              () -> {
                for (int i = 0; i < 4; i++) {
                  got.add(q.take());
                }
              });
          run.afterwards(() -> {
            assertThat(got).extracting(item -> item.name).contains("a", "b", "c", "d").hasSize(4);
            assertThat(q.statistics().peak()).isEqualTo(2);
            assertAccounts(q);
          });
        });
  }

  // ---- interrupts

  // take <- interrupt | take | put: the chance of the interrupted one goes to the other
  @ParameterizedTest
  @EnumSource
  void interrupt_againstHandOverToATaker_theOtherHasTheElement(Kind kind) {
    explore(
        Timeouts.NEVER,
        kind,
        (run, of) -> {
          CloseableQueue<Item> q = of.create(1);
          List<Object> got = new CopyOnWriteArrayList<>();
          Item first = new Item(run, "x", 1);
          Item second = new Item(run, "y", 2);
          Participant interrupted =
              run.thread(
                  "interrupted",
                  () -> {
                    try {
                      got.add(q.take());
                    } catch (InterruptedException e) {
                      got.add("interrupted");
                      return;
                    }
                    q.putForced(second);
                  });
          run.thread("taking", () -> got.add(q.take()));
          run.thread("putting", () -> q.put(first));
          run.thread("interrupting", interrupted::interrupt);
          run.afterwards(() -> {
            assertThat(got).hasSize(2).contains(first).containsAnyOf(second, "interrupted");
            assertThat(q.isEmpty()).isTrue();
            assertAccounts(q);
          });
        });
  }

  // put <- interrupt | put | take: the place of the interrupted one goes to the other
  @ParameterizedTest
  @EnumSource
  void interrupt_againstHandOverToAPutter_theOtherIsIn(Kind kind) {
    explore(
        Timeouts.NEVER,
        kind,
        (run, of) -> {
          CloseableQueue<Item> q = of.create(1);
          Item full = new Item(run, "full", 0);
          q.offer(full);
          Item mine = new Item(run, "x", 1);
          Item other = new Item(run, "y", 2);
          List<Item> in = new CopyOnWriteArrayList<>(List.of(full));
          List<Item> got = new CopyOnWriteArrayList<>();
          Participant interrupted =
              run.thread(
                  "interrupted",
                  () -> {
                    try {
                      q.put(mine);
                    } catch (InterruptedException e) {
                      return;
                    }
                    in.add(mine);
                    Item taken = q.poll(); // makes the place again that it took
                    if (taken != null) {
                      got.add(taken);
                    }
                  });
          run.thread(
              "putting",
              () -> {
                q.put(other);
                in.add(other);
              });
          run.thread("taking", () -> got.add(q.take()));
          run.thread("interrupting", interrupted::interrupt);
          run.afterwards(() -> {
            got.addAll(q.drain());
            assertThat(in).contains(other);
            assertThat(got).containsExactlyInAnyOrderElementsOf(in);
            assertAccounts(q);
          });
        });
  }

  // ---- times and signals that end a wait

  // poll for a time | take | put: at any moment the time may be over
  @ParameterizedTest
  @EnumSource
  void timeOut_againstHandOverToATaker_theOtherHasTheElement(Kind kind) {
    explore(
        Timeouts.ANY,
        kind,
        (run, of) -> {
          CloseableQueue<Item> q = of.create(1);
          Item first = new Item(run, "x", 1);
          Item second = new Item(run, "y", 2);
          List<Item> got = new CopyOnWriteArrayList<>();
          run.thread(
              "polling",
              () -> {
                Item mine = q.poll(Duration.ofMillis(1));
                if (mine != null) {
                  got.add(mine);
                  q.putForced(second);
                }
              });
          run.thread("taking", () -> got.add(q.take()));
          run.thread("putting", () -> q.put(first));
          run.afterwards(() -> {
            assertThat(got).contains(first).hasSize((int) q.statistics().put());
            assertThat(q.isEmpty()).isTrue();
            assertAccounts(q);
          });
        });
  }

  // put for a time | put | take: what was answered is so, and the other is in
  @ParameterizedTest
  @EnumSource
  void timeOut_againstHandOverToAPutter_answersTruthfullyAndTheOtherIsIn(Kind kind) {
    explore(
        Timeouts.ANY,
        kind,
        (run, of) -> {
          CloseableQueue<Item> q = of.create(2);
          List<Item> full = List.of(new Item(run, "e", 0), new Item(run, "f", 0));
          full.forEach(q::offer);
          Item mine = new Item(run, "x", 1);
          Item other = new Item(run, "y", 2);
          List<Item> in = new CopyOnWriteArrayList<>(full);
          List<Item> got = new CopyOnWriteArrayList<>();
          run.thread(
              "limited",
              () -> {
                if (q.put(mine, Duration.ofMillis(1))) {
                  in.add(mine);
                  got.add(q.take()); // makes the place again that it took
                }
              });
          run.thread(
              "putting",
              () -> {
                q.put(other);
                in.add(other);
              });
          run.thread("taking", () -> got.add(q.take()));
          run.afterwards(() -> {
            got.addAll(q.drain());
            assertThat(in).contains(other);
            assertThat(got).containsExactlyInAnyOrderElementsOf(in);
            assertAccounts(q);
          });
        });
  }

  // poll till a signal | take | put | go: a chance that comes beside the end of a wait is not lost
  @ParameterizedTest
  @EnumSource
  void till_againstHandOverToATaker_theOtherHasTheElement(Kind kind) {
    explore(
        Timeouts.NEVER,
        kind,
        (run, of) -> {
          CloseableQueue<Item> q = of.create(1);
          OpenSignal stop = Signal.create("stop");
          Item first = new Item(run, "x", 1);
          Item second = new Item(run, "y", 2);
          List<Item> got = new CopyOnWriteArrayList<>();
          run.thread(
              "polling",
              () -> {
                Item mine = q.poll(stop);
                if (mine != null) {
                  got.add(mine);
                  q.putForced(second);
                } else {
                  assertThat(stop.isSignalled()).isTrue();
                }
              });
          run.thread("taking", () -> got.add(q.take()));
          run.thread("putting", () -> q.put(first));
          run.thread("stop", stop::go);
          run.afterwards(() -> {
            assertThat(got).contains(first).hasSize((int) q.statistics().put());
            assertThat(q.isEmpty()).isTrue();
            assertAccounts(q);
          });
        });
  }

  // for each until a signal | put, put | go | take what is left: what the loop leaves is there
  @ParameterizedTest
  @EnumSource
  void until_againstPuts_whatTheLoopLeavesIsInside(Kind kind) {
    explore(
        Timeouts.NEVER,
        kind,
        (run, of) -> {
          CloseableQueue<Item> q = of.create(1);
          OpenSignal stop = Signal.create("stop");
          Item first = new Item(run, "x", 1);
          Item second = new Item(run, "y", 2);
          List<Item> looped = new CopyOnWriteArrayList<>();
          List<Item> others = new CopyOnWriteArrayList<>();
          run.thread("looping", () -> q.until(stop).forEach(looped::add));
          run.thread(
              "putting",
              () -> {
                q.put(first);
                q.put(second);
                q.close();
              });
          run.thread(
              "stop",
              () -> {
                stop.go();
                q.forEach(others::add);
              });
          run.afterwards(() -> {
            looped.addAll(others);
            assertThat(looped).containsExactlyInAnyOrder(first, second);
            assertThat(q.drained().isSignalled()).isTrue();
            assertAccounts(q);
          });
        });
  }

  // ---- equal elements

  // offer of an equal one | take, look | : refused while the other is inside, and only then
  @ParameterizedTest
  @EnumSource(names = {"UNIQUE", "UNIQUE_PRIORITY"})
  void unique_offerWhileTheEqualOneIsTaken_isInExactlyIfItSaysSo(Kind kind) {
    explore(
        Timeouts.NEVER,
        kind,
        (run, of) -> {
          CloseableQueue<Item> q = of.create(2);
          Item inside = new Item(run, "x", 1);
          Item equal = new Item(run, "x", 2);
          q.offer(inside);
          List<Offer> said = new ArrayList<>();
          run.thread("offering", () -> said.add(q.offer(equal)));
          run.thread("taking", () -> assertThat(q.take() == inside).isTrue());
          run.afterwards(() -> {
            List<Item> left = q.drain();
            if (said.equals(List.of(Offer.ADDED))) {
              assertThat(left).singleElement().isSameAs(equal);
            } else {
              assertThat(said).containsExactly(Offer.DUPLICATE);
              assertThat(left).isEmpty();
            }
            assertAccounts(q);
          });
        });
  }

  // put of an equal one into a full queue | the same | take until nothing comes: none is stranded
  @ParameterizedTest
  @EnumSource(names = {"UNIQUE", "UNIQUE_PRIORITY"})
  void unique_equalOnesWaitForThePlaceOfAnother_noneIsStrandedOrInsideTwice(Kind kind) {
    explore(
        Timeouts.NEVER,
        kind,
        (run, of) -> {
          CloseableQueue<Item> q = of.create(1);
          q.offer(new Item(run, "full", 0));
          List<Item> got = new ArrayList<>();
          OpenSignal one = Signal.create("one");
          OpenSignal two = Signal.create("two");
          q.closedBy(one, two);
          run.thread(
              "one",
              () -> {
                q.put(new Item(run, "x", 1));
                one.go();
              });
          run.thread(
              "two",
              () -> {
                q.put(new Item(run, "x", 2));
                two.go();
              });
          run.thread("taking", () -> q.forEach(got::add));
          run.afterwards(() -> {
            assertThat(got).hasSizeBetween(2, 3);
            assertThat(got.stream().distinct().count()).isEqualTo(2);
            assertThat(got.stream().map(Item::toString).distinct().count()).isEqualTo(got.size());
            assertThat(q.statistics().put()).isEqualTo(got.size());
            assertThat(q.statistics().peak()).isEqualTo(1);
            assertAccounts(q);
          });
        });
  }

  // drain into what accepts or refuses | offer of an equal one: until it has arrived it is inside
  @Test
  void unique_offerAgainstADrain_anEqualOneIsRefusedUntilTheFirstHasArrived() {
    for (boolean accepts : new boolean[] {true, false}) {
      for (Kind each : Kind.values()) {
        if (each.isUnique()) {
          explore(Timeouts.NEVER, each, (run, of) -> offerAgainstDrain(run, of, accepts));
        }
      }
    }
  }

  private static void offerAgainstDrain(Run run, Kind of, boolean accepts) {
    CloseableQueue<Item> q = of.create(2);
    Item inside = new Item(run, "x", 1);
    Item equal = new Item(run, "x", 2);
    q.offer(inside);
    Gate target = new Gate(run, accepts);
    List<Offer> said = new ArrayList<>();
    run.thread(
        "draining",
        () -> {
          try {
            assertThat(q.drain(target)).isEqualTo(1);
          } catch (UnsupportedOperationException e) {
            assertThat(accepts).isFalse();
          }
        });
    run.thread(
        "offering",
        () -> {
          Offer answer = q.offer(equal);
          assertThat(answer == Offer.DUPLICATE || target.isThrough).isTrue();
          said.add(answer);
        });
    run.afterwards(() -> {
      List<Item> left = q.drain();
      if (!accepts) {
        assertThat(said).containsExactly(Offer.DUPLICATE);
        assertThat(left).singleElement().isSameAs(inside);
      } else if (said.equals(List.of(Offer.ADDED))) {
        assertThat(left).singleElement().isSameAs(equal);
      } else {
        assertThat(left).isEmpty();
      }
      assertAccounts(q);
    });
  }

  // ---- order

  // put less urgent | put more urgent | take two: with both inside the more urgent one is first
  @ParameterizedTest
  @EnumSource(names = {"PRIORITY", "UNIQUE_PRIORITY"})
  void priority_putsAgainstTakes_theMostUrgentInsideIsTaken(Kind kind) {
    explore(
        Timeouts.NEVER,
        kind,
        (run, of) -> {
          CloseableQueue<Item> q = of.create(2);
          Item low = new Item(run, "2", 0);
          Item high = new Item(run, "9", 0);
          assertThat(high.priority()).isGreaterThan(low.priority());
          List<Item> got = new ArrayList<>();
          boolean[] both = new boolean[1];
          run.thread("low", () -> q.put(low));
          run.thread("high", () -> q.put(high));
          run.thread(
              "taking",
              () -> {
                both[0] = q.size() == 2; // nobody else takes
                got.add(q.take());
                got.add(q.take());
              });
          run.afterwards(() -> {
            assertThat(got).containsExactlyInAnyOrder(low, high);
            if (both[0]) {
              assertThat(got.get(0)).isSameAs(high);
            }
            assertAccounts(q);
          });
        });
  }

  /** Where something is drained to, slowly; it may refuse. */
  private static final class Gate extends AbstractCollection<Item> {
    private final Run run;
    private final boolean accepts;
    private final Collection<Item> all = new ArrayList<>();
    private boolean isThrough;

    Gate(Run run, boolean accepts) {
      this.run = run;
      this.accepts = accepts;
    }

    @Override
    public boolean add(Item item) {
      run.step("arriving");
      if (!accepts) {
        throw new UnsupportedOperationException("refused");
      }
      isThrough = true;
      return all.add(item);
    }

    @Override
    public Iterator<Item> iterator() {
      return all.iterator();
    }

    @Override
    public int size() {
      return all.size();
    }
  }
}
