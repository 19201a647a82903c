package org.morethreads.profiling;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.ToLongFunction;
import java.util.function.UnaryOperator;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordedMethod;
import jdk.jfr.consumer.RecordedThread;
import jdk.jfr.consumer.RecordingFile;
import org.jspecify.annotations.Nullable;

/**
 * What managed threads did while they were recorded: where they used the processor, what they
 * allocated, what they waited for. Threads of like names are merged, {@code worker-1} and {@code
 * worker-2} into {@code worker-*}, and what is asked of a path includes everything below it.
 *
 * <p>Threads that are in no tree are below {@code unmanaged}. Instances are immutable.
 *
 * @since 0.1
 */
public final class Profile {
  /** What was seen of one method in the threads at and below a path. */
  public static final class Method {
    private final String name;
    private final String file;
    private final Map<Integer, Long> lines = new HashMap<>();
    private long selfNanos;
    private long totalNanos;
    private long samples;

    private Method(Frame frame) {
      this.name = frame.name();
      this.file = frame.file();
    }

    /** {@return the class and the name of the method} */
    public String name() {
      return name;
    }

    /** {@return the source file, as far as the name of the class tells} */
    public String file() {
      return file;
    }

    /** {@return the line in the method that was seen most often; 0 when lines are not known} */
    public int line() {
      return lines.entrySet().stream()
          .max(Map.Entry.comparingByValue())
          .map(Map.Entry::getKey)
          .orElse(0);
    }

    /** {@return how much CPU time was used in this very method} */
    public Duration self() {
      return Duration.ofNanos(selfNanos);
    }

    /** {@return how much CPU time was used in this method, and in what it called} */
    public Duration total() {
      return Duration.ofNanos(totalNanos);
    }

    /** {@return how many samples found a thread in this method, or in something that it called} */
    public long samples() {
      return samples;
    }

    private void add(Frame frame, Weight weight, boolean top, boolean first) {
      lines.merge(frame.line(), weight.count, Long::sum);
      selfNanos += top ? weight.amount : 0;
      totalNanos += first ? weight.amount : 0;
      samples += first ? weight.count : 0;
    }
  }

  /**
   * Exact numbers of a method that was chosen to be timed, in all threads.
   *
   * @param method its class and name
   * @param calls how often it was called
   * @param average how long a call took on average
   * @since 0.1
   */
  public record Timing(String method, long calls, Duration average) {
    /** {@return how long all calls took together} */
    public Duration total() {
      return average.multipliedBy(calls);
    }
  }

  /** How often a stack was seen, and what that stands for: nanoseconds, or bytes. */
  static final class Weight {
    long count;
    long amount;
  }

  /** Stacks, under the patterns of the paths of the threads that had them. */
  static final class Stacks {
    final Map<String, Map<List<Frame>, Weight>> byPath = new TreeMap<>();

    void add(String path, List<Frame> stack, long count, long amount) {
      Weight weight =
          byPath
              .computeIfAbsent(path, _ -> new HashMap<>())
              .computeIfAbsent(stack, _ -> new Weight());
      weight.count += count;
      weight.amount += amount;
    }

    boolean isEmpty() {
      return byPath.isEmpty();
    }

    long sum(String path, ToLongFunction<Weight> of) {
      long sum = 0;
      for (Map.Entry<String, Map<List<Frame>, Weight>> each : byPath.entrySet()) {
        if (Paths.isAtOrBelow(each.getKey(), path)) {
          sum += each.getValue().values().stream().mapToLong(of).sum();
        }
      }
      return sum;
    }

    private long count(String path) {
      return sum(path, weight -> weight.count);
    }

    private long countOf(String path) {
      return byPath.getOrDefault(path, Map.of()).values().stream()
          .mapToLong(weight -> weight.count)
          .sum();
    }
  }

  /** A wait of one thread. */
  record Wait(long threadId, String path, Instant begin, Duration length, String what) {}

  /** Something that happened to one thread at a moment. */
  record Moment(long threadId, String path, Instant at, String what) {}

  /** The row of the shells that run commands. */
  private static final String SHELLS = Paths.UNMANAGED + "/shells";

  private final UnaryOperator<String> pattern;
  final Lives lives = new Lives();
  private final FirstSamples firstSamples = new FirstSamples();

