package org.morethreads.logging;

import java.util.function.Consumer;
import org.morethreads.sync.Signal;
import org.morethreads.thread.ManagedThread;

/** A program whose threads log when they are told to stop, by a System.exit. */
final class TakenOver {
  static final int LINES = 5_000;

  private TakenOver() {}

  public static void main(String[] args) throws Exception {
    Consumer<String> log =
        args[0].equals("logback")
            ? org.slf4j.LoggerFactory.getLogger("program")::info
            : org.apache.logging.log4j.LogManager.getLogger("program")::info;
    var started = Signal.create("started");
    ManagedThread.run(
        "worker",
        pleaseStop -> {
          started.go();
          pleaseStop.await();
          for (int i = 0; i < LINES; i++) {
            log.accept("last words " + i);
          }
        });
    started.await();
    System.exit(0);
  }
}
