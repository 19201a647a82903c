package org.morethreads.internal;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * A node in the stack of those who depend on a {@link OneShot}: a waiting thread, an action of the
 * user's, or a hook of ours. It belongs to one signal, once.
 */
public abstract sealed class Dependent {
  private static final VarHandle DEAD;
  private static final VarHandle NEXT;

  static {
    try {
      MethodHandles.Lookup lookup = MethodHandles.lookup();
      DEAD = lookup.findVarHandle(Dependent.class, "dead", boolean.class);
      NEXT = lookup.findVarHandle(Dependent.class, "next", Dependent.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /** The next older node. Written before the node is published, afterwards only by the sweeper. */
  volatile @Nullable Dependent next;

  /** The next node in the order of firing. Written only by the thread that took the stack. */
  @Nullable Dependent after;

  /**
   * Whether the node has been used up or removed. Moves from false to true once, by {@link #kill}.
   */
  private volatile boolean dead;

  private Dependent() {}

  /**
   * Sets the next older node of one that is about to be published by a CAS, or whose stack has been
   * taken: without the fence of a volatile write, which would cost as much as a CAS.
   */
  final void setNext(@Nullable Dependent older) {
    NEXT.setRelease(this, older);
  }

  /** {@return whether this node has been used up or removed} */
  public final boolean isDead() {
    return dead;
  }

  /** Makes this node dead; answers whether this call did it. */
  final boolean kill() {
    return !dead && DEAD.compareAndSet(this, false, true);
  }

  /**
   * Drops what the node refers to, so that a dead one that is not swept yet keeps nothing alive.
   */
  abstract void forget();

  /** The end mark: the head of a signal that has been signalled. */
  static final class Fired extends Dependent {
    @Override
    void forget() {}
  }

  /** A thread to unpark. */
  public static final class WaitLink extends Dependent {
    private @Nullable Surroundings surroundings;
    private @Nullable Thread thread;

    /**
     * A link for a thread that waits.
     *
     * @param surroundings the surroundings of the thread
     * @param thread the thread
     */
    public WaitLink(Surroundings surroundings, Thread thread) {
      this.surroundings = surroundings;
      this.thread = thread;
    }

    void wake() {
      Surroundings where = surroundings;
      Thread who = thread; // a racing forget() may have cleared either: then nobody waits any more
      if (where != null && who != null) {
        where.unpark(who);
      }
    }

    @Override
    void forget() {
      surroundings = null;
      thread = null;
    }
  }

  /** User code to run once. */
  public static final class Action extends Dependent {
    final OneShot owner;
    private @Nullable Runnable code;

    /**
     * A node for an action.
     *
     * @param owner the signal that it is for
     * @param code the action
     */
    public Action(OneShot owner, Runnable code) {
      this.owner = owner;
      this.code = code;
    }

    /** Runs the action unless it was removed or has run; reports what it throws. */
    void runOnce() {
      Runnable todo = code;
      if (todo != null && kill()) {
        code = null;
        run(owner, todo);
      }
    }

    static void run(OneShot owner, Runnable todo) {
      try {
        todo.run();
      } catch (Throwable failure) { // S3: one that throws disturbs nobody
        Log.error("An action on signal \"" + owner + "\" failed; the others still run.", failure);
      }
    }

    @Override
    void forget() {
      code = null;
    }
  }

  /** Library code that looks whether a further signal is due. */
  public abstract static non-sealed class Hook extends Dependent {
    /** For implementations. */
    protected Hook() {}

    /**
     * The signal has fired. Must neither block nor throw.
     *
     * @return a signal to fire in the same pass, or null
     */
    protected abstract @Nullable OneShot fired();

    /**
     * Tells whether the signal that {@link #fired} names is composed from the one that has fired,
     * so that it is signalled before anybody is woken and inherits where actions run; otherwise it
     * is a consequence, fired on its own.
     *
     * @return whether it is
     */
    protected boolean composes() {
      return true;
    }

    /**
     * The hook was removed: drops what it refers to, since a dead node may hang on until the next
     * sweep. May race with {@link #fired}, which then has nothing to do.
     */
    @Override
    protected void forget() {}
  }
}
