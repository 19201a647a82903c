package org.morethreads.thread.shutdown;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.morethreads.fixture.ChildJvm;

/**
 * What does not stop, fails or blocks while a program ends: the end comes all the same (H5-H7,
 * H11).
 */
class HeldUpShutdownTest {
  private static final int SOON = 20;
  private static final int SIGTERM = 143;

  private static ChildJvm.End endBySigterm(Class<?> program, String... properties)
      throws Exception {
    List<String> options = new ArrayList<>();
    for (String property : properties) {
      options.add("-Dorg.morethreads.stop." + property);
    }
    try (ChildJvm jvm = ChildJvm.start(program, options.toArray(String[]::new))) {
      return jvm.awaitReady().signal("TERM").end();
    }
  }

  private static ChildJvm.End endOf(Class<?> program) throws Exception {
    try (ChildJvm jvm = ChildJvm.start(program)) {
      return jvm.end();
    }
  }

  // ---- threads that do not stop

  @InChildJvm
  void ignoresPleaseStop_isReportedAndInterrupted() throws Exception {
    endBySigterm(Programs.Deaf.class, "ask=1.5")
        .isStatus(SIGTERM, 7)
        .stopsInOrder()
        .says("deaf is interrupted", "last words")
        .logs("The stop of \"main\" waits for")
        // after just a second: StopReportTest, on virtual time
        .logs("\"main/deaf\", told ", " s ago: SIGTERM was received (by SIGTERM); WAITING on")
        .logs("waited for by \"main\"", "at org.morethreads.thread.shutdown.Programs$Deaf")
        .logsNot("Abandoned");
  }

  @InChildJvm
  void ignoresInterruptsToo_isAbandonedWithItsStack() throws Exception {
    endBySigterm(Programs.DeafToAll.class, "ask=1.2", "interrupt=0.5")
        .isStatus(SIGTERM, 7)
        .stopsInOrder()
        .says("deaf hears an interrupt", "last words")
        .logs("Abandoned a thread that has not ended in time")
        .logs("interrupted; TIMED_WAITING; waited for by \"main\"")
        .logs("at org.morethreads.thread.shutdown.Programs.holdUp");
  }

  @InChildJvm
  void standardPolicy_ignoresEverything_endsWithinWhatContainersGrant() throws Exception {
    endBySigterm(Programs.DeafToAll.class).isStatus(SIGTERM, 10).says("last words");
  }

  @InChildJvm
  void deafInThreeTrees_sharesTheTotal() throws Exception {
    endBySigterm(Programs.DeafInTwoTrees.class, "total=4")
        .isStatus(SIGTERM, 7)
        .says("last words")
        .logs("\"third/deaf as well\"", "\"second/deaf too\"", "\"main/deaf\"")
        .logsTimes(3, "Abandoned a thread");
  }

  /** Nor does it lose its share to those that have stopped early. */
  @InChildJvm
  void slowInTheSecondOfThreeTrees_hasItsShareOfTheTotal() throws Exception {
    endBySigterm(Programs.SlowInTheSecondOfThreeTrees.class, "total=20")
        .isStatus(SIGTERM, SOON)
        .says("in third stops", "slow stops", "last words")
        .logsNot("interrupted");
  }

  @InChildJvm
  void deafOnAClockThatStandsStill_isLeftBehind() throws Exception {
    endBySigterm(Programs.DeafOnAClockThatStandsStill.class, "total=6")
        .isStatus(SIGTERM, SOON)
        .says("last words")
        .logs("Tree \"still\" has not stopped in time; the program ends without it.");
  }

  @InChildJvm
  void longerPolicy_givesThreadsMoreThanTheStandard() throws Exception {
    endBySigterm(Programs.SlowerThanTheStandard.class, "ask=15", "total=20")
        .isStatus(SIGTERM, SOON)
        .says("slow stops", "last words")
        .logsNot("interrupted");
  }

  @InChildJvm
  void wrongPolicy_isReportedAndTheStandardHolds() throws Exception {
    String report = "org.morethreads.stop.ask is \"soon\", but has to be a number of seconds";
    try (ChildJvm jvm = ChildJvm.start(Programs.Serves.class, "-Dorg.morethreads.stop.ask=soon")) {
      jvm.awaitReady().awaitErr(report).signal("TERM"); // nobody waits long for a slow log
      jvm.end().isStatus(SIGTERM, SOON).stopsInOrderBeforeLastWords().logs(report);
    }
  }

  @InChildJvm
  void logBlocks_programEndsAllTheSame() throws Exception {
    endBySigterm(Programs.LogBlocks.class, "total=2").isStatus(SIGTERM, 7).stopsInOrder();
  }

