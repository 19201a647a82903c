package org.morethreads.examples.procrun;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.TimeoutException;
import org.morethreads.examples.procrun.Service.State;
import org.morethreads.examples.procrun.ServiceConfig.Ready;
import org.morethreads.process.ManagedProcess;
import org.morethreads.process.ProcessStartException;
import org.morethreads.sync.OpenSignal;
import org.morethreads.sync.Signal;
import org.morethreads.sync.Till;
import org.morethreads.thread.ManagedThread;

/** Finds out when a run of a service is ready, and stops one that takes too long. */
final class ReadyCheck {
  private static final Duration PAUSE = Duration.ofMillis(200);
  private static final int CONNECT_MILLIS = 500;

  private final Service service;
  private final ManagedThread<?> serviceThread;
  private final int run;
  private final ManagedProcess process;
  private final ProcessRun programs;
  private final OpenSignal lineSeen = Signal.create("the line that means ready");
  private volatile boolean late;

  private ReadyCheck(Service service, int run, ManagedProcess process, ProcessRun programs) {
    this.service = service;
    this.serviceThread = ManagedThread.current();
    this.run = run;
    this.process = process;
    this.programs = programs;
  }

  /** Starts to look, on a thread that ends with the run; by the service's thread. */
  static ReadyCheck start(Service service, int run, ManagedProcess process, ProcessRun programs) {
    var check = new ReadyCheck(service, run, process, programs);
    switch (service.config.ready()) {
      case Ready.Started() -> check.ready();
      case Ready.Ended() -> {} // what it says before its end means nothing
      default -> ManagedThread.named("ready?").stopWhen(process.exited()).run(check::look);
    }
    return check;
  }

  /** It has printed a line. */
  void saw(String line) {
    if (service.config.ready() instanceof Ready.Line(var pattern)
        && !lineSeen.isSignalled()
        && pattern.matcher(line).find()) {
      lineSeen.go();
    }
  }

  boolean isLate() {
    return late;
  }

  private void look(Signal pleaseStop) throws InterruptedException {
    Till timeout = Till.unhurried(service.config.readyWithin());
    Signal end = pleaseStop.or(timeout);
    boolean found =
        switch (service.config.ready()) {
          case Ready.Line _ -> lineSeen.await(end);
          case Ready.Delay(Duration time) -> !pleaseStop.await(time);
          case Ready.Port(int number) -> again(() -> accepts(number), end);
          case Ready.Command(String line) -> again(() -> succeeds(line, end), end);
          default -> true;
        };
    if (found) {
      ready();
    } else if (!pleaseStop.isSignalled()) {
      late = true;
      process.stop("not ready within " + service.config.readyWithin().toMillis() / 1e3 + " s");
    }
  }

  private void ready() {
    service.isNow(State.READY, run, "pid " + process.pid());
    serviceThread.signalReady();
  }

  @FunctionalInterface
  private interface Look {
    boolean isThere() throws InterruptedException;
  }

  private static boolean again(Look look, Signal end) throws InterruptedException {
    while (!end.isSignalled()) {
      if (look.isThere()) {
        return true;
      }
      end.await(PAUSE);
    }
    return false;
  }

  private static boolean accepts(int port) {
    try {
      for (InetAddress address : InetAddress.getAllByName("localhost")) {
        try (var socket = new Socket()) {
          socket.connect(new InetSocketAddress(address, port), CONNECT_MILLIS);
          return true;
        } catch (IOException refused) {
          // not yet, or at the other address
        }
      }
    } catch (IOException unknown) {
      return false;
    }
    return false;
  }

  private boolean succeeds(String line, Signal end) throws InterruptedException {
    try {
      var command = programs.program(service, line).name("check").start();
      try {
        return command.join(end) == 0;
      } catch (TimeoutException tooLate) {
        command.stop("nobody waits for it any more");
        return false;
      }
    } catch (ProcessStartException e) {
      return false;
    }
  }
}
