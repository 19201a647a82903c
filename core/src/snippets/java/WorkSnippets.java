import java.time.Duration;
import java.time.LocalTime;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeoutException;
import org.morethreads.work.Actor;
import org.morethreads.work.BatchingQueue;
import org.morethreads.work.Job;
import org.morethreads.work.Repeat;
import org.morethreads.work.Schedule;
import org.morethreads.work.ThreadPool;

/** The examples in the documentation of pools, repetitions and actors. */
final class WorkSnippets {
  private WorkSnippets() {}

  static List<Integer> pool(List<String> paths) throws InterruptedException {
    List<Integer> sizes = new ArrayList<>();
    // @start region=pool
    try (var pool = ThreadPool.named("fetchers").size(4).backlog(100).open()) {
      List<Job<Integer>> jobs = new ArrayList<>();
      for (var path : paths) {
        jobs.add(pool.call("fetch " + path, pleaseStop -> path.length())); // waits when it is full
      }
      for (var job : jobs) {
        sizes.add(job.join()); // or throws what the job threw
      }
    }
    // @end region=pool
    return sizes;
  }

  static Repeat repeat(Runnable refresh) {
    // @start region=repeat
    var refreshing =
        Repeat.named("refresh")
            .firstAfter(Duration.ZERO)
            .atFixedRate(Duration.ofMinutes(1), pleaseStop -> refresh.run());
    // @end region=repeat
    return refreshing;
  }

  static int actor() throws InterruptedException, TimeoutException {
    // @start region=actor
    try (Actor<Map<String, Integer>> stock = Actor.start("stock", HashMap::new)) {
      stock.tell(items -> items.merge("apples", 3, Integer::sum)); // waits only for room
      int apples = stock.ask(items -> items.get("apples"), Duration.ofSeconds(2));
      // @end region=actor
      return apples;
    }
  }

  static void batching(List<String> rows, Database database) throws InterruptedException {
    // @start region=batching
    try (BatchingQueue<String> writer =
        BatchingQueue.<String>named("writer")
            .size(500)
            .maximumAge(Duration.ofSeconds(2))
            .retries(5, Duration.ofMillis(100), Duration.ofSeconds(10))
            .start(database::insert)) {
      for (var row : rows) {
        writer.put(row); // waits when the database does not keep up
      }
    } // everything is in the database
    // @end region=batching
  }

  /** Takes rows. */
  interface Database {
    void insert(List<String> rows) throws java.io.IOException;
  }

  static boolean flush(BatchingQueue<String> writer) throws InterruptedException {
    // @start region=flush
    boolean done = writer.flush().await(Duration.ofSeconds(5)); // what was put before, that is
    // @end region=flush
    return done;
  }

  static Schedule schedule(Runnable backUp) {
    // @start region=schedule
    var backups =
        Schedule.named("backups")
            .zone(ZoneId.of("Europe/Zurich"))
            .maximumRunTime(Duration.ofHours(1))
            .at(Schedule.Times.daily(LocalTime.of(2, 30)), pleaseStop -> backUp.run());
    // @end region=schedule
    return backups;
  }
}
