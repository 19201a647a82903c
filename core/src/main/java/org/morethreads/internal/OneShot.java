package org.morethreads.internal;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * The machinery below every signal: one field that is either the stack of those who depend on it or
 * the mark that it has fired. Its members are reached through {@link Firing}, so that they do not
 * show in the public types built on it.
 */
public abstract class OneShot {
  /*
   * Treiber's stack (R. K. Treiber, "Systems Programming: Coping with Parallelism", 1986), taken whole by one exchange when
   * the signal fires. Interior nodes are unlinked by a sweeper under a try-lock; see docs/synchronization.md, section 3.1.
   *
   * garbage:  bit 31        the try-lock of the sweeper
   *           bits 26..30   e: a sweep is due when 2^e dead nodes have gathered
   *           bits 0..25    dead nodes gathered since the last sweep
   */
  static final Dependent FIRED = new Dependent.Fired();

  private static final int LOCKED = 1 << 31;
  private static final int DUE_SHIFT = 26;
  private static final int COUNT = (1 << DUE_SHIFT) - 1;
  private static final int MOST_DUE = 25;

  private static final VarHandle HEAD;
  private static final VarHandle GARBAGE;

  static {
    try {
      MethodHandles.Lookup lookup = MethodHandles.lookup();
      HEAD = lookup.findVarHandle(OneShot.class, "head", Dependent.class);
      GARBAGE = lookup.findVarHandle(OneShot.class, "garbage", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private volatile @Nullable Dependent head;
  private volatile int garbage;

  /** For the signals. */
  protected OneShot() {}

  /**
   * Computes the state of a signal that nobody pushes: a composite, a till.
   *
   * @return whether it is signalled by now
   * @hidden
   */
  protected boolean compute() {
    return false;
  }

  /**
   * Tells where the actions of this signal run when it is the cause of a firing.
   *
   * @return null for the thread that fires it; otherwise the surroundings in which to start a
   *     thread of their own
   * @hidden
   */
  protected @Nullable Surroundings detached() {
    return null;
  }

  /**
   * Called once, by the thread that fired this signal, as soon as it is signalled. Must neither
   * block nor throw.
   *
   * @hidden
   */
  protected void onFired() {}

  /**
   * Called once on a signal that was fired as such, not as part of a composition: when everything
   * composed from it is signalled, before its waiters are woken. Must neither block nor throw.
   *
   * @hidden
   */
  protected void onWake() {}

  final boolean isFired() {
    return head == FIRED;
  }

  /**
   * Marks a signal that nobody depends on as fired; leaves one with dependents to whoever fires it.
   */
  final void latch() {
    if (head == null && HEAD.compareAndSet(this, null, FIRED)) {
      onFired();
    }
  }

  /**
   * Marks this signal as fired; returns the stack to its new owner, or FIRED when somebody else was
   * first.
   */
  final @Nullable Dependent take() {
    SchedulePoint.at("signal.take");
    return head == FIRED ? FIRED : (Dependent) HEAD.getAndSet(this, FIRED);
  }

  /** Adds a node; answers false, and has done nothing, when the signal has fired. */
  final boolean push(Dependent node) {
    while (true) {
      Dependent top = head;
      if (top == FIRED) {
        return false;
      }
      node.setNext(top);
      SchedulePoint.at("signal.push");
      if (HEAD.compareAndSet(this, top, node)) {
        return true; // ends: every failure means that another thread got on
      }
    }
  }

  /**
   * Takes a node out that this call kills; answers whether it did, so that the node will now never
   * be used.
   */
  final boolean remove(Dependent node) {
    if (!node.kill()) {
      return false;
    }
    node.forget();
    SchedulePoint.at("signal.remove");
    if (head == FIRED || popIfAlone(node)) {
      return true;
    }
    GARBAGE.getAndAdd(this, 1);
    while (sweepIsDue(garbage)) {
      int seen = garbage;
      if ((seen & LOCKED) != 0) {
        return true; // the sweeper looks again after unlocking
      }
      SchedulePoint.at("signal.sweep");
      if (sweepIsDue(seen) && GARBAGE.compareAndSet(this, seen, seen | LOCKED)) {
        sweep(seen & COUNT);
      }
    }
    return true;
  }

  /** Takes a hook out, if it is in there: one that is alone need not be killed for that. */
  final void discard(Dependent.Hook hook) {
    if (!popIfAlone(hook)) {
      boolean _ = remove(hook);
    }
  }

  /**
   * Takes out a node that has no other beside it, as most have not, without the sweeper. A node
   * that nothing is below never gets anything below it, so the CAS can lose nobody.
   */
  private boolean popIfAlone(Dependent node) {
    return head == node && node.next == null && HEAD.compareAndSet(this, node, null);
  }

  private static boolean sweepIsDue(int garbage) {
    return (garbage & COUNT) >= 1 << ((garbage & ~LOCKED) >>> DUE_SHIFT);
  }

  /**
   * Unlinks the dead nodes. Called with the try-lock; gives it back. Every node that was counted
   * before it began is gone when it ends, whoever unlinked it; one that is killed but not counted
   * yet may be gone too, and makes for a sweep that finds nothing, so what is taken off the count
   * is not what was found.
   */
  private void sweep(int counted) {
    int alive = 0;
    Dependent last = null; // the last live node seen
    Dependent node = head;
    while (node != null && node != FIRED) {
      Dependent older = node.next;
      SchedulePoint.at("signal.sweeping"); // the bit is tried for, never waited for
      if (!node.isDead()) {
        last = node;
        alive++;
      } else if (last != null) {
        last.next = older;
      } else if (!HEAD.compareAndSet(this, node, older)) {
        node = head; // something was pushed on top meanwhile: begin again above it
        alive = 0;
        continue;
      }
      node = older;
    }
    int due = alive < 2 ? 0 : Math.min(MOST_DUE, 30 - Integer.numberOfLeadingZeros(alive));
    while (true) {
      int seen = garbage;
      int left = (seen & COUNT) - counted;
      if (GARBAGE.compareAndSet(this, seen, due << DUE_SHIFT | left)) {
        return; // ends: every failure means that another thread has removed something
      }
    }
  }

  /** {@return the number of nodes in the stack, dead ones included; walks it, for tests} */
  final int countLinked() {
    int count = 0;
    for (Dependent node = head; node != null && node != FIRED; node = node.next) {
      count++;
    }
    return count;
  }

  /** {@return the number of live nodes in the stack; walks it, for dumps and tests} */
  final int countLive() {
    int count = 0;
    for (Dependent node = head; node != null && node != FIRED; node = node.next) {
      count += node.isDead() ? 0 : 1;
    }
    return count;
  }
}
