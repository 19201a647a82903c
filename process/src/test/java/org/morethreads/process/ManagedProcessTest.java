package org.morethreads.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.morethreads.queue.QueueClosedException;
import org.morethreads.testing.ManagedThreads;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.Outcome;
import org.morethreads.thread.ThreadBuilder;
import org.morethreads.thread.ThreadFailedException;
import org.morethreads.thread.ThreadTree;

/** Processes that run to their end (P1, P3, P4). */
@ManagedThreads(timeout = "50 s")
@Timeout(60)
class ManagedProcessTest {
  private static ManagedProcess.Builder bash(String script, String... arguments) {
    List<String> command = new ArrayList<>(List.of("bash", "-c", script, "bash"));
    command.addAll(List.of(arguments));
    return ManagedProcess.command(command);
  }

  private static List<String> all(Iterable<String> lines) {
    List<String> taken = new ArrayList<>();
    lines.forEach(taken::add);
    return taken;
  }

  private static ProcessFailedException failureOf(ManagedProcess process) {
    ThreadFailedException thrown = catchThrowableOfType(ThreadFailedException.class, process::join);
    assertThat(thrown).isNotNull();
    return (ProcessFailedException) thrown.getCause();
  }

  // ---- output

  @Test
  void lines_ofBothOutputs_comeInOrderAndEnd() throws Exception {
    ManagedProcess process = bash("echo one; echo two; echo three >&2").lines().start();
    assertThat(all(process.stdout())).containsExactly("one", "two");
    assertThat(all(process.stderr())).containsExactly("three");
    assertThat(process.join()).isZero();
    assertThat(process.exitCode()).hasValue(0);
    assertThat(process.exited().isSignalled()).isTrue();
    assertThat(process.stopped().isSignalled()).isTrue();
  }

  @Test
  void start_always_makesAChildOfTheStartingThread() throws Exception {
    ManagedThread<?> parent =
        ManagedThread.run(
            "parent",
            stop -> {
              ManagedProcess process = ManagedProcess.command("/bin/cat").stdinLines().start();
              assertThat(process.path()).endsWith("/parent/cat");
              assertThat(process.thread().parent()).contains(ManagedThread.current());
              process.stdin().close();
              assertThat(process.join()).isZero();
            });
    parent.join();
  }

  @Test
  void stdout_lineWithoutAnEnd_isDelivered() throws Exception {
    ManagedProcess process = bash("printf 'a\\nb'").lines().start();
    assertThat(all(process.stdout())).containsExactly("a", "b");
    process.join();
  }

  @Test
  void stdout_carriageReturns_endLinesOnlyBeforeNewlines() throws Exception {
    ManagedProcess process = bash("printf 'a\\r\\n\\r\\nb\\rc\\n\\n\\r'").lines().start();
    assertThat(all(process.stdout())).containsExactly("a", "", "b\rc", "", "\r");
    process.join();
  }

  @Test
  void stdout_nulsAndInvalidUtf8_areDelivered() throws Exception {
    ManagedProcess process = bash("printf 'a\\0b\\n\\xff\\xc3x\\n\\xe2\\x82'").lines().start();
    assertThat(all(process.stdout())).containsExactly("a\0b", "\ufffd\ufffdx", "\ufffd");
    process.join();
  }

  @Test
  void stdout_charactersThatAreSplitBetweenWrites_areWhole() throws Exception {
    ManagedProcess process =
        bash("printf '\\xe2'; sleep 0.1; printf '\\x82\\xac\\n'").lines().start();
    assertThat(all(process.stdout())).containsExactly("€");
    process.join();
  }

  @Test
  void charset_thatIsNotUtf8_isUsedForInputAndOutput() throws Exception {
    ManagedProcess process =
        ManagedProcess.command("cat")
            .charset(StandardCharsets.UTF_16LE)
            .stdinLines()
            .stdoutLines()
            .start();
    process.stdin().put("ä€\n𝄞");
    process.stdin().close();
    assertThat(all(process.stdout())).containsExactly("ä€", "𝄞");
    process.join();
  }

  @Test
  void stdinLines_charsetWithAMark_writesTheMarkOnce() throws Exception {
    ManagedProcess process =
        ManagedProcess.command("cat")
            .charset(StandardCharsets.UTF_16)
            .stdinLines()
            .stdoutBytes()
            .start();
    process.stdin().put("a");
    process.stdin().put("b");
    process.stdin().close();
    assertThat(process.join()).isZero();
    ByteArrayOutputStream written = new ByteArrayOutputStream();
    for (byte[] piece : process.stdoutBytes()) {
      written.writeBytes(piece);
    }
    assertThat(written.toByteArray()).isEqualTo("a\nb\n".getBytes(StandardCharsets.UTF_16));
  }

