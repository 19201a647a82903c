package org.morethreads.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.ThreadTree;

/** Programs for JVMs of their own, which are ended in different ways. */
final class ProcessPrograms {
  private ProcessPrograms() {}

  /**
   * Has a process with a child that has left its session, and a daemon that a process left behind
   * when it exited; then a command. Writes their numbers, and then does what the second argument
   * says.
   */
  static final class Family {
    private Family() {}

    public static void main(String... arguments) throws Exception {
      Path place = Path.of(arguments[0]);
      String child =
          arguments[1].equals("deaf")
              ? "setsid bash -c 'trap \"\" TERM; echo $$ > $0/child; while :; do sleep 1; done' $1 & echo $$ > $1/process; wait"
              : "setsid bash -c 'echo $$ > $0/child; exec sleep 1000' $1 & echo $$ > $1/process; wait";
      ManagedProcess process =
          ManagedProcess.command("bash", "-c", child, "bash", place.toString()).start();
      ManagedProcess.command(
              "bash",
              "-c",
              "sleep 1000 >/dev/null 2>&1 & echo $! > $1/daemon",
              "bash",
              place.toString())
          .start()
          .join();
      Command command =
          Command.shell("echo $BASHPID > \"$P\"/command; sleep 1000")
              .environment("P", place.toString())
              .start();
      for (String name : List.of("child", "process", "daemon", "command")) {
        while (!Files.exists(place.resolve(name))) {
          Thread.sleep(5);
        }
      }
      Files.writeString(place.resolve("shell"), command.shellPid() + "\n");
      Files.writeString(place.resolve("ready"), ProcessHandle.current().pid() + "\n");
      switch (arguments[1]) {
        case "return" -> {}
        case "exit" -> System.exit(3);
        case "halt" -> Runtime.getRuntime().halt(4);
        default -> {
          process.stopped().await();
          command.stopped().await();
          Thread.sleep(60_000);
        }
      }
    }
  }

  /** Starts processes as fast as it can, until it is killed in the middle of that. */
  static final class Starting {
    private Starting() {}

    public static void main(String... arguments) throws Exception {
      Path log = Path.of(arguments[0], "log");
      for (int i = 0; i < 3; i++) {
        ManagedThread.run(
            "starter",
            stop -> {
              while (!stop.isSignalled()) {
                var _ =
                    ManagedProcess.command(
                            "bash", "-c", "echo $$ >> $0; exec sleep 1000", log.toString())
                        .start();
              }
            });
      }
      ThreadTree.main().awaitShutdown();
    }
  }

  /**
   * Opens files until there can be no more, and then starts a process; closes them, and does so
   * again.
   */
  static final class FullOfFiles {
    private FullOfFiles() {}

    public static void main(String... arguments) throws Exception {
      ManagedProcess.command("true").start().join(); // so that what is needed is loaded
      try {
        var _ = ManagedProcess.command("/no/such/program").start();
      } catch (ProcessStartException asExpected) {
        // and what is needed to say so
      }
      List<java.io.InputStream> open = new ArrayList<>();
      ProcessStartException thrown = null;
      while (thrown == null) {
        try {
          open.add(new java.io.FileInputStream("/dev/null"));
        } catch (IOException full) {
          thrown = tryToStart();
          for (int i = 0; i < 4 && thrown == null; i++) {
            thrown = tryToStart();
          }
        }
      }
      for (java.io.InputStream each : open) {
        each.close();
      }
      System.out.println(thrown.reason() + " " + thrown.getMessage());
      System.out.println(ManagedProcess.command("echo", "goes on").run().text());
    }

    private static @Nullable ProcessStartException tryToStart() throws InterruptedException {
      try {
        ManagedProcess.command("true").start().join();
        return null;
      } catch (ProcessStartException full) {
        return full;
      }
    }
  }
}
