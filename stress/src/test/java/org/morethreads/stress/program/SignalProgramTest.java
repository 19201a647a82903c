package org.morethreads.stress.program;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.morethreads.internal.Firing;
import org.morethreads.internal.Surroundings;
import org.morethreads.stress.lincheck.HandTime;
import org.morethreads.stress.schedule.Run;
import org.morethreads.stress.schedule.Run.Timeouts;
import org.morethreads.sync.OpenSignal;
import org.morethreads.sync.Progress;
import org.morethreads.sync.Signal;
import org.morethreads.sync.Till;

/**
 * Random expressions over signals, tills and points of a progress against Boolean algebra with time
 * (S1, S3 to S8, S10, T1, T4).
 */
class SignalProgramTest {

  /** A signal, what it has to be, and the actions that hang on it. */
  private static final class Expression {
    final String text;
    final Signal signal;
    final BooleanSupplier model;
    final List<Action> actions = new ArrayList<>();
    boolean latched;

    /** How many leaves are below, counted with multiplicity. */
    final int weight;

    Expression(String text, Signal signal, BooleanSupplier model) {
      this(text, signal, 1, model);
    }

    Expression(String text, Signal signal, int weight, BooleanSupplier model) {
      this.weight = weight;
      this.text = text;
      this.signal = signal;
      this.model = model;
    }

    boolean expected() {
      latched |= model.getAsBoolean();
      return latched;
    }
  }

  private static final class Action {
    final AtomicInteger runs = new AtomicInteger();
    Signal.Registration registration;
    boolean removed;
  }

  /** The leaves, and what is built on them. */
  private static final class Garden {
    private static final int OPEN = 4;
    private static final int LARGEST_LAZY = 16;

    final HandTime time = new HandTime();
    final HandTime.Maker maker = new HandTime.Maker(time);
    final List<OpenSignal> open = new ArrayList<>();
    final boolean[] gone = new boolean[OPEN];
    final Progress progress = Progress.create("progress");
    long advanced;
    long now;
    boolean hurried;
    final List<Expression> all = new ArrayList<>();

    Garden(Random random, int size, boolean timed) {
      for (int i = 0; i < OPEN; i++) {
        int which = i;
        OpenSignal leaf = Signal.create("s" + i);
        open.add(leaf);
        all.add(new Expression("s" + i, leaf, () -> gone[which]));
      }
      if (timed) {
        Surroundings.remember(maker);
        try {
          for (int i = 1; i <= 3; i++) {
            long due = 4L * i;
            all.add(
                new Expression(
                    "till " + due, Till.after(Duration.ofNanos(due)), () -> hurried || now >= due));
            all.add(
                new Expression(
                    "unhurried till " + due,
                    Till.unhurried(Duration.ofNanos(due)),
                    () -> now >= due));
          }
        } finally {
          Surroundings.remember(null);
        }
      }
      all.add(new Expression("reached 3", progress.reached(3), () -> advanced >= 3));
      all.add(new Expression("never", Signal.NEVER, () -> false));
      all.add(new Expression("done", Signal.DONE, () -> true));
      // In every other garden none is so large that it attaches itself for good (S6): leaves must
      // be bare in the end.
      boolean light = random.nextBoolean();
      while (all.size() < size) {
        all.add(compose(random, light));
      }
    }

    private Expression compose(Random random, boolean light) {
      List<Expression> operands = new ArrayList<>();
      int count = 2 + (random.nextInt(4) == 0 ? random.nextInt(light ? 4 : 20) : 0);
      int sum = 0;
      for (int i = 0; i < count; i++) {
        // mostly the newest ones, so that they become deep, and share operands
        int back = 1 + random.nextInt(random.nextInt(light ? 4 : 2) == 0 ? 4 : all.size());
        Expression operand = all.get(all.size() - Math.min(back, all.size()));
        if (light && sum + operand.weight + (count - 1 - i) > LARGEST_LAZY) {
          operand = all.get(random.nextInt(OPEN));
        }
        sum += operand.weight;
        operands.add(operand);
      }
      List<Signal> signals = operands.stream().map(operand -> operand.signal).toList();
      List<String> texts = operands.stream().map(operand -> operand.text).toList();
      int weight = sum;
      boolean any = random.nextBoolean();
      boolean pair = count == 2 && random.nextBoolean();
      if (any) {
        return new Expression(
            shortened("any" + texts),
            pair ? signals.get(0).or(signals.get(1)) : Signal.anyOf(signals),
            weight,
            () -> operands.stream().anyMatch(Expression::expected));
      }
      return new Expression(
          shortened("all" + texts),
          pair ? signals.get(0).and(signals.get(1)) : Signal.allOf(signals),
          weight,
          () -> operands.stream().allMatch(Expression::expected));
    }

    private static String shortened(String text) {
      return text.length() > 200 ? text.substring(0, 200) + "…" : text;
    }

    void checkLeavesAreBare() {
      for (OpenSignal leaf : open) {
        assertThat(Firing.countLinked(leaf)).as("dependents of " + leaf).isZero();
      }
      assertThat(time.countTimers()).as("timers").isZero();
      assertThat(awaitedPoints(progress)).as("awaited points").isZero();
    }
  }

