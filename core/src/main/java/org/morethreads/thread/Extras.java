package org.morethreads.thread;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.morethreads.internal.Time;
import org.morethreads.sync.OpenSignal;
import org.morethreads.sync.Signal;

/** What few threads have, so that the many need no room for it. */
final class Extras {
  /** The threads that need this one: it is told only after they have stopped (H4). */
  final Set<Node> needers = ConcurrentHashMap.newKeySet(4);

  /**
   * Failures of children that nobody has claimed yet, by start order. Those that have been logged
   * are kept only if they are among the first {@link Failures#MOST}.
   */
  final ConcurrentSkipListMap<Long, Failures.Unclaimed> unclaimed = new ConcurrentSkipListMap<>();

  /** How many there are; the map would have to count. */
  final AtomicInteger unclaimedCount = new AtomicInteger();

  /** How many more children failed; they are in the log. */
  final AtomicInteger furtherFailures = new AtomicInteger();

  /** This thread's own failure, waiting to be claimed. */
  volatile Failures.@Nullable Unclaimed failure;

  /** When the stop watch interrupted this thread, by the monotonic clock, once it has. */
  volatile long interruptedAt;

  /**
   * When the stop watch found that the time of this thread was over, while it waited for children.
   */
  volatile long overdueAt;

  /** What a scope's node is for; written before the node is linked. */
  volatile @Nullable ScopeLife scope;

  volatile @Nullable OpenSignal ready;
  volatile boolean released;
  volatile boolean claimed;

  /**
   * How many tills the thread has made since it was told: one that loops on them does not look at
   * its pleaseStop. Written by that thread only; who reads an older count learns of it later.
   */
  int hurriedTills;

  private final List<Runnable> atEnd = new ArrayList<>(2);
  private boolean ended;

  /** Keeps a timer until the thread ends. */
  void keep(Time.Scheduled timer) {
    atEnd(timer::cancel);
  }

  /** Keeps a registration until the thread ends. */
  void keep(Signal.Registration registration) {
    atEnd(registration::remove);
  }

  private void atEnd(Runnable action) {
    synchronized (atEnd) {
      if (!ended) {
        atEnd.add(action);
        return;
      }
    }
    action.run();
  }

  /** The thread has ended: its timers and registrations go. */
  void release() {
    List<Runnable> due;
    synchronized (atEnd) {
      ended = true;
      due = List.copyOf(atEnd);
      atEnd.clear();
    }
    due.forEach(Runnable::run);
  }
}
