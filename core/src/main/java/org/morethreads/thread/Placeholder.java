package org.morethreads.thread;

/** Keeps the package from being empty; goes when the first class comes. */
final class Placeholder {
  private Placeholder() {}
}
