package org.morethreads.logging;

import org.apache.logging.log4j.core.util.Cancellable;
import org.morethreads.logging.log4j.OrderedShutdownCallbackRegistry;
import org.morethreads.sync.Signal;
import org.morethreads.thread.ManagedThread;

/** A program that asks, as Log4j does, to be called back at the end, and may cancel that. */
final class CallsBack {
  private CallsBack() {}

  public static void main(String[] args) throws Exception {
    Cancellable first =
        new OrderedShutdownCallbackRegistry()
            .addShutdownCallback(() -> System.out.println("called back"));
    Cancellable second =
        new OrderedShutdownCallbackRegistry()
            .addShutdownCallback(() -> System.out.println("the other, too"));
    if (args[0].equals("cancels")) {
      first.cancel();
      first.cancel(); // Log4j may
    }
    var started = Signal.create("started");
    ManagedThread.run(
        "worker",
        pleaseStop -> {
          started.go();
          pleaseStop.await();
          System.out.println("thread ends");
        });
    started.await();
    if (args[0].equals("runs")) {
      second.run();
      second.cancel();
    }
    System.exit(0);
  }
}
