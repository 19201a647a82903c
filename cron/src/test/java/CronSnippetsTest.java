import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.morethreads.testing.VirtualClock;
import org.morethreads.testing.VirtualTime;

/** Runs the examples of the documentation. */
class CronSnippetsTest {
  @Test
  @VirtualTime(start = "2030-06-02T12:00:00Z") // a Sunday
  void schedule(VirtualClock clock) throws Exception {
    var count = new AtomicInteger();
    var backups = CronSnippets.schedule(count::incrementAndGet);
    clock.sleep(Duration.ofDays(7));
    assertThat(count).hasValue(5);
    backups.stop();
  }
}
