package org.morethreads.testing;

import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.morethreads.sync.OpenSignal;
import org.morethreads.sync.Progress;
import org.morethreads.sync.Signal;

/**
 * Forces an order on steps that are taken in several threads: step 2 begins when step 1 has ended,
 * whatever thread comes first.
 *
 * {@snippet class="TestingSnippets" region="sequencer"}
 *
 * <p>Steps are numbered from 1 without gaps, and each is taken once. When a step fails, or its
 * thread is interrupted while it waits for its turn, the order is broken: all who wait, or come
 * later, get an {@code IllegalStateException} that says which step it was.
 *
 * <p>It waits through this library: under virtual time, an order that can never come about is
 * reported as a deadlock; in real time the time-out of the test shows who waits for which step.
 *
 * <p><b>Thread safety.</b> Every method may be called from any thread without further
 * synchronization. <b>Memory consistency.</b> A step <i>happens-before</i> the next.
 *
 * @since 0.1
 */
public final class Sequencer {
  /** What happened to make the order impossible. */
  private record Broken(int step, Throwable cause) {}

  private final String name;
  private final Progress done;
  private final OpenSignal brokenOff;
  private final AtomicReference<@Nullable Broken> broken = new AtomicReference<>();
  private final ConcurrentHashMap<Integer, Thread> taken = new ConcurrentHashMap<>();

  private Sequencer(String name) {
    this.name = name;
    this.done = Progress.create("steps of \"" + name + "\"");
    this.brokenOff = Signal.create("\"" + name + "\" is broken");
  }

  /**
   * Creates a sequencer of which no step has been taken.
   *
   * @param name what it is called in dumps and messages
   * @return the sequencer
   */
  public static Sequencer create(String name) {
    return new Sequencer(Objects.requireNonNull(name, "name"));
  }

  /**
   * Waits for the turn of a step that does nothing: a point in the order.
   *
   * @param number the number of the step, from 1
   * @throws InterruptedException if the calling thread is interrupted, on entry or while waiting
   * @throws IllegalStateException if the step has been taken before, or an earlier one has failed
   */
  public void step(int number) throws InterruptedException {
    await(number);
    done.advance();
  }

  /**
   * Waits for the turn of a step, and takes it.
   *
   * @param number the number of the step, from 1
   * @param action what to do
   * @throws InterruptedException if the calling thread is interrupted, on entry or while waiting
   * @throws IllegalStateException if the step has been taken before, or an earlier one has failed
   */
  public void step(int number, Runnable action) throws InterruptedException {
    Objects.requireNonNull(action, "action");
    await(number);
    boolean ended = false;
    try {
      action.run();
      ended = true;
    } catch (Throwable failure) {
      breakOff(number, failure);
      throw failure;
    } finally {
      if (ended) {
        done.advance();
      }
    }
  }

  /**
   * Waits for the turn of a step, and takes it.
   *
   * @param <T> the type of the result
   * @param number the number of the step, from 1
   * @param action what to do
   * @return the result of the action
   * @throws Exception what the action throws; {@code InterruptedException} if the calling thread is
   *     interrupted, on entry or while waiting
   * @throws IllegalStateException if the step has been taken before, or an earlier one has failed
   */
  public <T extends @Nullable Object> T call(int number, Callable<T> action) throws Exception {
    Objects.requireNonNull(action, "action");
    await(number);
    T result;
    try {
      result = action.call();
    } catch (Throwable failure) {
      breakOff(number, failure);
      throw failure;
    }
    done.advance();
    return result;
  }

  /** {@return how many steps have been taken} */
  public long taken() {
    return done.value();
  }

  private void await(int number) throws InterruptedException {
    if (number < 1) {
      throw new IllegalArgumentException("Steps are numbered from 1; there is no " + number + ".");
    }
    Thread other = taken.putIfAbsent(number, Thread.currentThread());
    if (other != null) {
      throw new IllegalStateException(
          "Step " + number + " of \"" + name + "\" is that of thread \"" + other.getName() + "\".");
    }
    try {
      boolean isTurn = done.reached(number - 1).await(brokenOff);
      Broken by = broken.get();
      if (!isTurn && by != null) {
        throw new IllegalStateException(
            "Step "
                + number
                + " of \""
                + name
                + "\" can never begin, since step "
                + by.step
                + " has failed.",
            by.cause);
      }
    } catch (InterruptedException e) {
      breakOff(number, e);
      throw e;
    }
  }

  private void breakOff(int step, Throwable cause) {
    broken.compareAndSet(null, new Broken(step, cause));
    brokenOff.go();
  }

  @Override
  public String toString() {
    return "sequencer \"" + name + "\" after step " + taken();
  }
}
