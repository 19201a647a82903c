package org.morethreads.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ForkJoinPool;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.morethreads.sync.Signal;
import org.morethreads.testing.ManagedThreads;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.Outcome;
import org.morethreads.thread.Scope;
import org.morethreads.thread.StopPolicy;
import org.morethreads.thread.ThreadFailedException;
import org.morethreads.thread.ThreadTree;
import org.morethreads.work.Schedule;

/**
 * The end of processes that do not end by themselves, and of all that they have started (P2, P3,
 * P4).
 */
@ManagedThreads(
    timeout = "50 s",
    allowedLog = System.Logger.Level.WARNING) // slow stops are reported
@Timeout(60)
class ProcessStopTest {
  @TempDir Path directory;

  private static ManagedProcess.Builder bash(String script, String... arguments) {
    List<String> command = new ArrayList<>(List.of("bash", "-c", script, "bash"));
    command.addAll(List.of(arguments));
    return ManagedProcess.command(command);
  }

  private static ManagedProcess readied(ManagedProcess process) throws InterruptedException {
    return process.awaitReady();
  }

  private ManagedProcess startedWithPid(String script, Path pid) throws Exception {
    return readied(bash(script, pid.toString()).start());
  }

  // ---- asking

  @Test
  void stop_processThatListens_endsItPolitely() throws Exception {
    ManagedProcess process =
        readied(
            bash("trap 'echo bye; exit 5' TERM; echo ready; while :; do read -rt 0.05 <> <(:); done")
                .lines()
                .start());
    process.stop("the test wants it");
    assertThat(process.join()).isEqualTo(5); // no failure: it was told
    assertThat(process.stdout().drain()).containsExactly("ready", "bye");
    assertThat(process.thread().stopReason().orElseThrow().message())
        .isEqualTo("the test wants it");
    assertThat(process.thread().outcome()).contains(new Outcome.Returned<>(5));
  }

  @Test
  void stop_byDefault_sendsSigterm() throws Exception {
    ManagedProcess process = ManagedProcess.command("sleep", "1000").start();
    process.stop();
    assertThat(process.join()).isEqualTo(143);
    assertThat(Proc.isRunning(process.pid())).isFalse();
  }

  @Test
  void stopSignal_other_isSent() throws Exception {
    ManagedProcess process =
        readied(
            bash("trap 'exit 6' USR2; echo ready; while :; do read -rt 0.05 <> <(:); done")
                .stopSignal("SIGUSR2")
                .start());
    process.stop();
    assertThat(process.join()).isEqualTo(6);
  }

  @Test
  void stopSignal_thatThisSystemDoesNotHave_isReplacedByTerm() throws Exception {
    ManagedProcess process =
        ManagedProcess.command("sleep", "1000")
            .stopSignal("EMT") // of other systems
            .stopGrace(Duration.ofHours(1))
            .start();
    process.stop();
    assertThat(process.join()).isEqualTo(143); // and not 137, after an interrupt
  }

  @Test
  void stopSignal_int_reachesAProgramThatOnlyKnowsThat() throws Exception {
    ManagedProcess process =
        readied(
            ManagedProcess.command(
                    "env",
                    "--default-signal=INT",
                    "bash",
                    "-c",
                    "trap '' TERM; echo r; exec sleep 1000")
                .stopSignal("INT")
                .start());
    process.stop();
    assertThat(process.join()).isEqualTo(130);
  }

  @Test
  void stop_processThatIgnoresIt_isKilledAfterTheGrace() throws Exception {
    ManagedProcess process =
        readied(
            bash("trap '' TERM; echo ready; while :; do sleep 1000; done")
                .stopGrace(Duration.ofMillis(200))
                .start());
    process.stop();
    assertThat(process.join()).isEqualTo(137);
  }

