package org.morethreads.thread;

import org.morethreads.internal.Library;
import org.morethreads.internal.Surroundings;
import org.morethreads.sync.Signal;

/**
 * The {@code pleaseStop} of a thread. Its actions run on threads of their own, since {@code stop()}
 * never blocks.
 */
@SuppressWarnings("exports")
final class StopSignal extends Signal {
  private final Node node;

  StopSignal(Node node) {
    super(Library.MEMBER);
    this.node = node;
  }

  /**
   * The thread's own tills are hurried now, and nothing of them hangs in this signal: wake the
   * thread to look.
   */
  @Override
  protected void onWake() {
    node.unparkOwnThread();
  }

  @Override
  protected Surroundings detached() {
    return node;
  }

  @Override
  protected void describe(Name text) {
    text.append("please stop " + node.describe());
  }
}
