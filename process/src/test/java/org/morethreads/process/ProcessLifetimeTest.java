package org.morethreads.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.FileOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Nothing outlives the JVM, however that ends (P4). Linux only: it looks into {@code /proc}. */
@Timeout(120)
class ProcessLifetimeTest {
  private static final List<String> FAMILY =
      List.of("process", "child", "daemon", "command", "shell");

  @TempDir Path directory;

  private Process start(Class<?> program, String... arguments) throws Exception {
    return start(List.of(), program, arguments);
  }

  private Process start(List<String> before, Class<?> program, String... arguments)
      throws Exception {
    List<String> command = new ArrayList<>(before);
    command.addAll(
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx64m",
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-cp",
            System.getProperty("java.class.path"),
            program.getName()));
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(directory.resolve("output").toFile())
        .start();
  }

  private String output() throws Exception {
    return Files.readString(directory.resolve("output"));
  }

  private Map<String, Long> family() throws Exception {
    long _ = Proc.number(directory.resolve("ready"));
    Map<String, Long> pids = new java.util.TreeMap<>();
    for (String name : FAMILY) {
      pids.put(name, Proc.number(directory.resolve(name)));
    }
    return pids;
  }

  private static void allGone(Map<String, Long> family) throws Exception {
    for (var member : family.entrySet()) {
      Proc.until(member.getKey() + " is gone", () -> !Proc.isRunning(member.getValue()));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"return", "exit", "halt"})
  void jvm_endsByItself_nothingIsLeft(String how) throws Exception {
    Process jvm = start(ProcessPrograms.Family.class, directory.toString(), how);
    Map<String, Long> family = family();
    int status = jvm.waitFor();
    assertThat(status).as(output()).isEqualTo(Map.of("return", 0, "exit", 3, "halt", 4).get(how));
    allGone(family);
  }

  @Test
  void jvm_sigterm_stopsItsProcessesInOrder() throws Exception {
    Process jvm =
        start(
            List.of("env", "--default-signal=TERM"),
            ProcessPrograms.Family.class,
            directory.toString(),
            "stay");
    Map<String, Long> family = family();
    jvm.destroy();
    assertThat(jvm.waitFor()).as(output()).isEqualTo(143);
    assertThat(Proc.isRunning(family.get("process")))
        .isFalse(); // stopped by the tree, and not later
    assertThat(Proc.isRunning(family.get("child"))).isFalse();
    allGone(family);
  }

  @Test
  void jvm_sigtermTwice_allIsKilledWithoutTheWatchdog() throws Exception {
    Process jvm =
        start(
            List.of(
                "env",
                "--default-signal=TERM",
                "JAVA_TOOL_OPTIONS=-Dorg.morethreads.process.watchdog=false"),
            ProcessPrograms.Family.class,
            directory.toString(),
            "deaf");
    Map<String, Long> family = family();
    jvm.destroy();
    Proc.until("it stops", () -> !Proc.isRunning(family.get("process")));
    Thread.sleep(200); // the same signal within a tenth of a second is one
    jvm.destroy();
    assertThat(jvm.waitFor()).as(output()).isEqualTo(143);
    allGone(family);
  }

  @Test
  void jvm_sigkill_nothingIsLeftEvenOfWhatIgnoresSigterm() throws Exception {
    Process jvm = start(ProcessPrograms.Family.class, directory.toString(), "deaf");
    Map<String, Long> family = family();
    jvm.destroyForcibly();
    int _ = jvm.waitFor();
    allGone(family);
  }

  @Test
  void jvm_sigkillWhileProcessesAreStarted_nothingIsLeft() throws Exception {
    Process jvm = start(ProcessPrograms.Starting.class, directory.toString());
    Path log = directory.resolve("log");
    Proc.until("some run", () -> Files.exists(log) && Files.readAllLines(log).size() > 10);
    jvm.destroyForcibly();
    int _ = jvm.waitFor();
    Proc.until(
        "all that were started are gone",
        () ->
            Files.readAllLines(log).stream().noneMatch(pid -> Proc.isRunning(Long.parseLong(pid))));
    Proc.until("nothing has the log as its argument", () -> ownersOf(log.toString()).isEmpty());
  }

  /** As the helpers do by which the JDK starts programs, when they are under way at that moment. */
  @Test
  void jvm_sigkillWhileSomebodyKeepsTheInputOfTheWatchdogOpen_nothingIsLeft() throws Exception {
    Process jvm = start(ProcessPrograms.Family.class, directory.toString(), "stay");
    Map<String, Long> family = family();
    ProcessHandle watchdog =
        jvm.toHandle()
            .children()
            .filter(child -> commandLine(child.pid()).contains("more-threads-watchdog"))
            .findFirst()
            .orElseThrow();
    Path input = Files.readSymbolicLink(Path.of("/proc", "" + watchdog.pid(), "fd", "0"));
    try (var files = Files.newDirectoryStream(Path.of("/proc", "" + jvm.pid(), "fd"))) {
      for (Path each : files) {
        if (Files.isSymbolicLink(each) && Files.readSymbolicLink(each).equals(input)) {
          try (var _ = new FileOutputStream(each.toFile())) { // its other end, once more
            jvm.destroyForcibly();
            int _ = jvm.waitFor();
            allGone(family);
          }
          return;
        }
      }
    }
    throw new AssertionError("the JVM does not have " + input + " open");
  }

  private static String commandLine(long pid) {
    try {
      return Files.readString(
          Path.of("/proc", Long.toString(pid), "cmdline"), StandardCharsets.ISO_8859_1);
    } catch (java.io.IOException gone) {
      return "";
    }
  }

  private static List<Long> ownersOf(String argument) throws Exception {
    List<Long> found = new ArrayList<>();
    try (var all = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
      for (Path each : all) {
        long pid = Long.parseLong(each.getFileName().toString());
        if (commandLine(pid).contains(argument)) {
          found.add(pid);
        }
      }
    }
    return found;
  }

  @Test
  void start_tooManyOpenFiles_isSaidAndPasses() throws Exception {
    Process jvm =
        start(
            List.of("/bin/sh", "-c", "ulimit -n 200; exec \"$@\"", "sh"),
            ProcessPrograms.FullOfFiles.class);
    int status = jvm.waitFor();
    assertThat(output()).contains("TOO_MANY_OPEN_FILES", "too many files are open", "goes on");
    assertThat(status).isZero();
  }
}
