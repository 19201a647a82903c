package org.morethreads.profiling;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.locks.LockSupport;
import jdk.jfr.FlightRecorder;
import jdk.jfr.FlightRecorderListener;
import jdk.jfr.Recording;
import jdk.jfr.RecordingState;
import org.jspecify.annotations.Nullable;
import org.morethreads.sync.Signal;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.Outcome;
import org.morethreads.thread.StopReason;
import org.morethreads.thread.ThreadObserver;
import org.morethreads.thread.ThreadTree;

/**
 * Makes JDK Flight Recorder record what managed threads do. Once {@linkplain #enable() enabled},
 * any recording has the events {@code org.morethreads.*}, however it was started: by a {@link
 * Profiler}, {@code jcmd JFR.start} or {@code -XX:StartFlightRecording}. As long as no recording
 * runs, nothing is observed and nothing is paid.
 *
 * <p>The events: {@code ThreadStart}, {@code ThreadEnd}, {@code ThreadPresent} (who is there when a
 * recording begins and ends), {@code StopRequested}, {@code StopOverdue}, {@code ThreadFailure},
 * {@code Wait} (those of 10 ms and more, unless the recording says otherwise), {@code QueueFull},
 * {@code ProcessStart}, {@code ProcessEnd}.
 *
 * <p><b>Thread safety.</b> Every method may be called from any thread without further
 * synchronization.
 *
 * @since 0.1
 */
public final class ThreadEvents {
  /*
   * OFF -> ON      the first recording is running: an observer is added, and tells who is there
   * ON  -> OFF     the last one has stopped, or closed
   *
   * Both under MONITOR. The listener is never removed: it costs nothing until a recording starts.
   */
  private static final Object MONITOR = new Object();
  private static boolean listening;
  private static Signal.@Nullable Registration observing;

  private ThreadEvents() {}

  /** Has recordings contain these events, the running ones too. Repeating it does nothing. */
  public static void enable() {
    synchronized (MONITOR) {
      if (!listening) {
        listening = true;
        FlightRecorder.addListener(new Listener());
      }
    }
    if (FlightRecorder.isInitialized()) {
      update(/* begins= */ true);
    }
  }

  private static final class Listener implements FlightRecorderListener {
    @Override
    public void recordingStateChanged(Recording recording) {
      update(recording.getState() == RecordingState.RUNNING);
    }
  }

  private static void update(boolean begins) {
    boolean running =
        FlightRecorder.getFlightRecorder().getRecordings().stream()
            .anyMatch(recording -> recording.getState() == RecordingState.RUNNING);
    synchronized (MONITOR) {
      Signal.Registration present = observing;
      if (running && present == null) {
        observing = ThreadTree.observe(new Recorder());
      } else if (!running && present != null) {
        observing = null;
        present.remove();
      }
    }
    if (running && begins) {
      recordPresent(/* atEnd= */ false);
    }
  }

  /** Records who is there. */
  static void recordPresent(boolean atEnd) {
    for (ThreadTree tree : ThreadTree.openTrees()) {
      ArrayDeque<ManagedThread<?>> todo = new ArrayDeque<>(tree.children());
      for (ManagedThread<?> each = todo.poll(); each != null; each = todo.poll()) {
        recordPresent(each, atEnd);
        todo.addAll(each.children());
      }
    }
  }

  private static void recordPresent(ManagedThread<?> present, boolean atEnd) {
    Events.ThreadPresent event = new Events.ThreadPresent();
    Thread thread = present.thread().orElse(null);
    if (thread != null && event.shouldCommit()) {
      event.path = present.path();
      event.managedThreadId = thread.threadId();
      event.virtual = thread.isVirtual();
      event.atEnd = atEnd;
      Object blocker = LockSupport.getBlocker(thread);
      event.waitsFor = blocker == null ? "" : Events.words(blocker);
      event.cpuTime = CpuClock.of(thread);
      event.commit();
    }
  }

