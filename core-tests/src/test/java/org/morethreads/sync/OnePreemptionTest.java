package org.morethreads.sync;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.morethreads.fixture.ChildJvm;
import org.morethreads.internal.SchedulePoint;

/**
 * Every pair of operations on a composite, with the second put whole into every schedule point of
 * the first: in a JVM with schedule points on, on one thread, so that each interleaving is the same
 * every time. After each, all signals are signalled or removed, and nothing may be left behind.
 */
@Timeout(120)
class OnePreemptionTest {
  @Test
  void everyPairOfOperations_preemptedOnce_keepsTheGuarantees() throws Exception {
    String output =
        ChildJvm.run(Explorer.class, List.of("-Dorg.morethreads.schedulePoints=true", "-ea"));
    System.out.println("one preemption: " + output.strip());
    assertThat(output).contains("interleavings, 0 violations");
  }

  /** The program. */
  static final class Explorer {
    private static final Map<String, Function<OpenSignal[], Signal>> SHAPES = new LinkedHashMap<>();
    private static final Map<String, Consumer<World>> OPERATIONS = new LinkedHashMap<>();

    static {
      SHAPES.put("or", s -> s[0].or(s[1]));
      SHAPES.put("and", s -> s[0].and(s[1]));
      SHAPES.put("nested", s -> s[0].or(s[1]).and(s[1].or(s[2])).or(s[3].and(s[4])));
      SHAPES.put("shared", s -> s[0].or(s[1].and(s[0].or(s[2]))).or(s[0]));
      SHAPES.put("with till", s -> s[0].or(Till.after(Duration.ofDays(1))).or(s[1]));
      SHAPES.put("large or", s -> Signal.anyOf(s));
      SHAPES.put("large and", s -> Signal.allOf(s));
      SHAPES.put("small over large", s -> Signal.anyOf(s).or(Signal.create("own")));
      SHAPES.put("large over large", Explorer::largeOverLarge);
      SHAPES.put(
          "large with till", s -> Signal.anyOf(s).or(Till.after(Duration.ofDays(1))).and(s[0]));

      OPERATIONS.put("go first", w -> w.leaves[0].go());
      OPERATIONS.put("go second", w -> w.leaves[1].go());
      OPERATIONS.put("go all", World::goAll);
      OPERATIONS.put("then", w -> w.attach());
      OPERATIONS.put("then and remove", w -> w.attach().remove());
      OPERATIONS.put("remove", w -> w.prepared.remove());
      OPERATIONS.put("read", w -> w.seen |= w.signal.isSignalled());
      OPERATIONS.put("compose", w -> w.composed = w.shape.apply(w.leaves).or(w.signal));
      OPERATIONS.put("compose and attach", World::composeAndAttach);
      OPERATIONS.put("await", World::await);
    }

    private static Signal largeOverLarge(OpenSignal[] s) {
      Signal chain = Signal.anyOf(s);
      for (int i = 0; i < 24; i++) {
        chain = i % 3 == 0 ? chain.and(s[i % s.length].or(chain)) : chain.or(s[i % s.length]);
      }
      return chain;
    }

    /** What two operations play with. */
    private static final class World {
      final Function<OpenSignal[], Signal> shape;
      final OpenSignal[] leaves = new OpenSignal[20];
      final Signal signal;
      final List<Attached> attached = new ArrayList<>();
      final Attached prepared;
      boolean seen;
      Signal composed;

      World(Function<OpenSignal[], Signal> shape, boolean prepare) {
        this.shape = shape;
        for (int i = 0; i < leaves.length; i++) {
          leaves[i] = Signal.create("s" + i);
        }
        signal = shape.apply(leaves);
        prepared = prepare ? attach() : new Attached();
      }

      Attached attach() {
        return attachTo(signal);
      }

      Attached attachTo(Signal some) {
        var each = new Attached();
        attached.add(each);
        each.registration = some.then(() -> each.ran++);
        return each;
      }

      void composeAndAttach() {
        composed = shape.apply(leaves).or(signal);
        attachTo(composed);
      }

      void await() {
        try {
          signal.await(leaves[2]); // which the scheduler signals
        } catch (InterruptedException e) {
          throw new IllegalStateException(e);
        }
      }

      void goAll() {
        for (OpenSignal leaf : leaves) {
          leaf.go();
        }
      }
    }

    private static final class Attached {
      Signal.Registration registration = () -> false;
      int ran;
      boolean removed;

      void remove() {
        removed |= registration.remove();
      }
    }

    private static int interleavings;
    private static int violations;

    public static void main(String[] arguments) {
      SHAPES.forEach((shapeName, shape) ->
          OPERATIONS.forEach((firstName, first) ->
              OPERATIONS.forEach((secondName, second) -> {
                for (boolean prepare : new boolean[] {false, true}) {
                  String name =
                      shapeName
                          + ": "
                          + firstName
                          + " < "
                          + secondName
                          + (prepare ? ", one attached" : "");
                  explore(name, shape, prepare, first, second);
                }
              })));
      System.out.println(interleavings + " interleavings, " + violations + " violations");
    }

    private static void explore(
        String name,
        Function<OpenSignal[], Signal> shape,
        boolean prepare,
        Consumer<World> first,
        Consumer<World> second) {
      boolean reached = true;
      for (int at = 0; reached; at++) {
        var world = new World(shape, prepare);
        int[] points = {0};
        boolean[] done = {false};
        int preemptAt = at;
        SchedulePoint.setScheduler(where -> {
          if (points[0]++ == preemptAt) {
            done[0] = true;
            second.accept(world);
          }
          if (where.equals("signal.await")) {
            world.leaves[2].go(); // there is no other thread to end the wait
          }
        });
        try {
          first.accept(world);
          SchedulePoint.setScheduler(null);
          interleavings++;
          check(world);
        } catch (Throwable failure) {
          SchedulePoint.setScheduler(null);
          violations++;
          if (violations < 20) {
            System.out.println(name + ", preempted at point " + at + ":");
            failure.printStackTrace(System.out);
          }
        }
        reached = done[0];
      }
    }

    private static void check(World world) {
      if (world.seen) {
        ensure(world.signal.isSignalled(), "was signalled, is not");
      }
      boolean before = world.signal.isSignalled();
      for (Attached each : world.attached) {
        ensure(each.ran <= 1, "ran " + each.ran + " times");
      }
      if (world.attached.size() > 0 && before && !world.attached.getFirst().removed) {
        ensure(world.attached.getFirst().ran == 1, "signalled, but the action has not run");
      }
      List.copyOf(world.attached).forEach(Attached::remove);
      for (OpenSignal leaf : world.leaves) {
        ensure(Probe.heldBy(leaf) == 0, "something is left though nobody depends on it");
      }
      world.goAll();
      ensure(world.signal.isSignalled(), "all leaves went, but it is not signalled");
      ensure(world.composed == null || world.composed.isSignalled(), "composed is not signalled");
      for (Attached each : world.attached) {
        ensure(each.ran == (each.removed ? 0 : 1), "removed " + each.removed + ", ran " + each.ran);
      }
    }

    private static void ensure(boolean condition, String message) {
      if (!condition) {
        throw new AssertionError(message);
      }
    }
  }
}
