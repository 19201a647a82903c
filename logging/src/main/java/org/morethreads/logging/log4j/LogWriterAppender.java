package org.morethreads.logging.log4j;

import java.io.Serializable;
import java.util.Objects;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.core.Appender;
import org.apache.logging.log4j.core.Core;
import org.apache.logging.log4j.core.Filter;
import org.apache.logging.log4j.core.Layout;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.appender.AbstractAppender;
import org.apache.logging.log4j.core.appender.AsyncAppender;
import org.apache.logging.log4j.core.config.AppenderRef;
import org.apache.logging.log4j.core.config.Configuration;
import org.apache.logging.log4j.core.config.Property;
import org.apache.logging.log4j.core.config.plugins.Plugin;
import org.apache.logging.log4j.core.config.plugins.PluginAttribute;
import org.apache.logging.log4j.core.config.plugins.PluginConfiguration;
import org.apache.logging.log4j.core.config.plugins.PluginElement;
import org.apache.logging.log4j.core.config.plugins.PluginFactory;
import org.apache.logging.log4j.core.impl.Log4jLogEvent;
import org.apache.logging.log4j.message.SimpleMessage;
import org.jspecify.annotations.Nullable;
import org.morethreads.logging.LogStatistics;
import org.morethreads.logging.LogWriter;
import org.morethreads.logging.internal.Shared;
import org.morethreads.logging.internal.SystemLog;
import org.morethreads.thread.ManagedThread;

/**
 * A Log4j 2 appender that writes to another one on a thread of its own, and loses nothing when the
 * program ends; see {@link LogWriter} for what that means.
 *
 * <pre>{@code
 * <Configuration shutdownHook="disable">
 *   <Appenders>
 *     <File name="FILE" fileName="app.log" immediateFlush="false"> … </File>
 *     <LogWriter name="LOG"><AppenderRef ref="FILE"/></LogWriter>
 *   </Appenders>
 *   <Loggers><Root level="info"><AppenderRef ref="LOG"/></Root></Loggers>
 * </Configuration>
 * }</pre>
 *
 * <p>{@code shutdownHook="disable"} belongs to it: with its hook, Log4j closes the log while the
 * program ends, and what is logged then does not come as far as to this appender. {@code
 * immediateFlush="false"} lets this appender flush when nothing more is waiting.
 *
 * <p>Other attributes: {@code capacity}, how many records may wait; {@code dropBelow} and {@code
 * dropFrom}, to drop records below a level when that part of the capacity is in use; {@code
 * includeLocation}; {@code pathKey}, the key in the context data under which the path of the
 * managed thread that logs is found, {@code path} at first: {@code %X{path}} in a pattern.
 *
 * @since 0.1
 */
@Plugin(
    name = "LogWriter",
    category = Core.CATEGORY_NAME,
    elementType = Appender.ELEMENT_TYPE,
    printObject = true)
public final class LogWriterAppender extends AbstractAppender {
  private final Configuration configuration;
  private final AppenderRef ref;
  private final int capacity;
  private final System.Logger.@Nullable Level dropBelow;
  private final double dropFrom;
  private final boolean includeLocation;
  private final String pathKey;

  /** Set by start, which whoever configures Log4j calls. */
  private volatile @Nullable LogWriter<Logged> writer;

  private @Nullable Guard guard;

  /**
   * A record.
   *
   * @param event the event, which does not change any more
   * @param thread the managed thread that logged it, or null
   */
  record Logged(LogEvent event, @Nullable ManagedThread<?> thread) {
    @Override
    public String toString() {
      return event.getMessage().getFormattedMessage();
    }
  }

  private LogWriterAppender(
      String name,
      @Nullable Filter filter,
      Configuration configuration,
      AppenderRef ref,
      int capacity,
      @Nullable Level dropBelow,
      double dropFrom,
      boolean includeLocation,
      String pathKey) {
    super(name, filter, (Layout<? extends Serializable>) null, true, Property.EMPTY_ARRAY);
    this.configuration = configuration;
    this.ref = ref;
    this.capacity = capacity;
    this.dropBelow = dropBelow == null ? null : levelOf(dropBelow);
    this.dropFrom = dropFrom;
    this.includeLocation = includeLocation;
    this.pathKey = pathKey;
  }

  /**
   * Makes one, for Log4j.
   *
   * @param name its name
   * @param filter its filter, or null
   * @param configuration the configuration that it belongs to
   * @param refs the appender that it writes to
   * @param capacity how many records may wait
   * @param dropBelow the lowest level that is not dropped, or null
   * @param dropFrom from which part of the capacity on it drops
   * @param includeLocation whether records know the line that logged them
   * @param pathKey the key of the thread's path in the context data; empty for none
   * @return the appender, or null when the configuration is wrong, which has been reported
   */
  @PluginFactory
  public static @Nullable LogWriterAppender create(
      @PluginAttribute("name") @Nullable String name,
      @PluginElement("Filter") @Nullable Filter filter,
      @PluginConfiguration Configuration configuration,
      @PluginElement("AppenderRef") AppenderRef @Nullable [] refs,
      @PluginAttribute(value = "capacity", defaultInt = 8192) int capacity,
      @PluginAttribute("dropBelow") @Nullable Level dropBelow,
      @PluginAttribute(value = "dropFrom", defaultDouble = 0.8) double dropFrom,
      @PluginAttribute("includeLocation") boolean includeLocation,
      @PluginAttribute(value = "pathKey", defaultString = "path") String pathKey) {
    if (name == null) {
      LOGGER.error("A <LogWriter> needs a name.");
      return null;
    }
    if (refs == null || refs.length != 1) {
      LOGGER.error(
          "<LogWriter name=\"{}\"> needs just one <AppenderRef>: give each appender a writer of its own.",
          name);
      return null;
    }
    return new LogWriterAppender(
        name,
        filter,
        configuration,
        refs[0],
        capacity,
        dropBelow,
        dropFrom,
        includeLocation,
        pathKey);
  }

