package org.morethreads.process;

/** What is to become of an output of a program. */
sealed interface Wish {
  /** Nobody has asked for it: read, and the end of it kept. */
  enum Queued implements Wish {
    KEPT,
    LINES,
    BYTES
  }

  /** It does not come to us: a file, or the place where our own output goes. */
  record Elsewhere(ProcessBuilder.Redirect place) implements Wish {}
}
