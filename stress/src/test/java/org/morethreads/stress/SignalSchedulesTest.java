package org.morethreads.stress;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.morethreads.internal.Firing;
import org.morethreads.stress.schedule.Run.Timeouts;
import org.morethreads.stress.schedule.Schedules;
import org.morethreads.sync.OpenSignal;
import org.morethreads.sync.Signal;

/** No interleaving loses a wake-up or an action of a signal (S1, S3, S4, S5). */
class SignalSchedulesTest {

  // await, await | go
  @Test
  void await_racingGo_everyWaiterIsWoken() {
    Schedules.of(
            run -> {
              OpenSignal signal = Signal.create("signal");
              run.thread("first", signal::await);
              run.thread("second", signal::await);
              run.thread("go", signal::go);
              run.afterwards(() -> assertThat(Firing.countLive(signal)).isZero());
            })
        .timeouts(Timeouts.NEVER)
        .explore();
  }

  // then, remove | go left | go right
  @Test
  void or_thenAndRemoveRacingBothOperands_runsExactlyIfNotRemoved() {
    explorePair(/* all= */ false);
  }

  @Test
  void and_thenAndRemoveRacingBothOperands_runsExactlyIfNotRemoved() {
    explorePair(/* all= */ true);
  }

  private static void explorePair(boolean all) {
    Schedules.explore(run -> {
      OpenSignal left = Signal.create("left");
      OpenSignal right = Signal.create("right");
      Signal pair = all ? left.and(right) : left.or(right);
      var removable = new AtomicInteger();
      var staying = new AtomicInteger();
      run.thread(
          "registrant",
          () -> {
            Signal.Registration registration = pair.then(removable::incrementAndGet);
            pair.then(staying::incrementAndGet);
            if (registration.remove()) {
              removable.incrementAndGet();
            }
          });
      run.thread("left", left::go);
      run.thread("right", right::go);
      run.afterwards(() -> {
        assertThat(pair.isSignalled()).isTrue();
        assertThat(removable).hasValue(1);
        assertThat(staying).hasValue(1);
        assertThat(Firing.countLinked(left) + Firing.countLinked(right)).isZero();
      });
    });
  }
}