  @Test
  void stopPolicy_interruptBeforeTheGrace_kills() throws Exception {
    ManagedProcess process =
        readied(
            bash("trap '' TERM; echo ready; while :; do sleep 1000; done")
                .stopGrace(Duration.ofHours(1))
                .start(
                    ManagedThread.named("deaf")
                        .stopPolicy(StopPolicy.standard().withAsk(Duration.ofMillis(100)))));
    process.stop();
    assertThat(process.join()).isEqualTo(137);
  }

  @Test
  void stopGrace_zero_killsAtOnce() throws Exception {
    ManagedProcess process =
        readied(
            bash("trap 'echo bye' TERM; echo ready; sleep 1000").stopGrace(Duration.ZERO).start());
    process.stop();
    assertThat(process.join()).isEqualTo(137);
    assertThat(process.stdoutTail()).isEqualTo("ready\n");
  }

  @Test
  void kill_always_endsItAtOnceAndIsNoFailure() throws Exception {
    ManagedProcess process = readied(bash("trap '' TERM; echo ready; sleep 1000").start());
    process.kill();
    assertThat(process.join()).isEqualTo(137);
  }

  @Test
  void start_parentThatWasTold_isToldAtOnce() throws Exception {
    ManagedThread<Integer> parent =
        ManagedThread.call(
            "parent",
            stop -> {
              stop.await();
              return ManagedProcess.command("sleep", "1000").start().join();
            });
    parent.stop();
    assertThat(parent.join()).isEqualTo(143);
  }

  @Test
  void stop_ofTheParent_stopsTheProcessFirst() throws Exception {
    List<String> order = Collections.synchronizedList(new ArrayList<>());
    ManagedThread<?> parent =
        ManagedThread.run(
            "parent",
            stop -> {
              ManagedProcess process = readied(bash("echo ready; exec sleep 1000").start());
              var _ = process.stopped().then(() -> order.add("process"));
              stop.await();
            });
    Proc.until(
        "the process runs",
        () -> parent.children().stream().anyMatch(child -> child.ready().isSignalled()));
    parent.stop();
    parent.join();
    order.add("parent");
    Proc.until("both", () -> order.size() == 2);
    assertThat(order).containsExactlyInAnyOrder("process", "parent");
  }

  @Test
  void needs_process_isStoppedAfterWhoNeedsIt() throws Exception {
    ManagedProcess database = readied(bash("echo ready; exec sleep 1000").name("db").start());
    ManagedProcess web =
        readied(
            bash("trap 'sleep 0.2; exit 0' TERM; echo ready; while :; do read -rt 0.05 <> <(:); done")
                .start(ManagedThread.named("web").needs(database.thread())));
    database.stop();
    assertThat(database.pleaseStop().isSignalled()).isFalse();
    web.stop();
    assertThat(database.join()).isEqualTo(143);
    assertThat(web.stopped().isSignalled()).isTrue();
    assertThat(web.join()).isZero();
  }

  @Test
  void start_inAScope_isWaitedFor() throws Exception {
    ManagedProcess process =
        Scope.call("tools", scope -> bash("sleep 0.1; exit 0").start(scope.named("tool")));
    assertThat(process.stopped().isSignalled()).isTrue();
    assertThat(process.exitCode()).hasValue(0);
  }

  // ---- the tree

  @Test
  void stop_children_areStoppedToo() throws Exception {
    Path pid = directory.resolve("pid");
    ManagedProcess process = startedWithPid("sleep 1000 & echo $! > $1; echo ready; wait", pid);
    long child = Proc.number(pid);
    process.stop();
    assertThat(process.join()).isEqualTo(143);
    assertThat(Proc.isRunning(child)).isFalse();
  }

  @Test
  void stop_reparentedGrandchild_isStoppedToo() throws Exception {
    Path pid = directory.resolve("pid");
    ManagedProcess process =
        startedWithPid("(sleep 1000 & echo $! > $1); echo ready; sleep 1000", pid);
    long grandchild = Proc.number(pid);
    assertThat(ProcessHandle.of(process.pid()).orElseThrow().descendants().map(ProcessHandle::pid))
        .doesNotContain(grandchild);
    process.stop();
    process.join();
    assertThat(Proc.isRunning(grandchild)).isFalse();
  }

