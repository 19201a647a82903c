package org.morethreads.profiling;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import jdk.jfr.FlightRecorder;
import jdk.jfr.Recording;
import jdk.jfr.RecordingState;
import org.jspecify.annotations.Nullable;
import org.morethreads.internal.Log;
import org.morethreads.internal.Services;
import org.morethreads.sync.OpenSignal;
import org.morethreads.sync.Signal;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.ThreadTree;

/**
 * Profiles a program by its managed threads, with JDK Flight Recorder: where each used the
 * processor, what it allocated, what it waited for, who lived when.
 *
 * {@snippet class="ProfilerSnippets" region="program"}
 *
 * <p>A profiler that nobody closes goes on to the end of the program, and writes when all threads
 * have stopped: after Ctrl-C as well as after the end of {@code main}. The system property {@code
 * org.morethreads.profile}, which names a directory, starts one when the main tree is first used;
 * {@code org.morethreads.profile.allocation=true}, {@code org.morethreads.profile.interval} in
 * milliseconds and {@code org.morethreads.profile.timing} are its options.
 *
 * <p>What it writes, each file with the date and time in its name: a summary as text; the table of
 * mo-threads; flame graphs with the tree of threads as their lowest frames; a timeline, as a page
 * and in the Chrome trace format, which Perfetto opens; and the recording itself, for JDK Mission
 * Control and {@link Profile#read}. The recording is written first: what is left of the time that a
 * program has for its end may not suffice for the rest.
 *
 * <p><b>Thread safety.</b> Every method may be called from any thread without further
 * synchronization. A {@link Builder} may be used by one thread at a time.
 *
 * @since 0.1
 */
public final class Profiler implements AutoCloseable {
  /*
   * RUNNING -> ENDING   the first of: stop(), close(), the end of the program; by CAS
   * ENDING  -> ENDED    `profile` or `failure` is set, and `ended` goes
   *
   * When user code calls System.exit, Flight Recorder's own hook is held up until ENDED: see Guard.
   *
   * Whoever makes the first step does the work, on its own thread; another caller of stop() waits for it, and gets the same.
   */
  static final Duration EXECUTION_PERIOD = Duration.ofMillis(10);

  private static final DateTimeFormatter STAMP = DateTimeFormatter.ofPattern("yyyyMMdd_HHmmss");

  /** What has come of it. */
  private record Result(@Nullable Profile profile, @Nullable IOException failure) {}

  private final Builder options;
  private final String name;
  private final Path recordingFile;
  private final Recording recording;
  private final CpuClock cpu;
  private final Guard guard;
  private final Instant begin;
  private final Services.Service service = this::endOfProgram;
  private final AtomicReference<@Nullable Thread> ender = new AtomicReference<>();
  private final OpenSignal ended = Signal.create("profile written");
  private volatile Result result = new Result(null, null);
  private volatile List<Path> files = List.of();

  private Profiler(Builder options) throws IOException {
    this.options = options;
    Files.createDirectories(options.directory);
    this.name = freeName(options.directory, options.name);
    this.recordingFile = options.directory.resolve(name + ".jfr");
    ThreadEvents.enable();
    this.guard = Guard.begin(options.directory); // before the one that it guards
    this.recording = new Recording();
    boolean started = false;
    CpuClock clock = new CpuClock();
    try {
      configure();
      recording.start();
      started = true;
    } finally {
      if (!started) {
        recording.close();
        clock.close();
        guard.close();
      }
    }
    this.cpu = clock;
    this.begin = Instant.now(); // to start the recording takes a while
  }

  /** Two profiles that begin in the same second have different names. */
  private static String freeName(Path directory, String name) {
    String stamped = name + "_" + STAMP.format(LocalDateTime.now(ZoneId.systemDefault()));
    String free = stamped;
    for (int i = 2; Files.exists(directory.resolve(free + ".jfr")); i++) {
      free = stamped + "_" + i;
    }
    return free;
  }

