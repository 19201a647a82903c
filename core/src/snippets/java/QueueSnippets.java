import java.net.URI;
import java.util.List;
import java.util.concurrent.ExecutorService;
import org.morethreads.queue.CloseableQueue;
import org.morethreads.sync.Signal;

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

  private void fetch(URI uri) {
    uri.normalize();
  }

  private void save(List<URI> rest) {
    rest.forEach(this::fetch);
  }
}
