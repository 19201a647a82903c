package org.morethreads.internal;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What core must know of the thread that it runs on: its clock and parking place, and the signal
 * that hurries its tills. A managed thread's node in the tree is its surroundings; all other
 * threads share {@link #unmanaged()}.
 */
public abstract class Surroundings {
  private static final ThreadLocal<Surroundings> REMEMBERED = new ThreadLocal<>();
  private static volatile @Nullable Trees trees;

  /** For implementations. */
  protected Surroundings() {}

  /** What the thread layer tells this one: where the main tree is, and whose node a thread is. */
  public interface Trees {
    /** {@return the surroundings of the main tree's root, or null when that tree is not open} */
    @Nullable Surroundings mainRoot();

    /**
     * Searches all trees for a thread whose handler slot was overwritten.
     *
     * @param thread the thread
     * @return its node, or null when it is not managed
     */
    @Nullable Surroundings find(Thread thread);
  }

  /** {@return the surroundings of the calling thread; of an unmanaged one, {@link #unmanaged()}} */
  public static Surroundings current() {
    Thread thread = Thread.currentThread();
    if (thread.getUncaughtExceptionHandler() instanceof Surroundings found && found.isOf(thread)) {
      return found;
    }
    return remembered(thread);
  }

  private static Surroundings remembered(Thread thread) {
    Surroundings found = REMEMBERED.get();
    if (found != null) {
      return found;
    }
    Trees known = trees;
    if (known == null || thread.getUncaughtExceptionHandler() instanceof ThreadGroup) {
      return Unmanaged.INSTANCE; // nobody has put a handler of his own into the slot
    }
    found = known.find(thread);
    if (found == null) {
      found =
          Unmanaged.INSTANCE; // remembered as well: the search looks at every thread of every tree
    }
    REMEMBERED.set(found);
    return found;
  }

  /** {@return the surroundings of every thread that is not managed} */
  public static Surroundings unmanaged() {
    return Unmanaged.INSTANCE;
  }

  /**
   * Tells what the surroundings of the calling thread are from now on: for adopted threads.
   *
   * @param surroundings the node, or null to forget it
   */
  public static void remember(@Nullable Surroundings surroundings) {
    if (surroundings == null) {
      REMEMBERED.remove();
    } else {
      REMEMBERED.set(surroundings);
    }
  }

  /**
   * Introduces the thread layer.
   *
   * @param newTrees where to ask
   */
  public static void setTrees(Trees newTrees) {
    trees = newTrees;
  }

  /** {@return the clock and parking place of these surroundings' threads} */
  public abstract Time time();

  /**
   * Tells whether these are the surroundings of just this thread.
   *
   * @param thread a thread
   * @return whether they are
   */
  public abstract boolean isOf(Thread thread);

  /** {@return whether tills made here are signalled early, because the maker was told to stop} */
  public abstract boolean isHurried();

  /** {@return the monotonic time at which the hurry began; meaningful once {@link #isHurried()}} */
  public abstract long hurriedAtNanos();

  /**
   * {@return the wall-clock time at which the hurry began; meaningful once {@link #isHurried()}}
   */
  public abstract Instant hurriedAt();

  /**
   * Counts a till that was born hurried: a thread that makes many of them does not look at its
   * {@code pleaseStop}.
   */
  public void madeHurriedTill() {}

  /** {@return the signal that goes when the hurry begins, or null when it never will} */
  public abstract @Nullable OneShot hurrySignal();

  /**
   * Something that may still hold what nobody has taken: a queue whose consumers were stopped. It
   * is reported at the end of the tree.
   */
  public interface Leftovers {
    /** {@return what is left and where, for the log; null when nothing is} */
    @Nullable String leftovers();
  }

  /**
   * Keeps something to be asked for leftovers at the end of this tree.
   *
   * @param leftovers what to ask; the same again does nothing
   */
  public void keep(Leftovers leftovers) {}

  /**
   * Forgets what {@link #keep} keeps.
   *
   * @param leftovers what need not be asked any more
   */
  public void forget(Leftovers leftovers) {}

  /**
   * Reports a failure that reaches nobody else. Of those that come again and again, a tree logs
   * some with their stacks, and the others without.
   *
   * @param message what failed
   * @param failure the failure
   */
  public void report(String message, Throwable failure) {
    Log.error(message, failure);
  }

  /** {@return the path of the thread in its tree, or a word for an unmanaged one} */
  public abstract String describe();

  /**
   * {@link Time#park Parks} the calling thread, whose surroundings these are.
   *
   * @param blocker what it waits for
   */
  public final void park(Object blocker) {
    Observer observer = Observer.installed();
    if (observer == null) {
      time().park(this, blocker);
    } else {
      observedPark(observer, blocker, 0);
    }
  }

  /**
   * {@link Time#parkNanos Parks} the calling thread, whose surroundings these are.
   *
   * @param blocker what it waits for
   * @param nanos the longest time
   */
  public final void parkNanos(Object blocker, long nanos) {
    Observer observer = Observer.installed();
    if (observer == null || nanos <= 0) {
      time().parkNanos(this, blocker, nanos);
    } else {
      observedPark(observer, blocker, nanos);
    }
  }

  /**
   * {@link Time#parkAtMost Parks} the calling thread, whose surroundings these are.
   *
   * @param blocker what it waits for
   * @param nanos the longest time
   */
  public final void parkAtMost(Object blocker, long nanos) {
    Observer observer = Observer.installed();
    if (observer == null) {
      time().parkAtMost(this, blocker, nanos);
    } else {
      parkNanos(blocker, nanos); // one wait is to be seen as one
    }
  }

  /** Parks, for so many nanoseconds at most if that is positive. */
  private void observedPark(Observer observer, Object blocker, long nanos) {
    Runnable after = observer.waiting(this, blocker);
    try {
      if (nanos > 0) {
        time().parkNanos(this, blocker, nanos);
      } else {
        time().park(this, blocker);
      }
    } finally {
      if (after != null) {
        after.run();
      }
    }
  }

  /**
   * {@link Time#unpark Unparks} a thread whose surroundings these are.
   *
   * @param thread the thread
   */
  public final void unpark(Thread thread) {
    time().unpark(this, thread);
  }

  private static final class Unmanaged extends Surroundings {
    static final Unmanaged INSTANCE = new Unmanaged();

    private static @Nullable Surroundings mainRoot() {
      Trees known = trees;
      return known == null ? null : known.mainRoot();
    }

    @Override
    public Time time() {
      return RealTime.INSTANCE;
    }

    @Override
    public boolean isOf(Thread thread) {
      return false;
    }

    @Override
    public boolean isHurried() {
      Surroundings root = mainRoot();
      return root != null && root.isHurried();
    }

    @Override
    public long hurriedAtNanos() {
      Surroundings root = mainRoot();
      return root == null ? RealTime.INSTANCE.nanoTime() : root.hurriedAtNanos();
    }

    @Override
    public Instant hurriedAt() {
      Surroundings root = mainRoot();
      return root == null ? RealTime.INSTANCE.now() : root.hurriedAt();
    }

    @Override
    public @Nullable OneShot hurrySignal() {
      Surroundings root = mainRoot();
      return root == null ? null : root.hurrySignal();
    }

    @Override
    public void keep(Leftovers leftovers) {
      Surroundings root = mainRoot();
      if (root != null) {
        root.keep(leftovers);
      }
    }

    @Override
    public void forget(Leftovers leftovers) {
      Surroundings root = mainRoot();
      if (root != null) {
        root.forget(leftovers);
      }
    }

    @Override
    public String describe() {
      return "unmanaged thread";
    }
  }
}
