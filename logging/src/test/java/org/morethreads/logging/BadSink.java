package org.morethreads.logging;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;

/** A program whose sink blocks, fails, is slow, or is a full disk; or whose log drops records. */
final class BadSink {
  private BadSink() {}

  /** What a log that drops waits for, so that it is full. */
  private static final CountDownLatch ENOUGH = new CountDownLatch(1);

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
      if (how.equals("is slow")) {
        Thread.sleep(50);
        System.out.println(line);
        return;
      }
      if (how.equals("is dropped")) {
        ENOUGH.await();
        System.out.println(line);
        return;
      }
      if (how.equals("blocks")) {
        block();
      }
      throw new IOException("no space left");
    };
  }

  public static void main(String[] args) throws IOException {
    LogSink<String> sink = sink(args[0]);
    LogWriter.Builder<String> builder =
        LogWriter.<String>named("bad").retryFor(Duration.ofMillis(100));
    if (args[0].equals("is dropped")) {
      builder.capacity(4).dropBelow(System.Logger.Level.WARNING, 0.5);
    }
    LogWriter<String> log = builder.start(sink);
    for (int i = 0; i < 10; i++) {
      boolean _ = log.write("line " + i, System.Logger.Level.INFO);
    }
    ENOUGH.countDown();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> log.write("late")));
  }
}
