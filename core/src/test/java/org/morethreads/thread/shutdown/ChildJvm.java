package org.morethreads.thread.shutdown;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Writer;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.morethreads.thread.ThreadTree;

/**
 * A JVM of its own that runs a program of the tests: the only way to see how a program ends. It is
 * killed, and the test fails with all that it wrote, when it lives for too long.
 */
final class ChildJvm implements AutoCloseable {
  private static final Duration LONGEST_LIFE = Duration.ofSeconds(40);

  /** What a program has become. */
  record End(int status, String out, String err, Duration sinceAsked) {
    /** Checks the exit status, and that the end took no longer than a time. */
    End isStatus(int expected, int seconds) {
      assertThat(status).as(toString()).isEqualTo(expected);
      assertThat(sinceAsked).as(toString()).isLessThan(Duration.ofSeconds(seconds));
      return this;
    }

    /** Checks that these lines are on standard output, in this order. */
    End says(String... lines) {
      assertThat(out.lines()).as(toString()).containsSubsequence(lines);
      return this;
    }

    /** Checks that all three threads have stopped, in their order. */
    End stopsInOrder() {
      return says("handler stops", "web stops", "db stops");
    }

    /** Checks that all three threads have stopped, in their order, before the last words. */
    End stopsInOrderBeforeLastWords() {
      return says("handler stops", "web stops", "db stops", "last words");
    }

    End saysNot(String part) {
      assertThat(out).as(toString()).doesNotContain(part);
      return this;
    }

    End logs(String... parts) {
      for (String part : parts) {
        assertThat(err).as(toString()).contains(part);
      }
      return this;
    }

    End logsNot(String part) {
      assertThat(err).as(toString()).doesNotContain(part);
      return this;
    }

    End logsTimes(int times, String part) {
      assertThat(err.split(java.util.regex.Pattern.quote(part), -1).length - 1)
          .as(toString())
          .isEqualTo(times);
      return this;
    }

    End logsNothing() {
      assertThat(err).as(toString()).isEmpty();
      return this;
    }

    @Override
    public String toString() {
      return "status %d after %d ms%n--- out%n%s--- err%n%s"
          .formatted(status, sinceAsked.toMillis(), out, err);
    }
  }

  private final Process process;
  private final List<String> command;
  private final Collector out;
  private final Collector err;
  private final long end = System.nanoTime() + LONGEST_LIFE.toNanos();
  private long askedAt = System.nanoTime();

  private ChildJvm(List<String> command) throws IOException {
    this.command = command;
    this.process = new ProcessBuilder(withDefaultSignals(command)).start();
    this.out = new Collector(process.getInputStream());
    this.err = new Collector(process.getErrorStream());
  }

  /**
   * A build that runs in the background ignores some signals, and its children would inherit that.
   */
  private static List<String> withDefaultSignals(List<String> command) {
    if (!System.getProperty("os.name").equals("Linux")) {
      return command;
    }
    List<String> whole = new ArrayList<>(List.of("env", "--default-signal=INT,TERM,HUP"));
    whole.addAll(command);
    return whole;
  }

  static ChildJvm start(Class<?> program, String... jvmOptions) throws IOException {
    return new ChildJvm(command(program, jvmOptions));
  }

  /** Through a shell, to which the command of the JVM is given as its arguments. */
  static ChildJvm startThrough(String shellScript, Class<?> program, String... jvmOptions)
      throws IOException {
    List<String> command = new ArrayList<>(List.of("/bin/sh", "-c", shellScript, "sh"));
    command.addAll(command(program, jvmOptions));
    return new ChildJvm(command);
  }

  /** With the library as a module. */
  static ChildJvm startOnModulePath(Class<?> program) throws IOException {
    List<String> command = new ArrayList<>(quick());
    command.addAll(
        List.of(
            "--module-path",
            placeOf(ThreadTree.class),
            "--patch-module",
            "org.morethreads=" + placeOf(ChildJvm.class),
            "--module",
            "org.morethreads/" + program.getName()));
    return new ChildJvm(command);
  }

