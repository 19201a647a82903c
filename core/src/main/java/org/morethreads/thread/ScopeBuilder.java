package org.morethreads.thread;

import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * How a {@link Scope} is to be: begun by {@link Scope#named}, ended by {@link #run} or {@link
 * #call}.
 *
 * {@snippet class="ScopeSnippets" region="builder"}
 *
 * <p>Instances are immutable: every method returns a new one.
 *
 * @since 0.1
 */
public final class ScopeBuilder {
  private final ScopeLife.Settings settings;

  ScopeBuilder(ScopeLife.Settings settings) {
    this.settings = settings;
  }

  /**
   * Isolates failures: a child that fails stops neither the others nor the block. What nobody has
   * joined by the end is thrown then, all of it.
   *
   * @return a changed builder
   */
  public ScopeBuilder isolated() {
    return new ScopeBuilder(
        new ScopeLife.Settings(settings.name(), true, settings.deadline(), settings.policy()));
  }

  /**
   * Chooses how a stop of the children is bounded. A policy can only shorten what that of the
   * parent allows. One that never interrupts holds for the block too, which then has to look at
   * {@link OpenScope#pleaseStop}.
   *
   * @param policy the policy
   * @return a changed builder
   */
  public ScopeBuilder stopPolicy(StopPolicy policy) {
    return new ScopeBuilder(
        new ScopeLife.Settings(
            settings.name(),
            settings.isolated(),
            settings.deadline(),
            Objects.requireNonNull(policy, "policy")));
  }

  /**
   * Gives the scope, and every scope within it, a time, which is real time.
   *
   * @param deadline the time from its begin; zero or negative means that the block is not run
   * @return a builder whose methods throw {@link TimeoutException}
   */
  public Timed deadline(Duration deadline) {
    return new Timed(
        new ScopeBuilder(
            new ScopeLife.Settings(
                settings.name(),
                settings.isolated(),
                Objects.requireNonNull(deadline, "deadline"),
                settings.policy())));
  }

  /**
   * Runs a block, and waits for the threads of its scope.
   *
   * @param <X> what the block can throw
   * @param block what to run
   * @throws X what the block threw
   * @throws InterruptedException if the block threw it, or the calling thread is interrupted while
   *     it waits; the children have ended then
   * @throws ThreadFailedException if a child failed
   * @throws IllegalStateException if the thread or tree that the scope would belong to has stopped
   */
  public <X extends Exception> void run(Scope.Block<X> block) throws X, InterruptedException {
    Objects.requireNonNull(block, "block");
    ScopeLife.<@Nullable Void, X>execute(
        settings,
        scope -> {
          block.run(scope);
          return null;
        });
  }

  /**
   * Runs a block, waits for the threads of its scope, and returns what the block returned.
   *
   * @param <T> the type of the result
   * @param <X> what the block can throw
   * @param block what to run
   * @return the result of the block
   * @throws X what the block threw
   * @throws InterruptedException if the block threw it, or the calling thread is interrupted while
   *     it waits; the children have ended then
   * @throws ThreadFailedException if a child failed
   * @throws IllegalStateException if the thread or tree that the scope would belong to has stopped
   */
  public <T extends @Nullable Object, X extends Exception> T call(Scope.Call<T, X> block)
      throws X, InterruptedException {
    return ScopeLife.execute(settings, Objects.requireNonNull(block, "block"));
  }

  /**
   * A builder of a scope with a deadline.
   *
   * @since 0.1
   */
  public static final class Timed {
    private final ScopeBuilder untimed;

    private Timed(ScopeBuilder untimed) {
      this.untimed = untimed;
    }

    /**
     * Isolates failures, as {@link ScopeBuilder#isolated}.
     *
     * @return a changed builder
     */
    public Timed isolated() {
      return new Timed(untimed.isolated());
    }

    /**
     * Chooses how a stop of the children is bounded, as {@link ScopeBuilder#stopPolicy}.
     *
     * @param policy the policy
     * @return a changed builder
     */
    public Timed stopPolicy(StopPolicy policy) {
      return new Timed(untimed.stopPolicy(policy));
    }

    /**
     * Runs a block, and waits for the threads of its scope, as {@link ScopeBuilder#run}.
     *
     * @param <X> what the block can throw
     * @param block what to run
     * @throws X what the block threw
     * @throws InterruptedException if the calling thread is interrupted
     * @throws TimeoutException if the deadline has passed; the children have been stopped then
     */
    public <X extends Exception> void run(Scope.Block<X> block)
        throws X, InterruptedException, TimeoutException {
      untimed.run(block);
    }

    /**
     * Runs a block, waits for the threads of its scope, and returns what the block returned, as
     * {@link ScopeBuilder#call}.
     *
     * @param <T> the type of the result
     * @param <X> what the block can throw
     * @param block what to run
     * @return the result of the block
     * @throws X what the block threw
     * @throws InterruptedException if the calling thread is interrupted
     * @throws TimeoutException if the deadline has passed; the children have been stopped then
     */
    public <T extends @Nullable Object, X extends Exception> T call(Scope.Call<T, X> block)
        throws X, InterruptedException, TimeoutException {
      return untimed.call(block);
    }
  }
}
