import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeoutException;
import org.morethreads.queue.CloseableQueue;
import org.morethreads.thread.Scope;

/** The examples in the documentation of scopes. */
final class ScopeSnippets {
  private ScopeSnippets() {}

  static void run(List<String> lines) throws InterruptedException {
    // @start region=run
    Scope.run(
        "copy",
        scope -> {
          var rows = CloseableQueue.<String>bounded("rows", 1000);
          scope.run(
              "sink",
              pleaseStop -> {
                for (var row : rows) {
                  System.out.println(row);
                }
              });
          scope.run(
              "source",
              pleaseStop -> {
                try (rows) {
                  for (var line : lines) {
                    rows.put(line);
                  }
                }
              });
        }); // both have ended here; if one failed, the other was stopped, and this throws
    // @end region=run
  }

  static int builder() throws InterruptedException, TimeoutException {
    // @start region=builder
    int sum =
        Scope.named("sums")
            .isolated() // a failure stops nobody
            .deadline(Duration.ofSeconds(10))
            .call(scope -> {
              var left = scope.call("left", pleaseStop -> 20);
              var right = scope.call("right", pleaseStop -> 22);
              return left.join() + right.join();
            });
    // @end region=builder
    return sum;
  }
}
