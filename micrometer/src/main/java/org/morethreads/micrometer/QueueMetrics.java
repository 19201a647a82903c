package org.morethreads.micrometer;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.TimeGauge;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;
import org.morethreads.queue.CloseableQueue;
import org.morethreads.queue.QueueStatistics;

/**
 * Metrics of one queue, read from its {@linkplain CloseableQueue#statistics() statistics} when
 * somebody asks for them. All have the tag {@code queue}, its name:
 *
 * <ul>
 *   <li>{@code morethreads.queue.depth} and {@code .peak}: how many elements are inside, and have
 *       been at most;
 *   <li>{@code morethreads.queue.put} and {@code .taken}: how many have been;
 *   <li>{@code morethreads.queue.waiting}: how many threads wait, by {@code side}, which is {@code
 *       put} or {@code take};
 *   <li>{@code morethreads.queue.blocked}: how long threads have waited, all added up, by {@code
 *       side}.
 * </ul>
 *
 * <p>A registry holds the queue weakly: when the program has dropped it, its metrics stand still.
 *
 * <p><b>Thread safety.</b> Every method may be called from any thread without further
 * synchronization.
 *
 * @since 0.1
 */
public final class QueueMetrics implements MeterBinder {
  private final CloseableQueue<?> queue;
  private final Tags tags;

  /**
   * Metrics of a queue.
   *
   * @param queue the queue
   * @param tags what they get besides the name of the queue
   */
  public QueueMetrics(CloseableQueue<?> queue, Iterable<Tag> tags) {
    this.queue = Objects.requireNonNull(queue, "queue");
    this.tags = Tags.of(tags).and("queue", queue.name());
  }

  /**
   * Metrics of a queue, bound to a registry.
   *
   * @param <E> the type of the elements
   * @param registry where they go
   * @param queue the queue
   * @return the queue
   */
  public static <E> CloseableQueue<E> monitor(MeterRegistry registry, CloseableQueue<E> queue) {
    new QueueMetrics(queue, Tags.empty()).bindTo(registry);
    return queue;
  }

  @Override
  public void bindTo(MeterRegistry registry) {
    gauge("morethreads.queue.depth", "Elements inside", tags, QueueStatistics::depth, registry);
    gauge(
        "morethreads.queue.peak",
        "The most elements inside",
        tags,
        QueueStatistics::peak,
        registry);
    counter("morethreads.queue.put", "Elements put in", QueueStatistics::put, registry);
    counter("morethreads.queue.taken", "Elements taken out", QueueStatistics::taken, registry);
    Tags put = tags.and("side", "put");
    Tags take = tags.and("side", "take");
    String waiting = "Threads that wait";
    gauge("morethreads.queue.waiting", waiting, put, QueueStatistics::waitingToPut, registry);
    gauge("morethreads.queue.waiting", waiting, take, QueueStatistics::waitingToTake, registry);
    blocked(put, all -> all.blockedPutting().toNanos(), registry);
    blocked(take, all -> all.blockedTaking().toNanos(), registry);
  }

  private void gauge(
      String name,
      String description,
      Tags its,
      ToDoubleFunction<QueueStatistics> value,
      MeterRegistry registry) {
    Gauge.builder(name, queue, it -> value.applyAsDouble(it.statistics()))
        .description(description)
        .tags(its)
        .register(registry);
  }

  private void counter(
      String name,
      String description,
      ToDoubleFunction<QueueStatistics> value,
      MeterRegistry registry) {
    FunctionCounter.builder(name, queue, it -> value.applyAsDouble(it.statistics()))
        .description(description)
        .tags(tags)
        .register(registry);
  }

  private void blocked(Tags its, ToDoubleFunction<QueueStatistics> nanos, MeterRegistry registry) {
    TimeGauge.builder(
            "morethreads.queue.blocked",
            queue,
            TimeUnit.NANOSECONDS,
            it -> nanos.applyAsDouble(it.statistics()))
        .description("How long threads have waited, all added up")
        .tags(its)
        .register(registry);
  }
}
