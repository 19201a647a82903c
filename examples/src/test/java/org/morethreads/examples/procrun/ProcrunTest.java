package org.morethreads.examples.procrun;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.morethreads.examples.procrun.ProcrunRun.Result;

/**
 * The program, with real processes: what it does as long as all goes well, and when services fail.
 */
@Timeout(180)
class ProcrunTest {
  @TempDir Path directory;

  private void write(String name, String text) throws IOException {
    Files.writeString(directory.resolve(name), text);
  }

  private void yaml(String text) throws IOException {
    write("procrun.yaml", "services:\n" + text.indent(2));
  }

  @Test
  void run_allEndWell_linesAreNamedAndAligned_statusIsZero() throws Exception {
    write(
        "Procfile", "a: echo out; echo err >&2; echo \"$PORT $PS $X $Y\"\nlong-name: echo hello\n");
    write(".env", "X=1\nY=2\n");
    yaml("a: {instances: 2, environment: {Y: 3}}\n");

    Result result = ProcrunRun.run(directory, "long-name=1");

    assertThat(result.status()).as(result.everything()).isZero();
    assertThat(result.of("a-1", "|")).containsExactly("out", "err", "5000 a-1 1 3");
    assertThat(result.of("a-2", "|")).containsExactly("out", "err", "5001 a-2 1 3");
    assertThat(result.of("long-name", "|")).containsExactly("hello");
    assertThat(result.out())
        .allSatisfy(line ->
            assertThat(line)
                .matches("\\d\\d:\\d\\d:\\d\\d\\.\\d{3} (a-1      |a-2      |long-name) [|*] .+"));
    assertThat(result.of("a-1", "*").getLast()).isEqualTo("ended: exit code 0");
    assertThat(result.err()).isEmpty();
  }

  @Test
  void run_failingService_stopsTheOthers_andIsTheStatus() throws Exception {
    write("Procfile", "web: sleep 1000\nbad: sleep 0.2; exit 3\n");

    try (var run = ProcrunRun.start(directory, "--timeline", "timeline.txt")) {
      Result result = run.end();

      assertThat(result.status()).as(result.everything()).isEqualTo(3);
      assertThat(result.of("bad", "*").getLast()).isEqualTo("failed: exit code 3");
      assertThat(result.of("web", "*"))
          .anyMatch(it -> it.matches("stopping: pid \\d+: \"bad\" has failed"))
          .last()
          .isEqualTo("ended: SIGTERM");
      run.awaitNoSurvivor();
    }
    assertThat(Files.readString(directory.resolve("timeline.txt")))
        .containsPattern("web +\\| *s*#+x* *\\|")
        .containsPattern("\tbad\tFAILED\t1\texit code 3");
  }

  @Test
  void run_json_eachLineIsAnObject() throws Exception {
    write("Procfile", "a: printf 'say \"hi\"\\\\\\t\\001\\n'\n");

    Result result = ProcrunRun.run(directory, "--json");

    assertThat(result.status()).as(result.everything()).isZero();
    assertThat(result.out())
        .allSatisfy(it ->
            assertThat(it)
                .matches("\\{\"time\":\"[^\"]+Z\",\"service\":\"a\",\"(line|event)\":\".*\"}"))
        .anyMatch(it -> it.endsWith("\"line\":\"say \\\"hi\\\"\\\\\\t\\u0001\"}"));
  }

  @Test
  void run_colourAlways_namesAreColoured() throws Exception {
    write("Procfile", "a: echo x\nb: echo y\n");

    Result result = ProcrunRun.run(directory, "--colour", "always");

    assertThat(result.out())
        .anyMatch(it -> it.matches("\u001b\\[36m[\\d:.]+ a +\\| \u001b\\[0mx"))
        .anyMatch(it -> it.matches("\u001b\\[33m[\\d:.]+ b +\\| \u001b\\[0my"));
  }

