package org.morethreads.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Threads for actions that have none; a shutdown waits for those that are running. */
@Timeout(20)
class DetachedTest {
  private final CompletableFuture<Thread> begun = new CompletableFuture<>();
  private final CompletableFuture<Void> goOn = new CompletableFuture<>();

  private void waitInside() {
    begun.complete(Thread.currentThread());
    goOn.join();
  }

  @Test
  void start_runs_isListedUntilItEnds() throws Exception {
    Detached.start("action", this::waitInside);
    Thread thread = begun.get(20, TimeUnit.SECONDS);
    assertThat(thread.isVirtual()).isTrue();
    assertThat(thread.getName()).isEqualTo("action");
    assertThat(Detached.running()).contains(thread);
    goOn.complete(null);
    thread.join();
    assertThat(Detached.running()).doesNotContain(thread);
  }

  @Test
  void startPlatform_runs_isADaemonAndListedUntilItEnds() throws Exception {
    Detached.startPlatform("driver", this::waitInside);
    Thread thread = begun.get(20, TimeUnit.SECONDS);
    assertThat(thread.isVirtual()).isFalse();
    assertThat(thread.isDaemon()).isTrue();
    assertThat(thread.getName()).isEqualTo("driver");
    assertThat(Detached.running()).contains(thread);
    goOn.complete(null);
    thread.join();
    assertThat(Detached.running()).doesNotContain(thread);
  }
}