  /** By CPU time: the amounts are nanoseconds. Made of what follows, when all has been read. */
  final Stacks samples = new Stacks();

  /** Samples of managed platform threads by their CPU time, and by looks at those that run. */
  private final Stacks platformByTime = new Stacks();

  private final Stacks platformByLook = new Stacks();

  /** Samples of all others. */
  private final Stacks othersByTime = new Stacks();

  private final Stacks othersByLook = new Stacks();

  final Stacks allocations = new Stacks();
  final List<Wait> waits = new ArrayList<>();
  final List<Moment> moments = new ArrayList<>();
  private final Map<String, Timing> timings = new TreeMap<>();
  private final Map<String, Duration> waited = new TreeMap<>();

  /** What a sample by time stands for, as the JVM says. */
  private long nominalNanos = Profiler.EXECUTION_PERIOD.toNanos();

  private long lostSamples;
  private long total;
  private @Nullable RecordedEvent coverage;
  private Instant first = Instant.MAX;
  private Instant last = Instant.MIN;

  private Profile(UnaryOperator<String> pattern) {
    this.pattern = pattern;
  }

  /**
   * Reads a recording of Flight Recorder: that of a {@link Profiler}, or any other in which {@link
   * ThreadEvents} were enabled.
   *
   * @param recording the file
   * @return what is in it
   * @throws IOException if it cannot be read
   */
  public static Profile read(Path recording) throws IOException {
    return read(recording, Paths::patternOf);
  }

  /**
   * Reads a recording of Flight Recorder, and merges threads in another way.
   *
   * @param recording the file
   * @param pattern gives for the name of a thread, one part of a path, the name under which it is
   *     merged
   * @return what is in it
   * @throws IOException if it cannot be read
   */
  public static Profile read(Path recording, UnaryOperator<String> pattern) throws IOException {
    Profile profile = new Profile(Objects.requireNonNull(pattern, "pattern"));
    profile.readLives(recording); // first: events of a thread may come before that of its start
    try (RecordingFile file = new RecordingFile(recording)) {
      while (file.hasMoreEvents()) {
        profile.note(file.readEvent());
      }
    }
    profile.moments.sort(Comparator.comparing(Moment::at)); // each carrier wrote its own
    profile.weigh();
    return profile;
  }

  private void readLives(Path recording) throws IOException {
    List<RecordedEvent> events = new ArrayList<>();
    try (RecordingFile file = new RecordingFile(recording)) {
      while (file.hasMoreEvents()) {
        RecordedEvent event = file.readEvent();
        String name = event.getEventType().getName();
        if (name.startsWith(Events.PREFIX + "Thread")) {
          events.add(event);
        }
        firstSamples.note(event);
      }
    }
    events.sort((a, b) -> a.getStartTime().compareTo(b.getStartTime()));
    events.forEach(lives::note);
    firstSamples.find();
  }

  private void note(RecordedEvent event) {
    Instant at = event.getStartTime();
    switch (event.getEventType().getName()) {
      case "jdk.CPUTimeSample" -> {
        if (!event.getBoolean("failed")) {
          nominalNanos = event.getDuration("samplingPeriod").toNanos();
          sample(event, event.getThread(), platformByTime, othersByTime);
        }
      }
      case "jdk.CPUTimeSamplesLost" -> lostSamples += event.getLong("lostSamples");
      case "jdk.ExecutionSample" ->
          sample(event, event.getThread("sampledThread"), platformByLook, othersByLook);
      case "jdk.ObjectAllocationSample" -> {
        List<Frame> stack = new ArrayList<>(Frame.of(event.getStackTrace()));
        stack.add(new Frame("", event.getClass("objectClass").getName(), 0));
        allocations.add(pathOf(event.getThread(), at), stack, 1, firstSamples.bytes(event));
      }
      case "jdk.MethodTiming" -> timing(event);
      case Events.PREFIX + "Wait" -> {
        String path = knownPath(event);
        waits.add(
            new Wait(
                idOf(event.getThread()), path, at, event.getDuration(), event.getString("what")));
        waited.merge(Paths.patternOf(path, pattern), event.getDuration(), Duration::plus);
      }
      case Events.PREFIX + "StopRequested" ->
          moment(event, "told to stop: " + event.getString("reason"));
      case Events.PREFIX + "StopOverdue" ->
          moment(event, "has not stopped after " + event.getDuration("since").toMillis() + " ms");
      case Events.PREFIX + "ThreadFailure" ->
          moment(
              event,
              "failed: "
                  + event.getClass("thrownClass").getName()
                  + ": "
                  + event.getString("message"));
      case Events.PREFIX + "QueueFull" ->
          moments.add(
              new Moment(
                  idOf(event.getThread()),
                  event.getString("path"),
                  at,
                  event.getString("queue") + " is full"));
      case Events.PREFIX + "ProcessStart" -> ofProcess(event, "starts");
      case Events.PREFIX + "ProcessEnd" ->
          ofProcess(event, "ends with " + event.getInt("exitCode"));
      case Events.PREFIX + "Coverage" -> {
        coverage = event; // the last one counts
        return;
      }
      default -> {
        if (!event.getEventType().getName().startsWith(Events.PREFIX)) {
          return; // of a recording with more in it: not ours to cover
        }
      }
    }
    first = at.isBefore(first) ? at : first;
    last = event.getEndTime().isAfter(last) ? event.getEndTime() : last;
  }

