package org.morethreads.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.morethreads.testing.ManagedThreads;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.ThreadFailedException;

/** Commands in shells that are kept (P5). */
@ManagedThreads(
    timeout = "50 s",
    allowedLog = System.Logger.Level.WARNING) // slow stops are reported
@Timeout(60)
class CommandTest {
  @TempDir Path directory;

  @AfterEach
  void closeShells() {
    Command.closeIdleShells();
  }

  private static String output(Command.Builder command) throws Exception {
    return command.run().text();
  }

  /** Runs a line; the shells of this directory are those of this test alone. */
  private String shell(String line) throws Exception {
    return output(Command.shell(line).directory(directory));
  }

  private static ProcessFailedException failureOf(Command command) {
    ThreadFailedException thrown = catchThrowableOfType(ThreadFailedException.class, command::join);
    assertThat(thrown).isNotNull();
    return (ProcessFailedException) thrown.getCause();
  }

  // ---- the same as a process

  @Test
  void lines_ofBothOutputs_comeInOrderAndEnd() throws Exception {
    Command command = Command.shell("echo one; echo two; echo three >&2").lines().start();
    List<String> lines = new ArrayList<>();
    command.stdout().forEach(lines::add);
    assertThat(lines).containsExactly("one", "two");
    assertThat(command.join()).isZero();
    assertThat(command.stderr().drain()).containsExactly("three");
    assertThat(command.exitCode()).hasValue(0);
    assertThat(command.exited().isSignalled()).isTrue();
  }

  @Test
  void lines_ofARunningCommand_comeAtOnce() throws Exception {
    Path file = directory.resolve("go on");
    Command command =
        Command.shell("echo now; while [ ! -e \"$F\" ]; do sleep 0.01; done; echo later")
            .environment("F", file.toString())
            .lines()
            .start();
    assertThat(command.stdout().take()).isEqualTo("now");
    assertThat(command.exitCode()).isEmpty();
    Files.createFile(file);
    assertThat(command.stdout().take()).isEqualTo("later");
    assertThat(command.join()).isZero();
  }

  @Test
  void join_exitCodeOtherThanZero_failsWithCodeAndStderr() throws Exception {
    ProcessFailedException failure = failureOf(Command.shell("echo broken >&2; exit 7").start());
    assertThat(failure.exitCode()).isEqualTo(7);
    assertThat(failure.stderrTail()).isEqualTo("broken\n");
    assertThat(failure.getStackTrace())
        .anyMatch(frame -> frame.getClassName().equals(CommandTest.class.getName()));
    assertThat(Command.of("false").acceptExitCodes(1).start().join()).isEqualTo(1);
  }

  @Test
  void join_programThatIsNotThere_failsWith127() throws Exception {
    ProcessFailedException failure = failureOf(Command.of("no-such-program-here").start());
    assertThat(failure.exitCode()).isEqualTo(127);
    assertThat(failure).hasMessageContaining("not found");
  }

  @Test
  void start_directoryThatIsNotThere_isSaid() {
    ProcessStartException thrown =
        catchThrowableOfType(
            ProcessStartException.class,
            () -> Command.of("true").directory(directory.resolve("none")).start());
    assertThat(thrown.reason()).isEqualTo(ProcessStartException.Reason.NO_SUCH_DIRECTORY);
  }

  @Test
  void start_shellThatIsNotThereOrIsNone_isSaid() {
    ProcessStartException missing =
        catchThrowableOfType(
            ProcessStartException.class,
            () -> Command.of("true").shell(Path.of("/no/such/bash")).start());
    assertThat(missing.reason()).isEqualTo(ProcessStartException.Reason.NO_SUCH_PROGRAM);
    ProcessStartException none =
        catchThrowableOfType(
            ProcessStartException.class,
            () -> Command.of("true").shell(Path.of("/bin/true")).start());
    assertThat(none).hasMessageContaining("needs bash");
  }

