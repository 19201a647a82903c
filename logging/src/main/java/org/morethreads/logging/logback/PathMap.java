package org.morethreads.logging.logback;

import java.io.Serializable;
import java.util.AbstractMap;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.morethreads.thread.ManagedThread;

/**
 * The MDC of a record, and the path of the thread that logged it, which is made into text only when
 * somebody reads it: on the writer's thread.
 */
final class PathMap extends AbstractMap<String, String> implements Serializable {
  private static final long serialVersionUID = 1L;

  private final transient @Nullable Map<String, String> mdc;
  private final transient String key;
  private final transient ManagedThread<?> thread;

  /** Read and written by the writer's thread, as a rule; made anew by others. */
  private transient @Nullable Map<String, String> whole;

  PathMap(@Nullable Map<String, String> mdc, String key, ManagedThread<?> thread) {
    this.mdc = mdc;
    this.key = key;
    this.thread = thread;
  }

  private Map<String, String> whole() {
    Map<String, String> present = whole;
    if (present == null) {
      present = new HashMap<>();
      present.put(key, thread.path());
      if (mdc != null) {
        present.putAll(mdc); // what the user has put there is his
      }
      whole = present;
    }
    return present;
  }

  @Override
  public @Nullable String get(@Nullable Object wanted) {
    if (whole == null && key.equals(wanted) && (mdc == null || !mdc.containsKey(key))) {
      return thread.path();
    }
    return whole().get(wanted);
  }

  @Override
  public Set<Entry<String, String>> entrySet() {
    return whole().entrySet();
  }

  /** {@return an ordinary map, for a receiver that does not know this class} */
  private Object writeReplace() {
    return new HashMap<>(whole());
  }
}
