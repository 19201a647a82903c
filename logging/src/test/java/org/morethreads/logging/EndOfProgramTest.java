package org.morethreads.logging;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.morethreads.fixture.Numbered;

/**
 * What is in the log when a program has ended (G1): in JVMs of their own, with the real frameworks,
 * their real configuration files, and real files.
 */
class EndOfProgramTest {
  private static final int SIGTERM = 143;
  private static final int SIGINT = 130;

  @TempDir Path directory;

  private Program program(String backEnd, String mode) throws Exception {
    String[] options = Numbered.options(directory, backEnd);
    String[] all = java.util.Arrays.copyOf(options, options.length + 3);
    all[options.length] = backEnd;
    all[options.length + 1] = mode;
    all[options.length + 2] = directory.toString();
    return Program.start(directory, Numbered.class, all);
  }

  @ParameterizedTest
  @CsvSource({
    "own, return, 0", "own, exit, 5", "own, stop, 0", "own, uncaught, 1",
    "logback, return, 0", "logback, exit, 5", "logback, stop, 0", "logback, uncaught, 1",
    "log4j, return, 0", "log4j, exit, 5", "log4j, stop, 0", "log4j, uncaught, 1",
  })
  void programEnds_threadsGoOnLogging_nothingIsLost(String backEnd, String mode, int status)
      throws Exception {
    try (Program program = program(backEnd, mode)) {
      program.end().isStatus(status).reportsNothing();
    }
    assertThat(Numbered.checkNothingIsLost(directory)).isGreaterThan(5_000);
    if (mode.equals("uncaught")) {
      assertThat(Files.readString(directory.resolve("numbered.log")))
          .contains("Thread \"main\" ended by a failure.")
          .containsOnlyOnce("java.lang.IllegalStateException: main is broken");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "own, TERM",
    "own, INT",
    "logback, TERM",
    "logback, INT",
    "log4j, TERM",
    "log4j, INT"
  })
  void signal_threadsGoOnLogging_nothingIsLost(String backEnd, String signal) throws Exception {
    try (Program program = program(backEnd, "signal")) {
      program
          .awaitLine("ready")
          .signal(signal)
          .end()
          .isStatus(signal.equals("TERM") ? SIGTERM : SIGINT)
          .reportsNothing();
    }
    assertThat(Numbered.checkNothingIsLost(directory)).isGreaterThan(5_000);
  }

  @ParameterizedTest
  @ValueSource(strings = {"own", "logback", "log4j"})
  void outOfMemoryInAThread_nothingIsLost(String backEnd) throws Exception {
    try (Program program = program(backEnd, "memory")) {
      // 1 when the memory was missed by a managed thread, too, which is a failure of the program
      // (H11)
      assertThat(program.end().status()).isBetween(0, 1);
    }
    assertThat(Numbered.checkNothingIsLost(directory)).isGreaterThan(5_000);
    assertThat(Files.readString(directory.resolve("numbered.log")))
        .contains("Thread \"eater\" ended by a failure.")
        .contains("OutOfMemoryError");
  }

  /**
   * Whoever logs first may have no stack for making the writers: others make them then, and none is
   * left half made.
   */
  @ParameterizedTest
  @CsvSource({"file, none, 1", "file, stdout, 2", "file, stderr, 2", "'', stderr, 1"})
  void own_firstRecordsOverflowTheStack_isStartedOnce(String file, String console, int writers)
      throws Exception {
    Path log = directory.resolve("first.log");
    Program.End end;
    try (Program program =
        Program.start(
            directory,
            FirstRecords.class,
            "-Xss512k",
            "-Dorg.morethreads.logging.backend=own",
            "-Dorg.morethreads.logging.file=" + (file.isEmpty() ? "" : log),
            "-Dorg.morethreads.logging.console=" + console)) {
      end = program.end().isStatus(0).says("returned 1", "writers " + writers);
    }
    if (!file.isEmpty()) {
      assertFirstRecords(Files.readString(log));
    }
    if (console.equals("stderr")) {
      assertFirstRecords(end.err());
    } else {
      end.reportsNothing();
    }
    if (console.equals("stdout")) {
      assertFirstRecords(end.out().replaceAll("(returned|writers) .*\n", ""));
    }
  }

