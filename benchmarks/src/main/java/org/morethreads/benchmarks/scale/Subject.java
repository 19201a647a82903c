package org.morethreads.benchmarks.scale;

import java.util.List;

/** Things that are made, used and dropped, many at a time. */
interface Subject {
  /** What is timed, in this order. */
  List<String> rows();

  /**
   * Makes, uses and drops {@code count} things.
   *
   * @param order the numbers from 0 to {@code count - 1}, mixed or in order
   * @param allThere is called, untimed, when all are there
   * @return the nanoseconds of each row
   */
  long[] cycle(int count, int[] order, Runnable allThere) throws Exception;
}
