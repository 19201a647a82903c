package org.morethreads.thread;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.morethreads.internal.Library;
import org.morethreads.internal.Log;
import org.morethreads.internal.Repetition;
import org.morethreads.internal.Startup;
import org.morethreads.internal.Surroundings;
import org.morethreads.internal.Time;
import org.morethreads.sync.OpenSignal;
import org.morethreads.sync.Signal;

/**
 * A tree of managed threads: the {@linkplain #main() main tree}, which ends with the program and
 * ends the program, and trees that are {@linkplain #open opened} for a time.
 *
 * {@snippet class="ThreadSnippets" region="main"}
 *
 * <p><b>The main tree</b> is there when it is first needed. SIGINT, SIGTERM and SIGHUP, the end of
 * {@code main}, {@code System.exit} and {@link #stop()} all lead to the same ordered stop: trees
 * that are open, the last opened first; then the main tree; then the program ends, with the
 * argument of {@code System.exit} as its status, else 130, 143 or 129 for a signal, else 1 if a
 * failure reached the root or {@code main} has thrown, else 0. A second signal ends it at once.
 *
 * <p>The main tree has the {@linkplain StopPolicy#standard() standard stop policy}, unless the
 * system properties {@code org.morethreads.stop.ask}, {@code org.morethreads.stop.interrupt} and
 * {@code org.morethreads.stop.total}, each in seconds, say otherwise when it is first needed. The
 * total holds for all trees together; the program ends at most two seconds after it.
 *
 * <p>With the module {@code more-threads-profiling} the system property {@code
 * org.morethreads.profile}, which names a directory, has the program profiled from then on, and
 * {@code org.morethreads.diagnostics=true} makes its trees visible to {@code jcmd} and JMX.
 *
 * <p><b>Thread safety.</b> Every method may be called from any thread without further
 * synchronization.
 *
 * @since 0.1
 */
public final class ThreadTree implements AutoCloseable {
  /** More threads than that ending late without a failure are not worth a line each. */
  private static final int MOST_LATE_ENDS_LOGGED = 10;

  /** How long the end of a tree waits for actions and for the log, in nanoseconds. */
  private static final long PATIENCE = 1_000_000_000;

  /** How often it looks meanwhile, when nobody wakes it. */
  private static final long LOOK = 50_000_000;

  private static final ThreadLocal<ThreadTree> OPENED = new ThreadLocal<>();

  final Node root;
  final Time time;
  final Reports reports;

  /** The options of threads at the top of this tree. */
  private final Options topmost;

  private final boolean main;
  private final boolean wholeStarts;
  private final @Nullable ThreadTree openedBefore;
  private final AtomicBoolean closing = new AtomicBoolean();

  /** Whether {@link #close} was called: from then on the opener's threads go elsewhere. */
  private volatile boolean closed;

  /** The thread that ends the tree, while it waits for actions and reports. */
  private volatile Children.@Nullable Closer finisher;

  private final Set<Thread> actionsRunning = ConcurrentHashMap.newKeySet();
  private final OpenSignal finished = Signal.create("finished");
  private final AtomicInteger lateEnds = new AtomicInteger();
  private final AtomicInteger abandonedCount = new AtomicInteger();

  private final Set<Surroundings.Leftovers> leftovers = ConcurrentHashMap.newKeySet();

  /** Of failures that are reported. */
  private final Repetition repetition = new Repetition();

  private ThreadTree(String name, StopPolicy policy, Time time, boolean main, boolean wholeStarts) {
    this.time = time;
    this.reports = new Reports(this);
    this.main = main;
    this.wholeStarts = wholeStarts;
    this.openedBefore = main ? null : opened();
    Options options = Options.STANDARD.copy();
    options.kind = Node.Kind.ROOT;
    options.policy = policy;
    this.root = new Node(this, null, name, options, null);
    this.topmost = Options.STANDARD.copy();
    topmost.parent = root;
    root.startedAtNanos = time.nanoTime();
  }