  private static void assertFirstRecords(String log) {
    assertThat(log.lines())
        .hasSize(11)
        .anyMatch(line -> line.endsWith("[main] first - deep"))
        .anyMatch(line -> line.endsWith("[main] first - later 9"));
  }

  /**
   * As modules: plugins, services and reflection find what they need, and nothing else is there.
   */
  @ParameterizedTest
  @CsvSource({
    "own, org.morethreads.logging",
    "logback, 'org.morethreads.logging,ch.qos.logback.classic'",
    "log4j, 'org.morethreads.logging,org.apache.logging.log4j.core'"
  })
  void onTheModulePath_programExits_nothingIsLost(String backEnd, String modules) throws Exception {
    String[] options = Numbered.options(directory, backEnd);
    String[] all = java.util.Arrays.copyOf(options, options.length + 3);
    all[options.length] = backEnd;
    all[options.length + 1] = "exit";
    all[options.length + 2] = directory.toString();
    try (Program program = Program.startOnModules(directory, Numbered.class, modules, all)) {
      program.end().isStatus(5).reportsNothing();
    }
    assertThat(Numbered.checkNothingIsLost(directory)).isGreaterThan(5_000);
  }

  // ---- other people's shutdowns, taken over

  private Path log() {
    return directory.resolve("numbered.log");
  }

  private static void assertAll(Path file, String what, int count) throws Exception {
    assertThat(Files.readAllLines(file))
        .as(file.toString())
        .filteredOn(line -> line.contains(what))
        .hasSize(count);
  }

  @Test
  void logback_itsHookIsTakenOver_otherAppendersAreStoppedAfterTheTrees() throws Exception {
    try (Program program =
        Program.start(
            directory,
            TakenOver.class,
            "-Dlogback.configurationFile=taken-over-logback.xml",
            "-Dnumbered.file=" + log(),
            "logback")) {
      // Logback says there what it makes of its configuration when it does not like it
      assertThat(program.end().isStatus(0).reportsNothing().out()).isEmpty();
    }
    assertAll(log(), "last words", TakenOver.LINES);
    assertAll(directory.resolve("numbered.log.others"), "last words", TakenOver.LINES);
  }

