package org.morethreads.process;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.morethreads.internal.Log;

/** Signals of the operating system. */
final class OsSignal {
  private static final Pattern NAME = Pattern.compile("[A-Z0-9+-]{2,10}");

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
            List.of("/bin/sh", "-c", "for p; do kill -s " + name + " \"$p\"; done", "sh"));
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
