package org.morethreads.profiling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.morethreads.queue.CloseableQueue;
import org.morethreads.sync.Signal;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.ThreadTree;

/**
 * G3: programs of which it is known what they do, and their profiles. Shares are right within ten
 * points of a hundred, with some hundred samples: more than four times their standard deviation.
 */
@Timeout(300)
class ProfilerTest {
  private static final Offset<Double> ERROR = within(0.10);

  @TempDir Path directory;

  private Profiler.Builder profiler() {
    return Profiler.into(directory).interval(Duration.ofMillis(1));
  }

  private static double share(Profile profile, String path, String of) {
    return (double) profile.time(path).toNanos() / profile.time(of).toNanos();
  }

  /** Two threads that use the processor three to one. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void run_threadsWithKnownShares_areFound(boolean virtual) throws Exception {
    int units = Load.unitsIn(700);
    Profile profile =
        profiler()
            .run(_ -> {
              try (var tree = ThreadTree.open("t")) {
                var parent =
                    tree.run(
                        "parent",
                        _ -> {
                          var three = Load.named("three", virtual).run(_ -> Load.burn(3 * units));
                          Load.named("one", virtual).run(_ -> Load.burn(units)).join();
                          three.join();
                        });
                parent.join();
              }
            });
    assertThat(profile.samples("t")).isGreaterThan(virtual ? 50 : 5); // times are exact there
    assertThat(share(profile, "t/parent/three", "t")).isCloseTo(0.75, ERROR);
    assertThat(share(profile, "t/parent/one", "t")).isCloseTo(0.25, ERROR);
    assertThat(profile.samples("t/parent")).isEqualTo(profile.samples("t")); // with its children
    assertThat(profile.threads("t")).isEqualTo(3);
    assertThat(profile.methods("t/parent/three").getFirst().name())
        .startsWith("org.morethreads.profiling.Load.");
    assertThat(profile.methods("t/parent/three"))
        .filteredOn(method -> method.name().endsWith("Load.burn"))
        .singleElement()
        .satisfies(method -> {
          assertThat(method.total()).isGreaterThan(profile.time("t/parent/three").dividedBy(2));
          assertThat(method.file()).isEqualTo("org/morethreads/profiling/Load.java");
          assertThat(method.line()).isPositive();
        });
  }

  /** What the samples stand for is what the threads have used, which the JVM knows. */
  @Test
  void run_platformThreadOfKnownCpuTime_isFound() throws Exception {
    int units = Load.unitsIn(1_000);
    var used = new long[1];
    Profile profile =
        profiler()
            .run(_ -> {
              try (var tree = ThreadTree.open("t")) {
                tree.named("busy")
                    .platform()
                    .run(_ -> {
                      var bean = java.lang.management.ManagementFactory.getThreadMXBean();
                      long before = bean.getCurrentThreadCpuTime();
                      Load.burn(units);
                      used[0] = bean.getCurrentThreadCpuTime() - before;
                    })
                    .join();
              }
            });
    assertThat(profile.time("t/busy").toNanos() / 1e9)
        .isCloseTo(used[0] / 1e9, within(0.05 * used[0] / 1e9));
  }

