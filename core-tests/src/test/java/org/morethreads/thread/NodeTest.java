package org.morethreads.thread;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.morethreads.fixture.Kind;
import org.morethreads.sync.Signal;

/** What nobody outside of the package can see of a thread's place in the tree. */
@Timeout(20)
class NodeTest {
  private static final Duration AN_HOUR = Duration.ofHours(1);

  @RegisterExtension final Grove grove = new Grove();

  private static Told told(Node node) {
    long now = node.time().nanoTime();
    return new Told(
        new StopReason(StopReason.Kind.REQUESTED, "a test", "enough"),
        now,
        node.time().now(),
        now + AN_HOUR.toNanos(),
        /* interrupting= */ false);
  }

  // ---- section 5.1 of docs/synchronization.md: the child lock

  /** What is done under the child lock, and the method that takes it. */
  private enum Locked {
    EXTRAS("extras", Node::extras),
    COUNT("childCount", Node::childCount),
    CHANCE("chanceAfterChildren", node -> node.chanceAfterChildren(1, 1, 1)),
    LIST("childrenBeyond", node -> node.childrenBeyond(0)),
    LINK("link", node -> ManagedThread.named("late").parent(node.handle).run(Signal::await)),
    CLOSE("closeIfEmpty", Node::closeIfEmpty),
    REFUSE("refuseChildren", Node::refuseChildren),
    OPEN("openChildren", node -> node.bearTold(told(node))),
    MARK("markTold", node -> node.markTold(told(node), Long.MAX_VALUE)),
    MARK_ANYWAY("markToldAnyway", node -> node.markToldAnyway(told(node))),
    RENEW("renewTold", node -> node.renewTold(told(node)));

    final String method;
    final Consumer<Node> step;

    Locked(String method, Consumer<Node> step) {
      this.method = method;
      this.step = step;
    }
  }

  /** Whether a thread waits for a child lock in a method. */
  private static boolean isLockedOut(Thread thread, String method) {
    StackTraceElement[] stack = thread.getStackTrace();
    for (int i = 1; i < stack.length; i++) {
      if (stack[i - 1].getMethodName().equals("lockChildren")
          && stack[i].getMethodName().equals(method)) {
        return true;
      }
    }
    return false;
  }

  @ParameterizedTest
  @EnumSource
  void lockChildren_heldByAnother_isWaitedFor(Locked what) throws Exception {
    try (var tree = grove.open("t")) {
      var parent = tree.run("parent", Signal::await);
      ManagedThread.named("child").parent(parent).run(Signal::await);
      Node node = parent.node;
      Thread other = Thread.ofPlatform().unstarted(() -> what.step.accept(node));
      node.lockChildren();
      try {
        other.start();
        Grove.eventually(() -> isLockedOut(other, what.method));
      } finally {
        node.unlockChildren();
      }
      other.join();
    }
  }

  @Test
  void lockChildren_heldWhileAChildEnds_isWaitedFor() throws Exception {
    try (var tree = grove.open("t")) {
      var end = Signal.create("end");
      var child = tree.named("child").platform().run(_ -> end.await());
      tree.root.lockChildren();
      try {
        end.go();
        Grove.eventually(() -> isLockedOut(child.thread().orElseThrow(), "unlink"));
        assertThat(child.stopped().isSignalled()).isTrue();
      } finally {
        tree.root.unlockChildren();
      }
      Grove.eventually(() -> tree.root.childCount() == 0);
    }
  }

  /** Whoever asks takes the later of the two anyway, unless the clock stands below zero. */
  @Test
  void chanceAfterChildren_noneHasGoneSinceItWasTold_isWhatTheCallerSays() {
    try (var tree = grove.open("t")) {
      assertThat(tree.root.chanceAfterChildren(1, -7, -5)).isEqualTo(-7);
      tree.run("x", Signal::await);
      assertThat(tree.root.chanceAfterChildren(1, -7, -5)).isEqualTo(-7);
    }
  }

  // ---- section 5.2: who is told while children come

