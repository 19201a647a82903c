package org.morethreads.logging;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A log on a disk that is full, really so: nobody hangs, and every loss is counted (G1). */
@Timeout(120)
class FullDiskTest {
  private static final Duration LONG = Duration.ofSeconds(60);
  private static final int LINES = 3_000;

  /** How long the file may be, in blocks of 512 bytes: much less than the lines. */
  private static final int BLOCKS = 200;

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
   * fails. It is full again and again until somebody makes room. Some lines are longer than the
   * buffer.
   */
  @Test
  void write_diskFillsUpAndIsFreed_everyLineIsThereOnceAndWhole() throws Exception {
    Path file = directory.resolve("log.txt");
    try (Program program =
        Program.startLimited(directory, BLOCKS, FullDisk.class, arguments(file, "file"))) {
      // nothing need be said: a write that is refused is tried again without a word
      program.end().isStatus(0).says("3000 written, 0 lost");
    }
    assertThat(linesOf(file)).isEqualTo(lines());
  }

  /** The standard output is a file as well, if somebody has redirected it to one. */
  @Test
  void write_standardOutputIsAFileOnAFullDisk_everyLineIsThereOnceAndWhole() throws Exception {
    Path file = directory.resolve("log.txt");
    try (Program program =
        Program.startLimitedTo(
            directory, file, BLOCKS, FullDisk.class, arguments(file, "stdout"))) {
      program.end().isStatus(0).reports("3000 written, 0 lost");
    }
    assertThat(linesOf(file)).isEqualTo(lines());
  }

  /**
   * What a framework has in its buffer is neither lost nor written twice. A record may be lost if
   * there is no room for a second; then it is counted.
   */
  @ParameterizedTest
  @ValueSource(strings = {"logback", "log4j"})
  void log_diskFillsUpAndIsFreed_everyLineIsThereOnceAndWholeOrCounted(String framework)
      throws Exception {
    Path file = directory.resolve("log.txt");
    String out;
    try (Program program =
        Program.startLimited(directory, BLOCKS, FullDisk.class, arguments(file, framework))) {
      out = program.end().isStatus(0).out();
    }
    List<String> found = linesOf(file);
    List<String> missing = new ArrayList<>(lines());
    missing.removeAll(new HashSet<>(found));
    List<String> expected = new ArrayList<>(lines());
    expected.removeAll(new HashSet<>(missing));
    assertThat(found).isEqualTo(expected);
    assertThat(out).contains(found.size() + " written, " + missing.size() + " lost");
    assertThat(part(file, 1)).as("it was full more than once").exists();
  }

  private static String[] arguments(Path file, String kind) {
    return new String[] {file.toString(), kind, "" + 512L * BLOCKS, "" + LINES};
  }

  private static List<String> lines() {
    return IntStream.range(0, LINES).mapToObj(FullDisk::line).toList();
  }

  /** In the parts that were put aside when it was full, and in what is left. */
  private static List<String> linesOf(Path file) throws Exception {
    StringBuilder all = new StringBuilder();
    for (int i = 0; Files.exists(part(file, i)); i++) {
      all.append(Files.readString(part(file, i)));
    }
    all.append(Files.readString(file));
    return Arrays.asList(all.toString().split("\n"));
  }

  private static Path part(Path file, int number) {
    return file.resolveSibling(file.getFileName() + "." + number);
  }
}
