package org.morethreads.logging.internal;

import java.util.IdentityHashMap;
import org.morethreads.thread.ContextCarrier;

/** Carriers that several appenders want, registered once for all who want the same. */
public final class Shared {
  private static final class Entry {
    final ContextCarrier.Registration registration;
    int users;

    Entry(ContextCarrier.Registration registration) {
      this.registration = registration;
    }
  }

  private static final Object MONITOR = new Object();
  private static final IdentityHashMap<Object, Entry> ENTRIES = new IdentityHashMap<>();

  private Shared() {}

  /**
   * One more wants a carrier.
   *
   * @param what whose context it carries
   * @param carrier the carrier, registered for the first who wants it
   */
  public static void wants(Object what, ContextCarrier carrier) {
    synchronized (MONITOR) {
      ENTRIES.computeIfAbsent(what, _ -> new Entry(ContextCarrier.register(carrier))).users++;
    }
  }

  /**
   * One who wanted a carrier does not any more.
   *
   * @param what whose context it carries
   */
  public static void leaves(Object what) {
    synchronized (MONITOR) {
      Entry entry = ENTRIES.get(what);
      if (entry != null && --entry.users == 0) {
        ENTRIES.remove(what);
        boolean _ = entry.registration.remove();
      }
    }
  }
}
