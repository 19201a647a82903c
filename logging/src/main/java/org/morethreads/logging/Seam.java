package org.morethreads.logging;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.morethreads.internal.Services;
import org.morethreads.thread.ThreadTree;

/**
 * The seam through which a log writer locks, reads the clock, sleeps, starts its thread and hears
 * of the end of the program. There is one of it in a program, the JDK's own; the module {@code
 * stress} puts a controlled scheduler in its place, and decides who goes on at each lock.
 */
abstract class Seam {
  /** The JDK's own, and the end of this program. */
  static final Seam REAL = new Real();

  /** A lock, whose conditions are of the same kind. */
  abstract ReentrantLock newLock();

  /** Wakes all who wait for a lock; those who were woken for nothing wait on. */
  abstract void wakeQueued(ReentrantLock lock);

  /** The monotonic clock. */
  abstract long nanoTime();

  /** Lets the calling thread sleep for a while, until it is unparked, or for no reason less. */
  abstract void pause(long nanos);

  /** Lets the calling thread sleep until it is unparked, or for no reason. */
  abstract void park();

  /** Lets the park of a thread return, the present or the next one. */
  abstract void unpark(Thread thread);

  /** A thread that has not begun. */
  abstract Thread newThread(String name, Runnable body);

  /** Lets it begin. */
  abstract void start(Thread thread);

  /** Waits for its end, or for so long. */
  abstract void join(Thread thread, long nanos) throws InterruptedException;

  /** Asks to be told of the end of the program. Answers false when that is over. */
  abstract boolean add(Services.Service service);

  /** Does not want to be told any more. */
  abstract void remove(Services.Service service);

  private static final class Real extends Seam {
    /** Tells who waits for it. */
    private static final class QueuedLock extends ReentrantLock {
      private static final long serialVersionUID = 1L;

      void wakeQueued() {
        getQueuedThreads().forEach(LockSupport::unpark);
      }
    }

    @Override
    ReentrantLock newLock() {
      return new QueuedLock();
    }

    @Override
    void wakeQueued(ReentrantLock lock) {
      if (lock instanceof QueuedLock own) {
        own.wakeQueued();
      }
    }

    @Override
    long nanoTime() {
      return System.nanoTime();
    }

    @Override
    void pause(long nanos) {
      LockSupport.parkNanos(nanos);
    }

    @Override
    void park() {
      LockSupport.park();
    }

    @Override
    void unpark(Thread thread) {
      LockSupport.unpark(thread);
    }

    @Override
    Thread newThread(String name, Runnable body) {
      return Thread.ofPlatform()
          .name(name)
          .daemon(true)
          .inheritInheritableThreadLocals(false)
          .unstarted(body);
    }

    @Override
    void start(Thread thread) {
      thread.start();
    }

    @Override
    void join(Thread thread, long nanos) throws InterruptedException {
      boolean _ = thread.join(Duration.ofNanos(nanos));
    }

    @Override
    boolean add(Services.Service service) {
      var _ = ThreadTree.main(); // whose end is that of the program
      return Services.add(Services.Stage.LOG, service);
    }

    @Override
    void remove(Services.Service service) {
      boolean _ = Services.remove(service);
    }
  }
}
