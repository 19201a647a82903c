package org.morethreads.process;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.morethreads.internal.Log;

/** A shell that is kept, and runs one command after the other. */
final class Session {
  /*
   *   STARTING -> OPEN      // the shell has answered
   *   OPEN     -> READY     // prepare(): it has been told to get ready for one command
   *   READY    -> BUSY      // run(), by the command that owns it
   *   BUSY     -> ENDED     // both outputs have brought the mark of this command
   *   ENDED    -> CLEAN     // and nobody has its outputs open: the shell may be used again (isClean)
   *   CLEAN    -> READY     // prepare(), by the command that has ended
   *   READY    -> BROKEN    // the mark has come though there was no command: what was to become it has been killed
   *   any      -> BROKEN    // the shell has ended, an output has; or close()
   *
   * READY and BUSY have one Run. While READY it has no outputs, and what comes is nobody's. run() and the mark of a fork that was killed
   * may cross: the command has ended then, as one that was killed, or the shell does when it finds the command where none should be.
   *
   * The mark is a random number for each command, which the command cannot know. It comes on each output when the command has ended.
   *
   * In isolation the outputs of a command are two FIFOs, which the shell and its fork open for it, and we have open for reading; the
   * outputs of the shell are out of its reach, and only tell that the FIFOs are open. What comes then, up to the end of the stream, is the
   * command's; after the mark it is of what the command has left. The end of the stream means that nobody has the output open any more.
   * So a clean session is known to be clean, even of what has left the session and cleared its environment. The fork has one of the two
   * open once more, as the lifeline, so that what it leaves is known to be there when it writes elsewhere; what closes all that it has
   * is not known, and cannot disturb. Without isolation, the outputs are those of the shell, and what comes after the mark is nobody's.
   *
   * Two threads of ours read the outputs as long as the session lives. What they find they write to volatile fields of the run, and
   * wake its thread.
   */
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final int MARK_BYTES = 12;
  private static final long START_SECONDS = 30;
  private static final int BUFFER = 8 * 1024;

  /** More than that is not written by a virtual thread: the pipe may be full. */
  private static final int SHORT = 16 * 1024;

  private final Dialect dialect;
  private final Process process;
  private final Path place;
  private final OutputStream in;
  private final Descendants descendants;
  private final Object directoryKey;
  private final CountDownLatch opened = new CountDownLatch(1);
  private volatile @Nullable Run current;

  /** The outputs of commands, where those have their own. */
  private volatile @Nullable InputStream fifoOut;

  private volatile @Nullable InputStream fifoErr;

  private volatile boolean broken;

  /** Whether a long text has not been taken to its end by the shell, or its fork. */
  private volatile boolean sending;

  private final CountDownLatch reading = new CountDownLatch(2);

  /** One command in the session, also before it is known which. */
  static final class Run {
    private final String mark;
    private final byte[] bytes;

    /** Who gets what; null as long as there is no command. */
    private volatile @Nullable Owner owner;

    /** Whether the shell has opened the output for it. */
    private volatile boolean stdoutBegun;

    private volatile boolean stderrBegun;
    private volatile int status;
    private volatile boolean stdoutEnded;
    private volatile boolean stderrEnded;
    private volatile boolean stdoutClean;
    private volatile boolean stderrClean;

    private record Owner(Output stdout, Output stderr, Runnable wake) {}

    private Run() {
      byte[] random = new byte[MARK_BYTES];
      RANDOM.nextBytes(random);
      this.mark = HexFormat.of().formatHex(random);
      this.bytes = ('\u0001' + mark).getBytes(StandardCharsets.US_ASCII);
    }

    private void wake() {
      Owner its = owner;
      if (its != null) {
        its.wake.run();
      }
    }

    /** Whether it is known that the shell waits for this command. */
    boolean isReady() {
      return stdoutBegun && stderrBegun;
    }

    boolean isEnded() {
      return stdoutEnded && stderrEnded;
    }

    private boolean isEnded(boolean isStdout) {
      return isStdout ? stdoutEnded : stderrEnded;
    }

    /** Whether it is known that nobody has the outputs of the command any more. */
    boolean isClean() {
      return stdoutClean && stderrClean && isEnded();
    }

    int status() {
      return status;
    }
  }

