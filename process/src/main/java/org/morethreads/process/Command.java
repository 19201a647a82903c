package org.morethreads.process;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.concurrent.TimeoutException;
import org.morethreads.internal.Library;
import org.morethreads.queue.CloseableQueue;
import org.morethreads.sync.Signal;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.ThreadBuilder;

/**
 * A short command, run in a shell that is kept and used again: so it costs less than a process of
 * its own, and a builtin of the shell much less.
 *
 * {@snippet class="ProcessSnippets" region="command"}
 *
 * <p>The shells are {@code bash}, as it is found on our path, whatever path a command is given; one
 * for each combination of directory and environment, and more when several commands run at once.
 * Those without work are closed after half a minute, and with the JVM.
 *
 * <p><b>Arguments</b> reach the command as they are, whatever is in them: spaces, quotes, newlines,
 * {@code *}, a dash in front, nothing at all. Only {@link #shell} gives the shell a line to
 * interpret. Where the shell has a builtin of that name ({@code echo}, {@code printf}, {@code test}
 * …), that is what runs. A program that is not there is no {@link ProcessStartException} as with a
 * process of its own, but the exit code 127 of the shell; one that may not be executed, 126.
 *
 * <p><b>Isolation.</b> One command does not affect another: neither by its directory, variables,
 * options, traps, {@code exit}, nor by what it leaves in the background, which is killed when it
 * ends, unless it has closed all that it was given; its input is empty, or what it was given; its
 * output may end without a newline, and imitate whatever it likes. After each command the shell is
 * used again only when nobody has open any more what the command could write to; else, after two
 * seconds of killing, it is thrown away. For builtins that need none of this there is {@link
 * Isolation#TRUSTING}.
 *
 * <p>To stop or to kill a command, or to let a limit pass, ends all that it has started, as with a
 * {@link ManagedProcess}; the shell is used again if it has come out of it clean.
 *
 * <p>On Windows the shell is {@code cmd.exe}, and a command in isolation has one of its own there.
 * That was written after the documentation, and has never been run.
 *
 * @since 0.1
 */
public final class Command implements Program {
  private final CommandLife life;
  private final ManagedThread<Integer> thread;

  private Command(CommandLife life, ManagedThread<Integer> thread) {
    this.life = life;
    this.thread = thread;
  }

  /**
   * Begins a command.
   *
   * @param program the program, or a builtin of the shell
   * @param arguments its arguments, each as it is: the shell changes none
   * @return a builder
   * @throws IllegalArgumentException if the program is empty, or something has a NUL
   */
  public static Builder of(String program, String... arguments) {
    String[] all = new String[arguments.length + 1];
    all[0] = program;
    System.arraycopy(arguments, 0, all, 1, arguments.length);
    return of(Arrays.asList(all));
  }

  /**
   * Begins a command.
   *
   * @param command the program, or a builtin of the shell, and its arguments
   * @return a builder
   * @throws IllegalArgumentException if there is no program, or something has a NUL
   */
  public static Builder of(List<String> command) {
    return new Builder(new Settings().with(copy -> copy.command = ManagedProcess.checked(command)));
  }

  /**
   * Begins a line in the language of the shell, which interprets all of it. <b>Warning:</b> what
   * comes from others must not be put into such a line; give it as a variable of the environment.
   *
   * @param line the line; may have newlines in it
   * @return a builder
   * @throws IllegalArgumentException if the line is empty, or has a NUL
   */
  public static Builder shell(String line) {
    return new Builder(
        new Settings()
            .with(copy -> {
              copy.command = ManagedProcess.checked(List.of(line));
              copy.shellLine = true;
            }));
  }

  /**
   * Closes the shells that wait for a command. Those that run one are not touched. For the end of a
   * phase in which there were many; otherwise they are closed by themselves.
   */
  public static void closeIdleShells() {
    Sessions.close(Long.MIN_VALUE);
  }

  /**
   * How a command is to be run.
   *
   * @since 0.1
   */
  public static final class Builder extends ProgramBuilder<Builder> {
    private static final int MOST_ATTEMPTS = 3;

    private Builder(Settings settings) {
      super(settings);
    }

    @Override
    Builder with(Settings changed) {
      return new Builder(changed);
    }

