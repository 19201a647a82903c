package org.morethreads.thread;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.morethreads.fixture.ChildJvm;

/** A million threads are fine (H14). */
class ManyThreadsTest {
  private static final int MILLION = 1_000_000;

  @TempDir Path directory;

  @Test
  @Timeout(400)
  void tree_ofAMillionParkedChildren_startsIsDumpedAndStopsInOrder() throws Exception {
    Path file = directory.resolve("dump.txt");
    String said =
        ChildJvm.run(
            ManyThreads.class, List.of("-Xmx4g"), "tree", String.valueOf(MILLION), file.toString());
    System.out.println(said);
    assertThat(said.lines())
        .contains(
            "children 1000000",
            "lines 1000000",
            "told 1000000, out of order 0",
            "ended 1000000, abandoned 0",
            "children 0",
            "done");
  }

  /**
   * Interpreted, since then the frames of a parked stack have always the same size, however busy
   * the machine is. Compiled they are smaller: see docs/performance.md.
   */
  @Test
  @Timeout(400)
  void bytes_ofAParkedThread_areFewOverABareOne() throws Exception {
    String said =
        ChildJvm.run(ManyThreads.class, List.of("-Xint", "-Xmx1g"), "bytes", "30000", "0");
    System.out.println(said);
    assertThat(number(said, "managed")).isPositive().isLessThan(450);
    assertThat(number(said, "awaiting")).isPositive().isLessThan(1150);
  }

  private static int number(String said, String what) {
    Matcher found = Pattern.compile("^" + what + " (\\d+)$", Pattern.MULTILINE).matcher(said);
    assertThat(found.find()).as(said).isTrue();
    return Integer.parseInt(found.group(1));
  }
}
