package org.morethreads.logging.logback;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxy;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.filter.Filter;
import ch.qos.logback.core.spi.AppenderAttachable;
import ch.qos.logback.core.spi.AppenderAttachableImpl;
import ch.qos.logback.core.spi.ContextAwareBase;
import ch.qos.logback.core.spi.FilterAttachableImpl;
import ch.qos.logback.core.spi.FilterReply;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.morethreads.logging.LogStatistics;
import org.morethreads.logging.LogWriter;
import org.morethreads.logging.internal.Shared;
import org.morethreads.logging.internal.SystemLog;
import org.morethreads.thread.ManagedThread;
import org.slf4j.spi.MDCAdapter;

/**
 * A Logback appender that writes to another one on a thread of its own, and loses nothing when the
 * program ends; see {@link LogWriter} for what that means.
 *
 * <pre>{@code
 * <appender name="FILE" class="ch.qos.logback.core.FileAppender"> … </appender>
 * <appender name="LOG" class="org.morethreads.logging.logback.LogWriterAppender">
 *   <appender-ref ref="FILE"/>
 * </appender>
 * <root level="INFO"><appender-ref ref="LOG"/></root>
 * }</pre>
 *
 * <p>Just one appender is attached to it. If that writes to a stream, this appender takes the
 * flushing over, and does it when nothing more is waiting.
 *
 * <p>The path of the managed thread that logs is in the MDC of the record, under the key {@code
 * path}: {@code %X{path}} in a pattern. While this appender is there, managed threads take the MDC
 * of whoever starts them.
 *
 * <p>Not based on Logback's own base classes: they drop, without a word, what is logged while an
 * argument of a message is made into text.
 *
 * @since 0.1
 */
