package org.morethreads.stress.schedule;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;
import org.morethreads.internal.Library;
import org.morethreads.internal.Log;
import org.morethreads.internal.SchedulePoint;
import org.morethreads.internal.Surroundings;
import org.morethreads.internal.Time;
import org.morethreads.thread.StopPolicy;
import org.morethreads.thread.ThreadTree;

/**
 * One schedule of a scenario: its threads run one at a time, and whenever one of them comes to a
 * schedule point, parks or unparks, a {@link Choices} decides who goes on.
 *
 * <p>It is the {@link Time} of all threads that take part: {@linkplain #thread its own}, and those
 * of a {@code ThreadTree} opened on it. Whoever else calls into the library, such as the thread
 * that sets the scenario up, is not held up.
 */
public final class Run extends Time implements SchedulePoint.Scheduler {
  /*
   * The turn is a baton: all fields but `turn` and Seat.thread are touched only by the seat that has the turn, or, before the first
   * and after the last turn, by the runner. Handing it over is a volatile write and an unpark; a thread that has not arrived yet
   * finds the turn its own when it does.
   *
   * After a failure every thread that is left gets the turn once more, and leaves by an Unwound error thrown from where it stands.
   */

  /** A schedule that takes more steps than this is taken to run for ever. */
  static final int MOST_STEPS = 20_000;

  private static final long START = 1_000_000_000;
  private static final long SOON = 100_000_000;
  private static final Instant EPOCH = Instant.parse("2030-01-01T00:00:00Z");

  /** What a thread of a scenario does. */
  @FunctionalInterface
  public interface Body {
    /** Does it. */
    void run() throws Exception;
  }

  /** When parks with a time-out, and timers, may be over. */
  public enum Timeouts {
    /** Never: whoever is not woken is a deadlock, also one that would find out a second later. */
    NEVER,
    /**
     * Only when nobody else can go on, the earliest first, and for a tenth of a second in all: time
     * for polls, but whoever is not woken and would find out a second later is a deadlock.
     */
    SOON,
    /** Only when nobody else can go on, the earliest first. */
    WHEN_IDLE,
    /** At any moment, a few times in a schedule; and when nobody else can go on. */
    ANY
  }

  /** Thrown from engine calls when the schedule has failed, to get the threads out. */
  static final class Unwound extends Error {
    private static final long serialVersionUID = 1;

    Unwound() {
      super("the schedule is over", null, false, false);
    }
  }

  private enum State {
    RUNNABLE,
    PARKED,
    TIMED,
    /** A timer that has not gone off. */
    PENDING,
    DONE
  }

  /** What the engine knows of a thread. */
  private static final class Seat {
    final int index;
    final String name;
    final Surroundings surroundings;
    final boolean timer;
    volatile Thread thread;
    State state = State.RUNNABLE;
    boolean permit;
    boolean interrupt;
    long deadline;
    Object blocker;

    Seat(int index, String name, Surroundings surroundings, boolean timer) {
      this.index = index;
      this.name = name;
      this.surroundings = surroundings;
      this.timer = timer;
    }
  }

  private final Choices choices;
  private final Timeouts timeouts;
  private final List<Seat> seats = new CopyOnWriteArrayList<>();
  private final List<Seat> candidates = new ArrayList<>();
  private final List<Runnable> afterwards = new ArrayList<>();
  private final Trace trace = new Trace();
  private volatile Seat turn;
  private volatile Throwable failure;
  private volatile boolean over;
  private Thread runner;
  private final List<String> errors = new ArrayList<>();
  private boolean errorsExpected;
  private long now = START;
  private int forcedTimeouts;

  Run(Choices choices, Timeouts timeouts) {
    this.choices = choices;
    this.timeouts = timeouts;
  }

  // ---- for scenarios

