package org.morethreads.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.util.concurrent.atomic.AtomicInteger;
import org.morethreads.sync.Lock;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.I_Result;

/** The lock excludes, publishes, and loses no change (S2, L2, L3). */
public final class LockStressTest {
  private LockStressTest() {}

  /** Three threads count in plain fields; one field shows exclusion, the other visibility. */
  @JCStressTest
  @Outcome(id = "6, 0", expect = ACCEPTABLE, desc = "Every increment counts; nobody met another.")
  @Outcome(expect = FORBIDDEN, desc = "r1: increments that count; r2: meetings inside.")
  @State
  public static class Exclusion {
    private final Lock lock = Lock.create("lock");
    private int count;
    private boolean inside;
    private final AtomicInteger meetings = new AtomicInteger();

    @Actor
    public void first() {
      Uninterrupted.run(this::countTwice);
    }

    @Actor
    public void second() {
      Uninterrupted.run(this::countTwice);
    }

    @Actor
    public void third() {
      Uninterrupted.run(this::countTwice);
    }

    private void countTwice() throws InterruptedException {
      for (int i = 0; i < 2; i++) {
        try (Lock.Held _ = lock.acquire()) {
          if (inside) {
            meetings.incrementAndGet();
          }
          inside = true;
          count++;
          inside = false;
        }
      }
    }

    @Arbiter
    public void arbiter(II_Result result) {
      result.r1 = count;
      result.r2 = meetings.get();
    }
  }

  /** Ping-pong over plain fields: each change is seen by the one that waits for it. */
  @JCStressTest
  @Outcome(id = "2", expect = ACCEPTABLE, desc = "There and back.")
  @Outcome(expect = FORBIDDEN, desc = "A turn was lost.")
  @State
  public static class HandOver {
    private final Lock lock = Lock.create("lock");
    private int turn;

    @Actor
    public void first() {
      Uninterrupted.run(this::there);
    }

    @Actor
    public void second() {
      Uninterrupted.run(this::back);
    }

    private void there() throws InterruptedException {
      try (Lock.Held held = lock.acquire()) {
        turn = 1;
        while (turn != 2) {
          held.await();
        }
      }
    }

    private void back() throws InterruptedException {
      try (Lock.Held held = lock.acquire()) {
        while (turn != 1) {
          held.await();
        }
        turn = 2;
      }
    }

    @Arbiter
    public void arbiter(I_Result result) {
      result.r1 = turn;
    }
  }
}
