package org.morethreads.examples;

import java.io.FileNotFoundException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.morethreads.sync.Signal;
import org.morethreads.thread.ThreadFailedException;
import org.morethreads.work.Job;
import org.morethreads.work.ThreadPool;

/** Many jobs, four at a time; results in order, failures where they are joined. */
public class FanOut {
  private static final AtomicInteger NOW = new AtomicInteger();
  private static final AtomicInteger MOST = new AtomicInteger();

  public static void main(String... arguments) throws InterruptedException {
    MOST.set(0);
    int bytes = 0;
    try (var pool = ThreadPool.named("fetchers").size(4).backlog(8).open()) {
      List<Job<Integer>> jobs = new ArrayList<>();
      for (int i = 1; i <= 20; i++) {
        int page = i;
        jobs.add(pool.call("page-" + i, pleaseStop -> fetch(page))); // waits when it is full
      }
      for (var job : jobs) {
        try {
          bytes += job.join();
        } catch (ThreadFailedException e) {
          System.out.println(job.name() + ": " + e.getCause().getMessage());
        }
      }
    }
    System.out.println(bytes + " bytes, at most " + MOST + " at a time");
  }

  private static int fetch(int page) throws Exception {
    MOST.accumulateAndGet(NOW.incrementAndGet(), Math::max);
    try {
      Signal.NEVER.await(Duration.ofMillis(100));
      if (page == 13) {
        throw new FileNotFoundException("no such page");
      }
      return 100;
    } finally {
      NOW.decrementAndGet();
    }
  }
}
