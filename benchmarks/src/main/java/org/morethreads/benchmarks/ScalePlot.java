package org.morethreads.benchmarks;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableMap;
import java.util.StringJoiner;
import org.morethreads.benchmarks.Scale.Series;
import org.morethreads.benchmarks.scale.ScaleProgram;

/**
 * The figures of {@link Scale} as a drawing: a panel for each row, both axes logarithmic; ours
 * against the peer, and how O(log n) and O(n) would rise from the lowest figure of ours.
 */
final class ScalePlot {
  private static final int COLUMNS = 3;
  private static final int PANEL_WIDTH = 300;
  private static final int PANEL_HEIGHT = 200;
  private static final int LEFT = 52;
  private static final int RIGHT = 20;
  private static final int TOP = 34;
  private static final int BOTTOM = 30;
  private static final int LEGEND = 40;

  private static final String STYLE =
      """
      <style>
        text { font: 11px sans-serif; fill: #333 }
        .title { font-weight: bold; font-size: 12px }
        .grid { stroke: #ddd; stroke-width: 1 }
        .frame { fill: none; stroke: #999 }
        .ours { fill: none; stroke: #1b6ca8; stroke-width: 2 }
        .peer { fill: none; stroke: #c0562b; stroke-width: 1.5; stroke-dasharray: 5 3 }
        .log { fill: none; stroke: #555; stroke-width: 1.3; stroke-dasharray: 2 3 }
        .linear { fill: none; stroke: #d49a00; stroke-width: 1.3; stroke-dasharray: 2 3 }
        .dot { fill: #1b6ca8 }
      </style>
      """;

  private final Map<String, List<Line>> panels = new LinkedHashMap<>();
  private double leastCount = Double.MAX_VALUE;
  private double mostCount;

  private record Line(Series series, NavigableMap<Integer, Double> points) {}

  ScalePlot(Map<Series, NavigableMap<Integer, Double>> lines) {
    lines.forEach((series, points) -> {
      panels.computeIfAbsent(series.what(), _ -> new ArrayList<>()).add(new Line(series, points));
      leastCount = Math.min(leastCount, points.firstKey());
      mostCount = Math.max(mostCount, points.lastKey());
    });
  }

  String svg() {
    int rows = (panels.size() + COLUMNS - 1) / COLUMNS;
    int width = COLUMNS * PANEL_WIDTH;
    int height = LEGEND + rows * PANEL_HEIGHT;
    StringBuilder svg = new StringBuilder();
    svg.append(
        String.format(
            Locale.ROOT,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" role=\"img\">%n",
            width,
            height,
            width,
            height));
    svg.append("<title>Nanoseconds for one of n things, against n</title>\n").append(STYLE);
    svg.append(
        String.format(
            Locale.ROOT, "<rect width=\"%d\" height=\"%d\" fill=\"white\"/>%n", width, height));
    legend(svg);
    int index = 0;
    for (Map.Entry<String, List<Line>> panel : panels.entrySet()) {
      svg.append(
          String.format(
              Locale.ROOT,
              "<g transform=\"translate(%d %d)\">%n",
              index % COLUMNS * PANEL_WIDTH,
              LEGEND + index / COLUMNS * PANEL_HEIGHT));
      new Panel(panel.getKey(), panel.getValue()).draw(svg);
      svg.append("</g>\n");
      index++;
    }
    return svg.append("</svg>\n").toString();
  }

  private static void legend(StringBuilder svg) {
    String[][] entries = {
      {"ours", "ours"}, {"peer", "the peer"}, {"log", "O(log n)"}, {"linear", "O(n)"}
    };
    int x = LEFT;
    for (String[] entry : entries) {
      svg.append(
          String.format(
              Locale.ROOT,
              "<path class=\"%s\" d=\"M%d 20h30\"/><text x=\"%d\" y=\"24\">%s</text>%n",
              entry[0],
              x,
              x + 36,
              entry[1]));
      x += 110;
    }
    text(svg, x, 24, "start", "", "ns for one of n, against n");
  }

  private static void text(
      StringBuilder svg, double x, double y, String anchor, String style, String words) {
    svg.append(
        String.format(
            Locale.ROOT,
            "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\"%s>%s</text>%n",
            x,
            y,
            anchor,
            style.isEmpty() ? "" : " class=\"" + style + "\"",
            words.replace("&", "&amp;").replace("<", "&lt;")));
  }

  /** One row of the table. */
  private final class Panel {
    private final String title;
    private final List<Line> lines;
    private double least = Double.MAX_VALUE;
    private double most;

    Panel(String title, List<Line> lines) {
      this.title = title;
      this.lines = lines;
      for (Line line : lines) {
        for (double nanos : line.points().values()) {
          least = Math.min(least, nanos);
          most = Math.max(most, nanos);
        }
      }
      least = powerOfTen(least, Math.floor(Math.log10(least)));
      most = Math.max(least * 100, powerOfTen(most, Math.ceil(Math.log10(most))));
    }

