package org.morethreads.thread;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.morethreads.internal.Time;

/**
 * Drives a stop to its end (H5, H6): reports who is waited for after 1 s and then at doubling
 * intervals, interrupts, abandons. Several may watch the same nodes: how far a node has been taken
 * is recorded in the node.
 */
final class StopWatch {
  /*
   * A node's escalation: bits for what was done to it, and two counts of the reports about it, each written by CAS.
   */
  static final int INTERRUPTED = 1;
  static final int EXITING = 1 << 1;

  /** The node has a watch of its own, which goes on until it ends. */
  static final int WATCHED = 1 << 2;

  /** A look has found that the time of a thread that waits for its children is over. */
  static final int OVERDUE = 1 << 3;

  /** The interrupt has been delivered: by the watch, or by the thread itself if it began later. */
  static final int DELIVERED = 1 << 4;

  /**
   * The node waits for others before it is told: a later stop that waits for them too has nothing
   * to add.
   */
  static final int DEFERRED = 1 << 5;

  /** Where the counts are: of the reports since it was told, and of those before that. */
  private static final int REPORTS_TOLD = 8;

  private static final int REPORTS_UNTOLD = 16;
  private static final int REPORTS_MASK = 0xff;

  static final long SECOND = 1_000_000_000;
  private static final long MILLISECOND = 1_000_000;

  /**
   * How long a thread that waits for its children has, beyond them, before it is abandoned itself;
   * and one that was interrupted, when that came late.
   */
  static final long GRACE = 250 * MILLISECOND;

  private static final int MOST_REPORTED = 10;
  private static final int MOST_FRAMES = 16;

  /** How long after the thread that waits a watch looks that is there in case that it cannot. */
  static final long BEHIND = 100 * MILLISECOND;

  private final Node top;

  /** How long after something is due it looks on the timer, in nanoseconds. */
  private final long behind;

  private List<Node> late = new ArrayList<>();
  private int lateCount;
  private volatile Time.@Nullable Scheduled timer;
  private StringBuilder abandoned = new StringBuilder();
  private int abandonedCount;

  /** Who is to be interrupted at the end of this look; or of the next, when memory runs out. */
  private final List<Node> toInterrupt = new ArrayList<>();

  StopWatch(Node top) {
    this(top, 0);
  }

  StopWatch(Node top, long behind) {
    this.top = top;
    this.behind = behind;
  }

  @Override
  public String toString() {
    return "the children of thread \"" + top + "\"";
  }

  // ---- on the timer, for a thread that was told while its task runs

  /** Begins, with a first look after a time in nanoseconds. */
  void schedule(long first) {
    Extras its = top.extras();
    scheduleNext(first + behind);
    Time.Scheduled all = this::cancel;
    its.keep(all);
  }

  private void scheduleNext(long delay) {
    timer = top.time().schedule(delay, this::startLook);
    if (top.isEnded()) {
      cancel();
    }
  }

  private void startLook() {
    try {
      top.time().startDriver("stop watch", this::stepAndGoOn);
    } catch (OutOfMemoryError noThread) {
      scheduleNext(GRACE); // perhaps there is one then
    }
  }

  private void cancel() {
    Time.Scheduled pending = timer;
    if (pending != null) {
      pending.cancel();
    }
  }

  private void stepAndGoOn() {
    if (!top.isEnded()) {
      long next = GRACE; // when memory runs out in this look
      try {
        next = step();
      } finally {
        if (!top.isEnded()) {
          scheduleNext(next + behind);
        }
      }
    }
  }

  // ---- one look at everybody

