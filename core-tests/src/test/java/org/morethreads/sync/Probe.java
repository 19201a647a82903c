package org.morethreads.sync;

import java.lang.reflect.Field;
import java.util.HashMap;
import java.util.Map;
import org.morethreads.internal.Dependent;
import org.morethreads.internal.Mutex;
import org.morethreads.internal.OneShot;

/** Looks at what no code of the library needs to look at. */
final class Probe {
  private static final Map<String, Field> FIELDS = new HashMap<>();

  private Probe() {}

  /**
   * Counts the dependents that a signal keeps for somebody: live ones, but of the edges of large
   * composites, which hang there for good, only those that keep the composite alive.
   */
  static int heldBy(OneShot signal) {
    int held = 0;
    Object node = get(OneShot.class, "head", signal);
    for (; node instanceof Dependent each; node = get(Dependent.class, "next", node)) {
      if (!each.isDead() && !each.getClass().getSimpleName().equals("Fired")) {
        boolean weak = each.getClass().getSimpleName().equals("WeakEdge");
        held += weak && get(each.getClass(), "strong", each) == null ? 0 : 1;
      }
    }
    return held;
  }

  /** The lock that guards which large composites are held strongly. */
  static Mutex strength() {
    return (Mutex) get(Composite.class, "STRENGTH", null);
  }

  private static synchronized Object get(Class<?> type, String name, Object of) {
    try {
      Field field = FIELDS.get(type.getName() + name);
      if (field == null) {
        field = type.getDeclaredField(name);
        field.setAccessible(true);
        FIELDS.put(type.getName() + name, field);
      }
      return field.get(of);
    } catch (ReflectiveOperationException e) {
      throw new AssertionError(e);
    }
  }
}
