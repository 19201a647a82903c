package org.morethreads.thread;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.time.Duration;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.morethreads.fixture.Kind;

/** H5: tasks that leave no carrier to any other virtual thread do not hold a stop. */
@Timeout(60)
class BusyCarriersTest {
  private static final Duration BOUND = Duration.ofMillis(8_500);

  @RegisterExtension final Grove grove = new Grove();

  /** Keeps all carriers busy until it is interrupted; gives up in the end. */
  private static void spin() {
    long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (!Thread.currentThread().isInterrupted() && System.nanoTime() - end < 0) {
      Thread.onSpinWait();
    }
  }

  private static int carriers() {
    return Integer.getInteger(
        "jdk.virtualThreadScheduler.parallelism", Runtime.getRuntime().availableProcessors());
  }

  /**
   * A virtual thread that closes a tree gets no carrier while threads of the tree spin, and only an
   * interrupt ends them.
   */
  @Test
  void close_onAVirtualThreadWhileAllCarriersAreBusy_interruptsInTime() throws Exception {
    var policy = StopPolicy.standard().withAsk(Duration.ofMillis(200));
    long took =
        Kind.VIRTUAL
            .call(() -> {
              long begin = System.nanoTime();
              try (var tree = grove.open("t", policy)) {
                for (int i = 0; i < 2 * carriers(); i++) {
                  tree.run("spinner", _ -> spin());
                }
              }
              return System.nanoTime() - begin;
            })
            .get();
    assertThat(Duration.ofNanos(took)).isLessThan(BOUND);
  }

  /** A deadline is the library's own work: it does not wait for a carrier either. */
  @Test
  void deadline_whileAllCarriersAreBusy_isKept() throws Exception {
    var policy = StopPolicy.standard().withAsk(Duration.ofMillis(200));
    try (var tree = grove.open("t", policy)) {
      long begin = System.nanoTime();
      var spinners = new ManagedThread<?>[2 * carriers()];
      for (int i = 0; i < spinners.length; i++) {
        spinners[i] = tree.named("spinner").deadline(Duration.ofMillis(200)).run(_ -> spin());
      }
      for (ManagedThread<?> spinner : spinners) {
        var _ = spinner.awaitOutcome();
      }
      assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(BOUND);
    }
  }

  /** Nor does that of a scope, whose children are interrupted at once (H9). */
  @Test
  void deadlineOfAScope_whileAllCarriersAreBusy_isKept() throws Exception {
    try (var _ = grove.open("t")) {
      long begin = System.nanoTime();
      assertThatExceptionOfType(TimeoutException.class)
          .isThrownBy(() ->
              Scope.named("s")
                  .deadline(Duration.ofMillis(200))
                  .run(scope -> {
                    for (int i = 0; i < 2 * carriers(); i++) {
                      scope.run("spinner", _ -> spin());
                    }
                  }));
      assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(BOUND);
    }
  }
}
