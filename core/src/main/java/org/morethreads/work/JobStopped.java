package org.morethreads.work;

import java.util.List;
import org.morethreads.internal.Awaited;
import org.morethreads.internal.Firing;
import org.morethreads.internal.Library;
import org.morethreads.sync.Signal;
import org.morethreads.thread.ManagedThread;

/** The {@code stopped} of a job, which knows who stands in its way. */
final class JobStopped extends Signal implements Awaited {
  private final Job<?> job;
  private final ThreadPool pool;

  JobStopped(Job<?> job, ThreadPool pool) {
    super(Library.MEMBER);
    this.job = job;
    this.pool = pool;
  }

  void go() {
    Firing.fire(this);
  }

  /** The thread of the job; as long as it has none, those that have the places of its pool. */
  @Override
  public List<Thread> wakers() {
    ManagedThread<?> its = job.thread().orElse(null);
    return its == null ? pool.threadsOfJobs() : its.thread().stream().toList();
  }

  /** A job that has not begun may be given a place by any thread of a job that joins it. */
  @Override
  public boolean isCertain() {
    return job.thread().isPresent();
  }

  @Override
  protected void describe(Name text) {
    text.append("stopped " + job);
  }
}
