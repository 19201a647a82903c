package org.morethreads.examples.census;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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
  List<String> lines() {
    Optional<Instant> first =
        threads.stream().flatMap(thread -> thread.toldAt().stream()).min(Comparator.naturalOrder());
    return threads.stream()
        .sorted(Comparator.comparing(thread -> ends.getOrDefault(thread, Instant.MAX)))
        .map(thread -> line(thread, first))
        .toList();
  }

  private String line(ManagedThread<?> thread, Optional<Instant> first) {
    String told = thread.toldAt().map(at -> "told at " + since(first, at)).orElse("never told    ");
    Instant end = ends.get(thread);
    return String.format(
        "  %-12s %s, %s",
        thread.name(), told, end == null ? "has not ended" : "ended at " + since(first, end));
  }

  private static String since(Optional<Instant> first, Instant at) {
    return String.format("%5d ms", Duration.between(first.orElse(at), at).toMillis());
  }
}
