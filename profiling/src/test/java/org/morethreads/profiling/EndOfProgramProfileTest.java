package org.morethreads.profiling;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.management.JMX;
import javax.management.ObjectName;
import javax.management.remote.JMXConnectorFactory;
import javax.management.remote.JMXServiceURL;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Programs of their own: profiles by a system property, written at the end, however that comes. */
@Timeout(180)
class EndOfProgramProfileTest {
  /**
   * What goes before a command: a build that runs in the background of a script ignores SIGINT, its
   * children inherit that, and a JVM that finds a signal ignored leaves it so.
   */
  private static final List<String> DEFAULT_SIGNALS =
      System.getProperty("os.name").equals("Linux")
          ? List.of("env", "--default-signal=INT,TERM")
          : List.of();

  private static final Pattern URL = Pattern.compile("(?m)^URL *: *(service:\\S+)");

  @TempDir Path directory;

  /** A JVM of its own, and what it says. */
  private final class Program implements AutoCloseable {
    private final Process process;
    private final BufferedReader out;
    final List<String> said = new ArrayList<>();

    Program(Class<?> main, String... options) throws IOException {
      List<String> command = new ArrayList<>(DEFAULT_SIGNALS);
      command.add(ProcessHandle.current().info().command().orElseThrow());
      command.addAll(List.of("-cp", System.getProperty("java.class.path")));
      command.addAll(List.of(options));
      command.add(main.getName());
      process = new ProcessBuilder(command).redirectErrorStream(true).start();
      out =
          new BufferedReader(
              new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    }

    long pid() {
      return process.pid();
    }

    void awaitLine(String wanted) throws IOException {
      String line = out.readLine();
      while (line != null && !line.equals(wanted)) {
        said.add(line);
        line = out.readLine();
      }
      assertThat(line).as("%s", said).isEqualTo(wanted);
    }

    /** Sends a signal of the operating system. */
    void signal(String name) throws IOException, InterruptedException {
      Process kill = new ProcessBuilder("kill", "-s", name, Long.toString(pid())).start();
      assertThat(kill.waitFor()).isZero();
    }

    int awaitExit() throws IOException, InterruptedException {
      for (String line = out.readLine(); line != null; line = out.readLine()) {
        said.add(line);
      }
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
      return process.exitValue();
    }

    @Override
    public void close() {
      process.destroyForcibly();
    }
  }

