package org.morethreads.benchmarks;

import static org.morethreads.benchmarks.Target.absolute;
import static org.morethreads.benchmarks.Target.atMost;
import static org.morethreads.benchmarks.Target.atMostOrNoise;
import static org.morethreads.benchmarks.Target.stated;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.runner.RunnerException;

/** What is measured together, with the targets that it is held against. */
@SuppressWarnings("ImmutableEnumChecker") // the lists are made by List.of
enum Area {
  QUEUE(
      List.of(QueueThroughput.class, QueuePingPong.class),
      List.of(
          atMost(1.0, "QueueThroughput", "ours", "ABQ"),
          atMost(1 / 5.0, "QueueThroughput.*1000-1", "ours", "ABQ"),
          atMost(1 / 1.5, "QueueThroughput", "ours-until", "ABQ"),
          atMost(1 / 2.0, "QueueThroughput.*V (1|8)-1", "ours-until", "ABQ"),
          atMost(1 / 5.0, "QueueThroughput.*1000-1", "ours-until", "ABQ"),
          atMost(1 / 1.5, "QueueThroughput", "ours-drain", "ABQ"),
          atMost(1.0, "QueueThroughput", "ours-till", "ABQ"),
          atMost(1.0, "QueueThroughput", "ours-timed", "ABQ-timed"),
          atMost(1.0, "QueuePingPong", "ours", "ABQ"),
          stated("Queue", "ours", "Kotlin"))) {
    @Override
    Map<String, List<String>> quickLimits() {
      return Map.of(
          "topology",
          List.of("P 1-1", "V 1-1", "V 8-1", "V 1000-1"),
          "peer",
          List.of("ours", "ours-until", "ABQ", "Kotlin"));
    }
  },
  SIGNAL(
      List.of(SignalOperations.class, SignalRelease.class),
      List.of(
          atMost(1.2, "createGoCheck|createThenGo|orGoCheck|orThenGo", "ours", "CompletableFuture"),
          atMost(1.1, "SignalRelease", "ours", "CountDownLatch"),
          atMost(1.1, "SignalRelease", "ours", "CompletableFuture"),
          atMost(1.1, "SignalRelease", "ours", "Kotlin"),
          stated("SignalOperations", "ours", "Kotlin"))),
  STOP(List.of(SharedStop.class), List.of(absolute(150, "SharedStop", "ours"))),
  TILL(
      List.of(TillOperations.class),
      concat(
          List.of(
              absolute(40, "createAbandon", "ours"),
              absolute(70, "createCheck", "ours"),
              atMost(1.0, "createAbandon", "ours", "FJPschedule")),
          TillTiming.TARGETS)) {
    @Override
    Findings measure(Effort effort) throws RunnerException, IOException {
      Collection<Measurement> operations = super.measure(effort).measurements();
      return Findings.of(concat(operations, new TillTiming(effort.quick(), effort.rounds()).run()));
    }
  },
  THREAD(
      List.of(StartJoin.class),
      List.of(
          atMost(1.3, "StartJoin", "ours", "startVirtualThread"),
          atMost(1.0, "StartJoin", "ours", "StructuredTaskScope"),
          stated("StartJoin", "ours", "Kotlin"))) {
    @Override
    Map<String, List<String>> quickLimits() {
      return Map.of("peer", List.of("ours", "startVirtualThread", "Kotlin"));
    }
  },
  SELECT(
      List.of(SelectFanIn.class, SelectPingPong.class, SelectAlone.class),
      List.of(
          atMost(1.0, "Select", "ours", "Jox"),
          atMost(1.0, "Select", "ours", "Kotlin"),
          stated("Select", "ours", "fanIn"))) {
    @Override
    Map<String, List<String>> quickLimits() {
      return Map.of("crew", List.of("V 2", "V 8"), "waiting", List.of("stop"));
    }
  },
  BATCH(
      List.of(BatchThroughput.class, BatchAge.class),
      List.of(
          atMost(1.0, "BatchThroughput", "ours", "ABQ-drainTo"),
          atMost(1.2, "BatchAge", "ours", "ABQ-drainTo"),
          stated("BatchThroughput", "ours", "Kotlin"))) {
    @Override
    Map<String, List<String>> quickLimits() {
      return Map.of("crew", List.of("P 1", "V 1", "V 8", "V 1000"));
    }
  },
  PROCESS(
      List.of(ProgramRuns.class),
      List.of(
          atMost(1.15, "ProgramRuns.*(true|echo|shell)", "ManagedProcess", "ProcessBuilder"),
          atMost(1.0, "ProgramRuns.*(true|echo)", "Command", "ProcessBuilder"),
          atMost(1.2, "ProgramRuns.*(true|echo)", "Command", "bareSession"),
          atMost(1.2, "ProgramRuns.*builtin", "Command", "bareSubshell"),
          absolute(200, "ProgramRuns.*builtin", "Command"),
          absolute(50, "ProgramRuns.*builtin", "CommandTrusting"))) {
    @Override
    Map<String, List<String>> quickLimits() {
      return Map.of(
          "peer",
          List.of(
              "ManagedProcess",
              "Command",
              "CommandTrusting",
              "ProcessBuilder",
              "bareSession",
              "bareSubshell"));
    }
  },
  LOCK(
      List.of(LockOperations.class, LockPingPong.class),
      List.of(
          atMost(1.3, "LockOperations", "ours", "ReentrantLock"),
          atMost(1.1, "LockPingPong.*V", "ours", "ReentrantLock"))),
  LOG(
      List.of(LogCalls.class),
      concat(
          List.of(
              atMost(1.0, "LogCalls.flood", "ours-logback", "logback-async-tuned"),
              atMost(1.0, "LogCalls.flood", "ours-log4j", "log4j-async-appender"),
              atMost(1 / 2.0, "LogCalls.flood", "ours", "log4j-async-loggers"),
              atMost(1 / 2.0, "LogCalls.flood", "ours", "logback-async-tuned")),
          LogBursts.TARGETS)) {
    @Override
    Findings measure(Effort effort) throws RunnerException, IOException {
      Collection<Measurement> calls = super.measure(effort).measurements();
      return Findings.of(concat(calls, new LogBursts(effort).run()));
    }

    @Override
    Map<String, List<String>> quickLimits() {
      return Map.of(
          "threads",
          List.of("P 1", "V 4"),
          "peer",
          List.of(
              "ours",
              "ours-logback",
              "ours-log4j",
              "logback-async-tuned",
              "log4j-async-loggers",
              "log4j-async-appender"));
    }
  },
  SCALE(List.of(), Scale.TARGETS) {
    @Override
    Findings measure(Effort effort) throws IOException {
      return new Scale(effort).run();
    }

    @Override
    int usualRounds() {
      return 2; // there are several samples in each
    }
  },
  MEMORY(List.of(), Memory.TARGETS) {
    @Override
    Findings measure(Effort effort) {
      return new Memory(effort.quick(), effort.rounds()).run();
    }
  },
  STARTUP(List.of(), Startup.TARGETS) {
    @Override
    Findings measure(Effort effort) throws IOException {
      return new Startup(effort.quick(), effort.rounds()).run();
    }
  },
  OVERHEAD(
      List.of(Overhead.class, QueueStatisticsCost.class),
      List.of(
          atMostOrNoise(1.02, "Overhead", "off", "without", "without-again"),
          stated("Overhead", "on", "without"),
          atMostOrNoise(1.02, "QueueStatisticsCost", "on", "without", "without-again"),
          atMostOrNoise(1.02, "QueueStatisticsCost", "warning", "without", "without-again"),
          stated("QueueStatisticsCost", "watched", "without"))) {
    /** One by one: a minute between two that are compared would be in the figures. */
    @Override
    List<Run> runs(boolean quick, int round) {
      List<Run> runs = new ArrayList<>();
      for (String method : Overhead.methods()) {
        if (!quick || method.matches("startJoinVirtual|.*TurnsVirtual")) {
          runs.addAll(inTurn("\\.Overhead\\." + method + "$", Overhead.PEERS, round));
        }
      }
      runs.addAll(inTurn("\\.QueueStatisticsCost\\.", QueueStatisticsCost.PEERS, round));
      return runs;
    }

    private static List<Run> inTurn(String include, List<String> peers, int round) {
      List<String> order = new ArrayList<>(peers);
      Collections.rotate(order, round);
      return order.stream().map(peer -> new Run(include, peer)).toList();
    }

    @Override
    Map<String, List<String>> quickLimits() {
      return Map.of("crew", List.of("P 1-1", "V 8-1"));
    }

    @Override
    @Nullable CutCore cutFor(Run run) {
      String peer = run.peer();
      if (peer == null || !peer.startsWith("without")) {
        return null;
      }
      return run.include().contains("QueueStatisticsCost")
          ? CutCore.WITHOUT_STATISTICS
          : CutCore.WITHOUT_HOOKS;
    }
  };

