package org.morethreads.thread;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The threads of all trees that were given up and still run. A thread that runs keeps its node
 * alive anyway, so being listed here costs nothing.
 */
final class Abandoned {
  /**
   * True for a thread that still runs; false for one that has ended before it was listed here.
   * Whoever comes second, the one that gives a thread up or the thread that ends, takes the entry
   * out.
   */
  private static final Map<Node, Boolean> LISTED = new ConcurrentHashMap<>();

  private Abandoned() {}

  /** A thread is being abandoned, and nobody has been told yet; it may end meanwhile. */
  static void begins(Node node) {
    LISTED.compute(node, (_, ended) -> ended == null ? Boolean.TRUE : null);
  }

  /** A thread that was abandoned, or is about to be, has ended. */
  static void ended(Node node) {
    LISTED.compute(node, (_, listed) -> listed == null ? Boolean.FALSE : null);
  }

  /** Those that still run, of one tree, or of all when it is null. */
  static List<Node> running(@Nullable ThreadTree tree) {
    List<Node> found = new ArrayList<>();
    LISTED.forEach((node, runs) -> {
      if (node.hasLeftWithoutSaying()) {
        LISTED.remove(node); // nobody else will
      } else if (runs && (tree == null || node.tree == tree)) {
        found.add(node);
      }
    });
    return found;
  }
}
