package org.morethreads.thread;

import org.jspecify.annotations.Nullable;
import org.morethreads.internal.Library;
import org.morethreads.internal.Surroundings;
import org.morethreads.sync.Signal;

/**
 * The {@code stopped} of a thread. Its actions run on the ending thread, or on their own when
 * somebody else ended it.
 */
@SuppressWarnings("exports")
final class StoppedSignal extends Signal {
  private final Node node;

  StoppedSignal(Node node) {
    super(Library.MEMBER);
    this.node = node;
  }

  Node node() {
    return node;
  }

  @Override
  protected @Nullable Surroundings detached() {
    return node.isOf(Thread.currentThread()) ? null : node;
  }

  @Override
  protected void describe(Name text) {
    text.append("stopped " + node.describe());
  }
}
