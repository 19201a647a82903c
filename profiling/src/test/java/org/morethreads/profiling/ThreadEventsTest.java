package org.morethreads.profiling;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.morethreads.internal.Observer;
import org.morethreads.process.Command;
import org.morethreads.process.ManagedProcess;
import org.morethreads.queue.CloseableQueue;
import org.morethreads.sync.Lock;
import org.morethreads.sync.Signal;
import org.morethreads.sync.Till;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.StopPolicy;
import org.morethreads.thread.ThreadObserver;
import org.morethreads.thread.ThreadTree;

/** Events in recordings that others have started. */
@Timeout(60)
class ThreadEventsTest {
  @TempDir Path directory;

  private List<RecordedEvent> stop(Recording recording) throws Exception {
    Path file = directory.resolve("events.jfr");
    recording.stop();
    recording.dump(file);
    return RecordingFile.readAllEvents(file).stream()
        .sorted(Comparator.comparing(RecordedEvent::getStartTime)) // each thread wrote its own
        .toList();
  }

  private static List<String> all(
      List<RecordedEvent> events, String name, Function<RecordedEvent, String> words) {
    return events.stream()
        .filter(event -> event.getEventType().getName().equals("org.morethreads." + name))
        .map(words)
        .toList();
  }

  @Test
  void recording_startsStopsFailures_areInIt() throws Exception {
    ThreadEvents.enable();
    try (var recording = new Recording();
        var tree = ThreadTree.open("t")) {
      var before = tree.run("before", Signal::await);
      recording.start();
      tree.run(
              "fails",
              _ -> {
                throw new IllegalStateException("on purpose");
              })
          .awaitOutcome();
      before.stop("enough");
      before.join();
      List<RecordedEvent> events = stop(recording);
      assertThat(all(events, "ThreadPresent", event -> event.getString("path")))
          .contains("t/before");
      assertThat(all(events, "ThreadStart", event -> event.getString("path"))).contains("t/fails");
      assertThat(
              all(
                  events,
                  "ThreadEnd",
                  event -> event.getString("path") + " " + event.getString("outcome")))
          .contains("t/fails Failed", "t/before Returned");
      assertThat(
              all(
                  events,
                  "ThreadFailure",
                  event ->
                      event.getString("path")
                          + " "
                          + event.getClass("thrownClass").getName()
                          + " "
                          + event.getString("message")))
          .containsExactly("t/fails java.lang.IllegalStateException on purpose");
      assertThat(
              all(
                  events,
                  "StopRequested",
                  event -> event.getString("path") + " " + event.getString("reason")))
          .contains("t/before enough");
    }
  }

  @Test
  void recording_waitsAndFullQueues_areInItFromTheThresholdOn() throws Exception {
    ThreadEvents.enable();
    try (var recording = new Recording();
        var tree = ThreadTree.open("t")) {
      recording.enable("org.morethreads.Wait").withThreshold(Duration.ofMillis(200));
      recording.start();
      var queue = CloseableQueue.<String>bounded("orders", 1);
      tree.run(
              "waits",
              _ -> {
                Signal.NEVER.await(Duration.ofMillis(300));
                queue.put("a");
                queue.put("b", Signal.create("till").or(Till.after(Duration.ofMillis(300))));
              })
          .join();
      List<RecordedEvent> events = stop(recording);
      assertThat(all(events, "QueueFull", event -> event.getString("queue")))
          .contains("queue \"orders\"");
      assertThat(
              all(
                  events,
                  "Wait",
                  event ->
                      event.getString("path")
                          + " "
                          + event.getString("sort")
                          + " "
                          + event.getString("what")))
          .contains("t/waits SIGNAL signal \"NEVER\"", "t/waits PLACE a place in queue \"orders\"");
      assertThat(
              events.stream()
                  .filter(event -> event.getEventType().getName().equals("org.morethreads.Wait")))
          .allSatisfy(event -> {
            assertThat(event.getDuration()).isGreaterThanOrEqualTo(Duration.ofMillis(200));
            assertThat(event.getStackTrace()).isNotNull();
          });
    }
  }

