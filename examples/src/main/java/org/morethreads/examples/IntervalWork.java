package org.morethreads.examples;

import java.time.Duration;
import org.morethreads.sync.Signal;
import org.morethreads.thread.ManagedThread;
import org.morethreads.work.Repeat;

/** Work every so often: a loop that pauses after each round, and a repetition that keeps a rate. */
public class IntervalWork {
  public static void main(String... arguments) throws InterruptedException {
    var beat =
        ManagedThread.run(
            "beat",
            pleaseStop -> {
              while (!pleaseStop.await(Duration.ofSeconds(5))) {
                System.out.println("beat");
              }
            });
    var report =
        Repeat.named("report")
            .firstAfter(Duration.ofMillis(500))
            .atFixedRate(
                Duration.ofSeconds(2),
                pleaseStop -> {
                  System.out.println("report");
                  Signal.NEVER.await(Duration.ofSeconds(3)); // too long: the next one is skipped
                });
    Signal.NEVER.await(Duration.ofSeconds(11));
    beat.stop(); // ends the pause at once
    report.stop(); // a run that is under way ends first
    beat.join();
    report.stopped().await();
    System.out.println(
        report.status().runs() + " reports, " + report.status().skipped() + " skipped");
  }
}
