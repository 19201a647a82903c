package org.morethreads.examples.procrun;

import java.util.HashMap;
import java.util.Map;
import org.morethreads.examples.procrun.Service.Exit;
import org.morethreads.examples.procrun.Service.State;
import org.morethreads.process.ManagedProcess;
import org.morethreads.process.ProcessStartException;
import org.morethreads.process.ProcessTimeoutException;
import org.morethreads.sync.OpenSignal;
import org.morethreads.sync.Signal;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.Outcome;
import org.morethreads.thread.StopReason;

/** Runs a service as a process of its own, whose lines go to the output. */
final class ProcessRun implements Service.Program {
  // 50 services that print long lines all the time need less than 150 MB for what waits
  private static final int MOST_WAITING = 128;
  private static final int LONGEST_LINE = 16 * 1024;

  private static final int CANNOT_START = 127;

  /** As that of {@code timeout}. */
  private static final int TIMED_OUT = 124;

  private static final int SIGNAL_BASE = 128;
  private static final int INT = 2;
  private static final int KILL = 9;
  private static final int TERM = 15;

  private final Map<String, String> variables;
  private final Output output;

  /**
   * @param variables what the environment files say
   */
  ProcessRun(Map<String, String> variables, Output output) {
    this.variables = variables;
    this.output = output;
  }

  @Override
  public Exit run(Service service) throws InterruptedException {
    ManagedProcess process;
    try {
      var program =
          program(service, service.config.command())
              .stdoutLines()
              .mergedStderr()
              .capacity(MOST_WAITING)
              .longestLine(LONGEST_LINE);
      process = service.config.limit().map(program::limit).orElse(program).start();
    } catch (ProcessStartException e) {
      return new Exit(CANNOT_START, true, String.valueOf(e.getMessage()));
    }
    int run = service.running("pid " + process.pid(), () -> process.stop("by order"));
    var check = ReadyCheck.start(service, run, process, this);
    Runnable stopping =
        () ->
            service.isNow(State.STOPPING, run, "pid %d: %s".formatted(process.pid(), why(process)));
    OpenSignal said = Signal.create("said");
    Signal.Registration stops =
        process
            .pleaseStop()
            .then(() -> {
              stopping.run();
              said.go();
            });
    for (String line : process.stdout()) {
      output.line(service.name, line);
      check.saw(line);
    }
    Exit exit = exit(process.thread().awaitOutcome());
    if (!stops.remove()) {
      said.await(); // the action has a thread of its own, and may be slower than the end
    } else if (process.pleaseStop().isSignalled()) {
      stopping.run(); // slower still: it had not begun
    }
    if (isToldWithOurs(process) && !check.isLate() && !service.isOrdered()) {
      ManagedThread.current().pleaseStop().await(); // a thread is told after its children
    }
    return check.isLate() ? new Exit(TIMED_OUT, true, "never became ready; " + exit.text()) : exit;
  }

  private static boolean isToldWithOurs(ManagedProcess process) {
    return process
        .thread()
        .stopReason()
        .map(StopReason::kind)
        .filter(it -> it == StopReason.Kind.REQUESTED || it == StopReason.Kind.JVM_SHUTDOWN)
        .isPresent();
  }

  private static String why(ManagedProcess process) {
    return process.thread().stopReason().map(StopReason::message).orElse("asked to stop");
  }

  /** A line for the shell, in the surroundings of a service. */
  ManagedProcess.Builder program(Service service, String line) {
    Map<String, String> environment = new HashMap<>(variables);
    int index = service.config.instanceNames().indexOf(service.name);
    environment.put("PORT", Integer.toString(service.config.port() + index));
    environment.put("PS", service.name);
    environment.putAll(service.config.environment());
    var builder =
        ManagedProcess.command("/bin/sh", "-c", ShellLine.withoutShell(line))
            .name("process")
            .directory(service.config.directory())
            .environment(environment)
            .ownSession() // Ctrl-C in the terminal is for us
            .endDescendants()
            .stopSignal(service.config.stop().signal())
            .stopGrace(service.config.stop().grace())
            .acceptAnyExitCode();
    return service.config.stop().wholeTree() ? builder : builder.stopSignalToProcessOnly();
  }

  private static Exit exit(Outcome<Integer> outcome) {
    return switch (outcome) {
      case Outcome.Returned<Integer>(Integer code) -> new Exit(code, code != 0, words(code));
      case Outcome.Failed<Integer>(ProcessTimeoutException _) ->
          new Exit(TIMED_OUT, true, "took longer than its limit");
      case Outcome.Failed<Integer>(Throwable failure) -> new Exit(1, true, failure.toString());
      default -> new Exit(SIGNAL_BASE + KILL, true, "did not end, and was left alone");
    };
  }

  private static String words(int code) {
    return switch (code - SIGNAL_BASE) {
      case INT -> "SIGINT";
      case KILL -> "SIGKILL";
      case TERM -> "SIGTERM";
      default -> "exit code " + code;
    };
  }
}
