package org.morethreads.logging.micrometer;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.context.ContextRegistry;
import io.micrometer.context.ContextSnapshotFactory;
import org.junit.jupiter.api.Test;
import org.morethreads.thread.ContextCarrier;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.ThreadTree;

/** H13 with Micrometer's context-propagation. */
class MicrometerContextTest {
  private static final ThreadLocal<String> TRACE = new ThreadLocal<>();

  @Test
  void run_accessorRegistered_childAndGrandchildHaveTheValue() throws Exception {
    var registry = new ContextRegistry().registerThreadLocalAccessor("trace", TRACE);
    var factory = ContextSnapshotFactory.builder().contextRegistry(registry).build();
    var registration = ContextCarrier.register(new MicrometerContext(factory));
    try (var tree = ThreadTree.open("tree")) {
      TRACE.set("4711");
      var child =
          tree.call(
              "child", _ -> TRACE.get() + " " + ManagedThread.call("x", _ -> TRACE.get()).join());
      TRACE.remove();
      assertThat(child.join()).isEqualTo("4711 4711");
      assertThat(tree.call("without", _ -> TRACE.get() == null).join()).isTrue();
    } finally {
      registration.remove();
      TRACE.remove();
    }
  }
}
