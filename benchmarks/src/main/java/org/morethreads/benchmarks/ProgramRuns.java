package org.morethreads.benchmarks;

import com.zaxxer.nuprocess.NuAbstractProcessHandler;
import com.zaxxer.nuprocess.NuProcessBuilder;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.Writer;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.apache.commons.exec.CommandLine;
import org.apache.commons.exec.DefaultExecutor;
import org.apache.commons.exec.PumpStreamHandler;
import org.jspecify.annotations.Nullable;
import org.morethreads.process.Command;
import org.morethreads.process.Isolation;
import org.morethreads.process.ManagedProcess;
import org.morethreads.thread.ThreadTree;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.zeroturnaround.exec.ProcessExecutor;

/**
 * A short program from its start until its output and its exit code are there: a program that does
 * nothing, one that writes a line, a builtin of the shell, and a shell of its own for a builtin.
 * Those who have no shell at hand start one for a builtin.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class ProgramRuns {
  private static final String MARK = "the end of one command";

  @Param({"true", "echo", "builtin", "shell"})
  public String program = "";

  @Param({
    "ManagedProcess",
    "Command",
    "CommandTrusting",
    "ProcessBuilder",
    "zt-exec",
    "commons-exec",
    "NuProcess",
    "bareSession",
    "bareSubshell"
  })
  public String peer = "";

  private final ThreadTree tree = ThreadTree.open("benchmark");

  /**
   * The shell of {@code bareSession}: no isolation, no limits, no stop, one output; and of {@code
   * bareSubshell}, which has each command run in a fork of the shell, the least that isolates.
   */
  private @Nullable Process session;

  private @Nullable BufferedReader answers;
  private @Nullable Writer commands;

  @Setup
  public void open() throws IOException {
    if (peer.startsWith("bare")) {
      Process shell =
          new ProcessBuilder("bash", "--noprofile", "--norc").redirectErrorStream(true).start();
      session = shell;
      answers = shell.inputReader(StandardCharsets.UTF_8);
      commands = shell.outputWriter(StandardCharsets.UTF_8);
    }
  }

  @TearDown
  public void close() {
    tree.close();
    Command.closeIdleShells();
    if (session != null) {
      session.destroyForcibly();
    }
  }

  private List<String> command() {
    return switch (program) {
      case "true" -> List.of("/bin/true");
      case "echo" -> List.of("/bin/echo", "hello");
      default -> List.of("bash", "-c", "echo hello");
    };
  }

  /** The same where a shell is at hand. */
  private List<String> commandInAShell() {
    return program.equals("builtin") ? List.of("echo", "hello") : command();
  }

  @Benchmark
  public String startToResult() throws Exception {
    return switch (peer) {
      case "ManagedProcess" -> {
        ManagedProcess process = ManagedProcess.command(command()).start(tree.named("program"));
        int _ = process.join();
        yield process.stdoutTail();
      }
      case "Command" -> run(Command.of(commandInAShell()));
      case "CommandTrusting" -> run(Command.of(commandInAShell()).isolation(Isolation.TRUSTING));
      case "ProcessBuilder" -> processBuilder();
      case "zt-exec" ->
          new ProcessExecutor().command(command()).readOutput(true).execute().outputUTF8();
      case "commons-exec" -> commonsExec();
      case "NuProcess" -> nuProcess();
      default -> bareSession();
    };
  }

  private String run(Command.Builder builder) throws Exception {
    Command command = builder.start(tree.named("program"));
    int _ = command.join();
    return command.stdoutTail();
  }

  private String processBuilder() throws Exception {
    Process process = new ProcessBuilder(command()).redirectErrorStream(true).start();
    process.getOutputStream().close();
    byte[] output = process.getInputStream().readAllBytes();
    int _ = process.waitFor();
    return new String(output, StandardCharsets.UTF_8);
  }

  private String commonsExec() throws IOException {
    List<String> command = command();
    CommandLine line = new CommandLine(command.getFirst());
    command.subList(1, command.size()).forEach(argument -> line.addArgument(argument, false));
    ByteArrayOutputStream output = new ByteArrayOutputStream();
    DefaultExecutor executor = DefaultExecutor.builder().get();
    executor.setStreamHandler(new PumpStreamHandler(output));
    int _ = executor.execute(line);
    return output.toString(StandardCharsets.UTF_8);
  }

  private String nuProcess() throws InterruptedException {
    ByteArrayOutputStream output = new ByteArrayOutputStream();
    NuProcessBuilder builder = new NuProcessBuilder(command());
    builder.setProcessListener(
        new NuAbstractProcessHandler() {
          @Override
          public void onStdout(ByteBuffer buffer, boolean closed) {
            byte[] bytes = new byte[buffer.remaining()];
            buffer.get(bytes);
            output.writeBytes(bytes);
          }
        });
    int _ = builder.start().waitFor(0, TimeUnit.SECONDS);
    return output.toString(StandardCharsets.UTF_8);
  }

  private String bareSession() throws IOException {
    Writer to = Objects.requireNonNull(commands);
    BufferedReader from = Objects.requireNonNull(answers);
    to.write(peer.equals("bareSubshell") ? "( " : "");
    to.write(
        switch (program) {
          case "true" -> "/bin/true";
          case "echo" -> "/bin/echo hello";
          case "builtin" -> "echo hello";
          default -> "bash -c 'echo hello'";
        });
    to.write(peer.equals("bareSubshell") ? " )" : "");
    to.write("\necho " + MARK + "\n");
    to.flush();
    StringBuilder output = new StringBuilder();
    for (String line = from.readLine(); !MARK.equals(line); line = from.readLine()) {
      output.append(line).append('\n');
    }
    return output.toString();
  }
}
