package org.morethreads.work;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.morethreads.testing.MoreThreadsAssertions.assertThat;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.morethreads.sync.Signal;
import org.morethreads.testing.SlowSink;
import org.morethreads.testing.TestLog;
import org.morethreads.testing.VirtualClock;
import org.morethreads.testing.VirtualTime;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.StopPolicy;
import org.morethreads.thread.ThreadFailedException;
import org.morethreads.thread.ThreadStoppedException;
import org.morethreads.thread.ThreadTree;

/** Actors: named threads with a mailbox. */
@VirtualTime(managed = false)
class ActorTest {
  /** Another class runs all of it on platform threads. */
  Actor.Builder named(String name) {
    return Actor.named(name);
  }

  private <S> Actor<S> start(String name, Actor.State<? extends S> initial) {
    return named(name).start(initial);
  }

  private <S> Actor<S> start(String name, int capacity, Actor.State<? extends S> initial) {
    return named(name).capacity(capacity).start(initial);
  }

  private static Duration seconds(double seconds) {
    return Duration.ofMillis(Math.round(seconds * 1000));
  }

  private static void pause(double seconds) throws InterruptedException {
    Signal.NEVER.await(seconds(seconds));
  }

  @Test
  void tellAndAsk_oneSender_areWorkedOnInOrder(ThreadTree tree) throws Exception {
    try (Actor<List<Integer>> actor = start("a", ArrayList::new)) {
      for (int i = 0; i < 5; i++) {
        int number = i;
        actor.tell(list -> list.add(number));
      }
      List<Integer> copy = actor.ask(List::copyOf);
      assertThat(copy).containsExactly(0, 1, 2, 3, 4);
      String path = actor.ask(_ -> ManagedThread.current().path());
      assertThat(path).isEqualTo(tree.name() + "/a");
      Object nothing = actor.ask(_ -> null);
      assertThat(nothing).isNull();
    }
  }

  @Test
  void ask_answerFails_goesToTheAskerAndTheActorGoesOn(ThreadTree tree, TestLog log)
      throws Exception {
    try (Actor<AtomicInteger> actor = start("a", AtomicInteger::new)) {
      for (Throwable failure : List.of(new IOException("disk"), new AssertionError("error"))) {
        assertThatExceptionOfType(ThreadFailedException.class)
            .isThrownBy(() ->
                actor.ask(_ -> {
                  switch (failure) {
                    case Exception exception -> throw exception;
                    case Error error -> throw error;
                    default -> throw new AssertionError();
                  }
                }))
            .withCause(failure)
            .withMessageContaining(tree.name() + "/a");
      }
      assertThat(actor.ask(AtomicInteger::incrementAndGet)).isEqualTo(1);
    }
  }

  @Test
  void ask_timeOver_throwsAndIsNotWorkedOnAnyMore(ThreadTree tree, VirtualClock clock)
      throws Exception {
    try (Actor<AtomicInteger> actor = start("a", AtomicInteger::new)) {
      actor.tell(_ -> pause(5));
      assertThatExceptionOfType(TimeoutException.class)
          .isThrownBy(() -> actor.ask(AtomicInteger::incrementAndGet, seconds(2)))
          .withMessageContaining(tree.name() + "/a");
      assertThat(clock.elapsed()).isEqualTo(seconds(2));
      assertThat(actor.ask(AtomicInteger::get, seconds(60))).isZero();
    }
  }

  @Test
  void ask_interrupted_throwsAndIsNotWorkedOnAnyMore(VirtualClock clock) throws Exception {
    try (Actor<AtomicInteger> actor = start("a", AtomicInteger::new)) {
      actor.tell(_ -> pause(5));
      var asker = ManagedThread.run("asker", _ -> actor.ask(AtomicInteger::incrementAndGet));
      clock.awaitOthersBlocked();
      clock.interrupt(asker.thread().orElseThrow());
      assertThatExceptionOfType(ThreadFailedException.class)
          .isThrownBy(asker::join)
          .withCauseInstanceOf(InterruptedException.class);
      assertThat(actor.ask(AtomicInteger::get)).isZero();
    }
  }

