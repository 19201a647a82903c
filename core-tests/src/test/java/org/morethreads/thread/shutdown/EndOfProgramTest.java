package org.morethreads.thread.shutdown;

import org.morethreads.fixture.ChildJvm;

/** What leads to the end of a program, in which order it stops, and with which status (H11). */
class EndOfProgramTest {
  /** For programs that end by themselves: from their start. */
  private static final int SOON = 20;

  private static final int SIGHUP = 129;
  private static final int SIGINT = 130;
  private static final int SIGTERM = 143;

  private static ChildJvm.End endOf(Class<?> program, String... jvmOptions) throws Exception {
    try (ChildJvm jvm = ChildJvm.start(program, jvmOptions)) {
      return jvm.end();
    }
  }

  private static ChildJvm.End endBySignal(Class<?> program, String signal, String... jvmOptions)
      throws Exception {
    try (ChildJvm jvm = ChildJvm.start(program, jvmOptions)) {
      return jvm.awaitReady().signal(signal).end();
    }
  }

  // ---- the end of main

  @InChildJvm
  void mainReturns_childrenAtWork_stopsThemAndSaysSo() throws Exception {
    endOf(Programs.MainReturns.class)
        .isStatus(0, SOON)
        .says("main returns", "handler stops", "web stops", "db stops")
        .logs("main returned: stopping 3 threads; call awaitShutdown() to keep serving")
        .logsNot("WARNING");
  }

  @InChildJvm
  void mainReturns_nothingLeft_endsSilently() throws Exception {
    endOf(Programs.MainReturnsWithNothingLeft.class).isStatus(0, SOON).logsNothing();
  }

  @InChildJvm
  void mainThrows_childrenAtWork_stopsThemAndKeepsTheStatus() throws Exception {
    endOf(Programs.MainThrows.class).isStatus(1, SOON).stopsInOrder().logs("main is broken");
  }

  @InChildJvm
  void mainThrows_afterAwaitShutdown_keepsTheStatus() throws Exception {
    endOf(Programs.MainThrowsWithItsLastWord.class)
        .isStatus(1, SOON)
        .stopsInOrder()
        .logs("the last word is broken");
  }

  @InChildJvm
  void mainReturns_anotherThreadServesOn_treeLivesUntilThatEnds() throws Exception {
    try (ChildJvm jvm = ChildJvm.start(Programs.SomebodyServesOn.class)) {
      jvm.awaitReady().type("end");
      jvm.end()
          .isStatus(0, SOON)
          .says("ready", "server ends", "handler stops", "web stops", "db stops")
          .says("server ends", "after main stops")
          .logs("main returned: stopping 4 threads");
    }
  }

  @InChildJvm
  void mainReturns_itsAdoptionLeftOpen_isNotWaitedFor() throws Exception {
    endOf(Programs.MainLeavesItsAdoptionOpen.class)
        .isStatus(0, SOON)
        .stopsInOrder()
        .logs("\"main/main\" has ended without closing its adoption")
        .logsNot("Abandoned");
  }

  @InChildJvm
  void mainReturns_threadOfOthersIsLeftBehind_isNamedAndASignalEndsIt() throws Exception {
    try (ChildJvm jvm = ChildJvm.start(Programs.LeavesAPoolBehind.class)) {
      jvm.awaitErr("lives on for thread \"left behind\", which is no daemon").signal("TERM");
      jvm.end().isStatus(SIGTERM, 7).says("worker stops").logsNot("ending already");
    }
  }

  // ---- signals

  @InChildJvm
  void sigterm_stopsInOrderWhileTheJvmIsWhole() throws Exception {
    endBySignal(Programs.Serves.class, "TERM")
        .isStatus(SIGTERM, SOON)
        .stopsInOrderBeforeLastWords()
        .logsNothing();
    endBySignal(Programs.TellsItsRoad.class, "TERM")
        .says("the JVM is whole", "SIGTERM was received (by SIGTERM)");
  }

