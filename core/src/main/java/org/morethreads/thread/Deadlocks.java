package org.morethreads.thread;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.morethreads.internal.Awaited;
import org.morethreads.internal.Blocker;
import org.morethreads.internal.Surroundings;
import org.morethreads.sync.Lock;
import org.morethreads.sync.Waiting;

/**
 * Finds threads that wait for each other (H14). Used by one thread, for one dump; takes no stacks.
 */
final class Deadlocks {
  /*
   * For each thread that waits without a time, those are known who could end its wait: the owner of a lock, the thread that is
   * joined; of a queue, the threads that have waited on the other side of it. A thread is stuck if all who could end its wait are.
   * So all that wait are taken to be stuck at first, and whoever could be woken by one that is not is taken out, until nothing
   * changes. What is left leads to cycles only; they are found by following.
   *
   * Of locks and joins a cycle is certain. Of a queue it is not: somebody may put or take who never had to wait there. Nor is it of a
   * job that has not begun: those that have the places of its pool must end first, unless a thread of theirs lends it one.
   */
  private final Map<Node, List<Node>> wakers = new HashMap<>();

  private final Map<Thread, Optional<Node>> owners = new HashMap<>();
  private final Node root;

  Deadlocks(ThreadTree tree) {
    this.root = tree.root;
  }

  /** A thread of a cycle, and what it waits for from the next one. */
  record Link(Node node, Object blocker, Node next) {
    boolean isCertain() {
      return !isOfQueue() && !isOfPlace();
    }

    boolean isOfQueue() {
      return blocker instanceof Blocker;
    }

    /** Whether a job has no place in its pool yet. */
    boolean isOfPlace() {
      return blocker instanceof Waiting waiting
          && waiting.wanted() instanceof Awaited awaited
          && !awaited.isCertain();
    }

    /** What the next one would have to do. */
    String words() {
      return switch (blocker) {
        case Lock _ -> "holds";
        case Blocker queue ->
            queue.sort() == Blocker.Sort.PLACE
                ? "has been seen to take from"
                : "has been seen to put into";
        default -> isOfPlace() ? "keeps from beginning" : "would have to end";
      };
    }
  }

  /** Looks at one thread of the tree that is searched. */
  void look(Node node, Thread thread, Object blocker) {
    if (thread.getState() == Thread.State.WAITING) { // not only for a time
      List<Node> those = wakersOf(blocker);
      if (!those.isEmpty()) {
        wakers.put(node, those);
      }
    }
  }

  /** The managed thread that holds a lock; null when it is free or held by an unmanaged one. */
  @Nullable Node holderOf(Lock lock) {
    Thread owner = lock.owner();
    return owner == null ? null : nodeOf(owner);
  }

  /** The node of a lock's owner; looked for once, however many wait for it. */
  private @Nullable Node nodeOf(Thread owner) {
    return owners.computeIfAbsent(owner, this::find).orElse(null);
  }

  private Optional<Node> find(Thread owner) {
    return Optional.ofNullable(
        owner.getUncaughtExceptionHandler() instanceof Node node && node.isOf(owner)
            ? node
            : root.find(owner)); // adopted, or with a handler of its own
  }

  /** The managed threads of which one must do something; empty when others could end the wait. */
  private List<Node> wakersOf(Object blocker) {
    if (blocker instanceof Lock lock) {
      Node holder = holderOf(lock);
      return holder == null ? List.of() : List.of(holder);
    }
    if (blocker instanceof Waiting waiting && waiting.till() == null && !waiting.isTimed()) {
      return switch (waiting.wanted()) {
        case StoppedSignal stopped -> List.of(stopped.node());
        case Awaited awaited -> nodesOf(awaited.wakers());
        default -> List.of();
      };
    }
    if (blocker instanceof Blocker queue) {
      List<Surroundings> known = queue.wakers();
      return known == null
          ? List.of()
          : known.stream()
              .filter(Node.class::isInstance)
              .map(Node.class::cast)
              .filter(node -> !node.isEnded())
              .toList();
    }
    return List.of();
  }

