package org.morethreads.process;

/**
 * Tells that a process has exited, on a virtual thread that waits for that. {@link Process#onExit}
 * would tell it through the common pool, which others may keep busy. Such a wait holds no carrier.
 */
final class ExitWait {
  private ExitWait() {}

  /**
   * Does something after the exit.
   *
   * @param name what the thread is called
   * @param action what to do; must not throw
   */
  static void start(String name, Process process, Runnable action) {
    Thread _ =
        Thread.ofVirtual()
            .name(name)
            .inheritInheritableThreadLocals(false)
            .start(() -> {
              try {
                int _ = process.waitFor();
              } catch (InterruptedException nobodyDoes) { // nobody has this thread
                Thread.currentThread().interrupt();
              }
              action.run();
            });
  }
}
