package org.morethreads.thread.shutdown;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import org.morethreads.internal.Library;
import org.morethreads.internal.Services;
import org.morethreads.sync.Signal;
import org.morethreads.sync.Till;
import org.morethreads.thread.Adoption;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.Outcome;
import org.morethreads.thread.StillTime;
import org.morethreads.thread.StopPolicy;
import org.morethreads.thread.ThreadTree;

/**
 * The programs whose end is tested. Each says in which order its threads stop, and "ready" when it
 * has come to the place where the test goes on.
 */
final class Programs {
  private Programs() {}

  static void say(String line) {
    System.out.println(line);
  }

  /** Works until it is told to stop, and says that it stops. */
  static ManagedThread.Task worker(String name) {
    return stop -> {
      stop.await();
      say(name + " stops");
    };
  }

  /**
   * Three threads with an order: the handler before the web server, and that before the database.
   */
  static void startThreeThreads() throws InterruptedException {
    var db = ManagedThread.run("db", worker("db"));
    var started = Signal.create("started");
    ManagedThread.named("web")
        .needs(db)
        .run(stop -> {
          var handler =
              ManagedThread.named("handler")
                  .run(told -> {
                    told.await();
                    say("handler stops");
                  });
          started.go();
          stop.await();
          handler.join();
          say("web stops");
        });
    started.await();
  }

  private static final CountDownLatch SERVING = new CountDownLatch(1);

  /** Waits for the shutdown, says "ready" when it does wait, and has a last word. */
  static void serve(ThreadTree.ShutdownOption... options) throws InterruptedException {
    Thread main = Thread.currentThread();
    Thread.ofPlatform()
        .daemon()
        .start(() -> {
          while (LockSupport.getBlocker(main) == null) {
            Thread.yield();
          }
          say("ready");
          SERVING.countDown();
        });
    ThreadTree.main().awaitShutdown(options);
    say("last words");
  }

  /** Exits, once main waits for the shutdown. */
  static void exit() {
    try {
      SERVING.await();
    } catch (InterruptedException e) {
      say("interrupted before the exit");
    }
    System.exit(3);
  }

  static void holdUp() {
    while (true) {
      try {
        Thread.sleep(Long.MAX_VALUE);
      } catch (InterruptedException e) {
        say("deaf hears an interrupt");
      }
    }
  }

  static void sleepForEver() {
    try {
      Thread.sleep(Long.MAX_VALUE);
    } catch (InterruptedException e) {
      say("interrupted");
    }
  }

  /** Is told to end before it has all its threads, and is adopted while it starts them. */
  static final class EndsWhileItStarts {
    public static void main(String[] args) throws Exception {
      ThreadTree tree = ThreadTree.main();
      try (Adoption adoption = ManagedThread.adopt()) {
        var db = tree.run("db", worker("db"));
        say("ready");
        adoption.pleaseStop().await();
        db.join();
        tree.named("web").needs(db).run(worker("web")).join();
      }
      tree.awaitShutdown();
      say("last words");
      System.exit(tree.stopReason().orElseThrow().exitStatus().orElse(4));
    }
  }

  // ---- the end of main

  static final class MainReturns {
    public static void main(String[] args) throws Exception {
      startThreeThreads();
      say("main returns");
    }
  }

  static final class MainReturnsWithNothingLeft {
    public static void main(String[] args) throws Exception {
      ManagedThread.run("short", stop -> {}).join();
    }
  }

  static final class MainThrows {
    public static void main(String[] args) throws Exception {
      startThreeThreads();
      throw new IllegalStateException("main is broken");
    }
  }

  static final class MainThrowsWithItsLastWord {
    public static void main(String[] args) throws Exception {
      startThreeThreads();
      Thread.ofPlatform().daemon().start(() -> ThreadTree.main().stop("asked by a daemon"));
      ThreadTree.main().awaitShutdown();
      throw new IllegalStateException("the last word is broken");
    }
  }

