package org.morethreads.examples.census;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The census shows what the library spares its users; {@link CensusStream} shows the JDK. */
class CensusSourcesTest {
  private static final Path SOURCES =
      Path.of("src/main/java").resolve(Census.class.getPackageName().replace('.', '/'));
  private static final Pattern COMMENT = Pattern.compile("(?s)/\\*.*?\\*/|//[^\n]*");
  private static final Pattern STRING = Pattern.compile("(?s)\"\"\".*?\"\"\"|\"(\\\\.|[^\"\n])*\"");
  private static final Pattern SPARED =
      Pattern.compile(
          "\\b(synchronized|volatile|Thread\\.sleep|\\w*Executor\\w*|ForkJoinPool|CountDownLatch"
              + "|Semaphore|ReentrantLock|CompletableFuture|Thread\\.(of\\w+|start\\w+)|new Thread)\\b");

  @Test
  void sources_haveNoneOfWhatTheLibraryReplaces() throws IOException {
    try (Stream<Path> files = Files.list(SOURCES)) {
      for (Path file : files.filter(it -> !it.endsWith("CensusStream.java")).toList()) {
        String code = STRING.matcher(code(file)).replaceAll("\"\"");
        assertThat(SPARED.matcher(code).results().map(found -> found.group()))
            .as(file.toString())
            .isEmpty();
      }
    }
  }

  @Test
  void sources_haveFewerThan200LinesOfCode_withoutTheParsing() throws IOException {
    long lines = 0;
    for (String name : List.of("Census", "StopTimeline", "ClassDatabase")) {
      lines +=
          code(SOURCES.resolve(name + ".java"))
              .lines()
              .filter(line -> !line.isBlank() && !line.matches("(import|package) .*"))
              .count();
    }
    assertThat(lines).isBetween(100L, 199L);
  }

  private static String code(Path file) throws IOException {
    return COMMENT.matcher(Files.readString(file)).replaceAll("");
  }
}
