package org.morethreads.thread;

import java.util.Objects;
import java.util.OptionalInt;

/**
 * Why a thread is being stopped.
 *
 * @param kind what led to it
 * @param by who asked, as a path in a tree or a word for what is outside of every tree
 * @param message for people: what the caller of {@code stop} said, or what happened
 * @since 0.1
 */
public record StopReason(Kind kind, String by, String message) {
  /** What leads to a stop. */
  public enum Kind {
    /** Somebody called {@code stop} on the thread or on one above it. */
    REQUESTED,
    /** The task of the parent has ended. */
    PARENT_ENDED,
    /** A signal went that the thread was started with: {@code stopWhen}. */
    SIGNAL,
    /** The thread's deadline has passed. */
    DEADLINE,
    /** A thread beside it has failed, in a scope that does not isolate failures. */
    SIBLING_FAILED,
    /** The scope needs the thread no more: its block has failed, or its race is decided. */
    SCOPE_ENDED,
    /**
     * The program ends: a signal of the operating system, {@code System.exit}, or the end of {@code
     * main}.
     */
    JVM_SHUTDOWN
  }

  /** Checks that nothing is null. */
  public StopReason {
    Objects.requireNonNull(kind, "kind");
    Objects.requireNonNull(by, "by");
    Objects.requireNonNull(message, "message");
  }

  /**
   * What the program should exit with, if it has nothing else to say: when a signal of the
   * operating system ends it, 128 and the number of that, as shells have it. With SIGINT that is
   * 130, with SIGTERM 143, with SIGHUP 129. For a program that calls {@code System.exit} itself
   * after {@link ThreadTree#awaitShutdown}; where nobody does, the JVM exits with that anyway.
   *
   * @return the exit status, or empty if no signal led to the stop
   */
  public OptionalInt exitStatus() {
    return kind == Kind.JVM_SHUTDOWN ? OsSignals.exitStatus(by) : OptionalInt.empty();
  }

  @Override
  public String toString() {
    return message + " (by " + by + ")";
  }
}
