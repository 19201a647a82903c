package org.morethreads.logging.log4j;

import java.io.BufferedOutputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.file.Path;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.core.Appender;
import org.apache.logging.log4j.core.Filter;
import org.apache.logging.log4j.core.LifeCycle;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.appender.AbstractOutputStreamAppender;
import org.apache.logging.log4j.core.appender.AppenderLoggingException;
import org.apache.logging.log4j.core.appender.FileManager;
import org.apache.logging.log4j.core.appender.OutputStreamManager;
import org.apache.logging.log4j.core.filter.Filterable;
import org.apache.logging.log4j.core.impl.ContextDataFactory;
import org.apache.logging.log4j.core.impl.Log4jLogEvent;
import org.apache.logging.log4j.util.StringMap;
import org.jspecify.annotations.Nullable;
import org.morethreads.logging.LogSink;
import org.morethreads.logging.internal.KeepingStream;
import org.morethreads.logging.internal.MeasuredStream;
import org.morethreads.thread.ManagedThread;

/**
 * A Log4j appender as a sink. Called past Log4j's {@code AppenderControl}, which swallows what goes
 * wrong; the level and the filters that it would look at are looked at here.
 *
 * <p>What Log4j has in its buffer when a file cannot be written it throws away. So its file is
 * replaced by a {@link KeepingStream}; where that cannot be done, such losses are counted.
 */
final class AppenderSink implements LogSink<LogWriterAppender.Logged> {
  /** On the module path it is there only if Log4j's package was opened to this module. */
  private static final @Nullable VarHandle STREAM = streamOfAManager();

  private final Appender appender;
  private final @Nullable Level level;
  private final @Nullable Filter filter;
  private final String pathKey;

  /** Log4j's own has 8 KB; fewer and longer writes pay for the look at the file's length. */
  private static final int BUFFER = 1 << 16;

  /** What a manager has in the place of its file. */
  private static final class Buffer extends BufferedOutputStream {
    final KeepingStream file;

    Buffer(KeepingStream file) {
      super(file, BUFFER);
      this.file = file;
    }
  }

  /** The appender, if it has a stream. */
  private final @Nullable AbstractOutputStreamAppender<?> stream;

  // ---- the writer's thread only

  private @Nullable ManagedThread<?> lastThread;
  private String lastPath = "";
  private long sinceFlush;
  private @Nullable Thread writer;

  /** What its file was replaced by; another one after a new configuration, perhaps. */
  private @Nullable KeepingStream keeping;

  private @Nullable OutputStream buffer;

  AppenderSink(Appender appender, @Nullable Level level, @Nullable Filter filter, String pathKey) {
    this.appender = appender;
    this.level = level;
    this.filter = filter;
    this.pathKey = pathKey;
    this.stream = appender instanceof AbstractOutputStreamAppender<?> found ? found : null;
  }

  private static @Nullable VarHandle streamOfAManager() {
    try {
      return MethodHandles.privateLookupIn(OutputStreamManager.class, MethodHandles.lookup())
          .findVarHandle(OutputStreamManager.class, "outputStream", OutputStream.class);
    } catch (ReflectiveOperationException closed) {
      return null;
    }
  }

  @Override
  public void write(LogWriterAppender.Logged logged) throws IOException, LostException {
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
    prepare();
    try {
      appender.append(event);
    } catch (AppenderLoggingException failure) {
      if (sinceFlush == 0 || keeping != null || stream == null || stream.getImmediateFlush()) {
        throw failure;
      }
      throw bufferIsLost(failure);
    }
    sinceFlush++;
  }

  private LostException bufferIsLost(RuntimeException failure) {
    long lost = sinceFlush;
    sinceFlush = 0;
    return new LostException(lost, "appender \"" + appender.getName() + "\"", failure);
  }

  /** Before each call of the appender, which may have gone on with another file. */
  private void prepare() throws IOException {
    if (stream == null || STREAM == null) {
      return;
    }
    OutputStreamManager manager = stream.getManager();
    OutputStream present = (OutputStream) STREAM.get(manager);
    KeepingStream own = keeping;
    if (present != buffer) {
      own = replace(manager, present);
    }
    if (own != null && own.keeps()) {
      own.writeKept();
    }
  }

  private @Nullable KeepingStream replace(
      OutputStreamManager manager, @Nullable OutputStream present) {
    Thread thread = Thread.currentThread();
    writer = thread;
    if (present instanceof Buffer already) { // of the configuration before this one
      buffer = already;
      keeping = already.file;
      already.file.keepFor(thread);
    } else if (present instanceof FileOutputStream out
        && manager instanceof FileManager file
        && !file.isLocking()
        && STREAM != null) {
      KeepingStream next = keeping == null ? new KeepingStream() : keeping;
      next.keepFor(thread);
      next.to(new MeasuredStream(out, Path.of(file.getFileName())));
      Buffer around = new Buffer(next);
      synchronized (manager) { // as it does whenever it writes
        STREAM.setVolatile(manager, (OutputStream) around);
      }
      buffer = around;
      keeping = next;
    }
    return keeping;
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
  public void flush() throws IOException, LostException {
    if (stream != null) {
      prepare();
      try {
        stream.getManager().flush();
      } catch (RuntimeException failure) { // and what was in its buffer is gone
        if (stream.getImmediateFlush()) {
          sinceFlush = 0;
        }
        throw bufferIsLost(failure);
      }
      prepare();
    }
    sinceFlush = 0;
  }

  @Override
  public void close() {
    if (keeping != null && writer != null) {
      keeping.leave(writer);
    }
  }
}
