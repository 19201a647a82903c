package org.morethreads.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.util.concurrent.atomic.AtomicInteger;
import org.morethreads.sync.Progress;
import org.morethreads.sync.Signal;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.JI_Result;
import org.openjdk.jcstress.infra.results.ZJ_Result;

/** A progress publishes, never goes back, and its points go exactly once (S2, S10). */
public final class ProgressStressTest {
  private ProgressStressTest() {}

  /** Whoever has seen the value sees what was written before it was reached. */
  @JCStressTest
  @Outcome(
      id = {"0, 0", "0, 1"},
      expect = ACCEPTABLE,
      desc = "Not reached yet.")
  @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "Reached, and the write is visible.")
  @Outcome(expect = FORBIDDEN, desc = "Reached, but the write is not visible.")
  @State
  public static class Publication {
    private final Progress progress = Progress.create("progress");
    private int plain;

    @Actor
    public void writer() {
      plain = 1;
      progress.advanceTo(1);
    }

    @Actor
    public void reader(JI_Result result) {
      result.r1 = progress.value();
      result.r2 = plain;
    }
  }

  /** An action on a point against two threads that race past it. */
  @JCStressTest
  @Outcome(
      id = "1, 1, 3",
      expect = ACCEPTABLE,
      desc = "Ran once, saw the value; the highest stays.")
  @Outcome(expect = FORBIDDEN, desc = "r1: runs; r2: it saw the point reached; r3: the value.")
  @State
  public static class PointAgainstTwoAdvances {
    private final Progress progress = Progress.create("progress");
    private final Signal reached = progress.reached(2);
    private final AtomicInteger runs = new AtomicInteger();
    private final AtomicInteger saw = new AtomicInteger();

    @Actor
    public void first() {
      progress.advanceTo(2);
    }

    @Actor
    public void second() {
      progress.advanceTo(3);
    }

    @Actor
    public void registrant() {
      reached.then(() -> {
        runs.incrementAndGet();
        saw.set(progress.value() >= 2 ? 1 : 0);
      });
    }

    @Arbiter
    public void arbiter(III_Result result) {
      result.r1 = runs.get();
      result.r2 = saw.get();
      result.r3 = (int) progress.value();
    }
  }

  /** The end is final: whoever has seen it reads the last value. */
  @JCStressTest
  @Outcome(
      id = {"false, 0", "false, 1"},
      expect = ACCEPTABLE,
      desc = "Not ended yet.")
  @Outcome(
      id = {"true, 0", "true, 1"},
      expect = ACCEPTABLE,
      desc = "Ended; the same ever after.")
  @Outcome(expect = FORBIDDEN, desc = "The value moved after the end was seen.")
  @State
  public static class EndAgainstAdvance {
    private final Progress progress = Progress.create("progress");

    @Actor
    public void advancer() {
      progress.advance();
    }

    @Actor
    public void ender() {
      progress.end();
    }

    @Actor
    public void reader(ZJ_Result result) {
      result.r1 = progress.ended().isSignalled();
      result.r2 = progress.value();
    }

    @Arbiter
    public void arbiter(ZJ_Result result) {
      if (result.r1 && result.r2 != progress.value()) {
        result.r2 = -1;
      }
    }
  }
}
