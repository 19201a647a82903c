package org.morethreads.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.morethreads.benchmarks.CutBuild.Cut;

/**
 * Core as it would be if nobody could observe it: the classes that tell observers, compiled from
 * copies of their sources from which that was cut out. Put before core on the class path.
 */
final class WithoutHooks {
  /** Those that are about observers. All others must be without the word when all is cut. */
  private static final Set<String> ABOUT_OBSERVERS =
      Set.of(
          "internal/Observer.java",
          "thread/Observers.java",
          "thread/ThreadObserver.java",
          "thread/ThreadTree.java");

  private static final String WORD = "\\bObservers?\\b";

  private static final String IMPORT = "import .*\\.Observer;";

  private static final List<Cut> CUTS =
      List.of(
          Cut.of("thread/Node.java", 6, "Observers\\.\\w+\\([^;]*\\);", ""),
          Cut.of("thread/StopWatch.java", 1, "Observers\\.overdue\\([^;]*\\);", ""),
          Cut.of("sync/Waiting.java", 4, "(waiting\\.)?observe(Late|Tills)\\([^;{]*\\);", ""),
          Cut.of(
              "sync/Waiting.java",
              2,
              "(?s)private (static )?void observe(Late|Tills)\\(.*?\\n  }\\n",
              ""),
          Cut.of(
              "sync/Till.java",
              1,
              "(?s)Observer observer = Observer.installed\\(\\);\\s*if \\(observer != null[^{]*\\{.*?}",
              ""),
          Cut.of(
              "internal/Surroundings.java",
              3,
              "(?s)Observer observer = Observer.installed\\(\\);\\s*if \\(observer == null[^{]*\\{(.*?)} else \\{.*?}",
              "$1"),
          Cut.of(
              "internal/Surroundings.java", 1, "(?s)private void observedPark\\(.*?\\n  }\\n", ""),
          Cut.of("sync/Waiting.java", 1, IMPORT, ""),
          Cut.of("sync/Till.java", 1, IMPORT, ""));

  private WithoutHooks() {}

  /**
   * Compiles them.
   *
   * @param sources the sources of core
   * @param directory where to: emptied before
   * @return the directory of the classes
   * @throws IllegalStateException if the sources have changed so that not all would be cut out
   */
  static Path compile(Path sources, Path directory) throws IOException {
    checkOthers(sources, CutBuild.files(CUTS));
    return CutBuild.compile(sources, directory, CUTS, WithoutHooks::checkNoneLeft);
  }

  private static void checkOthers(Path sources, Set<String> cut) throws IOException {
    Path root = sources.resolve(CutBuild.PLACE);
    try (Stream<Path> files = Files.walk(root)) {
      for (Path path : files.filter(each -> each.toString().endsWith(".java")).toList()) {
        String file = root.relativize(path).toString().replace('\\', '/');
        if (!cut.contains(file) && !ABOUT_OBSERVERS.contains(file)) {
          checkNoneLeft(file, Files.readString(path));
        }
      }
    }
  }

  private static void checkNoneLeft(String file, String source) {
    if (Pattern.compile(WORD).matcher(source).find()) {
      throw new IllegalStateException(
          file + " tells observers in a place that WithoutHooks does not know.");
    }
  }
}
