package org.morethreads.examples;

import java.time.Duration;
import org.morethreads.process.Command;
import org.morethreads.process.ManagedProcess;
import org.morethreads.process.ProgramBuilder;

/**
 * Runs 500 short commands, as processes of their own and in a shell that is kept, and says how long
 * each way took.
 *
 * <pre>examples/run ManyCommands [COUNT]</pre>
 */
public final class ManyCommands {
  private ManyCommands() {}

  public static void main(String... arguments) throws Exception {
    int count = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 500;
    Duration processes = time(count, i -> ManagedProcess.command("bash", "-c", "echo " + i));
    Duration commands = time(count, i -> Command.of("echo", Integer.toString(i)));
    System.out.println(
        count + " commands, each in a process of its own: " + processes.toMillis() + " ms");
    System.out.println(count + " commands in a shell that is kept: " + commands.toMillis() + " ms");
  }

  /** What is to be run for a number. */
  @FunctionalInterface
  interface Each {
    ProgramBuilder<?> program(int number);
  }

  /** Runs them one after the other, and checks what each says. */
  static Duration time(int count, Each each) throws Exception {
    long began = System.nanoTime();
    for (int i = 0; i < count; i++) {
      String text = each.program(i).run().text();
      if (!text.equals(Integer.toString(i))) {
        throw new IllegalStateException("Command " + i + " said \"" + text + "\".");
      }
    }
    return Duration.ofNanos(System.nanoTime() - began);
  }
}
