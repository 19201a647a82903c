package org.morethreads.stress.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.morethreads.internal.SchedulePoint;
import org.morethreads.internal.Surroundings;
import org.morethreads.internal.Time;
import org.morethreads.stress.schedule.Schedules.Found;

/** The scheduler finds what is planted, tells it apart from what is right, and replays it. */
class SchedulesTest {

  // ---- planted bugs

  @Test
  void search_lostUpdate_findsItAtRandomAndSystematically() {
    Schedules.Scenario lostUpdate =
        run -> {
          int[] count = new int[1];
          for (int i = 0; i < 2; i++) {
            run.thread(
                "counter",
                () -> {
                  int seen = count[0];
                  run.step("between read and write");
                  count[0] = seen + 1;
                });
          }
          run.afterwards(() -> assertThat(count[0]).isEqualTo(2));
        };

    Found random = Schedules.of(lostUpdate).systematic(0, 0).search().found();
    Found systematic = Schedules.of(lostUpdate).random(0).search().found();

    assertThat(random.failure()).isInstanceOf(AssertionError.class);
    assertThat(systematic.key()).startsWith("s");
  }

  /** A signal whose await does not look again after it has registered. */
  private static final class SleepySignal {
    private volatile boolean signalled;
    private final AtomicReference<Thread> waiter = new AtomicReference<>();

    void await() {
      while (!signalled) {
        SchedulePoint.at("registers");
        waiter.set(Thread.currentThread());
        Surroundings.current().park(this); // planted: go() may have come before the line above
      }
    }

    void go(Participant target) {
      signalled = true;
      SchedulePoint.at("signalled");
      Thread woken = waiter.get();
      if (woken != null) {
        target.unpark(woken);
      }
    }

    @Override
    public String toString() {
      return "a sleepy signal";
    }
  }

  @Test
  void search_lostWakeUp_reportsTheDeadlock() {
    Found found =
        Schedules.of(
                run -> {
                  var signal = new SleepySignal();
                  Participant waiter = run.thread("waiter", signal::await);
                  run.thread("go", () -> signal.go(waiter));
                })
            .search()
            .found();

    assertThat(found.failure())
        .hasMessageContaining("deadlock")
        .hasMessageContaining("waiter waits for a sleepy signal");
    assertThat(found.trace()).contains("waiter: registers");
  }

  // acquire | acquire <- interrupt | acquire
  @Test
  void search_mutexWhoseLeaverWakesNobody_findsTheStranded() {
    Schedules.Scenario scenario =
        run -> {
          var mutex = new StrandingMutex();
          run.thread("patient", () -> mutex.withIt(run, false));
          Participant leaving = run.thread("leaving", () -> mutex.withIt(run, true));
          run.thread(
              "holder",
              () -> {
                mutex.withIt(run, false);
                leaving.interrupt();
              });
        };

    Found found = Schedules.of(scenario).search().found();

    assertThat(found.failure()).hasMessageContaining("deadlock");
    assertThat(found.failure()).hasMessageContaining("patient waits for");
  }

  @Test
  void search_checkThenSleepByTheClock_findsTheTimeThatPassedBetween() {
    Found found =
        Schedules.of(run ->
                run.thread(
                    "sleeper",
                    () -> {
                      long deadline = run.nanoTime() + 1_000;
                      while (run.nanoTime() < deadline) {
                        // planted: spurious or early wake-ups are not expected
                        Surroundings.current().parkNanos("a sleep", 1_000);
                        assertThat(run.nanoTime()).isGreaterThanOrEqualTo(deadline);
                      }
                    }))
            .search()
            .found();

    assertThat(found).as("a park that returns for no reason").isNotNull();
  }

  @Test
  void search_threadThatNeverEnds_reportsALivelock() {
    Found found =
        Schedules.of(run ->
                run.thread(
                    "spinner",
                    () -> {
                      while (true) {
                        run.step("spin");
                      }
                    }))
            .search()
            .found();

    assertThat(found.failure()).hasMessageContaining("livelock");
  }

