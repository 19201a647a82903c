package org.morethreads.logging;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.morethreads.internal.Services;

/**
 * Writes a log on a thread of its own, and loses nothing when the program ends (G1).
 *
 * {@snippet class="LoggingSnippets" region="merge"}
 *
 * <p><b>The promise.</b> A record whose {@link #write} has returned true is written, in the order
 * of its thread, however the program ends: by the end of {@code main}, a signal, {@code
 * System.exit}, or a failure; also when it is logged while the program ends, and after that. The
 * writer is the last service that the end of the program waits for. From then on whoever logs waits
 * until his record is written and flushed, so that nothing depends on who runs for how long. What a
 * sink that blocks or fails has cost is counted, and said on standard error. Nothing is promised
 * when the JVM is killed or halted.
 *
 * <p><b>Back-pressure.</b> When the sink is slower than those who log, they wait for room; nothing
 * is dropped. A writer may be told to drop by level instead, see {@link Builder#dropBelow}: that is
 * counted by level, and reported. When the sink takes nothing at all for a second, one record of
 * each waiting thread is let in every second beyond the capacity: if the sink waits for one of
 * these threads, it gets on.
 *
 * <p><b>Logging while logging.</b> What the sink itself logs, on the writer's thread, is written
 * after the record that it was writing. What it logs while it writes one of those goes to standard
 * error, since there would be no end to it.
 *
 * <p><b>Thread safety and interruption.</b> Every method may be called from any thread, managed or
 * not. None is ended by an interrupt; the interrupt status is kept, and does not reach the sink.
 *
 * @param <R> the type of the records
 * @since 0.1
 */
public final class LogWriter<R> implements AutoCloseable {
  /*
   * A caller puts its record into the array `filling`, under the lock. The writer takes the whole array, and gives an empty one in
   * its place: so a batch is what has gathered while the last one was written, and the lock is held for a few instructions.
   *
   *      OPEN -> FINISHING   // the end of the program, or close(); under the lock. From here on callers wait for their record
   * FINISHING -> CLOSED      // close() only: the writer's thread writes what is left, closes the sink and ends
   *
   * That the change is made under the lock is what loses nothing: a record is in before it, and then finish() waits for it, or
   * after it, and then its caller does.
   *
   * `accepted` numbers the records; `confirmed` is the number up to which all are written and flushed, or lost and counted. Only the
   * writer's thread moves it, between batches. What the sink logs itself has no number: it is written within the batch.
   *
   * `gaveUp` is set when a wait for the sink has taken too long at the end: from then on nobody waits for it any more. The writer
   * clears it when it has written everything after all.
   */
  private enum State {
    OPEN,
    FINISHING,
    CLOSED
  }

  /** What the writer's thread does when there is nothing to write. */
  private enum Idle {
    /** It looks by itself before it sleeps, or within a millisecond: nobody need wake it. */
    AWAKE,
    /** It looks within a millisecond; who has half filled the array wakes it. */
    LINGERING,
    /** It sleeps until it is woken. */
    ASLEEP
  }

  private static final long MILLISECOND = 1_000_000;
  private static final long SECOND = 1_000 * MILLISECOND;

  /** What {@code handOver} answers when there is nothing to confirm. */
  private static final long HANDED_OVER = 0;

  private static final long REFUSED = -1;
  private static final long DROPPED = -2;

  /** What {@code tryTake} answers when it is time to sleep. */
  private static final int NOTHING_YET = -2;

  /** How many small frames have room for those of a wait. */
  private static final int STACK_FOR_A_WAIT = 128;

  /** How often it looks every millisecond before it goes to sleep: waking it costs a caller. */
  private static final int LINGER = 50;

  private static final long FLUSH_EVERY = SECOND;
  private static final long FIRST_PAUSE = 5 * MILLISECOND;
  private static final long LONGEST_PAUSE = 250 * MILLISECOND;

  /** How long a record is tried again when there was no memory for it. */
  private static final long MEMORY_PATIENCE = 10 * SECOND;

  /** How long somebody who logs after the end waits for a sink. */
  private static final long LATE_PATIENCE = 2 * SECOND;

  private static final long REPORT_EVERY = 10 * SECOND;

  // ---- immutable

