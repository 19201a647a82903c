package org.morethreads.sync;

import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.morethreads.internal.Dependent;
import org.morethreads.internal.Firing;
import org.morethreads.internal.Library;
import org.morethreads.internal.OneShot;
import org.morethreads.internal.Surroundings;

/**
 * A fact that becomes true once and stays true: <i>please stop</i>, <i>stopped</i>,
 * <i>configuration loaded</i>, <i>time is up</i>. This is the side that everybody may look at;
 * {@link OpenSignal} adds {@code go()} for the one who decides.
 *
 * <p>For a condition that comes and goes, wait on a {@link Lock} instead; for a value, use a {@link
 * CompletableFuture}; for how far something has got, a {@link Progress}.
 *
 * {@snippet class="SignalSnippets" region="worker"}
 *
 * <p>Signals compose: {@code a.or(b)} is signalled once either is, {@code a.and(b)} once both are.
 * A composite costs nothing but its memory until somebody waits for it or attaches an action; it
 * may be dropped at any time and leaves nothing behind in its operands, however long those live.
 *
 * <p><b>Thread safety.</b> Every method may be called from any thread without further
 * synchronization.
 *
 * <p><b>Memory consistency.</b> Actions in a thread before it signals a signal <i>happen-before</i>
 * actions in another thread after {@link #isSignalled()} returns {@code true}, after a successful
 * {@code await}, and inside an action passed to {@link #then}.
 *
 * @since 0.1
 */
@SuppressWarnings("exports") // the superclass is machinery that adds no member a user could see
public abstract class Signal extends OneShot {
  /** The signal that has always been signalled. */
  public static final Signal DONE = new Constant("DONE");

  /** The signal that never will be. Actions attached to it are dropped at once. */
  public static final Signal NEVER = new Constant("NEVER");

  static {
    Firing.latch(DONE);
  }

  /**
   * Only the library makes signals: through {@link #create}, {@link Till} and the classes that have
   * them.
   *
   * @param library the proof of membership
   * @hidden
   */
  protected Signal(Library library) {
    Objects.requireNonNull(library, "library");
  }

  /**
   * A handle to an action that was attached to a signal.
   *
   * @since 0.1
   */
  @FunctionalInterface
  public interface Registration {
    /**
     * Takes the action back.
     *
     * @return whether the action will now never run: false when it has run, is running, or was
     *     taken back before
     */
    boolean remove();
  }

  /**
   * Creates a signal that waits for its {@code go()}.
   *
   * @param name what it is called in dumps and messages
   * @return the signal, unsignalled
   */
  public static OpenSignal create(String name) {
    return new OpenSignal(Objects.requireNonNull(name, "name"));
  }

  /**
   * Creates a signal that goes when a stage completes, normally or not: as the end of something,
   * not as its success.
   *
   * @param stage the stage
   * @return a signal
   */
  public static Signal from(CompletionStage<?> stage) {
    OpenSignal ended = create("stage completed");
    stage.whenComplete((_, _) -> ended.go());
    return ended;
  }

  /**
   * The first of several signals.
   *
   * @param signals the signals; none of them means {@link #NEVER}
   * @return a signal that is signalled once one of them is
   */
  public static Signal anyOf(Signal... signals) {
    return anyOf(Arrays.asList(signals));
  }

  /**
   * The first of several signals.
   *
   * @param signals the signals; none of them means {@link #NEVER}
   * @return a signal that is signalled once one of them is
   */
  public static Signal anyOf(Collection<? extends Signal> signals) {
    return balanced(List.copyOf(signals), false);
  }

  /**
   * The last of several signals.
   *
   * @param signals the signals; none of them means {@link #DONE}
   * @return a signal that is signalled once all of them are
   */
  public static Signal allOf(Signal... signals) {
    return allOf(Arrays.asList(signals));
  }

  /**
   * The last of several signals.
   *
   * @param signals the signals; none of them means {@link #DONE}
   * @return a signal that is signalled once all of them are
   */
  public static Signal allOf(Collection<? extends Signal> signals) {
    return balanced(List.copyOf(signals), true);
  }

