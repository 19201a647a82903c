package org.morethreads.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * Must fail: shows that the suite, as it is built and run, can find something. {@code stress/run}
 * runs it apart from the others, and fails when it passes.
 */
@JCStressTest
@Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "Both ran.")
@Outcome(expect = FORBIDDEN, desc = "An action was lost, as planted.")
@State
public class PlantedStressTest {
  private final LossySignal signal = new LossySignal();
  private final AtomicInteger first = new AtomicInteger();
  private final AtomicInteger second = new AtomicInteger();

  @Actor
  public void first() {
    signal.then(first::incrementAndGet);
  }

  @Actor
  public void second() {
    signal.then(second::incrementAndGet);
  }

  @Arbiter
  public void arbiter(II_Result result) {
    signal.go();
    result.r1 = first.get();
    result.r2 = second.get();
  }

  /** The stack of a signal, with a planted bug: it is pushed to without CAS. */
  private static final class LossySignal {
    private record Node(Runnable action, Node next) {}

    private volatile Node head;

    void then(Runnable action) {
      head = new Node(action, head);
    }

    void go() {
      for (Node node = head; node != null; node = node.next) {
        node.action.run();
      }
    }
  }
}