  private Session(Dialect dialect, Process process, Path place, String token, Object directoryKey) {
    this.dialect = dialect;
    this.process = process;
    this.place = place;
    this.in = process.getOutputStream();
    this.descendants = new Descendants(process, token, Watchdog.session().isPresent());
    this.directoryKey = directoryKey;
  }

  /** Starts a shell, and waits until it answers. */
  static Session start(Settings settings) throws ProcessStartException, InterruptedException {
    Dialect dialect = settings.dialect;
    String token = Mark.next();
    Object key = keyOf(settings.directory);
    Settings shell =
        settings.with(copy -> {
          copy.command = dialect.shell(settings);
          copy.shellLine = false;
          copy.environment = dialect.environment(settings);
          copy.ownSession = Watchdog.session().isPresent();
          copy.merged = false;
          copy.stdin = Wish.Queued.BYTES;
          copy.stdout = Wish.Queued.KEPT;
          copy.stderr = Wish.Queued.KEPT;
        });
    Path place;
    try {
      place = Files.createTempDirectory("more-threads-");
    } catch (IOException failure) {
      throw noPlace(failure);
    }
    boolean ready = false;
    Session session = null;
    try {
      Process process = Starter.start(shell, token);
      session = new Session(dialect, process, place, token, key);
      Observed observed = Observed.started("", process.pid(), shell, System.nanoTime());
      Session its = session;
      Runnable onExit =
          () -> {
            observed.ended(process.exitValue());
            its.breakOff(); // its outputs may be open elsewhere
          };
      ExitWait.start("exit of shell " + process.pid(), process, onExit);
      session.open(settings);
      ready = true;
      return session;
    } finally {
      if (!ready) {
        if (session == null) {
          remove(place);
        } else {
          session.close();
        }
      }
    }
  }

  private static ProcessStartException noPlace(IOException failure) {
    return new ProcessStartException(
        ProcessStartException.Reason.OTHER,
        "A shell needs a directory for temporary files, which cannot be made.",
        failure);
  }

