package org.morethreads.queue;

import org.morethreads.internal.Firing;
import org.morethreads.internal.Library;
import org.morethreads.sync.Signal;

/** A signal of a queue, which nobody but the queue can signal. */
@SuppressWarnings("exports") // hidden members of the machinery
final class End extends Signal {
  private final String queueName;
  private final String what;

  End(String queueName, String what) {
    super(Library.MEMBER);
    this.queueName = queueName;
    this.what = what;
  }

  void fire() {
    Firing.fire(this);
  }

  @Override
  protected void describe(Name text) {
    text.append(queueName);
    text.append(what);
  }
}
