package org.morethreads.logging;

import java.io.PrintStream;
import org.jspecify.annotations.Nullable;

/** Standard error, for what the log itself has to say when it is what is broken. */
final class LastResort {
  private LastResort() {}

  /** Says something; throws nothing. */
  static void say(String text) {
    say(text, null);
  }

  /** Says something, with the stack trace of a failure. */
  static void say(String text, @Nullable Throwable failure) {
    try {
      PrintStream out = System.err;
      out.println("org.morethreads.logging: " + text);
      if (failure != null) {
        failure.printStackTrace(out);
      }
      out.flush();
    } catch (Throwable broken) {
      // no memory, or a failure that cannot be printed: there is nobody left to tell
    }
  }

  /** A failure in words; those of the user's classes may fail themselves. */
  static String words(@Nullable Throwable failure) {
    if (failure == null) {
      return "no failure";
    }
    try {
      return failure.toString();
    } catch (Throwable broken) {
      return failure.getClass().getName() + ", which cannot say more";
    }
  }
}
