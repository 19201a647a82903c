package org.morethreads.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * One pass of a firing, step by step: what no signal of the library shows from outside, or only
 * some of them (S3), and what is left of those who depended on it (S5).
 */
@Timeout(60)
class FiringTest {
  private final List<String> log = new ArrayList<>();
  private final Place here = new Place();

  // ---- the order of a pass

  @Test
  void fire_everyKindOfDependent_firstSignalsThenWakesThenRuns() {
    Shot cause = new Shot("cause");
    Shot composed = new Shot("composed");
    action(cause, "1");
    waiter(cause);
    Firing.push(cause, new Hook(composed, true));
    action(composed, "3");
    waiter(composed);
    action(cause, "2");
    assertThat(Firing.fire(cause)).isTrue();
    assertThat(log)
        .containsExactly(
            "cause fired", "composed fired", "cause wakes", "unpark", "unpark", "1", "2", "3");
    assertThat(Firing.isFired(composed)).isTrue();
  }

  /** The composed signal that fires another one, and one that nobody depends on. */
  @Test
  void fire_composedOfComposed_signalsAllBeforeItWakes() {
    Shot cause = new Shot("cause");
    Shot middle = new Shot("middle");
    Shot last = new Shot("last");
    Firing.push(cause, new Hook(middle, true));
    Firing.push(cause, new Hook(null, true)); // not due yet
    Firing.push(middle, new Hook(last, true));
    action(cause, "1");
    assertThat(Firing.fire(cause)).isTrue();
    assertThat(log)
        .containsExactly("cause fired", "middle fired", "last fired", "cause wakes", "1");
  }

  @Test
  void fire_composedHasFiredBefore_leavesItAlone() {
    Shot cause = new Shot("cause");
    Shot composed = new Shot("composed");
    Firing.push(cause, new Hook(composed, true));
    Firing.fire(composed);
    log.clear();
    assertThat(Firing.fire(cause)).isTrue();
    assertThat(log).containsExactly("cause fired", "cause wakes");
  }

  @Test
  void fire_again_isFalseAndDoesNothing() {
    Shot cause = new Shot("cause");
    action(cause, "1");
    assertThat(Firing.fire(cause)).isTrue();
    log.clear();
    assertThat(Firing.fire(cause)).isFalse();
    assertThat(Firing.begin(cause)).isNull();
    assertThat(log).isEmpty();
  }

  @Test
  void fire_nobodyDepends_signalsAndWakes() {
    assertThat(Firing.fire(new Shot("fire"))).isTrue();
    assertThat(Firing.begin(new Shot("begin"))).isNull();
    assertThat(log).containsExactly("fire fired", "fire wakes", "begin fired", "begin wakes");
  }

  @Test
  void latch_nobodyDepends_marksAndSaysSoOnce() {
    Shot shot = new Shot("shot");
    Firing.latch(shot);
    Firing.latch(shot);
    assertThat(Firing.isFired(shot)).isTrue();
    assertThat(log).containsExactly("shot fired");
  }

  @Test
  void latch_somebodyDepends_leavesItToWhoFires() {
    Shot shot = new Shot("shot");
    action(shot, "1");
    Firing.latch(shot);
    assertThat(Firing.isFired(shot)).isFalse();
    assertThat(log).isEmpty();
    Firing.fire(shot);
    assertThat(log).containsExactly("shot fired", "shot wakes", "1");
  }

  @Test
  void isSignalled_byComputationOrFired_isTrue() {
    Shot shot = new Shot("shot");
    assertThat(Firing.isSignalled(shot)).isFalse();
    shot.computes = true;
    assertThat(Firing.isSignalled(shot)).isTrue();
    assertThat(Firing.isFired(shot)).isFalse();
    assertThat(Firing.isSignalled(new Shot("other"))).isFalse();
    Shot fired = new Shot("fired");
    Firing.fire(fired);
    assertThat(Firing.isSignalled(fired)).isTrue();
  }

