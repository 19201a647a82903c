package org.morethreads.testing;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Objects;
import org.morethreads.internal.Surroundings;
import org.morethreads.sync.Signal;
import org.morethreads.thread.StopPolicy;
import org.morethreads.thread.ThreadTree;

/**
 * A clock that stands still while any thread of its tree has something to do, and jumps to the next
 * event when all of them wait. Ten hours of time-outs take milliseconds, and always go the same
 * way: threads that are due at the same time run one after the other, in the order in which they
 * began to wait.
 *
 * {@snippet class="TestingSnippets" region="clock"}
 *
 * <p>A test has one by {@link VirtualTime @VirtualTime}, or anywhere by {@link #run}. All that this
 * library waits for on threads of the tree goes by it: tills, every wait with a {@code Duration},
 * deadlines, stop policies. It is a {@link InstantSource}, to be given to code that asks for the
 * time of day; {@code clock.withZone(zone)} makes a {@link java.time.Clock} of it.
 *
 * <p><b>What takes part:</b> the managed threads of the tree, and of trees that a thread of it
 * opens; the actions of tills. <b>What holds the clock:</b> any of these while it does not wait
 * through this library: while it computes, does I/O, sleeps in {@code Thread.sleep}, waits for a
 * future, a monitor or a process. One that holds it too long in real time is named with its stack,
 * and the test fails. <b>What is not seen:</b> a thread outside of the tree, unless somebody of the
 * tree waits for it outside of this library; {@link #hold} the clock while it works. Interrupt a
 * thread of the tree by stopping it, or by {@link #interrupt}: a {@code Thread.interrupt} from the
 * test arrives, but the clock may have jumped before.
 *
 * <p><b>Deadlocks.</b> When all wait, and no event is to come, nothing can ever happen: the test
 * fails at once, with what each thread waits for. While threads live that the test has made outside
 * of the tree, that could end a wait, they are given the hold limit first.
 *
 * <p><b>Thread safety.</b> Every method may be called from any thread without further
 * synchronization, unless it says otherwise. Tests in parallel have clocks of their own.
 *
 * @since 0.1
 */
public final class VirtualClock implements InstantSource {
  /** The time of day at which a virtual clock begins, if nothing else is said. */
  static final String USUAL_START = "2030-01-01T00:00:00Z";

  /** How long the clock may be held, if nothing else is said. */
  static final Duration USUAL_HOLD_LIMIT = Duration.ofSeconds(5);

  /** How much real time a test has, if nothing else is said. */
  static final Duration USUAL_TIMEOUT = Duration.ofMinutes(1);

  private final TestRun run;
  private final AutoJumpTime time;

  VirtualClock(TestRun run, AutoJumpTime time) {
    this.run = run;
    this.time = time;
  }

  /**
   * What runs on virtual time.
   *
   * @since 0.1
   */
  @FunctionalInterface
  public interface Body {
    /**
     * Does it.
     *
     * @param clock the clock that the calling thread goes by
     * @throws Exception anything: thrown on by {@link #run}
     */
    void run(VirtualClock clock) throws Exception;
  }

  /**
   * Runs something on virtual time, with the usual {@linkplain Setup settings}, in a tree of its
   * own that has stopped when this method returns. The body runs on a managed thread {@code test}
   * of that tree; the calling thread waits in real time. What the body throws is thrown unchanged.
   *
   * @param body what to run
   * @throws Exception what the body throws
   * @throws AssertionError if all wait for what can never come, if somebody holds the clock too
   *     long, if the test runs out of real time, if a managed thread is left over, or if a failure
   *     is left that nobody has claimed
   */
  public static void run(Body body) throws Exception {
    setup().run(body);
  }

  /** {@return the usual settings, to be changed} */
  public static Setup setup() {
    return new Setup(
        Instant.parse(USUAL_START),
        USUAL_HOLD_LIMIT,
        USUAL_TIMEOUT,
        StopPolicy.standard(),
        /* platform= */ false,
        /* unmanaged= */ false);
  }

