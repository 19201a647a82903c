import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.morethreads.process.Command;
import org.morethreads.testing.ManagedThreads;

/** What the Javadoc and the guide show, as far as it can be run anywhere. */
@ManagedThreads(timeout = "50 s")
@Timeout(60)
class SnippetsTest {
  @Test
  void command_branchWithStrangeCharacters_isEchoed() throws Exception {
    assertThat(ProcessSnippets.command("a 'b' $(c) *"))
        .startsWith("a 'b' $(c) *")
        .matches("(?s).*\\d+");
    Command.closeIdleShells();
  }

  @Test
  void schedule_always_waitsForItsTime() throws Exception {
    var schedule = ProcessSnippets.schedule();
    schedule.stop();
    schedule.stopped().await();
    assertThat(schedule.status().runs()).isZero();
  }
}