  @Test
  void ask_itself_isAnError() throws Exception {
    var self = new AtomicReference<Actor<String>>();
    try (Actor<String> actor = start("a", () -> "state")) {
      self.set(actor);
      actor.ask(_ -> {
        assertThatIllegalStateException()
            .isThrownBy(() -> self.get().ask(String::length))
            .withMessageContaining("cannot ask itself");
        assertThatIllegalStateException()
            .isThrownBy(() -> self.get().close())
            .withMessageContaining("shutdown()");
        ManagedThread.run(
                "child",
                _ ->
                    assertThatIllegalStateException()
                        .isThrownBy(() -> self.get().ask(String::length)))
            .join();
        return 0;
      });
    }
  }

  @Test
  void tell_mailboxFull_waitsForAPlace(VirtualClock clock) throws Exception {
    try (Actor<String> actor = start("a", 1, () -> "state")) {
      actor.tell(_ -> pause(5));
      clock.awaitOthersBlocked();
      actor.tell(_ -> {});
      assertThat(actor.waiting()).isEqualTo(1);
      assertThatExceptionOfType(TimeoutException.class)
          .isThrownBy(() -> actor.ask(String::length, seconds(1)));
      actor.tell(_ -> {});
      assertThat(clock.elapsed()).isEqualTo(seconds(5));
    }
  }

  @Test
  void tell_itself_isDoneLaterOrAnErrorWhenFull() throws Exception {
    var self = new AtomicReference<Actor<AtomicInteger>>();
    try (Actor<AtomicInteger> actor = start("a", 1, AtomicInteger::new)) {
      self.set(actor);
      actor.ask(state -> {
        self.get().tell(AtomicInteger::incrementAndGet);
        assertThatIllegalStateException()
            .isThrownBy(() -> self.get().tell(AtomicInteger::incrementAndGet))
            .withMessageContaining("mailbox is full");
        return state.get();
      });
      assertThat(actor.ask(AtomicInteger::get)).isEqualTo(1);
      actor.ask(_ -> {
        self.get().shutdown();
        assertThatIllegalStateException()
            .isThrownBy(() -> self.get().tell(AtomicInteger::incrementAndGet))
            .withMessageContaining("is closed");
        return 0;
      });
    }
  }

  @Test
  void tell_orderFails_endsTheActorAndRefusesTheRestH7(
      ThreadTree tree, VirtualClock clock, TestLog log) throws Exception {
    Actor<String> actor = start("a", () -> "state");
    actor.tell(_ -> {
      pause(1);
      throw new IOException("disk");
    });
    actor.tell(_ -> {});
    assertThatExceptionOfType(ThreadStoppedException.class)
        .isThrownBy(() -> actor.ask(String::length))
        .withMessageContaining("without an answer");
    assertThatExceptionOfType(ThreadFailedException.class)
        .isThrownBy(() -> actor.thread().join())
        .withCauseInstanceOf(IOException.class);
    assertThat(actor.leftOver()).isEqualTo(1);
    assertThat(clock.elapsed()).isEqualTo(seconds(1));
    assertThatIllegalStateException()
        .isThrownBy(() -> actor.tell(_ -> {}))
        .withMessageContaining("has ended");
    assertThat(log.take(Level.WARNING, "Actor").message())
        .isEqualTo(
            "Actor \""
                + tree.name()
                + "/a\" has ended with 1 letter in its mailbox that nobody waits for.");
  }

  @Test
  void state_cannotBeMade_isTheFailureOfTheThread() throws Exception {
    Actor<String> actor =
        start(
            "a",
            () -> {
              throw new IOException("no state");
            });
    assertThatExceptionOfType(ThreadFailedException.class)
        .isThrownBy(() -> actor.thread().join())
        .withCauseInstanceOf(IOException.class);
    assertThatIllegalStateException().isThrownBy(() -> actor.ask(String::length));
    actor.close();
  }