  @Test
  void mergedStderr_always_comesOutInOrder() throws Exception {
    Command.Builder three = Command.shell("echo 1; echo 2 >&2; echo 3").mergedStderr();
    assertThat(output(three)).isEqualTo("1\n2\n3");
    assertThat(output(three.isolation(Isolation.TRUSTING))).isEqualTo("1\n2\n3");
  }

  @Test
  void join_muchOutput_isNotHeldUp() throws Exception {
    Command command = Command.of("seq", "200000").lines().capacity(10).start();
    assertThat(command.join()).isZero();
    assertThat(command.stdout().drain()).hasSize(200_000).endsWith("200000");
    Command unread = Command.of("seq", "200000").start();
    assertThat(unread.join()).isZero();
    assertThat(unread.stdoutTail()).endsWith("199999\n200000\n");
  }

  // ---- arguments

  @Test
  void of_argumentsOfAllKinds_reachTheCommandAsTheyAre() throws Exception {
    List<String> arguments =
        List.of(
            "",
            " ",
            "a b",
            "'",
            "\"",
            "it's",
            "a\nb\n",
            "\\",
            "\\n",
            "$HOME",
            "`id`",
            "$(id)",
            "*",
            "?",
            "~",
            "-n",
            "--",
            "-",
            ";",
            "&",
            "|",
            "#",
            "!",
            "{a,b}",
            "[a]",
            "a=b",
            "ä€𝄞",
            "\t",
            "\u0001\u0002\u007f\u001b'\\",
            "\r\n",
            "\nm 0\nc :",
            "\r",
            "\u0001",
            "x".repeat(100_000));
    for (Isolation isolation : Isolation.values()) {
      for (String program : List.of("printf", "/usr/bin/printf")) {
        List<String> command = new ArrayList<>(List.of(program, "[%s]"));
        command.addAll(arguments);
        Command running =
            Command.of(command).isolation(isolation).stdoutBytes().directory(directory).start();
        assertThat(running.join()).isZero();
        var bytes = new java.io.ByteArrayOutputStream();
        running.stdoutBytes().forEach(bytes::writeBytes);
        assertThat(bytes.toString(java.nio.charset.StandardCharsets.UTF_8))
            .isEqualTo("[" + String.join("][", arguments) + "]");
      }
    }
  }

  @Test
  void of_nul_isRefused() {
    assertThatIllegalArgumentException().isThrownBy(() -> Command.of("echo", "\0"));
    assertThatIllegalArgumentException().isThrownBy(() -> Command.shell(""));
  }

  @Test
  void shell_lineOfSeveralLines_isInterpreted() throws Exception {
    assertThat(shell("for i in 1 2\ndo echo $i # comment\ndone\ncat <<X\nhere $((1 + 1))\nX"))
        .isEqualTo("1\n2\nhere 2");
    assertThat(failureOf(Command.shell("if").start()).stderrTail()).contains("syntax error");
    assertThat(shell("echo \"[$*] [$#]\"")).isEqualTo("[] [0]");
  }

  @Test
  void of_builtin_isThatOfTheShell() throws Exception {
    Path script = Files.writeString(directory.resolve("script"), "echo \"sourced $1\"");
    for (Isolation isolation : Isolation.values()) {
      for (String source : List.of("source", ".")) {
        assertThat(output(Command.of(source, script.toString(), "a").isolation(isolation)))
            .isEqualTo("sourced a");
      }
      assertThat(output(Command.of("let", "X=1 + 1").isolation(isolation))).isEmpty();
    }
    assertThat(output(Command.of("exec", "echo", "a"))).isEqualTo("a");
    assertThat(BashDialect.BUILTINS)
        .containsAll(Command.of("compgen", "-A", "builtin").run().stdout());
  }

