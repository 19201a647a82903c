package org.morethreads.benchmarks;

import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.morethreads.benchmarks.startup.Nothing;
import org.morethreads.benchmarks.startup.OneManagedThread;
import org.morethreads.benchmarks.startup.OneVirtualThread;
import org.morethreads.thread.ManagedThread;

/**
 * What it takes to start a JVM, run a program of one thread, and end: whole processes, in turn, on
 * a class path of core and the programs alone, with the archive of classes that the JDK brings.
 */
final class Startup {
  private static final Map<String, Class<?>> PROGRAMS = new LinkedHashMap<>();

  static {
    PROGRAMS.put("ours", OneManagedThread.class);
    PROGRAMS.put("startVirtualThread", OneVirtualThread.class);
    PROGRAMS.put("nothing", Nothing.class);
  }

  /** Nothing may be an order of magnitude worse; beyond that there is no target. */
  static final List<Target> TARGETS =
      List.of(
          Target.atMost(10, "^time", "ours", "startVirtualThread"),
          Target.atMost(10, "^classes", "ours", "startVirtualThread"));

  private final int runs;
  private final int rounds;
  private final String classPath;

  Startup(boolean quick, int rounds) {
    this.runs = quick ? 5 : 21;
    this.rounds = rounds;
    this.classPath = classPath();
  }

  /** What the programs need: the classes of this module and of core. */
  private static String classPath() {
    return placeOf(OneManagedThread.class) + File.pathSeparator + placeOf(ManagedThread.class);
  }

  private static Path placeOf(Class<?> type) {
    try {
      return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  Findings run() throws IOException {
    Map<String, List<double[]>> times = new LinkedHashMap<>();
    Map<String, List<double[]>> classes = new LinkedHashMap<>();
    for (int round = 0; round < rounds; round++) {
      Map<String, double[]> ofRound = new LinkedHashMap<>();
      for (int run = 0; run < runs; run++) {
        for (String who : PROGRAMS.keySet()) {
          ofRound.computeIfAbsent(who, _ -> new double[runs])[run] = milliseconds(who);
        }
      }
      ofRound.forEach((who, all) -> times.computeIfAbsent(who, _ -> new ArrayList<>()).add(all));
      for (String who : PROGRAMS.keySet()) {
        classes.computeIfAbsent(who, _ -> new ArrayList<>()).add(new double[] {classesLoaded(who)});
      }
    }
    List<Measurement> measurements = new ArrayList<>();
    times.forEach(
        (who, all) -> measurements.add(new Measurement("time from start to end", who, "ms", all)));
    classes.forEach(
        (who, all) -> measurements.add(new Measurement("classes loaded", who, "classes", all)));
    return Findings.of(measurements);
  }

  private double milliseconds(String who) {
    long start = System.nanoTime();
    run(who, List.of());
    return (System.nanoTime() - start) / 1e6;
  }

  /** In a run of its own, since the log of classes takes time. */
  private double classesLoaded(String who) throws IOException {
    Path log = Files.createTempFile("classes", ".log");
    try {
      run(who, List.of("-Xlog:class+load=info:file=" + log + "::filecount=0"));
      try (Stream<String> lines = Files.lines(log)) {
        return lines.filter(line -> line.contains(" source: ")).count();
      }
    } finally {
      Files.delete(log);
    }
  }

  private void run(String who, List<String> flags) {
    Class<?> program = PROGRAMS.get(who);
    if (program == null) {
      throw new IllegalArgumentException(who);
    }
    List<String> output = Child.output(flags, program, classPath, List.of());
    if (!output.equals(List.of("ran"))) {
      throw new IllegalStateException(who + " wrote " + output);
    }
  }
}