  /**
   * Benchmarks to be run, each in a JVM of its own.
   *
   * @param include a regular expression that is found in their names
   * @param peer null for all peers, one after the other
   */
  record Run(String include, @Nullable String peer) {}

  final List<Class<?>> benchmarks;
  final List<Target> targets;

  Area(List<Class<?>> benchmarks, List<Target> targets) {
    this.benchmarks = benchmarks;
    this.targets = targets;
  }

  private static <T> List<T> concat(Collection<T> some, Collection<T> more) {
    return Stream.concat(some.stream(), more.stream()).toList();
  }

  /** Measures it. */
  Findings measure(Effort effort) throws RunnerException, IOException {
    return Findings.of(new Rounds(this, effort).run());
  }

  /** What is run in a round, in that order. */
  List<Run> runs(boolean quick, int round) {
    return benchmarks.stream()
        .map(benchmark -> new Run("\\." + benchmark.getSimpleName() + "\\.", null))
        .toList();
  }

  /** Our library with something cut out of it, in which something is run; null for all of it. */
  @Nullable CutCore cutFor(Run run) {
    return null;
  }

  /** How many rounds there are when nothing else is asked for. */
  int usualRounds() {
    return 5;
  }

  /** For parameters of its benchmarks, the values that a quick run has time for. */
  Map<String, List<String>> quickLimits() {
    return Map.of();
  }

  String title() {
    return name().toLowerCase(Locale.ROOT);
  }
}