  /**
   * H2, H4, H10: an adopted main thread can start the rest of them, though what they need is gone.
   */
  @InChildJvm
  void sigterm_whileMainStartsItsThreads_startsThemToldAndStops() throws Exception {
    endBySignal(Programs.EndsWhileItStarts.class, "TERM")
        .isStatus(SIGTERM, SOON)
        .says("ready", "db stops", "web stops", "last words")
        .logsNothing();
  }

  @InChildJvm
  void sigint_stopsInOrder() throws Exception {
    endBySignal(Programs.Serves.class, "INT")
        .isStatus(SIGINT, SOON)
        .stopsInOrderBeforeLastWords()
        .logsNothing();
  }

  @InChildJvm
  void sighup_stopsInOrder() throws Exception {
    endBySignal(Programs.Serves.class, "HUP")
        .isStatus(SIGHUP, SOON)
        .stopsInOrderBeforeLastWords()
        .logsNothing();
  }

  /** T4: a till of a thread that is not managed belongs to the main tree. */
  @InChildJvm
  void sigterm_mainWaitsOnATill_hurriesIt() throws Exception {
    endBySignal(Programs.WaitsOnATill.class, "TERM")
        .isStatus(SIGTERM, SOON)
        .says("hurried true", "worker stops");
  }

  @InChildJvm
  void sigterm_twice_endsAtOnce() throws Exception {
    endsAtOnceByTwo("TERM", SIGTERM);
  }

  @InChildJvm
  void sigint_twice_endsAtOnce() throws Exception {
    endsAtOnceByTwo("INT", SIGINT);
  }

  private static void endsAtOnceByTwo(String signal, int status) throws Exception {
    try (ChildJvm jvm = ChildJvm.start(Programs.DeafToAll.class)) {
      jvm.awaitReady().signal(signal).awaitErr("waits for").signal(signal);
      jvm.end()
          .isStatus(status, 4)
          .stopsInOrder()
          .saysNot("last words")
          .logs("A second signal, SIG" + signal + ": the JVM ends at once.");
    }
  }

  @InChildJvm
  void signal_whileStoppingForAnotherReason_saysThatItDoesNot() throws Exception {
    try (ChildJvm jvm = ChildJvm.start(Programs.DeafAndMainReturns.class)) {
      jvm.awaitErr("waits for").signal("INT").awaitErr("Another one ends it at once");
      jvm.signalToTheEnd("INT").end().isStatus(SIGINT, 4).logs("A second signal");
    }
  }

  @InChildJvm
  void sighup_ignoredByTheParent_staysIgnored() throws Exception {
    String ignoring = "trap '' HUP; exec \"$@\"";
    try (ChildJvm jvm = ChildJvm.startThrough(ignoring, Programs.Serves.class)) {
      jvm.awaitReady().signal("HUP").signal("HUP"); // else the status would be that of a hang-up
      jvm.signal("TERM").end().isStatus(SIGTERM, SOON).stopsInOrderBeforeLastWords();
    }
  }

  @InChildJvm
  void sighup_underNohup_staysIgnored() throws Exception {
    try (ChildJvm jvm = ChildJvm.startThrough("exec nohup \"$@\"", Programs.Serves.class)) {
      jvm.awaitReady().signal("HUP"); // else the status would be that of a hang-up
      jvm.signal("TERM").end().isStatus(SIGTERM, SOON).stopsInOrderBeforeLastWords();
    }
  }

  @InChildJvm
  void sigterm_underXrs_hasItsDefaultEffect() throws Exception {
    endBySignal(Programs.Serves.class, "TERM", "-Xrs")
        .isStatus(SIGTERM, SOON)
        .saysNot("stops")
        .logsNothing();
  }

  @InChildJvm
  void exit_underXrs_stopsInOrder() throws Exception {
    endOf(Programs.ExitInVirtual.class, "-Xrs").isStatus(3, SOON).stopsInOrderBeforeLastWords();
  }

  @InChildJvm
  void sigterm_withoutSignalClasses_isSeenByTheHook() throws Exception {
    endBySignal(Programs.TellsItsRoad.class, "TERM", "--limit-modules", "java.base,java.logging")
        .isStatus(SIGTERM, SOON)
        .says("the JVM is shutting down", "SIGTERM was received (by the JVM)");
  }

