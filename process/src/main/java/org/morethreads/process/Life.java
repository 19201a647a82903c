package org.morethreads.process;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.morethreads.internal.Log;
import org.morethreads.queue.CloseableQueue;
import org.morethreads.sync.OpenSignal;
import org.morethreads.sync.Signal;
import org.morethreads.thread.ManagedThread;

/** The life of a process, as the task of the thread that stands for it in the tree. */
final class Life implements ManagedThread.Call<Integer> {
  /*
   * All transitions are made by the thread of the process, which sleeps until somebody wakes it and then looks at everything.
   *
   *   RUNNING  -> DRAINING   // it has exited
   *   RUNNING  -> ASKED      // told to stop, or a limit has passed: the polite signal goes to all of its tree
   *   RUNNING  -> FORCED     // kill(), an interrupt, or no grace: SIGKILL goes to all of its tree, again and again until none is left
   *   ASKED    -> DRAINING   // it has exited, and nothing of its tree is left
   *   ASKED    -> FORCED     // the grace is over; kill(); an interrupt, which is the last word of the stop policy
   *   FORCED   -> DRAINING   // it has exited. It may not, in the depths of the kernel: the stop policy abandons the thread then
   *   DRAINING -> ENDED      // its outputs have been read to their end, or nothing has come for a while: somebody else keeps them open.
   *                          // A writer who does not pause is read for DRAIN_LONGEST, and until what was written before the exit has
   *                          // been taken; meanwhile kill() kills all that the process has left
   *
   * It sleeps outside of the seam, on the JDK's park: a process is not part of virtual time, and holds the clock. Its limits are real
   * time for the same reason.
   *
   * An interrupt is kept until the end: it is the stop policy's, or somebody else's, and means "now". What is left is bounded: the
   * drain by DRAIN_LONGEST_STOPPED. Otherwise it waits for those who take as long as they do, as Output says.
   */
  private static final long MILLISECOND = 1_000_000;

  /** How long nothing must have come from an output that somebody else keeps open. */
  private static final int QUIET_LOOKS = 20;

  private static final long QUIET_LOOK = 25 * MILLISECOND;

  /**
   * How long an output is read after the exit. The time in which it waits for those who take does
   * not count.
   */
  private static final long DRAIN_LONGEST = 5_000 * MILLISECOND;

  /** The same after a stop, which has little time left. */
  private static final long DRAIN_LONGEST_STOPPED = 1_000 * MILLISECOND;

  /** How long, in milliseconds, an exit is expected after the end of all outputs. */
  private static final long EXPECTED = 20;

  /** How often it looks for what is left of a tree that was asked to stop. */
  private static final long LOOK = 50 * MILLISECOND;

  /** How often those found are killed at most: they may start others faster than that. */
  private static final int KILL_ROUNDS = 200;

  private static final long KILL_PAUSE = 10 * MILLISECOND;
  private static final long STUBBORN_AFTER = 5_000 * MILLISECOND;

  private final Settings settings;
  private final Process process;
  private final Descendants descendants;
  private final Limits limits;
  private final OpenSignal exited;
  private final long startedAt = System.nanoTime();
  private final List<Pump> pumps = new ArrayList<>();

  final Output stdout;

  /** The same as stdout when they are merged. */
  final Output stderr;

  final @Nullable CloseableQueue<String> stdinLines;
  final @Nullable CloseableQueue<byte[]> stdinBytes;
  private @Nullable Feeder<?> feeder;

  /** Written before the thread starts. */
  private @Nullable ManagedThread<Integer> thread;

  private volatile @Nullable Thread self;
  private volatile boolean ready;
  private volatile boolean killed;

  /** Whether an exit has been expected. Of the thread alone. */
  private boolean expected;

  /** Whether an interrupt has come. Of the thread alone. */
  private boolean interrupted;

  /** To be told of the end; null when it has been, and before the start. Of the thread alone. */
  private @Nullable Observed observed;

