package org.morethreads.process;

/**
 * How far a {@link Command} is kept from those that run after it in the same shell.
 *
 * @since 0.1
 */
public enum Isolation {
  /**
   * In a shell of its own, forked from the one that is kept. Directory, variables, options, traps,
   * {@code exit} and unread input reach no other command. What it leaves in the background is
   * killed, and the shell is used again only when nobody has what it was given open any more.
   */
  FULL,

  /**
   * In the shell that is kept itself: for builtins, at a fraction of the cost. What a command
   * changes stays changed for those after it with the same directory, environment and shell; what
   * it leaves in the background may write into their output; {@code exit} and {@code exec} end the
   * shell, and what redirects its output for good never ends. Only for commands that do none of
   * this.
   */
  TRUSTING
}