  private final String name;
  private final LogSink<R> sink;
  private final int capacity;
  private final int dropFrom;
  private final @Nullable Level dropBelow;
  private final long retryFor;
  private final long stopWithin;
  private final @Nullable Function<String, R> reports;
  private final Thread thread;
  private final Services.Service service = this::finish;

  private final Seam seam;
  private final ReentrantLock lock;
  private final Condition room;
  private final Condition confirmation;

  // ---- guarded by the lock

  private State state = State.OPEN;
  private Idle idle = Idle.AWAKE;
  private @Nullable Object[] filling;
  private int count;
  private long accepted;
  private long confirmed;
  private boolean gaveUp;

  /** When the end of the program stops waiting; of no meaning before FINISHING. */
  private long finishUntil;

  /** How many wait for their record to be confirmed; the writer flushes for them. */
  private int waitingForConfirmation;

  /** Records that came when the writer had been closed, or was full and did not get on. */
  private long refused;

  /** Records that were let in when nobody waited for the sink any more. */
  private long unconfirmed;

  private boolean summedUp;
  private long stalls;
  private long peak;
  private final EnumMap<Level, Long> dropped = new EnumMap<>(Level.class);
  private boolean droppedSinceReport;

  // ---- the writer's thread only

  private @Nullable Object[] spare;

  /** What of {@code spare} is to be written: a failure of the writer's own loses none of it. */
  private int next;

  private int end;
  private boolean dirty;

  /** Whether all that is to be flushed was logged by the sink itself. */
  private boolean onlyNested = true;

  private boolean flushFails;

  /** How many records the sink has taken since it was flushed. */
  private long unflushed;

  private boolean hasDropped;
  private boolean writingNested;
  private boolean failing;
  private long failures;

  /** How long a record is tried again: less where it is the records that fail, and not the sink. */
  private long patience;

  private long lastLoss;

  /** Nothing is written any more; the sink is about to be closed. */
  private boolean over;

  private long lastFlush;
  private long lastDropReport;
  private long nestedCut;
  private final ArrayDeque<R> nested = new ArrayDeque<>();
  private final EnumMap<Level, Long> droppedReported = new EnumMap<>(Level.class);

  // ---- written by the writer's thread, read by all

  /** Moves whenever the sink has come back from a call. */
  private final AtomicLong progress = new AtomicLong();

  private final AtomicLong written = new AtomicLong();
  private final AtomicLong lostBySink = new AtomicLong();
  private volatile @Nullable Throwable lastFailure;

  /** Set when the stack of a caller has overflowed under the lock, or nearly so. */
  private volatile boolean overflowed;

  /** When the next report about a sink that blocks is due; a race reports twice at most. */
  private volatile long nextStallReport;

  private LogWriter(Builder<R> builder, LogSink<R> sink) {
    this.name = builder.name;
    this.sink = sink;
    this.capacity = builder.capacity;
    this.dropBelow = builder.dropBelow;
    this.dropFrom =
        (int) Math.ceil(builder.dropFrom * capacity); // an empty log: only with a part of 0
    this.retryFor = nanosOf(builder.retryFor);
    this.patience = retryFor;
    this.stopWithin = nanosOf(builder.stopWithin);
    this.reports = builder.reports;
    this.filling = new Object[capacity];
    this.spare = new Object[capacity];
    this.seam = builder.seam;
    this.lock = seam.newLock();
    this.room = lock.newCondition();
    this.confirmation = lock.newCondition();
    this.thread = seam.newThread("more-threads-log-" + name, this::run);
  }

  /**
   * Starts a writer with the usual options.
   *
   * @param <R> the type of the records
   * @param name its name, for reports
   * @param sink where it writes to
   * @return the writer, started
   */
  public static <R> LogWriter<R> start(String name, LogSink<R> sink) {
    return LogWriter.<R>named(name).start(sink);
  }

  /**
   * Begins a writer with options.
   *
   * @param <R> the type of the records
   * @param name its name, for reports
   * @return a builder
   */
  public static <R> Builder<R> named(String name) {
    return new Builder<>(name);
  }

  /**
   * Options of a writer. Not thread-safe; a builder can start several writers.
   *
   * @param <R> the type of the records
   * @since 0.1
   */
  public static final class Builder<R> {
    private final String name;
    private int capacity = 8192;
    private @Nullable Level dropBelow;
    private double dropFrom = 0.8;
    private Duration retryFor = Duration.ofSeconds(1);
    private Duration stopWithin = Duration.ofSeconds(8);
    private @Nullable Function<String, R> reports;
    private Seam seam = Seam.REAL;