  /** Adds a thread. Called while the scenario is set up. */
  public Participant thread(String name, Body body) {
    Participant participant = new Participant(this, name);
    Seat seat = add(name, participant, false);
    participant.bind(() -> {
      try {
        arrive(seat);
        body.run();
      } catch (Unwound _) {
        // the schedule has failed elsewhere
      } catch (Throwable thrown) {
        fail(thrown);
      } finally {
        leave(seat);
      }
    });
    seat.thread = participant.thread();
    participant.thread().start();
    return participant;
  }

  /**
   * Opens a tree whose threads take part. A thread of the scenario must stop it, and everybody in
   * it must end.
   */
  public ThreadTree tree(StopPolicy policy) {
    return ThreadTree.open(Library.MEMBER, "tree", policy, this, /* wholeStarts= */ false);
  }

  /** Looks at what has come of it, when all threads have ended. */
  public void afterwards(Runnable check) {
    afterwards.add(check);
  }

  /** A step of the scenario's own, before which others may run. */
  public void step(String name) {
    reached(name);
  }

  /** Lets time pass, as seen by everybody from now on. */
  public void pass(Duration time) {
    now += time.toNanos();
    reached("pass " + time);
  }

  /** The virtual time that has passed. */
  public Duration elapsed() {
    return Duration.ofNanos(now - START);
  }

  /** How often nobody could go on but by the end of a time. */
  public int forcedTimeouts() {
    return forcedTimeouts;
  }

  /** What the library has logged at level ERROR; none is expected unless this was called before. */
  public List<String> errors() {
    errorsExpected = true;
    return errors;
  }

  private void logged(System.Logger.Level level, String message, Throwable thrown) {
    if (level == System.Logger.Level.ERROR && failure == null) {
      errors.add(message);
      if (!errorsExpected) {
        fail(new AssertionError("logged: " + message, thrown));
      }
    }
  }

  // ---- the run as a whole

  /** Runs all threads to their end; returns what went wrong, or null. */
  Throwable execute() {
    runner = Thread.currentThread();
    SchedulePoint.setScheduler(this);
    Log.setListener(this::logged);
    try {
      passOn(null, "begin");
      awaitEnd();
      if (failure == null) {
        try {
          afterwards.forEach(Runnable::run);
        } catch (Throwable thrown) {
          failure = thrown;
        }
      }
    } finally {
      SchedulePoint.setScheduler(null);
      Log.setListener(null);
    }
    return failure;
  }

  private void awaitEnd() {
    while (!over) {
      LockSupport.park(this);
    }
  }

  /** For whoever watches that the run gets on: where it stands, without holding it up. */
  AssertionError stuck() {
    Seat at = turn;
    var stuck = new AssertionError(at.name + " blocks, or spins, outside of the seam:\n" + trace);
    if (at.thread != null) {
      stuck.setStackTrace(at.thread.getStackTrace());
    }
    return stuck;
  }

  Trace trace() {
    return trace;
  }

  private Seat add(String name, Surroundings surroundings, boolean timer) {
    Seat seat = new Seat(seats.size(), name, surroundings, timer);
    seats.add(seat);
    trace.named(name);
    return seat;
  }

  private void fail(Throwable why) {
    if (failure == null) {
      failure = why;
    }
  }

  // ---- the turn

  private Seat mine() {
    Seat at = turn;
    return at != null && at.thread == Thread.currentThread() ? at : null;
  }

  /** A thread that was started comes to its first schedule point, and waits for its turn. */
  private void arrive(Seat seat) {
    seat.thread = Thread.currentThread();
    awaitTurn(seat);
  }

  private void awaitTurn(Seat seat) {
    boolean interrupted = false;
    while (turn != seat) {
      LockSupport.park(this);
      interrupted |= Thread.interrupted(); // by somebody who does not know the seam
    }
    if (interrupted || seat.interrupt) {
      seat.interrupt = false;
      Thread.currentThread().interrupt();
    }
    unwindAfterFailure();
  }

  private void unwindAfterFailure() {
    if (failure != null) {
      throw new Unwound();
    }
  }

