package org.morethreads.thread;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.channels.ClosedByInterruptException;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.morethreads.internal.Firing;
import org.morethreads.internal.Log;
import org.morethreads.internal.OneShot;
import org.morethreads.internal.SchedulePoint;
import org.morethreads.internal.Surroundings;
import org.morethreads.internal.Time;
import org.morethreads.queue.QueueClosedException;
import org.morethreads.queue.WaitInterruptedException;

/**
 * A thread's place in the tree, and the surroundings of its code. It sits in the thread's
 * uncaught-exception-handler slot, where {@link Surroundings#current} finds it; nothing is ever
 * uncaught in a managed thread.
 */
final class Node extends Surroundings implements Runnable, Thread.UncaughtExceptionHandler {
  /*
   * Life cycle; the state only moves down this list, but for the excursion to INTERRUPTING.
   *
   *     PREPARED -> STARTING      // start(), by CAS: of two starters one gets on; and back, when the parent refuses the child
   *     STARTING -> STARTED       // linked under the parent's child lock
   *      STARTED -> RUNNING       // the thread runs; the task is called
   *      RUNNING -> INTERRUPTING  // somebody interrupts, and goes back: so that no interrupt comes after the task
   *      RUNNING -> CLOSING       // the task has ended, or sits in System.exit; children are told and awaited
   *      CLOSING -> ENDED         // the outcome is recorded
   *
   * `outcome` is written once, by CAS: by the thread itself, or by the stop watch that abandons it. Who wins fires `stopped` and
   * unlinks the node; the loser logs. Closing the child list (`closed`) always comes before the outcome.
   */
  static final int PREPARED = 0;
  static final int STARTING = 1;
  static final int STARTED = 2;
  static final int RUNNING = 3;
  static final int INTERRUPTING = 4;
  static final int CLOSING = 5;
  static final int ENDED = 6;

  private static final VarHandle STATE;
  private static final VarHandle OUTCOME;
  private static final VarHandle REQUEST;
  private static final VarHandle ESCALATION;
  private static final VarHandle CHILD_LOCK;