  private static Signal balanced(List<Signal> signals, boolean all) {
    return switch (signals.size()) {
      case 0 -> all ? DONE : NEVER;
      case 1 -> signals.getFirst();
      default -> {
        int middle = signals.size() / 2;
        Signal left = balanced(signals.subList(0, middle), all);
        Signal right = balanced(signals.subList(middle, signals.size()), all);
        yield all ? left.and(right) : left.or(right);
      }
    };
  }

  /**
   * Tells whether this signal has been signalled. Never blocks.
   *
   * @return whether it has; once true, true for ever
   */
  public final boolean isSignalled() {
    return Firing.isSignalled(this);
  }

  /**
   * Composes the signal that is signalled once this or the other is.
   *
   * @param other the other signal
   * @return the composed signal; this one when the other is {@link #NEVER}, {@link #DONE} when the
   *     other is that
   */
  public final Signal or(Signal other) {
    Objects.requireNonNull(other, "other");
    if (other == NEVER || other == this || this == DONE) {
      return this;
    }
    return other == DONE || this == NEVER ? other : Composite.of(this, other, /* all= */ false);
  }

  /**
   * Composes the signal that is signalled once this and the other are.
   *
   * @param other the other signal
   * @return the composed signal; this one when the other is {@link #DONE}, {@link #NEVER} when the
   *     other is that
   */
  public final Signal and(Signal other) {
    Objects.requireNonNull(other, "other");
    if (other == DONE || other == this || this == NEVER) {
      return this;
    }
    return other == NEVER || this == DONE ? other : Composite.of(this, other, /* all= */ true);
  }

  /**
   * Waits for this signal, for as long as it takes. The first of these that holds decides:
   *
   * <ol>
   *   <li>the calling thread is interrupted, on entry or while waiting: throws {@code
   *       InterruptedException};
   *   <li>this signal is or becomes signalled: returns.
   * </ol>
   *
   * @throws InterruptedException if the calling thread is interrupted, even if this signal is
   *     signalled already
   */
  public final void await() throws InterruptedException {
    Waiting.await(this, NEVER);
  }

  /**
   * Waits for this signal until the other goes. The first of these that holds decides:
   *
   * <ol>
   *   <li>the calling thread is interrupted, on entry or while waiting: throws {@code
   *       InterruptedException};
   *   <li>this signal is or becomes signalled: returns {@code true};
   *   <li>{@code till} is or becomes signalled: returns {@code false}.
   * </ol>
   *
   * @param till what ends the wait: a {@link Till}, a {@code pleaseStop}, any signal
   * @return whether this signal was signalled; when both are, true
   * @throws InterruptedException if the calling thread is interrupted, even if this signal is
   *     signalled already
   */
  public final boolean await(Signal till) throws InterruptedException {
    return Waiting.await(this, Objects.requireNonNull(till, "till"));
  }

  /**
   * Waits for this signal for at most a time, which is real time: no request to stop shortens it.
   * The first of these that holds decides:
   *
   * <ol>
   *   <li>the calling thread is interrupted, on entry or while waiting: throws {@code
   *       InterruptedException};
   *   <li>this signal is or becomes signalled: returns {@code true};
   *   <li>the time has passed: returns {@code false}.
   * </ol>
   *
   * @param timeout the longest time to wait; zero or negative means not to wait at all
   * @return whether this signal was signalled
   * @throws InterruptedException if the calling thread is interrupted, even if this signal is
   *     signalled already
   */
  public final boolean await(Duration timeout) throws InterruptedException {
    return Waiting.await(this, timeout);
  }

