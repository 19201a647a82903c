package org.morethreads.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.morethreads.testing.ManagedThreads;

/**
 * What {@code cmd.exe} is sent, and a session with a stand-in for it: a script that understands
 * just what it is sent here. Nothing of this has been run on Windows.
 */
@ManagedThreads(
    timeout = "50 s",
    allowedLog = System.Logger.Level.WARNING) // slow stops are reported
@Timeout(60)
class CmdDialectTest {
  @TempDir Path directory;

  @AfterEach
  void closeShells() {
    Command.closeIdleShells();
  }

  @Test
  void quoted_wordsOfAllKinds_followTheRulesOfTheRunTimeLibrary() {
    assertThat(CmdDialect.quoted("plain")).isEqualTo("plain");
    assertThat(CmdDialect.quoted("")).isEqualTo("\"\"");
    assertThat(CmdDialect.quoted("a b")).isEqualTo("\"a b\"");
    assertThat(CmdDialect.quoted("a\"b")).isEqualTo("\"a\\\"b\"");
    assertThat(CmdDialect.quoted("a\\b")).isEqualTo("a\\b");
    assertThat(CmdDialect.quoted("a b\\")).isEqualTo("\"a b\\\\\"");
    assertThat(CmdDialect.quoted("a\\\"b")).isEqualTo("\"a\\\\\\\"b\"");
  }

  @Test
  void line_charactersThatMeanSomething_haveACaretBefore() {
    assertThat(CmdDialect.line(List.of("echo", "a&b", "%PATH%", "a b", "x|y>z", "(1)", "!v!", "^")))
        .isEqualTo("echo a^&b ^%PATH^% ^\"a b^\" x^|y^>z ^(1^) ^!v^! ^^");
  }

  @Test
  void command_isolation_decidesWhetherThereIsAShellOfItsOwn() {
    CmdDialect dialect = new CmdDialect(List.of("cmd.exe"));
    Settings settings = new Settings().with(copy -> copy.command = List.of("dir", "a b"));
    assertThat(dialect.command(settings, "MARK", Path.of("NUL")))
        .isEqualTo(
            String.join(
                "\r\n",
                "cmd /q /d /a /v:off /s /c \"dir ^\"a b^\"\" <\"NUL\"",
                "echo \u0001MARK %ERRORLEVEL%",
                "echo \u0001MARK>&2",
                ""));
    Settings trusting =
        settings.with(copy -> {
          copy.isolation = Isolation.TRUSTING;
          copy.merged = true;
        });
    assertThat(dialect.command(trusting, "MARK", Path.of("NUL")))
        .startsWith("(dir ^\"a b^\") <\"NUL\" 2>&1\r\n");
  }

  @Test
  void command_newline_isRefused() {
    CmdDialect dialect = new CmdDialect(List.of("cmd.exe"));
    Settings settings = new Settings().with(copy -> copy.command = List.of("echo", "a\nb"));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> dialect.command(settings, "MARK", Path.of("NUL")));
  }

  @Test
  void session_withAStandIn_runsCommandsOneAfterTheOther() throws Exception {
    Path standIn = directory.resolve("cmd");
    Files.writeString(
        standIn,
        """
        level=0
        while IFS= read -r line; do
          line=${line%$'\\r'}
          case $line in
            '@echo off' | '') ;;
            'echo '*'>&2') text=${line#echo }; printf '%s\\r\\n' "${text%>&2}" >&2 ;;
            'echo '*) text=${line#echo }; printf '%s\\r\\n' "${text//%ERRORLEVEL%/$level}" ;;
            'cmd /q /d /a /v:off /s /c "'*) text=${line#*/c \\"}; text=${text%\\" <*}; bash -c "$text" </dev/null; level=$? ;;
            *) echo "not understood: $line" >&2 ;;
          esac
        done
        """);
    Command.Builder builder =
        Command.shell("echo out; echo err >&2; exit 3")
            .dialect(new CmdDialect(List.of("bash", standIn.toString())))
            .acceptExitCodes(3);
    long shell = -1;
    for (int i = 0; i < 3; i++) {
      Command command = builder.lines().start();
      assertThat(command.join()).isEqualTo(3);
      assertThat(command.stdout().drain()).containsExactly("out");
      assertThat(command.stderr().drain()).containsExactly("err");
      assertThat(shell).isIn(-1L, command.shellPid());
      shell = command.shellPid();
    }
  }
}