  @Test
  void log4j_itsShutdownIsTakenOver_runsAfterTheTrees() throws Exception {
    try (Program program =
        Program.start(
            directory,
            TakenOver.class,
            "-Dlog4j2.configurationFile=taken-over-log4j2.xml",
            "-Dlog4j2.shutdownCallbackRegistry=org.morethreads.logging.log4j.OrderedShutdownCallbackRegistry",
            "-Dorg.morethreads.logging.backend=log4j",
            "-Dnumbered.file=" + log(),
            "log4j")) {
      program.end().isStatus(0).reportsNothing();
    }
    assertAll(log(), "last words", TakenOver.LINES);
    assertAll(directory.resolve("numbered.log.others"), "last words", TakenOver.LINES);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void springBoot_itsHookIsOff_beansThreadsAndHooksAreInTheLog(boolean exits) throws Exception {
    assertThat(endBoot(exits, "-Dlogging.register-shutdown-hook=false").out())
        .contains("the log is open");
    assertAll(log(), "thread stops", BootProgram.LINES);
    assertAll(log(), "[main/worker]", BootProgram.LINES);
    assertAll(log(), "bean stops", BootProgram.LINES);
    assertAll(log(), "after the beans", BootProgram.LINES);
  }

  /**
   * Reversible: as it was, Boot ends the log after the beans, and what comes later is not in it.
   */
  @Test
  void springBoot_itsHookIsOn_bootClosesTheLogAfterTheBeans() throws Exception {
    assertThat(
            endBoot(false, "-Dlogging.register-shutdown-hook=true", "-Dboot.closes-the-log=true")
                .out())
        .contains("the log is closed");
    assertAll(log(), "thread stops", BootProgram.LINES);
    assertAll(log(), "bean stops", BootProgram.LINES);
    assertAll(log(), "after the beans", 0);
  }

  // ---- and given back

  private void assertEndsFirst(String who, String... optionsAndArguments) throws Exception {
    String[] all = java.util.Arrays.copyOf(optionsAndArguments, optionsAndArguments.length + 5);
    all[optionsAndArguments.length] = "-Dnumbered.file=" + log();
    all[optionsAndArguments.length + 1] = "-Dlog4j2.configurationFile=given-back-log4j2.xml";
    all[optionsAndArguments.length + 2] = "-Dpatience=" + (who.equals("the framework") ? 40 : 1);
    all[optionsAndArguments.length + 3] = "-Dorg.morethreads.stop.ask=45";
    all[optionsAndArguments.length + 4] = "-Dorg.morethreads.stop.total=50";
    try (Program program = Program.start(directory, WhoEndsFirst.class, all)) {
      assertThat(program.end().isStatus(0).out().strip()).as("ends first").isEqualTo(who);
    }
  }

  @Test
  void logback_itsHookIsTakenOver_endsAfterTheThreads() throws Exception {
    assertEndsFirst("the thread", "-Dlogback.configurationFile=hook-ours-logback.xml", "logback");
  }

  @Test
  void logback_itsHookIsGivenBackByTheLine_endsBesideTheThreads() throws Exception {
    assertEndsFirst("the framework", "-Dlogback.configurationFile=hook-own-logback.xml", "logback");
  }

  @Test
  void logback_itsHookIsGivenBackWhileTheProgramRuns_endsBesideTheThreads() throws Exception {
    assertEndsFirst(
        "the framework",
        "-Dlogback.configurationFile=hook-ours-logback.xml",
        "logback",
        "/hook-own-logback.xml");
    directory = java.nio.file.Files.createDirectory(directory.resolve("and-back"));
    assertEndsFirst(
        "the thread",
        "-Dlogback.configurationFile=hook-own-logback.xml",
        "logback",
        "/hook-ours-logback.xml");
  }

  @Test
  void log4j_itsShutdownIsTakenOver_endsAfterTheThreads() throws Exception {
    assertEndsFirst(
        "the thread",
        "-Dlog4j2.shutdownCallbackRegistry=org.morethreads.logging.log4j.OrderedShutdownCallbackRegistry",
        "-Dorg.morethreads.logging.backend=log4j",
        "log4j");
  }

  @Test
  void log4j_itsShutdownIsGivenBack_endsBesideTheThreads() throws Exception {
    assertEndsFirst("the framework", "-Dorg.morethreads.logging.backend=log4j", "log4j");
  }

  /** Log4j cancels when a context is stopped before the end of the program. */
  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "keeps; thread ends, called back, the other, too",
        "cancels; thread ends, the other, too",
        "runs; the other, too, thread ends, called back"
      })
  void log4j_callback_runsAfterTheThreadsUnlessItIsCancelled(String how, String expected)
      throws Exception {
    try (Program program =
        Program.start(
            directory,
            CallsBack.class,
            "-Dorg.morethreads.logging.backend=own",
            "-Dorg.morethreads.logging.level=OFF",
            how)) {
      String out = program.end().isStatus(0).reportsNothing().out();
      assertThat(String.join(", ", out.lines().toList()))
          .satisfiesAnyOf(
              said -> assertThat(said).isEqualTo(expected),
              said -> // the callbacks run beside each other
              assertThat(said)
                      .isEqualTo(
                          expected.replace(
                              "called back, the other, too", "the other, too, called back")));
    }
  }

  private Program.End endBoot(boolean exits, String... hook) throws Exception {
    try (Program program =
        Program.start(
            directory,
            BootProgram.class,
            "-Dlogging.config=classpath:boot-logback.xml",
            "-Dnumbered.file=" + log(),
            "-Dspring.main.banner-mode=off",
            exits ? "-Dboot.exits=true" : "-Dboot.waits=true",
            hook[0],
            hook[hook.length - 1])) {
      program.awaitLine("ready");
      if (!exits) {
        program.signal("TERM");
      }
      return program.end().isStatus(exits ? 0 : SIGTERM);
    }
  }

  // ---- a sink that does not get on

  @ParameterizedTest
  @ValueSource(strings = {"blocks", "fails", "is full"})
  void sinkDoesNotGetOnAtTheEnd_isWaitedForWithinThePolicyAndTheLossIsReported(String how)
      throws Exception {
    try (Program program =
        Program.start(directory, BadSink.class, "-Dorg.morethreads.stop.total=1", how)) {
      Program.End end = program.end().isStatus(0);
      if (how.equals("blocks")) {
        end.reports(
            "Log \"bad\" was not written to its end: 10 records are lost",
            "BadSink.block",
            "Log \"bad\" does not get on");
      } else if (how.equals("is full")) {
        end.reports(
            "The sink of log \"bad\" could not be flushed; it is tried again",
            "Log \"bad\" was not written to its end: 10 records are lost",
            "Log \"bad\" does not get on");
      } else {
        end.reports("Log \"bad\" has lost 10 records, since its sink failed", "no space left");
      }
    }
  }

  /** A sink that is slow, but gets on, is waited for: nothing is lost, and nothing is said. */
  @Test
  void sinkIsSlowAtTheEnd_allIsWritten() throws Exception {
    try (Program program = Program.start(directory, BadSink.class, "is slow")) {
      assertThat(program.end().isStatus(0).reportsNothing().out().lines())
          .hasSize(11)
          .contains("line 0", "line 9")
          .endsWith("late");
    }
  }

  /** Dropping is a choice; how much was is said at the end, by level. */
  @Test
  void recordsWereDropped_isReportedAtTheEnd() throws Exception {
    try (Program program = Program.start(directory, BadSink.class, "is dropped")) {
      Program.End end = program.end().isStatus(0);
      long written = end.out().lines().filter(line -> line.startsWith("line")).count();
      end.reports(
          "Log \"bad\" has dropped records while it was full: {INFO=" + (10 - written) + "}");
      assertThat(written).isBetween(2L, 6L);
    }
  }

  // ---- what core reports

  @ParameterizedTest
  @ValueSource(strings = {"own", "logback", "log4j"})
  void stragglersAndFailures_duringSystemExit_areInTheLogAndNotOnStandardError(String backEnd)
      throws Exception {
    String[] options = Numbered.options(directory, backEnd);
    String[] all = java.util.Arrays.copyOf(options, options.length + 3);
    all[options.length] = "-Dorg.morethreads.stop.ask=1.5";
    all[options.length + 1] = "-Dorg.morethreads.stop.interrupt=0.5";
    all[options.length + 2] = "-Dorg.morethreads.stop.total=3";
    try (Program program = Program.start(directory, Reports.class, all)) {
      program.end().isStatus(0).reportsNothing();
    }
    assertThat(Files.readString(log()))
        .contains("main/deaf") // H6
        .contains(
            "Thread \"main/fails\" failed",
            "the disk is full",
            "Caused by: java.lang.Error: why") // H7
        .contains("Suppressed: java.lang.IllegalStateException: and the clean-up")
        .containsOnlyOnce("java.lang.IllegalStateException: the disk is full") // H7
        .containsPattern("Reports\\.main\\(Reports\\.java:\\d+\\)") // H8: who started it
        .containsOnlyOnce("java.lang.IllegalArgumentException: alien failure")
        .contains("Thread \"alien\" ended by a failure.", "alien failure")
        .contains("Not logged, since there were too many: 40 x java.lang.IllegalStateException");
  }
}
