package org.morethreads.thread;

import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.morethreads.internal.Firing;
import org.morethreads.sync.Signal;

/**
 * How a thread is to be made. Not changed once it is handed out; shared by all threads that are
 * made alike.
 */
final class Options {
  static final Options STANDARD = new Options();
  static final Options ADOPTED = of(Node.Kind.ADOPTED);
  static final Options ADOPTED_INTERRUPTIBLE = of(Node.Kind.ADOPTED_INTERRUPTIBLE);
  static final Options SCOPE = of(Node.Kind.SCOPE);

  Node.Kind kind = Node.Kind.OWNED;

  boolean platform;
  int priority = Thread.NORM_PRIORITY;
  @Nullable Node parent;
  List<ManagedThread<?>> needs = List.of();
  List<Signal> stopWhen = List.of();

  /** Null for that of the parent, but not in the options of a node: see {@link #under}. */
  @Nullable StopPolicy policy;

  /** See {@link Node#stages}; of no meaning but in the options of a node. */
  int stages = 1;

  private @Nullable Derived derived;

  @Nullable Duration deadline;
  List<ScopedValue<?>> carried = List.of();

  /** The line that counts as that of the start; null for the one where it is started. */
  StackTraceElement @Nullable [] startedFrom;

  /** With that line: the context class loader. */
  @Nullable ClassLoader context;

  /** With that line: the scoped values to carry, as they are bound there. */
  ScopedValue.@Nullable Carrier carrier;

  /** With that line: what else is carried; null for nothing. */
  @Nullable Context otherContext;

  private Options() {}

  private static Options of(Node.Kind kind) {
    Options made = new Options();
    made.kind = kind;
    return made;
  }

  /** Returns a copy that differs in one thing. */
  Options with(Consumer<Options> change) {
    Options copy = copy();
    change.accept(copy);
    return copy;
  }

  /** A copy, to be changed before it is handed out. */
  Options copy() {
    Options copy = new Options();
    copy.kind = kind;
    copy.platform = platform;
    copy.priority = priority;
    copy.parent = parent;
    copy.needs = needs;
    copy.stopWhen = stopWhen;
    copy.policy = policy;
    copy.stages = stages;
    copy.deadline = deadline;
    copy.carried = carried;
    copy.startedFrom = startedFrom;
    copy.context = context;
    copy.carrier = carrier;
    copy.otherContext = otherContext;
    return copy;
  }

  /**
   * Returns these options for a child of a parent: its policy can only shorten that of the parent,
   * and its needs add to those of the parent, which waits for it. Alike children share them.
   */
  Options under(Node above) {
    Options its = above.options;
    Derived last = its.derived;
    if (last != null && last.from == this) {
      return last.result;
    }
    StopPolicy bound = above.policy();
    StopPolicy allowed = policy == null ? bound : policy.under(bound);
    int most = above.stages();
    for (ManagedThread<?> needed : needs) {
      most = Math.max(most, 1 + needed.node.stages());
    }
    Options result = copy();
    result.policy = allowed;
    result.stages = most;
    if (needs.isEmpty() && stopWhen.isEmpty()) { // keeps nobody's signals and threads alive
      its.derived = new Derived(this, result);
    }
    return result;
  }

  /**
   * What was made last of some options for children of a node with these. A race makes it twice;
   * that it is a record makes it safe to be read without a lock.
   */
  private record Derived(Options from, Options result) {}

  /**
   * Makes the thread, with the context class loader of the calling thread, which starts it (H13).
   */
  Thread newThread(String name, Node node) {
    Thread made = platform ? newPlatformThread(name, node) : newVirtualThread(name, node);
    // not inheriting thread-locals means not inheriting the class loader either
    ClassLoader wanted =
        startedFrom == null ? Thread.currentThread().getContextClassLoader() : context;
    if (made.getContextClassLoader() != wanted) {
      made.setContextClassLoader(wanted);
    }
    return made;
  }

  private static Thread newVirtualThread(String name, Node node) {
    return Thread.ofVirtual()
        .name(name)
        .inheritInheritableThreadLocals(false)
        .uncaughtExceptionHandler(node)
        .unstarted(node);
  }

