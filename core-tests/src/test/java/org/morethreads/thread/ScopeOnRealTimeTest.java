package org.morethreads.thread;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.morethreads.fixture.Kind;
import org.morethreads.internal.Library;
import org.morethreads.internal.Surroundings;
import org.morethreads.sync.Signal;
import org.morethreads.testing.ManagedThreads;

/** H9: what a scope does on real time: to the interrupt status of its owner, and to traces. */
@ManagedThreads(timeout = "50 s")
class ScopeOnRealTimeTest {
  @ParameterizedTest
  @EnumSource
  void run_unmanagedOwner_isInterruptedAndClean(Kind kind) throws Exception {
    var running =
        kind.call(() -> {
          try (var tree = ThreadTree.open("t")) {
            Objects.requireNonNull(tree);
            assertThatExceptionOfType(ThreadFailedException.class)
                .isThrownBy(() ->
                    Scope.run(
                        "s",
                        scope -> {
                          scope.run(
                              "c",
                              _ -> {
                                throw new IOException("disk");
                              });
                          Signal.NEVER.await();
                        }));
            return Thread.currentThread().isInterrupted();
          }
        });
    assertThat(running.get()).isFalse();
  }

  /** Where a clock knows its threads by their surroundings, those of the scope are nobody's. */
  @Test
  void run_aChildFails_theInterruptGoesToTheOwner() throws Exception {
    var interrupted = new ConcurrentLinkedQueue<Surroundings>();
    var time =
        new ForwardingTime() {
          @Override
          public void interrupt(Surroundings target, Thread thread) {
            interrupted.add(target);
            super.interrupt(target, thread);
          }
        };
    try (var tree =
        ThreadTree.open(
            Library.MEMBER, "t", StopPolicy.standard(), time, /* wholeStarts= */ false)) {
      var owner =
          tree.call(
              "owner",
              _ -> catchThrowableOfType(ThreadFailedException.class, this::waitInAScopeThatFails));
      assertThat(owner.join()).hasMessageContaining("disk");
      assertThat(interrupted).containsExactly(owner.node);
    }
  }

  private void waitInAScopeThatFails() throws Exception {
    Scope.run(
        "s",
        scope -> {
          scope.run(
              "c",
              _ -> {
                throw new IOException("disk");
              });
          Signal.NEVER.await();
        });
  }

  /** A scope that ends in time leaves nothing behind that waits for its deadline. */
  @Test
  void deadline_endsInTime_givesItsTimerUp() throws Exception {
    var timers = new CountedTimers();
    try (var _ =
        ThreadTree.open(
            Library.MEMBER, "t", StopPolicy.standard(), timers, /* wholeStarts= */ false)) {
      Scope.named("s")
          .deadline(Duration.ofHours(1))
          .run(_ -> assertThat(timers.pending()).isEqualTo(1));
      assertThat(timers.pending()).isZero();
    }
  }

  @Test
  void run_ofFailureAndEndAtTheSameTime_leaksNoInterrupt() throws Exception {
    try (var tree = ThreadTree.open("t")) {
      tree.run(
              "owner",
              _ -> {
                for (int i = 0; i < 2_000; i++) {
                  var go = Signal.create("go");
                  assertThatThrownBy(() ->
                          Scope.run(
                              "s",
                              scope -> {
                                scope.run(
                                    "c",
                                    _ -> {
                                      go.await();
                                      throw new IOException("disk");
                                    });
                                go.go(); // the failure and the end of the block
                              }))
                      .isInstanceOf(ThreadFailedException.class);
                  assertThat(Thread.currentThread().isInterrupted()).isFalse();
                }
              })
          .join();
    }
  }

  /** On a thread outside of the tree of the test, where starts are one line, as in a program. */
  @Test
  void race_callFails_theTraceHasTheLineOfTheRaceH8() throws Exception {
    var program =
        Kind.VIRTUAL.call(() -> {
          try (var tree = ThreadTree.open("t")) {
            return tree.call(
                    "owner",
                    _ -> catchThrowableOfType(ThreadFailedException.class, this::raceThatFails))
                .join();
          }
        });
    StackTraceElement[] trace = program.get().getCause().getStackTrace();
    assertThat(trace[trace.length - 1].getClassName())
        .isEqualTo(ScopeOnRealTimeTest.class.getName());
    assertThat(trace[trace.length - 1].getMethodName()).isEqualTo("raceThatFails");
  }

  private void raceThatFails() throws Exception {
    int _ =
        Scope.<Integer>race(
            "r",
            _ -> {
              throw new IOException("a");
            });
  }
}
