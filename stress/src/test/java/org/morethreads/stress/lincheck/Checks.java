package org.morethreads.stress.lincheck;

import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.StressOptions;

/**
 * How much is checked: {@code -Dmorethreads.lincheck=10} goes through ten times as many scenarios.
 */
public final class Checks {
  private static final int FACTOR = Integer.getInteger("morethreads.lincheck", 1);

  private Checks() {}

  /**
   * Goes through interleavings one by one, as if memory were sequentially consistent.
   *
   * @param test the operations
   * @param specification the same operations, for one thread
   */
  public static void modelCheck(Class<?> test, Class<?> specification) {
    new ModelCheckingOptions()
        .iterations(5 * FACTOR)
        .invocationsPerIteration(250)
        .threads(2)
        .actorsPerThread(3)
        .actorsBefore(2)
        .actorsAfter(2)
        // a queue with priorities looks at each of them: that is no spinning
        .loopIterationsBeforeThreadSwitch(80)
        .loopBound(400)
        .minimizeFailedScenario(false)
        .sequentialSpecification(specification)
        .check(test);
  }

  /**
   * Runs on real threads, as they come.
   *
   * @param test the operations
   * @param specification the same operations, for one thread
   */
  public static void stress(Class<?> test, Class<?> specification) {
    new StressOptions()
        .iterations(5 * FACTOR)
        .invocationsPerIteration(1000)
        .threads(3)
        .actorsPerThread(3)
        .actorsBefore(2)
        .actorsAfter(2)
        .minimizeFailedScenario(false)
        .sequentialSpecification(specification)
        .check(test);
  }
}
