package org.morethreads.examples.procrun;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.morethreads.examples.procrun.ProcrunRun.Result;

/**
 * How the program ends, with real processes that would live for long: whatever they do, and
 * whatever is done to it, none survives. The long form is that of {@code -Dprocrun.rounds=100
 * -Dprocrun.floodMegabytes=1000}.
 */
@Timeout(3600) // the long form; each wait has a limit of its own
class ProcrunStopTest {
  private static final int ROUNDS = Integer.getInteger("procrun.rounds", 8);
  private static final int FLOOD_MEGABYTES = Integer.getInteger("procrun.floodMegabytes", 10);

  @TempDir Path directory;

  private void procfile(String... lines) throws IOException {
    Files.write(directory.resolve("Procfile"), List.of(lines));
  }

  private void yaml(String text) throws IOException {
    Files.writeString(directory.resolve("procrun.yaml"), "services:\n" + text.indent(2));
  }

  @ParameterizedTest
  @CsvSource({"INT,130", "TERM,143", "HUP,129"})
  void signal_stops_andIsTheStatus(String signal, int status) throws Exception {
    procfile("web: sleep 1000", "shell: echo up; while :; do sleep 0.1; done");

    try (var run = ProcrunRun.start(directory)) {
      Result result = run.await("\\| up").signal(signal).end();

      assertThat(result.status()).as(result.everything()).isEqualTo(status);
      assertThat(result.of("web", "*"))
          .anyMatch(it -> it.matches("stopping: pid \\d+: SIG" + signal + " was received"));
      assertThat(result.err()).isEmpty();
      run.awaitNoSurvivor();
    }
  }

  @Test
  void ctrlC_inATerminal_isHeardByUsAlone() throws Exception {
    procfile("web: trap 'echo interrupted' INT; echo up; while :; do sleep 0.1; done");
    List<String> command = new ArrayList<>(List.of("setsid")); // as in a terminal of its own
    command.addAll(ProcrunRun.java());

    try (var run = ProcrunRun.start(directory, null, command)) {
      Result result = run.await("\\| up").signalGroup("INT").end();

      assertThat(result.status()).as(result.everything()).isEqualTo(130);
      assertThat(result.of("web", "|")).containsExactly("up");
      assertThat(result.of("web", "*").getLast()).isEqualTo("ended: SIGTERM");
      run.awaitNoSurvivor();
    }
  }

  @Test
  void ignoresTerm_isKilledAfterItsGrace_andWhatWaitsForItIsSaid() throws Exception {
    yaml(
        """
        db: {command: sleep 1000}
        web:
          command: trap '' TERM; echo up; while :; do sleep 0.2; done
          needs: db
          stop: {grace: 1500ms}
        """);

    try (var run = ProcrunRun.start(directory)) {
      Result result = run.await("\\| up").signal("TERM").end();

      assertThat(result.status()).as(result.everything()).isEqualTo(143);
      assertThat(result.tookToEnd()).isGreaterThan(Duration.ofMillis(1500));
      assertThat(result.of("web", "*").getLast()).isEqualTo("ended: SIGKILL");
      assertThat(result.of("procrun", "*"))
          .anyMatch(it -> it.contains("\"main/web/process\", told 1."))
          .anyMatch(it -> it.contains("\"main/db\"") && it.contains("needed by \"web\""));
      assertThat(result.indexOf("db +\\* stopping"))
          .isGreaterThan(result.indexOf("web +\\* ended"));
      run.awaitNoSurvivor();
    }
  }

  @Test
  void secondSignal_killsAtOnce() throws Exception {
    yaml(
        """
        web:
          command: trap '' TERM INT; echo up; while :; do sleep 0.2; done
          stop: {grace: 100s}
        """);

    try (var run = ProcrunRun.start(directory)) {
      run.await("\\| up").signal("INT").await("web +\\* stopping");
      Result status = ProcrunRun.run(directory, "status");
      Result result = run.signal("INT").end();

      assertThat(status.out()).anyMatch(it -> it.matches("web +stopping .*SIGINT was received"));
      assertThat(result.status()).as(result.everything()).isEqualTo(130);
      run.awaitNoSurvivor();
    }
  }

  @Test
  void runnerIsKilled_servicesAreAsWell() throws Exception {
    procfile(
        "web: echo up; exec sleep 1000",
        "stubborn: trap '' TERM HUP; echo up; while :; do sleep 0.2; done",
        "detached: setsid sleep 1000 & echo up; sleep 1000");

    try (var run = ProcrunRun.start(directory)) {
      run.await("web +\\| up", "stubborn +\\| up", "detached +\\| up");
      assertThat(run.survivors()).hasSizeGreaterThan(3);
      Result result = run.signal("KILL").end();

      assertThat(result.status()).isEqualTo(137);
      run.awaitNoSurvivor();
    }
    try (var next = ProcrunRun.start(directory)) { // finds the old socket there
      Result result = next.await("web +\\| up").signal("TERM").end();
      assertThat(result.status()).as(result.everything()).isEqualTo(143);
    }
  }

  @Test
  void forksAway_whatItLeavesIsStopped_atItsEndAndAtOurs() throws Exception {
    procfile(
        "daemon: (setsid sleep 1000 >/dev/null 2>&1 &); echo forked; sleep 1000",
        "leaves: setsid sleep 1000 & echo left");

    try (var run = ProcrunRun.start(directory)) {
      run.await("daemon +\\| forked", "leaves +\\* ended");
      assertThat(run.survivors()).filteredOn(it -> it.contains(": sleep")).hasSize(2);
      Result result = run.signal("INT").end();

      assertThat(result.status()).as(result.everything()).isEqualTo(130);
      run.awaitNoSurvivor();
    }
  }

