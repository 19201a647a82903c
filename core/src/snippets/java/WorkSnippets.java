import java.util.ArrayList;
import java.util.List;
import org.morethreads.work.Job;
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
}
