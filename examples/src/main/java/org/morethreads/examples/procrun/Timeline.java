package org.morethreads.examples.procrun;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.morethreads.examples.procrun.Service.State;
import org.morethreads.examples.procrun.Service.Status;

/** Who lived when, and waited for what: a chart, and a table with a line for each state. */
final class Timeline {
  private static final int WIDTH = 72;

  private final Instant start = Instant.now();
  private final Map<String, List<Status>> changes = new LinkedHashMap<>();

  /** Begins a row for each name, in this order. */
  Timeline(List<String> names) {
    names.forEach(it -> changes.put(it, new ArrayList<>()));
  }

  synchronized void became(String name, Status status) {
    changes.computeIfAbsent(name, _ -> new ArrayList<>()).add(status);
  }

  synchronized void writeTo(Path file) throws IOException {
    Instant end = Instant.now();
    int width = changes.keySet().stream().mapToInt(String::length).reduce(7, Math::max);
    StringBuilder text = new StringBuilder();
    text.append(
        "From %s to %s, %.3f s. Each column is %.3f s: w waiting, t scheduled, s starting, # ready, x stopping, p pausing.%n%n"
            .formatted(start, end, seconds(start, end), seconds(start, end) / WIDTH));
    changes.forEach((name, states) ->
        text.append(("%-" + width + "s |%s|%n").formatted(name, bar(states, end))));
    text.append("%nfrom\\tto\\tservice\\tstate\\trun\\tdetail%n".formatted().replace("\\t", "\t"));
    changes.forEach((name, states) -> {
      for (int i = 0; i < states.size(); i++) {
        Status it = states.get(i);
        Instant until = i + 1 < states.size() ? states.get(i + 1).since() : end;
        text.append(
            "%.3f\t%.3f\t%s\t%s\t%d\t%s%n"
                .formatted(
                    seconds(start, it.since()),
                    seconds(start, until),
                    name,
                    it.state(),
                    it.run(),
                    it.detail()));
      }
    });
    Files.writeString(file, text);
  }

  private String bar(List<Status> states, Instant end) {
    StringBuilder bar = new StringBuilder(" ".repeat(WIDTH));
    double column = Math.max(1e-9, seconds(start, end)) / WIDTH;
    for (int i = 0; i < states.size(); i++) {
      Instant until = i + 1 < states.size() ? states.get(i + 1).since() : end;
      int from = (int) (seconds(start, states.get(i).since()) / column);
      int to = (int) Math.ceil(seconds(start, until) / column);
      for (int at = Math.clamp(from, 0, WIDTH - 1); at < Math.clamp(to, 0, WIDTH); at++) {
        bar.setCharAt(at, letter(states.get(i).state()));
      }
    }
    return bar.toString();
  }

  private static char letter(State state) {
    return switch (state) {
      case WAITING -> 'w';
      case SCHEDULED -> 't';
      case STARTING -> 's';
      case READY -> '#';
      case STOPPING -> 'x';
      case PAUSING -> 'p';
      case ENDED, FAILED, STOPPED -> ' ';
    };
  }

  private static double seconds(Instant from, Instant to) {
    return Duration.between(from, to).toNanos() / 1e9;
  }
}
