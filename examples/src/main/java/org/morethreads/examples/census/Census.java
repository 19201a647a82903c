package org.morethreads.examples.census;

import java.io.Console;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import me.tongfei.progressbar.DelegatingProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import org.jspecify.annotations.Nullable;
import org.morethreads.profiling.Profiler;
import org.morethreads.queue.CloseableQueue;
import org.morethreads.queue.QueueClosedException;
import org.morethreads.sync.OpenSignal;
import org.morethreads.sync.Progress;
import org.morethreads.sync.Signal;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.StopReason;
import org.morethreads.thread.ThreadTree;
import org.morethreads.work.BatchingQueue;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Counts the classes of the running JDK, or of any jars and directories, into a database. A scanner
 * finds class files, workers parse them, a batching queue stores the rows.
 *
 * <p>Ctrl-C at any time: the scanner is told first, the workers when it has stopped, the writer
 * when they have ({@code needs}), so that whatever was found is in the database when the program
 * ends.
 */
@Command(name = "census", mixinStandardHelpOptions = true, sortOptions = false)
final class Census implements Callable<Integer> {
  @Option(names = "--input", description = "A jar or a directory; repeatable. Default: the JDK.")
  private List<String> inputs = List.of(ClassSource.JDK);

  @Option(names = "--db", description = "The database file, made anew. Default: ${DEFAULT-VALUE}.")
  private Path file = Path.of("census.db");

  @Option(names = "--workers", description = "How many parse. Default: one for each processor.")
  private int workerCount = Runtime.getRuntime().availableProcessors();

  @Option(names = "--stubborn", description = "Adds a worker that ignores pleaseStop.")
  private boolean stubborn;

  @Option(names = "--profile", description = "A directory for a profile of the census by threads.")
  private @Nullable Path profile;

  @Option(names = "--json", description = "The last line of the output is one JSON object.")
  private boolean json;

  private final CloseableQueue<ClassSource.Found> found = CloseableQueue.bounded("found", 100);
  private final OpenSignal allStarted = Signal.create("all started");
  private final OpenSignal ready = Signal.create("ready");
  private final Progress seen = Progress.create("class files seen");
  private final Progress written = Progress.create("rows written");
  private final Progress failed = Progress.create("failures");
  private final StopTimeline timeline = new StopTimeline();
  private final boolean interactive =
      Optional.ofNullable(System.console()).filter(Console::isTerminal).isPresent();

  public static void main(String... arguments) {
    Locale.setDefault(Locale.ROOT); // JSON has no decimal commas
    System.exit(new CommandLine(new Census()).execute(arguments));
  }

  @Override
  public Integer call() throws InterruptedException, IOException {
    if (workerCount < 1 || workerCount > 1_000) {
      System.err.println("census: --workers must be 1 to 1000, but is " + workerCount);
      return CommandLine.ExitCode.USAGE;
    }
    if (profile != null) Profiler.into(profile).name("census").allocation().start(); // till the end
    long start = System.nanoTime();
    var top = "";
    try (var database = ClassDatabase.open(file)) {
      database.createTable();
      count(database);
      top = database.mostSynchronized();
    } catch (SQLException e) {
      fail(file.toString(), e);
    }
    return report(ThreadTree.main().stopReason(), (System.nanoTime() - start) / 1e9, top);
  }

  private void count(ClassDatabase database) throws InterruptedException {
    var tree = ThreadTree.main();
    var writer = BatchingQueue.<ClassFacts>named("writer").size(500).capacity(500).platform();
    var rows =
        writer.start(batch -> {
          database.write(batch);
          written.advance(batch.size());
        });
    timeline.watch(rows.thread());
    try (var _ = ManagedThread.adopt()) { // a stop waits until all threads are there
      var workers =
          IntStream.rangeClosed(1, workerCount)
              .mapToObj(i -> tree.named("worker-" + i).platform().needs(rows.thread()))
              .<ManagedThread<?>>map(worker -> timeline.watch(worker.run(_ -> parse(rows))))
              .toArray(ManagedThread<?>[]::new);
      var scanner = timeline.watch(tree.named("scanner").needs(workers).run(this::scan));
      found.closedBy(scanner.stopped());
      rows.closedBy(Stream.of(workers).map(ManagedThread::stopped).toList());
      rows.stopped().then(() -> tree.stop("the writer has ended"));
      if (interactive) timeline.watch(tree.run("progress", this::showProgress));
      if (stubborn) timeline.watch(tree.run("stubborn", _ -> Signal.NEVER.await()));
    }
    allStarted.go(); // not before: who is in awaitShutdown when the stop begins has the last word
    tree.awaitShutdown();
    tree.failures().forEach(it -> fail(file.toString(), it)); // of the writer: others catch theirs
  }

  /** Finds class files, until told to stop. */
  private void scan(Signal pleaseStop) throws InterruptedException {
    allStarted.or(pleaseStop).await();
    begin();
    for (String input : inputs) {
      ClassSource.visit(
          input, it -> !pleaseStop.isSignalled() && found.put(it, pleaseStop), this::fail);
    }
  }

  /** Parses what was found, to the end of the queue. */
  private void parse(BatchingQueue<ClassFacts> rows) throws InterruptedException {
    for (var file : found) {
      seen.advance();
      try {
        rows.put(ClassFacts.parse(file.home(), file.read()));
      } catch (QueueClosedException e) {
        return; // the writer could not go on, and has said why
      } catch (IOException | RuntimeException e) {
        fail(file.file(), e);
      }
    }
  }

  /** Says that work has begun; all else is said after it. */
  private void begin() {
    System.err.print(ready.isSignalled() ? "" : "census: ready\n");
    ready.go();
  }

  /** Shows the bar without JLine, which would take the signals of the operating system from us. */
  private void showProgress(Signal pleaseStop) throws InterruptedException {
    ready.or(pleaseStop).await();
    var out = new DelegatingProgressBarConsumer(line -> System.out.print("\r" + line), 78);
    var builder = ProgressBar.builder().setTaskName("census").setInitialMax(-1).hideEta();
    try (var bar = builder.setConsumer(out).build()) {
      do {
        bar.stepTo(written.value());
      } while (!pleaseStop.await(Duration.ofMillis(200)));
    }
    System.out.println();
  }

  private void fail(String what, Throwable failure) {
    begin();
    failed.advance();
    System.out.print(interactive ? "\r\u001b[K" : ""); // where the bar may be
    System.err.println("census: " + what + ": " + failure);
  }

  private int report(Optional<StopReason> stop, double seconds, String top) {
    var reason = stop.filter(it -> it.kind() == StopReason.Kind.JVM_SHUTDOWN);
    reason.ifPresent(
        it -> System.out.print("Stopped early: " + it + "\nStop timeline:\n" + timeline));
    System.out.print(top.isEmpty() ? "" : "Packages with most synchronized code:\n" + top + "\n");
    System.out.printf(
        "%d class files seen, %d rows written to %s, %d failed, in %.1f s (%.0f a second)%n",
        seen.value(), written.value(), file, failed.value(), seconds, written.value() / seconds);
    int own = failed.value() > 0 ? 1 : 0;
    int status = reason.map(it -> it.exitStatus().orElse(own)).orElse(own);
    if (json) {
      System.out.printf(
          "{\"seen\":%d,\"written\":%d,\"failed\":%d,\"stopped\":%b,\"seconds\":%.3f,\"exitCode\":%d}%n",
          seen.value(), written.value(), failed.value(), reason.isPresent(), seconds, status);
    }
    return status;
  }
}
