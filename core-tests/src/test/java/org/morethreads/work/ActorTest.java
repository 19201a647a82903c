package org.morethreads.work;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.morethreads.sync.Signal;
import org.morethreads.thread.Grove;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.Outcome;
import org.morethreads.thread.ThreadFailedException;
import org.morethreads.thread.ThreadStoppedException;

/** Actors: named threads with a mailbox. */
@Timeout(20)
class ActorTest {
  @RegisterExtension final Grove grove = new Grove();

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
  void tellAndAsk_oneSender_areWorkedOnInOrder() throws Exception {
    grove.onVirtualTime((_, _) -> {
      try (Actor<List<Integer>> actor = start("a", ArrayList::new)) {
        for (int i = 0; i < 5; i++) {
          int number = i;
          actor.tell(list -> list.add(number));
        }
        List<Integer> copy = actor.ask(List::copyOf);
        assertThat(copy).containsExactly(0, 1, 2, 3, 4);
        String path = actor.ask(_ -> ManagedThread.current().path());
        assertThat(path).isEqualTo("t/a");
        Object nothing = actor.ask(_ -> null);
        assertThat(nothing).isNull();
      }
    });
  }

  @Test
  void ask_answerFails_goesToTheAskerAndTheActorGoesOn() throws Exception {
    grove.onVirtualTime((_, _) -> {
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
              .withMessageContaining("t/a");
        }
        assertThat(actor.ask(AtomicInteger::incrementAndGet)).isEqualTo(1);
      }
    });
    assertThat(grove.log(System.Logger.Level.ERROR)).isEmpty();
  }

  @Test
  void ask_timeOver_throwsAndIsNotWorkedOnAnyMore() throws Exception {
    grove.onVirtualTime((_, time) -> {
      try (Actor<AtomicInteger> actor = start("a", AtomicInteger::new)) {
        actor.tell(_ -> pause(5));
        assertThatExceptionOfType(TimeoutException.class)
            .isThrownBy(() -> actor.ask(AtomicInteger::incrementAndGet, seconds(2)))
            .withMessageContaining("t/a");
        assertThat(time.elapsed()).isEqualTo(seconds(2));
        assertThat(actor.ask(AtomicInteger::get, seconds(60))).isZero();
      }
    });
  }

  @Test
  void ask_interrupted_throwsAndIsNotWorkedOnAnyMore() throws Exception {
    grove.onVirtualTime((_, time) -> {
      try (Actor<AtomicInteger> actor = start("a", AtomicInteger::new)) {
        actor.tell(_ -> pause(5));
        var asker = ManagedThread.run("asker", _ -> actor.ask(AtomicInteger::incrementAndGet));
        time.awaitOthersBlocked();
        time.interrupt(asker.thread().orElseThrow());
        assertThatExceptionOfType(ThreadFailedException.class)
            .isThrownBy(asker::join)
            .withCauseInstanceOf(InterruptedException.class);
        assertThat(actor.ask(AtomicInteger::get)).isZero();
      }
    });
  }

  @Test
  void ask_itself_isAnError() throws Exception {
    grove.onVirtualTime((_, _) -> {
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
    });
  }

  @Test
  void tell_mailboxFull_waitsForAPlace() throws Exception {
    grove.onVirtualTime((_, time) -> {
      try (Actor<String> actor = start("a", 1, () -> "state")) {
        actor.tell(_ -> pause(5));
        time.awaitOthersBlocked();
        actor.tell(_ -> {});
        assertThat(actor.waiting()).isEqualTo(1);
        assertThatExceptionOfType(TimeoutException.class)
            .isThrownBy(() -> actor.ask(String::length, seconds(1)));
        actor.tell(_ -> {});
        assertThat(time.elapsed()).isBetween(seconds(5), seconds(5.1));
      }
    });
  }

  @Test
  void tell_itself_isDoneLaterOrAnErrorWhenFull() throws Exception {
    grove.onVirtualTime((_, _) -> {
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
    });
  }

  @Test
  void tell_orderFails_endsTheActorAndRefusesTheRestH7() throws Exception {
    grove.onVirtualTime((_, time) -> {
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
      assertThat(time.elapsed()).isEqualTo(seconds(1));
      assertThatIllegalStateException()
          .isThrownBy(() -> actor.tell(_ -> {}))
          .withMessageContaining("has ended");
    });
    assertThat(grove.log(System.Logger.Level.WARNING))
        .containsExactly(
            "Actor \"t/a\" has ended with 1 letter in its mailbox that nobody waits for.");
  }

  @Test
  void state_cannotBeMade_isTheFailureOfTheThread() throws Exception {
    grove.onVirtualTime((_, _) -> {
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
    });
  }

  @Test
  void close_lettersInTheMailbox_areWorkedOn() throws Exception {
    grove.onVirtualTime((_, time) -> {
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
      assertThat(time.elapsed()).isEqualTo(seconds(3));
      assertThat(actor.leftOver()).isZero();
      assertThatIllegalStateException()
          .isThrownBy(() -> actor.ask(AtomicInteger::get))
          .withMessageContaining("start another one");
    });
  }

  @Test
  void close_interrupted_stopsTheActorAndKeepsTheStatus() throws Exception {
    grove.onVirtualTime((_, _) -> {
      Actor<String> actor = start("a", () -> "state");
      actor.tell(_ -> ManagedThread.current().pleaseStop().await());
      Thread.currentThread().interrupt();
      actor.close();
      assertThat(Thread.interrupted()).isTrue();
      assertThat(actor.stopped().isSignalled()).isTrue();
    });
  }

  @Test
  void stop_ofTheTree_endsAfterTheLetterUnderWayAndAccountsForTheRestH3() throws Exception {
    grove.onVirtualTime((tree, time) -> {
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
      time.awaitOthersBlocked();
      tree.stop();
      asker.join();
      assertThat(actor.thread().awaitOutcome()).isInstanceOf(Outcome.Returned.class);
      assertThat(done).hasValue(1);
      assertThat(actor.leftOver()).isEqualTo(2);
      assertThat(time.elapsed()).isBetween(seconds(2), seconds(2.1));
    });
    assertThat(grove.log(System.Logger.Level.WARNING)).anyMatch(line -> line.contains("2 letters"));
  }

  @Test
  void ask_actorAbandoned_throwsH5() throws Exception {
    grove.onVirtualTime((_, time) -> {
      var release = Signal.create("release");
      Actor<String> actor = start("a", () -> "state");
      actor.tell(_ -> {
        while (!release.isSignalled()) {
          try {
            release.await();
          } catch (InterruptedException e) {
            // deaf
          }
        }
      });
      time.awaitOthersBlocked();
      actor.stop();
      assertThatExceptionOfType(ThreadStoppedException.class)
          .isThrownBy(() -> actor.ask(String::length));
      assertThat(time.elapsed()).isBetween(seconds(7), seconds(7.5));
      release.go();
    });
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
  void tell_actorAbandonedWithAFullMailbox_throwsAndAccountsForWhatIsInItH5() throws Exception {
    grove.onVirtualTime((_, time) -> {
      var release = Signal.create("release");
      Actor<String> actor = start("a", 1, () -> "state");
      actor.tell(_ -> deafUntil(release));
      time.awaitOthersBlocked();
      actor.tell(_ -> {});
      actor.stop();
      assertThatIllegalStateException()
          .isThrownBy(() -> actor.tell(_ -> {}))
          .withMessageContaining("has ended");
      assertThat(time.elapsed()).isBetween(seconds(7), seconds(7.5));
      assertThatIllegalStateException().isThrownBy(() -> actor.ask(String::length));
      time.awaitOthersBlocked();
      assertThat(actor.leftOver()).isEqualTo(1);
      assertThat(actor.waiting()).isZero();
      release.go();
    });
    assertThat(grove.log(System.Logger.Level.WARNING)).anyMatch(line -> line.contains("1 letter "));
  }

  private static void deafUntil(Signal release) {
    while (!release.isSignalled()) {
      try {
        release.await();
      } catch (InterruptedException e) {
        // deaf
      }
    }
  }

  @Test
  void ask_answerCutShortByTheStop_isStoppedAndNoFailureH7() throws Exception {
    grove.onVirtualTime((_, time) -> {
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
                      .withMessageContaining("without an answer"));
      time.awaitOthersBlocked();
      actor.stop();
      asker.join();
      assertThat(time.elapsed()).isBetween(seconds(5), seconds(5.1));
      assertThat(actor.thread().awaitOutcome()).isInstanceOf(Outcome.Returned.class);
    });
    assertThat(grove.log(System.Logger.Level.ERROR)).isEmpty();
  }

  @Test
  void letter_leavesTheInterruptStatusSet_harmsNoOther() throws Exception {
    grove.onVirtualTime((_, _) -> {
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
    });
  }
}
