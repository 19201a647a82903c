package org.morethreads.thread;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.morethreads.sync.Lock;
import org.morethreads.sync.Signal;
import org.morethreads.sync.Waiting;

/**
 * Writes a tree as text (H14). Takes no stacks, so that a million threads can be written; cycles of
 * waiting are named.
 */
final class TreeDump {
  private static final int DEEPEST_INDENT = 40;

  private final ThreadTree tree;
  private final long now;

  /** For a thread that waits for another: that other. */
  private final Map<Node, Node> waitsFor = new HashMap<>();

  private final Map<Thread, Optional<Node>> owners = new HashMap<>();

  TreeDump(ThreadTree tree) {
    this.tree = tree;
    this.now = tree.time.nanoTime();
  }

  private record Line(Node node, int depth) {}

  void write(Appendable out) throws IOException {
    ArrayDeque<Line> todo = new ArrayDeque<>();
    todo.push(new Line(tree.root, 0));
    while (!todo.isEmpty()) {
      Line line = todo.pop();
      out.append("  ".repeat(Math.min(line.depth(), DEEPEST_INDENT)));
      write(line.node(), line.node().ownName(), out);
      for (Node child :
          line.node().childrenBeyond(0)) { // newest first, so that the oldest is on top
        todo.push(new Line(child, line.depth() + 1));
      }
    }
    for (Node abandoned : tree.abandonedAlive()) {
      out.append("abandoned, still running: ");
      write(abandoned, abandoned.describe(), out);
    }
    for (List<Node> cycle : cycles()) {
      writeCycle(cycle, out);
    }
  }

  private void write(Node node, String name, Appendable out) throws IOException {
    out.append(name).append(": ").append(stateOf(node));
    out.append(", ").append(Node.seconds(now - node.startedAtNanos));
    Told told = node.told();
    Told request = node.request();
    if (told != null) {
      out.append(", told to stop ").append(Node.seconds(now - told.atNanos())).append(" ago: ");
      out.append(told.reason().toString());
    } else if (request != null) {
      out.append(", to be told when those that need it have stopped");
    }
    if (node.options.deadline != null) {
      out.append(", deadline ").append(node.options.deadline.toString());
    }
    Thread thread = node.thread();
    if (thread != null) {
      writeThread(node, thread, out);
    }
    out.append('\n');
  }

  private static String stateOf(Node node) {
    if (node.kind() == Node.Kind.ROOT) {
      return node.isEnded() ? "ended" : "tree";
    }
    Outcome<?> outcome = node.outcome();
    return switch (node.state()) {
      case Node.PREPARED -> "prepared";
      case Node.STARTED -> "started";
      case Node.RUNNING, Node.INTERRUPTING -> "running";
      case Node.CLOSING -> "waits for its children";
      default ->
          switch (outcome) {
            case null -> "ending";
            case Outcome.Abandoned<?> _ -> "abandoned";
            default -> "ended";
          };
    };
  }

  private void writeThread(Node node, Thread thread, Appendable out) throws IOException {
    out.append(thread.isVirtual() ? ", virtual " : ", platform ");
    out.append(thread.getState().toString());
    Object blocker = LockSupport.getBlocker(thread);
    if (blocker != null) {
      out.append(" on ").append(StopWatch.BlockedOn.words(blocker));
      Node holder = holderOf(blocker);
      if (blocker instanceof Lock lock) {
        Thread owner = lock.owner();
        out.append(owner == null ? "" : ", held by \"" + nameOf(owner, holder) + "\"");
      }
      if (holder != null && thread.getState() == Thread.State.WAITING) { // not only for a time
        waitsFor.put(node, holder);
      }
    }
  }

  private static String nameOf(Thread owner, @Nullable Node holder) {
    return holder == null ? owner.getName() : holder.describe();
  }

  /** The node of a lock's owner; looked for once, however many wait for it. */
  private @Nullable Node nodeOf(Thread owner) {
    return owners.computeIfAbsent(owner, this::find).orElse(null);
  }

  private Optional<Node> find(Thread owner) {
    return Optional.ofNullable(
        owner.getUncaughtExceptionHandler() instanceof Node node && node.isOf(owner)
            ? node
            : tree.root.find(owner)); // adopted, or with a handler of its own
  }

  /** The managed thread that a blocker waits for alone; null when others could end the wait. */
  private @Nullable Node holderOf(Object blocker) {
    if (blocker instanceof Lock lock) {
      Thread owner = lock.owner();
      return owner == null ? null : nodeOf(owner);
    }
    if (blocker instanceof Waiting waiting && waiting.till() == null && !waiting.isTimed()) {
      Signal wanted = waiting.wanted();
      return wanted instanceof StoppedSignal stopped ? stopped.node() : null;
    }
    return null;
  }

  /**
   * Each node waits for at most one other, so a cycle is found by following. The lines were written
   * one after the other, and the threads ran on: of a deadlock all is still so afterwards.
   */
  private List<List<Node>> cycles() {
    List<List<Node>> found = new ArrayList<>();
    Set<Node> done = new HashSet<>();
    for (Node start : waitsFor.keySet()) {
      List<Node> way = new ArrayList<>();
      Set<Node> onWay = new HashSet<>();
      Node at = start;
      while (at != null && !done.contains(at) && onWay.add(at)) {
        way.add(at);
        at = waitsFor.get(at);
      }
      if (at != null && onWay.contains(at)) {
        List<Node> cycle = way.subList(way.indexOf(at), way.size());
        if (cycle.stream().allMatch(this::stillWaits)) {
          found.add(cycle);
        }
      }
      done.addAll(way);
    }
    return found;
  }

  private boolean stillWaits(Node node) {
    Thread thread = node.thread();
    Object blocker = thread == null ? null : LockSupport.getBlocker(thread);
    return blocker != null && holderOf(blocker) == waitsFor.get(node);
  }

  private static void writeCycle(List<Node> cycle, Appendable out) throws IOException {
    out.append("DEADLOCK:\n");
    for (int i = 0; i < cycle.size(); i++) {
      Node node = cycle.get(i);
      Node next = cycle.get((i + 1) % cycle.size());
      Thread thread = node.thread();
      Object blocker = thread == null ? null : LockSupport.getBlocker(thread);
      out.append("  \"").append(node.describe()).append("\" waits for ");
      out.append(blocker == null ? "?" : StopWatch.BlockedOn.words(blocker));
      out.append(", which \"").append(next.describe()).append("\" ");
      out.append(blocker instanceof Lock ? "holds" : "would have to end").append('\n');
    }
  }
}
