package org.morethreads.process;

import java.nio.charset.Charset;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.ThreadBuilder;

/**
 * How a program is to be run: what processes and commands have in common.
 *
 * <p>Instances are immutable: every method returns a new one, so that one may serve for many
 * programs.
 *
 * @param <B> the type of the builder
 * @since 0.1
 */
public abstract sealed class ProgramBuilder<B extends ProgramBuilder<B>>
    permits ManagedProcess.Builder, Command.Builder {
  final Settings settings;

  ProgramBuilder(Settings settings) {
    this.settings = settings;
  }

  abstract B with(Settings changed);

  /**
   * Starts the program, as a child of the calling thread.
   *
   * @return the program, started
   * @throws ProcessStartException if it could not be started
   * @throws IllegalStateException if the parent has stopped
   */
  public Program start() throws ProcessStartException {
    return start(ManagedThread.named(settings.nameOrDefault()));
  }

  /**
   * Starts the program as a thread that is made by a builder: with its name, parent, needs, stop
   * policy, deadline. So it can be the child of a tree, or belong to a scope. When the start is
   * refused, nothing has run.
   *
   * {@snippet class="ProcessSnippets" region="place"}
   *
   * @param thread how the thread is to be made
   * @return the program, started
   * @throws ProcessStartException if it could not be started
   * @throws IllegalStateException if the parent, or a needed thread, has stopped
   */
  public abstract Program start(ThreadBuilder thread) throws ProcessStartException;

  /**
   * Runs the program to its end, and returns the lines of both outputs. When the calling thread is
   * interrupted meanwhile, the program is told to stop.
   *
   * @return what it has written
   * @throws ProcessStartException if it could not be started
   * @throws InterruptedException if the calling thread is interrupted, on entry or while waiting
   * @throws org.morethreads.thread.ThreadEndException if it failed or was abandoned, as {@link
   *     Program#join()}
   * @throws IllegalStateException if the parent has stopped; if an output goes elsewhere, or the
   *     input comes through a queue, which nobody could fill; or, when it has ended, if it wrote
   *     more than 64 MB, of which the rest was dropped
   */
  public ProgramResult run() throws ProcessStartException, InterruptedException {
    checkRunnable();
    B whole =
        change(copy -> {
          copy.stdout = Wish.Queued.LINES;
          copy.stderr = Wish.Queued.LINES;
        });
    Program program = whole.start();
    List<String> stdout = List.of();
    List<String> stderr = List.of();
    int code;
    try {
      code = program.join();
    } catch (InterruptedException e) {
      program.stop("who waits for it was interrupted");
      throw e;
    } finally {
      if (program.stopped().isSignalled()) {
        stdout = program.stdout().drain(); // else it would be reported as left over
        stderr = settings.merged ? List.of() : program.stderr().drain();
      }
    }
    if (program.statistics().droppedElements() > 0) {
      throw new IllegalStateException(
          "\""
              + settings.program()
              + "\" wrote more than can be kept. Take its lines while it runs.");
    }
    return new ProgramResult(code, stdout, stderr);
  }

  private void checkRunnable() {
    if (settings.stdin instanceof Wish.Queued) {
      throw new IllegalStateException(
          "run() cannot be used with an input that comes through a queue, since nobody could put into it meanwhile."
              + " Give the input with stdin(text), or start() the program.");
    }
    if (settings.stdout instanceof Wish.Elsewhere || settings.stderr instanceof Wish.Elsewhere) {
      throw new IllegalStateException(
          "run() returns the outputs, so they cannot go elsewhere. Use start() and join().");
    }
  }

  /**
   * Returns a task that runs the program to its end: for a schedule, a repetition, a pool. When it
   * is told to stop the program is, and the task ends after that; what the program fails with, the
   * task does.
   *
   * {@snippet class="ProcessSnippets" region="schedule"}
   *
   * @return the task; may be run any number of times
   */
  public ManagedThread.Task task() {
    return pleaseStop -> {
      Program program = start(ManagedThread.named(settings.nameOrDefault()).stopWhen(pleaseStop));
      boolean interrupted = false;
      while (true) {
        try {
          var _ = program.join();
          break;
        } catch (InterruptedException e) {
          if (interrupted) {
            program.kill();
          } else {
            program.stop("its task was interrupted");
          }
          interrupted = true;
        }
      }
      if (interrupted) {
        throw new InterruptedException("Interrupted while \"" + program.path() + "\" was running.");
      }
    };
  }

  final B change(Consumer<Settings> change) {
    return with(settings.with(change));
  }

  /**
   * Names the program in the tree of threads. Without this it is called after the file of the
   * program.
   *
   * @param name the name
   * @return a changed builder
   * @throws IllegalArgumentException if the name is empty or has a slash
   */
  public B name(String name) {
    if (name.isEmpty() || name.indexOf('/') >= 0) {
      throw new IllegalArgumentException(
          "\"" + name + "\" cannot be the name of a program: a name is not empty, and has no '/'.");
    }
    return change(copy -> copy.name = name);
  }

  /**
   * Chooses the working directory. Without this it is ours.
   *
   * @param directory the directory
   * @return a changed builder
   */
  public B directory(Path directory) {
    Objects.requireNonNull(directory, "directory");
    return change(copy -> copy.directory = directory);
  }

  /**
   * Adds a variable to the environment, or replaces it.
   *
   * @param variable its name
   * @param value its value
   * @return a changed builder
   * @throws IllegalArgumentException if the name is empty, or has a {@code =} or a NUL, or the
   *     value has a NUL
   */
  public B environment(String variable, String value) {
    return environment(Map.of(variable, value));
  }

  /**
   * Adds variables to the environment, or replaces them.
   *
   * @param variables their names and values
   * @return a changed builder
   * @throws IllegalArgumentException if a name is empty, or has a {@code =} or a NUL, or a value
   *     has a NUL
   */
  public B environment(Map<String, String> variables) {
    Map<String, Optional<String>> all = new HashMap<>(settings.environment);
    variables.forEach((variable, value) -> {
      checkVariable(variable);
      if (value.indexOf('\0') >= 0) {
        throw new IllegalArgumentException(
            "The value of the variable \""
                + variable
                + "\" has a NUL, which no program can be given.");
      }
      all.put(variable, Optional.of(value));
    });
    return change(copy -> copy.environment = Map.copyOf(all));
  }

  /**
   * Takes a variable out of the environment.
   *
   * @param variable its name
   * @return a changed builder
   * @throws IllegalArgumentException if the name is empty, or has a {@code =} or a NUL
   */
  public B withoutEnvironment(String variable) {
    checkVariable(variable);
    Map<String, Optional<String>> all = new HashMap<>(settings.environment);
    all.put(variable, Optional.empty());
    return change(copy -> copy.environment = Map.copyOf(all));
  }

  /**
   * Gives these variables and none of ours, but for the one by which the descendants of the program
   * are found.
   *
   * @param variables their names and values
   * @return a changed builder
   * @throws IllegalArgumentException if a name is empty, or has a {@code =} or a NUL, or a value
   *     has a NUL
   */
  public B onlyEnvironment(Map<String, String> variables) {
    return change(
            copy -> {
              copy.onlyEnvironment = true;
              copy.environment = Map.of();
            })
        .environment(variables);
  }

  private static void checkVariable(String variable) {
    if (variable.isEmpty() || variable.indexOf('=') >= 0 || variable.indexOf('\0') >= 0) {
      throw new IllegalArgumentException(
          "\""
              + variable
              + "\" cannot be the name of a variable: a name is not empty, and has no '=' and no NUL.");
    }
  }

  /**
   * Chooses the charset of input and output. Without this it is UTF-8.
   *
   * @param charset the charset
   * @return a changed builder
   */
  public B charset(Charset charset) {
    Objects.requireNonNull(charset, "charset");
    return change(copy -> copy.charset = charset);
  }

  /**
   * Asks for both outputs as lines: {@link Program#stdout()} and {@link Program#stderr()}.
   *
   * @return a changed builder
   */
  public B lines() {
    return stdoutLines().stderrLines();
  }

  /**
   * Asks for the standard output as lines: {@link Program#stdout()}. A line ends with {@code \n} or
   * {@code \r\n}, which are not part of it, or at the end of the output; what is not text in the
   * charset becomes U+FFFD.
   *
   * @return a changed builder
   */
  public B stdoutLines() {
    return change(copy -> copy.stdout = Wish.Queued.LINES);
  }

  /**
   * Asks for the standard error as lines: {@link Program#stderr()}.
   *
   * @return a changed builder
   */
  public B stderrLines() {
    return change(copy -> copy.stderr = Wish.Queued.LINES);
  }

  /**
   * Asks for the standard output as bytes, in pieces as they come: {@link Program#stdoutBytes()}.
   *
   * @return a changed builder
   */
  public B stdoutBytes() {
    return change(copy -> copy.stdout = Wish.Queued.BYTES);
  }

  /**
   * Asks for the standard error as bytes, in pieces as they come: {@link Program#stderrBytes()}.
   *
   * @return a changed builder
   */
  public B stderrBytes() {
    return change(copy -> copy.stderr = Wish.Queued.BYTES);
  }

  /**
   * Lets the standard error come out with the standard output, in the order in which it is written.
   *
   * @return a changed builder
   */
  public B mergedStderr() {
    return change(copy -> copy.merged = true);
  }

  /**
   * Chooses how many lines, or pieces of bytes, each queue holds; without this 1,024. When a queue
   * is full the program waits: until somebody takes, joins the program, or stops it.
   *
   * @param elements how many
   * @return a changed builder
   * @throws IllegalArgumentException if it is not positive
   */
  public B capacity(int elements) {
    if (elements <= 0) {
      throw new IllegalArgumentException(
          "A queue for output must hold at least one element, not " + elements + ".");
    }
    return change(copy -> copy.capacity = elements);
  }

  /**
   * Chooses how long a line can be; without this 65,536 characters. A longer one comes in pieces of
   * that length, each as a line; the log says so once.
   *
   * @param characters how many
   * @return a changed builder
   * @throws IllegalArgumentException if it is less than 2
   */
  public B longestLine(int characters) {
    if (characters < 2) {
      throw new IllegalArgumentException(
          "A line must be allowed 2 characters at least, not " + characters + ".");
    }
    return change(copy -> copy.longestLine = characters);
  }

  /**
   * Gives the program a text as its standard input. Without this it is empty.
   *
   * @param text the text
   * @return a changed builder
   */
  public B stdin(String text) {
    Objects.requireNonNull(text, "text");
    return change(copy -> {
      copy.input = text;
      copy.stdin = null;
    });
  }

  /**
   * Limits how long the program may be silent: without output on both of its outputs. The time in
   * which a line waits for somebody to take it does not count. After it the program is stopped, and
   * has failed with a {@link ProcessTimeoutException}.
   *
   * @param time the time; real time
   * @return a changed builder
   * @throws IllegalArgumentException if it is not positive
   */
  public B silenceLimit(Duration time) {
    checkLimit(time);
    return change(copy -> copy.silenceLimit = time);
  }

  /**
   * Limits how long the program may run in all. After it the program is stopped, and has failed
   * with a {@link ProcessTimeoutException}.
   *
   * @param time the time; real time
   * @return a changed builder
   * @throws IllegalArgumentException if it is not positive
   */
  public B limit(Duration time) {
    checkLimit(time);
    return change(copy -> copy.limit = time);
  }

  static void checkLimit(Duration time) {
    if (!time.isPositive()) {
      throw new IllegalArgumentException("A program cannot keep a limit of " + time + ".");
    }
  }

  /**
   * Chooses which exit codes are no failure. Without this it is 0 alone.
   *
   * @param codes the exit codes
   * @return a changed builder
   */
  public B acceptExitCodes(int... codes) {
    Set<Integer> all = new HashSet<>();
    for (int code : codes) {
      all.add(code);
    }
    return change(copy -> copy.accepted = Set.copyOf(all));
  }

  /**
   * Makes no exit code a failure.
   *
   * @return a changed builder
   */
  public B acceptAnyExitCode() {
    return change(copy -> copy.accepted = null);
  }

  /**
   * Chooses how long the program has, after it was asked to stop, before it is killed; without this
   * 5 s. An interrupt, such as that of the stop policy of its thread, ends the time earlier.
   *
   * @param time the time; zero means to kill it at once
   * @return a changed builder
   * @throws IllegalArgumentException if it is negative
   */
  public B stopGrace(Duration time) {
    if (time.isNegative()) {
      throw new IllegalArgumentException("A program cannot be given " + time + " to stop.");
    }
    return change(copy -> copy.grace = time);
  }
}
