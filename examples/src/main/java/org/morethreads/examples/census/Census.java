package org.morethreads.examples.census;

import java.io.Console;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import me.tongfei.progressbar.ProgressBar;
import org.morethreads.queue.CloseableQueue;
import org.morethreads.queue.QueueClosedException;
import org.morethreads.sync.Progress;
import org.morethreads.sync.Signal;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.StopReason;
import org.morethreads.thread.ThreadTree;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/**
 * Counts the classes of the running JDK, or of any jars and directories, into a database. A scanner
 * finds class files, workers parse them, a writer stores the rows; two queues lie between.
 *
 * <p>Ctrl-C at any time: the scanner is told first, the workers when it has stopped, the writer
 * when they have ({@code needs}), so that whatever was found is in the database when the program
 * ends.
 */
@CommandLine.Command(
    name = "census",
    mixinStandardHelpOptions = true,
    description = "Counts classes into a database.",
    sortOptions = false)
final class Census implements Callable<Integer> {
  private static final int BATCH = 500;

  @Option(
      names = "--input",
      description = "A jar, directory or class file; may be repeated. Default: the running JDK.")
  private List<String> inputs = List.of(ClassSource.JDK);

  @Option(names = "--db", description = "The database file, made anew. Default: ${DEFAULT-VALUE}.")
  private Path file = Path.of("census.db");

  @Option(
      names = "--workers",
      description = "How many threads parse. Default: the number of processors.")
  private int workerCount = Runtime.getRuntime().availableProcessors();

  @Option(
      names = "--stubborn",
      description = "Adds a worker that ignores pleaseStop, to show what is said of it.")
  private boolean stubborn;

  @Option(names = "--json", description = "The last line on standard output is one JSON object.")
  private boolean json;

  private final CloseableQueue<ClassSource.Found> found = CloseableQueue.bounded("found", 1_000);
  private final CloseableQueue<ClassFacts> rows = CloseableQueue.bounded("rows", 2 * BATCH);
  private final Progress seen = Progress.create("class files seen");
  private final Progress written = Progress.create("rows written");
  private final Progress failed = Progress.create("failures");
  private final StopTimeline timeline = new StopTimeline();

  public static void main(String... arguments) {
    int status = new CommandLine(new Census()).execute(arguments);
    if (status != 0) {
      System.exit(status);
    }
  }

  @Override
  public Integer call() throws InterruptedException, SQLException {
    if (workerCount < 1) {
      System.err.println("census: --workers must be at least 1, but is " + workerCount);
      return CommandLine.ExitCode.USAGE;
    }
    long start = System.nanoTime();
    var tree = ThreadTree.main();
    var writer = timeline.watch(ManagedThread.named("writer").platform().run(_ -> write()));
    var workers =
        IntStream.rangeClosed(1, workerCount)
            .<ManagedThread<?>>mapToObj(i ->
                timeline.watch(
                    ManagedThread.named("worker-" + i).platform().needs(writer).run(_ -> parse())))
            .toArray(ManagedThread<?>[]::new);
    var scanner = timeline.watch(ManagedThread.named("scanner").needs(workers).run(this::scan));
    found.closedBy(scanner.stopped());
    rows.closedBy(Stream.of(workers).map(ManagedThread::stopped).toList());
    if (stubborn) {
      timeline.watch(ManagedThread.run("stubborn", _ -> Signal.NEVER.await()));
    }
    if (isTerminal()) {
      ManagedThread.named("progress").needs(scanner).run(this::showProgress);
    }
    System.err.println("census: ready");

    writer.stopped().or(tree.pleaseStop()).await();
    tree.stop("all is counted");
    tree.awaitShutdown();
    return report(Objects.requireNonNull(tree.stopReason()), (System.nanoTime() - start) / 1e9);
  }

  /** Finds class files, until told to stop. */
  private void scan(Signal pleaseStop) throws InterruptedException {
    for (String input : inputs) {
      try {
        ClassSource.of(input)
            .visit(file -> {
              boolean goOn = !pleaseStop.isSignalled() && found.put(file, pleaseStop);
              seen.advance(goOn ? 1 : 0);
              return goOn;
            });
      } catch (IOException | java.io.UncheckedIOException e) {
        fail(input, e);
      }
    }
  }

  /** Parses what was found, to the end of the queue. */
  private void parse() throws InterruptedException {
    for (var file : found) {
      try {
        rows.put(ClassFacts.parse(file.home(), file.read()));
      } catch (QueueClosedException e) {
        return; // the writer could not go on, and has said why
      } catch (IOException | IllegalArgumentException e) {
        fail(file.file(), e);
      }
    }
  }

  /** Writes rows in batches, to the end of the queue. */
  private void write() throws InterruptedException {
    try (rows;
        var database = ClassDatabase.create(file)) {
      var batch = new ArrayList<ClassFacts>(BATCH);
      for (var row : rows) {
        batch.add(row);
        rows.drain(batch, BATCH - batch.size());
        database.write(batch);
        written.advance(batch.size());
        batch.clear();
      }
    } catch (SQLException e) {
      fail(file.toString(), e); // the queue is closed: the others end as well
    }
  }

  private void showProgress(Signal pleaseStop) throws InterruptedException {
    try (var bar = new ProgressBar("census", -1)) {
      do {
        bar.maxHint(seen.value()).stepTo(written.value());
      } while (!pleaseStop.await(Duration.ofMillis(200)));
    }
  }

  private void fail(String what, Exception failure) {
    failed.advance();
    System.err.println("census: " + what + ": " + failure);
  }

  private int report(StopReason reason, double seconds) throws SQLException {
    boolean early = reason.kind() == StopReason.Kind.JVM_SHUTDOWN;
    int status = early ? signalStatus(reason) : (failed.value() > 0 ? 1 : 0);
    if (early) {
      System.out.println("Stopped early: " + reason + "\nStop timeline:");
      timeline.lines().forEach(System.out::println);
    }
    System.out.printf(
        "%d class files seen, %d rows written to %s, %d failed, in %.1f s (%.0f a second)%n",
        seen.value(), written.value(), file, failed.value(), seconds, written.value() / seconds);
    if (written.value() > 0) {
      System.out.println("Packages with most synchronized methods and blocks:");
      ClassDatabase.mostSynchronized(file, 10).forEach(System.out::println);
    }
    if (json) {
      System.out.printf(
          "{\"seen\":%d,\"written\":%d,\"failed\":%d,\"stopped\":%b,\"seconds\":%.3f,\"exitCode\":%d}%n",
          seen.value(), written.value(), failed.value(), early, seconds, status);
    }
    return status;
  }

  private static int signalStatus(StopReason reason) {
    return switch (reason.by()) {
      case "SIGINT" -> 130;
      case "SIGTERM" -> 143;
      case "SIGHUP" -> 129;
      default -> 1;
    };
  }

  @SuppressWarnings("SystemConsoleNull") // it is null again in JDK 25 when there is no terminal
  private static boolean isTerminal() {
    Console console = System.console();
    return console != null && console.isTerminal();
  }
}
