package org.morethreads.process;

import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.morethreads.internal.Time;

/** The shells that wait for a command. */
final class Sessions {
  /** How long one waits, and how many of them; more are closed at once. */
  static final long IDLE_NANOS = TimeUnit.SECONDS.toNanos(30);

  static final int MOST_IDLE = 32;

  private static final ReentrantLock LOCK = new ReentrantLock();

  /** The last that came in is the first to be used. Guarded by LOCK. */
  private static final Map<Key, ArrayDeque<Idle>> IDLE = new HashMap<>();

  /** Guarded by LOCK. */
  private static int count;

  /** Whether somebody looks for those that have waited for long. Guarded by LOCK. */
  private static boolean watched;

  private Sessions() {}

  private record Key(
      Dialect dialect,
      @Nullable Path directory,
      boolean onlyEnvironment,
      Map<String, Optional<String>> environment,
      Isolation isolation) {
    static Key of(Settings settings) {
      return new Key(
          settings.dialect,
          settings.directory,
          settings.onlyEnvironment,
          settings.environment,
          settings.isolation);
    }
  }

  private record Idle(Session session, long since) {}

  /** A shell that is fit, or a new one. */
  static Session take(Settings settings) throws ProcessStartException, InterruptedException {
    Key key = Key.of(settings);
    for (Idle found = next(key); found != null; found = next(key)) {
      if (found.session.isFit(settings)) {
        return found.session;
      }
      found.session.close();
    }
    return Session.start(settings);
  }

  private static @Nullable Idle next(Key key) {
    LOCK.lock();
    try {
      ArrayDeque<Idle> those = IDLE.get(key);
      Idle found = those == null ? null : those.pollLast();
      if (found != null) {
        count--;
      }
      if (those != null && those.isEmpty()) {
        IDLE.remove(key);
      }
      return found;
    } finally {
      LOCK.unlock();
    }
  }

  /** A shell is proven to be clean, is prepared, and may be used again. */
  static void giveBack(Settings settings, Session session) {
    boolean kept = false;
    boolean watch = false;
    LOCK.lock();
    try {
      if (count < MOST_IDLE) {
        IDLE.computeIfAbsent(Key.of(settings), _ -> new ArrayDeque<>())
            .addLast(new Idle(session, System.nanoTime()));
        count++;
        kept = true;
        watch = !watched;
        watched = true;
      }
    } finally {
      LOCK.unlock();
    }
    if (!kept) {
      session.close();
    }
    if (watch) {
      watch();
    }
  }

  private static void watch() {
    var _ =
        Time.real()
            .schedule(
                IDLE_NANOS,
                () -> Time.real().startDetached("idle shells", Sessions::closeThoseIdleForLong));
  }

  private static void closeThoseIdleForLong() {
    close(IDLE_NANOS);
    boolean more;
    LOCK.lock();
    try {
      more = count > 0;
      watched = more;
    } finally {
      LOCK.unlock();
    }
    if (more) {
      watch();
    }
  }

  /** Closes those that have waited for at least so long. */
  static void close(long idleNanos) {
    List<Session> old = new ArrayList<>();
    long now = System.nanoTime();
    LOCK.lock();
    try {
      IDLE.values()
          .forEach(those ->
              those.removeIf(idle -> {
                boolean over = now - idle.since >= idleNanos;
                if (over) {
                  old.add(idle.session);
                  count--;
                }
                return over;
              }));
      IDLE.values().removeIf(ArrayDeque::isEmpty);
    } finally {
      LOCK.unlock();
    }
    old.forEach(Session::close);
  }

  /** How many wait. */
  static int idle() {
    LOCK.lock();
    try {
      return count;
    } finally {
      LOCK.unlock();
    }
  }
}
