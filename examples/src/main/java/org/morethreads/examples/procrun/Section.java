package org.morethreads.examples.procrun;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.morethreads.examples.procrun.Problems.Place;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/** A mapping in a YAML file. What is wrong with a value is noted, and the value taken as absent. */
final class Section {
  private static final Pattern DURATION = Pattern.compile("(\\d+(?:\\.\\d+)?) ?(ms|s|m|h|)");

  /** A text, and where it stands. */
  record Located(String text, Place place) {}

  private final Path file;
  private final String title;
  private final Place place;
  private final Problems problems;
  private final Map<String, Node> values = new LinkedHashMap<>();
  private final Map<String, Place> places = new LinkedHashMap<>();

  private Section(Path file, String title, Place place, Problems problems) {
    this.file = file;
    this.title = title;
    this.place = place;
    this.problems = problems;
  }

  /** Reads a mapping with any keys. */
  static Section of(Node node, Path file, String title, Problems problems) {
    var section = new Section(file, title, placeOf(node, file), problems);
    if (node instanceof MappingNode mapping) {
      mapping.getValue().forEach(section::add);
    } else {
      section.wrong(node, title + " must have \"key: value\" lines.");
    }
    return section;
  }

  /** Of a service about which the file says nothing. */
  static Section none(Path file, Problems problems) {
    return new Section(file, "the file", new Place(file, 1), problems);
  }

  private void add(NodeTuple tuple) {
    String key = tuple.getKeyNode() instanceof ScalarNode scalar ? scalar.getValue() : "";
    if (key.isEmpty()) {
      wrong(tuple.getKeyNode(), "A key in " + title + " is not a word.");
    } else if (values.containsKey(key)) {
      wrong(
          tuple.getKeyNode(),
          "%s is given twice in %s, first in line %d. Keep one of them."
              .formatted(quoted(key), title, place(key).line()));
    } else {
      values.put(key, tuple.getValueNode());
      places.put(key, placeOf(tuple.getKeyNode()));
    }
  }

  /** Notes each key that is none of these. Those that begin with {@code x-} are for everybody. */
  Section knowing(Collection<String> known) {
    for (var entry : places.entrySet()) {
      if (!known.contains(entry.getKey()) && !entry.getKey().startsWith("x-")) {
        problems.add(
            entry.getValue(),
            "Unknown key %s in %s; it would have no effect.%s"
                .formatted(
                    quoted(entry.getKey()), title, Problems.didYouMean(entry.getKey(), known)));
      }
    }
    return this;
  }

  Map<String, Node> values() {
    return values;
  }

  boolean has(String key) {
    return values.containsKey(key);
  }

  Place place(String key) {
    return places.getOrDefault(key, place);
  }

  /** The mapping below a key, with any keys. */
  Optional<Section> section(String key) {
    return Optional.ofNullable(values.get(key))
        .map(it -> of(it, file, quoted(key) + " of " + title, problems));
  }

  /** The mapping below a key, with these keys. */
  Optional<Section> section(String key, Collection<String> known) {
    return section(key).map(it -> it.knowing(known));
  }

  Place place() {
    return place;
  }

  boolean isMapping(String key) {
    return values.get(key) instanceof MappingNode;
  }

  Optional<String> text(String key) {
    return Optional.ofNullable(values.get(key)).flatMap(it -> text(key, it)).map(Located::text);
  }

  /** A text that may be empty. */
  String value(String key) {
    return values.get(key) instanceof ScalarNode scalar && scalar.getValue().isEmpty()
        ? ""
        : text(key).orElse("");
  }

  private Optional<Located> text(String key, Node node) {
    if (node instanceof ScalarNode scalar && !scalar.getValue().isBlank()) {
      return Optional.of(new Located(scalar.getValue(), placeOf(node)));
    }
    wrong(
        node, "%s in %s must be a text on one line, and not empty.".formatted(quoted(key), title));
    return Optional.empty();
  }

  /** One text, or a list of them. */
  List<Located> texts(String key) {
    Node node = values.get(key);
    List<Located> found = new ArrayList<>();
    if (node instanceof SequenceNode list) {
      list.getValue().forEach(it -> text(key, it).ifPresent(found::add));
    } else if (node != null) {
      text(key, node).ifPresent(found::add);
    }
    return found;
  }

  OptionalInt number(String key, int least, int most) {
    var text = text(key);
    if (text.isEmpty()) {
      return OptionalInt.empty();
    }
    try {
      int number = Integer.parseInt(text.get());
      if (number >= least && number <= most) {
        return OptionalInt.of(number);
      }
    } catch (NumberFormatException notANumber) {
      // said below
    }
    problems.add(
        place(key),
        "%s in %s must be a number from %d to %d, but is %s."
            .formatted(quoted(key), title, least, most, quoted(text.get())));
    return OptionalInt.empty();
  }

  Optional<Boolean> bool(String key) {
    Optional<String> text = text(key);
    if (text.isPresent() && !text.get().equals("true") && !text.get().equals("false")) {
      wrong(
          key,
          "%s in %s must be true or false, but is %s."
              .formatted(quoted(key), title, quoted(text.get())));
    }
    return text.map("true"::equals);
  }

  Optional<Duration> duration(String key) {
    return text(key)
        .flatMap(text -> {
          Optional<Duration> found = parseDuration(text);
          if (found.isEmpty()) {
            problems.add(
                place(key),
                "%s in %s must be a time like 500ms, 10s, 5m or 1h, but is %s."
                    .formatted(quoted(key), title, quoted(text)));
          }
          return found;
        });
  }

  static Optional<Duration> parseDuration(String text) {
    Matcher matcher = DURATION.matcher(text.strip());
    if (!matcher.matches()) {
      return Optional.empty();
    }
    double seconds =
        Double.parseDouble(matcher.group(1))
            * switch (matcher.group(2)) {
              case "ms" -> 0.001;
              case "m" -> 60;
              case "h" -> 3600;
              default -> 1;
            };
    return seconds > 1e9
        ? Optional.empty()
        : Optional.of(Duration.ofMillis((long) (seconds * 1000)));
  }

  void wrong(String key, String text) {
    problems.add(place(key), text);
  }

  private void wrong(Node node, String text) {
    problems.add(placeOf(node), text);
  }

  private Place placeOf(Node node) {
    return placeOf(node, file);
  }

  private static Place placeOf(Node node, Path file) {
    return new Place(file, node.getStartMark().map(Mark::getLine).orElse(0) + 1);
  }

  private static String quoted(String text) {
    return "\"" + text + "\"";
  }
}
