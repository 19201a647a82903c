package org.morethreads.logging;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A log on a disk that is full, really so: nobody hangs, and every loss is counted (G1). */
@Timeout(120)
class FullDiskTest {
  private static final Duration LONG = Duration.ofSeconds(60);

  @TempDir Path directory;

  private static LogWriter<CharSequence> onAFullDevice(Duration within) throws Exception {
    return LogWriter.<CharSequence>named("full")
        .capacity(64)
        .retryFor(Duration.ZERO)
        .stopWithin(within)
        .start(LineSink.file(Path.of("/dev/full")));
  }

  private static boolean hasWriterThread() {
    return Thread.getAllStackTraces().keySet().stream()
        .anyMatch(thread -> thread.getName().equals("more-threads-log-full"));
  }

  @Test
  void write_deviceIsFull_returnsAndEveryRecordIsCountedAsLost() throws Exception {
    LogWriter<CharSequence> writer = onAFullDevice(Duration.ofMillis(200));
    int lines = 3_000; // more than the buffer of the sink takes
    for (int i = 0; i < lines; i++) {
      assertThat(writer.write(FullDisk.line(i))).as("accepted").isTrue();
    }
    writer.close();
    assertThat(writer.lastFailure()).isInstanceOf(java.io.IOException.class);
    LogStatistics so = writer.statistics();
    assertThat(so.lost()).isEqualTo(lines);
    assertThat(so.written()).isZero();
    assertThat(so.pending()).isZero();
  }

  /** A program that opens a log for each of its jobs keeps no thread and no file of each. */
  @Test
  void close_deviceIsFull_endsTheThreadOfTheWriter() throws Exception {
    LogWriter<CharSequence> writer = onAFullDevice(Duration.ofMillis(200));
    writer.write("one");
    writer.close();
    long end = System.nanoTime() + LONG.toNanos();
    while (hasWriterThread()) {
      assertThat(System.nanoTime() - end).as("time left").isNegative();
      Thread.sleep(5);
    }
    assertThat(writer.statistics().lost()).isEqualTo(1);
  }

  /**
   * The limit of the size of a file is as good as a full disk: a write goes half-way, and then
   * fails. It is full again and again until somebody makes room.
   */
  @Test
  void write_diskFillsUpAndIsFreed_everyLineIsThereOnceAndWhole() throws Exception {
    Path file = directory.resolve("log.txt");
    int blocks = 200;
    long limit = 512L * blocks;
    int lines = 3_000; // 280,000 bytes
    StringBuilder all = new StringBuilder();
    try (Program program =
        Program.startLimited(directory, blocks, FullDisk.class, file.toString(), "" + lines)) {
      for (int i = 0; i < 2; i++) {
        awaitSize(file, limit);
        all.append(Files.readString(file));
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
          channel.truncate(0);
        }
      }
      // nothing need be said: a write that is refused is tried again without a word
      program.end().isStatus(0).says("true: 3000 written, 0 lost");
    }
    all.append(Files.readString(file));
    List<String> expected = IntStream.range(0, lines).mapToObj(FullDisk::line).toList();
    assertThat(Arrays.asList(all.toString().split("\n"))).isEqualTo(expected);
  }

  private static void awaitSize(Path file, long size) throws Exception {
    long end = System.nanoTime() + LONG.toNanos();
    while (!Files.exists(file) || Files.size(file) < size) {
      assertThat(System.nanoTime() - end).as("time left").isNegative();
      Thread.sleep(5);
    }
  }
}
