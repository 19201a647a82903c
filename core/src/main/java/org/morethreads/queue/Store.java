package org.morethreads.queue;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The items of a queue, in the order in which they are to be taken. Not safe for use by several
 * threads at once: the queue's mutex guards it. A method that throws (no memory) has changed
 * nothing.
 *
 * @param <I> the type of the items: elements, or {@linkplain Entry entries} with elements
 */
abstract class Store<I> {
  /*
   * removedFirst and removedInside count removals, so that an iterator over a snapshot can find the place of its item: as long as
   * removedInside stays, an item moves to the front by one whenever removedFirst grows. What adds anywhere but at the end counts
   * as a removal inside. They are fields of this class, and not methods, so that looking at them costs no virtual call.
   */
  int size;
  long removedFirst;
  long removedInside;

  /** {@return the item to be taken next, or null when there is none} */
  abstract @Nullable I first();

  abstract void addLast(I item);

  abstract void addFirst(I item);

  /** Adds items behind all others, in their order. */
  abstract void addAllLast(Object[] items);

  /** Adds items of an array from an index to its end in front of all others, in their order. */
  abstract void addAllFirst(Object[] items, int from);

  /** Removes the first item. There must be one. */
  abstract I removeFirst();

  /** Removes the first items, at most some number of them. */
  abstract Object[] removeFirst(int most);

  /** Removes the first items, at most some number of them. */
  abstract List<I> removeFirstAsList(int most);

  abstract void clear();

  /** {@return all items, in the order in which they would be taken} */
  abstract Object[] snapshot();

  /**
   * Removes the item at a place if it is this very one; answers whether it was.
   *
   * @param place 0 for the first; may lie outside
   */
  abstract boolean removeAt(long place, Object item);

  /** Removes the first occurrence of this very item; answers whether there was one. */
  abstract boolean removeIdentical(Object item);
}
