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
   * A node's escalation: bits for what was done to it, and a count of the reports about it, each written by CAS.
   */
  static final int INTERRUPTED = 1;
  static final int EXITING = 1 << 1;

  /** The interrupt has been delivered: by the watch, or by the thread itself if it began later. */
  static final int DELIVERED = 1 << 2;

  private static final int REPORTS_SHIFT = 8;

  private static final long SECOND = 1_000_000_000;
  private static final long MILLISECOND = 1_000_000;

  /**
   * How long a thread that waits for its children has, beyond them, before it is abandoned itself.
   */
  private static final long GRACE = 250 * MILLISECOND;

  private static final int MOST_REPORTED = 10;
  private static final int MOST_FRAMES = 16;

  private final Node top;
  private List<Node> late = new ArrayList<>();
  private int lateCount;
  private volatile Time.@Nullable Scheduled timer;
  private StringBuilder abandoned = new StringBuilder();
  private int abandonedCount;

  StopWatch(Node top) {
    this.top = top;
  }

  @Override
  public String toString() {
    return "the children of thread \"" + top + "\"";
  }

  // ---- on the timer, for a thread that was told while its task runs

  void schedule() {
    Extras its = top.extras();
    schedule(Math.min(SECOND, Stopping.nanos(top.policy().ask())));
    Time.Scheduled all = this::cancel;
    its.keep(all);
  }

  private void schedule(long delay) {
    timer =
        top.time().schedule(delay, () -> top.time().startDriver("stop watch", this::stepAndGoOn));
    if (top.isEnded()) {
      cancel();
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
      long next = step();
      if (!top.isEnded()) {
        schedule(next);
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
      Told request = node.request();
      return request == null ? now + SECOND : reportIfDue(node, request, now);
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
    long limit = limitOf(node, told);
    long share = (limit - told.atNanos()) / stagesFrom(node, 0);
    long ask = Stopping.nanos(node.policy().ask());
    long both = ask + Stopping.nanos(node.policy().interrupt());
    if (both > share) {
      ask = both == 0 ? 0 : (long) ((double) share * ask / both);
      both = share;
    }
    long interruptAt = told.atNanos() + ask;
    long abandonAt = told.atNanos() + both;
    long due = reportIfDue(node, told, now);
    if (JvmShutdown.isExiting()) {
      due = Math.min(due, now + 50 * MILLISECOND); // it may be about to call System.exit
    }
    if (now - abandonAt >= 0) {
      long pause = Math.min(GRACE, both - ask);
      if (interrupt(node) && pause > 0) {
        return now + pause; // this look comes late: it is given the chance all the same
      }
      if (now - limit < 0 && node.childCount() > 0) {
        return now + GRACE;
      }
      abandon(node, told, now);
      return now + GRACE;
    }
    if (now - interruptAt >= 0) {
      boolean _ = interrupt(node);
      return earlier(due, abandonAt);
    }
    return earlier(due, mayInterrupt(node) ? interruptAt : abandonAt);
  }

  private static long earlier(long one, long other) {
    return one - other <= 0 ? one : other;
  }

  /**
   * The task has ended, or will never return: the thread waits for its children, or runs actions on
   * its stopped signal.
   */
  private long examineClosing(Node node, Told told, long now) {
    if (node.hasStep(EXITING) && node.closeIfEmpty()) {
      node.complete(new Outcome.Exited<>());
    } else if (now - limitOf(node, told) >= 0) {
      abandon(node, told, now);
      return now + GRACE;
    }
    return earlier(now + SECOND, limitOf(node, told));
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

  /** How many stages the stop still has from a node on: itself, and those that it needs. */
  private static int stagesFrom(Node node, int depth) {
    int most = 0;
    if (depth < 100) { // no cycles by construction; a bound on the work all the same
      for (ManagedThread<?> needed : node.options.needs) {
        most = Math.max(most, stagesFrom(needed.node, depth + 1));
      }
    }
    return most + 1;
  }

  private static boolean mayInterrupt(Node node) {
    return node.policy().interrupts() && node.kind() != Node.Kind.ADOPTED;
  }

  /** Interrupts a thread, once; answers whether this was the time. */
  private static boolean interrupt(Node node) {
    if (mayInterrupt(node) && node.escalate(INTERRUPTED)) {
      node.interruptTask();
      return true;
    }
    return false;
  }

  private void abandon(Node node, Told told, long now) {
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

  private long reportIfDue(Node node, Told since, long now) {
    int seen = node.escalation;
    int reports = seen >>> REPORTS_SHIFT;
    long due = since.atNanos() + (SECOND << Math.min(reports, 30));
    if (now - due < 0) {
      return due;
    }
    if (node.escalate(seen, seen + (1 << REPORTS_SHIFT))) {
      lateCount++;
      if (late.size() < MOST_REPORTED) {
        late.add(node);
      }
    }
    return since.atNanos() + (SECOND << Math.min(reports + 1, 30));
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
              + andMore(abandonedCount));
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
    top.tree.reports.say(text + andMore(lateCount));
  }

  static String andMore(int count) {
    return count > MOST_REPORTED ? "\n  and " + (count - MOST_REPORTED) + " more" : "";
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
      text.append(" since it is needed by ").append(Node.names(livingNeeders(node)));
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
