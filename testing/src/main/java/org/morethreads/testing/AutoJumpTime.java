package org.morethreads.testing;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.morethreads.internal.OneShot;
import org.morethreads.internal.Surroundings;
import org.morethreads.internal.Time;

/**
 * Time that stands still while anybody who takes part has something to do, and jumps to the next
 * event when all of them wait. What takes a day takes no time, and always the same.
 *
 * <p>A thread takes part from {@link #starting} to {@link #ended}: managed and adopted threads of
 * the tree, the actions of its tills, the drivers of its stops, the guest that a test may run on.
 * Whatever blocks outside of the seam counts as running, and holds the clock.
 */
final class AutoJumpTime extends Time {
  /*
   * `running` counts the threads that may run, the holds, and the clock itself while it delivers an event. It is incremented for a
   * thread *before* that thread is made runnable – by its starter, its waker, its interrupter – and decremented by the thread
   * itself, after it has marked itself parked. So it is zero only when nobody can do anything, and whoever brings it to zero moves
   * the clock. (Counted by the woken thread itself, the clock would run ahead of it.) The upper half of the word counts the
   * increments, so that who sees the same word twice knows that nobody ran in between.
   *
   *     RUNNING -> PARKED            the thread itself, in park; then it counts itself out
   *     PARKED  -> RUNNING           its waker, which has counted it in before, and counts it out again when the CAS fails
   *     RUNNING -> PERMIT -> RUNNING an unpark that came before the park; taken by the thread itself
   *     RUNNING|PERMIT -> OUTSIDE    the watch has given the thread up: it has held the clock too long. Counted out by the watch
   *     OUTSIDE -> RUNNING           the thread itself, at its next park, which returns at once: a permit may have been lost
   *     any     -> ENDED             the thread itself; counts itself out, unless it was OUTSIDE
   *
   * Events are delivered one at a time under `clock`, those of one instant in the order of their making, the next only when all
   * wait again: so threads that are due at the same time run one after the other. Events must not block, and take no other lock.
   * `now`, `jumps`, `agenda`, `serials` are written under `clock`; the seats' states by CAS; all else is said at the field.
   */
  private final AtomicLong running = new AtomicLong();

  /** One who can run, and one coming: the upper half of the word counts who came, ever. */
  private static final long ONE = 1 + (1L << 32);

  private final Map<Surroundings, Seat> seats = new ConcurrentHashMap<>();
  private final Set<Hold> holds = ConcurrentHashMap.newKeySet();
  private final ReentrantLock clock = new ReentrantLock();

  /** Guarded by clock. */
  private final TreeSet<Event> agenda = new TreeSet<>();

  /** Guarded by clock. */
  private long serials;

  private volatile long now;
  private volatile long jumps;

  /** The wall clock at the virtual time zero; moved when somebody sets the wall clock. */
  private volatile Instant epoch;

  /** Whether the clock has stopped for good: nobody is left who should go on. */
  private volatile boolean frozen;

  /** What is called, on the thread that parked last, when all wait and no event is to come. */
  private volatile Runnable onStall = () -> {};

  /** What each thread that takes part runs first of all. */
  private final Runnable onBegin;

  /** Who hears what is thrown where nobody else would. */
  private final Consumer<Throwable> onFailure;

  AutoJumpTime(Instant start, Runnable onBegin, Consumer<Throwable> onFailure) {
    this.epoch = start;
    this.onBegin = onBegin;
    this.onFailure = onFailure;
  }

  /** The place of one thread that takes part. */
  private static final class Seat {
    static final int RUNNING = 0;
    static final int PARKED = 1;
    static final int PERMIT = 2;
    static final int OUTSIDE = 3;
    static final int ENDED = 4;

    final AtomicInteger state = new AtomicInteger(RUNNING);

    /** With these it comes and goes. */
    final Surroundings owner;

    final String name;
    volatile @Nullable Thread thread;

    /** How often the thread has come by; written by the thread itself. */
    volatile int visits;

    /** What the watch saw last, and since when, in real time. Used by the watch alone. */
    int seenVisits = -1;

    long seenSince;

    Seat(Surroundings surroundings) {
      this.owner = surroundings;
      this.name = surroundings.describe();
    }
  }

  /** What is to happen at an instant. */
  private static final class Event implements Scheduled, Comparable<Event> {
    private final AutoJumpTime time;
    private final long at;
    private final long serial;
    private final Runnable what;

