package org.morethreads.benchmarks.loss;

import java.io.IOException;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.CountDownLatch;

/**
 * The program whose log is looked at. It notes in a mapped file, which survives it, how many of its
 * calls have returned.
 */
public final class LossProgram {
  /** The threads that go on logging when the signal comes in the middle. */
  static final int THREADS = 4;

  private static final int LINE = 64;

  private LossProgram() {}

  /** Logs a numbered record. */
  @FunctionalInterface
  public interface Numbered {
    /** Logs one; thread and number make it unique. */
    void log(int thread, int number);
  }

  static MappedByteBuffer counters(Path directory) throws IOException {
    try (FileChannel file =
        FileChannel.open(
            directory.resolve("counters"),
            StandardOpenOption.CREATE,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE)) {
      return file.map(FileChannel.MapMode.READ_WRITE, 0, THREADS * LINE);
    }
  }

  static int returned(MappedByteBuffer counters, int thread) {
    return counters.getInt(thread * LINE);
  }

  /** A logger behind one of the interfaces. */
  public static Numbered logger(LossConfig.Api api) {
    return switch (api) {
      case LOGBACK -> {
        var logger = org.slf4j.LoggerFactory.getLogger("loss");
        yield (thread, number) -> logger.info("<{} {}>", thread, number);
      }
      case LOG4J -> {
        var logger = org.apache.logging.log4j.LogManager.getLogger("loss");
        yield (thread, number) -> logger.info("<{} {}>", thread, number);
      }
      case SYSTEM -> {
        var logger = System.getLogger("loss");
        yield (thread, number) ->
            logger.log(System.Logger.Level.INFO, "<" + thread + " " + number + ">");
      }
    };
  }

  public static void main(String[] args) throws Exception {
    LossConfig config = LossConfig.valueOf(args[0]);
    String mode = args[1];
    int records = Integer.parseInt(args[2]);
    MappedByteBuffer counters = counters(Path.of(args[3]));
    Numbered log = logger(config.api);
    if (mode.equals("term-middle")) {
      CountDownLatch started = new CountDownLatch(THREADS);
      for (int i = 0; i < THREADS; i++) {
        int thread = i;
        // not virtual: those who never wait would leave no carrier to the others
        Thread.ofPlatform()
            .daemon()
            .start(() -> {
              for (int n = 0; ; n++) {
                log(log, counters, thread, n);
                if (n == records / (4 * THREADS)) {
                  started.countDown();
                }
              }
            });
      }
      started.await();
    } else {
      for (int n = 0; n < records; n++) {
        log(log, counters, 0, n);
      }
    }
    switch (mode) {
      case "exit" -> System.exit(0);
      case "return" -> {}
      default -> {
        System.out.println("LOGGED");
        new CountDownLatch(1).await();
      }
    }
  }

  private static void log(Numbered log, MappedByteBuffer counters, int thread, int number) {
    log.log(thread, number);
    counters.putInt(thread * LINE, number + 1);
  }
}