  @Test
  void needs_startInOrder_whenReadyByEachKindOfCheck_andStopInReverse() throws Exception {
    int port;
    try (var free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    Files.createDirectory(directory.resolve("site"));
    yaml(
        """
        all: {command: 'echo started; exec sleep 1000', needs: [by-line, by-port, by-command, by-delay]}
        by-line: {command: 'sleep 0.3; echo up 1; exec sleep 1000', needs: by-end, ready: {line: 'up \\d'}}
        by-port: {command: 'exec jwebserver -p %d -d "$PWD"', directory: site, ready: {port: %d}}
        by-command: {command: 'sleep 0.3; touch there; exec sleep 1000', ready: {command: test -e there}}
        by-delay: {command: sleep 1000, ready: {delay: 300ms}}
        by-end: {command: sleep 0.3, ready: ended}
        """
            .formatted(port, port));

    try (var run = ProcrunRun.start(directory)) {
      Result result = run.await("all +\\| started").signal("INT").end();

      assertThat(result.status()).as(result.everything()).isEqualTo(130);
      int started = result.indexOf("all +\\* starting");
      for (String needed : List.of("by-line", "by-port", "by-command", "by-delay")) {
        assertThat(result.indexOf(needed + " +\\* ready")).isLessThan(started);
        assertThat(result.indexOf(needed + " +\\* stopping"))
            .isGreaterThan(result.indexOf("all +\\* ended"));
      }
      assertThat(result.indexOf("by-end +\\* ended"))
          .isLessThan(result.indexOf("by-line +\\* starting"));
      assertThat(result.of("all", "*").getFirst())
          .isEqualTo("waiting: for by-line, by-port, by-command, by-delay");
      run.awaitNoSurvivor();
    }
  }

  @Test
  void ready_never_isStoppedAndFails() throws Exception {
    yaml("a: {command: sleep 1000, ready: {line: never, within: 300ms}}\n");

    try (var run = ProcrunRun.start(directory)) {
      Result result = run.end();

      assertThat(result.status()).as(result.everything()).isEqualTo(124);
      assertThat(result.of("a", "*"))
          .anyMatch(it -> it.endsWith("not ready within 0.3 s"))
          .last()
          .isEqualTo("failed: never became ready; SIGTERM");
      run.awaitNoSurvivor();
    }
  }

  @Test
  void restart_diesAtOnceForEver_backsOffAndGivesUp() throws Exception {
    yaml(
        """
        a:
          command: echo run; exit 7
          restart: {when: on-failure, pause: 10ms, longestPause: 40ms, giveUpAfter: 4, within: 1h}
        """);

    Result result = ProcrunRun.run(directory);

    assertThat(result.status()).as(result.everything()).isEqualTo(7);
    assertThat(result.of("a", "|")).hasSize(5);
    assertThat(result.of("a", "*"))
        .containsSubsequence(
            "pausing: exit code 7; again in 0.01 s",
            "pausing: exit code 7; again in 0.02 s",
            "pausing: exit code 7; again in 0.04 s",
            "pausing: exit code 7; again in 0.04 s",
            "failed: exit code 7; given up after 4 restarts");
  }

  @Test
  void limitAndSchedule_areKept() throws Exception {
    yaml(
        """
        slow: {command: sleep 1000, limit: 300ms, restart: {when: always, giveUpAfter: 1, pause: 1ms}}
        often: {command: echo tick, schedule: every 200ms}
        """);

    Result result;
    try (var run = ProcrunRun.start(directory, "--only", "often")) {
      result = run.await("\\| tick").await("\\| tick").signal("TERM").end();
    }
    Result limited = ProcrunRun.run(directory, "--only", "slow");

    assertThat(result.status()).as(result.everything()).isEqualTo(143);
    assertThat(limited.status()).as(limited.everything()).isEqualTo(124);
    assertThat(limited.of("slow", "*"))
        .last()
        .isEqualTo("failed: took longer than its limit; given up after 1 restarts");
  }

  @Test
  void control_statusRestartStop_reachTheRunningOne() throws Exception {
    write("Procfile", "web: echo run; exec sleep 1000\nother: exec sleep 1000\n");

    try (var run = ProcrunRun.start(directory)) {
      run.await("other +\\* ready", "web +\\* ready");
      Result status = ProcrunRun.run(directory, "status");
      Result unknown = ProcrunRun.run(directory, "restart", "wbe");
      Result second = ProcrunRun.run(directory);
      Result restarted = ProcrunRun.run(directory, "restart", "web");
      run.await("web +\\* ended: SIGTERM").await("web +\\* ready");
      Result stopped = ProcrunRun.run(directory, "stop", "web");
      run.await("web +\\* stopped: it was ordered to");
      ProcrunRun.run(directory, "restart", "web");
      run.await("web +\\* ready");
      Result all = ProcrunRun.run(directory, "stop");
      Result result = run.end();

      assertThat(status.status()).as(status.everything()).isZero();
      assertThat(status.out().getFirst()).matches("SERVICE +STATE +SINCE +RUNS +ABOUT");
      assertThat(status.out()).anyMatch(it -> it.matches("web +ready +[\\d.]+ s +1 +pid \\d+"));
      assertThat(status.out()).anyMatch(it -> it.contains("web") && it.contains("queue \"stdout"));
      assertThat(unknown.status()).isEqualTo(1);
      assertThat(unknown.err())
          .containsExactly("No service \"wbe\" runs here. Did you mean \"web\"?");
      assertThat(second.status()).isEqualTo(2);
      assertThat(second.err()).singleElement().asString().contains("running here already");
      assertThat(restarted.out()).containsExactly("restarting web");
      assertThat(stopped.out()).containsExactly("stopping web");
      assertThat(all.out()).containsExactly("stopping all");
      assertThat(result.status()).as(result.everything()).isZero();
      run.awaitNoSurvivor();
    }
    assertThat(directory.resolve(".procrun.sock")).doesNotExist();
    Result nobody = ProcrunRun.run(directory, "status");
    assertThat(nobody.status()).isEqualTo(1);
    assertThat(nobody.err()).singleElement().asString().contains("No procrun answers at ");
  }

  @Test
  void run_socketOrTimelineCannotBeMade_saysSo() throws Exception {
    write("Procfile", "a: echo hi\n");

    Result socket = ProcrunRun.run(directory, "--socket", "nowhere/socket");
    Result timeline = ProcrunRun.run(directory, "--timeline", "nowhere/timeline");

    assertThat(socket.status()).isEqualTo(2);
    assertThat(socket.out()).isEmpty();
    assertThat(socket.err()).singleElement().asString().contains("The socket nowhere/socket");
    assertThat(timeline.status()).isEqualTo(2);
    assertThat(timeline.of("a", "|")).containsExactly("hi");
    assertThat(timeline.err()).singleElement().asString().contains("nowhere/timeline");
  }

  @Test
  void check_saysWhatIsWrong_andRunDoesNotStart() throws Exception {
    write("Procfile", "web: no-such-program\nother: sleep 1000\n");

    Result check = ProcrunRun.run(directory, "check");
    Result run = ProcrunRun.run(directory);
    write("Procfile", "web: sleep 1\n");
    Result notANumber = ProcrunRun.run(directory, "web=x");
    Result well = ProcrunRun.run(directory, "check");

    assertThat(check.status()).isEqualTo(2);
    assertThat(check.err()).singleElement().asString().startsWith("Procfile:1: The command");
    assertThat(run.status()).isEqualTo(2);
    assertThat(run.err()).isEqualTo(check.err());
    assertThat(run.out()).isEmpty();
    assertThat(notANumber.status()).isEqualTo(2);
    assertThat(notANumber.err()).singleElement().asString().contains("Write NAME=COUNT");
    assertThat(well.status()).isZero();
    assertThat(well.out()).containsExactly("Procfile: 1 services, no problems");
  }
}
