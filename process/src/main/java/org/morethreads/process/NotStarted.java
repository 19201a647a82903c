package org.morethreads.process;

/** Carries a {@link ProcessStartException} out of the start of a thread. */
final class NotStarted extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** What is thrown instead. */
  final ProcessStartException why;

  NotStarted(ProcessStartException why) {
    super(why);
    this.why = why;
  }
}