  /**
   * Does what is due to every node below the top, and to the top itself unless its own thread waits
   * here.
   *
   * @return how long until something is due again, in nanoseconds
   */
  long step() {
    long now = top.time().nanoTime();
    long next = now + SECOND;
    late = new ArrayList<>();
    lateCount = 0;
    abandoned = new StringBuilder();
    abandonedCount = 0;
    ArrayDeque<Level> levels = new ArrayDeque<>();
    levels.push(new Level(top));
    while (!levels.isEmpty()) {
      Level level = levels.element();
      if (level.next < level.children.length) {
        levels.push(new Level(level.children[level.next++]));
      } else {
        levels.pop();
        if (level.node != top || !top.isOf(Thread.currentThread())) {
          next = earlier(next, examine(level.node, now));
        }
      }
    }
    if (!toInterrupt.isEmpty()) {
      Interrupts.start(top, toInterrupt);
      toInterrupt.clear();
    }
    report(now);
    return Math.max(MILLISECOND, next - now);
  }

  /**
   * A level of the walk, which goes depth first, children before parents, so that abandoning goes
   * bottom-up.
   */
  private static final class Level {
    final Node node;
    final Node[] children;
    int next;

    Level(Node node) {
      this.node = node;
      this.children = node.childrenBeyond(0);
    }
  }

  /** Does what is due to one node; answers when something is due again. */
  private long examine(Node node, long now) {
    if (node.isEnded() || node.kind() == Node.Kind.ROOT) {
      return now + SECOND;
    }
    Told told = node.told();
    if (told == null) {
      return examineUntold(node, now);
    }
    if (node.state() >= Node.CLOSING) {
      return examineClosing(node, told, now);
    }
    if (node.hasLeftWithoutSaying()) {
      return giveUp(node, told, now);
    }
    if (JvmShutdown.isExiting() && sitsInExit(node)) {
      node.markExiting();
      return examineClosing(node, told, now);
    }
    Due due = Due.of(node, told);
    long next = now + SECOND;
    if (JvmShutdown.isExiting()) {
      next = now + 50 * MILLISECOND; // it may be about to call System.exit
    }
    if (now - due.interruptAt() >= 0) {
      interrupt(node, now);
      long abandonAt = afterItsChances(node, due);
      if (!mayAbandon(node)) {
        next = later(next, abandonAt);
      } else if (now - abandonAt >= 0) {
        abandon(node, told, now);
        next = earlier(next, now + GRACE); // for one that waits for its children yet
      } else {
        next = earlier(next, abandonAt);
      }
    } else {
      next = earlier(next, mayInterrupt(node) ? due.interruptAt() : due.abandonAt());
    }
    return node.isEnded() ? next : earlier(next, reportIfDue(node, told, now, REPORTS_TOLD));
  }

  /** It waits for others to stop before; at the latest it is told when all time is over. */
  private long examineUntold(Node node, long now) {
    Told whole = node.tree.root.request();
    if (whole != null && now - whole.limitNanos() >= 0) {
      Stopping.tellAtTheEnd(node, whole.reason(), GRACE);
      return now;
    }
    Told request = node.request();
    long next = request == null ? now + SECOND : reportIfDue(node, request, now, REPORTS_UNTOLD);
    return whole == null ? next : earlier(next, whole.limitNanos());
  }

  /**
   * When something is due to a node, by the monotonic clock.
   *
   * @param told when it was told
   * @param interruptAt when it is interrupted
   * @param abandonAt when it is abandoned
   * @param limit the end of the stop for it
   */
  record Due(long told, long interruptAt, long abandonAt, long limit) {
    static Due of(Node node, Told told) {
      long limit = limitOf(node, told);
      long share = Math.max(0, limit - told.atNanos()) / node.stages();
      boolean atOnce = told.interrupting() && node.policy().interrupts();
      long ask = atOnce ? 0 : Stopping.nanos(node.policy().ask());
      long both = ask + Stopping.nanos(node.policy().interrupt());
      if (both > share) {
        ask = both == 0 ? 0 : (long) ((double) share * ask / both);
        both = share;
      }
      long at = told.atNanos();
      return new Due(at, at + ask, at + both, limit);
    }

    /** {@return after what time something is due first} */
    long first() {
      return interruptAt - told;
    }
  }

