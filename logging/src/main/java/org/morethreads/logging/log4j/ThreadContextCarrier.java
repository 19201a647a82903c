package org.morethreads.logging.log4j;

import java.util.Map;
import org.apache.logging.log4j.ThreadContext;
import org.jspecify.annotations.Nullable;
import org.morethreads.thread.ContextCarrier;

/** Carries the map of Log4j's thread context to managed threads (H13). */
final class ThreadContextCarrier implements ContextCarrier {
  static final ThreadContextCarrier INSTANCE = new ThreadContextCarrier();

  private ThreadContextCarrier() {}

  @Override
  public @Nullable Object capture() {
    return ThreadContext.isEmpty() ? null : ThreadContext.getImmutableContext();
  }

  @Override
  @SuppressWarnings("unchecked") // it is what capture has returned
  public void install(Object captured) {
    ThreadContext.putAll((Map<String, String>) captured);
  }
}