    private Builder(String name) {
      this.name = Objects.requireNonNull(name, "name");
    }

    /**
     * Sets how many records may wait; 8,192 at first. As many again may be on their way to the
     * sink.
     *
     * @param records how many, at least 1
     * @return this
     */
    public Builder<R> capacity(int records) {
      if (records < 1) {
        throw new IllegalArgumentException(
            "The capacity of a log must be at least 1, and is " + records + ".");
      }
      this.capacity = records;
      return this;
    }

    /**
     * Drops records below a level while many wait, instead of letting those who log wait: counted
     * by level, and reported. At first nothing is dropped.
     *
     * @param level the lowest level that is always written
     * @param full from which part of the capacity on, from 0 to 1; usually 0.8. Only with 0 does an
     *     empty log drop, and all of them
     * @return this
     */
    public Builder<R> dropBelow(Level level, double full) {
      if (!(full >= 0 && full <= 1)) {
        throw new IllegalArgumentException("The part must be from 0 to 1, and is " + full + ".");
      }
      this.dropBelow = Objects.requireNonNull(level, "level");
      this.dropFrom = full;
      return this;
    }

    /**
     * Sets for how long a record that the sink refuses is tried again, before it counts as lost; a
     * second at first. While the sink goes on failing, further records are tried once.
     *
     * @param time how long; zero for one attempt
     * @return this
     */
    public Builder<R> retryFor(Duration time) {
      this.retryFor = Objects.requireNonNull(time, "time");
      return this;
    }

    /**
     * Sets how long {@link LogWriter#close} waits for the sink; 8 seconds at first. The end of the
     * program waits for as long as the stop policy of the main tree lets it.
     *
     * @param time how long
     * @return this
     */
    public Builder<R> stopWithin(Duration time) {
      this.stopWithin = Objects.requireNonNull(time, "time");
      return this;
    }

    /**
     * Lets the writer report into the log itself what it has dropped. Without this, it does so on
     * standard error.
     *
     * @param toRecord makes a record of a report; runs on the writer's thread
     * @return this
     */
    public Builder<R> reports(Function<String, R> toRecord) {
      this.reports = Objects.requireNonNull(toRecord, "toRecord");
      return this;
    }

    /** Puts something else in the place of the JDK's locks, clock and threads, for tests. */
    Builder<R> over(Seam newSeam) {
      this.seam = newSeam;
      return this;
    }

    /**
     * Starts a writer. The main tree is made with it, if it is not there: the end of the program
     * waits for the writer. If it cannot be started, since there is no memory for its thread for
     * example, the sink is closed.
     *
     * @param sink where it writes to
     * @return the writer
     */
    public LogWriter<R> start(LogSink<R> sink) {
      Objects.requireNonNull(sink, "sink");
      try {
        LogWriter<R> writer = new LogWriter<>(this, sink);
        writer.begin();
        return writer;
      } catch (Throwable broken) { // no memory for a thread, or no stack
        try {
          sink.close();
        } catch (Throwable second) {
          broken.addSuppressed(second);
        }
        throw broken;
      }
    }
  }

  /** As much of a time as the clock can be asked for. */
  private static long nanosOf(Duration time) {
    return Math.min(TimeUnit.NANOSECONDS.convert(time), Long.MAX_VALUE / 4);
  }

  private void begin() {
    if (!seam.add(service)) {
      finish(seam.nanoTime()); // the program has ended: whoever logs waits
    }
    try {
      seam.start(thread); // last of all: nothing that fails leaves a thread behind
    } catch (Throwable broken) {
      seam.remove(service);
      throw broken;
    }
  }

  // ---- callers

  /**
   * Hands a record over. Waits for room; once the program ends, until the record is written.
   *
   * @param record the record, which must not change any more
   * @return true when it will be written, or has been; false when it is lost, which was counted
   */
  public boolean write(R record) {
    return write(record, Level.OFF);
  }

