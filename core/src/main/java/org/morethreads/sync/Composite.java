package org.morethreads.sync;

import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;
import org.morethreads.internal.Dependent;
import org.morethreads.internal.Firing;
import org.morethreads.internal.Mutex;
import org.morethreads.internal.OneShot;
import org.morethreads.internal.Surroundings;

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
   * The edges of a collected composite are taken out by whoever attaches the next one.
   */
  private static final int LARGEST = 16;
  private static final Mutex STRENGTH = new Mutex();

  /**
   * Attached composites that have fired and need no longer hold those below them. Emptied under
   * STRENGTH.
   */
  private static final Queue<Composite> WEAKENED = new ConcurrentLinkedQueue<>();

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
    Composite composed = new Composite(left, right, all, left.weight() + right.weight());
    if (composed.attachment != null) {
      removeCollected();
      composed.attachment.hang();
      composed.compute();
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

  private List<Signal> leaves() {
    List<Signal> leaves = new ArrayList<>(LARGEST);
    left.addLeaves(leaves);
    right.addLeaves(leaves);
    return leaves;
  }

  @Override
  int weight() {
    return weight;
  }

  @Override
  void addLeaves(List<Signal> leaves) {
    if (attachment != null) {
      leaves.add(this);
    } else {
      left.addLeaves(leaves);
      right.addLeaves(leaves);
    }
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
  protected @Nullable Surroundings detached() {
    for (Signal leaf : leaves()) {
      Surroundings apart = leaf instanceof Composite ? null : leaf.detached();
      if (apart != null && leaf.isSignalled()) {
        return apart;
      }
    }
    return null;
  }

  @Override
  protected void describe(Name text) {
    text.append(left, all ? " and " : " or ", right);
  }

  // ---- active while somebody depends on it

  @Override
  Activation arm() {
    Edges edges = new Edges(leaves());
    for (int i = 0; i < edges.leaves.length; i++) {
      edges.links[i] = new Edge(this);
      if (edges.leaves[i] instanceof LazySignal lazy) {
        lazy.retain();
      }
      Firing.push(
          edges.leaves[i],
          edges.links[i]); // one that has fired is seen by the evaluation that follows
    }
    return edges;
  }

  private static final class Edges extends Activation {
    private static final long serialVersionUID = 1;
    private final transient Signal[] leaves;
    private final transient Dependent[] links;

    Edges(List<Signal> leaves) {
      this.leaves = leaves.toArray(new Signal[0]);
      this.links = new Dependent[this.leaves.length];
    }

    @Override
    void disarm() {
      for (int i = 0; i < leaves.length; i++) {
        if (Firing.remove(leaves[i], links[i]) && leaves[i] instanceof LazySignal lazy) {
          lazy.release();
        }
      }
    }
  }

  private static final class Edge extends Dependent.Hook {
    private final Composite target;

    Edge(Composite target) {
      this.target = target;
    }

    @Override
    protected @Nullable OneShot fired() {
      return target.isTrue() ? target : null;
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
    final Signal[] leaves;
    final WeakEdge[] edges;

    /** How many depend on the composite. Guarded by STRENGTH. */
    int users;

    Attachment(Composite composite) {
      super(composite, COLLECTED);
      this.leaves = composite.leaves().toArray(new Signal[0]);
      this.edges = new WeakEdge[this.leaves.length];
    }

    void hang() {
      for (int i = 0; i < leaves.length; i++) {
        edges[i] = new WeakEdge(this);
        if (leaves[i] instanceof LazySignal lazy && !(lazy instanceof Composite)) {
          lazy.retain(); // a till needs its timer; an attached composite pushes anyway
        }
        Firing.push(leaves[i], edges[i]);
      }
    }

    void takeOut() {
      for (int i = 0; i < leaves.length; i++) {
        if (Firing.remove(leaves[i], edges[i])
            && leaves[i] instanceof LazySignal lazy
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
    private final Attachment attachment;
    private volatile @Nullable Composite strong;

    WeakEdge(Attachment attachment) {
      this.attachment = attachment;
    }

    @Override
    protected @Nullable OneShot fired() {
      Composite held = strong;
      Composite target = held != null ? held : attachment.get();
      return target != null && target.isTrue() ? target : null;
    }
  }

  @Override
  void retain() {
    if (attachment == null) {
      super.retain();
    } else {
      STRENGTH.acquire();
      changeUsers(1);
      unlockStrength();
    }
  }

  @Override
  void release() {
    if (attachment == null) {
      super.release();
    } else if (!Firing.isFired(this)) {
      STRENGTH.acquire();
      changeUsers(-1);
      unlockStrength();
    }
  }

  @Override
  protected void onFired() {
    if (attachment == null) {
      super.onFired();
      return;
    }
    attachment.takeOut();
    WEAKENED.add(this);
    if (STRENGTH.tryAcquire()) { // else the holder does it: the firing waits for nobody
      unlockStrength();
    }
  }

  /** Lets go of the lock, after weakening what has fired meanwhile. */
  private static void unlockStrength() {
    do {
      for (Composite fired = WEAKENED.poll(); fired != null; fired = WEAKENED.poll()) {
        if (fired.attachment != null && fired.attachment.users > 0) {
          fired.changeUsers(-fired.attachment.users);
        }
      }
      STRENGTH.release();
    } while (!WEAKENED.isEmpty() && STRENGTH.tryAcquire());
  }

  /**
   * Counts users, here and, where that makes an attachment strong or weak, in the attached
   * composites below. Called with STRENGTH.
   */
  private void changeUsers(int by) {
    ArrayDeque<Composite> todo = new ArrayDeque<>();
    Composite next = this;
    int change = by;
    while (next != null) {
      Attachment its = next.attachment;
      if (its != null) {
        int before = its.users;
        its.users = Math.max(0, before + change);
        if ((before == 0) != (its.users == 0)) {
          its.hold(its.users == 0 ? null : next);
          for (Signal leaf : its.leaves) {
            if (leaf instanceof Composite below) {
              todo.add(below);
            }
          }
        }
      }
      change = by > 0 ? 1 : -1;
      next = todo.poll();
    }
  }
}
