package org.morethreads.thread;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
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
   * still untold (because others need that child) or others need the node itself; then a Deferral hangs in what it waits for. The
   * walk does not go below a node that others need: what works for it is needed as well (but see waitForSomethingBelow).
   * Children linked while the walk goes on are found when their parent is about to be told: markTold refuses as long as there are
   * such, and decides under the child lock, so that every child is either told first or born told. When it has refused once,
   * children are born told: else a parent that goes on starting some would keep the walk going.
   */
  private final Told stop;

  /** The node that is told without waiting for those outside who need it or what is below it. */
  private final @Nullable Node now;

  /** The parent whose working children are collected, or null. */
  private final @Nullable Node ended;

  private final List<Node> cutShort = new ArrayList<>();

  /** How soon something is due to one of those that were told, in nanoseconds. */
  private long soonest = StopWatch.SECOND;

  private @Nullable StopPolicy lastPolicy;
  private int lastStages;

  private Stopping(Told stop, @Nullable Node now, @Nullable Node ended) {
    this.stop = stop;
    this.now = now;
    this.ended = ended;
  }

  /**
   * Tells a thread and all below it. Never blocks.
   *
   * @param now whether to tell it without waiting for those who need it, nor for those outside who
   *     need something below it; the order below it stays
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
    stop(top, newStop(top, reason, within), now);
  }

  /** Tells a scope and all below it, who are interrupted together with that. Never blocks. */
  static void stopAndInterrupt(Node scope, StopReason reason) {
    Told asking = newStop(scope, reason, Long.MAX_VALUE);
    Told stop = new Told(reason, asking.atNanos(), asking.at(), asking.limitNanos(), true);
    stop(scope, stop, /* now= */ false);
  }

  private static void stop(Node top, Told stop, boolean now) {
    if (top.isEnded()) {
      return;
    }
    if (top.told() != null && top.childCount() == 0) {
      finishTelling(top);
      return;
    }
    Stopping walk = new Stopping(stop, now ? top : null, null);
    walk.walk(top, true);
    SchedulePoint.at("stop.watch");
    if (top.state() >= Node.STARTED) { // else the start looks whether it was told: see startsTold
      watch(top, walk.soonest);
    }
  }

  /**
   * A thread is linked, is about to start, and has been told already. When that was before it was
   * linked, the time it has counts from now.
   */
  static void startsTold(Node node, boolean toldBefore) {
    Told told = node.told();
    if (toldBefore && told != null) {
      Told above = stopOf(Objects.requireNonNull(node.parent));
      node.renewTold(newStop(node, told.reason(), Long.MAX_VALUE, above));
    }
    watch(node, told == null ? StopWatch.SECOND : StopWatch.Due.of(node, told).first());
  }

  /**
   * Tells the children of a thread whose task has ended. Returns those that this found still
   * working.
   */
  static List<Node> stopChildren(Node parent, StopReason reason) {
    Told stop = newStop(parent, reason, Long.MAX_VALUE);
    parent.bearTold(stop);
    Stopping walk = new Stopping(stop, null, parent);
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
    return new Told(reason, at, top.time().now(), limit, above != null && above.interrupting());
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
            parents.reason(),
            child.time().nanoTime(),
            child.time().now(),
            parents.limitNanos(),
            parents.interrupting());
    child.markToldAnyway(stop);
    child.requestStop(stop); // afterwards: nobody may think that it waits for others
    Firing.fire(child.pleaseStop);
  }

  /**
   * Tells a thread that others still hold up when all the time is over.
   *
   * @param within the time that it has
   */
  static void tellAtTheEnd(Node node, StopReason reason, long within) {
    long at = node.time().nanoTime();
    Told stop = new Told(reason, at, node.time().now(), at + within, /* interrupting= */ false);
    node.requestStop(stop);
    if (node.markToldAnyway(stop)) {
      Firing.fire(node.pleaseStop);
    }
  }

  /**
   * Makes sure that somebody drives the stop of a running thread, once; and looks in time, when
   * something is due sooner than the next look of those who drive already.
   */
  private static void watch(Node top, long first) {
    boolean soon = first < StopWatch.SECOND;
    boolean covered = top.parent != null && top.parent.told() != null;
    if (top.kind() != Node.Kind.ROOT && !top.isEnded() && (soon || !covered)) {
      boolean unwatched = top.escalate(StopWatch.WATCHED);
      if (soon || unwatched) {
        new StopWatch(top).schedule(first);
      }
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
    if (includingTop && hold(top)) {
      return;
    }
    ArrayDeque<Level> levels = new ArrayDeque<>();
    if (includingTop) {
      request(top); // on the way down: who looks knows of the stop before those below are told
    }
    levels.push(new Level(top));
    while (true) {
      Level level = levels.element();
      if (level.next < level.children.length) {
        Node child = level.children[level.next++];
        if (!child.isEnded() && !hold(child)) {
          request(child);
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
   * Defers a node with all below it, if others need it and it has something below. Answers whether
   * it did.
   */
  private boolean hold(Node node) {
    if (node.told() != null || node.extrasOrNull() == null || node.childCount() == 0) {
      return false;
    }
    List<Node> needers = needersOf(node);
    if (needers.isEmpty() || waitForSomethingBelow(needers, node)) {
      return false;
    }
    request(node);
    defer(node, needers, List.of());
    return true;
  }

  /**
   * Has a node told when others have stopped or have been told. Once is enough for all stops that
   * wait for everybody who needs it: the first one's turn comes first, whatever the later ones
   * would wait for.
   */
  private void defer(Node node, List<Node> needers, List<Node> untold) {
    if (now != null) {
      new Deferral(node, stop, now, needers, untold).hang();
    } else if (node.escalate(StopWatch.DEFERRED)) {
      new Deferral(node, stop, null, needers, untold).hang();
    }
  }

  /** Whether a node has been told, or will be without waiting for others who need it. */
  static boolean isUnderWay(Node node) {
    if (node.told() != null) {
      return true;
    }
    if (node.request() == null) {
      return false;
    }
    Extras extras = node.extrasOrNull();
    return extras == null
        || extras.needers.stream().allMatch(needer -> Firing.isFired(needer.stopped));
  }

  /** Those that have not stopped yet, and that this stop waits for. */
  private List<Node> needersOf(Node node) {
    Extras extras = node.extrasOrNull();
    if (extras == null) {
      return List.of();
    }
    return extras.needers.stream()
        .filter(needer -> !Firing.isFired(needer.stopped))
        .filter(needer -> now == null || (node != now && isBelow(needer, now)))
        .toList();
  }

  private static boolean isBelow(Node node, Node top) {
    Node above = node.parent;
    while (above != null && above != top) {
      above = above.parent;
    }
    return above != null;
  }

  /**
   * Whether the end of needers waits for the end of anything below what they need, which then
   * cannot wait for theirs: a needer is below itself, or something below a needer is needed there.
   * Without such a hold everything waits only for what was started later, so that there is no
   * cycle; what is started after this look may make one, and is told at the end of the total.
   */
  private static boolean waitForSomethingBelow(List<Node> needers, Node needed) {
    Set<Node> seen = new HashSet<>();
    ArrayDeque<Node> todo = new ArrayDeque<>(needers);
    for (Node next = todo.poll(); next != null; next = todo.poll()) {
      todo.addAll(Arrays.asList(next.childrenBeyond(0)));
      for (Node above = next; above != null && seen.add(above); above = above.parent) {
        if (above == needed) {
          return true;
        }
        Extras extras = above.extrasOrNull(); // also those who need one above may hold it
        if (extras != null) {
          extras.needers.stream().filter(needer -> !needer.isEnded()).forEach(todo::add);
        }
      }
    }
    return false;
  }

  private void request(Node node) {
    if (node.requestStop(stop) && ended != null && node.parent == ended && isWorking(node)) {
      cutShort.add(node);
    }
  }

  /**
   * All known children of a node have been told or deferred. Answers false when there are new ones
   * to tell first.
   */
  private boolean arrive(Level level) {
    Node node = level.node;
    request(node);
    if (node.told() != null) {
      finishTelling(node);
      return true;
    }
    List<Node> needers = needersOf(node);
    List<Node> untold = untoldChildren(node);
    if (!needers.isEmpty() || !untold.isEmpty()) {
      defer(node, needers, untold);
      return true;
    }
    if (tellNow(node, level.known)) {
      return true;
    }
    node.bearTold(stop);
    if (node.told() == null) {
      return false;
    }
    finishTelling(node);
    return true;
  }

  /** Those that this stop or another one has asked, and that wait for others. */
  private static List<Node> untoldChildren(Node node) {
    List<Node> untold = List.of();
    for (Node child : node.childrenBeyond(0)) {
      if (!Firing.isFired(child.pleaseStop) && child.request() != null && !child.isEnded()) {
        untold = untold.isEmpty() ? new ArrayList<>() : untold;
        untold.add(child);
      }
    }
    return untold;
  }

  private boolean tellNow(Node node, long known) {
    SchedulePoint.at("stop.tell");
    if (!node.markTold(stop, known)) {
      return false;
    }
    Firing.fire(node.pleaseStop);
    if (node.policy() != lastPolicy || node.stages() != lastStages) {
      lastPolicy = node.policy();
      lastStages = node.stages();
      soonest = Math.min(soonest, StopWatch.Due.of(node, stop).first());
    }
    return true;
  }

  /**
   * Another stop has marked a node as told, and has perhaps not come so far as to fire its {@code
   * pleaseStop}. This does it, so that nobody above is told before, and no stop returns before.
   */
  private static void finishTelling(Node node) {
    if (!Firing.isFired(node.pleaseStop)) {
      Firing.fire(node.pleaseStop);
    }
  }

  private static boolean isWorking(Node node) {
    return node.state() >= Node.STARTED && node.state() < Node.CLOSING;
  }

  /** A node that is told when others have stopped, or have been told. */
  private static final class Deferral {
    private final Node node;
    private final Told request;
    private final @Nullable Node now;
    private final List<Node> needers;
    private final List<Node> untoldChildren;

    /** What is still to come, and one for the hanging itself. */
    private final AtomicInteger left = new AtomicInteger(1);

    Deferral(
        Node node,
        Told request,
        @Nullable Node now,
        List<Node> needers,
        List<Node> untoldChildren) {
      this.node = node;
      this.request = request;
      this.now = now;
      this.needers = needers;
      this.untoldChildren = untoldChildren;
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
      if (whole == null) {
        return limit;
      }
      if (node.time().nanoTime() - whole.limitNanos() >= 0) {
        return whole.limitNanos() + StopWatch.GRACE; // a chance to react, and no more
      }
      return whole.limitNanos() - limit < 0 ? whole.limitNanos() : limit;
    }

    /**
     * One less to wait for. At the end it answers the pleaseStop to fire, unless the node was told
     * in another way, or waits for children that could not be told before.
     */
    private @Nullable OneShot countDown() {
      if (left.decrementAndGet() > 0) {
        return null;
      }
      while (true) {
        try {
          return tell();
        } catch (OutOfMemoryError full) {
          Node.letOthersRun(); // ends, since memory comes back: nobody else would tell the node
        }
      }
    }

    private @Nullable OneShot tell() {
      Told stop =
          new Told(
              request.reason(),
              node.time().nanoTime(),
              node.time().now(),
              limitNow(),
              request.interrupting());
      Stopping rest = new Stopping(stop, now, null);
      long known = 0;
      while (node.told() == null) {
        Node[] late = node.childrenBeyond(known);
        if (late.length > 0) {
          known = late[0].order;
          for (Node child : late) {
            if (child.told() != null) {
              finishTelling(child);
            } else if (child.request() == null) {
              rest.walk(child, true);
            }
          }
          List<Node> untold = untoldChildren(node);
          if (!untold.isEmpty()) {
            new Deferral(node, stop, now, List.of(), untold).hang();
            return null;
          }
        }
        if (node.markTold(stop, known) || (late.length == 0 && node.markToldAnyway(stop))) {
          watchLate(rest, stop);
          return node.pleaseStop;
        }
        node.bearTold(stop);
      }
      return null;
    }

    /** What was told apart from the rest may be due sooner than the watch above looks. */
    private void watchLate(Stopping rest, Told stop) {
      long first = Math.min(rest.soonest, StopWatch.Due.of(node, stop).first());
      if (node.state() >= Node.STARTED) {
        watch(node, first);
      }
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