  /**
   * How a body is to run on virtual time. Immutable: every method returns a changed copy.
   *
   * @since 0.1
   */
  public static final class Setup {
    private final Instant start;
    private final Duration holdLimit;
    private final Duration timeout;
    private final StopPolicy policy;
    private final boolean platform;
    private final boolean unmanaged;

    private Setup(
        Instant start,
        Duration holdLimit,
        Duration timeout,
        StopPolicy policy,
        boolean platform,
        boolean unmanaged) {
      this.start = Objects.requireNonNull(start, "start");
      this.holdLimit = Objects.requireNonNull(holdLimit, "holdLimit");
      this.timeout = Objects.requireNonNull(timeout, "timeout");
      this.policy = Objects.requireNonNull(policy, "policy");
      this.platform = platform;
      this.unmanaged = unmanaged;
    }

    /**
     * Chooses the time of day at which the clock begins.
     *
     * @param newStart the time of day; usually the beginning of 2030, in Greenwich
     * @return a changed copy
     */
    public Setup withStart(Instant newStart) {
      return new Setup(newStart, holdLimit, timeout, policy, platform, unmanaged);
    }

    /**
     * Chooses how long, in real time, the clock may be held by what does not wait through this
     * library.
     *
     * @param limit the limit; usually 5 s
     * @return a changed copy
     */
    public Setup withHoldLimit(Duration limit) {
      return new Setup(start, limit, timeout, policy, platform, unmanaged);
    }

    /**
     * Chooses how much real time the body has.
     *
     * @param limit the limit; usually a minute
     * @return a changed copy
     */
    public Setup withTimeout(Duration limit) {
      return new Setup(start, holdLimit, limit, policy, platform, unmanaged);
    }

    /**
     * Chooses the stop policy of the tree; its times are virtual.
     *
     * @param newPolicy the policy
     * @return a changed copy
     */
    public Setup withPolicy(StopPolicy newPolicy) {
      return new Setup(start, holdLimit, timeout, newPolicy, platform, unmanaged);
    }

    /**
     * Lets the body run on a platform thread instead of a virtual one.
     *
     * @return a changed copy
     */
    public Setup withPlatformThread() {
      return new Setup(start, holdLimit, timeout, policy, /* platform= */ true, unmanaged);
    }

    /**
     * Lets the body run on a thread that takes part in virtual time, but is not managed, as that of
     * {@code main} is not: see {@link VirtualTime#managed}.
     *
     * @return a changed copy
     */
    public Setup withUnmanagedThread() {
      return new Setup(start, holdLimit, timeout, policy, platform, /* unmanaged= */ true);
    }

    /**
     * Runs something with these settings: see {@link VirtualClock#run}.
     *
     * @param body what to run
     * @throws Exception what the body throws
     */
    public void run(Body body) throws Exception {
      TestRun run =
          new TestRun(
              new TestRun.Settings(
                  "virtual",
                  /* isVirtualTime= */ true,
                  platform,
                  unmanaged,
                  start,
                  policy,
                  timeout,
                  holdLimit,
                  System.Logger.Level.OFF,
                  /* checksAliens= */ false));
      Throwable thrown = null;
      try {
        run.run(() -> body.run(Objects.requireNonNull(run.clock())));
      } catch (Throwable failure) { // thrown again below
        thrown = failure;
      }
      try {
        run.close();
      } catch (AssertionError leftOver) {
        if (thrown == null) {
          throw leftOver;
        }
        thrown.addSuppressed(leftOver);
      }
      switch (thrown) {
        case null -> {}
        case Exception exception -> throw exception;
        case Error error -> throw error;
        default -> throw new AssertionError(thrown);
      }
    }
  }

  /** {@return the tree whose threads go by this clock} */
  public ThreadTree tree() {
    return run.tree();
  }

