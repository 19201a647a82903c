package org.morethreads.testing;

import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * A consumer that fails at one of its calls and keeps what the others brought: for code that writes
 * to something that may break.
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
  private final int failing;
  private final Supplier<? extends RuntimeException> failure;
  private final AtomicInteger calls = new AtomicInteger();
  private final List<T> received = new CopyOnWriteArrayList<>();

  private FailingSink(int failing, Supplier<? extends RuntimeException> failure) {
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
    return new FailingSink<>(call, Objects.requireNonNull(failure, "failure"));
  }

  @Override
  public void accept(T element) {
    if (calls.incrementAndGet() == failing) {
      throw failure.get();
    }
    received.add(element);
  }

  /** {@return what the calls that did not fail brought, in order} */
  public List<T> received() {
    return List.copyOf(received);
  }

  /** {@return how often it was called, the failed call included} */
  public int calls() {
    return calls.get();
  }
}
