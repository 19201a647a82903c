package org.morethreads.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.morethreads.internal.Log;
import org.morethreads.internal.Services;

/**
 * Ends what is left of our programs when this JVM is gone, however it went. A small shell that
 * waits for the other end of its input to be closed, which the operating system does when the JVM
 * dies, or to have another parent; it then looks in {@code /proc} for the mark of this JVM, sends
 * SIGTERM, and two seconds later SIGKILL until nothing is found. Started with the first program;
 * not where there is no {@code /proc}.
 */
final class Watchdog {
  /*
   * Several looks in a row must find nothing: a program that was being started when the JVM died may have its mark a moment later.
   * It ignores the signals that a terminal sends to all of us. `grep` is one process for all files.
   *
   * The JDK starts each program through a helper, which has all files of the JVM open until it becomes the program. Two helpers that
   * are under way when the JVM is killed keep each other waiting for ever, and our input open. So, where the shell can read with a limit,
   * it looks every two seconds whether it still is the child of the JVM. Helpers that have our input open are killed.
   */
  private static final String SCRIPT =
      """
      trap '' HUP INT QUIT TERM PIPE USR1 USR2
      cd /
      parent() { read -r _ _ _ now _ </proc/$$/stat; }
      parent
      if [ -n "$BASH_VERSION" ] && [ "$now" = "$2" ]; then
        while :; do
          read -r -t 2 line
          if [ $? -le 128 ] || ! parent || [ "$now" != "$2" ]; then break; fi
        done
      else
        read -r line
      fi
      input=$(readlink /proc/$$/fd/0)
      sweep() {
        found=
        for file in $(grep -lsF -e "$1" /proc/[0-9]*/environ); do
          pid=${file#/proc/}
          pid=${pid%/environ}
          if [ "$pid" != $$ ] && kill -s "$2" "$pid"; then found=1; fi
        done
        for file in $(grep -lsx jspawnhelper /proc/[0-9]*/comm); do
          pid=${file#/proc/}
          pid=${pid%/comm}
          case $(ls -l "/proc/$pid/fd") in
            *"$input"*) if kill -s KILL "$pid"; then found=1; fi ;;
          esac
        done
      }
      pause() { sleep 0.1 || sleep 1; }
      sweep "$1" TERM
      looks=0
      while [ -n "$found" ] && [ $looks -lt 20 ]; do
        pause
        sweep "$1" 0
        looks=$((looks + 1))
      done
      quiet=0
      looks=0
      while [ $quiet -lt 3 ] && [ $looks -lt 100 ]; do
        sweep "$1" KILL
        if [ -n "$found" ]; then quiet=0; else quiet=$((quiet + 1)); fi
        pause
        looks=$((looks + 1))
      done
      """;

  private static final String SHELL =
      Files.isExecutable(Path.of("/bin/bash")) ? "/bin/bash" : "/bin/sh";

  private static final String SWITCH = "org.morethreads.process.watchdog";

  private static final ReentrantLock LOCK = new ReentrantLock();

  /** Kept: its input is closed when it is collected. Guarded by LOCK. */
  private static @Nullable Process shell;

  /** Guarded by LOCK. */
  private static boolean impossible;

  private Watchdog() {}

  /** Before a program is started. */
  static void beOnGuard() {
    LOCK.lock();
    try {
      Process present = shell;
      if (!impossible && present == null) {
        Services.beforeHalt(Watchdog::killAll);
      }
      if (!impossible && (present == null || !present.isAlive())) {
        start();
      }
    } finally {
      LOCK.unlock();
    }
  }

  /** The JVM is about to be halted, which cuts this short when it takes long. */
  private static void killAll() {
    List<ProcessHandle> found = ProcessTable.look().startedByThisJvm();
    while (!found.isEmpty()) {
      OsSignal.send("KILL", found);
      LockSupport.parkNanos(1_000_000);
      found = ProcessTable.look().startedByThisJvm();
    }
  }

  private static void start() {
    if (!ProcessTable.isAvailable() || "false".equals(System.getProperty(SWITCH))) {
      impossible = true;
      return;
    }
    List<String> command = new ArrayList<>();
    session().ifPresent(command::add);
    command.addAll(
        List.of(
            SHELL,
            "-c",
            SCRIPT,
            "more-threads-watchdog",
            Mark.OF_JVM,
            Long.toString(ProcessHandle.current().pid())));
    try {
      ProcessBuilder builder =
          new ProcessBuilder(command)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .redirectError(ProcessBuilder.Redirect.DISCARD);
      Map<String, String> environment = builder.environment();
      environment.keySet().removeIf(variable -> !variable.equals("PATH"));
      shell = builder.start();
    } catch (IOException noShell) {
      impossible = true;
      Log.error(
          "There is no shell to watch over the programs that this JVM starts: they may outlive it when it is killed.",
          noShell);
    }
  }

  /** The program that starts another in a session of its own, where there is one. */
  static Optional<String> session() {
    return Setsid.PATH;
  }

  private static final class Setsid {
    static final Optional<String> PATH =
        List.of("/usr/bin/setsid", "/bin/setsid").stream()
            .filter(path -> Files.isExecutable(Path.of(path)))
            .findFirst();
  }
}
