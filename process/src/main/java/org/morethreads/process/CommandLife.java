package org.morethreads.process;

import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.morethreads.sync.OpenSignal;
import org.morethreads.sync.Signal;
import org.morethreads.thread.ManagedThread;

/** The life of a command in a session, as the task of the thread that stands for it in the tree. */
final class CommandLife implements ManagedThread.Call<Integer> {
  /*
   * All transitions are made by the thread of the command, which sleeps until somebody wakes it and then looks at everything.
   *
   *   RUNNING -> ENDED       // both marks have come, or the shell has ended
   *   RUNNING -> ASKED       // told to stop, or a limit has passed: the polite signal goes to all that the command has started
   *   RUNNING -> FORCED      // kill(), an interrupt, or no grace
   *   ASKED   -> ENDED | FORCED
   *   FORCED  -> ENDED       // all that is found is killed; where the marks do not come then, the shell too
   *   ENDED   -> GIVEN BACK  // the session is proven to be clean, after what was left has been killed, and is prepared again
   *   ENDED   -> DISCARDED   // it is not
   *
   * As in Life it sleeps outside of the seam, and an interrupt means "now".
   */
  private static final long MILLISECOND = 1_000_000;

  /** How long what a command has started may take to end by itself after it. */
  private static final long LAST_BREATH = 25 * MILLISECOND;

  private static final long LOOK = 50 * MILLISECOND;
  private static final long KILL_PAUSE = 5 * MILLISECOND;

  /** How long it is tried to save the shell. */
  private static final long SAVE = 2_000 * MILLISECOND;

  /** Exit codes above it are those of commands that a signal has ended. */
  private static final int OF_SIGNALS = 128;

  /** How long it is waited for the last output of a shell that was killed. */
  private static final long LAST_OUTPUT = 5_000 * MILLISECOND;

  private final Settings settings;

  /** Written before the thread starts. */
  private Session session;

  private final Limits limits;
  private final OpenSignal exited;
  final Output stdout;

  /** The same as stdout when they are merged. */
  final Output stderr;

  /** Written before the thread starts. */
  private @Nullable ManagedThread<Integer> thread;

  /** Null when the shell had ended. Written before the thread starts. */
  private Session.@Nullable Run begun;

  /** Written before the thread starts. */
  private long begunAt;

  private volatile @Nullable Thread self;
  private volatile boolean killed;
  private volatile @Nullable Integer code;

  /** Whether an interrupt has come. Of the thread alone. */
  private boolean interrupted;

  CommandLife(Settings settings, String name, Session session) {
    this.settings = settings;
    this.session = session;
    this.limits = new Limits(settings);
    this.exited = Signal.create("exited " + name);
    this.stdout = new Output("stdout of " + name, settings, settings.stdout, () -> {});
    this.stderr =
        settings.merged
            ? stdout
            : new Output("stderr of " + name, settings, settings.stderr, () -> {});
  }

  /**
   * The shell is given the command: by the starter, while the thread of the command starts.
   *
   * @throws IOException if it cannot be, mostly since the shell has ended: of what is sent in one
   *     go, nothing was read then
   */
  void begin(ManagedThread<Integer> newThread) throws IOException {
    thread = newThread;
    begunAt = System.nanoTime();
    begun = session.run(settings, stdout, stderr, this::wake);
  }

  /** Another shell is to be given the command, since the one that there was has ended. */
  void useInstead(Session other) {
    session.close();
    session = other;
  }

