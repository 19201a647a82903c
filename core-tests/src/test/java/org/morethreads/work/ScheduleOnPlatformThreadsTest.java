package org.morethreads.work;

import static org.morethreads.testing.MoreThreadsAssertions.assertThat;

import org.junit.jupiter.api.Test;
import org.morethreads.testing.VirtualClock;

/** Schedules on platform threads. */
class ScheduleOnPlatformThreadsTest extends ScheduleTest {
  @Override
  Schedule.Builder named(String name) {
    return super.named(name).platform();
  }

  @Test
  void platform_thread_isNoVirtualOne(VirtualClock clock) throws Exception {
    var schedule = named("s").at(Schedule.Times.every(seconds(1), clock.instant()), _ -> {});
    assertThat(schedule.thread()).isPlatform();
    schedule.stop();
  }
}
