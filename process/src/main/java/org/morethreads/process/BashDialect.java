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
   * bash reads its input a byte at a time, so what is sent for each command is short: a call of a function that was sent before.
   *
   * What the shell itself has to say, such as that a command was killed, is not of the command: its own standard error goes nowhere, and
   * the commands have file descriptor 9 as theirs.
   *
   * The mark reaches the function as an argument, and is out of reach in the shell that is forked for the command. The file
   * descriptor 8 is the lifeline: see Session.
   */
  private static final String FUNCTIONS =
      """
      builtin set +m +o history
      __mt_end() {
        builtin printf '\\001%s %d\\n' "$1" "$2"
        builtin printf '\\001%s\\n' "$1" >&9
      }
      __mt_x() {
        ( command exec 8>"$__mt_life" <"$2" 2>&"$3" 9>&-; __mt_enter; builtin shift 3; command exec -- "$@" )
        __mt_end "$1" $?
      }
      __mt_b() {
        ( command exec 8>"$__mt_life" <"$2" 2>&"$3" 9>&-; __mt_enter; builtin shift 3; builtin "$@" )
        __mt_end "$1" $?
      }
      __mt_l() {
        ( command exec 8>"$__mt_life" <"$2" 2>&"$3" 9>&-; __mt_enter; builtin shift 3
          builtin eval "builtin shift"$'\\n'"$1" )
        __mt_end "$1" $?
      }
      __mt_t() {
        "${@:4}" <"$2" 2>&"$3" 9>&-
        __mt_end "$1" $?
      }
      __mt_u() {
        builtin eval "$4" <"$2" 2>&"$3" 9>&-
        __mt_end "$1" $?
      }
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
        + FUNCTIONS
        + "__mt_enter() { "
        + "builtin unset __mt_life; "
        + "builtin unset -f __mt_x __mt_b __mt_l __mt_t __mt_u __mt_end __mt_enter; }\n"
        + "__mt_life="
        + life
        + "\nmkfifo -m 600 \"$__mt_life\" && command exec 8<>\"$__mt_life\""
        + " && command exec 9>&2 2>/dev/null && __mt_end "
        + mark
        + " 0\n";
  }

  @Override
  public String afterPrologue() {
    return "command exec 8>&-\n";
  }

  @Override
  public String command(Settings settings, String mark, Path input) {
    StringBuilder text = new StringBuilder();
    boolean trusting = settings.isolation == Isolation.TRUSTING;
    String function;
    if (settings.shellLine) {
      function = trusting ? "__mt_u" : "__mt_l";
    } else if (trusting) {
      function = "__mt_t";
    } else {
      function = BUILTINS.contains(settings.command.getFirst()) ? "__mt_b" : "__mt_x";
    }
    text.append(function)
        .append(' ')
        .append(mark)
        .append(' ')
        .append(quoted(input.toString()))
        .append(settings.merged ? " 1" : " 9");
    for (String word : settings.command) {
      text.append(' ').append(quoted(word));
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
    return "'" + word.replace("'", "'\\''") + "'";
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
