package org.morethreads.logging;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;

/** A program whose sink blocks or fails. */
final class BadSink {
  private BadSink() {}

  private static void block() {
    while (true) {
      try {
        new CountDownLatch(1).await();
      } catch (InterruptedException e) {
        System.out.println("interrupted");
      }
    }
  }

  public static void main(String[] args) {
    LogSink<String> sink =
        line -> {
          if (args[0].equals("blocks")) {
            block();
          }
          throw new IOException("no space left");
        };
    LogWriter<String> log =
        LogWriter.<String>named("bad").retryFor(Duration.ofMillis(100)).start(sink);
    for (int i = 0; i < 10; i++) {
      log.write("line " + i);
    }
    Runtime.getRuntime().addShutdownHook(new Thread(() -> log.write("late")));
  }
}
