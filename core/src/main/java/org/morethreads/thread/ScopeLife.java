package org.morethreads.thread;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.morethreads.internal.SchedulePoint;
import org.morethreads.internal.Surroundings;

/** One scope, from its begin to its end on the thread of its owner (H9). */
final class ScopeLife {
  /*
   * Section 5.5 of docs/synchronization.md has the states, and the races. In short: the first cause, set by CAS, stops the
   * children and interrupts the block; the owner alone leaves the block, waits, and throws. No interrupt of ours comes after the
   * block, since Node.leaveRunning waits for one under way.
   */

  /** The innermost scope whose block the thread is in. */
  private static final ThreadLocal<ScopeLife> INNERMOST = new ThreadLocal<>();

  /** What ends a scope before its children have ended by themselves. */
  sealed interface Cause {
    /** A child failed, and failures are not isolated. */
    record ChildFailed(String path, Throwable failure) implements Cause {}

    /** The block threw. */
    record BlockFailed(Throwable failure) implements Cause {}

    /** The deadline passed. */
    record DeadlinePassed(Duration deadline) implements Cause {}

    /** The owner was interrupted while it waited for the children. */
    record Interrupted(InterruptedException failure) implements Cause {}

    /** A race has a result. */
    record Decided(@Nullable Object result) implements Cause {}

    /** All children have ended by themselves; there will be no other cause. */
    record Ended() implements Cause {}
  }

  /** What a scope is begun with. */
  record Settings(
      String name, boolean isolated, @Nullable Duration deadline, @Nullable StopPolicy policy) {
    Settings(String name) {
      this(name, false, null, null);
    }
  }

  private final Node node;
  private final Settings settings;
  private final Surroundings owner = Surroundings.current();
  private final @Nullable ScopeLife outer;
  private final AtomicReference<@Nullable Cause> cause = new AtomicReference<>();

  /** How many of the nodes around it had been interrupted when the scope began. */
  private final int interruptedAround;

  /** What left the block after there was a cause, and is no consequence of it. Owner only. */
  private @Nullable Throwable later;

  /** Whether an interrupt is to be set again, since nobody throws it. Owner only. */
  private boolean interrupted;

  private ScopeLife(Settings settings) {
    this.settings = settings;
    this.outer = INNERMOST.get();
    Node parent = outer == null ? ThreadTree.parentOfNew() : outer.node;
    Options options =
        Options.SCOPE.with(copy -> {
          copy.policy = settings.policy;
          copy.deadline = settings.deadline;
        });
    this.node = new Node(parent.tree, parent, settings.name, options, null);
    this.interruptedAround = countInterruptedAround();
  }

  /**
   * Runs a block in a scope of its own.
   *
   * @throws X what the block throws
   * @throws InterruptedException if the owner is interrupted in the block or while it waits
   */
  static <T extends @Nullable Object, X extends Exception> T execute(
      Settings settings, Scope.Call<T, X> block) throws X, InterruptedException {
    ManagedThread.checkName(settings.name);
    ScopeLife life = new ScopeLife(settings);
    Duration deadline = settings.deadline;
    if (deadline != null && !deadline.isPositive()) {
      throw ScopeLife.<X>asIs(life.tooLate(deadline));
    }
    life.begin();
    T value = null;
    Throwable failure = null;
    try {
      life.startDeadline();
      value = block.call(new OpenScope(life.node));
    } catch (Throwable thrown) { // goes on to the caller, after the children have ended
      failure = thrown;
    }
    failure = life.end(value, failure);
    if (failure != null) {
      throw ScopeLife.<X>asIs(failure);
    }
    return life.result(value);
  }

  /** Throws something as it is: what the block can throw, an error, or what callers declare. */
  @SuppressWarnings("unchecked") // erased: nothing is cast
  private static <X extends Throwable> RuntimeException asIs(Throwable failure) throws X {
    throw (X) failure;
  }

  /** What the scope returns; a race has it from one of its calls. */
  @SuppressWarnings({"unchecked", "NullAway", "TypeParameterUnusedInFormals"}) // it is a T
  private <T extends @Nullable Object> T result(@Nullable Object value) {
    return (T) (cause.get() instanceof Cause.Decided(Object decided) ? decided : value);
  }

  private void begin() {
    node.beginScope(this);
    INNERMOST.set(this);
  }

  private void startDeadline() {
    Duration deadline = settings.deadline;
    if (deadline != null) {
      Runnable pass = () -> deadlinePassed(deadline);
      node.extras()
          .keep(
              node.time()
                  .schedule(
                      Stopping.nanos(deadline),
                      () -> node.time().startDriver("deadline of " + node, pass)));
    }
  }

  Surroundings owner() {
    return owner;
  }

  // ---- causes, from any thread

  /** A thread has failed, and `stopped` has not gone yet. */
  static void childFailed(Node above, Node child, Throwable failure) {
    Extras its = above.extrasOrNull();
    ScopeLife life = its == null ? null : its.scope;
    if (life != null && !life.settings.isolated) {
      String path = child.describe();
      life.stopFor(
          new Cause.ChildFailed(path, failure),
          new StopReason(
              StopReason.Kind.SIBLING_FAILED,
              path,
              "\"" + path + "\" failed: " + Failures.words(failure)));
    }
  }

  /** A call of a race has returned. */
  static void decided(Node scope, @Nullable Object result) {
    ScopeLife life = scope.extras().scope;
    if (life != null) {
      life.stopFor(new Cause.Decided(result), life.ended("another call of the race was first"));
    }
  }

