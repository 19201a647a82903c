package org.morethreads.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.morethreads.sync.OpenSignal;
import org.morethreads.sync.Signal;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.I_Result;
import org.openjdk.jcstress.infra.results.ZI_Result;

/** Whoever has seen a signal, in whatever way, sees what was written before {@code go()} (S2). */
public final class SignalPublicationStressTest {
  private SignalPublicationStressTest() {}

  /**
   * A reader that looks. The state is one volatile read; a plain read in its place would let the
   * payload be read first.
   */
  @JCStressTest
  @Outcome(id = "false, 0", expect = ACCEPTABLE, desc = "The reader came first.")
  @Outcome(id = "false, 1", expect = ACCEPTABLE, desc = "The write was seen early; allowed.")
  @Outcome(id = "true, 1", expect = ACCEPTABLE, desc = "Signalled, and the write is visible.")
  @Outcome(id = "true, 0", expect = FORBIDDEN, desc = "Signalled, but the write is not visible.")
  @State
  public static class Looking {
    private final OpenSignal signal = Signal.create("published");
    private int plain;

    @Actor
    public void writer() {
      plain = 1;
      signal.go();
    }

    @Actor
    public void reader(ZI_Result result) {
      result.r1 = signal.isSignalled();
      result.r2 = plain;
    }
  }

  /** A reader that awaits: woken by an unpark, or never asleep. */
  @JCStressTest
  @Outcome(id = "1", expect = ACCEPTABLE, desc = "The write is visible.")
  @Outcome(id = "0", expect = FORBIDDEN, desc = "Awaited, but the write is not visible.")
  @State
  public static class Awaiting {
    private final OpenSignal signal = Signal.create("published");
    private int plain;

    @Actor
    public void writer() {
      plain = 1;
      signal.go();
    }

    @Actor
    public void reader(I_Result result) {
      Uninterrupted.run(signal::await);
      result.r1 = plain;
    }
  }

  /**
   * An action sees what came before {@code go()} and what came before {@code then}, on whichever of
   * the two threads it runs.
   */
  @JCStressTest
  @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "Both writes are visible.")
  @Outcome(expect = FORBIDDEN, desc = "The action ran without a write, or not at all.")
  @State
  public static class Acting {
    private final OpenSignal signal = Signal.create("published");
    private int beforeGo;
    private int beforeThen;
    private int seenOfGo;
    private int seenOfThen;

    @Actor
    public void writer() {
      beforeGo = 1;
      signal.go();
    }

    @Actor
    public void registrant() {
      beforeThen = 1;
      signal.then(() -> {
        seenOfGo = beforeGo;
        seenOfThen = beforeThen;
      });
    }

    @Arbiter
    public void arbiter(II_Result result) {
      result.r1 = seenOfGo;
      result.r2 = seenOfThen;
    }
  }

  /** A reader that looks at a composite, which is computed from its operands when read. */
  @JCStressTest
  @Outcome(id = "false, 0", expect = ACCEPTABLE, desc = "The reader came first.")
  @Outcome(id = "false, 1", expect = ACCEPTABLE, desc = "The write was seen early; allowed.")
  @Outcome(id = "true, 1", expect = ACCEPTABLE, desc = "Signalled, and the write is visible.")
  @Outcome(id = "true, 0", expect = FORBIDDEN, desc = "Signalled, but the write is not visible.")
  @State
  public static class LookingThroughComposite {
    private final OpenSignal left = Signal.create("left");
    private final OpenSignal right = Signal.create("right");
    private final Signal both = left.or(right).and(right);
    private int plain;

    @Actor
    public void writer() {
      plain = 1;
      right.go();
    }

    @Actor
    public void reader(ZI_Result result) {
      result.r1 = both.isSignalled();
      result.r2 = plain;
    }
  }
}
