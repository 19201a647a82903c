package org.morethreads.examples.procrun;

import static java.util.Comparator.naturalOrder;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.morethreads.examples.procrun.Service.Exit;
import org.morethreads.examples.procrun.Service.Order;
import org.morethreads.examples.procrun.Service.Status;
import org.morethreads.sync.OpenSignal;
import org.morethreads.sync.Signal;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.StopPolicy;
import org.morethreads.thread.StopReason;
import org.morethreads.thread.ThreadTree;

/**
 * Runs services: a thread in the main tree for each, told to stop when those that need it have
 * ended. The tree stops when a service fails for good, when all have ended, or when the program is
 * told to.
 */
final class Runner implements Service.Listener {
  private static final Duration TO_BE_KILLED = Duration.ofSeconds(20);

  /** Longer than what the tree grants. */
  private static final Duration ANY = Duration.ofDays(1);

  private final List<ServiceConfig> configs;
  private final Path socket;
  private final Output output;
  private final Timeline timeline;
  private final Service.Program program;
  private final Map<Service, ManagedThread<?>> threads = new LinkedHashMap<>();
  private final OpenSignal begin = Signal.create("all services have their threads");
  private final AtomicInteger active = new AtomicInteger();
  private final AtomicReference<@Nullable IOException> outputFailure = new AtomicReference<>();
  private final AtomicReference<@Nullable Exit> firstFailure = new AtomicReference<>();

  /**
   * @param configs the services, what is needed before what needs it
   * @param variables what the environment files say
   * @param socket where it can be asked
   */
  Runner(
      List<ServiceConfig> configs,
      Map<String, String> variables,
      Path socket,
      boolean json,
      boolean colours) {
    this.configs = configs;
    this.socket = socket;
    List<String> names = configs.stream().flatMap(it -> it.instanceNames().stream()).toList();
    this.output = new Output(json, colours, names, this::outputIsBroken);
    this.timeline = new Timeline(names);
    this.program = new ProcessRun(variables, output);
  }

  /**
   * Lets the main tree take the time to stop that services are granted; to be called before there
   * is one. Each has its grace, and then as long as a busy machine may take to kill it. The tree
   * shares its total among stages: the links of the longest chain of needs, each a thread and its
   * process, and what answers to the last.
   */
  static void grantTimeToStop(List<ServiceConfig> configs) {
    Duration each = configs.stream().map(it -> it.stop().grace()).max(naturalOrder()).orElseThrow();
    each = each.plus(TO_BE_KILLED);
    Map<String, Integer> chains = new LinkedHashMap<>();
    for (ServiceConfig config : configs) { // what is needed before what needs it
      int longest = config.needs().stream().mapToInt(it -> chains.get(it.name())).max().orElse(0);
      chains.put(config.name(), longest + 1);
    }
    int stages = 2 * (Collections.max(chains.values()) + 1);
    System.setProperty("org.morethreads.stop.ask", seconds(each));
    System.setProperty("org.morethreads.stop.total", seconds(each.multipliedBy(stages)));
  }

  private static String seconds(Duration time) {
    return Long.toString(time.toSeconds() + 1);
  }

  /** Runs them all; answers the exit status. */
  int run() throws IOException, InterruptedException {
    ProcrunLog.sendTo(output);
    ThreadTree tree = ThreadTree.main();
    try (var control = Control.open(socket)) {
      try (var _ = ManagedThread.adopt()) { // a stop waits until all threads are there
        var server = tree.run("(control)", stop -> control.serve(this::answer, stop));
        configs.forEach(config -> addThreads(config, server));
      }
      begin.go(); // not before: what a thread needs must be there when it is started
      tree.awaitShutdown();
    }
    boolean _ = output.awaitWritten();
    if (output.lost() > 0) {
      System.err.printf(
          "procrun: %d lines could not be written: %s%n", output.lost(), outputFailure.get());
    }
    return status(tree.stopReason().orElseThrow());
  }

  private int status(StopReason reason) {
    Exit failure = firstFailure.get();
    boolean broken = output.lost() > 0 || !ThreadTree.main().failures().isEmpty();
    int own = failure != null ? failure.code() : broken ? 1 : 0;
    return reason.exitStatus().orElse(own);
  }