  /** Turns what it is told into events. */
  private static final class Recorder implements ThreadObserver {
    @Override
    public void started(ManagedThread<?> thread) {
      Events.ThreadStart event = new Events.ThreadStart();
      if (event.isEnabled()) {
        Thread its = thread.thread().orElseThrow();
        ManagedThread<?> starter = ManagedThread.currentOrNull();
        event.path = thread.path();
        event.managedThreadId = its.threadId();
        event.virtual = its.isVirtual();
        event.adopted = its == Thread.currentThread();
        event.cpuTime = event.adopted ? CpuClock.of(its) : 0;
        event.startedBy = starter == null ? Thread.currentThread().getName() : starter.path();
        event.commit();
      }
    }

    @Override
    public void ended(ManagedThread<?> thread, Outcome<?> outcome) {
      if (outcome instanceof Outcome.Failed<?>(Throwable failure)) {
        Events.ThreadFailure failed = new Events.ThreadFailure();
        if (failed.isEnabled()) {
          failed.path = thread.path();
          failed.managedThreadId = idOf(thread);
          failed.thrownClass = failure.getClass();
          failed.message = String.valueOf(failure.getMessage());
          failed.commit();
        }
      }
      Events.ThreadEnd event = new Events.ThreadEnd();
      if (event.isEnabled()) {
        event.path = thread.path();
        event.managedThreadId = idOf(thread);
        event.outcome = outcome.getClass().getSimpleName();
        event.cpuTime = thread.thread().map(CpuClock::of).orElse(0L);
        event.commit();
      }
      CpuClock.ended(thread);
    }

    @Override
    public void toldToStop(ManagedThread<?> thread, StopReason reason) {
      Events.StopRequested event = new Events.StopRequested();
      if (event.isEnabled()) {
        event.path = thread.path();
        event.managedThreadId = idOf(thread);
        event.kind = reason.kind().toString();
        event.by = reason.by();
        event.reason = reason.message();
        event.commit();
      }
    }

    @Override
    public void overdue(ManagedThread<?> thread, Duration since) {
      Events.StopOverdue event = new Events.StopOverdue();
      if (event.isEnabled()) {
        event.path = thread.path();
        event.managedThreadId = idOf(thread);
        event.since = since.toNanos();
        event.commit();
      }
    }

    @Override
    public @Nullable Runnable waiting(@Nullable ManagedThread<?> thread, Wait sort, Object what) {
      if (sort == Wait.PLACE) {
        Events.QueueFull full = new Events.QueueFull();
        if (full.isEnabled()) {
          full.path = pathOf(thread);
          full.queue = Events.queueOf(what);
          full.commit();
        }
      }
      Events.Wait event = new Events.Wait();
      if (!event.isEnabled()) {
        return null;
      }
      event.begin();
      return () -> {
        event.end();
        if (event.shouldCommit()) {
          event.path = pathOf(thread);
          event.sort = sort.toString();
          event.what = Events.words(what);
          event.commit();
        }
      };
    }

    @Override
    public void processStarted(String path, long pid, String command) {
      Events.ProcessStart event = new Events.ProcessStart();
      if (event.isEnabled()) {
        event.path = path;
        event.pid = pid;
        event.command = command;
        event.commit();
      }
    }

    @Override
    public void processEnded(String path, long pid, String command, int exitCode, Duration lived) {
      Events.ProcessEnd event = new Events.ProcessEnd();
      if (event.isEnabled()) {
        event.path = path;
        event.pid = pid;
        event.command = command;
        event.exitCode = exitCode;
        event.lived = lived.toNanos();
        event.commit();
      }
    }

    private static long idOf(ManagedThread<?> thread) {
      return thread.thread().map(Thread::threadId).orElse(-1L);
    }

    private static String pathOf(@Nullable ManagedThread<?> thread) {
      return thread == null ? "" : thread.path();
    }
  }
}
