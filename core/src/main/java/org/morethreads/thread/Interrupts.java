package org.morethreads.thread;

import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.morethreads.internal.Time;

/**
 * Interrupts threads that a stop watch has decided to interrupt, apart from it (H5): whoever
 * interrupts a thread that waits in a channel closes that, which may take long, or for ever.
 */
final class Interrupts {
  /*
   * A thread of its own takes one after the other. Whenever it has not got on for HELD_UP, another one goes on with the rest, so
   * that one channel holds up neither the stop nor the others. A node may be taken twice, by two watches: it is interrupted once.
   */
  private static final long HELD_UP = 20_000_000;

  private final Node top;
  private final Queue<Node> rest;
  private final AtomicInteger done = new AtomicInteger();
  private volatile Time.@Nullable Scheduled timer;

  private Interrupts(Node top, List<Node> nodes) {
    this.top = top;
    this.rest = new ConcurrentLinkedQueue<>(nodes);
  }

  /** Begins, and does not wait for the end. */
  static void start(Node top, List<Node> nodes) {
    new Interrupts(top, nodes).startThread();
  }

  private void startThread() {
    lookAgain();
    try {
      top.time().startDriver("interrupts below " + top, this::work);
    } catch (OutOfMemoryError noThread) {
      work();
    }
  }

  private void work() {
    for (Node node = rest.poll(); node != null; node = rest.poll()) {
      node.interruptTask();
      done.incrementAndGet();
    }
    cancel();
  }

  private void lookAgain() {
    int before = done.get();
    timer = top.time().schedule(HELD_UP, () -> look(before));
    if (rest.isEmpty()) {
      cancel();
    }
  }

  private void cancel() {
    Time.Scheduled pending = timer;
    if (pending != null) {
      pending.cancel();
    }
  }

  private void look(int before) {
    if (done.get() > before) {
      lookAgain();
    } else if (!rest.isEmpty()) {
      startThread();
    }
  }
}
