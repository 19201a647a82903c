package org.morethreads.thread;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.morethreads.fixture.Kind;
import org.morethreads.sync.Signal;

/**
 * H5: a stop ends though somebody goes on starting threads in what is stopped. In real time, since
 * what matters is that others get on while the stop watch looks.
 */
@Timeout(60)
class StopBoundTest {
  private static final StopPolicy SHORT =
      StopPolicy.standard()
          .withAsk(Duration.ofMillis(100))
          .withInterrupt(Duration.ofMillis(100))
          .withTotal(Duration.ofMillis(500));

  /** More than a busy machine needs; it lasted until the starters gave up. */
  private static final Duration BOUND = Duration.ofSeconds(10);

  private static final Duration ENOUGH = Duration.ofSeconds(20);

  private final AtomicBoolean refused = new AtomicBoolean();
  private final long begin = System.nanoTime();

  @RegisterExtension final Grove grove = new Grove();

  @AfterEach
  void endedInTime() {
    assertThat(elapsed()).isLessThan(BOUND);
  }

  private Duration elapsed() {
    return Duration.ofNanos(System.nanoTime() - begin);
  }

  /** Takes a moment, whatever interrupts: so that there is always one that has not ended. */
  private static void handle() {
    long end = System.nanoTime() + Duration.ofMillis(2).toNanos();
    while (System.nanoTime() - end < 0) {
      Thread.yield();
    }
  }

  /** Starts threads until that is refused; gives up in the end, so that a test does not hang. */
  private void startOnAndOn(ThreadBuilder handlers) {
    while (elapsed().compareTo(ENOUGH) < 0) {
      try {
        var _ = handlers.run(_ -> handle());
      } catch (IllegalStateException e) {
        refused.set(true);
        return;
      }
    }
  }

  /** A server that listens to nobody, and starts a thread for each request. */
  @ParameterizedTest
  @EnumSource
  void close_deafThreadGoesOnStartingChildren_isAbandoned(Kind kind) throws Exception {
    ManagedThread<?> server;
    try (var _ = grove.open("t", SHORT)) {
      server = Grove.named(kind, "server").run(_ -> startOnAndOn(ManagedThread.named("handler")));
      Grove.eventually(() -> !server.children().isEmpty());
    }
    assertThat(server.outcome().orElseThrow())
        .isInstanceOfAny(Outcome.Abandoned.class, Outcome.Returned.class);
    Grove.eventually(refused::get); // an abandoned one still has to come to its next start
  }

  /** Somebody else starts them, below a thread whose task has ended. */
  @Test
  void stopped_othersGoOnStartingChildrenOfAnEndedThread_goes() throws Exception {
    try (var tree = grove.open("t", SHORT)) {
      var enough = Signal.create("enough");
      var parent = tree.run("parent", _ -> enough.await());
      var starter =
          Kind.PLATFORM.call(() -> {
            startOnAndOn(ManagedThread.named("handler").parent(parent));
            return null;
          });
      Grove.eventually(() -> !parent.children().isEmpty());
      enough.go();
      parent.stopped().await();
      starter.get();
    }
    assertThat(refused).isTrue();
  }

  @Test
  void close_othersGoOnStartingThreads_ends() throws Exception {
    Kind.Running<?> starter;
    try (var tree = grove.open("t", SHORT)) {
      starter =
          Kind.PLATFORM.call(() -> {
            startOnAndOn(tree.named("handler"));
            return null;
          });
      Grove.eventually(() -> !tree.children().isEmpty());
    }
    starter.get();
    assertThat(refused).isTrue();
  }
}
