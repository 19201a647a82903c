package org.morethreads.queue;

/** An element in a queue that must know more of it than the element itself. */
class Entry {
  final Object element;

  /** Its priority; 0 in a queue without. */
  final int priority;

  /** When it was put, by the monotonic clock of who put it; 0 in a queue that does not need it. */
  final long since;

  Entry(Object element, int priority, long since) {
    this.element = element;
    this.priority = priority;
    this.since = since;
  }
}
