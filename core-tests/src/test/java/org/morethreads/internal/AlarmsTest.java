package org.morethreads.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.morethreads.fixture.Kind;
import org.morethreads.fixture.Threads;
import org.morethreads.queue.CloseableQueue;

/** Parks whose limits are hardly ever reached: never late for sharing a timer, never early (T1). */
@Timeout(60)
class AlarmsTest {
  private static final long HOUR = 3_600_000_000_000L;

  private final Manual time = new Manual();
  private final Alarms alarms = new Alarms(time);

  @Test
  void before_anyLimit_isAheadOfTheLimitAndWellBehindNow() {
    var random = new SplittableRandom(20261126);
    for (int i = 0; i < 100_000; i++) {
      time.now = random.nextLong(); // also where the clock overflows
      long nanos = random.nextLong(Alarms.FAR, 1L << random.nextInt(27, 63));
      Alarms.Alarm alarm = alarms.before(nanos);
      assertThat(alarm).isNotNull();
      long ahead = alarm.at - time.now;
      long far = Math.min(nanos, (1L << 43) - 1);
      assertThat(ahead).isGreaterThanOrEqualTo(far / 2).isLessThanOrEqualTo(far - far / 16);
    }
  }

  @Test
  void before_limitsNearEachOther_shareOneTimer() {
    Alarms.Alarm alarm = alarms.before(HOUR);
    for (int i = 0; i < 1_000; i++) {
      time.now += 1_000_000;
      assertThat(alarms.before(HOUR - i * 1_000_000L)).isSameAs(alarm);
    }
    assertThat(time.scheduled).hasSize(1);
  }

  /** Those of one grain have places of their own, and do not displace each other. */
  @Test
  void before_limitsOfEverySize_shareOneTimerEach() {
    for (int round = 0; round < 3; round++) {
      for (int bit = 26; bit <= 42; bit++) {
        assertThat(alarms.before(1L << bit)).isNotNull();
      }
    }
    assertThat(time.scheduled).hasSize(17);
  }

  @Test
  void before_timerIsLateByARound_takesThePlaceAndTheOldAlarmStillFires() throws Exception {
    Thread waiter = waiting(HOUR);
    time.now += 1L << 44; // a round of the ring, 32 grains of 2^39
    assertThat(alarms.before(HOUR)).isNotNull();
    assertThat(time.scheduled).hasSize(2);
    time.scheduled.getFirst().run();
    waiter.join();
  }

  @Test
  void park_alarmFires_returnsEarly() throws Exception {
    Thread first = waiting(HOUR);
    Thread second = waiting(HOUR);
    assertThat(time.scheduled).hasSize(1);
    time.scheduled.getFirst().run();
    first.join();
    second.join();
  }

  @Test
  void park_unparkedOrInterrupted_hangsNowhereAfterwards() throws Exception {
    Alarms.Alarm alarm = alarms.before(HOUR);
    for (int i = 0; i < 100; i++) {
      Thread waiter = waiting(HOUR);
      assertThat(Firing.countLive(alarm)).isOne();
      if (i % 2 == 0) {
        LockSupport.unpark(waiter);
      } else {
        waiter.interrupt();
      }
      waiter.join();
      assertThat(Firing.countLinked(alarm)).isZero();
    }
  }

  @Test
  void park_permitOrInterruptAlready_returnsAtOnce() throws Exception {
    Kind.VIRTUAL
        .call(() -> {
          LockSupport.unpark(Thread.currentThread());
          alarms.park(Surroundings.unmanaged(), this, HOUR);
          Thread.currentThread().interrupt();
          alarms.park(Surroundings.unmanaged(), this, HOUR);
          return Thread.interrupted();
        })
        .get();
  }

  @Test
  void park_alarmHasFired_leavesItToTheJdk() throws Exception {
    alarms.before(Alarms.FAR).fire();
    Thread waiter = waiting(Alarms.FAR); // ends by its limit
    waiter.join();
  }

  @Test
  void park_noTimerToBeHad_leavesItToTheJdk() throws Exception {
    time.failure = new OutOfMemoryError("planted");
    Thread waiter = waiting(Alarms.FAR); // ends by its limit
    waiter.join();
    assertThat(time.scheduled).isEmpty();
  }

  @Test
  void park_near_makesNoAlarm() throws Exception {
    waiting(1_000).join();
    assertThat(time.scheduled).isEmpty();
  }

