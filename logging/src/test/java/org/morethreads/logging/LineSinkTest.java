package org.morethreads.logging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LineSinkTest {
  @TempDir Path directory;

  @Test
  void write_allKindsOfLines_areInTheFileInOrder() throws Exception {
    Path file = directory.resolve("new/sub/log.txt");
    var random = new Random(4711);
    List<String> lines = new ArrayList<>();
    try (var sink = LineSink.file(file)) {
      for (int i = 0; i < 2_000; i++) {
        String line = "plain " + "x".repeat(random.nextInt(200)) + (i % 3 == 0 ? " äß€😀" : "");
        lines.add(line);
        sink.write(line);
      }
      for (int length : new int[] {21_843, 21_844, 21_845, 21_846, 65_535, 65_536, 300_000}) {
        lines.add("é".repeat(length));
        sink.write(new StringBuilder(lines.getLast()));
      }
      lines.add("");
      sink.write("");
    }
    assertThat(Files.readAllLines(file)).isEqualTo(lines);
  }

  @Test
  void write_unpairedSurrogate_isReplaced() throws Exception {
    Path file = directory.resolve("log.txt");
    try (var sink = LineSink.file(file)) {
      sink.write("a\ud83db");
      sink.write("next");
    }
    assertThat(Files.readAllLines(file)).containsExactly("a?b", "next");
  }

  @Test
  void file_isThere_isAppendedTo() throws Exception {
    Path file = directory.resolve("log.txt");
    Files.writeString(file, "before\n");
    try (var sink = LineSink.file(file)) {
      sink.write("after");
    }
    assertThat(Files.readAllLines(file)).containsExactly("before", "after");
  }

  @Test
  void write_beforeFlush_staysInTheBuffer() throws Exception {
    Path file = directory.resolve("log.txt");
    try (var sink = LineSink.file(file)) {
      sink.write("one");
      assertThat(file).isEmptyFile();
      sink.flush();
      assertThat(Files.readAllLines(file)).containsExactly("one");
    }
  }

  @Test
  void flush_deviceIsFull_throwsAndKeepsTheLines() throws Exception {
    var sink = LineSink.file(Path.of("/dev/full"));
    sink.write("one");
    assertThatThrownBy(sink::flush).isInstanceOf(IOException.class);
    assertThatThrownBy(sink::flush).isInstanceOf(IOException.class);
    assertThatThrownBy(sink::close).isInstanceOf(IOException.class);
  }
}