  /**
   * When a node is abandoned, if it was interrupted late or its last child has gone late: it is
   * given the chance to react to that all the same.
   */
  private static long afterItsChances(Node node, Due due) {
    long at = node.chanceAfterChildren(GRACE, due.abandonAt(), due.limit());
    at = later(at, due.abandonAt());
    if (node.hasStep(INTERRUPTED)) {
      long chance = Math.min(GRACE, due.abandonAt() - due.interruptAt());
      at = later(at, node.extras().interruptedAt + chance);
    }
    return at;
  }

  private static long later(long one, long other) {
    return one - other >= 0 ? one : other;
  }

  private static long earlier(long one, long other) {
    return one - other <= 0 ? one : other;
  }

  /**
   * The task has ended, or will never return: the thread waits for its children, or runs actions on
   * its stopped signal.
   */
  private long examineClosing(Node node, Told told, long now) {
    long limit = limitOf(node, told);
    if (node.hasStep(EXITING) && node.closeIfEmpty()) {
      node.complete(new Outcome.Exited<>());
    } else if (now - limit >= 0) {
      Extras its = node.extras();
      if (!node.hasStep(OVERDUE)) {
        its.overdueAt = now; // before the bit: who sees that, sees the time
        boolean _ = node.escalate(OVERDUE);
      }
      // its children are given up now, and it can end, if somebody lets it run
      long end = its.overdueAt + GRACE;
      end = later(end, node.chanceAfterChildren(GRACE, end, end));
      if (now - end < 0) {
        return end;
      }
      abandon(node, told, now);
      return now + GRACE;
    }
    return earlier(now + SECOND, limit);
  }

  /** The end of the stop for one node, whose own policy may shorten it. */
  private static long limitOf(Node node, Told told) {
    return earlier(told.limitNanos(), told.atNanos() + Stopping.nanos(node.policy().total()));
  }

  /** An adopted thread has ended, and will never close its adoption. */
  private long giveUp(Node node, Told told, long now) {
    if (node.closeIfEmpty() && node.complete(new Outcome.Abandoned<>(told.reason()))) {
      node.tree.reports.say(
          "Thread \""
              + node
              + "\" has ended without closing its adoption; use try (var adoption = ManagedThread.adopt()) { … }");
    }
    return now + GRACE;
  }

  private static boolean mayInterrupt(Node node) {
    return node.policy().interrupts()
        && node.kind() != Node.Kind.ADOPTED
        && node.kind() != Node.Kind.SCOPE; // who stops it has seen to that
  }

  /** A scope is given up only if its owner is being stopped, who cannot be given up before it. */
  private static boolean mayAbandon(Node node) {
    Node owner = node;
    while (owner.kind() == Node.Kind.SCOPE && owner.parent != null) {
      owner = owner.parent;
    }
    return owner == node || owner.told() != null;
  }

  /** Has a thread interrupted, once. */
  private void interrupt(Node node, long now) {
    if (mayInterrupt(node) && !node.hasStep(INTERRUPTED)) {
      toInterrupt.add(node); // before the bit: there may be no memory for it
      node.extras().interruptedAt = now; // before the bit: who sees that, sees the time
      boolean _ = node.escalate(INTERRUPTED);
    }
  }

  private void abandon(Node node, Told told, long now) {
    if (now - limitOf(node, told) >= 0) {
      node.refuseChildren(); // one that goes on starting some would never be without
    }
    if (node.closeIfEmpty() && node.complete(new Outcome.Abandoned<>(told.reason()))) {
      if (++abandonedCount <= MOST_REPORTED) {
        describe(node, now, abandoned);
      }
    }
  }

  private static boolean sitsInExit(Node node) {
    Thread thread = node.thread();
    return thread != null && JvmThreads.sitsInExit(thread);
  }

  // ---- reports

  /** Counts from when the node was told, or was asked: to be told is progress. */
  private long reportIfDue(Node node, Told since, long now, int shift) {
    int seen = node.escalation;
    int reports = Math.min((seen >>> shift) & REPORTS_MASK, 30);
    long due = since.atNanos() + (SECOND << reports);
    if (now - due < 0) {
      return due;
    }
    int missed = reports;
    while (missed < 30 && now - (since.atNanos() + (SECOND << missed)) >= 0) {
      missed++; // a look that comes late makes up for none
    }
    if (node.escalate(seen, seen + ((missed - reports) << shift))) {
      Observers.overdue(node, now - since.atNanos());
      lateCount++;
      if (late.size() < MOST_REPORTED) {
        late.add(node);
      }
    }
    return since.atNanos() + (SECOND << missed);
  }

