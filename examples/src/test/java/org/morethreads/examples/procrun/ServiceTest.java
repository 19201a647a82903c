package org.morethreads.examples.procrun;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.morethreads.examples.procrun.Problems.Place;
import org.morethreads.examples.procrun.Service.Exit;
import org.morethreads.examples.procrun.Service.Order;
import org.morethreads.examples.procrun.Service.State;
import org.morethreads.examples.procrun.Service.Status;
import org.morethreads.examples.procrun.ServiceConfig.Ready;
import org.morethreads.examples.procrun.ServiceConfig.Restart;
import org.morethreads.examples.procrun.ServiceConfig.Stop;
import org.morethreads.examples.procrun.ServiceConfig.When;
import org.morethreads.sync.OpenSignal;
import org.morethreads.sync.Signal;
import org.morethreads.testing.VirtualClock;
import org.morethreads.testing.VirtualTime;
import org.morethreads.thread.ManagedThread;

/** The life of a service, on virtual time, with programs that only take time. */
@VirtualTime
class ServiceTest {
  private static final Exit FAILS = new Exit(1, true, "exit code 1");
  private static final Exit SUCCEEDS = new Exit(0, false, "exit code 0");

  private final List<String> heard = Collections.synchronizedList(new ArrayList<>());
  private final List<Duration> starts = Collections.synchronizedList(new ArrayList<>());

  private final Service.Listener listener =
      new Service.Listener() {
        @Override
        public void became(Service service, Status status) {
          heard.add(status.state().toString());
        }

        @Override
        public void rests(Service service, Exit exit) {
          heard.add("rests " + exit.code());
        }

        @Override
        public void wakes(Service service) {
          heard.add("wakes");
        }
      };

  /** What a run is to do: how long it takes unless it is stopped, and how it ends then. */
  private record Plan(Duration time, Exit exit) {}

  private static Service service(
      VirtualClock clock, Restart restart, Service.Program program, Service.Listener listener) {
    var config =
        new ServiceConfig(
            "web",
            new Place(Path.of("Procfile"), 1),
            "",
            Path.of("."),
            Map.of(),
            1,
            5000,
            false,
            List.of(),
            new Ready.Started(),
            Duration.ofMinutes(1),
            new Stop("TERM", Duration.ofSeconds(5), true),
            restart,
            Optional.empty(),
            Optional.empty());
    return new Service(config, "web", program, listener, () -> clock.elapsed().toNanos());
  }

  /** Runs the plans, the last one again and again. */
  private Service.Program program(VirtualClock clock, Plan... plans) {
    Deque<Plan> left = new ArrayDeque<>(List.of(plans));
    return service -> {
      starts.add(clock.elapsed());
      OpenSignal stop = Signal.create("stop of the run");
      int run = service.running("pid 1", stop::go);
      service.isNow(State.READY, run, "pid 1");
      Plan plan = left.size() > 1 ? left.remove() : left.getFirst();
      boolean stopped = stop.or(ManagedThread.current().pleaseStop()).await(plan.time());
      return stopped ? new Exit(143, true, "SIGTERM") : plan.exit();
    };
  }

  private static ManagedThread<?> live(Service service) {
    return ManagedThread.run("web", stop -> service.live(Signal.DONE, List.of(), stop));
  }

  private static Restart restart(When when, int giveUpAfter) {
    return new Restart(
        when, Duration.ofSeconds(1), Duration.ofSeconds(10), giveUpAfter, Duration.ofMinutes(1));
  }

  @Test
  void dies_atOnce_pausesDoubleUpToTheLongest_thenGivesUp(VirtualClock clock) throws Exception {
    var program = program(clock, new Plan(Duration.ZERO, FAILS));
    var thread = live(service(clock, restart(When.ON_FAILURE, 6), program, listener));

    clock.sleep(Duration.ofHours(1));

    assertThat(starts)
        .extracting(Duration::toSeconds)
        .containsExactly(0L, 1L, 3L, 7L, 15L, 25L, 35L);
    assertThat(heard).endsWith("PAUSING", "STARTING", "READY", "FAILED", "rests 1");
    thread.stop();
    thread.join();
  }

  @Test
  void diesSeldom_neverGivesUp_andThePauseIsShortAgain(VirtualClock clock) throws Exception {
    var program =
        program(
            clock,
            new Plan(Duration.ZERO, FAILS),
            new Plan(Duration.ZERO, FAILS),
            new Plan(Duration.ofMinutes(2), FAILS));
    var thread = live(service(clock, restart(When.ON_FAILURE, 3), program, listener));

    clock.sleep(Duration.ofMinutes(60));

    assertThat(starts).hasSizeGreaterThan(25);
    assertThat(starts.subList(0, 5))
        .extracting(Duration::toSeconds)
        .containsExactly(0L, 1L, 3L, 124L, 245L);
    assertThat(heard).doesNotContain("FAILED");
    thread.stop();
    thread.join();
  }

