package org.morethreads.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.util.concurrent.atomic.AtomicInteger;
import org.morethreads.internal.Firing;
import org.morethreads.sync.OpenSignal;
import org.morethreads.sync.Signal;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.I_Result;
import org.openjdk.jcstress.infra.results.ZI_Result;
import org.openjdk.jcstress.infra.results.ZZZZ_Result;

/**
 * Lazy composites: passive until somebody depends on them, so that registering and firing race over
 * several words in several signals (S3, S4, S5).
 */
public final class CompositeStressTest {
  private CompositeStressTest() {}

  /** Activating an {@code or} while both operands fire. */
  @JCStressTest
  @Outcome(id = "1", expect = ACCEPTABLE, desc = "Ran once.")
  @Outcome(expect = FORBIDDEN, desc = "Lost, or ran twice.")
  @State
  public static class OrThenAgainstBoth {
    private final OpenSignal left = Signal.create("left");
    private final OpenSignal right = Signal.create("right");
    private final Signal either = left.or(right);
    private final AtomicInteger runs = new AtomicInteger();

    @Actor
    public void left() {
      left.go();
    }

    @Actor
    public void right() {
      right.go();
    }

    @Actor
    public void registrant() {
      either.then(runs::incrementAndGet);
    }

    @Arbiter
    public void arbiter(I_Result result) {
      result.r1 = runs.get();
    }
  }

  /**
   * Activating an {@code and} while both operands fire: each operand's thread may look at the other
   * before it has fired.
   */
  @JCStressTest
  @Outcome(id = "1", expect = ACCEPTABLE, desc = "Ran once.")
  @Outcome(expect = FORBIDDEN, desc = "Lost, or ran twice.")
  @State
  public static class AndThenAgainstBoth {
    private final OpenSignal left = Signal.create("left");
    private final OpenSignal right = Signal.create("right");
    private final Signal both = left.and(right);
    private final AtomicInteger runs = new AtomicInteger();

    @Actor
    public void left() {
      left.go();
    }

    @Actor
    public void right() {
      right.go();
    }

    @Actor
    public void registrant() {
      both.then(runs::incrementAndGet);
    }

    @Arbiter
    public void arbiter(I_Result result) {
      result.r1 = runs.get();
    }
  }

  /**
   * Two registrants activate one passive composite: one publishes, the other takes down its own.
   */
  @JCStressTest
  @Outcome(id = "1, 1, 0", expect = ACCEPTABLE, desc = "Both ran once; nothing is left.")
  @Outcome(expect = FORBIDDEN, desc = "r1, r2: runs; r3: what is left in the other operand.")
  @State
  public static class TwoThens {
    private final OpenSignal stop = Signal.create("stop");
    private final OpenSignal own = Signal.create("own");
    private final Signal either = stop.or(own);
    private final AtomicInteger firstRuns = new AtomicInteger();
    private final AtomicInteger secondRuns = new AtomicInteger();

    @Actor
    public void first() {
      either.then(firstRuns::incrementAndGet);
    }

    @Actor
    public void second() {
      either.then(secondRuns::incrementAndGet);
    }

    @Arbiter
    public void arbiter(III_Result result) {
      own.go();
      result.r1 = firstRuns.get();
      result.r2 = secondRuns.get();
      result.r3 = Firing.countLinked(stop);
    }
  }

  /** The last dependent leaves, which retires the activation, while another comes. */
  @JCStressTest
  @Outcome(id = "0, 1, 0", expect = ACCEPTABLE, desc = "The one that stays ran; nothing is left.")
  @Outcome(expect = FORBIDDEN, desc = "r1: runs of the removed; r2: of the other; r3: left over.")
  @State
  public static class LastLeavesWhileAnotherComes {
    private final OpenSignal stop = Signal.create("stop");
    private final OpenSignal own = Signal.create("own");
    private final Signal either = stop.or(own);
    private final AtomicInteger removedRuns = new AtomicInteger();
    private final AtomicInteger newRuns = new AtomicInteger();
    private final Signal.Registration registration = either.then(removedRuns::incrementAndGet);