  private void passOn(Seat from, String where) {
    Seat next = choose(from, where);
    if (next == null) {
      over = true;
      LockSupport.unpark(runner);
      return;
    }
    if (next.state == State.PENDING) {
      next.state = State.RUNNABLE;
      next.thread.start();
    }
    turn = next;
    if (next != from && next.thread != null) {
      LockSupport.unpark(next.thread);
    }
  }

  /** Who goes on; null when all have ended. */
  private Seat choose(Seat from, String where) {
    if (failure == null && trace.size() > MOST_STEPS) {
      fail(new AssertionError("no end after " + MOST_STEPS + " steps: a livelock?" + waiting()));
    }
    if (failure != null) {
      return anyLeft();
    }
    boolean fromRuns = from != null && from.state == State.RUNNABLE;
    candidates.clear();
    if (fromRuns) {
      candidates.add(from);
    }
    for (Seat seat : seats) {
      if (seat != from && seat.state == State.RUNNABLE) {
        candidates.add(seat);
      }
    }
    int runnable = candidates.size();
    if (runnable == 0 && !somebodyWaits()) {
      return null;
    }
    addTimed();
    if (candidates.isEmpty()) {
      fail(new AssertionError("deadlock: nobody can go on" + waiting()));
      return anyLeft();
    }
    int timed = candidates.size() - runnable;
    if (timeouts != Timeouts.ANY) {
      timed = runnable > 0 ? 0 : 1;
    }
    if (timeouts == Timeouts.SOON && timed > 0 && candidates.get(0).deadline > START + SOON) {
      fail(new AssertionError("deadlock, but for a time that ends late" + waiting()));
      return anyLeft();
    }
    int chosen = choices.next(runnable, timed, fromRuns);
    Seat next = candidates.get(chosen);
    if (chosen >= runnable) {
      forcedTimeouts += runnable == 0 ? 1 : 0;
      timeOut(next);
    }
    trace.add(from == null ? -1 : from.index, where, next.index, chosen >= runnable);
    return next;
  }

  private boolean somebodyWaits() {
    return seats.stream().anyMatch(s -> s.state == State.PARKED || s.state == State.TIMED);
  }

  /** Those whose time may be over, the earliest first. */
  private void addTimed() {
    if (timeouts == Timeouts.NEVER) {
      return;
    }
    int runnable = candidates.size();
    boolean timerRuns = false;
    for (Seat seat : seats) {
      timerRuns |= seat.timer && seat.state != State.PENDING && seat.state != State.DONE;
    }
    for (Seat seat : seats) {
      if (seat.state == State.TIMED || (seat.state == State.PENDING && !timerRuns)) {
        candidates.add(seat);
      }
    }
    candidates
        .subList(runnable, candidates.size())
        .sort((one, other) -> Long.compare(one.deadline, other.deadline));
  }

  private void timeOut(Seat seat) {
    now = Math.max(now, seat.deadline);
    if (seat.state == State.TIMED) {
      seat.state = State.RUNNABLE;
    }
  }

  private Seat anyLeft() {
    for (Seat seat : seats) {
      if (seat.state != State.DONE && seat.state != State.PENDING) {
        return seat;
      }
    }
    return null;
  }

  private String waiting() {
    StringBuilder text = new StringBuilder();
    for (Seat seat : seats) {
      if (seat.state == State.PARKED || seat.state == State.TIMED) {
        text.append("\n  ").append(seat.name).append(" waits for ").append(seat.blocker);
      }
    }
    return text.toString();
  }

  private void leave(Seat seat) {
    seat.state = State.DONE;
    passOn(seat, "end");
  }

  private void decide(Seat me, String where) {
    unwindAfterFailure();
    passOn(me, where);
    if (turn != me) {
      awaitTurn(me);
    } else {
      unwindAfterFailure();
    }
  }

  // ---- the seams

  @Override
  public void reached(String where) {
    Seat me = mine();
    if (me != null) {
      decide(me, where);
    } else {
      Seat arriving = arriving();
      if (arriving != null) {
        arrive(arriving);
      }
    }
  }

