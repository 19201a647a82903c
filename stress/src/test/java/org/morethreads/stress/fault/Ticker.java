package org.morethreads.stress.fault;

import java.time.Duration;
import org.morethreads.sync.Signal;
import org.morethreads.sync.Till;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.ThreadTree;

/** A program that ticks until it is told to stop, for {@link StoppedProcessTest}. */
final class Ticker {
  private Ticker() {}

  public static void main(String[] arguments) throws Exception {
    ManagedThread<?> base =
        ManagedThread.run(
            "base",
            stop -> {
              stop.await();
              System.out.println("base stops");
            });
    ManagedThread.named("ticker")
        .needs(base)
        .run(stop -> {
          while (!stop.isSignalled()) {
            Till.after(Duration.ofMillis(20)).await();
            System.out.println("tick");
          }
          System.out.println("ticker told");
          boolean _ = Signal.NEVER.await(Duration.ofMillis(300)); // time to be frozen in
          System.out.println("ticker stops");
        });
    ThreadTree.main().awaitShutdown();
  }
}