  @Override
  public boolean requiresLocation() {
    return includeLocation;
  }

  @Override
  public void start() {
    Appender target = configuration.getAppender(ref.getRef());
    if (target == null) {
      LOGGER.error(
          "<LogWriter name=\"{}\"> writes to an appender \"{}\", which is not configured.",
          getName(),
          ref.getRef());
      return;
    }
    if (target instanceof AsyncAppender) {
      LOGGER.warn(
          "<LogWriter name=\"{}\"> writes to \"{}\", which hands records over to a thread of its own: what that loses cannot be seen, and counts as written.",
          getName(),
          ref.getRef());
    }
    LogWriter.Builder<Logged> builder =
        LogWriter.<Logged>named(getName()).reports(LogWriterAppender::report);
    try {
      builder.capacity(capacity);
      if (dropBelow != null) {
        builder.dropBelow(dropBelow, dropFrom);
      }
    } catch (IllegalArgumentException wrong) {
      LOGGER.error("<LogWriter name=\"{}\"> is not started. {}", getName(), wrong.getMessage());
      return;
    }
    LogWriter<Logged> started =
        builder.start(new AppenderSink(target, ref.getLevel(), ref.getFilter(), pathKey));
    writer = started;
    guard = Guard.over(target, started);
    super.start();
    SystemLog.begins();
    Shared.wants(ThreadContextCarrier.INSTANCE, ThreadContextCarrier.INSTANCE);
  }

  @Override
  public void stop() {
    LogWriter<Logged> present = writer;
    if (isStopped()) {
      return;
    }
    setStopping();
    if (present != null) {
      SystemLog.ends();
      Shared.leaves(ThreadContextCarrier.INSTANCE);
      present.close();
    }
    Guard own = guard;
    if (own != null) {
      own.leave();
      guard = null;
    }
    setStopped();
  }

  @Override
  public boolean stop(long timeout, java.util.concurrent.TimeUnit unit) {
    stop();
    return true;
  }

  /**
   * Returns what was written, lost and dropped so far.
   *
   * @return the counts, or null before the start
   */
  public @Nullable LogStatistics statistics() {
    LogWriter<Logged> present = writer;
    return present == null ? null : present.statistics();
  }

  @Override
  public void append(LogEvent event) {
    LogWriter<Logged> present = Objects.requireNonNull(writer, "not started");
    LogEvent kept = immutable(event);
    // what is made when it is first asked for, and must be asked for on this thread
    Object _ = kept.getMessage().getFormattedMessage();
    Object _ = kept.getThreadName();
    long _ = kept.getThreadId();
    int _ = kept.getThreadPriority();
    if (includeLocation) {
      Object _ = kept.getSource();
    }
    ManagedThread<?> thread = pathKey.isEmpty() ? null : ManagedThread.currentOrNull();
    boolean _ = present.write(new Logged(kept, thread), levelOf(event.getLevel()));
  }

  /**
   * Without its location, unless that is wanted: a copy would look for it, at some microseconds.
   * The other appenders of the event may want it.
   */
  private LogEvent immutable(LogEvent event) {
    boolean located = event.isIncludeLocation();
    event.setIncludeLocation(located && includeLocation);
    try {
      return event.toImmutable();
    } finally {
      event.setIncludeLocation(located);
    }
  }

  private static Logged report(String text) {
    LogEvent event =
        Log4jLogEvent.newBuilder()
            .setLoggerName("org.morethreads.logging")
            .setLoggerFqcn(LogWriterAppender.class.getName())
            .setLevel(Level.WARN)
            .setMessage(new SimpleMessage(text))
            .setThreadName(Thread.currentThread().getName())
            .setTimeMillis(System.currentTimeMillis())
            .build();
    return new Logged(event, null);
  }

  private static System.Logger.Level levelOf(Level level) {
    if (level.isMoreSpecificThan(Level.ERROR)) {
      return System.Logger.Level.ERROR;
    }
    if (level.isMoreSpecificThan(Level.WARN)) {
      return System.Logger.Level.WARNING;
    }
    if (level.isMoreSpecificThan(Level.INFO)) {
      return System.Logger.Level.INFO;
    }
    return level.isMoreSpecificThan(Level.DEBUG)
        ? System.Logger.Level.DEBUG
        : System.Logger.Level.TRACE;
  }
}
