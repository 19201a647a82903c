package org.morethreads.examples.census;

import static java.util.Comparator.comparing;
import static java.util.Comparator.naturalOrder;
import static java.util.stream.Collectors.joining;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.morethreads.thread.ManagedThread;

/** Who was told to stop when, and who ended when. */
final class StopTimeline {
  private final List<ManagedThread<?>> threads = new ArrayList<>();
  private final Map<ManagedThread<?>, Instant> ends = new ConcurrentHashMap<>();

  /** Watches a thread from now on. */
  <T extends @Nullable Object> ManagedThread<T> watch(ManagedThread<T> thread) {
    threads.add(thread);
    thread.stopped().then(() -> ends.put(thread, Instant.now()));
    return thread;
  }

  /**
   * One line a thread, in the order in which they ended; times count from when the first was told.
   */
  @Override
  public String toString() {
    var first = threads.stream().flatMap(it -> it.toldAt().stream()).min(naturalOrder());
    return threads.stream()
        .sorted(comparing(thread -> ends.getOrDefault(thread, Instant.MAX)))
        .map(thread -> line(thread, first.orElseGet(Instant::now)))
        .collect(joining());
  }

  private String line(ManagedThread<?> thread, Instant first) {
    String told = thread.toldAt().map(at -> "told at " + since(first, at)).orElse("never told");
    String end =
        ends.containsKey(thread) ? "ended at " + since(first, ends.get(thread)) : "not ended";
    return String.format("  %-12s %-17s, %s%n", thread.name(), told, end);
  }

  private static String since(Instant first, Instant at) {
    return String.format("%6d ms", Duration.between(first, at).toMillis());
  }
}
