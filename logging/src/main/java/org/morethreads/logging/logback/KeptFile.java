package org.morethreads.logging.logback;

import ch.qos.logback.core.FileAppender;
import ch.qos.logback.core.OutputStreamAppender;
import ch.qos.logback.core.recovery.ResilientFileOutputStream;
import ch.qos.logback.core.recovery.ResilientOutputStreamBase;
import java.io.BufferedOutputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.morethreads.logging.internal.KeepingStream;
import org.morethreads.logging.internal.MeasuredStream;

/**
 * The file of an appender, written through a {@link KeepingStream}. What Logback has in its buffer
 * when a file cannot be written it throws away, or writes again as a whole when a part of it is
 * there already.
 *
 * <p>Used by the writer's thread only.
 */
final class KeptFile {
  /** Logback's own has 8 KB, unless it was configured. */
  private static final int BUFFER = 1 << 16;

  private final OutputStreamAppender<?> appender;
  private final KeepingStream keeping = new KeepingStream();
  private final Thread writer = Thread.currentThread();

  /** What was put in the place of Logback's buffer. */
  private @Nullable OutputStream buffer;

  private KeptFile(OutputStreamAppender<?> appender) {
    this.appender = appender;
    keeping.keepFor(writer);
  }

  /** Null where Logback's streams cannot be reached, or are shared with other JVMs. */
  static @Nullable KeptFile of(OutputStreamAppender<?> appender) {
    boolean reachable =
        Internals.STREAM != null && Internals.FILE != null && Internals.LOCK != null;
    boolean shared = appender instanceof FileAppender<?> file && file.isPrudent();
    return reachable && !shared ? new KeptFile(appender) : null;
  }

  /**
   * Before each call of the appender, which may have gone on with another file.
   *
   * @throws IOException if the file takes nothing at present
   */
  void prepare() throws IOException {
    VarHandle stream = Internals.STREAM;
    if (stream == null
        || !(appender.getOutputStream() instanceof ResilientFileOutputStream resilient)) {
      if (keeping.keeps()) {
        throw new IOException("its file was closed before all was written");
      }
      return;
    }
    OutputStream present = (OutputStream) stream.get((ResilientOutputStreamBase) resilient);
    if (present != buffer) {
      replace(resilient, present);
    }
    if (keeping.keeps()) {
      writeKept(resilient);
    }
  }

  private void replace(ResilientFileOutputStream resilient, OutputStream present)
      throws IOException {
    VarHandle stream = Internals.STREAM;
    VarHandle file = Internals.FILE;
    VarHandle itsLock = Internals.LOCK;
    if (stream == null || file == null || itsLock == null) {
      return;
    }
    ReentrantLock lock = (ReentrantLock) itsLock.get((OutputStreamAppender<?>) appender);
    lock.lock();
    try {
      present.flush();
      FileOutputStream out = (FileOutputStream) file.get(resilient);
      keeping.to(new MeasuredStream(out, resilient.getFile().toPath()));
      OutputStream next = new BufferedOutputStream(keeping, BUFFER);
      stream.set((ResilientOutputStreamBase) resilient, next);
      buffer = next;
    } finally {
      lock.unlock();
    }
  }

  /** Opens the file anew when that is what it needs, as Logback does. */
  private void writeKept(ResilientFileOutputStream resilient) throws IOException {
    try {
      keeping.writeKept();
    } catch (IOException failure) {
      VarHandle file = Internals.FILE;
      if (file == null) {
        throw failure;
      }
      FileOutputStream before = (FileOutputStream) file.get(resilient);
      FileOutputStream again = new FileOutputStream(resilient.getFile(), /* append= */ true);
      file.set(resilient, again);
      keeping.to(new MeasuredStream(again, resilient.getFile().toPath()));
      closeFailed(before);
      keeping.writeKept();
    }
  }

  private static void closeFailed(FileOutputStream file) {
    try {
      file.close();
    } catch (IOException unimportant) {
      // what it has not taken is kept
    }
  }

  /** Nothing is kept any more. */
  void leave() {
    keeping.leave(writer);
  }
}