  private void addThreads(ServiceConfig config, ManagedThread<?> server) {
    List<ManagedThread<?>> needed =
        threads.entrySet().stream()
            .filter(it -> config.needs(it.getKey().config.name()))
            .<ManagedThread<?>>map(Map.Entry::getValue)
            .toList();
    // a process has its own grace, and its lines are wanted to the last: no interrupt
    StopPolicy patient = StopPolicy.standard().withAsk(ANY).withTotal(ANY).neverInterrupt();
    for (String name : config.instanceNames()) {
      var service = new Service(config, name, program, this, System::nanoTime);
      active.incrementAndGet();
      threads.put(
          service,
          ThreadTree.main()
              .named(name)
              .needs(
                  Stream.concat(Stream.of(server), needed.stream())
                      .toArray(ManagedThread<?>[]::new))
              .stopPolicy(patient)
              .run(stop -> service.live(begin, needed, stop)));
    }
  }

  // ---- what services tell

  @Override
  public void became(Service service, Status status) {
    timeline.became(service.name, status);
    String word = status.state().toString().toLowerCase(Locale.ROOT);
    output.say(service.name, status.detail().isEmpty() ? word : word + ": " + status.detail());
  }

  @Override
  public void rests(Service service, Exit exit) {
    if (exit.failed() && firstFailure.compareAndSet(null, exit)) {
      ThreadTree.main().stop("\"%s\" has failed".formatted(service.name));
    }
    if (active.decrementAndGet() == 0) {
      ThreadTree.main().stop("all services have ended");
    }
  }

  @Override
  public void wakes(Service service) {
    active.incrementAndGet();
  }

  /** Nobody would see what the services say. */
  private void outputIsBroken(IOException failure) {
    outputFailure.set(failure);
    ThreadTree.main().stop("standard output takes no more: " + failure.getMessage());
  }

  // ---- what others ask

  /** Answers {@code status}, {@code restart NAME…} and {@code stop NAME…}. */
  private String answer(String line) {
    List<String> words = Arrays.asList(line.split(" ", -1));
    List<String> names = words.subList(1, words.size());
    return switch (words.getFirst()) {
      case "status" -> Control.OK + "\n" + table() + "\n" + ThreadTree.main().dump();
      case "restart" -> order(Order.RESTART, names);
      case "stop" -> {
        if (names.isEmpty()) {
          ThreadTree.main().stop("procrun stop was called");
          yield Control.OK + "\nstopping all\n";
        }
        yield order(Order.STOP, names);
      }
      default -> "\"" + words.getFirst() + "\" is no order\n";
    };
  }

  private String order(Order order, List<String> names) {
    List<Service> meant = new ArrayList<>();
    for (String name : names) {
      List<Service> found =
          threads.keySet().stream()
              .filter(it -> it.name.equals(name) || it.config.name().equals(name))
              .toList();
      if (found.isEmpty()) {
        List<String> known = threads.keySet().stream().map(it -> it.name).toList();
        return "No service \"" + name + "\" runs here." + Problems.didYouMean(name, known) + "\n";
      }
      meant.addAll(found);
    }
    meant.forEach(it -> it.order(order));
    StringBuilder answer = new StringBuilder(Control.OK);
    meant.forEach(it ->
        answer
            .append("\n")
            .append(order == Order.STOP ? "stopping " : "restarting ")
            .append(it.name));
    return answer.append("\n").toString();
  }

  private String table() {
    int width = threads.keySet().stream().mapToInt(it -> it.name.length()).reduce(7, Math::max);
    String row = "%-" + width + "s  %-9s  %8s  %4s  %s%n";
    StringBuilder table =
        new StringBuilder(row.formatted("SERVICE", "STATE", "SINCE", "RUNS", "ABOUT"));
    Instant now = Instant.now();
    for (Service service : threads.keySet()) {
      Status it = service.status();
      String since = "%.1f s".formatted(Duration.between(it.since(), now).toMillis() / 1e3);
      String state = it.state().toString().toLowerCase(Locale.ROOT);
      table.append(row.formatted(service.name, state, since, it.run(), it.detail()));
    }
    return table.toString();
  }

  void writeTimeline(Path file) throws IOException {
    timeline.writeTo(file);
  }
}
