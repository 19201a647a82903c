package org.morethreads.thread;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.morethreads.fixture.Kind;

/**
 * Who keeps the JVM alive, who ends it, and who joins whom, which decides whether it would never
 * end (H11). A program was once halted while it ended as it should: the thread that joined the
 * hooks was taken for one that joins a thread in {@code System.exit}, since the hook that it did
 * join ended in that moment.
 */
class JvmThreadsTest {
  private final CountDownLatch over = new CountDownLatch(1);
  private final List<Thread> started = new ArrayList<>();

  @AfterEach
  void end() throws InterruptedException {
    over.countDown();
    for (Thread thread : started) {
      thread.join();
    }
  }

  /** Starts a thread that lives until the end of the test. */
  private Thread start(Thread.Builder builder) {
    Thread thread = builder.start(this::exit);
    started.add(thread);
    return thread;
  }

  /** Named like what the JVM's end is asked for by. */
  private void exit() {
    try {
      over.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  // ---- who is there

  /** Threads of all groups, seen from each. */
  @Test
  void alive_calledInAGroupOfItsOwn_hasThoseOfAllGroups() throws Exception {
    Thread own = start(Thread.ofPlatform().daemon());
    Thread other = start(Thread.ofPlatform().group(new ThreadGroup("other")).daemon());
    var seen = new ArrayList<Thread>();
    Thread looker =
        Thread.ofPlatform()
            .group(new ThreadGroup("lookers"))
            .start(() -> seen.addAll(JvmThreads.alive()));
    looker.join();
    assertThat(seen).contains(own, other, looker).doesNotHaveDuplicates().doesNotContainNull();
    assertThat(seen).extracting(Thread::getName).contains("Reference Handler", "main");
  }

  @Test
  void findMain_mainHasNotReturned_isItsThread() {
    start(Thread.ofPlatform().daemon());
    assertThat(JvmThreads.findMain()).isNotNull().extracting(Thread::getName).isEqualTo("main");
  }

  // ---- who keeps the JVM alive

  @Test
  void findOtherKeepingAlive_oneIsThere_findsOneThatIsNotTheCaller() throws Exception {
    start(Thread.ofPlatform().daemon(false));
    var found = new AtomicReference<Thread>();
    Thread looker =
        Thread.ofPlatform()
            .daemon(false)
            .start(() -> found.set(JvmThreads.findOtherKeepingAlive()));
    looker.join();
    assertThat(found.get()).isNotNull().isNotSameAs(looker).matches(JvmThreads::keepsAlive);
    assertThat(JvmThreads.findOtherKeepingAlive())
        .isNotNull()
        .isNotSameAs(Thread.currentThread())
        .matches(JvmThreads::keepsAlive);
  }

  /** Ours end with the trees, and those of the JVM are not for anybody's program. */
  @ParameterizedTest
  @CsvSource({
    "server, true",
    "SIGTERM handler, false",
    "SIGTERM, true",
    "the handler, true",
    "DestroyJavaVM, false",
    "more-threads-keeper, false",
  })
  void keepsAlive_threadOfAName_isWhatIsTheUsers(String name, boolean keeps) {
    assertThat(JvmThreads.keepsAlive(start(Thread.ofPlatform().daemon(false).name(name))))
        .isEqualTo(keeps);
  }

  @Test
  void keepsAlive_daemonOrEnded_isFalse() throws Exception {
    Thread ended = Thread.ofPlatform().daemon(false).start(() -> {});
    ended.join();
    assertThat(JvmThreads.keepsAlive(ended)).isFalse();
    assertThat(JvmThreads.keepsAlive(start(Thread.ofPlatform().daemon()))).isFalse();
  }

  // ---- who ends the JVM

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "SIGTERM handler; SIGTERM was received",
        "DestroyJavaVM; main returned",
        "worker; System.exit was called by thread \"worker\"",
      })
  void reasonOfExit_byAThread_saysWhatThatWas(String name, String reason) {
    assertThat(JvmThreads.reasonOfExit(Thread.ofPlatform().name(name).unstarted(() -> {})))
        .isEqualTo(reason);
  }