  /**
   * Hands a record over that may be dropped for its level, if this writer {@linkplain
   * Builder#dropBelow was told so}. Waits for room; once the program ends, until the record is
   * written.
   *
   * @param record the record, which must not change any more
   * @param level its level
   * @return true when it will be written, or has been; false when it was dropped or is lost, which
   *     was counted
   */
  public boolean write(R record, Level level) {
    Objects.requireNonNull(record, "record");
    if (Thread.currentThread() == thread) {
      return writeFromSink(record);
    }
    long number;
    try {
      number = handOver(record, level);
    } catch (StackOverflowError deep) {
      overflowed = true;
      unlockIfHeld(); // what there was no stack for in there
      throw deep;
    }
    if (number <= HANDED_OVER) {
      return number == HANDED_OVER || (number == REFUSED && refuse(record));
    }
    return awaitConfirmation(number);
  }

  /*
   * A program that overflows its stack may do so anywhere, in here too, and must not hang all others. The JDK's lock may throw the
   * error after it was acquired, so it is acquired within the block that gives it back. It may throw it when it has been released,
   * before it wakes the next in line: then whoever comes next wakes them all.
   */
  private void repairAfterOverflow() {
    overflowed = false;
    seam.wakeQueued(lock);
  }

  private void unlockIfHeld() {
    if (lock.isHeldByCurrentThread()) {
      lock.unlock();
    }
  }

  /** Answers what has become of a record: its number when it is to be confirmed. */
  @SuppressWarnings("LockNotBeforeTry")
  private long handOver(R record, Level level) {
    if (overflowed) {
      repairAfterOverflow();
    }
    try {
      lock.lock();
      if (state == State.OPEN && mustDrop(level)) {
        drop(level);
        return DROPPED;
      }
      if (state == State.OPEN && count >= capacity) {
        awaitRoom();
      }
      if (state == State.CLOSED || (gaveUp && count >= capacity)) {
        refused++;
        return REFUSED;
      }
      long number = add(record);
      return state == State.OPEN ? HANDED_OVER : number;
    } finally {
      unlockIfHeld();
    }
  }

  /** Under the lock. */
  private boolean mustDrop(Level level) {
    Level kept = dropBelow;
    return kept != null && count >= dropFrom && level.getSeverity() < kept.getSeverity();
  }

  /** Under the lock. The writer sleeps no longer than until it can say so. */
  private void drop(Level level) {
    dropped.merge(level, 1L, Long::sum);
    if (!droppedSinceReport) {
      droppedSinceReport = true;
      if (idle == Idle.ASLEEP) {
        wakeWriter();
      }
    }
  }

  /** Under the lock. */
  private long add(R record) {
    if (count == filling.length) { // let in beyond the capacity
      filling = Arrays.copyOf(filling, 2 * filling.length);
    }
    filling[count++] = record;
    accepted++;
    if (idle != Idle.AWAKE
        && (idle == Idle.ASLEEP || count >= capacity / 2 || state != State.OPEN)) {
      wakeWriter();
    }
    return accepted;
  }

  /**
   * Under the lock. In this order, and by an unpark, which does nothing or all: a caller whose
   * stack overflows here leaves it to the next one to wake the writer. A condition would be left in
   * ruins.
   */
  private void wakeWriter() {
    seam.unpark(thread);
    idle = Idle.AWAKE;
  }