  @InChildJvm
  void sigterm_onTheModulePath_isCaught() throws Exception {
    try (ChildJvm jvm = ChildJvm.startOnModulePath(Programs.TellsItsRoad.class)) {
      jvm.awaitReady().signal("TERM").end().isStatus(SIGTERM, SOON).says("the JVM is whole");
    }
  }

  @InChildJvm
  void sigterm_earlierHandler_hearsOfItToo() throws Exception {
    endBySignal(Programs.OwnHandler.class, "TERM")
        .isStatus(SIGTERM, SOON)
        .says("own handler")
        .stopsInOrderBeforeLastWords();
  }

  @InChildJvm
  void sigterm_earlierHandlerFails_saysSoAndStopsInOrder() throws Exception {
    endBySignal(Programs.OwnHandlerFails.class, "TERM")
        .isStatus(SIGTERM, SOON)
        .logs("The handler of SIGTERM that was there before failed.")
        .logs("planted")
        .stopsInOrderBeforeLastWords();
  }

  @InChildJvm
  void sigterm_earlierHandlerBlocks_doesNotHoldUpTheStop() throws Exception {
    endBySignal(Programs.OwnHandlerBlocks.class, "TERM", "-Dorg.morethreads.stop.total=30")
        .isStatus(SIGTERM, SOON)
        .stopsInOrderBeforeLastWords();
  }

  @InChildJvm
  void sigterm_earlierHandlerExits_stopsInOrder() throws Exception {
    endBySignal(Programs.OwnHandlerExits.class, "TERM")
        .isStatus(3, SOON)
        .stopsInOrderBeforeLastWords();
  }

  @InChildJvm
  void sigterm_earlierHandlerExitsAfterTheStop_decidesTheStatus() throws Exception {
    endBySignal(Programs.OwnHandlerExitsLate.class, "TERM")
        .isStatus(3, SOON)
        .stopsInOrderBeforeLastWords()
        .logsNot("without waiting longer");
  }

  // ---- System.exit

  @InChildJvm
  void exit_inMain_stopsInOrder() throws Exception {
    endOf(Programs.ExitInMain.class).isStatus(3, SOON).stopsInOrder().logsNothing();
  }

  @InChildJvm
  void exit_inManagedVirtualThread_stopsInOrder() throws Exception {
    endOf(Programs.ExitInVirtual.class)
        .isStatus(3, SOON)
        .stopsInOrderBeforeLastWords()
        .logsNothing();
  }

  @InChildJvm
  void exit_inManagedPlatformThread_stopsInOrder() throws Exception {
    endOf(Programs.ExitInPlatform.class)
        .isStatus(3, SOON)
        .stopsInOrderBeforeLastWords()
        .says("child stops")
        .logsNothing();
  }

  @InChildJvm
  void exit_inAdoptedThread_stopsInOrder() throws Exception {
    endOf(Programs.ExitInAdopted.class)
        .isStatus(3, SOON)
        .stopsInOrderBeforeLastWords()
        .says("child stops")
        .logsNothing();
  }

  @InChildJvm
  void exit_inActionOnSignal_stopsInOrder() throws Exception {
    endOf(Programs.ExitInAction.class)
        .isStatus(3, SOON)
        .stopsInOrderBeforeLastWords()
        .logsNothing();
  }

  @InChildJvm
  void exit_inActionOnTill_stopsInOrder() throws Exception {
    endOf(Programs.ExitInTillAction.class)
        .isStatus(3, SOON)
        .stopsInOrderBeforeLastWords()
        .logsNothing();
  }

  @InChildJvm
  void exit_inActionOnStopped_stopsInOrder() throws Exception {
    endOf(Programs.ExitInActionOnStopped.class)
        .isStatus(3, SOON)
        .stopsInOrderBeforeLastWords()
        .logsNothing();
  }

