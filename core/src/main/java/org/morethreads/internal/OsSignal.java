package org.morethreads.internal;

import org.jspecify.annotations.Nullable;

/**
 * Catches a signal of the operating system through {@code sun.misc.Signal}. Not every JVM has the
 * module of that: without it this class cannot be linked, for which its users must be prepared. It
 * is here and imports nothing of that module, since Javadoc would warn.
 */
public final class OsSignal implements sun.misc.SignalHandler {
  /** Who wants to know. */
  public interface Receiver {
    /**
     * The signal has come. Called on a thread of the JVM for each time.
     *
     * @param earlier passes it on to the handler that user code had installed before; null if there
     *     is none. Whatever that throws comes through.
     */
    void received(@Nullable Runnable earlier);
  }

  private final String name;
  private final Receiver receiver;
  private volatile sun.misc.@Nullable SignalHandler before;

  private OsSignal(String name, Receiver receiver) {
    this.name = name;
    this.receiver = receiver;
  }

  /**
   * Catches a signal from now on, unless whoever started the JVM wants it ignored, as nohup does.
   *
   * @param name its name without SIG
   * @param receiver who is told of it
   * @throws IllegalArgumentException if this system does not have it, or the JVM keeps it to itself
   */
  public static void handle(String name, Receiver receiver) {
    sun.misc.Signal signal = new sun.misc.Signal(name);
    OsSignal ours = new OsSignal(name, receiver);
    sun.misc.SignalHandler before = sun.misc.Signal.handle(signal, ours);
    if (before == SIG_IGN) {
      sun.misc.Signal.handle(signal, before);
    } else {
      ours.before = before;
    }
  }

  @Override
  public void handle(sun.misc.Signal signal) {
    sun.misc.SignalHandler earlier = before;
    receiver.received(earlier == null || isJvms(earlier) ? null : () -> earlier.handle(signal));
  }

  /** Whether a handler is the JVM's own one, which would end the JVM at once. */
  private static boolean isJvms(sun.misc.SignalHandler handler) {
    return handler.getClass().getName().startsWith("sun.misc.");
  }

  @Override
  public String toString() {
    return "more-threads handler of SIG" + name;
  }
}