  /** Of those threads that have not ended; empty when one of them is unknown. */
  private List<Node> nodesOf(List<Thread> threads) {
    List<Node> nodes = new ArrayList<>(threads.size());
    for (Thread thread : threads) {
      Node node = nodeOf(thread);
      if (node == null) {
        return List.of();
      }
      nodes.add(node);
    }
    return nodes;
  }

  /**
   * The cycles among the threads that were looked at, and those of other trees that they wait for.
   * The looks came one after the other, and the threads ran on: of a deadlock all is still so
   * afterwards.
   */
  List<List<Link>> cycles() {
    lookAtOthers();
    keepStuck();
    List<List<Link>> found = new ArrayList<>();
    Set<Node> done = new HashSet<>();
    for (Node start : List.copyOf(wakers.keySet())) {
      List<Node> way = new ArrayList<>();
      Set<Node> onWay = new HashSet<>();
      Node at = start;
      while (!done.contains(at) && onWay.add(at)) {
        way.add(at);
        at = Objects.requireNonNull(wakers.get(at)).getFirst();
      }
      if (onWay.contains(at)) {
        links(way.subList(way.indexOf(at), way.size())).ifPresent(found::add);
      }
      done.addAll(way);
    }
    return found;
  }

  /** Threads of other trees may hold what is waited for here, and wait themselves. */
  private void lookAtOthers() {
    ArrayDeque<Node> todo = new ArrayDeque<>();
    wakers.values().forEach(todo::addAll);
    Set<Node> seen = new HashSet<>();
    for (Node node = todo.poll(); node != null; node = todo.poll()) {
      Thread thread = node.thread();
      if (node.tree.root != root && thread != null && seen.add(node)) {
        Object blocker = LockSupport.getBlocker(thread);
        if (blocker != null) {
          look(node, thread, blocker);
          todo.addAll(wakers.getOrDefault(node, List.of()));
        }
      }
    }
  }

  private void keepStuck() {
    Map<Node, List<Node>> waiters = new HashMap<>();
    wakers.forEach((node, those) -> {
      for (Node waker : those) {
        waiters.computeIfAbsent(waker, _ -> new ArrayList<>(1)).add(node);
      }
    });
    ArrayDeque<Node> free = new ArrayDeque<>();
    for (Node waker : waiters.keySet()) {
      if (!wakers.containsKey(waker)) {
        free.add(waker);
      }
    }
    for (Node node = free.poll(); node != null; node = free.poll()) {
      for (Node waiter : waiters.getOrDefault(node, List.of())) {
        if (wakers.remove(waiter) != null) {
          free.add(waiter);
        }
      }
    }
  }

  private Optional<List<Link>> links(List<Node> cycle) {
    List<Link> links = new ArrayList<>();
    for (int i = 0; i < cycle.size(); i++) {
      Node node = cycle.get(i);
      Node next = cycle.get((i + 1) % cycle.size());
      Thread thread = node.thread();
      Object blocker = thread == null ? null : LockSupport.getBlocker(thread);
      if (blocker == null || !wakersOf(blocker).contains(next)) {
        return Optional.empty(); // it has got on meanwhile
      }
      links.add(new Link(node, blocker, next));
    }
    return Optional.of(links);
  }

  static boolean isCertain(List<Link> cycle) {
    return cycle.stream().allMatch(Link::isCertain);
  }

  /** The cycle, a line for each thread. */
  static String words(List<Link> cycle) {
    String unless =
        isCertain(cycle)
            ? ""
            : cycle.stream().anyMatch(Link::isOfQueue)
                ? ", unless somebody else puts into the queue or takes from it"
                : ", unless a thread below one of these joins the job that has not begun";
    StringBuilder text = new StringBuilder("DEADLOCK").append(unless).append(":\n");
    for (Link link : cycle) {
      text.append("  \"").append(link.node().describe()).append("\" waits for ");
      text.append(StopWatch.BlockedOn.words(link.blocker()));
      text.append(", which \"").append(link.next().describe()).append("\" ");
      text.append(link.words()).append('\n');
    }
    return text.toString();
  }
}
