package org.morethreads.thread;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.morethreads.internal.Log;
import org.morethreads.internal.OsSignal;
import org.morethreads.internal.Services;

/**
 * Catches SIGINT, SIGTERM and SIGHUP, if the JVM can and lets us. The first begins the end of the
 * program, a second halts.
 */
final class OsSignals implements OsSignal.Receiver {
  private static final Map<String, Integer> NUMBERS =
      Map.of("SIGHUP", 1, "SIGINT", 2, "SIGTERM", 15);

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

  private OsSignals(String name) {
    this.name = name;
  }

  static void install() {
    try {
      for (String name : List.of("INT", "TERM", "HUP")) {
        install(name);
      }
    } catch (LinkageError notThere) {
      // no module jdk.unsupported: the JVM's hook alone leads to the stop
    }
  }

  private static void install(String name) {
    try {
      OsSignal.handle(name, new OsSignals(name));
    } catch (IllegalArgumentException refused) {
      // -Xrs, or a signal that this system does not have: the hook remains
    }
  }

  @Override
  public void received(@Nullable Runnable earlier) {
    if (earlier == null) {
      received();
      return;
    }
    PASSING_ON.add(Thread.currentThread()); // before the end can come to look for it
    try {
      received();
      passOn(earlier); // after the stop has begun: it may block, or exit
    } finally {
      PASSING_ON.remove(Thread.currentThread());
    }
  }

  private void passOn(Runnable earlier) {
    try {
      earlier.run();
    } catch (Throwable failure) { // the thread is the JVM's, and nobody else would tell
      Log.error("The handler of SIG" + name + " that was there before failed.", failure);
    }
  }

  /** The threads in which handlers of users run now, or soon. */
  static Collection<Thread> passingOn() {
    return PASSING_ON;
  }

  /** The exit status of a program that a signal ends, such as "SIGINT"; empty if it is not ours. */
  static OptionalInt exitStatus(String signal) {
    Integer number = NUMBERS.get(signal);
    return number == null ? OptionalInt.empty() : OptionalInt.of(128 + number);
  }

  private void received() {
    int status = exitStatus("SIG" + name).orElseThrow();
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

  /** What a signal means. */
  enum Arrival {
    FIRST,
    ECHO,
    SECOND
  }

  private Arrival arrived() {
    synchronized (ORDER) {
      long now = System.nanoTime();
      Arrival arrival = arrival(name, now, firstName, firstAt);
      if (arrival == Arrival.FIRST) {
        firstName = name;
        firstAt = now;
      }
      return arrival;
    }
  }

  /** What a signal means that comes now; the name of the first is null if there was none. */
  static Arrival arrival(String name, long now, @Nullable String first, long firstAt) {
    if (first == null) {
      return Arrival.FIRST;
    }
    return now - firstAt <= (first.equals(name) ? ECHO : TOGETHER) ? Arrival.ECHO : Arrival.SECOND;
  }
}
