package org.morethreads.examples.procrun;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;
import org.morethreads.examples.procrun.Problems.Place;
import org.morethreads.examples.procrun.Section.Located;
import org.morethreads.examples.procrun.ServiceConfig.Need;
import org.morethreads.examples.procrun.ServiceConfig.Ready;
import org.morethreads.examples.procrun.ServiceConfig.Restart;
import org.morethreads.examples.procrun.ServiceConfig.Stop;
import org.morethreads.examples.procrun.ServiceConfig.When;
import org.morethreads.work.Schedule;
import org.snakeyaml.engine.v2.nodes.Node;

/** Makes services of what the files say about each. */
final class ServiceReader {
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_-]*");
  private static final int FIRST_PORT = 5000;
  private static final int PORTS_APART = 100;
  private static final int LAST_PORT = 65_535;
  private static final int MOST_INSTANCES = 1000;
  private static final List<String> SIGNALS =
      List.of("TERM", "INT", "HUP", "QUIT", "USR1", "USR2", "KILL");
  private static final List<String> KEYS =
      List.of(
          "command",
          "directory",
          "environment",
          "instances",
          "port",
          "needs",
          "ready",
          "stop",
          "restart",
          "schedule",
          "limit");
  private static final List<String> READY_KINDS =
      List.of("line", "port", "command", "delay", "ended");

  private final Path yaml;
  private final Path directory;
  private final Problems problems;
  private int index;

  ServiceReader(Path yaml, Problems problems) {
    this.yaml = yaml;
    this.directory = directoryOf(yaml);
    this.problems = problems;
  }

  static Path directoryOf(Path file) {
    Path absolute = file.toAbsolutePath().normalize();
    Path parent = absolute.getParent();
    return parent == null ? absolute : parent;
  }

  /**
   * Reads one.
   *
   * @param procfile its line in a Procfile
   * @param node what a YAML file says about it, or null for nothing
   */
  ServiceConfig read(String name, Optional<Located> procfile, @Nullable Node node) {
    Section section =
        node == null
            ? Section.none(yaml, problems)
            : Section.of(node, yaml, "service \"" + name + "\"", problems).knowing(KEYS);
    Place place = procfile.map(Located::place).orElseGet(section::place);
    if (!NAME.matcher(name).matches()) {
      problems.add(
          place, "A service cannot be called \"" + name + "\". Use letters, digits, _ and -.");
    }
    if (procfile.isEmpty() && !section.has("command")) {
      problems.add(place, "Service \"" + name + "\" has no command to run. Add \"command:\".");
    }
    Path where = section.text("directory").map(directory::resolve).orElse(directory).normalize();
    if (!Files.isDirectory(where)) {
      section.wrong("directory", "There is no directory " + where + ". Make it, or name another.");
    }
    OptionalInt port = section.number("port", 1, LAST_PORT);
    Optional<Section> ready =
        section.isMapping("ready")
            ? section.section("ready", keys(READY_KINDS, "within"))
            : Optional.empty();
    Optional<Section> stop = section.section("stop", List.of("signal", "grace", "wholeTree"));
    return new ServiceConfig(
        name,
        section.has("command") ? section.place("command") : place,
        section.text("command").or(() -> procfile.map(Located::text)).orElse(""),
        where,
        environment(section),
        section.number("instances", 0, MOST_INSTANCES).orElse(1),
        port.orElse(FIRST_PORT + PORTS_APART * index++),
        port.isPresent(),
        section.texts("needs").stream().map(it -> new Need(it.text(), it.place())).toList(),
        ready.map(this::ready).orElseGet(() -> ready(section.text("ready"), section)),
        ready.flatMap(it -> it.duration("within")).orElse(Duration.ofMinutes(1)),
        new Stop(
            stop.map(ServiceReader::signal).orElse("TERM"),
            stop.flatMap(it -> it.duration("grace")).orElse(Duration.ofSeconds(5)),
            stop.flatMap(it -> it.bool("wholeTree")).orElse(true)),
        restart(section),
        section.text("schedule").flatMap(it -> schedule(it, section)),
        section.duration("limit"));
  }

  private static List<String> keys(List<String> some, String another) {
    List<String> all = new ArrayList<>(some);
    all.add(another);
    return all;
  }

  private static Map<String, String> environment(Section section) {
    Map<String, String> variables = new LinkedHashMap<>();
    section
        .section("environment")
        .ifPresent(it -> it.values().keySet().forEach(name -> variables.put(name, it.value(name))));
    return variables;
  }

  /** The short form, which is one word. */
  private static Ready ready(Optional<String> word, Section section) {
    if (word.isPresent() && !word.get().equals("ended")) {
      section.wrong(
          "ready",
          "\"ready\" must be \"ended\", or have one of these below it: "
              + String.join(", ", READY_KINDS)
              + ".");
    }
    return word.isPresent() ? new Ready.Ended() : new Ready.Started();
  }

  private Ready ready(Section section) {
    List<String> kinds = READY_KINDS.stream().filter(section::has).toList();
    if (kinds.size() != 1) {
      problems.add(
          section.place(),
          "\"ready\" must have one of %s, but has %s."
              .formatted(READY_KINDS, kinds.isEmpty() ? "none" : kinds));
    }
    return switch (kinds.isEmpty() ? "" : kinds.getFirst()) {
      case "line" ->
          section
              .text("line")
              .flatMap(it -> pattern(it, section))
              .<Ready>map(Ready.Line::new)
              .orElseGet(Ready.Started::new);
      case "port" -> new Ready.Port(section.number("port", 1, LAST_PORT).orElse(1));
      case "command" -> new Ready.Command(section.text("command").orElse(""));
      case "delay" -> new Ready.Delay(section.duration("delay").orElse(Duration.ZERO));
      case "ended" -> new Ready.Ended();
      default -> new Ready.Started();
    };
  }

  private static Optional<Pattern> pattern(String text, Section section) {
    try {
      return Optional.of(Pattern.compile(text));
    } catch (PatternSyntaxException e) {
      section.wrong("line", "\"line\" is no regular expression: " + e.getDescription() + ".");
      return Optional.empty();
    }
  }

  private static String signal(Section section) {
    Optional<String> given = section.text("signal");
    String name = given.orElse("TERM").replaceFirst("^SIG", "");
    if (!SIGNALS.contains(name)) {
      section.wrong(
          "signal",
          "There is no signal \"" + name + "\" to stop it." + Problems.didYouMean(name, SIGNALS));
    }
    return name;
  }

  /** One word, or a section. */
  private static Restart restart(Section section) {
    Restart usual = Restart.NEVER;
    if (!section.isMapping("restart")) {
      return new Restart(
          section.text("restart").map(it -> when(it, "restart", section)).orElse(When.NEVER),
          usual.pause(),
          usual.longestPause(),
          usual.giveUpAfter(),
          usual.within());
    }
    Section all =
        section
            .section("restart", List.of("when", "pause", "longestPause", "giveUpAfter", "within"))
            .orElseThrow();
    Function<String, Optional<Duration>> time = all::duration;
    return new Restart(
        all.text("when").map(it -> when(it, "when", all)).orElse(When.ON_FAILURE),
        time.apply("pause").orElse(usual.pause()),
        time.apply("longestPause").orElse(usual.longestPause()),
        all.number("giveUpAfter", 1, Integer.MAX_VALUE).orElse(usual.giveUpAfter()),
        time.apply("within").orElse(usual.within()));
  }

  private static When when(String word, String key, Section section) {
    return switch (word) {
      case "never" -> When.NEVER;
      case "on-failure" -> When.ON_FAILURE;
      case "always" -> When.ALWAYS;
      default -> {
        section.wrong(
            key,
            "A service cannot be restarted \"%s\".%s"
                .formatted(
                    word, Problems.didYouMean(word, List.of("never", "on-failure", "always"))));
        yield When.NEVER;
      }
    };
  }

  private static Optional<Schedule.Times> schedule(String text, Section section) {
    try {
      return Optional.of(Schedules.parse(text));
    } catch (IllegalArgumentException e) {
      section.wrong("schedule", "\"schedule\" cannot be kept. " + e.getMessage());
      return Optional.empty();
    }
  }
}