  /** The shell and what it needs are found on our path. */
  @Test
  void environment_pathWithoutTheShell_isThatOfTheCommandAlone() throws Exception {
    Command.Builder echo = Command.of("echo", "a").environment("PATH", "/no/such/place");
    for (Isolation isolation : Isolation.values()) {
      assertThat(output(echo.isolation(isolation))).isEqualTo("a");
    }
    Command.Builder none = Command.of("ls").environment("PATH", "/no/such/place");
    assertThat(failureOf(none.start()).exitCode()).isEqualTo(127);
  }

  @Test
  void run_outputThatGoesElsewhereOrInputByAQueue_isRefused() {
    Path file = directory.resolve("file");
    ManagedProcess.Builder process = ManagedProcess.command("echo", "a");
    assertThatIllegalStateException()
        .isThrownBy(() -> process.stdoutTo(ProcessBuilder.Redirect.to(file.toFile())).run())
        .withMessageContaining("elsewhere");
    assertThatIllegalStateException()
        .isThrownBy(() -> process.stdinLines().run())
        .withMessageContaining("queue");
    assertThat(file).doesNotExist();
  }

  // ---- input

  @Test
  void stdin_byDefault_isEmptyAndIsNotThatOfTheShell() throws Exception {
    assertThat(shell("cat; echo end")).isEqualTo("end");
    assertThat(shell("read -r x; echo \"[$x]\"")).isEqualTo("[]");
    assertThat(shell("echo next")).isEqualTo("next");
  }

  @Test
  void stdin_text_isReadExactlyAndMayBeLeftUnread() throws Exception {
    String text = "a\0b\n" + "x".repeat(300_000) + "\nno newline";
    Command.Builder cat = Command.of("cat").directory(directory);
    Command command = cat.stdin(text).stdoutBytes().start();
    assertThat(command.join()).isZero();
    var bytes = new java.io.ByteArrayOutputStream();
    command.stdoutBytes().forEach(bytes::writeBytes);
    assertThat(bytes.toString(java.nio.charset.StandardCharsets.UTF_8)).isEqualTo(text);
    assertThat(output(Command.of("true").directory(directory).stdin(text))).isEmpty();
    assertThat(output(cat)).isEmpty();
  }

  // ---- isolation

  @Test
  void command_afterAnother_usesTheSameShell() throws Exception {
    Set<Long> shells = new HashSet<>();
    for (int i = 0; i < 20; i++) {
      Command command = Command.of("true").directory(directory).start();
      shells.add(command.shellPid());
      command.join();
    }
    assertThat(shells).hasSize(1);
    Command other = Command.of("true").directory(directory).environment("A", "b").start();
    assertThat(shells).doesNotContain(other.shellPid());
    other.join();
  }

  @Test
  void isolation_full_nothingOfOneReachesTheNext() throws Exception {
    String state =
        "pwd; echo \"$X|$-|$(umask)|$(trap -p)|$(type -t f)|$(ulimit -n)\"; shopt -p extglob nullglob; true";
    String before = shell(state);
    List<String> attempts =
        List.of(
            "cd /; X=1; export X; f() { :; }; shopt -s extglob nullglob; set -ef; umask 0; ulimit -n 50",
            "trap 'echo trapped' EXIT TERM INT; exit 3",
            "exec true",
            "exec 1>&- 2>&- 0<&-",
            "exec >/dev/null 2>&1",
            "alias printf=false; printf() { :; }; builtin() { :; }; export -f printf builtin; eval() { :; }",
            "set -o errexit; false; echo never",
            "unset PATH; IFS=x; readonly X=3; POSIXLY_CORRECT=1",
            "kill -TERM $BASHPID",
            "kill -KILL $BASHPID",
            "printf 'no newline'; printf 'error without' >&2",
            "printf '\\001'; printf '\\001%s 0\\n' 0123456789abcdef01234567; echo MARK 0",
            "enable -n printf exec; hash -p /bin/false true",
            "cat; read x; head -c 10",
            "sleep 0.2 & echo $! > pid",
            "history -c; fc -l; bind -p; suspend; logout; times; exit 4");
    for (String attempt : attempts) {
      for (int i = 0; i < 2; i++) {
        Command command =
            Command.shell(attempt)
                .directory(directory)
                .acceptAnyExitCode()
                .limit(Duration.ofSeconds(40))
                .start();
        command.join();
        assertThat(shell(state)).as("after: " + attempt).isEqualTo(before);
      }
    }
  }