  /** The main tree, made when it is first asked for. */
  private static final class Main {
    static final ThreadTree TREE =
        new ThreadTree(
            "main",
            StopPolicy.ofProgram(),
            Time.real(),
            /* main= */ true,
            /* wholeStarts= */ false);

    static {
      JvmShutdown.install(TREE);
      Startup.runIfWanted();
    }
  }

  /** {@return the main tree, which ends with the program} */
  public static ThreadTree main() {
    return Main.TREE;
  }

  /**
   * Opens a tree of its own, which never ends the program. Threads started by the calling thread,
   * unless that is managed, go into it until it is closed.
   *
   * @param name the name of its root
   * @return the tree, to be closed
   */
  public static ThreadTree open(String name) {
    return open(name, StopPolicy.standard());
  }

  /**
   * Opens a tree of its own with a stop policy, which bounds those of all threads in it. It goes by
   * the clock of the tree that the calling thread belongs to, or has opened: so also in a test on
   * virtual time.
   *
   * @param name the name of its root
   * @param policy the policy
   * @return the tree, to be closed
   */
  public static ThreadTree open(String name, StopPolicy policy) {
    ThreadTree around = Surroundings.current() instanceof Node own ? own.tree : opened();
    return around == null
        ? open(Library.MEMBER, name, policy, Time.real(), /* wholeStarts= */ false)
        : open(Library.MEMBER, name, policy, around.time, around.wholeStarts);
  }

  /**
   * For our own modules: opens a tree on another clock.
   *
   * @param library the proof of membership
   * @param name the name of its root
   * @param policy the policy
   * @param time its clock and parking place
   * @param wholeStarts whether failures show the whole stack of the start
   * @return the tree, to be closed
   * @hidden
   */
  @SuppressWarnings("exports")
  public static ThreadTree open(
      Library library, String name, StopPolicy policy, Time time, boolean wholeStarts) {
    Objects.requireNonNull(library, "library");
    ManagedThread.checkName(name);
    Trees.introduce();
    ThreadTree tree =
        new ThreadTree(
            name, Objects.requireNonNull(policy, "policy"), time, /* main= */ false, wholeStarts);
    JvmShutdown.opened(tree);
    OPENED.set(tree);
    return tree;
  }

  /**
   * For our own modules: from now on the calling thread counts as the one that has opened this
   * tree, until the tree is closed. Called by a thread that has opened none.
   *
   * @param library the proof of membership
   * @hidden
   */
  @SuppressWarnings("exports")
  public void openedByCaller(Library library) {
    Objects.requireNonNull(library, "library");
    OPENED.set(this);
  }

  /** Where a new thread belongs that names no parent (H1). */
  static Node parentOfNew() {
    if (Surroundings.current() instanceof Node own) {
      return own;
    }
    ThreadTree opened = opened();
    return opened == null ? main().root : opened.root;
  }

  /**
   * The tree that the calling thread has opened last, of those that nobody has closed; others are
   * forgotten.
   */
  private static @Nullable ThreadTree opened() {
    ThreadTree opened = OPENED.get();
    while (opened != null && opened.closed) {
      opened = opened.openedBefore;
      if (opened == null) {
        OPENED.remove();
      } else {
        OPENED.set(opened);
      }
    }
    return opened;
  }

  boolean keepsWholeStarts() {
    return wholeStarts;
  }

  boolean isMain() {
    return main;
  }

  /** {@return the name of the root} */
  public String name() {
    return root.name;
  }

  /**
   * Starts a thread without a result at the top of this tree.
   *
   * @param name its name
   * @param task what it does
   * @return the thread
   * @throws IllegalStateException if this tree has stopped
   */
  public ManagedThread<@Nullable Void> run(String name, ManagedThread.Task task) {
    return named(name).run(task);
  }

