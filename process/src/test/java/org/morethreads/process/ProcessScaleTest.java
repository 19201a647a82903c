package org.morethreads.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.StopPolicy;
import org.morethreads.thread.ThreadTree;

/**
 * Many processes at once, and many one after the other: nothing is left of them, as {@code /proc}
 * counts it. Linux only. {@code -Dmorethreads.endurance=10000} makes it the long form.
 */
@Timeout(3600)
class ProcessScaleTest {
  private static final int COUNT = Integer.getInteger("morethreads.endurance", 150);
  private static final int AT_ONCE = COUNT >= 1000 ? 1000 : 150;
  private static final int WORKERS = 4;

  private static final StopPolicy PATIENT =
      StopPolicy.standard().withAsk(Duration.ofMinutes(5)).withTotal(Duration.ofMinutes(10));

  @TempDir Path directory;

  /**
   * What there is of this JVM; of the idle readers and shells there may be as many as there were.
   */
  private record Footprint(int files, int threads, int children, int zombies) {
    static Footprint now() throws IOException {
      return new Footprint(
          Proc.openFiles(),
          Proc.threads(),
          (int) ProcessHandle.current().children().count(),
          Proc.zombies().size());
    }

    boolean isAsSmallAs(Footprint before) {
      return zombies == 0
          && children <= before.children
          && files <= before.files + 5
          && threads <= before.threads + 20; // of the JVM itself
    }
  }

  private static void settle(Footprint before) throws Exception {
    long end =
        System.nanoTime() + Duration.ofMinutes(3).toNanos(); // idle threads end after a while
    Footprint now = Footprint.now();
    while (!now.isAsSmallAs(before)) {
      assertThat(System.nanoTime() - end).as("before %s, now %s", before, now).isNegative();
      Thread.sleep(50);
      now = Footprint.now();
    }
  }

  private void onWorkers(ManagedThread.Task each, int times) throws Exception {
    try (ThreadTree tree = ThreadTree.open("endurance", PATIENT)) {
      List<ManagedThread<?>> workers = new ArrayList<>();
      for (int w = 0; w < WORKERS; w++) {
        workers.add(
            tree.run(
                "worker",
                stop -> {
                  for (int i = 0; i < times / WORKERS; i++) {
                    each.run(stop);
                  }
                }));
      }
      for (ManagedThread<?> worker : workers) {
        worker.join();
      }
    }
  }

  @Test
  void processes_manyOneAfterTheOther_leaveNothing() throws Exception {
    ManagedThread.Task one =
        _ -> {
          ProgramResult result =
              ManagedProcess.command("bash", "-c", "echo out; echo err >&2").run();
          assertThat(result).isEqualTo(new ProgramResult(0, List.of("out"), List.of("err")));
        };
    onWorkers(one, 2 * WORKERS);
    Footprint before = Footprint.now();
    onWorkers(one, COUNT);
    settle(before);
  }

  @Test
  void processes_manyThatAreKilledWithTheirChildren_leaveNothing() throws Exception {
    ManagedThread.Task one =
        _ -> {
          ManagedProcess process =
              ManagedProcess.command("bash", "-c", "sleep 1000 & echo ready; wait")
                  .stdinLines()
                  .start()
                  .awaitReady();
          process.stop();
          assertThat(process.join()).isEqualTo(143);
        };
    onWorkers(one, 2 * WORKERS);
    Footprint before = Footprint.now();
    onWorkers(one, COUNT / 4);
    settle(before);
  }

  @Test
  void commands_manyOneAfterTheOther_leaveNothing() throws Exception {
    ManagedThread.Task one =
        _ -> {
          ProgramResult result =
              Command.shell("echo out; echo err >&2; exit 3")
                  .directory(directory)
                  .acceptExitCodes(3)
                  .run();
          assertThat(result).isEqualTo(new ProgramResult(3, List.of("out"), List.of("err")));
        };
    onWorkers(one, 2 * WORKERS);
    Footprint before = Footprint.now();
    onWorkers(one, COUNT);
    settle(before);
    Command.closeIdleShells();
    Proc.until("no shell is left", () -> Sessions.idle() == 0 && Proc.zombies().isEmpty());
  }

  @Test
  void commands_manyThatAreKilled_leaveNothing() throws Exception {
    ManagedThread.Task one =
        _ -> {
          Command command =
              Command.shell("sleep 1000 & echo ready; wait").directory(directory).lines().start();
          assertThat(command.stdout().take()).isEqualTo("ready");
          command.kill();
          assertThat(command.join()).isEqualTo(137);
          assertThat(command.stderr().drain()).isEmpty();
        };
    onWorkers(one, 2 * WORKERS);
    Footprint before = Footprint.now();
    onWorkers(one, COUNT / 4);
    settle(before);
    Command.closeIdleShells();
  }

  @Test
  void processes_manyAtOnce_talkAndAreStopped() throws Exception {
    Footprint before = Footprint.now();
    long began = System.nanoTime();
    List<ManagedProcess> all = new ArrayList<>();
    long started;
    int threads;
    String memory;
    try (ThreadTree tree = ThreadTree.open("many", PATIENT)) {
      for (int i = 0; i < AT_ONCE; i++) {
        all.add(
            ManagedProcess.command("cat")
                .stdinLines()
                .lines()
                .stopGrace(Duration.ofMinutes(5))
                .start(tree.named("cat")));
      }
      started = System.nanoTime();
      for (ManagedProcess each : all) {
        each.stdin().put("hello " + each.pid());
      }
      for (ManagedProcess each : all) {
        assertThat(each.stdout().take()).isEqualTo("hello " + each.pid());
      }
      threads = Proc.threads();
      memory =
          Files.readAllLines(Path.of("/proc/self/status")).stream()
              .filter(line -> line.startsWith("VmRSS"))
              .findFirst()
              .orElse("");
      // virtual threads run as if there were no readers
      assertThat(tree.call("virtual", _ -> 42).join()).isEqualTo(42);
    }
    long ended = System.nanoTime();
    for (ManagedProcess each : all) {
      assertThat(each.exitCode()).hasValue(143);
    }
    // the readers wait ten seconds for something to read, and end
    settle(before);
    System.out.printf(
        "%d processes at once: started in %d ms, stopped %d ms later, %d threads, %s%n",
        AT_ONCE, (started - began) / 1_000_000, (ended - started) / 1_000_000, threads, memory);
  }
}