    /**
     * Chooses how far the command is kept from others. Without this it is {@link Isolation#FULL}.
     *
     * @param isolation how far
     * @return a changed builder
     */
    public Builder isolation(Isolation isolation) {
      Objects.requireNonNull(isolation, "isolation");
      return change(copy -> copy.isolation = isolation);
    }

    /**
     * Chooses the shell: another {@code bash} than that on the path.
     *
     * @param bash its file
     * @return a changed builder
     */
    public Builder shell(Path bash) {
      return dialect(new BashDialect(bash.toString()));
    }

    Builder dialect(Dialect dialect) {
      return change(copy -> copy.dialect = dialect);
    }

    @Override
    public Command start() throws ProcessStartException {
      return start(ManagedThread.named(settings.nameOrDefault()));
    }

    /**
     * {@inheritDoc}
     *
     * <p>An interrupt while a shell is being started fails the start, and the status is kept.
     */
    @Override
    public Command start(ThreadBuilder thread) throws ProcessStartException {
      Session session = takeSession();
      CommandLife life = new CommandLife(settings, settings.nameOrDefault(), session);
      boolean started = false;
      try {
        ManagedThread<Integer> prepared = thread.prepareCall(life);
        ManagedThread<Integer> running =
            prepared.start(Library.MEMBER, () -> begin(life, prepared));
        started = true;
        return new Command(life, running);
      } catch (NotStarted failure) {
        throw failure.why;
      } finally {
        if (!started) {
          life.undo();
        }
      }
    }

    /** Shells that have ended while they waited are found out now, at the latest. */
    private void begin(CommandLife life, ManagedThread<Integer> prepared) {
      for (int attempts = 1; ; attempts++) {
        try {
          life.begin(prepared);
          return;
        } catch (IOException failure) {
          if (attempts == MOST_ATTEMPTS) {
            throw new NotStarted(
                new ProcessStartException(
                    ProcessStartException.Reason.OTHER,
                    "No shell could be given the command; "
                        + attempts
                        + " were tried. Either they end as soon as they have started, or the input of the"
                        + " command cannot be written to the directory for temporary files.",
                    failure));
          }
          try {
            life.useInstead(takeSession());
          } catch (ProcessStartException noOther) {
            throw new NotStarted(noOther);
          }
        }
      }
    }

    private Session takeSession() throws ProcessStartException {
      try {
        return Sessions.take(settings);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new ProcessStartException(
            ProcessStartException.Reason.OTHER, "Interrupted while a shell was being started.", e);
      }
    }
  }

  @Override
  public ManagedThread<Integer> thread() {
    return thread;
  }

  @Override
  public CloseableQueue<String> stdout() {
    return life.stdout.lines("lines() or stdoutLines()");
  }

  @Override
  public CloseableQueue<String> stderr() {
    return separateStderr().lines("lines() or stderrLines()");
  }

  @Override
  public CloseableQueue<byte[]> stdoutBytes() {
    return life.stdout.bytes("stdoutBytes()");
  }

  @Override
  public CloseableQueue<byte[]> stderrBytes() {
    return separateStderr().bytes("stderrBytes()");
  }

  private Output separateStderr() {
    if (life.stderr == life.stdout) {
      throw new IllegalStateException(
          "The standard error of \""
              + this
              + "\" comes out with its standard output, as mergedStderr() says.");
    }
    return life.stderr;
  }

  @Override
  public String stdoutTail() {
    return life.stdout.tailText();
  }

  @Override
  public String stderrTail() {
    return life.stderr.tailText();
  }

  @Override
  public ProgramStatistics statistics() {
    return ProgramStatistics.of(life.stdout, life.stderr);
  }

  @Override
  public OptionalInt exitCode() {
    return life.exitCode();
  }

  @Override
  public Signal exited() {
    return life.exited();
  }

  @Override
  public void kill() {
    life.kill();
  }

  @Override
  public int join() throws InterruptedException {
    life.unhindered();
    return thread.join();
  }

  @Override
  public int join(Duration timeout) throws InterruptedException, TimeoutException {
    life.unhindered();
    return thread.join(timeout);
  }

  @Override
  public int join(Signal till) throws InterruptedException, TimeoutException {
    life.unhindered();
    return thread.join(till);
  }

  /** For tests: the shell that runs it. */
  long shellPid() {
    return life.session().pid();
  }

  /** For tests: where that keeps its files. */
  Path place() {
    return life.session().place();
  }

  /** {@return the path of its thread} */
  @Override
  public String toString() {
    return thread.path();
  }
}