  Life(Settings settings, String name, Process process, String token) {
    this.settings = settings;
    this.process = process;
    this.limits = new Limits(settings);
    this.descendants = new Descendants(process, token, settings.ownSession);
    this.exited = Signal.create("exited " + name);
    String whose = " of " + name + " (process " + process.pid() + ")";
    this.stdout = new Output("stdout" + whose, settings, settings.stdout, this::nowReady);
    this.stderr =
        settings.merged
            ? stdout
            : new Output("stderr" + whose, settings, settings.stderr, this::nowReady);
    String stdin = "stdin" + whose;
    this.stdinLines =
        settings.stdin == Wish.Queued.LINES
            ? CloseableQueue.bounded(stdin, settings.capacity)
            : null;
    this.stdinBytes =
        settings.stdin == Wish.Queued.BYTES
            ? CloseableQueue.bounded(stdin, settings.capacity)
            : null;
  }

  /** Starts to read and to write. Before the thread of the process starts. */
  void begin(ManagedThread<Integer> newThread) {
    thread = newThread;
    String name = newThread.name();
    ExitWait.start("exit of " + name, process, this::wake);
    if (!(settings.stdout instanceof Wish.Elsewhere)) {
      pump("stdout of " + name, new Pump(process.getInputStream(), stdout, this::wake));
    }
    if (!settings.merged && !(settings.stderr instanceof Wish.Elsewhere)) {
      pump("stderr of " + name, new Pump(process.getErrorStream(), stderr, this::wake));
    }
    if (stdinLines != null) {
      feed(
          name,
          new Feeder<>(stdinLines, process.getOutputStream(), new LineBytes(settings.charset)));
    } else if (stdinBytes != null) {
      feed(name, new Feeder<>(stdinBytes, process.getOutputStream(), bytes -> bytes));
    } else if (settings.stdin == null && !settings.input.isEmpty()) {
      byte[] input = settings.input.getBytes(settings.charset);
      PumpThreads.run("stdin of " + name, () -> Feeder.write(process.getOutputStream(), input));
    }
  }

  private void pump(String name, Pump pump) {
    PumpThreads.run(name, pump);
    pumps.add(pump);
  }

  private void feed(String name, Feeder<?> newFeeder) {
    feeder = newFeeder;
    PumpThreads.run("stdin of " + name, newFeeder);
  }

  /** The thread of the process could not be started: nothing may be left. */
  void undo() {
    process.toHandle().destroyForcibly();
    OsSignal.send("KILL", descendants.look());
    if (feeder != null) {
      feeder.end();
    }
    pumps.forEach(pump -> pump.giveUp(/* late= */ true)); // there is nobody to miss it
    close();
  }

  // ---- called by others

  void wake() {
    Thread sleeper = self;
    if (sleeper != null) {
      LockSupport.unpark(sleeper);
    }
  }

  void kill() {
    killed = true;
    wake();
  }

  private void nowReady() {
    if (!ready) {
      ready = true;
      Objects.requireNonNull(thread).signalReady();
    }
  }

  /** Those who join, or stop the process, may be those who would have to take. */
  void unhindered() {
    stdout.unhindered();
    stderr.unhindered();
  }

  Signal exited() {
    return exited;
  }

  long pid() {
    return process.pid();
  }

  OptionalInt exitCode() {
    return process.isAlive() ? OptionalInt.empty() : OptionalInt.of(process.exitValue());
  }

  // ---- the thread of the process

  @Override
  public Integer call(Signal pleaseStop) throws ProcessFailedException, InterruptedException {
    self = Thread.currentThread();
    Signal.Registration told = pleaseStop.then(this::wake);
    End end;
    try {
      String path = Objects.requireNonNull(thread).path();
      observed = Observed.started(path, process.pid(), settings, startedAt);
      end = live(pleaseStop);
    } finally {
      told.remove();
      close(); // also when this fails: those who take must not wait for ever
    }
    return end.result(settings, process.exitValue(), pleaseStop.isSignalled(), subject(), stderr);
  }

  private End live(Signal pleaseStop) {
    End end = awaitEnd(pleaseStop);
    if (end != End.EXITED || settings.endsDescendants) {
      unhindered();
      stopTree();
    }
    noteExit(); // at the latest: it may have been dead when the stop first looked
    unhindered();
    if (feeder != null) {
      feeder.end();
    }
    drain(end);
    return end;
  }

