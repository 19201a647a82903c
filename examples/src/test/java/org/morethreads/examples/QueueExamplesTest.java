package org.morethreads.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The small examples of queues, each in a JVM of its own, as a person would run it. */
@Timeout(120)
class QueueExamplesTest {
  /** A program that runs, and what it has said. */
  private record Run(Process process, BufferedReader reader, List<String> lines)
      implements AutoCloseable {
    static Run start(Class<?> main, String... arguments) throws IOException {
      List<String> command = new ArrayList<>();
      command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
      command.add("-cp");
      command.add(System.getProperty("java.class.path"));
      command.add(main.getName());
      command.addAll(List.of(arguments));
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      process.getOutputStream().close();
      return new Run(process, process.inputReader(StandardCharsets.UTF_8), new ArrayList<>());
    }

    void readUntil(String end) throws IOException {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        lines.add(line);
        if (line.equals(end)) {
          return;
        }
      }
      throw new AssertionError("never said \"" + end + "\" but: " + lines);
    }

    /** Reads to the end; answers the exit status. */
    int end() throws IOException, InterruptedException {
      reader.lines().forEach(lines::add);
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("ends: %s", lines).isTrue();
      return process.exitValue();
    }

    long count(String beginning) {
      return lines.stream().filter(line -> line.startsWith(beginning)).count();
    }

    @Override
    public void close() {
      process.destroyForcibly();
    }
  }

  @Test
  void pipeline_toTheEnd_everyOrderHasItsBill_fewWait() throws Exception {
    try (Run run = Run.start(Pipeline.class, "60")) {
      assertThat(run.end()).as("%s", run.lines()).isZero();
      assertThat(run.count("order ")).isEqualTo(60);
      assertThat(run.count("bill for order ")).isEqualTo(60);
      assertThat(run.lines().getLast())
          .matches(
              "60 orders, 60 bills; never more than 10 orders waiting; the source waited \\d+ ms");
    }
  }

  @Test
  void pipeline_terminated_worksOffWhatWasHandedOver() throws Exception {
    try (Run run = Run.start(Pipeline.class, "1000000")) {
      run.readUntil("bill for order 20");
      run.process().toHandle().destroy(); // SIGTERM
      assertThat(run.end()).as("%s", run.lines()).isEqualTo(143);
      assertThat(run.count("bill for order ")).isEqualTo(run.count("order "));
      assertThat(run.lines().getLast())
          .startsWith(run.count("order ") + " orders, " + run.count("bill for order ") + " bills;");
    }
  }

  @Test
  void priorities_areTakenByUrgencyThenByAge() throws Exception {
    try (Run run = Run.start(Priorities.class)) {
      assertThat(run.end()).as("%s", run.lines()).isZero();
      assertThat(run.lines())
          .containsExactly(
              "desk: smoke in the server room",
              "desk: fire",
              "desk: a forgotten password",
              "desk: a jammed printer",
              "desk: more smoke",
              "desk: a survey",
              "6 calls answered");
    }
  }

  @Test
  void selecting_servesBothQueues_andEndsWithThem() throws Exception {
    try (Run run = Run.start(Selecting.class)) {
      assertThat(run.end()).as("%s", run.lines()).isZero();
      assertThat(run.lines())
          .contains("clerk: hello, Ann", "clerk: hello, Cid", "clerk: a letter from Bob")
          .endsWith("clerk: closing, nothing more will come");
      assertThat(run.lines()).containsSubsequence("clerk: hello, Ann", "clerk: hello, Cid");
    }
  }

  @Test
  void selecting_terminated_closesAtOnce() throws Exception {
    try (Run run = Run.start(Selecting.class)) {
      run.readUntil("clerk: a letter from Bob");
      run.process().toHandle().destroy(); // SIGTERM
      assertThat(run.end()).as("%s", run.lines()).isIn(143, 0); // 0: the second was over
      assertThat(run.lines().getLast()).startsWith("clerk: closing, ");
    }
  }
}
