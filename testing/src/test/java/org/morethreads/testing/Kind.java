package org.morethreads.testing;

import java.time.Duration;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.ThreadBuilder;

/** The two kinds of threads that everything that blocks is tested on. */
enum Kind {
  VIRTUAL,
  PLATFORM;

  private static final Duration TIMEOUT = Duration.ofMinutes(4);

  /** Begins a managed thread of this kind. */
  ThreadBuilder named(String name) {
    ThreadBuilder builder = ManagedThread.named(name);
    return this == VIRTUAL ? builder : builder.platform();
  }

  /**
   * The usual settings, with the body on a thread of this kind, and time enough for a machine that
   * is busy with other things: who hangs is found by the hold limit, and by the deadlock.
   */
  VirtualClock.Setup setup() {
    VirtualClock.Setup setup = VirtualClock.setup().withTimeout(TIMEOUT);
    return this == VIRTUAL ? setup : setup.withPlatformThread();
  }

  /** Begins a thread of this kind that is not managed. */
  Thread.Builder alien() {
    return this == VIRTUAL ? Thread.ofVirtual() : Thread.ofPlatform().daemon();
  }
}
