package org.morethreads.stress.lincheck;

import static org.morethreads.stress.lincheck.Pairs.call;

import java.time.Duration;
import java.util.Objects;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.morethreads.sync.Progress;
import org.morethreads.sync.Signal;

/** A progress is linearizable, with the signals of its points and of its end (S10). */
@Tag("lincheck")
class ProgressLincheckTest {

  @Param(name = "steps", gen = IntGen.class, conf = "0:2")
  @Param(name = "target", gen = IntGen.class, conf = "1:5")
  public static final class Operations {
    private final Progress progress = Progress.create("progress");
    private final Signal three = progress.reached(3);

    @Operation
    public void advance(@Param(name = "steps") int steps) {
      progress.advance(steps);
    }

    @Operation
    public boolean advanceTo(@Param(name = "target") int target) {
      return progress.advanceTo(target);
    }

    @Operation
    public long value() {
      return progress.value();
    }

    @Operation
    public void end() {
      progress.end();
    }

    @Operation
    public boolean isEnded() {
      return progress.ended().isSignalled();
    }

    @Operation
    public boolean isReached(@Param(name = "target") int target) {
      return progress.reached(target).isSignalled();
    }

    @Operation
    public boolean isThreeReached() {
      return three.isSignalled();
    }

    @Operation
    public boolean awaitThree() throws InterruptedException {
      return three.await(Duration.ZERO);
    }
  }

  /** The same for one thread. */
  public static final class Specification {
    private long value;
    private boolean ended;

    public void advance(int steps) {
      if (!ended) {
        value += steps;
      }
    }

    public boolean advanceTo(int target) {
      if (ended || target <= value) {
        return false;
      }
      value = target;
      return true;
    }

    public long value() {
      return value;
    }

    public void end() {
      ended = true;
    }

    public boolean isEnded() {
      return ended;
    }

    public boolean isReached(int target) {
      return value >= target;
    }

    public boolean isThreeReached() {
      return value >= 3;
    }

    public boolean awaitThree() {
      return value >= 3;
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Specification its && its.value == value && its.ended == ended;
    }

    @Override
    public int hashCode() {
      return Objects.hash(value, ended);
    }
  }

  @Test
  void progress_pairsModelChecked_areLinearizable() {
    Checks.modelCheck(
        Operations.class,
        Specification.class,
        Pairs.of(Operations.class)
            .from(call("advance", 2))
            .meet(call("end"), call("advanceTo", 4), call("advance", 1))
            .look(call("isEnded"), call("isThreeReached")));
  }

  @Test
  void progress_modelChecked_isLinearizable() {
    Checks.modelCheck(Operations.class, Specification.class);
  }

  @Test
  void progress_stressed_isLinearizable() {
    Checks.stress(Operations.class, Specification.class);
  }
}
