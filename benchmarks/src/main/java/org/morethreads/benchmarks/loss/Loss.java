package org.morethreads.benchmarks.loss;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.MappedByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Lets programs log and end, and counts the lines that are missing. */
public final class Loss {
  private static final List<String> MODES = List.of("term-after", "term-middle", "exit", "return");
  private static final int RECORDS = 1_000_000;
  private static final int QUICK_RECORDS = 100_000;
  private static final int OUR_RUNS = 20;
  private static final int PEER_RUNS = 3;
  private static final int LONGEST_LIFE = 300;

  private final boolean quick;
  private int runs;

  private Loss(boolean quick) {
    this.quick = quick;
  }

  /** What has become of the records of some runs. */
  private record Tally(long returned, long written) {
    Tally plus(Tally other) {
      return new Tally(returned + other.returned, written + other.written);
    }

    @Override
    public String toString() {
      return "returned=" + returned + " written=" + written + " lost=" + (returned - written);
    }
  }

  public static void main(String[] args) throws Exception {
    List<LossConfig> configs = new ArrayList<>();
    List<String> options = new ArrayList<>();
    for (String arg : args) {
      if (arg.startsWith("--")) {
        options.add(arg);
      } else {
        configs.add(
            LossConfig.of(arg)
                .orElseThrow(() ->
                    new IllegalArgumentException(
                        "\""
                            + arg
                            + "\" is no configuration; there are "
                            + Stream.of(LossConfig.values()).map(LossConfig::title).toList())));
      }
    }
    Loss loss = new Loss(options.contains("--quick"));
    for (String option : options) {
      if (option.startsWith("--runs=")) {
        loss.runs = Integer.parseInt(option.substring("--runs=".length()));
      } else if (!option.equals("--quick")) {
        throw new IllegalArgumentException("\"" + option + "\" is no option: --quick, --runs=N");
      }
    }
    boolean ours = loss.run(configs.isEmpty() ? List.of(LossConfig.values()) : configs);
    System.exit(ours ? 0 : 1);
  }

  /** Answers whether ours have lost nothing. */
  private boolean run(List<LossConfig> configs) throws Exception {
    Map<String, Tally> all = new TreeMap<>();
    boolean oursAreWhole = true;
    for (LossConfig config : configs) {
      for (String mode : MODES) {
        int times = runs > 0 ? runs : quick ? 1 : config.isOurs() ? OUR_RUNS : PEER_RUNS;
        Tally sum = new Tally(0, 0);
        for (int run = 1; run <= times; run++) {
          Tally tally = once(config, mode);
          System.out.println(
              "run " + run + " of " + times + ": " + config.title() + " " + mode + " " + tally);
          sum = sum.plus(tally);
        }
        all.put(config.ordinal() + mode, sum);
        oursAreWhole &= !config.isOurs() || sum.returned == sum.written;
      }
    }
    for (LossConfig config : configs) {
      for (String mode : MODES) {
        System.out.println(
            "LOSS " + config.title() + " " + mode + " " + all.get(config.ordinal() + mode));
      }
    }
    return oursAreWhole;
  }

  private Tally once(LossConfig config, String mode) throws IOException, InterruptedException {
    Path directory = Files.createTempDirectory("loss");
    try {
      Path log = directory.resolve("log.txt");
      List<String> command = new ArrayList<>();
      if (System.getProperty("os.name").equals("Linux")) { // one in the background ignores some
        command.addAll(List.of("env", "--default-signal=INT,TERM,HUP"));
      }
      command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
      command.add("-Xmx512m");
      command.addAll(config.install(directory, log));
      command.addAll(
          List.of(
              "-cp",
              System.getProperty("java.class.path"),
              LossProgram.class.getName(),
              config.name(),
              mode,
              Integer.toString(quick ? QUICK_RECORDS : RECORDS),
              directory.toString()));
      Process program =
          new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
      try {
        awaitEnd(program);
      } finally {
        program.destroyForcibly();
      }
      return count(directory, log);
    } finally {
      delete(directory);
    }
  }

  /** Sends SIGTERM when the program says that it has logged. */
  private static void awaitEnd(Process program) throws IOException, InterruptedException {
    try (BufferedReader out = program.inputReader(StandardCharsets.UTF_8)) {
      for (String line = out.readLine(); line != null; line = out.readLine()) {
        if (line.equals("LOGGED")) {
          program.toHandle().destroy(); // not of the process itself, which closes its streams
        }
      }
    }
    if (!program.waitFor(LONGEST_LIFE, TimeUnit.SECONDS)) {
      throw new IllegalStateException("the program has not ended");
    }
  }

  private static Tally count(Path directory, Path log) throws IOException {
    List<BitSet> found = new ArrayList<>();
    for (int i = 0; i < LossProgram.THREADS; i++) {
      found.add(new BitSet());
    }
    try (Stream<String> lines = Files.lines(log)) {
      lines.forEach(line -> note(line, found));
    }
    MappedByteBuffer counters = LossProgram.counters(directory);
    long returned = 0;
    long written = 0;
    for (int i = 0; i < LossProgram.THREADS; i++) {
      int calls = LossProgram.returned(counters, i);
      returned += calls;
      written += found.get(i).get(0, calls).cardinality();
    }
    if (returned == 0) {
      throw new IllegalStateException("the program has logged nothing");
    }
    return new Tally(returned, written);
  }

  /** A line ends with {@code <thread number>}; one that was cut does not count. */
  private static void note(String line, List<BitSet> found) {
    int from = line.lastIndexOf('<');
    int space = line.indexOf(' ', from);
    if (from >= 0 && space > 0 && line.endsWith(">")) {
      int thread = Integer.parseInt(line.substring(from + 1, space));
      found.get(thread).set(Integer.parseInt(line.substring(space + 1, line.length() - 1)));
    }
  }

  private static void delete(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      files
          .sorted(Comparator.reverseOrder())
          .forEach(file -> {
            try {
              Files.delete(file);
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
    }
  }
}
