package org.morethreads.logging.log4j;

import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.core.Appender;
import org.apache.logging.log4j.core.Filter;
import org.apache.logging.log4j.core.LifeCycle;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.appender.AbstractOutputStreamAppender;
import org.apache.logging.log4j.core.filter.Filterable;
import org.apache.logging.log4j.core.impl.ContextDataFactory;
import org.apache.logging.log4j.core.impl.Log4jLogEvent;
import org.apache.logging.log4j.util.StringMap;
import org.jspecify.annotations.Nullable;
import org.morethreads.logging.LogSink;
import org.morethreads.thread.ManagedThread;

/**
 * A Log4j appender as a sink. Called past Log4j's {@code AppenderControl}, which swallows what goes
 * wrong; the level and the filters that it would look at are looked at here.
 */
final class AppenderSink implements LogSink<LogWriterAppender.Logged> {
  private final Appender appender;
  private final @Nullable Level level;
  private final @Nullable Filter filter;
  private final String pathKey;

  // ---- the writer's thread only

  private @Nullable ManagedThread<?> lastThread;
  private String lastPath = "";
  private long sinceFlush;

  AppenderSink(Appender appender, @Nullable Level level, @Nullable Filter filter, String pathKey) {
    this.appender = appender;
    this.level = level;
    this.filter = filter;
    this.pathKey = pathKey;
  }

  @Override
  public void write(LogWriterAppender.Logged logged) {
    LifeCycle.State state = appender.getState();
    if (state != LifeCycle.State.STARTED && state != LifeCycle.State.STOPPING) { // see Guard
      throw new IllegalStateException("appender \"" + appender.getName() + "\" has been stopped");
    }
    LogEvent event = withPath(logged);
    if ((level != null && event.getLevel().intLevel() > level.intLevel())
        || (filter != null && filter.filter(event) == Filter.Result.DENY)
        || (appender instanceof Filterable own && own.isFiltered(event))) {
      return;
    }
    appender.append(event);
    sinceFlush++;
  }

  private LogEvent withPath(LogWriterAppender.Logged logged) {
    ManagedThread<?> thread = logged.thread();
    if (thread == null || logged.event().getContextData().containsKey(pathKey)) {
      return logged.event(); // what the user has put there is his
    }
    if (thread != lastThread) {
      lastPath = thread.path();
      lastThread = thread;
    }
    StringMap data = ContextDataFactory.createContextData(logged.event().getContextData());
    data.putValue(pathKey, lastPath);
    return new Log4jLogEvent.Builder(logged.event()).setContextData(data).build();
  }

  @Override
  public void flush() throws LostException {
    if (appender instanceof AbstractOutputStreamAppender<?> stream) {
      try {
        stream.getManager().flush();
      } catch (RuntimeException failure) { // and what was in its buffer is gone
        long lost = stream.getImmediateFlush() ? 0 : sinceFlush;
        sinceFlush = 0;
        throw new LostException(lost, "appender \"" + appender.getName() + "\"", failure);
      }
    }
    sinceFlush = 0;
  }
}