  static final class SomebodyServesOn {
    public static void main(String[] args) throws Exception {
      startThreeThreads();
      var go = new CountDownLatch(1);
      new Thread(
              () -> {
                try {
                  go.await();
                  Thread.sleep(300);
                } catch (InterruptedException e) {
                  throw new AssertionError(e);
                }
                say("server ends");
              },
              "server")
          .start();
      ManagedThread.run(
          "after main",
          stop -> {
            mainHasReturned();
            say("ready");
            System.in.read();
            go.countDown();
            stop.await();
            say("after main stops");
          });
    }
  }

  private static void mainHasReturned() throws InterruptedException {
    while (Thread.getAllStackTraces().keySet().stream()
        .noneMatch(thread -> thread.getName().equals("DestroyJavaVM"))) {
      Thread.sleep(10);
    }
  }

  static final class MainLeavesItsAdoptionOpen {
    @SuppressWarnings("MustBeClosedChecker")
    public static void main(String[] args) throws Exception {
      startThreeThreads();
      Adoption left = ManagedThread.adopt();
      say(left.thread().name() + " returns");
    }
  }

  static final class LeavesAPoolBehind {
    public static void main(String[] args) throws Exception {
      ManagedThread.run(
          "worker",
          stop -> {
            stop.await();
            Thread.ofPlatform().daemon(false).name("left behind").start(Programs::sleepForEver);
            say("worker stops");
          });
    }
  }

  // ---- waiting for the shutdown

  static final class Serves {
    public static void main(String[] args) throws Exception {
      startThreeThreads();
      serve();
    }
  }

  static final class ServesUntilIdle {
    public static void main(String[] args) throws Exception {
      ManagedThread.run("short", stop -> say("short ends"));
      ThreadTree.main().awaitShutdown(ThreadTree.orWhenIdle());
      say("last words");
    }
  }

  static final class ServesUntilTyped {
    public static void main(String[] args) throws Exception {
      startThreeThreads();
      serve(ThreadTree.orTyped("exit"));
    }
  }

  static final class ServesUntilOneOfTwoIsTyped {
    public static void main(String[] args) throws Exception {
      startThreeThreads();
      serve(ThreadTree.orTyped("exit"), ThreadTree.orTyped("quit"));
    }
  }

  static final class ForgetsTheTypedWord {
    public static void main(String[] args) throws Exception {
      startThreeThreads();
      Thread.currentThread().interrupt();
      try {
        ThreadTree.main().awaitShutdown(ThreadTree.orTyped("exit"));
      } catch (InterruptedException e) {
        say("goes on");
      }
      serve(ThreadTree.orTyped("quit"));
      say(ThreadTree.main().stopReason().orElseThrow().message());
    }
  }

  /** Serves on, and is stopped by something else after its input has turned out to be broken. */
  static final class ReadsBrokenInput {
    public static void main(String[] args) throws Exception {
      var reader = new CompletableFuture<Thread>();
      System.setIn(
          new InputStream() {
            @Override
            public int read() throws IOException {
              reader.complete(Thread.currentThread());
              throw new IOException("the cable is out");
            }
          });
      startThreeThreads();
      ManagedThread.run(
          "stopper",
          _ -> {
            reader.get().join();
            ThreadTree.main().stop("the reader has ended");
          });
      ThreadTree.main().awaitShutdown(ThreadTree.orTyped("exit"));
      say("last words");
    }
  }

  static final class StopsTheTree {
    public static void main(String[] args) throws Exception {
      startThreeThreads();
      ManagedThread.run("decider", stop -> ThreadTree.main().stop("had enough"));
      ThreadTree.main().awaitShutdown();
      say("last words: " + ThreadTree.main().stopReason().orElseThrow());
    }
  }

  /** The worker ends when main has been woken, and main is woken because the tree stops. */
  static final class WaitsOnATill {
    public static void main(String[] args) throws Exception {
      var woken = Signal.create("woken");
      ManagedThread.run(
          "worker",
          stop -> {
            stop.await();
            woken.await();
            say("worker stops");
          });
      var till = Till.after(Duration.ofHours(1));
      say("ready");
      till.await();
      say("hurried " + till.isHurried());
      woken.go();
    }
  }

  /** Main never ends, and waits for nothing of ours. */
  static final class StopsTheTreeWhileMainWorksOn {
    public static void main(String[] args) throws Exception {
      startThreeThreads();
      ManagedThread.run("decider", stop -> ThreadTree.main().stop("had enough"));
      sleepForEver();
    }
  }