  /** What is told as a consequence is signalled and awake before any action runs (H3, H4). */
  @Test
  void fire_consequences_areWholePassesBeforeTheActions() {
    Shot cause = new Shot("cause");
    Shot second = new Shot("second");
    Shot third = new Shot("third");
    Shot ofThird = new Shot("composed of third");
    Shot alone = new Shot("alone");
    action(cause, "action of cause");
    Firing.push(cause, new Hook(second, false));
    Firing.push(cause, new Hook(alone, false));
    waiter(cause);
    action(second, "action of second");
    Firing.push(second, new Hook(third, false));
    waiter(second);
    Firing.push(third, new Hook(ofThird, true));
    action(ofThird, "action composed of third");
    assertThat(Firing.fire(cause)).isTrue();
    assertThat(log)
        .containsExactly(
            "cause fired",
            "second fired",
            "alone fired",
            "cause wakes",
            "unpark",
            "third fired",
            "second wakes",
            "unpark",
            "alone wakes",
            "composed of third fired",
            "third wakes",
            "action of cause",
            "action of second",
            "action composed of third");
  }

  @Test
  void begin_actions_areLeftToFinish() {
    Shot cause = new Shot("cause");
    Shot second = new Shot("second");
    action(cause, "action");
    Firing.push(cause, new Hook(second, false));
    action(second, "action of second");
    Firing pass = Firing.begin(cause);
    assertThat(pass).isNotNull();
    assertThat(log).containsExactly("cause fired", "second fired", "cause wakes", "second wakes");
    log.clear();
    pass.finish();
    assertThat(log).containsExactly("action", "action of second");
    log.clear();
    pass.finish();
    assertThat(log).as("finished again").isEmpty();
  }

  @Test
  void begin_onlyAnAction_isToBeFinished() {
    Shot cause = new Shot("cause");
    action(cause, "action");
    Firing pass = Firing.begin(cause);
    assertThat(pass).isNotNull();
    pass.finish();
    assertThat(log).containsExactly("cause fired", "cause wakes", "action");
  }

  @Test
  void begin_onlyAConsequenceHasActions_isToBeFinished() {
    Shot cause = new Shot("cause");
    Shot second = new Shot("second");
    Firing.push(cause, new Hook(second, false));
    action(second, "action of second");
    Firing pass = Firing.begin(cause);
    assertThat(pass).isNotNull();
    pass.finish();
    assertThat(log).endsWith("action of second");
  }

  @Test
  void begin_onlyWaiters_leavesNothingToFinish() {
    Shot cause = new Shot("cause");
    waiter(cause);
    assertThat(Firing.begin(cause)).isNull();
    assertThat(log).containsExactly("cause fired", "cause wakes", "unpark");
  }

  @Test
  void fire_removedButNotSweptYet_areNotAsked() {
    Shot cause = new Shot("cause");
    Shot composed = new Shot("composed");
    List<Dependent> others = actions(cause, 16);
    Dependent hook = new Hook(composed, true);
    Dependent action = new Dependent.Action(cause, () -> log.add("removed"));
    Dependent link = new Dependent.WaitLink(here, Thread.currentThread());
    Firing.push(cause, hook);
    Firing.push(cause, action);
    Firing.push(cause, link);
    Firing.remove(cause, others.get(0)); // after this sweep several may stay
    assertThat(Firing.remove(cause, hook)).isTrue();
    assertThat(Firing.remove(cause, action)).isTrue();
    assertThat(Firing.remove(cause, link)).isTrue();
    assertThat(Firing.countLinked(cause)).isEqualTo(18);
    assertThat(Firing.countLive(cause)).isEqualTo(15);
    Firing.fire(cause);
    assertThat(log).hasSize(17).startsWith("cause fired", "cause wakes", "1").endsWith("15");
    assertThat(Firing.isFired(composed)).isFalse();
  }

  // ---- where actions run

  @Test
  void fire_detached_actionsOfEachSignalHaveAThreadOfTheirOwn() {
    Shot cause = new Shot("cause");
    Shot composed = new Shot("composed");
    cause.detached = here;
    action(cause, "1");
    waiter(cause);
    action(cause, "2");
    Firing.push(cause, new Hook(composed, true));
    action(composed, "3");
    action(composed, "4");
    Firing.fire(cause);
    assertThat(log).containsExactly("cause fired", "composed fired", "cause wakes", "unpark");
    log.clear();
    assertThat(here.time.names)
        .containsExactly("actions of signal cause", "actions of signal composed");
    here.time.started.get(1).run();
    assertThat(log).containsExactly("3", "4");
    here.time.started.get(0).run();
    assertThat(log).containsExactly("3", "4", "1", "2");
  }

