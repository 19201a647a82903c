package org.morethreads.stress.schedule;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicReference;
import org.morethreads.internal.SchedulePoint;
import org.morethreads.internal.Surroundings;

/**
 * The library's mutex in short, with a planted bug: an acquirer that leaves because of an interrupt
 * does not pass on the wake-up that it may have eaten.
 */
final class StrandingMutex {
  private final AtomicReference<Thread> owner = new AtomicReference<>();
  private final Queue<Acquirer> line = new ConcurrentLinkedQueue<>();

  private record Acquirer(Surroundings surroundings, Thread thread) {}

  boolean acquire(boolean interruptible) {
    SchedulePoint.at("stranding.acquire");
    if (owner.compareAndSet(null, Thread.currentThread())) {
      return true;
    }
    var me = new Acquirer(Surroundings.current(), Thread.currentThread());
    line.add(me);
    while (true) {
      SchedulePoint.at("stranding.retry");
      if (owner.compareAndSet(null, me.thread)) {
        line.remove(me);
        return true;
      }
      me.surroundings.park(this);
      if (interruptible && Thread.interrupted()) {
        line.remove(me);
        return false; // planted: the first in line is not woken
      }
    }
  }

  void release() {
    owner.set(null);
    SchedulePoint.at("stranding.released");
    Acquirer next = line.peek();
    if (next != null) {
      next.surroundings.unpark(next.thread);
    }
  }

  void withIt(Run run, boolean interruptible) {
    if (acquire(interruptible)) {
      run.step("inside");
      release();
    }
  }

  @Override
  public String toString() {
    return "the stranding mutex";
  }
}
