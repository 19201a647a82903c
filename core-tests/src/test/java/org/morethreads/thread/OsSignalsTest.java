package org.morethreads.thread;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.morethreads.thread.OsSignals.Arrival;

/**
 * Which signal is the first, which comes with it, and which is a second one that halts (H11). What
 * they do to a program is shown in JVMs of their own.
 */
class OsSignalsTest {
  private static Arrival arrival(String name, String first, int millisSinceFirst) {
    long firstAt = -Duration.ofDays(1).toNanos(); // the clock may be negative
    long now = firstAt + Duration.ofMillis(millisSinceFirst).toNanos();
    return OsSignals.arrival(name, now, first, firstAt);
  }

  @Test
  void arrival_noneBefore_isTheFirst() {
    assertThat(arrival("INT", null, 0)).isEqualTo(Arrival.FIRST);
    assertThat(arrival("INT", null, 60_000)).isEqualTo(Arrival.FIRST);
  }

  /** A launcher sends on what the terminal has sent to all. */
  @Test
  void arrival_theSameWithinATenthOfASecond_isAnEcho() {
    assertThat(arrival("INT", "INT", 0)).isEqualTo(Arrival.ECHO);
    assertThat(arrival("INT", "INT", 100)).isEqualTo(Arrival.ECHO);
  }

  /** Whoever presses Ctrl-C again wants it to end at once. */
  @Test
  void arrival_theSameLater_isASecondOne() {
    assertThat(arrival("INT", "INT", 101)).isEqualTo(Arrival.SECOND);
    assertThat(arrival("INT", "INT", 60_000)).isEqualTo(Arrival.SECOND);
  }

  /** At the end of a session several come. */
  @Test
  void arrival_anotherWithinHalfASecond_isAnEchoAndLaterASecondOne() {
    assertThat(arrival("HUP", "TERM", 101)).isEqualTo(Arrival.ECHO);
    assertThat(arrival("HUP", "TERM", 500)).isEqualTo(Arrival.ECHO);
    assertThat(arrival("HUP", "TERM", 501)).isEqualTo(Arrival.SECOND);
  }

  /** H11: 130, 143 or 129, for a program that exits itself. */
  @ParameterizedTest
  @CsvSource({"SIGINT, 130", "SIGTERM, 143", "SIGHUP, 129"})
  void exitStatus_stoppedByASignal_isThatOfShells(String signal, int status) {
    var reason = new StopReason(StopReason.Kind.JVM_SHUTDOWN, signal, "it was received");
    assertThat(reason.exitStatus()).hasValue(status);
  }

  @Test
  void exitStatus_endedOtherwise_isEmpty() {
    assertThat(new StopReason(StopReason.Kind.JVM_SHUTDOWN, "System.exit", "").exitStatus())
        .isEmpty();
  }

  /** A thread may be called so, and ask for a stop. */
  @Test
  void exitStatus_askedByAThreadOfThatName_isEmpty() {
    assertThat(new StopReason(StopReason.Kind.REQUESTED, "SIGINT", "").exitStatus()).isEmpty();
  }
}
