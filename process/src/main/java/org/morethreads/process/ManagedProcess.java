package org.morethreads.process;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;
import org.morethreads.queue.CloseableQueue;
import org.morethreads.sync.Signal;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.ThreadBuilder;

/**
 * A process of its own, as a child in the tree of threads.
 *
 * {@snippet class="ProcessSnippets" region="lines"}
 *
 * <p><b>Input and output.</b> The input is empty, unless a text, a queue or a file is given. An
 * output that nobody asks for is read all the same, and its last 64 KB are kept, so that a process
 * never hangs because nobody reads. What is asked for, as lines or as bytes, comes through a {@link
 * CloseableQueue} that holds a number of elements; while it is full the process waits. Whoever
 * joins or stops the process lifts that: the rest, up to 64 MB, is put into the queue beyond its
 * capacity.
 *
 * <p><b>Failures.</b> An exit code other than 0, if that was not {@linkplain
 * ProgramBuilder#acceptExitCodes accepted}, is a failure of the thread: a {@link
 * ProcessFailedException} with the exit code and the end of the standard error. It is no failure
 * when the process was told to stop, or killed by {@link #kill}, before.
 *
 * <p><b>Stopping</b> is polite first: SIGTERM, or {@linkplain Builder#stopSignal another signal},
 * goes to the process and to all that it has started. What is still there after the {@linkplain
 * ProgramBuilder#stopGrace grace}, or when the stop policy interrupts the thread, is killed. The
 * process has stopped when nothing of its tree is left, as far as that can be found. One that is
 * started where its parent was told to stop already is told at once.
 *
 * <p><b>What a process leaves behind</b> when it exits by itself lives on, unless {@link
 * Builder#endDescendants} is chosen: a daemon is to outlive who starts it. It ends with this JVM at
 * the latest. When it keeps an output open, {@link #join} does not wait for it: half a second after
 * the last output, and five seconds after the exit at most, the queues are closed; or, where those
 * who take are slower, when they have what was written before the exit: nothing of that is lost.
 *
 * <p><b>What the platforms guarantee.</b>
 *
 * <table class="striped">
 *   <caption>How far a stop, and the end of this JVM, reaches</caption>
 *   <thead>
 *     <tr><th scope="col"></th><th scope="col">Linux</th><th scope="col">other Unix</th>
 *         <th scope="col">Windows</th></tr>
 *   </thead>
 *   <tbody>
 *     <tr><th scope="row">polite stop</th><td>yes</td><td>yes</td>
 *         <td>no: the process is ended at once</td></tr>
 *     <tr><th scope="row">descendants</th>
 *         <td>all that inherit the environment, re-parented ones too; all that are in the session, with
 *         {@link Builder#ownSession}; all that descend from it while it lives. Not found is only what has
 *         left the session <i>and</i> cleared its environment <i>and</i> was re-parented before
 *         the stop</td>
 *         <td>those that descend from it while it lives</td><td>as on other Unix</td></tr>
 *     <tr><th scope="row">normal end of the JVM, SIGTERM, {@code System.exit}</th>
 *         <td>the trees are stopped; a watchdog ends what they leave</td>
 *         <td>the trees are stopped</td><td>the trees are stopped, if Windows lets them</td></tr>
 *     <tr><th scope="row">a second signal, which halts the JVM</th>
 *         <td>all that inherit the environment are killed at once</td>
 *         <td>nothing: processes live on</td><td>nothing: processes live on</td></tr>
 *     <tr><th scope="row">SIGKILL, crash, {@code Runtime.halt}</th>
 *         <td>the watchdog, a small shell, ends all that inherit the environment: SIGTERM, 2 s later
 *         SIGKILL</td>
 *         <td>nothing: processes live on</td><td>nothing: processes live on</td></tr>
 *   </tbody>
 * </table>
 *
 * <p>The watchdog is started with the first process. It needs {@code /bin/sh}, {@code grep} and
 * {@code /proc}; where {@code /bin/bash} is there it notices the end of this JVM also when others
 * keep its input open; the system property {@code org.morethreads.process.watchdog=false} switches
 * it off. Other systems than Linux have not been tried.
 *
 * <p><b>Threads.</b> The thread in the tree is virtual, and sleeps. Each output, and an input that
 * comes through a queue, has a platform thread, from a pool: reads of pipes would hold the carriers
 * of virtual threads. A process with {@link ProgramBuilder#mergedStderr} needs one less. On virtual
 * time a process holds the clock until it has ended; its limits are real time.
 *
 * @since 0.1
 */
public final class ManagedProcess implements Program {
  private final List<String> command;
  private final Life life;
  private final ManagedThread<Integer> thread;