  private List<Path> files(String end) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.filter(file -> file.toString().endsWith(end)).toList();
    }
  }

  private Profile onlyProfile() throws IOException {
    assertThat(files(".jfr")).hasSize(1);
    assertThat(files(".tab")).hasSize(1);
    assertThat(files("_cpu.html")).hasSize(1);
    assertThat(files("_timeline.html")).hasSize(1);
    assertThat(files(".tmp")).isEmpty();
    return Profile.read(files(".jfr").getFirst());
  }

  @Test
  void property_mainReturns_isWrittenAfterAllThreadsHaveStopped() throws Exception {
    try (var program =
        new Program(Programs.Returns.class, "-Dorg.morethreads.profile=" + directory)) {
      assertThat(program.awaitExit()).as("%s", program.said).isZero();
      Profile profile = onlyProfile();
      assertThat(profile.coverage()).doesNotContain("late", "early", "no end");
      assertThat(profile.lives.all())
          .extracting(life -> life.path + " " + life.outcome)
          .contains("main/works Returned", "main/serves Returned");
      assertThat(profile.moments)
          .extracting(Profile.Moment::what)
          .anyMatch(what -> what.startsWith("told to stop"));
      assertThat(program.said).anyMatch(line -> line.contains("The profile was written to"));
    }
  }

  @Test
  void property_options_areHeeded() throws Exception {
    try (var program =
        new Program(
            Programs.Returns.class,
            "-Dorg.morethreads.profile=" + directory,
            "-Dorg.morethreads.profile.allocation=true",
            "-Dorg.morethreads.profile.interval=20",
            "-Dorg.morethreads.profile.timing=org.morethreads.profiling.Load::unit")) {
      assertThat(program.awaitExit()).as("%s", program.said).isZero();
      Profile profile = onlyProfile();
      assertThat(profile.timings())
          .singleElement()
          .satisfies(timing -> assertThat(timing.calls()).isEqualTo(2_000));
      assertThat(files("_allocated.html")).hasSize(1);
    }
  }

  @Test
  void property_sigterm_isWrittenAfterAllThreadsHaveStopped() throws Exception {
    try (var program =
        new Program(Programs.Serves.class, "-Dorg.morethreads.profile=" + directory)) {
      program.awaitLine("serving");
      program.signal("TERM");
      assertThat(program.awaitExit()).as("%s", program.said).isEqualTo(143);
      Profile profile = onlyProfile();
      assertThat(profile.coverage()).doesNotContain("early", "no end");
      assertThat(profile.lives.all())
          .extracting(life -> life.path + " " + life.outcome)
          .contains("main/slow Returned");
    }
  }

  /** A real SIGINT, as a terminal sends it at Ctrl-C. */
  @Test
  void property_ctrlC_isWrittenAfterAllThreadsHaveStopped() throws Exception {
    try (var program =
        new Program(Programs.Serves.class, "-Dorg.morethreads.profile=" + directory)) {
      program.awaitLine("serving");
      program.signal("INT");
      assertThat(program.awaitExit()).as("%s", program.said).isEqualTo(130);
      Profile profile = onlyProfile();
      assertThat(profile.coverage()).doesNotContain("early", "no end");
      assertThat(profile.lives.all())
          .extracting(life -> life.path + " " + life.outcome)
          .contains("main/slow Returned");
      assertThat(profile.moments)
          .extracting(Profile.Moment::what)
          .contains("told to stop: SIGINT was received");
      assertThat(program.said).anyMatch(line -> line.contains("The profile was written to"));
    }
  }

  @Test
  void property_mainCallsExitAsItsLastWord_coversAll() throws Exception {
    try (var program =
        new Program(Programs.LastWord.class, "-Dorg.morethreads.profile=" + directory)) {
      assertThat(program.awaitExit()).as("%s", program.said).isEqualTo(5);
      Profile profile = onlyProfile();
      assertThat(profile.coverage()).doesNotContain("early", "no end");
      assertThat(profile.lives.all())
          .extracting(life -> life.path + " " + life.outcome)
          .contains("main/works Returned");
    }
  }

  /** Flight Recorder would end with the JVM's shutdown, before our threads do. */
  @Test
  void property_systemExitWhileThreadsRun_isWrittenAfterTheyHaveStopped() throws Exception {
    try (var program =
        new Program(Programs.Exits.class, "-Dorg.morethreads.profile=" + directory)) {
      assertThat(program.awaitExit()).as("%s", program.said).isEqualTo(3);
      Profile profile = onlyProfile();
      assertThat(profile.coverage()).doesNotContain("early", "no end");
      assertThat(profile.lives.all())
          .extracting(life -> life.path + " " + life.outcome)
          .contains("main/slow Returned");
    }
  }

  @Test
  void property_directoryCannotBeMade_programRunsAllTheSame() throws Exception {
    Path file = Files.createFile(directory.resolve("file"));
    try (var program = new Program(Programs.Returns.class, "-Dorg.morethreads.profile=" + file)) {
      assertThat(program.awaitExit()).isZero();
      assertThat(program.said)
          .anyMatch(line -> line.contains("What the system properties of org.morethreads ask for"));
    }
  }

  /** H14: the dump of a program that hangs, from outside. */
  @Test
  void tool_programInDeadlock_namesIt() throws Exception {
    try (var program = new Program(Programs.Deadlock.class, "-Dorg.morethreads.diagnostics=true")) {
      program.awaitLine("stuck");
      var out = new java.io.ByteArrayOutputStream();
      var err = new java.io.ByteArrayOutputStream();
      int status =
          Tool.run(
              new java.io.PrintStream(out, true, StandardCharsets.UTF_8),
              new java.io.PrintStream(err, true, StandardCharsets.UTF_8),
              "dump",
              Long.toString(program.pid()));
      assertThat(err.toString(StandardCharsets.UTF_8)).isEmpty();
      assertThat(status).isZero();
      assertThat(out.toString(StandardCharsets.UTF_8))
          .contains("DEADLOCK:\n")
          .contains("\"main/a\" waits for lock \"blue\", which \"main/b\" holds")
          .contains("\"main/b\" waits for lock \"red\", which \"main/a\" holds");
    }
  }

  /** H14: the same with what every JDK has: jcmd, and a client for MBeans. */
  @Test
  @SuppressWarnings("BanJNDI") // it is our own child that is asked
  void jcmd_programInDeadlock_itsMBeanNamesIt() throws Exception {
    try (var program = new Program(Programs.Deadlock.class, "-Dorg.morethreads.diagnostics=true")) {
      program.awaitLine("stuck");
      String _ = jcmd(program.pid(), "ManagementAgent.start_local");
      var url = URL.matcher(jcmd(program.pid(), "ManagementAgent.status"));
      assertThat(url.find()).isTrue();
      try (var connector = JMXConnectorFactory.connect(new JMXServiceURL(url.group(1)))) {
        TreesMXBean trees =
            JMX.newMXBeanProxy(
                connector.getMBeanServerConnection(),
                new ObjectName("org.morethreads:type=Trees"),
                TreesMXBean.class);
        assertThat(trees.dump())
            .contains("DEADLOCK:\n")
            .contains("\"main/a\" waits for lock \"blue\", which \"main/b\" holds");
        assertThat(trees.dumpJson()).contains("\"deadlocks\":[\n{\"certain\":true,\"cycle\":[");
        Path file = directory.resolve("dump.txt");
        trees.dumpToFile(file.toString());
        assertThat(Files.readString(file)).contains("DEADLOCK:\n");
      }
    }
  }

  private static String jcmd(long pid, String order) throws IOException, InterruptedException {
    Path tool = Path.of(System.getProperty("java.home"), "bin", "jcmd");
    Process process =
        new ProcessBuilder(tool.toString(), Long.toString(pid), order)
            .redirectErrorStream(true)
            .start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as("%s", said).isZero();
    return said;
  }
}
