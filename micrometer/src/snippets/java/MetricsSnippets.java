import io.micrometer.core.instrument.MeterRegistry;
import org.morethreads.micrometer.QueueMetrics;
import org.morethreads.micrometer.ThreadMetrics;
import org.morethreads.queue.CloseableQueue;

/** The examples in the documentation of the metrics. */
final class MetricsSnippets {
  private MetricsSnippets() {}

  static CloseableQueue<String> bind(MeterRegistry registry) {
    // @start region=bind
    new ThreadMetrics().bindTo(registry);
    var orders = QueueMetrics.monitor(registry, CloseableQueue.<String>bounded("orders", 100));
    // @end region=bind
    return orders;
  }
}
