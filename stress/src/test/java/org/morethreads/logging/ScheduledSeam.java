package org.morethreads.logging;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Date;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.morethreads.internal.Services;
import org.morethreads.internal.Surroundings;
import org.morethreads.stress.schedule.Run;

/**
 * Puts a log writer under the controlled scheduler: its thread takes part in a run, its lock and
 * conditions give the turn to others, and its time is that of the run.
 *
 * <p>Only one thread of a run has the turn, and who gives it hands over what it has written: so
 * plain fields do.
 */
final class ScheduledSeam extends Seam {
  private final Run run;
  private final List<Services.Service> services = new ArrayList<>();
  private final Deque<Waiter> joiners = new ArrayDeque<>();
  private boolean writerHasEnded;

  ScheduledSeam(Run run) {
    this.run = run;
  }

  /** What the end of the program does, after the last tree. */
  void endProgram(long until) {
    List.copyOf(services).forEach(service -> service.finish(until));
  }

  /** Somebody who waits. */
  private static final class Waiter {
    final Surroundings surroundings = Surroundings.current();
    final Thread thread = Thread.currentThread();
    boolean called;
  }

  private void call(Waiter waiter) {
    waiter.called = true;
    run.unpark(waiter.surroundings, waiter.thread);
  }

  private final class ScheduledLock extends ReentrantLock {
    private static final long serialVersionUID = 1L;

    private transient Thread owner;
    private final transient Deque<Waiter> line = new ArrayDeque<>();

    @Override
    public void lock() {
      run.step("lock");
      boolean interrupted = false;
      while (owner != null) {
        var me = new Waiter();
        line.add(me);
        run.park(me.surroundings, this);
        line.remove(me);
        interrupted |= Thread.interrupted();
      }
      owner = Thread.currentThread();
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }

    @Override
    public void unlock() {
      if (owner != Thread.currentThread()) {
        throw new IllegalMonitorStateException("unlocked by " + Thread.currentThread());
      }
      owner = null;
      Waiter next = line.peek();
      if (next != null) {
        call(next);
      }
    }

    @Override
    public boolean isHeldByCurrentThread() {
      return owner == Thread.currentThread();
    }

    @Override
    public Condition newCondition() {
      return new ScheduledCondition(this);
    }

    @Override
    public String toString() {
      return "the lock of the log writer";
    }
  }

  private final class ScheduledCondition implements Condition {
    private final ScheduledLock lock;
    private final Deque<Waiter> waiting = new ArrayDeque<>();

    ScheduledCondition(ScheduledLock lock) {
      this.lock = lock;
    }

    @Override
    public long awaitNanos(long nanos) throws InterruptedException {
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
      long until = run.nanoTime() + nanos;
      Waiter me = release();
      run.parkNanos(me.surroundings, this, nanos);
      takeBack(me);
      if (!me.called && Thread.interrupted()) {
        throw new InterruptedException();
      }
      return until - run.nanoTime();
    }

    @Override
    public void awaitUninterruptibly() {
      boolean interrupted = false;
      Waiter me = release();
      while (!me.called) {
        run.park(me.surroundings, this);
        interrupted |= Thread.interrupted();
      }
      takeBack(me);
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }

    private Waiter release() {
      var me = new Waiter();
      waiting.add(me);
      lock.unlock();
      return me;
    }

    private void takeBack(Waiter me) {
      waiting.remove(me);
      lock.lock();
    }

    @Override
    public void signal() {
      Waiter first = waiting.poll();
      if (first != null) {
        call(first);
      }
    }

    @Override
    public void signalAll() {
      while (!waiting.isEmpty()) {
        signal();
      }
    }

    @Override
    public void await() {
      throw new UnsupportedOperationException();
    }

    @Override
    public boolean await(long time, TimeUnit unit) {
      throw new UnsupportedOperationException();
    }

    @Override
    public boolean awaitUntil(Date deadline) {
      throw new UnsupportedOperationException();
    }

    @Override
    public String toString() {
      return "a condition of the log writer";
    }
  }

  // ---- the seam

  @Override
  ReentrantLock newLock() {
    return new ScheduledLock();
  }

  @Override
  void wakeQueued(ReentrantLock lock) {
    // nobody's stack overflows here
  }

  @Override
  long nanoTime() {
    return run.nanoTime();
  }

  @Override
  void pause(long nanos) {
    run.parkNanos(Surroundings.current(), "a pause", nanos);
  }

  @Override
  void park() {
    run.park(Surroundings.current(), "somebody who logs");
  }

  @Override
  void unpark(Thread thread) {
    run.unpark(Surroundings.unmanaged(), thread); // it is known by its thread
  }

  @Override
  Thread newThread(String name, Runnable body) {
    return run.thread(
            "writer",
            () -> {
              body.run();
              writerHasEnded = true;
              List.copyOf(joiners).forEach(this::call);
            })
        .thread();
  }

  @Override
  void start(Thread thread) {
    // it waits for its turn already
  }

  @Override
  void join(Thread thread, long nanos) throws InterruptedException {
    long until = run.nanoTime() + nanos;
    var me = new Waiter();
    joiners.add(me);
    while (!writerHasEnded && until - run.nanoTime() > 0) {
      if (Thread.interrupted()) {
        joiners.remove(me);
        throw new InterruptedException();
      }
      run.parkNanos(me.surroundings, "the end of the writer", until - run.nanoTime());
    }
    joiners.remove(me);
  }

  @Override
  boolean add(Services.Service service) {
    return services.add(service);
  }

  @Override
  void remove(Services.Service service) {
    services.remove(service);
  }
}
