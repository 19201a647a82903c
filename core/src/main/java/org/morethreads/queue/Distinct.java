package org.morethreads.queue;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is inside a queue that holds each element only once. Not safe for use by several threads at
 * once: the queue's mutex guards it.
 */
final class Distinct {
  /*
   * `hashCode` and `equals` belong to the user, and do not run under the mutex. The hash is computed before. When it meets an entry
   * of the same hash under the mutex, the putter leaves the mutex, compares, notes what came out, and looks again. That ends: each
   * round is about an entry that is new to the putter, and equal hashes are rare. Most elements meet none and need one round.
   */
  private static final int SMALLEST = 16;

  private @Nullable Key[] table = new @Nullable Key[SMALLEST];
  private int count;

  /**
   * An element to be put, and later inside. What is not final belongs to the table, or to the
   * putter.
   */
  static final class Key extends Entry {
    private final int hash;

    /** The next one in the table. */
    private @Nullable Key next;

    /** While it is being put: somebody to compare with, one found equal, those found different. */
    private @Nullable Key candidate;

    private @Nullable Key twin;
    private @Nullable List<Key> others;

    Key(Object element, int priority, long since) {
      super(element, priority, since);
      int spread = element.hashCode();
      this.hash = spread ^ (spread >>> 16);
    }

    /** Compares with the one met in the queue. Called by the putter, without the mutex. */
    private void compare() {
      Key met = candidate;
      if (met == null) {
        return;
      }
      candidate = null;
      if (element.equals(met.element)) {
        twin = met;
      } else {
        if (others == null) {
          others = new ArrayList<>();
        }
        others.add(met);
      }
    }

    private boolean isKnownToDifferFrom(Key other) {
      if (others != null) {
        for (Key different : others) {
          if (different == other) {
            return true;
          }
        }
      }
      return false;
    }
  }

  /** What {@link #look} finds out. */
  enum Found {
    NEW,
    INSIDE,
    /** To be compared first. */
    UNKNOWN
  }

  /** Leaves one of several equal elements; calls user code. */
  static Object[] once(Object[] elements) {
    Collection<Object> distinct = new LinkedHashSet<>();
    for (Object element : elements) {
      distinct.add(element);
    }
    return distinct.size() == elements.length ? elements : distinct.toArray();
  }

  /** Tells whether an equal element is inside. Called with the mutex. */
  Found look(Key wanted) {
    for (Key met = table[indexOf(wanted)]; met != null; met = met.next) {
      if (met.hash == wanted.hash) {
        if (met == wanted.twin || met.element == wanted.element) {
          return Found.INSIDE;
        }
        if (!wanted.isKnownToDifferFrom(met)) {
          wanted.candidate = met;
          return Found.UNKNOWN;
        }
      }
    }
    return Found.NEW;
  }

  /** Compares what {@link #look} could not tell. Called by the putter, without the mutex. */
  static void compare(@Nullable Object item, Object @Nullable [] items) {
    if (item instanceof Key key) {
      key.compare();
    }
    if (items != null) {
      for (Object each : items) {
        if (each instanceof Key key) {
          key.compare();
        }
      }
    }
  }

  /** Makes room, so that {@link #add} cannot fail for want of memory. */
  void reserve(int more) {
    while (count + more > table.length) {
      grow();
    }
  }

  /** Adds one that is put, for which room was reserved. Called with the mutex. */
  void add(Key key) {
    key.twin = null;
    key.others = null;
    int index = indexOf(key);
    key.next = table[index];
    table[index] = key;
    count++;
  }

  /** Removes one that is taken. Called with the mutex. */
  void remove(Object item) {
    Key before = null;
    int index = indexOf((Key) item);
    for (Key met = table[index]; met != null; met = met.next) {
      if (met == item) {
        if (before == null) {
          table[index] = met.next;
        } else {
          before.next = met.next;
        }
        met.next = null;
        count--;
        return;
      }
      before = met;
    }
  }

  void clear() {
    table = new @Nullable Key[SMALLEST];
    count = 0;
  }

  private int indexOf(Key key) {
    return key.hash & (table.length - 1);
  }

  private void grow() {
    @Nullable Key[] small = table;
    table = new @Nullable Key[2 * small.length];
    for (Key first : small) {
      for (Key key = first; key != null; ) {
        Key behind = key.next;
        int index = indexOf(key);
        key.next = table[index];
        table[index] = key;
        key = behind;
      }
    }
  }
}
