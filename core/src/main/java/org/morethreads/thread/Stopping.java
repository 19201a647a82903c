package org.morethreads.thread;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.morethreads.internal.Dependent;
import org.morethreads.internal.Firing;
import org.morethreads.internal.OneShot;
import org.morethreads.internal.SchedulePoint;

/**
 * Tells threads to stop: descendants before ancestors, newest first, and none before those that
 * need it have stopped (H3, H4).
 */
final class Stopping {
  /*
   * One walk over the subtree, children before parents, each level newest first. A node is told at once unless a child of it is
   * still untold (because others need that child) or others need the node itself; then a Deferral hangs in what it waits for.
   * Children linked while the walk goes on are found when their parent is about to be told: markTold refuses as long as there are
   * such, and decides under the child lock, so that every child is either told first or born told.
   */
  private final Told stop;
  private final boolean now;

  /** The parent whose working children are collected, or null. */
  private final @Nullable Node ended;

  private final List<Node> cutShort = new ArrayList<>();

  private Stopping(Told stop, boolean now, @Nullable Node ended) {
    this.stop = stop;
    this.now = now;
    this.ended = ended;
  }

  /**
   * Tells a thread and all below it. Never blocks.
   *
   * @param now whether to tell the thread itself without waiting for those who need it
   */
  static void stop(Node top, StopReason reason, boolean now) {
    stop(top, reason, now, Long.MAX_VALUE);
  }

  /**
   * Tells a thread and all below it, which have a given time at most. Never blocks.
   *
   * @param within the time in nanoseconds
   */
  static void stop(Node top, StopReason reason, boolean now, long within) {
    if (top.isEnded() || (top.told() != null && top.childCount() == 0)) {
      return;
    }
    Told stop = newStop(top, reason, within);
    new Stopping(stop, now, null).walk(top, true);
    SchedulePoint.at("stop.watch");
    if (top.state() >= Node.STARTED) { // else the start looks whether it was told: see startsTold
      watch(top);
    }
  }

  /**
   * A thread is linked, is about to start, and has been told already. When that was before it was
   * linked, the time it has counts from now.
   */
  static void startsTold(Node node, boolean toldBefore) {
    Told told = node.told();
    if (toldBefore && told != null) {
      node.renewTold(
          newStop(
              node, told.reason(), Long.MAX_VALUE, stopOf(Objects.requireNonNull(node.parent))));
    }
    watch(node);
  }

  /**
   * Tells the children of a thread whose task has ended. Returns those that this found still
   * working.
   */
  static List<Node> stopChildren(Node parent, StopReason reason) {
    Told stop = newStop(parent, reason, Long.MAX_VALUE);
    parent.bearTold(stop);
    Stopping walk = new Stopping(stop, false, parent);
    walk.walk(parent, false);
    return walk.cutShort;
  }

  private static Told newStop(Node top, StopReason reason, long within) {
    Told before = stopOf(top);
    return newStop(
        top, reason, within, before != null || top.parent == null ? before : stopOf(top.parent));
  }

  /** A stop that begins now, as part of another if there is one. */
  private static Told newStop(Node top, StopReason reason, long within, @Nullable Told above) {
    long at = top.time().nanoTime();
    long limit = at + Math.min(within, nanos(top.policy().total()));
    if (above != null && above.limitNanos() - limit < 0) {
      limit = above.limitNanos();
    }
    return new Told(reason, at, top.time().now(), limit);
  }

  private static @Nullable Told stopOf(Node node) {
    Told told = node.told();
    return told == null ? node.request() : told;
  }

  static long nanos(java.time.Duration time) {
    return Math.min(TimeUnit.NANOSECONDS.convert(time), Long.MAX_VALUE / 2);
  }

  /** Tells a thread that was linked after its parent was told, and has not started yet. */
  static void tellBorn(Node child, Told parents) {
    Told stop =
        new Told(
            parents.reason(), child.time().nanoTime(), child.time().now(), parents.limitNanos());
    child.requestStop(stop);
    if (child.markToldAnyway(stop)) {
      Firing.fire(child.pleaseStop);
    }
  }

  /** Makes sure that somebody drives the stop of a running thread. */
  private static void watch(Node top) {
    boolean covered = top.parent != null && top.parent.told() != null;
    if (!covered && top.kind() != Node.Kind.ROOT && !top.isEnded()) {
      new StopWatch(top).schedule();
    }
  }

  /** A level of the walk. */
  private static final class Level {
    final Node node;
    Node[] children;
    int next;

    /** The start order of the newest child that this walk has seen. */
    long known;

    Level(Node node) {
      this.node = node;
      this.children = node.childrenBeyond(0);
      this.known = children.length == 0 ? 0 : children[0].order;
    }

    boolean refill() {
      children = node.childrenBeyond(known);
      next = 0;
      if (children.length == 0) {
        return false;
      }
      known = children[0].order;
      return true;
    }
  }

  private void walk(Node top, boolean includingTop) {
    ArrayDeque<Level> levels = new ArrayDeque<>();
    levels.push(new Level(top));
    while (true) {
      Level level = levels.element();
      if (level.next < level.children.length) {
        Node child = level.children[level.next++];
        if (!child.isEnded()) {
          levels.push(new Level(child));
        }
      } else if (levels.size() == 1 && !includingTop) {
        if (!level.refill()) {
          return;
        }
      } else if (arrive(level)) {
        levels.pop();
        if (levels.isEmpty()) {
          return;
        }
      } else if (!level.refill()) {
        SchedulePoint.at(
            "stop.again"); // told by somebody else, or the new children are gone: look again
      }
    }
  }