  static final class ClosesTheMainTree {
    public static void main(String[] args) throws Exception {
      try (ThreadTree tree = ThreadTree.main()) {
        startThreeThreads();
        say(tree.name() + " is closed");
      }
      Thread.sleep(300);
      say("last words");
    }
  }

  static final class AwaitsItself {
    public static void main(String[] args) throws Exception {
      try (Adoption _ = ManagedThread.adopt()) {
        ThreadTree.main().awaitShutdown();
      }
    }
  }

  /** Main has waited for the shutdown, and does something else now: no last words will come. */
  static final class GivesUpWaiting {
    public static void main(String[] args) throws Exception {
      startThreeThreads();
      Thread.currentThread().interrupt();
      try {
        ThreadTree.main().awaitShutdown();
      } catch (InterruptedException e) {
        say("ready");
      }
      sleepForEver();
    }
  }

  static final class TalksTooLong {
    public static void main(String[] args) throws Exception {
      startThreeThreads();
      serve();
      sleepForEver();
    }
  }

  static final class TakesItsTimeAtTheEnd {
    public static void main(String[] args) throws Exception {
      var worker = ManagedThread.run("worker", worker("worker"));
      worker
          .pleaseStop()
          .then(() -> {
            LockSupport.parkNanos(400_000_000);
            say("the action is done");
          });
      serve();
      Thread.sleep(700);
      say("the last word");
    }
  }

  // ---- System.exit in odd places

  static final class ExitInMain {
    public static void main(String[] args) throws Exception {
      startThreeThreads();
      System.exit(3);
    }
  }

  static final class ExitInVirtual {
    public static void main(String[] args) throws Exception {
      startThreeThreads();
      ManagedThread.run("exiter", stop -> exit());
      serve();
    }
  }

  static final class ExitInPlatform {
    public static void main(String[] args) throws Exception {
      startThreeThreads();
      ManagedThread.named("exiter")
          .platform()
          .run(stop -> {
            ManagedThread.run("child", worker("child"));
            exit();
          });
      serve();
    }
  }

  static final class ExitInAdopted {
    public static void main(String[] args) throws Exception {
      startThreeThreads();
      new Thread(
              () ->
                  ManagedThread.adopt(() -> {
                    ManagedThread.run("child", worker("child"));
                    exit();
                  }),
              "alien")
          .start();
      serve();
    }
  }

  static final class ExitInAction {
    public static void main(String[] args) throws Exception {
      startThreeThreads();
      var fatal = Signal.create("fatal");
      fatal.then(Programs::exit);
      ManagedThread.run("firer", stop -> fatal.go());
      serve();
    }
  }

  static final class ExitInTillAction {
    public static void main(String[] args) throws Exception {
      startThreeThreads();
      Till.after(Duration.ofSeconds(1)).then(Programs::exit);
      serve();
    }
  }

  static final class ExitInActionOnPleaseStop {
    public static void main(String[] args) throws Exception {
      startThreeThreads();
      var action = ManagedThread.run("stopped by main", worker("stopped by main"));
      action.pleaseStop().then(() -> System.exit(3));
    }
  }

  static final class ExitInActionOnStopped {
    public static void main(String[] args) throws Exception {
      startThreeThreads();
      var brief = ManagedThread.run("short", stop -> SERVING.await());
      brief.stopped().then(() -> System.exit(3));
      serve();
    }
  }

  static final class ExitWhileStopping {
    public static void main(String[] args) throws Exception {
      startThreeThreads();
      ManagedThread.run(
          "exits when told",
          stop -> {
            stop.await();
            System.exit(3);
          });
      serve();
    }
  }

  static final class ExitInHook {
    public static void main(String[] args) throws Exception {
      startThreeThreads();
      Runtime.getRuntime().addShutdownHook(new Thread(() -> System.exit(9), "a bad hook"));
      serve();
    }
  }

  static final class ExitInHookAfterExit {
    public static void main(String[] args) throws Exception {
      startThreeThreads();
      Runtime.getRuntime().addShutdownHook(new Thread(() -> System.exit(9), "a bad hook"));
      System.exit(3);
    }
  }

