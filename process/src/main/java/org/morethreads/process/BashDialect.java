package org.morethreads.process;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The language of {@code bash}. */
record BashDialect(String program) implements Dialect {
  /*
   * bash reads its input a byte at a time, so what is sent for each command is short.
   *
   * What the shell itself has to say, such as that a command was killed, is not of the command: its own standard error goes nowhere, and
   * the commands have file descriptor 9 as theirs. The file descriptor 8 is the lifeline: see Session.
   *
   * In isolation. The shell is forked for a command before there is one: for each line "m MARK" one fork, which prepares all that it can,
   * and then reads the command itself, from the same input, as one line, "c TEXT". The shell waits for its end meanwhile, and reads nothing.
   * Forking is the slowest part of a builtin, and happens so while nobody waits for it. What the shell itself reads it never takes for code:
   * if a fork is killed before it has read its line, or in the middle of that, the rest of the line ends the shell, and so the session. It
   * writes the mark before it forks, and again when the fork has ended; what is before the first was written by earlier commands, which are
   * gone by then. The mark is out of reach in the fork.
   *
   * Trusted commands are read by the shell itself, at its top level: in a function, `set --`, `shift` and `declare` would mean something
   * else, and `return` would end it.
   */
  private static final String QUIETLY = "builtin set +m +o history\n";

  private static final String END_FUNCTION =
      """
      __mt_mark() {
        builtin printf '\\001%s %d\\n' "$1" "$2"
        builtin printf '\\001%s\\n' "$1" >&9
      }
      """;

  private static final String SERVE =
      """
      while IFS= builtin read -r __mt_line; do
        [[ $__mt_line == "m "* ]] || builtin exit 1
        __mt_mark "${__mt_line:2}" 0
        (
          builtin trap - EXIT
          [[ -p $__mt_life ]] && command exec 8>"$__mt_life" || builtin exit 1
          builtin unset __mt_life __mt_line
          builtin unset -f __mt_mark
          IFS= builtin read -r __mt_line || builtin exit 1
          [[ $__mt_line == "c "* ]] || builtin exit 1
          builtin eval "${__mt_line:2}"
        )
        __mt_mark "${__mt_line:2}" $?
      done; builtin exit 0
      """;

  /**
   * Those that a command may be; what the shell has built in is not on the path, or slower there.
   */
  private static final Set<String> BUILTINS =
      Set.of(
          ":", "[", "cd", "command", "declare", "echo", "eval", "exit", "export", "false", "hash",
          "kill", "printf", "pwd", "read", "set", "shopt", "test", "times", "trap", "true", "type",
          "ulimit", "umask", "unset", "wait");

  @Override
  public List<String> shell() {
    return List.of(program, "--noprofile", "--norc", "-s");
  }

  /** They would change the shell itself; the first is given to the commands all the same. */
  @Override
  public Map<String, Optional<String>> environment(Settings settings) {
    Map<String, Optional<String>> changed = new HashMap<>(settings.environment);
    changed.keySet().removeIf(BashDialect::isOfTheShell);
    for (String variable : System.getenv().keySet()) {
      if (isOfTheShell(variable)) {
        changed.put(variable, Optional.empty());
      }
    }
    return Map.copyOf(changed);
  }

  private static boolean isOfTheShell(String variable) {
    return variable.equals("BASH_ENV")
        || variable.equals("SHELLOPTS")
        || variable.equals("BASHOPTS")
        || variable.startsWith("BASH_FUNC_");
  }

  private static String exported(Settings settings) {
    String inherited = settings.onlyEnvironment ? null : System.getenv("BASH_ENV");
    return settings
        .environment
        .getOrDefault("BASH_ENV", Optional.ofNullable(inherited))
        .map(value -> "builtin export BASH_ENV=" + quoted(value) + "\n")
        .orElse("");
  }

  @Override
  public String prologue(Settings settings, Path place, String mark) {
    String life = quoted(place.resolve("life").toString());
    return exported(settings)
        + "builtin trap "
        + quoted("rm -rf " + quoted(place.toString()))
        + " EXIT\n"
        + QUIETLY
        + END_FUNCTION
        + "__mt_life="
        + life
        + "\nmkfifo -m 600 \"$__mt_life\" && command exec 8<>\"$__mt_life\""
        + " && command exec 9>&2 2>/dev/null && __mt_mark "
        + mark
        + " 0\n";
  }

  @Override
  public String afterPrologue(Settings settings) {
    return "command exec 8>&-\n" + (isTrusting(settings) ? "" : SERVE);
  }

  private static boolean isTrusting(Settings settings) {
    return settings.isolation == Isolation.TRUSTING;
  }

  @Override
  public String preparation(Settings settings, String mark) {
    return isTrusting(settings) ? "" : "m " + mark + "\n";
  }

  @Override
  public String command(Settings settings, String mark, Path input) {
    StringBuilder text = new StringBuilder();
    String from = quoted(input.toString());
    String errors = settings.merged ? "1" : "9";
    if (isTrusting(settings)) {
      text.append(settings.shellLine ? "builtin eval" : "");
      for (String word : settings.command) {
        text.append(' ').append(inQuotes(word)); // also what would be a word of the language
      }
      text.append(" <").append(from).append(" 2>&").append(settings.merged ? "1" : "9");
      return text.append(" 9>&-\n__mt_mark ").append(mark).append(" $?\n").toString();
    }
    text.append("c builtin unset __mt_line; command exec <").append(from);
    text.append(" 2>&").append(settings.merged ? "1" : "9").append(" 9>&-; ");
    if (settings.shellLine) {
      text.append("builtin eval");
    } else if (BUILTINS.contains(settings.command.getFirst())) {
      text.append("builtin");
    } else {
      text.append("command exec --");
    }
    for (String word : settings.command) {
      text.append(' ').append(quotedInOneLine(word));
    }
    return text.append('\n').toString();
  }

  @Override
  public boolean hasLifeline() {
    return true;
  }

  @Override
  public Path noInput() {
    return Path.of("/dev/null");
  }

  /** A word that the shell takes as it is. */
  static String quoted(String word) {
    if (!word.isEmpty() && word.chars().allMatch(BashDialect::isPlain)) {
      return word;
    }
    return inQuotes(word);
  }

  private static String inQuotes(String word) {
    return "'" + word.replace("'", "'\\''") + "'";
  }

  /** The same without a character that ends a line, or means something to who reads one. */
  static String quotedInOneLine(String word) {
    if (word.chars().noneMatch(BashDialect::isControl)) {
      return quoted(word);
    }
    StringBuilder quoted = new StringBuilder("$'");
    for (int i = 0; i < word.length(); i++) {
      char next = word.charAt(i);
      if (isControl(next)) {
        quoted.append(String.format("\\%03o", (int) next));
      } else {
        if (next == '\'' || next == '\\') {
          quoted.append('\\');
        }
        quoted.append(next);
      }
    }
    return quoted.append('\'').toString();
  }

  private static boolean isControl(int character) {
    return character < ' ' || character == 0x7f;
  }

  private static boolean isPlain(int character) {
    return (character >= 'a' && character <= 'z')
        || (character >= 'A' && character <= 'Z')
        || (character >= '0' && character <= '9')
        || character == '/'
        || character == '.'
        || character == '-'
        || character == '_';
  }
}