  private static List<String> command(Class<?> program, String... jvmOptions) {
    List<String> command = new ArrayList<>(quick());
    command.addAll(List.of(jvmOptions));
    command.addAll(
        List.of(
            "-cp",
            placeOf(ThreadTree.class) + java.io.File.pathSeparator + placeOf(ChildJvm.class),
            program.getName()));
    return command;
  }

  private static List<String> quick() {
    return List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-Xmx48m",
        "-XX:TieredStopAtLevel=1",
        "-XX:+UseSerialGC",
        "-Xshare:auto");
  }

  /** The directory of a class, also when it patches a module. */
  private static String placeOf(Class<?> type) {
    String path = type.getName().replace('.', '/') + ".class";
    try {
      String found =
          java.util.Objects.requireNonNull(type.getResource("/" + path)).toURI().toString();
      return Path.of(URI.create(found.substring(0, found.length() - path.length()))).toString();
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }

  // ---- while it runs

  ChildJvm awaitReady() {
    return awaitLine("ready");
  }

  ChildJvm awaitLine(String line) {
    out.await(line);
    return this;
  }

  ChildJvm awaitErr(String part) {
    err.await(part);
    return this;
  }

  /** Sends a signal; the time to the end counts from here. */
  ChildJvm signal(String name) throws IOException, InterruptedException {
    askedAt = System.nanoTime();
    Process kill =
        new ProcessBuilder("/bin/sh", "-c", "kill -" + name + " " + process.pid()).start();
    if (kill.waitFor() != 0) {
      throw failure("could not be sent SIG" + name);
    }
    return this;
  }

  ChildJvm type(String line) throws IOException {
    askedAt = System.nanoTime();
    Writer in = process.outputWriter(StandardCharsets.UTF_8);
    in.write(line + "\n");
    in.flush();
    return this;
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** Waits for the end of the program. */
  End end() throws InterruptedException {
    long left = end - System.nanoTime();
    if (!process.waitFor(Math.max(0, left), TimeUnit.NANOSECONDS)) {
      throw failure("does not end");
    }
    Duration took = Duration.ofNanos(System.nanoTime() - askedAt);
    out.join();
    err.join();
    return new End(process.exitValue(), out.all(), err.all(), took);
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }

  private AssertionError failure(String what) {
    String dump = "";
    if (process.isAlive()) {
      dump = threadDump();
      process.destroyForcibly();
    }
    return new AssertionError(
        String.join(" ", command)
            + "\n"
            + what
            + "\n--- out\n"
            + out.all()
            + "--- err\n"
            + err.all()
            + dump);
  }

  private String threadDump() {
    try {
      Process jstack =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "jstack").toString(),
                  Long.toString(process.pid()))
              .redirectErrorStream(true)
              .start();
      String text = new String(jstack.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      return "--- threads\n" + text;
    } catch (IOException e) {
      return "--- no thread dump: " + e;
    }
  }

  /** Reads a stream to its end, and lets others wait for what comes. */
  private final class Collector {
    private final StringBuffer text = new StringBuffer();
    private final Thread reader;

    Collector(InputStream in) {
      this.reader = Thread.ofPlatform().daemon().start(() -> read(in));
    }

    private void read(InputStream in) {
      try (var lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
          text.append(line).append('\n');
        }
      } catch (IOException e) {
        text.append(e).append('\n');
      }
    }

    void await(String part) {
      while (text.indexOf(part) < 0) {
        if (!reader.isAlive() && text.indexOf(part) < 0) {
          throw failure("ended without \"" + part + "\"");
        }
        if (System.nanoTime() - end > 0) {
          throw failure("has not written \"" + part + "\"");
        }
        try {
          Thread.sleep(5);
        } catch (InterruptedException e) {
          throw failure("interrupted: " + e);
        }
      }
    }

    void join() throws InterruptedException {
      reader.join(Duration.ofSeconds(5)); // a grandchild may hold the pipe
    }

    String all() {
      return text.toString();
    }
  }
}
