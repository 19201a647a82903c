package org.morethreads.stress.program;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeoutException;
import org.morethreads.stress.schedule.Run;
import org.morethreads.sync.OpenSignal;
import org.morethreads.sync.Signal;
import org.morethreads.sync.Till;
import org.morethreads.thread.Adoption;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.Outcome;
import org.morethreads.thread.StopPolicy;
import org.morethreads.thread.ThreadBuilder;
import org.morethreads.thread.ThreadEndException;
import org.morethreads.thread.ThreadFailedException;
import org.morethreads.thread.ThreadTree;

/**
 * One random program over a tree. Drivers, which are no threads of the tree, and the threads of the
 * tree themselves do random steps; what each sees is held against the guarantees as it happens, and
 * the whole once more at the end. Whatever contradicts them is a violation.
 *
 * <p>The threads of a {@link Run} take turns, so plain collections are enough.
 */
final class TreeProgram {
  private static final StopPolicy POLICY = StopPolicy.standard();

  /** A stop as a whole may take that long (H5), and what is told at its end a quarter more. */
  private static final Duration TOTAL = Duration.ofMillis(8_500);

  /**
   * From then on the end of a stop may break the order, since a bound is worth more than an order.
   */
  private static final Duration ORDERED = Duration.ofMillis(6_500);

  /** A failure that nobody has claimed is logged after a minute, and not passed on any more. */
  private static final Duration UNCLAIMED = Duration.ofSeconds(50);

  /** How long drivers are waited for: one of them may wait for a thread that somebody needs. */
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private static final int DRIVERS = 3;
  private static final int MOST_THREADS = 12;

  private enum Kind {
    RETURNS,
    FAILS,
    AWAITS,
    FAILS_WHEN_STOPPED,
    SLEEPS,
    /** Leaves by the interrupt. */
    IGNORES,
    /** Goes on until the tree has stopped. */
    STUBBORN,
    /** Says that it is ready, and waits. */
    READY,
    /** The driver that has opened the tree, for as long as it takes part. */
    ADOPTED;

    static final Kind[] STARTED = Arrays.copyOf(values(), values().length - 1);
  }

  /** What is known of a thread. */
  private static final class Entry {
    final String name;
    final Kind kind;
    final Entry parent;
    final List<Entry> needs;
    final Duration deadline;
    final Planted planted;
    final Duration startedAt;
    ManagedThread<String> handle;
    boolean ran;
    boolean taskEnded;
    Duration taskEndedAt;
    Duration stopAskedAt;
    boolean stopNow;
    boolean claimed;

    /** Those it needs of which no stop had been requested yet when its start returned. */
    final List<Entry> neededInTime = new ArrayList<>();

    Entry(String name, Kind kind, Entry parent, List<Entry> needs, Duration deadline, Duration at) {
      this.name = name;
      this.kind = kind;
      this.parent = parent;
      this.needs = needs;
      this.deadline = deadline;
      this.planted = new Planted(name);
      this.startedAt = at;
    }

    /** What it returns if nothing stops it. */
    String result() {
      return kind == Kind.ADOPTED ? null : name;
    }

    boolean isOver() {
      return handle.outcome().isPresent();
    }

    @Override
    public String toString() {
      return name
          + " ("
          + kind
          + (parent == null ? "" : ", below " + parent.name)
          + (needs.isEmpty() ? "" : ", needs " + needs.stream().map(needed -> needed.name).toList())
          + (deadline == null ? "" : ", deadline " + deadline)
          + (stopNow ? ", stopped now" : "")
          + ")";
    }
  }

  /** The failure of a thread. */
  private static final class Planted extends Exception {
    private static final long serialVersionUID = 1;

    Planted(String name) {
      super("planted in " + name);
    }
  }

  /** What the programs have come to. */
  static final class Coverage {
    private final Set<String> seen = new TreeSet<>();

    void add(TreeProgram program) {
      seen.addAll(program.seen);
    }

    Set<String> outcomes() {
      return seen;
    }
  }

  private final Run run;
  private final Random random;
  private final List<Entry> entries = new ArrayList<>();
  private final List<String> violations = new ArrayList<>();
  private final Set<String> seen = new TreeSet<>();
  private final OpenSignal opened = Signal.create("opened");
  private final List<OpenSignal> driversDone = new ArrayList<>();
  private ThreadTree tree;
  private Duration treeStoppedAt;
  private List<String> logged;