  /** The seat of a managed thread that has just been started, when that is the calling one. */
  private Seat arriving() {
    Surroundings own = Surroundings.current();
    if (own.time() == this) {
      for (Seat seat : seats) {
        if (seat.surroundings == own && seat.thread == null) {
          return seat;
        }
      }
    }
    return null;
  }

  @Override
  public long nanoTime() {
    return now;
  }

  @Override
  public Instant now() {
    return EPOCH.plusNanos(now);
  }

  @Override
  public void park(Surroundings self, Object blocker) {
    park(State.PARKED, blocker, 0);
  }

  @Override
  public void parkNanos(Surroundings self, Object blocker, long nanos) {
    if (nanos > 0) {
      park(State.TIMED, blocker, nanos);
    }
  }

  private void park(State state, Object blocker, long nanos) {
    Seat me = mine();
    if (me == null) {
      throw new IllegalStateException("a stranger parks: " + Thread.currentThread());
    }
    decide(me, "before park");
    if (me.permit || Thread.currentThread().isInterrupted()) {
      me.permit = false;
      return;
    }
    if (choices.spurious()) {
      return;
    }
    me.state = state;
    me.blocker = blocker;
    me.deadline = now + nanos < 0 ? Long.MAX_VALUE : now + nanos;
    decide(me, "park");
    me.blocker = null;
    me.permit = false;
  }

  @Override
  public void unpark(Surroundings target, Thread thread) {
    Seat me = mine();
    if (me != null && failure == null) {
      decide(me, "before unpark");
    }
    for (Seat seat : seats) {
      if (seat.thread == thread || (seat.thread == null && seat.surroundings == target)) {
        seat.permit = true;
        wake(seat);
      }
    }
  }

  private static void wake(Seat seat) {
    if (seat.state == State.PARKED || seat.state == State.TIMED) {
      seat.state = State.RUNNABLE;
    }
  }

  @Override
  public void interrupt(Surroundings target, Thread thread) {
    // No decision here: who ends meanwhile spins until the interrupt has been delivered.
    Seat me = mine();
    for (Seat seat : seats) {
      if (seat.thread == thread && seat.state != State.DONE) {
        if (seat == me) {
          thread.interrupt();
        } else {
          seat.interrupt = true; // set by itself, when its turn comes
          wake(seat);
        }
      }
    }
  }

  @Override
  public Scheduled schedule(long delayNanos, Runnable action) {
    if (failure != null) {
      return () -> {};
    }
    Seat seat = detached("timer " + seats.size(), action, true);
    seat.state = State.PENDING;
    seat.deadline = now + Math.max(0, delayNanos);
    return () -> {
      if (seat.state == State.PENDING) {
        seat.state = State.DONE;
      }
    };
  }

  @Override
  public void startDetached(String name, Runnable action) {
    if (failure == null) {
      detached(name, action, false).thread.start();
    }
  }

  private Seat detached(String name, Runnable action, boolean timer) {
    Participant participant = new Participant(this, name);
    Seat seat = add(name, participant, timer);
    participant.bind(() -> {
      try {
        arrive(seat);
        action.run();
      } catch (Unwound _) {
        // the schedule has failed elsewhere
      } catch (Throwable thrown) {
        fail(thrown);
      } finally {
        leave(seat);
      }
    });
    seat.thread = participant.thread();
    return seat;
  }

  @Override
  public void starting(Surroundings child) {
    if (!child.isOf(Thread.currentThread())) { // else a participant is adopted, and keeps its seat
      add(child.describe(), child, false);
    }
  }

  @Override
  public void ended(Surroundings child) {
    for (Seat seat : seats) {
      if (seat.surroundings == child && seat.state != State.DONE) {
        if (seat == turn) {
          leave(seat);
        } else {
          seat.state = State.DONE; // its start has failed
        }
      }
    }
  }

  /** The name of a seat for messages. */
  @Override
  public String toString() {
    return Objects.toString(failure, "a schedule");
  }
}
