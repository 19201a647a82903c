package org.morethreads.logging.internal;

import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Writes to a stream, and knows how much of a write has gone out that failed half-way, as on a full
 * disk: a file says so by its length. So what is tried again is the rest, and nothing is written
 * twice. A pipe or a terminal does not say it; there such a write counts as none.
 *
 * <p>The length is asked through a descriptor of its own: a channel would be closed by an
 * interrupt.
 */
public final class MeasuredStream implements AutoCloseable {
  private final OutputStream out;
  private final @Nullable RandomAccessFile measure;

  /**
   * Makes one.
   *
   * @param out where it writes to, without a buffer
   * @param file the file that this is, or null
   */
  public MeasuredStream(OutputStream out, @Nullable Path file) {
    this.out = out;
    this.measure = file == null ? null : measure(file);
  }

  private static @Nullable RandomAccessFile measure(Path file) {
    try {
      return Files.isRegularFile(file) ? new RandomAccessFile(file.toFile(), "r") : null;
    } catch (IOException unreadable) {
      return null;
    }
  }

  /**
   * Writes bytes.
   *
   * @param bytes where they are
   * @param from the first of them
   * @param length how many
   * @return how many have been written; fewer than asked only when a write has failed half-way
   * @throws IOException if none has been
   */
  public int write(byte[] bytes, int from, int length) throws IOException {
    RandomAccessFile file = measure;
    if (file == null) {
      out.write(bytes, from, length);
      return length;
    }
    long before = file.length();
    try {
      out.write(bytes, from, length);
      return length;
    } catch (IOException failure) {
      long went = file.length() - before;
      if (went <= 0 || went > length) {
        throw failure;
      }
      return (int) went;
    }
  }

  /** Leaves the stream open. */
  public void leave() {
    RandomAccessFile file = measure;
    if (file != null) {
      try {
        file.close();
      } catch (IOException unimportant) {
        // only its length was read
      }
    }
  }

  @Override
  public void close() throws IOException {
    leave();
    out.close();
  }
}
