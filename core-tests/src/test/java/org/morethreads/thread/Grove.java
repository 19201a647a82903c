package org.morethreads.thread;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.morethreads.fixture.Kind;
import org.morethreads.internal.Library;
import org.morethreads.internal.Log;
import org.morethreads.internal.Time;
import org.morethreads.testing.VirtualClock;

/**
 * Opens trees for a test, hears what is logged, and checks after each test that has not failed that
 * the trees are closed and that no managed thread is left.
 */
@SuppressWarnings("exports") // of a package that is exported, but no part of the library
public final class Grove implements BeforeEachCallback, AfterEachCallback {
  /** For tests. */
  public Grove() {}

  private static final long PATIENCE = 30_000_000_000L;

  /** In real time, on a busy machine, for a body that looks for something again and again. */
  private static final Duration HOLD_LIMIT = Duration.ofNanos(PATIENCE);

  /** A record of the log. */
  public record Heard(System.Logger.Level level, String message, @Nullable Throwable failure) {}

  /** What runs with a tree on virtual time, on a thread of its own that is not managed. */
  @FunctionalInterface
  public interface Body {
    void run(ThreadTree tree, VirtualClock time) throws Exception;
  }

  private final Queue<ThreadTree> trees = new ConcurrentLinkedQueue<>();
  private final Queue<Heard> heard = new ConcurrentLinkedQueue<>();

  @Override
  public void beforeEach(ExtensionContext context) {
    Log.setListener((level, message, failure) -> heard.add(new Heard(level, message, failure)));
  }

  @Override
  public void afterEach(ExtensionContext context) {
    try {
      if (context.getExecutionException().isEmpty()) { // else what it has left is no news
        checkNothingIsLeft();
      }
    } finally {
      Log.setListener(null);
      heard.clear();
      trees.clear();
    }
  }

  private void checkNothingIsLeft() {
    for (ThreadTree tree : trees) {
      assertThat(tree.stopped().isSignalled()).as("%s is closed", tree).isTrue();
      assertThat(tree.children()).isEmpty();
      eventually(() -> tree.abandonedAlive().isEmpty());
    }
    assertThat(JvmShutdown.allOpen()).noneMatch(trees::contains);
  }

  /** Opens a tree on real time. */
  public ThreadTree open(String name) {
    return open(name, StopPolicy.standard());
  }

  /** Opens a tree on real time. */
  ThreadTree open(String name, StopPolicy policy) {
    return remember(ThreadTree.open(name, policy));
  }

  /** Opens a tree named "t". */
  ThreadTree open(StopPolicy policy, Time time) {
    return remember(ThreadTree.open(Library.MEMBER, "t", policy, time, /* wholeStarts= */ false));
  }

  /** Checks a tree that the test itself has opened, after the test. */
  ThreadTree remember(ThreadTree tree) {
    trees.add(tree);
    return tree;
  }

  /** Runs something with a tree on virtual time; the tree is closed at the end. */
  public void onVirtualTime(Body body) throws Exception {
    onVirtualTime(StopPolicy.standard(), body);
  }

  /** Runs something with a tree on virtual time; the tree is closed at the end. */
  public void onVirtualTime(StopPolicy policy, Body body) throws Exception {
    VirtualClock.setup()
        .withUnmanagedThread()
        .withHoldLimit(HOLD_LIMIT)
        .run(clock -> {
          try (var tree = open("t", policy)) { // on the clock, as all that the body opens
            body.run(tree, clock);
          }
        });
  }

  /** {@return what was logged so far} */
  public List<Heard> log() {
    return List.copyOf(heard);
  }

  /** {@return the messages of a level so far} */
  public List<String> log(System.Logger.Level level) {
    return heard.stream().filter(each -> each.level == level).map(Heard::message).toList();
  }

  /** Begins a thread of a kind. */
  public static ThreadBuilder named(Kind kind, String name) {
    ThreadBuilder builder = ManagedThread.named(name);
    return kind.isVirtual() ? builder : builder.platform();
  }

  /** Something that becomes true soon, through threads that nobody can join. */
  @FunctionalInterface
  public interface Condition {
    boolean holds() throws Exception;
  }

  /** Waits in real time for what must come, and gives no signal when it does. */
  public static void eventually(Condition condition) {
    long end = System.nanoTime() + PATIENCE;
    try {
      while (!condition.holds()) {
        assertThat(System.nanoTime()).as("still not so").isLessThan(end);
        Thread.yield();
      }
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }
}
