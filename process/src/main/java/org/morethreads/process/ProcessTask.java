package org.morethreads.process;

import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.morethreads.internal.Library;
import org.morethreads.sync.Signal;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.ThreadBuilder;

/**
 * The task of the thread that stands for a process. The process is started when nothing refuses the
 * start of the thread any more, and before the thread runs: one whose start is refused has not run.
 */
final class ProcessTask implements ManagedThread.Call<Integer> {
  private final Settings settings;

  /** Written before the thread starts. */
  private @Nullable Life life;

  private ProcessTask(Settings settings) {
    this.settings = settings;
  }

  /** A process and its thread, started. */
  record Started(Life life, ManagedThread<Integer> thread) {}

  static Started start(Settings settings, ThreadBuilder builder) throws ProcessStartException {
    ProcessTask task = new ProcessTask(settings);
    ManagedThread<Integer> thread = builder.prepareCall(task);
    boolean started = false;
    try {
      ManagedThread<Integer> running = thread.start(Library.MEMBER, () -> task.begin(thread));
      started = true;
      return new Started(Objects.requireNonNull(task.life), running);
    } catch (NotStarted failure) {
      throw failure.why;
    } finally {
      Life its = task.life;
      if (!started && its != null) {
        its.undo();
      }
    }
  }

  private void begin(ManagedThread<Integer> thread) {
    String token = Mark.next();
    try {
      Process process = Starter.start(settings, token);
      Life its = new Life(settings, settings.nameOrDefault(), process, token);
      life = its;
      its.begin(thread);
    } catch (ProcessStartException failure) {
      throw new NotStarted(failure);
    }
  }

  @Override
  public Integer call(Signal pleaseStop) throws ProcessFailedException, InterruptedException {
    return Objects.requireNonNull(life).call(pleaseStop);
  }
}
