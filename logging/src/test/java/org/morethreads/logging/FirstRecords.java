package org.morethreads.logging;

/** A program whose first records are logged where there is hardly any stack, and then some more. */
final class FirstRecords {
  private static final System.Logger LOGGER = System.getLogger("first");
  private static int returned;

  private FirstRecords() {}

  public static void main(String[] args) {
    deep();
    for (int i = 0; i < 10; i++) {
      LOGGER.log(System.Logger.Level.INFO, "later " + i);
    }
    System.out.println("returned " + returned);
    long writers =
        Thread.getAllStackTraces().keySet().stream()
            .filter(thread -> thread.getName().startsWith("more-threads-log"))
            .count();
    System.out.println("writers " + writers);
  }

  /** Logs at the end of the stack, and a frame before it, and so on, until that succeeds. */
  @SuppressWarnings("InfiniteRecursion")
  private static void deep() {
    try {
      deep();
    } catch (StackOverflowError _) {
      LOGGER.log(System.Logger.Level.INFO, "deep");
      returned++;
    }
  }
}