  @Test
  void stop_grandchildInASessionOfItsOwn_isStoppedToo() throws Exception {
    Path pid = directory.resolve("pid");
    ManagedProcess process =
        startedWithPid(
            "setsid bash -c 'trap \"\" TERM; echo $$ > $0; while :; do sleep 1000; done' $1 & echo ready; exec sleep 1000",
            pid);
    long grandchild = Proc.number(pid);
    ManagedProcess other = bash("exec sleep 1000").start();
    process.kill();
    assertThat(process.join()).isEqualTo(137);
    assertThat(Proc.isRunning(grandchild)).isFalse();
    assertThat(Proc.isRunning(other.pid())).isTrue(); // it has a mark of its own
    other.kill();
    other.join();
  }

  @Test
  void stop_childWithoutEnvironment_isFoundByItsParent() throws Exception {
    Path pid = directory.resolve("pid");
    ManagedProcess process =
        startedWithPid(
            "env -i /bin/sh -c 'trap \"\" TERM; echo $$ > $0; while :; do /bin/sleep 1000; done' $1 & echo ready; wait",
            pid);
    long child = Proc.number(pid);
    process.kill();
    process.join();
    assertThat(Proc.isRunning(child)).isFalse();
  }

  @Test
  void ownSession_reparentedChildWithoutEnvironment_isFoundByItsSession() throws Exception {
    Path pid = directory.resolve("pid");
    ManagedProcess process =
        readied(
            bash(
                    "(env -i /bin/sleep 1000 & echo $! > $1); echo ready; exec sleep 1000",
                    pid.toString())
                .ownSession()
                .start());
    long child = Proc.number(pid);
    process.stop();
    assertThat(process.join()).isEqualTo(143);
    assertThat(Proc.isRunning(child)).isFalse();
  }

  @Test
  void stop_processThatKeepsForking_endsAll() throws Exception {
    Path log = directory.resolve("log");
    ManagedProcess process =
        readied(
            bash(
                    "trap '' TERM; echo ready; while :; do (sleep 1000 & echo $! >> $1) ; sleep 0.01; done",
                    log.toString())
                .stopGrace(Duration.ofMillis(100))
                .start());
    Proc.until("some were forked", () -> Files.exists(log) && Files.readAllLines(log).size() > 5);
    process.stop();
    assertThat(process.join()).isEqualTo(137);
    for (String pid : Files.readAllLines(log)) {
      assertThat(Proc.isRunning(Long.parseLong(pid))).isFalse();
    }
  }

  @Test
  void stopSignalToProcessOnly_childThatSurvivesTheGrace_isKilled() throws Exception {
    Path pid = directory.resolve("pid");
    ManagedProcess process =
        readied(
            bash("sleep 1000 & echo $! > $1; trap 'exit 0' TERM; echo ready; wait", pid.toString())
                .stopSignalToProcessOnly()
                .stopGrace(Duration.ofMillis(300))
                .start());
    long child = Proc.number(pid);
    process.stop();
    assertThat(process.join()).isZero();
    assertThat(Proc.isRunning(child)).isFalse();
  }

  @Test
  void endDescendants_daemonLeftBehind_isStopped() throws Exception {
    Path pid = directory.resolve("pid");
    ManagedProcess process =
        bash("(sleep 1000 & echo $! > $1)", pid.toString()).endDescendants().start();
    assertThat(process.join()).isZero();
    assertThat(Proc.isRunning(Proc.number(pid))).isFalse();
  }

  // ---- outputs that others keep open

