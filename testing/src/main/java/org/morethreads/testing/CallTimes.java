package org.morethreads.testing;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.morethreads.internal.Surroundings;
import org.morethreads.internal.Time;

/** When the calls of something came, in the time of the thread that has made it. Thread-safe. */
final class CallTimes {
  private final Time time = Surroundings.current().time();
  private final long since = time.nanoTime();

  /** Guarded by this, for a moment: nobody waits inside. */
  private final List<Duration> after = new ArrayList<>();

  /** A call comes now; answers its number, from 1. */
  synchronized int add() {
    after.add(Duration.ofNanos(time.nanoTime() - since));
    return after.size();
  }

  /** How long after the making each call came, in order. */
  synchronized List<Duration> all() {
    return List.copyOf(after);
  }
}
