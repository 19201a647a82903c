package org.morethreads.examples.procrun;

import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What can be told of a line for the shell without being one. */
final class ShellLine {
  /** The first word, after assignments and {@code exec}. */
  private static final Pattern FIRST_WORD =
      Pattern.compile(
          "\\s*(?:[A-Za-z_]\\w*=\\S*\\s+|exec\\s+)*([A-Za-z0-9_./+-]+)(?=\\s|$|[;|&<>])");

  /** Words and variables, with a program in front, and nothing that the shell has to stay for. */
  private static final Pattern ONE_PROGRAM =
      Pattern.compile("[A-Za-z0-9_./+-]+(?:\\s[^;&|<>()`]*)?");

  /** What the shell does itself. */
  private static final Set<String> BUILTINS =
      Set.of(
          (". : [ alias bg break case cd command continue echo eval exec exit export false fg for "
                  + "getopts hash if jobs kill local printf pwd read readonly return set shift test "
                  + "time times trap true type ulimit umask unalias unset until wait while")
              .split(" "));

  private ShellLine() {}

  /** {@return the program that a line begins with, if that can be told} */
  static Optional<String> program(String line) {
    Matcher matcher = FIRST_WORD.matcher(line);
    return matcher.lookingAt() && !BUILTINS.contains(matcher.group(1))
        ? Optional.of(matcher.group(1))
        : Optional.empty();
  }

  /**
   * {@return the line, so that the shell becomes the program if that is all it does} Signals then
   * reach the program itself.
   */
  static String withoutShell(String line) {
    String stripped = line.strip();
    boolean isOne =
        ONE_PROGRAM.matcher(stripped).matches()
            && program(stripped).filter(stripped::startsWith).isPresent();
    return isOne ? "exec " + stripped : line;
  }
}
