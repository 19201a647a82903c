package org.morethreads.thread;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.morethreads.internal.Time;

/**
 * What becomes of a failure (H7): whoever joins the thread claims it; {@code release} sends it to
 * the log; otherwise it is logged when the parent ends, or after 60 s, and becomes part of the
 * parent's outcome. Of those from one line, ten a minute and tree are logged with their stacks, the
 * others without.
 */
final class Failures {
  /** So many failures of children become part of an outcome; of more than that there is a count. */
  static final int MOST = 16;

  /**
   * So many of one parent's children may wait for a joiner; of more than that each is logged at
   * once.
   */
  private static final int MOST_WAITING = 1_000;

  private static final long LOGGED_AFTER = Duration.ofSeconds(60).toNanos();

  private Failures() {}

  /** A failure that waits to be claimed. UNCLAIMED -> CLAIMED, UNCLAIMED -> LOGGED -> CLAIMED. */
  static final class Unclaimed {
    private static final int UNCLAIMED = 0;
    private static final int LOGGED = 1;
    private static final int CLAIMED = 2;

    final Node child;
    final Throwable failure;
    private final AtomicInteger state = new AtomicInteger();
    private volatile Time.@Nullable Scheduled timer;

    /** Whether this was taken out since it is logged and later than the first {@link #MOST}. */
    private final AtomicBoolean onlyCounted = new AtomicBoolean();

    Unclaimed(Node child, Throwable failure) {
      this.child = child;
      this.failure = failure;
    }

    /** Answers false when somebody has claimed it before. */
    private boolean logOnce(String why) {
      if (state.compareAndSet(UNCLAIMED, LOGGED)) {
        child.report("Thread \"" + child + "\" failed, and " + why + ".", failure);
        return true;
      }
      return state.get() == LOGGED;
    }

    private void claim() {
      state.set(CLAIMED);
      Time.Scheduled pending = timer;
      if (pending != null) {
        pending.cancel();
      }
    }
  }

  /** A child has failed; its outcome is recorded, but nobody has been told. */
  static void offer(Node parent, Node child, Throwable failure) {
    Extras its = child.extras();
    if (its.claimed) {
      return;
    }
    if (its.released) {
      child.report("Released thread \"" + child + "\" failed.", failure);
      return;
    }
    Unclaimed entry = new Unclaimed(child, failure);
    if (failure instanceof ThreadFailedException derived
        && derived.threadPath().equals(child.describe())) {
      entry.state.set(Unclaimed.LOGGED); // made of failures of its children, which are in the log
    }
    its.failure = entry;
    Extras above = parent.extras();
    above.unclaimed.put(child.order, entry);
    if (above.unclaimedCount.incrementAndGet() > MOST_WAITING) {
      boolean _ = entry.logOnce("too many of its siblings have and wait to be joined");
      onlyCount(above, entry);
      return;
    }
    if (its.released) { // in between: of the two, who takes the entry out logs it
      logReleased(child, its);
      return;
    }
    entry.timer =
        parent
            .time()
            .schedule(
                LOGGED_AFTER,
                () ->
                    parent
                        .time()
                        .startDetached(
                            "unclaimed failure",
                            () -> {
                              boolean _ = entry.logOnce("nobody has joined it for 60 s");
                              onlyCount(above, entry);
                            }));
    if (entry.state.get() == Unclaimed.CLAIMED) {
      entry.claim();
    }
  }

  /** A failure that is in the log is kept only if it is one of the first. */
  private static void onlyCount(Extras above, Unclaimed entry) {
    Long order = entry.child.order;
    if (above.unclaimed.headMap(order).keySet().stream().limit(MOST).count() < MOST) {
      return;
    }
    if (above.unclaimed.remove(order, entry)) {
      above.unclaimedCount.decrementAndGet();
      above.furtherFailures.incrementAndGet();
      entry.onlyCounted.set(true);
    }
  }

  /** Somebody has received the failure of a thread. */
  static void claim(Node child) {
    Extras its = child.extras();
    its.claimed = true;
    Unclaimed entry = its.failure;
    if (entry != null) {
      entry.claim();
      if (!takeOut(child, entry) && entry.onlyCounted.compareAndSet(true, false)) {
        Objects.requireNonNull(child.parent)
            .extras()
            .furtherFailures
            .updateAndGet(count -> Math.max(0, count - 1)); // of a scope it may be counted already
      }
    }
  }

  private static boolean takeOut(Node child, Unclaimed entry) {
    Extras above = Objects.requireNonNull(child.parent).extrasOrNull();
    if (above == null || !above.unclaimed.remove(child.order, entry)) {
      return false;
    }
    above.unclaimedCount.decrementAndGet();
    return true;
  }

  /** Nobody will join a thread: what it fails with goes to the log, at once. */
  static void release(Node child) {
    Extras its = child.extras();
    its.released = true;
    if (!its.claimed) {
      logReleased(child, its);
    }
  }

  /** Of several, the one who takes the entry out logs it; the parent's end logs what it takes. */
  private static void logReleased(Node child, Extras its) {
    Unclaimed entry = its.failure;
    if (entry != null && takeOut(child, entry)) {
      boolean unknown = entry.state.compareAndSet(Unclaimed.UNCLAIMED, Unclaimed.LOGGED);
      entry.claim();
      if (unknown) {
        child.report("Released thread \"" + child + "\" failed.", entry.failure);
      }
    }
  }

