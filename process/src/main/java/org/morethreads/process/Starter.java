package org.morethreads.process;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.morethreads.process.ProcessStartException.Reason;

/** Starts processes of the operating system. */
final class Starter {
  private static final Pattern ERRNO = Pattern.compile("error[=:] ?(\\d+)");

  private Starter() {}

  static Process start(Settings settings, String token) throws ProcessStartException {
    List<String> command = new ArrayList<>();
    if (settings.ownSession) {
      command.add(sessionFor(settings));
    }
    command.addAll(settings.command);
    if (settings.ownSession && hasOtherPath(settings)) {
      command.set(1, onPath(settings.command.getFirst())); // the wrapper would look on that path
    }
    ProcessBuilder builder = new ProcessBuilder(command);
    Path directory = settings.directory;
    if (directory != null) {
      builder.directory(directory.toFile());
    }
    if (settings.stdout instanceof Wish.Elsewhere(ProcessBuilder.Redirect place)) {
      builder.redirectOutput(place);
    }
    if (settings.merged) {
      builder.redirectErrorStream(true);
    } else if (settings.stderr instanceof Wish.Elsewhere(ProcessBuilder.Redirect place)) {
      builder.redirectError(place);
    }
    if (settings.stdin instanceof Wish.Elsewhere(ProcessBuilder.Redirect place)) {
      builder.redirectInput(place);
    } else if (settings.stdin == null && settings.input.isEmpty()) {
      builder.redirectInput(PumpThreads.nothing());
    }
    prepare(builder.environment(), settings, token);
    Watchdog.beOnGuard();
    try {
      return builder.start();
    } catch (IOException failure) {
      throw explained(settings, failure);
    }
  }

  static void prepare(Map<String, String> environment, Settings settings, String token) {
    if (settings.onlyEnvironment) {
      environment.clear();
    }
    settings.environment.forEach((variable, value) ->
        value.ifPresentOrElse(
            set -> environment.put(variable, set), () -> environment.remove(variable)));
    Mark.put(environment, token);
  }

  /** The wrapper; but a program that is not there must be missed here, and not by the wrapper. */
  private static String sessionFor(Settings settings) throws ProcessStartException {
    Optional<String> wrapper = Watchdog.session();
    if (wrapper.isEmpty()) {
      throw new ProcessStartException(
          Reason.NO_SUCH_PROGRAM,
          "A session of its own needs the program setsid, which this machine does not have. Leave ownSession() out.",
          null);
    }
    String program = settings.command.getFirst();
    if (program.indexOf(File.separatorChar) < 0 && !isOnPath(program)) {
      throw new ProcessStartException(
          Reason.NO_SUCH_PROGRAM, "There is no program \"" + program + "\" on the path.", null);
    }
    Path directory = settings.directory;
    if (directory != null && !Files.isDirectory(directory)) {
      throw noDirectory(settings, null);
    }
    Path file = directory == null ? Path.of(program) : directory.resolve(program);
    if (program.indexOf(File.separatorChar) >= 0 && !Files.isExecutable(file)) {
      boolean there = Files.exists(file);
      throw new ProcessStartException(
          there ? Reason.NO_PERMISSION : Reason.NO_SUCH_PROGRAM,
          there
              ? "The file \"" + program + "\" may not be executed."
              : "There is no program \"" + program + "\".",
          null);
    }
    return wrapper.get();
  }

  /** Whether the program is given another path than ours, on which the JDK looks for it. */
  private static boolean hasOtherPath(Settings settings) {
    Optional<String> given = settings.environment.get("PATH");
    return given == null
        ? settings.onlyEnvironment
        : !given.equals(Optional.ofNullable(System.getenv("PATH")));
  }

  private static boolean isOnPath(String program) {
    return !onPath(program).equals(program);
  }

  /** The file of a program on our path; the program itself if it is none there, or is a file. */
  private static String onPath(String program) {
    if (program.indexOf(File.separatorChar) >= 0) {
      return program;
    }
    String path = System.getenv().getOrDefault("PATH", "");
    for (String place : path.split(File.pathSeparator, -1)) {
      Path file = Path.of(place, program);
      if (!place.isEmpty() && Files.isExecutable(file)) {
        return file.toString();
      }
    }
    return program;
  }

  private static ProcessStartException noDirectory(
      Settings settings, @org.jspecify.annotations.Nullable IOException failure) {
    return new ProcessStartException(
        Reason.NO_SUCH_DIRECTORY,
        "\""
            + settings.program()
            + "\" cannot be started in \""
            + settings.directory
            + "\", which is no directory.",
        failure);
  }

  private static ProcessStartException explained(Settings settings, IOException failure) {
    Path directory = settings.directory;
    if (directory != null && !Files.isDirectory(directory)) {
      return noDirectory(settings, failure);
    }
    String text = String.valueOf(failure.getMessage());
    Matcher errno = ERRNO.matcher(text);
    Reason reason =
        switch (errno.find() ? Integer.parseInt(errno.group(1)) : 0) {
          case 2, 20 -> Reason.NO_SUCH_PROGRAM;
          case 1, 13 -> Reason.NO_PERMISSION;
          case 8, 193 -> Reason.NOT_A_PROGRAM;
          case 7, 206 -> Reason.TOO_LONG;
          case 23, 24 -> Reason.TOO_MANY_OPEN_FILES;
          case 11, 12 -> Reason.NO_RESOURCES;
          default ->
              text.contains("Too many open files") ? Reason.TOO_MANY_OPEN_FILES : Reason.OTHER;
        };
    String program = "\"" + settings.program() + "\"";
    String message =
        switch (reason) {
          case NO_SUCH_PROGRAM ->
              program
                  + " cannot be started: there is no such program"
                  + (settings.program().indexOf('/') < 0
                      ? " on the path."
                      : ", or what its first line names is missing.");
          case NO_PERMISSION ->
              program
                  + " cannot be started: this user may not execute it, or not enter its directory.";
          case NOT_A_PROGRAM -> program + " is no program that this machine can run.";
          case TOO_LONG ->
              program
                  + " cannot be started: its arguments and environment are too long. Hand them over in a file, or as input.";
          case TOO_MANY_OPEN_FILES ->
              program
                  + " cannot be started: too many files are open. Run fewer programs at a time, or raise the limit (ulimit -n).";
          case NO_RESOURCES ->
              program
                  + " cannot be started: there are too many processes, or there is too little memory.";
          default -> program + " cannot be started.";
        };
    return new ProcessStartException(reason, message, failure);
  }
}