  /** Ten thousand threads that each live for a moment, two to one. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void run_tenThousandShortThreads_areMergedAndFound(boolean virtual) throws Exception {
    int each = Math.max(1, Load.unitsIn(1_000) / 7_500);
    Profile profile =
        profiler()
            .run(_ -> {
              try (var tree = ThreadTree.open("t")) {
                tree.run(
                        "parent",
                        _ -> {
                          List<ManagedThread<?>> batch = new ArrayList<>();
                          for (int i = 0; i < 5_000; i++) {
                            batch.add(
                                Load.named("long-" + i, virtual).run(_ -> Load.burn(2 * each)));
                            batch.add(Load.named("short-" + i, virtual).run(_ -> Load.burn(each)));
                            if (batch.size() == 50) {
                              for (var thread : batch) {
                                thread.join();
                              }
                              batch.clear();
                            }
                          }
                        })
                    .join();
              }
            });
    assertThat(profile.threads("t/parent/long-*")).isEqualTo(5_000);
    assertThat(profile.threads("t/parent/short-*")).isEqualTo(5_000);
    double shorter = profile.time("t/parent/short-*").toNanos();
    double longer = profile.time("t/parent/long-*").toNanos();
    assertThat(profile.samples("t/parent")).isGreaterThan(virtual ? 50 : 5); // it is exact there
    assertThat(longer / (longer + shorter)).isCloseTo(2.0 / 3, ERROR);
    assertThat(profile.methods("t/parent/long-*"))
        .anyMatch(method -> method.name().endsWith("Load.burn"));
    assertThat(profile.paths()).contains("t/parent/long-*").doesNotContain("t/parent/long-7");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void run_threadsWithKnownWaits_areFound(boolean virtual) throws Exception {
    var really = new long[1];
    Profile profile =
        profiler()
            .run(_ -> {
              try (var tree = ThreadTree.open("t")) {
                tree.run(
                        "parent",
                        _ -> {
                          var queue = CloseableQueue.<String>bounded("orders", 1);
                          Load.named("waits", virtual)
                              .run(stop -> {
                                long begin = System.nanoTime();
                                for (int i = 0; i < 5; i++) {
                                  stop.await(Duration.ofMillis(100));
                                }
                                queue.poll(Duration.ofMillis(300));
                                really[0] = System.nanoTime() - begin;
                              })
                              .join();
                        })
                    .join();
              }
            });
    Duration waited = profile.waited("t/parent/waits");
    assertThat(really[0]).isGreaterThanOrEqualTo(800_000_000);
    assertThat(waited.toNanos()).isLessThanOrEqualTo(really[0]);
    assertThat(waited.toNanos() / 1e9).isCloseTo(really[0] / 1e9, within(0.1 * really[0] / 1e9));
    assertThat(profile.waits)
        .extracting(Profile.Wait::what)
        .contains("signal \"please stop t/parent/waits\"", "an element of queue \"orders\"");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void run_threadsWithKnownAllocations_areFound(boolean virtual) throws Exception {
    try (var before =
        ThreadTree.open("before")) { // what Flight Recorder counts with the first sample
      before.run("allocates", _ -> Load.allocate(600_000)).join();
    }
    Load.allocate(200_000);
    Profile profile =
        profiler()
            .allocation()
            .run(_ -> {
              try (var tree = ThreadTree.open("t")) {
                tree.run(
                        "parent",
                        _ -> {
                          Load.named("much", virtual).run(_ -> Load.allocate(600_000)).join();
                          Load.named("little", virtual).run(_ -> Load.allocate(200_000)).join();
                        })
                    .join();
              }
            });
    double much = profile.allocated("t/parent/much") / 614.4e6;
    double little = profile.allocated("t/parent/little") / 204.8e6;
    String all =
        profile.allocations.byPath.keySet().stream()
            .map(path -> path + " " + profile.allocated(path))
            .collect(Collectors.joining(", "));
    assertThat(much).as(all).isCloseTo(1, within(0.15));
    assertThat(little).as(all).isCloseTo(1, within(0.15));
  }

  @Test
  void run_methodsChosenForTiming_areCountedExactly() throws Exception {
    Profile profile =
        profiler()
            .timing("org.morethreads.profiling.Load::unit")
            .run(_ -> {
              try (var tree = ThreadTree.open("t")) {
                for (int i = 0; i < 3; i++) {
                  tree.run("worker-" + i, _ -> Load.burn(1_000));
                }
                for (var thread : tree.children()) {
                  thread.join();
                }
              }
            });
    assertThat(profile.timings())
        .singleElement()
        .satisfies(timing -> {
          assertThat(timing.method()).isEqualTo("org.morethreads.profiling.Load.unit");
          assertThat(timing.calls()).isEqualTo(3_000);
          assertThat(timing.average()).isPositive();
        });
  }

  /** Of a thread that was there before, and one that lives on, the profile says so. */
  @Test
  void stop_startedLateAndStoppedEarly_saysWhatItCovers() throws Exception {
    var end = Signal.create("end");
    try (var tree = ThreadTree.open("t")) {
      var inside = Signal.create("inside");
      tree.run(
          "early",
          _ -> {
            inside.go();
            end.await();
          });
      inside.await();
      Profiler profiler = profiler().start();
      tree.run("late", _ -> end.await());
      Profile profile = profiler.stop();
      assertThat(profile.coverage())
          .startsWith("Covers ")
          .contains("Began late")
          .contains("a managed thread was there before")
          .contains("Ended early: 2 managed threads had not stopped, such as \"t/early\".");
      assertThat(profile.threads("t")).isEqualTo(2);
      end.go();
    }
  }

  @Test
  void stop_allThreadsHaveStopped_coversAll() throws Exception {
    Profile profile =
        profiler()
            .run(_ -> {
              try (var tree = ThreadTree.open("t")) {
                tree.run("a", _ -> {}).join();
              }
            });
    assertThat(profile.coverage()).startsWith("Covers ").doesNotContain("late", "early", "no end");
  }

  /** An adopted thread is in the tree for a while, and out of it before and after. */
  @Test
  void run_adoptedThread_isInTheTreeWhileItIsAdopted() throws Exception {
    int units = Load.unitsIn(500);
    Profile profile =
        profiler()
            .run(_ -> {
              try (var _ = ThreadTree.open("t")) {
                Load.burn(units);
                ManagedThread.adopt(() -> Load.burn(units));
                Load.burn(units);
              }
            });
    String name = Paths.patternOf(Thread.currentThread().getName());
    double inside = profile.time("t/" + name).toNanos();
    double outside = profile.time("unmanaged/" + name).toNanos();
    assertThat(inside / (inside + outside)).isCloseTo(1.0 / 3, ERROR);
  }

  @Test
  void write_allFiles_areThere() throws Exception {
    Profiler profiler = profiler().name("mine").allocation().start();
    try (var tree = ThreadTree.open("t")) {
      tree.run("a", _ -> Load.burn(5_000)).join();
    }
    Profile profile = profiler.stop();
    assertThat(profiler.stop()).isSameAs(profile);
    profiler.close();
    assertThat(profiler.files())
        .allSatisfy(file -> assertThat(Files.size(file)).isPositive())
        .extracting(file -> file.getFileName().toString().replaceAll("\\d{8}_\\d{6}(_\\d+)?", "@"))
        .contains(
            "mine_@.txt",
            "mine_@.tab",
            "mine_@_cpu.html",
            "mine_@_timeline.json",
            "mine_@_timeline.html",
            "mine_@.jfr");
    assertThat(Profile.read(profiler.files().getLast()).samples()).isEqualTo(profile.samples());
  }
}
