package org.morethreads.logging;

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
import org.morethreads.logging.internal.MeasuredStream;

/**
 * A sink for text, one line each, in UTF-8: a file, or a stream of the process. Lines are gathered
 * in a buffer of 64 KB, which is written in one piece when the log runs dry.
 *
 * <p>Written by {@link FileOutputStream}, which an interrupt does not close. When a write fails
 * half-way, the rest is what is tried again: nothing is in a file twice, also when it is the
 * standard output that was redirected to one (known on Linux). A pipe or a terminal does not say
 * how much it took of a write that failed: there, up to 64 KB of lines may come twice.
 *
 * @since 0.1
 */
public final class LineSink implements LogSink<CharSequence> {
  /*
   * What is in the buffer stays there until it is written. When a write fails after a part of it went out, as on a full disk, the
   * rest is what is tried again: a file says by its length how much that was. A line that is too long for the buffer goes out by
   * itself; when that stops half-way, the line is taken, and what is left of it goes before everything else.
   */
  private static final int BUFFER = 1 << 16;

  /** What one character becomes at most. */
  private static final int BYTES_PER_CHAR = 3;

  private final MeasuredStream out;
  private final boolean closes;
  private final byte[] buffer = new byte[BUFFER];
  private int used;
  private @Nullable CharsetEncoder encoder;

  /** A long line of which a part is written, and how much. */
  private byte @Nullable [] begun;

  private int done;

  private LineSink(MeasuredStream out, boolean closes) {
    this.out = out;
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
    return new LineSink(new MeasuredStream(out, file), true);
  }

  /** {@return a sink that writes to the standard output of the process, whatever System.out is} */
  public static LineSink standardOutput() {
    return new LineSink(ofTheProcess(FileDescriptor.out, 1), false);
  }

  /** {@return a sink that writes to the standard error of the process, whatever System.err is} */
  public static LineSink standardError() {
    return new LineSink(ofTheProcess(FileDescriptor.err, 2), false);
  }

  private static MeasuredStream ofTheProcess(FileDescriptor descriptor, int number) {
    return new MeasuredStream(
        new FileOutputStream(descriptor), Path.of("/proc/self/fd/" + number)); // of Linux
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
    int went = out.write(bytes, 0, bytes.length);
    if (went < bytes.length) { // it must not be written twice: it is taken
      begun = bytes;
      done = went;
    }
  }

  private void finishBegun(byte[] line) throws IOException {
    while (done < line.length) {
      done += out.write(line, done, line.length - done);
    }
    begun = null;
  }

  @Override
  public void flush() throws IOException {
    byte[] line = begun;
    if (line != null) {
      finishBegun(line);
    }
    int went = 0;
    try {
      while (went < used) {
        went += out.write(buffer, went, used - went);
      }
    } finally {
      if (went > 0) {
        System.arraycopy(buffer, went, buffer, 0, used - went);
        used -= went;
      }
    }
  }

  @Override
  public void close() throws IOException {
    try {
      flush();
    } finally {
      if (closes) {
        out.close();
      } else {
        out.leave();
      }
    }
  }
}