  private static long idOf(@Nullable RecordedThread thread) {
    return thread == null ? -1 : thread.getJavaThreadId();
  }

  private String knownPath(RecordedEvent event) {
    String path = event.getString("path");
    return path == null || path.isEmpty()
        ? lives.pathOf(event.getThread(), event.getStartTime())
        : path;
  }

  private void moment(RecordedEvent event, String what) {
    moments.add(
        new Moment(
            event.getLong("managedThreadId"), event.getString("path"), event.getStartTime(), what));
  }

  /** Recorded by the thread that stands for the process; of a shell, which is in no tree, not. */
  private void ofProcess(RecordedEvent event, String what) {
    String path = event.getString("path");
    boolean isShell = path.isEmpty();
    moments.add(
        new Moment(
            isShell ? -1 : idOf(event.getThread()),
            isShell ? SHELLS : path,
            event.getStartTime(),
            "process " + event.getLong("pid") + " " + what + ": " + event.getString("command")));
  }

  private String pathOf(@Nullable RecordedThread thread, Instant at) {
    return Paths.patternOf(lives.pathOf(thread, at), pattern);
  }

  private void sample(
      RecordedEvent event, @Nullable RecordedThread thread, Stacks ofPlatform, Stacks ofOthers) {
    Instant at = event.getStartTime();
    Lives.Life life = thread == null ? null : lives.lifeOf(thread, at);
    Stacks to = life == null || life.virtual ? ofOthers : ofPlatform;
    to.add(pathOf(thread, at), Frame.of(event.getStackTrace()), 1, 0);
  }

  /*
   * What a sample stands for. Of a managed platform thread it is known what it has used, so the samples of all that are merged under
   * one path share the sum of that. There the JVM's samples by CPU time do not reach threads that live shorter than its interval;
   * where looks at running threads have found more, these are taken. What is left of the time of all Java threads, the samples
   * of virtual and unmanaged threads share: those by time, or by looks where the JVM has no others.
   */
  private void weigh() {
    Map<String, Long> exact = new TreeMap<>();
    long exactSum = 0;
    for (Lives.Life life : lives.all()) {
      if (!life.virtual && life.cpuNanos() > 0) {
        exact.merge(Paths.patternOf(life.path, pattern), life.cpuNanos(), Long::sum);
        exactSum += life.cpuNanos();
      }
    }
    long all = coverage == null ? 0 : coverage.getDuration("cpuTime").toNanos();
    Stacks others = othersByTime.isEmpty() ? othersByLook : othersByTime;
    long count = others.count("");
    double each = all > exactSum && count > 0 ? (double) (all - exactSum) / count : nominalNanos;
    others.byPath.keySet().forEach(path -> share(others, path, each));
    SortedSet<String> platform = new TreeSet<>(exact.keySet());
    platform.addAll(platformByTime.byPath.keySet());
    platform.addAll(platformByLook.byPath.keySet());
    for (String path : platform) {
      boolean byTime = platformByTime.countOf(path) >= platformByLook.countOf(path);
      Stacks found = byTime ? platformByTime : platformByLook;
      long its = found.countOf(path);
      Long known = exact.get(path);
      if (its > 0) {
        share(found, path, known == null ? nominalNanos : (double) known / its);
      } else if (known != null) {
        samples.add(path, List.of(), 0, known); // too short for any sample
      }
    }
    total = samples.count("");
  }