    private static double powerOfTen(double figure, double exponent) {
      return figure > 0 ? Math.pow(10, exponent) : 0.1;
    }

    private double x(double count) {
      double part = Math.log(count / leastCount) / Math.log(Math.max(10, mostCount / leastCount));
      return LEFT + part * (PANEL_WIDTH - LEFT - RIGHT);
    }

    private double y(double nanos) {
      double part = Math.log(Math.max(nanos, least) / least) / Math.log(most / least);
      return PANEL_HEIGHT - BOTTOM - part * (PANEL_HEIGHT - TOP - BOTTOM);
    }

    void draw(StringBuilder svg) {
      grid(svg);
      for (Line line : lines) {
        if (line.series().isOurs()) {
          bounds(svg, line.points());
        }
      }
      String what = title.replace(ScaleProgram.ROW_IN_ORDER, "");
      StringJoiner below = new StringJoiner(" · ");
      if (!what.equals(title)) {
        below.add("in order"); // there is no room for it in the title
      }
      for (Line line : lines) {
        List<double[]> points = new ArrayList<>();
        line.points().forEach((count, nanos) -> points.add(new double[] {count, nanos}));
        path(svg, line.series().isOurs() ? "ours" : "peer", points);
        if (line.series().isOurs()) {
          points.forEach(point ->
              svg.append(
                  String.format(
                      Locale.ROOT,
                      "<circle class=\"dot\" cx=\"%.1f\" cy=\"%.1f\" r=\"2.5\"/>%n",
                      x(point[0]),
                      y(point[1]))));
        } else {
          below.add("peer: " + line.series().who());
        }
      }
      text(svg, LEFT, TOP - 20, "start", "title", what);
      text(svg, LEFT, TOP - 7, "start", "", below.toString());
    }

    private void grid(StringBuilder svg) {
      for (double nanos = least; nanos <= most * 1.01; nanos *= 10) {
        svg.append(
            String.format(
                Locale.ROOT,
                "<path class=\"grid\" d=\"M%d %.1fH%d\"/>%n",
                LEFT,
                y(nanos),
                PANEL_WIDTH - RIGHT));
        text(svg, LEFT - 5, y(nanos) + 4, "end", "", label(nanos));
      }
      for (double count = leastCount; count <= mostCount * 1.01; count *= 10) {
        svg.append(
            String.format(
                Locale.ROOT,
                "<path class=\"grid\" d=\"M%.1f %dV%d\"/>%n",
                x(count),
                TOP,
                PANEL_HEIGHT - BOTTOM));
        text(svg, x(count), PANEL_HEIGHT - BOTTOM + 14, "middle", "", label(count));
      }
      svg.append(
          String.format(
              Locale.ROOT,
              "<rect class=\"frame\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>%n",
              LEFT,
              TOP,
              PANEL_WIDTH - LEFT - RIGHT,
              PANEL_HEIGHT - TOP - BOTTOM));
    }

    private static String label(double number) {
      if (number >= 1e6) {
        return Math.round(number / 1e6) + "M";
      }
      if (number >= 1e3) {
        return Math.round(number / 1e3) + "k";
      }
      return number >= 1
          ? Long.toString(Math.round(number))
          : String.format(Locale.ROOT, "%.1f", number);
    }

    /** From the lowest figure of ours on, as far as the panel goes. */
    private void bounds(StringBuilder svg, NavigableMap<Integer, Double> ours) {
      int from = 0;
      double lowest = Double.MAX_VALUE;
      for (Map.Entry<Integer, Double> point : ours.entrySet()) {
        if (point.getValue() < lowest) {
          from = point.getKey();
          lowest = point.getValue();
        }
      }
      List<double[]> log = new ArrayList<>();
      List<double[]> linear = new ArrayList<>();
      for (double count = from; count <= mostCount * 1.01; count *= Math.sqrt(Math.sqrt(10))) {
        double nanos = lowest * Math.log(count) / Math.log(from);
        if (nanos <= most) {
          log.add(new double[] {count, nanos});
        }
        if (lowest * count / from <= most) {
          linear.add(new double[] {count, lowest * count / from});
        }
      }
      path(svg, "log", log);
      path(svg, "linear", linear);
    }

    private void path(StringBuilder svg, String style, List<double[]> points) {
      StringBuilder drawn = new StringBuilder();
      for (double[] point : points) {
        drawn.append(
            String.format(
                Locale.ROOT, "%s%.1f %.1f", drawn.isEmpty() ? "M" : "L", x(point[0]), y(point[1])));
      }
      svg.append(String.format(Locale.ROOT, "<path class=\"%s\" d=\"%s\"/>%n", style, drawn));
    }
  }
}
