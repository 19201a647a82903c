package org.morethreads.benchmarks.memory;

import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.morethreads.sync.OpenSignal;
import org.morethreads.sync.Signal;
import org.morethreads.thread.StopPolicy;
import org.morethreads.thread.ThreadTree;

/** What a thread takes that is parked, with its stack. */
final class ParkedThreads {
  private static final int WARM_UPS = 3;
  private static final StopPolicy PATIENT =
      StopPolicy.standard().withAsk(Duration.ofHours(1)).withTotal(Duration.ofHours(2));

  private static volatile boolean end;

  private ParkedThreads() {}

  /** A way to have threads that wait, all of which it ends again. */
  private interface Way {
    /** All have begun, or are about to wait. */
    void start(int count, Runnable begun);

    void finish(int count) throws InterruptedException;
  }

  static void measure(int count) throws InterruptedException {
    double bare = one("thread, parked", "virtual thread", count, new BareParked());
    double managed = one("thread, parked", "ours", count, new ManagedParked());
    say("thread, parked: above a virtual thread", "ours", managed - bare);
    double waiting = one("thread that waits", "CountDownLatch", count, new OnLatch());
    double onSignal = one("thread that waits", "ours", count, new OnSignal());
    say("thread that waits: above CountDownLatch", "ours", onSignal - waiting);
    double stoppable =
        one("managed thread that awaits its stop", "ours", count, new AwaitingStop());
    say("managed thread that awaits its stop: above a virtual thread", "ours", stoppable - bare);
  }

  private static void say(String what, String who, double bytes) {
    System.out.printf(Locale.ROOT, "HEAP %.1f %s %s%n", bytes, who.replace(' ', '-'), what);
  }

  /** First some times for nothing: frames of interpreted methods are larger. */
  private static double one(String what, String who, int count, Way way)
      throws InterruptedException {
    double bytes = 0;
    for (int i = 0; i <= WARM_UPS; i++) {
      bytes = round(count, way);
    }
    say(what, who, bytes);
    return bytes;
  }

  private static double round(int count, Way way) throws InterruptedException {
    var begun = new AtomicInteger();
    end = false;
    long before = MemoryProgram.used();
    way.start(count, begun::incrementAndGet);
    while (begun.get() < count) {
      Thread.sleep(1);
    }
    long after = MemoryProgram.used();
    way.finish(count);
    return (double) (after - before) / count;
  }

  private static void parked(Runnable begun) {
    begun.run();
    while (!end) {
      LockSupport.park();
    }
  }

  private static final class BareParked implements Way {
    private Thread[] threads = {};

    @Override
    public void start(int count, Runnable begun) {
      threads = new Thread[count];
      for (int i = 0; i < count; i++) {
        threads[i] = Thread.startVirtualThread(() -> parked(begun));
      }
    }

    @Override
    public void finish(int count) throws InterruptedException {
      end = true;
      for (Thread each : threads) {
        LockSupport.unpark(each);
        each.join();
      }
      threads = new Thread[0];
    }
  }

  private static final class ManagedParked implements Way {
    private Thread[] threads = {};
    private final ThreadTree tree = ThreadTree.open("parked", PATIENT);

    @Override
    public void start(int count, Runnable begun) {
      threads = new Thread[count];
      for (int i = 0; i < count; i++) {
        int mine = i;
        tree.run(
            "child",
            _ -> {
              threads[mine] = Thread.currentThread();
              parked(begun);
            });
      }
    }

    @Override
    public void finish(int count) throws InterruptedException {
      end = true;
      for (Thread each : threads) {
        LockSupport.unpark(each);
        each.join();
      }
      threads = new Thread[0];
    }
  }

  private static final class AwaitingStop implements Way {
    private ThreadTree tree = ThreadTree.open("unused", PATIENT);

    @Override
    public void start(int count, Runnable begun) {
      tree.close();
      tree = ThreadTree.open("waiting", PATIENT);
      for (int i = 0; i < count; i++) {
        var _ =
            tree.run(
                "child",
                pleaseStop -> {
                  begun.run();
                  pleaseStop.await();
                });
      }
    }

    @Override
    public void finish(int count) throws InterruptedException {
      tree.stop();
      tree.stopped().await();
    }
  }

  private abstract static class Bare implements Way {
    private Thread[] threads = {};

    abstract void await() throws InterruptedException;

    @Override
    public void start(int count, Runnable begun) {
      threads = new Thread[count];
      for (int i = 0; i < count; i++) {
        threads[i] =
            Thread.startVirtualThread(() -> {
              begun.run();
              try {
                await();
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
            });
      }
    }

    abstract void happen();

    @Override
    public void finish(int count) throws InterruptedException {
      happen();
      for (Thread each : threads) {
        each.join();
      }
      threads = new Thread[0];
    }
  }

  private static final class OnLatch extends Bare {
    private CountDownLatch latch = new CountDownLatch(1);

    @Override
    void await() throws InterruptedException {
      latch.await();
    }

    @Override
    void happen() {
      latch.countDown();
    }

    @Override
    public void start(int count, Runnable begun) {
      latch = new CountDownLatch(1);
      super.start(count, begun);
    }
  }

  private static final class OnSignal extends Bare {
    private OpenSignal signal = Signal.create("event");

    @Override
    void await() throws InterruptedException {
      signal.await();
    }

    @Override
    void happen() {
      signal.go();
    }

    @Override
    public void start(int count, Runnable begun) {
      signal = Signal.create("event");
      super.start(count, begun);
    }
  }
}