  @Test
  @ManagedThreads(timeout = "50 s", allowedLog = System.Logger.Level.WARNING)
  void stdout_lineOf100MB_comesInBoundedPieces() throws Exception {
    ManagedProcess process =
        bash("head -c 100000000 /dev/zero | tr '\\0' x").stdoutLines().capacity(10).start();
    long characters = 0;
    for (String piece : process.stdout()) {
      assertThat(piece.length()).isLessThanOrEqualTo(64 * 1024);
      characters += piece.length();
    }
    assertThat(characters).isEqualTo(100_000_000);
    assertThat(process.join()).isZero();
    assertThat(process.statistics().splitLines()).isEqualTo(100_000_000 / (64 * 1024));
    assertThat(process.statistics().stdoutBytes()).isEqualTo(100_000_000);
  }

  @Test
  @ManagedThreads(timeout = "50 s", allowedLog = System.Logger.Level.WARNING)
  void longestLine_surrogatePairAtTheCut_isNotTornApart() throws Exception {
    ManagedProcess process = bash("printf 'a𝄞b\\n'").stdoutLines().longestLine(2).start();
    assertThat(all(process.stdout())).containsExactly("a𝄞", "b");
    process.join();
  }

  @Test
  void join_outputThatNobodyAskedFor_isDrainedAndItsEndKept() throws Exception {
    ManagedProcess process =
        bash("for ((i = 0; i < 30000; i++)); do echo \"line $i\"; echo \"error $i\" >&2; done")
            .start();
    assertThat(process.join()).isZero();
    assertThat(process.stdoutTail()).endsWith("line 29998\nline 29999\n").hasSize(64 * 1024);
    assertThat(process.stderrTail()).endsWith("error 29999\n").hasSize(64 * 1024);
    assertThatIllegalStateException()
        .isThrownBy(process::stdout)
        .withMessageContaining("stdoutLines()");
  }

  @Test
  void join_linesThatNobodyHasTaken_doesNotDeadlockAndLosesNone() throws Exception {
    ManagedProcess process = bash("seq 100000").lines().capacity(10).start();
    assertThat(process.join()).isZero();
    assertThat(process.stdout().size()).isEqualTo(100_000);
    assertThat(process.stdout().take()).isEqualTo("1");
    assertThat(process.stdout().drain()).hasSize(99_999).endsWith("100000");
  }

  @Test
  void join_takerThatIsSlowerThanTheEnd_losesNothing() throws Exception { // P3
    ManagedProcess process =
        bash("seq 5000").stdoutLines().capacity(5).change(copy -> copy.mostHeld = 500).start();
    ManagedThread<Integer> joiner = ManagedThread.call("joiner", _ -> process.join());
    process.exited().await();
    List<String> taken = new ArrayList<>();
    for (int i = 0; i < 35; i++) { // longer than an output is read
      taken.add(process.stdout().take());
      Thread.sleep(200);
    }
    process.stdout().forEach(taken::add);
    assertThat(taken).hasSize(5000).endsWith("5000");
    assertThat(joiner.join()).isZero();
    assertThat(process.statistics().droppedElements()).isZero();
  }

  @Test
  void join_writerLeftBehindAndSlowTaker_returnsAndLosesNothing(@TempDir Path directory)
      throws Exception { // P3
    Path pid = directory.resolve("pid");
    ManagedProcess process =
        bash(
                "echo first; yes $(printf %01000d 1) & echo $! > $1; read -r x; exit 0",
                pid.toString())
            .stdinLines()
            .stdoutLines()
            .capacity(5)
            .change(copy -> copy.mostHeld = 500)
            .start();
    ManagedThread<List<String>> taker =
        ManagedThread.call(
            "taker",
            _ -> {
              List<String> taken = new ArrayList<>();
              for (String line : process.stdout()) { // which ends without a failure
                taken.add(line);
                Thread.sleep(20); // a pipe holds 65 of them
              }
              return taken;
            });
    Proc.until("it writes", () -> process.statistics().stdoutBytes() > 1000);
    process.stdin().close();
    assertThat(process.join(Proc.LONGEST)).isZero();
    assertThat(taker.join()).startsWith("first").hasSizeGreaterThan(65);
    assertThat(process.statistics().droppedElements()).isZero();
    long writer = Proc.number(pid);
    ProcessHandle.of(writer).ifPresent(ProcessHandle::destroyForcibly);
    Proc.untilGone(writer);
  }