  /**
   * All known children of a node have been told or deferred. Answers false when there are new ones
   * to tell first.
   */
  private boolean arrive(Level level) {
    Node node = level.node;
    if (node.requestStop(stop) && ended != null && node.parent == ended && isWorking(node)) {
      cutShort.add(node);
    }
    if (node.told() != null) {
      return true;
    }
    Deferral deferral = now ? null : Deferral.of(node, stop);
    if (deferral != null) {
      deferral.hang();
      return true;
    }
    if (tellNow(node, level.known)) {
      return true;
    }
    return node.told() != null;
  }

  private boolean tellNow(Node node, long known) {
    SchedulePoint.at("stop.tell");
    if (!node.markTold(stop, known)) {
      return false;
    }
    Firing.fire(node.pleaseStop);
    return true;
  }

  private static boolean isWorking(Node node) {
    return node.state() >= Node.STARTED && node.state() < Node.CLOSING;
  }

  /** A node that is told when others have stopped, or have been told. */
  private static final class Deferral {
    private final Node node;
    private final Told request;
    private final List<Node> needers;
    private final List<Node> untoldChildren;

    /** What is still to come, and one for the hanging itself. */
    private final AtomicInteger left = new AtomicInteger(1);

    private Deferral(Node node, Told request, List<Node> needers, List<Node> untoldChildren) {
      this.node = node;
      this.request = request;
      this.needers = needers;
      this.untoldChildren = untoldChildren;
    }

    static @Nullable Deferral of(Node node, Told request) {
      List<Node> needers = List.of();
      Extras extras = node.extrasOrNull();
      if (extras != null) {
        needers =
            extras.needers.stream().filter(needer -> !Firing.isFired(needer.stopped)).toList();
      }
      List<Node> untold = List.of();
      Node[] children = node.childrenBeyond(0);
      for (Node child : children) {
        if (child.told() == null && child.request() != null && !child.isEnded()) {
          untold = untold.isEmpty() ? new ArrayList<>() : untold;
          untold.add(child);
        }
      }
      return needers.isEmpty() && untold.isEmpty()
          ? null
          : new Deferral(node, request, needers, untold);
    }

    void hang() {
      for (Node needer : needers) {
        hang(needer.stopped);
      }
      for (Node child : untoldChildren) {
        hang(child.pleaseStop, child.stopped); // told, or ended of itself before that
      }
      OneShot due = countDown();
      if (due != null) {
        Firing.fire(due);
      }
    }

    /** Counts the first of several signals. */
    private void hang(OneShot... signals) {
      left.incrementAndGet();
      AtomicBoolean counted = new AtomicBoolean();
      boolean gone = false;
      for (OneShot signal : signals) {
        gone |= !Firing.push(signal, new Step(this, counted));
      }
      if (gone && counted.compareAndSet(false, true)) {
        left.decrementAndGet(); // never the last: the hanging itself is counted
      }
    }

    /**
     * The end of the stop. Those needers that are stopped by it share its time; what was spent on
     * waiting for others does not count.
     */
    private long limitNow() {
      long limit = request.limitNanos();
      for (Node needer : needers) {
        Told its = needer.told();
        if (its == null || its.limitNanos() - request.limitNanos() > 0) {
          limit = request.limitNanos() + (node.time().nanoTime() - request.atNanos());
        }
      }
      for (Node child : untoldChildren) {
        Told its = child.told();
        if (its != null && its.limitNanos() - limit > 0) {
          limit = its.limitNanos();
        }
      }
      Told whole = stopOf(node.tree.root);
      return whole != null && whole.limitNanos() - limit < 0 ? whole.limitNanos() : limit;
    }

    /**
     * One less to wait for. At the end it answers the pleaseStop to fire, unless the node was told
     * in another way.
     */
    private @Nullable OneShot countDown() {
      if (left.decrementAndGet() > 0) {
        return null;
      }
      Told stop = new Told(request.reason(), node.time().nanoTime(), node.time().now(), limitNow());
      Stopping rest = new Stopping(stop, false, null);
      long known = 0;
      while (node.told() == null) {
        Node[] late = node.childrenBeyond(known);
        if (late.length > 0) {
          known = late[0].order;
          for (Node child : late) {
            if (child.told() == null && child.request() == null) {
              rest.walk(child, true);
            }
          }
        }
        if (node.markTold(stop, known) || (late.length == 0 && node.markToldAnyway(stop))) {
          return node.pleaseStop;
        }
      }
      return null;
    }
  }

  private static final class Step extends Dependent.Hook {
    private final Deferral deferral;
    private final AtomicBoolean counted;

    Step(Deferral deferral, AtomicBoolean counted) {
      this.deferral = deferral;
      this.counted = counted;
    }

    @Override
    protected @Nullable OneShot fired() {
      return counted.compareAndSet(false, true) ? deferral.countDown() : null;
    }

    @Override
    protected boolean composes() {
      return false;
    }
  }
}
