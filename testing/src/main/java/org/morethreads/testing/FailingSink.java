package org.morethreads.testing;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.IntPredicate;
import java.util.function.Supplier;

/**
 * A consumer that fails at one of its calls, or at some, and keeps what the others brought: for
 * code that writes to something that may break.
 *
 * {@snippet class="TestingSnippets" region="failing"}
 *
 * <p><b>Thread safety.</b> Every method may be called from any thread without further
 * synchronization.
 *
 * @param <T> the type of what it is given
 * @since 0.1
 */
public final class FailingSink<T> implements Consumer<T> {
  private final IntPredicate failing;
  private final Supplier<? extends RuntimeException> failure;
  private final CallTimes calls = new CallTimes();
  private final List<T> received = new CopyOnWriteArrayList<>();

  private FailingSink(IntPredicate failing, Supplier<? extends RuntimeException> failure) {
    this.failing = failing;
    this.failure = failure;
  }

  /**
   * Creates a sink that fails at one call, with an {@code IllegalStateException}.
   *
   * @param <T> the type of what it is given
   * @param call the number of the call, from 1
   * @return the sink
   */
  public static <T> FailingSink<T> atCall(int call) {
    return atCall(call, () -> new IllegalStateException("call " + call + " of a failing sink"));
  }

  /**
   * Creates a sink that fails at one call.
   *
   * @param <T> the type of what it is given
   * @param call the number of the call, from 1
   * @param failure makes what it throws
   * @return the sink
   */
  public static <T> FailingSink<T> atCall(int call, Supplier<? extends RuntimeException> failure) {
    if (call < 1) {
      throw new IllegalArgumentException("Calls are numbered from 1; there is no " + call + ".");
    }
    return atCalls(number -> number == call, failure);
  }

  /**
   * Creates a sink that fails at some of its calls: {@code call -> call <= 3} are the first three.
   *
   * @param <T> the type of what it is given
   * @param calls which calls, by their numbers from 1; may be asked by several threads
   * @param failure makes what it throws, anew for each
   * @return the sink
   */
  public static <T> FailingSink<T> atCalls(
      IntPredicate calls, Supplier<? extends RuntimeException> failure) {
    return new FailingSink<>(
        Objects.requireNonNull(calls, "calls"), Objects.requireNonNull(failure, "failure"));
  }

  @Override
  public void accept(T element) {
    if (failing.test(calls.add())) {
      throw failure.get();
    }
    received.add(element);
  }

  /** {@return what the calls that did not fail brought, in order} */
  public List<T> received() {
    return List.copyOf(received);
  }

  /** {@return how often it was called, the failed calls included} */
  public int calls() {
    return calls.all().size();
  }

  /**
   * {@return how long after the sink was made each call came, the failed ones included, in order;
   * virtual if it was made on virtual time}
   */
  public List<Duration> calledAfter() {
    return calls.all();
  }
}
