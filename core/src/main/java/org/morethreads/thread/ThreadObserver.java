package org.morethreads.thread;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Is told what managed threads do: for metrics, events and profiles. Implement the methods that are
 * of interest, and hand it to {@link ThreadTree#observe}.
 *
 * {@snippet class="ObserverSnippets" region="counting"}
 *
 * <p>The methods are called in the middle of what they tell of, so they must be quick, and must not
 * block; on which thread is said by each. None is called with a lock of the library held. One that
 * throws is reported to the log, once for each observer, and disturbs nobody.
 *
 * <p>Threads that were there before the observer was, are told of from then on: it may hear of the
 * end of one whose start it has not heard of. Scopes and the roots of trees are no threads here.
 *
 * <p>As long as there is no observer, the library pays for this with one look at a field beside
 * each start, end, stop and park of a thread.
 *
 * @since 0.1
 */
public interface ThreadObserver {
  /** What a thread waits for. */
  enum Wait {
    /** A signal. */
    SIGNAL,
    /** A lock that somebody else holds. */
    LOCK,
    /** That others change what a lock guards: {@code held.await()}. */
    CHANCE,
    /** An element of a queue, which is empty. */
    ELEMENT,
    /** A place in a queue, which is full. */
    PLACE,
    /** The first of several things: {@code Select}. */
    SELECT,
    /** Something inside the library, such as the end of a thread's children. */
    OTHER
  }

  /**
   * A thread is being started, or was adopted. Called by the thread that starts it, before it runs;
   * by an adopted thread itself.
   *
   * @param thread the thread
   */
  default void started(ManagedThread<?> thread) {}

  /**
   * A thread has stopped, or was given up, and its children have. Called before its {@code stopped}
   * goes: by itself; of one that was abandoned, by whoever gave it up; of one that could not be
   * started, by its starter.
   *
   * @param thread the thread
   * @param outcome how it ended
   */
  default void ended(ManagedThread<?> thread, Outcome<?> outcome) {}

  /**
   * A thread is being told to stop. Called by whoever tells it, before its {@code pleaseStop} goes;
   * once for each thread.
   *
   * @param thread the thread
   * @param reason why
   */
  default void toldToStop(ManagedThread<?> thread, StopReason reason) {}

  /**
   * A thread has not stopped in time: a second after it was told, and then at doubling intervals,
   * when the log names it. Called by the thread that watches the stop.
   *
   * @param thread the thread
   * @param since how long ago it was told, or asked when it could not be told yet
   */
  default void overdue(ManagedThread<?> thread, Duration since) {}

  /**
   * The calling thread is about to sleep until something comes. It may be woken in vain and sleep
   * again, which is another call.
   *
   * @param thread the calling thread, or null when it is not managed
   * @param sort what sort of thing it waits for
   * @param what that thing; its {@code toString} says it in words, such as {@code place in queue
   *     "orders"}
   * @return what to run on the same thread when it has woken; null for nothing
   */
  default @Nullable Runnable waiting(@Nullable ManagedThread<?> thread, Wait sort, Object what) {
    return null;
  }

  /**
   * A till went, or a wait ended, because its time had come. Called by the thread that has waited,
   * or by the timer.
   *
   * @param late how long after that time
   */
  default void timeCame(Duration late) {}

  /**
   * A process has been started, or a shell was given a command. Called by the thread that stands
   * for it in the tree, as its first act. The shells themselves, which go from one command to the
   * next, are in no tree; they are told of as well, by whoever starts one.
   *
   * @param path where it hangs in the tree; empty for a shell
   * @param pid its number; for a command that of the shell that runs it
   * @param command the program; not its arguments, which may be secrets
   */
  default void processStarted(String path, long pid, String command) {}

  /**
   * A process, a command or a shell has ended, whose start was told; also if nobody observed then.
   * Called by the thread that stands for it, before its {@code exited} goes; for a shell by a
   * thread of the JDK.
   *
   * @param path where it hung in the tree; empty for a shell
   * @param pid its number; for a command that of the shell that ran it
   * @param command the program; not its arguments
   * @param exitCode its exit code; -1 when it is unknown
   * @param lived how long it ran
   */
  default void processEnded(String path, long pid, String command, int exitCode, Duration lived) {}
}