public final class LogWriterAppender extends ContextAwareBase
    implements Appender<ILoggingEvent>, AppenderAttachable<ILoggingEvent> {
  private final FilterAttachableImpl<ILoggingEvent> filters = new FilterAttachableImpl<>();
  private final AppenderAttachableImpl<ILoggingEvent> attached = new AppenderAttachableImpl<>();

  private String name = "LOG";
  private int capacity = 8192;
  private System.Logger.@Nullable Level dropBelow;
  private double dropFrom = 0.8;
  private boolean includeCallerData;
  private boolean batching = true;
  private String pathKey = "path";

  /** Set by start, and again by stop; both are called by whoever configures Logback. */
  private volatile @Nullable LogWriter<ILoggingEvent> writer;

  private volatile boolean started;

  /** Whose context is carried to managed threads while this is started. */
  private @Nullable MDCAdapter carried;

  /** Whether somebody else had read the MDC of a record before, so that it cannot be set. */
  private volatile boolean mdcIsRead;

  /** For Logback, which makes it by its name. */
  public LogWriterAppender() {}

  // ---- configuration

  /**
   * Sets how many records may wait; 8,192 at first.
   *
   * @param capacity how many
   */
  public void setCapacity(int capacity) {
    this.capacity = capacity;
  }

  /**
   * Drops records below a level while many wait, instead of letting those who log wait. Counted by
   * level and reported. Not done at first.
   *
   * @param level the lowest level that is always written: {@code WARN}, for example
   */
  public void setDropBelow(Level level) {
    this.dropBelow = levelOf(level);
  }

  /**
   * Sets from which part of the capacity on records are dropped; 0.8 at first.
   *
   * @param part from 0 to 1
   */
  public void setDropFrom(double part) {
    this.dropFrom = part;
  }

  /**
   * Sets whether records know the line that logged them, which costs the caller some microseconds;
   * false at first.
   *
   * @param include whether they do
   */
  public void setIncludeCallerData(boolean include) {
    this.includeCallerData = include;
  }

  /**
   * Sets whether this appender takes over the flushing of the attached one; true at first.
   *
   * @param batching whether it does
   */
  public void setBatching(boolean batching) {
    this.batching = batching;
  }

  /**
   * Sets the key under which the path of the managed thread is in the MDC; {@code path} at first.
   *
   * @param key the key; empty for none
   */
  public void setPathKey(String key) {
    this.pathKey = key;
  }

  @Override
  public String getName() {
    return name;
  }

  @Override
  public void setName(String name) {
    this.name = name;
  }

  // ---- life

  @Override
  public void start() {
    Iterator<Appender<ILoggingEvent>> all = attached.iteratorForAppenders();
    if (started || !all.hasNext()) {
      if (!started) {
        addError("Appender \"" + name + "\" has no appender to write to: add an <appender-ref>.");
      }
      return;
    }
    LogWriter.Builder<ILoggingEvent> builder =
        LogWriter.<ILoggingEvent>named(name).reports(this::report);
    try {
      builder.capacity(capacity);
      if (dropBelow != null) {
        builder.dropBelow(dropBelow, dropFrom);
      }
    } catch (IllegalArgumentException wrong) {
      addError("Appender \"" + name + "\" is not started. " + wrong.getMessage());
      return;
    }
    Appender<ILoggingEvent> target = all.next();
    AppenderSink sink = new AppenderSink(target, getContext(), batching);
    String blindness = sink.blindness();
    if (blindness != null) {
      addWarn("Appender \"" + target.getName() + "\" " + blindness);
    } else if (sink.writesToAPrintStream()) {
      addInfo(
          "Appender \""
              + target.getName()
              + "\" writes to a PrintStream, which swallows failures: what it loses counts as written.");
    }
    writer = builder.start(sink);
    started = true;
    SystemLog.begins();
    MDCAdapter adapter = mdcAdapter();
    if (adapter != null) {
      carried = adapter;
      Shared.wants(adapter, new MdcCarrier(adapter));
    }
  }

  @Override
  public void stop() {
    LogWriter<ILoggingEvent> present = writer;
    if (!started || present == null) {
      return;
    }
    started = false;
    SystemLog.ends();
    if (carried != null) {
      Shared.leaves(carried);
      carried = null;
    }
    present.close();
    attached.detachAndStopAllAppenders();
  }

  @Override
  public boolean isStarted() {
    return started;
  }

  /**
   * Returns what was written, lost and dropped so far.
   *
   * @return the counts, or null before the start
   */
  public @Nullable LogStatistics statistics() {
    LogWriter<ILoggingEvent> present = writer;
    return present == null ? null : present.statistics();
  }

  // ---- records

  @Override
  public void doAppend(ILoggingEvent event) {
    LogWriter<ILoggingEvent> present = writer;
    if (present == null) {
      addWarn("Appender \"" + name + "\" was not started, and cannot write.");
      return;
    }
    if (getFilterChainDecision(event) != FilterReply.DENY) {
      boolean _ = present.write(prepared(event), levelOf(event.getLevel()));
    }
  }

  /** Lets the record take what it needs from the calling thread. */
  private ILoggingEvent prepared(ILoggingEvent event) {
    ILoggingEvent kept = event;
    ManagedThread<?> thread = pathKey.isEmpty() ? null : ManagedThread.currentOrNull();
    if (thread != null && event instanceof LoggingEvent own) {
      kept = withPath(own, thread);
    }
    kept.prepareForDeferredProcessing();
    if (includeCallerData) {
      Object _ = kept.getCallerData();
    }
    return kept;
  }

  private LoggingEvent withPath(LoggingEvent event, ManagedThread<?> thread) {
    if (!mdcIsRead) {
      try {
        event.setMDCPropertyMap(new PathMap(MdcCarrier.of(mdcAdapter()), pathKey, thread));
        return event;
      } catch (IllegalStateException read) {
        mdcIsRead = true; // by an appender or filter before this one, which will do so again
      }
    }
    if (event.getMDCPropertyMap() instanceof PathMap) {
      return event; // by another one of these
    }
    LoggingEvent copy = new LoggingEvent();
    copy.setLoggerContextRemoteView(event.getLoggerContextVO());
    copy.setLoggerName(event.getLoggerName());
    copy.setLevel(event.getLevel());
    copy.setMessage(event.getMessage());
    copy.setArgumentArray(event.getArgumentArray());
    copy.setInstant(event.getInstant());
    copy.setSequenceNumber(event.getSequenceNumber());
    copy.setThreadName(event.getThreadName());
    copy.setKeyValuePairs(event.getKeyValuePairs());
    if (event.getThrowableProxy() instanceof ThrowableProxy proxy) {
      copy.setThrowableProxy(proxy);
    }
    if (event.getMarkerList() != null) {
      event.getMarkerList().forEach(copy::addMarker);
    }
    if (event.hasCallerData() || includeCallerData) {
      copy.setCallerData(event.getCallerData());
    }
    copy.setMDCPropertyMap(new PathMap(event.getMDCPropertyMap(), pathKey, thread));
    return copy;
  }

  private @Nullable MDCAdapter mdcAdapter() {
    return ((LoggerContext) getContext()).getMDCAdapter();
  }

  private ILoggingEvent report(String text) {
    LoggerContext context = (LoggerContext) getContext();
    LoggingEvent event =
        new LoggingEvent(
            LogWriterAppender.class.getName(),
            context.getLogger("org.morethreads.logging"),
            Level.WARN,
            text,
            null,
            null);
    event.prepareForDeferredProcessing();
    return event;
  }

  private static System.Logger.Level levelOf(Level level) {
    if (level.isGreaterOrEqual(Level.ERROR)) {
      return System.Logger.Level.ERROR;
    }
    if (level.isGreaterOrEqual(Level.WARN)) {
      return System.Logger.Level.WARNING;
    }
    if (level.isGreaterOrEqual(Level.INFO)) {
      return System.Logger.Level.INFO;
    }
    return level.isGreaterOrEqual(Level.DEBUG)
        ? System.Logger.Level.DEBUG
        : System.Logger.Level.TRACE;
  }

  // ---- filters

  @Override
  public void addFilter(Filter<ILoggingEvent> filter) {
    filters.addFilter(filter);
  }

  @Override
  public void clearAllFilters() {
    filters.clearAllFilters();
  }

  @Override
  public List<Filter<ILoggingEvent>> getCopyOfAttachedFiltersList() {
    return filters.getCopyOfAttachedFiltersList();
  }

  @Override
  public FilterReply getFilterChainDecision(ILoggingEvent event) {
    return filters.getFilterChainDecision(event);
  }

  // ---- the attached appender

  @Override
  public void addAppender(Appender<ILoggingEvent> appender) {
    if (attached.iteratorForAppenders().hasNext()) {
      addError(
          "Appender \""
              + name
              + "\" writes to one appender only, and has one; \""
              + appender.getName()
              + "\" is left out. Give it a LogWriterAppender of its own.");
      return;
    }
    attached.addAppender(appender);
  }

  @Override
  public Iterator<Appender<ILoggingEvent>> iteratorForAppenders() {
    return attached.iteratorForAppenders();
  }

  @Override
  public @Nullable Appender<ILoggingEvent> getAppender(String name) {
    return attached.getAppender(name);
  }

  @Override
  public boolean isAttached(Appender<ILoggingEvent> appender) {
    return attached.isAttached(appender);
  }

  @Override
  public void detachAndStopAllAppenders() {
    attached.detachAndStopAllAppenders();
  }

  @Override
  public boolean detachAppender(Appender<ILoggingEvent> appender) {
    return attached.detachAppender(appender);
  }

  @Override
  public boolean detachAppender(String name) {
    return attached.detachAppender(name);
  }
}