  /**
   * Starts a thread with a result at the top of this tree.
   *
   * @param <T> the type of the result
   * @param name its name
   * @param task what it computes
   * @return the thread
   * @throws IllegalStateException if this tree has stopped
   */
  public <T extends @Nullable Object> ManagedThread<T> call(
      String name, ManagedThread.Call<T> task) {
    return named(name).call(task);
  }

  /**
   * Begins a thread with options at the top of this tree.
   *
   * @param name its name
   * @return a builder
   */
  public ThreadBuilder named(String name) {
    ManagedThread.checkName(name);
    return new ThreadBuilder(name, topmost);
  }

  /** {@return the living threads at the top, in the order in which they were started} */
  public List<ManagedThread<?>> children() {
    return root.handle.children();
  }

  /**
   * {@return the signal that goes when this tree is asked to stop, after all its threads have been}
   */
  public Signal pleaseStop() {
    return root.pleaseStop;
  }

  /** {@return the signal that goes when all threads of this tree have stopped or been abandoned} */
  public Signal stopped() {
    return root.stopped;
  }

  /** {@return why this tree was told to stop; empty before} */
  public Optional<StopReason> stopReason() {
    return root.handle.stopReason();
  }

  /**
   * {@return the failures of topmost threads that nobody has claimed yet; once this tree has
   * stopped, its failure}
   */
  public List<Throwable> failures() {
    return root.outcome() instanceof Outcome.Failed<?>(Throwable failure)
        ? List.of(failure)
        : Failures.of(root);
  }

  /** {@return how many threads were abandoned since this tree was opened, ended since or not} */
  public int abandonedCount() {
    return abandonedCount.get();
  }

  /**
   * Asks all threads of this tree to stop; returns at once. Stopping the main tree ends the
   * program, after all open trees have been stopped. Repeating it does nothing.
   */
  public void stop() {
    stop("asked to stop");
  }

  /**
   * Asks all threads of this tree to stop; returns at once. Stopping the main tree ends the
   * program, after all open trees have been stopped. Repeating it does nothing.
   *
   * @param reason why, for people
   */
  public void stop(String reason) {
    StopReason why = ManagedThread.requested(reason);
    if (main) {
      boolean _ = JvmShutdown.begin(why, /* status= */ null);
      return;
    }
    Stopping.stop(root, why, /* now= */ false);
    finishDetached();
  }

  /**
   * Stops this tree and waits until all its threads have stopped or been abandoned, which its
   * {@link StopPolicy} bounds. Not ended by an interrupt: the status is kept.
   *
   * @throws IllegalStateException if the calling thread belongs to this tree, and would wait for
   *     itself
   */
  @Override
  public void close() {
    if (Surroundings.current() instanceof Node own && own.tree == this) {
      throw new IllegalStateException(
          "Thread \""
              + own
              + "\" cannot close the tree that it belongs to; call stop(), which does not wait.");
    }
    if (main) {
      try (JvmShutdown.LastWord _ = JvmShutdown.hasLastWord(this)) {
        stop();
        awaitUninterruptibly();
      }
      return;
    }
    closed = true;
    if (OPENED.get() == this) {
      if (openedBefore == null) {
        OPENED.remove();
      } else {
        OPENED.set(openedBefore);
      }
    }
    stopAndWait(ManagedThread.requested("the tree is closed"));
  }

  /** Tells all threads of this tree, which stays open: what is started in it is born told. */
  void tell(StopReason why) {
    Stopping.stop(root, why, /* now= */ false);
  }

  /** Stops this tree and waits. */
  void stopAndWait(StopReason why) {
    stopAndWait(why, Long.MAX_VALUE);
  }

  /**
   * Stops this tree within a time in nanoseconds, and waits; whoever comes first does the work, on
   * the clock of the tree: a thread that lives on another lets one of the tree's do it.
   */
  void stopAndWait(StopReason why, long within) {
    Stopping.stop(root, why, /* now= */ false, within);
    if (Surroundings.current().time() != time) {
      finishDetached();
      awaitUninterruptibly();
    } else if (closing.compareAndSet(false, true)) {
      finish();
    } else {
      awaitUninterruptibly();
    }
  }

