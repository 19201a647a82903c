package org.morethreads.examples.procrun;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A procrun in a JVM of its own, as a person would run it. All that it starts can be found by a
 * variable in its environment; that needs {@code /proc}.
 */
final class ProcrunRun implements AutoCloseable {
  /** No run takes as long, on however busy a machine. */
  private static final long LIMIT_SECONDS = 120;

  private static final String MARK = "PROCRUN_TEST";

  /**
   * What goes before a command so that it hears signals even if the tests were started by nohup or
   * in the background of a script, where they are ignored: the library respects that.
   */
  private static final List<String> DEFAULT_SIGNALS =
      List.of("env", "--default-signal=INT,TERM,HUP,PIPE");

  /**
   * What a run said and did.
   *
   * @param status its exit status
   * @param out all lines on standard output; none if that went elsewhere
   * @param err the lines on standard error
   * @param tookToEnd the time from the last signal, or the start, to the end
   */
  record Result(int status, List<String> out, List<String> err, Duration tookToEnd) {
    /** The lines of a service, without what stands before them; or what was said about it. */
    List<String> of(String service, String bar) {
      Pattern line = Pattern.compile("[\\d:.]+ " + service + " +" + Pattern.quote(bar) + " (.*)");
      return out.stream()
          .map(line::matcher)
          .filter(it -> it.matches())
          .map(it -> it.group(1))
          .toList();
    }

    /** The first line in which a pattern is found. */
    int indexOf(String regex) {
      Pattern pattern = Pattern.compile(regex);
      for (int i = 0; i < out.size(); i++) {
        if (pattern.matcher(out.get(i)).find()) {
          return i;
        }
      }
      throw new AssertionError("no line with " + regex + " in " + everything());
    }

    String everything() {
      return "status " + status + "\n" + String.join("\n", out) + "\n" + String.join("\n", err);
    }
  }

  private final Process process;
  private final String mark;
  private final Path errFile;
  private final List<String> seen = new ArrayList<>();
  private final BlockingQueue<Optional<String>> coming = new LinkedBlockingQueue<>();
  private long from = System.nanoTime();

  private ProcrunRun(Process process, String mark, Path errFile) {
    this.process = process;
    this.mark = mark;
    this.errFile = errFile;
    Thread.ofPlatform().daemon().name("reader of procrun").start(this::read);
  }

  private void read() {
    try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8)) {
      out.lines().forEach(line -> coming.add(Optional.of(line)));
    } catch (IOException | UncheckedIOException closed) {
      // it was killed
    } finally {
      coming.add(Optional.empty());
    }
  }

  /** The command that runs the program. */
  static List<String> java(String... arguments) {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1", // starts sooner
                "-XX:+UseSerialGC",
                "-Xmx64m",
                "-cp",
                System.getProperty("java.class.path"),
                "org.morethreads.examples.procrun.Procrun"));
    command.addAll(List.of(arguments));
    return command;
  }

  /** Starts the program in a directory. */
  static ProcrunRun start(Path directory, String... arguments) throws IOException {
    return start(directory, null, java(arguments));
  }

  /**
   * Starts a command in a directory.
   *
   * @param out where its output goes, or null for here
   */
  static ProcrunRun start(Path directory, @Nullable File out, List<String> command)
      throws IOException {
    String mark = UUID.randomUUID().toString();
    Path errFile = Files.createTempFile("procrun", ".err");
    List<String> whole = new ArrayList<>(DEFAULT_SIGNALS);
    whole.addAll(command);
    ProcessBuilder builder = new ProcessBuilder(whole).directory(directory.toFile());
    builder.environment().remove("JAVA_TOOL_OPTIONS"); // the JVM would say that it saw them
    builder.environment().put(MARK, mark);
    builder
        .environment()
        .put("PATH", System.getenv("PATH") + ":" + System.getProperty("java.home") + "/bin");
    if (out != null) {
      builder.redirectOutput(out);
    }
    return new ProcrunRun(builder.redirectError(errFile.toFile()).start(), mark, errFile);
  }

  static Result run(Path directory, String... arguments) throws Exception {
    try (ProcrunRun run = start(directory, arguments)) {
      return run.end();
    }
  }

  long pid() {
    return process.pid();
  }

  /** Waits for lines of the output, later than those awaited before, in whatever order. */
  ProcrunRun await(String... regexes) throws Exception {
    List<Pattern> patterns = new ArrayList<>();
    for (String regex : regexes) {
      patterns.add(Pattern.compile(regex));
    }
    while (!patterns.isEmpty()) {
      Optional<String> line = coming.poll(LIMIT_SECONDS, TimeUnit.SECONDS);
      if (line == null || line.isEmpty()) {
        throw new AssertionError(
            "no line with " + patterns + ", but " + seen + "\n" + Files.readString(errFile));
      }
      seen.add(line.get());
      patterns.removeIf(it -> it.matcher(line.get()).find());
    }
    return this;
  }

  /** Sends it a signal of the operating system. */
  ProcrunRun signal(String signal) throws Exception {
    from = System.nanoTime();
    Process kill =
        new ProcessBuilder("kill", "-s", signal, Long.toString(process.pid())).inheritIO().start();
    assertThat(kill.waitFor()).isZero();
    return this;
  }

  /** Sends a signal to it and to all that has its process group, as the terminal does. */
  ProcrunRun signalGroup(String signal) throws Exception {
    from = System.nanoTime();
    Process kill =
        new ProcessBuilder("kill", "-s", signal, "--", "-" + process.pid()).inheritIO().start();
    assertThat(kill.waitFor()).isZero();
    return this;
  }

  /** Waits for the end. */
  Result end() throws Exception {
    assertThat(process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)).as("has ended").isTrue();
    Duration took = Duration.ofNanos(System.nanoTime() - from);
    for (Optional<String> line = next(); line.isPresent(); line = next()) {
      seen.add(line.get());
    }
    return new Result(process.exitValue(), List.copyOf(seen), Files.readAllLines(errFile), took);
  }

  private Optional<String> next() throws InterruptedException {
    Optional<String> line = coming.poll(LIMIT_SECONDS, TimeUnit.SECONDS);
    assertThat(line).as("the end of the output").isNotNull();
    return line;
  }

  /** What is alive of all that the run has started, by the names in {@code /proc}. */
  List<String> survivors() throws IOException {
    List<String> found = new ArrayList<>();
    try (Stream<Path> all = Files.list(Path.of("/proc"))) {
      for (Path each : all.filter(it -> it.getFileName().toString().matches("\\d+")).toList()) {
        try {
          if (new String(Files.readAllBytes(each.resolve("environ")), StandardCharsets.ISO_8859_1)
              .contains(MARK + "=" + mark)) {
            String command = Files.readString(each.resolve("cmdline"), StandardCharsets.ISO_8859_1);
            found.add(each.getFileName() + ": " + command.replace('\0', ' '));
          }
        } catch (IOException gone) {
          // it has ended meanwhile, or is none of ours
        }
      }
    }
    return found;
  }

  /** Waits until nothing is left; what is there lives for longer than that, if it is not killed. */
  void awaitNoSurvivor() throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);
    List<String> left = survivors();
    while (!left.isEmpty() && System.nanoTime() - end < 0) {
      Thread.sleep(50);
      left = survivors();
    }
    assertThat(left).as("survivors").isEmpty();
  }

  @Override
  public void close() throws IOException {
    process.destroyForcibly();
    Files.deleteIfExists(errFile);
  }
}
