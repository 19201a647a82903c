package org.morethreads.profiling;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordedThread;
import jdk.jfr.consumer.RecordedThreadGroup;
import org.jspecify.annotations.Nullable;

/**
 * What the first sample of a thread counts too much. Flight Recorder weighs a sample by what its
 * thread has allocated since the last one, and the first in a recording by all that it ever has.
 */
final class FirstSamples {
  /*
   * When a recording begins, the JVM says how much each of its threads has allocated so far. For a platform thread that is taken from
   * its first sample. A virtual thread allocates as its carrier, which the sample does not name: there it is taken from the sample
   * that weighs as much, or a little more. Other samples seldom weigh that much, since there is one about every megabyte, unless Flight
   * Recorder left many out.
   */
  private static final Duration BEGINNING = Duration.ofSeconds(1);

  /** Less is not worth it: a sample stands for about as much. */
  private static final long WORTH = 64 * 1024;

  /** What a carrier may allocate between the beginning of the recording and its first sample. */
  private static final long UNTIL_FIRST = 32L << 20;

  private record Sample(Instant at, long threadId, boolean virtual, long weight) {
    static Sample of(RecordedEvent event) {
      RecordedThread thread = event.getThread();
      return new Sample(
          event.getStartTime(),
          thread == null ? -1 : thread.getJavaThreadId(),
          thread != null && thread.isVirtual(),
          event.getLong("weight"));
    }
  }

  private record History(Instant at, long threadId, boolean carrier, long allocated) {}

  private final List<Sample> samples = new ArrayList<>();
  private final List<History> histories = new ArrayList<>();
  private final Map<Sample, Long> surplus = new HashMap<>();

  /** Takes in an event, in whatever order. */
  void note(RecordedEvent event) {
    switch (event.getEventType().getName()) {
      case "jdk.ObjectAllocationSample" -> samples.add(Sample.of(event));
      case "jdk.ThreadAllocationStatistics" -> {
        RecordedThread thread = event.getThread("thread");
        if (thread != null && event.getLong("allocated") >= WORTH) {
          histories.add(
              new History(
                  event.getStartTime(),
                  thread.getJavaThreadId(),
                  isCarrier(thread),
                  event.getLong("allocated")));
        }
      }
      default -> {}
    }
  }

  private static boolean isCarrier(RecordedThread thread) {
    RecordedThreadGroup group = thread.getThreadGroup();
    return group != null && "CarrierThreads".equals(group.getName());
  }

  /** All events have been taken in. */
  void find() {
    samples.sort(Comparator.comparing(Sample::at));
    histories.sort(Comparator.comparingLong(History::allocated).reversed());
    Instant begin =
        histories.stream().map(History::at).min(Comparator.naturalOrder()).orElse(Instant.MAX);
    for (History history : histories) {
      if (history.at().isBefore(begin.plus(BEGINNING))) {
        Sample first = history.carrier() ? lightestAbove(history) : firstOf(history);
        if (first != null && first.weight() >= history.allocated()) {
          surplus.put(first, history.allocated());
        }
      }
    }
  }

  private @Nullable Sample firstOf(History history) {
    return samples.stream()
        .filter(sample -> sample.threadId() == history.threadId())
        .findFirst()
        .orElse(null);
  }

  private @Nullable Sample lightestAbove(History history) {
    return samples.stream()
        .filter(sample -> sample.virtual() && !surplus.containsKey(sample))
        .filter(sample -> sample.weight() >= history.allocated())
        .filter(sample -> sample.weight() - history.allocated() <= UNTIL_FIRST)
        .min(Comparator.comparingLong(Sample::weight))
        .orElse(null);
  }

  /** {@return how many bytes a sample of allocations stands for} */
  long bytes(RecordedEvent event) {
    Sample sample = Sample.of(event);
    return sample.weight() - surplus.getOrDefault(sample, 0L);
  }
}
