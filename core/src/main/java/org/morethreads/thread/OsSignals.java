package org.morethreads.thread;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.morethreads.internal.Log;
import org.morethreads.internal.Services;

/**
 * Catches SIGINT, SIGTERM and SIGHUP through sun.misc.Signal, found by reflection since not every
 * JVM has it or lets us. The first begins the end of the program, a second halts.
 */
final class OsSignals implements InvocationHandler {
  private static final Map<String, Integer> NUMBERS = Map.of("HUP", 1, "INT", 2, "TERM", 15);

  private static final long MILLISECOND = 1_000_000;

  /**
   * Two different signals that come together, as SIGTERM and SIGHUP at the end of a session, are
   * one.
   */
  private static final long TOGETHER = 500 * MILLISECOND;

  /**
   * The same signal twice within this time is one: the terminal sends it to all processes of the
   * foreground, and a launcher among them sends it on.
   */
  private static final long ECHO = 100 * MILLISECOND;

  private static final Object ORDER = new Object();

  /** Guarded by {@link #ORDER}. */
  private static long firstAt;

  /** Guarded by {@link #ORDER}. */
  private static @Nullable String firstName;

  /** The threads of the JVM that have a signal to pass on to a handler of the user. */
  private static final Set<Thread> PASSING_ON = ConcurrentHashMap.newKeySet();

  private final String name;
  private volatile @Nullable Object before;

  private OsSignals(String name) {
    this.name = name;
  }

  static void install() {
    try {
      Class<?> signal = Class.forName("sun.misc.Signal");
      Class<?> handler = Class.forName("sun.misc.SignalHandler");
      Method handle = signal.getMethod("handle", signal, handler);
      Object ignore = handler.getField("SIG_IGN").get(null);
      for (String name : List.of("INT", "TERM", "HUP")) {
        install(name, signal, handler, handle, ignore);
      }
    } catch (ReflectiveOperationException | LinkageError notThere) {
      // no module jdk.unsupported: the JVM's hook alone leads to the stop
    }
  }

  private static void install(
      String name, Class<?> signal, Class<?> handler, Method handle, Object ignore)
      throws ReflectiveOperationException {
    OsSignals ours = new OsSignals(name);
    Object proxy =
        Proxy.newProxyInstance(OsSignals.class.getClassLoader(), new Class<?>[] {handler}, ours);
    try {
      Object which = signal.getConstructor(String.class).newInstance(name);
      Object before = handle.invoke(null, which, proxy);
      if (before == ignore) {
        handle.invoke(null, which, before); // nohup: whoever started us wants it ignored
      } else {
        ours.before = before;
      }
    } catch (InvocationTargetException refused) {
      if (!(refused.getCause() instanceof IllegalArgumentException)) {
        throw refused;
      }
      // -Xrs, or a signal that this system does not have: the hook remains
    }
  }

  @Override
  public @Nullable Object invoke(Object proxy, Method method, Object @Nullable [] arguments) {
    return switch (method.getName()) {
      case "hashCode" -> System.identityHashCode(proxy);
      case "equals" -> arguments != null && arguments[0] == proxy;
      case "toString" -> "more-threads handler of SIG" + name;
      default -> {
        Object users = usersHandler();
        if (users == null || arguments == null) {
          received();
        } else {
          PASSING_ON.add(Thread.currentThread()); // before the end can come to look for it
          try {
            received();
            passOn(users, method, arguments); // after the stop has begun: it may block, or exit
          } finally {
            PASSING_ON.remove(Thread.currentThread());
          }
        }
        yield null;
      }
    };
  }

  /**
   * A handler that user code had installed before, which hears of the signal too; null for the
   * JVM's own one, which would end the JVM at once.
   */
  private @Nullable Object usersHandler() {
    Object handler = before;
    return handler == null || handler.getClass().getName().startsWith("sun.misc.") ? null : handler;
  }

  private void passOn(Object handler, Method method, Object[] arguments) {
    try {
      method.invoke(handler, arguments);
    } catch (ReflectiveOperationException | RuntimeException failure) {
      Log.error("The handler of SIG" + name + " that was there before failed.", failure);
    }
  }

  /** The threads in which handlers of users run now, or soon. */
  static Collection<Thread> passingOn() {
    return PASSING_ON;
  }

  private void received() {
    int status = 128 + NUMBERS.getOrDefault(name, 0);
    switch (arrived()) {
      case FIRST -> {
        StopReason why = JvmShutdown.reason("SIG" + name, "SIG" + name + " was received");
        if (!JvmShutdown.begin(why, status) && !JvmShutdown.endNowOrAfterStop(status)) {
          JvmShutdown.logApart(
              "SIG"
                  + name
                  + " was received; the program is ending already. Another one ends it at once.");
        }
      }
      case ECHO -> {}
      case SECOND -> {
        JvmShutdown.logApart("A second signal, SIG" + name + ": the JVM ends at once.");
        Services.halt(status);
      }
    }
  }

  private enum Arrival {
    FIRST,
    ECHO,
    SECOND
  }

  private Arrival arrived() {
    synchronized (ORDER) {
      long now = System.nanoTime();
      if (firstName == null) {
        firstName = name;
        firstAt = now;
        return Arrival.FIRST;
      }
      return now - firstAt <= (firstName.equals(name) ? ECHO : TOGETHER)
          ? Arrival.ECHO
          : Arrival.SECOND;
    }
  }
}
