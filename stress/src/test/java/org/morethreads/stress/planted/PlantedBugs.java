package org.morethreads.stress.planted;

import java.util.List;

/** The bugs that are planted, at least one for each tool. */
final class PlantedBugs {
  private static final String FAULT = "org.morethreads.stress.fault.";
  private static final String LINCHECK = "org.morethreads.stress.lincheck.";
  private static final String PROGRAM = "org.morethreads.stress.program.";
  private static final String SCENARIO = "org.morethreads.stress.";
  private static final String QUEUE = SCENARIO + "QueueSchedulesTest";
  private static final String LOG = "org.morethreads.logging.LogSchedulesTest";

  private PlantedBugs() {}

  static final List<PlantedBug> ALL =
      List.of(
          // ---- Lincheck
          PlantedBug.plain(
              "poll takes without the mutex",
              "queue/QueueCore.java",
              """
                  SchedulePoint.at("queue.poll");
                  mutex.acquire();
                  try {
                    return tryTake();
                  } finally {
                    unlock();
                  }
              """,
              """
                  return tryTake();
              """,
              LINCHECK + "QueueLincheckTest",
              "bounded_pairsModelChecked_areLinearizable",
              "LincheckAssertionError"),
          PlantedBug.plain(
              "remove searches without the mutex",
              "queue/QueueCore.java",
              """
                boolean removeIdentical(Object item) {
                  mutex.acquire();
                  try {
                    return removed(store.removeIdentical(item), item);
                  } finally {
                    unlock();
                  }
                }
              """,
              """
                boolean removeIdentical(Object item) {
                  return removed(store.removeIdentical(item), item);
                }
              """,
              LINCHECK + "QueueLincheckTest",
              "prioritizedUnique_removeMeetsOthers_isLinearizable",
              "LincheckAssertionError"),
          PlantedBug.plain(
              "a child list is closed after a look without the lock",
              "thread/Node.java",
              """
                  lockChildren();
                  boolean empty = children == null || children.count == 0;
              """,
              """
                  boolean empty = children == null || children.count == 0;
                  lockChildren();
              """,
              "org.morethreads.thread.RegistryLincheckTest",
              "children_pairsModelChecked_areLinearizable",
              "LincheckAssertionError"),
          PlantedBug.plain(
              "the end of a progress is not signalled by who finds it",
              "sync/Progress.java",
              """
                  ended.go();
                  return false;
              """,
              """
                  return false;
              """,
              LINCHECK + "ProgressLincheckTest",
              "progress_pairsModelChecked_areLinearizable",
              "LincheckAssertionError"),
          PlantedBug.plain(
              "users of an armed till are counted by read and write",
              "sync/LazySignal.java",
              """
                      if (OTHERS.compareAndSet(this, seen, seen + 1)) {
                        return true;
                      }
              """,
              """
                      others = seen + 1;
                      return true;
              """,
              LINCHECK + "TimerLincheckTest",
              "till_pairsModelChecked_areLinearizable",
              "LincheckAssertionError"),
          // ---- scenarios under the controlled scheduler
          PlantedBug.scheduled(
              "a stop returns while another still tells the thread",
              "thread/Stopping.java",
              """
                  request(node);
                  if (node.told() != null) {
                    finishTelling(node);
                    return true;
                  }
              """,
              """
                  request(node);
                  if (node.told() != null) {
                    return true;
                  }
              """,
              SCENARIO + "ThreadSchedulesTest",
              "stop_twiceAtOnce_theThreadIsToldWhenEitherReturns",
              "told when stop returns"),
          PlantedBug.scheduled(
              "what an operand does between arming and pushing is not looked at",
              "sync/LazySignal.java",
              "if (compute() || !Firing.push(this, node)) {",
              "if (!Firing.push(this, node)) {",
              SCENARIO + "SignalSchedulesTest",
              "composite_lastLeavesWhileAnotherComes_theOtherIsNotLost",
              "of this scenario fails"),
          PlantedBug.scheduled(
              "who gets a mutex just after it has arrived stays among the arrivals",
              "internal/Mutex.java",
              """
                private void unlink(Acquirer node) {
                  line();
              """,
              """
                private void unlink(Acquirer node) {
              """,
              SCENARIO + "LockSchedulesTest",
              "mutex_threeAcquirers_nobodyIsStranded",
              "deadlock"),
          PlantedBug.scheduled(
              "who is interrupted keeps the chance that it had",
              "queue/QueueCore.java",
              """
                      line.leave(waiter);
                      unlock();
              """,
              """
                      line.leave(waiter);
                      mutex.release();
              """,
              QUEUE,
              "interrupt_againstHandOverToATaker_theOtherHasTheElement",
              "deadlock"),
          PlantedBug.scheduled(
              "who unlocks does not look for a taker that has come into the line",
              "queue/QueueCore.java",
              """
                      waiter = takers.enter(me, waiter != null);
                      isWatched = true;
              """,
              """
                      waiter = takers.enter(me, waiter != null);
              """,
              QUEUE,
              "interrupt_againstHandOverToATaker_theOtherHasTheElement",
              "deadlock"),
          PlantedBug.scheduled(
              "a queue is no longer watched when only a putter waits",
              "queue/QueueCore.java",
              "isWatched = takers.idle() > 0 || putters.idle() > 0;",
              "isWatched = takers.idle() > 0;",
              QUEUE,
              "interrupt_againstHandOverToAPutter_theOtherIsIn",
              "deadlock"),
          PlantedBug.scheduled(
              "a closed queue has ended while a drain may still give back",
              "queue/QueueCore.java",
              "return isClosed && inTransfer == 0 && store.size == 0;",
              "return isClosed && store.size == 0;",
              QUEUE,
              "close_againstDrainThatIsRefused_theElementIsDelivered",
              "of this scenario fails"),
          PlantedBug.scheduled(
              "a drained element may be put again before it has arrived",
              "queue/QueueCore.java",
              "inTransfer += taken.length; // until",
              """
              inTransfer += taken.length;
                    for (int i = 0; distinct != null && i < taken.length; i++) {
                      distinct.remove(taken[i]);
                    } // until\
              """,
              QUEUE,
              "unique_offerAgainstADrain_anEqualOneIsRefusedUntilTheFirstHasArrived",
              "of this scenario fails"),
          PlantedBug.scheduled(
              "who logs after the end of the program does not wait for his record",
              "logging/LogWriter.java",
              """
                    return state == State.OPEN ? HANDED_OVER : number;
              """,
              """
                    return HANDED_OVER;
              """,
              LOG,
              "write_whileTheProgramEnds_isFlushedBeforeOneOrTheOtherReturns",
              "returned"), // late and it has, or before the end
          PlantedBug.scheduled(
              "a close that has changed the state does not wake the writer",
              "logging/LogWriter.java",
              """
                    room.signalAll();
                    wakeWriter();
              """,
              """
                    room.signalAll();
              """,
              LOG,
              "writeAndClose_whileTheWriterSleeps_wakeIt",
              "of this scenario fails"),
          PlantedBug.scheduled(
              "an interrupt ends the wait for the writer's end",
              "logging/LogWriter.java",
              """
                    } catch (InterruptedException e) {
                      interrupted = true;
                    }
                  }
                  if (interrupted) {
              """,
              """
                    } catch (InterruptedException e) {
                      interrupted = true;
                      break;
                    }
                  }
                  if (interrupted) {
              """,
              LOG,
              "close_interrupted_returnsAfterTheSinkWasClosed",
              "of this scenario fails"),
          // ---- random programs
          PlantedBug.scheduled(
              "a stop does not wait for those who need a thread",
              "thread/Stopping.java",
              "if (!needers.isEmpty() || !untold.isEmpty()) {",
              "if (!untold.isEmpty()) {",
              PROGRAM + "TreeProgramTest",
              "trees_anyProgram_keepTheGuarantees",
              "H4: "),
          PlantedBug.scheduled(
              "a failure that nobody has claimed is not passed on",
              "thread/Node.java",
              "Failures.offer(above, this, failed.failure());",
              "",
              PROGRAM + "TreeProgramTest",
              "trees_anyProgram_keepTheGuarantees",
              "H7: "),
          PlantedBug.scheduled(
              "what is removed from inside leaves a neighbour behind",
              "queue/Ring.java",
              "for (int i = place; i < size - 1; i++) {",
              "for (int i = place; i < size - 2; i++) {",
              PROGRAM + "QueueProgramTest",
              "operations_anyOrder_areThoseOfTheSpecification",
              "program "),
          PlantedBug.scheduled(
              "a signal that has gone stays armed below a composite",
              "sync/Composite.java",
              """
                  if (!Firing.push(leaf, edge) && lazy != null) {
                    lazy.release();
                  }
              """,
              """
                  Firing.push(leaf, edge);
              """,
              PROGRAM + "SignalProgramTest",
              "expressions_anyOrder_areBooleanAlgebraWithTime",
              "[awaited points]"),
          PlantedBug.scheduled(
              "a place that is free is told to nobody",
              "queue/QueueCore.java",
              "putters.assigned() == 0 && store.size < capacity) {",
              "putters.assigned() == 0 && store.size < capacity - 1) {",
              PROGRAM + "QueueProgramTest",
              "waits_closesAndInterrupts_nothingIsLostOrDoubledOrStranded",
              "deadlock"),
          // ---- faults
          PlantedBug.plain(
              "a thread that cannot be started stays a child",
              "thread/Node.java",
              "        cancelStart(above, observed);",
              "",
              FAULT + "FaultTest",
              "start_everyNthFails_isThrownOrRuns_andTheTreeEnds",
              "is no child"),
          PlantedBug.plain(
              "an Error leaves the action that throws it",
              "internal/Dependent.java",
              "} catch (Throwable failure) { // S3",
              "} catch (RuntimeException failure) { // S3",
              FAULT + "FaultTest",
              "action_runsOutOfStackOrMemory_isReported_andTheOthersRun",
              "StackOverflowError"),
          PlantedBug.plain(
              "one undelivered element that is refused keeps the others",
              "queue/Remains.java",
              "} catch (Throwable failed) { // one that fails must not keep the others",
              "} catch (RuntimeException failed) {",
              FAULT + "FaultTest",
              "undelivered_itsHandlerFails_getsTheOthersAllTheSame",
              "Expecting actual"),
          PlantedBug.plain(
              "an interrupt ends a wait for a lock, and stays",
              "internal/Mutex.java",
              """
                  if (!tryAcquire() && !acquireSlowly(true, false, 0)) {
                    Thread.interrupted();
              """,
              """
                  if (!tryAcquire() && !acquireSlowly(true, false, 0)) {
              """,
              FAULT + "InterruptTest",
              "locks_interrupted_areHeldOrNot_andFreeAfterwards",
              "the status is set beside the exception"));
}
