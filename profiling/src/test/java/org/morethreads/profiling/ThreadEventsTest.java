package org.morethreads.profiling;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.morethreads.internal.Observer;
import org.morethreads.queue.CloseableQueue;
import org.morethreads.sync.Signal;
import org.morethreads.thread.ThreadTree;

/** Events in recordings that others have started. */
@Timeout(60)
class ThreadEventsTest {
  @TempDir Path directory;

  private List<RecordedEvent> stop(Recording recording) throws Exception {
    Path file = directory.resolve("events.jfr");
    recording.stop();
    recording.dump(file);
    return RecordingFile.readAllEvents(file);
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
                queue.put(
                    "b",
                    Signal.create("till")
                        .or(org.morethreads.sync.Till.after(Duration.ofMillis(300))));
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

  /** Events of processes come from the module that knows them. */
  @Test
  void recording_processes_areInIt() throws Exception {
    ThreadEvents.enable();
    try (var recording = new Recording()) {
      recording.start();
      Observer observer = Observer.installed();
      assertThat(observer).isNotNull();
      observer.processStarted("main/git", 42, "git log");
      observer.processEnded("main/git", 42, "git log", 1, 5_000_000);
      List<RecordedEvent> events = stop(recording);
      assertThat(all(events, "ProcessStart", event -> event.getString("command")))
          .containsExactly("git log");
      assertThat(
              all(
                  events,
                  "ProcessEnd",
                  event -> event.getInt("exitCode") + " " + event.getDuration("lived").toMillis()))
          .containsExactly("1 5");
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