  @Test
  void succeeds_isRestartedOnlyIfAlways(VirtualClock clock) throws Exception {
    var thread =
        live(
            service(
                clock,
                restart(When.ON_FAILURE, 3),
                program(clock, new Plan(Duration.ofSeconds(1), SUCCEEDS)),
                listener));
    clock.sleep(Duration.ofMinutes(1));
    assertThat(heard).containsExactly("STARTING", "READY", "ENDED", "rests 0");
    thread.stop();
    thread.join();

    starts.clear();
    var always =
        live(
            service(
                clock,
                restart(When.ALWAYS, 3),
                program(clock, new Plan(Duration.ofSeconds(1), SUCCEEDS)),
                listener));
    clock.sleep(Duration.ofMinutes(1));
    assertThat(starts).hasSize(4);
    always.stop();
    always.join();
  }

  @Test
  void orders_whenRunning_pausingAndResting_areObeyed(VirtualClock clock) throws Exception {
    var program = program(clock, new Plan(Duration.ofHours(1), FAILS));
    var service = service(clock, restart(When.ALWAYS, 9), program, listener);
    var thread = live(service);

    clock.sleep(Duration.ofMinutes(1));
    service.order(Order.RESTART); // while it runs
    clock.sleep(Duration.ofMinutes(1));
    service.order(Order.STOP);
    clock.sleep(Duration.ofMinutes(1));
    assertThat(service.status().state()).isEqualTo(State.STOPPED);
    service.order(Order.STOP); // once more
    service.order(Order.RESTART); // while it rests
    clock.sleep(Duration.ofMinutes(60).plusMillis(500));
    assertThat(service.status().state()).isEqualTo(State.PAUSING);
    service.order(Order.RESTART); // while it pauses
    clock.sleep(Duration.ofMillis(1));

    assertThat(starts)
        .extracting(Duration::toMillis)
        .containsExactly(0L, 60_000L, 180_000L, 3_780_500L);
    assertThat(heard.stream().filter(it -> it.startsWith("rests") || it.equals("wakes")))
        .containsExactly("rests 0", "wakes");
    thread.stop();
    thread.join();
  }

  /** Whoever orders it is still at it when the run that was ordered begins. */
  @RepeatedTest(20)
  void order_toOneThatRests_doesNotStopTheRunThatItBegins(VirtualClock clock) throws Exception {
    var program = program(clock, new Plan(Duration.ofHours(1), SUCCEEDS));
    var service = service(clock, restart(When.ALWAYS, 9), program, listener);
    var thread = live(service);
    clock.sleep(Duration.ofMinutes(1));

    for (int i = 0; i < 20; i++) {
      service.order(Order.STOP);
      clock.sleep(Duration.ofMinutes(1));
      service.order(Order.RESTART);
      clock.sleep(Duration.ofMinutes(1));
    }

    assertThat(starts).hasSize(21);
    thread.stop();
    thread.join();
  }

  @Test
  void order_toOneThatIsNeverRestarted_isNoFailure(VirtualClock clock) throws Exception {
    var program = program(clock, new Plan(Duration.ofHours(1), SUCCEEDS));
    var service = service(clock, Restart.NEVER, program, listener);
    var thread = live(service);
    clock.sleep(Duration.ofMinutes(1));

    service.order(Order.RESTART);
    clock.sleep(Duration.ofMinutes(1));

    assertThat(heard).containsExactly("STARTING", "READY", "ENDED", "STARTING", "READY");
    thread.stop();
    thread.join();
  }

  @Test
  void stop_whileItRuns_endsItsLife(VirtualClock clock) throws Exception {
    var program = program(clock, new Plan(Duration.ofHours(1), FAILS));
    var thread = live(service(clock, restart(When.ALWAYS, 9), program, listener));
    clock.sleep(Duration.ofMinutes(1));

    thread.stop();
    thread.join();

    assertThat(clock.elapsed()).isEqualTo(Duration.ofMinutes(1));
    assertThat(heard).containsExactly("STARTING", "READY", "ENDED");
  }

  @Test
  void needs_areWaitedFor_untilReady(VirtualClock clock) throws Exception {
    var needed =
        ManagedThread.run(
            "db",
            pleaseStop -> {
              pleaseStop.await(Duration.ofSeconds(5));
              ManagedThread.current().signalReady();
              pleaseStop.await();
            });
    var program = program(clock, new Plan(Duration.ofHours(1), FAILS));
    var service = service(clock, Restart.NEVER, program, listener);
    var thread =
        ManagedThread.named("web")
            .needs(needed)
            .run(stop -> service.live(Signal.DONE, List.of(needed), stop));

    clock.sleep(Duration.ofMinutes(1));

    assertThat(starts).containsExactly(Duration.ofSeconds(5));
    assertThat(heard.getFirst()).isEqualTo("WAITING");
    thread.stop();
    thread.join();
    needed.stop();
    needed.join();
  }
}
