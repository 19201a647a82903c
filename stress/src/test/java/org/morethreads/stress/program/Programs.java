package org.morethreads.stress.program;

import java.util.Random;
import org.morethreads.stress.schedule.Run.Timeouts;
import org.morethreads.stress.schedule.Schedules;

/**
 * Runs random programs, each by a seed. The normal run takes the seeds from 1 on, so that it does
 * the same each time; {@code -Dmorethreads.programs=20} runs twenty times as many, from a seed that
 * the clock gives. {@code -Dmorethreads.program=SEED} runs just that one; for programs of several
 * threads add the key of the schedule, {@code -Dmorethreads.replay=KEY}.
 */
public final class Programs {
  private static final int FACTOR = Integer.getInteger("morethreads.programs", 1);
  private static final Long SEED = Long.getLong("morethreads.program");

  private Programs() {}

  /** A program that one thread runs. */
  @FunctionalInterface
  public interface Program {
    /** Runs it, and checks what comes of it. */
    void run(Random random) throws Exception;
  }

  /** Makes the scenario of a program for several threads. */
  @FunctionalInterface
  public interface Threaded {
    /** Makes it; the scenario must do the same whenever it is set up. */
    Schedules.Scenario scenario(long seed);
  }

  /** Runs programs, one after the other. */
  public static void run(int count, Program program) {
    each(count, seed -> program.run(random(seed)));
  }

  /**
   * The random numbers of a seed. Those of {@link Random} itself begin much alike for seeds that
   * are close to each other: then all programs were of one kind.
   */
  public static Random random(long seed) {
    long mixed = seed * 0x9E3779B97F4A7C15L;
    return new Random(mixed ^ (mixed >>> 32));
  }

  /** Runs programs for several threads, each in some random schedules. */
  public static void explore(int count, int schedules, Timeouts timeouts, Threaded program) {
    each(
        count,
        seed ->
            Schedules.of(program.scenario(seed))
                .random(schedules)
                .systematic(0, 0)
                .timeouts(timeouts)
                .quietly()
                .explore());
  }

  private interface Body {
    void run(long seed) throws Exception;
  }

  private static void each(int count, Body body) {
    long usual = 1 + Long.getLong("morethreads.firstSeed", 0);
    long first = SEED != null ? SEED : FACTOR == 1 ? usual : System.nanoTime();
    long programs = SEED != null ? 1 : (long) count * FACTOR;
    for (long seed = first; seed < first + programs; seed++) {
      try {
        body.run(seed);
      } catch (Exception | AssertionError failed) {
        throw new AssertionError(
            "program "
                + seed
                + " fails (run it again with -Dmorethreads.program="
                + seed
                + "): "
                + failed.getMessage(),
            failed);
      }
    }
    System.out.println(programs + " programs, from seed " + first);
  }
}
