package org.morethreads.stress.fault;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** A JVM that was frozen and goes on, as containers and laptops do it (H5, H11, T1). */
@Tag("real")
class StoppedProcessTest {
  private static final Duration FROZEN = Duration.ofMillis(1500);

  @Test
  @EnabledOnOs({OS.LINUX, OS.MAC})
  void frozen_atWorkAndWhileItStops_goesOnAndStopsInOrder() throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty(
                    "surefire.test.class.path", System.getProperty("java.class.path")),
                Ticker.class.getName())
            .redirectErrorStream(true)
            .start();
    try (BufferedReader out = process.inputReader()) {
      awaitLine(out, "tick");
      freeze(process);
      awaitLine(out, "tick");
      awaitLine(out, "tick");
      process.toHandle().destroy(); // SIGTERM; Process.destroy would close the stream
      awaitLine(out, "ticker told");
      freeze(process);
      List<String> rest = new ArrayList<>();
      out.lines().forEach(rest::add);
      assertThat(rest).containsSubsequence("ticker stops", "base stops");
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).isEqualTo(143);
    } finally {
      process.destroyForcibly();
    }
  }

  private static void awaitLine(BufferedReader out, String wanted) throws Exception {
    String line = out.readLine();
    while (!wanted.equals(line)) {
      assertThat(line).as("the program goes on until \"%s\"", wanted).isNotNull();
      line = out.readLine();
    }
  }

  private static void freeze(Process process) throws Exception {
    send("STOP", process);
    Thread.sleep(FROZEN); // this is the fault
    send("CONT", process);
  }

  private static void send(String signal, Process process) throws Exception {
    int status =
        new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid())).start().waitFor();
    assertThat(status).as("kill -%s", signal).isZero();
  }
}