  @Test
  void recording_waitsOfEverySort_sayForWhat() throws Exception {
    ThreadEvents.enable();
    Duration time = Duration.ofMillis(30);
    try (var recording = new Recording();
        var tree = ThreadTree.open("t")) {
      recording.enable("org.morethreads.Wait").withThreshold(Duration.ZERO);
      recording.start();
      var accounts = Lock.create("accounts");
      var orders = CloseableQueue.<String>bounded("orders", 1);
      var held = Signal.create("held");
      var release = Signal.create("release");
      var holds =
          tree.run(
              "holds",
              _ -> {
                try (var _ = accounts.acquire()) {
                  held.go();
                  release.await();
                }
              });
      var waits =
          tree.run(
              "waits",
              _ -> {
                held.await();
                accounts.run(() -> {});
                Signal till = Till.after(time);
                till.await();
                assertThat(orders.poll(time)).isNull();
                try (var mine = accounts.acquire()) {
                  mine.await(time);
                }
              });
      while (!(LockSupport.getBlocker(waits.thread().orElseThrow()) instanceof Lock)) {
        Thread.onSpinWait(); // the time-out of the class ends it
      }
      release.go();
      waits.join();
      holds.join();
      List<RecordedEvent> events = stop(recording);
      assertThat(
              all(
                  events,
                  "Wait",
                  event ->
                      event.getString("path")
                          + " "
                          + event.getString("sort")
                          + " "
                          + event.getString("what")))
          .contains(
              "t/waits LOCK lock \"accounts\"",
              "t/waits ELEMENT an element of queue \"orders\"",
              "t/waits CHANCE a chance on lock \"accounts\"")
          .anyMatch(line -> line.startsWith("t/waits SIGNAL signal \"till"));
    }
  }

  @Test
  void recording_slowStop_isInIt() throws Exception {
    ThreadEvents.enable();
    var end = Signal.create("end");
    var patient =
        StopPolicy.standard().withAsk(Duration.ofSeconds(30)).withTotal(Duration.ofSeconds(60));
    try (var recording = new Recording();
        var tree = ThreadTree.open("t", patient)) {
      recording.start();
      var late = Signal.create("late");
      var observing =
          ThreadTree.observe(
              new ThreadObserver() { // told after the recorder, which was there before
                @Override
                public void overdue(ManagedThread<?> thread, Duration since) {
                  late.go();
                }
              });
      tree.run("slow", _ -> end.await()).stop("enough");
      late.await();
      observing.remove();
      end.go();
      List<RecordedEvent> events = stop(recording);
      assertThat(all(events, "StopOverdue", event -> event.getString("path")))
          .containsExactly("t/slow");
      assertThat(
              events.stream()
                  .filter(event -> event.getEventType().getName().endsWith(".StopOverdue")))
          .allSatisfy(event ->
              assertThat(event.getDuration("since")).isGreaterThanOrEqualTo(Duration.ofSeconds(1)));
    } finally {
      end.go();
    }
  }

  @Test
  void recording_processes_areInIt() throws Exception {
    ThreadEvents.enable();
    try (var recording = new Recording();
        var tree = ThreadTree.open("t")) {
      recording.start();
      ManagedProcess process =
          ManagedProcess.command("/bin/sh", "-c", "sleep 0.2; exit 3")
              .acceptExitCodes(3)
              .start(tree.named("sh"));
      process.join();
      List<RecordedEvent> events = stop(recording);
      String its = process.pid() + " t/sh /bin/sh";
      assertThat(all(events, "ProcessStart", ThreadEventsTest::process)).containsExactly(its);
      assertThat(all(events, "ProcessEnd", ThreadEventsTest::process)).containsExactly(its);
      assertThat(
              events.stream()
                  .filter(event -> event.getEventType().getName().endsWith(".ProcessEnd")))
          .allSatisfy(event -> {
            assertThat(event.getInt("exitCode")).isEqualTo(3);
            assertThat(event.getDuration("lived")).isGreaterThanOrEqualTo(Duration.ofMillis(200));
          });
    }
  }

  private static String process(RecordedEvent event) {
    return String.join(
        " ",
        Long.toString(event.getLong("pid")),
        event.getString("path"),
        event.getString("command"));
  }

  /** A command has a start and an end of its own, in a shell that goes on. */
  @Test
  void recording_commands_areInItAndTheirShell() throws Exception {
    Command.closeIdleShells();
    ThreadEvents.enable();
    try (var recording = new Recording();
        var tree = ThreadTree.open("t")) {
      recording.start();
      Command.of("true").start(tree.named("first")).join();
      Command.of("true").start(tree.named("second")).join();
      List<RecordedEvent> events = stop(recording);
      assertThat(
              all(
                  events,
                  "ProcessStart",
                  event -> event.getString("path") + " " + event.getString("command")))
          .satisfiesExactly(
              shell -> assertThat(shell).startsWith(" ").endsWith("bash"),
              first -> assertThat(first).isEqualTo("t/first true"),
              second -> assertThat(second).isEqualTo("t/second true"));
      assertThat(
              all(
                  events,
                  "ProcessEnd",
                  event -> event.getString("path") + " " + event.getInt("exitCode")))
          .containsExactly("t/first 0", "t/second 0");
    } finally {
      Command.closeIdleShells();
    }
  }

  /** Off again: nothing is observed while no recording runs. */
  @Test
  void recording_hasStopped_nobodyObserves() {
    ThreadEvents.enable();
    try (var recording = new Recording()) {
      recording.start();
      assertThat(Observer.installed()).isNotNull();
    }
    assertThat(Observer.installed()).isNull();
  }
}
