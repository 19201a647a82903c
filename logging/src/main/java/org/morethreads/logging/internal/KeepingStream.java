package org.morethreads.logging.internal;

import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What a framework's buffer is written to, in the place of its file. Frameworks throw away what is
 * in their buffer when it cannot be written, or write it twice. So on the thread of a log writer
 * this takes everything, and keeps what the file does not take, which is on a full disk at most a
 * buffer and a record: while something is kept, the sink gives no more to the framework.
 *
 * <p>To other threads, that use the same appender past the log writer, it fails as the file does.
 */
public final class KeepingStream extends OutputStream {
  private static final byte[] NOTHING = {};

  private @Nullable MeasuredStream out;
  private byte[] kept = NOTHING;
  private int from;
  private int end;

  /** Whether something is kept; read without the monitor before each record. */
  private volatile boolean keeps;

  /** On whose behalf it keeps; null when the sink has been closed. */
  private @Nullable Thread writer;

  /** Makes one that has no file yet. */
  public KeepingStream() {}

  /**
   * Goes on with another file, and what is kept. Whoever opened the one before closes it.
   *
   * @param next the file
   */
  public synchronized void to(MeasuredStream next) {
    MeasuredStream before = out;
    out = next;
    if (before != null) {
      before.leave();
    }
  }

  /**
   * Names the thread of the log writer.
   *
   * @param thread the thread
   */
  public synchronized void keepFor(Thread thread) {
    writer = thread;
  }

  /**
   * The sink has been closed: nothing more is kept, unless for another one.
   *
   * @param thread that of its log writer
   */
  public synchronized void leave(Thread thread) {
    if (writer == thread) {
      writer = null;
    }
  }

  /** {@return whether something is kept} */
  public boolean keeps() {
    return keeps;
  }

  /**
   * Writes what is kept.
   *
   * @throws IOException if some of it still is
   */
  public synchronized void writeKept() throws IOException {
    while (end > from) {
      from += present().write(kept, from, end - from);
    }
    if (keeps) {
      kept = NOTHING;
      from = 0;
      end = 0;
      keeps = false;
    }
  }

  private MeasuredStream present() throws IOException {
    MeasuredStream present = out;
    if (present == null) {
      throw new IOException("the file is closed");
    }
    return present;
  }

  @Override
  public synchronized void write(byte[] bytes, int at, int length) throws IOException {
    int done = 0;
    try {
      writeKept();
      while (done < length) {
        done += present().write(bytes, at + done, length - done);
      }
    } catch (IOException failure) {
      if (Thread.currentThread() != writer) {
        throw failure;
      }
      keep(bytes, at + done, length - done);
    }
  }

  private void keep(byte[] bytes, int at, int length) {
    int old = end - from;
    byte[] more = Arrays.copyOfRange(kept, from, from + old + length);
    System.arraycopy(bytes, at, more, old, length);
    kept = more;
    from = 0;
    end = old + length;
    keeps = true;
  }

  @Override
  public void write(int single) throws IOException {
    write(new byte[] {(byte) single}, 0, 1);
  }

  /** The framework closes a file, perhaps to go on with the next one: what is kept goes there. */
  @Override
  public synchronized void close() throws IOException {
    MeasuredStream present = out;
    if (present == null) {
      return;
    }
    try {
      writeKept();
    } catch (IOException failure) {
      if (Thread.currentThread() != writer) {
        throw failure;
      }
    } finally {
      out = null;
      present.close();
    }
  }
}
