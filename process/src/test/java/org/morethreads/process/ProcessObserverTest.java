package org.morethreads.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.morethreads.sync.Signal;
import org.morethreads.testing.ManagedThreads;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.ThreadFailedException;
import org.morethreads.thread.ThreadObserver;
import org.morethreads.thread.ThreadTree;

/** What observers are told of processes, commands, and shells. */
@ManagedThreads(timeout = "50 s")
@Timeout(60)
class ProcessObserverTest {
  /** What was told, with the path of the thread that told it. */
  private final ConcurrentLinkedQueue<Told> told = new ConcurrentLinkedQueue<>();

  private Signal.Registration observing = () -> false;

  private record Told(
      String by, String path, long pid, String command, String what, Duration lived) {
    String words() {
      return path.substring(path.lastIndexOf('/') + 1) + " " + what + " " + command;
    }
  }

  private final class Recorder implements ThreadObserver {
    private String here() {
      ManagedThread<?> current = ManagedThread.currentOrNull();
      return current == null ? "" : current.path();
    }

    @Override
    public void processStarted(String path, long pid, String command) {
      told.add(new Told(here(), path, pid, command, "starts", Duration.ZERO));
    }

    @Override
    public void processEnded(String path, long pid, String command, int exitCode, Duration lived) {
      told.add(new Told(here(), path, pid, command, "ends with " + exitCode, lived));
    }
  }

  @BeforeEach
  void observe() {
    Command.closeIdleShells(); // of other tests, whose start nobody has told
    observing = ThreadTree.observe(new Recorder());
  }

  @AfterEach
  void stopObserving() {
    assertThat(observing.remove()).isTrue();
    Command.closeIdleShells();
  }

  private List<Told> of(long pid) {
    return told.stream().filter(each -> each.pid() == pid).toList();
  }

  @Test
  void process_startAndEnd_areToldByItsThread() throws Exception {
    long begin = System.nanoTime();
    ManagedProcess process =
        ManagedProcess.command("/bin/sh", "-c", "echo done; exit 3").acceptExitCodes(3).start();
    var toldAtExit = new ConcurrentLinkedQueue<Integer>();
    process.exited().then(() -> toldAtExit.add(of(process.pid()).size()));
    assertThat(process.join()).isEqualTo(3);
    Duration most = Duration.ofNanos(System.nanoTime() - begin);
    List<Told> its = of(process.pid());
    assertThat(its)
        .extracting(Told::words)
        .containsExactly("sh starts /bin/sh", "sh ends with 3 /bin/sh");
    assertThat(its).extracting(Told::path).containsOnly(process.path());
    assertThat(its).extracting(Told::by).containsOnly(process.path());
    assertThat(its.getLast().lived()).isPositive().isLessThanOrEqualTo(most);
    assertThat(toldAtExit).containsExactly(2);
  }

  /** A command line may hold secrets, and an observer writes it into files. */
  @Test
  void process_arguments_areNotTold() throws Exception {
    ManagedProcess process =
        ManagedProcess.command("/bin/sh", "-c", "exit 0", "sh", "secret").start();
    process.join();
    assertThat(of(process.pid()))
        .hasSize(2)
        .allSatisfy(each -> assertThat(each.command()).isEqualTo("/bin/sh"));
  }

  @Test
  void process_fails_endIsTold() throws Exception {
    ManagedProcess process = ManagedProcess.command("/bin/false").start();
    assertThatExceptionOfType(ThreadFailedException.class).isThrownBy(process::join);
    assertThat(of(process.pid()))
        .extracting(Told::words)
        .containsExactly("false starts /bin/false", "false ends with 1 /bin/false");
  }

  @Test
  void process_isStopped_endIsTold() throws Exception {
    ManagedProcess process = ManagedProcess.command("/bin/sleep", "1000").start();
    process.thread().stop();
    process.join();
    assertThat(process.exited().isSignalled()).isTrue();
    assertThat(of(process.pid()))
        .extracting(Told::words)
        .containsExactly("sleep starts /bin/sleep", "sleep ends with 143 /bin/sleep");
  }

  @Test
  void process_isKilled_endIsTold() throws Exception {
    ManagedProcess process = ManagedProcess.command("/bin/sleep", "1000").start();
    process.kill();
    process.join();
    assertThat(process.exited().isSignalled()).isTrue();
    assertThat(of(process.pid()))
        .extracting(Told::words)
        .containsExactly("sleep starts /bin/sleep", "sleep ends with 137 /bin/sleep");
  }

  /** Also when it was dead before anybody looked, which happens to one of three. */
  @Test
  void exited_ofProcessesThatDieAtOnce_goes() throws Exception {
    for (int i = 0; i < 20; i++) {
      ManagedProcess process = ManagedProcess.command("/bin/sleep", "1000").start();
      process.kill();
      process.join();
      assertThat(process.exited().isSignalled()).isTrue();
      assertThat(of(process.pid())).hasSize(2);
    }
  }

  @Test
  void process_thatCannotBeStarted_isNotTold() {
    assertThatExceptionOfType(ProcessStartException.class)
        .isThrownBy(() -> ManagedProcess.command("/no/such/program").start());
    assertThat(told).isEmpty();
  }

  /** One shell runs both: it starts once, in no tree, and each command has a start and an end. */
  @Test
  void command_startAndEnd_areToldAndThoseOfItsShell() throws Exception {
    Command first = Command.shell("exit 3").acceptExitCodes(3).start();
    first.join();
    Command second = Command.of("true").start();
    second.join();
    long shell = first.shellPid();
    assertThat(second.shellPid()).isEqualTo(shell);
    assertThat(of(shell).getFirst().path()).isEmpty();
    assertThat(of(shell).getFirst().words()).startsWith(" starts ").endsWith("bash");
    assertThat(of(shell))
        .filteredOn(each -> each.path().equals(first.path()))
        .allSatisfy(each -> assertThat(each.by()).isEqualTo(first.path()))
        .extracting(each -> each.what() + " " + each.command())
        .containsExactly("starts a line of shell", "ends with 3 a line of shell");
    assertThat(of(shell))
        .filteredOn(each -> each.path().equals(second.path()))
        .extracting(each -> each.what() + " " + each.command())
        .containsExactly("starts true", "ends with 0 true");
    assertThat(of(shell)).hasSize(5);
    Command.closeIdleShells();
    Proc.until("the end of the shell is told", () -> of(shell).size() == 6);
    assertThat(of(shell).getLast().path()).isEmpty();
    assertThat(of(shell).getLast().what()).startsWith("ends with ");
  }

  @Test
  void command_isKilled_endIsTold() throws Exception {
    Command command = Command.of("sleep", "1000").start();
    command.kill();
    assertThat(command.join()).isEqualTo(137);
    assertThat(of(command.shellPid()))
        .filteredOn(each -> each.path().equals(command.path()))
        .extracting(Told::what)
        .containsExactly("starts", "ends with 137");
  }
}