  /**
   * Opens a further tree whose threads go by this clock, as {@code ThreadTree.open} does in the
   * test; it is also shown in dumps, and stopped with the test if it was not closed before.
   *
   * @param name the name of its root
   * @return the tree
   */
  public ThreadTree openTree(String name) {
    return openTree(name, StopPolicy.standard());
  }

  /**
   * Opens a further tree with a stop policy, whose threads go by this clock. It is stopped with the
   * test, if it was not closed before.
   *
   * @param name the name of its root
   * @param policy the policy; its times are virtual
   * @return the tree
   */
  public ThreadTree openTree(String name, StopPolicy policy) {
    return run.openFurtherTree(time, name, policy);
  }

  /** {@return how much virtual time has passed since the beginning} */
  public Duration elapsed() {
    return time.elapsed();
  }

  /** {@return the virtual time of day} */
  @Override
  public Instant instant() {
    return time.now();
  }

  /** {@return how often the clock has jumped} */
  public long jumps() {
    return time.jumps();
  }

  /**
   * Sets the time of day, as an administrator would; how long a wait takes does not change by it.
   *
   * @param instant the new time of day
   */
  public void setTimeOfDay(Instant instant) {
    time.setWallClock(Objects.requireNonNull(instant, "instant"));
  }

  /**
   * Waits for some virtual time, while the others go on. Called by a thread that takes part.
   *
   * @param duration the time
   * @throws InterruptedException if the calling thread is interrupted, on entry or while waiting
   * @throws IllegalStateException if the calling thread does not take part
   */
  public void sleep(Duration duration) throws InterruptedException {
    Surroundings _ = participant("sleep");
    boolean _ = Signal.NEVER.await(duration);
  }

  /**
   * Waits until all others that take part wait, or have ended: what was set going has come as far
   * as it comes without time passing. The clock does not move. Called by a thread that takes part;
   * when several do, one after the other returns.
   *
   * @throws InterruptedException if the calling thread is interrupted, on entry or while waiting
   * @throws IllegalStateException if the calling thread does not take part
   */
  public void awaitOthersBlocked() throws InterruptedException {
    time.awaitOthersBlocked(participant("await the others"));
  }

  /**
   * Interrupts a thread that takes part. It goes on before any time passes, which cannot be said of
   * {@code Thread.interrupt}.
   *
   * @param thread the thread: of the tree, of a tree that goes by this clock, or of the test
   * @throws IllegalStateException if it does not take part, or has ended
   */
  public void interrupt(Thread thread) {
    Objects.requireNonNull(thread, "thread");
    if (!time.interrupt(thread)) {
      throw new IllegalStateException(
          "Thread \""
              + thread.getName()
              + "\" cannot be interrupted on virtual time, in which it does not take part, or no"
              + " longer. Use Thread.interrupt().");
    }
  }

  private Surroundings participant(String what) {
    Surroundings self = Surroundings.current();
    if (self.time() != time) {
      throw new IllegalStateException(
          "Thread \""
              + Thread.currentThread().getName()
              + "\" cannot "
              + what
              + " on virtual time, in which it does not take part. Call this from the test, or from a"
              + " managed thread of its tree.");
    }
    return self;
  }

  /**
   * Keeps the clock from moving, while somebody works that it does not see: a thread outside of the
   * tree, a process. For try-with-resources, or to be closed by whoever has done that work; a hold
   * that is forgotten is reported with the place where it began.
   *
   * @return the hold, to be closed by any thread
   */
  public Hold hold() {
    return new Hold(time.watchedHold());
  }

  /**
   * The time for which the clock is kept from moving.
   *
   * @since 0.1
   */
  public static final class Hold implements AutoCloseable {
    private final AutoJumpTime.Hold hold;

    private Hold(AutoJumpTime.Hold hold) {
      this.hold = hold;
    }

    /** Lets the clock go. Repeating it does nothing. */
    @Override
    public void close() {
      hold.close();
    }
  }

  @Override
  public String toString() {
    return "virtual clock at " + instant() + ", after " + elapsed();
  }
}