  private void open(Settings settings) throws ProcessStartException, InterruptedException {
    Settings nothing = new Settings();
    Output sink = new Output("stdout of a shell", nothing, Wish.Queued.KEPT, () -> {});
    Output errors = new Output("stderr of a shell", nothing, Wish.Queued.KEPT, () -> {});
    Run run = new Run();
    run.owner = new Run.Owner(sink, errors, opened::countDown);
    run.stdoutBegun = true;
    run.stderrBegun = true;
    current = run;
    PumpThreads.run("stdout of shell " + process.pid(), () -> pump(process.getInputStream(), true));
    PumpThreads.run(
        "stderr of shell " + process.pid(), () -> pump(process.getErrorStream(), false));
    boolean answered = false;
    try {
      send(dialect.prologue(settings, place, run.mark));
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS);
      while (!run.isEnded() && !broken && System.nanoTime() - end < 0) {
        var _ = opened.await(50, TimeUnit.MILLISECONDS);
        if (!run.isEnded() && opened.getCount() == 0) {
          Thread.sleep(1); // the other output is about to bring it
        }
      }
      answered = run.isEnded();
      if (answered && dialect.hasFifos(settings)) {
        fifoErr = opened(place.resolve("err"));
        fifoOut = opened(place.resolve("out"));
      }
      send(dialect.afterPrologue(settings));
      prepare(settings);
    } catch (IOException failure) {
      answered = false;
    }
    if (!answered) {
      throw new ProcessStartException(
          ProcessStartException.Reason.OTHER,
          "The shell "
              + dialect.shell(settings).getFirst()
              + " cannot be used. It needs bash 4 or later, and mkfifo on the path. It said: "
              + said(errors),
          null);
    }
  }

  private String said(Output errors) throws InterruptedException {
    if (broken) {
      var _ = reading.await(1, TimeUnit.SECONDS); // for what it has said last
    }
    String text = errors.tailText().strip();
    return text.isEmpty() ? "nothing" : text;
  }

  /** Not without somebody who writes: that would be waited for, and the shell may have ended. */
  private static InputStream opened(Path fifo) throws IOException {
    try (var _ = new RandomAccessFile(fifo.toFile(), "rw")) {
      return new FileInputStream(fifo.toFile());
    }
  }

  // ---- for the command that owns it

  /**
   * Begins the command that the shell is ready for. What it writes goes to the outputs; the thread
   * is woken when it ends.
   */
  Run run(Settings settings, Output stdout, Output stderr, Runnable wake) throws IOException {
    Run run = Objects.requireNonNull(current, "not prepared");
    Path input = dialect.noInput();
    if (!settings.input.isEmpty()) {
      input = place.resolve("in");
      Files.write(input, settings.input.getBytes(settings.charset));
    }
    String text = dialect.command(settings, run.mark, input);
    run.owner = new Run.Owner(stdout, stderr, wake);
    send(text);
    return run;
  }

  /**
   * The shell gets ready for one more command.
   *
   * @return that command
   */
  Run prepare(Settings settings) throws IOException {
    Run next = new Run();
    String text = dialect.preparation(settings, next.mark);
    next.stdoutBegun = text.isEmpty();
    next.stderrBegun = text.isEmpty();
    current = next;
    send(text);
    return next;
  }

  private void send(String text) throws IOException {
    if (text.isEmpty()) {
      return;
    }
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    if (bytes.length <= SHORT) {
      in.write(bytes);
      in.flush();
    } else {
      sending = true;
      PumpThreads.run(
          "stdin of shell " + process.pid(),
          () -> {
            try {
              in.write(bytes);
              in.flush();
              sending = false;
            } catch (IOException ended) {
              breakOff(); // which the command hears of
            }
          });
    }
  }

  boolean isSending() {
    return sending;
  }

  /** All that the command has started, and itself where it is not the shell. */
  List<ProcessHandle> processes() {
    return descendants.look();
  }

  /**
   * Ends the shell with all that is below it. It is of no use any more from now on: the signals
   * take effect later, and the mark of its command may still come.
   */
  void kill() {
    broken = true;
    List<ProcessHandle> all = new ArrayList<>(descendants.look());
    all.add(process.toHandle());
    OsSignal.send("KILL", all);
  }

  boolean isBroken() {
    return broken || !process.isAlive();
  }

  /** Whether the shell has ended, and all that it has written has been read. */
  boolean isOver() {
    return reading.getCount() == 0 && !process.isAlive();
  }

  /** Of the shell itself, once it has ended; before that as if it had been killed. */
  int exitCode() {
    return process.isAlive() ? 137 : process.exitValue();
  }

  long pid() {
    return process.pid();
  }

  Path place() {
    return place;
  }

  // ---- for the pool

  /**
   * Whether it is fit for one more command in that directory. Asks the system too: what has ended
   * may not have been noticed here yet.
   */
  boolean isFit(Settings settings) {
    return !isBroken()
        && process.toHandle().isAlive()
        && directoryKey.equals(keyOf(settings.directory));
  }

  /** What tells a directory from one that has come in its place. */
  private static Object keyOf(@Nullable Path directory) {
    if (directory == null) {
      return "";
    }
    try {
      Object key =
          Files.readAttributes(directory, java.nio.file.attribute.BasicFileAttributes.class)
              .fileKey();
      return key == null ? directory : key;
    } catch (IOException gone) {
      return new Object();
    }
  }

  /** Ends the shell; what is left of it is killed. Does not wait. */
  void close() {
    broken = true;
    process.toHandle().destroyForcibly();
    closeQuietly(in);
    remove(place);
  }

  // ---- the threads that read

  private void pump(InputStream stream, boolean isStdout) {
    byte[] buffer = new byte[BUFFER];
    Scanner scanner = null;
    try {
      synchronized (stream) { // see Pump
        for (int count = stream.read(buffer); count >= 0; count = stream.read(buffer)) {
          Run run = current;
          InputStream fifo = isStdout ? fifoOut : fifoErr;
          if (run != null && fifo != null) {
            pumpFifo(fifo, run, isStdout, buffer);
            continue;
          }
          if (run == null || run.isEnded(isStdout)) {
            continue; // nobody's
          }
          if (scanner == null || scanner.run != run) {
            scanner = new Scanner(run, isStdout);
          }
          if (scanner.accept(buffer, count)) {
            ended(run, isStdout, scanner.status);
          }
        }
      }
    } catch (IOException failure) {
      // as the end of the stream
    } catch (Throwable thrown) {
      Log.error("The output of shell " + process.pid() + " cannot be read any further.", thrown);
    } finally {
      closeQuietly(stream);
      InputStream fifo = isStdout ? fifoOut : fifoErr;
      if (fifo != null) {
        closeQuietly(fifo);
      }
      reading.countDown();
      breakOff();
    }
  }

  /** Reads an output of one command, from when the shell has opened it until nobody has it open. */
  private void pumpFifo(InputStream fifo, Run run, boolean isStdout, byte[] buffer)
      throws IOException {
    if (isStdout) {
      run.stdoutBegun = true;
    } else {
      run.stderrBegun = true;
    }
    Scanner scanner = new Scanner(run, isStdout);
    for (int count = fifo.read(buffer); count >= 0; count = fifo.read(buffer)) {
      if (run.isEnded(isStdout)) {
        scanner.pass(buffer, 0, count);
      } else if (scanner.accept(buffer, count)) {
        ended(run, isStdout, scanner.status);
        scanner.passRest();
      }
    }
    scanner.passRest();
    if (isStdout) {
      run.stdoutClean = true;
    } else {
      run.stderrClean = true;
    }
    if (run.isClean()) {
      run.wake();
    }
  }

  private void ended(Run run, boolean isStdout, int status) {
    if (run.owner == null) {
      close(); // before there was a command
    }
    if (isStdout) {
      run.status = status;
      run.stdoutEnded = true;
    } else {
      run.stderrEnded = true;
    }
    if (run.isEnded()) {
      run.wake();
    }
  }

  private void breakOff() {
    broken = true;
    opened.countDown();
    Run run = current;
    if (run != null) {
      run.wake();
    }
  }

  /** Finds the mark in an output, and passes on what comes before it. */
  static final class Scanner {
    private final Run run;
    private final byte[] mark;
    private final boolean withStatus;
    private byte[] kept = {};
    private int status;

    Scanner(Run run, boolean withStatus) {
      this.run = run;
      this.mark = run.bytes;
      this.withStatus = withStatus;
    }

    /** Answers whether the mark has come. */
    boolean accept(byte[] buffer, int count) {
      byte[] data = java.util.Arrays.copyOf(kept, kept.length + count);
      System.arraycopy(buffer, 0, data, kept.length, count);
      int at = indexOf(data);
      int end = endOfMark(data, at);
      pass(data, 0, at);
      if (end < 0) {
        kept = java.util.Arrays.copyOfRange(data, at, data.length);
        return false;
      }
      kept = java.util.Arrays.copyOfRange(data, end + 1, data.length);
      status = withStatus ? number(data, at + mark.length, end) : 0;
      return true;
    }

    /** What came after the mark; or at the end of the stream, without one. */
    void passRest() {
      pass(kept, 0, kept.length);
      kept = new byte[0];
    }

    /** Where the line of a mark ends; -1 when there is none, or not all of it yet. */
    private int endOfMark(byte[] data, int at) {
      for (int end = at + mark.length; end < data.length; end++) {
        if (data[end] == '\n') {
          return end;
        }
      }
      return -1;
    }

    /** What comes before there is a command is nobody's. */
    void pass(byte[] data, int from, int to) {
      Run.Owner owner = run.owner;
      if (from < to && owner != null) {
        (withStatus ? owner.stdout : owner.stderr).accept(data, from, to - from);
      }
    }

    /** Where the mark, or the beginning of it at the end of the data, is; else the length. */
    private int indexOf(byte[] data) {
      for (int i = 0; i < data.length; i++) {
        if (data[i] == mark[0]) {
          int most = Math.min(mark.length, data.length - i);
          if (java.util.Arrays.equals(data, i, i + most, mark, 0, most)) {
            return i;
          }
        }
      }
      return data.length;
    }

    private static int number(byte[] data, int from, int to) {
      String text = new String(data, from, to - from, StandardCharsets.US_ASCII).strip();
      try {
        return Integer.parseInt(text);
      } catch (NumberFormatException strange) {
        return -1;
      }
    }
  }

  // ---- tidying up

  private static void closeQuietly(java.io.Closeable closeable) {
    try {
      closeable.close();
    } catch (IOException already) {
      // it is of no use any more, and that is all that was wanted
    }
  }

  /** Renamed first: so who is about to open a file in it does not make one. */
  private static void remove(Path place) {
    Path old = place.resolveSibling(place.getFileName() + ".old");
    try {
      Files.move(place, old);
      try (Stream<Path> files = Files.list(old)) {
        for (Path file : files.toList()) {
          Files.deleteIfExists(file);
        }
      }
      Files.deleteIfExists(old);
    } catch (IOException | java.io.UncheckedIOException gone) {
      // the shell removes it as well
    }
  }

  @Override
  public String toString() {
    return "shell " + process.pid();
  }
}
