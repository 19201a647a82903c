package org.morethreads.thread;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.morethreads.fixture.Kind;
import org.morethreads.internal.Library;
import org.morethreads.internal.Surroundings;
import org.morethreads.sync.Signal;

/**
 * A stop watch that looks late, since the JVM was stopped or the machine busy, interrupts before it
 * abandons. It looked at the time alone, and abandoned threads that it had never interrupted (H5).
 */
class LateStopWatchTest {
  @Test
  void look_afterTheTimeToAbandon_interruptsFirst() throws Exception {
    var policy =
        StopPolicy.standard()
            .withAsk(Duration.ZERO)
            .withInterrupt(Duration.ofNanos(1)); // over before anybody can look
    try (var tree = ThreadTree.open("late", policy)) {
      var thread = tree.run("deaf", stop -> Signal.NEVER.await());
      tree.stop();
      assertThat(thread.awaitOutcome())
          .isInstanceOfAny(Outcome.Stopped.class, Outcome.Abandoned.class);
      assertThat(thread.node.escalation & StopWatch.INTERRUPTED).isNotZero();
    }
  }

  /**
   * A thread that has been linked, but not begun, was marked as interrupted, abandoned, and then
   * waited for ever: the interrupt had found no task.
   */
  @ParameterizedTest
  @EnumSource
  void look_beforeTheThreadHasBegun_itIsInterruptedWhenItBegins(Kind kind) throws Exception {
    var linked = Signal.create("linked");
    var letBegin = Signal.create("let it begin");
    var time =
        new ForwardingTime() {
          @Override
          public void starting(Surroundings child) {
            linked.go();
            awaitSurely(letBegin);
          }
        };
    var interrupted = Signal.create("interrupted");
    var policy = StopPolicy.standard().withAsk(Duration.ZERO).withInterrupt(Duration.ZERO);
    var tree = ThreadTree.open(Library.MEMBER, "t", policy, time, /* wholeStarts= */ false);
    var starter =
        kind.call(() ->
            Grove.named(kind, "late")
                .parent(tree)
                .run(_ -> {
                  try {
                    Signal.NEVER.await();
                  } catch (InterruptedException e) {
                    interrupted.go();
                  }
                }));
    linked.await();

    tree.close();
    assertThat(tree.abandonedCount()).isOne();
    letBegin.go();

    assertThat(starter.get().awaitOutcome()).isInstanceOf(Outcome.Abandoned.class);
    interrupted.await();
    Grove.eventually(() -> tree.abandonedAlive().isEmpty());
  }

  /**
   * The same for one that had to wait for a needer: the watch of the tree looks every second, which
   * is too late for one that has less time.
   */
  @Test
  void look_toldAfterItsNeederBeforeItHasBegun_isWhenSomethingIsDue() throws Exception {
    var linked = Signal.create("linked");
    var letBegin = Signal.create("let it begin");
    Queue<Long> delays = new ConcurrentLinkedQueue<>();
    var time =
        new ForwardingTime() {
          @Override
          public void starting(Surroundings child) {
            if (!linked.isSignalled()) {
              linked.go();
              awaitSurely(letBegin);
            }
          }

          @Override
          public Scheduled schedule(long delayNanos, Runnable action) {
            delays.add(delayNanos);
            return super.schedule(delayNanos, action);
          }
        };
    var standard = StopPolicy.standard();
    try (var tree =
        ThreadTree.open(Library.MEMBER, "t", standard, time, /* wholeStarts= */ false)) {
      var ask = Duration.ofMillis(123);
      var db = tree.named("db").stopPolicy(standard.withAsk(ask)).prepare(Signal::await);
      var starter = Thread.ofVirtual().start(db::start);
      linked.await();
      var web = tree.named("web").needs(db).run(Signal::await);
      db.stop();
      assertThat(db.pleaseStop().isSignalled()).isFalse();

      web.stop();
      db.pleaseStop().await();
      Grove.eventually(() -> delays.contains(ask.toNanos()));

      letBegin.go();
      starter.join();
    }
  }

  private static void awaitSurely(Signal signal) {
    try {
      signal.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