  static {
    try {
      MethodHandles.Lookup lookup = MethodHandles.lookup();
      STATE = lookup.findVarHandle(Node.class, "state", int.class);
      OUTCOME = lookup.findVarHandle(Node.class, "outcome", Outcome.class);
      REQUEST = lookup.findVarHandle(Node.class, "request", Told.class);
      ESCALATION = lookup.findVarHandle(Node.class, "escalation", int.class);
      CHILD_LOCK = lookup.findVarHandle(Node.class, "childLock", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private static final Node[] NONE = {};

  private static final int LOCKED = 1;
  private static final int CLOSED = 1 << 1;
  private static final int REFUSING = 1 << 2;

  /** What sort of thread stands behind a node. */
  enum Kind {
    /** None: the root of a tree. */
    ROOT,
    /** Started by us. */
    OWNED,
    /** Adopted; not ours to interrupt. */
    ADOPTED,
    /** Adopted, and agrees to be interrupted. */
    ADOPTED_INTERRUPTIBLE,
    /** The owner of a scope, who has a node of its own or is unmanaged; see {@link ScopeLife}. */
    SCOPE
  }

  // ---- immutable

  final ThreadTree tree;
  final @Nullable Node parent;
  final String name;
  final Options options;
  final ManagedThread<?> handle;
  final StopSignal pleaseStop = new StopSignal(this);
  final StoppedSignal stopped = new StoppedSignal(this);

  // ---- written before the thread starts, or by the thread itself

  private @Nullable Thread thread;

  /** A {@link ManagedThread.Task} or a {@link ManagedThread.Call}; null once it has ended. */
  private @Nullable Object task;

  long startedAtNanos;

  /** The line that started the thread, or more of the stack; null when nobody started it. */
  StackTraceElement @Nullable [] startedFrom;

  // ---- guarded by the parent's child lock

  @Nullable Node older;
  @Nullable Node newer;

  /** The start order among the parent's children; written before the node is visible. */
  long order;

  /** Which of the living children of this name it was; written before the node is visible. */
  int ordinal;

  // ---- changed by anybody

  private volatile int state;
  private volatile @Nullable Outcome<?> outcome;

  /** The first request to stop; the thread may be told later, when others must stop before. */
  private volatile @Nullable Told request;

  /**
   * Written under the child lock, before {@code pleaseStop} fires; once more only by a start after
   * that.
   */
  private volatile @Nullable Told told;

  /** How far the stop watch has gone with this node: see {@link StopWatch}. */
  volatile int escalation;

  /** What few threads have. */
  private volatile @Nullable Extras extras;

  /**
   * The bit LOCKED is a spin lock, held for a few instructions; it guards the bits CLOSED, after
   * which no child can be linked and there is none, and REFUSING, after which none can be linked
   * either, and the field below.
   */
  private volatile int childLock;

  private @Nullable Children children;

  Node(
      ThreadTree tree, @Nullable Node parent, String name, Options options, @Nullable Object task) {
    this.tree = tree;
    this.parent = parent;
    this.name = name;
    this.options = parent == null ? options : options.under(parent);
    this.task = task;
    this.handle = new ManagedThread<>(this);
  }

  Kind kind() {
    return options.kind;
  }

  /** The policy of this node, which that of its parent bounds. */
  StopPolicy policy() {
    return Objects.requireNonNull(options.policy); // see Options.under
  }

  /**
   * How many stages the stop still has from this node on (H4): itself, and those that it, or one
   * above it, which waits for it, needs.
   */
  int stages() {
    return options.stages;
  }

  // ---- surroundings

  @Override
  public Time time() {
    return tree.time;
  }

  @Override
  public boolean isOf(Thread other) {
    return thread == other;
  }

  @Override
  public boolean isHurried() {
    return Firing.isFired(pleaseStop);
  }

  @Override
  public long hurriedAtNanos() {
    Told when = told;
    return when == null ? time().nanoTime() : when.atNanos();
  }

  @Override
  public Instant hurriedAt() {
    Told when = told;
    return when == null ? time().now() : when.at();
  }

  @Override
  public OneShot hurrySignal() {
    return pleaseStop;
  }

  @Override
  public void madeHurriedTill() {
    extras().hurriedTills++;
  }

  @Override
  public void keep(Leftovers leftovers) {
    tree.keep(leftovers);
  }

  @Override
  public void forget(Leftovers leftovers) {
    tree.forget(leftovers);
  }

  @Override
  public void report(String message, Throwable failure) {
    tree.report(message, failure);
  }

  /** The path; levels in the middle of a very deep one are left out. */
  @Override
  public String describe() {
    StringBuilder path = new StringBuilder();
    int levels = 0;
    for (Node node = this; node != null; node = node.parent) {
      if (++levels > 30 && node.parent != null) {
        Node root = node.tree.root;
        path.insert(0, root.ownName() + "/…/");
        break;
      }
      path.insert(0, node == this ? node.ownName() : node.ownName() + "/");
    }
    return path.toString();
  }

  String ownName() {
    return ordinal <= 1 ? name : name + "#" + ordinal;
  }

  @Override
  public String toString() {
    return describe();
  }

  @Override
  public void uncaughtException(Thread where, Throwable failure) {
    Log.error(
        "Thread \"" + where.getName() + "\" ended by a failure outside of its task.", failure);
  }

  void unparkOwnThread() {
    Thread own = thread;
    if (own != null && kind() != Kind.SCOPE) { // its tills are those of another node
      unpark(own);
    }
  }

  @Nullable Thread thread() {
    return thread;
  }

  int state() {
    return state;
  }

  @Nullable Outcome<?> outcome() {
    return outcome;
  }

  @Nullable Told told() {
    return told;
  }

  @Nullable Told request() {
    return request;
  }

  boolean isEnded() {
    return outcome != null;
  }

  /**
   * Whether it is told to stop, or will be with one above it that has been asked, or whose task has
   * ended. Who sees that something has ended by a stop sees that stop here: nodes are asked on the
   * way down, before those below them are told.
   */
  boolean isPartOfStop() {
    for (Node node = this; node != null; node = node.parent) {
      if (node.told != null || node.request() != null || node.state >= CLOSING) {
        return true;
      }
    }
    return false;
  }

  Extras extras() {
    Extras present = extras;
    if (present == null) {
      lockChildren();
      try {
        present = extras;
        if (present == null) {
          present = new Extras();
          extras = present;
        }
      } finally {
        unlockChildren();
      }
      if (isEnded()) { // and perhaps has found none to release
        present.release();
      }
    }
    return present;
  }

  @Nullable Extras extrasOrNull() {
    return extras;
  }

  // ---- the child list

  void lockChildren() {
    int spins = 0;
    while (true) {
      int seen = childLock;
      if ((seen & LOCKED) == 0 && CHILD_LOCK.compareAndSet(this, seen, seen | LOCKED)) {
        return;
      }
      if (++spins < 64) {
        Thread.onSpinWait();
      } else {
        letOthersRun(); // ends: the holder needs no other lock and no other thread
      }
    }
  }

  void unlockChildren() {
    unlockChildren(0);
  }

  /**
   * Unlocks, and sets a bit. A release is enough: whoever needs to see what was done takes the lock
   * before, by a CAS on the same field.
   */
  private void unlockChildren(int bit) {
    CHILD_LOCK.setRelease(this, (childLock & ~LOCKED) | bit); // nobody else writes it meanwhile
  }

  int childCount() {
    lockChildren();
    try {
      return children == null ? 0 : children.count;
    } finally {
      unlockChildren();
    }
  }

  /**
   * Until when this node has a chance to react to the end of its last child, which came after it
   * was told.
   *
   * @param grace how long a chance is, in nanoseconds
   * @param otherwise the answer when it had no children then
   * @param latest the latest time from which the chance counts
   */
  long chanceAfterChildren(long grace, long otherwise, long latest) {
    lockChildren();
    try {
      if (children == null || !children.gone) {
        return otherwise;
      }
      long from = children.goneAt - latest < 0 ? children.goneAt : latest;
      return from + grace;
    } finally {
      unlockChildren();
    }
  }

  /** How many threads live below this node. */
  int descendantCount() {
    int count = 0;
    ArrayDeque<Node> todo = new ArrayDeque<>();
    todo.add(this);
    for (Node next = todo.poll(); next != null; next = todo.poll()) {
      for (Node child : next.childrenBeyond(0)) {
        count += child.isEnded() ? 0 : 1; // its stopped may have gone before it is unlinked
        todo.add(child);
      }
    }
    return count;
  }

  /**
   * The living children, newest first, those linked after {@code beyond} only. Allocates outside of
   * the lock.
   *
   * @param beyond a start order; 0 for all
   */
  Node[] childrenBeyond(long beyond) {
    if (children == null) {
      return NONE; // one that is linked just now is found by markTold, under the lock
    }
    int room = 8;
    while (true) {
      Node[] found = new Node[room];
      int count = 0;
      boolean fits = true;
      lockChildren();
      try {
        Node child = children == null ? null : children.newest;
        while (child != null && child.order > beyond && fits) {
          if (count < room) {
            found[count++] = child;
            child = child.older;
          } else {
            fits = false;
            room = Math.max(2 * room, children == null ? 0 : children.count + 16);
          }
        }
      } finally {
        unlockChildren();
      }
      if (fits) {
        return Arrays.copyOf(found, count);
      }
    }
  }

  /**
   * Links a child, unless this node has closed its list. The child is born told when this node was
   * told, and when its task has ended; the caller sees to that.
   *
   * @return what the child is to be told, or null
   */
  private @Nullable Told link(Node child) {
    lockChildren();
    try {
      if (state < STARTED && kind() == Kind.OWNED) {
        throw new IllegalStateException(
            "Cannot start thread \""
                + child.name
                + "\": its parent \""
                + this
                + "\" has not been started. Start that first.");
      }
      if ((childLock & CLOSED) != 0) {
        throw new IllegalStateException(
            (child.kind() == Kind.SCOPE ? "Cannot begin scope \"" : "Cannot start thread \"")
                + child.name
                + "\": its parent \""
                + this
                + "\" has stopped. Start it while the parent runs, or name another parent.");
      }
      if ((childLock & REFUSING) != 0) {
        throw new IllegalStateException(
            "Cannot start thread \""
                + child.name
                + "\": the time of its parent \""
                + this
                + "\" to stop is over. Name another parent.");
      }
      if (children == null) {
        children = new Children();
      }
      children.link(child);
      child.state = STARTED;
      return told != null ? told : children.bornTold;
    } finally {
      unlockChildren();
    }
  }

  private void tellBorn(@Nullable Told bornTold) {
    if (bornTold != null) {
      SchedulePoint.at("thread.bornTold");
      Stopping.tellBorn(this, bornTold);
    }
  }

  private void unlink(Node child) {
    Children its;
    boolean last;
    boolean wasTold = told != null;
    long now = wasTold ? time().nanoTime() : 0; // not under the lock
    lockChildren();
    try {
      its = Objects.requireNonNull(children);
      its.unlink(child);
      last = its.count == 0;
      if (last && wasTold) {
        its.goneAt = now;
        its.gone = true;
      }
    } finally {
      unlockChildren();
    }
    if (last) {
      wake(its.closer);
      wake(its.idler);
    }
  }

  private static void wake(Children.@Nullable Closer waiting) {
    if (waiting != null) {
      waiting.wake();
    }
  }

  /** Closes the list if it is empty; answers whether it is closed. */
  boolean closeIfEmpty() {
    lockChildren();
    boolean empty = children == null || children.count == 0;
    boolean close = empty || (childLock & CLOSED) != 0;
    unlockChildren(close ? CLOSED : 0);
    return close;
  }

  /**
   * Links no more children: those that there are can still end. For a node whose time is over, so
   * that it is not without children only by chance.
   */
  void refuseChildren() {
    lockChildren();
    try {
      childLock |= REFUSING; // with the lock: nobody else writes it
    } finally {
      unlockChildren();
    }
  }

  /** Refuses children when the time that those born now would have is over. */
  private void refuseChildrenWhenOverdue() {
    long now = time().nanoTime();
    lockChildren();
    try {
      Told stop = told != null ? told : Objects.requireNonNull(children).bornTold;
      if (stop != null && now - stop.limitNanos() >= 0) {
        childLock |= REFUSING; // with the lock: nobody else writes it
      }
    } finally {
      unlockChildren();
    }
  }

  // ---- start

  /**
   * Starts the thread.
   *
   * @param first done when nothing refuses the start any more, and before the thread runs; when it
   *     throws, there is no start. Null for nothing
   */
  void start(@Nullable Runnable first) {
    if (!STATE.compareAndSet(this, PREPARED, STARTING)) {
      throw new IllegalStateException("Thread \"" + this + "\" has been started before.");
    }
    Node above = Objects.requireNonNull(parent);
    boolean toldBefore = told != null;
    Told bornTold;
    boolean linked = false;
    try {
      startedFrom = options.startedFrom;
      if (startedFrom == null) {
        startedFrom = StartSite.capture(Objects.requireNonNull(task), tree);
      }
      thread = options.newThread(name, this);
      startedAtNanos = time().nanoTime();
      options.beforeLink(this);
      SchedulePoint.at("thread.link");
      bornTold = above.link(this);
      linked = true;
    } finally {
      if (!linked) {
        thread = null;
        state = PREPARED;
      }
    }
    boolean started = false;
    boolean observed = false;
    try {
      tellBorn(bornTold);
      SchedulePoint.at("thread.linked");
      options.afterLink(this);
      if (told != null) {
        Stopping.startsTold(this, toldBefore);
      }
      task = options.withContext(Objects.requireNonNull(task));
      options.beforeStart(this);
      if (first != null) {
        first.run();
      }
      SchedulePoint.at("thread.start");
      observed = true;
      startThread(Objects.requireNonNull(thread));
      started = true;
    } finally {
      if (!started) {
        cancelStart(above, observed);
      }
    }
  }

  private void startThread(Thread newThread) {
    time().starting(this);
    boolean started = false;
    Observers.started(this);
    try {
      newThread.start();
      started = true;
    } finally {
      if (!started) {
        time().ended(this);
      }
    }
  }

  private void cancelStart(Node above, boolean observed) {
    STATE.compareAndSet(this, STARTED, CLOSING); // unless it has been abandoned already
    if (!closeIfEmpty()) {
      endChildren(); // others have started some
    }
    Outcome<?> failed =
        new Outcome.Failed<>(
            new IllegalStateException("Thread \"" + this + "\" could not be started."));
    if (!OUTCOME.compareAndSet(this, null, failed)) {
      tree.abandonedThreadEnded(this, failed); // who abandoned it has done what follows
      return;
    }
    state = ENDED;
    if (observed) {
      Observers.ended(this, failed);
    }
    releaseExtras();
    Firing.fire(stopped);
    options.afterStopped(this);
    above.unlink(this);
  }

  void adoptCurrentThread(Surroundings before) {
    thread = Thread.currentThread();
    startedAtNanos = time().nanoTime();
    Told bornTold = Objects.requireNonNull(parent).link(this);
    time().starting(this);
    Observers.started(this);
    begin();
    boolean entered = false;
    try {
      tellBorn(bornTold);
      if (told != null) {
        Stopping.startsTold(this, /* toldBefore= */ false);
      }
      Surroundings.remember(this);
      entered = true;
    } finally {
      if (!entered) {
        leaveAdoptedThread(before);
      }
    }
  }

  /** The calling thread begins a scope, whose node this is. */
  void beginScope(ScopeLife life) {
    extras().scope = life;
    thread = Thread.currentThread();
    startedAtNanos = time().nanoTime();
    Told bornTold = Objects.requireNonNull(parent).link(this);
    begin();
    tellBorn(bornTold);
    if (told != null) {
      Stopping.startsTold(this, /* toldBefore= */ false);
    }
  }

  /** Lets the block of a scope leave its waits. Does nothing after it, nor when repeated. */
  void interruptBlock() {
    if (policy().interrupts()) {
      extras().interruptedAt = time().nanoTime(); // before the bit: who sees that, sees the time
      if (escalate(StopWatch.INTERRUPTED)) {
        interruptTask();
      }
    }
  }

  /** Waits until the last child of a scope has stopped, and closes the list. */
  void awaitChildrenOfScope(ScopeLife life, Surroundings owner) {
    Children its = openChildren();
    its.closer = new Children.Closer(owner, Thread.currentThread());
    while (!closeIfEmpty()) {
      SchedulePoint.at("scope.await");
      owner.park(life);
      if (Thread.interrupted()) {
        life.interruptedWhileWaiting();
      }
    }
    its.closer = null;
  }

  void leaveAdoptedThread(Surroundings before) {
    endSurely(null, null);
    Surroundings.remember(before == Surroundings.unmanaged() ? null : before);
    time().ended(this);
  }

  // ---- life on the own thread

  @Override
  public void run() {
    if (Thread.currentThread() != thread) {
      throw new IllegalStateException("Only the thread \"" + this + "\" itself runs its task.");
    }
    try {
      SchedulePoint.at("thread.begin"); // first of all: a scheduler holds the thread here
      time().began(this);
      begin();
      Object value = null;
      Throwable failure = null;
      try { // no frame between run and the task: a million parked threads would have it
        if (task instanceof ManagedThread.Call<?> call) {
          value = call.call(pleaseStop);
        } else if (task instanceof ManagedThread.Task withoutResult) {
          withoutResult.run(pleaseStop);
        }
      } catch (Throwable thrown) { // the one net: whatever leaves the task becomes its outcome
        failure = thrown;
      }
      task = null;
      endSurely(value, failure);
    } finally {
      time().ended(this);
    }
  }

  private void begin() {
    STATE.compareAndSet(this, STARTED, RUNNING); // unless it has been abandoned already
    if (hasStep(StopWatch.INTERRUPTED)) {
      deliverInterrupt(Thread.currentThread()); // it came before there was a task to interrupt
    }
  }

  /**
   * Ends also when the heap is full at the moment: a node that does not end is waited for. Ends,
   * since memory comes back, or the stop watch abandons this node.
   */
  private void endSurely(@Nullable Object value, @Nullable Throwable failure) {
    boolean ended = false;
    while (!ended) {
      try {
        end(value, failure);
        ended = true;
      } catch (OutOfMemoryError full) {
        ended = outcome != null;
        letOthersRun();
      }
    }
  }

  /** Throws nothing, even when the heap is full. */
  static void letOthersRun() {
    try {
      Thread.yield(); // needs memory on a virtual thread
    } catch (OutOfMemoryError full) {
      Thread.onSpinWait();
    }
  }

  private void end(@Nullable Object value, @Nullable Throwable failure) {
    leaveRunning();
    if (failure != null) {
      StartSite.append(failure, this);
    }
    Outcome<?> own = ownOutcome(value, failure);
    SchedulePoint.at("thread.close");
    if (!closeIfEmpty()) {
      endChildren();
    }
    complete(own);
  }

  /**
   * RUNNING to CLOSING; afterwards no interrupt of ours comes any more, and one that has come is
   * cleared.
   */
  void leaveRunning() {
    while (!STATE.compareAndSet(this, RUNNING, CLOSING)) {
      if (state >= CLOSING) {
        break; // abandoned, or thought to sit in System.exit
      }
      Thread.onSpinWait(); // ends: one call of interrupt(), or it is abandoned in it
    }
    if (kind() != Kind.SCOPE && (kind() == Kind.OWNED || hasStep(StopWatch.DELIVERED))) {
      Thread.interrupted();
    }
  }

  private Outcome<?> ownOutcome(@Nullable Object value, @Nullable Throwable failure) {
    if (failure == null) {
      return new Outcome.Returned<@Nullable Object>(value);
    }
    Told asked = told;
    Told stop = asked != null ? asked : request; // others may have closed what it waits for
    if (stop != null && isLeavingByStop(failure)) {
      return new Outcome.Stopped<>(stop.reason(), failure);
    }
    return new Outcome.Failed<>(failure);
  }

  /** Whether it is the end of a wait, and hides nothing that has failed besides. */
  static boolean isLeavingByStop(Throwable failure) {
    return isEndOfAWait(failure)
        && ((failure.getSuppressed().length == 0 && failure.getCause() == null)
            || Failures.allOf(failure, Node::isEndOfAWait));
  }

  /** Whether it is of those by which waits end in a stop. */
  static boolean isEndOfAWait(Throwable failure) {
    return failure instanceof InterruptedException
        || failure instanceof ClosedByInterruptException
        || failure instanceof QueueClosedException
        || failure instanceof WaitInterruptedException;
  }

  private void endChildren() {
    StopReason why =
        new StopReason(
            StopReason.Kind.PARENT_ENDED, describe(), "the task of the parent has ended");
    List<Node> cutShort = Stopping.stopChildren(this, why);
    // as well, in case that no carrier lets this thread run, or the log blocks
    new StopWatch(this).schedule(Math.min(StopWatch.SECOND, Stopping.nanos(policy().ask())));
    if (!cutShort.isEmpty() && told == null) {
      Log.info(
          "The task of thread \""
              + this
              + "\" has ended; its children are told to stop, though still working: "
              + names(cutShort)
              + ".");
    }
    awaitChildren();
  }

  static String names(List<Node> nodes) {
    StringBuilder text = new StringBuilder();
    int shown = Math.min(5, nodes.size());
    for (Node node : nodes.subList(0, shown)) {
      text.append(text.isEmpty() ? "\"" : ", \"").append(node.ownName()).append('"');
    }
    return shown < nodes.size()
        ? text + " and " + (nodes.size() - shown) + " more"
        : text.toString();
  }

  /**
   * Waits for the children to stop or be abandoned, and drives their stop. Not ended by interrupts.
   */
  void awaitChildren() {
    Surroundings self = Surroundings.current();
    StopWatch watch = new StopWatch(this);
    Children its = openChildren(); // now, so that one that is linked yet wakes this thread too
    its.closer = new Children.Closer(self, Thread.currentThread());
    boolean interrupted = false;
    while (!closeIfEmpty()) {
      refuseChildrenWhenOverdue();
      long next = watch.step();
      if (closeIfEmpty()) {
        break;
      }
      self.parkNanos(watch, next);
      interrupted |= Thread.interrupted();
    }
    its.closer = null;
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Waits until there are no children, or this node is told to stop.
   *
   * @throws InterruptedException if the calling thread is interrupted
   */
  void awaitIdle() throws InterruptedException {
    if (Thread.interrupted()) {
      throw new InterruptedException("Interrupted before waiting for \"" + this + "\" to be idle.");
    }
    Surroundings self = Surroundings.current();
    Children its = openChildren();
    Children.Closer me = new Children.Closer(self, Thread.currentThread());
    its.idler = me;
    try {
      while (childCount() > 0 && told == null) {
        // the last child wakes this thread; a stop is looked for as well, and another one that
        // waits may be here in this one's place
        self.parkNanos(this, TimeUnit.MILLISECONDS.toNanos(100));
        if (Thread.interrupted()) {
          throw new InterruptedException(
              "Interrupted while waiting for \"" + this + "\" to be idle.");
        }
      }
    } finally {
      if (its.idler == me) {
        its.idler = null; // a place lost in between costs another one a tenth of a second
      }
    }
  }

  private Children openChildren() {
    lockChildren();
    try {
      if (children == null) {
        children = new Children();
      }
      return children;
    } finally {
      unlockChildren();
    }
  }

  /** Finds the node of a thread below this one; for threads whose handler slot was overwritten. */
  @Nullable Node find(Thread wanted) {
    ArrayDeque<Node> todo = new ArrayDeque<>();
    todo.add(this);
    for (Node next = todo.poll(); next != null; next = todo.poll()) {
      if (next.thread == wanted && next.kind() != Kind.SCOPE) {
        return next;
      }
      todo.addAll(List.of(next.childrenBeyond(0)));
    }
    return null;
  }

  /**
   * Records the outcome and tells everybody. The child list is closed. Answers whether this call
   * did it.
   */
  boolean complete(Outcome<?> own) {
    boolean scope = kind() == Kind.SCOPE; // which throws the failures to its owner
    Outcome<?> whole = scope ? own : Failures.withChildren(this, own);
    SchedulePoint.at("thread.complete");
    if (!OUTCOME.compareAndSet(this, null, whole)) {
      if (isOf(Thread.currentThread())) {
        tree.abandonedThreadEnded(this, whole);
      }
      return false;
    }
    STATE.setRelease(this, ENDED);
    Observers.ended(this, whole);
    if (whole instanceof Outcome.Abandoned) {
      tree.abandoned(this);
    }
    Node above = parent;
    Firing actions = null;
    try {
      releaseExtras();
      if (above != null && !scope && whole instanceof Outcome.Failed<?> failed) {
        Failures.offer(above, this, failed.failure());
        ScopeLife.childFailed(above, this, failed.failure());
      }
    } finally { // also when the heap is full
      actions = fireStopped();
    }
    if (actions != null) {
      try {
        actions.finish();
      } finally {
        tree.actionsEnd();
      }
    }
    return true;
  }

  /** Tells everybody that this node has stopped, and leaves the parent, which waits for that. */
  private @Nullable Firing fireStopped() {
    try {
      Firing actions = Firing.begin(stopped);
      options.afterStopped(this);
      if (actions != null) {
        tree.actionsBegin();
      }
      return actions;
    } finally { // also when the heap is full
      SchedulePoint.at("thread.unlink");
      if (parent != null) {
        parent.unlink(this);
      }
    }
  }

  private void releaseExtras() {
    Extras present = extras;
    if (present != null) {
      present.release();
    }
  }

  // ---- stop; used by Stopping and StopWatch

  /** Records the first request; answers whether this was it. */
  boolean requestStop(Told first) {
    return REQUEST.compareAndSet(this, null, first);
  }

  /**
   * Marks this node as told, so that children linked later are born told, unless children beyond
   * {@code known} were linked meanwhile that are not told yet. Answers true when {@code pleaseStop}
   * is to be fired by the caller.
   */
  boolean markTold(Told stop, long known) {
    lockChildren();
    try {
      if (told != null || (children != null && children.linked > known && hasUntoldBeyond(known))) {
        return false;
      }
      told = stop;
    } finally {
      unlockChildren();
    }
    Observers.toldToStop(this, stop);
    return true;
  }

  private boolean hasUntoldBeyond(long known) {
    for (Node child = Objects.requireNonNull(children).newest;
        child != null && child.order > known;
        child = child.older) {
      if (!Firing.isFired(child.pleaseStop)) { // marked by another stop is not told yet
        return true;
      }
    }
    return false;
  }

  /** From now on children are born told, since the task has ended. */
  void bearTold(Told stop) {
    Children its = openChildren();
    lockChildren();
    try {
      its.bornTold = stop;
    } finally {
      unlockChildren();
    }
  }

  /** Counts the time of a stop from now, for one that was told before it was started. */
  void renewTold(Told renewed) {
    lockChildren();
    try {
      told = renewed;
    } finally {
      unlockChildren();
    }
  }

  /** Marks a node told that nobody else can see yet, or whatever its children. */
  boolean markToldAnyway(Told stop) {
    lockChildren();
    try {
      if (told != null) {
        return false;
      }
      told = stop;
    } finally {
      unlockChildren();
    }
    Observers.toldToStop(this, stop);
    return true;
  }

  /** Moves the escalation on; answers whether this call did it. */
  boolean escalate(int step) {
    for (int seen = escalation; (seen & step) == 0; seen = escalation) {
      if (ESCALATION.compareAndSet(this, seen, seen | step)) {
        return true;
      }
    }
    return false;
  }

  /** Replaces the escalation if it is what the caller saw. */
  boolean escalate(int seen, int next) {
    return ESCALATION.compareAndSet(this, seen, next);
  }

  /** Tells whether a step of the escalation has been taken. */
  boolean hasStep(int step) {
    return (escalation & step) != 0;
  }

  /**
   * Interrupts the thread if its task is still running. One that has not begun yet interrupts
   * itself: {@link #begin} looks at the escalation after it has left STARTED.
   */
  void interruptTask() {
    Thread own = thread;
    if (own != null && STATE.compareAndSet(this, RUNNING, INTERRUPTING)) {
      try {
        deliverInterrupt(own);
      } finally {
        STATE.compareAndSet(this, INTERRUPTING, RUNNING); // unless it was abandoned meanwhile
      }
    } else if (own != null && kind() == Kind.OWNED && outcome instanceof Outcome.Abandoned) {
      deliverInterrupt(own); // given up before its turn came: it may yet end by that
    }
  }

  private void deliverInterrupt(Thread own) {
    if (escalate(StopWatch.DELIVERED)) {
      Extras present = extras;
      ScopeLife life = present == null ? null : present.scope;
      Surroundings its = life == null ? this : life.owner();
      its.time().interrupt(its, own);
    }
  }

  /**
   * The task sits in System.exit and will never return: from here on the node is like one whose
   * task has ended.
   */
  void markExiting() {
    STATE.compareAndSet(this, RUNNING, CLOSING);
    escalate(StopWatch.EXITING);
  }

  /** Whether this is an adopted thread that has ended without closing its adoption. */
  boolean hasLeftWithoutSaying() {
    Thread own = thread;
    return kind() != Kind.OWNED && own != null && own.getState() == Thread.State.TERMINATED;
  }

  long ageNanos() {
    return time().nanoTime() - startedAtNanos;
  }

  static String seconds(long nanos) {
    long tenths = Math.max(0, TimeUnit.NANOSECONDS.toMillis(nanos) / 100); // began after the look
    return tenths / 10 + "." + tenths % 10 + " s";
  }
}