  @Test
  void close_lettersInTheMailbox_areWorkedOn(VirtualClock clock) throws Exception {
    var count = new AtomicInteger();
    Actor<AtomicInteger> actor = start("a", () -> count);
    for (int i = 0; i < 3; i++) {
      actor.tell(state -> {
        pause(1);
        state.incrementAndGet();
      });
    }
    actor.close();
    actor.close();
    assertThat(count).hasValue(3);
    assertThat(clock.elapsed()).isEqualTo(seconds(3));
    assertThat(actor.leftOver()).isZero();
    assertThatIllegalStateException()
        .isThrownBy(() -> actor.ask(AtomicInteger::get))
        .withMessageContaining("start another one");
  }

  @Test
  void close_interrupted_stopsTheActorAndKeepsTheStatus(VirtualClock clock) throws Exception {
    Actor<String> actor = start("a", () -> "state");
    actor.tell(_ -> ManagedThread.current().pleaseStop().await());
    clock.awaitOthersBlocked(); // it has begun with the letter
    Thread.currentThread().interrupt();
    actor.close();
    assertThat(Thread.interrupted()).isTrue();
    assertThat(actor.stopped()).isSignalled();
  }

  @Test
  void stop_ofTheTree_endsAfterTheLetterUnderWayAndAccountsForTheRestH3(
      ThreadTree tree, VirtualClock clock, TestLog log) throws Exception {
    var done = new AtomicInteger();
    Actor<AtomicInteger> actor = start("a", () -> done);
    actor.tell(state -> {
      pause(2);
      state.incrementAndGet();
    });
    actor.tell(AtomicInteger::incrementAndGet);
    actor.tell(AtomicInteger::incrementAndGet);
    var asker =
        ManagedThread.run(
            "asker",
            _ ->
                assertThatExceptionOfType(ThreadStoppedException.class)
                    .isThrownBy(() -> actor.ask(AtomicInteger::get)));
    clock.awaitOthersBlocked();
    tree.stop();
    asker.join();
    assertThat(actor.thread().awaitOutcome()).isReturned();
    assertThat(done).hasValue(1);
    assertThat(actor.leftOver()).isEqualTo(2);
    assertThat(clock.elapsed()).isEqualTo(seconds(2));
    log.take(Level.WARNING, "2 letters");
    log.takeStopReports();
  }

  @Test
  void ask_actorAbandoned_throwsH5(VirtualClock clock, TestLog log) throws Exception {
    SlowSink<String> deaf = SlowSink.deaf();
    Actor<String> actor = start("a", () -> "state");
    actor.tell(deaf::accept);
    clock.awaitOthersBlocked();
    actor.stop();
    assertThatExceptionOfType(ThreadStoppedException.class)
        .isThrownBy(() -> actor.ask(String::length));
    assertThat(clock.elapsed()).isEqualTo(seconds(7));
    deaf.letGo();
    clock.awaitOthersBlocked();
    log.takeStopReports();
  }