  private void configure() throws IOException {
    recording.setName("More Threads: " + name);
    recording.setToDisk(true);
    recording.setDestination(Files.createFile(recordingFile)); // or another one took the name
    recording.setDumpOnExit(true); // in case that the JVM ends without the rest
    if (hasCpuTimeSamples()) {
      recording.enable("jdk.CPUTimeSample").with("throttle", options.interval.toNanos() + "ns");
      recording.enable("jdk.CPUTimeSamplesLost");
    }
    // also beside those, which do not see platform threads that live for a moment only
    recording.enable("jdk.ExecutionSample").withPeriod(EXECUTION_PERIOD);
    if (options.allocation) {
      // what is left out counts with the next sample of its thread, which a short one may not have;
      // there is a sample for each buffer that a thread takes from the heap, and each large object
      recording.enable("jdk.ObjectAllocationSample").with("throttle", "off");
      recording.enable("jdk.ThreadAllocationStatistics").with("period", "beginChunk");
    }
    if (!options.timed.isEmpty()) {
      recording
          .enable("jdk.MethodTiming")
          .with("filter", String.join(";", options.timed))
          .with("period", "endChunk");
    }
    recording.enable(Events.Wait.class).withThreshold(options.waitsFrom);
  }

  /** Flight Recorder samples by CPU time on Linux only, though it knows the event everywhere. */
  private static boolean hasCpuTimeSamples() {
    return System.getProperty("os.name", "").equals("Linux")
        && FlightRecorder.getFlightRecorder().getEventTypes().stream()
            .anyMatch(type -> type.getName().equals("jdk.CPUTimeSample"));
  }

  /**
   * Begins to describe a profiler.
   *
   * @param directory where its files go; made if it is not there
   * @return a builder
   */
  public static Builder into(Path directory) {
    return new Builder(directory);
  }

  /**
   * How a profiler is to be. May be used by one thread at a time.
   *
   * @since 0.1
   */
  public static final class Builder {
    private final Path directory;
    private String name = "profile";
    private Duration interval = Duration.ofMillis(10);
    private Duration waitsFrom = Duration.ofMillis(10);
    private boolean allocation;
    private final List<String> timed = new ArrayList<>();
    private UnaryOperator<String> pattern = Paths::patternOf;

    private Builder(Path directory) {
      this.directory = Objects.requireNonNull(directory, "directory");
    }

    /**
     * Says how the names of its files begin; {@code profile} unless told otherwise.
     *
     * @param newName the name
     * @return this builder
     */
    public Builder name(String newName) {
      this.name = Objects.requireNonNull(newName, "newName");
      return this;
    }

    /**
     * Says after how much CPU time of a thread a sample of it is taken: 10 ms unless told
     * otherwise. The clock ticks of the operating system make that longer, 4 ms at least on most.
     * Where the JVM cannot sample by CPU time, samples are taken each 10 ms.
     *
     * @param time the time
     * @return this builder
     * @throws IllegalArgumentException if it is not positive
     */
    public Builder interval(Duration time) {
      if (!time.isPositive()) {
        throw new IllegalArgumentException("Samples cannot be " + time + " apart.");
      }
      this.interval = time;
      return this;
    }

    /**
     * Says how long a wait must be to be recorded: 10 ms unless told otherwise.
     *
     * @param time the time; zero for all
     * @return this builder
     */
    public Builder waitsFrom(Duration time) {
      this.waitsFrom = Objects.requireNonNull(time, "time");
      return this;
    }

    /**
     * Samples allocations too.
     *
     * @return this builder
     */
    public Builder allocation() {
      this.allocation = true;
      return this;
    }

    /**
     * Counts and times each call of a method, in all threads. That slows these calls down, so it is
     * for methods that take microseconds at least.
     *
     * @param filter a class, a method, or all with an annotation, as Flight Recorder takes them:
     *     {@code com.acme.Parser::parse}
     * @return this builder
     */
    public Builder timing(String filter) {
      timed.add(Objects.requireNonNull(filter, "filter"));
      return this;
    }

    /**
     * Says which threads are merged: those for whose names, and those of all above them, this gives
     * the same. Unless told otherwise numbers become {@code *}.
     *
     * @param newPattern gives for a name its pattern
     * @return this builder
     */
    public Builder mergedBy(UnaryOperator<String> newPattern) {
      this.pattern = Objects.requireNonNull(newPattern, "newPattern");
      return this;
    }

