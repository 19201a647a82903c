package org.morethreads.examples.census;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The launcher, in a clone that has its {@code mvnw} replaced by one that only talks. */
@Timeout(180)
class CensusLauncherTest {
  @TempDir Path clone;

  @BeforeEach
  void makeClone() throws IOException {
    Files.createDirectories(clone.resolve("examples/target"));
    Files.createFile(clone.resolve("pom.xml"));
    for (String module : List.of("core", "cron", "logging", "process", "profiling", "examples")) {
      Files.createDirectories(clone.resolve(module + "/src/main"));
      Files.createFile(clone.resolve(module + "/pom.xml"));
    }
    Path classes = Path.of("target/classes").toAbsolutePath();
    Files.createSymbolicLink(clone.resolve("examples/target/classes"), classes);
    for (String name : List.of("census", "procrun")) {
      executable("examples/" + name, Files.readString(Path.of("launch")));
    }
    mvnw(
        "printf %s '" + System.getProperty("java.class.path") + "' >examples/target/classpath.txt");
  }

  private void mvnw(String build) throws IOException {
    executable(
        "mvnw",
        """
        #!/bin/sh
        echo '[ERROR] something is wrong'; echo noise on standard error >&2
        case "$*" in
        *-v*) echo 'Java version: 25, vendor: x, runtime: %s' ;;
        *) echo built >>builds; %s ;;
        esac
        """
            .formatted(System.getProperty("java.home"), build));
  }

  private void executable(String name, String text) throws IOException {
    Path file = Files.writeString(clone.resolve(name), text);
    assertThat(file.toFile().setExecutable(true)).isTrue();
  }

  private CensusRun.Result launch(String... arguments) throws Exception {
    return launchAs("census", arguments);
  }

  private CensusRun.Result launchAs(String name, String... arguments) throws Exception {
    var command = new ArrayList<>(List.of(clone.resolve("examples/" + name).toString()));
    command.addAll(List.of(arguments));
    try (CensusRun run = CensusRun.start(clone, command)) {
      return run.end();
    }
  }

  private long builds() throws IOException {
    return Files.readAllLines(clone.resolve("builds")).size();
  }

  @Test
  void launch_buildsOnce_andShowsNothingOfIt() throws Exception {
    var first = launch("--input", "examples/target", "--json");
    var second = launch("--help");

    assertThat(first.status()).as(first.everything()).isZero();
    assertThat(first.err()).containsExactly("census: ready");
    assertThat(first.everything()).doesNotContain("something is wrong", "noise");
    assertThat(first.written()).isZero(); // the link is not followed
    assertThat(second.status()).isZero();
    assertThat(second.out().getFirst()).startsWith("Usage: census");
    assertThat(second.err()).isEmpty();
    assertThat(builds()).isOne();
  }

  @Test
  void launch_changedSourceOrLostBuild_buildsAgain() throws Exception {
    launch("--help");
    Files.setLastModifiedTime(
        Files.createFile(clone.resolve("core/src/main/New.java")),
        FileTime.from(Instant.now().plusSeconds(2)));
    launch("--help");
    assertThat(builds()).isEqualTo(2);

    Files.delete(clone.resolve("core/src/main/New.java"));
    Files.setLastModifiedTime(
        clone.resolve("core/src/main"), FileTime.from(Instant.EPOCH)); // else it is new as well
    launch("--help");
    long before = builds();
    Files.delete(clone.resolve("examples/target/classpath.txt"));
    launch("--help");
    assertThat(builds()).isEqualTo(before + 1);
  }

  @Test
  void launch_buildFails_saysWhy() throws Exception {
    mvnw("exit 1");

    var result = launch("--help");

    assertThat(result.status()).isEqualTo(1);
    assertThat(result.out()).isEmpty();
    assertThat(result.err()).contains("[ERROR] something is wrong");
    assertThat(result.err().getLast()).startsWith("census: the build failed");
  }

  @Test
  void run_nameOfAnExample_startsThat_otherNamesAreRefused() throws Exception {
    Path sources = clone.resolve("examples/src/main/java/org/morethreads/examples");
    Files.createDirectories(sources);
    Files.createFile(sources.resolve("Priorities.java"));
    Files.createFile(sources.resolve("Selecting.java"));
    Files.createSymbolicLink(clone.resolve("examples/run"), Path.of("census"));

    var started = launchAs("run", "Priorities");
    assertThat(started.status()).as(started.everything()).isZero();
    assertThat(started.out().getLast()).isEqualTo("6 calls answered");

    var refused = launchAs("run", "Nothing");
    assertThat(refused.status()).isEqualTo(2);
    assertThat(refused.err())
        .containsExactly("run: there is no example \"Nothing\"; there are: Priorities Selecting");
    assertThat(launchAs("run").status()).isEqualTo(2);
  }

  @Test
  void launch_asProcrun_runsThat() throws Exception {
    var result = launchAs("procrun", "status", "--help");

    assertThat(result.status()).as(result.everything()).isZero();
    assertThat(result.out().getFirst()).startsWith("Usage: procrun status");
  }

  @Test
  void launch_signal_reachesTheProgram() throws Exception {
    launch("--help");
    var command = List.of(clone.resolve("examples/census").toString(), "--json");
    try (CensusRun run = CensusRun.start(clone, command)) {
      var result = run.awaitReady().end("INT");

      assertThat(result.status()).as(result.everything()).isEqualTo(130);
      assertThat(result.written()).isEqualTo(CensusRun.rowsOf(clone.resolve("census.db")));
    }
  }
}
