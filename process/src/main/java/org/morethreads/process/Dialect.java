package org.morethreads.process;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** How to talk to the shell of a session: what it is sent, and what it answers. */
sealed interface Dialect permits BashDialect, CmdDialect {
  /** The shell as a command. */
  List<String> shell(Settings settings);

  /** The environment of the shell, as in the settings: without what would change how it works. */
  Map<String, Optional<String>> environment(Settings settings);

  /**
   * What is sent first. When it has been done the shell writes {@code mark} to its standard output.
   *
   * @param place the directory of the session, in which the shell may keep files; it removes it at
   *     its end
   */
  String prologue(Settings settings, Path place, String mark);

  /** What is sent when the session has seen the mark. */
  String afterPrologue(Settings settings);

  /**
   * What is sent before each command, perhaps long before, so that the shell is ready for it; empty
   * where the commands have no outputs of their own. If it is not, the shell opens both FIFOs, and
   * then writes something to each of its own outputs.
   *
   * @param mark the one of the command
   */
  String preparation(Settings settings, String mark);

  /**
   * The text that runs one command, for which the shell has been prepared. After it the shell
   * writes the mark, a space, the exit code and a newline to its standard output, and the mark and
   * a newline to its standard error; or to the FIFOs, which it closes then.
   *
   * @param input where the input is: a file
   */
  String command(Settings settings, String mark, Path input);

  /**
   * Whether the shell makes FIFOs {@code out} and {@code err} in the directory of the session,
   * which are the outputs of its commands: then, and only then, it can be proven that nobody has
   * those of one any more.
   */
  boolean hasFifos(Settings settings);

  /** An input that is empty. */
  Path noInput();

  static Dialect ofSystem() {
    return java.io.File.separatorChar == '\\'
        ? new CmdDialect(List.of("cmd.exe"))
        : new BashDialect("bash");
  }
}
