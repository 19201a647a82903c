package org.morethreads.thread;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.morethreads.internal.Log;
import org.morethreads.internal.Time;
import org.morethreads.sync.Signal;

/** How the reports of a stop come into the log, and what the end of the tree has to do with it. */
class ReportsTest {
  private static final StopPolicy SHORT =
      StopPolicy.standard().withAsk(Duration.ZERO).withInterrupt(Duration.ZERO);

  @RegisterExtension final Grove grove = new Grove();

  /** They came out of order, each on a thread of its own. */
  @Test
  void say_many_areWrittenInOrder() {
    var reports = new Reports(Time.real());
    for (int i = 0; i < 100; i++) {
      reports.say("report " + i);
    }
    Grove.eventually(() -> !reports.areUnderWay());
    var written = grove.log(System.Logger.Level.WARNING);
    assertThat(written).hasSize(100);
    for (int i = 0; i < 100; i++) {
      assertThat(written.get(i)).isEqualTo("report " + i);
    }
  }

  @Test
  void say_noThreadCanBeStarted_writesHere() {
    Queue<Thread> writers = new ConcurrentLinkedQueue<>();
    Log.setListener((_, _, _) -> writers.add(Thread.currentThread()));
    var reports =
        new Reports(
            new ForwardingTime() {
              @Override
              public void startDriver(String name, Runnable action) {
                throw new OutOfMemoryError("planted");
              }
            });
    reports.say("a report");
    assertThat(writers).containsExactly(Thread.currentThread());
    assertThat(reports.areUnderWay()).isFalse();
  }

  /** Who looks into the log after the end of a tree finds there what was said of it (H6). */
  @Test
  void close_reportUnderWay_waitsForIt() throws Exception {
    Queue<String> written = new ConcurrentLinkedQueue<>();
    grove.onVirtualTime(
        SHORT,
        (tree, time) -> {
          Log.setListener(slow(Duration.ofMillis(900), written));
          tree.run("stubborn", _ -> Signal.NEVER.await());
          tree.close();
          assertThat(written).anyMatch(text -> text.contains("stubborn"));
        });
  }

  /** But not for ever: a log that blocks does not hold the end (H5). */
  @Test
  void close_logBlocks_goesOnWithoutIt() throws Exception {
    Queue<String> written = new ConcurrentLinkedQueue<>();
    grove.onVirtualTime(
        SHORT,
        (tree, time) -> {
          Log.setListener(slow(Duration.ofHours(1), written));
          tree.run("stubborn", _ -> Signal.NEVER.await());
          tree.close();
          assertThat(time.elapsed()).isLessThan(Duration.ofSeconds(2));
          assertThat(written).isEmpty();
        });
  }

  /** A log that takes its time for each record. */
  private static Log.Listener slow(Duration each, Queue<String> written) {
    return (_, message, _) -> {
      try {
        Signal.NEVER.await(each);
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
      written.add(message);
    };
  }
}
