package org.morethreads.process;

import java.time.Duration;
import java.util.OptionalInt;
import java.util.concurrent.TimeoutException;
import org.morethreads.queue.CloseableQueue;
import org.morethreads.sync.Signal;
import org.morethreads.thread.ManagedThread;

/**
 * Something that runs outside of the JVM, and is a thread in the tree here: a process, or a command
 * in a shell that is kept.
 *
 * <p><b>Thread safety.</b> Every method may be called from any thread without further
 * synchronization.
 *
 * <p><b>Memory consistency.</b> What the starter did before the start <i>happens-before</i> the
 * program is given its input; a line is given <i>before</i> it can be taken; the end of the program
 * <i>happens-before</i> what others do after they have seen {@link #stopped}, or joined.
 *
 * @since 0.1
 */
public sealed interface Program permits ManagedProcess, Command {
  /**
   * {@return the thread that stands for the program in the tree: told to stop when the program is
   * to stop, stopped when the program has ended, its result the exit code}
   */
  ManagedThread<Integer> thread();

  /**
   * {@return the lines of the standard output, which ends when the program closes it} Lines that
   * nobody takes are reported at the end of the tree, as all that is left in queues.
   *
   * @throws IllegalStateException if nobody has asked for the lines
   */
  CloseableQueue<String> stdout();

  /**
   * {@return the lines of the standard error, which ends when the program closes it}
   *
   * @throws IllegalStateException if nobody has asked for the lines, or it comes out with the
   *     standard output
   */
  CloseableQueue<String> stderr();

  /**
   * {@return the bytes of the standard output, in pieces as they come}
   *
   * @throws IllegalStateException if nobody has asked for the bytes
   */
  CloseableQueue<byte[]> stdoutBytes();

  /**
   * {@return the bytes of the standard error, in pieces as they come}
   *
   * @throws IllegalStateException if nobody has asked for the bytes, or it comes out with the
   *     standard output
   */
  CloseableQueue<byte[]> stderrBytes();

  /**
   * {@return the last 64 KB of the standard output, whether somebody takes it or not; empty when it
   * goes elsewhere}
   */
  String stdoutTail();

  /**
   * {@return the last 64 KB of the standard error, whether somebody takes it or not; that of the
   * standard output when the two are merged}
   */
  String stderrTail();

  /** {@return how much has come out so far} */
  ProgramStatistics statistics();

  /**
   * {@return the exit code; empty while the program runs} One that a signal of the operating system
   * has ended has 128 and the number of that: 143 for SIGTERM, 137 for SIGKILL.
   */
  OptionalInt exitCode();

  /**
   * {@return the signal that goes when the program has exited} There may be output of it that has
   * not been read yet.
   */
  Signal exited();

  /** {@return the names from the root of the tree to the program, separated by slashes} */
  default String path() {
    return thread().path();
  }

  /** {@return the signal that goes when the program is asked to stop} */
  default Signal pleaseStop() {
    return thread().pleaseStop();
  }

  /**
   * {@return the signal that goes when the program has ended, its output has been read, and its
   * queues are closed}
   */
  default Signal stopped() {
    return thread().stopped();
  }

  /** Asks the program to stop; returns at once. Repeating it does nothing. */
  default void stop() {
    thread().stop();
  }

  /**
   * Asks the program to stop; returns at once. Repeating it does nothing.
   *
   * @param reason why, for people
   */
  default void stop(String reason) {
    thread().stop(reason);
  }

  /** Kills the program and all that it has started; returns at once. */
  void kill();

  /**
   * Waits until the program has ended, and takes its exit code or its failure. Output that nobody
   * takes does not hold it up from now on: see {@link ProgramBuilder#capacity}.
   *
   * @return the exit code; one that was not accepted only if the program was told to stop before
   * @throws InterruptedException if the calling thread is interrupted, on entry or while waiting;
   *     the program runs on then
   * @throws org.morethreads.thread.ThreadFailedException if it has failed, with a {@link
   *     ProcessFailedException} as cause: it exited with a code that is not accepted, or a limit of
   *     time has passed
   * @throws org.morethreads.thread.ThreadEndException if it was abandoned
   * @throws IllegalStateException if the calling thread is below the program: it would wait for
   *     itself
   */
  int join() throws InterruptedException;

  /**
   * Waits until the program has ended, for at most a time, and takes its exit code or its failure.
   *
   * @param timeout the longest time to wait; zero or negative means not to wait at all
   * @return the exit code
   * @throws InterruptedException if the calling thread is interrupted, on entry or while waiting
   * @throws TimeoutException if the time has passed; the program runs on then
   * @throws org.morethreads.thread.ThreadEndException if it ended without a result, as {@link
   *     #join()}
   */
  int join(Duration timeout) throws InterruptedException, TimeoutException;

  /**
   * Waits until the program has ended, or a signal goes, and takes its exit code or its failure.
   *
   * @param till what ends the wait
   * @return the exit code
   * @throws InterruptedException if the calling thread is interrupted, on entry or while waiting
   * @throws TimeoutException if {@code till} went first; the program runs on then
   * @throws org.morethreads.thread.ThreadEndException if it ended without a result, as {@link
   *     #join()}
   */
  int join(Signal till) throws InterruptedException, TimeoutException;
}
