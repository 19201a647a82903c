package org.morethreads.thread;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.morethreads.internal.Firing;
import org.morethreads.internal.Surroundings;
import org.morethreads.sync.Signal;

/**
 * A thread that is given up between its link and its start, as a stop whose time is over does it,
 * leaves nothing behind.
 */
@Timeout(20)
class StartWhileAbandonedTest {
  @RegisterExtension final Grove grove = new Grove();

  /** Gives a thread up as soon as it is told, which is right after it is linked. */
  private static final class Hasty extends ForwardingTime {
    @Override
    public void unpark(Surroundings target, Thread thread) {
      if (target instanceof Node node && node.name.equals("late") && !node.isEnded()) {
        assertThat(node.closeIfEmpty()).isTrue();
        node.complete(new Outcome.Abandoned<>(JvmShutdown.reason("x", "y")));
      }
      super.unpark(target, thread);
    }
  }

  @Test
  void needs_abandonedBeforeTheStart_isNoNeederOfTheOther() throws Exception {
    try (var tree = grove.open(StopPolicy.standard(), new Hasty())) {
      var db = tree.run("db", Signal::await);
      var release = Signal.create("release");
      var parent = tree.run("parent", _ -> StopOrderTest.awaitDeaf(release));
      parent.stop();
      var late = ManagedThread.named("late").parent(parent).needs(db).run(_ -> {});
      assertThat(late.outcome().orElseThrow()).isInstanceOf(Outcome.Abandoned.class);
      assertThat(db.node.extras().needers).isEmpty();
      release.go();
    }
  }

  @Test
  void stopWhen_abandonedBeforeTheStart_leavesNothingOnTheSignal() throws Exception {
    try (var tree = grove.open(StopPolicy.standard(), new Hasty())) {
      var signal = Signal.create("signal");
      var release = Signal.create("release");
      var parent = tree.run("parent", _ -> StopOrderTest.awaitDeaf(release));
      parent.stop();
      var late = ManagedThread.named("late").parent(parent).stopWhen(signal).run(_ -> {});
      assertThat(late.outcome().orElseThrow()).isInstanceOf(Outcome.Abandoned.class);
      assertThat(Firing.countLive(signal)).isZero();
      release.go();
    }
  }

  /** Nor when it turns out then that there is no thread for it. */
  @Test
  void start_noThreadAfterItWasAbandoned_itsSiblingsStayWhereTheyAre() throws Exception {
    var abandoned = new AtomicBoolean();
    var time =
        new ForwardingTime() {
          @Override
          public void starting(Surroundings child) {
            if (child instanceof Node node && node.name.equals("late")) {
              assertThat(node.closeIfEmpty()).isTrue();
              abandoned.set(node.complete(new Outcome.Abandoned<>(JvmShutdown.reason("x", "y"))));
              throw new OutOfMemoryError("planted");
            }
          }
        };
    try (var tree = grove.open(StopPolicy.standard(), time)) {
      var first = tree.run("first", Signal::await);
      var second = tree.run("second", Signal::await);
      assertThatExceptionOfType(OutOfMemoryError.class).isThrownBy(() -> tree.run("late", _ -> {}));
      assertThat(abandoned).isTrue();
      assertThat(tree.children()).isEqualTo(List.of(first, second));
      assertThat(tree.abandonedAlive()).isEmpty();
    }
  }
}
