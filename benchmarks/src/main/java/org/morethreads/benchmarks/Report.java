package org.morethreads.benchmarks;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The figures of one area, as a Markdown table, as JSON, and in one line. */
final class Report {
  private final Area area;
  private final @Nullable String table;
  private final List<String> notes;
  private final List<Measurement> measurements;
  private final List<Row> rows = new ArrayList<>();

  /** One of our figures held against a target. */
  private record Row(
      Measurement ours,
      @Nullable Measurement peer,
      @Nullable Measurement twin,
      @Nullable Measurement alike,
      Target target) {
    /** Our figure as a part of the peer's, or of the limit where there is no peer. */
    double ratio() {
      return ours.median() / (peer == null ? target.limit() : peer.median());
    }

    /** What the ratio may be at most. */
    double most() {
      if (peer != null) {
        return Math.max(target.limit(), noise());
      }
      return alike == null ? 1 : Math.max(1, alike.median() / target.limit());
    }

    private double noise() {
      return peer == null || twin == null ? 0 : twin.noiseAgainst(peer);
    }

    String verdict() {
      return target.isStatedOnly() ? "stated" : met() ? "met" : "**missed**";
    }

    boolean met() {
      return ratio() <= most();
    }

    /** How far it is from the target; above one means missed. */
    double part() {
      return ratio() / most();
    }

    String against() {
      if (peer != null) {
        return peer.peer();
      }
      return figure(target.limit())
          + " "
          + ours.unit()
          + (alike == null ? "" : " or as " + alike.peer());
    }

    /** The ratio in the best and in the worst round. */
    String spread() {
      if (peer == null || ours.rounds().size() < 2) {
        return "";
      }
      double least = Double.MAX_VALUE;
      double most = 0;
      for (int i = 0; i < Math.min(ours.rounds().size(), peer.rounds().size()); i++) {
        double ratio = ours.medianOfRound(i) / peer.medianOfRound(i);
        least = Math.min(least, ratio);
        most = Math.max(most, ratio);
      }
      return String.format(Locale.ROOT, " (%.2f–%.2f)", least, most);
    }
  }

  Report(Area area, Collection<Measurement> measurements) {
    this(area, Findings.of(measurements));
  }

  Report(Area area, Findings findings) {
    this.area = area;
    this.measurements = List.copyOf(findings.measurements());
    this.table = findings.table();
    this.notes = findings.notes();
    Map<String, Measurement> byKey = new LinkedHashMap<>();
    for (Measurement each : measurements) {
      byKey.put(each.label() + "|" + each.peer(), each);
    }
    for (Measurement ours : measurements) {
      for (Target target : area.targets) {
        if (target.ours().equals(ours.peer()) && target.holdsFor(ours.label())) {
          String against = target.peer();
          Measurement peer = against == null ? null : byKey.get(ours.label() + "|" + against);
          if (against == null || peer != null) {
            String same = target.twin();
            Measurement twin = same == null ? null : byKey.get(ours.label() + "|" + same);
            String known = target.alike();
            Measurement alike = known == null ? null : byKey.get(ours.label() + "|" + known);
            rows.add(new Row(ours, peer, twin, alike, target));
          }
        }
      }
    }
  }

  /** Whether anything was held against a target. */
  boolean isEmpty() {
    return rows.isEmpty();
  }

  String markdown() {
    StringBuilder text = new StringBuilder("## " + area.title() + "\n\n");
    text.append(table == null ? usualTable() : table);
    text.append("\n| what | ours | against | ratio (rounds) | target | |\n");
    text.append("| --- | --- | --- | ---: | ---: | --- |\n");
    for (Row row : rows) {
      text.append(
          String.format(
              Locale.ROOT,
              "| %s | %s | %s | %s%s | %s | %s |%n",
              row.ours().label(),
              row.ours().peer(),
              row.against(),
              figure(row.ratio()),
              row.spread(),
              row.target().isStatedOnly() ? "" : figure(row.most()),
              row.verdict()));
    }
    text.append('\n');
    notes.forEach(note -> text.append(note).append('\n'));
    return notes.isEmpty() ? text.toString() : text.append('\n').toString();
  }

  private String usualTable() {
    StringBuilder text = new StringBuilder();
    text.append("| what | who | median | quartiles | unit |\n| --- | --- | ---: | ---: | --- |\n");
    for (Measurement each : measurements) {
      text.append(
          String.format(
              Locale.ROOT,
              "| %s | %s | %s | %s–%s | %s |%n",
              each.label(),
              each.peer(),
              figure(each.median()),
              figure(each.quantile(0.25)),
              figure(each.quantile(0.75)),
              each.unit()));
    }
    return text.toString();
  }

  static String figure(double value) {
    return value >= 1000
        ? String.format(Locale.ROOT, "%.0f", value)
        : String.format(Locale.ROOT, value >= 10 ? "%.1f" : "%.2f", value);
  }

  String json() {
    StringBuilder text = new StringBuilder("{\"area\":\"" + area.title() + "\",\"measurements\":[");
    String separator = "";
    for (Measurement each : measurements) {
      text.append(separator)
          .append(
              String.format(
                  Locale.ROOT,
                  "{\"what\":\"%s\",\"who\":\"%s\",\"unit\":\"%s\",\"median\":%.4f,\"q1\":%.4f,\"q3\":%.4f,\"rounds\":%d}",
                  each.label(),
                  each.peer(),
                  each.unit(),
                  each.median(),
                  each.quantile(0.25),
                  each.quantile(0.75),
                  each.rounds().size()));
      separator = ",\n";
    }
    return text.append("]}\n").toString();
  }

  /**
   * The worst row: {@code AREA ratio=R target=T met|missed}, or {@code target=none stated} when
   * none has a target.
   */
  String line() {
    Row worst = worst();
    if (worst.target().isStatedOnly()) {
      return String.format(
          Locale.ROOT, "%s ratio=%.2f target=none stated", area.title(), worst.ratio());
    }
    return String.format(
        Locale.ROOT,
        "%s ratio=%.2f target=%.2f %s",
        area.title(),
        worst.ratio(),
        worst.most(),
        worst.met() ? "met" : "missed");
  }

  /** The row that is farthest above its target; if none has one, the one of the highest ratio. */
  private Row worst() {
    return rows.stream()
        .max(Comparator.comparingDouble(Row::part).thenComparingDouble(Row::ratio))
        .orElseThrow();
  }
}
