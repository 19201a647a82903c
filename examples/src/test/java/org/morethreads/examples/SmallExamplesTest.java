package org.morethreads.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.morethreads.testing.TestLog;
import org.morethreads.testing.VirtualClock;
import org.morethreads.testing.VirtualTime;

/** The examples of one class each, on virtual time: what they print, and how long they take. */
@VirtualTime
class SmallExamplesTest {
  @FunctionalInterface
  private interface Program {
    void main() throws Exception;
  }

  private static List<String> printed(Program program) throws Exception {
    PrintStream before = System.out;
    var bytes = new ByteArrayOutputStream();
    System.setOut(new PrintStream(bytes, true, StandardCharsets.UTF_8));
    try {
      program.main();
    } finally {
      System.setOut(before);
    }
    return bytes.toString(StandardCharsets.UTF_8).lines().toList();
  }

  @Test
  void workLoop() throws Exception {
    assertThat(printed(WorkLoop::main)).containsExactly("12 words");
  }

  @Test
  void intervalWork(VirtualClock clock) throws Exception {
    assertThat(printed(IntervalWork::main))
        .containsExactly("report", "report", "beat", "report", "beat", "3 reports, 3 skipped");
    assertThat(clock.elapsed()).isEqualTo(Duration.ofMillis(11_500));
  }

  @Test
  void raceWithDeadline(VirtualClock clock, TestLog log) throws Exception {
    assertThat(printed(RaceWithDeadline::main))
        .containsExactly(
            "the near server", "nobody has answered within two seconds", "the near server");
    assertThat(clock.elapsed()).isEqualTo(Duration.ofSeconds(4));
    log.take(System.Logger.Level.INFO, "this server is down");
  }

  @Test
  void inventory() throws Exception {
    assertThat(printed(Inventory::main))
        .containsExactly("300 apples", "no pears: NullPointerException", "1 kind of fruit");
  }

  @Test
  void fanOut(VirtualClock clock) throws Exception {
    assertThat(printed(FanOut::main))
        .containsExactly("page-13: no such page", "1900 bytes, at most 4 at a time");
    assertThat(clock.elapsed()).isEqualTo(Duration.ofMillis(500));
  }
}
