package org.morethreads.stress.lincheck;

import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.StressOptions;

/**
 * How much is checked: {@code -Dmorethreads.lincheck=10} goes through ten times as many scenarios.
 */
public final class Checks {
  private static final int FACTOR = Integer.getInteger("morethreads.lincheck", 1);

  /** Those with one switch come first. As many as there is time for in the build. */
  private static final int INTERLEAVINGS = 80;

  /** How many random scenarios: few in the build, where the pairs come first. */
  private static final int RANDOM = FACTOR == 1 ? 2 : 5 * FACTOR;

  private Checks() {}

  /**
   * Goes through interleavings one by one, as if memory were sequentially consistent.
   *
   * @param test the operations
   * @param specification the same operations, for one thread
   */
  public static void modelCheck(Class<?> test, Class<?> specification) {
    new ModelCheckingOptions()
        .iterations(RANDOM)
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
   * Goes through the interleavings of given scenarios: those that have one switch first, and from
   * there on as far as it gets.
   *
   * @param test the operations
   * @param specification the same operations, for one thread
   * @param pairs the scenarios
   */
  public static void modelCheck(Class<?> test, Class<?> specification, Pairs pairs) {
    ModelCheckingOptions options =
        new ModelCheckingOptions()
            .iterations(0)
            .invocationsPerIteration(INTERLEAVINGS * FACTOR)
            .loopIterationsBeforeThreadSwitch(pairs.longestLoop())
            .loopBound(400)
            .minimizeFailedScenario(false)
            .sequentialSpecification(specification);
    pairs.scenarios().forEach(options::addCustomScenario);
    options.check(test);
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
