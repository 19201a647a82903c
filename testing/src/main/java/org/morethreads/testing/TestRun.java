package org.morethreads.testing;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.morethreads.internal.Library;
import org.morethreads.internal.Surroundings;
import org.morethreads.internal.Time;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.Outcome;
import org.morethreads.thread.StopPolicy;
import org.morethreads.thread.ThreadBuilder;
import org.morethreads.thread.ThreadTree;

/**
 * One test: its tree, its time, and what is found out about it. Opened, run and closed by one
 * thread, the caller.
 *
 * <pre>
 *   OPEN    the tree is open; virtual time is held
 *   RUNNING the body runs: on the caller, or under virtual time on a thread "test", managed or a guest; the watch looks after it
 *   AFTER   the body has ended; virtual time is held again
 *   CLOSED  the tree has stopped; what is left was counted
 * </pre>
 */
final class TestRun {
  /** How long threads outside of the tree have to end, which the test has told to. */
  private static final Duration PATIENCE = Duration.ofSeconds(1);

  /** How long managed threads and actions have, which the test has let go just before its end. */
  private static final Duration LONG_PATIENCE = Duration.ofSeconds(5);

  /** How long a guest has to end whose test has failed already, and that was interrupted. */
  private static final Duration LAST_PATIENCE = Duration.ofSeconds(10);

  private static final Duration TICK = Duration.ofMillis(100);

  private static final int MOST_LISTED = 10;

  private final Settings settings;

  /** What is found out: for a run within another, as part of that one. */
  private final Aliens aliens;

  private final TestLog log;
  private final Queue<Throwable> strayFailures = new ConcurrentLinkedQueue<>();
  private final List<ThreadTree> furtherTrees = Collections.synchronizedList(new ArrayList<>());
  private final @Nullable AutoJumpTime virtualTime;
  private final @Nullable VirtualClock clock;
  private final ThreadTree tree;
  private final Watch watch;
  private final @Nullable TestRun before;

  /** Holds the clock of the caller, when that is itself on virtual time, and waits for this. */
  private final AutoJumpTime.@Nullable Hold outer;

  private final Supplier<List<String>> livingInRealTime;
  private AutoJumpTime.@Nullable Hold hold;

  /** What a test is to be like. */
  record Settings(
      String name,
      boolean isVirtualTime,
      boolean onPlatformThread,
      boolean asGuest,
      Instant start,
      StopPolicy policy,
      @Nullable Duration timeout,
      Duration holdLimit,
      System.Logger.Level allowedLog,
      boolean checksAliens) {}

  /** What a test does. */
  @FunctionalInterface
  interface Body {
    void run() throws Throwable;
  }

  TestRun(Settings settings) {
    this.settings = settings;
    this.before = Ownership.current();
    this.aliens = before == null ? new Aliens() : before.aliens;
    this.log = before == null ? new TestLog() : before.log;
    this.outer = Surroundings.current().time() instanceof AutoJumpTime its ? its.hold() : null;
    Time time;
    if (settings.isVirtualTime) {
      virtualTime =
          new AutoJumpTime(settings.start, () -> Ownership.enter(this), strayFailures::add);
      hold = virtualTime.hold();
      time = virtualTime;
      livingInRealTime = List::of;
    } else {
      virtualTime = null;
      WatchedTime watched = new WatchedTime(this);
      time = watched;
      livingInRealTime = watched::living;
    }
    Ownership.enter(this);
    TestLog.listen(this);
    this.tree =
        ThreadTree.open(
            Library.MEMBER, settings.name, settings.policy, time, /* wholeStarts= */ true);
    this.clock = virtualTime == null ? null : new VirtualClock(this, virtualTime);
    this.watch = new Watch(this, virtualTime);
  }

  Settings settings() {
    return settings;
  }

  ThreadTree tree() {
    return tree;
  }

  Aliens aliens() {
    return aliens;
  }

  TestLog log() {
    return log;
  }

  @Nullable VirtualClock clock() {
    return clock;
  }

  ThreadTree openFurtherTree(AutoJumpTime time, String name, StopPolicy policy) {
    ThreadTree further =
        ThreadTree.open(Library.MEMBER, name, policy, time, /* wholeStarts= */ true);
    furtherTrees.add(further);
    return further;
  }

