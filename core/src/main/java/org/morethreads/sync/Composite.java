package org.morethreads.sync;

import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;
import org.morethreads.internal.Dependent;
import org.morethreads.internal.Firing;
import org.morethreads.internal.Mutex;
import org.morethreads.internal.OneShot;

/**
 * Two signals as one: the first of them, or the last.
 *
 * <p>Up to {@link #LARGEST} leaves it is lazy: computed when read. A larger one attaches itself to
 * its leaves when it is made, and counts as a single leaf for composites above it, so that reading
 * any signal costs a bounded number of reads, chains of any length can be read and fired, and
 * shared operands do not multiply (S6).
 */
final class Composite extends LazySignal {
  /*
   * Attachment: a weak edge in each leaf, so that an attached composite that nobody refers to can be collected though its leaves
   * live on. While it has dependents it must not be collected (S4): then its edges refer to it strongly, and the attached composites
   * among its leaves are held in the same way, down to leaves that are no composites. Going back and forth between weak and strong
   * is guarded by STRENGTH; firing does not need it.
   *
   * The edges of a collected composite are taken out by whoever composes next. Until then they hang in the leaves, so what they
   * refer to strongly must not keep another attached composite alive, or a chain would be given back one link per collection.
   */
  private static final int LARGEST = 16;
  private static final Mutex STRENGTH = new Mutex();

  /**
   * Attached composites that have lost a dependent, or have fired and need none any more. Emptied
   * under STRENGTH, by whoever has it: a firing takes part in this and must not wait.
   */
  private static final Queue<Composite> RELEASED = new ConcurrentLinkedQueue<>();

  private static final ReferenceQueue<Composite> COLLECTED = new ReferenceQueue<>();

  private final Signal left;
  private final Signal right;
  private final boolean all;
  private final byte weight;

  /** Null when the composite is lazy. */
  private final @Nullable Attachment attachment;

  private Composite(Signal left, Signal right, boolean all, int weight) {
    this.left = left;
    this.right = right;
    this.all = all;
    this.weight = (byte) (weight > LARGEST ? 1 : weight);
    this.attachment = weight > LARGEST ? new Attachment(this) : null;
  }

  static Signal of(Signal left, Signal right, boolean all) {
    removeCollected();
    Composite composed = new Composite(left, right, all, left.weight() + right.weight());
    if (composed.attachment != null) {
      composed.attachment.hang();
      if (composed.isSignalled()) {
        composed.attachment.takeOut(); // who fired it before all of it hung could not
      }
    }
    return composed;
  }

  @Override
  protected boolean compute() {
    boolean now = isTrue();
    if (now) {
      Firing.latch(this);
    }
    return now;
  }

  private boolean isTrue() {
    return all ? (look(left) && look(right)) : (look(left) || look(right));
  }

  /**
   * Reads an operand. An attached one is pushed by those below it; reading on through it could go
   * on without end.
   */
  private static boolean look(Signal operand) {
    return (operand instanceof Composite composite && composite.attachment != null)
        ? Firing.isFired(composite)
        : operand.isSignalled();
  }

  private Signal[] leaves() {
    Signal[] leaves = new Signal[left.weight() + right.weight()];
    right.addLeaves(leaves, left.addLeaves(leaves, 0));
    return leaves;
  }

  @Override
  int weight() {
    return weight;
  }

  @Override
  int addLeaves(Signal[] leaves, int at) {
    if (attachment != null) {
      leaves[at] = this;
      return at + 1;
    }
    return right.addLeaves(leaves, left.addLeaves(leaves, at));
  }

  @Override
  void collect(Waiting waiting) {
    if (attachment != null) {
      waiting.link(this);
    } else {
      left.collect(waiting);
      right.collect(waiting);
    }
  }

  @Override
  protected void describe(Name text) {
    text.append(left, all ? " and " : " or ", right);
  }

  // ---- active while somebody depends on it

  @Override
  Activation arm() {
    return isLeaf(left) && isLeaf(right) ? new Pair(this) : new Edges(this);
  }

  private static boolean isLeaf(Signal operand) {
    return !(operand instanceof Composite composite && composite.attachment == null);
  }

  /**
   * Hangs an edge into a leaf; one that has fired is seen by the evaluation that follows, and must
   * not stay armed for that: nobody would take it down.
   */
  private static void hang(Signal leaf, Dependent.Hook edge) {
    LazySignal lazy = leaf instanceof LazySignal armed ? armed : null;
    if (lazy != null) {
      lazy.retain();
    }
    if (!Firing.push(leaf, edge) && lazy != null) {
      lazy.release();
    }
  }

  /** Answers what an edge has to fire; it may have been told to forget its target. */
  private static @Nullable Composite dueNow(@Nullable Composite target) {
    return target != null && target.isTrue() ? target : null;
  }

  /** Takes an edge out of a leaf; one that has fired has dropped it, or is about to look at it. */
  private static void takeOut(Signal leaf, Dependent.Hook edge) {
    if (Firing.isFired(leaf)) {
      return;
    }
    if (leaf instanceof LazySignal lazy) {
      if (Firing.remove(leaf, edge)) {
        lazy.release();
      }
    } else {
      Firing.discard(leaf, edge);
    }
  }

  /** The edges of a composite of two leaves, as most are: itself, and one more. */
  private static final class Pair extends Activation {
    private @Nullable Composite target;
    private final Edge toRight;

    Pair(Composite composite) {
      this.target = composite;
      this.toRight = new Edge(composite);
      hang(composite.left, this);
      hang(composite.right, toRight);
    }

    @Override
    void disarm() {
      Composite known = target;
      if (known != null) { // else it has been done, or somebody is about to
        takeOut(known.left, this);
        takeOut(known.right, toRight);
      }
    }