  private End awaitEnd(Signal pleaseStop) {
    while (true) {
      if (!process.isAlive()) {
        noteExit();
        return End.EXITED;
      }
      if (killed) {
        return End.KILLED;
      }
      if (pleaseStop.isSignalled()) {
        return End.TOLD;
      }
      if (interrupted) {
        return End.INTERRUPTED;
      }
      End passed = limits.passed(ready, lastOutputAt());
      if (passed != null) {
        return passed;
      }
      closeEnded();
      if (!expected && allDone()) {
        expected = true;
        awaitExpectedExit();
      } else {
        sleep(limits.next(ready, lastOutputAt()));
      }
    }
  }

  /**
   * The outputs have ended, so most probably the process has too, and the JDK is about to know:
   * heard of earlier here than through another thread.
   */
  private void awaitExpectedExit() {
    try {
      boolean _ = process.waitFor(EXPECTED, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      interrupted = true; // looked at by the caller
    }
  }

  private long lastOutputAt() {
    long one = stdout.lastAt();
    long other = stderr.lastAt();
    return one - other > 0 ? one : other;
  }

  private void sleep(long nanos) {
    if (nanos >= Long.MAX_VALUE / 4) {
      LockSupport.park(this);
    } else {
      LockSupport.parkNanos(this, nanos);
    }
    interrupted |= Thread.interrupted();
    if (!process.isAlive()) {
      noteExit();
    }
  }

  /** The process has exited. */
  private void noteExit() {
    Observed its = observed;
    if (its != null) {
      observed = null;
      its.ended(process.exitValue());
    }
    exited.go();
  }

  // ---- stopping

  private void stopTree() {
    boolean force = killed || interrupted || settings.grace.isZero();
    if (!force) {
      ask();
      force = !awaitTreeGone();
    }
    if (force) {
      force();
    }
  }

  private void ask() {
    List<ProcessHandle> targets = new ArrayList<>();
    if (process.isAlive()) {
      targets.add(process.toHandle());
    }
    List<ProcessHandle> others = descendants.look(); // now, since later they may belong to nobody
    if (settings.asksWholeTree) {
      targets.addAll(others);
    }
    OsSignal.send(settings.stopSignal, targets);
  }

  /** Waits until the whole tree has gone; answers false when it has to be forced. */
  private boolean awaitTreeGone() {
    long end = System.nanoTime() + Limits.nanos(settings.grace);
    while (true) {
      boolean alive = process.isAlive();
      if (!alive && descendants.look().isEmpty()) {
        return true;
      }
      long now = System.nanoTime();
      if (killed || interrupted || end - now <= 0) {
        return false;
      }
      closeEnded();
      sleep(alive ? end - now : Math.min(LOOK, end - now));
    }
  }

  private void force() {
    long since = System.nanoTime();
    boolean reported = false;
    int rounds = 0;
    while (true) {
      List<ProcessHandle> rest = rounds++ < KILL_ROUNDS ? descendants.look() : List.of();
      boolean alive = process.isAlive();
      if (alive) {
        process.toHandle().destroyForcibly(); // Process.destroyForcibly would close the streams
      }
      OsSignal.send("KILL", rest);
      if (!alive && rest.isEmpty()) {
        return;
      }
      closeEnded();
      sleep(rest.isEmpty() ? 10 * LOOK : KILL_PAUSE);
      if (!reported && System.nanoTime() - since > STUBBORN_AFTER) {
        reported = true;
        Log.warning(
            "Process "
                + process.pid()
                + " of \""
                + thread
                + "\" is still there "
                + Duration.ofNanos(STUBBORN_AFTER).toSeconds()
                + " s after it was killed: it waits in the kernel, perhaps for a disk or a network drive.");
      }
    }
  }

  // ---- the rest of the output

  private void drain(End end) {
    pumps.forEach(Pump::noteExit);
    List<Rest> rests = pumps.stream().map(Rest::new).toList();
    long longest = end == End.EXITED ? DRAIN_LONGEST : DRAIN_LONGEST_STOPPED;
    if (end != End.EXITED) {
      hurry();
    }
    boolean forced = false;
    long began = System.nanoTime();
    long before = began;
    long interruptedAt = interrupted ? began : 0;
    while (!allDone()) {
      if (killed && !forced) {
        forced = true;
        hurry();
        force();
      }
      long now = System.nanoTime();
      if (interrupted && interruptedAt == 0) {
        interruptedAt = now;
      }
      for (Rest rest : rests) {
        rest.look(now - before);
      }
      before = now;
      long passed = now - began;
      boolean cut = interrupted && now - interruptedAt > DRAIN_LONGEST_STOPPED;
      if (cut || rests.stream().allMatch(rest -> rest.isOver(longest, passed))) {
        giveUp(rests);
        return;
      }
      closeEnded();
      sleepWhole(QUIET_LOOK);
    }
  }

  private void hurry() {
    stdout.hurry();
    stderr.hurry();
  }

  /** What may still come of an output. Looked at by the thread of the process from time to time. */
  private static final class Rest {
    final Pump pump;
    private long seen = -1;
    private int quiet;

    /** How long it has been read; without the time in which it waited for those who take. */
    private long read;

    Rest(Pump pump) {
      this.pump = pump;
    }

    void look(long passed) {
      long idle = pump.idleSince();
      quiet = idle >= 0 && idle == seen ? quiet + 1 : 0;
      seen = idle;
      if (!pump.output().isBlocked()) {
        read += passed;
      }
    }

    boolean isOver(long longest, long passed) {
      return pump.isDone()
          || isQuiet()
          || read > longest
          || (pump.isBeyondExit() && passed > longest);
    }

    boolean isQuiet() {
      return quiet > QUIET_LOOKS;
    }

    /** Whether all that was written before the exit has been delivered. */
    boolean isComplete() {
      return isQuiet() || pump.isBeyondExit();
    }
  }

  private void giveUp(List<Rest> all) {
    List<Rest> rests = all.stream().filter(rest -> !rest.pump.isDone()).toList();
    List<ProcessHandle> holders = descendants.look(); // now, since they may end of what follows
    rests.forEach(rest -> rest.pump.giveUp(rest.isComplete()));
    if (rests.stream().anyMatch(Rest::isComplete)) {
      reportHolders(holders, rests.stream().allMatch(Rest::isQuiet));
    }
    if (rests.stream().anyMatch(rest -> !rest.isComplete() && rest.pump.output().dropped() == 0)) {
      Log.warning(
          "Process "
              + process.pid()
              + " of \""
              + thread
              + "\" has exited, but its output could not be read to its end in time. What comes from now on is not read.");
    }
  }

  /** Sleeps this long, but for the end of a pump: others wake it, and it must count time. */
  private void sleepWhole(long nanos) {
    long end = System.nanoTime() + nanos;
    for (long rest = nanos; rest > 0 && !allDone(); rest = end - System.nanoTime()) {
      sleep(rest);
    }
  }

  private boolean allDone() {
    return pumps.stream().allMatch(Pump::isDone);
  }

  private void reportHolders(List<ProcessHandle> holders, boolean quiet) {
    Log.info(
        "Process "
            + process.pid()
            + " of \""
            + thread
            + "\" has exited, but its output is kept open by "
            + (holders.isEmpty() ? "a process that cannot be found" : Descendants.describe(holders))
            + (quiet ? "" : ", which goes on writing")
            + ". What comes from now on is not read.");
  }

  /**
   * Closes the queues of outputs that have ended: on this thread, so that what nobody takes is
   * reported at the end of its tree.
   */
  private void closeEnded() {
    boolean all = true;
    for (Pump pump : pumps) {
      if (pump.isDone()) {
        pump.output().close();
      } else {
        all = false;
      }
    }
    if (all) {
      close();
    }
  }

  private void close() {
    stdout.close();
    stderr.close();
  }

  private String subject() {
    return "\"" + settings.program() + "\" (process " + process.pid() + ")";
  }

  /** What the thread waits for, in dumps. */
  @Override
  public String toString() {
    return "process " + process.pid() + " (" + settings.program() + ")";
  }
}
