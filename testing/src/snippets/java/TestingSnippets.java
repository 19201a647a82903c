import static org.morethreads.testing.MoreThreadsAssertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Test;
import org.morethreads.queue.CloseableQueue;
import org.morethreads.sync.OpenSignal;
import org.morethreads.sync.Signal;
import org.morethreads.sync.Till;
import org.morethreads.testing.FailingSink;
import org.morethreads.testing.ManagedThreads;
import org.morethreads.testing.Sequencer;
import org.morethreads.testing.SignalProbe;
import org.morethreads.testing.SlowSink;
import org.morethreads.testing.TestLog;
import org.morethreads.testing.TestThreads;
import org.morethreads.testing.VirtualClock;
import org.morethreads.testing.VirtualTime;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.ThreadTree;

/** The examples in the documentation of this module; they are run as tests. */
final class TestingSnippets {
  // @start region=managed
  @ManagedThreads(timeout = "10 s")
  static class WorkerTest {
    @Test
    void stop_whileIdle_endsTheWorker(ThreadTree tree) throws Exception {
      var worker = ManagedThread.run("worker", pleaseStop -> pleaseStop.await());
      assertThat(tree).hasThreads("worker");
      worker.stop();
      worker.join();
    } // here the test fails if a thread is left, or a failure, or a warning in the log
  }

  // @end region=managed

  // @start region=virtual
  @VirtualTime
  static class HeartbeatTest {
    @Test
    void beats_everyMinute(VirtualClock clock) throws Exception {
      var beats = CloseableQueue.<Duration>unbounded("beats");
      ManagedThread.run(
          "heart",
          pleaseStop -> {
            while (!pleaseStop.await(Duration.ofMinutes(1))) {
              beats.put(clock.elapsed());
            }
          });
      clock.sleep(Duration.ofHours(10)); // takes milliseconds
      assertThat(beats).hasSize(599);
    }
  }

  // @end region=virtual

  static void clock() throws Exception {
    // @start region=clock
    VirtualClock.run(clock -> {
      var answer = Signal.create("answer");
      ManagedThread.run(
          "slow",
          _ -> {
            Till.after(Duration.ofHours(3)).await();
            answer.go();
          });
      assertThat(answer).isSignalledWithin(Duration.ofHours(4));
      Assertions.assertThat(clock.elapsed()).isEqualTo(Duration.ofHours(3));
    });
    // @end region=clock
  }

  @ManagedThreads
  static class LogTest {
    // @start region=log
    @Test
    void action_throws_isLogged(TestLog log) {
      OpenSignal loaded = Signal.create("loaded");
      loaded.then(() -> {
        throw new IllegalStateException("no such page");
      });
      loaded.go();
      log.take(System.Logger.Level.ERROR, "loaded");
    }
    // @end region=log
  }

  static void sequencer(List<String> log) throws Exception {
    // @start region=sequencer
    var order = Sequencer.create("order");
    var late = ManagedThread.run("late", _ -> order.step(2, () -> log.add("late")));
    order.step(1, () -> log.add("early"));
    order.step(3, () -> log.add("last"));
    late.join();
    // @end region=sequencer
  }

  static void probe() throws Exception {
    // @start region=probe
    OpenSignal ready = Signal.create("ready");
    var probe = SignalProbe.on(ready);
    var waiter = ManagedThread.run("waiter", _ -> ready.await());
    TestThreads.awaitBlocked(waiter);
    Assertions.assertThat(probe.waiters()).isEqualTo(1);
    ready.go();
    assertThat(probe).wentOnce();
    // @end region=probe
    waiter.join();
  }

  static void failing() {
    // @start region=failing
    FailingSink<String> disk = FailingSink.atCall(2, () -> new RuntimeException("disk full"));
    disk.accept("first line");
    Assertions.assertThatThrownBy(() -> disk.accept("second line")).hasMessage("disk full");
    disk.accept("third line");
    Assertions.assertThat(disk.received()).containsExactly("first line", "third line");
    // @end region=failing
  }

  static void slow() throws Exception {
    // @start region=slow
    SlowSink<String> disk = SlowSink.create();
    var writer = ManagedThread.run("writer", _ -> disk.accept("a line"));
    disk.called(1).await(); // it is blocked in there now
    assertThat(writer).hasNotStopped();
    disk.letGo();
    writer.join();
    // @end region=slow
  }

  static void assertions() throws Exception {
    // @start region=assertions
    ManagedThread<Integer> adder = ManagedThread.call("adder", _ -> 2 + 2);
    assertThat(adder.stopped()).isSignalledWithin(Duration.ofSeconds(10));
    assertThat(adder).outcome().hasReturned(4);
    // @end region=assertions
  }
}