  /**
   * Under the lock, which is given up meanwhile. Returns when there is room, when the program ends,
   * or when the sink has not taken anything for a second: then the record goes in all the same.
   */
  private void awaitRoom() {
    stalls++;
    boolean interrupted = false;
    long seen = progress.getOpaque();
    long until = seam.nanoTime() + SECOND;
    while (state == State.OPEN && count >= capacity) {
      long left = until - seam.nanoTime();
      if (left <= 0) {
        long moved = progress.getOpaque();
        if (seen == moved) {
          reportStall();
          break;
        }
        seen = moved;
        until = seam.nanoTime() + SECOND;
        continue;
      }
      interrupted |= awaitKeepingInterrupt(room, left);
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Waits on a condition, once: all who call this do it in a loop. Answers whether there was an
   * interrupt, whose status is cleared.
   */
  @SuppressWarnings("WaitNotInLoop")
  private static boolean awaitKeepingInterrupt(Condition condition, long nanos) {
    boolean interrupted = Thread.interrupted();
    long _ = reserveStack(STACK_FOR_A_WAIT);
    try {
      long _ = condition.awaitNanos(nanos);
    } catch (InterruptedException e) {
      interrupted = true;
    }
    return interrupted;
  }

  /**
   * Overflows here and now if there is not enough stack to wait: an overflow in the middle of a
   * wait would leave somebody in the line for the lock who does not take it.
   */
  private static long reserveStack(int frames) {
    return frames == 0 ? 0 : 1 + reserveStack(frames - 1);
  }

  /** Under the lock, given up meanwhile: what is said may take its time. */
  private void reportStall() {
    long now = seam.nanoTime();
    if (now - nextStallReport < 0 && nextStallReport != 0) {
      return;
    }
    nextStallReport = now + REPORT_EVERY;
    lock.unlock();
    try {
      LastResort.say(
          "The sink of log \""
              + name
              + "\" has not taken a record for a second, and those who log wait for it. It is here:"
              + stackOfWriter());
    } finally {
      lock.lock();
    }
  }

  private String stackOfWriter() {
    StringBuilder text = new StringBuilder();
    for (StackTraceElement frame : thread.getStackTrace()) {
      text.append("\n    at ").append(frame);
    }
    return text.isEmpty() ? " its thread is not running" : text.toString();
  }

  /** A record came after the end: the writer was closed, or does not get on. */
  private boolean refuse(R record) {
    long lost;
    boolean closed;
    lock.lock();
    try {
      lost = refused;
      closed = state == State.CLOSED;
    } finally {
      lock.unlock();
    }
    if (Long.bitCount(lost) == 1) { // at doubling counts
      LastResort.say(
          "Log \""
              + name
              + (closed
                  ? "\" was closed before this was logged: "
                  : "\" does not get on at the end of the program, and has lost: ")
              + textOf(record)
              + (lost == 1 ? "" : " (the last of " + lost + " so far)"));
    }
    return false;
  }

  private static String textOf(Object record) {
    try {
      return record.toString();
    } catch (Throwable broken) {
      return "a " + record.getClass().getName();
    }
  }

  /** The program ends: a caller waits for its record. */
  @SuppressWarnings("LockNotBeforeTry")
  private boolean awaitConfirmation(long number) {
    boolean interrupted = false;
    long inVain = 0;
    boolean counted = false;
    try {
      lock.lock();
      waitingForConfirmation++;
      counted = true;
      long until = seam.nanoTime() + LATE_PATIENCE;
      if (finishUntil - until > 0) {
        until = finishUntil;
      }
      while (confirmed < number && !gaveUp) {
        long left = until - seam.nanoTime();
        if (left <= 0) {
          giveUp();
        } else {
          interrupted |= awaitKeepingInterrupt(confirmation, left);
        }
      }
      if (confirmed < number) {
        inVain = ++unconfirmed;
      }
    } finally {
      waitingForConfirmation -= counted ? 1 : 0;
      unlockIfHeld();
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
    if (Long.bitCount(inVain) == 1) { // at doubling counts
      LastResort.say(
          "Log \""
              + name
              + "\" does not get on: "
              + inVain
              + " records logged late are not written.");
    }
    return inVain == 0;
  }

  /** The sink logs, on the writer's thread. */
  private boolean writeFromSink(R record) {
    if (over) {
      lock.lock();
      try {
        refused++;
      } finally {
        lock.unlock();
      }
      return refuse(record);
    }
    if (!writingNested) {
      nested.add(record);
      return true;
    }
    nestedCut++;
    if (Long.bitCount(nestedCut) == 1) {
      LastResort.say(
          "The sink of log \""
              + name
              + "\" logs whatever it writes, also what it logs itself: "
              + textOf(record)
              + (nestedCut == 1 ? "" : " (the last of " + nestedCut + " so far)"));
    }
    return false;
  }

  /**
   * Waits until everything is written and flushed that was handed over before.
   *
   * @param timeout the longest time to wait
   * @return whether it is
   */
  public boolean awaitWritten(Duration timeout) {
    if (Thread.currentThread() == thread) {
      return false; // it would wait for itself
    }
    if (overflowed) {
      repairAfterOverflow();
    }
    lock.lock();
    try {
      return awaitWritten(seam.nanoTime() + nanosOf(timeout));
    } finally {
      lock.unlock();
    }
  }

  /** Under the lock. */
  private boolean awaitWritten(long until) {
    long last = accepted;
    boolean interrupted = false;
    waitingForConfirmation++;
    try {
      if (confirmed < last && idle != Idle.AWAKE) {
        wakeWriter();
      }
      long left = until - seam.nanoTime();
      while (confirmed < last && left > 0) {
        interrupted |= awaitKeepingInterrupt(confirmation, left);
        left = until - seam.nanoTime();
      }
    } finally {
      waitingForConfirmation--;
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return confirmed >= last;
  }

  // ---- the end

  /** The end of the program, after the last tree; and the first part of closing. */
  private void finish(long until) {
    boolean sumUp;
    String drops;
    if (overflowed) {
      repairAfterOverflow();
    }
    lock.lock();
    try {
      if (state == State.CLOSED) {
        return;
      }
      if (state == State.OPEN) {
        state = State.FINISHING;
      }
      finishUntil = until;
      room.signalAll();
      if (!awaitWritten(until)) {
        giveUp();
      }
      drops = dropped.isEmpty() ? "" : dropped.toString();
      sumUp = !summedUp;
      summedUp = true;
    } finally {
      lock.unlock();
    }
    if (sumUp) {
      sumUp(drops);
    }
  }

  private void sumUp(String drops) {
    if (!drops.isEmpty()) {
      LastResort.say("Log \"" + name + "\" has dropped records while it was full: " + drops);
    }
    long failed = lostBySink.getOpaque();
    if (failed > 0) {
      LastResort.say(
          "Log \""
              + name
              + "\" has lost "
              + failed
              + " records, since its sink failed; last with "
              + LastResort.words(lastFailure));
    }
  }

  /** Under the lock, given up meanwhile. */
  private void giveUp() {
    if (gaveUp) {
      return;
    }
    gaveUp = true;
    confirmation.signalAll();
    long pending = accepted - confirmed;
    if (pending == 0) {
      return;
    }
    lock.unlock();
    try {
      LastResort.say(
          "Log \""
              + name
              + "\" was not written to its end: "
              + pending
              + " records are lost, unless they are in the sink already. Its sink is here:"
              + stackOfWriter());
    } finally {
      lock.lock();
    }
  }

  /**
   * Writes what is there, within the time that it {@linkplain Builder#stopWithin was given}, and
   * closes the sink. One that cannot be flushed by then, as on a full disk, is closed all the same;
   * what it had taken since the last flush is lost. What is logged later is lost, too. All of it is
   * counted and said on standard error. Repeating this does nothing.
   */
  @Override
  public void close() {
    long until = seam.nanoTime() + stopWithin;
    seam.remove(service);
    boolean own = Thread.currentThread() == thread;
    if (!own) {
      finish(until);
    }
    lock.lock();
    try {
      if (own && state != State.CLOSED) {
        finishUntil = until;
      }
      state = State.CLOSED;
      room.signalAll();
      wakeWriter();
    } finally {
      lock.unlock();
    }
    if (!own) {
      joinWriter(Math.max(100 * MILLISECOND, until - seam.nanoTime()));
    }
  }

  /** Waits for the end of the writer's thread; an interrupt of the caller does not end that. */
  private void joinWriter(long nanos) {
    boolean interrupted = false;
    long until = seam.nanoTime() + nanos;
    for (long left = nanos; left > 0; left = until - seam.nanoTime()) {
      interrupted |= Thread.interrupted();
      try {
        seam.join(thread, left);
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** {@return what this writer has done so far} */
  public LogStatistics statistics() {
    lock.lock();
    try {
      return new LogStatistics(
          written.getOpaque(),
          accepted - confirmed,
          lostBySink.getOpaque() + refused,
          dropped,
          peak,
          stalls);
    } finally {
      lock.unlock();
    }
  }

  /** {@return the failure of the sink that was last, or null when there was none} */
  public @Nullable Throwable lastFailure() {
    return lastFailure;
  }

  /** {@return the name} */
  public String name() {
    return name;
  }

  @Override
  public String toString() {
    return "log writer \"" + name + "\"";
  }

  // ---- the writer's thread

  private void run() {
    boolean goesOn = true;
    while (goesOn) {
      try {
        goesOn = writeNext();
      } catch (Throwable broken) { // memory for the writer's own part, most likely
        LastResort.say("The writer of log \"" + name + "\" goes on after a failure.", broken);
        pause(FIRST_PAUSE);
      }
    }
    if (dirty) {
      countLost(unflushed);
      LastResort.say(
          "The sink of log \""
              + name
              + "\" could not be flushed before it was closed; what it had taken since it last was is"
              + " lost: "
              + unflushed
              + " records.",
          lastFailure);
      dirty = false;
      confirm(true);
    }
    over = true;
    try {
      sink.close();
    } catch (Throwable failure) {
      LastResort.say("The sink of log \"" + name + "\" could not be closed.", failure);
    }
  }

  /** Writes a batch, or flushes. Answers false when it has been closed and nothing is left. */
  private boolean writeNext() {
    writeNested(); // what the sink has logged while it was flushed
    if (next == end) {
      int size = take();
      if (size < 0) {
        return false;
      }
      next = 0;
      end = size;
    }
    boolean wrote = next < end;
    writeBatch();
    if (hasDropped) {
      reportDropped();
    }
    long now = seam.nanoTime();
    boolean flushed = true;
    if (dirty && (!wrote || now - lastFlush > FLUSH_EVERY)) {
      flushed = flush();
      lastFlush = now;
    }
    confirm(flushed);
    return true;
  }

  /**
   * Takes what has gathered into {@code spare}. Waits for it, unless there is something to flush.
   *
   * @return how many; 0 when it is time to flush, or to report what was dropped; -1 when it is time
   *     to end
   */
  private int take() {
    int looks = 0;
    int size = tryTake(looks);
    while (size == NOTHING_YET) {
      boolean _ = Thread.interrupted(); // it would not sleep
      if (looks++ < LINGER) {
        seam.pause(MILLISECOND);
      } else if (hasDropped) {
        seam.pause(timeToDropReport());
      } else {
        seam.park();
      }
      size = tryTake(looks);
    }
    return size;
  }

  private int tryTake(int looks) {
    lock.lock();
    try {
      hasDropped = droppedSinceReport;
      if (dirty && (count == 0 || (waitingForConfirmation > 0 && !flushFails))) {
        boolean timeIsOver = state == State.CLOSED && seam.nanoTime() - finishUntil > 0;
        return timeIsOver && flushFails ? -1 : 0;
      }
      if (looks > 0 && waitingForConfirmation > 0 && confirmed < accepted) {
        idle = Idle.AWAKE;
        return 0;
      }
      if (count == 0 && hasDropped && timeToDropReport() <= 0) {
        return 0;
      }
      if (count == 0) {
        idle = looks < LINGER ? Idle.LINGERING : Idle.ASLEEP;
        return state == State.CLOSED ? -1 : NOTHING_YET;
      }
      idle = Idle.AWAKE;
      @Nullable Object[] taken = filling;
      int size = count;
      filling = spare.length == capacity ? spare : new Object[capacity];
      spare = taken;
      count = 0;
      peak = Math.max(peak, size);
      room.signalAll();
      return size;
    } finally {
      lock.unlock();
    }
  }

  private void writeBatch() {
    while (next < end) {
      @SuppressWarnings("unchecked") // only records are put into it
      R record = (R) Objects.requireNonNull(spare[next]);
      spare[next++] = null;
      onlyNested = false;
      writeOne(record);
      writeNested();
    }
  }

  private void writeNested() {
    while (!nested.isEmpty()) {
      writingNested = true;
      try {
        writeOne(nested.poll());
      } finally {
        writingNested = false;
      }
    }
  }

  /** Writes a record, or counts it as lost. */
  private void writeOne(R record) {
    dirty = true;
    Throwable failure = tryWrite(record);
    boolean atOnce = failure == null;
    if (failure != null) {
      failure = retry(record, failure);
    }
    increment(progress);
    if (failure == null) {
      increment(written);
      unflushed++;
      if (failing) {
        worksAgain(atOnce);
      }
    } else {
      failing = true;
      lastLoss = seam.nanoTime();
      increment(lostBySink);
      lastFailure = failure;
      reportFailure("has failed; a record is lost", failure);
    }
  }

  /**
   * The sink has taken a record after it had refused one for good. If it did so at once, it was
   * perhaps the record: one that cannot be made into text, for example. Many of these must not hold
   * up the log for a second each, so the next one is tried for half as long.
   */
  private void worksAgain(boolean atOnce) {
    failing = false;
    patience = atOnce ? patience / 2 : retryFor;
    if (Long.bitCount(failures) == 1) { // else it was not said that it had failed
      LastResort.say("The sink of log \"" + name + "\" works again.");
    }
  }

  /** Of a number that only this thread writes. */
  private static void increment(AtomicLong number) {
    number.setOpaque(number.getPlain() + 1);
  }

  private @Nullable Throwable tryWrite(R record) {
    boolean _ = Thread.interrupted(); // somebody interrupts all threads: the sink must not see it
    try {
      sink.write(record);
      return null;
    } catch (LogSink.LostException failure) {
      unflushed = Math.max(0, unflushed - failure.count());
      hasLost(failure);
      return failure;
    } catch (Throwable failure) {
      return failure;
    }
  }

  /** Answers null when it has worked after all. */
  private @Nullable Throwable retry(R record, Throwable first) {
    Throwable failure = first;
    long pause = FIRST_PAUSE;
    long start = seam.nanoTime();
    if (start - lastLoss > REPORT_EVERY) {
      patience = retryFor;
    }
    while (failure != null && goesOnTrying(failure, seam.nanoTime() - start)) {
      pause(pause);
      pause = Math.min(2 * pause, LONGEST_PAUSE);
      failure = tryWrite(record);
    }
    return failure;
  }

  private boolean goesOnTrying(Throwable failure, long since) {
    boolean full = failure instanceof OutOfMemoryError;
    return since < (full ? MEMORY_PATIENCE : failing ? 0 : patience);
  }

  /** Also where the sink has left the thread interrupted, which would not let it sleep. */
  private void pause(long nanos) {
    long until = seam.nanoTime() + nanos;
    for (long left = nanos; left > 0; left = until - seam.nanoTime()) {
      boolean _ = Thread.interrupted();
      seam.pause(left);
    }
  }

  private void reportFailure(String what, Throwable failure) {
    failures++;
    if (Long.bitCount(failures) == 1) {
      LastResort.say(
          "The sink of log \""
              + name
              + "\" "
              + what
              + (failures == 1 ? "." : " (failure " + failures + ")."),
          failure);
    }
  }

  private boolean flush() {
    boolean _ = Thread.interrupted();
    writingNested = onlyNested;
    try {
      sink.flush();
      dirty = false;
      unflushed = 0;
      onlyNested = true;
      flushFails = false;
      increment(progress);
      return true;
    } catch (LogSink.LostException failure) {
      dirty = false;
      unflushed = 0;
      hasLost(failure);
      return true;
    } catch (Throwable failure) {
      flushFails = true;
      lastFailure = failure;
      reportFailure("could not be flushed; it is tried again", failure);
      pause(LONGEST_PAUSE / 5);
      return false;
    } finally {
      writingNested = false;
    }
  }

  private void hasLost(LogSink.LostException failure) {
    lastFailure = failure;
    countLost(failure.count());
    reportFailure("has lost " + failure.count() + " records that it had taken", failure);
  }

  /** Counts records as lost that had counted as written. */
  private void countLost(long count) {
    lostBySink.setOpaque(lostBySink.getPlain() + count);
    written.setOpaque(Math.max(0, written.getPlain() - count));
  }

  /** Tells those who wait that all records of the batches so far are written. */
  private void confirm(boolean flushed) {
    lock.lock();
    try {
      if (!dirty && flushed && nested.isEmpty()) {
        confirmed = accepted - count;
        if (count == 0) {
          gaveUp = false;
        }
        confirmation.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Those that come in the ten seconds after a report are told of in the next one. */
  private long timeToDropReport() {
    return lastDropReport == 0 ? 0 : lastDropReport + REPORT_EVERY - seam.nanoTime();
  }

  private void reportDropped() {
    long now = seam.nanoTime();
    Map<Level, Long> news = new EnumMap<>(Level.class);
    lock.lock();
    try {
      if ((count > 0 && count >= dropFrom) || timeToDropReport() > 0) {
        return; // there will be more
      }
      for (Map.Entry<Level, Long> entry : dropped.entrySet()) {
        long before = droppedReported.getOrDefault(entry.getKey(), 0L);
        if (entry.getValue() > before) {
          news.put(entry.getKey(), entry.getValue() - before);
        }
      }
      droppedReported.putAll(dropped);
      droppedSinceReport = false;
    } finally {
      lock.unlock();
    }
    lastDropReport = now;
    String text = "Log \"" + name + "\" was full, and has dropped records: " + news;
    Function<String, R> toRecord = reports;
    if (toRecord == null) {
      LastResort.say(text);
      return;
    }
    try {
      writeOne(toRecord.apply(text));
    } catch (RuntimeException broken) {
      LastResort.say(text, broken);
    }
  }
}
