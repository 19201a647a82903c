package org.morethreads.documents;

import java.util.Iterator;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.ReentrantLock;
import org.morethreads.queue.CloseableQueue;
import org.morethreads.sync.Lock;
import org.morethreads.sync.OpenSignal;
import org.morethreads.sync.Progress;
import org.morethreads.sync.Signal;

/** The eight primitives of docs/primitives.md. Each method runs in a test. */
final class PrimitiveSnippets {
  private PrimitiveSnippets() {}

  static int semaphore() throws InterruptedException {
    // @start region=semaphore
    var seats = new Semaphore(2);
    seats.acquire(); // any thread takes one …
    seats.release(); // … and any thread, also another, puts one back
    // @end region=semaphore
    return seats.availablePermits();
  }

  // @start region=event
  static final class Gate {
    private final Lock lock = Lock.create("gate");
    private boolean open; // guarded by the lock; goes both ways

    void set(boolean isOpen) throws InterruptedException {
      lock.run(() -> open = isOpen); // leaving the block gives every waiter its chance
    }

    boolean awaitOpen(Signal till) throws InterruptedException {
      try (var held = lock.acquire()) {
        while (!open && !till.isSignalled()) {
          held.await(till);
        }
        return open;
      }
    }
  }

  // @end region=event

  static int monitor() {
    // @start region=monitor
    var monitor = new ReentrantLock();
    monitor.lock();
    monitor.lock(); // the owner may enter again; it must leave as often
    int depth = monitor.getHoldCount();
    monitor.unlock();
    monitor.unlock();
    // @end region=monitor
    return depth;
  }

  static int lock(List<String> todo) throws InterruptedException {
    // @start region=lock
    var lock = Lock.create("todo");
    lock.run(() -> todo.add("sweep")); // held or free, by one thread at a time, never twice
    // @end region=lock
    return todo.size();
  }

  static long progress() throws InterruptedException {
    // @start region=progress
    var written = Progress.create("rows written");
    written.advance(10); // any thread
    written.reached(10).await(); // any thread
    written.advanceTo(7); // does nothing: it has got further
    // @end region=progress
    return written.value();
  }

  static boolean signal() throws InterruptedException {
    // @start region=signal
    OpenSignal loaded = Signal.create("configuration loaded");
    loaded.go(); // any thread, once and for all
    loaded.await(); // any thread
    // @end region=signal
    return loaded.isSignalled();
  }

  static String privateIterator() {
    // @start region=private-iterator
    Iterator<String> names = List.of("Ann", "Bob").iterator(); // of one thread, and never back
    String first = names.next();
    // @end region=private-iterator
    return first;
  }

  static boolean privateSignal() {
    // @start region=private-signal
    boolean isDone = false; // of one thread, and never false again
    isDone = true;
    // @end region=private-signal
    return isDone;
  }

  static int sharedIterator() throws InterruptedException {
    // @start region=shared-iterator
    CloseableQueue<String> names = CloseableQueue.unbounded("names");
    names.putAll(List.of("Ann", "Bob"));
    names.close(); // nothing more will come
    int count = 0;
    for (var _ : names) { // any number of threads may loop; each name goes to one of them
      count++;
    }
    // @end region=shared-iterator
    return count;
  }
}