  private void share(Stacks from, String path, double each) {
    from.byPath
        .getOrDefault(path, Map.of())
        .forEach((stack, weight) ->
            samples.add(path, stack, weight.count, Math.round(weight.count * each)));
  }

  private void timing(RecordedEvent event) {
    RecordedMethod method = event.getValue("method");
    long calls = event.getLong("invocations");
    if (calls > 0) { // the first of a recording has none, and no average
      String name = method.getType().getName() + "." + method.getName();
      Timing timing = new Timing(name, calls, event.getDuration("average"));
      Timing before = timings.get(name); // the counts go on growing through the chunks
      if (before == null || before.calls() <= calls) {
        timings.put(name, timing);
      }
    }
  }

  // ---- what it covers

  /** {@return how long was recorded} */
  public Duration length() {
    if (begin().isAfter(end())) {
      return Duration.ZERO;
    }
    return Duration.between(begin(), end());
  }

  Instant begin() {
    return coverage == null ? first : Instant.ofEpochMilli(coverage.getLong("beginMillis"));
  }

  Instant end() {
    return coverage == null ? last : Instant.ofEpochMilli(coverage.getLong("endMillis"));
  }

  /**
   * {@return what this covers, in sentences: the time, and what is missing since the recording
   * began late or ended early}
   */
  public String coverage() {
    StringBuilder text = new StringBuilder();
    text.append(
        String.format(
            java.util.Locale.ROOT,
            "Covers %.1f s; %d managed %s, %d samples of %s",
            length().toMillis() / 1e3,
            lives.all().size(),
            lives.all().size() == 1 ? "thread" : "threads",
            total,
            othersByTime.isEmpty() && platformByTime.isEmpty() ? "running threads" : "CPU time"));
    text.append(lostSamples > 0 ? "; " + lostSamples + " more were lost." : ".");
    long before = lives.all().stream().filter(life -> life.begin == null).count();
    if (coverage != null && coverage.getDuration("afterJvmStart").toSeconds() >= 1 && before > 0) {
      text.append(
          String.format(
              java.util.Locale.ROOT,
              " Began late, %.1f s after the JVM",
              coverage.getDuration("afterJvmStart").toMillis() / 1e3));
    }
    if (before > 0) {
      text.append(text.indexOf("Began late") < 0 ? " Began late" : "")
          .append(": ")
          .append(before == 1 ? "a managed thread was" : before + " managed threads were")
          .append(" there before, and what they did until then is not in it.");
    }
    List<Lives.Life> left = lives.all().stream().filter(life -> life.end == null).toList();
    if (coverage == null) {
      text.append(
          " Has no end: the recording was cut off, by the JVM's own shutdown or otherwise, so that what came last may be missing.");
    }
    if (!left.isEmpty()) {
      text.append(" Ended early: ")
          .append(left.size() == 1 ? "a managed thread" : left.size() + " managed threads")
          .append(" had not stopped, such as \"")
          .append(left.getFirst().path)
          .append("\".");
    }
    if (lostSamples > total) {
      text.append(" More samples were lost than kept: the shares are not to be relied upon.");
    }
    return text.toString();
  }

  // ---- what is in it

  /** {@return the patterns of all paths of which something is known, and of those above them} */
  public SortedSet<String> paths() {
    SortedSet<String> all = new TreeSet<>();
    for (Lives.Life life : lives.all()) {
      all.addAll(Paths.withAncestors(Paths.patternOf(life.path, pattern)));
    }
    for (String path : samples.byPath.keySet()) {
      all.addAll(Paths.withAncestors(path));
    }
    for (String path : allocations.byPath.keySet()) {
      all.addAll(Paths.withAncestors(path));
    }
    return Collections.unmodifiableSortedSet(all);
  }

  /**
   * {@return how many managed threads there were, at or below a path}
   *
   * @param path the pattern of a path
   */
  public int threads(String path) {
    return (int)
        lives.all().stream()
            .filter(life -> Paths.isAtOrBelow(Paths.patternOf(life.path, pattern), path))
            .count();
  }

