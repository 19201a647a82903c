package org.morethreads.micrometer;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.ConcurrentHashMap;
import org.morethreads.sync.Signal;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.Outcome;
import org.morethreads.thread.ThreadObserver;
import org.morethreads.thread.ThreadTree;

/**
 * Metrics of the managed threads of all trees.
 *
 * {@snippet class="MetricsSnippets" region="bind"}
 *
 * <p>From the time when it is bound, until it is closed:
 *
 * <ul>
 *   <li>{@code morethreads.threads.live}: how many live now, looked at when asked;
 *   <li>{@code morethreads.threads.started}: how many were started or adopted;
 *   <li>{@code morethreads.threads.ended}: how many have ended, by {@code outcome}: {@code
 *       returned}, {@code failed}, {@code stopped}, {@code abandoned}, {@code exited};
 *   <li>{@code morethreads.threads.stop}: how long threads took to stop, from when they were told;
 *   <li>{@code morethreads.threads.overdue}: how often the log named one that had not stopped in
 *       time;
 *   <li>{@code morethreads.timers.late}: how late tills and time-outs were.
 * </ul>
 *
 * <p><b>Thread safety.</b> Every method may be called from any thread without further
 * synchronization.
 *
 * @since 0.1
 */
public final class ThreadMetrics implements MeterBinder, AutoCloseable {
  private final Iterable<Tag> tags;

  /** What has been bound, to be ended by {@link #close}. */
  private final ConcurrentHashMap<MeterRegistry, Signal.Registration> bound =
      new ConcurrentHashMap<>();

  /** Metrics without tags. */
  public ThreadMetrics() {
    this(Tags.empty());
  }

  /**
   * Metrics with tags.
   *
   * @param tags what all of them get
   */
  public ThreadMetrics(Iterable<Tag> tags) {
    this.tags = Tags.of(tags);
  }

  /**
   * Begins to count. Binding to the same registry again does nothing.
   *
   * @param registry where the metrics go
   */
  @Override
  public void bindTo(MeterRegistry registry) {
    bound.computeIfAbsent(registry, this::bind);
  }

  private Signal.Registration bind(MeterRegistry registry) {
    Gauge.builder("morethreads.threads.live", ThreadMetrics::countLive)
        .description("Managed threads that live now")
        .tags(tags)
        .register(registry);
    return ThreadTree.observe(new Observer(registry, tags));
  }

  private static double countLive() {
    int sum = 0;
    for (ThreadTree tree : ThreadTree.openTrees()) {
      sum += tree.threadCount();
    }
    return sum;
  }

  /** Stops counting; what has been counted stays in the registries. Repeating it does nothing. */
  @Override
  public void close() {
    bound.values().forEach(Signal.Registration::remove);
    bound.clear();
  }

  private static final class Observer implements ThreadObserver {
    private final Counter started;
    private final Counter returned;
    private final Counter failed;
    private final Counter stopped;
    private final Counter abandoned;
    private final Counter exited;
    private final Counter overdue;
    private final Timer stop;
    private final Timer late;

    Observer(MeterRegistry registry, Iterable<Tag> tags) {
      started =
          Counter.builder("morethreads.threads.started")
              .description("Managed threads that were started or adopted")
              .tags(tags)
              .register(registry);
      returned = ended("returned", registry, tags);
      failed = ended("failed", registry, tags);
      stopped = ended("stopped", registry, tags);
      abandoned = ended("abandoned", registry, tags);
      exited = ended("exited", registry, tags);
      overdue =
          Counter.builder("morethreads.threads.overdue")
              .description("Reports of threads that had not stopped in time")
              .tags(tags)
              .register(registry);
      stop =
          Timer.builder("morethreads.threads.stop")
              .description("How long threads took to stop, from when they were told")
              .tags(tags)
              .register(registry);
      late =
          Timer.builder("morethreads.timers.late")
              .description("How late tills and time-outs were")
              .tags(tags)
              .register(registry);
    }

    private static Counter ended(String outcome, MeterRegistry registry, Iterable<Tag> tags) {
      return Counter.builder("morethreads.threads.ended")
          .description("Managed threads that have ended")
          .tags(tags)
          .tag("outcome", outcome)
          .register(registry);
    }

    @Override
    public void started(ManagedThread<?> thread) {
      started.increment();
    }

    @Override
    public void ended(ManagedThread<?> thread, Outcome<?> outcome) {
      Counter its =
          switch (outcome) {
            case Outcome.Returned<?> _ -> returned;
            case Outcome.Failed<?> _ -> failed;
            case Outcome.Stopped<?> _ -> stopped;
            case Outcome.Abandoned<?> _ -> abandoned;
            case Outcome.Exited<?> _ -> exited;
          };
      its.increment();
      thread.toldAt().ifPresent(told -> stop.record(Duration.between(told, Instant.now())));
    }

    @Override
    public void overdue(ManagedThread<?> thread, Duration since) {
      overdue.increment();
    }

    @Override
    public void timeCame(Duration howLate) {
      late.record(howLate);
    }
  }
}
