package org.morethreads.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.morethreads.fixture.Kind;
import org.morethreads.internal.Firing;

/** S10, and S2 and S5 as far as they speak of a progress. */
@Timeout(60)
class ProgressTest {
  private final Progress rows = Progress.create("rows");
  private final List<String> log = Collections.synchronizedList(new ArrayList<>());

  @Test
  void value_atFirst_isZero() {
    assertThat(rows.value()).isZero();
    assertThat(rows).hasToString("rows at 0");
  }

  @Test
  void advance_addsSteps() {
    rows.advance(0);
    assertThat(rows.value()).isZero();
    rows.advance();
    rows.advance(4);
    rows.advance(0);
    assertThat(rows.value()).isEqualTo(5);
  }

  @Test
  void advance_negative_throwsAndStays() {
    rows.advance(5);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> rows.advance(-1))
        .withMessageContaining("rows")
        .withMessageContaining("by 1;");
    assertThat(rows.value()).isEqualTo(5);
  }

  @Test
  void advance_beyondTheLargest_staysThere() {
    rows.advanceTo(Long.MAX_VALUE - 1);
    rows.advance(10);
    assertThat(rows.value()).isEqualTo(Long.MAX_VALUE);
    rows.advance();
    assertThat(rows.value()).isEqualTo(Long.MAX_VALUE);
    assertThat(rows.reached(Long.MAX_VALUE).isSignalled()).isTrue();
  }

  @Test
  void advanceTo_lowerOrEqual_doesNothing() {
    assertThat(rows.advanceTo(7)).isTrue();
    assertThat(rows.advanceTo(7)).isFalse();
    assertThat(rows.advanceTo(3)).isFalse();
    assertThat(rows.advanceTo(-3)).isFalse();
    assertThat(rows.value()).isEqualTo(7);
  }

  @Test
  void end_makesTheValueFinal() {
    rows.advance(3);
    rows.end();
    rows.end();
    rows.advance();
    assertThat(rows.advanceTo(9)).isFalse();
    assertThat(rows.value()).isEqualTo(3);
    assertThat(rows.ended().isSignalled()).isTrue();
    assertThat(rows).hasToString("rows at 3, ended");
  }

  @Test
  void end_atZero_makesThatFinal() {
    rows.end();
    rows.advance();
    assertThat(rows.advanceTo(9)).isFalse();
    assertThat(rows.value()).isZero();
    assertThat(rows).hasToString("rows at 0, ended");
  }

  /**
   * Regression: an advance that had looked at the end before it came still changed the value after
   * it, which somebody had read as final. advance ^ end | value | value
   */
  @Test
  void end_whileOthersAdvance_makesTheValueFinal() throws Exception {
    for (int round = 0; round < 300; round++) {
      Progress progress = Progress.create("raced");
      var advancers =
          IntStream.range(0, 2)
              .mapToObj(_ ->
                  Kind.PLATFORM.call(() -> {
                    while (!progress.ended().isSignalled()) {
                      progress.advance();
                    }
                    return progress.value();
                  }))
              .toList();
      while (progress.value() < 10) {
        Thread.onSpinWait();
      }
      progress.end();
      long last = progress.value();
      for (var each : advancers) {
        assertThat(each.get()).isEqualTo(last);
      }
      assertThat(progress.value()).isEqualTo(last);
    }
  }

  @Test
  void reached_valueGotThere_isSignalled() {
    Signal third = rows.reached(3);
    rows.advance(2);
    assertThat(third.isSignalled()).isFalse();
    rows.advance();
    assertThat(third.isSignalled()).isTrue();
    assertThat(Firing.isFired(third)).as("is latched once seen (S5)").isTrue();
    assertThat(third).hasToString("rows reached 3");
    assertThat(rows.reached(2).isSignalled()).isTrue();
    assertThat(rows.reached(0).isSignalled()).isTrue();
    assertThat(rows.reached(-5).isSignalled()).isTrue();
  }

  @Test
  void reached_passedInOneLeap_runsActionsNearestFirst() {
    rows.reached(20).then(() -> log.add("20"));
    rows.reached(10).then(() -> log.add("10"));
    rows.reached(10).then(() -> log.add("10 again"));
    rows.reached(99).then(() -> log.add("99"));
    rows.advanceTo(50);
    assertThat(log).containsExactly("10", "10 again", "20");
  }

  @Test
  void reached_endedBefore_neverGoes() throws Exception {
    Signal tenth = rows.reached(10);
    tenth.then(() -> log.add("no"));
    rows.advance(9);
    rows.end();
    assertThat(tenth.isSignalled()).isFalse();
    assertThat(tenth.await(rows.ended())).isFalse();
    assertThat(log).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void reached_awaited_wakesWhenTheValueGetsThere(Kind kind) throws Exception {
    int[] plain = {0};
    var waiter =
        kind.call(() -> {
          rows.reached(2).or(rows.ended()).await();
          return plain[0];
        });
    waiter.awaitBlocked();
    rows.advance();
    plain[0] = 5;
    rows.advance();
    assertThat(waiter.get()).isEqualTo(5);
  }

  @Test
  void reached_actionRemoved_leavesNothingBehind() throws Exception {
    Signal.Registration registration = rows.reached(5).then(() -> log.add("no"));
    Signal.Registration composed = rows.reached(6).and(rows.reached(7)).then(() -> log.add("no"));
    assertThat(awaitedPoints()).isEqualTo(3);
    assertThat(registration.remove()).isTrue();
    assertThat(composed.remove()).isTrue();
    assertThat(awaitedPoints()).isZero();
    rows.advance(10);
    assertThat(log).isEmpty();
  }

  /** S5: a point that somebody has stopped waiting for is no longer awaited. */
  @ParameterizedTest
  @EnumSource
  void reached_waitEndedByItsTill_leavesNothingBehind(Kind kind) throws Exception {
    OpenSignal stop = Signal.create("stop");
    var waiter = kind.call(() -> rows.reached(5).await(stop));
    waiter.awaitBlocked();
    assertThat(awaitedPoints()).isEqualTo(1);
    stop.go();
    assertThat(waiter.get()).isFalse();
    assertThat(awaitedPoints()).isZero();
  }

  @Test
  void reached_nobodyWaits_registersNothing() throws Exception {
    for (int i = 0; i < 100; i++) {
      assertThat(rows.reached(5).isSignalled()).isFalse();
    }
    assertThat(awaitedPoints()).isZero();
  }

  @Test
  void reached_allFired_leavesNothingBehind() throws Exception {
    for (int i = 1; i <= 100; i++) {
      rows.reached(i).then(() -> log.add("ran"));
    }
    rows.advance(100);
    assertThat(log).hasSize(100);
    assertThat(awaitedPoints()).isZero();
  }

  @Test
  void advance_manyThreads_everyPointFiresOnce() throws Exception {
    var ran = new AtomicInteger();
    for (int i = 1; i <= 4000; i++) {
      rows.reached(i).then(ran::incrementAndGet);
    }
    var all =
        IntStream.range(0, 4)
            .mapToObj(_ ->
                Kind.PLATFORM.call(() -> {
                  for (int i = 0; i < 1000; i++) {
                    rows.advance();
                    rows.reached(rows.value() + 1).then(ran::incrementAndGet);
                  }
                  return null;
                }))
            .toList();
    for (var each : all) {
      each.get();
    }
    rows.advance(10);
    assertThat(ran).hasValue(8000);
    assertThat(awaitedPoints()).isZero();
  }

  private int awaitedPoints() throws ReflectiveOperationException {
    var field = Progress.class.getDeclaredField("awaited");
    field.setAccessible(true);
    return ((java.util.Map<?, ?>) field.get(rows)).size();
  }
}
