package org.morethreads.examples.procrun;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.morethreads.examples.procrun.Problems.Place;
import org.morethreads.work.Schedule;

/**
 * What the files say about a service.
 *
 * @param place where it is described
 * @param command a line for the shell
 * @param directory where it runs
 * @param environment what is added to the environment
 * @param instances how many of it run
 * @param port the {@code PORT} of its first instance
 * @param portGiven whether the files say so
 * @param needs the services that have to be ready before it starts, and to live until it has ended
 * @param ready when it counts as ready
 * @param readyWithin how long it may take to become so
 * @param stop how it is asked to stop
 * @param restart what happens after it has ended
 * @param schedule when it runs, if not all the time
 * @param limit how long one run may take
 */
record ServiceConfig(
    String name,
    Place place,
    String command,
    Path directory,
    Map<String, String> environment,
    int instances,
    int port,
    boolean portGiven,
    List<Need> needs,
    Ready ready,
    Duration readyWithin,
    Stop stop,
    Restart restart,
    Optional<Schedule.Times> schedule,
    Optional<Duration> limit) {

  /** The name of a service that is needed, and where that is said. */
  record Need(String name, Place place) {}

  /** When a service counts as ready. */
  sealed interface Ready {
    /** Once its process runs. */
    record Started() implements Ready {}

    /** Once it has printed a line in which the pattern is found. */
    record Line(Pattern pattern) implements Ready {}

    /** Once it accepts connections at a port of this machine. */
    record Port(int number) implements Ready {}

    /** Once a line for the shell succeeds. */
    record Command(String line) implements Ready {}

    /** Some time after its start. */
    record Delay(Duration time) implements Ready {}

    /** Once it has ended with success: a migration. */
    record Ended() implements Ready {}
  }

  /**
   * How a service is asked to stop.
   *
   * @param signal the signal of the operating system
   * @param grace how long it has after that
   * @param wholeTree whether all that it has started gets the signal as well
   */
  record Stop(String signal, Duration grace, boolean wholeTree) {}

  /** After which ends a service is started again. */
  enum When {
    NEVER,
    ON_FAILURE,
    ALWAYS
  }

  /**
   * How a service is started again.
   *
   * @param when after which ends
   * @param pause the pause before the first restart; the next ones double
   * @param longestPause where doubling ends
   * @param giveUpAfter how many restarts are too many
   * @param within in how long
   */
  record Restart(
      When when, Duration pause, Duration longestPause, int giveUpAfter, Duration within) {
    static final Restart NEVER =
        new Restart(
            When.NEVER, Duration.ofMillis(500), Duration.ofSeconds(30), 5, Duration.ofMinutes(1));
  }

  /** The names of its instances, as in the output. */
  List<String> instanceNames() {
    return IntStream.rangeClosed(1, instances).mapToObj(this::instanceName).toList();
  }

  private String instanceName(int number) {
    return instances == 1 ? name : name + "-" + number;
  }

  boolean needs(String other) {
    return needs.stream().anyMatch(it -> it.name().equals(other));
  }

  ServiceConfig withInstances(int count) {
    return new ServiceConfig(
        name,
        place,
        command,
        directory,
        environment,
        count,
        port,
        portGiven,
        needs,
        ready,
        readyWithin,
        stop,
        restart,
        schedule,
        limit);
  }
}