  private static int awaitedPoints(Progress progress) {
    try {
      var field = Progress.class.getDeclaredField("awaited");
      field.setAccessible(true);
      return ((Map<?, ?>) field.get(progress)).size();
    } catch (ReflectiveOperationException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void expressions_anyOrder_areBooleanAlgebraWithTime() {
    Programs.run(400, this::runOne);
  }

  private void runOne(Random random) throws InterruptedException {
    Garden garden = new Garden(random, 18 + random.nextInt(20), /* timed= */ true);
    StringBuilder steps = new StringBuilder();
    for (int i = 0; i < 60; i++) {
      Expression one = garden.all.get(random.nextInt(garden.all.size()));
      switch (random.nextInt(12)) {
        case 0 -> {
          int which = random.nextInt(Garden.OPEN);
          if (random.nextInt(3) == 0) {
            steps.append("go ").append(which).append("; ");
            garden.gone[which] = true;
            garden.open.get(which).go();
          }
        }
        case 1 -> {
          int passed = random.nextInt(3);
          steps.append("pass ").append(passed).append("; ");
          garden.now += passed;
          garden.time.pass(passed);
        }
        case 2 -> {
          if (random.nextInt(12) == 0 && !garden.hurried) {
            steps.append("hurry; ");
            garden.hurried = true;
            garden.maker.hurry();
          }
        }
        case 3 -> {
          if (random.nextInt(4) == 0) {
            int by = 1 + random.nextInt(3);
            steps.append("advance ").append(by).append("; ");
            garden.advanced += by;
            garden.progress.advance(by);
          }
        }
        case 4, 5, 6 -> {
          steps.append("then on ").append(one.text).append("; ");
          Action action = new Action();
          one.actions.add(action);
          action.registration = one.signal.then(action.runs::incrementAndGet);
        }
        case 7, 8 -> remove(random, one);
        case 9 -> {
          boolean expected = one.expected();
          assertThat(one.signal.await(Duration.ZERO)).as(one.text).isEqualTo(expected);
        }
        default -> assertThat(one.signal.isSignalled()).as(one.text).isEqualTo(one.expected());
      }
      checkActions(garden, steps);
    }
    for (Expression each : garden.all) {
      assertThat(each.signal.isSignalled()).as(each.text).isEqualTo(each.expected());
      for (Action action : each.actions) {
        if (action.registration.remove()) {
          assertThat(each.expected()).as("an action of %s that had not run", each.text).isFalse();
        }
      }
    }
    // heavier ones attach themselves for as long as they live (S6)
    if (garden.all.stream().allMatch(each -> each.weight <= Garden.LARGEST_LAZY)) {
      garden.checkLeavesAreBare();
    }
  }

  // S5: found by program 151
  @Test
  void composite_ofATillThatHasGoneEarly_leavesNoTimer() {
    HandTime time = new HandTime();
    HandTime.Maker maker = new HandTime.Maker(time);
    OpenSignal open = Signal.create("open");
    Surroundings.remember(maker);
    Till till = Till.after(Duration.ofNanos(4));
    Surroundings.remember(null);
    till.then(() -> {});
    maker.hurry();
    Signal.Registration first = till.and(open).then(() -> {});
    Signal.Registration second = till.and(open.or(Signal.create("other"))).then(() -> {});
    assertThat(time.countTimers()).isZero();
    assertThat(first.remove() && second.remove()).isTrue();
    assertThat(time.countTimers()).isZero();
    assertThat(Firing.countLinked(open)).isZero();
  }

  private static void remove(Random random, Expression one) {
    if (!one.actions.isEmpty()) {
      Action action = one.actions.get(random.nextInt(one.actions.size()));
      boolean now = action.registration.remove();
      assertThat(now)
          .as("removal from %s", one.text)
          .isEqualTo(!action.removed && action.runs.get() == 0);
      action.removed |= now;
    }
  }

  private static void checkActions(Garden garden, StringBuilder steps) {
    for (Expression each : garden.all) {
      boolean expected = each.expected();
      for (Action action : each.actions) {
        assertThat(action.runs.get())
            .as("runs of an action on %s, after: %s", each.text, steps)
            .isEqualTo(expected && !action.removed ? 1 : 0);
      }
    }
  }

  // the leaves go on three threads, while a fourth adds and removes actions, and waits
  @Test
  void expressions_leavesGoAtOnce_everyActionRunsOnceOrIsRemoved() {
    Programs.explore(60, 8, Timeouts.NEVER, seed -> run -> setUp(Programs.random(seed), run));
  }

  private static void setUp(Random random, Run run) {
    Garden garden = new Garden(random, 14 + random.nextInt(8), /* timed= */ false);
    List<Integer> picked = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      picked.add(random.nextInt(garden.all.size()));
    }
    List<Integer> leaves = new ArrayList<>();
    for (int i = 0; i < Garden.OPEN; i++) {
      if (random.nextInt(4) > 0) {
        leaves.add(i);
        garden.gone[i] = true;
      }
    }
    long steps = random.nextInt(5);
    garden.advanced = steps;
    for (int which : leaves) {
      run.thread("go " + which, () -> garden.open.get(which).go());
    }
    run.thread(
        "advancer",
        () -> {
          for (int i = 0; i < steps; i++) {
            garden.progress.advance();
          }
        });
    run.thread(
        "registrant",
        () -> {
          for (int i = 0; i < picked.size(); i++) {
            Expression one = garden.all.get(picked.get(i));
            Action action = new Action();
            one.actions.add(action);
            action.registration = one.signal.then(action.runs::incrementAndGet);
            if (i % 3 == 2) {
              action.removed = action.registration.remove();
            }
          }
          for (int i : picked) {
            if (garden.all.get(i).expected()) {
              garden.all.get(i).signal.await();
            }
          }
        });
    run.afterwards(() -> {
      for (Expression each : garden.all) {
        boolean expected = each.expected();
        assertThat(each.signal.isSignalled()).as(each.text).isEqualTo(expected);
        for (Action action : each.actions) {
          assertThat(action.runs.get())
              .as("runs of an action on %s", each.text)
              .isEqualTo(expected && !action.removed ? 1 : 0);
        }
      }
    });
  }
}
