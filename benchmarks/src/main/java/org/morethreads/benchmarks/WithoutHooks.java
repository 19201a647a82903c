package org.morethreads.benchmarks;

import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/**
 * Core as it would be if nobody could observe it: the classes that tell observers, compiled from
 * copies of their sources from which that was cut out. Put before core on the class path.
 */
final class WithoutHooks {
  private static final String PLACE = "org/morethreads/";

  /** Those that are about observers. All others must be without the word when all is cut. */
  private static final Set<String> ABOUT_OBSERVERS =
      Set.of(
          "internal/Observer.java",
          "thread/Observers.java",
          "thread/ThreadObserver.java",
          "thread/ThreadTree.java");

  /** What is cut out of a source, or put in its place. */
  private record Cut(String file, int times, Pattern what, String instead) {
    static Cut of(String file, int times, String what, String instead) {
      return new Cut(file, times, Pattern.compile(what), instead);
    }

    String from(String source) {
      long found = what.matcher(source).results().count();
      if (found != times) {
        throw new IllegalStateException(
            "\""
                + what
                + "\" is in "
                + file
                + " "
                + found
                + " times, not "
                + times
                + ": the places that tell observers have changed, and WithoutHooks must follow.");
      }
      return what.matcher(source).replaceAll(instead);
    }
  }

  private static final String WORD = "\\bObservers?\\b";

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
              2,
              "(?s)Observer observer = Observer.installed\\(\\);\\s*if \\(observer == null[^{]*\\{(.*?)} else \\{.*?}",
              "$1"),
          Cut.of(
              "internal/Surroundings.java", 1, "(?s)private void observedPark\\(.*?\\n  }\\n", ""));

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
    clear(directory);
    List<Path> changed = new ArrayList<>();
    Set<String> cut = new LinkedHashSet<>();
    for (Cut each : CUTS) {
      cut.add(each.file);
    }
    for (String file : cut) {
      String source = Files.readString(sources.resolve(PLACE + file));
      for (Cut each : CUTS) {
        if (each.file.equals(file)) {
          source = each.from(source);
        }
      }
      source = source.replaceAll("(?m)^import .*\\.Observer;$", "");
      checkNoneLeft(file, source);
      Path copy = directory.resolve("sources").resolve(PLACE + file);
      Files.createDirectories(copy.getParent());
      changed.add(Files.writeString(copy, source));
    }
    checkOthers(sources, cut);
    return compile(changed, Files.createDirectories(directory.resolve("classes")));
  }

  private static void checkOthers(Path sources, Set<String> cut) throws IOException {
    Path root = sources.resolve(PLACE);
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

  private static Path compile(List<Path> files, Path classes) throws IOException {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    StringWriter messages = new StringWriter();
    try (StandardJavaFileManager manager = compiler.getStandardFileManager(null, null, null)) {
      boolean compiled =
          compiler
              .getTask(
                  messages,
                  manager,
                  null,
                  Arrays.asList(
                      "-proc:none",
                      "-g", // as the build does
                      "-d",
                      classes.toString(),
                      "-cp",
                      System.getProperty("java.class.path")),
                  null,
                  manager.getJavaFileObjectsFromPaths(files))
              .call();
      if (!compiled) {
        throw new IllegalStateException("The copies without hooks do not compile: " + messages);
      }
    }
    return classes;
  }

  private static void clear(Path directory) throws IOException {
    if (Files.isDirectory(directory)) {
      try (Stream<Path> files = Files.walk(directory)) {
        for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }
}
