package org.morethreads.logging.logback;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggerContextListener;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.Context;
import ch.qos.logback.core.hook.ShutdownHookBase;
import java.util.Iterator;
import org.jspecify.annotations.Nullable;
import org.morethreads.internal.Services;
import org.morethreads.thread.ThreadTree;

/**
 * In the place of Logback's own shutdown hook, for a program that has appenders which must be
 * stopped at its end, such as an {@code AsyncAppender} of Logback's: they are, but after the last
 * tree and the last {@link LogWriterAppender}.
 *
 * <pre>{@code
 * <shutdownHook class="org.morethreads.logging.logback.OrderedShutdownHook"/>
 * }</pre>
 *
 * <p>The appenders of this module, and those below them, are not stopped: who logs after that is
 * written all the same. A program that has no others needs no hook.
 *
 * <p>Reversible: when Logback is configured anew, it is as if there had been none.
 *
 * <p>Of the class that Logback takes hooks of: not every {@code ShutdownHook} will do.
 *
 * @since 0.1
 */
public final class OrderedShutdownHook extends ShutdownHookBase {
  final Services.Service service = until -> stopOthers();
  private @Nullable Context known;

  /** For Logback, which makes it by its name. */
  public OrderedShutdownHook() {}

  @Override
  public void setContext(Context context) {
    super.setContext(context);
    if (known == null) {
      known = context;
      var _ = ThreadTree.main(); // whose end is that of the program
      boolean _ = Services.add(Services.Stage.FRAMEWORK, service);
      if (context instanceof LoggerContext loggers) {
        loggers.addListener(new Undo());
      }
    }
  }

  /** Logback forgets it when the context is reset, after that has been told. */
  private final class Undo implements LoggerContextListener {
    @Override
    public boolean isResetResistant() {
      return false;
    }

    @Override
    public void onStart(LoggerContext context) {}

    @Override
    public void onReset(LoggerContext context) {
      boolean _ = Services.remove(service);
    }

    @Override
    public void onStop(LoggerContext context) {
      boolean _ = Services.remove(service); // there is nothing to stop any more
    }

    @Override
    public void onLevelChange(ch.qos.logback.classic.Logger logger, Level level) {}
  }

  /** Called by Logback's hook, beside that of the main tree, which does what there is to do. */
  @Override
  public void run() {}

  private void stopOthers() {
    if (known instanceof LoggerContext loggers) {
      for (ch.qos.logback.classic.Logger logger : loggers.getLoggerList()) {
        Iterator<Appender<ILoggingEvent>> all = logger.iteratorForAppenders();
        while (all.hasNext()) {
          Appender<ILoggingEvent> appender = all.next();
          if (!(appender instanceof LogWriterAppender)) {
            appender.stop();
          }
        }
      }
    }
  }
}
