package org.morethreads.thread;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.morethreads.fixture.Kind;
import org.morethreads.internal.Firing;
import org.morethreads.internal.Surroundings;
import org.morethreads.sync.Signal;
import org.morethreads.sync.Till;

/** How a thread is woken when it is told to stop: nothing hangs in its pleaseStop for that. */
class StopSignalTest {
  @RegisterExtension final Grove grove = new Grove();

  /** First everything composed is signalled, then anybody is woken, the told thread too (S3). */
  @ParameterizedTest
  @EnumSource
  void stop_composedSignalsHaveActions_theyAreSignalledBeforeTheThreadWakes(Kind kind)
      throws Exception {
    var composed = new AtomicReference<Signal>(Signal.NEVER);
    Queue<Boolean> signalledAtWake = new ConcurrentLinkedQueue<>();
    var watching =
        new ForwardingTime() {
          @Override
          public void unpark(Surroundings target, Thread thread) {
            if (target.describe().equals("t/sleeper")) {
              signalledAtWake.add(isFired(composed.get()));
            }
            super.unpark(target, thread);
          }
        };
    try (var _ = grove.open(StopPolicy.standard(), watching)) {
      var sleeper =
          Grove.named(kind, "sleeper")
              .call(_ -> Till.after(Duration.ofHours(1)).await(Signal.NEVER));
      composed.set(sleeper.pleaseStop().or(Signal.create("another")));
      composed.get().then(() -> {}); // from now on it hangs in the pleaseStop
      Grove.eventually(() -> isParked(sleeper));

      sleeper.stop();

      assertThat(sleeper.join()).isTrue();
      assertThat(signalledAtWake).isNotEmpty().containsOnly(true);
    }
  }

  private static boolean isFired(Signal signal) {
    return Firing.isFired(signal);
  }

  private static boolean isParked(ManagedThread<?> thread) {
    return thread.thread().orElseThrow().getState() == Thread.State.TIMED_WAITING;
  }

  /** Also a thread that is told in consequence of an end, with nothing hanging in its signal. */
  @ParameterizedTest
  @EnumSource
  void stop_ofANeededThreadAsleepOnItsOwnTill_wakesItWhenTheNeederHasStopped(Kind kind)
      throws Exception {
    grove.onVirtualTime((tree, time) -> {
      var needed =
          Grove.named(kind, "needed")
              .call(_ -> {
                Till.after(Duration.ofHours(1)).await();
                return time.elapsed();
              });
      var needer =
          Grove.named(kind, "needer")
              .needs(needed)
              .run(pleaseStop -> {
                pleaseStop.await();
                Signal.NEVER.await(Duration.ofSeconds(1));
              });
      time.awaitOthersBlocked();

      tree.stop();

      assertThat(needed.join()).isBetween(Duration.ofSeconds(1), Duration.ofMillis(1001));
      needer.join();
    });
  }

  @Test
  void pleaseStop_isNamedByThePath() throws Exception {
    try (var _ = grove.open("t")) {
      var thread = ManagedThread.run("x", Signal::await);
      assertThat(thread.pleaseStop()).hasToString("please stop t/x");
    }
  }
}
