package org.morethreads.queue;

import org.jspecify.annotations.Nullable;
import org.morethreads.internal.Firing;
import org.morethreads.internal.Library;
import org.morethreads.sync.Signal;

/** A signal of a queue, which nobody but the queue can signal. */
@SuppressWarnings("exports") // hidden members of the machinery
final class End extends Signal {
  private final String queueName;
  private final String what;

  /** The queue whose end this is, and not only its closing; or null. */
  private final @Nullable QueueCore<?> ending;

  End(String queueName, String what, @Nullable QueueCore<?> ending) {
    super(Library.MEMBER);
    this.queueName = queueName;
    this.what = what;
    this.ending = ending;
  }

  /**
   * Fires two signals at once: both are signalled and wake their waiters before actions of the
   * first run, which may take long or wait for the second.
   */
  static void fire(End first, End second) {
    Firing ofFirst = Firing.begin(first);
    Firing ofSecond = Firing.begin(second);
    if (ofFirst != null) {
      ofFirst.finish();
    }
    if (ofSecond != null) {
      ofSecond.finish();
    }
  }

  void fire() {
    Firing.fire(this);
  }

  /** Nobody sees that an empty queue has been closed and then not that it has ended. */
  @Override
  protected boolean compute() {
    return ending != null && ending.hasEnded();
  }

  @Override
  protected void describe(Name text) {
    text.append(queueName);
    text.append(what);
  }
}