  @Test
  void fire_detachedButNoThreadToBeHad_runsThemAllHereAndSaysSo() {
    Shot cause = new Shot("cause");
    Shot composed = new Shot("composed");
    cause.detached = here;
    here.time.failure = new OutOfMemoryError("planted");
    action(cause, "1");
    action(cause, "2");
    Firing.push(cause, new Hook(composed, true));
    action(composed, "3");
    List<String> reported = new ArrayList<>();
    Log.setListener((_, message, _) -> reported.add(message));
    try {
      Firing.fire(cause);
    } finally {
      Log.setListener(null);
    }
    assertThat(log).endsWith("1", "2", "3");
    assertThat(reported)
        .containsExactly(
            "No thread could be started for the actions of \"signal cause\"; they run here.",
            "No thread could be started for the actions of \"signal composed\"; they run here.");
  }

  @Test
  void runNow_action_runsOnTheCaller() {
    Firing.runNow(new Shot("shot"), () -> log.add("ran on " + Thread.currentThread().threadId()));
    assertThat(log).containsExactly("ran on " + Thread.currentThread().threadId());
  }

  // ---- what is left

  /** Who keeps a handle keeps nothing else alive (S5). */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void fire_handlesAreKept_areLinkedToNothing(boolean detached) {
    Shot cause = new Shot("cause");
    List<Dependent> all = actions(cause, 3);
    Dependent link = new Dependent.WaitLink(here, Thread.currentThread());
    Firing.push(cause, link);
    all.add(link);
    all.addAll(actions(cause, 2));
    cause.detached = detached ? here : null;
    Firing.fire(cause);
    here.time.started.forEach(Runnable::run);
    assertThat(log).contains("0", "1", "2");
    for (Dependent each : all) {
      assertThat(each.next).isNull();
      assertThat(each.after).isNull();
    }
    assertThat(Firing.countLinked(cause)).isZero();
    assertThat(Firing.countLive(cause)).isZero();
  }

  @Test
  void remove_fired_saysWhetherItWasUsed() {
    Shot cause = new Shot("cause");
    Dependent action = actions(cause, 1).getFirst();
    Dependent link = new Dependent.WaitLink(here, Thread.currentThread());
    Firing.push(cause, link);
    Firing.fire(cause);
    assertThat(Firing.remove(cause, action)).isFalse();
    assertThat(Firing.remove(cause, link)).isTrue();
    assertThat(Firing.remove(cause, link)).isFalse();
    assertThat(Firing.push(cause, new Hook(null, true))).isFalse();
  }

  /** One that is dead, and hangs on until the next sweep, keeps nothing alive. */
  @Test
  void remove_notSweptYet_hasForgotten() {
    Shot cause = new Shot("cause");
    List<Dependent> others = actions(cause, 16);
    Hook hook = new Hook(null, true);
    Firing.push(cause, hook);
    remove(cause, others, 0);
    assertThat(Firing.remove(cause, hook)).isTrue();
    assertThat(Firing.countLinked(cause)).isEqualTo(16);
    assertThat(hook.forgotten).isTrue();
  }

  /** The dead gather to between a quarter and half of the living before a sweep, not longer. */
  @Test
  void remove_manyDepend_sweepsWhenAQuarterOfThemHasGathered() {
    Shot shot = new Shot("shot");
    List<Dependent> all = actions(shot, 100);
    remove(shot, all, 50); // the first removal sweeps: nothing is known of how many there are
    assertThat(Firing.countLinked(shot)).isEqualTo(99);
    for (int i = 1; i < 32; i++) {
      remove(shot, all, 50);
      assertThat(Firing.countLinked(shot)).isEqualTo(99);
      assertThat(Firing.countLive(shot)).isEqualTo(99 - i);
    }
    remove(shot, all, 50);
    assertThat(Firing.countLinked(shot)).isEqualTo(67);
    for (int i = 0; i < 64; i++) {
      remove(shot, all, 0);
    }
    assertThat(Firing.countLive(shot)).isEqualTo(3);
    assertThat(Firing.countLinked(shot)).isLessThanOrEqualTo(4);
    assertThat(shot.removedNodes()).isLessThanOrEqualTo(1);
  }

