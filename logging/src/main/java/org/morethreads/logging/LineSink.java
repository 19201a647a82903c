package org.morethreads.logging;

import java.io.EOFException;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetEncoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A sink for text, one line each, in UTF-8: a file, or a stream of the process. Lines are gathered
 * in a buffer of 64 KB, which is written in one piece when the log runs dry.
 *
 * <p>Written by {@link FileOutputStream}, which an interrupt does not close.
 *
 * @since 0.1
 */
public final class LineSink implements LogSink<CharSequence> {
  /*
   * What is in the buffer stays there until it is written. When a write fails after a part of it went out, as on a full disk, the
   * rest is what is tried again: a file says by its size how much that was. So nothing is written twice.
   */
  private static final int BUFFER = 1 << 16;

  /** What one character becomes at most. */
  private static final int BYTES_PER_CHAR = 3;

  private final FileOutputStream out;

  /** Whether the size of what is written to says how much was. */
  private final boolean isFile;

  private final boolean closes;
  private final byte[] buffer = new byte[BUFFER];
  private int used;
  private @Nullable CharsetEncoder encoder;

  private LineSink(FileOutputStream out, boolean isFile, boolean closes) {
    this.out = out;
    this.isFile = isFile;
    this.closes = closes;
  }

  /**
   * Opens a file to append to. Its directory is made if it is not there.
   *
   * @param file the file
   * @return the sink
   * @throws IOException if it cannot be opened
   */
  public static LineSink file(Path file) throws IOException {
    Path directory = file.toAbsolutePath().getParent();
    if (directory != null) {
      Files.createDirectories(directory);
    }
    FileOutputStream out = new FileOutputStream(file.toFile(), /* append= */ true);
    return new LineSink(out, Files.isRegularFile(file), true);
  }

  /** {@return a sink that writes to the standard output of the process, whatever System.out is} */
  public static LineSink standardOutput() {
    return new LineSink(new FileOutputStream(FileDescriptor.out), false, false);
  }

  /** {@return a sink that writes to the standard error of the process, whatever System.err is} */
  public static LineSink standardError() {
    return new LineSink(new FileOutputStream(FileDescriptor.err), false, false);
  }

  @Override
  public void write(CharSequence line) throws IOException {
    int length = line.length();
    int most = length * BYTES_PER_CHAR + 1;
    if (length > BUFFER / BYTES_PER_CHAR - 1) {
      writeLong(line);
      return;
    }
    if (most > BUFFER - used) {
      flush();
    }
    int at = used;
    for (int i = 0; i < length; i++) {
      char c = line.charAt(i);
      if (c >= 128) {
        at = encode(CharBuffer.wrap(line, i, length), at);
        break;
      }
      buffer[at++] = (byte) c;
    }
    buffer[at++] = '\n';
    used = at;
  }

  private int encode(CharBuffer rest, int at) {
    ByteBuffer room = ByteBuffer.wrap(buffer, at, BUFFER - at);
    CharsetEncoder utf8 = encoder();
    utf8.reset();
    utf8.encode(rest, room, true);
    utf8.flush(room);
    return room.position();
  }

  private CharsetEncoder encoder() {
    CharsetEncoder present = encoder;
    if (present == null) {
      present =
          StandardCharsets.UTF_8
              .newEncoder()
              .onMalformedInput(CodingErrorAction.REPLACE)
              .onUnmappableCharacter(CodingErrorAction.REPLACE);
      encoder = present;
    }
    return present;
  }

  /** A line that may not fit. */
  private void writeLong(CharSequence line) throws IOException {
    flush();
    byte[] bytes = (line + "\n").getBytes(StandardCharsets.UTF_8);
    int done = writeOut(bytes, 0, bytes.length);
    if (done < bytes.length) { // the rest cannot be kept, and the line must not be written twice
      throw new EOFException("a line of " + bytes.length + " bytes was cut after " + done);
    }
  }

  @Override
  public void flush() throws IOException {
    int done = 0;
    try {
      while (done < used) {
        done += writeOut(buffer, done, used - done);
      }
    } finally {
      if (done > 0) {
        System.arraycopy(buffer, done, buffer, 0, used - done);
        used -= done;
      }
    }
  }

  /**
   * Writes bytes.
   *
   * @return how many have been written; fewer than asked only when a write has failed half-way
   * @throws IOException if none has been
   */
  private int writeOut(byte[] bytes, int from, int length) throws IOException {
    long before = isFile ? out.getChannel().size() : 0;
    try {
      out.write(bytes, from, length);
      return length;
    } catch (IOException failure) {
      long went = isFile ? out.getChannel().size() - before : 0;
      if (went <= 0 || went > length) {
        throw failure;
      }
      return (int) went;
    }
  }

  @Override
  public void close() throws IOException {
    try {
      flush();
    } finally {
      if (closes) {
        out.close();
      }
    }
  }
}
