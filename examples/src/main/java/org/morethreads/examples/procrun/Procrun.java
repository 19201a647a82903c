package org.morethreads.examples.procrun;

import java.io.Console;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ScopeType;

/**
 * Runs the services of a Procfile, shows their lines together, and stops them in order. See {@code
 * docs/procrun.md}.
 */
@Command(
    name = "procrun",
    mixinStandardHelpOptions = true,
    scope = ScopeType.INHERIT,
    sortOptions = false,
    description = "Runs the services of a Procfile, and of a procrun.yaml beside it.")
final class Procrun implements Callable<Integer> {
  private static final String USUAL_FILE = "Procfile";
  private static final Pattern COUNT = Pattern.compile("([^=]+)=(\\d{1,3})");

  @Option(
      names = {"-f", "--file"},
      paramLabel = "FILE",
      scope = ScopeType.INHERIT,
      description = "A Procfile, or a YAML file. Default: Procfile, or else procrun.yaml, here.")
  private @Nullable Path file;

  @Option(
      names = "--only",
      split = ",",
      paramLabel = "NAME",
      description = "Runs these, and what they need.")
  private List<String> only = List.of();

  @Option(
      names = "--env",
      paramLabel = "FILE",
      scope = ScopeType.INHERIT,
      description = "Variables for all; repeatable. Default: .env beside the file, if there.")
  private List<Path> env = List.of();

  @Option(
      names = "--timeline",
      paramLabel = "FILE",
      description = "Writes there, at the end, who lived when and waited for what.")
  private @Nullable Path timeline;

  @Option(names = "--json", description = "Each line of the output is a JSON object.")
  private boolean json;

  @Option(
      names = "--colour",
      paramLabel = "WHEN",
      description = "always, never, or auto: in a terminal. Default: auto.")
  private String colour = "auto";

  @Option(
      names = "--socket",
      paramLabel = "FILE",
      scope = ScopeType.INHERIT,
      description = "Where a running procrun is asked. Default: .procrun.sock beside the file.")
  private @Nullable Path socket;

  @Parameters(
      paramLabel = "NAME=COUNT",
      description = "How many of a service are to run; 0 for none.")
  private List<String> counts = List.of();

  public static void main(String... arguments) {
    Locale.setDefault(Locale.ROOT); // JSON has no decimal commas
    System.exit(new CommandLine(new Procrun()).execute(arguments));
  }

  // ---- commands

  @Override
  public Integer call() throws InterruptedException {
    var problems = new Problems();
    var variables = variables(problems);
    List<ServiceConfig> all = services(variables, problems);
    if (!problems.isEmpty()) {
      return complain(problems);
    }
    List<ServiceConfig> chosen;
    try {
      chosen = Selection.of(all, only, counts());
    } catch (IllegalArgumentException e) {
      return complain(e);
    }
    if (chosen.isEmpty()) {
      return complain(new IllegalArgumentException("No service is to run."));
    }
    Runner.grantTimeToStop(chosen);
    var runner = new Runner(chosen, variables, socket(), json, isColoured());
    int status;
    try {
      status = runner.run();
    } catch (IOException e) {
      return complain(e);
    }
    if (timeline != null) {
      try {
        runner.writeTimeline(timeline);
      } catch (IOException e) {
        int failed = complain(e);
        return status == 0 ? failed : status;
      }
    }
    return status;
  }

  @Command(description = "Checks the files, and says all that is wrong with them.")
  int check() {
    var problems = new Problems();
    List<ServiceConfig> all = services(variables(problems), problems);
    if (!problems.isEmpty()) {
      return complain(problems);
    }
    System.out.printf("%s: %d services, no problems%n", file(), all.size());
    return ExitCode.OK;
  }

  @Command(description = "Shows the services of a running procrun, and its tree of threads.")
  int status() {
    return ask("status");
  }

  @Command(description = "Restarts services of a running procrun, also ones that have ended.")
  int restart(@Parameters(paramLabel = "NAME", arity = "1..*") List<String> names) {
    return ask("restart " + String.join(" ", names));
  }

  @Command(description = "Stops services of a running procrun; without names, all of it.")
  int stop(@Parameters(paramLabel = "NAME", arity = "0..*") @Nullable List<String> names) {
    return ask(names == null ? "stop" : "stop " + String.join(" ", names));
  }

  private int ask(String what) {
    try {
      List<String> answer = Control.ask(socket(), what);
      boolean understood = !answer.isEmpty() && answer.getFirst().equals(Control.OK);
      answer.stream()
          .skip(understood ? 1 : 0)
          .forEach(understood ? System.out::println : System.err::println);
      return understood ? ExitCode.OK : ExitCode.SOFTWARE;
    } catch (IOException e) {
      complain(e);
      return ExitCode.SOFTWARE;
    }
  }

  // ---- what the options say

  private Path file() {
    if (file != null) {
      return file;
    }
    boolean yamlAlone = Files.notExists(Path.of(USUAL_FILE)) && Files.exists(Path.of(Config.YAML));
    return Path.of(yamlAlone ? Config.YAML : USUAL_FILE);
  }

  private Map<String, Integer> counts() {
    Map<String, Integer> all = new LinkedHashMap<>();
    for (String each : counts) {
      Matcher matcher = COUNT.matcher(each);
      if (!matcher.matches()) {
        throw new IllegalArgumentException(
            "\"%s\" is no command, and says of no service how many are to run. Write NAME=COUNT, with 0 to 999, or see --help."
                .formatted(each));
      }
      all.put(matcher.group(1), Integer.valueOf(matcher.group(2)));
    }
    return all;
  }

  private Path socket() {
    return socket != null ? socket : file().resolveSibling(".procrun.sock");
  }

  private Map<String, String> variables(Problems problems) {
    Path usual = file().resolveSibling(".env");
    List<Path> files = env.isEmpty() && Files.exists(usual) ? List.of(usual) : env;
    Map<String, String> variables = new HashMap<>();
    files.forEach(it -> variables.putAll(EnvFile.read(it, problems)));
    return variables;
  }

  private List<ServiceConfig> services(Map<String, String> variables, Problems problems) {
    List<ServiceConfig> all = Config.read(file(), problems);
    String path = Optional.ofNullable(System.getenv("PATH")).orElse("");
    ConfigCheck.check(all, variables.getOrDefault("PATH", path), problems);
    return all;
  }

  private boolean isColoured() {
    return switch (colour) {
      case "always" -> true;
      case "auto" -> isTerminal() && System.getenv("NO_COLOR") == null;
      default -> false;
    };
  }

  private static boolean isTerminal() {
    return Optional.ofNullable(System.console()).filter(Console::isTerminal).isPresent();
  }

  private static int complain(Problems problems) {
    problems.lines().forEach(System.err::println);
    return ExitCode.USAGE;
  }

  private static int complain(Exception what) {
    String text = what instanceof FileSystemException ? what.toString() : what.getMessage();
    System.err.println("procrun: " + text);
    return ExitCode.USAGE;
  }
}