  @Test
  void isolation_full_outputWithoutNewlineIsExact() throws Exception {
    Command command = Command.of("printf", "a\\nb").directory(directory).stdoutBytes().start();
    assertThat(command.join()).isZero();
    var bytes = new java.io.ByteArrayOutputStream();
    command.stdoutBytes().forEach(bytes::writeBytes); // the shell writes it in two pieces
    assertThat(bytes.toString(java.nio.charset.StandardCharsets.UTF_8)).isEqualTo("a\nb");
    assertThat(shell("printf ''; echo next")).isEqualTo("next");
  }

  @Test
  void isolation_full_knowsNoMark() throws Exception {
    String visible =
        shell("set; declare -f; declare -F; env; echo \"$0 $* $#\"; cat /proc/$BASHPID/cmdline");
    assertThat(visible.lines()).noneMatch(line -> line.contains("__mt"));
    assertThat(visible).doesNotContainPattern("\\b[0-9a-f]{24}\\b"); // a mark
  }

  @Test
  void isolation_full_backgroundChildIsKilledAndDoesNotWriteLater() throws Exception {
    Path pid = directory.resolve("pid");
    Command command =
        Command.shell("(while :; do echo LATE; sleep 0.01; done) & echo $! > pid; echo done")
            .directory(directory)
            .lines()
            .start();
    long shell = command.shellPid();
    assertThat(command.join()).isZero();
    assertThat(command.stdout().drain()).contains("done");
    Proc.untilGone(Proc.number(pid));
    Command next = Command.shell("sleep 0.1; echo next").directory(directory).lines().start();
    assertThat(next.shellPid()).isEqualTo(shell);
    next.join();
    assertThat(next.stdout().drain()).containsExactly("next");
  }

  @Test
  void isolation_full_childThatLeftTheSessionIsKilledToo() throws Exception {
    Path pid = directory.resolve("pid");
    assertThat(
            shell(
                "setsid bash -c 'trap \"\" TERM; echo $$ > pid; while :; do echo LATE; sleep 0.01; done' & while [ ! -s pid ]; do sleep 0.01; done; echo done"))
        .contains("done");
    Proc.untilGone(Proc.number(pid)); // killed, and may be about to be gone
    assertThat(shell("sleep 0.1; echo next")).isEqualTo("next");
  }

  @Test
  void isolation_full_childThatCannotBeFoundCostsTheShell() throws Exception {
    Path pid = directory.resolve("pid");
    Command command =
        Command.shell(
                "(setsid env -i /bin/sh -c 'echo $$ > pid; while :; do echo LATE; /bin/sleep 0.01; done' &); while [ ! -s pid ]; do sleep 0.01; done; echo done")
            .directory(directory)
            .lines()
            .start();
    long shell = command.shellPid();
    assertThat(command.join()).isZero();
    command.stdout().drain();
    Command next = Command.shell("sleep 0.1; echo next").directory(directory).lines().start();
    assertThat(next.shellPid()).isNotEqualTo(shell);
    next.join();
    assertThat(next.stdout().drain()).containsExactly("next");
    ProcessHandle.of(Proc.number(pid)).ifPresent(ProcessHandle::destroyForcibly);
  }

  /** P5: it has the output without the lifeline, as what Python's subprocess starts. */
  @Test
  void isolation_full_childWithoutTheLifelineIsKilledToo() throws Exception {
    String late = "{ while [ ! -e go ]; do sleep 0.01; done; echo LATE; } 8>&- 99>&- &";
    for (String line : List.of(late, "exec 8</dev/null 99</dev/null; " + late)) {
      Files.deleteIfExists(directory.resolve("go"));
      assertThat(shell(line + " echo $! > pid; echo done")).isEqualTo("done");
      Proc.untilGone(Proc.number(directory.resolve("pid")));
      assertThat(shell("touch go; sleep 0.1; echo next")).isEqualTo("next");
    }
  }

