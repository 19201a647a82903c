package org.morethreads.examples;

import java.util.function.Consumer;
import org.morethreads.process.ManagedProcess;
import org.morethreads.process.ProcessStartException;

/**
 * Reacts to the lines of a tool while it runs, and ends it when it has said enough:
 *
 * <pre>examples/run Reactor WORD PROGRAM [ARGUMENT]…</pre>
 *
 * prints the lines of the program up to the first that has the word in it, and then stops the
 * program.
 */
public final class Reactor {
  private Reactor() {}

  public static void main(String... arguments) throws Exception {
    if (arguments.length < 2) {
      System.err.println("Give a word to wait for, and a program with its arguments.");
      System.exit(2);
    }
    String[] rest = java.util.Arrays.copyOfRange(arguments, 2, arguments.length);
    boolean found =
        react(arguments[0], ManagedProcess.command(arguments[1], rest), System.out::println);
    System.exit(found ? 0 : 1);
  }

  /** Answers whether the word has come. A tool that fails by itself fails this. */
  static boolean react(String word, ManagedProcess.Builder tool, Consumer<String> show)
      throws ProcessStartException, InterruptedException {
    ManagedProcess process = tool.stdoutLines().mergedStderr().start();
    boolean found = false;
    for (String line : process.stdout()) {
      show.accept(line);
      if (line.contains(word)) {
        found = true;
        process.stop("it has said \"" + word + "\"");
        process.stdout().close(); // what it says yet is not wanted
        break;
      }
    }
    int _ = process.join();
    int _ = process.stdout().drain().size();
    return found;
  }
}
