package org.morethreads.internal;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What may be done to a {@link OneShot} from our other packages, and the firing itself: first
 * everything is signalled, then waiters are woken, then actions run (S3). Iterative, so that chains
 * of any length fire (S6).
 */
public final class Firing {
  /*
   * One pass: the dependents of the signal that is fired and of every signal composed from it, as one list linked by `after`,
   * each signal's in the order in which they were registered. Consequences (a thread told to stop because its last needer
   * has stopped) are passes of their own, done before the actions of the first, since an action may take long.
   */
  private final OneShot cause;
  private @Nullable Dependent first;
  private @Nullable Dependent last;
  private @Nullable List<Firing> consequences;

  /** Whether there are actions to run. */
  private boolean hasActions;

  private Firing(OneShot cause) {
    this.cause = cause;
  }

  /**
   * Tells whether a signal has been marked as fired.
   *
   * @param signal the signal
   * @return whether it has
   */
  public static boolean isFired(OneShot signal) {
    return signal.isFired();
  }

  /**
   * Tells whether a signal is signalled by now; computes it if need be.
   *
   * @param signal the signal
   * @return whether it is
   */
  public static boolean isSignalled(OneShot signal) {
    return signal.isFired() || signal.compute();
  }

  /**
   * Marks a signal as fired if nobody depends on it, so that its state need not be computed again.
   *
   * @param signal a signal that is known to be signalled
   */
  public static void latch(OneShot signal) {
    signal.latch();
  }

  /**
   * Adds a dependent.
   *
   * @param signal the signal
   * @param node the dependent, new
   * @return false, with nothing done, when the signal has fired
   */
  public static boolean push(OneShot signal, Dependent node) {
    return signal.push(node);
  }

  /**
   * Takes a dependent out.
   *
   * @param signal the signal that it was added to
   * @param node the dependent
   * @return whether it will now never be used; false when it has been, or was removed before
   */
  public static boolean remove(OneShot signal, Dependent node) {
    return signal.remove(node);
  }

  /**
   * Takes a hook out, if it is in there. Cheaper than {@link #remove}, and does not tell whether
   * this call did it.
   *
   * @param signal the signal that it was added to
   * @param hook the hook
   */
  public static void discard(OneShot signal, Dependent.Hook hook) {
    signal.discard(hook);
  }

  /**
   * Runs an action on the calling thread; what it throws is reported.
   *
   * @param signal the signal that it is for
   * @param action the action
   */
  public static void runNow(OneShot signal, Runnable action) {
    Dependent.Action.run(signal, action);
  }

  /**
   * Counts those who depend on a signal, for dumps and tests.
   *
   * @param signal the signal
   * @return the number of live dependents
   */
  public static int countLive(OneShot signal) {
    return signal.countLive();
  }

  /**
   * Counts what hangs in a signal, for tests of leaks.
   *
   * @param signal the signal
   * @return the number of dependents, dead ones included
   */
  public static int countLinked(OneShot signal) {
    return signal.countLinked();
  }

  /**
   * Signals a signal, wakes its waiters and runs its actions. Does nothing when it has fired
   * before. Waits for nobody.
   *
   * @param signal the signal
   * @return whether this call fired it
   */
  public static boolean fire(OneShot signal) {
    Dependent stack = signal.take();
    if (stack == OneShot.FIRED) {
      return false;
    }
    signal.onFired();
    if (stack == null) {
      signal.onWake();
    } else {
      Firing pass = new Firing(signal);
      pass.signalAndWake(stack);
      pass.finish();
    }
    return true;
  }

  /**
   * Signals a signal and wakes its waiters, but leaves its actions to {@link #finish}: for a thread
   * that has more to do before it hands itself to user code.
   *
   * @param signal the signal
   * @return what is to be finished, or null when there are no actions, or when it has fired before
   */
  public static @Nullable Firing begin(OneShot signal) {
    Dependent stack = signal.take();
    if (stack == OneShot.FIRED) {
      return null;
    }
    signal.onFired();
    if (stack == null) {
      signal.onWake();
      return null;
    }
    Firing pass = new Firing(signal);
    pass.signalAndWake(stack);
    return pass.hasActions || pass.consequences != null ? pass : null;
  }

