package org.morethreads.stress.program;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.morethreads.stress.schedule.Run.Timeouts;

/**
 * Random programs over a tree, in random schedules on virtual time: threads that return, fail,
 * wait, ignore a stop or are stubborn, which start, stop, join and release each other, need each
 * other and have deadlines, below and beside an alien thread that comes and goes; against what H1
 * to H12 say of each.
 */
class TreeProgramTest {
  @Test
  void trees_anyProgram_keepTheGuarantees() {
    Programs.explore(250, 6, Timeouts.WHEN_IDLE, seed -> run -> new TreeProgram(seed, run).setUp());
  }

  /** The programs do what they are for: every kind of outcome and of refusal occurs. */
  @Test
  void trees_manyPrograms_reachEveryOutcome() {
    TreeProgram.Coverage coverage = new TreeProgram.Coverage();
    Programs.explore(
        120,
        1,
        Timeouts.WHEN_IDLE,
        seed ->
            run -> {
              TreeProgram program = new TreeProgram(seed, run);
              program.setUp();
              run.afterwards(() -> coverage.add(program));
            });
    assertThat(coverage.outcomes())
        .contains(
            "Returned",
            "Failed",
            "Stopped",
            "Abandoned",
            "refused",
            "claimed",
            "deferred",
            "adopted",
            "alien",
            "alien, asked to leave");
  }
}
