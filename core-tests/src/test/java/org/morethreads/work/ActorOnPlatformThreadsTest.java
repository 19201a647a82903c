package org.morethreads.work;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Actors on platform threads. */
class ActorOnPlatformThreadsTest extends ActorTest {
  @Override
  Actor.Builder named(String name) {
    return super.named(name).platform();
  }

  @Test
  void platform_thread_isNoVirtualOne() throws Exception {
    try (Actor<String> actor = named("a").start(() -> "state")) {
      boolean virtual = actor.ask(_ -> Thread.currentThread().isVirtual());
      assertThat(virtual).isFalse();
    }
  }
}