  @InChildJvm
  void exit_inActionOnPleaseStop_doesNotHoldUpTheStop() throws Exception {
    endOf(Programs.ExitInActionOnPleaseStop.class, "-Dorg.morethreads.stop.total=30")
        .isStatus(3, SOON)
        .stopsInOrder()
        .logsNot("WARNING");
  }

  @InChildJvm
  void exit_whileStopping_firstStatusOfSystemExitWins() throws Exception {
    endBySignal(Programs.ExitWhileStopping.class, "TERM")
        .isStatus(3, SOON)
        .stopsInOrderBeforeLastWords()
        .logsNothing();
  }

  @InChildJvm
  void exit_inHookAfterSignal_isHaltedWithTheStatusOfTheSignal() throws Exception {
    endBySignal(Programs.ExitInHook.class, "TERM")
        .isStatus(SIGTERM, SOON)
        .stopsInOrderBeforeLastWords()
        .logs("The shutdown hook \"a bad hook\" has called System.exit");
  }

  @InChildJvm
  void exit_inHookAfterExit_isHaltedWithOne() throws Exception {
    endOf(Programs.ExitInHookAfterExit.class)
        .isStatus(1, SOON)
        .stopsInOrder()
        .logs("The shutdown hook \"a bad hook\" has called System.exit");
  }

  @InChildJvm
  void exit_twiceDuringASlowHook_isNotTakenForAHookInExit() throws Exception {
    endOf(Programs.SlowHookAndSecondExit.class)
        .isStatus(3, SOON)
        .stopsInOrderBeforeLastWords()
        .says("slow hook is done")
        .logsNothing();
  }

  @InChildJvm
  void firstUse_inHook_isRefused() throws Exception {
    endOf(Programs.FirstUsedInHook.class)
        .isStatus(3, SOON)
        .says(
            "Cannot start thread \"late\": its parent \"main\" has stopped."
                + " Start it while the parent runs, or name another parent.");
  }

  // ---- ThreadTree.main()

  @InChildJvm
  void stop_ofTheMainTree_endsTheProgram() throws Exception {
    endOf(Programs.StopsTheTree.class)
        .isStatus(0, SOON)
        .stopsInOrder()
        .says("last words: had enough (by main/decider)")
        .logsNothing();
  }

  @InChildJvm
  void stop_ofTheMainTreeWhileMainWorksOn_endsTheProgram() throws Exception {
    endOf(Programs.StopsTheTreeWhileMainWorksOn.class)
        .isStatus(0, SOON)
        .stopsInOrder()
        .logsNothing();
  }

  @InChildJvm
  void close_ofTheMainTree_endsTheProgramAfterMain() throws Exception {
    endOf(Programs.ClosesTheMainTree.class)
        .isStatus(0, SOON)
        .stopsInOrderBeforeLastWords()
        .logsNothing();
  }

  @InChildJvm
  void awaitShutdown_orWhenIdle_endsAfterTheLastThread() throws Exception {
    endOf(Programs.ServesUntilIdle.class)
        .isStatus(0, SOON)
        .says("short ends", "last words")
        .logsNothing();
  }

  @InChildJvm
  void awaitShutdown_orTyped_endsWhenTheWordIsTyped() throws Exception {
    try (ChildJvm jvm = ChildJvm.start(Programs.ServesUntilTyped.class)) {
      jvm.awaitReady().type("exit now").type("  exit ");
      jvm.end().isStatus(0, SOON).stopsInOrderBeforeLastWords().logsNothing();
    }
  }

  @InChildJvm
  void awaitShutdown_orTypedTwoWords_hearsBoth() throws Exception {
    try (ChildJvm jvm = ChildJvm.start(Programs.ServesUntilOneOfTwoIsTyped.class)) {
      jvm.awaitReady().type("quit");
      jvm.end().isStatus(0, SOON).stopsInOrderBeforeLastWords().logsNothing();
    }
  }

  @InChildJvm
  void awaitShutdown_interrupted_forgetsTheTypedWord() throws Exception {
    try (ChildJvm jvm = ChildJvm.start(Programs.ForgetsTheTypedWord.class)) {
      jvm.awaitReady().type("exit").type("quit");
      jvm.end().isStatus(0, SOON).stopsInOrderBeforeLastWords().says("\"quit\" was typed");
    }
  }

