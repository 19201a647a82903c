package org.morethreads.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.StringReader;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import javax.xml.parsers.DocumentBuilderFactory;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.morethreads.benchmarks.Scale.Series;
import org.w3c.dom.Document;
import org.xml.sax.InputSource;

/** What is made of the figures: growth that nobody sees would be believed to be none. */
class ScaleTest {
  private static final Offset<Double> ABOUT = Offset.offset(0.001);

  private static NavigableMap<Integer, List<Double>> figures(Map<Integer, List<Double>> byCount) {
    return new TreeMap<>(byCount);
  }

  @Test
  void growths_costLikeTheLogarithm_isOne() {
    var byCount = figures(Map.of(10, List.of(5.0), 1_000, List.of(15.0), 100_000, List.of(25.0)));
    assertThat(Scale.growths(byCount).getFirst()).isCloseTo(1, ABOUT);
  }

  @Test
  void growths_costOfEachGrowsWithTheNumber_isFarAboveOne() {
    var byCount = figures(Map.of(10, List.of(1.0), 100, List.of(10.0), 1_000, List.of(100.0)));
    assertThat(Scale.growths(byCount).getFirst()).isCloseTo(100 / 3.0, ABOUT);
  }

  @Test
  void growths_fewCostMore_startsFromTheLowest() {
    var byCount = figures(Map.of(10, List.of(900.0), 100, List.of(10.0), 1_000, List.of(60.0)));
    assertThat(Scale.growths(byCount).getFirst()).isCloseTo(6 / 3.0, ABOUT);
  }

  @Test
  void growths_severalRounds_isOneForEach() {
    var byCount = figures(Map.of(10, List.of(1.0, 2.0), 100, List.of(4.0, 4.0)));
    assertThat(Scale.growths(byCount)).containsExactly(2.0, 1.0);
  }

  @Test
  void only_subjectThatThereIsNot_saysWhichThereAre() {
    var effort = new Effort(true, 1, Map.of("subject", List.of("tilts")), Path.of("results"));
    assertThatThrownBy(() -> new Scale(effort))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("\"tilts\"", "tills-in-order");
  }

  @Test
  void svg_severalLines_isXmlWithAPanelForEachRow() throws Exception {
    Map<Series, NavigableMap<Integer, Double>> lines = new LinkedHashMap<>();
    lines.put(new Series("a < b", "ours"), new TreeMap<>(Map.of(10, 5.0, 100, 7.5, 1_000, 0.0)));
    lines.put(new Series("a < b", "peer"), new TreeMap<>(Map.of(10, 5.0, 100, 70_000.0)));
    lines.put(new Series("c, in order", "ours"), new TreeMap<>(Map.of(10, 3.0, 10_000_000, 3.0)));
    String svg = new ScalePlot(lines).svg();
    Document document =
        DocumentBuilderFactory.newInstance()
            .newDocumentBuilder()
            .parse(new InputSource(new StringReader(svg)));
    assertThat(document.getElementsByTagName("g").getLength()).isEqualTo(2);
    assertThat(document.getElementsByTagName("circle").getLength()).isEqualTo(5);
    assertThat(svg).doesNotContain("NaN").doesNotContain("Infinity");
    assertThat(svg).contains(">c<", ">in order<", ">peer: peer<");
  }
}
