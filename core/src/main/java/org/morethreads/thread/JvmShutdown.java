package org.morethreads.thread;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.morethreads.internal.Detached;
import org.morethreads.internal.Log;

/**
 * The end of the program (H11): catches the ways that lead to it, stops all trees in order, and
 * ends the JVM.
 *
 * <p>Installed with the main tree; without one, nothing of this exists. Everything here is real
 * time: a JVM that ends must not wait for a clock that stands still.
 */
final class JvmShutdown {
  /*
   *      ALIVE -> STOPPING   // first of: signal, end of main, ThreadTree.main().stop(), the JVM's hook
   *   STOPPING -> STOPPED    // trees stopped, actions and last words done
   *
   * Whoever makes the first transition runs the stop. A signal or stop() does so on a new platform thread, and then calls
   * System.exit, whose hook finds STOPPED and returns; the end of main does so on the keeper, which then lets the JVM end by
   * itself when the status is 0, so that the status of a failed main stays. The hook does so when user code has called
   * System.exit; it cannot set the status. A hook that finds STOPPING waits, bounded, for the one that runs.
   */
  private enum Phase {
    ALIVE,
    STOPPING,
    STOPPED
  }

  private static final long MILLISECOND = 1_000_000;

  /**
   * What the end of the program may take beyond the stop of the trees: actions, last words, the
   * log.
   */
  private static final long RESERVE = 1_500 * MILLISECOND;

  /**
   * Two different signals that come together, as SIGTERM and SIGHUP from a closing session, are
   * one.
   */
  private static final long TOGETHER = 500 * MILLISECOND;

  private static final AtomicReference<Phase> PHASE = new AtomicReference<>(Phase.ALIVE);
  private static final CountDownLatch STOPPED = new CountDownLatch(1);
  private static final List<ThreadTree> OPEN = new CopyOnWriteArrayList<>();

  /** The threads that are in awaitShutdown, or were when the program began to end. */
  private static final Collection<Thread> SPEAKERS = ConcurrentHashMap.newKeySet();

  private static volatile @Nullable ThreadTree mainTree;
  private static volatile boolean exiting;
  private static volatile @Nullable Thread shutdownThread;
  private static volatile @Nullable Thread mainThread;

  private JvmShutdown() {}

  // ---- entrances

  static void install(ThreadTree tree) {
    mainTree = tree;
    mainThread = findMainThread();
    ThreadTree.Trees.mainIsOpen(tree);
    Thread hook = new Thread(JvmShutdown::hook, "more-threads-shutdown-hook");
    try {
      Runtime.getRuntime().addShutdownHook(hook);
    } catch (IllegalStateException alreadyShuttingDown) {
      exiting = true;
      StopReason why =
          reason("the JVM", "the JVM was shutting down when the main tree was first used");
      tree.stopAndWait(why);
      return;
    }
    OsSignals.install();
    Thread keeper = new Thread(JvmShutdown::keep, "more-threads-keeper");
    keeper.setDaemon(false);
    keeper.start();
  }

