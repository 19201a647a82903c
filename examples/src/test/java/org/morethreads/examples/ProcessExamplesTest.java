package org.morethreads.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.morethreads.process.Command;
import org.morethreads.process.ManagedProcess;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.ThreadTree;

/** The examples about processes do what they say. */
@Timeout(60)
class ProcessExamplesTest {
  @TempDir Path directory;

  @Test
  void reactor_wordThatComes_stopsTheTool() throws Exception {
    List<String> shown = new ArrayList<>();
    try (ThreadTree _ = ThreadTree.open("example")) {
      ManagedProcess.Builder tool =
          ManagedProcess.command("bash", "-c", "echo starting; echo now ready; exec sleep 1000");
      assertThat(Reactor.react("ready", tool, shown::add)).isTrue();
      assertThat(Reactor.react("never", ManagedProcess.command("echo", "a"), shown::add)).isFalse();
    }
    assertThat(shown).containsExactly("starting", "now ready", "a");
  }

  @Test
  void restarter_programThatFails_isStartedAgainWithPauses() throws Exception {
    Path log = directory.resolve("log");
    Restarter restarter =
        new Restarter(
            ManagedProcess.command(
                "bash", "-c", "echo x >> $0; [ $(wc -l < $0) -ge 4 ]", log.toString()),
            Duration.ofMillis(1),
            Duration.ofMillis(4),
            Duration.ofHours(1));
    try (ThreadTree tree = ThreadTree.open("example")) {
      tree.run("restarter", restarter::keepRunning).join();
    }
    assertThat(restarter.starts()).isEqualTo(4);
    assertThat(Files.readAllLines(log)).hasSize(4);
  }

  @Test
  void restarter_toldToStop_stopsTheProgram() throws Exception {
    Path pid = directory.resolve("pid");
    Restarter restarter =
        new Restarter(
            ManagedProcess.command("bash", "-c", "echo $$ > $0; exec sleep 1000", pid.toString()),
            Duration.ofMillis(1),
            Duration.ofMillis(4),
            Duration.ofHours(1));
    try (ThreadTree tree = ThreadTree.open("example")) {
      ManagedThread<?> thread = tree.run("restarter", restarter::keepRunning);
      while (!Files.exists(pid) || !Files.readString(pid).endsWith("\n")) {
        Thread.sleep(5);
      }
      thread.stop();
      var _ = thread.awaitOutcome();
    }
    assertThat(restarter.starts()).isEqualTo(1);
    assertThat(ProcessHandle.of(Long.parseLong(Files.readString(pid).strip()))).isEmpty();
  }

  @Test
  void manyCommands_always_sayWhatTheyAreToSay() throws Exception {
    try (ThreadTree _ = ThreadTree.open("example")) {
      assertThat(ManyCommands.time(20, i -> Command.of("echo", Integer.toString(i)))).isPositive();
      assertThat(ManyCommands.time(5, i -> ManagedProcess.command("echo", Integer.toString(i))))
          .isPositive();
    } finally {
      Command.closeIdleShells();
    }
  }
}
