package org.morethreads.stress.planted;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The suites of this module can fail: each bug of {@link PlantedBugs} is planted into a copy of a
 * class of core or logging, and the test that has to find it runs in a JVM where the copy is in the
 * place of the class. With {@code -Dmorethreads.rounds=20} it has to find it twenty times, each
 * time from other seeds where it has seeds.
 */
class PlantedBugsTest {
  private static final List<Path> SOURCES =
      List.of(Path.of("../core/src/main/java"), Path.of("../logging/src/main/java"));
  private static final long LONGEST_SECONDS = 240;

  @TempDir private Path directory;

  static Stream<PlantedBug> bugs() {
    return PlantedBugs.ALL.stream();
  }

  @ParameterizedTest
  @MethodSource("bugs")
  void planted_bug_isFound(PlantedBug bug) throws Exception {
    compile(bug);
    Path output = directory.resolve("output.txt");
    List<String> command = new ArrayList<>(List.of(java()));
    command.addAll(bug.options());
    command.add("-Dmorethreads.rounds=" + RunOne.ROUNDS);
    command.addAll(
        List.of(
            "-cp",
            directory.resolve("classes") + File.pathSeparator + classPath(),
            RunOne.class.getName(),
            bug.test(),
            bug.method()));
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      assertThat(process.waitFor(RunOne.ROUNDS * LONGEST_SECONDS, TimeUnit.SECONDS))
          .as("%s has ended", bug)
          .isTrue();
    } finally {
      process.destroyForcibly();
    }
    String said = Files.readString(output);
    assertThat(process.exitValue()).as("%s; it said:%n%s", bug, said).isEqualTo(RunOne.FAILED);
    List<String> rounds = Stream.of(said.split(Pattern.quote(RunOne.ROUND), -1)).skip(1).toList();
    assertThat(rounds).as("rounds of %s", bug).hasSize(RunOne.ROUNDS);
    assertThat(rounds)
        .as("%s was found for what it is, each time", bug)
        .allMatch(round -> round.contains(" fails:") && round.contains(bug.found()));
  }

  private static String java() {
    return Path.of(System.getProperty("java.home"), "bin", "java").toString();
  }

  private static String classPath() {
    return System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
  }

  private void compile(PlantedBug bug) throws IOException {
    Path original =
        SOURCES.stream()
            .map(root -> root.resolve(bug.file()))
            .filter(Files::exists)
            .findFirst()
            .orElseThrow();
    String source = Files.readString(original);
    assertThat(source.split(Pattern.quote(bug.right()), -1))
        .as("the text of \"%s\" is in %s once", bug, bug.file())
        .hasSize(2);
    Path mutated = directory.resolve("sources").resolve(bug.file());
    Files.createDirectories(mutated.getParent());
    Files.writeString(mutated, source.replace(bug.right(), bug.wrong()));
    Path classes = Files.createDirectories(directory.resolve("classes"));
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    StringWriter messages = new StringWriter();
    try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
      boolean compiled =
          compiler
              .getTask(
                  messages,
                  files,
                  null,
                  List.of("-proc:none", "-d", classes.toString(), "-cp", classPath()),
                  null,
                  files.getJavaFileObjects(mutated))
              .call();
      assertThat(compiled).as("%s compiles: %s", bug, messages).isTrue();
    }
  }
}
