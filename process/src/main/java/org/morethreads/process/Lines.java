package org.morethreads.process;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.Charset;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.util.function.Consumer;

/**
 * Makes lines of bytes: they end with {@code \n} or {@code \r\n}, and at the end of the stream.
 * What is not text in the charset becomes U+FFFD. A line that is longer than it may be comes in
 * pieces. For one thread.
 */
final class Lines {
  private final CharsetDecoder decoder;
  private final int longest;
  private final Consumer<String> target;
  private final CharBuffer chars = CharBuffer.allocate(8 * 1024);
  private final StringBuilder line = new StringBuilder();

  /** Bytes of a character whose rest has not come yet. */
  private ByteBuffer rest = ByteBuffer.allocate(0);

  /** Whether the last character that has come is a {@code \r}, which is not in the line yet. */
  private boolean returned;

  private long pieces;

  Lines(Charset charset, int longest, Consumer<String> target) {
    this.decoder =
        charset
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPLACE)
            .onUnmappableCharacter(CodingErrorAction.REPLACE);
    this.longest = longest;
    this.target = target;
  }

  /** How often a line was cut into one more piece. */
  long pieces() {
    return pieces;
  }

  void accept(byte[] bytes, int from, int count) {
    ByteBuffer source = ByteBuffer.wrap(bytes, from, count);
    if (rest.hasRemaining()) {
      ByteBuffer joined = ByteBuffer.allocate(rest.remaining() + count);
      joined.put(rest).put(source).flip();
      source = joined;
    }
    decode(source, /* end= */ false);
    byte[] kept = new byte[source.remaining()];
    source.get(kept);
    rest = ByteBuffer.wrap(kept);
  }

  /** The stream has ended. */
  void end() {
    decode(rest, /* end= */ true);
    while (decoder.flush(chars) == CoderResult.OVERFLOW) {
      split();
    }
    split();
    if (returned) {
      append('\r');
    }
    if (!line.isEmpty()) {
      deliver();
    }
  }

  private void decode(ByteBuffer source, boolean end) {
    CoderResult result;
    do {
      result = decoder.decode(source, chars, end);
      split();
    } while (result == CoderResult.OVERFLOW);
  }

  private void split() {
    chars.flip();
    while (chars.hasRemaining()) {
      char next = chars.get();
      if (next == '\n') {
        returned = false;
        deliver();
      } else {
        if (returned) { // not the end of a line after all
          append('\r');
        }
        returned = next == '\r';
        if (!returned) {
          append(next);
        }
      }
    }
    chars.clear();
  }

  private void append(char next) {
    if (line.length() >= longest
        && !(Character.isLowSurrogate(next)
            && Character.isHighSurrogate(line.charAt(line.length() - 1)))) {
      pieces++;
      deliver();
    }
    line.append(next);
  }

  private void deliver() {
    String whole = line.toString();
    line.setLength(0);
    if (line.capacity() > 64 * 1024) {
      line.trimToSize();
    }
    target.accept(whole);
  }
}