  private ManagedProcess(List<String> command, Life life, ManagedThread<Integer> thread) {
    this.command = command;
    this.life = life;
    this.thread = thread;
  }

  /**
   * Begins a process.
   *
   * @param program the program: a file, or a name to be looked for on the path
   * @param arguments its arguments, each as it is: no shell looks at them
   * @return a builder
   * @throws IllegalArgumentException if the program is empty, or something has a NUL
   */
  public static Builder command(String program, String... arguments) {
    String[] all = new String[arguments.length + 1];
    all[0] = program;
    System.arraycopy(arguments, 0, all, 1, arguments.length);
    return command(Arrays.asList(all));
  }

  /**
   * Begins a process.
   *
   * @param command the program and its arguments
   * @return a builder
   * @throws IllegalArgumentException if there is no program, or something has a NUL
   */
  public static Builder command(List<String> command) {
    return new Builder(new Settings().with(copy -> copy.command = checked(command)));
  }

  static List<String> checked(List<String> command) {
    List<String> copy = List.copyOf(command);
    if (copy.isEmpty() || copy.getFirst().isEmpty()) {
      throw new IllegalArgumentException("A command begins with the name of a program.");
    }
    if (copy.stream().anyMatch(part -> part.indexOf('\0') >= 0)) {
      throw new IllegalArgumentException(
          "An argument of \"" + copy.getFirst() + "\" has a NUL, which no program can be given.");
    }
    return copy;
  }

  /**
   * How a process is to be run.
   *
   * @since 0.1
   */
  public static final class Builder extends ProgramBuilder<Builder> {
    private Builder(Settings settings) {
      super(settings);
    }

    @Override
    Builder with(Settings changed) {
      return new Builder(changed);
    }

    /**
     * Asks for the input as a queue of lines: {@link ManagedProcess#stdin()}.
     *
     * @return a changed builder
     */
    public Builder stdinLines() {
      return change(copy -> copy.stdin = Wish.Queued.LINES);
    }

    /**
     * Asks for the input as a queue of bytes: {@link ManagedProcess#stdinBytes()}.
     *
     * @return a changed builder
     */
    public Builder stdinBytes() {
      return change(copy -> copy.stdin = Wish.Queued.BYTES);
    }

    /**
     * Takes the input from a file, or from our own.
     *
     * @param place where from
     * @return a changed builder
     * @throws IllegalArgumentException if nothing can be read from there
     */
    public Builder stdinFrom(ProcessBuilder.Redirect place) {
      if (place.type() != ProcessBuilder.Redirect.Type.READ
          && place.type() != ProcessBuilder.Redirect.Type.INHERIT) {
        throw new IllegalArgumentException(
            "The input of a process cannot come from "
                + place
                + ". Give Redirect.from(file) or INHERIT.");
      }
      return change(copy -> copy.stdin = new Wish.Elsewhere(place));
    }

    /**
     * Lets the standard output go to a file, or where ours goes.
     *
     * @param place where to
     * @return a changed builder
     * @throws IllegalArgumentException if nothing can be written there
     */
    public Builder stdoutTo(ProcessBuilder.Redirect place) {
      checkTarget(place);
      return change(copy -> copy.stdout = new Wish.Elsewhere(place));
    }

    /**
     * Lets the standard error go to a file, or where ours goes.
     *
     * @param place where to
     * @return a changed builder
     * @throws IllegalArgumentException if nothing can be written there
     */
    public Builder stderrTo(ProcessBuilder.Redirect place) {
      checkTarget(place);
      return change(copy -> copy.stderr = new Wish.Elsewhere(place));
    }

    private static void checkTarget(ProcessBuilder.Redirect place) {
      if (place.type() == ProcessBuilder.Redirect.Type.READ
          || place.type() == ProcessBuilder.Redirect.Type.PIPE) {
        throw new IllegalArgumentException(
            "The output of a process cannot go to "
                + place
                + ". Give Redirect.to(file), appendTo(file), INHERIT or DISCARD; or ask for lines or bytes.");
      }
    }

    /**
     * Gives the process our own input, output and error.
     *
     * @return a changed builder
     */
    public Builder inherited() {
      return stdinFrom(ProcessBuilder.Redirect.INHERIT)
          .stdoutTo(ProcessBuilder.Redirect.INHERIT)
          .stderrTo(ProcessBuilder.Redirect.INHERIT);
    }

    /**
     * Says which line means that the process is {@linkplain ManagedProcess#awaitReady ready}.
     * Without this it is the first output, whatever it is.
     *
     * @param line asked for each line of both outputs until it answers true, on the thread that
     *     reads; must not block
     * @return a changed builder
     */
    public Builder readyWhen(Predicate<String> line) {
      Objects.requireNonNull(line, "line");
      return change(copy -> copy.readyLine = line);
    }

