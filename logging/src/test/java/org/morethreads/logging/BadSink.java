package org.morethreads.logging;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;

/** A program whose sink blocks, fails, or is a full disk. */
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

  private static LogSink<String> sink(String how) throws IOException {
    if (how.equals("is full")) {
      return LineSink.file(Path.of("/dev/full")).formatting(line -> line);
    }
    return line -> {
      if (how.equals("blocks")) {
        block();
      }
      throw new IOException("no space left");
    };
  }

  public static void main(String[] args) throws IOException {
    LogSink<String> sink = sink(args[0]);
    LogWriter<String> log =
        LogWriter.<String>named("bad").retryFor(Duration.ofMillis(100)).start(sink);
    for (int i = 0; i < 10; i++) {
      log.write("line " + i);
    }
    Runtime.getRuntime().addShutdownHook(new Thread(() -> log.write("late")));
  }
}