    /**
     * Begins to profile, until the profiler is closed or the program ends.
     *
     * @return the profiler
     * @throws IOException if the directory or the file of the recording cannot be made
     */
    public Profiler start() throws IOException {
      ThreadTree _ = ThreadTree.main(); // whose end is that of the program
      Profiler profiler = new Profiler(this);
      if (!Services.add(Services.Stage.PROFILER, profiler.service)) {
        profiler.finish(/* endOfProgram= */ true); // it is ending already
      }
      return profiler;
    }

    /**
     * Profiles something, and writes when that has returned or thrown. The threads that it leaves
     * behind are in the profile up to then.
     *
     * @param program what to profile
     * @return the profile
     * @throws Exception what the program throws
     * @throws IOException if a file cannot be written
     */
    public Profile run(ManagedThread.Task program) throws Exception {
      Profiler profiler = start();
      try (profiler) {
        program.run(ThreadTree.main().pleaseStop());
      }
      return profiler.stop();
    }
  }

  /** {@return the files that were written; empty as long as it runs} */
  public List<Path> files() {
    return files;
  }

  /**
   * Ends the recording, and writes. Repeating it gives the same profile.
   *
   * @return the profile
   * @throws IOException if a file cannot be written or read
   */
  public Profile stop() throws IOException {
    finish(/* endOfProgram= */ false);
    Result present = result;
    if (present.failure() != null) {
      throw new IOException("The profile could not be written.", present.failure());
    }
    return Objects.requireNonNull(present.profile());
  }

  /** Does what {@link #stop} does. */
  @Override
  public void close() {
    try {
      Profile _ = stop();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void endOfProgram(long until) {
    finish(/* endOfProgram= */ true);
    IOException failure = result.failure();
    if (failure != null) {
      Log.error("The profile could not be written to \"" + options.directory + "\".", failure);
    } else {
      Log.info("The profile was written to \"" + options.directory.resolve(name) + "*\".");
    }
  }

  private void finish(boolean endOfProgram) {
    if (!ender.compareAndSet(null, Thread.currentThread())) {
      awaitEnded();
      return;
    }
    Services.remove(service);
    try {
      result = new Result(write(endOfProgram), null);
    } catch (IOException e) {
      result = new Result(null, e);
    } finally {
      ended.go();
    }
  }

  private void awaitEnded() {
    boolean interrupted = false;
    while (!ended.isSignalled()) {
      try {
        ended.await();
      } catch (InterruptedException e) {
        interrupted = true; // kept until the wait is over
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private Profile write(boolean endOfProgram) throws IOException {
    try (cpu;
        guard;
        recording) {
      ThreadEvents.recordPresent(/* atEnd= */ true);
      recordCoverage(endOfProgram);
      if (recording.getState() == RecordingState.RUNNING) {
        boolean _ = recording.stop(); // and writes the file
      }
    } catch (IllegalStateException stoppedMeanwhile) {
      // by the JVM's own shutdown, which has written the file
    }
    Profile profile = Profile.read(recordingFile, options.pattern);
    List<Path> written = new ArrayList<>(profile.write(options.directory, name));
    written.add(recordingFile);
    files = List.copyOf(written);
    return profile;
  }

  private void recordCoverage(boolean endOfProgram) {
    Events.Coverage event = new Events.Coverage();
    long jvmStart = ManagementFactory.getRuntimeMXBean().getStartTime();
    event.beginMillis = begin.toEpochMilli();
    event.endMillis = System.currentTimeMillis();
    event.afterJvmStart = Duration.ofMillis(Math.max(0, event.beginMillis - jvmStart)).toNanos();
    event.cpuTime = cpu.nanos();
    event.endOfProgram = endOfProgram;
    event.waitsFrom = options.waitsFrom.toNanos();
    event.commit();
  }

  @Override
  public String toString() {
    return "profiler of \"" + recordingFile + "\"";
  }
}
