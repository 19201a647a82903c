package org.morethreads.testing;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.morethreads.internal.Firing;
import org.morethreads.internal.Surroundings;
import org.morethreads.internal.Time;
import org.morethreads.sync.Signal;

/**
 * Records whether a signal goes, when, on what thread, and how often it ran its action, which must
 * be once.
 *
 * {@snippet class="TestingSnippets" region="probe"}
 *
 * <p>It attaches an action, which runs where those of the signal do: on the caller of {@code go()},
 * or on a virtual thread of its own for tills and {@code pleaseStop}. The time is that of the
 * thread that has made the probe, so virtual on virtual time.
 *
 * <p><b>Thread safety.</b> Every method may be called from any thread without further
 * synchronization.
 *
 * @since 0.1
 */
public final class SignalProbe implements AutoCloseable {
  private final Signal signal;
  private final Time time;
  private final long since;
  private final List<Went> firings = new CopyOnWriteArrayList<>();
  private final Signal.Registration registration;

  private record Went(Thread thread, Instant at, long after) {}

  private SignalProbe(Signal signal) {
    this.signal = signal;
    this.time = Surroundings.current().time();
    this.since = time.nanoTime();
    this.registration = signal.then(this::went);
  }

  /**
   * Attaches a probe to a signal.
   *
   * @param signal the signal
   * @return the probe
   */
  public static SignalProbe on(Signal signal) {
    return new SignalProbe(signal);
  }

  private void went() {
    firings.add(new Went(Thread.currentThread(), time.now(), time.nanoTime() - since));
  }

  /** {@return the signal} */
  public Signal signal() {
    return signal;
  }

  /**
   * {@return how often the action ran: 0, or 1 once the signal has gone and has run its actions}
   */
  public int count() {
    return firings.size();
  }

  /** {@return the thread that the action ran on; empty before} */
  public Optional<Thread> thread() {
    return firings.stream().map(Went::thread).findFirst();
  }

  /** {@return the time of day at which the action ran; empty before} */
  public Optional<Instant> at() {
    return firings.stream().map(Went::at).findFirst();
  }

  /** {@return how long after the probe was attached the action ran; empty before} */
  public Optional<Duration> after() {
    return firings.stream().map(each -> Duration.ofNanos(each.after)).findFirst();
  }

  /**
   * Counts those who depend on the signal besides this probe: threads that wait for it, actions,
   * and composites of it that somebody waits for. A thread that waits for a composite hangs in the
   * operands of that, not in the composite.
   *
   * @return the number; 0 once the signal has gone
   */
  public int waiters() {
    int all = Firing.countLive(signal);
    return firings.isEmpty() && all > 0 ? all - 1 : all;
  }

  /** Takes the probe away. Repeating it does nothing. */
  @Override
  public void close() {
    boolean _ = registration.remove();
  }

  @Override
  public String toString() {
    return "probe of \"" + signal + "\": " + (count() == 0 ? "has not gone" : firings.toString());
  }
}
