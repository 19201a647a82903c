package org.morethreads.thread;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.morethreads.internal.Surroundings;

/**
 * The living children of a node. Everything but {@link #closer} and {@link #idler} is guarded by
 * the node's child lock.
 */
final class Children {
  /** The newest of them; they are linked by {@link Node#older} and {@link Node#newer}. */
  @Nullable Node newest;

  int count;

  /** The number of children ever linked: their start order. */
  long linked;

  /**
   * How often each name was given out while a child of that name lived; so that equal names get
   * {@code #2}.
   */
  private final Map<String, NameUse> names = new HashMap<>();

  /** What children linked from now on are told, since the parent's task has ended. */
  @Nullable Told bornTold;

  /**
   * Whether the last child has gone after the parent was told, and when that was, by the monotonic
   * clock.
   */
  boolean gone;

  long goneAt;

  private @Nullable String lastName;
  private @Nullable NameUse lastUse;

  /** The one that ends the node, and waits for the last of them to go: it alone may be here. */
  volatile @Nullable Closer closer;

  /** One of those who wait until there are none, and look of themselves as well. */
  volatile @Nullable Closer idler;

  /** A thread that waits for the children to go. */
  record Closer(Surroundings surroundings, Thread thread) {
    void wake() {
      surroundings.unpark(thread);
    }
  }

  private static final class NameUse {
    int alive;
    int given;
  }

  void link(Node child) {
    child.order = ++linked;
    child.ordinal = giveOrdinal(child.name);
    child.older = newest;
    child.newer = null;
    if (newest != null) {
      newest.newer = child;
    }
    newest = child;
    count++;
  }

  void unlink(Node child) {
    if (child.newer == null) {
      newest = child.older;
    } else {
      child.newer.older = child.older;
    }
    if (child.older != null) {
      child.older.newer = child.newer;
    }
    child.older = null;
    child.newer = null;
    count--;
    takeNameBack(child.name);
  }

  /** How many names are known: those of living children, and at most one besides. */
  int countNames() {
    return names.size();
  }

  private int giveOrdinal(String name) {
    NameUse use = useOf(name);
    if (use == null) {
      use = new NameUse();
      names.put(name, use);
      remember(name, use);
    }
    use.alive++;
    return ++use.given;
  }

  private void takeNameBack(String name) {
    NameUse use = useOf(name);
    if (use != null && --use.alive == 0) {
      use.given = 0; // it stays, as that of the last name seen, which often comes again
    }
  }

  @SuppressWarnings("StringEquality") // a cache: a miss is only slower
  private @Nullable NameUse useOf(String name) {
    if (name == lastName) {
      return lastUse;
    }
    NameUse use = names.get(name);
    if (use != null) {
      remember(name, use);
    }
    return use;
  }

  private void remember(String name, NameUse use) {
    if (lastName != null && lastUse != null && lastUse != use && lastUse.alive == 0) {
      names.remove(lastName);
    }
    lastName = name;
    lastUse = use;
  }
}
