package org.morethreads.benchmarks.startup;

/** Starts one virtual thread, waits for it, and ends. */
public final class OneVirtualThread {
  private OneVirtualThread() {}

  public static void main(String[] arguments) throws InterruptedException {
    Thread.startVirtualThread(() -> System.out.println("ran")).join();
  }
}
