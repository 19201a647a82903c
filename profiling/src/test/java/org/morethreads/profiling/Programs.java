package org.morethreads.profiling;

import java.time.Duration;
import org.morethreads.sync.Lock;
import org.morethreads.sync.Signal;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.ThreadTree;

/** Programs that tests run in JVMs of their own. */
final class Programs {
  private Programs() {}

  /** Its main returns while a thread serves. */
  static final class Returns {
    private Returns() {}

    public static void main(String... arguments) throws InterruptedException {
      ManagedThread.run("serves", Signal::await);
      ManagedThread.run("works", _ -> Load.burn(2_000)).join();
    }
  }

  /** Serves until it is told to stop, and takes a while for that. */
  static final class Serves {
    private Serves() {}

    public static void main(String... arguments) throws InterruptedException {
      ManagedThread.run(
          "slow",
          stop -> {
            System.out.println("serving");
            stop.await();
            Signal.NEVER.await(Duration.ofMillis(300));
          });
      ThreadTree.main().awaitShutdown();
    }
  }

  /** Calls System.exit while a thread works. */
  static final class Exits {
    private Exits() {}

    public static void main(String... arguments) throws InterruptedException {
      var begun = Signal.create("begun");
      ManagedThread.run(
          "slow",
          stop -> {
            begun.go();
            stop.await();
            Signal.NEVER.await(Duration.ofMillis(300));
          });
      begun.await();
      System.exit(3);
    }
  }

  /** Ends as most programs do: its main has the last word, and says the status. */
  static final class LastWord {
    private LastWord() {}

    public static void main(String... arguments) throws InterruptedException {
      ManagedThread.run("works", _ -> Load.burn(2_000)).stopped().then(ThreadTree.main()::stop);
      ThreadTree.main().awaitShutdown();
      System.exit(5);
    }
  }

  /** Two threads that wait for each other. */
  static final class Deadlock {
    private Deadlock() {}

    public static void main(String... arguments) throws InterruptedException {
      var red = Lock.create("red");
      var blue = Lock.create("blue");
      var hasRed = Signal.create("has red");
      var hasBlue = Signal.create("has blue");
      var a =
          ManagedThread.run(
              "a",
              _ -> {
                try (var _ = red.acquire()) {
                  hasRed.go();
                  hasBlue.await();
                  blue.run(() -> {});
                }
              });
      var b =
          ManagedThread.run(
              "b",
              _ -> {
                try (var _ = blue.acquire()) {
                  hasBlue.go();
                  hasRed.await();
                  red.run(() -> {});
                }
              });
      while (!isWaiting(a) || !isWaiting(b)) {
        Thread.onSpinWait();
      }
      System.out.println("stuck");
      ThreadTree.main().awaitShutdown();
    }

    private static boolean isWaiting(ManagedThread<?> thread) {
      return java.util.concurrent.locks.LockSupport.getBlocker(thread.thread().orElseThrow())
          instanceof Lock;
    }
  }
}
