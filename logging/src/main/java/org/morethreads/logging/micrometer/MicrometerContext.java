package org.morethreads.logging.micrometer;

import io.micrometer.context.ContextSnapshot;
import io.micrometer.context.ContextSnapshotFactory;
import org.jspecify.annotations.Nullable;
import org.morethreads.thread.ContextCarrier;

/**
 * Carries to managed threads whatever has a {@code ThreadLocalAccessor} in Micrometer's
 * context-propagation: tracing, security, observations. Once for a program:
 *
 * {@snippet class="LoggingSnippets" region="micrometer"}
 *
 * @since 0.1
 */
public final class MicrometerContext implements ContextCarrier {
  private final ContextSnapshotFactory factory;

  /** Makes a carrier of all that the global registry knows. */
  public MicrometerContext() {
    this(ContextSnapshotFactory.builder().build());
  }

  /**
   * Makes a carrier.
   *
   * @param factory decides what is carried
   */
  public MicrometerContext(ContextSnapshotFactory factory) {
    this.factory = factory;
  }

  @Override
  public @Nullable Object capture() {
    return factory.captureAll();
  }

  @Override
  public void install(Object captured) {
    // its scope is never closed: the values belong to the thread, and end with it
    ContextSnapshot.Scope _ = ((ContextSnapshot) captured).setThreadLocals();
  }
}