  TreeProgram(long seed, Run run) {
    this.run = run;
    this.random = Programs.random(seed);
  }

  void setUp() {
    logged = run.errors();
    for (int i = 0; i < DRIVERS; i++) {
      int which = i;
      long seed = random.nextLong();
      int steps = 2 + random.nextInt(6);
      OpenSignal done = Signal.create("driver " + i + " done");
      driversDone.add(done);
      run.thread("driver " + i, () -> drive(which, new Random(seed), steps, done));
    }
    run.thread("stopper", this::stop);
    run.afterwards(this::checkAll);
  }

  // ---- steps

  private void drive(int which, Random own, int steps, OpenSignal done) throws Exception {
    if (which == 0) {
      tree = run.tree(POLICY);
      opened.go();
    }
    opened.await();
    for (int i = 0; i < steps; i++) {
      step(own, null);
      if (which == 0 && own.nextInt(6) == 0) {
        takePart(own);
      }
    }
    done.go();
  }

  /** Stops the tree when the drivers are done. One may wait for what only this brings about. */
  private void stop() throws InterruptedException {
    opened.await();
    boolean _ = Signal.allOf(driversDone).await(PATIENCE);
    treeStoppedAt = run.elapsed();
    tree.stop();
    tree.stopped().await();
    expect(
        run.elapsed().minus(treeStoppedAt).compareTo(TOTAL) <= 0,
        "H5: the tree has stopped within its policy, and not after "
            + run.elapsed().minus(treeStoppedAt));
  }

  /** Only who has opened a tree comes into that, rather than into the main tree. */
  private void takePart(Random own) throws InterruptedException {
    Entry entry = new Entry("driver 0", Kind.ADOPTED, null, List.of(), null, run.elapsed());
    int steps = own.nextInt(4);
    Adoption adoption;
    try {
      adoption = ManagedThread.adopt();
    } catch (IllegalStateException refused) {
      expect(treeStoppedAt != null, "H10: adopted until the tree has stopped: " + refused);
      return;
    }
    try (adoption) {
      @SuppressWarnings("unchecked") // it has no result
      ManagedThread<String> handle = (ManagedThread<String>) adoption.thread();
      entry.handle = handle;
      entry.ran = true;
      entries.add(entry);
      handle.stopped().then(() -> onStopped(entry));
      expect(ManagedThread.current() == handle, "H10: " + entry + " is the current thread");
      expect(handle.path().startsWith("tree/driver 0"), "H10: its path is " + handle.path());
      seen.add("alien");
      for (int i = 0; i < steps; i++) {
        step(own, entry);
      }
      if (adoption.pleaseStop().isSignalled()) {
        seen.add("alien, asked to leave");
        checkOrder(entry);
      }
      entry.taskEnded = true; // before the adoption is closed
      entry.taskEndedAt = run.elapsed();
    }
    expect(ManagedThread.currentOrNull() == null, "H10: " + entry + " is an alien again");
  }

  private void step(Random own, Entry self) throws InterruptedException {
    int what = own.nextInt(self == null ? 11 : 8);
    if (entries.isEmpty()) {
      what = 0;
    }
    Entry one = entries.isEmpty() ? null : entries.get(own.nextInt(entries.size()));
    switch (what) {
      case 0, 1, 2 -> start(own, self);
      case 3 -> {
        if (one.stopAskedAt == null) {
          one.stopAskedAt = run.elapsed();
        }
        run.step("stop " + one);
        one.handle.stop();
      }
      case 4 -> join(one);
      case 5 -> run.step("work");
      case 6 -> {
        if (own.nextInt(3) == 0) {
          one.claimed = true; // its failure goes to the log
          one.handle.release();
        }
      }
      case 7 -> checkChildFailures(one);
      case 8 -> {
        if (own.nextInt(3) == 0) {
          if (one.stopAskedAt == null) {
            one.stopAskedAt = run.elapsed();
          }
          one.stopNow = true;
          run.step("stop now " + one);
          one.handle.stopNow();
        }
      }
      case 9 -> start(own, null);
      default -> {
        boolean _ = Signal.NEVER.await(Duration.ofMillis(own.nextInt(3000)));
      }
    }
  }

