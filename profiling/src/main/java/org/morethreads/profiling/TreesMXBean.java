package org.morethreads.profiling;

import java.io.IOException;

/**
 * What a program that runs can be asked through JMX, under the name {@code
 * org.morethreads:type=Trees}.
 *
 * @since 0.1
 */
public interface TreesMXBean {
  /** {@return the names of the trees that are open} */
  String[] getTrees();

  /** {@return how many threads live in all trees} */
  int getThreadCount();

  /**
   * {@return all trees as text: each thread with its state and what it waits for, and deadlocks}
   */
  String dump();

  /** {@return all trees as JSON: a list of objects} */
  String dumpJson();

  /**
   * Writes all trees to a file, for trees of any size.
   *
   * @param file the file, on the machine of the program; replaced if there. JSON if its name ends
   *     so
   * @throws IOException if it cannot be written
   */
  void dumpToFile(String file) throws IOException;
}
