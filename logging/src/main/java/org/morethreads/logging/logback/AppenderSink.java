package org.morethreads.logging.logback;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.AppenderBase;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.Context;
import ch.qos.logback.core.OutputStreamAppender;
import ch.qos.logback.core.UnsynchronizedAppenderBase;
import ch.qos.logback.core.recovery.ResilientOutputStreamBase;
import ch.qos.logback.core.spi.FilterReply;
import ch.qos.logback.core.status.Status;
import ch.qos.logback.core.status.StatusListener;
import ch.qos.logback.core.status.StatusManager;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.invoke.MethodHandle;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.morethreads.logging.LogSink;

/**
 * A Logback appender as a sink.
 *
 * <p>Logback's appenders throw nothing when they fail: {@code doAppend} swallows it and says so in
 * the status of the context, now and then. So this looks at the filters itself, and calls what is
 * under that, {@code append}. What an appender catches itself it says in the status, and a stream
 * that has failed is silent until it has recovered: so this listens as well. What comes on the
 * writer's thread during a call belongs to that call.
 */
final class AppenderSink implements LogSink<ILoggingEvent>, StatusListener {
  /** Those that hand a record over to a thread of their own. */
  private static final Set<String> HAND_OVER =
      Set.of(
          "ch.qos.logback.core.AsyncAppenderBase",
          "ch.qos.logback.core.net.AbstractSocketAppender",
          "ch.qos.logback.core.net.SMTPAppenderBase");

  private final Appender<ILoggingEvent> appender;
  private final @Nullable StatusManager status;

  /** The appender, if its {@code append} can be called; at most one of the two is there. */
  private final @Nullable UnsynchronizedAppenderBase<ILoggingEvent> plain;

  private final @Nullable AppenderBase<ILoggingEvent> locked;

  /** The appender, if it has a stream. */
  private final @Nullable OutputStreamAppender<ILoggingEvent> stream;

  /** Whether its flushing was taken over. */
  private final boolean batching;

  // ---- the writer's thread only

  private @Nullable Thread writer;
  private @Nullable Status problem;

  /** The stream of the appender that has failed and has not recovered. */
  private @Nullable Object broken;

  /** The file of the appender, if what is under Logback's buffer could be replaced. */
  private @Nullable KeptFile kept;

  private long sinceFlush;

  AppenderSink(Appender<ILoggingEvent> appender, Context context, boolean batching) {
    this.appender = appender;
    this.status = context.getStatusManager();
    this.plain =
        appender instanceof UnsynchronizedAppenderBase<ILoggingEvent> found
                && Internals.APPEND != null
                && isAppendedToBy(UnsynchronizedAppenderBase.class)
            ? found
            : null;
    this.locked =
        appender instanceof AppenderBase<ILoggingEvent> found
                && Internals.LOCKED_APPEND != null
                && isAppendedToBy(AppenderBase.class)
            ? found
            : null;
    this.stream = appender instanceof OutputStreamAppender<ILoggingEvent> found ? found : null;
    this.batching = batching && stream != null && stream.isImmediateFlush();
    if (stream != null && this.batching) {
      stream.setImmediateFlush(false);
    }
    if (status != null) {
      boolean _ = status.add(this);
    }
  }

  /** Whether what is under {@code doAppend} is all that there is to do. */
  private boolean isAppendedToBy(Class<?> base) {
    try {
      return appender.getClass().getMethod("doAppend", Object.class).getDeclaringClass() == base;
    } catch (NoSuchMethodException impossible) {
      return false;
    }
  }

  /** What is to be said at the start: why losses of the appender cannot be seen; or null. */
  @Nullable String blindness() {
    for (Class<?> of = appender.getClass(); of != null; of = of.getSuperclass()) {
      if (HAND_OVER.contains(of.getName())) {
        return "hands records over to a thread of its own: what that loses cannot be seen, and counts as written.";
      }
    }
    boolean swallows =
        appender instanceof UnsynchronizedAppenderBase || appender instanceof AppenderBase;
    if (!swallows || plain != null || locked != null) {
      return null;
    }
    boolean closed = Internals.APPEND == null || Internals.LOCKED_APPEND == null;
    return "fails without a word after the first few times: what it loses then cannot be seen, and counts as written. "
        + (closed
            ? "Logback's module is not open to this one: --add-opens=ch.qos.logback.core/ch.qos.logback.core=org.morethreads.logging"
                + " --add-opens=ch.qos.logback.core/ch.qos.logback.core.recovery=org.morethreads.logging"
            : "It has a doAppend of its own.");
  }