  static final class SlowHookAndSecondExit {
    public static void main(String[] args) throws Exception {
      startThreeThreads();
      Runtime.getRuntime()
          .addShutdownHook(
              new Thread(
                  () -> {
                    try {
                      Thread.sleep(4000);
                    } catch (InterruptedException e) {
                      throw new AssertionError(e);
                    }
                    say("slow hook is done");
                  },
                  "a slow hook"));
      for (int i = 0; i < 2; i++) {
        new Thread(Programs::exit, "exits too " + i).start();
      }
      serve();
    }
  }

  static final class FirstUsedInHook {
    public static void main(String[] args) {
      Runtime.getRuntime()
          .addShutdownHook(
              new Thread(() -> {
                try {
                  ManagedThread.run("late", stop -> say("late runs"));
                } catch (IllegalStateException e) {
                  say(e.getMessage());
                }
              }));
      System.exit(3);
    }
  }

  // ---- threads that do not stop

  static final class Deaf {
    public static void main(String[] args) throws Exception {
      startThreeThreads();
      ManagedThread.run(
          "deaf",
          stop -> {
            try {
              Signal.NEVER.await();
            } finally {
              say("deaf is interrupted");
            }
          });
      serve();
    }
  }

  static final class DeafToAll {
    public static void main(String[] args) throws Exception {
      startThreeThreads();
      ManagedThread.run("deaf", stop -> holdUp());
      serve();
    }
  }

  static final class DeafAndMainReturns {
    public static void main(String[] args) throws Exception {
      ManagedThread.run("deaf", stop -> holdUp());
    }
  }

  static final class DeafInTwoTrees {
    public static void main(String[] args) throws Exception {
      ManagedThread.run("deaf", stop -> holdUp());
      ThreadTree tree = ThreadTree.open("second");
      tree.run("deaf too", stop -> holdUp());
      ThreadTree third = ThreadTree.open("third");
      third.run("deaf as well", stop -> holdUp());
      serve();
    }
  }

  /** The second tree, which comes after the third, needs more than a third of the time. */
  static final class SlowInTheSecondOfThreeTrees {
    public static void main(String[] args) throws Exception {
      StopPolicy patient =
          StopPolicy.standard().withAsk(Duration.ofHours(1)).withTotal(Duration.ofHours(2));
      ThreadTree second = ThreadTree.open("second", patient);
      second.run(
          "slow",
          stop -> {
            stop.await();
            Thread.sleep(7000);
            say("slow stops");
          });
      ThreadTree third = ThreadTree.open("third", patient);
      third.run("in third", worker("in third"));
      serve();
    }
  }

  /** Nothing is ever due to the deaf thread. */
  static final class DeafOnAClockThatStandsStill {
    public static void main(String[] args) throws Exception {
      startThreeThreads();
      ThreadTree tree =
          ThreadTree.open(
              Library.MEMBER,
              "still",
              StopPolicy.standard(),
              new StillTime(),
              /* wholeStarts= */ false);
      tree.run("deaf", stop -> holdUp());
      serve();
    }
  }

  static final class SlowerThanTheStandard {
    public static void main(String[] args) throws Exception {
      ManagedThread.run(
          "slow",
          stop -> {
            stop.await();
            Thread.sleep(9000);
            say("slow stops");
          });
      serve();
    }
  }

  static final class LogBlocks {
    public static void main(String[] args) throws Exception {
      startThreeThreads();
      System.setErr(
          new PrintStream(
              new OutputStream() {
                @Override
                public void write(int b) {
                  sleepForEver();
                }
              },
              true));
      ManagedThread.run("deaf", stop -> holdUp());
      serve();
    }
  }

  // ---- failures

  static final class ChildFails {
    public static void main(String[] args) throws Exception {
      startThreeThreads();
      ManagedThread.run(
              "failing",
              stop -> {
                throw new IllegalStateException("nobody joined me");
              })
          .stopped()
          .await();
    }
  }

