package org.morethreads.logging;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LocationAwareLogger;

/** A logger of the JDK's that is one of SLF4J's. */
final class Slf4jLogger extends FormattingLogger {
  private static final String CALLER = FormattingLogger.class.getName();

  private volatile @Nullable Logger logger;

  Slf4jLogger(String name) {
    super(name);
  }

  /** Found when it is first used: not while SLF4J is being made. */
  private Logger logger() {
    Logger present = logger;
    if (present == null) {
      present = LoggerFactory.getLogger(getName());
      logger = present;
    }
    return present;
  }

  @Override
  public boolean isLoggable(Level level) {
    return switch (level) {
      case ALL -> true;
      case TRACE -> logger().isTraceEnabled();
      case DEBUG -> logger().isDebugEnabled();
      case INFO -> logger().isInfoEnabled();
      case WARNING -> logger().isWarnEnabled();
      case ERROR -> logger().isErrorEnabled();
      case OFF -> false;
    };
  }

  @Override
  void write(Level level, String message, @Nullable Throwable failure) {
    if (logger() instanceof LocationAwareLogger aware) {
      aware.log(null, CALLER, number(level), message, null, failure);
    } else {
      logger()
          .atLevel(org.slf4j.event.Level.intToLevel(number(level)))
          .setCause(failure)
          .log(message);
    }
  }

  private static int number(Level level) {
    return switch (level) {
      case ALL, TRACE -> LocationAwareLogger.TRACE_INT;
      case DEBUG -> LocationAwareLogger.DEBUG_INT;
      case INFO -> LocationAwareLogger.INFO_INT;
      case WARNING -> LocationAwareLogger.WARN_INT;
      case ERROR, OFF -> LocationAwareLogger.ERROR_INT;
    };
  }
}