  /** All trees of the test as text. */
  String dump() {
    StringBuilder text = new StringBuilder(tree.dump());
    for (ThreadTree further : List.copyOf(furtherTrees)) {
      if (!further.stopped().isSignalled()) {
        text.append(further.dump());
      }
    }
    return text.toString();
  }

  /** Asks all trees of the test to stop. */
  void stop(String reason) {
    if (virtualTime == null) {
      tree.stop(reason);
      return;
    }
    try (AutoJumpTime.Hold _ = virtualTime.hold()) { // until all have been told
      tree.stop(reason);
      List.copyOf(furtherTrees).forEach(further -> further.stop(reason));
    }
  }

  // ---- running

  /** Runs the test; throws what it throws, or what the watch found. */
  void run(Body body) throws Throwable {
    Throwable thrown;
    if (virtualTime == null) {
      thrown = runHere(body);
    } else {
      thrown = settings.asGuest ? runAsGuest(virtualTime, body) : runInTree(virtualTime, body);
    }
    AssertionError problem = watch.problemOfBody();
    if (problem != null) {
      if (thrown != null) {
        problem.addSuppressed(thrown);
      }
      throw problem;
    }
    if (thrown != null) {
      throw thrown;
    }
  }

  private @Nullable Throwable runHere(Body body) {
    Throwable thrown = null;
    watch.bodyBegins(Thread.currentThread()::interrupt);
    try {
      body.run();
    } catch (Throwable failure) { // thrown again by run
      thrown = failure;
    }
    watch.bodyEnds();
    return thrown;
  }

  private @Nullable Throwable runInTree(AutoJumpTime time, Body body) {
    AtomicReference<@Nullable Throwable> thrown = new AtomicReference<>();
    ThreadBuilder builder = tree.named("test");
    ManagedThread<@Nullable Void> thread =
        (settings.onPlatformThread ? builder.platform() : builder)
            .run(_ -> {
              watch.bodyBegins();
              try {
                body.run();
              } catch (Throwable failure) { // thrown again by run, on the caller
                thrown.set(failure);
              } finally {
                watch.bodyEnds();
              }
            });
    letGo();
    Outcome<?> outcome = awaitOutcome(thread);
    hold = time.hold();
    if (outcome instanceof Outcome.Failed<?>(Throwable failure)) {
      strayFailures.add(failure); // of its children
    }
    if (outcome instanceof Outcome.Abandoned<?>) {
      watch.problem("The thread of the test itself was told to stop, did not end, and was left");
    }
    return thrown.get();
  }

  /** On a thread that takes part, and is none of the tree; what it starts goes there. */
  private @Nullable Throwable runAsGuest(AutoJumpTime time, Body body) {
    AtomicReference<@Nullable Throwable> thrown = new AtomicReference<>();
    AtomicReference<AutoJumpTime.@Nullable Hold> after = new AtomicReference<>();
    Thread.Builder builder =
        settings.onPlatformThread ? Thread.ofPlatform().daemon() : Thread.ofVirtual();
    AutoJumpTime.Guest guest =
        time.startGuest(
            builder,
            "test",
            me -> {
              tree.openedByCaller(Library.MEMBER);
              watch.bodyBegins(me::interrupt);
              try {
                body.run();
              } catch (Throwable failure) { // thrown again by run, on the caller
                thrown.set(failure);
              } finally {
                watch.bodyEnds();
                after.set(time.hold()); // before it ends, so that no time passes
              }
            });
    letGo();
    if (awaitEnd(guest)) {
      hold = after.get();
    } else {
      hold = time.hold();
      AssertionError left =
          new AssertionError(
              "The thread of the test itself was interrupted, did not end, and was left here.");
      left.setStackTrace(guest.stack());
      strayFailures.add(left);
    }
    return thrown.get();
  }

