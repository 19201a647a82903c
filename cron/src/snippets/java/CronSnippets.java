import java.time.Duration;
import java.time.ZoneId;
import org.morethreads.cron.Cron;
import org.morethreads.work.Schedule;

/** The examples in the documentation of cron. */
final class CronSnippets {
  private CronSnippets() {}

  static Schedule schedule(Runnable backUp) {
    // @start region=schedule
    var backups =
        Schedule.named("backups")
            .zone(ZoneId.of("Europe/Zurich"))
            .maximumRunTime(Duration.ofHours(1))
            .at(Cron.of("30 2 * * MON-FRI"), pleaseStop -> backUp.run());
    // @end region=schedule
    return backups;
  }
}
