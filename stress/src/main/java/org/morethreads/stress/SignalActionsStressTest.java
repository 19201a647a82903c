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
import org.openjdk.jcstress.infra.results.I_Result;
import org.openjdk.jcstress.infra.results.ZI_Result;

/** An action runs exactly once, or never when {@code remove()} has said so (S1, S3, S4). */
public final class SignalActionsStressTest {
  private SignalActionsStressTest() {}

  /** Registration against two racing {@code go()}: pushed and taken, or refused and run at once. */
  @JCStressTest
  @Outcome(id = "1", expect = ACCEPTABLE, desc = "Ran once.")
  @Outcome(expect = FORBIDDEN, desc = "Lost, or ran twice.")
  @State
  public static class ThenAgainstTwoGos {
    private final OpenSignal signal = Signal.create("signal");
    private final AtomicInteger runs = new AtomicInteger();

    @Actor
    public void first() {
      signal.go();
    }

    @Actor
    public void second() {
      signal.go();
    }

    @Actor
    public void registrant() {
      signal.then(runs::incrementAndGet);
    }

    @Arbiter
    public void arbiter(I_Result result) {
      result.r1 = runs.get();
    }
  }

  /** Removal against {@code go()}: one CAS on the action decides. */
  @JCStressTest
  @Outcome(id = "true, 0", expect = ACCEPTABLE, desc = "Removed, and did not run.")
  @Outcome(id = "false, 1", expect = ACCEPTABLE, desc = "Ran, and was not removed.")
  @Outcome(expect = FORBIDDEN, desc = "Ran though removed, or neither ran nor was removed.")
  @State
  public static class RemoveAgainstGo {
    private final OpenSignal signal = Signal.create("signal");
    private final AtomicInteger runs = new AtomicInteger();
    private final Signal.Registration registration = signal.then(runs::incrementAndGet);

    @Actor
    public void go() {
      signal.go();
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

  /**
   * Two dependents come to and leave one signal while it fires: each sweep writes links that the
   * firing thread reads. Each action runs exactly if it was not removed, one that stays runs, and
   * nothing is left behind.
   */
  @JCStressTest
  @Outcome(id = "0, 1, 0", expect = ACCEPTABLE, desc = "All as they were told.")
  @Outcome(
      expect = FORBIDDEN,
      desc = "r1: answers that were wrong; r2: runs of the one that stays; r3: left over.")
  @State
  public static class ComingAndGoingAgainstGo {
    private final OpenSignal stop = Signal.create("stop");
    private final AtomicInteger staying = new AtomicInteger();
    private final AtomicInteger wrong = new AtomicInteger();

    public ComingAndGoingAgainstGo() {
      stop.then(staying::incrementAndGet);
    }

    @Actor
    public void first() {
      comeAndGo();
    }

    @Actor
    public void second() {
      comeAndGo();
    }

    private void comeAndGo() {
      var runs = new AtomicInteger();
      Signal.Registration one = stop.then(runs::incrementAndGet);
      Signal.Registration other = stop.then(() -> {});
      other.remove();
      boolean removed = one.remove();
      if (removed && runs.get() != 0) {
        wrong.incrementAndGet(); // when not removed it may run a little later
      }
      if (removed && one.remove()) {
        wrong.incrementAndGet();
      }
    }

    @Actor
    public void go() {
      stop.go();
    }

    @Arbiter
    public void arbiter(III_Result result) {
      result.r1 = wrong.get();
      result.r2 = staying.get();
      result.r3 = Firing.countLinked(stop);
    }
  }
}
