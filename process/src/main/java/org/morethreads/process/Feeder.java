package org.morethreads.process;

import java.io.IOException;
import java.io.OutputStream;
import java.util.function.Function;
import org.morethreads.internal.Log;
import org.morethreads.queue.CloseableQueue;

/** Writes what is put into a queue to the input of a process, on a thread of its own. */
final class Feeder<E> implements Runnable {
  private final CloseableQueue<E> queue;
  private final OutputStream out;
  private final Function<E, byte[]> encode;

  Feeder(CloseableQueue<E> queue, OutputStream out, Function<E, byte[]> encode) {
    this.queue = queue;
    this.out = out;
    this.encode = encode;
  }

  @Override
  public void run() {
    try (out) {
      for (E element : queue) {
        out.write(encode.apply(element));
        if (queue.isEmpty()) {
          out.flush();
        }
      }
    } catch (IOException closed) {
      // the process has closed its input, or has ended; said below, and to those who put
    } finally {
      end();
    }
  }

  /** The process takes no more: those who put see that the queue is closed. */
  void end() {
    queue.close();
    int unread = queue.drain().size();
    if (unread > 0) {
      Log.info(
          unread
              + " elements of "
              + queue.name()
              + " were not written: the process takes no more.");
    }
  }

  /** Writes all of an input, and closes it. */
  static void write(OutputStream out, byte[] input) {
    try (out) {
      out.write(input);
    } catch (IOException closed) {
      // the process has closed its input, or has ended, without having read all: it may do so
    }
  }
}
