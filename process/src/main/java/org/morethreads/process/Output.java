package org.morethreads.process;

import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.morethreads.internal.Log;
import org.morethreads.queue.CloseableQueue;
import org.morethreads.queue.QueueClosedException;
import org.morethreads.sync.OpenSignal;
import org.morethreads.sync.Signal;

/**
 * One output of a program, on its way from the thread that reads it to those who take lines or
 * bytes.
 *
 * <p>The reader waits while the queue is full, and so does the program. Once {@link #unhindered()}
 * has been called it does not: somebody joins the program, or stops it, and may be the one who
 * would have to take. Then it puts beyond the capacity, up to {@link #MOST_HELD} bytes; after that
 * it waits for those who take, and when for {@link #PATIENCE} nobody has, or less after {@link
 * #hurry()}, the rest is dropped, which the log says, and those who take see as a failure at the
 * end. What has come after the exit, from somebody who keeps the stream open, is no loss.
 */
final class Output {
  /*
   * Who delivers, owns the splitter and what is marked so below:
   *
   *   IDLE -> BUSY -> IDLE   // by CAS: the reader, around each piece that it has read
   *   IDLE -> ENDED          // by CAS, for good: the reader at the end; or the thread of the program, when it gives the reader up. What
   *                          // is left of a line is delivered by whoever makes this transition. What is read later is dropped
   *
   * So no lock is held while the reader waits for those who take, nor while it asks the user's predicate. What others read is volatile.
   *
   * And for the queue:
   *
   *   OPEN -> REFUSED   // the user has closed the queue: no more is wanted. No loss
   *   OPEN -> DROPPING  // nobody takes: for good, so that there is no hole in the middle
   */
  private static final int IDLE = 0;

  private static final int BUSY = 1;
  private static final int ENDED = 2;
  static final long MOST_HELD = 64L << 20;
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final Duration LITTLE_PATIENCE = Duration.ofSeconds(1);
  private static final Duration LOOK = Duration.ofMillis(200);

  /** How long the reader may take to finish with what it has read. */
  private static final Duration HAND_OVER = Duration.ofSeconds(1);

  private final AtomicInteger state = new AtomicInteger(IDLE);
  private final String name;
  private final Settings settings;
  private final Tail tail = new Tail();
  private final OpenSignal unhindered = Signal.create("unhindered");
  private final @Nullable CloseableQueue<String> lines;
  private final @Nullable CloseableQueue<byte[]> bytes;
  private final @Nullable Lines splitter;
  private final Runnable onReady;

  /** Tells whether a line says that the program is ready; null once it was. */
  private @Nullable Predicate<String> readyLine;

  private boolean refused;
  private volatile boolean ready;
  private volatile boolean blocked;
  private volatile long lastAt = System.nanoTime();
  private final AtomicLong dropped = new AtomicLong();
  private volatile long split;

  private volatile Duration patience = PATIENCE;

  /** Whether the reader does not wait for those who take any more. */
  private volatile boolean givenUp;

  /** Whether what the reader still brings was written after the exit. Written before givenUp. */
  private volatile boolean late;

  private long held;
  private volatile @Nullable IOException broken;

  /**
   * @param name what the queue is called
   * @param onReady called once, by the reader, when the program has shown that it is ready
   */
  Output(String name, Settings settings, Wish wish, Runnable onReady) {
    this.name = name;
    this.settings = settings;
    this.lines = wish == Wish.Queued.LINES ? CloseableQueue.bounded(name, settings.capacity) : null;
    this.bytes = wish == Wish.Queued.BYTES ? CloseableQueue.bounded(name, settings.capacity) : null;
    this.readyLine = settings.readyLine;
    this.onReady = onReady;
    this.splitter =
        wish == Wish.Queued.LINES || readyLine != null
            ? new Lines(settings.charset, settings.longestLine, this::line)
            : null;
  }

  // ---- for the reader

  void accept(byte[] source, int from, int count) {
    if (!state.compareAndSet(IDLE, BUSY)) {
      return; // from somebody who keeps the stream open after the program
    }
    try {
      take(source, from, count);
    } finally {
      state.set(IDLE);
    }
  }

  private void take(byte[] source, int from, int count) {
    lastAt = System.nanoTime();
    tail.add(source, from, count);
    Predicate<String> wanted = readyLine;
    if (wanted == null && !ready) {
      nowReady();
    }
    if (splitter != null) {
      splitter.accept(source, from, count);
      countPieces(splitter);
    }
    CloseableQueue<byte[]> target = bytes;
    if (target != null) {
      deliver(target, Arrays.copyOfRange(source, from, from + count), count);
    }
    lastAt = System.nanoTime(); // it was not the program that was silent while nobody took
  }

  /** The stream has ended. */
  void end() {
    if (state.compareAndSet(IDLE, ENDED) && splitter != null) {
      splitter.end();
      countPieces(splitter);
    }
  }

  /** The stream cannot be read any further. */
  void fail(IOException failure) {
    broken = failure;
    end();
  }

  private void line(String line) {
    Predicate<String> wanted = readyLine;
    if (wanted != null && !ready && says(wanted, line)) {
      readyLine = null;
      nowReady();
    }
    CloseableQueue<String> target = lines;
    if (target != null) {
      deliver(target, line, 40 + 2L * line.length());
    }
  }