    /** Whether it only looks whether all wait: such a look does not wait for another. */
    private final boolean isLook;

    /** Whether it is off the agenda. Written under clock. */
    private volatile boolean gone;

    Event(AutoJumpTime time, long at, long serial, Runnable what, boolean isLook) {
      this.time = time;
      this.at = at;
      this.serial = serial;
      this.what = what;
      this.isLook = isLook;
    }

    @Override
    public int compareTo(Event other) {
      int byTime = Long.compare(at, other.at);
      return byTime != 0 ? byTime : Long.compare(serial, other.serial);
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return this == other;
    }

    @Override
    public int hashCode() {
      return Long.hashCode(serial);
    }

    @Override
    public void cancel() {
      if (gone) {
        return;
      }
      time.clock.lock();
      try {
        if (!gone) {
          gone = true;
          time.agenda.remove(this);
        }
      } finally {
        time.clock.unlock();
      }
    }
  }

  // ---- the clock

  @Override
  public long nanoTime() {
    return now;
  }

  @Override
  public Instant now() {
    return epoch.plusNanos(now);
  }

  void setWallClock(Instant instant) {
    epoch = instant.minusNanos(now);
  }

  Duration elapsed() {
    return Duration.ofNanos(now);
  }

  long jumps() {
    return jumps;
  }

  void onStall(Runnable action) {
    onStall = action;
  }

  /** Stops the clock for good: those who still wait for a time never come back. */
  void freeze() {
    frozen = true;
  }

  private Event add(long delay, Runnable what) {
    return add(delay, what, /* isLook= */ false);
  }

  private Event add(long delay, Runnable what, boolean isLook) {
    clock.lock();
    try {
      long at = now + Math.max(0, delay);
      Event event = new Event(this, at < 0 ? Long.MAX_VALUE : at, serials++, what, isLook);
      agenda.add(event);
      return event;
    } finally {
      clock.unlock();
    }
  }

  /** One more can run. */
  private void enter() {
    running.addAndGet(ONE);
  }

  /** One less can run; the last one moves the clock. */
  private void leave() {
    if ((int) running.decrementAndGet() == 0 && jump()) {
      onStall.run();
    }
  }

  /** Delivers events until somebody can run. Answers whether all wait, and nothing is to come. */
  private boolean jump() {
    clock.lock();
    try {
      while ((int) running.get() == 0 && !frozen) {
        Event next = agenda.pollFirst();
        if (next == null) {
          return true;
        }
        next.gone = true;
        enter(); // the clock itself, until the event has been delivered
        if (next.at > now) {
          now = next.at;
          long before = jumps;
          jumps = before + 1;
        }
        deliver(next);
        long _ = running.decrementAndGet(); // at zero the loop goes on
      }
      return false;
    } finally {
      clock.unlock();
    }
  }

  private void deliver(Event event) {
    try {
      event.what.run();
    } catch (Throwable failure) { // the clock must go on for the others
      onFailure.accept(failure);
    }
  }

  // ---- the seam

  @Override
  public void park(Surroundings self, Object blocker) {
    park(self, blocker, Long.MAX_VALUE);
  }

  @Override
  public void parkNanos(Surroundings self, Object blocker, long nanos) {
    if (nanos > 0) {
      park(self, blocker, nanos);
    }
  }

  private void park(Surroundings self, Object blocker, long nanos) {
    Seat seat = seats.get(self);
    if (seat == null) {
      throw new IllegalStateException(
          "\"" + self.describe() + "\" waits on virtual time, but does not take part in it.");
    }
    Thread me = Thread.currentThread();
    seat.thread = me;
    if (comesBack(seat)
        || me.isInterrupted()
        || seat.state.compareAndSet(Seat.PERMIT, Seat.RUNNING)) {
      return;
    }
    Event alarm = nanos == Long.MAX_VALUE ? null : add(nanos, () -> wake(seat));
    LockSupport.setCurrentBlocker(blocker); // others may look as soon as it counts as parked
    if (seat.state.compareAndSet(Seat.RUNNING, Seat.PARKED)) {
      leave();
      while (seat.state.get() == Seat.PARKED) {
        LockSupport.park(blocker);
        if (me.isInterrupted()) { // perhaps by somebody who does not know the seam
          boolean _ = makeRunnable(seat);
        }
      }
    } else if (!comesBack(seat)) {
      seat.state.compareAndSet(Seat.PERMIT, Seat.RUNNING); // a permit came
    }
    LockSupport.setCurrentBlocker(null);
    if (alarm != null) {
      alarm.cancel();
    }
  }

