package org.morethreads.logging;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.joran.JoranConfigurator;
import java.util.function.BooleanSupplier;
import org.apache.logging.log4j.LogManager;
import org.morethreads.sync.Signal;
import org.morethreads.thread.ManagedThread;
import org.slf4j.LoggerFactory;

/**
 * A program that looks at its end whether the logging framework is stopped while a managed thread
 * still runs, as it is when its shutdown is not taken over. A second argument is a configuration
 * that Logback gets while the program runs.
 */
final class WhoEndsFirst {
  /** How long it looks: long where the framework is to end first, however busy the machine is. */
  private static final long PATIENCE = Long.getLong("patience", 1) * 1_000_000_000L;

  private WhoEndsFirst() {}

  private static BooleanSupplier logback(String[] args) throws Exception {
    var context = (LoggerContext) LoggerFactory.getILoggerFactory();
    if (args.length > 1) {
      context.reset();
      var configurator = new JoranConfigurator();
      configurator.setContext(context);
      configurator.doConfigure(WhoEndsFirst.class.getResource(args[1]));
    }
    LoggerFactory.getLogger("program").info("begins");
    return () -> !context.isStarted();
  }

  private static BooleanSupplier log4j() {
    LogManager.getLogger("program").info("begins");
    var context = (org.apache.logging.log4j.core.LoggerContext) LogManager.getContext(false);
    return () -> !context.isStarted();
  }

  public static void main(String[] args) throws Exception {
    BooleanSupplier hasEnded = args[0].equals("logback") ? logback(args) : log4j();
    var started = Signal.create("started");
    ManagedThread.run(
        "worker",
        pleaseStop -> {
          started.go();
          pleaseStop.await();
          long end = System.nanoTime() + PATIENCE;
          while (!hasEnded.getAsBoolean() && System.nanoTime() - end < 0) {
            Thread.sleep(5);
          }
          System.out.println(hasEnded.getAsBoolean() ? "the framework" : "the thread");
        });
    started.await();
    System.exit(0);
  }
}
