package org.morethreads.internal;

import org.jspecify.annotations.Nullable;

/**
 * Who is told what goes on in the library: for events, profiles and metrics. There is one or none;
 * the thread layer puts one here that passes everything on to all {@code ThreadObserver}s.
 *
 * <p>What is called here runs on the thread that the news is about, in the middle of whatever that
 * does, without a lock of ours. It must neither block nor throw.
 */
public abstract class Observer {
  /*
   * One volatile field is all that it costs while nobody observes: each place reads it once and compares with null. All of these
   * places are beside something dearer: a park, a start or an end of a thread, a stop.
   */
  private static volatile @Nullable Observer installed;

  /** For implementations. */
  protected Observer() {}

  /** {@return who is to be told, or null when nobody observes} */
  public static @Nullable Observer installed() {
    return installed;
  }

  /**
   * Puts an observer in place of the one that is there.
   *
   * @param observer the observer, or null for none
   */
  public static void install(@Nullable Observer observer) {
    installed = observer;
  }

  /**
   * The calling thread is about to park.
   *
   * @param self its surroundings
   * @param blocker what it waits for; says so by {@code toString}
   * @return what to run when the park has returned, or null for nothing
   */
  public abstract @Nullable Runnable waiting(Surroundings self, Object blocker);

  /**
   * A wait has ended since its time had come.
   *
   * @param lateNanos how long after that time
   */
  public abstract void timeCame(long lateNanos);

  /**
   * A process has been started, or a command given to a shell.
   *
   * @param owner the path of its node in the tree; empty for one that is in none
   * @param pid its number, or that of the shell
   * @param command what it runs, for people
   */
  public abstract void processStarted(String owner, long pid, String command);

  /**
   * It has ended.
   *
   * @param owner the path of its node in the tree; empty for one that is in none
   * @param pid its number, or that of the shell
   * @param command what it ran, for people
   * @param exitCode the exit code; -1 when nobody knows it
   * @param nanos how long it ran
   */
  public abstract void processEnded(
      String owner, long pid, String command, int exitCode, long nanos);
}