  /** Counts a visit; answers whether the thread had been given up, and takes part again. */
  private boolean comesBack(Seat seat) {
    int visits = seat.visits; // the thread itself is the only writer
    seat.visits = visits + 1;
    if (seat.state.get() != Seat.OUTSIDE) {
      return false;
    }
    enter();
    seat.state.set(Seat.RUNNING); // nobody else leads out of OUTSIDE
    return true;
  }

  @Override
  public void unpark(Surroundings target, Thread thread) {
    Seat seat = seats.get(target);
    while (seat != null) {
      switch (seat.state.get()) {
        case Seat.RUNNING -> {
          if (seat.state.compareAndSet(Seat.RUNNING, Seat.PERMIT)) {
            return;
          }
        }
        case Seat.PARKED -> {
          if (wake(seat)) {
            return;
          }
        }
        default -> {
          return; // has a permit, or will look for itself when it comes back, or has ended
        }
      }
    }
  }

  @Override
  public void interrupt(Surroundings target, Thread thread) {
    try (Hold _ = hold()) { // the interrupted one may run before we get on
      thread.interrupt();
      Seat seat = seats.get(target);
      if (seat != null) {
        boolean _ = wake(seat);
      }
    }
  }

  /** Interrupts one that takes part; answers whether there is such a one. */
  boolean interrupt(Thread thread) {
    for (Map.Entry<Surroundings, Seat> each : seats.entrySet()) {
      if (each.getValue().thread == thread || each.getKey().isOf(thread)) {
        interrupt(each.getKey(), thread);
        return true;
      }
    }
    return false;
  }

  private boolean wake(Seat seat) {
    boolean woken = makeRunnable(seat);
    if (woken) {
      LockSupport.unpark(seat.thread);
    }
    return woken;
  }

  private boolean makeRunnable(Seat seat) {
    enter();
    if (seat.state.compareAndSet(Seat.PARKED, Seat.RUNNING)) {
      return true;
    }
    leave();
    return false;
  }

  @Override
  public Scheduled schedule(long delayNanos, Runnable action) {
    enter(); // for a stranger, who may schedule while all wait
    try {
      return add(delayNanos, action);
    } finally {
      leave();
    }
  }

  @Override
  public void startDetached(String name, Runnable action) {
    start(Thread.ofVirtual(), name, action);
  }

  @Override
  public void startDriver(String name, Runnable action) {
    start(Thread.ofPlatform().daemon(), name, action);
  }

  private void start(Thread.Builder builder, String name, Runnable action) {
    Detached surroundings = new Detached(this, name, action);
    Thread thread =
        builder
            .name(name)
            .inheritInheritableThreadLocals(false)
            .uncaughtExceptionHandler(surroundings)
            .unstarted(surroundings);
    starting(surroundings);
    boolean started = false;
    try {
      thread.start();
      started = true;
    } finally {
      if (!started) {
        ended(surroundings);
      }
    }
  }

  @Override
  public void starting(Surroundings child) {
    Thread me = Thread.currentThread();
    if (child.isOf(me) && Surroundings.current() instanceof Guest guest) {
      Seat seat = seats.get(guest);
      if (seat != null) { // adopted: it stays where it is
        seats.put(child, seat);
        return;
      }
    }
    enter();
    seats.put(child, new Seat(child));
  }

  @Override
  public void began(Surroundings child) {
    Seat seat = seats.get(child);
    if (seat != null) {
      seat.thread = Thread.currentThread();
    }
    onBegin.run();
  }

  @Override
  public void ended(Surroundings child) {
    Seat seat = seats.remove(child);
    if (seat != null && seat.owner == child && seat.state.getAndSet(Seat.ENDED) != Seat.OUTSIDE) {
      leave();
    }
  }

  /** The surroundings of a thread that takes part without being managed. */
  abstract static class Unmanaged extends Surroundings {
    final AutoJumpTime time;
    private final String name;
    volatile @Nullable Thread thread;

    Unmanaged(AutoJumpTime time, String name) {
      this.time = time;
      this.name = name;
    }

