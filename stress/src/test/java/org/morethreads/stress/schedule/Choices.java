package org.morethreads.stress.schedule;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Who goes on, at each decision of one schedule. */
interface Choices {
  /**
   * Chooses a candidate: first the runnable ones – the one that has the turn at index 0 if it can
   * go on – and then those whose time may be over, earliest first.
   *
   * @param runnable how many can go on; may be 0
   * @param timed how many of the others may be chosen
   * @param currentRuns whether index 0 is the thread that has the turn
   * @return the index of the chosen one
   */
  int next(int runnable, int timed, boolean currentRuns);

  /** Whether the park that begins now returns at once, for no reason. */
  boolean spurious();

  /** What replays this schedule. */
  String key();

  /**
   * At random, by a seed. How eager it is to switch differs from seed to seed: a bug that needs one
   * switch at the right place is found by the lazy ones, one that needs many by the eager ones.
   */
  final class Seeded implements Choices {
    private static final double[] STAYING = {0, 0.5, 0.75, 0.9};
    private static final int MOST_TIMEOUTS = 3;

    private final long seed;
    private final Random random;
    private final double staying;
    private int timeouts;
    private int spurious;

    Seeded(long seed) {
      this.seed = seed;
      this.random = new Random(seed * 0x9E3779B97F4A7C15L + 1);
      this.staying = STAYING[random.nextInt(STAYING.length)];
    }

    @Override
    public int next(int runnable, int timed, boolean currentRuns) {
      if (runnable == 0) {
        return random.nextInt(timed);
      }
      if (timed > 0 && timeouts < MOST_TIMEOUTS && random.nextInt(10) == 0) {
        timeouts++;
        return runnable + random.nextInt(timed);
      }
      if (runnable == 1 || (currentRuns && random.nextDouble() < staying)) {
        return 0;
      }
      return random.nextInt(runnable);
    }

    @Override
    public boolean spurious() {
      if (spurious < 1 && random.nextInt(20) == 0) {
        spurious++;
        return true;
      }
      return false;
    }

    @Override
    public String key() {
      return Long.toString(seed);
    }
  }

  /**
   * A given beginning, and from there the first choice that is allowed: a thread goes on until it
   * parks or ends. Switching away from one that could go on, or ending a time though others could
   * go on, is a preemption; there are at most so many in a schedule. Remembers what could have been
   * chosen instead.
   */
  final class Systematic implements Choices {
    private final int[] beginning;
    private int left;
    private final List<int[]> decisions = new ArrayList<>();

    Systematic(int[] beginning, int preemptions) {
      this.beginning = beginning;
      this.left = preemptions;
    }

    @Override
    public int next(int runnable, int timed, boolean currentRuns) {
      int free = currentRuns ? 1 : runnable; // choosing one of these costs nothing
      int options = runnable == 0 ? timed : left > 0 ? runnable + timed : free;
      int at = decisions.size();
      int chosen = at < beginning.length ? beginning[at] : 0;
      if (chosen >= options) {
        throw new IllegalStateException(
            "choice "
                + chosen
                + " of "
                + options
                + " at "
                + at
                + ": the scenario is not deterministic");
      }
      decisions.add(new int[] {chosen, options});
      if (runnable > 0 && chosen >= free) {
        left--;
      }
      return chosen;
    }

    @Override
    public boolean spurious() {
      return false;
    }

    /** The next beginning in the order of the search, or null when there is none. */
    int[] successor() {
      for (int last = decisions.size() - 1; last >= 0; last--) {
        int[] decision = decisions.get(last);
        if (decision[0] + 1 < decision[1]) {
          int[] next = new int[last + 1];
          for (int i = 0; i < last; i++) {
            next[i] = decisions.get(i)[0];
          }
          next[last] = decision[0] + 1;
          return next;
        }
      }
      return null;
    }

    @Override
    public String key() {
      StringBuilder text = new StringBuilder("s");
      for (int i = 0; i < decisions.size(); i++) {
        if (decisions.get(i)[0] != 0) {
          text.append(text.length() == 1 ? "" : ",")
              .append(i)
              .append('=')
              .append(decisions.get(i)[0]);
        }
      }
      return text.toString();
    }

    static Systematic ofKey(String key) {
      List<int[]> choices = new ArrayList<>();
      for (String each : key.substring(1).split(",")) {
        if (!each.isEmpty()) {
          String[] both = each.split("=");
          choices.add(new int[] {Integer.parseInt(both[0]), Integer.parseInt(both[1])});
        }
      }
      int[] beginning = new int[choices.isEmpty() ? 0 : choices.getLast()[0] + 1];
      choices.forEach(choice -> beginning[choice[0]] = choice[1]);
      return new Systematic(beginning, Integer.MAX_VALUE);
    }
  }
}