  @Test
  void search_failureInAThread_isReportedAndTheOthersAreUnwound() {
    var ends = new AtomicInteger();
    Found found =
        Schedules.of(
                run -> {
                  run.thread(
                      "parked",
                      () -> {
                        try {
                          Surroundings.current().park("nothing");
                          Surroundings.current().park("nothing");
                          Surroundings.current().park("nothing");
                        } finally {
                          ends.incrementAndGet();
                        }
                      });
                  run.thread(
                      "failing",
                      () -> {
                        throw new IllegalArgumentException("planted");
                      });
                })
            .random(1)
            .search()
            .found();

    assertThat(found.failure()).hasMessageContaining("planted");
    assertThat(ends).hasValueBetween(0, 1);
  }

  // ---- replay

  @Test
  void replay_everySchedule_takesTheSameSteps() {
    var steps = new ArrayList<String>();
    Schedules.Scenario scenario =
        run -> {
          var seen = new ArrayList<Integer>();
          for (int i = 0; i < 3; i++) {
            int me = i;
            run.thread(
                "t" + i,
                () -> {
                  for (int k = 0; k < 4; k++) {
                    run.step("step");
                    seen.add(me);
                    Surroundings.current().parkNanos("a while", 1 + me);
                  }
                });
          }
          run.afterwards(() -> {
            steps.add(seen.toString());
            throw new AssertionError("so that the trace is kept");
          });
        };
    for (int seed = 0; seed < 50; seed++) {
      Found once = Schedules.of(scenario).replay(Integer.toString(seed));
      Found again = Schedules.of(scenario).replay(Integer.toString(seed));
      assertThat(again.trace()).isEqualTo(once.trace());
    }
    assertThat(List.copyOf(steps.stream().distinct().toList())).hasSizeGreaterThan(20);
    for (int i = 0; i < steps.size(); i += 2) {
      assertThat(steps.get(i)).isEqualTo(steps.get(i + 1));
    }
  }

  @Test
  void replay_ofWhatWasFoundSystematically_failsInTheSameWay() {
    Schedules.Scenario scenario =
        run -> {
          var signal = new SleepySignal();
          Participant waiter = run.thread("waiter", signal::await);
          run.thread("go", () -> signal.go(waiter));
        };
    Found found = Schedules.of(scenario).random(0).search().found();

    Found again = Schedules.of(scenario).replay(found.key());

    assertThat(again.trace()).isEqualTo(found.trace());
    assertThat(again.failure()).hasMessage(found.failure().getMessage());
  }

  // ---- what is right is not held against anybody

  @Test
  void explore_allOrdersOfThreeThreads_areSeen() {
    var orders = new ArrayList<String>();
    Schedules.Result result =
        Schedules.of(
                run -> {
                  var order = new StringBuilder();
                  for (String name : List.of("a", "b", "c")) {
                    run.thread(name, () -> order.append(name));
                  }
                  run.afterwards(() -> orders.add(order.toString()));
                })
            .random(0)
            .explore();

    assertThat(result.complete()).isTrue();
    assertThat(orders).contains("abc", "acb", "bac", "bca", "cab", "cba");
  }

  @Test
  void explore_timersAndTimedParks_happenInVirtualTime() {
    Schedules.explore(run -> {
      var rang = new AtomicInteger();
      run.thread(
          "sleeper",
          () -> {
            Time.Scheduled timer =
                run.schedule(Duration.ofDays(1).toNanos(), rang::incrementAndGet);
            long deadline = run.nanoTime() + Duration.ofDays(2).toNanos();
            while (run.nanoTime() < deadline) {
              Surroundings.current().parkNanos("a sleep", deadline - run.nanoTime());
            }
            timer.cancel();
          });
      run.afterwards(() -> {
        assertThat(rang.get()).isLessThanOrEqualTo(1);
        assertThat(run.elapsed()).isGreaterThanOrEqualTo(Duration.ofDays(2));
      });
    });
  }

  @Test
  void explore_failing_namesTheKeyAndShowsTheTrace() {
    assertThatThrownBy(() ->
            Schedules.explore(run -> {
              run.thread("only", () -> run.step("the step"));
              run.afterwards(() -> {
                throw new AssertionError("planted");
              });
            }))
        .hasMessageContaining("-Dmorethreads.replay=0")
        .hasMessageContaining("only: the step")
        .hasMessageContaining("planted");
  }
}
