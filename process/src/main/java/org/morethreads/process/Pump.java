package org.morethreads.process;

import java.io.IOException;
import java.io.InputStream;
import org.morethreads.internal.Log;

/** Reads an output of a process to its end, on a thread of its own. */
final class Pump implements Runnable {
  /*
   * HANDLING <-> READING   // the pump itself, around each read
   * HANDLING -> DONE       // at the end, or given up and something came after all
   *
   * It keeps the monitor of the stream from beginning to end. The JDK's thread that waits for the process needs it to take what is
   * left in the pipe into memory, and does not stop as long as there is more: a grandchild that writes for ever would fill the heap.
   * So that thread waits until the pump is done, which costs a sleeping thread where a grandchild keeps the pipe open.
   */
  private static final int BUFFER = 8 * 1024;

  private final InputStream in;
  private final Output output;
  private final Runnable onDone;
  private volatile boolean reading;
  private volatile boolean done;
  private volatile boolean givenUp;

  private volatile boolean exited;

  /** Whether it is known how much was in the pipe after the exit. Of the pump alone. */
  private boolean measured;

  /** How much of that is still to be read; negative when more has come. Of the pump alone. */
  private long rest;

  private volatile boolean beyond;

  /** Counts reads, so that others see that there is progress. Written by the pump alone. */
  private volatile long reads;

  Pump(InputStream in, Output output, Runnable onDone) {
    this.in = in;
    this.output = output;
    this.onDone = onDone;
  }

  @Override
  @SuppressWarnings("NonAtomicVolatileUpdate") // written by this thread alone
  public void run() {
    try {
      synchronized (in) {
        byte[] buffer = new byte[BUFFER];
        while (!givenUp) {
          measure();
          reading = true;
          int count = in.read(buffer);
          reading = false;
          reads++;
          if (count < 0) {
            break;
          }
          output.accept(buffer, 0, count);
          rest -= count;
        }
        output.end();
        in.close();
      }
    } catch (IOException failure) {
      output.fail(failure);
    } catch (Throwable thrown) { // such as a full heap: those who take must hear of it
      Log.error("The output of a process cannot be read any further.", thrown);
      output.fail(new IOException("The output could not be read any further.", thrown));
    } finally {
      reading = false;
      done = true;
      onDone.run();
    }
  }

  private void measure() throws IOException {
    if (measured) {
      beyond |= rest < 0;
    } else if (exited) {
      measured = true;
      rest = in.available();
    }
  }

  Output output() {
    return output;
  }

  boolean isDone() {
    return done;
  }

  /** Whether it sleeps in a read, as far as one can see, and since when: the number of reads. */
  long idleSince() {
    long before = reads;
    return reading && reads == before ? before : -1;
  }

  /** The process has exited. */
  void noteExit() {
    exited = true;
  }

  /**
   * Whether all that was written before the exit has been delivered, and something that was written
   * after it.
   */
  boolean isBeyondExit() {
    return beyond;
  }

  /**
   * Nobody waits for it any more. It ends when it comes back from its read.
   *
   * @param late whether all that was written before the exit has been delivered
   */
  void giveUp(boolean late) {
    givenUp = true;
    output.giveUp(late);
  }
}
