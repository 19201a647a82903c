package org.morethreads.process;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;

/** What tests look at in {@code /proc}; Linux only. */
final class Proc {
  /** Generous: nothing that is waited for takes as long. */
  static final Duration LONGEST = Duration.ofSeconds(40);

  private Proc() {}

  /** Whether a process runs; one that is dead and only not waited for does not. */
  static boolean isRunning(long pid) {
    try {
      String stat =
          Files.readString(
              Path.of("/proc", Long.toString(pid), "stat"), StandardCharsets.ISO_8859_1);
      char state = stat.charAt(stat.lastIndexOf(')') + 2);
      return state != 'Z' && state != 'X';
    } catch (IOException gone) {
      return false;
    }
  }

  static boolean isZombie(long pid) {
    try {
      String stat =
          Files.readString(
              Path.of("/proc", Long.toString(pid), "stat"), StandardCharsets.ISO_8859_1);
      return stat.charAt(stat.lastIndexOf(')') + 2) == 'Z';
    } catch (IOException gone) {
      return false;
    }
  }

  /** Waits for a condition; fails after a time that is longer than anything takes. */
  static void until(String what, Callable<Boolean> condition) throws Exception {
    long end = System.nanoTime() + LONGEST.toNanos();
    while (!condition.call()) {
      if (System.nanoTime() - end > 0) {
        throw new AssertionError("Did not happen within " + LONGEST + ": " + what);
      }
      Thread.sleep(5);
    }
  }

  static void untilGone(long... pids) throws Exception {
    for (long pid : pids) {
      until("process " + pid + " is gone", () -> !isRunning(pid));
    }
  }

  static long number(Path file) throws Exception {
    until("a number in " + file, () -> Files.exists(file) && Files.readString(file).endsWith("\n"));
    return Long.parseLong(Files.readString(file).strip());
  }

  static int openFiles() throws IOException {
    try (var files = Files.list(Path.of("/proc/self/fd"))) {
      return (int) files.count();
    }
  }

  /** Our threads; without those of the JDK that wait for processes, which it keeps for a minute. */
  static int threads() throws IOException {
    try (var tasks = Files.list(Path.of("/proc/self/task"))) {
      return (int) tasks.filter(task -> !nameOf(task).startsWith("process reaper")).count();
    }
  }

  private static String nameOf(Path task) {
    try {
      return Files.readString(task.resolve("comm"));
    } catch (IOException gone) {
      return "process reaper"; // not there any more
    }
  }

  /** Our children that are dead and not waited for. */
  static List<Long> zombies() {
    return ProcessHandle.current()
        .children()
        .map(ProcessHandle::pid)
        .filter(Proc::isZombie)
        .toList();
  }
}