  @Test
  void start_badArguments_sayWhatIsWrong() {
    assertThatIllegalArgumentException().isThrownBy(() -> Actor.start("a/b", () -> 1));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Actor.start("a", 0, () -> 1))
        .withMessageContaining("actor \"a\"")
        .withMessageContaining("at least 1");
  }

  @Test
  void tell_actorAbandonedWithAFullMailbox_throwsAndAccountsForWhatIsInItH5(
      VirtualClock clock, TestLog log) throws Exception {
    SlowSink<String> deaf = SlowSink.deaf();
    Actor<String> actor = start("a", 1, () -> "state");
    actor.tell(deaf::accept);
    clock.awaitOthersBlocked();
    actor.tell(_ -> {});
    actor.stop();
    assertThatIllegalStateException()
        .isThrownBy(() -> actor.tell(_ -> {}))
        .withMessageContaining("has ended");
    assertThat(clock.elapsed()).isEqualTo(seconds(7));
    assertThatIllegalStateException().isThrownBy(() -> actor.ask(String::length));
    clock.awaitOthersBlocked();
    assertThat(actor.leftOver()).isEqualTo(1);
    assertThat(actor.waiting()).isZero();
    deaf.letGo();
    log.take(Level.WARNING, "1 letter ");
    log.takeStopReports();
  }

  @Test
  void ask_answerLeftByTheStopWithAFailureSuppressed_goesToTheAskerH7(
      VirtualClock clock, TestLog log) throws Exception {
    Actor<String> actor = start("a", () -> "state");
    var closing = new IOException("not flushed");
    AutoCloseable resource =
        () -> {
          throw closing;
        };
    var asker =
        ManagedThread.call(
            "asker",
            _ ->
                actor.ask(_ -> {
                  try (var _ = resource) {
                    Signal.NEVER.await();
                  }
                  return 1;
                }));
    clock.awaitOthersBlocked();
    actor.stop();
    assertThat(asker.awaitOutcome())
        .isFailedThat()
        .satisfies(
            thrown -> assertThat(thrown.getCause().getSuppressed()).containsExactly(closing));
    log.takeStopReports();
  }

  @Test
  void ask_answerCutShortByTheStop_isStoppedAndNoFailureH7(VirtualClock clock, TestLog log)
      throws Exception {
    Actor<String> actor = start("a", () -> "state");
    var asker =
        ManagedThread.run(
            "asker",
            _ ->
                assertThatExceptionOfType(ThreadStoppedException.class)
                    .isThrownBy(() ->
                        actor.ask(_ -> {
                          Signal.NEVER.await();
                          return 0;
                        }))
                    .withMessageContaining("without an answer: asked to stop"));
    clock.awaitOthersBlocked();
    actor.stop();
    asker.join();
    assertThat(clock.elapsed()).isEqualTo(seconds(5));
    assertThat(actor.thread().awaitOutcome()).isReturned();
    log.takeStopReports();
  }

  /** An actor has stopped only when its children have; who waits for an answer is told before. */
  @Test
  void ask_actorStoppedWhoseChildTakesLonger_isToldAtOnce(VirtualClock clock, TestLog log)
      throws Exception {
    Actor<String> actor = start("a", () -> "state");
    actor.tell(_ -> {
      ManagedThread.run("child", _ -> pause(3));
      pause(1);
    });
    var asker =
        ManagedThread.run(
            "asker",
            _ ->
                assertThatExceptionOfType(ThreadStoppedException.class)
                    .isThrownBy(() -> actor.ask(String::length)));
    clock.awaitOthersBlocked();
    actor.stop();
    asker.join();
    assertThat(clock.elapsed()).isEqualTo(seconds(1));
    assertThat(actor.stopped()).isNotSignalled();
    actor.stopped().await();
    assertThat(clock.elapsed()).isEqualTo(seconds(3));
    log.takeStopReports();
  }

  @Test
  void stopPolicy_letterIsDeaf_isInterruptedAfterItsTime(VirtualClock clock) throws Exception {
    Actor<String> actor =
        named("a").stopPolicy(StopPolicy.standard().withAsk(seconds(0.5))).start(() -> "state");
    actor.tell(_ -> Signal.NEVER.await());
    clock.awaitOthersBlocked();
    actor.stop();
    actor.stopped().await();
    assertThat(clock.elapsed()).isEqualTo(seconds(0.5));
  }

  @Test
  void letter_leavesTheInterruptStatusSet_harmsNoOther() throws Exception {
    try (Actor<AtomicInteger> actor = start("a", AtomicInteger::new)) {
      actor.tell(_ -> Thread.currentThread().interrupt());
      boolean seen =
          actor.ask(_ -> {
            boolean set = Thread.currentThread().isInterrupted();
            Thread.currentThread().interrupt();
            return set;
          });
      assertThat(seen).isFalse();
      assertThat(actor.ask(AtomicInteger::incrementAndGet)).isEqualTo(1);
    }
  }
}