  @Test
  void join_grandchildThatKeepsTheOutput_returnsAndLosesNothing() throws Exception {
    Path pid = directory.resolve("pid");
    ManagedProcess process =
        bash("sleep 1000 & echo $! > $1; seq 5000; printf 'no newline'", pid.toString())
            .lines()
            .start();
    assertThat(process.join()).isZero();
    assertThat(process.stdout().closed().isSignalled()).isTrue();
    assertThat(process.stdout().drain()).hasSize(5001).endsWith("5000", "no newline");
    long holder = Proc.number(pid);
    assertThat(Proc.isRunning(holder)).isTrue(); // a daemon is to outlive who starts it
    boolean _ = ProcessHandle.of(holder).orElseThrow().destroyForcibly();
  }

  @Test
  void join_grandchildThatWritesForEver_returnsWithBoundedMemory() throws Exception {
    Path pid = directory.resolve("pid");
    ManagedProcess process =
        bash("yes & echo $! > $1; read -r x; exit 0", pid.toString()).stdinLines().start();
    Proc.until("it writes", () -> process.statistics().stdoutBytes() > 64 * 1024);
    process.stdin().close();
    assertThat(process.join()).isZero();
    long writer = Proc.number(pid);
    assertThat(process.stdoutTail()).hasSize(64 * 1024);
    if (Proc.isRunning(writer)) { // it ends when it finds its pipe closed
      ProcessHandle.of(writer).ifPresent(ProcessHandle::destroyForcibly);
    }
    Proc.untilGone(writer);
  }

  @Test
  void kill_afterTheExit_killsWhatKeepsTheOutput() throws Exception {
    Path pid = directory.resolve("pid");
    ManagedProcess process =
        bash("sleep 1000 & echo $! > $1; read -r x; echo out", pid.toString())
            .stdinLines()
            .lines()
            .start();
    var _ = process.exited().then(process::kill); // on its thread, before the rest is read
    process.stdin().close();
    assertThat(process.join()).isZero();
    assertThat(Proc.isRunning(Proc.number(pid))).isFalse();
    assertThat(process.stdout().drain()).containsExactly("out");
  }

  @Test
  void limit_grandchildThatKeepsTheOutput_isKept() throws Exception {
    Path pid = directory.resolve("pid");
    ManagedProcess process =
        bash("sleep 1000 & echo $! > $1; wait", pid.toString())
            .lines()
            .limit(Duration.ofMillis(300))
            .start();
    ThreadFailedException thrown = catchThrowableOfType(ThreadFailedException.class, process::join);
    assertThat(thrown.getCause()).isInstanceOf(ProcessTimeoutException.class);
    assertThat(Proc.isRunning(Proc.number(pid))).isFalse();
  }

  // ---- the exit