    @Actor
    public void leaves() {
      registration.remove();
    }

    @Actor
    public void comes() {
      either.then(newRuns::incrementAndGet);
    }

    @Arbiter
    public void arbiter(III_Result result) {
      own.go();
      result.r1 = removedRuns.get();
      result.r2 = newRuns.get();
      result.r3 = Firing.countLinked(stop);
    }
  }

  /** Removing from a composite, which retires the activation, while an operand fires. */
  @JCStressTest
  @Outcome(id = "true, 0", expect = ACCEPTABLE, desc = "Removed, and did not run.")
  @Outcome(id = "false, 1", expect = ACCEPTABLE, desc = "Ran, and was not removed.")
  @Outcome(expect = FORBIDDEN, desc = "Ran though removed, or neither ran nor was removed.")
  @State
  public static class RemoveAgainstGo {
    private final OpenSignal stop = Signal.create("stop");
    private final OpenSignal own = Signal.create("own");
    private final Signal either = stop.or(own);
    private final AtomicInteger runs = new AtomicInteger();
    private final Signal.Registration registration = either.then(runs::incrementAndGet);

    @Actor
    public void go() {
      stop.go();
    }

    @Actor
    public void remover(ZI_Result result) {
      result.r1 = registration.remove();
    }

    @Arbiter
    public void arbiter(ZI_Result result) {
      result.r2 = runs.get();
    }
  }

  /** Two composites that share a stop come and go while it fires. */
  @JCStressTest
  @Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "Each ran exactly if it was not removed.")
  @Outcome(expect = FORBIDDEN, desc = "r1: answers that were wrong; r2: left in the operands.")
  @State
  public static class SharedStop {
    private final OpenSignal stop = Signal.create("stop");
    private final OpenSignal ownOfFirst = Signal.create("own of first");
    private final OpenSignal ownOfSecond = Signal.create("own of second");
    private final Signal first = stop.or(ownOfFirst);
    private final Signal second = stop.or(ownOfSecond);
    private final AtomicInteger firstBalance = new AtomicInteger();
    private final AtomicInteger secondBalance = new AtomicInteger();

    @Actor
    public void first() {
      comeAndGo(first, firstBalance);
    }

    @Actor
    public void second() {
      comeAndGo(second, secondBalance);
    }

    private static void comeAndGo(Signal signal, AtomicInteger balance) {
      Signal.Registration registration = signal.then(balance::incrementAndGet);
      if (registration.remove()) {
        balance.incrementAndGet();
      }
    }

    @Actor
    public void go() {
      stop.go();
    }

    @Arbiter
    public void arbiter(II_Result result) {
      result.r1 = Math.abs(firstBalance.get() - 1) + Math.abs(secondBalance.get() - 1);
      result.r2 =
          Firing.countLinked(stop)
              + Firing.countLinked(ownOfFirst)
              + Firing.countLinked(ownOfSecond);
    }
  }

  /** Composites are never behind their operands, and never before them. */
  @JCStressTest
  @Outcome(id = "true, true, true, true", expect = ACCEPTABLE, desc = "Signalled throughout.")
  @Outcome(id = "false, true, true, true", expect = ACCEPTABLE, desc = "Went after the first look.")
  @Outcome(id = "false, false, true, true", expect = ACCEPTABLE, desc = "Went after the second.")
  @Outcome(id = "false, false, false, true", expect = ACCEPTABLE, desc = "Went after the third.")
  @Outcome(id = "false, false, false, false", expect = ACCEPTABLE, desc = "Not yet.")
  @Outcome(expect = FORBIDDEN, desc = "A signal went back, or a composite lagged behind.")
  @State
  public static class ReadingAround {
    private final OpenSignal operand = Signal.create("operand");
    private final OpenSignal other = Signal.create("other");
    private final Signal either = operand.or(other);

    @Actor
    public void go() {
      operand.go();
    }

    @Actor
    public void reader(ZZZZ_Result result) {
      result.r1 = either.isSignalled();
      result.r2 = operand.isSignalled();
      result.r3 = either.isSignalled();
      result.r4 = operand.isSignalled();
    }
  }
}