  private void finishDetached() {
    if (closing.compareAndSet(false, true)) {
      try {
        time.startDriver("stop of " + name(), this::finish);
      } catch (OutOfMemoryError noThread) {
        closing.set(false); // who closes it later tries again
        throw noThread;
      }
    }
  }

  private void awaitUninterruptibly() {
    boolean interrupted = false;
    while (!finished.isSignalled()) {
      try {
        finished.await();
      } catch (InterruptedException e) {
        interrupted = true; // kept until the wait is over
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void finish() {
    try {
      if (Thread.currentThread().isVirtual()) { // threads of this tree may leave no carrier to it
        new StopWatch(root, StopWatch.BEHIND)
            .schedule(Math.min(StopWatch.SECOND, Stopping.nanos(root.policy().ask())));
      }
    } catch (OutOfMemoryError full) {
      // it was only in case
    }
    endRootSurely();
    try {
      awaitActions();
      for (Surroundings.Leftovers each : leftovers) {
        String text = each.leftovers();
        if (text != null) {
          reports.say("Left over at the end of tree \"" + name() + "\": " + text);
        }
      }
      leftovers.clear();
      if (reports.areUnderWay()) {
        awaitBriefly(reports::areUnderWay); // a log that blocks must not hold the end either
      }
    } finally { // also when the heap is full: others wait
      JvmShutdown.closed(this);
      finished.go();
    }
  }

  /** As {@link Node#endSurely}: nobody else ends the tree when this runs out of memory. */
  private void endRootSurely() {
    while (!root.isEnded()) {
      try {
        root.awaitChildren();
        root.complete(new Outcome.Returned<@Nullable Object>(null));
      } catch (OutOfMemoryError full) {
        Node.letOthersRun();
      }
    }
  }

  /** A thread has been unlinked, and runs the actions on its stopped signal. */
  void actionsBegin() {
    actionsRunning.add(Thread.currentThread());
  }

  void actionsEnd() {
    actionsRunning.remove(Thread.currentThread());
    wakeFinisher();
  }

  /** One that sits in System.exit will never end. */
  private boolean actionsGoOn() {
    for (Thread thread : actionsRunning) {
      if (!JvmShutdown.isExiting() || !JvmThreads.sitsInExit(thread)) {
        return true;
      }
    }
    return false;
  }

  /**
   * Actions on the stopped signals of the last threads belong to the tree, but one that blocks must
   * not hold its end.
   */
  private void awaitActions() {
    if (!actionsGoOn()) {
      return;
    }
    awaitBriefly(this::actionsGoOn);
    if (actionsGoOn()) {
      reports.say(
          "Tree \""
              + name()
              + "\" ends while actions on the end of its threads are still running.");
    }
  }

  /**
   * Gives those who make a condition false, and then call {@link #wakeFinisher}, a second for it.
   * Not ended by an interrupt.
   */
  private void awaitBriefly(BooleanSupplier goesOn) {
    Surroundings self = Surroundings.current();
    finisher = new Children.Closer(self, Thread.currentThread());
    boolean interrupted = Thread.interrupted(); // or it would not park
    long end = time.nanoTime() + PATIENCE;
    for (long left = PATIENCE; left > 0 && goesOn.getAsBoolean(); left = end - time.nanoTime()) {
      self.parkNanos(this, Math.min(left, LOOK)); // one that sits in System.exit wakes nobody
      interrupted |= Thread.interrupted();
    }
    finisher = null;
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Something that the end of the tree may be waiting for is over. */
  void wakeFinisher() {
    Children.Closer waiting = finisher;
    if (waiting != null) {
      waiting.wake();
    }
  }

  boolean hasFailed() {
    return root.outcome() instanceof Outcome.Failed<?>;
  }

  /**
   * What else ends a wait for the shutdown, besides a signal and a call of {@code stop}.
   *
   * @since 0.1
   */
  public static final class ShutdownOption {
    private final boolean whenIdle;
    private final @Nullable String typed;

    private ShutdownOption(boolean whenIdle, @Nullable String typed) {
      this.whenIdle = whenIdle;
      this.typed = typed;
    }
  }

  /** {@return the option to shut down when no thread is left in the tree} */
  public static ShutdownOption orWhenIdle() {
    return new ShutdownOption(true, null);
  }

  /**
   * Returns the option to shut down when a word is typed on standard input.
   *
   * @param word the word, alone on its line
   * @return the option
   */
  public static ShutdownOption orTyped(String word) {
    return new ShutdownOption(false, Objects.requireNonNull(word, "word"));
  }

  /**
   * Waits until this tree has been stopped, by whatever, and all its threads have. For the main
   * thread of a program that serves: what follows is its last word, and the program ends after it.
   *
   * <p>A program may be told to end while it still starts its threads. Until this is called, nobody
   * waits for the main thread, and once all threads have stopped, to start another fails. Where
   * that would be a nuisance, adopt the main thread meanwhile: the tree does not end before it
   * leaves.
   *
   * {@snippet class="ThreadSnippets" region="startSeveral"}
   *
   * @param options what else shuts the tree down
   * @throws InterruptedException if the calling thread is interrupted, on entry or while waiting;
   *     the tree goes on then
   * @throws IllegalStateException if the calling thread belongs to this tree, and would wait for
   *     itself
   */
  public void awaitShutdown(ShutdownOption... options) throws InterruptedException {
    if (Surroundings.current() instanceof Node own && own.tree == this) {
      throw new IllegalStateException(
          "Thread \""
              + own
              + "\" cannot await the shutdown of the tree that it belongs to, which waits for it. Wait for its pleaseStop.");
    }
    boolean whenIdle = false;
    List<TypedWord> listening = new ArrayList<>();
    try (JvmShutdown.LastWord _ = JvmShutdown.hasLastWord(this)) {
      for (ShutdownOption option : options) {
        whenIdle |= option.whenIdle;
        if (option.typed != null) {
          listening.add(TypedWord.listen(this, option.typed));
        }
      }
      if (whenIdle) {
        root.awaitIdle();
        if (root.told() == null) {
          stop("no thread is left");
        }
      }
      root.stopped.await();
    } finally {
      listening.forEach(TypedWord::close);
    }
  }

  /**
   * Waits until all threads of this tree have stopped; does not ask them to.
   *
   * @param timeout the longest time to wait
   * @throws InterruptedException if the calling thread is interrupted, on entry or while waiting
   * @throws TimeoutException if the time has passed
   */
  public void awaitStopped(Duration timeout) throws InterruptedException, TimeoutException {
    if (!root.stopped.await(timeout)) {
      throw new TimeoutException("Tree \"" + name() + "\" has not stopped within " + timeout + ".");
    }
  }

  /**
   * Has an observer told what threads do, in all trees, from now on.
   *
   * @param observer whom to tell
   * @return a handle to end that; its {@code remove} says whether the observer was still there, and
   *     a call that is under way goes on
   */
  public static Signal.Registration observe(ThreadObserver observer) {
    return Observers.add(observer);
  }

  /**
   * {@return the trees that are open, in the order in which they were opened, and the main tree
   * last if it has been used: a snapshot}
   */
  public static List<ThreadTree> openTrees() {
    return List.copyOf(JvmShutdown.allOpen());
  }

  /**
   * {@return how many threads live in this tree now; looks at each of them, which takes some
   * milliseconds for a million}
   */
  public int threadCount() {
    return root.descendantCount();
  }

  /**
   * {@return the tree as text: each thread with its state, age, what it waits for, and deadlocks}
   */
  public String dump() {
    StringBuilder text = new StringBuilder();
    try {
      dumpTo(text);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // a string builder throws none
    }
    return text.toString();
  }

  /**
   * Writes the tree as text to a file, for trees of any size.
   *
   * @param file the file; replaced if there
   * @throws IOException if it cannot be written
   */
  public void dump(Path file) throws IOException {
    try (BufferedWriter out = Files.newBufferedWriter(file)) {
      dumpTo(out);
    }
  }

  /**
   * Writes the tree as text.
   *
   * @param out where to
   * @throws IOException if that throws it
   */
  public void dumpTo(Appendable out) throws IOException {
    new TreeDump(this).write(out);
  }

  /**
   * Returns the tree as JSON: the same as {@link #dump()}, for programs. One object with the name
   * of the {@code tree}, the time {@code at}, a list of {@code threads}, each with its {@code path}
   * and that of its {@code parent}, parents first; those {@code abandoned} that still run; and the
   * {@code deadlocks}. Times are in seconds. What does not apply is left out.
   *
   * @return the text of the object
   */
  public String dumpJson() {
    StringBuilder text = new StringBuilder();
    try {
      dumpJsonTo(text);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // a string builder throws none
    }
    return text.toString();
  }

  /**
   * Writes the tree as JSON to a file, for trees of any size.
   *
   * @param file the file; replaced if there
   * @throws IOException if it cannot be written
   */
  public void dumpJson(Path file) throws IOException {
    try (BufferedWriter out = Files.newBufferedWriter(file)) {
      dumpJsonTo(out);
    }
  }

  /**
   * Writes the tree as JSON.
   *
   * @param out where to
   * @throws IOException if that throws it
   */
  public void dumpJsonTo(Appendable out) throws IOException {
    new JsonDump(this).write(out);
  }

  void keep(Surroundings.Leftovers each) {
    leftovers.add(each);
  }

  void forget(Surroundings.Leftovers each) {
    leftovers.remove(each);
  }

  /** Logs a failure; without its stack when others from the same line have been logged often. */
  void report(String message, Throwable failure) {
    if (repetition.mayLog(failure, time.nanoTime()).mayLog()) {
      Log.error(message, failure);
    } else {
      Log.errorAgain(message, failure);
    }
  }

  /** A thread is being abandoned, and nobody has been told yet; it may end meanwhile. */
  void abandoned(Node node) {
    abandonedCount.incrementAndGet();
    Abandoned.begins(node);
  }

  List<Node> abandonedAlive() {
    return Abandoned.running(this);
  }

  /** A thread that was abandoned has ended after all. */
  void abandonedThreadEnded(Node node, Outcome<?> late) {
    Abandoned.ended(node);
    String text =
        "Thread \""
            + node
            + "\", which was abandoned, has ended after "
            + Node.seconds(node.ageNanos());
    if (late instanceof Outcome.Failed<?>(Throwable failure)) {
      report(text + ", with a failure.", failure);
    } else if (lateEnds.incrementAndGet() <= MOST_LATE_ENDS_LOGGED) {
      Log.info(text + ".");
    }
  }

  @Override
  public String toString() {
    return "tree \"" + name() + "\"";
  }

  /** What the lower layers ask about trees. */
  static final class Trees implements Surroundings.Trees {
    private static volatile @Nullable ThreadTree mainIfOpen;
    private static volatile boolean introduced;

    private Trees() {}

    static void introduce() {
      if (!introduced) {
        introduced = true;
        Surroundings.setTrees(new Trees());
      }
    }

    static void mainIsOpen(ThreadTree tree) {
      mainIfOpen = tree;
      introduce();
    }

    @Override
    public @Nullable Surroundings mainRoot() {
      ThreadTree tree = mainIfOpen;
      return tree == null ? null : tree.root;
    }

    @Override
    public @Nullable Surroundings find(Thread thread) {
      for (ThreadTree tree : JvmShutdown.allOpen()) {
        Node found = tree.root.find(thread);
        if (found != null) {
          return found;
        }
      }
      return null;
    }
  }
}