  @Test
  void flood_isWrittenToTheLastLine_inLittleMemory() throws Exception {
    long lines = FLOOD_MEGABYTES * 10_000L;
    procfile(
        "flood: yes " + "x".repeat(99) + " | head -n " + lines,
        "endless: head -c " + lines * 100 + " /dev/zero | tr '\\0' y");
    Path out = directory.resolve("out.txt");

    try (var run = ProcrunRun.start(directory, out.toFile(), ProcrunRun.java())) {
      Result result = run.end();

      assertThat(result.status()).as(result.everything()).isZero();
      try (Stream<String> all = Files.lines(out)) {
        assertThat(all.filter(it -> it.endsWith("xxx")).count()).isEqualTo(lines);
      }
      try (Stream<String> all = Files.lines(out)) { // a line without an end comes in pieces
        assertThat(
                all.filter(it -> it.endsWith("yyy"))
                    .mapToLong(it -> it.length() - it.indexOf('y'))
                    .sum())
            .isEqualTo(lines * 100);
      }
    }
  }

  @Test
  void flood_withoutEnd_doesNotHoldTheStop() throws Exception {
    procfile("flood: yes", "web: echo up; exec sleep 1000");

    try (var run = ProcrunRun.start(directory)) {
      Result result = run.await("web +\\| up").signal("TERM").end();

      assertThat(result.status()).as(result.err().toString()).isEqualTo(143);
      run.awaitNoSurvivor();
    }
  }

  @Test
  void fiftyServices_allLive_andAllStop() throws Exception {
    procfile(
        IntStream.range(0, 50)
            .mapToObj(i -> "s%02d: echo up; exec sleep 1000".formatted(i))
            .toArray(String[]::new));

    try (var run = ProcrunRun.start(directory)) {
      for (int i = 0; i < 50; i++) {
        run.await("\\| up");
      }
      Result result = run.signal("TERM").end();

      assertThat(result.status()).as(result.everything()).isEqualTo(143);
      assertThat(result.out().stream().filter(it -> it.endsWith("ended: SIGTERM"))).hasSize(50);
      run.awaitNoSurvivor();
    }
  }

  @Test
  void diskIsFull_stopsAllAndSaysSo() throws Exception {
    procfile("a: while :; do echo line; sleep 0.05; done");

    try (var run = ProcrunRun.start(directory, new File("/dev/full"), ProcrunRun.java())) {
      Result result = run.end();

      assertThat(result.status()).isEqualTo(1);
      assertThat(result.err())
          .last()
          .asString()
          .matches("procrun: \\d+ lines could not be written: .*No space left on device.*");
      run.awaitNoSurvivor();
    }
  }

  @Test
  void nobodyReadsTheOutput_stopsAllAndSaysSo() throws Exception {
    procfile("a: while :; do echo line; sleep 0.05; done");
    List<String> command =
        new ArrayList<>(List.of("sh", "-c", "{ \"$@\"; echo $? >status; } | head -n 3", "sh"));
    command.addAll(ProcrunRun.java());

    try (var run = ProcrunRun.start(directory, null, command)) {
      Result result = run.end();

      assertThat(result.out()).hasSize(3);
      assertThat(Files.readString(directory.resolve("status"))).isEqualTo("1\n");
      assertThat(result.err())
          .last()
          .asString()
          .matches("procrun: \\d+ lines could not be written: .*Broken pipe.*");
      run.awaitNoSurvivor();
    }
  }

  @Test
  void termAtRandomMoments_noSurvivor_andNoLineLost() throws Exception {
    // writes down the number of the last line that it has printed
    String counts = "n=0; while :; do n=$((n+1)); echo line $n; echo $n >%s; sleep 0.0%d; done";
    procfile(
        "one: " + counts.formatted("one.txt", 1),
        "two: (" + counts.formatted("two.txt", 2) + ") & wait");
    Random random = new Random(20261126);
    for (int round = 0; round < ROUNDS; round++) {
      Files.deleteIfExists(directory.resolve("one.txt"));
      Files.deleteIfExists(directory.resolve("two.txt"));
      // the first half while it starts, at any moment; the second half when it is at work
      try (var run = ProcrunRun.start(directory)) {
        if (round >= ROUNDS / 2) {
          run.await("one +\\| line 1$", "two +\\| line 1$");
        }
        Thread.sleep(random.nextInt(600));
        int one = printed("one.txt");
        int two = printed("two.txt");
        Result result = run.signal("TERM").end();

        assertThat(result.status())
            .as(result.everything())
            .isEqualTo(hadNotBegun(result) ? 1 : 143);
        run.awaitNoSurvivor();
        assertLines(result, "one", one);
        assertLines(result, "two", two);
      }
    }
  }

  /** A JVM that a signal ends while it initializes itself says so, and that it has failed. */
  private static boolean hadNotBegun(Result result) {
    return Stream.concat(result.out().stream(), result.err().stream())
        .anyMatch(line -> line.equals("Error occurred during initialization of VM"));
  }

  private int printed(String file) throws IOException {
    Path path = directory.resolve(file);
    String text = Files.exists(path) ? Files.readString(path).strip() : "";
    return text.isEmpty() ? 0 : Integer.parseInt(text); // it is empty just before it is written
  }

  private static void assertLines(Result result, String service, int printed) {
    List<String> lines = result.of(service, "|");
    List<String> expected = new ArrayList<>();
    for (int i = 1; i <= Math.max(printed, lines.size()); i++) {
      expected.add("line " + i);
    }
    assertThat(lines.stream().filter(it -> it.startsWith("line"))).isEqualTo(expected);
  }
}