  private void start(Random own, Entry self) throws InterruptedException {
    Entry parent = self;
    if (self == null && !entries.isEmpty() && own.nextBoolean()) {
      parent = entries.get(own.nextInt(entries.size()));
    }
    Kind kind = Kind.STARTED[own.nextInt(Kind.STARTED.length)];
    if (kind == Kind.STUBBORN && own.nextBoolean()) {
      kind = Kind.AWAITS; // few of these: they use all the time up
    }
    List<Entry> needs = new ArrayList<>();
    while (!entries.isEmpty() && own.nextInt(4) == 0) {
      needs.add(entries.get(own.nextInt(entries.size())));
    }
    Duration deadline = own.nextInt(6) == 0 ? Duration.ofMillis(own.nextInt(2000)) : null;
    long seed = own.nextLong();
    int steps = own.nextInt(3);
    if (entries.size() >= MOST_THREADS) {
      return;
    }
    Entry entry = new Entry("t" + entries.size(), kind, parent, needs, deadline, run.elapsed());
    ThreadBuilder builder = ManagedThread.named(entry.name);
    builder = parent == null ? builder.parent(tree) : builder.parent(parent.handle);
    for (Entry needed : needs) {
      builder = builder.needs(needed.handle);
    }
    if (deadline != null) {
      builder = builder.deadline(deadline);
    }
    entry.handle = builder.prepareCall(stop -> task(entry, new Random(seed), steps, stop));
    try {
      entry.handle.start();
    } catch (IllegalStateException refused) {
      seen.add("refused");
      boolean parentOver =
          parent != null
              && (parent.handle.stopped().isSignalled()
                  || parent.taskEnded
                  || isLate(parent, Duration.ofSeconds(5)));
      boolean neededOver = needs.stream().anyMatch(Entry::isOver);
      expect(
          parentOver || neededOver || treeStoppedAt != null,
          "H2: the start of " + entry + " was refused without a reason: " + refused);
      expect(!entry.ran, "H2: a refused thread does not run: " + entry);
      return;
    }
    needs.stream()
        .filter(needed -> !isLate(needed, Duration.ZERO))
        .forEach(entry.neededInTime::add);
    entries.add(entry);
    entry.handle.stopped().then(() -> onStopped(entry));
    expect(
        entry.handle.path().startsWith((parent == null ? "tree" : parent.handle.path()) + "/"),
        "H1: the path of " + entry + " is " + entry.handle.path());
    if (kind == Kind.READY && own.nextBoolean() || kind == Kind.FAILS && own.nextInt(4) == 0) {
      awaitReady(entry, self);
    }
  }

  private void awaitReady(Entry entry, Entry self) throws InterruptedException {
    try {
      ManagedThread<?> ready = entry.handle.awaitReady();
      expect(
          ready == entry.handle && entry.kind == Kind.READY, "H12: " + entry + " says it is ready");
    } catch (ThreadFailedException failed) {
      entry.claimed = true;
      expect(
          entry.handle.outcome().orElse(null) instanceof Outcome.Failed<?>(Throwable its)
              && its == failed.getCause(),
          "H12: the starter gets the failure of " + entry + ", and not " + failed.getCause());
    } catch (ThreadEndException other) {
      expect(entry.isOver(), "H12: " + entry + " has ended before it was ready: " + other);
    }
    expect(self == null || entry.ran, "H12: " + entry + " has run");
  }

  private void join(Entry one) throws InterruptedException {
    try {
      String value = one.handle.join(Duration.ofMillis(1500));
      expect(Objects.equals(value, one.result()), "H7: the result of " + one + " is " + value);
    } catch (TimeoutException timeout) {
      return; // claims nothing
    } catch (ThreadFailedException failed) {
      one.claimed = true;
      seen.add("claimed");
      expect(
          one.handle.outcome().orElseThrow() instanceof Outcome.Failed<?>(Throwable failure)
              && failure == failed.getCause(),
          "H7: every joiner of " + one + " gets the same");
    } catch (ThreadEndException ended) {
      expect(one.isOver(), "H7: " + one + " has ended: " + ended);
    } catch (IllegalStateException above) {
      expect(
          above.getMessage().contains("would never end")
              || above.getMessage().contains("never end"),
          "H7: only a thread above cannot be joined: " + above);
      return;
    }
    expect(one.handle.stopped().isSignalled(), "H7: " + one + " was joined after it has stopped");
  }