  /** {@return how many samples were taken of all threads} */
  public long samples() {
    return total;
  }

  /**
   * {@return how many samples were taken of the threads at or below a path}
   *
   * @param path the pattern of a path, such as {@code main/worker-*}
   */
  public long samples(String path) {
    return samples.count(path);
  }

  /**
   * Returns how much CPU time threads used. Of platform threads the JVM knows it; of virtual ones
   * it is their share of the samples, as precise as the number of those allows.
   *
   * @param path the pattern of a path
   * @return the time
   */
  public Duration time(String path) {
    return Duration.ofNanos(samples.sum(path, weight -> weight.amount));
  }

  /**
   * {@return about how many bytes threads have allocated; 0 when that was not recorded}
   *
   * @param path the pattern of a path
   */
  public long allocated(String path) {
    return allocations.sum(path, weight -> weight.amount);
  }

  /**
   * {@return how long threads waited in the library, all added up; of waits as long as the profiler
   * was told to record}
   *
   * @param path the pattern of a path
   */
  public Duration waited(String path) {
    Duration sum = Duration.ZERO;
    for (Map.Entry<String, Duration> each : waited.entrySet()) {
      if (Paths.isAtOrBelow(each.getKey(), path)) {
        sum = sum.plus(each.getValue());
      }
    }
    return sum;
  }

  /**
   * {@return the methods that threads were seen in, those that used most CPU time themselves first}
   *
   * @param path the pattern of a path
   */
  public List<Method> methods(String path) {
    Map<String, Method> found = new HashMap<>();
    for (Map.Entry<String, Map<List<Frame>, Weight>> each : samples.byPath.entrySet()) {
      if (Paths.isAtOrBelow(each.getKey(), path)) {
        each.getValue().forEach((stack, weight) -> add(found, stack, weight));
      }
    }
    List<Method> sorted = new ArrayList<>(found.values());
    sorted.sort((a, b) -> {
      int bySelf = Long.compare(b.selfNanos, a.selfNanos);
      int byTotal = bySelf != 0 ? bySelf : Long.compare(b.totalNanos, a.totalNanos);
      return byTotal != 0 ? byTotal : a.name.compareTo(b.name);
    });
    return List.copyOf(sorted);
  }

  private static void add(Map<String, Method> found, List<Frame> stack, Weight weight) {
    List<String> seen = new ArrayList<>(stack.size());
    for (int i = 0; i < stack.size(); i++) {
      Frame frame = stack.get(i);
      String name = frame.name();
      boolean first = !seen.contains(name); // a recursive one counts once
      seen.add(name);
      found
          .computeIfAbsent(name, _ -> new Method(frame))
          .add(frame, weight, i == stack.size() - 1, first);
    }
  }

  /** {@return the methods that were chosen to be timed, as far as they were called} */
  public List<Timing> timings() {
    return List.copyOf(timings.values());
  }

  // ---- files

  /**
   * Writes everything but the recording into a directory, which is made if it is not there: the
   * table, flame graphs, the timeline, and a summary.
   *
   * @param directory the directory
   * @param name how the names of the files begin
   * @return the files
   * @throws IOException if one cannot be written
   */
  public List<Path> write(Path directory, String name) throws IOException {
    Files.createDirectories(directory);
    List<Path> files = new ArrayList<>();
    files.add(Files.writeString(directory.resolve(name + ".txt"), new Summary(this).text()));
    files.add(Table.write(this, directory.resolve(name + ".tab")));
    files.add(
        FlameGraphs.write(
            samples,
            1_000,
            name + ": CPU time in µs",
            coverage(),
            directory.resolve(name + "_cpu.html")));
    if (!allocations.isEmpty()) {
      files.add(
          FlameGraphs.write(
              allocations,
              1,
              name + ": bytes allocated",
              coverage(),
              directory.resolve(name + "_allocated.html")));
    }
    Timeline timeline = new Timeline(this);
    files.add(timeline.writeTrace(directory.resolve(name + "_timeline.json")));
    files.add(timeline.writePage(name, directory.resolve(name + "_timeline.html")));
    return files;
  }
}