  /** The thread of the command could not be started: nothing may be left. */
  void undo() {
    discard();
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

  void unhindered() {
    stdout.unhindered();
    stderr.unhindered();
  }

  Signal exited() {
    return exited;
  }

  OptionalInt exitCode() {
    Integer known = code;
    return known == null ? OptionalInt.empty() : OptionalInt.of(known);
  }

  Session session() {
    return session;
  }

  // ---- the thread of the command

  @Override
  public Integer call(Signal pleaseStop) throws ProcessFailedException, InterruptedException {
    self = Thread.currentThread();
    Signal.Registration told = pleaseStop.then(this::wake);
    End end = End.KILLED;
    int result = 137;
    boolean reusable = false;
    Observed observed = null;
    try {
      Session.Run run = begun;
      if (run != null) {
        String path = Objects.requireNonNull(thread).path();
        observed = Observed.started(path, session.pid(), settings, begunAt);
        end = awaitEnd(run, pleaseStop);
        unhindered();
        if (end != End.EXITED) {
          stop(run);
        }
        awaitLastOutput(run);
        result = run.isEnded() ? run.status() : session.exitCode();
        code = result;
        observed.ended(result);
        observed = null;
        exited.go();
        // one that is still being sent a command that has ended would have to read that to its end
        boolean idle = end == End.EXITED || !session.isSending();
        reusable = idle && isReusable(run) && isReadyAgain(result);
      } else {
        end = End.EXITED;
        result = session.exitCode();
      }
    } finally {
      told.remove();
      code = result;
      if (observed != null) {
        observed.ended(result); // nobody knows better
      }
      exited.go();
      if (reusable) {
        Sessions.giveBack(settings, session);
      } else {
        discard();
      }
      stdout.giveUp();
      stderr.giveUp();
      stdout.close();
      stderr.close();
    }
    return end.result(
        settings,
        result,
        pleaseStop.isSignalled(),
        "Command \"" + settings.program() + "\" in " + session,
        stderr);
  }

  private End awaitEnd(Session.Run run, Signal pleaseStop) {
    while (true) {
      if (run.isEnded() || session.isBroken()) {
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
      long one = stdout.lastAt();
      long other = stderr.lastAt();
      long last = one - other > 0 ? one : other;
      End passed = limits.passed(/* ready= */ true, last);
      if (passed != null) {
        return passed;
      }
      sleep(limits.next(/* ready= */ true, last));
    }
  }

  private void sleep(long nanos) {
    if (nanos >= Long.MAX_VALUE / 4) {
      LockSupport.park(this);
    } else {
      LockSupport.parkNanos(this, nanos);
    }
    interrupted |= Thread.interrupted();
  }

  // ---- stopping

  private void stop(Session.Run run) {
    if (!killed && !interrupted && !settings.grace.isZero() && endsPolitely(run)) {
      return;
    }
    if (settings.isolation == Isolation.TRUSTING) {
      if (!run.isEnded()) {
        session.kill();
      }
      return;
    }
    long end = System.nanoTime() + SAVE;
    while (!run.isEnded() && !session.isBroken() && System.nanoTime() - end < 0) {
      OsSignal.send("KILL", session.processes());
      sleep(KILL_PAUSE);
    }
    if (!run.isEnded()) {
      session.kill();
    }
  }

  /**
   * Asks all that the command has started, and what it starts meanwhile. In a shell that is trusted
   * the command may be the shell itself.
   */
  private boolean endsPolitely(Session.Run run) {
    Set<ProcessHandle> asked = new HashSet<>();
    long end = System.nanoTime() + Limits.nanos(settings.grace);
    while (!isAllOver(run) && !session.isBroken()) {
      long rest = end - System.nanoTime();
      if (killed || interrupted || rest <= 0) {
        return false;
      }
      List<ProcessHandle> now = session.processes();
      OsSignal.send("TERM", now.stream().filter(asked::add).toList());
      if (settings.isolation == Isolation.TRUSTING && now.isEmpty()) {
        return false; // a builtin, which a signal to the shell does not end before it is done
      }
      sleep(Math.min(LOOK, rest));
    }
    return true;
  }

  /** Whether nothing of the command is left, as far as that can be known; or only its shell. */
  private boolean isAllOver(Session.Run run) {
    if (!run.isEnded() || settings.isolation == Isolation.TRUSTING) {
      return run.isEnded();
    }
    return settings.dialect.hasFifos(settings) ? run.isClean() : session.processes().isEmpty();
  }

  /** Of a shell that has ended: what it has written is still to be read, and its exit code. */
  private void awaitLastOutput(Session.Run run) {
    long end = System.nanoTime() + LAST_OUTPUT;
    while (!run.isEnded() && !session.isOver() && System.nanoTime() - end < 0) {
      OsSignal.send("KILL", session.processes()); // they may have the outputs open
      sleep(KILL_PAUSE);
    }
  }

  // ---- the session afterwards

  /** Kills what the command has left, until the session is proven to be clean. */
  private boolean isReusable(Session.Run run) {
    if (!run.isEnded() || session.isBroken()) {
      return false;
    }
    if (settings.isolation == Isolation.TRUSTING) {
      return true;
    }
    if (!settings.dialect.hasFifos(settings)) {
      return killAll(() -> session.processes().isEmpty());
    }
    long breath = System.nanoTime() + LAST_BREATH;
    for (long rest = LAST_BREATH; !run.isClean() && rest > 0; rest = breath - System.nanoTime()) {
      sleep(rest);
    }
    return run.isClean() || killAll(run::isClean);
  }

  /**
   * Has the shell get ready for the next command. One whose command was killed is waited for:
   * perhaps that had not been read to its end, and the shell ends for it, see {@link BashDialect}.
   */
  private boolean isReadyAgain(int status) {
    try {
      Session.Run next = session.prepare(settings);
      long end = System.nanoTime() + SAVE;
      while (status > OF_SIGNALS && !next.isReady()) {
        if (session.isBroken() || System.nanoTime() - end > 0) {
          return false;
        }
        sleep(KILL_PAUSE);
      }
      return true;
    } catch (IOException ended) {
      return false;
    }
  }

  private boolean killAll(java.util.function.BooleanSupplier clean) {
    long end = System.nanoTime() + SAVE;
    while (!clean.getAsBoolean()) {
      if (session.isBroken() || System.nanoTime() - end > 0) {
        return false;
      }
      OsSignal.send("KILL", session.processes());
      sleep(KILL_PAUSE);
    }
    return !session.isBroken();
  }

  private void discard() {
    OsSignal.send("KILL", session.processes());
    session.close();
  }

  /** What the thread waits for, in dumps. */
  @Override
  public String toString() {
    return "command " + settings.program() + " in " + session;
  }
}