  private void checkChildFailures(Entry one) {
    for (Throwable failure : one.handle.childFailures()) {
      expect(
          entries.stream().anyMatch(entry -> reaches(failure, entry.planted)),
          "H7: a failure of a child of " + one + " that nobody had: " + failure);
    }
  }

  // ---- tasks

  private String task(Entry entry, Random own, int steps, Signal stop) throws Exception {
    entry.ran = true;
    expect(ManagedThread.current() == entry.handle, "H1: " + entry + " is the current thread");
    expect(
        entry.parent == null || !entry.parent.handle.stopped().isSignalled() || isLateAbove(entry),
        "H2: " + entry + " runs below one that has stopped");
    boolean failed = false;
    try {
      for (int i = 0; i < steps; i++) {
        step(own, entry);
      }
      if (own.nextInt(6) == 0) {
        try (Adoption nested = ManagedThread.adopt()) {
          expect(nested.thread() == entry.handle, "H10: a nested adoption keeps the node");
          seen.add("adopted");
        }
      }
      return act(entry, stop);
    } catch (InterruptedException interrupted) {
      failed = true;
      expect(stop.isSignalled(), "H5: " + entry + " was interrupted without having been asked");
      throw interrupted;
    } finally {
      entry.taskEnded = !failed || stop.isSignalled();
      entry.taskEndedAt = run.elapsed();
    }
  }

  private String act(Entry entry, Signal stop) throws Exception {
    switch (entry.kind) {
      case RETURNS -> run.step("returns");
      case FAILS -> throw entry.planted;
      case AWAITS -> {
        stop.await();
        checkOrder(entry);
      }
      case READY -> {
        ManagedThread.current().signalReady();
        stop.await();
        checkOrder(entry);
      }
      case FAILS_WHEN_STOPPED -> {
        stop.await();
        checkOrder(entry);
        throw entry.planted;
      }
      case SLEEPS -> Till.after(Duration.ofMillis(1700)).await();
      case IGNORES -> Signal.NEVER.await();
      case STUBBORN -> {
        while (!tree.stopped().isSignalled()) {
          try {
            tree.stopped().await();
          } catch (InterruptedException ignored) {
            seen.add("interrupted in vain");
          }
        }
      }
      case ADOPTED -> throw new AssertionError("it has no task");
    }
    return entry.name;
  }

  /** What a thread sees that has just been told. */
  private void checkOrder(Entry told) {
    if (isLateAbove(told)) {
      return;
    }
    for (Entry each : entries) {
      if (each.parent == told) {
        expect(
            each.handle.pleaseStop().isSignalled() || each.isOver(),
            "H3: " + told + " is told before its child " + each);
      }
      if (each.neededInTime.contains(told) && !stoppedNow(told)) {
        boolean over = each.handle.stopped().isSignalled();
        if (over) {
          seen.add("deferred");
        }
        expect(over, "H4: " + told + " is told before " + each + ", which needs it, has stopped");
      }
    }
  }

  private static boolean isBelow(Entry entry, Entry top) {
    Entry above = entry.parent;
    while (above != null && above != top) {
      above = above.parent;
    }
    return above == top;
  }

  private boolean stoppedNow(Entry entry) {
    for (Entry above = entry; above != null; above = above.parent) {
      if (above.stopNow) {
        return true;
      }
    }
    return false;
  }

  /** Whether a stop that concerns this thread has taken so long that its order may end. */
  private boolean isLateAbove(Entry entry) {
    return isLate(entry, ORDERED);
  }

  private boolean isLate(Entry entry, Duration after) {
    for (Entry above = entry; above != null; above = above.parent) {
      if (longAgo(above.stopAskedAt, after)
          || (above != entry && longAgo(above.taskEndedAt, after))
          || (above.deadline != null && longAgo(above.startedAt.plus(above.deadline), after))) {
        return true;
      }
    }
    return longAgo(treeStoppedAt, after);
  }

