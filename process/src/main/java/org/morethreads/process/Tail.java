package org.morethreads.process;

import java.nio.charset.Charset;
import java.util.concurrent.locks.ReentrantLock;

/** The last bytes of a stream: written by who reads it, asked for by anybody. */
final class Tail {
  static final int MOST = 64 * 1024;
  private static final int FIRST = 512;

  private final ReentrantLock lock = new ReentrantLock();

  /** A ring once it has grown to {@link #MOST}. Guarded by lock. */
  private byte[] bytes = new byte[FIRST];

  /** How many bytes have come in all. Guarded by lock. */
  private long total;

  void add(byte[] source, int from, int count) {
    lock.lock();
    try {
      int skipped = Math.max(0, count - MOST);
      total += skipped;
      grow(total + count - skipped);
      int start = from + skipped;
      int left = count - skipped;
      while (left > 0) {
        int at = (int) (total % bytes.length);
        int part = Math.min(left, bytes.length - at);
        System.arraycopy(source, start, bytes, at, part);
        total += part;
        start += part;
        left -= part;
      }
    } finally {
      lock.unlock();
    }
  }

  /** Before it is a ring, all that has come is at its beginning. */
  private void grow(long needed) {
    int length = bytes.length;
    while (length < needed && length < MOST) {
      length *= 2;
    }
    if (length > bytes.length) {
      byte[] larger = new byte[length];
      System.arraycopy(bytes, 0, larger, 0, (int) Math.min(total, bytes.length));
      bytes = larger;
    }
  }

  long total() {
    lock.lock();
    try {
      return total;
    } finally {
      lock.unlock();
    }
  }

  String text(Charset charset) {
    lock.lock();
    try {
      if (total <= bytes.length) {
        return new String(bytes, 0, (int) total, charset);
      }
      int at = (int) (total % bytes.length);
      byte[] ordered = new byte[bytes.length];
      System.arraycopy(bytes, at, ordered, 0, bytes.length - at);
      System.arraycopy(bytes, 0, ordered, bytes.length - at, at);
      return new String(ordered, charset);
    } finally {
      lock.unlock();
    }
  }
}
