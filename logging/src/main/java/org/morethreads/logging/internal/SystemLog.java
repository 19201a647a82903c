package org.morethreads.logging.internal;

import java.util.concurrent.atomic.AtomicInteger;
import org.morethreads.internal.Log;
import org.morethreads.logging.UncaughtFailures;

/**
 * Whether what core reports arrives in a log that is written to the end of the JVM: then it goes
 * there also when the JVM is shutting down, and not to standard error.
 */
public final class SystemLog {
  private static final AtomicInteger WRITERS = new AtomicInteger();
  private static volatile boolean active;

  private SystemLog() {}

  /**
   * Our back end is that of System.Logger.
   *
   * @param own whether it is the one without a framework
   */
  public static void isActive(boolean own) {
    active = true;
    if (own) {
      WRITERS.incrementAndGet(); // it lasts for ever
    }
    update();
  }

  /** An appender that writes to the end has been started. */
  public static void begins() {
    WRITERS.incrementAndGet();
    System.Logger _ = System.getLogger("org.morethreads"); // so that our back end is there
    update();
    UncaughtFailures.install();
  }

  /** An appender that writes to the end has been stopped. */
  public static void ends() {
    WRITERS.decrementAndGet();
    update();
  }

  private static void update() {
    Log.setLasting(active && WRITERS.get() > 0);
  }
}