  /** P5: it has the lifeline without the outputs. */
  @Test
  void isolation_full_childThatWritesElsewhereIsKilledToo() throws Exception {
    shell("sleep 1000 >/dev/null 2>&1 & echo $! > pid");
    Proc.untilGone(Proc.number(directory.resolve("pid")));
  }

  /** P5: the flags of an open file belong to all who have it. */
  @Test
  void isolation_full_outputThatWasMadeNonBlocking_isNotThatOfTheNext() throws Exception {
    String nonBlocking = "dd if=/dev/null oflag=nonblock status=none";
    Command before =
        Command.shell(nonBlocking + "; " + nonBlocking + " >&2").directory(directory).start();
    assertThat(before.join()).isZero();
    Command next = Command.of("seq", "200000").directory(directory).lines().start();
    assertThat(next.shellPid()).isEqualTo(before.shellPid());
    assertThat(next.join()).isZero();
    assertThat(next.stdout().drain()).hasSize(200_000);
  }

  @Test
  void isolation_full_shellThatIsKilledByItsCommandIsThrownAway() throws Exception {
    Command command =
        Command.shell("echo before; kill -KILL $$; sleep 1000")
            .directory(directory)
            .lines()
            .start();
    assertThat(failureOf(command).exitCode()).isEqualTo(137);
    assertThat(command.stdout().drain()).containsExactly("before");
    assertThat(shell("echo next")).isEqualTo("next");
  }

  @Test
  void take_shellThatDiedWhileItWaited_isNotUsed() throws Exception {
    Command command = Command.of("true").directory(directory).start();
    command.join();
    ProcessHandle.of(command.shellPid()).orElseThrow().destroyForcibly();
    Proc.untilGone(command.shellPid());
    Proc.until("the JVM knows", () -> ProcessHandle.of(command.shellPid()).isEmpty());
    assertThat(shell("echo next")).isEqualTo("next");
  }

  /** What the shell has forked for the next command. */
  private static ProcessHandle forkOf(Command command) throws Exception {
    ProcessHandle shell = ProcessHandle.of(command.shellPid()).orElseThrow();
    Proc.until("there is a fork", () -> shell.children().count() == 1);
    return shell.children().findAny().orElseThrow();
  }

  /** P5: the fork that waits for the next command is part of what must be fit. */
  @Test
  void take_forkThatDiedWhileItWaited_isNotUsed() throws Exception {
    Command command = Command.of("true").directory(directory).start();
    command.join();
    forkOf(command).destroyForcibly();
    Proc.untilGone(command.shellPid());
    assertThat(shell("echo next")).isEqualTo("next");
  }

  /** P5: of a command whose fork is killed before it has read it, the shell runs nothing. */
  @Test
  void isolation_full_commandThatWasNotRead_isRunByNobody() throws Exception {
    Command before = Command.of("true").directory(directory).start();
    before.join();
    ProcessHandle fork = forkOf(before);
    OsSignal.send("STOP", List.of(fork));
    Command command = Command.shell("touch started").directory(directory).start();
    assertThat(command.shellPid()).isEqualTo(before.shellPid());
    fork.destroyForcibly();
    assertThat(failureOf(command).exitCode()).isNotZero();
    Proc.untilGone(command.shellPid());
    assertThat(directory.resolve("started")).doesNotExist();
    assertThat(shell("echo next")).isEqualTo("next");
  }

