package org.morethreads.sync;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.morethreads.fixture.Kind;
import org.morethreads.internal.Firing;

/** S1, S4, S5, S6 for composites of more leaves than are read one by one. */
@Timeout(60)
class LargeCompositeTest {
  private final OpenSignal stop = Signal.create("stop");
  private final AtomicInteger ran = new AtomicInteger();

  /**
   * Regression: a firing that took down a composite over an attached one acquired the lock that
   * guards the strength of its edges, and so waited for whoever had it.
   */
  @Test
  void go_theStrengthLockIsHeld_waitsForNobody() throws Exception {
    Signal large = large(stop);
    OpenSignal own = Signal.create("own");
    large.or(own).then(ran::incrementAndGet);
    large.and(own).then(ran::incrementAndGet);
    large.then(ran::incrementAndGet);
    Probe.strength().acquire();
    try {
      Kind.PLATFORM
          .call(() -> {
            own.go();
            assertThat(ran).hasValue(1);
            stop.go();
            return null;
          })
          .get();
    } finally {
      Probe.strength().release();
    }
    assertThat(ran).hasValue(3);
  }

  @Test
  void then_nobodyHoldsIt_survivesCollectionsAndRuns() throws Exception {
    attachAndForget();
    for (int i = 0; i < 3; i++) {
      collect();
    }
    stop.go();
    assertThat(ran).hasValue(3);
  }

  private void attachAndForget() {
    large(stop).then(ran::incrementAndGet);
    large(large(stop)).then(ran::incrementAndGet);
    large(stop).or(Signal.create("own")).then(ran::incrementAndGet);
  }

  @Test
  void or_dropped_isCollectedAndLeavesNothing() throws Exception {
    WeakReference<Signal> dropped = new WeakReference<>(large(large(stop)));
    collect();
    assertThat(dropped.get()).isNull();
    stop.or(Signal.create("next")); // takes out what was collected
    awaitEmpty();
  }

  /** S5: a leaf that lives on keeps nothing of a composite that is decided. */
  @Test
  void go_ofOneLeaf_leavesNothingInTheOthers() {
    OpenSignal own = Signal.create("own");
    Signal large = large(stop, own);
    assertThat(Firing.countLinked(stop)).isEqualTo(1);
    own.go();
    assertThat(Firing.countLinked(stop)).isZero();
    assertThat(large.isSignalled()).isTrue();
  }

  @Test
  void or_ofOneThatHasGone_leavesNothingInTheOthers() {
    OpenSignal gone = Signal.create("gone");
    gone.go();
    assertThat(large(stop, gone).isSignalled()).isTrue();
    assertThat(Firing.countLinked(stop)).isZero();
  }

  @Test
  void remove_ofTheLastAction_letsItBeCollected() throws Exception {
    var registration = new Signal.Registration[] {large(large(stop)).then(ran::incrementAndGet)};
    collect();
    assertThat(Probe.heldBy(stop)).isPositive();
    assertThat(registration[0].remove()).isTrue();
    registration[0] = null;
    assertThat(Probe.heldBy(stop)).isZero();
    collect();
    awaitEmpty();
  }

  /**
   * Regression: what hung in the leaves for a dropped composite kept the attached one below it
   * alive, so that a chain was given back by one link for each collection.
   */
  @Test
  void or_longChainDropped_isCollectedAtOnce() throws Exception {
    WeakReference<Signal> lowest = chain(2000);
    collect();
    assertThat(lowest.get()).isNull();
    awaitEmpty();
  }

  private WeakReference<Signal> chain(int length) {
    Signal chain = large(stop);
    var lowest = new WeakReference<>(chain);
    for (int i = 0; i < length; i++) {
      chain = chain.or(i % 16 == 0 ? stop : Signal.create("other"));
    }
    return lowest;
  }

  @Test
  void await_afterItFired_holdsNothingBelow() throws Exception {
    Signal below = large(stop);
    OpenSignal own = Signal.create("own");
    Signal above = large(below, own);
    above.then(ran::incrementAndGet);
    own.go();
    above.await();
    above.then(ran::incrementAndGet);
    assertThat(ran).hasValue(2);
    assertThat(Probe.heldBy(stop)).isZero();
    assertThat(below.isSignalled()).isFalse();
  }

  @Test
  void await_endedByTime_holdsNothing() throws Exception {
    Signal large = large(stop);
    assertThat(large.await(Duration.ofMillis(1))).isFalse();
    assertThat(Probe.heldBy(stop)).isZero();
    assertThat(large.isSignalled()).isFalse();
  }

  @Test
  void and_leavesFireInAnyOrder_firesOnceAfterTheLast() {
    for (int first = 0; first < 60; first += 7) {
      List<OpenSignal> leaves =
          IntStream.range(0, 60).mapToObj(i -> Signal.create("s" + i)).toList();
      var once = new AtomicInteger();
      Signal all = Signal.allOf(leaves);
      all.then(once::incrementAndGet);
      for (int i = 0; i < 60; i++) {
        assertThat(once).hasValue(0);
        assertThat(all.isSignalled()).isFalse();
        leaves.get((first + i * 37) % 60).go();
      }
      assertThat(once).hasValue(1);
    }
  }

  // ---- helpers

  private static Signal large(Signal... some) {
    var leaves = new ArrayList<>(List.of(some));
    for (int i = 0; i < 20; i++) {
      leaves.add(Signal.create("leaf " + i));
    }
    return Signal.anyOf(leaves);
  }

  private static void collect() throws InterruptedException {
    WeakReference<Object> canary = new WeakReference<>(new Object());
    for (int i = 0; canary.get() != null || i < 2; i++) {
      System.gc();
    }
  }

  /** Composes until what the collector has found, some time after the collection, is taken out. */
  private void awaitEmpty() {
    long end = System.nanoTime() + 20_000_000_000L;
    while (Firing.countLinked(stop) > 0) {
      assertThat(System.nanoTime() - end).as("something is left in the operand").isNegative();
      Signal.create("a").or(Signal.create("b"));
      Thread.yield();
    }
  }
}
