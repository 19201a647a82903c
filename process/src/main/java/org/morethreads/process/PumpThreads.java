package org.morethreads.process;

import java.io.File;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * The threads that read and write pipes. Platform threads: a read of a pipe blocks its carrier, and
 * some hundred virtual readers stop every virtual thread of the JVM. They are used again, and end
 * when they have had nothing to do for a while.
 */
final class PumpThreads {
  private static final long STACK = 256 * 1024;
  private static final long IDLE_SECONDS = 10;

  private PumpThreads() {}

  private static final class Holder {
    static final ThreadPoolExecutor POOL =
        new ThreadPoolExecutor(
            0,
            Integer.MAX_VALUE,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new SynchronousQueue<>(),
            task ->
                Thread.ofPlatform()
                    .name("more-threads-pump")
                    .daemon(true)
                    .stackSize(STACK)
                    .inheritInheritableThreadLocals(false)
                    .unstarted(task));
  }

  /**
   * Runs something that may block.
   *
   * @param name what the thread is called meanwhile
   * @throws OutOfMemoryError if there can be no more threads
   */
  static void run(String name, Runnable task) {
    Holder.POOL.execute(() -> {
      Thread self = Thread.currentThread();
      self.setContextClassLoader(ClassLoader.getSystemClassLoader());
      self.setName(name);
      try {
        task.run();
      } finally {
        self.setName("more-threads-pump");
      }
    });
  }

  /** How many there are, busy or not. */
  static int count() {
    return Holder.POOL.getPoolSize();
  }

  /** An input that is empty. */
  static File nothing() {
    return new File(File.separatorChar == '\\' ? "NUL" : "/dev/null");
  }
}