  /** Nothing is lost: whoever waits for a word that cannot be heard can learn why. */
  @InChildJvm
  void awaitShutdown_orTypedWithBrokenInput_saysSoAndServesOn() throws Exception {
    endOf(Programs.ReadsBrokenInput.class)
        .isStatus(0, SOON)
        .stopsInOrderBeforeLastWords()
        .logs("Standard input cannot be read; typed words will not be heard", "the cable is out");
  }

  @InChildJvm
  void awaitShutdown_ofItsOwnTree_isRefused() throws Exception {
    endOf(Programs.AwaitsItself.class)
        .isStatus(1, SOON)
        .logs("Thread \"main/main\" cannot await the shutdown of the tree that it belongs to");
  }

  // ---- several trees

  @InChildJvm
  void twoTrees_lastOpenedStopsFirst() throws Exception {
    endBySignal(Programs.TwoTrees.class, "TERM")
        .isStatus(SIGTERM, SOON)
        .says("in third stops", "in second stops", "handler stops")
        .stopsInOrderBeforeLastWords();
  }

  @InChildJvm
  void openTree_whileTheProgramEnds_isStoppedToo() throws Exception {
    endBySignal(Programs.OpensTreeWhileStopping.class, "TERM")
        .isStatus(SIGTERM, SOON)
        .says("opener stops", "in late stops");
  }

  /** Else the tree that opens it might wait for it, and both for ever. */
  @InChildJvm
  void openTree_whileTheProgramEnds_isToldAtOnce() throws Exception {
    endBySignal(Programs.AwaitsATreeItOpensWhileStopping.class, "TERM")
        .isStatus(SIGTERM, SOON)
        .says("in late stops", "opener stops")
        .logsNothing();
  }

  /** Of 1.7 s each has a third, which is less than what a stop may be late. */
  @InChildJvm
  void twoTrees_littleTime_areNotTakenForLate() throws Exception {
    endBySignal(Programs.TwoTrees.class, "TERM", "-Dorg.morethreads.stop.total=1.7")
        .isStatus(SIGTERM, SOON)
        .logsNot("has not stopped in time");
  }

  @InChildJvm
  void openTree_alone_installsNothing() throws Exception {
    endOf(Programs.OnlyATreeOfItsOwn.class)
        .isStatus(0, SOON)
        .says("threads []", "handler is the JVM's true")
        .saysNot("worker stops")
        .logsNothing();
  }

  // ---- services (H11)

  @InChildJvm
  void signal_services_finishInTheirOrderAfterTheLastWords() throws Exception {
    endBySignal(Programs.ServesWithServices.class, "TERM")
        .isStatus(SIGTERM, SOON)
        .stopsInOrderBeforeLastWords()
        .says("last words", "profiler finishes, has time true", "added late false", "log finishes")
        .saysNot("removed finishes")
        .saysNot("late finishes")
        .logs("A service failed at the end of the program.", "the profiler is broken");
  }

  @InChildJvm
  void exit_services_finishAfterTheTrees() throws Exception {
    endOf(Programs.ExitsWithServices.class)
        .isStatus(3, SOON)
        .stopsInOrder()
        .says("db stops", "profiler finishes, has time true", "log finishes");
  }

  @InChildJvm
  void mainReturns_serviceDoesNotFinish_nextFinishesAndTheProgramEnds() throws Exception {
    endOf(Programs.ReturnsWithAStuckService.class, "-Dorg.morethreads.stop.total=1")
        .isStatus(0, SOON)
        .stopsInOrder()
        .says("db stops", "profiler finishes, has time true", "log finishes");
  }

  @InChildJvm
  void treeFirstUsedInAHook_servicesAreRefused() throws Exception {
    endOf(Programs.FirstUsesTheTreeInAHook.class)
        .isStatus(0, SOON)
        .says("added false", "added false");
  }
}
