package org.morethreads.thread;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.morethreads.internal.Detached;
import org.morethreads.internal.Log;
import org.morethreads.internal.Services;

/**
 * The end of the program (H11): the ways that lead to it, the ordered stop of all trees, and the
 * end of the JVM.
 *
 * <p>Installed with the main tree; without one, nothing of this exists. Everything here is real
 * time: a JVM that ends must not wait for a clock that stands still.
 */
final class JvmShutdown {
  /*
   *      ALIVE -> STOPPING   // first of: signal, end of main, ThreadTree.main().stop(), the JVM's hook
   *   STOPPING -> STOPPED    // trees stopped, actions and last words done, services finished
   *
   * Whoever makes the first transition, by CAS, owns the end: a thread of its own for a signal or stop(), which then calls
   * System.exit; the keeper at the end of main, which lets the JVM end by itself when the status is 0, so that the status of a failed
   * main stays; the hook when user code has called System.exit, which cannot set the status.
   *
   * The owner only waits, and no longer than `endsAt`. The stop runs on a daemon beside it, since it writes to the log, and a log
   * whose reader has gone may block for ever. When the time is over the owner goes on as if the stop had ended. A hook that finds
   * STOPPING waits in the same way; one that finds STOPPED does not.
   */
  private enum Phase {
    ALIVE,
    STOPPING,
    STOPPED
  }

  private static final long MILLISECOND = 1_000_000;
  private static final long SECOND = 1_000 * MILLISECOND;

  /** What actions and last words may take beyond the stop of the trees. */
  private static final long RESERVE = 750 * MILLISECOND;

  /** What services have at least, however long the trees took. */
  private static final long FOR_SERVICES = 500 * MILLISECOND;

  /** How late the stop itself may be, with its reports, before the program ends without it. */
  private static final long LATE = 600 * MILLISECOND;

  private static final Duration LOG_PATIENCE = Duration.ofMillis(300);
  private static final int MOST_REPORTED = 10;

  private static final AtomicReference<Phase> PHASE = new AtomicReference<>(Phase.ALIVE);
  private static final CountDownLatch STOPPED = new CountDownLatch(1);
  private static final List<ThreadTree> OPEN = new CopyOnWriteArrayList<>();

  /** The threads that wait for the end of the main tree, or did when the program began to end. */
  private static final Collection<Thread> SPEAKERS = ConcurrentHashMap.newKeySet();

  private static volatile @Nullable ThreadTree mainTree;
  private static volatile boolean exiting;
  private static volatile @Nullable Thread mainThread;

  /** Written once by the owner of the end, before the stop begins. */
  private static volatile @Nullable Long endsAt;

  /** The status the program is to end with, as far as it is known. */
  private static volatile @Nullable Integer intended;

  /** The status of a signal that came while the program was ending for another reason. */
  private static volatile @Nullable Integer signalled;

  private JvmShutdown() {}

  // ---- entrances

  static void install(ThreadTree tree) {
    mainTree = tree;
    mainThread = JvmThreads.findMain();
    ThreadTree.Trees.mainIsOpen(tree);
    try {
      Runtime.getRuntime()
          .addShutdownHook(thread("more-threads-shutdown-hook", true, JvmShutdown::hook));
    } catch (IllegalStateException alreadyShuttingDown) {
      exiting = true;
      String message = "the JVM was shutting down when the main tree was first used";
      tree.stopAndWait(reason("the JVM", message));
      finishServices(System.nanoTime() + total());
      return;
    }
    OsSignals.install();
    try {
      thread("more-threads-keeper", false, JvmShutdown::keep).start();
    } catch (OutOfMemoryError noThread) {
      // the hook sees the end of main as well, only later
    }
  }

  static void opened(ThreadTree tree) {
    OPEN.add(tree);
    if (PHASE.get() != Phase.ALIVE) {
      tree.tell(reason("the JVM", "the program is ending"));
    }
  }

  static void closed(ThreadTree tree) {
    OPEN.remove(tree);
  }

  static Collection<ThreadTree> allOpen() {
    List<ThreadTree> trees = new ArrayList<>(OPEN);
    ThreadTree main = mainTree;
    if (main != null) {
      trees.add(main);
    }
    return trees;
  }

  static StopReason reason(String by, String message) {
    return new StopReason(StopReason.Kind.JVM_SHUTDOWN, by, message);
  }

