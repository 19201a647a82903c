package org.morethreads.work;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Schedules on platform threads. */
class ScheduleOnPlatformThreadsTest extends ScheduleTest {
  @Override
  Schedule.Builder named(String name) {
    return super.named(name).platform();
  }

  @Test
  void platform_thread_isNoVirtualOne() throws Exception {
    grove.onVirtualTime((_, time) -> {
      var schedule = named("s").at(Schedule.Times.every(seconds(1), time.instant()), _ -> {});
      assertThat(schedule.thread().thread().orElseThrow().isVirtual()).isFalse();
      schedule.stop();
    });
  }
}
