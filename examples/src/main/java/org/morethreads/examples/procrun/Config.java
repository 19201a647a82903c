package org.morethreads.examples.procrun;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.morethreads.examples.procrun.Problems.Place;
import org.morethreads.examples.procrun.Section.Located;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.Node;

/**
 * Reads a {@code Procfile}, and a {@code procrun.yaml}, which may say more of the services in a
 * Procfile beside it, and have others.
 */
final class Config {
  static final String YAML = "procrun.yaml";

  private static final Pattern LINE = Pattern.compile("([^:\\s]+)\\s*:\\s*(.*)");

  private final Problems problems;

  private Config(Problems problems) {
    this.problems = problems;
  }

  /** Reads the services, in the order of the files. What is wrong is added to the problems. */
  static List<ServiceConfig> read(Path file, Problems problems) {
    var reader = new Config(problems);
    Map<String, Located> commands = isYaml(file) ? Map.of() : reader.readProcfile(file);
    Path yaml = isYaml(file) ? file : file.resolveSibling(YAML);
    Map<String, Node> nodes =
        yaml == file || Files.exists(yaml) ? reader.readYaml(yaml) : new LinkedHashMap<>();
    Map<String, ServiceConfig> services = new LinkedHashMap<>();
    var each = new ServiceReader(yaml, problems);
    commands.forEach((name, command) ->
        services.put(name, each.read(name, Optional.of(command), nodes.remove(name))));
    nodes.forEach((name, node) -> services.put(name, each.read(name, Optional.empty(), node)));
    if (services.isEmpty() && problems.isEmpty()) {
      problems.add(new Place(file, 1), "There is no service in it. Add a line \"name: command\".");
    }
    return List.copyOf(services.values());
  }

  private static boolean isYaml(Path file) {
    String name = file.toString().toLowerCase(Locale.ROOT);
    return name.endsWith(".yaml") || name.endsWith(".yml");
  }

  private Map<String, Located> readProcfile(Path file) {
    Map<String, Located> commands = new LinkedHashMap<>();
    List<String> lines = readText(file).lines().toList();
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i).strip();
      if (line.isEmpty() || line.startsWith("#")) {
        continue;
      }
      Place place = new Place(file, i + 1);
      Matcher matcher = LINE.matcher(line);
      if (!matcher.matches() || matcher.group(2).isEmpty()) {
        problems.add(place, "This is no service. Write \"name: command\", or # before a comment.");
        continue;
      }
      String name = matcher.group(1);
      Located first = commands.putIfAbsent(name, new Located(matcher.group(2), place));
      if (first != null) {
        problems.add(
            place,
            "Service \"%s\" is there twice, first in line %d. Rename one; for several of it run %s=2."
                .formatted(name, first.place().line(), name));
      }
    }
    return commands;
  }

  private String readText(Path from) {
    try {
      return Files.readString(from);
    } catch (IOException e) {
      problems.add(
          new Place(from, 1), "The file cannot be read: " + e + ". Name another one with -f.");
      return "";
    }
  }

  /** The services of a file, by name. */
  private Map<String, Node> readYaml(Path yaml) {
    Optional<Node> root = compose(yaml, readText(yaml));
    Optional<Section> file =
        root.map(it -> Section.of(it, yaml, "the file", problems).knowing(List.of("services")));
    if (file.isPresent() && !file.get().has("services")) {
      problems.add(
          new Place(yaml, 1),
          "There is no \"services:\" in it. Add it, and the services below it.");
    }
    return file.flatMap(it -> it.section("services"))
        .map(Section::values)
        .orElseGet(LinkedHashMap::new);
  }

  private Optional<Node> compose(Path yaml, String text) {
    try {
      var settings = LoadSettings.builder().setLabel(yaml.toString()).build();
      return new Compose(settings).composeString(text);
    } catch (MarkedYamlEngineException e) {
      int line = e.getProblemMark().map(Mark::getLine).orElse(0) + 1;
      problems.add(new Place(yaml, line), "This is not YAML: " + e.getProblem() + ".");
    } catch (YamlEngineException e) {
      problems.add(new Place(yaml, 1), "This is not YAML: " + e.getMessage() + ".");
    }
    return Optional.empty();
  }
}
