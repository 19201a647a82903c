package org.morethreads.examples;

import java.time.Duration;
import org.morethreads.queue.CloseableQueue;
import org.morethreads.queue.Select;
import org.morethreads.sync.Till;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.ThreadTree;

/**
 * One wait for several things: a clerk serves two queues, says when nothing happens, and closes
 * when both queues have ended, or on Ctrl-C.
 */
public class Selecting {
  /** What can happen to the clerk. */
  private sealed interface Event {
    record Call(String from) implements Event {}

    record Letter(String from) implements Event {}

    record Nothing() implements Event {}

    record Evening(String why) implements Event {}
  }

  public static void main(String... arguments) throws InterruptedException {
    var phone = CloseableQueue.<String>bounded("phone", 10);
    var mail = CloseableQueue.<String>bounded("mail", 10);
    var tree = ThreadTree.main();

    var clerk =
        ManagedThread.run(
            "clerk",
            pleaseStop -> {
              while (true) {
                Event event =
                    Select.<Event>awaitFirst(
                        Select.take(phone, Event.Call::new),
                        Select.take(mail, Event.Letter::new),
                        Select.until(pleaseStop, () -> new Event.Evening("told to stop")),
                        Select.atEnd(() -> new Event.Evening("nothing more will come")),
                        Select.after(Duration.ofMillis(300), Event.Nothing::new));
                switch (event) {
                  case Event.Call(var from) -> System.out.println("clerk: hello, " + from);
                  case Event.Letter(var from) -> System.out.println("clerk: a letter from " + from);
                  case Event.Nothing() -> System.out.println("clerk: all is quiet");
                  case Event.Evening(var why) -> {
                    System.out.println("clerk: closing, " + why);
                    return;
                  }
                }
              }
            });
    ManagedThread.run(
        "town",
        pleaseStop -> {
          try (phone;
              mail) {
            phone.put("Ann");
            mail.put("Bob");
            phone.put("Cid");
            pleaseStop.await(Till.after(Duration.ofSeconds(1)));
          }
        });
    clerk.stopped().then(() -> tree.stop("the clerk has gone home"));
    tree.awaitShutdown();
  }
}
