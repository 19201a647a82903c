package org.morethreads.logging;

import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.message.SimpleMessage;
import org.apache.logging.log4j.spi.ExtendedLogger;
import org.jspecify.annotations.Nullable;

/** A logger of the JDK's that is one of Log4j's. */
final class Log4jLogger extends FormattingLogger {
  private static final String CALLER = FormattingLogger.class.getName();

  /** Log4j cannot be asked for a logger while it is being made by the same thread. */
  private static final ThreadLocal<Boolean> MAKING = new ThreadLocal<>();

  private volatile @Nullable ExtendedLogger logger;

  Log4jLogger(String name) {
    super(name);
  }

  /** Found when it is first used; null while this very thread makes Log4j. */
  private @Nullable ExtendedLogger logger() {
    ExtendedLogger present = logger;
    if (present != null || MAKING.get() != null) {
      return present;
    }
    MAKING.set(true);
    try {
      present = LogManager.getContext(false).getLogger(getName());
      logger = present;
      return present;
    } finally {
      MAKING.remove();
    }
  }

  @Override
  public boolean isLoggable(Level level) {
    ExtendedLogger present = logger();
    return level != Level.OFF
        && (present == null
            ? level.getSeverity() >= Level.WARNING.getSeverity()
            : present.isEnabled(levelOf(level)));
  }

  @Override
  void write(Level level, String message, @Nullable Throwable failure) {
    ExtendedLogger present = logger();
    if (present == null) {
      LastResort.say(level + " " + getName() + ": " + message, failure);
    } else {
      present.logMessage(CALLER, levelOf(level), null, new SimpleMessage(message), failure);
    }
  }

  private static org.apache.logging.log4j.Level levelOf(Level level) {
    return switch (level) {
      case ALL, TRACE -> org.apache.logging.log4j.Level.TRACE;
      case DEBUG -> org.apache.logging.log4j.Level.DEBUG;
      case INFO -> org.apache.logging.log4j.Level.INFO;
      case WARNING -> org.apache.logging.log4j.Level.WARN;
      case ERROR, OFF -> org.apache.logging.log4j.Level.ERROR;
    };
  }
}