    @Override
    protected @Nullable OneShot fired() {
      return dueNow(target);
    }

    @Override
    protected void forget() {
      target = null;
    }
  }

  private static final class Edges extends Activation {
    private final Signal[] leaves;
    private final Edge[] links;

    Edges(Composite composite) {
      this.leaves = composite.leaves();
      this.links = new Edge[leaves.length];
      for (int i = 0; i < leaves.length; i++) {
        links[i] = new Edge(composite);
        hang(leaves[i], links[i]);
      }
    }

    @Override
    void disarm() {
      for (int i = 0; i < leaves.length; i++) {
        takeOut(leaves[i], links[i]);
      }
    }
  }

  private static final class Edge extends Dependent.Hook {
    private @Nullable Composite target;

    Edge(Composite target) {
      this.target = target;
    }

    @Override
    protected @Nullable OneShot fired() {
      return dueNow(target);
    }

    @Override
    protected void forget() {
      target = null;
    }
  }

  // ---- attached for good

  private static void removeCollected() {
    for (Reference<? extends Composite> gone = COLLECTED.poll();
        gone != null;
        gone = COLLECTED.poll()) {
      ((Attachment) gone).takeOut();
    }
  }

  private static final class Attachment extends WeakReference<Composite> {
    final WeakEdge[] edges;

    /**
     * Whether all edges hang. Before that nobody may take them out: they would be hung after it.
     */
    private volatile boolean complete;

    /** How many depend on the composite. Guarded by STRENGTH. */
    int users;

    Attachment(Composite composite) {
      super(composite, COLLECTED);
      Signal[] leaves = composite.leaves();
      this.edges = new WeakEdge[leaves.length];
      for (int i = 0; i < edges.length; i++) {
        edges[i] = new WeakEdge(this, leaves[i]);
      }
    }

    /** Called by the maker, who holds the composite and so its leaves. */
    void hang() {
      for (WeakEdge edge : edges) {
        Signal leaf = edge.leaf();
        if (leaf instanceof Composite) {
          Firing.push(leaf, edge); // it is attached itself, and pushes anyway
        } else if (leaf != null) {
          Composite.hang(leaf, edge); // a till needs its timer
        }
      }
      complete = true;
    }

    void takeOut() {
      if (!complete) {
        return; // the maker looks again when it is
      }
      for (WeakEdge edge : edges) {
        Signal leaf = edge.leaf();
        if (leaf != null
            && Firing.remove(leaf, edge)
            && leaf instanceof LazySignal lazy
            && !(lazy instanceof Composite)) {
          lazy.release();
        }
      }
    }

    void hold(@Nullable Composite composite) {
      for (WeakEdge edge : edges) {
        edge.strong = composite;
      }
    }
  }

  private static final class WeakEdge extends Dependent.Hook {
    private @Nullable Attachment attachment;

    /** The leaf that this hangs in, unless that is attached itself: then its attachment. */
    private final @Nullable Signal leaf;

    private final @Nullable Attachment below;
    private volatile @Nullable Composite strong;

    WeakEdge(Attachment attachment, Signal leaf) {
      this.attachment = attachment;
      this.below = leaf instanceof Composite composite ? composite.attachment : null;
      this.leaf = below == null ? leaf : null;
    }

    /** The leaf that this hangs in; null when it has been collected, and this with it. */
    @Nullable Signal leaf() {
      return below == null ? leaf : below.get();
    }

    @Nullable Composite below() {
      return below == null ? null : below.get();
    }

    @Override
    protected @Nullable OneShot fired() {
      Composite held = strong;
      Attachment known = attachment;
      Composite target = held != null || known == null ? held : known.get();
      return dueNow(target);
    }

    @Override
    protected void forget() {
      strong = null;
      attachment = null;
    }
  }

  @Override
  void retain() {
    if (attachment == null) {
      super.retain();
      return;
    }
    STRENGTH.acquire();
    try {
      changeUsers(1);
    } finally {
      unlockStrength();
    }
  }

  @Override
  void release() {
    if (attachment == null) {
      super.release();
    } else if (!Firing.isFired(this)) {
      releaseLater();
    }
  }

  @Override
  protected void onFired() {
    if (attachment == null) {
      super.onFired();
    } else {
      attachment.takeOut();
      releaseLater();
    }
  }

  /** Waits for nobody: who has the lock does it. */
  private void releaseLater() {
    RELEASED.add(this);
    if (STRENGTH.tryAcquire()) {
      unlockStrength();
    }
  }

  /** Lets go of the lock, after doing what was left to its holder meanwhile. */
  private static void unlockStrength() {
    do {
      try {
        for (Composite next = RELEASED.poll(); next != null; next = RELEASED.poll()) {
          next.changeUsers(-1);
        }
      } finally {
        STRENGTH.release();
      }
    } while (!RELEASED.isEmpty() && STRENGTH.tryAcquire());
  }

  /**
   * Counts users, here and, where that makes an attachment strong or weak, in the attached
   * composites below. One that has fired has no users: it loses all, and gets none. Called with
   * STRENGTH.
   */
  private void changeUsers(int by) {
    ArrayDeque<Composite> todo = new ArrayDeque<>();
    for (Composite next = this; next != null; next = todo.poll()) {
      Attachment its = next.attachment;
      boolean fired = Firing.isFired(next);
      if (its != null && !(fired && by > 0)) {
        int before = its.users;
        its.users = fired ? 0 : Math.max(0, before + by);
        if ((before == 0) != (its.users == 0)) {
          its.hold(its.users == 0 ? null : next);
          for (WeakEdge edge : its.edges) {
            Composite below = edge.below();
            if (below != null) {
              todo.add(below);
            }
          }
        }
      }
    }
  }
}
