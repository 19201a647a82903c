package org.morethreads.thread;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.morethreads.internal.Surroundings;
import org.morethreads.queue.CloseableQueue;
import org.morethreads.sync.Signal;

/** H5: a heap that is full for a moment, or a thread that cannot be had, makes no stop endless. */
@Timeout(60)
class FullMemoryTest {
  private static final Duration SOON = Duration.ofSeconds(10);

  @RegisterExtension final Grove grove = new Grove();

  private static OutOfMemoryError full() {
    return new OutOfMemoryError("planted");
  }

  /** What waits for the end of a thread may need memory at that end. */
  @Test
  void end_memoryRunsOutWhileOthersAreTold_theParentEndsAllTheSame() throws Exception {
    var tree = grove.open("t");
    var release = Signal.create("release");
    var parent =
        tree.run(
            "parent",
            _ -> {
              var child = ManagedThread.run("child", _ -> StopOrderTest.awaitDeaf(release));
              StopOrderTest.hear(
                  child.stopped(),
                  () -> {
                    throw full();
                  });
            });
    release.go();
    assertThat(parent.stopped().await(SOON)).isTrue();
    tree.close();
    assertThat(grove.log()).as("it has ended once").noneMatch(this::saysAbandoned);
  }

  private boolean saysAbandoned(Grove.Heard heard) {
    return heard.message().contains("abandoned");
  }

  @Test
  void close_memoryRunsOutWhileItWaits_endsAllTheSame() throws Exception {
    var times = new AtomicInteger();
    var time =
        new ForwardingTime() {
          @Override
          public long nanoTime() {
            if (Thread.currentThread().getName().equals("stop of t")
                && times.getAndIncrement() == 0) {
              throw full();
            }
            return super.nanoTime();
          }
        };
    var tree = grove.open(StopPolicy.standard(), time);
    tree.run(
        "x",
        stop -> {
          stop.await();
          Signal.NEVER.await(Duration.ofMillis(100));
        });
    tree.stop();
    assertThat(tree.stopped().await(SOON)).isTrue();
    tree.close();
    assertThat(times).hasValueGreaterThan(1);
  }

  /** The watch of a stop tries again when there is no thread for its look. */
  @Test
  void stop_noThreadForALook_isBoundedAllTheSame() throws Exception {
    var times = new AtomicInteger();
    var time =
        new ForwardingTime() {
          @Override
          public void startDriver(String name, Runnable action) {
            if (name.equals("stop watch") && times.getAndIncrement() == 0) {
              throw full();
            }
            super.startDriver(name, action);
          }
        };
    try (var tree = grove.open(StopPolicy.standard().withAsk(Duration.ofMillis(100)), time)) {
      var thread = tree.run("x", _ -> Signal.NEVER.await());
      thread.stop();
      assertThat(thread.stopped().await(SOON)).isTrue();
    }
  }

  /** Nor is it lost when a look itself runs out of memory. */
  @Test
  void stop_memoryRunsOutInALook_isBoundedAllTheSame() throws Exception {
    var times = new AtomicInteger();
    var time =
        new ForwardingTime() {
          @Override
          public void interrupt(Surroundings target, Thread thread) {
            super.interrupt(target, thread);
            if (times.getAndIncrement() == 0) {
              throw full();
            }
          }
        };
    var policy =
        StopPolicy.standard().withAsk(Duration.ofMillis(100)).withInterrupt(Duration.ofMillis(100));
    try (var tree = grove.open(policy, time)) {
      var release = Signal.create("release");
      var thread = tree.run("x", _ -> StopOrderTest.awaitDeaf(release));
      thread.stop();
      assertThat(thread.stopped().await(SOON)).isTrue();
      release.go();
    }
  }

