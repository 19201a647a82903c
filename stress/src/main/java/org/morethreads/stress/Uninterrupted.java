package org.morethreads.stress;

/** For actors, which jcstress never interrupts, and which must not declare exceptions. */
final class Uninterrupted {
  private Uninterrupted() {}

  /** What an actor does. */
  interface Action {
    void run() throws InterruptedException;
  }

  static void run(Action action) {
    try {
      action.run();
    } catch (InterruptedException e) {
      throw new AssertionError("an actor was interrupted", e);
    }
  }
}