  @Test
  void markTold_untoldChildThatTheStopHasNotSeen_refuses() throws Exception {
    try (var tree = grove.open("t")) {
      var parent = tree.run("parent", Signal::await);
      ManagedThread.named("child").parent(parent).run(Signal::await);
      Node node = parent.node;
      assertThat(node.markTold(told(node), 0)).isFalse();
      assertThat(node.told()).isNull();
      assertThat(node.markTold(told(node), 1)).isTrue();
      assertThat(node.markTold(told(node), 1)).as("again").isFalse();
    }
  }

  @Test
  void markTold_onlyChildrenThatTheStopHasSeenAreUntold_marks() throws Exception {
    try (var tree = grove.open("t")) {
      var parent = tree.run("parent", Signal::await);
      ManagedThread.named("seen").parent(parent).run(Signal::await);
      var release = Signal.create("release");
      ManagedThread.named("told").parent(parent).run(_ -> release.await()).stop();
      assertThat(parent.node.markTold(told(parent.node), 1)).isTrue();
      release.go();
    }
  }

  @Test
  void markToldAnyway_toldBefore_keepsWhatItWasTold() throws Exception {
    try (var tree = grove.open("t")) {
      Node node = tree.run("x", Signal::await).node;
      Told first = told(node);
      assertThat(node.markToldAnyway(first)).isTrue();
      assertThat(node.markToldAnyway(told(node))).isFalse();
      assertThat(node.told()).isSameAs(first);
    }
  }

  // ---- section 5.1: children that come too late

  @Test
  void refuseChildren_oneIsThere_keepsItAndLinksNoOther() throws Exception {
    try (var tree = grove.open("t")) {
      var parent = tree.run("parent", Signal::await);
      var child = ManagedThread.named("child").parent(parent).run(Signal::await);
      parent.node.refuseChildren();
      assertThatIllegalStateException()
          .isThrownBy(() -> ManagedThread.named("late").parent(parent).run(_ -> {}))
          .withMessageContaining("\"late\": the time of its parent \"t/parent\" to stop is over");
      assertThat(parent.children()).isEqualTo(List.of(child));
    }
  }

  /** Before the tree is closed, which would wait for ever on a clock that stands still. */
  @FunctionalInterface
  private interface Release extends AutoCloseable {
    @Override
    void close();
  }

  private static boolean isRefused(ThreadTree tree) throws InterruptedException {
    try {
      var _ = tree.run("late", _ -> {}).awaitOutcome(); // perhaps given up
      return false;
    } catch (IllegalStateException e) {
      assertThat(e).hasMessageContaining("the time of its parent \"t\" to stop is over");
      return true;
    }
  }

  /** Or somebody who goes on starting some would never let it end. */
  @Test
  void awaitChildren_theTimeOfThoseBornNowIsOver_linksNoOther() throws Exception {
    var time = new StillTime();
    var release = Signal.create("release");
    try (var tree = grove.open(StopPolicy.standard(), time);
        Release _ = release::go) {
      tree.run("child", _ -> release.await());
      tree.root.bearTold(told(tree.root));
      var closer =
          Kind.PLATFORM.call(() -> {
            tree.root.awaitChildren();
            return null;
          });
      closer.awaitBlocked();
      tree.run("early", _ -> {}).join();
      time.pass(AN_HOUR);
      Grove.eventually(() -> isRefused(tree)); // looks once a second
      release.go();
      closer.get();
    }
  }

  // ---- the end

  /** H11: by its stack; a thread that really sits there never comes back. */
  @Test
  void end_thoughtToSitInSystemExit_endsAllTheSame() throws Exception {
    try (var tree = grove.open("t")) {
      var thread =
          tree.call(
              "x",
              _ -> {
                ManagedThread.current().node.markExiting();
                return "back";
              });
      assertThat(thread.join()).isEqualTo("back");
    }
  }

  @Test
  void ageNanos_startedAWhileAgo_isSoLong() {
    var time = new StillTime();
    try (var tree = grove.open(StopPolicy.standard(), time)) {
      Node node = tree.run("x", Signal::await).node;
      time.pass(AN_HOUR);
      assertThat(node.ageNanos()).isEqualTo(AN_HOUR.toNanos());
    }
  }
}
