import java.time.Duration;
import java.time.LocalTime;
import org.morethreads.process.Command;
import org.morethreads.process.ManagedProcess;
import org.morethreads.process.ProcessStartException;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.Scope;
import org.morethreads.work.Schedule;

/** Shown in the Javadoc of the package. */
final class ProcessSnippets {
  private ProcessSnippets() {}

  static void lines() throws ProcessStartException, InterruptedException {
    // @start region="lines"
    ManagedProcess git = ManagedProcess.command("git", "log", "--oneline").lines().start();
    for (String line : git.stdout()) {
      show(line);
    }
    int exitCode = git.join(); // throws if git has failed, with the end of its standard error
    // @end
    show("exit code " + exitCode);
  }

  private static void show(String line) {
    System.out.println(line);
  }

  static void place(ManagedThread<?> database) throws Exception {
    // @start region="place"
    ManagedProcess web =
        ManagedProcess.command("cat")
            .stdinLines()
            .start(ManagedThread.named("web").needs(database));

    Scope.run(
        "tools",
        scope -> {
          ManagedProcess _ = ManagedProcess.command("true").start(scope.named("tool"));
        });
    // @end
    web.stdin().close();
    int _ = web.join();
  }

  static String command(String branch) throws ProcessStartException, InterruptedException {
    // @start region="command"
    String echoed = Command.of("echo", branch).run().text(); // whatever is in it: no quoting needed
    Command.Builder count = Command.shell("ls \"$WHERE\" | wc -l").environment("WHERE", "/");
    int files = Integer.parseInt(count.run().text().strip());
    // @end
    return echoed + files;
  }

  static Schedule schedule() {
    // @start region="schedule"
    Schedule backup =
        Schedule.named("backup")
            .maximumRunTime(Duration.ofHours(1))
            .at(
                Schedule.Times.daily(LocalTime.of(3, 0)),
                ManagedProcess.command("rsync", "-a", "data/", "backup/").task());
    // @end
    return backup;
  }
}
