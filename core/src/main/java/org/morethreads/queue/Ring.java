package org.morethreads.queue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The items of a queue, first in, first out, in an array that grows and shrinks.
 *
 * @param <E> the type of the items
 */
final class Ring<E> extends Store<E> {
  /*
   * items.length is a power of two; element i (0 = oldest) is in items[(head + i) & (items.length - 1)]; all other slots are null.
   */
  private static final int SMALLEST = 16;
  private static final int LARGEST = 1 << 30;

  /** An array up to this length is kept even if it is nearly empty. */
  private static final int WORTH_SHRINKING = 4096;

  private @Nullable Object[] items = new @Nullable Object[SMALLEST];
  private int head;

  /** {@return how many elements fit before it grows; for tests} */
  int length() {
    return items.length;
  }

  @Override
  @Nullable E first() {
    return at(head);
  }

  @Override
  void addFirst(E element) {
    growFor(1);
    head = (head - 1) & (items.length - 1);
    items[head] = element;
    size++;
    removedInside++; // places known to iterators are wrong now
  }

  @Override
  void addLast(E element) {
    if (size == items.length) {
      resize(capacityFor(size + 1L));
    }
    items[(head + size) & (items.length - 1)] = element;
    size++;
  }

  @Override
  void addAllLast(Object[] elements) {
    growFor(elements.length);
    int mask = items.length - 1;
    int tail = head + size;
    for (int i = 0; i < elements.length; i++) {
      items[(tail + i) & mask] = elements[i];
    }
    size += elements.length;
  }

  @Override
  void addAllFirst(Object[] elements, int from) {
    growFor(elements.length - from);
    for (int i = elements.length - 1; i >= from; i--) {
      head = (head - 1) & (items.length - 1);
      items[head] = elements[i];
      size++;
    }
    removedInside++; // places known to iterators are wrong now
  }

  @Override
  E removeFirst() {
    E element = at(head);
    if (element == null) {
      throw new AssertionError("empty");
    }
    if (items.length > WORTH_SHRINKING && size < items.length >> 3) {
      resize(items.length >> 1);
    }
    forgetFirst();
    return element;
  }

  private void forgetFirst() {
    items[head] = null;
    head = (head + 1) & (items.length - 1);
    size--;
    removedFirst++;
  }

  @Override
  Object[] removeFirst(int most) {
    int count = Math.min(size, most);
    Object[] removed = snapshot(count);
    forgetFirst(count);
    return removed;
  }

  @Override
  List<E> removeFirstAsList(int most) {
    int count = Math.min(size, most);
    List<E> removed = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      E element = at((head + i) & (items.length - 1));
      if (element != null) {
        removed.add(element);
      }
    }
    forgetFirst(count);
    return removed;
  }

  private void forgetFirst(int count) {
    if (count == size && items.length > WORTH_SHRINKING) {
      items = new @Nullable Object[SMALLEST];
      head = 0;
      size = 0;
      removedFirst += count;
      return;
    }
    int untilEnd = Math.min(count, items.length - head);
    Arrays.fill(items, head, head + untilEnd, null);
    Arrays.fill(items, 0, count - untilEnd, null);
    head = (head + count) & (items.length - 1);
    size -= count;
    removedFirst += count;
  }

  @Override
  void clear() {
    forgetFirst(size);
  }

  @Override
  Object[] snapshot() {
    return snapshot(size);
  }

  private Object[] snapshot(int count) {
    Object[] all = new Object[count];
    int untilEnd = Math.min(count, items.length - head);
    System.arraycopy(items, head, all, 0, untilEnd);
    System.arraycopy(items, 0, all, untilEnd, count - untilEnd);
    return all;
  }

  @Override
  boolean removeAt(long place, Object element) {
    if (place < 0 || place >= size || items[(head + (int) place) & (items.length - 1)] != element) {
      return false;
    }
    remove((int) place);
    return true;
  }

  @Override
  boolean removeIdentical(Object element) {
    for (int i = 0; i < size; i++) {
      if (items[(head + i) & (items.length - 1)] == element) {
        remove(i);
        return true;
      }
    }
    return false;
  }

  /** {@return the item at a place, 0 for the first} There must be one. */
  Object get(int place) {
    Object item = items[(head + place) & (items.length - 1)];
    if (item == null) {
      throw new AssertionError("nothing at " + place);
    }
    return item;
  }

  private void remove(int place) {
    int mask = items.length - 1;
    for (int i = place; i < size - 1; i++) {
      items[(head + i) & mask] = items[(head + i + 1) & mask];
    }
    items[(head + size - 1) & mask] = null;
    size--;
    removedInside++;
  }

  @SuppressWarnings("unchecked") // only elements are ever put in
  private @Nullable E at(int index) {
    return (E) items[index];
  }

  /** Makes room, so that to add so many cannot fail for want of memory. */
  void reserve(int more) {
    growFor(more);
  }

  private void growFor(int more) {
    if (more > items.length - size) {
      resize(capacityFor((long) size + more));
    }
  }

  private static int capacityFor(long count) {
    if (count > LARGEST) {
      throw new OutOfMemoryError("A queue holds at most " + LARGEST + " elements.");
    }
    return Math.max(SMALLEST, Integer.highestOneBit((int) count - 1) << 1);
  }

  private void resize(int length) {
    @Nullable Object[] moved = new @Nullable Object[length];
    int untilEnd = Math.min(size, items.length - head);
    System.arraycopy(items, head, moved, 0, untilEnd);
    System.arraycopy(items, 0, moved, untilEnd, size - untilEnd);
    items = moved;
    head = 0;
  }
}