    @Override
    public AutoJumpTime time() {
      return time;
    }

    @Override
    public boolean isOf(Thread some) {
      return thread == some;
    }

    @Override
    public boolean isHurried() {
      return false;
    }

    @Override
    public long hurriedAtNanos() {
      return time.nanoTime();
    }

    @Override
    public Instant hurriedAt() {
      return time.now();
    }

    @Override
    public @Nullable OneShot hurrySignal() {
      return null;
    }

    @Override
    public String describe() {
      return name;
    }
  }

  /**
   * The thread that a test runs on, when that is not a managed one. It may be adopted, so it is
   * found as an adopted thread is, and keeps its seat.
   */
  static final class Guest extends Unmanaged {
    private final CountDownLatch ended = new CountDownLatch(1);

    private Guest(AutoJumpTime time, String name) {
      super(time, name);
    }

    /** What the thread does, and nothing after it. */
    private void live(Consumer<Guest> body) {
      Surroundings.remember(this);
      time.began(this);
      try {
        body.accept(this);
      } finally {
        Surroundings.remember(null);
        time.ended(this);
        ended.countDown();
      }
    }

    /** Interrupts it, in whatever it waits. */
    void interrupt() {
      Thread its = thread;
      if (its != null) {
        time.interrupt(this, its);
      }
    }

    /** Waits for its end, in real time. Answers whether it has ended. */
    boolean awaitEnd(Duration patience) throws InterruptedException {
      return ended.await(patience.toNanos(), TimeUnit.NANOSECONDS);
    }

    StackTraceElement[] stack() {
      Thread its = thread;
      return its == null ? new StackTraceElement[0] : its.getStackTrace();
    }
  }

  /** Starts a guest; what the body throws is its own affair. */
  Guest startGuest(Thread.Builder builder, String name, Consumer<Guest> body) {
    Guest guest = new Guest(this, name);
    ClassLoader loader = Thread.currentThread().getContextClassLoader();
    Thread thread =
        builder.name(name).inheritInheritableThreadLocals(false).unstarted(() -> guest.live(body));
    thread.setContextClassLoader(loader);
    guest.thread = thread;
    starting(guest);
    boolean started = false;
    try {
      thread.start();
      started = true;
    } finally {
      if (!started) {
        ended(guest);
      }
    }
    return guest;
  }

  /** The surroundings of a thread for user code that has no thread of its own. */
  private static final class Detached extends Unmanaged
      implements Runnable, Thread.UncaughtExceptionHandler {
    private final Runnable action;

    Detached(AutoJumpTime time, String name, Runnable action) {
      super(time, name);
      this.action = action;
    }

    @Override
    public void run() {
      thread = Thread.currentThread();
      try {
        time.began(this);
        action.run();
      } finally {
        time.ended(this);
      }
    }

    @Override
    public void uncaughtException(Thread where, Throwable failure) {
      time.onFailure.accept(failure);
    }
  }

  // ---- holds

  /** Somebody who keeps the clock from moving. */
  final class Hold implements AutoCloseable {
    private final AtomicBoolean open = new AtomicBoolean(true);
    private final @Nullable Throwable where;
    private final long since = System.nanoTime();

    private Hold(@Nullable Throwable where) {
      this.where = where;
    }

    @Override
    public void close() {
      if (open.compareAndSet(true, false)) {
        holds.remove(this);
        leave();
      }
    }
  }

  /** Keeps the clock from moving for a moment, without being watched. */
  Hold hold() {
    enter();
    return new Hold(null);
  }

  /** Keeps the clock from moving for user code, which may forget to let it go. */
  Hold watchedHold() {
    enter();
    Hold hold = new Hold(new Throwable("the clock is held since here"));
    holds.add(hold);
    return hold;
  }

  /**
   * Called by one that takes part: lets all others go on until each of them waits or has ended, and
   * nothing is due any more at this instant. The clock does not move.
   */
  void awaitOthersBlocked(Surroundings self) throws InterruptedException {
    Seat seat = seats.get(self);
    do {
      Event look =
          add(
              0,
              () -> {
                if (seat != null) {
                  boolean _ = wake(seat);
                }
              },
              /* isLook= */ true);
      try {
        while (!look.gone) {
          if (Thread.interrupted()) {
            throw new InterruptedException("Interrupted while waiting until all others wait.");
          }
          park(self, "until all others wait", Long.MAX_VALUE);
        }
      } finally {
        look.cancel();
      }
    } while (isAnythingDue()); // made by the others meanwhile, such as a till of no time
  }

