package org.morethreads.logging.logback;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.Context;
import ch.qos.logback.core.OutputStreamAppender;
import ch.qos.logback.core.recovery.ResilientOutputStreamBase;
import ch.qos.logback.core.status.Status;
import ch.qos.logback.core.status.StatusListener;
import ch.qos.logback.core.status.StatusManager;
import java.io.IOException;
import java.io.OutputStream;
import org.jspecify.annotations.Nullable;
import org.morethreads.logging.LogSink;

/**
 * A Logback appender as a sink.
 *
 * <p>Logback's appenders throw nothing when they fail: they say so in the status of the context,
 * the first few times, and a stream that has failed is silent until it has recovered. So this
 * listens. What comes on the writer's thread during a call belongs to that call.
 */
final class AppenderSink implements LogSink<ILoggingEvent>, StatusListener {
  private final Appender<ILoggingEvent> appender;
  private final @Nullable StatusManager status;

  /** The appender, if its flushing was taken over. */
  private final @Nullable OutputStreamAppender<ILoggingEvent> stream;

  // ---- the writer's thread only

  private @Nullable Thread writer;
  private @Nullable Status problem;

  /** The stream of the appender that has failed and has not recovered. */
  private @Nullable Object broken;

  private long sinceFlush;

  AppenderSink(Appender<ILoggingEvent> appender, Context context, boolean batching) {
    this.appender = appender;
    this.status = context.getStatusManager();
    this.stream =
        batching
                && appender instanceof OutputStreamAppender<ILoggingEvent> found
                && found.isImmediateFlush()
            ? found
            : null;
    if (stream != null) {
      stream.setImmediateFlush(false);
    }
    if (status != null) {
      boolean _ = status.add(this);
    }
  }

  @Override
  public void write(ILoggingEvent event) throws IOException {
    checkStarted();
    begin();
    appender.doAppend(event);
    checkStarted();
    Status now = problem;
    if (now != null || broken != null) {
      throw new IOException(
          "appender \"" + appender.getName() + "\": " + text(now), now == null ? null : cause(now));
    }
    sinceFlush++;
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
      OutputStream out = stream.getOutputStream();
      if (out != null) {
        out.flush();
      }
      Status now = problem;
      if (now != null) {
        long lost = sinceFlush;
        sinceFlush = 0;
        throw new LostException(
            lost, "appender \"" + appender.getName() + "\": " + text(now), cause(now));
      }
    }
    sinceFlush = 0;
  }

  @Override
  public void close() {
    if (stream != null) {
      stream.setImmediateFlush(true);
    }
    if (status != null) {
      status.remove(this);
    }
  }

  private void begin() {
    writer = Thread.currentThread();
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

  private static String text(@Nullable Status problem) {
    return problem == null ? "its stream has failed, and is not back yet" : problem.getMessage();
  }

  private static @Nullable Throwable cause(Status problem) {
    return problem.getThrowable();
  }
}