  /** Whether it writes to a stream of the JDK's that swallows failures. */
  boolean writesToAPrintStream() {
    return appender instanceof ConsoleAppender;
  }

  @Override
  public void write(ILoggingEvent event) throws Exception {
    checkStarted();
    begin();
    KeptFile file = kept;
    if (file != null) {
      file.prepare();
    }
    append(event);
    checkStarted();
    Status now = problem;
    if (now != null || isBroken()) {
      long lost = stream != null && isBroken() ? sinceFlush : 0;
      if (lost > 0) { // they were in its buffer
        sinceFlush = 0;
        throw new LostException(lost, described(now), now == null ? null : cause(now));
      }
      throw new IOException(described(now), now == null ? null : cause(now));
    }
    sinceFlush++;
  }

  private boolean isBroken() {
    if (broken != null && stream != null && stream.getOutputStream() != broken) {
      broken = null; // it goes on with another one
    }
    return broken != null;
  }

  private void append(ILoggingEvent event) throws Exception {
    UnsynchronizedAppenderBase<ILoggingEvent> unlocked = plain;
    AppenderBase<ILoggingEvent> monitor = locked;
    if (unlocked != null) {
      if (unlocked.getFilterChainDecision(event) != FilterReply.DENY) {
        appendTo(unlocked, event);
      }
    } else if (monitor != null) {
      synchronized (monitor) { // as its doAppend does
        if (monitor.getFilterChainDecision(event) != FilterReply.DENY) {
          appendTo(monitor, event);
        }
      }
    } else {
      appender.doAppend(event);
    }
  }

  private static void appendTo(UnsynchronizedAppenderBase<ILoggingEvent> to, ILoggingEvent event)
      throws Exception {
    MethodHandle handle = Internals.APPEND;
    if (handle != null) {
      try {
        handle.invokeExact((UnsynchronizedAppenderBase<?>) to, (Object) event);
      } catch (Exception | Error failure) {
        throw failure;
      } catch (Throwable other) {
        throw new IllegalStateException(other);
      }
    }
  }

  private static void appendTo(AppenderBase<ILoggingEvent> to, ILoggingEvent event)
      throws Exception {
    MethodHandle handle = Internals.LOCKED_APPEND;
    if (handle != null) {
      try {
        handle.invokeExact((AppenderBase<?>) to, (Object) event);
      } catch (Exception | Error failure) {
        throw failure;
      } catch (Throwable other) {
        throw new IllegalStateException(other);
      }
    }
  }

  private void checkStarted() throws IOException {
    if (!appender.isStarted()) {
      throw new IOException("appender \"" + appender.getName() + "\" has been stopped");
    }
  }

  @Override
  public void flush() throws IOException, LostException {
    if (stream != null) {
      begin();
      KeptFile file = kept;
      if (file != null) {
        file.prepare();
      }
      OutputStream out = stream.getOutputStream();
      if (out != null) {
        out.flush();
      }
      Status now = problem;
      if (now != null) {
        long lost = sinceFlush;
        sinceFlush = 0;
        throw new LostException(lost, described(now), cause(now));
      }
      if (file != null) {
        file.prepare();
      }
    }
    sinceFlush = 0;
  }

  @Override
  public void close() {
    if (kept != null) {
      kept.leave();
    }
    if (stream != null && batching) {
      stream.setImmediateFlush(true);
    }
    if (status != null) {
      status.remove(this);
    }
  }

  private void begin() {
    if (writer == null) {
      writer = Thread.currentThread();
      kept = stream == null ? null : KeptFile.of(stream);
    }
    problem = null;
  }

  @Override
  public void addStatusEvent(Status event) {
    if (Thread.currentThread() != writer) {
      return;
    }
    if (event.getEffectiveLevel() == Status.ERROR) {
      problem = event;
      if (event.getOrigin() instanceof ResilientOutputStreamBase) {
        broken = event.getOrigin();
      }
    } else if (event.getOrigin() == broken && event.getMessage().startsWith("Recovered")) {
      broken = null;
    }
  }

  private String described(@Nullable Status now) {
    return "appender \""
        + appender.getName()
        + "\": "
        + (now == null ? "its stream has failed, and is not back yet" : now.getMessage());
  }

  private static @Nullable Throwable cause(Status problem) {
    return problem.getThrowable();
  }
}
