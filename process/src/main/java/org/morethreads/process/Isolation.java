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
   * killed, as long as it has something open that the command was given: an output, or file
   * descriptor 99. What has closed all that lives on, as a daemon. The shell is used again only
   * when nobody has an output of the command open any more, so nothing can write into that of a
   * later one. {@code $$} is the shell that is kept, the same for several commands, and not to be
   * sent signals; {@code $BASHPID} is that of the command.
   */
  FULL,

  /**
   * In the shell that is kept itself: for builtins, at a fraction of the cost. What a command
   * changes stays changed for those after it with the same directory, environment and shell, the
   * parameters {@code $1} … and the flags of its outputs too; what it leaves in the background may
   * write into their output; {@code exit} and {@code exec} end the shell, and what redirects its
   * output for good never ends. Only for commands that do none of this.
   */
  TRUSTING
}