  /** Runs the actions. */
  public void finish() {
    runActions();
    if (consequences != null) {
      consequences.forEach(Firing::runActions);
    }
  }

  private void signalAndWake(Dependent stack) {
    append(stack);
    ArrayDeque<Firing> todo = signalAll(null);
    wakeAll();
    if (todo != null) {
      consequences = new ArrayList<>();
      for (Firing next = todo.poll(); next != null; next = todo.poll()) {
        next.signalAll(todo);
        next.wakeAll();
        consequences.add(next);
      }
    }
  }

  /** Appends a stack (newest first) to the list (oldest first). */
  private void append(Dependent stack) {
    Dependent oldest = stack;
    for (Dependent node = stack.next; node != null; ) {
      Dependent older = node.next;
      node.after = oldest;
      oldest.setNext(null); // a handle that is kept keeps nothing older alive; a sweeper ends here
      oldest = node;
      node = older;
    }
    if (last == null) {
      first = oldest;
    } else {
      last.after = oldest;
    }
    last = stack;
  }

  /** Signals what is composed from what is in the list; the list grows on the way. */
  private @Nullable ArrayDeque<Firing> signalAll(@Nullable ArrayDeque<Firing> todo) {
    ArrayDeque<Firing> later = todo;
    for (Dependent node = first; node != null; node = node.after) {
      if (node instanceof Dependent.Hook hook && !hook.isDead()) {
        OneShot further = hook.fired();
        Dependent stack = further == null ? OneShot.FIRED : further.take();
        if (further != null && stack != OneShot.FIRED) {
          further.onFired();
          if (hook.composes()) {
            if (stack != null) {
              append(stack);
            }
          } else {
            later = later == null ? new ArrayDeque<>() : later;
            later.add(consequence(further, stack));
          }
        }
      }
    }
    return later;
  }

  /** A pass of its own, also without dependents: it wakes. */
  private static Firing consequence(OneShot cause, @Nullable Dependent stack) {
    Firing consequence = new Firing(cause);
    if (stack != null) {
      consequence.append(stack);
    }
    return consequence;
  }

  private void wakeAll() {
    cause.onWake();
    for (Dependent node = first; node != null; node = node.after) {
      if (node instanceof Dependent.WaitLink link) {
        link.wake();
      } else if (node instanceof Dependent.Action) {
        hasActions = true;
      }
    }
  }

  private void runActions() {
    Surroundings apart = null;
    boolean known = false;
    Dependent node = first;
    first = null;
    last = null;
    while (node != null) {
      if (node instanceof Dependent.Action action) {
        if (!known) {
          apart = cause.detached();
          known = true;
        }
        if (apart != null) {
          Dependent behind = behindThoseOf(action.owner, action);
          startApart(apart, action, behind);
          node = behind;
          continue;
        }
        action.runOnce();
      }
      node = cutAfter(node);
    }
  }

  /** Walks on, and cuts the way: a handle that is kept keeps nothing newer alive either. */
  private static @Nullable Dependent cutAfter(Dependent node) {
    Dependent next = node.after;
    if (next != null) {
      node.after = null;
    }
    return next;
  }

  /** The actions of one signal stand together; returns the first of another one behind them. */
  private static @Nullable Dependent behindThoseOf(OneShot owner, Dependent from) {
    Dependent node = from;
    while (node != null && !(node instanceof Dependent.Action action && action.owner != owner)) {
      node = node.after;
    }
    return node;
  }

  private static void startApart(
      Surroundings apart, Dependent.Action action, @Nullable Dependent end) {
    Runnable all = () -> runUpTo(action, end);
    try {
      apart.time().startDetached("actions of " + action.owner, all);
    } catch (Throwable noThread) { // late is better than lost
      Log.error(
          "No thread could be started for the actions of \"" + action.owner + "\"; they run here.",
          noThread);
      all.run();
    }
  }

  private static void runUpTo(Dependent from, @Nullable Dependent end) {
    for (Dependent node = from; node != null && node != end; node = cutAfter(node)) {
      if (node instanceof Dependent.Action action) {
        action.runOnce();
      }
    }
  }
}
