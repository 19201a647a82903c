package org.morethreads.profiling;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Who lived when, and what it waited for: in the Chrome trace format, which Perfetto opens, and as
 * a page with a viewer of its own.
 */
final class Timeline {
  /** The row of one thread. */
  private static final class Track {
    final String path;
    final Lives.@Nullable Life life;
    int number;

    Track(String path, Lives.@Nullable Life life) {
      this.path = path;
      this.life = life;
    }
  }

  private final Profile profile;
  private final Instant begin;
  private final Instant end;
  private final List<Track> tracks = new ArrayList<>();
  private final Map<Long, List<Track>> byThread = new HashMap<>();
  private final Map<String, Track> others = new HashMap<>();
  private String separator = "";

  Timeline(Profile profile) {
    this.profile = profile;
    this.begin = profile.begin();
    this.end = profile.end();
    for (Lives.Life life : profile.lives.all()) {
      Track track = new Track(life.path, life);
      tracks.add(track);
      byThread.computeIfAbsent(life.threadId, _ -> new ArrayList<>(1)).add(track);
    }
    // all events are assigned before anything is written, since that may make rows
    profile.waits.forEach(wait -> trackOf(wait.threadId(), wait.path(), wait.begin()));
    profile.moments.forEach(moment -> trackOf(moment.threadId(), moment.path(), moment.at()));
    tracks.sort(
        Comparator.comparing((Track track) -> track.path.startsWith(Paths.UNMANAGED))
            .thenComparing(track -> track.path.split("/", -1), Timeline::byTree)
            .thenComparing(track -> track.life == null ? begin : beginOf(track.life)));
    for (int i = 0; i < tracks.size(); i++) {
      tracks.get(i).number = i + 1;
    }
  }

  /** Parents before children, and numbers by their values. */
  private static int byTree(String[] a, String[] b) {
    for (int i = 0; i < Math.min(a.length, b.length); i++) {
      int byPattern = Paths.patternOf(a[i]).compareTo(Paths.patternOf(b[i]));
      int byLength = byPattern != 0 ? byPattern : Integer.compare(a[i].length(), b[i].length());
      int byName = byLength != 0 ? byLength : a[i].compareTo(b[i]);
      if (byName != 0) {
        return byName;
      }
    }
    return Integer.compare(a.length, b.length);
  }

  private Instant beginOf(Lives.Life life) {
    return life.begin == null ? begin : life.begin;
  }

  private Track trackOf(long threadId, String path, Instant at) {
    Track found = null;
    for (Track track : byThread.getOrDefault(threadId, List.of())) {
      if (track.path.equals(path) && !beginOf(Objects.requireNonNull(track.life)).isAfter(at)) {
        found = track; // the latest one that had begun
      }
    }
    if (found != null) {
      return found;
    }
    return others.computeIfAbsent(
        path,
        _ -> {
          Track track = new Track(path, null);
          tracks.add(track);
          return track;
        });
  }

  Path writeTrace(Path file) throws IOException {
    try (BufferedWriter out = Files.newBufferedWriter(file)) {
      write(out);
    }
    return file;
  }

  Path writePage(String title, Path file) throws IOException {
    String page = template();
    int place = page.indexOf("@TRACE@");
    try (BufferedWriter out = Files.newBufferedWriter(file)) {
      out.write(page.substring(0, place).replace("@TITLE@", escaped(title)));
      write(out);
      out.write(page.substring(place + "@TRACE@".length()));
    }
    return file;
  }

  private static String template() {
    try (InputStream in =
        Objects.requireNonNull(Timeline.class.getResourceAsStream("timeline.html"))) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // it is in our own jar
    }
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }

  private void write(Appendable out) throws IOException {
    separator = "\n";
    out.append("{\"displayTimeUnit\":\"ms\",\"otherData\":{\"coverage\":")
        .append(Json.quoted(profile.coverage()))
        .append(",\"begin\":")
        .append(Json.quoted(begin.toString()))
        .append("},\"traceEvents\":[");
    next(out)
        .append(
            "{\"ph\":\"M\",\"pid\":1,\"name\":\"process_name\",\"args\":{\"name\":\"threads\"}}");
    for (Track track : tracks) {
      write(track, out);
    }
    for (Profile.Wait wait : profile.waits) {
      Track track = trackOf(wait.threadId(), wait.path(), wait.begin());
      span("wait", "waits for " + wait.what(), track, wait.begin(), wait.length(), out);
    }
    for (Profile.Moment moment : profile.moments) {
      Track track = trackOf(moment.threadId(), moment.path(), moment.at());
      next(out)
          .append("{\"ph\":\"i\",\"s\":\"t\",\"cat\":\"moment\",\"name\":")
          .append(Json.quoted(moment.what()))
          .append(",\"pid\":1,\"tid\":")
          .append(Integer.toString(track.number))
          .append(",\"ts\":")
          .append(micros(Duration.between(begin, moment.at())))
          .append("}");
    }
    out.append("\n]}\n");
  }

  private void write(Track track, Appendable out) throws IOException {
    String tid = Integer.toString(track.number);
    next(out)
        .append("{\"ph\":\"M\",\"pid\":1,\"tid\":")
        .append(tid)
        .append(",\"name\":\"thread_name\",\"args\":{\"name\":")
        .append(Json.quoted(track.path))
        .append("}}");
    next(out)
        .append("{\"ph\":\"M\",\"pid\":1,\"tid\":")
        .append(tid)
        .append(",\"name\":\"thread_sort_index\",\"args\":{\"sort_index\":")
        .append(tid)
        .append("}}");
    Lives.Life life = track.life;
    if (life != null) {
      Instant from = beginOf(life);
      Instant to = life.end == null ? end : life.end;
      String how = life.outcome.isEmpty() ? "has not ended" : life.outcome;
      String sort = life.virtual ? "virtual" : "platform";
      String name = life.path.substring(life.path.lastIndexOf('/') + 1);
      span("life", name + ": " + sort + ", " + how, track, from, Duration.between(from, to), out);
      if (!life.waitsFor.isEmpty() && life.end == null) {
        next(out)
            .append("{\"ph\":\"i\",\"s\":\"t\",\"cat\":\"moment\",\"name\":")
            .append(Json.quoted("still waits for " + life.waitsFor))
            .append(",\"pid\":1,\"tid\":")
            .append(tid)
            .append(",\"ts\":")
            .append(micros(Duration.between(begin, end)))
            .append("}");
      }
    }
  }

  private void span(
      String category, String name, Track track, Instant from, Duration length, Appendable out)
      throws IOException {
    next(out)
        .append("{\"ph\":\"X\",\"cat\":\"")
        .append(category)
        .append("\",\"name\":")
        .append(Json.quoted(name))
        .append(",\"pid\":1,\"tid\":")
        .append(Integer.toString(track.number))
        .append(",\"ts\":")
        .append(micros(Duration.between(begin, from)))
        .append(",\"dur\":")
        .append(micros(length.isNegative() ? Duration.ZERO : length))
        .append("}");
  }

  private Appendable next(Appendable out) throws IOException {
    out.append(separator);
    separator = ",\n";
    return out;
  }

  /** Microseconds, with what is left of a nanosecond. */
  private static String micros(Duration time) {
    long nanos = time.toNanos();
    return String.format(java.util.Locale.ROOT, "%.3f", nanos / 1e3);
  }
}
