package org.morethreads.process;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.morethreads.internal.Log;

/** Signals of the operating system. */
final class OsSignal {
  /** Those that some Unix knows, with and without numbers. */
  private static final Pattern NAME =
      Pattern.compile(
          "HUP|INT|QUIT|ILL|TRAP|ABRT|IOT|EMT|BUS|FPE|KILL|USR1|SEGV|USR2|PIPE|ALRM|TERM|STKFLT|CHLD|CLD|CONT"
              + "|STOP|TSTP|TTIN|TTOU|URG|XCPU|XFSZ|VTALRM|PROF|WINCH|IO|POLL|PWR|INFO|LOST|SYS"
              + "|RTMIN(\\+[0-9]{1,2})?|RTMAX(-[0-9]{1,2})?|[1-9][0-9]?");

  private OsSignal() {}

  /** The name without SIG. */
  static String checked(String name) {
    String plain = name.startsWith("SIG") ? name.substring(3) : name;
    if (!NAME.matcher(plain).matches()) {
      throw new IllegalArgumentException(
          "\"" + name + "\" is no signal of the operating system; give a name such as \"INT\".");
    }
    return plain;
  }

  /** Sends a signal to some processes, as far as they are still there. */
  static void send(String name, List<ProcessHandle> targets) {
    switch (name) {
      case "TERM" -> targets.forEach(ProcessHandle::destroy);
      case "KILL" -> targets.forEach(ProcessHandle::destroyForcibly);
      default -> sendByShell(name, targets);
    }
  }

  /** The JDK knows two signals only; a shell knows all. */
  private static void sendByShell(String name, List<ProcessHandle> targets) {
    List<String> command =
        new ArrayList<>(
            List.of(
                "/bin/sh",
                "-c",
                "for p; do kill -s "
                    + name
                    + " \"$p\" || ! kill -0 \"$p\" || failed=1; done; exit $failed",
                "sh"));
    targets.stream().filter(ProcessHandle::isAlive).forEach(each -> command.add("" + each.pid()));
    try {
      Process shell =
          new ProcessBuilder(command)
              .redirectInput(PumpThreads.nothing())
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      boolean interrupted = false;
      boolean ended = false;
      while (!ended) {
        try {
          ended = shell.waitFor(5, TimeUnit.SECONDS);
          if (!ended) {
            shell.destroyForcibly();
          }
        } catch (InterruptedException e) {
          interrupted = true; // it takes a moment only
        }
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
      if (shell.exitValue() != 0) { // one that has ended meanwhile is no failure
        Log.warning("Signal " + name + " could not be sent; SIGTERM is sent instead.");
        targets.forEach(ProcessHandle::destroy);
      }
    } catch (IOException noShell) {
      Log.error(
          "Signal "
              + name
              + " could not be sent, since there is no shell; SIGTERM is sent instead.",
          noShell);
      targets.forEach(ProcessHandle::destroy);
    }
  }
}
