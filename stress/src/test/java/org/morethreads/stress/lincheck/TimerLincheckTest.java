package org.morethreads.stress.lincheck;

import static org.morethreads.stress.lincheck.Pairs.call;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.atomic.AtomicInteger;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.Validate;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.morethreads.internal.Surroundings;
import org.morethreads.sync.Signal;
import org.morethreads.sync.Till;

/**
 * Tills, their timers and the hurry are linearizable (T1, T4); an action runs once or is removed,
 * and no timer stays for a till that nobody depends on (S3, S5).
 */
@Tag("lincheck")
class TimerLincheckTest {

  @Param(name = "till", gen = IntGen.class, conf = "0:2")
  @Param(name = "step", gen = IntGen.class, conf = "1:2")
  public static final class Operations {
    private static final int TILLS = 3;
    private static final int UNHURRIED = 2;

    private final HandTime time = new HandTime();
    private final HandTime.Maker maker = new HandTime.Maker(time);
    private final Till[] tills = new Till[TILLS];

    /** Those added to each till that have neither run nor been removed. */
    private final AtomicInteger[] due = new AtomicInteger[TILLS];

    private final List<Deque<Signal.Registration>> registrations = new ArrayList<>();

    public Operations() {
      Surroundings.remember(maker);
      try {
        tills[0] = Till.after(Duration.ofNanos(2));
        tills[1] = Till.after(Duration.ofNanos(4));
        tills[UNHURRIED] = Till.unhurried(Duration.ofNanos(3));
      } finally {
        Surroundings.remember(null);
      }
      for (int i = 0; i < TILLS; i++) {
        due[i] = new AtomicInteger();
        registrations.add(new ConcurrentLinkedDeque<>());
      }
    }

    @Operation(nonParallelGroup = "time")
    public void pass(@Param(name = "step") int step) {
      time.pass(step);
    }

    @Operation(runOnce = true, nonParallelGroup = "time")
    public void hurry() {
      maker.hurry();
    }

    @Operation
    public boolean isSignalled(@Param(name = "till") int till) {
      return tills[till].isSignalled();
    }

    @Operation
    public boolean isHurried(@Param(name = "till") int till) {
      return tills[till].isHurried();
    }

    @Operation
    public void add(@Param(name = "till") int till) {
      due[till].incrementAndGet();
      registrations.get(till).add(tills[till].then(due[till]::decrementAndGet));
    }

    @Operation
    public void remove(@Param(name = "till") int till) {
      Signal.Registration registration = registrations.get(till).poll();
      if (registration != null && registration.remove()) {
        due[till].decrementAndGet();
      }
    }

    /** At the end: what had to run has run, and no timer is left but for those who depend on it. */
    @Validate
    public void settle() {
      int awaited = 0;
      for (int i = 0; i < TILLS; i++) {
        boolean signalled = tills[i].isSignalled();
        int expected = signalled ? 0 : registrations.get(i).size();
        if (due[i].get() != expected) {
          throw new AssertionError(
              due[i] + " actions of till " + i + " are due, and not " + expected);
        }
        awaited += expected > 0 ? 1 : 0;
      }
      if (time.countTimers() != awaited) {
        throw new AssertionError(time.countTimers() + " timers for " + awaited + " tills");
      }
    }
  }

  /** The same for one thread. */
  public static final class Specification {
    private static final int[] DEADLINES = {2, 4, 3};
    private int now;
    private int hurriedAt = -1;

    public void pass(int step) {
      now += step;
    }

    public void hurry() {
      hurriedAt = now;
    }

    public boolean isSignalled(int till) {
      return now >= DEADLINES[till] || (hurriedAt >= 0 && till != Operations.UNHURRIED);
    }

    public boolean isHurried(int till) {
      return hurriedAt >= 0 && hurriedAt < DEADLINES[till] && till != Operations.UNHURRIED;
    }

    public void add(int till) {}

    public void remove(int till) {}

    @Override
    public boolean equals(Object other) {
      return other instanceof Specification its && its.now == now && its.hurriedAt == hurriedAt;
    }

    @Override
    public int hashCode() {
      return Objects.hash(now, hurriedAt);
    }
  }

  @Test
  void till_pairsModelChecked_areLinearizable() {
    Checks.modelCheck(
        Operations.class,
        Specification.class,
        Pairs.of(Operations.class)
            .from(call("add", 0))
            .meet(call("add", 0), call("remove", 0))
            .meetApart(call("pass", 2), call("hurry"))
            .end(call("remove", 0), call("remove", 0)));
  }

  @Test
  void till_modelChecked_isLinearizable() {
    Checks.modelCheck(Operations.class, Specification.class);
  }

  @Test
  void till_stressed_isLinearizable() {
    Checks.stress(Operations.class, Specification.class);
  }
}
