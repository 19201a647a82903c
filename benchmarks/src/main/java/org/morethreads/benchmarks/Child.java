package org.morethreads.benchmarks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A program in a JVM of its own. */
final class Child {
  /** What it wrote, and how it ended. */
  record Result(List<String> lines, int status) {}

  private Child() {}

  private static List<String> command(
      List<String> flags, Class<?> program, String classPath, List<String> arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(flags);
    command.addAll(List.of("-cp", classPath, program.getName()));
    command.addAll(arguments);
    return command;
  }

  /** Runs it to its end; what it writes to its standard error is shown. */
  static Result run(List<String> flags, Class<?> program, List<String> arguments) {
    return run(flags, program, System.getProperty("java.class.path"), arguments);
  }

  private static Result run(
      List<String> flags, Class<?> program, String classPath, List<String> arguments) {
    try {
      Process process =
          new ProcessBuilder(command(flags, program, classPath, arguments))
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      process.getOutputStream().close();
      List<String> lines = process.inputReader(StandardCharsets.UTF_8).readAllLines();
      return new Result(lines, process.waitFor());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while a benchmark ran", e);
    }
  }

  /** Runs it to its end, which has to be a good one. */
  static List<String> output(List<String> flags, Class<?> program, List<String> arguments) {
    return output(flags, program, System.getProperty("java.class.path"), arguments);
  }

  /** The same, with a class path of its own. */
  static List<String> output(
      List<String> flags, Class<?> program, String classPath, List<String> arguments) {
    Result result = run(flags, program, classPath, arguments);
    if (result.status() != 0) {
      throw new IllegalStateException(
          program.getSimpleName() + " " + arguments + " ended with status " + result.status());
    }
    return result.lines();
  }
}
