package org.morethreads.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** That the build against which the overhead is measured is what it is said to be. */
class WithoutHooksTest {
  private static final Path CORE = Path.of("../core/src/main/java");

  @TempDir Path directory;

  @Test
  void compile_core_classesKnowNoObservers() throws Exception {
    Path classes = WithoutHooks.compile(CORE, directory.resolve("out"));
    List<Path> all;
    try (Stream<Path> files = Files.walk(classes)) {
      all = files.filter(file -> file.toString().endsWith(".class")).toList();
    }
    assertThat(all)
        .extracting(file -> file.getFileName().toString())
        .contains(
            "Surroundings.class", "Waiting.class", "Till.class", "Node.class", "StopWatch.class");
    for (Path file : all) {
      assertThat(Files.readString(file, StandardCharsets.ISO_8859_1))
          .as(file.toString())
          .doesNotContain("internal/Observer", "thread/Observers");
    }
  }

  /** A copy of core in which somebody tells observers in one more place. */
  @Test
  void compile_placeThatIsNotKnown_isRefused() throws Exception {
    Path copy = copyOfCore();
    Path lock = copy.resolve("org/morethreads/sync/Lock.java");
    Files.writeString(lock, Files.readString(lock) + "// Observer.installed()\n");
    assertThatIllegalStateException()
        .isThrownBy(() -> WithoutHooks.compile(copy, directory.resolve("out")))
        .withMessageContaining("sync/Lock.java");
  }

  @Test
  void compile_placeThatHasGone_isRefused() throws Exception {
    Path copy = copyOfCore();
    Path watch = copy.resolve("org/morethreads/thread/StopWatch.java");
    Files.writeString(watch, Files.readString(watch).replace("Observers.overdue", "ignore"));
    assertThatIllegalStateException()
        .isThrownBy(() -> WithoutHooks.compile(copy, directory.resolve("out")))
        .withMessageContaining("thread/StopWatch.java");
  }

  @Test
  void compile_withoutStatistics_hasTheTwoClasses() throws Exception {
    Path classes = WithoutStatistics.compile(CORE, directory.resolve("out"));
    assertThat(classes.resolve("org/morethreads/queue/QueueCore.class")).exists();
    assertThat(classes.resolve("org/morethreads/queue/Line.class")).exists();
  }

  private Path copyOfCore() throws IOException {
    Path copy = directory.resolve("core");
    try (Stream<Path> files = Files.walk(CORE)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Path target = copy.resolve(CORE.relativize(file));
        Files.createDirectories(target.getParent());
        Files.copy(file, target);
      }
    }
    return copy;
  }
}