  /**
   * Starts the end of the program, on a thread of its own; returns at once. Answers false, with
   * nothing done, when it has begun before.
   *
   * @param status the exit status; null for 1 when a failure reached the main root, else that of
   *     {@code main}, else 0
   */
  static boolean begin(StopReason why, @Nullable Integer status) {
    if (!PHASE.compareAndSet(Phase.ALIVE, Phase.STOPPING)) {
      return false;
    }
    intended = status;
    Runnable end =
        () -> {
          awaitStop(() -> runStop(why));
          exitWith(status, isMainOver());
        };
    try {
      thread("more-threads-shutdown", false, end).start();
    } catch (OutOfMemoryError noThread) {
      end.run(); // late for the caller, but the program ends
    }
    return true;
  }

  private static void exitWith(@Nullable Integer status, boolean mayEndByItself) {
    Integer late = signalled;
    Integer asked = status != null ? status : late;
    int code = asked != null ? asked : statusOfFailures();
    if (asked == null && code == 0 && mayEndByItself) {
      return; // with the status of main
    }
    intended = code;
    System.exit(code);
  }

  /**
   * A signal has come while the program is ending for another reason. The stop goes on, but after
   * it the JVM does not live on for threads of others. Answers whether the stop is over.
   */
  static boolean endNowOrAfterStop(int status) {
    signalled = status;
    boolean over = PHASE.get() == Phase.STOPPED;
    if (over) { // else whoever owns the end looks at it after this
      try {
        thread("more-threads-shutdown", true, () -> exitWith(status, false)).start();
      } catch (OutOfMemoryError noThread) {
        exitWith(status, false);
      }
    }
    return over;
  }

  private static boolean isMainOver() {
    Thread main = mainThread;
    return (main == null || !main.isAlive()) && JvmThreads.findOtherKeepingAlive() == null;
  }

  private static int statusOfFailures() {
    ThreadTree main = mainTree;
    return main != null && main.hasFailed() ? 1 : 0;
  }

  /** The JVM's hook: the road for System.exit called by user code. */
  private static void hook() {
    exiting = true;
    Log.straightToStandardError(); // the JDK's log has its own hook, and may have closed itself
    if (PHASE.compareAndSet(Phase.ALIVE, Phase.STOPPING)) {
      awaitStop(() -> runStop(reason("the JVM", JvmThreads.reasonOfExit())));
    } else {
      awaitStopped();
    }
    try {
      thread("more-threads-exit-watch", true, JvmShutdown::watchExit).start();
    } catch (OutOfMemoryError noThread) {
      // only a hook that calls System.exit would need it
    }
  }

  /**
   * Ends a JVM that would never end, because one of its other hooks never does. Two cases are
   * certain: a hook that has called System.exit waits for the thread that waits for it; and the
   * hook of the JDK's log waits for the lock of a handler in which our own stop has got stuck. The
   * argument of a System.exit by user code cannot be known.
   */
  private static void watchExit() {
    String why = whyItNeverEnds();
    while (why == null) {
      try {
        Thread.sleep(100);
      } catch (InterruptedException e) {
        return; // nobody but a debugger
      }
      why = whyItNeverEnds();
    }
    Integer known = intended;
    int status = known != null ? known : 1;
    logApart(why + "; the JVM is halted with status " + status + ".");
    Services.halt(status);
  }

  private static @Nullable String whyItNeverEnds() {
    Thread hook = JvmThreads.findHookInExit();
    if (hook != null) {
      return "The shutdown hook \""
          + hook.getName()
          + "\" has called System.exit, which never returns in a hook";
    }
    Long end = endsAt;
    return PHASE.get() != Phase.STOPPED
            && end != null
            && System.nanoTime() - end > LOG_PATIENCE.toNanos()
            && JvmThreads.isLogHookAlive()
        ? "The log has blocked the end of the program"
        : null;
  }

  /** The keeper: a thread that is no daemon, and so sees the program end while the JVM is whole. */
  private static void keep() {
    try {
      Thread main = mainThread;
      if (main != null) {
        main.join();
      }
      Thread other = JvmThreads.findOtherKeepingAlive();
      while (other != null) {
        other.join();
        other = JvmThreads.findOtherKeepingAlive();
      }
    } catch (InterruptedException e) {
      return; // nobody but a debugger interrupts it: then the hook alone remains
    }
    if (!PHASE.compareAndSet(Phase.ALIVE, Phase.STOPPING)) {
      return;
    }
    awaitStop(() -> {
      announceEndOfMain();
      runStop(reason("the end of main", "main returned"));
    });
    exitWith(null, true);
    Thread other = JvmThreads.findOtherKeepingAlive();
    if (other != null) {
      logApart(
          "All trees have stopped, but the JVM lives on for thread \""
              + other.getName()
              + "\", which is no daemon.");
    }
  }

