package org.morethreads.logging;

import org.morethreads.sync.Signal;
import org.morethreads.thread.ManagedThread;

/** A program about which there is something to report, most of it while it exits. */
final class Reports {
  private Reports() {}

  public static void main(String[] args) throws Exception {
    System.getLogger("program").log(System.Logger.Level.INFO, "begins");
    var started = Signal.create("started");
    ManagedThread.run(
        "deaf",
        _ -> {
          started.go();
          while (true) {
            try {
              Thread.sleep(100_000);
            } catch (InterruptedException e) {
              Thread.yield(); // does not listen
            }
          }
        });
    ManagedThread.run(
        "fails",
        pleaseStop -> {
          pleaseStop.await();
          var failure = new IllegalStateException("the disk is full", new Error("why"));
          failure.addSuppressed(new IllegalStateException("and the clean-up"));
          throw failure;
        });
    Thread alien =
        new Thread(
            () -> {
              throw new IllegalArgumentException("alien failure");
            },
            "alien");
    alien.start();
    alien.join();
    for (int i = 0; i < 50; i++) {
      Thread same = new Thread(Reports::failTheSame, "same-" + i);
      same.start();
      same.join();
    }
    started.await();
    System.exit(0);
  }

  private static void failTheSame() {
    throw new IllegalStateException("always the same");
  }
}