  /** Without a thread for the interrupts, the watch interrupts by itself. */
  @Test
  void stop_noThreadForInterrupts_interruptsAllTheSame() throws Exception {
    var time =
        new ForwardingTime() {
          @Override
          public void startDriver(String name, Runnable action) {
            if (name.startsWith("interrupts below ")) {
              throw full();
            }
            super.startDriver(name, action);
          }
        };
    var policy =
        StopPolicy.standard()
            .withAsk(Duration.ofMillis(100))
            .withInterrupt(Duration.ofHours(1))
            .withTotal(Duration.ofHours(2));
    try (var tree = grove.open(policy, time)) {
      var release = Signal.create("release");
      var thread =
          tree.run(
              "x",
              _ -> {
                release.await();
              });
      thread.stop();
      boolean isInTime = thread.stopped().await(SOON);
      release.go(); // whatever has been found
      assertThat(isInTime).isTrue();
      assertThat(thread.outcome()).get().isInstanceOf(Outcome.Stopped.class);
    }
  }

  /** Q5: a warning that cannot be prepared is not worth a wait, nor a place in the line. */
  @Test
  void put_stackOrHeapFullWhileAWarningIsPrepared_waitsAllTheSame() throws Exception {
    for (VirtualMachineError planted : List.of(full(), new StackOverflowError("planted"))) {
      var times = new AtomicInteger();
      var time =
          new ForwardingTime() {
            @Override
            public Scheduled schedule(long delayNanos, Runnable action) {
              if (delayNanos > Duration.ofDays(1).toNanos()) {
                times.incrementAndGet();
                throw planted;
              }
              return super.schedule(delayNanos, action);
            }
          };
      try (var tree = grove.open(StopPolicy.standard(), time)) {
        CloseableQueue<Integer> queue =
            CloseableQueue.<Integer>named("q")
                .capacity(1)
                .warnWhenFullFor(Duration.ofDays(2))
                .create();
        queue.put(0);
        var putter = tree.run("x", _ -> queue.put(1));
        while (queue.statistics().waitingToPut() == 0) {
          Thread.onSpinWait();
        }
        assertThat(queue.take()).isEqualTo(0);
        putter.join();
        assertThat(queue.take()).isEqualTo(1);
        assertThat(queue.statistics().waitingToPut()).isZero();
        assertThat(times).hasValue(1);
      }
    }
  }

  /** A thread that is told as it is linked, and then cannot be started, is nobody's child. */
  @Test
  void start_memoryRunsOutWhileItIsTold_throwsAndTheParentEnds() throws Exception {
    var tree = grove.open("t");
    var release = Signal.create("release");
    var parent = tree.run("parent", _ -> StopOrderTest.awaitDeaf(release));
    parent.stop();
    var child = ManagedThread.named("child").parent(parent).prepare(_ -> {});
    StopOrderTest.hear(
        child.pleaseStop(),
        () -> {
          throw full();
        });
    assertThatExceptionOfType(OutOfMemoryError.class).isThrownBy(child::start);
    release.go();
    assertThat(parent.stopped().await(SOON)).isTrue();
    tree.close();
  }

  /** Nor is one that is told as it is adopted. */
  @Test
  void adopt_memoryRunsOutWhileItIsTold_throwsAndTheThreadIsAlienAgain() throws Exception {
    var fails = new AtomicBoolean();
    var time =
        new ForwardingTime() {
          @Override
          public void starting(Surroundings child) {
            fails.set(!((Node) child).name.equals("x"));
          }

          @Override
          public long nanoTime() {
            if (fails.getAndSet(false)) {
              throw full();
            }
            return super.nanoTime();
          }
        };
    var tree = grove.open(StopPolicy.standard(), time);
    var release = Signal.create("release");
    var x = tree.run("x", _ -> StopOrderTest.awaitDeaf(release));
    tree.tell(new StopReason(StopReason.Kind.REQUESTED, "a test", "enough"));
    assertThatExceptionOfType(OutOfMemoryError.class).isThrownBy(ManagedThread::adopt);
    assertThat(ManagedThread.currentOrNull()).isNull();
    assertThat(tree.children()).isEqualTo(List.of(x));
    release.go();
    tree.close();
  }
}
