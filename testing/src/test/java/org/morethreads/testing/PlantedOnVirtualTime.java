package org.morethreads.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;
import org.morethreads.sync.Signal;
import org.morethreads.sync.Till;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.ThreadTree;

/** Run by {@link ManagedThreadsExtensionTest}. */
@VirtualTime
class PlantedOnVirtualTime {
  static final AssertionError FAILURE = new AssertionError("of the test");
  private ManagedThread<?> service;
  private Thread thread;

  @BeforeEach
  void startService(ThreadTree tree, VirtualClock clock) {
    thread = Thread.currentThread();
    service = ManagedThread.run("service", Signal::await);
    assertThat(service.tree()).isSameAs(tree);
    assertThat(clock.elapsed()).isZero();
  }

  @AfterEach
  void look(VirtualClock clock) {
    assertThat(Thread.currentThread()).isSameAs(thread);
    Duration before = clock.elapsed();
    ManagedThread.run("late", pleaseStop -> pleaseStop.await(Duration.ofHours(1)));
    Thread.yield();
    assertThat(clock.elapsed()).isEqualTo(before);
  }

  @Test
  void tenHours(VirtualClock clock) throws Exception {
    Signal.NEVER.await(Duration.ofHours(10));
    assertThat(clock.elapsed()).isEqualTo(Duration.ofHours(10));
  }

  @Test
  @VirtualTime(platform = true)
  void onAPlatformThread(VirtualClock clock) throws Exception {
    assertThat(Thread.currentThread().isVirtual()).isFalse();
    Till.after(Duration.ofHours(10)).await();
    assertThat(clock.elapsed()).isEqualTo(Duration.ofHours(10));
  }

  /** A component that opens a tree of its own, on the thread of the test or of JUnit. */
  @Test
  void ownTree(VirtualClock clock) throws Exception {
    try (ThreadTree own = ThreadTree.open("own")) {
      ManagedThread<?> sleeper = own.run("sleeper", _ -> clock.sleep(Duration.ofDays(1)));
      sleeper.join();
    }
    assertThat(clock.elapsed()).isEqualTo(Duration.ofDays(1));
  }

  @Test
  void ownTreeNotClosed() {
    ManagedThread<?> _ = ThreadTree.open("own").run("forgotten", Signal::await);
  }

  @Test
  void runsInTheTree(ThreadTree tree) {
    assertThat(ManagedThread.current().path()).isEqualTo("runsInTheTree/test");
    assertThat(ManagedThread.current().tree()).isSameAs(tree);
    assertThat(Thread.currentThread().isVirtual()).isTrue();
  }

  @Test
  @VirtualTime(managed = false)
  void unmanaged(ThreadTree tree, VirtualClock clock) throws Exception {
    assertThat(ManagedThread.currentOrNull()).isNull();
    assertThat(ManagedThread.run("child", Signal::await).path()).isEqualTo("unmanaged/child");
    clock.sleep(Duration.ofDays(1));
    tree.close();
  }

  @Test
  @VirtualTime(managed = false)
  void unmanagedDeadlock() throws Exception {
    Signal.create("what the test wants").await();
  }

  @Test
  @VirtualTime(start = "2026-03-28T23:00:00Z")
  void startsWhenTold(InstantSource clock) {
    assertThat(clock.instant()).isEqualTo(Instant.parse("2026-03-28T23:00:00Z"));
  }

  @Test
  void beforeAndAfter_areReal() {}

  @RepeatedTest(3)
  void repeated(VirtualClock clock) throws Exception {
    clock.sleep(Duration.ofDays(1));
  }

  @TestFactory
  List<DynamicTest> dynamic(VirtualClock clock) {
    return List.of(
        dynamicTest("one", () -> clock.sleep(Duration.ofDays(1))),
        dynamicTest("two", () -> clock.sleep(Duration.ofDays(1))));
  }

  @Test
  void deadlock() throws Exception {
    Signal.create("what the test wants").await();
  }

  @Test
  @VirtualTime(holdLimit = "200 ms")
  void held() throws Exception {
    Thread.sleep(Duration.ofHours(1));
  }

  @Test
  void fails() {
    throw FAILURE;
  }

  @Test
  void alienLeft() {
    new Planted().alien_virtual_left();
  }

  @Test
  @Timeout(value = 300, unit = TimeUnit.MILLISECONDS)
  @VirtualTime(holdLimit = "20 s")
  void junitTimeout() throws Exception {
    new CountDownLatch(1).await();
  }
}