  @Test
  void join_loopThatWasLeft_doesNotDeadlock() throws Exception {
    ManagedProcess process = bash("seq 100000").stdoutLines().capacity(10).start();
    for (String line : process.stdout()) {
      if (line.equals("5")) {
        break;
      }
    }
    assertThat(process.join()).isZero();
    assertThat(process.stdout().drain()).hasSize(99_995);
  }

  @Test
  void capacity_fullQueue_holdsTheProcessUp() throws Exception {
    ManagedProcess process = bash("seq 1000000; exit 3").stdoutLines().capacity(10).start();
    Proc.until("the queue is full", () -> process.stdout().size() == 10);
    assertThat(process.exitCode()).isEmpty();
    assertThat(process.stdout().statistics().peak()).isEqualTo(10);
    process.kill();
    assertThat(process.join()).isEqualTo(137);
    assertThat(process.stdout().drain()).startsWith("1", "2");
  }

  @Test
  void stdout_closedByWhoTakes_isNotWanted() throws Exception {
    ManagedProcess process = bash("seq 100000").stdoutLines().capacity(10).start();
    assertThat(process.stdout().take()).isEqualTo("1");
    process.stdout().close();
    assertThat(process.join()).isZero();
    assertThat(process.statistics().droppedElements()).isZero();
    process.stdout().drain(); // what came before it was closed, if anything
  }

  @Test
  void stdoutBytes_always_areUnchanged() throws Exception {
    ManagedProcess process =
        bash("printf '\\xff\\0a\\r\\n'; head -c 100000 /dev/zero").stdoutBytes().start();
    int count = 0;
    for (byte[] piece : process.stdoutBytes()) {
      if (count == 0) {
        assertThat(piece).startsWith(0xff, 0, 'a', '\r', '\n');
      }
      count += piece.length;
    }
    assertThat(count).isEqualTo(100_005);
    process.join();
  }

  @Test
  void mergedStderr_always_comesOutInOrder() throws Exception {
    ManagedProcess process =
        bash("echo 1; echo 2 >&2; echo 3").stdoutLines().mergedStderr().start();
    assertThat(all(process.stdout())).containsExactly("1", "2", "3");
    process.join();
    assertThat(process.stderrTail()).isEqualTo("1\n2\n3\n");
    assertThatIllegalStateException()
        .isThrownBy(process::stderr)
        .withMessageContaining("mergedStderr");
  }

  @Test
  void stdoutTo_file_isWrittenByTheProcess(@TempDir Path directory) throws Exception {
    Path file = directory.resolve("out");
    ManagedProcess process =
        bash("echo out; echo err >&2; exit 1")
            .stdoutTo(ProcessBuilder.Redirect.to(file.toFile()))
            .start();
    assertThat(failureOf(process).stderrTail()).isEqualTo("err\n");
    assertThat(file).hasContent("out\n");
    assertThat(process.stdoutTail()).isEmpty();
  }

  @Test
  void stdout_closedByTheProcess_endsWhileItLives(@TempDir Path directory) throws Exception {
    Path pipe = directory.resolve("go on");
    ManagedProcess process =
        bash("echo a; exec >&-; while [ ! -e \"$1\" ]; do sleep 0.01; done", pipe.toString())
            .lines()
            .start();
    assertThat(all(process.stdout())).containsExactly("a");
    assertThat(process.exitCode()).isEmpty();
    Files.createFile(pipe);
    assertThat(process.join()).isZero();
    assertThat(all(process.stderr())).isEmpty();
  }

  @Test
  void run_always_returnsWhatWasWritten() throws Exception {
    ProgramResult result =
        bash("cat; echo b; echo c >&2; exit 4").acceptExitCodes(4).stdin("a\n").run();
    assertThat(result).isEqualTo(new ProgramResult(4, List.of("a", "b"), List.of("c")));
    assertThat(result.text()).isEqualTo("a\nb");
  }

  // ---- input

  @Test
  void stdin_byDefault_isEmpty() throws Exception {
    assertThat(ManagedProcess.command("cat").start().join()).isZero();
  }

  @Test
  void stdin_lines_reachTheProcessAtOnce() throws Exception {
    ManagedProcess process =
        bash("while read -r x; do echo \"got $x\"; done").stdinLines().lines().start();
    process.stdin().put("ä");
    assertThat(process.stdout().take()).isEqualTo("got ä");
    process.stdin().put("b");
    assertThat(process.stdout().take()).isEqualTo("got b");
    process.stdin().close();
    assertThat(process.join()).isZero();
    process.stdout().drain();
  }

