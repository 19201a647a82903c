package org.morethreads.benchmarks.startup;

import org.morethreads.thread.ManagedThread;

/** Starts one managed thread, waits for it, and ends: with the main tree and an ordered end. */
public final class OneManagedThread {
  private OneManagedThread() {}

  public static void main(String[] arguments) throws Exception {
    ManagedThread.run("one", _ -> System.out.println("ran")).join();
  }
}
