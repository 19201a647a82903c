package org.morethreads.logging;

import java.util.concurrent.atomic.AtomicBoolean;
import org.morethreads.internal.Repetition;
import org.morethreads.internal.Services;

/**
 * Brings uncaught failures of threads that are not managed into the log, once each, with cause and
 * suppressed. Those of managed threads arrive there anyway.
 *
 * <p>Installed by the appenders of this module and by its own back end, as the default handler of
 * uncaught exceptions, unless the program has set one.
 *
 * <p>Of failures of the same class from the same line, ten a minute are logged; more are counted,
 * and the count is logged.
 *
 * @since 0.1
 */
public final class UncaughtFailures {
  private static final AtomicBoolean INSTALLED = new AtomicBoolean();
  private static final Repetition REPETITION = new Repetition();

  private UncaughtFailures() {}

  /**
   * Installs the handler, unless there is one already.
   *
   * @return whether uncaught failures go to the log from now on
   */
  public static boolean install() {
    if (INSTALLED.get()) {
      return true;
    }
    if (Thread.getDefaultUncaughtExceptionHandler() != null
        || !INSTALLED.compareAndSet(false, true)) {
      return INSTALLED.get();
    }
    Thread.setDefaultUncaughtExceptionHandler(UncaughtFailures::report);
    boolean _ = Services.add(Services.Stage.PROFILER, until -> reportRest());
    return true;
  }

  private static void report(Thread thread, Throwable failure) {
    try {
      Repetition.Answer answer = REPETITION.mayLog(failure, System.nanoTime());
      if (answer.mayLog()) {
        logger()
            .log(
                System.Logger.Level.ERROR,
                "Thread \"" + nameOf(thread) + "\" ended by a failure." + answer.suppressedText(),
                failure);
      }
    } catch (Throwable broken) { // the JVM would swallow it
      LastResort.say(
          "An uncaught failure could not be logged: " + LastResort.words(broken), failure);
    }
  }

  private static String nameOf(Thread thread) {
    return thread.getName().isEmpty() ? "#" + thread.threadId() : thread.getName();
  }

  private static void reportRest() {
    String rest = REPETITION.rest();
    if (!rest.isEmpty()) {
      logger().log(System.Logger.Level.ERROR, "Not logged, since there were too many: " + rest);
    }
  }

  private static System.Logger logger() {
    return System.getLogger("org.morethreads.uncaught");
  }
}
