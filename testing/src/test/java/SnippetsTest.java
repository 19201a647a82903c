import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.morethreads.testing.ManagedThreads;

/** Runs the examples of the documentation. */
@ManagedThreads(timeout = "50 s")
class SnippetsTest {
  @Nested
  class Worker extends TestingSnippets.WorkerTest {}

  @Nested
  class Heartbeat extends TestingSnippets.HeartbeatTest {}

  @Nested
  class Logs extends TestingSnippets.LogTest {}

  @Test
  void examples() throws Exception {
    TestingSnippets.clock();
    List<String> log = Collections.synchronizedList(new ArrayList<>());
    TestingSnippets.sequencer(log);
    assertThat(log).containsExactly("early", "late", "last");
    TestingSnippets.probe();
    TestingSnippets.failing();
    TestingSnippets.slow();
    TestingSnippets.assertions();
  }
}