  @Test
  void stdin_textOfManyMegabytes_isWrittenBesideTheOutput() throws Exception {
    String text = "0123456789abcdef\n".repeat(500_000);
    ManagedProcess process = ManagedProcess.command("cat").stdin(text).stdoutBytes().start();
    long count = 0;
    for (byte[] piece : process.stdoutBytes()) {
      count += piece.length;
    }
    assertThat(count).isEqualTo(text.length());
    assertThat(process.join()).isZero();
  }

  @Test
  void stdin_processThatNeverReads_holdsNobodyUpAfterItsExit(@TempDir Path directory)
      throws Exception {
    Path file = directory.resolve("end");
    ManagedProcess process =
        bash("while [ ! -e \"$1\" ]; do sleep 0.01; done", file.toString())
            .stdinBytes()
            .capacity(4)
            .start();
    byte[] piece = new byte[64 * 1024];
    while (process.stdinBytes().put(piece, Duration.ofMillis(200))) {
      // until the pipe and the queue are full
    }
    Files.createFile(file);
    assertThat(process.join()).isZero();
    assertThat(process.stdinBytes().closed().isSignalled()).isTrue();
    assertThat(
            catchThrowableOfType(QueueClosedException.class, () -> process.stdinBytes().put(piece)))
        .isNotNull();
  }

  @Test
  void stdin_closedByTheProcess_isClosedForUs(@TempDir Path directory) throws Exception {
    Path file = directory.resolve("end");
    ManagedProcess process =
        bash("exec <&-; while [ ! -e \"$1\" ]; do sleep 0.01; done", file.toString())
            .stdinLines()
            .start();
    Proc.until(
        "the queue is closed",
        () -> {
          if (!process.stdin().closed().isSignalled()) {
            var _ = process.stdin().offer("x");
          }
          return process.stdin().closed().isSignalled();
        });
    Files.createFile(file);
    assertThat(process.join()).isZero();
  }

  @Test
  void stdin_notAskedFor_saysHow() throws Exception {
    ManagedProcess process = ManagedProcess.command("true").start();
    assertThatIllegalStateException()
        .isThrownBy(process::stdin)
        .withMessageContaining("stdinLines()");
    assertThatIllegalStateException()
        .isThrownBy(process::stdinBytes)
        .withMessageContaining("stdinBytes()");
    process.join();
  }

  // ---- environment and directory

  @Test
  void environment_addedTakenOutReplaced_reachesTheProcess() throws Exception {
    ProgramResult result =
        bash("echo \"[$A] [$B] ${HOME+home} ${PATH+path}\"")
            .environment("A", "x\ny")
            .environment(Map.of("B", "ä"))
            .withoutEnvironment("HOME")
            .run();
    assertThat(result.text()).isEqualTo("[x\ny] [ä]  path");
  }

  @Test
  void onlyEnvironment_always_givesNothingOfOurs() throws Exception {
    ProgramResult result =
        ManagedProcess.command("/usr/bin/env").onlyEnvironment(Map.of("A", "b")).run();
    assertThat(result.stdout())
        .filteredOn(line -> !line.startsWith(Mark.VARIABLE))
        .containsExactly("A=b");
    assertThat(result.stdout()).hasSize(2);
  }

