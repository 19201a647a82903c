package org.morethreads.queue;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The entries of a priority queue: a ring for each priority, and a word that says which are not
 * empty, so that to put and to take cost the same however much is inside.
 */
final class Levels extends Store<Object> {
  /*
   * With ageing an entry gains one priority in each `step` that it waits. So of two entries it is always the same that is ahead: the
   * time that passes counts for both. What is compared is the first of each level, which is the oldest there, unless somebody put
   * in front of it.
   */
  static final int COUNT = Long.SIZE;

  @SuppressWarnings({"unchecked", "rawtypes"}) // an array of a generic type
  private final @Nullable Ring<Entry>[] levels = new Ring[COUNT];

  /** Bit p: level p has an entry. */
  private long occupied;

  /** In how many nanoseconds an entry gains one priority; 0 for never. */
  private final long step;

  Levels(long step) {
    this.step = step;
  }

  private Ring<Entry> level(int priority) {
    Ring<Entry> level = levels[priority];
    if (level == null) {
      level = new Ring<>();
      levels[priority] = level;
    }
    return level;
  }

  /** The level whose first entry is the next. There must be one. */
  private int nextLevel() {
    int highest = Long.SIZE - 1 - Long.numberOfLeadingZeros(occupied);
    if (step == 0 || Long.bitCount(occupied) == 1) {
      return highest;
    }
    int best = highest;
    long since = firstOf(best).since;
    for (long rest = occupied ^ (1L << highest); rest != 0; rest ^= Long.highestOneBit(rest)) {
      int lower = Long.SIZE - 1 - Long.numberOfLeadingZeros(rest);
      long other = firstOf(lower).since;
      if (since - other > (best - lower) * step) {
        best = lower;
        since = other;
      }
    }
    return best;
  }

  private Entry firstOf(int priority) {
    return (Entry) level(priority).get(0);
  }

  @Override
  @Nullable Object first() {
    return size == 0 ? null : firstOf(nextLevel());
  }

  @Override
  void addLast(Object item) {
    Entry entry = (Entry) item;
    level(entry.priority).addLast(entry);
    noteAdded(entry.priority, 1);
  }

  @Override
  void addFirst(Object item) {
    Entry entry = (Entry) item;
    level(entry.priority).addFirst(entry);
    noteAdded(entry.priority, 1);
  }

  private void noteAdded(int priority, int count) {
    occupied |= 1L << priority;
    size += count;
  }

  @Override
  void addAllLast(Object[] items) {
    reserve(items, 0);
    for (Object item : items) {
      addLast(item);
    }
  }

  @Override
  void addAllFirst(Object[] items, int from) {
    reserve(items, from);
    for (int i = items.length - 1; i >= from; i--) {
      addFirst(items[i]);
    }
  }

  /** Makes room for all before the first is added, so that want of memory changes nothing. */
  private void reserve(Object[] items, int from) {
    int[] more = new int[COUNT];
    for (int i = from; i < items.length; i++) {
      more[((Entry) items[i]).priority]++;
    }
    for (int priority = 0; priority < COUNT; priority++) {
      if (more[priority] > 0) {
        level(priority).reserve(more[priority]);
      }
    }
  }

  @Override
  Object removeFirst() {
    int priority = nextLevel();
    Object item = level(priority).removeFirst();
    noteRemoved(priority);
    return item;
  }

  private void noteRemoved(int priority) {
    if (level(priority).size == 0) {
      occupied &= ~(1L << priority);
    }
    size--;
  }

  @Override
  Object[] removeFirst(int most) {
    Object[] removed = new Object[Math.min(size, most)];
    for (int i = 0; i < removed.length; i++) {
      removed[i] = removeFirst();
    }
    return removed;
  }

  @Override
  List<Object> removeFirstAsList(int most) {
    int count = Math.min(size, most);
    List<Object> removed = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      removed.add(removeFirst());
    }
    return removed;
  }

  @Override
  void clear() {
    for (Ring<Entry> level : levels) {
      if (level != null) {
        level.clear();
      }
    }
    occupied = 0;
    size = 0;
  }

  @Override
  Object[] snapshot() {
    Object[] all = new Object[size];
    int[] seen = new int[COUNT];
    long rest = occupied;
    for (int i = 0; i < all.length; i++) {
      int best = -1;
      long since = 0;
      for (long open = rest; open != 0; open ^= Long.highestOneBit(open)) {
        int priority = Long.SIZE - 1 - Long.numberOfLeadingZeros(open);
        long other = ((Entry) level(priority).get(seen[priority])).since;
        if (best < 0 || (step > 0 && since - other > (best - priority) * step)) {
          best = priority;
          since = other;
        }
        if (step == 0) {
          break;
        }
      }
      all[i] = level(best).get(seen[best]++);
      if (seen[best] == level(best).size) {
        rest ^= 1L << best;
      }
    }
    return all;
  }

  /** Entries are found by what they are: places shift with every entry of a higher priority. */
  @Override
  boolean removeAt(long place, Object item) {
    return removeIdentical(item);
  }

  @Override
  boolean removeIdentical(Object item) {
    int priority = ((Entry) item).priority;
    if (!level(priority).removeIdentical(item)) {
      return false;
    }
    noteRemoved(priority);
    return true;
  }
}
