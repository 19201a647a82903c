package org.morethreads.process;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The language of {@code cmd.exe}. Written after its documentation and tested against a stand-in;
 * it has never been run on Windows.
 */
record CmdDialect(List<String> program) implements Dialect {
  CmdDialect {
    program = List.copyOf(program);
  }

  @Override
  public List<String> shell(Settings settings) {
    java.util.ArrayList<String> command = new java.util.ArrayList<>(program);
    command.addAll(List.of("/q", "/d", "/a", "/v:off"));
    return command;
  }

  @Override
  public Map<String, Optional<String>> environment(Settings settings) {
    return settings.environment;
  }

  @Override
  public String prologue(Settings settings, Path place, String mark) {
    return "@echo off\r\n" + end(mark);
  }

  @Override
  public String afterPrologue(Settings settings) {
    return "\r\n";
  }

  @Override
  public String preparation(Settings settings, String mark) {
    return "";
  }

  @Override
  public String command(Settings settings, String mark, Path input) {
    String line = settings.shellLine ? settings.command.getFirst() : line(settings.command);
    if (line.indexOf('\n') >= 0 || line.indexOf('\r') >= 0) {
      throw new IllegalArgumentException(
          "cmd.exe cannot be given a line with a newline in it. Put it into a file.");
    }
    String run =
        settings.isolation == Isolation.TRUSTING
            ? "(" + line + ")"
            : "cmd /q /d /a /v:off /s /c \"" + line + "\"";
    return run + " <\"" + input + "\"" + (settings.merged ? " 2>&1" : "") + "\r\n" + end(mark);
  }

  private static String end(String mark) {
    // the exit code first: echo leaves it as it is
    return "echo \u0001" + mark + " %ERRORLEVEL%\r\necho \u0001" + mark + ">&2\r\n";
  }

  @Override
  public boolean hasFifos(Settings settings) {
    return false;
  }

  @Override
  public Path noInput() {
    return Path.of("NUL");
  }

  /** Words in such a way that cmd.exe changes none, and a program finds each as it was. */
  static String line(List<String> words) {
    StringBuilder line = new StringBuilder();
    for (String word : words) {
      if (!line.isEmpty()) {
        line.append(' ');
      }
      line.append(escaped(quoted(word)));
    }
    return line.toString();
  }

  /**
   * By the rules of the C run-time library: quotes around, a backslash before quotes, backslashes
   * doubled where quotes follow.
   */
  static String quoted(String word) {
    if (!word.isEmpty() && word.chars().noneMatch(c -> c == ' ' || c == '\t' || c == '"')) {
      return word;
    }
    StringBuilder quoted = new StringBuilder("\"");
    int backslashes = 0;
    for (int i = 0; i < word.length(); i++) {
      char next = word.charAt(i);
      if (next == '\\') {
        backslashes++;
      } else {
        if (next == '"') {
          quoted.append("\\".repeat(backslashes + 1));
        }
        backslashes = 0;
      }
      quoted.append(next);
    }
    return quoted.append("\\".repeat(backslashes)).append('"').toString();
  }

  /**
   * A caret before all that means something to cmd.exe, quotes too: so it sees no quotes at all.
   */
  private static String escaped(String word) {
    StringBuilder escaped = new StringBuilder();
    for (int i = 0; i < word.length(); i++) {
      char next = word.charAt(i);
      if ("()%!^\"<>&|".indexOf(next) >= 0) {
        escaped.append('^');
      }
      escaped.append(next);
    }
    return escaped.toString();
  }
}
