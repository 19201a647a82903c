package org.morethreads.logging;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** A program of the tests in a JVM of its own, whose end is looked at. */
public final class Program implements AutoCloseable {
  private static final int LONGEST_LIFE = 60;

  private final Process process;
  private final Path out;
  private final Path err;

  /** What it has become. */
  public record End(int status, String out, String err) {
    public End isStatus(int expected) {
      assertThat(status).as(toString()).isEqualTo(expected);
      return this;
    }

    public End says(String... parts) {
      assertThat(out).as(toString()).contains(parts);
      return this;
    }

    public End reports(String... parts) {
      assertThat(err).as(toString()).contains(parts);
      return this;
    }

    public End reportsNothing() {
      assertThat(err).as(toString()).isEmpty();
      return this;
    }

    @Override
    public String toString() {
      return "status %d%n--- out%n%s%n--- err%n%s".formatted(status, out, err);
    }
  }

  private Program(Process process, Path out, Path err) {
    this.process = process;
    this.out = out;
    this.err = err;
  }

  private static List<String> java() {
    return new ArrayList<>(
        List.of(
            "env",
            "--default-signal=INT,TERM,HUP",
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx64m",
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC"));
  }

  /** Starts a program with the class path of the tests; its options begin with a dash. */
  public static Program start(Path directory, Class<?> program, String... optionsAndArguments)
      throws IOException {
    List<String> command = java();
    List<String> arguments = new ArrayList<>();
    for (String each : optionsAndArguments) {
      (each.startsWith("-") ? command : arguments).add(each);
    }
    command.addAll(List.of("-cp", classPath(program), program.getName()));
    command.addAll(arguments);
    return start(directory, command);
  }

  /** Spring Boot switches off the shutdown of Log4j wherever it is on the class path. */
  private static String classPath(Class<?> program) {
    String whole = System.getProperty("java.class.path");
    return program == BootProgram.class
        ? whole
        : Arrays.stream(whole.split(java.io.File.pathSeparator))
            .filter(entry -> !entry.contains("spring-boot"))
            .collect(Collectors.joining(java.io.File.pathSeparator));
  }

  /** Starts a program whose files can be so many blocks of 512 bytes long, and no longer. */
  public static Program startLimited(
      Path directory, int blocks, Class<?> program, String... arguments) throws IOException {
    return startLimited(directory, "", blocks, program, arguments);
  }

  /** The same, with its standard output appended to a file. */
  public static Program startLimitedTo(
      Path directory, Path out, int blocks, Class<?> program, String... arguments)
      throws IOException {
    return startLimited(directory, " >> '" + out + "'", blocks, program, arguments);
  }

  private static Program startLimited(
      Path directory, String redirected, int blocks, Class<?> program, String... arguments)
      throws IOException {
    String limited = "ulimit -f " + blocks + " && exec \"$0\" \"$@\"" + redirected;
    List<String> command = new ArrayList<>(List.of("sh", "-c", limited));
    command.addAll(java());
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), program.getName()));
    command.addAll(List.of(arguments));
    return start(directory, command);
  }

  /** Starts a program of the class path with the library and the frameworks as modules. */
  public static Program startOnModules(
      Path directory, Class<?> program, String modules, String... optionsAndArguments)
      throws IOException {
    List<String> onModulePath = new ArrayList<>();
    List<String> onClassPath = new ArrayList<>();
    for (String entry : System.getProperty("java.class.path").split(java.io.File.pathSeparator)) {
      boolean module =
          Files.exists(Path.of(entry).resolve("module-info.class"))
              || Path.of(entry)
                  .getFileName()
                  .toString()
                  .matches("(more-threads|logback|slf4j|log4j).*jar");
      (module ? onModulePath : onClassPath).add(entry);
    }
    List<String> command = java();
    List<String> arguments = new ArrayList<>();
    for (String each : optionsAndArguments) {
      (each.startsWith("-") ? command : arguments).add(each);
    }
    command.addAll(
        List.of(
            "--module-path",
            String.join(java.io.File.pathSeparator, onModulePath),
            "--add-modules",
            modules,
            "-cp",
            String.join(java.io.File.pathSeparator, onClassPath),
            program.getName()));
    command.addAll(arguments);
    return start(directory, command);
  }

  private static Program start(Path directory, List<String> command) throws IOException {
    Path out = Files.createTempFile(directory, "out", ".txt");
    Path err = Files.createTempFile(directory, "err", ".txt");
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(out.toFile())
            .redirectError(err.toFile())
            .start();
    return new Program(process, out, err);
  }

  /** Waits until it has written a line. */
  public Program awaitLine(String line) throws IOException, InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(LONGEST_LIFE);
    while (!Files.readString(out).lines().toList().contains(line)) {
      if (!process.isAlive() && !Files.readString(out).lines().toList().contains(line)
          || System.nanoTime() - end > 0) {
        throw new AssertionError("has not said \"" + line + "\": " + soFar(-1));
      }
      Thread.sleep(10);
    }
    return this;
  }

  public Program signal(String name) throws IOException, InterruptedException {
    assertThat(
            new ProcessBuilder("/bin/sh", "-c", "kill -" + name + " " + process.pid())
                .start()
                .waitFor())
        .isZero();
    return this;
  }

  public End end() throws IOException, InterruptedException {
    if (!process.waitFor(LONGEST_LIFE, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new AssertionError("does not end: " + soFar(-1));
    }
    return soFar(process.exitValue());
  }

  private End soFar(int status) throws IOException {
    return new End(
        status,
        Files.readString(out, StandardCharsets.UTF_8),
        Files.readString(err, StandardCharsets.UTF_8));
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
