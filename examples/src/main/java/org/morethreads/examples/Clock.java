package org.morethreads.examples;

import java.time.Duration;
import org.morethreads.queue.CloseableQueue;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.ThreadTree;

public class Clock {
  public static void main(String... arguments) throws InterruptedException {
    var ticks = CloseableQueue.<String>bounded("ticks", 10);
    ManagedThread.run("printer", pleaseStop -> ticks.forEach(System.out::println));
    ManagedThread.run(
        "clock",
        pleaseStop -> {
          try (ticks) { // closes the queue, and so ends the printer
            while (!pleaseStop.await(Duration.ofSeconds(1))) ticks.put("tick", pleaseStop);
          }
        });
    ThreadTree.main().awaitShutdown(); // Ctrl-C, SIGTERM, or ThreadTree.main().stop()
    System.out.println("all stopped");
  }
}
