package org.morethreads.queue;

import java.util.AbstractQueue;
import java.util.Arrays;
import java.util.Collection;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.morethreads.sync.Signal;

/**
 * A queue as the JDK sees it. User code ({@code equals}, the collection of {@code drainTo}) runs
 * without the queue's mutex, on snapshots.
 *
 * @param <E> the type of the elements
 */
final class BlockingView<E> extends AbstractQueue<E> implements BlockingQueue<E> {
  private final CloseableQueue<E> queue;

  BlockingView(CloseableQueue<E> queue) {
    this.queue = queue;
  }

  // ---- putting

  @Override
  public boolean add(E element) {
    return switch (queue.offer(element)) {
      case ADDED -> true;
      case DUPLICATE -> false; // as the contract of Collection has it for what is there already
      case FULL -> throw new IllegalStateException(queue + " is full.");
      case CLOSED -> throw queue.closedToPut();
    };
  }

  @Override
  public boolean offer(E element) {
    return queue.offer(element) == Offer.ADDED;
  }

  @Override
  public void put(E element) throws InterruptedException {
    queue.put(element);
  }

  @Override
  public boolean offer(E element, long timeout, TimeUnit unit) throws InterruptedException {
    return queue.putOrWait(queue.itemOf(element), null, 0, Signal.NEVER, nanosOf(timeout, unit))
        == Offer.ADDED;
  }

  // ---- taking

  @Override
  public E take() throws InterruptedException {
    return queue.take();
  }

  @Override
  public @Nullable E poll() {
    return queue.pollQuietly();
  }

  @Override
  public @Nullable E poll(long timeout, TimeUnit unit) throws InterruptedException {
    return queue.takeOrWait(Signal.NEVER, nanosOf(timeout, unit), false);
  }

  @Override
  public @Nullable E peek() {
    return queue.peek();
  }

  @Override
  public int drainTo(Collection<? super E> target) {
    return queue.drain(target);
  }

  @Override
  public int drainTo(Collection<? super E> target, int maxElements) {
    return queue.drain(target, maxElements);
  }

  @Override
  public void clear() {
    queue.discard();
  }

  @Override
  public boolean remove(Object wanted) {
    if (wanted == null) {
      return false;
    }
    while (true) {
      boolean found = false;
      Snapshot snapshot = queue.snapshot();
      for (int i = 0; i < snapshot.elements.length; i++) {
        if (wanted.equals(snapshot.elements[i])) {
          if (queue.removeIdentical(snapshot.items[i])) {
            return true;
          }
          found = true;
        }
      }
      if (!found) {
        return false;
      }
      // ends: every equal element that was there has been taken by others; perhaps there are new
      // ones
    }
  }

  // ---- looking

  @Override
  public int size() {
    return queue.size();
  }

  @Override
  public int remainingCapacity() {
    return queue.remainingCapacity();
  }

  @Override
  public boolean contains(Object wanted) {
    return wanted != null && Arrays.asList(queue.snapshot().elements).contains(wanted);
  }

  @Override
  public Object[] toArray() {
    return queue.snapshot().elements;
  }

  @Override
  public <T extends @Nullable Object> T[] toArray(T[] array) {
    return Arrays.asList(queue.snapshot().elements).toArray(array);
  }

  @Override
  public String toString() {
    return Arrays.toString(queue.snapshot().elements);
  }

  @Override
  public Iterator<E> iterator() {
    return new Looking<>(queue);
  }

  @Override
  public Spliterator<E> spliterator() {
    return Spliterators.spliteratorUnknownSize(
        iterator(), Spliterator.ORDERED | Spliterator.NONNULL | Spliterator.CONCURRENT);
  }

  private static long nanosOf(long timeout, TimeUnit unit) {
    return Math.clamp(unit.toNanos(timeout), 0, CloseableQueue.LONGEST);
  }

  /** What a queue held at some moment, and how to find it again. */
  static final class Snapshot {
    final Object[] items;
    final Object[] elements;
    final long removedFirst;
    final long removedInside;

    Snapshot(Object[] items, Object[] elements, long removedFirst, long removedInside) {
      this.items = items;
      this.elements = elements;
      this.removedFirst = removedFirst;
      this.removedInside = removedInside;
    }
  }

  /** The weakly consistent iterator: it goes over a snapshot, and removes from the queue. */
  private static final class Looking<E> implements Iterator<E> {
    private final CloseableQueue<E> queue;
    private final Object[] items;
    private final Object[] elements;
    private final long removedFirst;

    /** The count of removals from inside, as far as this iterator knows their places. */
    private long removedInside;

    /** How many elements before the cursor this iterator has removed from inside. */
    private int removedHere;

    private int cursor;
    private boolean removable;

    Looking(CloseableQueue<E> queue) {
      this.queue = queue;
      Snapshot snapshot = queue.snapshot();
      this.items = snapshot.items;
      this.elements = snapshot.elements;
      this.removedFirst = snapshot.removedFirst;
      this.removedInside = snapshot.removedInside;
    }

    @Override
    public boolean hasNext() {
      return cursor < elements.length;
    }

    @Override
    @SuppressWarnings("unchecked") // only elements are in the snapshot
    public E next() {
      if (!hasNext()) {
        throw new NoSuchElementException("all elements of " + queue + " have been seen");
      }
      removable = true;
      return (E) elements[cursor++];
    }

    @Override
    public void remove() {
      if (!removable) {
        throw new IllegalStateException(
            "remove() needs a next() before it, and works once for each.");
      }
      removable = false;
      long place = removedFirst + cursor - 1 - removedHere;
      if (queue.removeAt(place, items[cursor - 1], removedInside)) {
        removedHere++;
        removedInside++;
      }
    }
  }
}