  private void report(long now) {
    if (abandonedCount > 0) {
      top.tree.reports.say(
          "Abandoned "
              + (abandonedCount == 1 ? "a thread that has" : abandonedCount + " threads that have")
              + " not ended in time; nobody waits for "
              + (abandonedCount == 1 ? "it" : "them")
              + " any more:"
              + abandoned
              + andMore(abandonedCount - MOST_REPORTED));
    }
    lateCount -= late.size();
    late.removeIf(Node::isEnded); // given up in this very look
    lateCount += late.size();
    if (late.isEmpty()) {
      return;
    }
    StringBuilder text = new StringBuilder("The stop of \"").append(top).append("\" waits for");
    for (Node node : late) {
      describe(node, now, text);
    }
    text.append(andMore(lateCount - late.size()));
    for (List<Deadlocks.Link> cycle : TreeDump.deadlocks(top.tree)) {
      text.append('\n').append(Deadlocks.words(cycle).stripTrailing());
    }
    top.tree.reports.say(text.toString());
  }

  /** What is added for those that are not named, if there are any. */
  static String andMore(int count) {
    return count > 0 ? "\n  and " + count + " more" : "";
  }

  private static void describe(Node node, long now, StringBuilder text) {
    text.append("\n  \"").append(node).append("\"");
    Told told = node.told();
    Told request = node.request();
    if (told != null) {
      text.append(", told ").append(Node.seconds(now - told.atNanos())).append(" ago: ");
      text.append(told.reason());
    } else if (request != null) {
      text.append(", asked ")
          .append(Node.seconds(now - request.atNanos()))
          .append(" ago and not told yet,");
      List<Node> needers = livingNeeders(node);
      text.append(
          needers.isEmpty()
              ? " since something below it waits for others"
              : " since it is needed by " + Node.names(needers));
    }
    if (node.hasStep(INTERRUPTED)) {
      text.append("; interrupted");
    }
    Thread thread = node.thread();
    if (thread != null) {
      text.append("; ").append(BlockedOn.describe(thread));
    }
    Extras extras = node.extrasOrNull();
    int hurriedTills = extras == null ? 0 : extras.hurriedTills;
    if (hurriedTills > 100) {
      text.append("; has made ")
          .append(hurriedTills)
          .append(" tills since, which go at once: does its loop look at pleaseStop?");
    }
    if (node.parent != null) {
      text.append("; waited for by \"").append(node.parent).append('"');
    }
    text.append(stack(thread));
  }

  private static List<Node> livingNeeders(Node node) {
    Extras extras = node.extrasOrNull();
    return extras == null
        ? List.of()
        : extras.needers.stream().filter(needer -> !needer.isEnded()).toList();
  }

  static String stack(@Nullable Thread thread) {
    StringBuilder text = new StringBuilder();
    if (thread != null) {
      StackTraceElement[] frames = thread.getStackTrace();
      Arrays.stream(frames)
          .limit(MOST_FRAMES)
          .forEach(frame -> text.append("\n      at ").append(frame));
      if (frames.length > MOST_FRAMES) {
        text.append("\n      ... ").append(frames.length - MOST_FRAMES).append(" more");
      }
    }
    return text.toString();
  }

  /** What a thread is blocked on, in words. */
  static final class BlockedOn {
    private BlockedOn() {}

    static String describe(Thread thread) {
      Object blocker = LockSupport.getBlocker(thread);
      String state = thread.getState().toString();
      return blocker == null ? state : state + " on " + words(blocker);
    }

    static String words(Object blocker) {
      String name = blocker.getClass().getName();
      return name.startsWith("org.morethreads.") ? blocker.toString() : name;
    }
  }
}
