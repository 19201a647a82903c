package org.morethreads.testing;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.morethreads.sync.OpenSignal;
import org.morethreads.sync.Progress;
import org.morethreads.sync.Signal;

/**
 * A consumer whose calls block until the test lets it go: for code that writes to something slow,
 * and must keep its promises meanwhile.
 *
 * {@snippet class="TestingSnippets" region="slow"}
 *
 * <p>It blocks through this library, so under virtual time it does not hold the clock. A call that
 * is interrupted throws an {@link InterruptedCallException}, with the status set, and has received
 * nothing.
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
  private final List<T> received = new CopyOnWriteArrayList<>();

  private SlowSink() {}

  /**
   * Creates a sink that blocks from the first call on.
   *
   * @param <T> the type of what it is given
   * @return the sink
   */
  public static <T> SlowSink<T> create() {
    return new SlowSink<>();
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
    calls.advance();
    try {
      letGo.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedCallException(e);
    }
    received.add(element);
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

  /** {@return what the calls that have returned brought, in order of their return} */
  public List<T> received() {
    return List.copyOf(received);
  }
}