  /**
   * Nor of one whose fork is killed while it reads, though what is left would be a line of shell.
   */
  @Test
  void isolation_full_commandThatWasReadInPart_isRunByNobody() throws Exception {
    String bait = "'; touch started; '\"; touch started; \"\\'; touch started; ".repeat(100);
    for (int round = 0; round < 20; round++) {
      Command before = Command.of("true").directory(directory).start();
      before.join();
      ProcessHandle fork = forkOf(before);
      Command command = Command.of(":", bait).directory(directory).start();
      for (int i = 0; i < round * 1000; i++) {
        Thread.onSpinWait(); // so that it is met at many places, perhaps also before and after
      }
      fork.destroyForcibly();
      try {
        assertThat(command.join()).isZero(); // it was done already
      } catch (ThreadFailedException killed) {
        assertThat(killed).cause().hasMessageContaining("exited with 1"); // 137, or 1 by the shell
      }
      assertThat(directory.resolve("started")).doesNotExist();
      assertThat(shell("echo next")).isEqualTo("next");
    }
  }

  /** P5: a signal takes effect later than it is sent; until then the shell must not be used. */
  @Test
  void kill_session_isOfNoUseAtOnce() throws Exception {
    for (int i = 0; i < 5; i++) {
      Session session = Session.start(Command.of("true").directory(directory).settings);
      session.kill();
      assertThat(session.isBroken()).isTrue();
      session.close();
      Proc.untilGone(session.pid());
    }
  }

  /** P5: what the shell does at its own end is not for commands to see, and to run. */
  @Test
  void isolation_full_trapsOfTheShellAreOutOfReach() throws Exception {
    assertThat(shell("trap -p EXIT; eval \"$(trap -p EXIT)\"; echo end")).isEqualTo("end");
    assertThat(shell("trap -p EXIT; echo next")).isEqualTo("next");
  }

