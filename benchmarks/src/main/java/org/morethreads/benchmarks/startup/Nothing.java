package org.morethreads.benchmarks.startup;

/** Says a word, and ends. */
public final class Nothing {
  private Nothing() {}

  public static void main(String[] arguments) {
    System.out.println("ran");
  }
}