  /** Against a list, with removals anywhere: order, counts, and how many dead ones may hang on. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void removeAndPush_atRandom_keepTheOthersInOrderAndFewOfTheDead(long seed) {
    var random = new SplittableRandom(seed);
    Shot shot = new Shot("shot");
    List<Dependent> present = new ArrayList<>();
    List<String> names = new ArrayList<>();
    int most = random.nextInt(1, 40);
    int next = 0;
    for (int i = 0; i < 2_000; i++) {
      if (present.size() < most && random.nextInt(3) > 0) {
        String name = "action " + next++;
        present.add(action(shot, name));
        names.add(name);
      } else if (!present.isEmpty()) {
        int which = random.nextInt(present.size());
        names.remove(which);
        assertThat(Firing.remove(shot, present.remove(which))).isTrue();
      }
      assertThat(Firing.countLive(shot)).isEqualTo(present.size());
      assertThat(Firing.countLinked(shot) - present.size()).isLessThanOrEqualTo(most / 2);
    }
    Firing.fire(shot);
    assertThat(log.subList(2, log.size())).isEqualTo(names);
  }

  private Dependent.Action action(Shot shot, String text) {
    var action = new Dependent.Action(shot, () -> log.add(text));
    assertThat(Firing.push(shot, action)).isTrue();
    return action;
  }

  private List<Dependent> actions(Shot shot, int count) {
    List<Dependent> all = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      all.add(action(shot, String.valueOf(i)));
    }
    return all;
  }

  private void waiter(Shot shot) {
    assertThat(Firing.push(shot, new Dependent.WaitLink(here, Thread.currentThread()))).isTrue();
  }

  private static void remove(Shot shot, List<Dependent> all, int index) {
    assertThat(Firing.remove(shot, all.remove(index))).isTrue();
  }

  /** A signal that says what is done with it. */
  private final class Shot extends OneShot {
    private final String name;
    boolean computes;
    Surroundings detached;

    Shot(String name) {
      this.name = name;
    }

    int removedNodes() {
      return countLinked() - countLive();
    }

    @Override
    protected boolean compute() {
      return computes;
    }

    @Override
    protected Surroundings detached() {
      return detached;
    }

    @Override
    protected void onFired() {
      log.add(name + " fired");
    }

    @Override
    protected void onWake() {
      log.add(name + " wakes");
    }

    @Override
    public String toString() {
      return "signal " + name;
    }
  }

  /** Fires a further signal. */
  private static final class Hook extends Dependent.Hook {
    private final OneShot further;
    private final boolean composes;
    boolean forgotten;

    Hook(OneShot further, boolean composes) {
      this.further = further;
      this.composes = composes;
    }

    @Override
    protected OneShot fired() {
      return further;
    }

    @Override
    protected boolean composes() {
      return composes;
    }

    @Override
    protected void forget() {
      forgotten = true;
    }
  }

  /** Surroundings whose time says what it is asked for. */
  private final class Place extends Surroundings {
    final Recorder time = new Recorder();

    @Override
    public Time time() {
      return time;
    }

    @Override
    public boolean isOf(Thread thread) {
      return false;
    }

    @Override
    public boolean isHurried() {
      return false;
    }

    @Override
    public long hurriedAtNanos() {
      return 0;
    }

    @Override
    public Instant hurriedAt() {
      return Instant.EPOCH;
    }

    @Override
    public OneShot hurrySignal() {
      return null;
    }

    @Override
    public String describe() {
      return "here";
    }
  }

  private final class Recorder extends Time {
    final List<String> names = new ArrayList<>();
    final List<Runnable> started = new ArrayList<>();
    Error failure;

    @Override
    public long nanoTime() {
      return 0;
    }

    @Override
    public Instant now() {
      return Instant.EPOCH;
    }

    @Override
    public void park(Surroundings self, Object blocker) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void parkNanos(Surroundings self, Object blocker, long nanos) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void unpark(Surroundings target, Thread thread) {
      log.add("unpark");
    }

    @Override
    public void interrupt(Surroundings target, Thread thread) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Scheduled schedule(long delayNanos, Runnable action) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void startDetached(String name, Runnable action) {
      if (failure != null) {
        throw failure;
      }
      names.add(name);
      started.add(action);
    }
  }
}