  static void opened(ThreadTree tree) {
    OPEN.add(tree);
    if (PHASE.get() != Phase.ALIVE) {
      tree.stop("the program is ending");
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

  private static StopReason reason(String by, String message) {
    return new StopReason(StopReason.Kind.JVM_SHUTDOWN, by, message);
  }

  /**
   * Starts the end of the program, on a thread of its own; returns at once. Does nothing when it
   * has begun.
   *
   * @param status the exit status; null for 1 when a failure reached the main root, else 0
   */
  static void begin(StopReason why, @Nullable Integer status) {
    if (!PHASE.compareAndSet(Phase.ALIVE, Phase.STOPPING)) {
      return;
    }
    Thread runner =
        new Thread(
            () -> {
              runStop(why);
              System.exit(status != null ? status : statusOfFailures());
            },
            "more-threads-shutdown");
    runner.setDaemon(false);
    shutdownThread = runner;
    runner.start();
  }

  private static int statusOfFailures() {
    ThreadTree main = mainTree;
    return main != null && main.hasFailed() ? 1 : 0;
  }

  /** The JVM's hook: the road for System.exit called by user code. */
  private static void hook() {
    exiting = true;
    if (PHASE.compareAndSet(Phase.ALIVE, Phase.STOPPING)) {
      Log.straightToStandardError();
      shutdownThread = Thread.currentThread();
      runStop(reason("the JVM", "System.exit was called"));
      return;
    }
    Log.straightToStandardError();
    Thread runner = shutdownThread;
    try {
      if (runner != null && !sitsInExit(runner)) {
        boolean _ = STOPPED.await(10, TimeUnit.SECONDS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // the JVM wants to end: let it
    }
  }

  /** The keeper: a thread that is no daemon, and so sees the program end while the JVM is whole. */
  private static void keep() {
    try {
      Thread main = mainThread;
      if (main != null) {
        main.join();
      }
      for (Thread other = findOtherKeepingAlive(); other != null; other = findOtherKeepingAlive()) {
        other.join();
      }
    } catch (InterruptedException e) {
      return; // nobody but a debugger interrupts it: then the hook alone remains
    }
    if (!PHASE.compareAndSet(Phase.ALIVE, Phase.STOPPING)) {
      return;
    }
    shutdownThread = Thread.currentThread();
    int count = 0;
    for (ThreadTree tree : allOpen()) {
      count += tree.root.childCount();
    }
    if (count > 0) {
      Log.info(
          "main returned: stopping "
              + count
              + (count == 1 ? " thread" : " threads")
              + "; call awaitShutdown() to keep serving");
    }
    runStop(reason("the end of main", "main returned"));
    int status = statusOfFailures();
    if (status != 0) {
      System.exit(status);
    }
  }

  // ---- the stop itself

  private static void runStop(StopReason why) {
    try {
      long limit = System.nanoTime() + Stopping.nanos(StopPolicy.standard().total());
      List<ThreadTree> newestFirst = new ArrayList<>(OPEN).reversed();
      for (ThreadTree tree : newestFirst) {
        stopBounded(tree, why, limit);
      }
      ThreadTree main = mainTree;
      if (main != null) {
        main.stopAndWait(why);
      }
      awaitDetached(limit + RESERVE);
      awaitLastWords(limit + RESERVE);
    } catch (Throwable broken) { // the JVM must end all the same
      Log.error("The ordered stop of the program failed; the JVM ends without it.", broken);
    } finally {
      PHASE.set(Phase.STOPPED);
      STOPPED.countDown();
    }
  }

  /** Stops a tree that may be on a clock of its own, which may stand still. */
  private static void stopBounded(ThreadTree tree, StopReason why, long limit)
      throws InterruptedException {
    Thread helper =
        Thread.ofPlatform()
            .daemon(true)
            .name("stop of " + tree.name())
            .start(() -> tree.stopAndWait(why));
    long left = limit - System.nanoTime();
    if (!helper.join(java.time.Duration.ofNanos(Math.max(MILLISECOND, left)))) {
      Log.warning(
          "Tree \"" + tree.name() + "\" has not stopped in time; the program ends without it.");
    }
  }

  private static void awaitDetached(long limit) throws InterruptedException {
    for (Thread thread : Detached.running()) {
      while (thread.isAlive() && System.nanoTime() - limit < 0 && !sitsInExit(thread)) {
        if (thread.join(java.time.Duration.ofMillis(20))) {
          break;
        }
      }
      if (thread.isAlive() && !sitsInExit(thread)) {
        Log.warning("The program ends while \"" + thread.getName() + "\" is still running.");
      }
    }
  }

  /**
   * The threads that returned from awaitShutdown may have something to say before the JVM ends: the
   * main thread is waited for.
   */
  private static void awaitLastWords(long limit) throws InterruptedException {
    Thread main = mainThread;
    if (main == null || !SPEAKERS.contains(main)) {
      return;
    }
    while (main.isAlive() && System.nanoTime() - limit < 0 && !sitsInExit(main)) {
      main.join(20);
    }
  }

  /** The time that a thread spends in awaitShutdown. */
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

  // ---- looking at threads

  /** Whether the JVM's own shutdown has begun, so that threads may be sitting in System.exit. */
  static boolean isExiting() {
    return exiting;
  }

  static boolean sitsInExit(Thread thread) {
    for (StackTraceElement frame : thread.getStackTrace()) {
      String type = frame.getClassName();
      if (type.equals("java.lang.Shutdown")
          || (type.equals("java.lang.Runtime") && frame.getMethodName().equals("exit"))) {
        return true;
      }
    }
    return false;
  }

  /**
   * The thread that runs main: the JVM names it so, and makes it before any other that is no
   * daemon.
   */
  private static @Nullable Thread findMainThread() {
    Thread first = null;
    for (Thread thread : liveThreads()) {
      if (!thread.isDaemon()
          && thread.getName().equals("main")
          && (first == null || thread.threadId() < first.threadId())) {
        first = thread;
      }
    }
    return first;
  }

  /** A thread, not ours or the JVM's, for which the JVM lives on after main. */
  private static @Nullable Thread findOtherKeepingAlive() {
    for (Thread thread : liveThreads()) {
      if (!thread.isDaemon()
          && thread.isAlive()
          && thread != Thread.currentThread()
          && !thread.getName().equals("DestroyJavaVM")
          && !thread.getName().startsWith("more-threads-")
          && !(thread.getName().startsWith("SIG") && thread.getName().endsWith(" handler"))) {
        return thread;
      }
    }
    return null;
  }

  private static List<Thread> liveThreads() {
    ThreadGroup group = Thread.currentThread().getThreadGroup();
    while (group != null && group.getParent() != null) {
      group = group.getParent();
    }
    if (group == null) {
      return List.of();
    }
    Thread[] found = new Thread[group.activeCount() + 16];
    while (true) {
      int count = group.enumerate(found, true);
      if (count < found.length) {
        return List.of(java.util.Arrays.copyOf(found, count));
      }
      found = new Thread[2 * found.length];
    }
  }

  // ---- signals of the operating system

  /**
   * Catches signals through sun.misc.Signal, found by reflection since not every JVM has it or lets
   * us.
   */
  private static final class OsSignals implements InvocationHandler {
    private static final Map<String, Integer> NUMBERS = Map.of("HUP", 1, "INT", 2, "TERM", 15);

    private final String name;
    private @Nullable Object before;

    private static long firstAt;
    private static @Nullable String firstName;

    private OsSignals(String name) {
      this.name = name;
    }

    static void install() {
      try {
        Class<?> signal = Class.forName("sun.misc.Signal");
        Class<?> handler = Class.forName("sun.misc.SignalHandler");
        Method handle = signal.getMethod("handle", signal, handler);
        Object ignore = handler.getField("SIG_IGN").get(null);
        for (String name : List.of("INT", "TERM", "HUP")) {
          install(name, signal, handler, handle, ignore);
        }
      } catch (ReflectiveOperationException | LinkageError notThere) {
        // no module jdk.unsupported: the JVM's hook alone leads to the stop
      }
    }

    private static void install(
        String name, Class<?> signal, Class<?> handler, Method handle, Object ignore)
        throws ReflectiveOperationException {
      OsSignals ours = new OsSignals(name);
      Object proxy =
          Proxy.newProxyInstance(
              JvmShutdown.class.getClassLoader(), new Class<?>[] {handler}, ours);
      try {
        Object which = signal.getConstructor(String.class).newInstance(name);
        Object before = handle.invoke(null, which, proxy);
        if (before == ignore) {
          handle.invoke(null, which, before); // nohup: whoever started us wants it ignored
        } else {
          ours.before = before;
        }
      } catch (java.lang.reflect.InvocationTargetException refused) {
        if (!(refused.getCause() instanceof IllegalArgumentException)) {
          throw refused;
        }
        // -Xrs, or a signal that this system does not have: the hook remains
      }
    }

    @Override
    public @Nullable Object invoke(Object proxy, Method method, Object @Nullable [] arguments)
        throws Throwable {
      return switch (method.getName()) {
        case "hashCode" -> System.identityHashCode(proxy);
        case "equals" -> arguments != null && arguments[0] == proxy;
        case "toString" -> "more-threads handler of SIG" + name;
        default -> {
          if (arguments != null) {
            passOn(method, arguments);
          }
          received();
          yield null;
        }
      };
    }

    /**
     * A handler that user code had installed before hears of it too; the JVM's own one would end
     * the JVM at once.
     */
    private void passOn(Method method, Object[] arguments) {
      Object users = before;
      if (users != null && !users.getClass().getName().startsWith("sun.misc.")) {
        try {
          method.invoke(users, arguments);
        } catch (ReflectiveOperationException | RuntimeException failure) {
          Log.error("The handler of SIG" + name + " that was there before failed.", failure);
        }
      }
    }

    private void received() {
      int status = 128 + NUMBERS.getOrDefault(name, 0);
      if (!isSecond()) {
        begin(reason("SIG" + name, "SIG" + name + " was received"), status);
      } else {
        Log.warning("A second signal, SIG" + name + ": the JVM ends at once.");
        Runtime.getRuntime().halt(status);
      }
    }

    private boolean isSecond() {
      synchronized (OsSignals.class) {
        long now = System.nanoTime();
        if (firstName == null) {
          firstName = name;
          firstAt = now;
          return false;
        }
        return firstName.equals(name) || now - firstAt > TOGETHER;
      }
    }
  }
}