  private boolean longAgo(Duration when, Duration after) {
    return when != null && run.elapsed().minus(when).compareTo(after) >= 0;
  }

  /** The {@code stopped} of a thread has just gone. */
  private void onStopped(Entry entry) {
    Outcome<String> outcome = entry.handle.outcome().orElseThrow();
    seen.add(outcome.getClass().getSimpleName());
    for (Entry each : entries) {
      if (each.parent == entry) {
        expect(
            each.handle.stopped().isSignalled(),
            "H2: " + entry + " has stopped before its child " + each);
      }
    }
  }

  // ---- at the end

  private void checkAll() {
    for (Entry entry : entries) {
      checkOutcome(entry);
    }
    expect(tree.children().isEmpty(), "H2: the tree has no children left: " + tree.children());
    if (!violations.isEmpty()) {
      throw new AssertionError(violations + "\nthreads: " + entries + "\nlogged: " + logged);
    }
  }

  private void checkOutcome(Entry entry) {
    expect(entry.ran, "H3: a started thread runs its task: " + entry);
    expect(entry.handle.stopped().isSignalled(), "H2: stopped with the tree: " + entry);
    Outcome<String> outcome = entry.handle.outcome().orElse(null);
    switch (outcome) {
      case null -> expect(false, "H7: an outcome of " + entry);
      case Outcome.Returned<String>(String value) -> {
        expect(
            Objects.equals(value, entry.result()), "H7: the result of " + entry + " is " + value);
        expect(entry.kind != Kind.FAILS, "H7: the failure of " + entry + " is its outcome");
      }
      case Outcome.Failed<String>(Throwable failure) -> checkFailure(entry, failure);
      case Outcome.Stopped<String> stopped ->
          expect(
              entry.handle.pleaseStop().isSignalled() && stopped.cause() instanceof Exception,
              "H7: " + entry + " was stopped without having been told");
      case Outcome.Abandoned<String> _ ->
          expect(
              entry.handle.pleaseStop().isSignalled(),
              "H5: " + entry + " was abandoned without having been told");
      case Outcome.Exited<String> _ -> expect(false, "H7: nobody has called System.exit");
    }
  }

  private void checkFailure(Entry entry, Throwable failure) {
    boolean own = entry.kind == Kind.FAILS || entry.kind == Kind.FAILS_WHEN_STOPPED;
    boolean itself = failure == entry.planted;
    boolean childs =
        entries.stream()
            .anyMatch(other -> isBelow(other, entry) && reaches(failure, other.planted));
    expect(
        itself ? own : childs || failure instanceof IllegalStateException,
        "H7: the failure of " + entry + " is nobody's: " + failure);
    if (!itself || entry.claimed || run.elapsed().compareTo(UNCLAIMED) > 0) {
      return;
    }
    if (entry.parent == null) {
      expect(
          tree.failures().stream().anyMatch(each -> reaches(each, entry.planted))
              || isLogged(entry),
          "H7: the failure of " + entry + " has reached the tree: " + tree.failures());
    } else {
      Outcome<String> above = entry.parent.handle.outcome().orElseThrow();
      expect(
          above instanceof Outcome.Failed<?>(Throwable its) && reaches(its, entry.planted)
              || isLogged(entry),
          "H7: the failure of " + entry + " is part of that of " + entry.parent + ": " + above);
    }
  }

  private boolean isLogged(Entry entry) {
    return logged.stream().anyMatch(line -> line.contains(entry.handle.path()));
  }

  /** Whether a failure is another, or has it as cause or suppressed. */
  private static boolean reaches(Throwable from, Throwable wanted) {
    Set<Throwable> visited = Collections.newSetFromMap(new IdentityHashMap<>());
    List<Throwable> todo = new ArrayList<>(List.of(from));
    while (!todo.isEmpty()) {
      Throwable next = todo.removeLast();
      if (next == wanted) {
        return true;
      }
      if (visited.add(next)) {
        if (next.getCause() != null) {
          todo.add(next.getCause());
        }
        todo.addAll(List.of(next.getSuppressed()));
      }
    }
    return false;
  }

  private void expect(boolean holds, String what) {
    if (!holds) {
      violations.add(what + " (after " + run.elapsed() + ")");
    }
  }
}
