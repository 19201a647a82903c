package org.morethreads.micrometer;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.Tags;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.morethreads.queue.CloseableQueue;
import org.morethreads.sync.Signal;
import org.morethreads.thread.StopPolicy;
import org.morethreads.thread.ThreadTree;

/** What a Prometheus server would read. */
@Timeout(60)
class PrometheusTest {
  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final ThreadMetrics metrics = new ThreadMetrics(Tags.of("app", "test"));

  @AfterEach
  void close() {
    metrics.close();
    registry.close();
  }

  /** The lines of the output: a name with its labels, and its value. */
  private Map<String, Double> scrape() {
    Map<String, Double> values = new TreeMap<>();
    registry
        .scrape()
        .lines()
        .filter(line -> !line.startsWith("#"))
        .forEach(line -> {
          int space = line.lastIndexOf(' ');
          values.put(line.substring(0, space), Double.valueOf(line.substring(space + 1)));
        });
    return values;
  }

  @Test
  void threads_startedFailedStoppedAbandoned_areCounted() throws Exception {
    metrics.bindTo(registry);
    metrics.bindTo(registry); // once is enough
    // only the deaf one is given up soon: the others have time to react on a busy machine
    var asked = StopPolicy.standard().withAsk(Duration.ofMillis(50));
    var policy = asked.withInterrupt(Duration.ofMillis(50));
    var end = Signal.create("end");
    try (var tree = ThreadTree.open("t", asked)) {
      tree.run("returns", _ -> {}).join();
      tree.run(
              "fails",
              _ -> {
                throw new IllegalStateException("on purpose");
              })
          .awaitOutcome();
      var interrupted = tree.run("interrupted", _ -> Signal.NEVER.await());
      var serves = tree.run("serves", Signal::await);
      var deaf = tree.named("deaf").stopPolicy(policy).run(_ -> awaitDeaf(end));
      assertThat(scrape()).containsEntry("morethreads_threads_live{app=\"test\"}", 3.0);
      interrupted.stop();
      serves.stop();
      deaf.stop();
      interrupted.awaitOutcome();
      serves.awaitOutcome();
      deaf.awaitOutcome();
    } finally {
      end.go();
    }
    assertThat(scrape())
        .containsEntry("morethreads_threads_started_total{app=\"test\"}", 5.0)
        .containsEntry("morethreads_threads_live{app=\"test\"}", 0.0)
        .containsEntry("morethreads_threads_ended_total{app=\"test\",outcome=\"returned\"}", 2.0)
        .containsEntry("morethreads_threads_ended_total{app=\"test\",outcome=\"failed\"}", 1.0)
        .containsEntry("morethreads_threads_ended_total{app=\"test\",outcome=\"stopped\"}", 1.0)
        .containsEntry("morethreads_threads_ended_total{app=\"test\",outcome=\"abandoned\"}", 1.0)
        .containsEntry("morethreads_threads_stop_seconds_count{app=\"test\"}", 3.0)
        .hasEntrySatisfying(
            "morethreads_threads_stop_seconds_max{app=\"test\"}",
            seconds -> assertThat(seconds).isBetween(0.09, 30.0));
  }

  private static void awaitDeaf(Signal end) {
    while (!end.isSignalled()) {
      try {
        end.await();
      } catch (InterruptedException e) {
        // on purpose
      }
    }
  }

  @Test
  void timers_timeComes_latenessIsRecorded() throws Exception {
    metrics.bindTo(registry);
    assertThat(Signal.NEVER.await(Duration.ofMillis(5))).isFalse();
    assertThat(scrape())
        .hasEntrySatisfying(
            "morethreads_timers_late_seconds_count{app=\"test\"}",
            count -> assertThat(count).isGreaterThanOrEqualTo(1))
        .hasEntrySatisfying(
            "morethreads_timers_late_seconds_sum{app=\"test\"}",
            sum -> assertThat(sum).isBetween(0.0, 30.0));
  }

  @Test
  void close_afterwards_nothingIsCounted() throws Exception {
    metrics.bindTo(registry);
    metrics.close();
    try (var tree = ThreadTree.open("t")) {
      tree.run("x", _ -> {}).join();
    }
    assertThat(scrape()).containsEntry("morethreads_threads_started_total{app=\"test\"}", 0.0);
  }

  @Test
  void queue_elementsAndWaits_areThere() throws Exception {
    var orders = QueueMetrics.monitor(registry, CloseableQueue.<String>bounded("orders", 2));
    orders.put("a");
    orders.put("b");
    assertThat(orders.poll()).isEqualTo("a");
    orders.put("c");
    try (var tree = ThreadTree.open("t", StopPolicy.standard().withAsk(Duration.ZERO))) {
      tree.run("waits", _ -> orders.put("d"));
      while (orders.statistics().waitingToPut() == 0
          || orders.statistics().blockedPutting().isZero()) {
        Thread.onSpinWait();
      }
      assertThat(scrape())
          .containsEntry("morethreads_queue_depth{queue=\"orders\"}", 2.0)
          .containsEntry("morethreads_queue_peak{queue=\"orders\"}", 2.0)
          .containsEntry("morethreads_queue_put_total{queue=\"orders\"}", 3.0)
          .containsEntry("morethreads_queue_taken_total{queue=\"orders\"}", 1.0)
          .containsEntry("morethreads_queue_waiting{queue=\"orders\",side=\"put\"}", 1.0)
          .containsEntry("morethreads_queue_waiting{queue=\"orders\",side=\"take\"}", 0.0)
          .hasEntrySatisfying(
              "morethreads_queue_blocked_seconds{queue=\"orders\",side=\"put\"}",
              seconds -> assertThat(seconds).isPositive());
    }
  }
}
