package org.morethreads.internal;

/**
 * The proof that a caller belongs to the library: constructors that users must not call ask for it.
 */
public enum Library {
  /** The only one. */
  MEMBER
}