  /** P5: a fork that cannot be proven to be clean later is given no command. */
  @Test
  void isolation_full_directoryOfTheShellRemoved_costsTheShell() throws Exception {
    Command before = Command.of("true").directory(directory).start();
    before.join();
    Path place = before.place();
    Path lifeline = Path.of("/proc", Long.toString(forkOf(before).pid()), "fd", "99");
    Proc.until("the fork is ready", () -> Files.exists(lifeline));
    try (var files = Files.list(place)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Command last = Command.of("true").directory(directory).start(); // its fork is older
    assertThat(last.shellPid()).isEqualTo(before.shellPid());
    last.join();
    Proc.untilGone(before.shellPid());
    assertThat(shell("echo next")).isEqualTo("next");
    assertThat(place).doesNotExist();
  }

  @Test
  void take_directoryThatWasMadeAnew_isTheNewOne() throws Exception {
    Path inner = Files.createDirectory(directory.resolve("inner"));
    Command.Builder list = Command.shell("ls").directory(inner);
    assertThat(output(list)).isEmpty();
    Files.move(inner, directory.resolve("moved"));
    Files.createDirectory(inner);
    Files.createFile(inner.resolve("file"));
    assertThat(output(list)).isEqualTo("file");
  }

  @Test
  void isolation_trusting_keepsWhatIsChanged() throws Exception {
    Command.Builder set =
        Command.shell("X=1; cd /").directory(directory).isolation(Isolation.TRUSTING);
    set.start().join();
    Command.Builder get =
        Command.shell("echo \"$X $PWD\"").directory(directory).isolation(Isolation.TRUSTING);
    assertThat(output(get)).isEqualTo("1 /");
    assertThat(shell("echo \"$X\"")).isEmpty(); // those in isolation have other shells
    ProcessFailedException failure =
        failureOf(
            Command.of("exit", "5").directory(directory).isolation(Isolation.TRUSTING).start());
    assertThat(failure.exitCode()).isEqualTo(5);
    assertThat(output(get)).startsWith(" "); // another shell
  }

  /** What only means something at the top level of the shell, or something else in a function. */
  @Test
  void isolation_trusting_runsAtTheTopLevel() throws Exception {
    Command.Builder get =
        Command.shell("echo \"$# ${1-} ${X-}\"").directory(directory).isolation(Isolation.TRUSTING);
    assertThat(output(get)).isEqualTo("0  ");
    List<Command.Builder> changes =
        List.of(
            Command.shell("set -- a b; declare X=1"),
            Command.shell("shift"),
            Command.of("set", "--", "c d", "'e'", "f"),
            Command.of("declare", "X=2 3"),
            Command.shell("return 3"),
            Command.of("shift"));
    List<String> states =
        List.of("2 a 1", "1 b 1", "3 c d 1", "3 c d 2 3", "3 c d 2 3", "2 'e' 2 3");
    for (int i = 0; i < changes.size(); i++) {
      Command.Builder change =
          changes.get(i).directory(directory).isolation(Isolation.TRUSTING).acceptAnyExitCode();
      assertThat(change.run().stdout()).isEmpty();
      assertThat(output(get)).isEqualTo(states.get(i));
    }
    Command word = Command.of("if").directory(directory).isolation(Isolation.TRUSTING).start();
    assertThat(failureOf(word).exitCode()).isEqualTo(127);
  }

  @Test
  void environment_always_reachesTheCommand() throws Exception {
    assertThat(output(Command.shell("echo \"$A\"").environment("A", "x\ny 'z'")))
        .isEqualTo("x\ny 'z'");
    assertThat(
            output(
                    Command.of("/usr/bin/env")
                        .onlyEnvironment(Map.of("A", "b", "PATH", "/usr/bin:/bin")))
                .lines())
        .contains("A=b")
        .noneMatch(line -> line.startsWith("HOME="));
    assertThat(output(Command.shell("echo \"$BASH_ENV\"").environment("BASH_ENV", "/dev/stdin")))
        .isEqualTo("/dev/stdin");
    assertThat(output(Command.of("echo", "a").environment("BASH_FUNC_echo%%", "() { :; }")))
        .isEqualTo("a");
  }

  // ---- stopping

  @Test
  void stop_command_endsItsTreeAndKeepsTheShell() throws Exception {
    Path pid = directory.resolve("pid");
    Command command =
        Command.shell("sleep 1000 & echo $! > pid; wait").directory(directory).start();
    long child = Proc.number(pid);
    command.stop();
    assertThat(command.join()).isEqualTo(143);
    Proc.untilGone(child);
    Command next = Command.of("true").directory(directory).start();
    assertThat(next.shellPid()).isEqualTo(command.shellPid());
    next.join();
  }

  /** P2: the grace is for all of it, and not only for what the shell waits for. */
  @Test
  void stop_childThatTidiesUp_hasTheGraceAndIsHeard() throws Exception {
    String child = "trap 'sleep 0.3; echo bye; exit 0' TERM; echo up; while :; do sleep 0.01; done";
    for (Command.Builder builder :
        List.of(
            Command.shell("bash -c \"$CHILD\" | cat"),
            Command.shell("bash -c \"$CHILD\"; true"),
            Command.of("bash", "-c", "bash -c \"$CHILD\"; true"))) {
      Command command =
          builder
              .environment("CHILD", child)
              .directory(directory)
              .stopGrace(Duration.ofSeconds(40))
              .stdoutLines()
              .start();
      assertThat(command.stdout().take()).isEqualTo("up");
      command.stop();
      assertThat(command.join()).isEqualTo(143);
      if (!builder.settings.command.getFirst().endsWith("cat")) { // that has ended before
        assertThat(command.stdout().drain()).containsExactly("bye");
      }
    }
  }

  @Test
  void stop_commandThatIgnoresIt_isKilledAfterTheGrace() throws Exception {
    Path pid = directory.resolve("pid");
    Command command =
        Command.shell("trap '' TERM; echo $BASHPID > pid; while :; do sleep 1000; done")
            .directory(directory)
            .stopGrace(Duration.ofMillis(200))
            .start();
    long child = Proc.number(pid);
    command.stop();
    assertThat(command.join()).isEqualTo(137);
    Proc.untilGone(child);
    assertThat(shell("echo next")).isEqualTo("next");
  }

  @Test
  void kill_shellThatWaitsForItsChild_dieWithItAndSayNothing() throws Exception {
    for (int i = 0; i < 10; i++) {
      Command command =
          Command.shell("sleep 1000 & echo ready; wait; echo went on")
              .directory(directory)
              .lines()
              .start();
      assertThat(command.stdout().take()).isEqualTo("ready");
      command.kill();
      assertThat(command.join()).isEqualTo(137);
      assertThat(command.stdout().drain()).isEmpty();
      assertThat(command.stderr().drain()).isEmpty();
    }
  }

  @Test
  void kill_busyBuiltin_endsIt() throws Exception {
    Command isolated = Command.shell("while :; do :; done").directory(directory).start();
    isolated.kill();
    assertThat(isolated.join()).isEqualTo(137);
    Command trusting =
        Command.shell("while :; do :; done")
            .directory(directory)
            .isolation(Isolation.TRUSTING)
            .start();
    trusting.kill();
    assertThat(trusting.join()).isEqualTo(137);
    assertThat(shell("echo next")).isEqualTo("next");
  }

  @Test
  void limit_passed_stopsAndFails() throws Exception {
    Command command =
        Command.shell("echo working >&2; sleep 1000")
            .directory(directory)
            .limit(Duration.ofSeconds(3)) // for a busy machine to get to the word
            .start();
    ProcessTimeoutException failure = (ProcessTimeoutException) failureOf(command);
    assertThat(failure.limit()).isEqualTo(ProcessTimeoutException.Limit.TOTAL);
    assertThat(failure).hasMessageContaining("working");
    Command silent = Command.of("sleep", "1000").silenceLimit(Duration.ofMillis(300)).start();
    assertThat(((ProcessTimeoutException) failureOf(silent)).limit())
        .isEqualTo(ProcessTimeoutException.Limit.SILENCE);
  }

  // ---- several

  @Test
  void commands_severalAtOnce_haveShellsOfTheirOwn() throws Exception {
    List<Command> all = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      all.add(
          Command.shell("echo $N; while [ ! -e go ]; do sleep 0.02; done; echo $N")
              .environment("N", "n")
              .directory(directory)
              .lines()
              .start());
    }
    for (Command each : all) {
      assertThat(each.stdout().take()).isEqualTo("n");
    }
    assertThat(all.stream().map(Command::shellPid).distinct()).hasSize(8);
    Files.createFile(directory.resolve("go"));
    for (Command each : all) {
      assertThat(each.join()).isZero();
      assertThat(each.stdout().drain()).containsExactly("n");
    }
    assertThat(Sessions.idle()).isGreaterThanOrEqualTo(8);
  }

  @Test
  void commands_fromManyThreads_mixNothing() throws Exception {
    List<ManagedThread<?>> workers = new ArrayList<>();
    for (int w = 0; w < 4; w++) {
      int worker = w;
      workers.add(
          ManagedThread.run(
              "worker",
              _ -> {
                for (int i = 0; i < 50; i++) {
                  String text = "worker " + worker + " command " + i;
                  ProgramResult result =
                      Command.shell("echo \"" + text + "\"; echo \"" + text + "\" >&2; exit 3")
                          .acceptExitCodes(3)
                          .directory(directory)
                          .run();
                  assertThat(result).isEqualTo(new ProgramResult(3, List.of(text), List.of(text)));
                }
              }));
    }
    for (ManagedThread<?> each : workers) {
      each.join();
    }
  }

  @Test
  void closeIdleShells_always_endsThem() throws Exception {
    Command command = Command.of("true").directory(directory).start();
    command.join();
    Command.closeIdleShells();
    Proc.untilGone(command.shellPid());
    assertThat(Sessions.idle()).isZero();
  }
}
