package org.morethreads.examples;

import java.time.Duration;
import java.util.Arrays;
import org.morethreads.process.ManagedProcess;
import org.morethreads.process.ProcessStartException;
import org.morethreads.sync.Signal;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.ThreadFailedException;
import org.morethreads.thread.ThreadTree;

/**
 * Keeps a program running: one that fails is started again, after a pause that doubles each time
 * and is short again after the program has run well for a while. Ctrl-C stops the program, and all
 * that it has started.
 *
 * <pre>examples/run Restarter PROGRAM [ARGUMENT]…</pre>
 */
public final class Restarter {
  private final ManagedProcess.Builder program;
  private final Duration shortest;
  private final Duration longest;

  /** How long a program must have run to count as one that runs well. */
  private final Duration well;

  private int starts;

  Restarter(ManagedProcess.Builder program, Duration shortest, Duration longest, Duration well) {
    this.program = program;
    this.shortest = shortest;
    this.longest = longest;
    this.well = well;
  }

  public static void main(String... arguments) throws InterruptedException {
    if (arguments.length == 0) {
      System.err.println("Give a program and its arguments.");
      System.exit(2);
    }
    Restarter restarter =
        new Restarter(
            ManagedProcess.command(Arrays.asList(arguments))
                .inherited()
                .ownSession(), // so that Ctrl-C reaches us alone, who stop it in order
            Duration.ofMillis(200),
            Duration.ofSeconds(30),
            Duration.ofMinutes(1));
    var _ = ManagedThread.run("restarter", restarter::keepRunning);
    ThreadTree.main().awaitShutdown();
  }

  /** Until it is told to stop, or the program ends without a failure. */
  void keepRunning(Signal pleaseStop) throws ProcessStartException, InterruptedException {
    Duration pause = shortest;
    while (!pleaseStop.isSignalled()) {
      long began = System.nanoTime();
      starts++;
      try {
        int _ = program.start().join();
        return; // it has done what it was to do, or was stopped
      } catch (ThreadFailedException failed) {
        boolean ranWell = System.nanoTime() - began >= well.toNanos();
        pause = ranWell ? shortest : pause;
        System.err.println(failed.getMessage() + "\nIt is started again in " + pause + ".");
      }
      if (pleaseStop.await(pause)) {
        return;
      }
      pause = pause.multipliedBy(2).compareTo(longest) < 0 ? pause.multipliedBy(2) : longest;
    }
  }

  int starts() {
    return starts;
  }
}
