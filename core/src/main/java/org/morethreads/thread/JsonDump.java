package org.morethreads.thread;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.morethreads.sync.Lock;

/**
 * Writes a tree as JSON (H14): flat, since a tree may be deeper than a reader of JSON can nest.
 * Each thread is written on a line of its own, and nothing of it is kept.
 */
final class JsonDump {
  private final ThreadTree tree;
  private final long now;
  private final Deadlocks deadlocks;

  JsonDump(ThreadTree tree) {
    this.tree = tree;
    this.now = tree.time.nanoTime();
    this.deadlocks = new Deadlocks(tree);
  }

  void write(Appendable out) throws IOException {
    out.append("{\"tree\":").append(quoted(tree.name()));
    out.append(",\"at\":").append(quoted(tree.time.now().toString()));
    out.append(",\"threads\":[");
    ArrayDeque<Node> todo = new ArrayDeque<>();
    todo.push(tree.root);
    String separator = "\n";
    while (!todo.isEmpty()) {
      Node node = todo.pop();
      out.append(separator);
      separator = ",\n";
      write(node, out);
      for (Node child : node.childrenBeyond(0)) { // newest first, so that the oldest is on top
        todo.push(child);
      }
    }
    out.append("],\n\"abandoned\":[");
    separator = "\n";
    for (Node node : tree.abandonedAlive()) {
      out.append(separator);
      separator = ",\n";
      write(node, out);
    }
    out.append("],\n\"deadlocks\":[");
    separator = "\n";
    for (List<Deadlocks.Link> cycle : deadlocks.cycles()) {
      out.append(separator);
      separator = ",\n";
      write(cycle, out);
    }
    out.append("]}\n");
  }

  private void write(Node node, Appendable out) throws IOException {
    out.append("{\"path\":").append(quoted(node.describe()));
    text("parent", node.parent == null ? null : node.parent.describe(), out);
    text("state", TreeDump.stateOf(node), out);
    seconds("age", now - node.startedAtNanos, out);
    Told told = node.told();
    Told request = node.request();
    Told stop = told != null ? told : request;
    if (stop != null) {
      seconds(told != null ? "told" : "asked", now - stop.atNanos(), out);
      out.append(",\"reason\":{\"kind\":").append(quoted(stop.reason().kind().toString()));
      text("by", stop.reason().by(), out);
      text("message", stop.reason().message(), out);
      out.append('}');
    }
    if (node.options.deadline != null) {
      seconds("deadline", Stopping.nanos(node.options.deadline), out);
    }
    if (node.hasStep(StopWatch.INTERRUPTED)) {
      out.append(",\"interrupted\":true");
    }
    Thread thread = node.thread();
    if (thread != null) {
      write(node, thread, out);
    }
    out.append('}');
  }

  private void write(Node node, Thread thread, Appendable out) throws IOException {
    text("kind", kindOf(node), out);
    text("thread", thread.isVirtual() ? "virtual" : "platform", out);
    out.append(",\"id\":").append(Long.toString(thread.threadId()));
    text("jvmState", thread.getState().toString(), out);
    text("startedFrom", StartSite.line(node.startedFrom), out);
    Object blocker = LockSupport.getBlocker(thread);
    if (blocker != null) {
      text("waitsFor", StopWatch.BlockedOn.words(blocker), out);
      if (blocker instanceof Lock lock) {
        Thread owner = lock.owner();
        Node holder = deadlocks.holderOf(lock);
        text(
            "heldBy",
            holder != null ? holder.describe() : owner != null ? owner.getName() : null,
            out);
      }
      deadlocks.look(node, thread, blocker);
    }
  }

  private static String kindOf(Node node) {
    return switch (node.kind()) {
      case ROOT -> "tree";
      case OWNED -> "thread";
      case ADOPTED, ADOPTED_INTERRUPTIBLE -> "adopted";
      case SCOPE -> "scope";
    };
  }

  private static void write(List<Deadlocks.Link> cycle, Appendable out) throws IOException {
    out.append("{\"certain\":").append(Boolean.toString(Deadlocks.isCertain(cycle)));
    out.append(",\"cycle\":[");
    String separator = "";
    for (Deadlocks.Link link : cycle) {
      out.append(separator).append("{\"path\":").append(quoted(link.node().describe()));
      separator = ",";
      text("waitsFor", StopWatch.BlockedOn.words(link.blocker()), out);
      text("which", link.next().describe(), out);
      text("does", link.words(), out);
      out.append('}');
    }
    out.append("]}");
  }

  private static void text(String key, @Nullable String value, Appendable out) throws IOException {
    if (value != null) {
      out.append(",\"").append(key).append("\":").append(quoted(value));
    }
  }

  private static void seconds(String key, long nanos, Appendable out) throws IOException {
    out.append(",\"").append(key).append("\":");
    out.append(String.format(Locale.ROOT, "%.3f", Math.max(0, nanos) / 1e9));
  }

  /** A JSON string; halves of a surrogate pair that stand alone are escaped as well. */
  static String quoted(String text) {
    StringBuilder quoted = new StringBuilder(text.length() + 2).append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        quoted.append('\\').append(c);
      } else if (c < ' ' || c == '\u2028' || c == '\u2029' || isAlone(text, i)) {
        quoted.append(String.format("\\u%04x", (int) c));
      } else {
        quoted.append(c);
      }
    }
    return quoted.append('"').toString();
  }

  private static boolean isAlone(String text, int i) {
    char c = text.charAt(i);
    if (Character.isHighSurrogate(c)) {
      return i + 1 == text.length() || !Character.isLowSurrogate(text.charAt(i + 1));
    }
    return Character.isLowSurrogate(c)
        && (i == 0 || !Character.isHighSurrogate(text.charAt(i - 1)));
  }
}