  private static void announceEndOfMain() {
    int count = 0;
    for (ThreadTree tree : allOpen()) {
      count += tree.root.descendantCount();
    }
    if (count > 0) {
      Log.info(
          "main returned: stopping "
              + count
              + (count == 1 ? " thread" : " threads")
              + "; call awaitShutdown() to keep serving");
    }
  }

  private static Thread thread(String name, boolean daemon, Runnable body) {
    return Thread.ofPlatform()
        .name(name)
        .daemon(daemon)
        .inheritInheritableThreadLocals(false)
        .unstarted(body);
  }

  /** Writes to the log, but is not held up by one that blocks. */
  static void logApart(String message) {
    try {
      Thread writer = thread("more-threads-log", true, () -> Log.warning(message));
      writer.start();
      boolean _ = writer.join(LOG_PATIENCE);
    } catch (OutOfMemoryError noThread) {
      // a message less
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  // ---- the stop itself

  private static long total() {
    ThreadTree main = mainTree;
    StopPolicy policy = main == null ? StopPolicy.standard() : main.root.policy();
    return Stopping.nanos(policy.total());
  }

  /** Runs the stop beside the calling thread, which owns the end, and waits for it. */
  private static void awaitStop(Runnable stop) {
    endsAt = System.nanoTime() + total() + RESERVE + FOR_SERVICES + LATE;
    try {
      thread("more-threads-stop", true, stop).start();
    } catch (OutOfMemoryError noThread) {
      stop.run();
    }
    awaitStopped();
  }

  private static void awaitStopped() {
    Long end = endsAt;
    long left = end == null ? total() + RESERVE + FOR_SERVICES + LATE : end - System.nanoTime();
    try {
      boolean _ = STOPPED.await(left, TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // whoever interrupts it wants the JVM to end: let it
    }
  }

  private static void runStop(StopReason why) {
    try {
      long limit = System.nanoTime() + total();
      Set<ThreadTree> done = new HashSet<>();
      stopOpen(why, limit, done, 1);
      ThreadTree main = mainTree;
      if (main != null) {
        main.stopAndWait(why, Math.max(0, limit - System.nanoTime()));
      }
      stopOpen(why, limit, done, 0); // those that were opened meanwhile
      awaitThreads(UserCode.ACTIONS, limit + RESERVE);
      awaitThreads(UserCode.LAST_WORDS, limit + RESERVE);
      long now = System.nanoTime(); // not the limit: such a handler may well block for ever
      long handlersLimit = (now - limit < 0 ? now : limit) + RESERVE;
      awaitThreads(UserCode.SIGNAL_HANDLERS, handlersLimit);
      finishServices(limit);
    } catch (Throwable broken) { // the JVM must end all the same
      Log.error("The ordered stop of the program failed; the JVM ends without it.", broken);
    } finally {
      PHASE.set(Phase.STOPPED);
      STOPPED.countDown();
    }
  }

  /**
   * Stops the trees that are open, the last opened first. Each may take its share of the time that
   * is left, as the stages of an order do (H5).
   *
   * @param others how many shares are for others
   */
  private static void stopOpen(StopReason why, long limit, Set<ThreadTree> done, int others)
      throws InterruptedException {
    List<ThreadTree> newestFirst = new ArrayList<>(OPEN).reversed();
    newestFirst.removeAll(done);
    int shares = newestFirst.size() + others;
    for (ThreadTree tree : newestFirst) {
      done.add(tree);
      stopBounded(tree, why, Math.max(MILLISECOND, (limit - System.nanoTime()) / shares--));
    }
  }

  /** Stops a tree that may be on a clock of its own, which may stand still. */
  private static void stopBounded(ThreadTree tree, StopReason why, long within)
      throws InterruptedException {
    Thread helper = thread("stop of " + tree.name(), true, () -> tree.stopAndWait(why, within));
    helper.start();
    if (!helper.join(Duration.ofNanos(within + LATE))) {
      Log.warning(
          "Tree \"" + tree.name() + "\" has not stopped in time; the program ends without it.");
    }
  }

  /**
   * Ends what served the trees to their end, stage by stage. Each stage has the time that the trees
   * have left, and a little in any case; one that does not come back is left behind.
   */
  private static void finishServices(long limit) {
    for (Services.Stage stage : Services.Stage.values()) {
      List<Thread> helpers = new ArrayList<>();
      long share = FOR_SERVICES / Services.Stage.values().length;
      long until = Math.max(limit, System.nanoTime() + share);
      for (Services.Service service : Services.take(stage)) {
        Runnable finish = () -> finish(service, until);
        try {
          Thread helper = thread("more-threads-service", true, finish);
          helper.start();
          helpers.add(helper);
        } catch (OutOfMemoryError noThread) {
          finish.run(); // it knows its bound
        }
      }
      for (Thread helper : helpers) {
        awaitHelper(helper, until + LATE / 4);
      }
    }
  }

  private static void finish(Services.Service service, long until) {
    try {
      service.finish(until);
    } catch (Throwable broken) { // the others must finish all the same
      Log.error("A service failed at the end of the program.", broken);
    }
  }

  private static void awaitHelper(Thread helper, long until) {
    try {
      boolean _ = helper.join(Duration.ofNanos(Math.max(MILLISECOND, until - System.nanoTime())));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // whoever interrupts it wants the JVM to end
    }
  }

  /** What may still run when all trees have stopped, and is waited for. */
  private enum UserCode {
    ACTIONS("an action"),
    /** Of those who have something to say between the stop and the end. */
    LAST_WORDS("the last words of the main thread"),
    SIGNAL_HANDLERS("a handler of a signal");

    final String words;

    UserCode(String words) {
      this.words = words;
    }

    Collection<Thread> running() {
      if (this == ACTIONS) {
        return Detached.running();
      }
      if (this == SIGNAL_HANDLERS) {
        return OsSignals.passingOn();
      }
      Thread main = mainThread;
      return main != null && SPEAKERS.contains(main) ? List.of(main) : List.of();
    }
  }

  /**
   * Waits for user code to end; says after 1 s and then at doubling intervals who is waited for
   * (H6), and leaves them at the limit. Whoever sits in System.exit will not end.
   */
  private static void awaitThreads(UserCode code, long limit) throws InterruptedException {
    long interval = SECOND;
    long reportAt = System.nanoTime() + interval;
    for (Thread next = firstAlive(code); next != null; next = firstAlive(code)) {
      long now = System.nanoTime();
      if (now - limit >= 0) {
        report("The program ends without waiting longer for ", code);
        return;
      }
      if (now - reportAt >= 0) {
        report("The end of the program waits for ", code);
        interval *= 2;
        reportAt = now + interval;
      }
      if (next.isAlive()) {
        next.join(20);
      } else {
        Thread.sleep(1); // about to be started
      }
    }
  }

  private static @Nullable Thread firstAlive(UserCode code) {
    for (Thread thread : code.running()) {
      if (isAlive(thread)) {
        return thread;
      }
    }
    return null;
  }

  private static boolean isAlive(Thread thread) {
    // One that calls System.exit counts until the JVM has its status: ours must not overtake it.
    return thread.getState() != Thread.State.TERMINATED
        && !(exiting && JvmThreads.sitsInExit(thread));
  }

  private static void report(String what, UserCode code) {
    // Whoever calls System.exit is waited for only until the JVM's shutdown has begun.
    StringBuilder text = new StringBuilder(what).append(code.words).append(':');
    int count = 0;
    for (Thread thread : code.running()) {
      if (isAlive(thread) && !JvmThreads.sitsInExit(thread) && ++count <= MOST_REPORTED) {
        text.append("\n  \"").append(thread.getName()).append("\"; ");
        text.append(StopWatch.BlockedOn.describe(thread)).append(StopWatch.stack(thread));
      }
    }
    if (count > 0) {
      Log.warning(text + StopWatch.andMore(count - MOST_REPORTED));
    }
  }

  /** The time that a thread spends in waiting for the end of the main tree. */
  interface LastWord extends AutoCloseable {
    @Override
    void close();
  }

  static LastWord hasLastWord(ThreadTree tree) {
    Thread thread = Thread.currentThread();
    if (tree.isMain()) {
      SPEAKERS.add(thread);
    }
    return () -> {
      if (PHASE.get() == Phase.ALIVE) {
        SPEAKERS.remove(thread);
      }
    };
  }

  /** Whether the JVM's own shutdown has begun, so that threads may be sitting in System.exit. */
  static boolean isExiting() {
    return exiting;
  }
}