  /** Says of the first thread of the program, and of one whose line is assumed, where it began. */
  static final class FirstStarts {
    public static void main(String[] args) throws Exception {
      for (int i = 0; i <= 65; i++) {
        var thread =
            ManagedThread.run(
                "failing",
                stop -> {
                  throw new IllegalStateException("planted");
                });
        if (thread.awaitOutcome() instanceof Outcome.Failed<?>(Throwable failure)
            && (i == 0 || i == 65)) {
          StackTraceElement[] trace = failure.getStackTrace();
          StackTraceElement boundary = trace[trace.length - 2];
          StackTraceElement line = trace[trace.length - 1];
          say(
              i
                  + " "
                  + boundary.getFileName()
                  + " "
                  + line.getClassName()
                  + " "
                  + line.getMethodName());
        }
      }
    }
  }

  static final class ThreeGenerationsFail {
    public static void main(String[] args) throws Exception {
      ManagedThread.run(
              "grandparent",
              stop ->
                  ManagedThread.run(
                          "parent",
                          told -> {
                            for (int i = 1; i <= 2; i++) {
                              String name = "child " + i;
                              ManagedThread.run(
                                      name,
                                      s -> {
                                        throw new IllegalStateException(name + " is broken");
                                      })
                                  .stopped()
                                  .await();
                            }
                          })
                      .stopped()
                      .await())
          .stopped()
          .await();
      say(String.valueOf(ThreadTree.main().failures().size()));
      Throwable failure = ThreadTree.main().failures().getFirst();
      say("cause " + failure.getCause().getCause().getMessage());
      say("suppressed " + failure.getCause().getSuppressed()[0].getMessage());
    }
  }

  static final class Errors {
    public static void main(String[] args) throws Exception {
      startThreeThreads();
      var memory =
          ManagedThread.call(
              "memory",
              stop -> {
                List<long[]> hoard = new ArrayList<>();
                while (true) {
                  hoard.add(new long[100_000]);
                }
              });
      var stack = ManagedThread.call("stack", stop -> deeper(0));
      var inPlatform = ManagedThread.named("platform stack").platform().call(stop -> deeper(0));
      say(memory.awaitOutcome().toString());
      say(stack.awaitOutcome().toString());
      say(inPlatform.awaitOutcome().toString());
      say(ManagedThread.call("after", stop -> "works on").join());
      System.exit(3);
    }

    private static int deeper(int depth) {
      return depth < 0 ? 0 : deeper(depth + 1) + 1;
    }
  }

  /** The heap stays full while threads end: what they hold is not theirs alone. */
  static final class MemoryStaysFull {
    private static final List<Object> HOARD = new ArrayList<>(1_000_000);
    private static volatile boolean freed;

    public static void main(String[] args) throws Exception {
      startThreeThreads();
      var threads = new ArrayList<ManagedThread<?>>();
      var go = new CountDownLatch(1);
      for (int i = 0; i < 50; i++) {
        threads.add(
            ManagedThread.run(
                "memory",
                stop -> {
                  go.await();
                  for (int size = 1 << 20; !freed; size = Math.max(1, size / 2)) {
                    fill(size);
                  }
                }));
      }
      var freer = new Thread(MemoryStaysFull::freeLater, "freer");
      freer.start();
      go.countDown();
      freer.join();
      int ended = 0;
      for (ManagedThread<?> thread : threads) {
        if (thread.stopped().await(Duration.ofSeconds(5))) {
          ended++;
          thread.awaitOutcome();
        }
      }
      say(ended + " have ended");
      System.exit(3);
    }

    private static void freeLater() {
      try {
        Thread.sleep(1500);
      } catch (InterruptedException e) {
        // goes on
      }
      freed = true;
      synchronized (HOARD) {
        HOARD.clear();
      }
    }

    private static void fill(int size) {
      if (size == 1) {
        while (!freed) {
          add(new Object());
        }
      }
      try {
        while (!freed) {
          add(new byte[size]);
        }
      } catch (OutOfMemoryError e) {
        // smaller pieces next
      }
    }

    private static void add(Object piece) {
      synchronized (HOARD) {
        HOARD.add(piece);
      }
    }
  }

  // ---- races and several trees