  @InChildJvm
  void lastWordsNeverEnd_areReportedAndCut() throws Exception {
    endBySigterm(Programs.TalksTooLong.class, "total=6")
        .isStatus(SIGTERM, SOON)
        .stopsInOrderBeforeLastWords()
        .logs("The end of the program waits for the last words of the main thread")
        .logsTimes(2, "The end of the program waits for") // after 1 s and 3 s
        .logs("The program ends without waiting longer for the last words")
        .logs("Programs$TalksTooLong.main");
  }

  /** Beyond the total there are 0.75 s for them. */
  @InChildJvm
  void littleTime_actionsAndLastWordsHaveMore() throws Exception {
    endBySigterm(Programs.TakesItsTimeAtTheEnd.class, "total=1")
        .isStatus(SIGTERM, SOON)
        .says("the action is done", "the last word")
        .logsNot("without waiting longer");
  }

  @InChildJvm
  void mainHasGivenUpWaiting_isNotWaitedFor() throws Exception {
    endBySigterm(Programs.GivesUpWaiting.class)
        .isStatus(SIGTERM, SOON)
        .stopsInOrder()
        .logsNothing();
  }

  // ---- actions

  @InChildJvm
  void actionsOnPleaseStop_areWaitedFor() throws Exception {
    endBySigterm(Programs.ActionsOnPleaseStop.class)
        .isStatus(SIGTERM, 7)
        .stopsInOrder()
        .says("the action is done")
        .says("the action after the action is done")
        .logsNot("without waiting longer");
  }

  @InChildJvm
  void actionsNeverEnd_areReportedAndLeft() throws Exception {
    endBySigterm(Programs.ActionsNeverEnd.class, "total=6")
        .isStatus(SIGTERM, SOON)
        .stopsInOrder()
        .logs("The end of the program waits for an action")
        .logs("\"actions of please stop main/worker", "Programs.sleepForEver", "\n  and 2 more")
        .logs("The program ends without waiting longer for an action")
        .logsTimes(
            3 * 10, "\n  \"actions of please stop main/worker"); // after 1 s, 3 s, and at the end
  }

  @InChildJvm
  void actionsWaitForTheShutdownOrExit_doNotHoldItUp() throws Exception {
    ChildJvm.End end = endBySigterm(Programs.ActionAwaitsShutdown.class);
    assertThat(end.status()).as(end.toString()).isIn(7, SIGTERM); // whoever comes first
    end.isStatus(end.status(), 7)
        .stopsInOrder()
        .says("the action has seen the shutdown")
        .says("last words")
        .logsNothing();
  }

  // ---- failures

  @InChildJvm
  void childFails_nobodyJoined_isLoggedOnceAndDecidesTheStatus() throws Exception {
    endOf(Programs.ChildFails.class)
        .isStatus(1, SOON)
        .stopsInOrder()
        .logsTimes(1, "nobody joined me")
        .logsTimes(1, "Thread \"main/failing\" failed");
  }

  /** H8: also that of the very first, which is looked at in a way of its own. */
  @InChildJvm
  void childrenFail_firstOfTheProgram_showTheLineOfTheirStart() throws Exception {
    String main = Programs.FirstStarts.class.getName() + " main";
    endOf(Programs.FirstStarts.class)
        .isStatus(0, SOON)
        .says("0 as follows " + main, "65 as those with this task before it " + main);
  }

  @InChildJvm
  void threeGenerationsFail_eachIsLoggedOnce() throws Exception {
    endOf(Programs.ThreeGenerationsFail.class)
        .isStatus(1, SOON)
        .says("1", "cause child 1 is broken", "suppressed child 2 is broken")
        .logsTimes(1, "IllegalStateException: child 1 is broken")
        .logsTimes(1, "IllegalStateException: child 2 is broken")
        .logsTimes(2, "failed, and nobody");
  }

  @InChildJvm
  void errorsInTasks_becomeOutcomesAndTheTreeGoesOn() throws Exception {
    endOf(Programs.Errors.class)
        .isStatus(3, SOON)
        .says(
            "Failed[failure=java.lang.OutOfMemoryError: Java heap space]",
            "Failed[failure=java.lang.StackOverflowError]",
            "Failed[failure=java.lang.StackOverflowError]",
            "works on")
        .stopsInOrder();
  }

  @InChildJvm
  void memoryStaysFull_threadsEndAllTheSame() throws Exception {
    endOf(Programs.MemoryStaysFull.class).isStatus(3, 30).says("50 have ended").stopsInOrder();
  }

  // ---- races

  @InChildJvm
  void stopRacesWithStarts_everyStartedTaskRunsAndEnds() throws Exception {
    endBySigterm(Programs.StartsForEver.class)
        .isStatus(SIGTERM, SOON)
        .says("all ended")
        .logsNothing();
  }
}
