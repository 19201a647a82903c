package org.morethreads.examples.census;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A census in a JVM of its own, as a person would run it. */
final class CensusRun implements AutoCloseable {
  /** No run takes as long, on however busy a machine. */
  private static final long LIMIT_SECONDS = 120;

  private static final Pattern JSON =
      Pattern.compile(
          "\\{\"seen\":(\\d+),\"written\":(\\d+),\"failed\":(\\d+),\"stopped\":(true|false),"
              + "\"seconds\":\\d+\\.\\d+,\"exitCode\":(\\d+)}");

  /**
   * What goes before a command so that it hears signals even if the tests were started by nohup or
   * in the background of a script, where they are ignored: the library respects that. Nothing where
   * env cannot do it.
   */
  private static final List<String> DEFAULT_SIGNALS = defaultSignals();

  private static List<String> defaultSignals() {
    List<String> prefix = List.of("env", "--default-signal=INT,TERM,HUP");
    try {
      List<String> probe = new ArrayList<>(prefix);
      probe.add("true");
      return new ProcessBuilder(probe).start().waitFor() == 0 ? prefix : List.of();
    } catch (IOException e) {
      return List.of();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * What a census said and did.
   *
   * @param status its exit status
   * @param out the lines on standard output
   * @param err the lines on standard error
   * @param tookToEnd the time from the signal, or the start, to the end
   */
  record Result(int status, List<String> out, List<String> err, Duration tookToEnd) {
    long seen() {
      return Long.parseLong(json().group(1));
    }

    long written() {
      return Long.parseLong(json().group(2));
    }

    long failed() {
      return Long.parseLong(json().group(3));
    }

    boolean stopped() {
      return Boolean.parseBoolean(json().group(4));
    }

    int exitCode() {
      return Integer.parseInt(json().group(5));
    }

    private Matcher json() {
      assertThat(out).as("standard output; standard error is %s", err).isNotEmpty();
      Matcher json = JSON.matcher(out.getLast());
      assertThat(json.matches()).as(out.getLast()).isTrue();
      return json;
    }

    String everything() {
      return String.join("\n", out) + "\n" + String.join("\n", err);
    }
  }

  private final Process process;
  private final BufferedReader err;
  private final Path outFile;
  private final List<String> errLines = new ArrayList<>();
  private long from = System.nanoTime();

  private CensusRun(Process process, Path outFile) {
    this.process = process;
    this.outFile = outFile;
    this.err = process.errorReader(StandardCharsets.UTF_8);
  }

  /** Starts the program, from a directory where it may leave its output. */
  static CensusRun start(Path directory, String... arguments) throws IOException {
    List<String> command = new ArrayList<>(java("Census"));
    command.addAll(List.of(arguments));
    return start(directory, command);
  }

  static List<String> java(String main) {
    return List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-XX:TieredStopAtLevel=1", // starts sooner
        "--enable-native-access=ALL-UNNAMED",
        "-cp",
        System.getProperty("java.class.path"),
        CensusRun.class.getPackageName() + "." + main);
  }

  static CensusRun start(Path directory, List<String> command) throws IOException {
    Path outFile = Files.createTempFile(directory, "census", ".out");
    List<String> whole = new ArrayList<>(DEFAULT_SIGNALS);
    whole.addAll(command);
    ProcessBuilder builder = new ProcessBuilder(whole).directory(directory.toFile());
    builder.environment().remove("JAVA_TOOL_OPTIONS"); // the JVM would say that it saw them
    return new CensusRun(builder.redirectOutput(outFile.toFile()).start(), outFile);
  }

  static Result run(Path directory, String... arguments) throws Exception {
    try (CensusRun run = start(directory, arguments)) {
      return run.end();
    }
  }

  /** Waits for the line that says that work has begun, which is the first one. */
  CensusRun awaitReady() throws IOException {
    String line = err.readLine();
    assertThat(line).isEqualTo("census: ready");
    errLines.add(line);
    return this;
  }

  /** Waits until the database has grown to a size, so that the census is in the middle. */
  CensusRun awaitSize(Path database, long bytes) throws IOException {
    while (Files.size(database) < bytes) {
      assertThat(process.isAlive()).as("is still running").isTrue();
      Thread.onSpinWait();
    }
    return this;
  }

  /** Sends a signal, and waits for the end. */
  Result end(String signal) throws Exception {
    from = System.nanoTime();
    Process kill =
        new ProcessBuilder("kill", "-s", signal, Long.toString(process.pid())).inheritIO().start();
    assertThat(kill.waitFor()).isZero();
    return end();
  }

  /** Waits for the end. */
  Result end() throws Exception {
    for (String line = err.readLine(); line != null; line = err.readLine()) {
      errLines.add(line);
    }
    assertThat(process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)).as("has ended").isTrue();
    Duration took = Duration.ofNanos(System.nanoTime() - from);
    return new Result(process.exitValue(), Files.readAllLines(outFile), errLines, took);
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }

  /** Counts the rows, after the database has been found intact. */
  static long rowsOf(Path database) throws SQLException {
    return number(database, "select count(*) from classes");
  }

  static long number(Path database, String query) throws SQLException {
    try (var connection = DriverManager.getConnection("jdbc:sqlite:" + database);
        var statement = connection.createStatement()) {
      assertThat(statement.executeQuery("pragma integrity_check").getString(1)).isEqualTo("ok");
      return statement.executeQuery(query).getLong(1);
    }
  }
}
