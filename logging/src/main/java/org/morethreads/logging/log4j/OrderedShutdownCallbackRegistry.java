package org.morethreads.logging.log4j;

import org.apache.logging.log4j.core.util.Cancellable;
import org.apache.logging.log4j.core.util.ShutdownCallbackRegistry;
import org.morethreads.internal.Services;
import org.morethreads.logging.LogWriter;
import org.morethreads.thread.ThreadTree;

/**
 * Lets Log4j shut down after the last tree and the last {@link LogWriter}, instead of beside them;
 * for a program that has asynchronous loggers, or appenders which must be stopped at its end. Set
 * by a system property, or in {@code log4j2.component.properties}:
 *
 * <pre>{@code
 * log4j2.shutdownCallbackRegistry=org.morethreads.logging.log4j.OrderedShutdownCallbackRegistry
 * }</pre>
 *
 * <p>Where Spring Boot is on the class path it has switched off the shutdown of Log4j, and this has
 * nothing to take over.
 *
 * <p>What is logged after that, by threads that are in no tree and by shutdown hooks, is lost:
 * Log4j has ended. A program that logs to a {@link LogWriterAppender} needs no shutdown of Log4j,
 * and says {@code shutdownHook="disable"} in its configuration instead.
 *
 * @since 0.1
 */
public final class OrderedShutdownCallbackRegistry implements ShutdownCallbackRegistry {
  /** For Log4j, which makes it by its name. */
  public OrderedShutdownCallbackRegistry() {}

  @Override
  public Cancellable addShutdownCallback(Runnable callback) {
    var _ = ThreadTree.main(); // whose end is that of the program
    Services.Service service = until -> callback.run();
    if (!Services.add(Services.Stage.FRAMEWORK, service)) {
      throw new IllegalStateException(
          "The program has ended; Log4j cannot be shut down after it."); // Log4j expects this
    }
    return new Cancellable() {
      @Override
      public void cancel() {
        boolean _ = Services.remove(service);
      }

      @Override
      public void run() {
        callback.run();
      }
    };
  }
}