  static final class StartsForEver {
    public static void main(String[] args) throws Exception {
      var started = new java.util.concurrent.atomic.AtomicInteger();
      var ended = new java.util.concurrent.atomic.AtomicInteger();
      for (int i = 0; i < 4; i++) {
        ManagedThread.run(
            "starter",
            stop -> {
              while (!stop.isSignalled()) {
                for (int k = 0; k < 10; k++) {
                  ManagedThread.run(
                      "started",
                      told -> {
                        started.incrementAndGet();
                        told.await(Duration.ofMillis(1));
                        ended.incrementAndGet();
                      });
                }
                stop.await(Duration.ofMillis(1));
              }
              for (int k = 0; k < 100; k++) {
                ManagedThread.run(
                    "born told",
                    told -> {
                      started.incrementAndGet();
                      told.await();
                      ended.incrementAndGet();
                    });
              }
            });
      }
      say("ready");
      ThreadTree.main().awaitShutdown();
      say(started.get() == ended.get() ? "all ended" : started + " started, " + ended + " ended");
    }
  }

  static final class TwoTrees {
    public static void main(String[] args) throws Exception {
      startThreeThreads();
      ThreadTree second = ThreadTree.open("second");
      second.run("in second", worker("in second"));
      ThreadTree third = ThreadTree.open("third");
      third.run("in third", worker("in third"));
      serve();
    }
  }

  /** Opens a tree while the program ends; it is not forgotten. */
  static final class OpensTreeWhileStopping {
    public static void main(String[] args) throws Exception {
      ManagedThread.run(
          "opener",
          stop -> {
            stop.await();
            ThreadTree tree = ThreadTree.open("late");
            tree.run(
                "in late",
                told -> {
                  told.await();
                  Thread.sleep(500);
                  say("in late stops");
                });
            say("opener stops");
          });
      say("ready");
      ThreadTree.main().awaitShutdown();
    }
  }

  /** What it waits for ends when it is told, and nobody but the end of the program tells it. */
  static final class AwaitsATreeItOpensWhileStopping {
    public static void main(String[] args) throws Exception {
      ManagedThread.run(
          "opener",
          stop -> {
            stop.await();
            ThreadTree tree = ThreadTree.open("late");
            tree.run("in late", worker("in late")).join();
            say("opener stops");
          });
      say("ready");
      ThreadTree.main().awaitShutdown();
    }
  }

  static final class OnlyATreeOfItsOwn {
    public static void main(String[] args) throws Exception {
      ThreadTree tree = ThreadTree.open("test");
      tree.run("worker", worker("worker"));
      var till = Till.after(Duration.ofMillis(10));
      till.await();
      List<String> threads =
          Thread.getAllStackTraces().keySet().stream()
              .map(Thread::getName)
              .filter(name -> name.startsWith("more-threads"))
              .toList();
      say("threads " + threads);
      say("handler is the JVM's " + handleSigterm(() -> {}).startsWith("sun.misc."));
    }
  }

  // ---- signals

  /**
   * Installs a handler as users do, but by reflection, since javac warns; answers the class of the
   * one before.
   */
  private static String handleSigterm(Runnable action) throws ReflectiveOperationException {
    Class<?> signal = Class.forName("sun.misc.Signal");
    Class<?> handler = Class.forName("sun.misc.SignalHandler");
    Object own =
        Proxy.newProxyInstance(
            Programs.class.getClassLoader(),
            new Class<?>[] {handler},
            (proxy, method, arguments) -> {
              action.run();
              return null;
            });
    Object term = signal.getConstructor(String.class).newInstance("TERM");
    return signal.getMethod("handle", signal, handler).invoke(null, term, own).getClass().getName();
  }

  static final class OwnHandler {
    public static void main(String[] args) throws Exception {
      handleSigterm(() -> say("own handler"));
      startThreeThreads();
      serve();
    }
  }

  static final class OwnHandlerBlocks {
    public static void main(String[] args) throws Exception {
      handleSigterm(() -> sleepForEver());
      startThreeThreads();
      serve();
    }
  }

  static final class OwnHandlerFails {
    public static void main(String[] args) throws Exception {
      handleSigterm(() -> {
        throw new AssertionError("planted");
      });
      startThreeThreads();
      serve();
    }
  }

