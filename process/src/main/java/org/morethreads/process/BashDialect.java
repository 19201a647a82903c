package org.morethreads.process;

import java.nio.file.Files;
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
   * What the shell itself has to say, such as that a command was killed, is not of the command: its own standard error goes nowhere. What
   * it was given as that is file descriptor 9.
   *
   * In isolation. The shell is forked for a command before there is one: for each line "m MARK" one fork, which prepares all that it can,
   * and then reads the command itself, from the same input, as one line, "c TEXT". The shell waits for its end meanwhile, and reads nothing.
   * Forking is the slowest part of a builtin, and happens so while nobody waits for it. What the shell itself reads it never takes for code:
   * if a fork is killed before it has read its line, or in the middle of that, the rest of the line ends the shell, and so the session.
   *
   * The outputs of the command are two FIFOs, opened by the fork, so that no flag of a file (O_NONBLOCK) outlives the command. The shell has
   * them open too while it forks and waits, as file descriptors 6 and 7: it writes the mark to them when the fork has ended. The file
   * descriptor 99 of the fork is the lifeline, see Session. The mark is out of reach in the fork.
   *
   * Trusted commands are read by the shell itself, at its top level: in a function, `set --`, `shift` and `declare` would mean something
   * else, and `return` would end it. They have the outputs of the shell.
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
        [[ $__mt_line == "m "* && -p $__mt_out && -p $__mt_err ]] || builtin exit 1
        command exec 6>"$__mt_out" 7>"$__mt_err" || builtin exit 1
        builtin printf r
        builtin printf r >&9
        (
          builtin trap - EXIT
          command exec 1>"$__mt_out" 2>"$__mt_err" 99>&1 6>&- 7>&- 9>&- || builtin exit 1
          builtin unset __mt_out __mt_err __mt_line __mt_status
          builtin unset -f __mt_mark
          IFS= builtin read -r __mt_line || builtin exit 1
          [[ $__mt_line == "c "* ]] || builtin exit 1
          builtin eval "${__mt_line:2}"
        )
        __mt_status=$?
        builtin printf '\\001%s\\n' "${__mt_line:2}" >&7
        builtin printf '\\001%s %d\\n' "${__mt_line:2}" $__mt_status >&6
        command exec 6>&- 7>&-
      done; builtin exit 0
      """;

  /** All that bash 4 has. In isolation {@code exec} would look for them on the path. */
  static final Set<String> BUILTINS =
      Set.of(
          """
          . : [ alias bg bind break builtin caller cd command compgen complete
          compopt continue declare dirs disown echo enable eval exec exit export
          false fc fg getopts hash help history jobs kill let local logout
          mapfile popd printf pushd pwd read readarray readonly return set shift
          shopt source suspend test times trap true type typeset ulimit umask
          unalias unset wait
          """
              .strip()
              .split("\\s+", -1));

  @Override
  public List<String> shell(Settings settings) {
    boolean ours = !settings.onlyEnvironment && !settings.environment.containsKey("PATH");
    return List.of(ours ? program : found(program), "--noprofile", "--norc", "-s");
  }

  /** Where a program of ours is on our path; that of the commands may be another. */
  private static String found(String program) {
    if (program.indexOf('/') >= 0) {
      return program;
    }
    for (String place : System.getenv().getOrDefault("PATH", "").split(":", -1)) {
      Path file = Path.of(place, program);
      if (file.isAbsolute() && Files.isExecutable(file) && !Files.isDirectory(file)) {
        return file.toString();
      }
    }
    return program;
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
    String start =
        exported(settings)
            + "builtin trap "
            + quoted(quoted(found("rm")) + " -rf " + quoted(place.toString()))
            + " EXIT\n"
            + QUIETLY
            + END_FUNCTION;
    String fifos = "";
    if (hasFifos(settings)) {
      start += "__mt_out=" + quoted(place.resolve("out").toString()) + "\n";
      start += "__mt_err=" + quoted(place.resolve("err").toString()) + "\n";
      fifos = quoted(found("mkfifo")) + " -m 600 \"$__mt_out\" \"$__mt_err\" && ";
    }
    return start + fifos + "command exec 9>&2 2>/dev/null && __mt_mark " + mark + " 0\n";
  }

  @Override
  public String afterPrologue(Settings settings) {
    return isTrusting(settings) ? "" : SERVE;
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
    if (isTrusting(settings)) {
      text.append(settings.shellLine ? "builtin eval" : "");
      for (String word : settings.command) {
        text.append(' ').append(inQuotes(word)); // also what would be a word of the language
      }
      text.append(" <").append(from).append(" 2>&").append(settings.merged ? "1" : "9");
      return text.append(" 9>&-\n__mt_mark ").append(mark).append(" $?\n").toString();
    }
    text.append("c builtin unset __mt_line; command exec <").append(from);
    text.append(settings.merged ? " 2>&1; " : "; ");
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
  public boolean hasFifos(Settings settings) {
    return !isTrusting(settings);
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
