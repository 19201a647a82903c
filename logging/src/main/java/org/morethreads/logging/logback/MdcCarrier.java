package org.morethreads.logging.logback;

import ch.qos.logback.classic.util.LogbackMDCAdapter;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.morethreads.thread.ContextCarrier;
import org.slf4j.spi.MDCAdapter;

/** Carries the MDC to managed threads (H13). */
record MdcCarrier(MDCAdapter adapter) implements ContextCarrier {
  /** The MDC of the calling thread, which is not changed any more; null when there is none. */
  static @Nullable Map<String, String> of(@Nullable MDCAdapter adapter) {
    return adapter instanceof LogbackMDCAdapter own
        ? own.getPropertyMap() // not copied: a change makes a new one
        : adapter == null ? null : adapter.getCopyOfContextMap();
  }

  @Override
  public @Nullable Object capture() {
    Map<String, String> map = of(adapter);
    return map == null || map.isEmpty() ? null : map;
  }

  @Override
  @SuppressWarnings("unchecked") // it is what capture has returned
  public void install(Object captured) {
    adapter.setContextMap((Map<String, String>) captured);
  }
}