  static final class OwnHandlerExits {
    public static void main(String[] args) throws Exception {
      handleSigterm(() -> System.exit(3));
      startThreeThreads();
      serve();
    }
  }

  static final class OwnHandlerExitsLate {
    public static void main(String[] args) throws Exception {
      handleSigterm(() -> {
        try {
          ThreadTree.main().stopped().await();
          Thread.sleep(200); // the stop of the trees is over, and the end of the program near
        } catch (InterruptedException e) {
          throw new AssertionError(e);
        }
        System.exit(3);
      });
      startThreeThreads();
      serve();
    }
  }

  // ---- actions

  static final class ActionsOnPleaseStop {
    public static void main(String[] args) throws Exception {
      startThreeThreads();
      var worker = ManagedThread.run("worker", worker("worker"));
      worker
          .pleaseStop()
          .then(() -> {
            try {
              Thread.sleep(700);
            } catch (InterruptedException e) {
              say("the action was interrupted");
            }
            Till.after(Duration.ZERO).then(() -> say("the action after the action is done"));
            say("the action is done");
          });
      serve();
    }
  }

  static final class ActionsNeverEnd {
    public static void main(String[] args) throws Exception {
      startThreeThreads();
      for (int i = 0; i < 12; i++) {
        var worker = ManagedThread.run("worker", worker("worker"));
        worker.pleaseStop().then(Programs::sleepForEver);
      }
      serve();
    }
  }

  static final class ActionAwaitsShutdown {
    public static void main(String[] args) throws Exception {
      startThreeThreads();
      var worker = ManagedThread.run("worker", worker("worker"));
      worker
          .pleaseStop()
          .then(() -> {
            try {
              ThreadTree.main().awaitShutdown();
              say("the action has seen the shutdown");
            } catch (InterruptedException e) {
              say("the action was interrupted");
            }
          });
      worker.pleaseStop().then(() -> ThreadTree.main().close());
      worker.pleaseStop().then(() -> System.exit(7));
      serve();
    }
  }

  static final class TellsItsRoad {
    public static void main(String[] args) throws Exception {
      var worker =
          ManagedThread.run(
              "worker",
              stop -> {
                stop.await();
                try {
                  Runtime.getRuntime().addShutdownHook(new Thread(() -> {}));
                  say("the JVM is whole");
                } catch (IllegalStateException e) {
                  say("the JVM is shutting down");
                }
              });
      say("ready");
      ThreadTree.main().awaitShutdown();
      say(worker.stopReason().orElseThrow().toString());
    }
  }

  // ---- services

  /** Adds services that say when they finish; the first stays in it for ever if it is to. */
  static void addServices(boolean stuck) {
    var _ = ThreadTree.main();
    say("added " + Services.add(Services.Stage.LOG, until -> say("log finishes")));
    say("added " + Services.add(Services.Stage.PROFILER, until -> profilerFinishes(until, stuck)));
    Services.Service gone = until -> say("the one removed finishes");
    say("added " + Services.add(Services.Stage.PROFILER, gone));
    Services.remove(gone);
  }

  private static void profilerFinishes(long until, boolean stuck) {
    say("profiler finishes, has time " + (until - System.nanoTime() > 0));
    LockSupport.parkNanos(100_000_000); // whoever does not wait for it comes before what follows
    say("added late " + Services.add(Services.Stage.PROFILER, later -> say("late finishes")));
    if (stuck) {
      holdUp();
    }
    throw new IllegalStateException("the profiler is broken");
  }

  static final class ServesWithServices {
    public static void main(String[] args) throws Exception {
      addServices(false);
      startThreeThreads();
      serve();
    }
  }

  static final class ExitsWithServices {
    public static void main(String[] args) throws Exception {
      addServices(false);
      startThreeThreads();
      Thread.ofPlatform().daemon().start(Programs::exit);
      serve();
    }
  }

  static final class ReturnsWithAStuckService {
    public static void main(String[] args) throws Exception {
      addServices(true);
      startThreeThreads();
    }
  }

  static final class FirstUsesTheTreeInAHook {
    public static void main(String[] args) {
      Runtime.getRuntime().addShutdownHook(new Thread(() -> addServices(false)));
    }
  }
}
