package org.morethreads.logging;

import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.morethreads.logging.internal.SystemLog;

/**
 * The back end of {@link System.Logger} in a program that has this module: so that what this
 * library, the JDK and others log there arrives in the one log.
 *
 * <p>With Logback, or else Log4j 2, present, records go to it. Without them there is a back end of
 * our own: a {@link LogWriter} with a file or console sink. It needs nothing of {@code
 * java.util.logging}, which closes itself while the program ends. System properties configure it,
 * when the first record is written:
 *
 * <ul>
 *   <li>{@code org.morethreads.logging.backend}: {@code own}, {@code logback} or {@code log4j}
 *       instead of what is found;
 *   <li>{@code org.morethreads.logging.file}: the file to append to;
 *   <li>{@code org.morethreads.logging.console}: {@code stderr}, {@code stdout} or {@code none}; at
 *       first {@code stderr} if there is no file, else {@code none};
 *   <li>{@code org.morethreads.logging.level}: the lowest level that is written, {@code INFO} at
 *       first; {@code org.morethreads.logging.level.NAME}: that of a logger and those below it.
 * </ul>
 *
 * <p>A line has the time in UTC, the level, the path of the managed thread that logged (or the name
 * of another), the logger, and the message.
 *
 * @since 0.1
 */
public final class LogWriterFinder extends System.LoggerFinder {
  /** Makes the loggers of one back end. */
  interface BackEnd {
    System.Logger logger(String name);
  }

  private static final String LOGBACK = "ch.qos.logback.classic.LoggerContext";
  private static final String LOG4J = "org.apache.logging.log4j.core.LoggerContext";

  private final BackEnd backEnd;

  /** For the JDK, which makes one. */
  public LogWriterFinder() {
    this.backEnd = find();
    SystemLog.isActive(backEnd instanceof OwnBackEnd);
  }

  private static BackEnd find() {
    String wanted = System.getProperty("org.morethreads.logging.backend", "");
    return switch (wanted.toLowerCase(Locale.ROOT)) {
      case "own" -> new OwnBackEnd();
      case "logback" -> name -> new Slf4jLogger(name);
      case "log4j" -> name -> new Log4jLogger(name);
      case "" -> findPresent();
      default -> {
        LastResort.say(
            "org.morethreads.logging.backend is \""
                + wanted
                + "\", which is none of own, logback, log4j; taking what is there.");
        yield findPresent();
      }
    };
  }

  private static BackEnd findPresent() {
    if (isPresent(LOGBACK)) {
      return name -> new Slf4jLogger(name);
    }
    return isPresent(LOG4J) ? name -> new Log4jLogger(name) : new OwnBackEnd();
  }

  private static boolean isPresent(String type) {
    try {
      Class<?> _ = Class.forName(type, false, LogWriterFinder.class.getClassLoader());
      return true;
    } catch (ClassNotFoundException | LinkageError absent) {
      return false;
    }
  }

  @Override
  public System.Logger getLogger(String name, @Nullable Module module) {
    return backEnd.logger(name);
  }
}