  private void deadlinePassed(Duration deadline) {
    stopFor(
        new Cause.DeadlinePassed(deadline),
        new StopReason(
            StopReason.Kind.DEADLINE,
            node.describe(),
            "the deadline of its scope, " + deadline + ", has passed"));
  }

  private StopReason ended(String message) {
    return new StopReason(StopReason.Kind.SCOPE_ENDED, node.describe(), message);
  }

  private boolean stopFor(Cause first, StopReason reason) {
    SchedulePoint.at("scope.cause");
    if (!cause.compareAndSet(null, first)) {
      return false;
    }
    Stopping.stopAndInterrupt(node, reason);
    node.interruptBlock();
    return true;
  }

  // ---- the end, on the owner

  /** Ends the scope; answers what is to be thrown, or null. */
  private @Nullable Throwable end(@Nullable Object value, @Nullable Throwable thrown) {
    node.leaveRunning();
    if (outer == null) {
      INNERMOST.remove();
    } else {
      INNERMOST.set(outer);
    }
    if (node.hasStep(StopWatch.DELIVERED)) {
      Thread.interrupted();
      interrupted = countInterruptedAround() > interruptedAround;
    }
    if (thrown != null && !blockFailed(thrown) && !isConsequence(thrown)) {
      later = thrown;
    }
    node.awaitChildrenOfScope(this, owner);
    cause.compareAndSet(null, new Cause.Ended());
    Throwable failure = failure();
    node.complete(outcome(value, failure));
    if (interrupted && !(failure instanceof InterruptedException)) {
      Thread.currentThread().interrupt();
    }
    return failure;
  }

  private boolean blockFailed(Throwable thrown) {
    return stopFor(
        new Cause.BlockFailed(thrown),
        ended("the block of its scope was left by " + Failures.words(thrown)));
  }

  /** The owner waits for the children, and was interrupted. */
  void interruptedWhileWaiting() {
    var failure =
        new InterruptedException("Interrupted while waiting for the children of \"" + node + "\".");
    if (!stopFor(new Cause.Interrupted(failure), ended("the owner of its scope was interrupted"))) {
      interrupted = true;
    }
  }

  /** How many of the nodes around, up to that of the owner, have been interrupted by a stop. */
  private int countInterruptedAround() {
    int count = 0;
    for (Node around = node.parent;
        around != null && around.isOf(Thread.currentThread());
        around = around.parent) {
      count += around.hasStep(StopWatch.DELIVERED) ? 1 : 0;
    }
    return count;
  }

  /**
   * Whether the block was left only because the scope was being stopped, and nothing else failed.
   */
  private boolean isConsequence(Throwable thrown) {
    return Failures.allOf(thrown, this::tellsOfTheStop);
  }

  private boolean tellsOfTheStop(Throwable thrown) {
    return Node.isEndOfAWait(thrown)
        || thrown instanceof ThreadStoppedException
        || thrown instanceof ThreadAbandonedException
        || (cause.get() instanceof Cause.ChildFailed(_, Throwable first)
            && thrown instanceof ThreadFailedException derived
            && derived.getCause() == first);
  }

  private @Nullable Throwable failure() {
    Failures.Taken taken = Failures.takeAll(node);
    List<Throwable> failures = taken.first();
    Throwable first =
        switch (cause.get()) {
          case Cause.ChildFailed(String path, Throwable failure) ->
              failed(" failed, since \"" + path + "\" failed: ", failure);
          case Cause.BlockFailed(Throwable failure) -> failure;
          case Cause.DeadlinePassed(Duration deadline) -> tooLate(deadline);
          case Cause.Interrupted(InterruptedException failure) -> failure;
          case Cause.Decided _ -> null;
          case Cause.Ended _ -> failures.isEmpty() ? null : unclaimed(taken);
          case null -> throw new AssertionError("a scope ends without a cause");
        };
    if (first == null) {
      Race.reportLosers(node, failures);
      return null;
    }
    for (Throwable further : failures) {
      if (further != first.getCause()) {
        suppress(first, further);
      }
    }
    if (later != null) {
      suppress(first, later);
    }
    return first;
  }

  private void suppress(Throwable first, Throwable further) {
    if (!Failures.suppress(first, further)) {
      node.report(
          "In scope \""
              + node
              + "\" more has failed than "
              + first.getClass().getName()
              + ", which it throws and which takes none suppressed.",
          further);
    }
  }

  private Throwable unclaimed(Failures.Taken taken) {
    int count = taken.count();
    return failed(
        count == 1
            ? " has a failure that nobody joined: "
            : " has " + count + " failures that nobody joined, first: ",
        taken.first().getFirst());
  }

  private ThreadFailedException failed(String what, Throwable first) {
    String path = node.describe();
    return new ThreadFailedException(
        path, "Scope \"" + path + "\"" + what + Failures.words(first), first);
  }

  private TimeoutException tooLate(Duration deadline) {
    return new TimeoutException(
        "Scope \"" + node + "\" has not ended within its deadline of " + deadline + ".");
  }

  private Outcome<?> outcome(@Nullable Object value, @Nullable Throwable failure) {
    if (failure == null) {
      return new Outcome.Returned<@Nullable Object>(this.<@Nullable Object>result(value));
    }
    Told stop = node.told();
    return stop != null && Node.isLeavingByStop(failure)
        ? new Outcome.Stopped<>(stop.reason(), failure)
        : new Outcome.Failed<>(failure);
  }

  @Override
  public String toString() {
    return "the children of scope \"" + node + "\"";
  }
}
