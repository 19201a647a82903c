package org.morethreads.benchmarks.census;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Lets the census of the JDK log each class, in different ways, and says how long it takes. */
public final class CensusLog {
  private static final Pattern SECONDS =
      Pattern.compile("\"written\":(\\d+).*\"seconds\":([0-9.]+)");

  /** Where records go, and who writes them. */
  private record Way(String sink, String mode, long latency) {}

  private static final List<Way> WAYS =
      List.of(
          new Way("no log", "none", 0),
          new Way("file", "caller", 0),
          new Way("file", "writer", 0),
          new Way("1 ms", "caller", 1),
          new Way("1 ms", "writer", 1));

  private CensusLog() {}

  public static void main(String[] args) throws Exception {
    boolean quick = Arrays.asList(args).contains("--quick");
    int rounds = quick ? 1 : 7;
    double[][] seconds = new double[WAYS.size()][rounds];
    for (int round = 0; round < rounds; round++) {
      for (int way = 0; way < WAYS.size(); way++) {
        seconds[way][round] = once(WAYS.get(way), quick);
      }
    }
    for (int way = 0; way < WAYS.size(); way++) {
      Arrays.sort(seconds[way]);
      System.out.printf(
          Locale.ROOT,
          "CENSUS sink=%s mode=%s median=%.2f s (%.2f to %.2f)%n",
          WAYS.get(way).sink().replace(' ', '-'),
          WAYS.get(way).mode(),
          seconds[way][rounds / 2],
          seconds[way][0],
          seconds[way][rounds - 1]);
    }
  }

  private static double once(Way way, boolean quick) throws IOException, InterruptedException {
    Path directory = Files.createTempDirectory("census-log");
    try {
      Path services = Files.createDirectories(directory.resolve("META-INF/services"));
      Files.writeString(
          services.resolve("java.lang.System$LoggerFinder"), CensusLogFinder.class.getName());
      List<String> command =
          new ArrayList<>(
              List.of(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "--enable-native-access=ALL-UNNAMED",
                  "-Dcensus.log.mode=" + way.mode(),
                  "-Dcensus.log.latency=" + way.latency(),
                  "-Dcensus.log.file=" + directory.resolve("census.log"),
                  "-cp",
                  directory + File.pathSeparator + System.getProperty("java.class.path"),
                  "org.morethreads.examples.census.Census",
                  "--json",
                  "--db",
                  directory.resolve("census.db").toString()));
      if (quick) { // one module instead of all
        command.addAll(List.of("--input", moduleOf(directory)));
      }
      long start = System.nanoTime();
      Process census =
          new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
      String last = "";
      try (BufferedReader out = census.inputReader(StandardCharsets.UTF_8)) {
        for (String line = out.readLine(); line != null; line = out.readLine()) {
          last = line;
        }
      }
      int status = census.waitFor();
      double took = (System.nanoTime() - start) / 1e9; // to the end of the process: the log too
      Matcher result = SECONDS.matcher(last);
      if (status != 0 || !result.find()) {
        throw new IllegalStateException("the census ended with " + status + ": " + last);
      }
      checkLog(way, directory.resolve("census.log"), Long.parseLong(result.group(1)));
      return took;
    } finally {
      delete(directory);
    }
  }

  private static void checkLog(Way way, Path log, long classes) throws IOException {
    if (way.mode().equals("none")) {
      return;
    }
    try (var lines = Files.lines(log)) {
      long count = lines.count();
      if (count != classes) {
        throw new IllegalStateException(count + " lines for " + classes + " classes: " + way);
      }
    }
  }

  /** A directory with some classes: our own. */
  private static String moduleOf(Path directory) {
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
      if (entry.contains("jmh-core")) {
        return entry;
      }
    }
    throw new IllegalStateException("no jar to count in " + directory);
  }

  private static void delete(Path directory) throws IOException {
    try (var files = Files.walk(directory)) {
      for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