  @Test
  void environment_impossibleNames_areRefused() {
    ManagedProcess.Builder builder = ManagedProcess.command("true");
    assertThatIllegalArgumentException().isThrownBy(() -> builder.environment("", "a"));
    assertThatIllegalArgumentException().isThrownBy(() -> builder.environment("a=b", "a"));
    assertThatIllegalArgumentException().isThrownBy(() -> builder.environment("a", "\0"));
    assertThatIllegalArgumentException().isThrownBy(() -> ManagedProcess.command("a", "b\0"));
    assertThatIllegalArgumentException().isThrownBy(() -> ManagedProcess.command(List.of()));
    assertThatIllegalArgumentException().isThrownBy(() -> builder.name("a/b"));
    assertThatIllegalArgumentException().isThrownBy(() -> builder.capacity(0));
    assertThatIllegalArgumentException().isThrownBy(() -> builder.longestLine(1));
    assertThatIllegalArgumentException().isThrownBy(() -> builder.limit(Duration.ZERO));
    assertThatIllegalArgumentException().isThrownBy(() -> builder.stopSignal("a b"));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.stopSignal("TREM"))
        .withMessageContaining("\"TREM\" is no signal");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.stopGrace(Duration.ofSeconds(-1)));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.stdoutTo(ProcessBuilder.Redirect.PIPE));
  }

  @Test
  void directory_always_isWhereItRuns(@TempDir Path directory) throws Exception {
    ProgramResult result = bash("pwd -P").directory(directory).run();
    assertThat(result.text()).isEqualTo(directory.toRealPath().toString());
  }

  // ---- failures

  @Test
  void join_exitCodeOtherThanZero_failsWithCodeAndStderr() throws Exception {
    ManagedProcess process = bash("echo out; echo it is broken >&2; exit 7").start();
    ProcessFailedException failure = failureOf(process);
    assertThat(failure.exitCode()).isEqualTo(7);
    assertThat(failure.stderrTail()).isEqualTo("it is broken\n");
    assertThat(failure)
        .hasMessageContaining("bash")
        .hasMessageContaining("exited with 7")
        .hasMessageContaining("it is broken");
    assertThat(failure.getMessage()).doesNotContain("exit 7"); // arguments may be secrets
    assertThat(process.thread().outcome()).containsInstanceOf(Outcome.Failed.class);
  }

  @Test
  void join_failure_showsTheLineThatStartedIt() throws Exception {
    ProcessFailedException failure = failureOf(bash("exit 1").start());
    assertThat(failure.getStackTrace())
        .anyMatch(frame -> frame.getClassName().equals(ManagedProcessTest.class.getName()));
  }

  @Test
  void join_failureInATreeThatKeepsOneLine_showsTheLineThatStartedIt() throws Exception {
    try (ThreadTree tree = ThreadTree.open("own")) {
      ProcessFailedException failure = failureOf(bash("exit 1").start(tree.named("one")));
      assertThat(failure.getStackTrace())
          .anyMatch(frame -> frame.getClassName().equals(ManagedProcessTest.class.getName()));
    }
  }

  @Test
  @ManagedThreads(timeout = "50 s", allowedLog = System.Logger.Level.ERROR)
  void failure_thatNobodyClaims_isThatOfTheParent() {
    ManagedThread<?> parent =
        ManagedThread.run(
            "parent",
            stop -> {
              ManagedProcess process = bash("exit 3").start();
              process.stopped().await();
            });
    ThreadFailedException thrown = catchThrowableOfType(ThreadFailedException.class, parent::join);
    assertThat(thrown).hasStackTraceContaining("exited with 3");
  }

  @Test
  void acceptExitCodes_always_makesThemNoFailure() throws Exception {
    assertThat(bash("exit 1").acceptExitCodes(0, 1).start().join()).isEqualTo(1);
    assertThat(bash("exit 9").acceptAnyExitCode().start().join()).isEqualTo(9);
    assertThat(failureOf(bash("exit 0").acceptExitCodes(1).start()).exitCode()).isZero();
  }

  @Test
  void join_processEndedByASignal_failsWithItsNumber() throws Exception {
    ProcessFailedException failure = failureOf(bash("kill -SEGV $$").start());
    assertThat(failure.exitCode()).isEqualTo(139);
    assertThat(failure).hasMessageContaining("signal 11");
  }

  @Test
  void join_withALimit_throwsAndClaimsNothing() throws Exception {
    ManagedProcess process = ManagedProcess.command("cat").stdinLines().start();
    assertThat(catchThrowableOfType(TimeoutException.class, () -> process.join(Duration.ZERO)))
        .isNotNull();
    assertThat(process.exitCode()).isEmpty();
    process.stdin().close();
    assertThat(process.join(Proc.LONGEST)).isZero();
    assertThat(process.join(process.stopped())).isZero();
  }

  // ---- what cannot be started

  private static ProcessStartException.Reason reasonOf(ManagedProcess.Builder builder) {
    ProcessStartException thrown =
        catchThrowableOfType(ProcessStartException.class, () -> builder.start());
    assertThat(thrown).isNotNull();
    return thrown.reason();
  }

  @Test
  void start_noSuchProgram_isSaid(@TempDir Path directory) throws Exception {
    ManagedProcess.Builder missing = ManagedProcess.command("no-such-program-here");
    assertThat(reasonOf(missing)).isEqualTo(ProcessStartException.Reason.NO_SUCH_PROGRAM);
    assertThat(reasonOf(missing.ownSession()))
        .isEqualTo(ProcessStartException.Reason.NO_SUCH_PROGRAM);
    assertThat(reasonOf(ManagedProcess.command("/no/such/program").ownSession()))
        .isEqualTo(ProcessStartException.Reason.NO_SUCH_PROGRAM);
    Path script = directory.resolve("script");
    Files.writeString(script, "#!/no/such/interpreter\n");
    Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
    ProcessStartException thrown =
        catchThrowableOfType(
            ProcessStartException.class, () -> ManagedProcess.command(script.toString()).start());
    assertThat(thrown.reason()).isEqualTo(ProcessStartException.Reason.NO_SUCH_PROGRAM);
    assertThat(thrown).hasMessageContaining("first line");
    assertThat(ManagedThread.currentOrNull()).isNull();
  }

  @Test
  void start_noSuchDirectory_isSaid(@TempDir Path directory) throws Exception {
    assertThat(reasonOf(ManagedProcess.command("true").directory(directory.resolve("none"))))
        .isEqualTo(ProcessStartException.Reason.NO_SUCH_DIRECTORY);
    Path file = Files.createFile(directory.resolve("file"));
    assertThat(reasonOf(ManagedProcess.command("true").directory(file)))
        .isEqualTo(ProcessStartException.Reason.NO_SUCH_DIRECTORY);
    assertThat(reasonOf(ManagedProcess.command("true").directory(file).ownSession()))
        .isEqualTo(ProcessStartException.Reason.NO_SUCH_DIRECTORY);
  }

  @Test
  void start_noPermission_isSaid(@TempDir Path directory) throws Exception {
    Path file = Files.writeString(directory.resolve("file"), "#!/bin/sh\n");
    assertThat(reasonOf(ManagedProcess.command(file.toString())))
        .isEqualTo(ProcessStartException.Reason.NO_PERMISSION);
    assertThat(reasonOf(ManagedProcess.command(file.toString()).ownSession()))
        .isEqualTo(ProcessStartException.Reason.NO_PERMISSION);
  }

  @Test
  void ownSession_pathOfItsOwnWithoutTheProgram_findsItOnOurs(@TempDir Path directory)
      throws Exception {
    ManagedProcess.Builder builder = ManagedProcess.command("true").ownSession();
    assertThat(builder.environment("PATH", directory.toString()).start().join()).isZero();
    assertThat(builder.onlyEnvironment(Map.of()).start().join()).isZero();
  }

  @Test
  void start_argumentsTooLong_isSaid() {
    assertThat(reasonOf(ManagedProcess.command("true", "x".repeat(10_000_000))))
        .isEqualTo(ProcessStartException.Reason.TOO_LONG);
  }

  /** Starts a process, and some commands, where that is refused: nothing of them must run. */
  private static void assertRefused(ThreadBuilder thread, Path directory) {
    Path output = directory.resolve("made with the process");
    assertThatIllegalStateException()
        .isThrownBy(() ->
            ManagedProcess.command("true")
                .stdoutTo(ProcessBuilder.Redirect.to(output.toFile()))
                .start(thread))
        .withMessageContaining("Cannot start");
    for (int i = 0; i < 5; i++) { // each might be killed before it makes the file
      Command.Builder command = Command.of("touch", directory.resolve("made " + i).toString());
      assertThatIllegalStateException()
          .isThrownBy(() -> command.start(thread))
          .withMessageContaining("Cannot start");
    }
    assertThat(directory).isEmptyDirectory();
  }

  @Test
  void start_parentThatHasStopped_runsNothing(@TempDir Path directory) throws Exception {
    ManagedThread<?> parent = ManagedThread.run("parent", _ -> {});
    parent.join();
    assertRefused(ManagedThread.named("late").parent(parent), directory);
  }

  @Test
  void start_neededThreadThatHasStopped_runsNothing(@TempDir Path directory) throws Exception {
    ManagedThread<?> needed = ManagedThread.run("needed", _ -> {});
    needed.join();
    assertRefused(ManagedThread.named("late").needs(needed), directory);
  }

  @Test
  void start_programThatIsMissing_leavesNoThread() throws Exception {
    ManagedThread<?> parent =
        ManagedThread.run(
            "parent",
            _ -> {
              assertThat(reasonOf(ManagedProcess.command("no-such-program-here")))
                  .isEqualTo(ProcessStartException.Reason.NO_SUCH_PROGRAM);
              assertThat(ManagedThread.current().children()).isEmpty();
            });
    parent.join(); // which does not fail for a child that nobody has
  }
}
