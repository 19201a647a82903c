package org.morethreads.sync;

import org.morethreads.internal.Firing;
import org.morethreads.internal.Library;

/**
 * A {@link Signal} that its holder can signal. Keep it to yourself and hand it out as a {@code
 * Signal}, so that only you decide.
 *
 * @since 0.1
 */
public final class OpenSignal extends Signal {
  private final String name;

  OpenSignal(String name) {
    super(Library.MEMBER);
    this.name = name;
  }

  /**
   * Signals this signal, for good. First it and every signal composed from it are signalled, then
   * all who wait are woken, then the attached actions run, on the calling thread, in the order in
   * which they were attached. Repeating it does nothing.
   *
   * <p>Never waits for a lock or another thread; takes as long as the actions take. What an action
   * throws is logged; this method throws nothing.
   */
  public void go() {
    Firing.fire(this);
  }

  @Override
  protected void describe(Name text) {
    text.append(name);
  }
}
