package org.morethreads.testing;

import java.time.Duration;
import org.assertj.core.api.AbstractAssert;
import org.jspecify.annotations.Nullable;
import org.morethreads.sync.Signal;

/**
 * Assertions about a signal.
 *
 * @since 0.1
 */
public final class SignalAssert extends AbstractAssert<SignalAssert, Signal> {
  @SuppressWarnings("NullAway") // AssertJ takes null, and complains of it in isNotNull
  SignalAssert(@Nullable Signal actual) {
    super(actual, SignalAssert.class);
  }

  /**
   * Checks that the signal has gone.
   *
   * @return this
   */
  public SignalAssert isSignalled() {
    isNotNull();
    if (!actual.isSignalled()) {
      throw failure(
          "Expected signal \"%s\" to be signalled, but it is not.%s",
          actual, MoreThreadsAssertions.dump());
    }
    return this;
  }

  /**
   * Checks that the signal has not gone. Sound only where it can never have gone at that point.
   *
   * @return this
   */
  public SignalAssert isNotSignalled() {
    isNotNull();
    if (actual.isSignalled()) {
      throw failure(
          "Expected signal \"%s\" not to be signalled, but it is.%s",
          actual, MoreThreadsAssertions.dump());
    }
    return this;
  }

  /**
   * Waits for the signal, and checks that it goes in time.
   *
   * @param limit the longest time to wait; virtual on a thread that is on virtual time
   * @return this
   */
  public SignalAssert isSignalledWithin(Duration limit) {
    isNotNull();
    try {
      if (!actual.await(limit)) {
        throw failure(
            "Expected signal \"%s\" to be signalled within %s, but it is not.%s",
            actual, limit, MoreThreadsAssertions.dump());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw failure(
          "Interrupted while waiting for signal \"%s\".%s", actual, MoreThreadsAssertions.dump());
    }
    return this;
  }
}