  private boolean says(Predicate<String> wanted, String line) {
    try {
      return wanted.test(line);
    } catch (Throwable thrown) { // of the user's; the program goes on
      Log.error(
          "What was to tell whether " + name + " says ready failed; it is asked no more.", thrown);
      readyLine = null;
      return false;
    }
  }

  private void nowReady() {
    ready = true;
    onReady.run();
  }

  private void countPieces(Lines its) {
    if (its.pieces() > split) {
      if (split == 0) {
        Log.warning(
            "A line of "
                + name
                + " is longer than "
                + settings.longestLine
                + " characters and comes in pieces. If such lines are normal, raise longestLine.");
      }
      split = its.pieces();
    }
  }

  private <E> void deliver(CloseableQueue<E> queue, E element, long size) {
    if (refused) {
      return;
    }
    if (dropped.get() > 0) {
      dropped.incrementAndGet();
      return;
    }
    blocked = true;
    try {
      if (!queue.put(element, unhindered)) {
        putUnhindered(queue, element, size);
      }
    } catch (QueueClosedException noMoreWanted) {
      refused = true;
    } catch (InterruptedException nobodyDoes) { // it is a thread of ours
      Thread.currentThread().interrupt();
      dropped.incrementAndGet();
    } finally {
      blocked = false;
    }
  }

  private <E> void putUnhindered(CloseableQueue<E> queue, E element, long size)
      throws InterruptedException {
    switch (queue.offer(element)) {
      case ADDED, DUPLICATE -> held = 0;
      case CLOSED -> refused = true;
      case FULL -> {
        if (held + size <= settings.mostHeld) {
          queue.putForced(element);
          held += size;
        } else if (!putPatiently(queue, element)) {
          drop(queue);
        }
      }
    }
  }

  private void drop(CloseableQueue<?> queue) {
    if (late) {
      refused = true; // which the log says of the whole program
      return;
    }
    dropped.incrementAndGet();
    Log.warning(
        (givenUp ? "Not all is taken in time from " : "Nobody takes from ")
            + name
            + ", which is being joined or stopped: what comes after the first "
            + queue.size()
            + " elements is dropped. Take it before joining, or do not ask for it.");
  }

  /** Waits for those who take, as long as there are any. */
  private <E> boolean putPatiently(CloseableQueue<E> queue, E element) throws InterruptedException {
    long taken = queue.statistics().taken();
    long since = System.nanoTime();
    while (!queue.put(element, LOOK)) {
      long now = queue.statistics().taken();
      if (now != taken) {
        taken = now;
        since = System.nanoTime();
      }
      if (givenUp || System.nanoTime() - since >= patience.toNanos()) {
        return false;
      }
    }
    return true;
  }

  // ---- for the thread of the program

  /** From now on the reader does not wait for those who take. */
  void unhindered() {
    unhindered.go();
  }

  /** There is little time left: the reader waits less long for those who do not take. */
  void hurry() {
    patience = LITTLE_PATIENCE;
  }

  /**
   * The reader will not be waited for: what has come of the last line is all of it, and what it
   * still brings is dropped.
   */
  void giveUp() {
    giveUp(/* late= */ false);
  }

  /**
   * The same.
   *
   * @param late whether all that was written before the exit has been delivered
   */
  void giveUp(boolean late) {
    this.late = late;
    givenUp = true;
    long latest = System.nanoTime() + HAND_OVER.toNanos();
    while (state.get() == BUSY && System.nanoTime() - latest < 0) {
      LockSupport.parkNanos(this, 1_000_000); // it does not wait for anybody now
    }
    end();
  }

  /** Those who take see the end, or why it is none. */
  void close() {
    CloseableQueue<?> queue = lines != null ? lines : bytes;
    IOException failure = failure();
    if (queue == null) {
      return;
    }
    if (failure == null || queue.closed().isSignalled()) {
      queue.close();
    } else {
      queue.close(failure);
    }
  }

  private @Nullable IOException failure() {
    if (dropped.get() > 0) {
      return new IOException(
          "The rest of "
              + name
              + " was dropped, since it was not taken in time while it was joined or stopped.");
    }
    return broken;
  }

  // ---- for everybody

  /** Whether it waits for those who take, as far as one can see. */
  boolean isBlocked() {
    return blocked;
  }

  /** When the last output came, or was taken; now, while nobody takes it. */
  long lastAt() {
    return blocked ? System.nanoTime() : lastAt;
  }

  Tail tail() {
    return tail;
  }

  String tailText() {
    return tail.text(settings.charset);
  }

  long dropped() {
    return dropped.get();
  }

  long split() {
    return split;
  }

  CloseableQueue<String> lines(String how) {
    if (lines == null) {
      throw notAsked("lines", how);
    }
    return lines;
  }

  CloseableQueue<byte[]> bytes(String how) {
    if (bytes == null) {
      throw notAsked("bytes", how);
    }
    return bytes;
  }

  private IllegalStateException notAsked(String what, String how) {
    return new IllegalStateException(
        "Nobody has asked for the " + what + " of " + name + ". Call " + how + " on the builder.");
  }
}