  private Thread newPlatformThread(String name, Node node) {
    return Thread.ofPlatform()
        .name(name)
        .daemon(true)
        .priority(priority)
        .inheritInheritableThreadLocals(false)
        .uncaughtExceptionHandler(node)
        .unstarted(node);
  }

  /**
   * Before the node is linked: whether it may start. In a stop it may, though what it needs has
   * ended by that already: it is told as well, and otherwise whoever starts several threads would
   * have to expect a stop between any two of them.
   */
  void beforeLink(Node node) {
    for (ManagedThread<?> needed : needs) {
      if (needed.node.isEnded() && !node.isPartOfStop()) {
        throw new IllegalStateException(
            "Cannot start thread \""
                + node.name
                + "\": it needs \""
                + needed.node
                + "\", which has stopped.");
      }
    }
  }

  /**
   * The node is linked: its place in the order of stops. Not earlier: a stop that sees it waits for
   * its end, which one that was refused does not have. A stop that comes in between was before the
   * start.
   */
  void afterLink(Node node) {
    for (ManagedThread<?> needed : needs) {
      needed.node.extras().needers.add(node);
    }
    if (Firing.isFired(node.stopped)) {
      afterStopped(node); // abandoned meanwhile, and perhaps before it was here
    }
  }

  /** Its {@code stopped} has gone. Not earlier: until then it holds off the stop of the needed. */
  void afterStopped(Node node) {
    for (ManagedThread<?> needed : needs) {
      needed.node.extras().needers.remove(node);
    }
  }

  /** After the node was linked, before its thread starts: what may stop it. */
  void beforeStart(Node node) {
    for (Signal signal : stopWhen) {
      StopReason why =
          new StopReason(StopReason.Kind.SIGNAL, "signal", "signal \"" + signal + "\" went");
      node.extras().keep(signal.then(() -> Stopping.stop(node, why, /* now= */ false)));
    }
    if (deadline != null) {
      StopReason why =
          new StopReason(
              StopReason.Kind.DEADLINE, "deadline", "its deadline of " + deadline + " has passed");
      Runnable stop = () -> Stopping.stop(node, why, /* now= */ false);
      if (deadline.isPositive()) {
        // not on the timer itself: there may be many below, and tills wait for it; nor on a virtual
        // thread: the task may be what leaves no carrier to it
        node.extras()
            .keep(
                node.time()
                    .schedule(
                        Stopping.nanos(deadline),
                        () -> node.time().startDriver("deadline of " + node, stop)));
      } else {
        stop.run();
      }
    }
  }

  /** The scoped values to carry, as they are bound here; null if none is. */
  ScopedValue.@Nullable Carrier carrierHere() {
    ScopedValue.Carrier here = null;
    for (ScopedValue<?> value : carried) {
      here = Carrying.add(here, value);
    }
    return here;
  }

  /** The task, with what it is to be given of its starter, who calls this, or had it captured. */
  Object withContext(Object task) {
    boolean here = startedFrom == null;
    Context other = here ? Context.capture() : otherContext;
    return carried.isEmpty() && other == null
        ? task
        : Carrying.of(task, here ? carrierHere() : carrier, other);
  }

  /** A task with the scoped values and the context of its starter. */
  record Carrying(
      ManagedThread.Call<?> task, ScopedValue.@Nullable Carrier carrier, @Nullable Context context)
      implements ManagedThread.Call<@Nullable Object> {
    static Carrying of(
        Object task, ScopedValue.@Nullable Carrier carrier, @Nullable Context context) {
      ManagedThread.Call<?> call =
          task instanceof ManagedThread.Call<?> itself
              ? itself
              : new ManagedThread.Wrapped((ManagedThread.Task) task);
      return new Carrying(call, carrier, context);
    }

    private static <V> ScopedValue.@Nullable Carrier add(
        ScopedValue.@Nullable Carrier carrier, ScopedValue<V> value) {
      if (!value.isBound()) {
        return carrier;
      }
      return carrier == null
          ? ScopedValue.where(value, value.get())
          : carrier.where(value, value.get());
    }

    @Override
    public @Nullable Object call(Signal pleaseStop) throws Exception {
      if (context != null) {
        context.install();
      }
      if (carrier == null) {
        return task.call(pleaseStop);
      }
      return carrier.call(() -> task.call(pleaseStop));
    }
  }
}
