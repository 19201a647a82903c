import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutorService;
import org.morethreads.queue.CloseablePriorityQueue;
import org.morethreads.queue.CloseableQueue;
import org.morethreads.queue.Select;
import org.morethreads.sync.Signal;
import org.morethreads.thread.ManagedThread;

/** The examples in the documentation of the queue. */
final class QueueSnippets {
  void pipeline(ExecutorService threads, List<URI> known) {
    // @start region=pipeline
    CloseableQueue<URI> todo = CloseableQueue.bounded("todo", 100);

    threads.submit(() -> {
      for (var uri : todo) { // waits for more, and ends when the queue is closed and empty
        fetch(uri);
      }
    });

    threads.submit(() -> {
      try (todo) { // closes: there will be no more
        for (var uri : known) {
          todo.put(uri); // waits while there are 100 inside
        }
      }
      return null;
    });
    // @end region=pipeline
  }

  void until(CloseableQueue<URI> todo, Signal pleaseStop) {
    // @start region=until
    for (var uri : todo.until(pleaseStop)) {
      fetch(uri);
    }
    save(todo.drain()); // what was not done: empty, unless stopped
    // @end region=until
  }

  void giveBack(CloseableQueue<URI> todo) throws InterruptedException {
    // @start region=giveBack
    for (var uri : todo) {
      if (isBusy(uri)) {
        todo.putForced(uri); // later: to wait for a place here would be to wait for ourselves
      } else {
        fetch(uri);
      }
    }
    // @end region=giveBack
  }

  void closeWithFailure(CloseableQueue<String> lines, BufferedReader in)
      throws InterruptedException {
    // @start region=closeWithFailure
    try {
      for (var line = in.readLine(); line != null; line = in.readLine()) {
        lines.put(line);
      }
      lines.close();
    } catch (IOException broken) {
      lines.close(broken); // consumers take what was read, and then learn that it is not all
    }
    // @end region=closeWithFailure
  }

  void priorities(URI page, URI robots, URI any) throws InterruptedException {
    // @start region=priorities
    CloseablePriorityQueue<URI> todo =
        CloseablePriorityQueue.<URI>named("todo")
            .capacity(100)
            .ageing(Duration.ofSeconds(10)) // after 20 s what was put with 0 counts like a new 2
            .create();
    todo.put(page, 1);
    todo.put(robots, 2); // is taken first
    todo.put(any); // 0, is taken last
    // @end region=priorities
  }

  void select(CloseableQueue<URI> urgent, CloseableQueue<URI> todo, Signal pleaseStop)
      throws InterruptedException {
    // @start region=select
    URI next =
        Select.awaitFirst(
            Select.take(urgent),
            Select.take(todo),
            Select.until(pleaseStop, () -> LAST), // before all others, and takes nothing
            Select.atEnd(() -> LAST)); // both queues are closed and empty
    // @end region=select
    fetch(next);
  }

  // @start region=selectSwitch
  sealed interface Event {
    record Request(String line) implements Event {}

    record Sent() implements Event {}

    record Idle() implements Event {}

    record Over(String why) implements Event {}
  }

  Event next(
      CloseableQueue<String> in, CloseableQueue<String> out, String reply, ManagedThread<?> peer)
      throws InterruptedException {
    return Select.awaitFirst(
        Select.take(in, Event.Request::new),
        Select.put(out, reply, Event.Sent::new), // as soon as there is a place
        Select.when(peer.stopped(), () -> new Event.Over("peer")),
        Select.after(Duration.ofSeconds(5), Event.Idle::new));
  }

  String answer(Event event) {
    return switch (event) {
      case Event.Request(String line) -> "done: " + line;
      case Event.Sent() -> "next";
      case Event.Idle() -> "are you there?";
      case Event.Over(String why) -> "bye, " + why;
    };
  }

  // @end region=selectSwitch

  private static final URI LAST = URI.create("about:blank");

  private boolean isBusy(URI uri) {
    return uri.isOpaque();
  }

  private void fetch(URI uri) {
    uri.normalize();
  }

  private void save(List<URI> rest) {
    rest.forEach(this::fetch);
  }
}
