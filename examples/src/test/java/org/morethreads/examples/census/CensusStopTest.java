package org.morethreads.examples.census;

import static org.assertj.core.api.Assertions.assertThat;
import static org.morethreads.examples.census.CensusRun.rowsOf;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Signals of the operating system, sent to a census of the whole JDK. */
@Timeout(180)
class CensusStopTest {
  /**
   * What the policy of the library grants: 8 s for the threads, 1.5 s for last words, and the rest
   * for a machine that is busy with other tests. It is one second or less on an idle one.
   */
  private static final Duration BOUND = Duration.ofSeconds(15);

  @TempDir Path directory;

  @ParameterizedTest
  @CsvSource({"INT,130,0", "TERM,143,0", "HUP,129,0", "INT,130,200000", "TERM,143,200000"})
  void signal_stopsInOrder_databaseHoldsWhatIsReported(String signal, int status, long size)
      throws Exception {
    Path database = directory.resolve("census.db");
    CensusRun.Result result;
    try (var run = CensusRun.start(directory, "--db", "census.db", "--json")) {
      result = run.awaitReady().awaitSize(database, size).end(signal);
    }

    assertThat(result.status()).as(result.everything()).isEqualTo(status);
    assertThat(result.exitCode()).isEqualTo(status);
    assertThat(result.stopped()).isTrue();
    assertThat(result.failed()).isZero();
    assertThat(result.tookToEnd()).isLessThan(BOUND);
    assertThat(result.written()).isEqualTo(rowsOf(database)).isEqualTo(result.seen());
    assertThat(result.written()).isLessThan(25_000).isGreaterThanOrEqualTo(size / 100);
    assertThat(result.out())
        .anyMatch(line -> line.startsWith("Stopped early: SIG" + signal))
        .anyMatch(line -> line.contains(" rows written to census.db, 0 failed, in "));
    assertThat(timeline(result, "scanner")).contains("told at      0 ms, ended at ");
    // these may find their queue closed, and end, before they are told
    assertThat(timeline(result, "worker-1")).contains("told", "ended at ");
    assertThat(timeline(result, "writer")).contains("told", "ended at ");
    // The end of the scanner is noted before its queue is closed (S3), by which the workers end.
    // The
    // writer is told when the last worker has stopped, perhaps before that is noted (H5): that it
    // has not ended too early is seen by its rows.
    assertThat(result.out().indexOf(timeline(result, "scanner")))
        .isLessThan(result.out().indexOf(timeline(result, "worker-1")))
        .isLessThan(result.out().indexOf(timeline(result, "writer")));
  }

  @Test
  void stubborn_isReportedWithItsStack_andDoesNotHoldTheEnd() throws Exception {
    CensusRun.Result result;
    try (var run = CensusRun.start(directory, "--stubborn", "--json")) {
      result = run.awaitReady().end("TERM");
    }

    assertThat(result.status()).as(result.everything()).isEqualTo(143);
    assertThat(result.tookToEnd()).isBetween(Duration.ofSeconds(2), BOUND);
    assertThat(result.written()).isEqualTo(rowsOf(directory.resolve("census.db")));
    int report = indexOf(result.err(), "\"main/stubborn\", told ");
    assertThat(report).as(result.everything()).isPositive();
    assertThat(result.err().get(report)).contains("signal \"NEVER\"");
    assertThat(result.err().get(report + 1)).startsWith("      at ");
    assertThat(result.err().subList(report, result.err().size()))
        .anyMatch(line -> line.contains("org.morethreads.examples.census.Census."));
    assertThat(timeline(result, "stubborn")).contains("told at ", "ended at ");
  }

  private static String timeline(CensusRun.Result result, String thread) {
    int line = indexOf(result.out(), "  " + thread + " ");
    assertThat(line).as(result.everything()).isPositive();
    return result.out().get(line);
  }

  private static int indexOf(List<String> lines, String part) {
    for (int i = 0; i < lines.size(); i++) {
      if (lines.get(i).contains(part)) {
        return i;
      }
    }
    return -1;
  }
}