  /**
   * Keeps all workers of the common pool busy meanwhile, by which the JDK would tell of an exit.
   */
  private static void withBusyCommonPool(ManagedThread.Task action) throws Exception {
    CountDownLatch over = new CountDownLatch(1);
    for (int i = 0; i < 4 * ForkJoinPool.getCommonPoolParallelism() + 4; i++) {
      var _ = CompletableFuture.runAsync(() -> awaitQuietly(over));
    }
    try {
      action.run(Signal.NEVER);
    } finally {
      over.countDown();
    }
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static ManagedProcess.Builder silent(ManagedProcess.Builder builder) {
    return builder
        .stdoutTo(ProcessBuilder.Redirect.DISCARD)
        .stderrTo(ProcessBuilder.Redirect.DISCARD);
  }

  @Test
  void join_commonPoolThatIsBusy_hearsOfTheExit() throws Exception { // P3
    withBusyCommonPool(_ -> {
      ManagedProcess process = silent(bash("sleep 0.3; exit 0")).start();
      assertThat(process.join(Proc.LONGEST)).isZero();
    });
  }

  @Test
  void stop_commonPoolThatIsBusy_hearsOfTheExit() throws Exception { // P2
    withBusyCommonPool(_ -> {
      ManagedProcess process =
          silent(ManagedProcess.command("sleep", "1000"))
              .stopGrace(Duration.ofHours(1))
              .start(
                  ManagedThread.named("sleeper")
                      .stopPolicy(StopPolicy.standard().withAsk(Duration.ofSeconds(40))));
      process.stop();
      assertThat(process.join(Proc.LONGEST)).isEqualTo(143); // and not 137, of the interrupt
    });
  }

  @Test
  void join_commonPoolThatIsBusyAndShellThatWasKilled_hearsOfItsExit() throws Exception { // P2
    withBusyCommonPool(_ -> {
      Command command = Command.shell("echo up; sleep 1000").lines().start();
      assertThat(command.stdout().take()).isEqualTo("up");
      assertThat(ProcessHandle.of(command.shellPid()).orElseThrow().destroyForcibly()).isTrue();
      ThreadFailedException thrown =
          catchThrowableOfType(ThreadFailedException.class, () -> command.join(Proc.LONGEST));
      assertThat(thrown.getCause()).isInstanceOf(ProcessFailedException.class);
    });
  }

  // ---- limits

  private static ProcessTimeoutException timeoutOf(ManagedProcess process) {
    ThreadFailedException thrown = catchThrowableOfType(ThreadFailedException.class, process::join);
    assertThat(thrown).isNotNull();
    return (ProcessTimeoutException) thrown.getCause();
  }

  @Test
  void limit_passed_stopsAndFails() throws Exception {
    ManagedProcess process =
        bash("echo working; echo problem >&2; sleep 1000").limit(Duration.ofMillis(300)).start();
    ProcessTimeoutException failure = timeoutOf(process);
    assertThat(failure.limit()).isEqualTo(ProcessTimeoutException.Limit.TOTAL);
    assertThat(failure.time()).isEqualTo(Duration.ofMillis(300));
    assertThat(failure.exitCode()).isEqualTo(143);
    assertThat(failure).hasMessageContaining("PT0.3S").hasMessageContaining("problem");
  }

  @Test
  void silenceLimit_passed_stopsAndFails() throws Exception {
    ManagedProcess process =
        bash("for i in 1 2 3; do echo $i; sleep 0.1; done; sleep 1000")
            .lines()
            .silenceLimit(Duration.ofSeconds(1))
            .start();
    assertThat(timeoutOf(process).limit()).isEqualTo(ProcessTimeoutException.Limit.SILENCE);
    assertThat(process.stdout().drain()).containsExactly("1", "2", "3");
  }

  @Test
  void silenceLimit_outputThatNobodyTakes_isNoSilence() throws Exception {
    ManagedProcess process =
        bash("seq 200000").stdoutLines().capacity(5).silenceLimit(Duration.ofSeconds(4)).start();
    Proc.until("it waits", () -> process.stdout().statistics().waitingToPut() == 1);
    Thread.sleep(5_000); // beyond the limit
    assertThat(process.join()).isZero();
    assertThat(process.stdout().drain()).hasSize(200_000);
  }

  @Test
  void startUpLimit_passed_stopsAndFails() throws Exception {
    ManagedProcess process = bash("sleep 1000").startUpLimit(Duration.ofMillis(200)).start();
    assertThat(timeoutOf(process).limit()).isEqualTo(ProcessTimeoutException.Limit.START_UP);
  }

  @Test
  void readyWhen_line_isWaitedFor() throws Exception {
    ManagedProcess process =
        bash("echo starting; echo listening on 80 >&2; exec sleep 1000")
            .readyWhen(line -> line.startsWith("listening"))
            .startUpLimit(Duration.ofSeconds(30))
            .start();
    assertThat(process.awaitReady().ready().isSignalled()).isTrue();
    assertThat(process.stderrTail()).contains("listening");
    process.stop();
    process.join();
  }

  @Test
  void awaitReady_processThatFailsBefore_throwsItsFailure() throws Exception {
    ManagedProcess process = bash("echo no >&2; exit 2").readyWhen("yes"::equals).start();
    ThreadFailedException thrown =
        catchThrowableOfType(ThreadFailedException.class, process::awaitReady);
    assertThat(thrown).hasMessageContaining("exited with 2");
  }

  @Test
  @ManagedThreads(timeout = "50 s", allowedLog = System.Logger.Level.ERROR)
  void readyWhen_predicateThatThrows_isReportedAndHoldsNothingUp() throws Exception {
    ManagedProcess process =
        bash("seq 10")
            .readyWhen(_ -> {
              throw new IllegalStateException("on purpose");
            })
            .lines()
            .start();
    assertThat(process.join()).isZero();
    assertThat(process.stdout().drain()).hasSize(10);
  }

  // ---- interrupts

  @Test
  void join_interrupted_leavesTheProcessRunning() throws Exception {
    ManagedProcess process = bash("exec sleep 1000").start();
    ManagedThread<?> joiner = ManagedThread.run("joiner", _ -> process.join());
    Proc.until("it waits", () -> joiner.thread().orElseThrow().getState() == Thread.State.WAITING);
    joiner.thread().orElseThrow().interrupt();
    var _ = joiner.awaitOutcome();
    assertThat(process.exitCode()).isEmpty();
    process.kill();
    process.join();
  }

  @Test
  void run_interrupted_stopsTheProcess() throws Exception {
    Path pid = directory.resolve("pid");
    ManagedThread<?> runner =
        ManagedThread.run(
            "runner", _ -> bash("echo $$ > $1; exec sleep 1000", pid.toString()).run());
    long child = Proc.number(pid);
    runner.thread().orElseThrow().interrupt();
    var _ = runner.awaitOutcome();
    assertThat(Proc.isRunning(child)).isFalse();
  }

  @Test
  @ManagedThreads(timeout = "50 s", allowedLog = System.Logger.Level.ERROR)
  void task_maximumRunTimeOfASchedule_stopsTheProcess() throws Exception {
    Path pid = directory.resolve("pid");
    List<String> log = Collections.synchronizedList(new ArrayList<>());
    Schedule schedule =
        Schedule.named("backup")
            .maximumRunTime(Duration.ofMillis(500))
            .at(
                after -> log.isEmpty() ? Optional.of(after.plusNanos(1_000_000)) : Optional.empty(),
                stop -> {
                  log.add("began");
                  try {
                    bash("echo $$ > $1; exec sleep 1000", pid.toString()).task().run(stop);
                  } catch (InterruptedException e) {
                    log.add("stopped");
                  }
                });
    Proc.until("the run has ended", () -> schedule.status().runs() == 1);
    assertThat(Proc.isRunning(Proc.number(pid))).isFalse();
    assertThat(log).containsExactly("began", "stopped");
    schedule.stopped().await();
  }

  // ---- the end of a tree

  @Test
  void closeOfATree_processLeft_isStoppedWithIt() throws Exception {
    ManagedProcess process;
    Path pid = directory.resolve("pid");
    try (ThreadTree tree = ThreadTree.open("own")) {
      process =
          readied(
              bash("(sleep 1000 & echo $! > $1); echo ready; exec sleep 1000", pid.toString())
                  .start(tree.named("left")));
    }
    assertThat(process.stopped().isSignalled()).isTrue();
    assertThat(process.exitCode()).hasValue(143);
    assertThat(Proc.isRunning(Proc.number(pid))).isFalse();
  }

  @Test
  void startAndStop_manyAtOnce_leaveNothing() throws Exception {
    List<ManagedProcess> all = new ArrayList<>();
    try (ThreadTree tree =
        ThreadTree.open(
            "many",
            StopPolicy.standard()
                .withAsk(Duration.ofSeconds(20))
                .withTotal(Duration.ofSeconds(40)))) {
      for (int i = 0; i < 60; i++) {
        all.add(
            ManagedProcess.command("sleep", "1000")
                .stopGrace(Duration.ofSeconds(20))
                .start(tree.named("child")));
      }
    }
    for (ManagedProcess each : all) {
      assertThat(each.exitCode()).hasValue(143);
      assertThat(Proc.isRunning(each.pid())).isFalse();
    }
  }
}