    /**
     * Limits how long the process may take until it is ready. After it the process is stopped, and
     * has failed with a {@link ProcessTimeoutException}.
     *
     * @param time the time; real time
     * @return a changed builder
     * @throws IllegalArgumentException if it is not positive
     */
    public Builder startUpLimit(Duration time) {
      checkLimit(time);
      return change(copy -> copy.startUpLimit = time);
    }

    /**
     * Chooses the signal of the operating system that asks the process to stop; without this it is
     * TERM. Without effect where there are no such signals; what cannot be sent is logged, and TERM
     * sent instead.
     *
     * @param signal its name, such as {@code "INT"}
     * @return a changed builder
     * @throws IllegalArgumentException if no system has a signal of that name
     */
    public Builder stopSignal(String signal) {
      String checked = OsSignal.checked(signal);
      return change(copy -> copy.stopSignal = checked);
    }

    /**
     * Asks the process alone to stop, and not what it has started: for one that stops its own. What
     * is left after the grace is killed all the same.
     *
     * @return a changed builder
     */
    public Builder stopSignalToProcessOnly() {
      return change(copy -> copy.asksWholeTree = false);
    }

    /**
     * Starts the process in a session of its own, through {@code setsid}: so a Ctrl-C in the
     * terminal reaches us, who stop it in order, and not it; and what clears its environment is
     * found as long as it stays in the session. Costs a start of that program, a fifth of a
     * millisecond.
     *
     * @return a changed builder
     */
    public Builder ownSession() {
      return change(copy -> copy.ownSession = true);
    }

    /**
     * Stops what the process has started when it exits by itself: the process has ended when all of
     * its tree has.
     *
     * @return a changed builder
     */
    public Builder endDescendants() {
      return change(copy -> copy.endsDescendants = true);
    }

    @Override
    public ManagedProcess start() throws ProcessStartException {
      return start(ManagedThread.named(settings.nameOrDefault()));
    }

    @Override
    public ManagedProcess start(ThreadBuilder thread) throws ProcessStartException {
      ProcessTask.Started its = ProcessTask.start(settings, thread);
      return new ManagedProcess(settings.command, its.life(), its.thread());
    }
  }

  // ---- for everybody

  /** {@return the program and its arguments} */
  public List<String> command() {
    return command;
  }

  /** {@return the number of the process} */
  public long pid() {
    return life.pid();
  }

  @Override
  public ManagedThread<Integer> thread() {
    return thread;
  }

  /**
   * {@return the lines that the process is given as its input} Closing the queue closes its input.
   * When the process takes no more, since it has ended or closed its input, the queue is closed.
   *
   * @throws IllegalStateException if nobody has asked for it
   */
  public CloseableQueue<String> stdin() {
    CloseableQueue<String> queue = life.stdinLines;
    if (queue == null) {
      throw new IllegalStateException(
          "Nobody has asked for the input of \""
              + this
              + "\" as lines. Call stdinLines() on the builder.");
    }
    return queue;
  }

  /**
   * {@return the bytes that the process is given as its input} Closing the queue closes its input.
   * When the process takes no more, since it has ended or closed its input, the queue is closed.
   *
   * @throws IllegalStateException if nobody has asked for it
   */
  public CloseableQueue<byte[]> stdinBytes() {
    CloseableQueue<byte[]> queue = life.stdinBytes;
    if (queue == null) {
      throw new IllegalStateException(
          "Nobody has asked for the input of \""
              + this
              + "\" as bytes. Call stdinBytes() on the builder.");
    }
    return queue;
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

  /**
   * {@inheritDoc} Its actions run on the thread of the process, before the rest of the output is
   * read.
   */
  @Override
  public Signal exited() {
    return life.exited();
  }

  /**
   * {@return the signal that goes when the process is ready: with its first output, or the line
   * that {@link Builder#readyWhen} names}
   */
  public Signal ready() {
    return thread.ready();
  }

  /**
   * Waits until the process is ready. If it ends before, takes its outcome as {@link #join} does.
   *
   * @return this process, ready
   * @throws InterruptedException if the calling thread is interrupted, on entry or while waiting
   * @throws org.morethreads.thread.ThreadEndException if it ended without a result before it was
   *     ready
   * @throws IllegalStateException if it exited with 0 without having been ready
   */
  public ManagedProcess awaitReady() throws InterruptedException {
    ManagedThread<Integer> _ = thread.awaitReady();
    return this;
  }

  /**
   * {@inheritDoc} After the exit, as long as the rest of its output is read, it kills what the
   * process has left behind.
   */
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

  /** {@return the path of its thread} */
  @Override
  public String toString() {
    return thread.path();
  }
}
