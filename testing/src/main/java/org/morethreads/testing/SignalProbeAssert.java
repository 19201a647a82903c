package org.morethreads.testing;

import java.time.Duration;
import org.assertj.core.api.AbstractAssert;
import org.jspecify.annotations.Nullable;

/**
 * Assertions about what a probe has seen of a signal.
 *
 * @since 0.1
 */
public final class SignalProbeAssert extends AbstractAssert<SignalProbeAssert, SignalProbe> {
  @SuppressWarnings("NullAway") // AssertJ takes null, and complains of it in isNotNull
  SignalProbeAssert(@Nullable SignalProbe actual) {
    super(actual, SignalProbeAssert.class);
  }

  /**
   * Checks that the signal has gone and has run its action once.
   *
   * @return this
   */
  public SignalProbeAssert wentOnce() {
    isNotNull();
    if (actual.count() != 1) {
      throw failure(
          "Expected signal \"%s\" to have gone once, but its action has run %s times.%s",
          actual.signal(), actual.count(), MoreThreadsAssertions.dump());
    }
    return this;
  }

  /**
   * Checks that the signal has gone once, and just so long after the probe was attached.
   *
   * @param expected the time
   * @return this
   */
  public SignalProbeAssert wentAfter(Duration expected) {
    boolean _ = wentOnce() == this;
    Duration after = actual.after().orElseThrow();
    if (!after.equals(expected)) {
      throw failureWithActualExpected(
          after,
          expected,
          "Expected signal \"%s\" to go after %s, but it went after %s.",
          actual.signal(),
          expected,
          after);
    }
    return this;
  }

  /**
   * Checks that the signal has not run its action.
   *
   * @return this
   */
  public SignalProbeAssert hasNotGone() {
    isNotNull();
    if (actual.count() != 0) {
      throw failure(
          "Expected signal \"%s\" not to have gone, but: %s.%s",
          actual.signal(), actual, MoreThreadsAssertions.dump());
    }
    return this;
  }
}