  /** An interrupt of the caller, such as by a time limit of JUnit's, ends the test. */
  private boolean awaitEnd(AutoJumpTime.Guest guest) {
    boolean interrupted = false;
    long failedAt = 0;
    boolean ended = false;
    while (!ended && (failedAt == 0 || System.nanoTime() - failedAt < LAST_PATIENCE.toNanos())) {
      try {
        ended = guest.awaitEnd(TICK);
      } catch (InterruptedException e) {
        interrupted = true;
        watch.problem("The test was interrupted from outside, perhaps by a time limit");
      }
      if (failedAt == 0 && watch.hasProblem()) {
        failedAt = System.nanoTime();
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return ended;
  }

  private void letGo() {
    AutoJumpTime.Hold held = hold;
    hold = null;
    if (held != null) {
      held.close();
    }
  }

  /** An interrupt of the caller, such as by a time limit of JUnit's, ends the test. */
  private Outcome<?> awaitOutcome(ManagedThread<?> thread) {
    boolean interrupted = false;
    while (true) {
      try {
        Outcome<?> outcome = thread.awaitOutcome();
        if (interrupted) {
          Thread.currentThread().interrupt();
        }
        return outcome;
      } catch (InterruptedException e) {
        interrupted = true;
        watch.problem("The test was interrupted from outside, perhaps by a time limit");
      }
    }
  }

  // ---- the end

  /** Stops the tree, and throws when something is left. */
  void close() {
    List<Aliens.Survivor> survivors = List.of();
    List<String> actions = List.of();
    List<String> abandonedAlive = List.of();
    int abandonedBefore = abandonedCount();
    List<String> elsewhere = List.of();
    try {
      stop("the test has ended");
      letGo();
      for (ThreadTree further : List.copyOf(furtherTrees)) {
        further.close();
      }
      tree.close();
      if (virtualTime != null) {
        actions = leftOf(virtualTime::actions);
      }
      elsewhere = leftOf(() -> living(/* inOwnTrees= */ false));
      if (abandonedCount() > 0) {
        abandonedAlive = leftOf(() -> living(/* inOwnTrees= */ true));
      }
      if (virtualTime != null) {
        virtualTime.freeze();
      }
      watch.close();
      if (settings.checksAliens) {
        survivors = aliens.survivors(PATIENCE);
      }
    } finally {
      TestLog.stopListening(this);
      Ownership.enter(before);
      if (outer != null) {
        outer.close();
      }
    }
    boolean leftManaged = abandonedCount() > abandonedBefore || !abandonedAlive.isEmpty();
    new Findings(survivors, actions, elsewhere, leftManaged).throwIfAny();
  }

  /** Waits, in real time, until nothing is left, for a time at most; answers what is. */
  private static List<String> leftOf(Supplier<List<String>> left) {
    long end = System.nanoTime() + LONG_PATIENCE.toNanos();
    List<String> found = left.get();
    while (!found.isEmpty() && System.nanoTime() - end < 0) {
      LockSupport.parkNanos(1_000_000);
      found = left.get();
    }
    return found;
  }

  private int abandonedCount() {
    int count = tree.abandonedCount();
    for (ThreadTree further : List.copyOf(furtherTrees)) {
      count += further.abandonedCount();
    }
    return count;
  }

  /** The managed threads of the trees of the test, or of trees that the test itself has opened. */
  private List<String> living(boolean inOwnTrees) {
    List<String> living = virtualTime != null ? virtualTime.living() : livingInRealTime.get();
    Set<String> own = new HashSet<>();
    own.add(tree.name());
    List.copyOf(furtherTrees).forEach(further -> own.add(further.name()));
    return living.stream()
        .filter(path -> own.contains(path.split("/", 2)[0]) == inOwnTrees)
        .toList();
  }

  /** What is wrong at the end, as a message that says what, why, and what next. */
  private final class Findings {
    private final StringBuilder text = new StringBuilder();
    private final Set<Throwable> failures = Collections.newSetFromMap(new IdentityHashMap<>());
    private @Nullable Throwable cause;

    Findings(
        List<Aliens.Survivor> survivors,
        List<String> actions,
        List<String> elsewhere,
        boolean leftManaged) {
      AssertionError late = watch.problemAfterBody();
      if (late != null) {
        say(String.valueOf(late.getMessage()), "");
      }
      if (leftManaged) {
        abandoned(tree);
        List.copyOf(furtherTrees).forEach(this::abandoned);
      }
      elsewhere(elsewhere);
      unclaimed();
      actions(actions);
      aliens(survivors);
      logged(watch.hasProblem());
    }

    void throwIfAny() {
      if (!text.isEmpty()) {
        AssertionError error = new AssertionError(text.toString().strip(), cause);
        failures.stream().filter(each -> each != cause).forEach(error::addSuppressed);
        throw error;
      }
    }

    private void say(String what, String next) {
      text.append(what);
      if (!next.isEmpty()) {
        text.append("\n  What next: ").append(next);
      }
      text.append("\n\n");
    }

    private void abandoned(ThreadTree one) {
      int count = one.abandonedCount();
      if (count > 0) {
        say(
            count(count, "managed thread is", "managed threads are")
                + " left over: told to stop, at the end of the test or before, did not end within the stop policy ("
                + settings.policy
                + ") and abandoned.\n"
                + indented(one.dump()),
            "let the task return soon after its pleaseStop goes, and wait through this library, where a stop"
                + " can end the wait: pleaseStop.await(duration) instead of Thread.sleep.");
      }
    }

    private void elsewhere(List<String> paths) {
      if (!paths.isEmpty()) {
        say(
            count(paths.size(), "managed thread", "managed threads")
                + " of a tree that the test has opened still run"
                + (paths.size() == 1 ? "s" : "")
                + " after it: "
                + paths.subList(0, Math.min(paths.size(), MOST_LISTED)),
            "close each tree that the test, or what it tests, opens: try (var tree = ThreadTree.open(…)).");
      }
    }

    private void unclaimed() {
      failures.addAll(strayFailures);
      failures.addAll(tree.failures());
      List.copyOf(furtherTrees).forEach(further -> failures.addAll(further.failures()));
      if (failures.isEmpty()) {
        return;
      }
      cause = failures.iterator().next();
      say(
          "A managed thread has failed, and nobody has claimed the failure: " + cause,
          "join() the thread, or awaitOutcome(), where the failure belongs to; release() it when the log is"
              + " the place for it.");
    }

    private void actions(List<String> names) {
      if (!names.isEmpty()) {
        say(
            count(names.size(), "action", "actions")
                + " on a till, or on a pleaseStop, still run after the test: "
                + names,
            "let the test wait for what they do; an action that waits may run in a managed thread instead.");
      }
    }

    private void aliens(List<Aliens.Survivor> survivors) {
      if (survivors.isEmpty()) {
        return;
      }
      StringBuilder list = new StringBuilder();
      survivors.stream()
          .limit(MOST_LISTED)
          .forEach(each -> list.append("\n  ").append(each.description()));
      say(
          count(survivors.size(), "thread that", "threads that")
              + " this test has made outside of its tree, or that its threads have, still run"
              + (survivors.size() == 1 ? "s" : "")
              + " after it:"
              + list,
          "end it before the test ends (close the executor, join the thread), or make it a managed"
              + " thread; @ManagedThreads(aliens = false) does not look for such threads.");
    }

    /** A test that was cut off leaves much in the log about its end; only errors count then. */
    private void logged(boolean wasCutOff) {
      List<TestLog.Entry> above =
          log.above(settings.allowedLog).stream()
              .filter(entry -> !isKnown(entry.failure()))
              .filter(entry -> !wasCutOff || entry.level() == System.Logger.Level.ERROR)
              .toList();
      if (above.isEmpty()) {
        return;
      }
      StringBuilder list = new StringBuilder();
      above.stream().limit(MOST_LISTED).forEach(each -> list.append("\n  ").append(each));
      for (TestLog.Entry entry : above) {
        if (entry.failure() != null) {
          failures.add(entry.failure());
        }
      }
      say(
          "Something was logged above "
              + settings.allowedLog
              + ", the level that this test allows ("
              + count(above.size(), "record", "records")
              + "):"
              + list,
          "mend what the log says; or, if that is what the test provokes, take it from a parameter of"
              + " type TestLog, or allow it: @ManagedThreads(allowedLog = …).");
    }

    /** Whether a failure is reported already, by itself or as part of another. */
    private boolean isKnown(@Nullable Throwable failure) {
      if (failure == null) {
        return false;
      }
      for (Throwable known : List.copyOf(failures)) {
        int depth = 0;
        for (Throwable each = known; each != null && depth < 20; each = each.getCause()) {
          if (each == failure || List.of(each.getSuppressed()).contains(failure)) {
            return true;
          }
          depth++;
        }
      }
      return false;
    }
  }

  static String count(int count, String one, String many) {
    return count + " " + (count == 1 ? one : many);
  }

  static String indented(String text) {
    return text.strip().indent(2).stripTrailing();
  }
}
