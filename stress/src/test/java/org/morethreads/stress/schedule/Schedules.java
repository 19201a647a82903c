package org.morethreads.stress.schedule;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.morethreads.internal.SchedulePoint;

/**
 * Explores the schedules of a scenario: many random ones, each by a seed, and all with a bounded
 * number of preemptions, until one fails.
 *
 * <p>What one finds is replayed by {@code -Dmorethreads.replay=KEY} with the key from the message;
 * {@code -Dmorethreads.schedules=10} explores ten times as many; {@code -Dmorethreads.firstSeed=N}
 * takes other random ones.
 *
 * <p>Only sequentially consistent interleavings at schedule points are explored: what is visible
 * when is for jcstress.
 */
public final class Schedules {
  private static final int FACTOR = Integer.getInteger("morethreads.schedules", 1);
  private static final String REPLAY = System.getProperty("morethreads.replay");

  private static final Duration STUCK = Duration.ofSeconds(5);

  private final Scenario scenario;
  private int random = 1500;
  private int preemptions = 2;
  private int most = 1500;
  private Run.Timeouts timeouts = Run.Timeouts.ANY;
  private boolean quiet;
  private volatile Run running;

  /** Sets up threads that share something, anew for each schedule. */
  @FunctionalInterface
  public interface Scenario {
    /** Adds threads and checks to a run. */
    void setUp(Run run) throws Exception;
  }

  /** What was found: a schedule that failed. */
  public record Found(String key, String trace, Throwable failure) {}

  /** How many schedules were run, and the first that failed, or null. */
  public record Result(int random, int systematic, boolean complete, Found found) {
    @Override
    public String toString() {
      return random
          + " random, "
          + systematic
          + (complete ? " systematic (all of them)" : " systematic (not all)");
    }
  }

  private Schedules(Scenario scenario) {
    if (!SchedulePoint.ON) {
      throw new IllegalStateException("run with -Dorg.morethreads.schedulePoints=true");
    }
    this.scenario = scenario;
  }

  /** The schedules of a scenario, explored as usual unless said otherwise. */
  public static Schedules of(Scenario scenario) {
    return new Schedules(scenario);
  }

  /** Explores the schedules of a scenario as usual, and fails when one of them does. */
  public static Result explore(Scenario scenario) {
    return of(scenario).explore();
  }

  /** How many random schedules. */
  public Schedules random(int count) {
    random = count;
    return this;
  }

  /** How many preemptions a systematic schedule may have, and how many schedules there may be. */
  public Schedules systematic(int newPreemptions, int newMost) {
    preemptions = newPreemptions;
    most = newMost;
    return this;
  }

  /** When the end of a time may come. */
  public Schedules timeouts(Run.Timeouts newTimeouts) {
    timeouts = newTimeouts;
    return this;
  }

  /** Does not print how many it ran: for those who explore many scenarios. */
  public Schedules quietly() {
    quiet = true;
    return this;
  }

  /** Explores, and throws what it finds. */
  public Result explore() {
    Result result = search();
    Found found = result.found();
    if (found != null) {
      throw new AssertionError(
          "schedule "
              + found.key()
              + " of this scenario fails (replay it with -Dmorethreads.replay="
              + found.key()
              + "): "
              + found.failure()
              + "\n"
              + found.trace(),
          found.failure());
    }
    if (!quiet) {
      System.out.println(caller() + ": " + result);
    }
    return result;
  }

  private static String caller() {
    return StackWalker.getInstance()
        .walk(frames ->
            frames
                .filter(f -> !f.getClassName().equals(Schedules.class.getName()))
                .findFirst()
                .map(f -> f.getClassName().replaceAll(".*\\.", "") + "." + f.getMethodName())
                .orElse("?"));
  }

  /** Explores, and returns what it finds. */
  public Result search() {
    return onVirtualThread(this::searchHere);
  }

  /** Runs one schedule again. Returns null when it does not fail. */
  public Found replay(String key) {
    return onVirtualThread(() -> runOne(ofKey(key)));
  }

  private static Choices ofKey(String key) {
    return key.startsWith("s")
        ? Choices.Systematic.ofKey(key)
        : new Choices.Seeded(Long.parseLong(key));
  }

  private Result searchHere() {
    if (REPLAY != null) {
      return new Result(1, 0, false, runOne(ofKey(REPLAY)));
    }
    long first = Long.getLong("morethreads.firstSeed", 0);
    for (int i = 0; i < random * FACTOR; i++) {
      Found found = runOne(new Choices.Seeded(first + i));
      if (found != null) {
        return new Result(i + 1, 0, false, found);
      }
    }
    int systematic = 0;
    boolean complete = true;
    for (int bound = 0; bound <= preemptions && complete; bound++) {
      int[] beginning = {};
      while (beginning != null && systematic < most * FACTOR) {
        var choices = new Choices.Systematic(beginning, bound);
        Found found = runOne(choices);
        systematic++;
        if (found != null) {
          return new Result(random * FACTOR, systematic, false, found);
        }
        beginning = choices.successor();
      }
      complete = beginning == null;
    }
    return new Result(random * FACTOR, systematic, complete, null);
  }

  private Found runOne(Choices choices) {
    Run run = new Run(choices, timeouts);
    running = run;
    try {
      scenario.setUp(run);
    } catch (Exception e) {
      throw new IllegalStateException("the scenario cannot be set up", e);
    }
    Throwable failure = run.execute();
    return failure == null ? null : new Found(choices.key(), run.trace().toString(), failure);
  }

  /**
   * The threads of a scenario are virtual ones on a single carrier (see the pom), where handing the
   * turn over is cheap; so is the runner.
   */
  private <T> T onVirtualThread(Supplier<T> work) {
    AtomicReference<T> result = new AtomicReference<>();
    AtomicReference<Throwable> failure = new AtomicReference<>();
    Thread runner =
        Thread.ofVirtual()
            .name("runner")
            .start(() -> {
              try {
                result.set(work.get());
              } catch (Throwable thrown) {
                failure.set(thrown);
              }
            });
    try {
      Run seen = null;
      int steps = -1;
      while (!runner.join(STUCK)) {
        Run at = running;
        if (at != null && at == seen && at.trace().size() == steps) {
          throw at.stuck();
        }
        seen = at;
        steps = at == null ? -1 : at.trace().size();
      }
    } catch (InterruptedException e) {
      throw new AssertionError("interrupted: the test took too long?", e);
    }
    if (failure.get() != null) {
      throw new AssertionError(failure.get());
    }
    return result.get();
  }
}
