package org.morethreads.sync;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.morethreads.fixture.Kind;
import org.morethreads.internal.Firing;

/**
 * Threads that compose, attach, remove, read, await, signal and drop at random, all over one signal
 * that lives on. Every action runs exactly once unless its removal was confirmed, and in the end
 * nothing is left in the signal that lives on (S1, S3–S6).
 */
@Timeout(120)
class RandomRaceTest {
  private static final long FOR_NANOS = Long.getLong("races.millis", 2500) * 1_000_000;
  private static final int THREADS = 4;
  private static final int LEAVES = 24;

  private final OpenSignal stop = Signal.create("stop");

  private static final class Attached {
    final Signal signal;
    final AtomicInteger ran = new AtomicInteger();
    final Signal.Registration registration;
    volatile boolean removed;

    Attached(Signal signal) {
      this.signal = signal;
      this.registration = signal.then(ran::incrementAndGet);
    }

    void remove() {
      if (registration.remove()) {
        assertThat(removed).as("removed twice").isFalse();
        removed = true;
      }
    }
  }

  /** What one round's threads share; plain, racy reads of the array are part of the game. */
  private static final class World {
    final OpenSignal[] leaves = new OpenSignal[LEAVES];
    final Signal[] known = new Signal[64];
    final Attached[] shared = new Attached[16];

    World(OpenSignal stop) {
      for (int i = 0; i < LEAVES; i++) {
        leaves[i] = Signal.create("s" + i);
      }
      for (int i = 0; i < known.length; i++) {
        known[i] = i % 8 == 0 ? stop : leaves[i % LEAVES];
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void everything_atRandom_everyActionOnceAndNothingLeft(Kind kind) throws Exception {
    long seed = Long.getLong("races.seed", System.nanoTime());
    System.out.println("random races: -Draces.seed=" + seed);
    var seeds = new SplittableRandom(seed);
    long end = System.nanoTime() + FOR_NANOS;
    long rounds = 0;
    long actions = 0;
    while (System.nanoTime() - end < 0) {
      actions += round(kind, seeds.split());
      rounds++;
    }
    awaitEmpty();
    System.out.println("random races: " + rounds + " rounds, " + actions + " actions");
  }

  private int round(Kind kind, SplittableRandom random) throws Exception {
    var world = new World(stop);
    var barrier = new CyclicBarrier(THREADS);
    var running = new ArrayList<Kind.Running<List<Attached>>>();
    for (int i = 0; i < THREADS; i++) {
      SplittableRandom own = random.split();
      running.add(
          kind.call(() -> {
            barrier.await();
            return play(world, own);
          }));
    }
    var all = new ArrayList<Attached>();
    for (var each : running) {
      all.addAll(each.get());
    }
    for (OpenSignal leaf : world.leaves) {
      leaf.go();
    }
    for (Attached each : all) {
      if (!each.signal.isSignalled()) {
        each.remove(); // it waits for what lives on, or for a till
      }
      awaitSettled(each);
    }
    long end = System.nanoTime() + 20_000_000_000L;
    while (Probe.heldBy(stop) > 0 && System.nanoTime() - end < 0) {
      Thread.yield(); // the timer may be in the middle of a firing
    }
    assertThat(Probe.heldBy(stop)).as("held by stop").isZero();
    return all.size();
  }

  private static void awaitSettled(Attached each) {
    long end = System.nanoTime() + 20_000_000_000L;
    while (!each.removed && each.ran.get() == 0 && System.nanoTime() - end < 0) {
      Thread.yield(); // the actions of a till run on a thread of their own
    }
    assertThat(each.ran.get())
        .as("removed %s, signalled %s", each.removed, each.signal.isSignalled())
        .isEqualTo(each.removed ? 0 : 1);
  }

  private static List<Attached> play(World world, SplittableRandom random) throws Exception {
    var mine = new ArrayList<Attached>();
    for (int step = 0; step < 60; step++) {
      Signal some = world.known[random.nextInt(world.known.length)];
      Signal other = world.known[random.nextInt(world.known.length)];
      switch (random.nextInt(12)) {
        case 0, 1 -> world.known[random.nextInt(world.known.length)] = some.or(other);
        case 2 -> world.known[random.nextInt(world.known.length)] = some.and(other);
        case 3 ->
            world.known[random.nextInt(world.known.length)] =
                random.nextBoolean()
                    ? some.or(Till.after(Duration.ofNanos(random.nextInt(300_000))))
                    : some.and(other).or(Till.after(Duration.ofDays(1)));
        case 4 ->
            world.known[random.nextInt(world.known.length)] =
                random.nextBoolean()
                    ? Signal.anyOf(world.known)
                    : Signal.allOf(world.leaves).or(some);
        case 5, 6 -> {
          var attached = new Attached(some);
          mine.add(attached);
          world.shared[random.nextInt(world.shared.length)] = attached;
        }
        case 7 -> {
          if (!mine.isEmpty()) {
            mine.get(random.nextInt(mine.size())).remove();
          }
        }
        case 8 -> {
          Attached attached = world.shared[random.nextInt(world.shared.length)];
          if (attached != null && random.nextBoolean()) {
            attached.remove();
          }
        }
        case 9 -> {
          boolean before = some.isSignalled();
          assertThat(before && !some.isSignalled()).as("un-signalled").isFalse();
        }
        case 10 -> {
          if (random.nextBoolean()) {
            some.await(Duration.ofNanos(random.nextInt(2_000)));
          } else {
            some.await(other.or(Till.after(Duration.ofNanos(random.nextInt(2_000)))));
          }
        }
        default -> {
          if (random.nextInt(4) == 0) {
            world.leaves[random.nextInt(LEAVES)].go();
          }
        }
      }
    }
    return mine;
  }

  private void awaitEmpty() throws InterruptedException {
    for (int i = 0; Firing.countLinked(stop) > 0; i++) {
      assertThat(i).as("%s left in stop", Firing.countLinked(stop)).isLessThan(200);
      WeakReference<Object> canary = new WeakReference<>(new Object());
      do {
        System.gc();
      } while (canary.get() != null);
      stop.or(Signal.create("next")); // takes out what was collected
      Thread.sleep(5); // the collector tells of it a little later
    }
  }
}
