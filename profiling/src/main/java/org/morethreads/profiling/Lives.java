package org.morethreads.profiling;

import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordedThread;
import org.jspecify.annotations.Nullable;

/**
 * Which managed thread each Java thread was, and when: an adopted thread is one for a while only.
 */
final class Lives {
  /** The time of one managed thread, as far as it was recorded. */
  static final class Life {
    final String path;
    final long threadId;
    final boolean virtual;

    /** It lives on outside of the tree. */
    final boolean adopted;

    /** Null when it was there before the recording. */
    final @Nullable Instant begin;

    /** What it had used of CPU time at its begin, and at its end or that of the recording. */
    private long cpuAtBegin;

    private long cpuAtEnd;

    /** Null as long as it has not ended. */
    @Nullable Instant end;

    String outcome = "";

    /** What it was waiting for when the recording ended. */
    String waitsFor = "";

    Life(String path, long threadId, boolean virtual, boolean adopted, @Nullable Instant begin) {
      this.path = path;
      this.threadId = threadId;
      this.virtual = virtual;
      this.adopted = adopted;
      this.begin = begin;
    }

    /** How much CPU time a platform thread has used; 0 when that is not known. */
    long cpuNanos() {
      return Math.max(0, cpuAtEnd - cpuAtBegin);
    }

    private boolean covers(Instant time) {
      return (begin == null || !time.isBefore(begin)) && (end == null || !time.isAfter(end));
    }
  }

  private final List<Life> all = new ArrayList<>();
  private final Map<Long, List<Life>> byThread = new HashMap<>();

  List<Life> all() {
    return all;
  }

  /** Takes in an event; they come in the order of time. */
  void note(RecordedEvent event) {
    switch (event.getEventType().getName()) {
      case Events.PREFIX + "ThreadStart" -> begin(event, event.getStartTime());
      case Events.PREFIX + "ThreadPresent" -> {
        Life life = open(event.getLong("managedThreadId"), event.getString("path"));
        if (life == null && !event.getBoolean("atEnd")) {
          life = begin(event, null);
        }
        if (life != null && event.getBoolean("atEnd")) {
          life.waitsFor = event.getString("waitsFor");
          life.cpuAtEnd = event.getLong("cpuTime");
        }
      }
      case Events.PREFIX + "ThreadEnd" -> {
        Life life = open(event.getLong("managedThreadId"), event.getString("path"));
        if (life != null) {
          life.end = event.getStartTime();
          life.outcome = event.getString("outcome");
          life.cpuAtEnd = event.getLong("cpuTime");
        }
      }
      default -> {}
    }
  }

  private Life begin(RecordedEvent event, @Nullable Instant begin) {
    Life life =
        new Life(
            event.getString("path"),
            event.getLong("managedThreadId"),
            event.getBoolean("virtual"),
            begin != null && event.getBoolean("adopted"),
            begin);
    life.cpuAtBegin = event.getLong("cpuTime");
    all.add(life);
    byThread.computeIfAbsent(life.threadId, _ -> new ArrayList<>(1)).add(life);
    return life;
  }

  private @Nullable Life open(long threadId, String path) {
    for (Life life : byThread.getOrDefault(threadId, List.of()).reversed()) {
      if (life.end == null && life.path.equals(path)) {
        return life;
      }
    }
    return null;
  }

  /** What a Java thread was at a time; null when it was in no tree. */
  @Nullable Life lifeOf(RecordedThread thread, Instant time) {
    List<Life> lives = byThread.getOrDefault(thread.getJavaThreadId(), List.of());
    for (Life life : lives) {
      if (life.covers(time)) {
        return life;
      }
    }
    // else a moment before its start was recorded, or after its end
    return lives.size() == 1 && !lives.getFirst().adopted ? lives.getFirst() : null;
  }

  /** The path of a Java thread at a time. */
  String pathOf(@Nullable RecordedThread thread, Instant time) {
    if (thread == null) {
      return Paths.UNMANAGED + "/?";
    }
    Life life = lifeOf(thread, time);
    if (life != null) {
      return life.path;
    }
    String name = thread.getJavaName() == null ? thread.getOSName() : thread.getJavaName();
    return Paths.UNMANAGED + "/" + (name == null || name.isEmpty() ? "?" : name.replace('/', '_'));
  }
}