  @Test
  void park_justFarEnough_isByAlarm() throws Exception {
    Thread waiter = waiting(Alarms.FAR);
    Threads.awaitBlocked(waiter);
    assertThat(time.scheduled).hasSize(1);
    time.scheduled.getFirst().run();
    waiter.join();
  }

  @Test
  void park_platformThread_parksUntilItIsUnparked() throws Exception {
    Thread thread = Kind.PLATFORM.start(() -> alarms.park(Surroundings.unmanaged(), this, HOUR));
    Threads.awaitBlocked(thread);
    assertThat(LockSupport.getBlocker(thread)).isSameAs(this);
    LockSupport.unpark(thread);
    thread.join();
    assertThat(time.scheduled).isEmpty();
  }

  @Test
  void park_platformThread_makesNoAlarm() throws Exception {
    Kind.PLATFORM
        .call(() -> {
          alarms.park(Surroundings.unmanaged(), this, Alarms.FAR);
          return true;
        })
        .get();
    assertThat(time.scheduled).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {66, 68, 150, 300, 700})
  void poll_nothingComes_endsByItsTimeAndNotBefore(int millis) throws Exception {
    CloseableQueue<String> queue = CloseableQueue.unbounded("empty");
    for (Kind kind : Kind.values()) {
      long waited =
          kind.call(
                  () -> {
                    long begin = System.nanoTime();
                    assertThat(queue.poll(Duration.ofMillis(millis))).isNull();
                    return System.nanoTime() - begin;
                  })
              .get();
      assertThat(waited).isGreaterThanOrEqualTo(millis * 1_000_000L);
    }
  }

  /** It does not look again and again meanwhile. */
  @ParameterizedTest
  @EnumSource
  void poll_withALongLimit_parks(Kind kind) throws Exception {
    CloseableQueue<String> queue = CloseableQueue.unbounded("empty");
    var taker = new AtomicReference<Thread>();
    var begun = new CountDownLatch(1);
    var taken =
        kind.call(() -> {
          taker.set(Thread.currentThread());
          begun.countDown();
          return queue.poll(Duration.ofHours(1));
        });
    begun.await();
    Threads.awaitBlocked(taker.get());
    queue.put("something");
    assertThat(taken.get()).isEqualTo("something");
  }

  /** An element that comes at any moment around the return by an alarm is taken. */
  @ParameterizedTest
  @EnumSource
  void poll_elementsComeAllTheTime_takesThemAll(Kind kind) throws Exception {
    CloseableQueue<Integer> queue = CloseableQueue.bounded("busy", 1);
    var taker =
        kind.call(() -> {
          int sum = 0;
          for (int i = 0; i < 10_000; i++) {
            sum += queue.poll(Duration.ofHours(1));
          }
          return sum;
        });
    for (int i = 0; i < 10_000; i++) {
      queue.put(1);
    }
    assertThat(taker.get()).isEqualTo(10_000);
  }

  /** A virtual thread that parks once, and has done so where that takes long enough to be seen. */
  private Thread waiting(long nanos) {
    Thread thread =
        Thread.ofVirtual().start(() -> alarms.park(Surroundings.unmanaged(), this, nanos));
    if (nanos == HOUR) {
      Threads.awaitBlocked(thread);
    }
    return thread;
  }

  /** A clock that stands still, and a timer that keeps what it is given. */
  private static final class Manual extends Time {
    volatile long now;
    final List<Runnable> scheduled = new ArrayList<>();
    volatile @Nullable Error failure;

    @Override
    public long nanoTime() {
      return now;
    }

    @Override
    public Instant now() {
      return Instant.EPOCH;
    }

    @Override
    public void park(Surroundings self, Object blocker) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void parkNanos(Surroundings self, Object blocker, long nanos) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void unpark(Surroundings target, Thread thread) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void interrupt(Surroundings target, Thread thread) {
      throw new UnsupportedOperationException();
    }

    @Override
    public synchronized Scheduled schedule(long delayNanos, Runnable action) {
      assertThat(TimeUnit.NANOSECONDS.toMillis(delayNanos)).isPositive();
      Error planted = failure;
      if (planted != null) {
        throw planted;
      }
      scheduled.add(action);
      return () -> {};
    }

    @Override
    public void startDetached(String name, Runnable action) {
      throw new UnsupportedOperationException();
    }
  }
}
