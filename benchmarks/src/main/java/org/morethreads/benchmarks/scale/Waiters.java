package org.morethreads.benchmarks.scale;

import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.morethreads.sync.OpenSignal;
import org.morethreads.sync.Signal;

/** Virtual threads that wait for one event, timed from the event to the last that has resumed. */
abstract class Waiters implements Subject {
  @Override
  public List<String> rows() {
    return List.of("waiters: release");
  }

  /** What is waited for. */
  interface Event {
    void await() throws InterruptedException;

    void happen();
  }

  abstract Event newEvent();

  @Override
  public long[] cycle(int count, int[] order, Runnable allThere) {
    Event event = newEvent();
    Thread watcher = Thread.currentThread();
    var left = new AtomicInteger(count);
    var threads = new Thread[count];
    for (int i = 0; i < count; i++) {
      threads[i] =
          Thread.startVirtualThread(() -> {
            try {
              event.await();
            } catch (InterruptedException e) {
              throw new IllegalStateException(e);
            }
            if (left.decrementAndGet() == 0) {
              LockSupport.unpark(watcher);
            }
          });
    }
    for (Thread each : threads) {
      while (each.getState() != Thread.State.WAITING) {
        Thread.yield();
      }
    }
    allThere.run();
    long start = System.nanoTime();
    event.happen();
    while (left.get() > 0) {
      LockSupport.park(this);
    }
    return new long[] {System.nanoTime() - start};
  }

  static final class OnSignal extends Waiters {
    @Override
    Event newEvent() {
      OpenSignal signal = Signal.create("event");
      return new Event() {
        @Override
        public void await() throws InterruptedException {
          signal.await();
        }

        @Override
        public void happen() {
          signal.go();
        }
      };
    }
  }

  static final class OnLatch extends Waiters {
    @Override
    Event newEvent() {
      var latch = new CountDownLatch(1);
      return new Event() {
        @Override
        public void await() throws InterruptedException {
          latch.await();
        }

        @Override
        public void happen() {
          latch.countDown();
        }
      };
    }
  }
}