  /** The failures of children that nobody has claimed yet, in start order. */
  static List<Throwable> of(Node parent) {
    Extras its = parent.extrasOrNull();
    List<Throwable> failures = new ArrayList<>();
    if (its != null) {
      its.unclaimed.values().stream().limit(MOST).forEach(entry -> failures.add(entry.failure));
    }
    return failures;
  }

  /**
   * Failures of a scope's children that nobody had claimed.
   *
   * @param first the first {@link #MOST} of them, in start order
   * @param count how many there are, with those that are only in the log
   */
  record Taken(List<Throwable> first, int count) {}

  /**
   * Takes the failures of a scope's children that nobody has claimed; the scope throws them. Those
   * after the first {@link #MOST} go to the log.
   */
  static Taken takeAll(Node scope) {
    List<Throwable> first = new ArrayList<>();
    Extras its = scope.extras();
    int count = its.furtherFailures.getAndSet(0);
    for (Map.Entry<Long, Unclaimed> next = its.unclaimed.pollFirstEntry();
        next != null;
        next = its.unclaimed.pollFirstEntry()) {
      its.unclaimedCount.decrementAndGet();
      Unclaimed entry = next.getValue();
      if (entry.state.get() != Unclaimed.CLAIMED) {
        count++;
        if (first.size() < MOST) {
          first.add(entry.failure);
        } else {
          entry.logOnce("its scope throws the first " + MOST + " failures only");
        }
        entry.claim();
      }
    }
    return new Taken(first, count);
  }

  /**
   * Adds the unclaimed failures of the children to a thread's own outcome, and logs those that were
   * not.
   */
  static Outcome<?> withChildren(Node parent, Outcome<?> own) {
    Extras its = parent.extrasOrNull();
    if (its == null) {
      return own;
    }
    List<Unclaimed> entries = new ArrayList<>();
    for (Map.Entry<Long, Unclaimed> next = its.unclaimed.pollFirstEntry();
        next != null;
        next = its.unclaimed.pollFirstEntry()) {
      Unclaimed entry = next.getValue();
      if (entry.logOnce("nobody has joined it before its parent ended")) {
        entry.claim();
        entries.add(entry);
      }
    }
    int further = its.furtherFailures.get() + Math.max(0, entries.size() - MOST);
    entries = entries.subList(0, Math.min(MOST, entries.size()));
    if (entries.isEmpty()) {
      return own;
    }
    if (own instanceof Outcome.Failed<?>(Throwable failure)) {
      for (Unclaimed entry : entries) {
        boolean _ = suppress(failure, entry.failure); // is in the log in any case
      }
      return own;
    }
    Unclaimed first = entries.getFirst();
    int count = entries.size() + further;
    String path = parent.describe();
    ThreadFailedException failure =
        new ThreadFailedException(
            path,
            "Thread \""
                + path
                + "\" is held to have failed, since "
                + (count == 1 ? "its child" : count + " of its children, first")
                + " \""
                + first.child.ownName()
                + "\" failed and nobody joined "
                + (count == 1 ? "it" : "them")
                + ": "
                + words(first.failure),
            first.failure);
    for (Unclaimed entry : entries.subList(1, entries.size())) {
      boolean _ = suppress(failure, entry.failure);
    }
    return new Outcome.Failed<>(failure);
  }

  /** A failure in words; those of the user's classes may fail themselves. */
  static String words(Throwable failure) {
    try {
      return failure.toString();
    } catch (Throwable broken) {
      return failure.getClass().getName() + ", which cannot say more";
    }
  }

  /**
   * Whether something holds for an exception and for all that is suppressed in it, by resources
   * that could not be closed, say. Causes are part of what they caused; but an exception by which
   * waits end may be the cause of another, and have some suppressed.
   */
  static boolean allOf(Throwable thrown, Predicate<Throwable> condition) {
    Set<Throwable> seen = Collections.newSetFromMap(new IdentityHashMap<>()); // may be in circles
    ArrayDeque<Throwable> todo = new ArrayDeque<>();
    todo.add(thrown);
    for (Throwable next = todo.poll(); next != null; next = todo.poll()) {
      if (!condition.test(next)) {
        return false;
      }
      if (seen.add(next)) {
        todo.addAll(Arrays.asList(next.getSuppressed()));
        Throwable cause = next.getCause();
        if (cause != null && Node.isEndOfAWait(cause)) {
          todo.add(cause);
        }
      }
    }
    return true;
  }

  /**
   * Suppresses one failure under another; answers false if that takes none, as those of the JVM for
   * a full heap and those made so by their class.
   */
  static boolean suppress(Throwable failure, Throwable further) {
    if (failure == further) {
      return true;
    }
    failure.addSuppressed(further);
    Throwable[] taken = failure.getSuppressed();
    for (int i = taken.length - 1; i >= 0; i--) { // others may have added to it meanwhile
      if (taken[i] == further) {
        return true;
      }
    }
    return false;
  }
}
