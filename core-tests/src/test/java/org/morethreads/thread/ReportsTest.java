package org.morethreads.thread;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
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
    var tree = grove.open(SHORT, Time.real());
    var reports = tree.reports;
    for (int i = 0; i < 100; i++) {
      reports.say("report " + i);
    }
    Grove.eventually(() -> !reports.areUnderWay());
    var written = grove.log(System.Logger.Level.WARNING);
    assertThat(written).hasSize(100);
    for (int i = 0; i < 100; i++) {
      assertThat(written.get(i)).isEqualTo("report " + i);
    }
    tree.close();
  }

  @Test
  void say_noThreadCanBeStarted_writesHere() {
    Queue<Thread> writers = new ConcurrentLinkedQueue<>();
    Log.setListener((_, _, _) -> writers.add(Thread.currentThread()));
    var full =
        new ForwardingTime() {
          @Override
          public void startDriver(String name, Runnable action) {
            if (name.equals("stop report")) {
              throw new OutOfMemoryError("planted");
            }
            super.startDriver(name, action);
          }
        };
    try (var tree = grove.open(SHORT, full)) {
      tree.reports.say("a report");
      assertThat(writers).containsExactly(Thread.currentThread());
      assertThat(tree.reports.areUnderWay()).isFalse();
    }
  }

  /** One who asks for a stop while no thread can be had gets the error, and may ask again (H5). */
  @Test
  void close_noThreadCanBeStarted_throwsAndMayBeTriedAgain() throws Exception {
    var full = new AtomicBoolean(true);
    var time =
        new ForwardingTime() {
          @Override
          public void startDriver(String name, Runnable action) {
            if (full.get()) {
              throw new OutOfMemoryError("planted");
            }
            super.startDriver(name, action);
          }
        };
    var tree = grove.open(SHORT, time);
    assertThatExceptionOfType(OutOfMemoryError.class).isThrownBy(tree::stop);
    full.set(false);
    tree.close();
    assertThat(tree.stopped().isSignalled()).isTrue();
  }

  /** Who looks into the log after the end of a tree finds there what was said of it (H6). */
  @Test
  void close_reportUnderWay_waitsForIt() throws Exception {
    Queue<String> written = new ConcurrentLinkedQueue<>();
    var end = Signal.create("end");
    grove.onVirtualTime(
        SHORT,
        (tree, time) -> {
          Log.setListener(slow(Duration.ofMillis(900), written));
          tree.run("stubborn", _ -> awaitDeaf(end));
          tree.close();
          assertThat(written).anyMatch(text -> text.contains("stubborn"));
          end.go();
        });
  }

  /** But not for ever: a log that blocks does not hold the end (H5). */
  @Test
  void close_logBlocks_goesOnWithoutIt() throws Exception {
    Queue<String> written = new ConcurrentLinkedQueue<>();
    var end = Signal.create("end");
    grove.onVirtualTime(
        SHORT,
        (tree, time) -> {
          Log.setListener(slow(Duration.ofHours(1), written));
          tree.run("stubborn", _ -> awaitDeaf(end));
          tree.close();
          assertThat(time.elapsed()).isBetween(Duration.ofSeconds(1), Duration.ofSeconds(2));
          assertThat(written).isEmpty();
          end.go();
        });
  }

  /** Is abandoned for sure: one that took the interrupt could end before. */
  private static void awaitDeaf(Signal end) {
    while (!end.isSignalled()) {
      try {
        end.await();
      } catch (InterruptedException e) {
        // on purpose
      }
    }
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
