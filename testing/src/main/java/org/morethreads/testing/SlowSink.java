package org.morethreads.testing;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.morethreads.sync.OpenSignal;
import org.morethreads.sync.Progress;
import org.morethreads.sync.Signal;

/**
 * A consumer whose calls block until the test lets it go, or take some time: for code that writes
 * to something slow, and must keep its promises meanwhile.
 *
 * {@snippet class="TestingSnippets" region="slow"}
 *
 * <p>It blocks through this library, so under virtual time it does not hold the clock. A call that
 * is interrupted throws an {@link InterruptedCallException}, with the status set, and has received
 * nothing; {@link #receive} throws the {@code InterruptedException} itself. Only a {@linkplain
 * #deaf deaf} sink does not listen to interrupts.
 *
 * <p><b>Thread safety.</b> Every method may be called from any thread without further
 * synchronization.
 *
 * @param <T> the type of what it is given
 * @since 0.1
 */
public final class SlowSink<T> implements Consumer<T> {
  private final OpenSignal letGo = Signal.create("slow sink let go");
  private final Progress calls = Progress.create("calls of a slow sink");
  private final CallTimes times = new CallTimes();
  private final List<T> received = new CopyOnWriteArrayList<>();

  /** How long a call takes; null for as long as the test likes. */
  private final @Nullable Duration takes;

  private final boolean isDeaf;

  private SlowSink(@Nullable Duration takes, boolean isDeaf) {
    this.takes = takes;
    this.isDeaf = isDeaf;
  }

  /**
   * Creates a sink that blocks from the first call on.
   *
   * @param <T> the type of what it is given
   * @return the sink
   */
  public static <T> SlowSink<T> create() {
    return new SlowSink<>(null, /* isDeaf= */ false);
  }

  /**
   * Creates a sink whose calls take some time each, virtual on virtual time; none take any once it
   * is let go.
   *
   * @param <T> the type of what it is given
   * @param duration the time; zero for a sink that only notes what it is given, and when
   * @return the sink
   */
  public static <T> SlowSink<T> taking(Duration duration) {
    return new SlowSink<>(Objects.requireNonNull(duration, "duration"), /* isDeaf= */ false);
  }

  /**
   * Creates a sink that blocks from the first call on, and does not come back for an interrupt: a
   * thread in it does not end when it is told to, and is abandoned by its stop policy. A call that
   * was interrupted returns, once the sink is let go, with the status set.
   *
   * @param <T> the type of what it is given
   * @return the sink
   */
  public static <T> SlowSink<T> deaf() {
    return new SlowSink<>(null, /* isDeaf= */ true);
  }

  /** A call of a sink was interrupted while it blocked; the interrupt status is set. */
  public static final class InterruptedCallException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private InterruptedCallException(InterruptedException cause) {
      super("The call of a slow sink was interrupted. The interrupt status is set.", cause);
    }
  }

  @Override
  public void accept(T element) {
    try {
      receive(element);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedCallException(e);
    }
  }

  /**
   * Does what {@link #accept} does, for code that may throw when it is interrupted.
   *
   * @param element what it is given
   * @throws InterruptedException if the calling thread is interrupted, on entry or while the call
   *     blocks, unless the sink is deaf; it has received nothing then
   */
  public void receive(T element) throws InterruptedException {
    int _ = times.add();
    calls.advance();
    if (isDeaf) {
      awaitDeaf();
    } else if (takes == null) {
      letGo.await();
    } else {
      boolean _ = letGo.await(takes);
    }
    received.add(element);
  }

  private void awaitDeaf() {
    boolean interrupted = false;
    while (!letGo.isSignalled()) {
      try {
        letGo.await();
      } catch (InterruptedException e) {
        interrupted = true; // told again when it comes back
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Lets all calls go, those that come too. Repeating it does nothing. */
  public void letGo() {
    letGo.go();
  }

  /**
   * Returns the signal that goes when the sink has been called so often: the call may be blocked.
   *
   * @param count the number of calls
   * @return the signal
   */
  public Signal called(int count) {
    return calls.reached(count);
  }

  /**
   * {@return how long after the sink was made each call came, the blocked ones included, in order;
   * virtual if it was made on virtual time}
   */
  public List<Duration> calledAfter() {
    return times.all();
  }

  /** {@return what the calls that have returned brought, in order of their return} */
  public List<T> received() {
    return List.copyOf(received);
  }
}
