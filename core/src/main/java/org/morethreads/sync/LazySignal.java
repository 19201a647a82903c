package org.morethreads.sync;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.morethreads.internal.Dependent;
import org.morethreads.internal.Firing;
import org.morethreads.internal.Library;
import org.morethreads.internal.SchedulePoint;

/**
 * A signal whose sources (operands, the timer, a progress) do not know it until somebody depends on
 * it (S5).
 *
 * <p>States: passive (no activation), active (an activation with a positive count of users), and
 * back. An activation is complete before it is published, so whoever finds one may rely on it; it
 * is retired by whoever brings its count to zero, or by the firing.
 */
abstract class LazySignal extends Signal {
  private static final VarHandle ACTIVATION;

  static {
    try {
      ACTIVATION =
          MethodHandles.lookup().findVarHandle(LazySignal.class, "activation", Activation.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /** What hangs in the sources on behalf of this signal; null while nothing does. */
  private volatile @Nullable Activation activation;

  LazySignal() {
    super(Library.MEMBER);
  }

  /**
   * What hangs in the sources. Its value counts its users; {@code RETIRED} once it has been taken
   * down, or is about to be.
   */
  abstract static class Activation extends AtomicInteger {
    private static final long serialVersionUID = 1;
    private static final int RETIRED = -1;

    Activation() {
      super(1);
    }

    /** Takes everything out of the sources. Called once. */
    abstract void disarm();

    private boolean tryRetain() {
      for (int users = get(); users > 0; users = get()) {
        if (compareAndSet(users, users + 1)) {
          return true;
        }
      }
      return false;
    }

    /** Counts a user less; answers whether it was the last, so that the caller takes this down. */
    private boolean release() {
      for (int users = get(); users > 0; users = get()) {
        if (compareAndSet(users, users == 1 ? RETIRED : users - 1)) {
          return users == 1;
        }
      }
      return false; // the firing has retired it
    }

    private boolean retire() {
      return getAndSet(RETIRED) != RETIRED;
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
    if (present != null && present.retire()) {
      present.disarm();
      ACTIVATION.compareAndSet(this, present, null);
    }
  }
}