  @Test
  void reasonOfExit_nobodyRunsTheHooks_saysNotWho() {
    assertThat(JvmThreads.reasonOfExit()).isEqualTo("the JVM is shutting down");
    assertThat(JvmThreads.findHookInExit()).isNull();
    assertThat(JvmThreads.isLogHookAlive()).isFalse();
  }

  /** In the JDK's class of hooks, if not to run them; that one cannot come back from. */
  @Test
  void reasonOfExit_threadIsAtTheHooks_namesIt() throws Exception {
    Thread hook = new Thread(() -> {});
    Thread adder;
    synchronized (Class.forName("java.lang.ApplicationShutdownHooks")) {
      adder =
          Thread.ofPlatform().name("adder").start(() -> Runtime.getRuntime().addShutdownHook(hook));
      Grove.eventually(() -> adder.getState() == Thread.State.BLOCKED);
      assertThat(JvmThreads.reasonOfExit()).isEqualTo("System.exit was called by thread \"adder\"");
      assertThat(JvmThreads.sitsInExit(adder)).isFalse(); // though in another method of Runtime
    }
    adder.join();
    assertThat(Runtime.getRuntime().removeShutdownHook(hook)).isTrue();
  }

  @Test
  void sitsInExit_inAMethodOfThatNameElsewhere_isFalse() {
    Thread thread = start(Thread.ofPlatform().daemon());
    Grove.eventually(() -> thread.getState() == Thread.State.WAITING);
    assertThat(thread.getStackTrace()).anyMatch(frame -> frame.getMethodName().equals("exit"));
    assertThat(JvmThreads.sitsInExit(thread)).isFalse();
  }

  // ---- who joins whom

  @Test
  void joins_joiner_isSeenAgainAndAgain() throws Exception {
    var end = new CountDownLatch(1);
    Thread joined = Kind.PLATFORM.call(() -> awaits(end)).thread();
    Thread joiner = Kind.PLATFORM.start(() -> joinSurely(joined));
    awaitWaiting(joiner);

    assertThat(JvmThreads.joins(joiner, joined)).isTrue();
    assertThat(JvmThreads.joins(joiner, joined)).isTrue();

    end.countDown();
    joiner.join();
  }

  /** While a thread ends it has its own monitor, and wakes who joins it. */
  @Test
  void joins_joinerOfAnotherIsBlockedForABlink_isNotTakenForOne() throws Exception {
    var end = new CountDownLatch(1);
    Thread blocked = Kind.PLATFORM.call(() -> awaits(end)).thread();
    Thread ending = Kind.PLATFORM.call(() -> awaits(end)).thread();
    Thread joiner = Kind.PLATFORM.start(() -> joinSurely(ending));
    awaitWaiting(joiner);

    for (int i = 0; i < 100; i++) {
      int delay = 10_000 * i;
      Thread blink = Kind.PLATFORM.start(() -> holdAndNotify(ending, delay));
      assertThat(JvmThreads.joins(joiner, blocked)).as("round %d", i).isFalse();
      blink.join();
    }

    end.countDown();
    joiner.join();
  }

  private static void holdAndNotify(Thread ending, int delay) {
    LockSupport.parkNanos(delay);
    synchronized (ending) {
      ending.notifyAll();
      LockSupport.parkNanos(2_000_000);
    }
  }

  /** It needs the monitor whenever somebody else has it, and joins nobody. */
  @Test
  void joins_threadThatEntersTheMonitorAgainAndAgain_isFalse() throws Exception {
    var end = new AtomicBoolean();
    Thread joined = start(Thread.ofPlatform().daemon());
    Thread entering =
        Kind.PLATFORM.start(() -> {
          while (!end.get()) {
            synchronized (joined) {
              Thread.onSpinWait();
            }
          }
        });
    assertThat(JvmThreads.joins(entering, joined)).isFalse();
    end.set(true);
    entering.join();
  }

  @Test
  void joins_oneself_isFalse() {
    assertThat(JvmThreads.joins(Thread.currentThread(), Thread.currentThread())).isFalse();
  }

  private static boolean awaits(CountDownLatch end) throws InterruptedException {
    end.await();
    return true;
  }

  private static void joinSurely(Thread joined) {
    try {
      joined.join();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** A thread that joins another is parked without a blocker. */
  private static void awaitWaiting(Thread joiner) {
    Grove.eventually(() -> joiner.getState() == Thread.State.WAITING);
  }
}
