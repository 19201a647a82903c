package org.morethreads.thread;

import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.morethreads.internal.Log;

/**
 * What a tree has to say about its stop (H6), written to the log in order, on a thread of its own
 * that lives as long as there is something to write: a log that blocks must not hold the stop that
 * it reports. The end of the tree waits for the reports, within its bound.
 */
final class Reports {
  private final ThreadTree tree;
  private final Queue<String> waiting = new ConcurrentLinkedQueue<>();

  /** How many are not written yet; who makes it 1 starts the writer, who makes it 0 is the last. */
  private final AtomicInteger pending = new AtomicInteger();

  Reports(ThreadTree tree) {
    this.tree = tree;
  }

  /** Hands a report over; returns at once. */
  void say(String text) {
    waiting.add(text);
    if (pending.getAndIncrement() > 0) {
      return; // the writer comes to it
    }
    try {
      tree.time.startDriver("stop report", this::write);
    } catch (OutOfMemoryError noThread) {
      write(); // it may hold the stop, but is not lost
    }
  }

  private void write() {
    do {
      Log.warning(Objects.requireNonNull(waiting.poll())); // added before it was counted
    } while (pending.decrementAndGet() > 0);
    tree.wakeFinisher();
  }

  /** Whether one is not written yet. */
  boolean areUnderWay() {
    return pending.get() > 0;
  }
}
