package org.morethreads.process;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.Charset;
import java.util.function.Function;

/**
 * Makes bytes of lines that follow each other: what a charset writes once, such as the mark of the
 * order of bytes in UTF-16, stands before the first alone. For one thread.
 */
final class LineBytes implements Function<String, byte[]> {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final Writer writer;

  LineBytes(Charset charset) {
    this.writer = new OutputStreamWriter(bytes, charset);
  }

  @Override
  public byte[] apply(String line) {
    try {
      writer.write(line);
      writer.write('\n');
      writer.flush();
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
    byte[] made = bytes.toByteArray();
    bytes.reset();
    return made;
  }
}