  /**
   * Attaches an action, which runs once when this signal goes; at once, on the calling thread, if
   * it has gone already.
   *
   * <p>The action runs on the thread that calls {@code go()}, after all waiters have been woken, in
   * the order in which the actions were attached, and holding no lock of the library. Actions fired
   * by a {@link Till} or by the {@code pleaseStop} of a thread run on virtual threads of their own
   * instead. What an action throws is logged and disturbs nobody.
   *
   * <p>An attached action runs even if nobody refers to this signal any more. One attached to
   * something that never goes stays, and keeps what it refers to alive, until it is {@linkplain
   * Registration#remove removed}.
   *
   * @param action what to run
   * @return a handle to take it back
   */
  public final Registration then(Runnable action) {
    Objects.requireNonNull(action, "action");
    Dependent.Action node = new Dependent.Action(this, action);
    if (this == NEVER) {
      var attached = new AtomicBoolean(true);
      return () -> attached.getAndSet(false);
    }
    if (isSignalled() || !register(node)) {
      Firing.runNow(this, action);
      return () -> false;
    }
    return () -> unregister(node);
  }

  /**
   * Returns a future that completes, with null, when this signal goes. It counts as an attached
   * action until it completes or is cancelled.
   *
   * @return a new future; completing or cancelling it does not signal this signal
   */
  public final CompletableFuture<@Nullable Void> toFuture() {
    CompletableFuture<@Nullable Void> future = new CompletableFuture<>();
    Registration registration = then(() -> future.complete(null));
    var _ = future.whenComplete((_, _) -> registration.remove());
    return future;
  }

  /**
   * {@return the name of this signal; that of a composite is made of the names of its operands, and
   * cut at 100 characters}
   */
  @Override
  public final String toString() {
    Name name = new Name();
    describe(name);
    return name.toString();
  }

  /**
   * Writes the name of this signal.
   *
   * @param name where to write it
   * @hidden
   */
  protected abstract void describe(Name name);

  /**
   * Adds a dependent.
   *
   * @param node the dependent, new
   * @return false, with nothing done, when this signal has been signalled
   * @hidden
   */
  protected boolean register(Dependent node) {
    return Firing.push(this, node);
  }

  /**
   * Takes a dependent out that {@link #register} added.
   *
   * @param node the dependent
   * @return whether it will now never be used
   * @hidden
   */
  protected boolean unregister(Dependent node) {
    return Firing.remove(this, node);
  }

  /**
   * Tells where the actions of this signal run when it is the cause of a firing.
   *
   * @return null for the thread that fires it; otherwise the surroundings in which to start a
   *     thread of their own
   * @hidden
   */
  @Override
  protected @Nullable Surroundings detached() {
    return null;
  }

  /**
   * Adds what a thread must hang itself into, or the time it must wake at, to look at this signal
   * again in time.
   */
  void collect(Waiting waiting) {
    waiting.link(this);
  }

  /**
   * Writes the signals that a composite of this one must watch into an array, from a place on;
   * returns the place behind them.
   */
  int addLeaves(Signal[] leaves, int at) {
    leaves[at] = this;
    return at + 1;
  }

  /** Counts the leaves that must be read to compute this signal. */
  int weight() {
    return 1;
  }

  private static final class Constant extends Signal {
    private final String name;

    Constant(String name) {
      super(Library.MEMBER);
      this.name = name;
    }

    @Override
    void collect(Waiting waiting) {}

    @Override
    protected void describe(Name text) {
      text.append(name);
    }
  }

  /**
   * The text of a signal's name, of a bounded length.
   *
   * @hidden
   */
  public static final class Name {
    private static final int LONGEST = 100;
    private static final int DEEPEST = 50;

    private final StringBuilder text = new StringBuilder();
    private int depth;

    private Name() {}

    /**
     * Adds words to the name, as long as there is room.
     *
     * @param words what to add
     */
    public void append(String words) {
      if (text.length() <= LONGEST) {
        text.append(words);
      }
    }

    /** Adds both operands' names with a word between, unless it is full or too deep. */
    void append(Signal left, String word, Signal right) {
      if (text.length() > LONGEST) {
        return;
      }
      if (depth >= DEEPEST) {
        append("…");
        return;
      }
      depth++;
      left.describe(this);
      append(word);
      right.describe(this);
      depth--;
    }

    @Override
    public String toString() {
      return text.length() <= LONGEST ? text.toString() : text.substring(0, LONGEST - 1) + "…";
    }
  }
}