  /** Whether something is to happen at this very instant, but for the looks of others. */
  private boolean isAnythingDue() {
    clock.lock();
    try {
      for (Event event : agenda) {
        if (event.at > now) {
          return false;
        }
        if (!event.isLook) {
          return true;
        }
      }
      return false;
    } finally {
      clock.unlock();
    }
  }

  // ---- for the watch

  /**
   * Whether all wait and no event is to come: only somebody from outside can wake one. Not if one
   * has been interrupted past the seam, and has not yet counted itself in.
   */
  boolean isStalled() {
    clock.lock();
    try {
      long before = running.get();
      return (int) before == 0
          && agenda.isEmpty()
          && !frozen
          && !isAnyoneInterrupted()
          && running.get() == before; // nobody has come meanwhile, and taken the interrupt
    } finally {
      clock.unlock();
    }
  }

  private boolean isAnyoneInterrupted() {
    for (Seat seat : seats.values()) {
      Thread thread = seat.thread;
      if (thread != null && thread.isInterrupted()) {
        return true;
      }
    }
    return false;
  }

  /**
   * Waits until those that count as parked have really gone to sleep, so that a dump shows what
   * they wait for: a thread counts itself out just before. Not longer than a second.
   */
  void awaitAsleep() {
    long end = System.nanoTime() + 1_000_000_000;
    for (Seat seat : seats.values()) {
      Thread thread = seat.thread;
      while (thread != null
          && seat.state.get() == Seat.PARKED
          && !isWaiting(thread)
          && System.nanoTime() - end < 0) {
        Thread.yield();
      }
    }
  }

  /** The names of the actions that have not ended. */
  List<String> actions() {
    return names(Detached.class::isInstance);
  }

  /** The paths of the managed threads that have not ended. */
  List<String> living() {
    return names(each -> !(each instanceof Unmanaged));
  }

  private List<String> names(Predicate<Surroundings> which) {
    return seats.keySet().stream().filter(which).map(Surroundings::describe).toList();
  }

  /** One that has held the clock too long. */
  record Holder(String name, @Nullable Thread thread, @Nullable Throwable where, Runnable giveUp) {}

  private long watchedProgress;
  private long progressSince;

  /**
   * Finds those who have held the clock for a time. Called by the watch alone, again and again. A
   * thread that is ready to run but gets no processor, since others are busy, is not one of them.
   */
  List<Holder> holders(Duration limit) {
    long realNow = System.nanoTime();
    long longest = limit.toNanos();
    List<Seat> found = new ArrayList<>();
    long progress = jumps;
    for (Seat seat : seats.values()) {
      int visits = seat.visits;
      progress += visits;
      int state = seat.state.get();
      if (visits != seat.seenVisits || state == Seat.PARKED || state >= Seat.OUTSIDE) {
        seat.seenVisits = visits;
        seat.seenSince = realNow;
      } else if (realNow - seat.seenSince >= longest) {
        found.add(seat);
      }
    }
    if (progress != watchedProgress) {
      watchedProgress = progress;
      progressSince = realNow;
    }
    boolean othersAreBusy = realNow - progressSince < longest;
    List<Holder> holders = new ArrayList<>();
    for (Seat seat : found) {
      Thread thread = seat.thread;
      if (!othersAreBusy || (thread != null && isWaiting(thread))) {
        holders.add(new Holder(seat.name, thread, null, () -> giveUp(seat)));
      }
    }
    for (Hold hold : holds) {
      if (realNow - hold.since >= longest) {
        holders.add(new Holder("a hold that was not closed", null, hold.where, hold::close));
      }
    }
    return holders;
  }

  private static boolean isWaiting(Thread thread) {
    return switch (thread.getState()) {
      case BLOCKED, WAITING, TIMED_WAITING -> true;
      default -> false;
    };
  }

  private void giveUp(Seat seat) {
    if (seat.state.compareAndSet(Seat.RUNNING, Seat.OUTSIDE)
        || seat.state.compareAndSet(Seat.PERMIT, Seat.OUTSIDE)) {
      leave();
    }
  }
}
