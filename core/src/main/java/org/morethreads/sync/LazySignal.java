package org.morethreads.sync;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;
import org.morethreads.internal.Dependent;
import org.morethreads.internal.Firing;
import org.morethreads.internal.Library;
import org.morethreads.internal.OneShot;
import org.morethreads.internal.SchedulePoint;

/**
 * A signal whose sources (operands, the timer, a progress) do not know it until somebody depends on
 * it (S5).
 *
 * <p>States: passive (no activation), active (an activation that has users), and back. An
 * activation is complete before it is published, so whoever finds one may rely on it; it is taken
 * down by its last user, or by the firing, or by both. After the firing it stays where it is, with
 * nothing hanging: to clear it would cost an atomic step each time.
 */
abstract class LazySignal extends Signal {
  private static final VarHandle ACTIVATION;
  private static final VarHandle OTHERS;

  static {
    try {
      MethodHandles.Lookup lookup = MethodHandles.lookup();
      ACTIVATION = lookup.findVarHandle(LazySignal.class, "activation", Activation.class);
      OTHERS = lookup.findVarHandle(Activation.class, "others", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /** What hangs in the sources on behalf of this signal; null while nothing does. */
  private volatile @Nullable Activation activation;

  LazySignal() {
    super(Library.MEMBER);
  }

  /** What hangs in the sources; it may be the hook in one of them itself. */
  abstract static class Activation extends Dependent.Hook {
    private static final int RETIRED = -1;

    /** Its users but the first, who made it; {@code RETIRED} when the last has gone. */
    private volatile int others;

    /** For those that hang in a signal. */
    @Override
    protected @Nullable OneShot fired() {
      return null;
    }

    /** Takes everything out of the sources. May be called several times, also at once. */
    abstract void disarm();

    private boolean tryRetain() {
      for (int seen = others; seen != RETIRED; seen = others) {
        if (OTHERS.compareAndSet(this, seen, seen + 1)) {
          return true;
        }
      }
      return false;
    }

    /** Counts a user less; answers whether it was the last, so that the caller takes this down. */
    private boolean release() {
      for (int seen = others; seen != RETIRED; seen = others) {
        if (OTHERS.compareAndSet(this, seen, seen - 1)) {
          return seen - 1 == RETIRED;
        }
      }
      return false;
    }
  }

  /** Hangs this signal into its sources, whole. */
  abstract Activation arm();

  /** Makes sure that this signal is fired when its time comes, until {@link #release}. */
  void retain() {
    while (true) {
      Activation present = activation;
      if (present != null && present.tryRetain()) {
        return;
      }
      Activation mine = arm();
      SchedulePoint.at("lazy.publish");
      if (ACTIVATION.compareAndSet(this, present, mine)) {
        return;
      }
      mine.disarm(); // somebody else published, or cleared a retired one: ends when no thread
      // interferes
    }
  }

  /** Ends a {@link #retain}. */
  void release() {
    Activation present = activation;
    if (present != null && present.release()) {
      SchedulePoint.at("lazy.disarm");
      present.disarm();
      ACTIVATION.compareAndSet(this, present, null);
    }
  }

  @Override
  protected boolean register(Dependent node) {
    retain();
    // Everything hangs now. What went before is seen here, and concerns only this dependent; what
    // goes later finds an edge.
    if (compute() || !Firing.push(this, node)) {
      release();
      return false;
    }
    return true;
  }

  @Override
  protected boolean unregister(Dependent node) {
    if (!Firing.remove(this, node)) {
      return false;
    }
    release();
    return true;
  }

  @Override
  protected void onFired() {
    Activation present = activation;
    if (present != null) {
      present.disarm();
    }
  }
}
