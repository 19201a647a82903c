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
import java.util.function.BiConsumer;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/**
 * Some classes of core, compiled from copies of their sources from which something was cut out. Put
 * before core on the class path, they show what that costs.
 */
final class CutBuild {
  static final String PLACE = "org/morethreads/";

  /** What is cut out of a source, or put in its place. */
  record Cut(String file, int times, Pattern what, String instead) {
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
                + ": the source has changed, and the cut must follow.");
      }
      return what.matcher(source).replaceAll(instead);
    }
  }

  private CutBuild() {}

  /** The files that something is cut out of. */
  static Set<String> files(List<Cut> cuts) {
    Set<String> files = new LinkedHashSet<>();
    cuts.forEach(each -> files.add(each.file));
    return files;
  }

  /**
   * Compiles them.
   *
   * @param sources the sources of core
   * @param directory where to: emptied before
   * @param check is given the name of each file and what is left of it
   * @return the directory of the classes
   * @throws IllegalStateException if the sources have changed so that not all would be cut out
   */
  static Path compile(
      Path sources, Path directory, List<Cut> cuts, BiConsumer<String, String> check)
      throws IOException {
    clear(directory);
    List<Path> changed = new ArrayList<>();
    for (String file : files(cuts)) {
      String source = Files.readString(sources.resolve(PLACE + file));
      for (Cut each : cuts) {
        if (each.file.equals(file)) {
          source = each.from(source);
        }
      }
      check.accept(file, source);
      Path copy = directory.resolve("sources").resolve(PLACE + file);
      Files.createDirectories(copy.getParent());
      changed.add(Files.writeString(copy, source));
    }
    return compile(changed, Files.createDirectories(directory.resolve("classes")));
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
        throw new IllegalStateException("The cut copies do not compile: " + messages);
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
