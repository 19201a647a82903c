package org.morethreads.thread;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.morethreads.sync.Lock;

/**
 * Writes a tree as text (H14). Takes no stacks, so that a million threads can be written; cycles of
 * waiting are named.
 */
final class TreeDump {
  private static final int DEEPEST_INDENT = 40;

  private final ThreadTree tree;
  private final long now;

  private final Deadlocks deadlocks;

  TreeDump(ThreadTree tree) {
    this.tree = tree;
    this.now = tree.time.nanoTime();
    this.deadlocks = new Deadlocks(tree);
  }

  /** The deadlocks of a tree, without its text. */
  static List<List<Deadlocks.Link>> deadlocks(ThreadTree tree) {
    Deadlocks found = new Deadlocks(tree);
    ArrayDeque<Node> todo = new ArrayDeque<>();
    todo.push(tree.root);
    for (Node node = todo.poll(); node != null; node = todo.poll()) {
      Thread thread = node.thread();
      Object blocker = thread == null ? null : LockSupport.getBlocker(thread);
      if (thread != null && blocker != null) {
        found.look(node, thread, blocker);
      }
      todo.addAll(List.of(node.childrenBeyond(0)));
    }
    return found.cycles();
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
    for (List<Deadlocks.Link> cycle : deadlocks.cycles()) {
      out.append(Deadlocks.words(cycle));
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

  static String stateOf(Node node) {
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
      if (blocker instanceof Lock lock) {
        String holder = holderOf(lock);
        out.append(holder == null ? "" : ", held by \"" + holder + "\"");
      }
      deadlocks.look(node, thread, blocker);
    }
  }

  /** The path of a lock's holder, or the name of an unmanaged one; null when it is free. */
  private @Nullable String holderOf(Lock lock) {
    Thread owner = lock.owner();
    if (owner == null) {
      return null;
    }
    Node holder = deadlocks.holderOf(lock);
    return holder == null ? owner.getName() : holder.describe();
  }
}
