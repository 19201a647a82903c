package org.morethreads.internal;

import java.io.PrintStream;
import org.jspecify.annotations.Nullable;

/**
 * Where core reports: {@link System.Logger} {@code org.morethreads}, so that it brings no logging
 * framework with it. Inside the JVM's shutdown, when the JDK's own logging may have closed itself
 * already, it writes to standard error, unless the back end is one that {@linkplain #setLasting
 * lasts}.
 */
public final class Log {
  private static volatile boolean straightToStandardError;
  private static volatile boolean lasting;
  private static volatile @Nullable Listener listener;

  private Log() {}

  private static final class Holder {
    static final System.Logger LOGGER = System.getLogger("org.morethreads");
  }

  /** Hears every record before it is written. */
  @FunctionalInterface
  public interface Listener {
    /**
     * A record is about to be written.
     *
     * @param level its level
     * @param message its text
     * @param failure the failure it reports, or null
     */
    void logged(System.Logger.Level level, String message, @Nullable Throwable failure);
  }

  /**
   * Installs a listener; null removes it.
   *
   * @param newListener the listener, or null
   */
  public static void setListener(@Nullable Listener newListener) {
    listener = newListener;
  }

  /** {@return the listener that is installed, or null} */
  public static @Nullable Listener listener() {
    return listener;
  }

  /**
   * From now on everything goes to standard error, unless the back end lasts: the JVM is shutting
   * down.
   */
  public static void straightToStandardError() {
    straightToStandardError = true;
  }

  /**
   * Says whether the back end behind {@link System.Logger} writes to the very end of the JVM.
   *
   * @param lasts whether it does; false at first
   */
  public static void setLasting(boolean lasts) {
    lasting = lasts;
  }

  /**
   * Reports something expected.
   *
   * @param message the text
   */
  public static void info(String message) {
    write(System.Logger.Level.INFO, message, null);
  }

  /**
   * Reports something that somebody should look at.
   *
   * @param message the text
   */
  public static void warning(String message) {
    write(System.Logger.Level.WARNING, message, null);
  }

  /**
   * Reports a failure that reaches nobody else.
   *
   * @param message the text
   * @param failure the failure
   */
  public static void error(String message, Throwable failure) {
    write(System.Logger.Level.ERROR, message, failure);
  }

  /**
   * Reports a failure that reaches nobody else, without its stack, since the same has been seen
   * often.
   *
   * @param message the text
   * @param failure the failure
   */
  public static void errorAgain(String message, Throwable failure) {
    write(
        System.Logger.Level.ERROR,
        message + " It is one more " + words(failure) + "; the stack was logged with others.",
        null);
  }

  private static void write(
      System.Logger.Level level, String message, @Nullable Throwable failure) {
    try {
      Listener hears = listener;
      if (hears != null) {
        hears.logged(level, message, failure);
      }
      if (straightToStandardError && !lasting) {
        writeToStandardError(level, message, failure);
      } else if (failure == null) {
        Holder.LOGGER.log(level, message);
      } else {
        Holder.LOGGER.log(level, message, failure);
      }
    } catch (Throwable broken) { // a log back end that fails must not break a shutdown
      try {
        writeToStandardError(
            level, message + " (and the log failed: " + words(broken) + ")", failure);
      } catch (Throwable full) {
        // no memory even for that: whoever reports something must get on
      }
    }
  }

  /** A failure in words; those of the user's classes may fail themselves. */
  private static String words(Throwable failure) {
    try {
      return failure.toString();
    } catch (Throwable broken) {
      return failure.getClass().getName() + ", which cannot say more";
    }
  }

  private static void writeToStandardError(
      System.Logger.Level level, String message, @Nullable Throwable failure) {
    PrintStream out = System.err;
    out.println(level + " org.morethreads: " + message);
    if (failure != null) {
      try {
        failure.printStackTrace(out);
      } catch (Throwable broken) { // its own methods fail: nothing more can be said of it
        out.println(failure.getClass().getName() + ", which cannot be printed");
      }
    }
  }
}
