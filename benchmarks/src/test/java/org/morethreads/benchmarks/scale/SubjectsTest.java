package org.morethreads.benchmarks.scale;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every subject does what it times, and says so for each of its rows. */
class SubjectsTest {
  @ParameterizedTest
  @CsvSource({
    "signals, ours",
    "signals, CompletableFuture",
    "tills, ours",
    "tills, FJPschedule",
    "waiters, ours",
    "waiters, CountDownLatch",
    "children, ours",
    "children, startVirtualThread",
    "elements, ours",
    "elements, LBQ",
    "priorities, ours",
    "priorities, PBQ",
    "unique, ours",
    "unique, LinkedHashSet",
    "actions, ours",
    "actions, CompletableFuture",
    "removals, ours",
    "removals, LinkedHashSet",
    "composites, ours",
    "composites, LinkedHashMap"
  })
  void cycle_severalTimes_hasAFigureForEachRow(String name, String who) throws Exception {
    Subject subject = Subjects.of(name, who);
    var wereThere = new AtomicInteger();
    for (int count : new int[] {1, 10, 10, 300}) {
      int[] order = IntStream.range(0, count).map(i -> count - 1 - i).toArray();
      long[] nanos = subject.cycle(count, order, wereThere::incrementAndGet);
      assertThat(nanos).hasSameSizeAs(subject.rows());
      for (long each : nanos) {
        assertThat(each).isNotNegative();
      }
    }
    assertThat(wereThere).hasValue(4);
  }
}
