package org.morethreads.examples.procrun;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.morethreads.queue.CloseableQueue;
import org.morethreads.sync.Signal;
import org.morethreads.sync.Till;
import org.morethreads.thread.ManagedThread;

/**
 * One instance of a service, from the begin of the program to its end: waits for what it needs,
 * runs, and runs again when its files or an order say so. It lives on a thread of its own, which
 * alone moves it on; {@code docs/procrun.md} has its states.
 */
final class Service {
  /** What it is doing. */
  enum State {
    WAITING,
    SCHEDULED,
    STARTING,
    READY,
    STOPPING,
    PAUSING,
    ENDED,
    FAILED,
    STOPPED
  }

  /**
   * What it is doing, since when, and what there is to say about it.
   *
   * @param run how often it has been started
   */
  record Status(State state, Instant since, String detail, int run) {}

  /** What somebody wants it to do. */
  enum Order {
    RESTART,
    STOP
  }

  /**
   * How a run ended.
   *
   * @param code the exit code
   * @param failed whether it counts as a failure
   * @param text for people
   */
  record Exit(int code, boolean failed, String text) {}

  /** How it runs. */
  @FunctionalInterface
  interface Program {
    /**
     * Runs once, on the service's thread; answers when nothing of the run is left. Calls {@link
     * #running} soon.
     */
    Exit run(Service service) throws InterruptedException;
  }

  /** Who hears of it. */
  interface Listener {
    /** By any thread. */
    void became(Service service, Status status);

    /** It will not run again unless it is ordered to. */
    void rests(Service service, Exit exit);

    /** It runs again though it has rested. */
    void wakes(Service service);
  }

  private static final Exit ORDERED = new Exit(0, false, "it was ordered to");

  final ServiceConfig config;
  final String name;
  private final Program program;
  private final Listener listener;
  private final LongSupplier nanoTime;
  private final Restarts restarts;
  private final CloseableQueue<Order> orders;
  private final AtomicReference<Status> status =
      new AtomicReference<>(new Status(State.WAITING, Instant.now(), "", 0));

  /** Stops the run that is under way. Written by the service's thread. */
  private volatile @Nullable Runnable stopRun;

  /** Belongs to the service's thread. */
  private boolean resting;

  Service(
      ServiceConfig config,
      String name,
      Program program,
      Listener listener,
      LongSupplier nanoTime) {
    this.config = config;
    this.name = name;
    this.program = program;
    this.listener = listener;
    this.nanoTime = nanoTime;
    this.restarts = new Restarts(config.restart());
    this.orders = CloseableQueue.unbounded("orders to " + name);
  }

  // ---- on its thread

  /**
   * Lives.
   *
   * @param begin goes when all services have their threads
   * @param needed the threads of those that have to be ready first
   */
  void live(Signal begin, List<ManagedThread<?>> needed, Signal pleaseStop)
      throws InterruptedException {
    var due = begin.and(Signal.allOf(needed.stream().map(ManagedThread::ready).toList()));
    if (!needed.isEmpty()) {
      String names = needed.stream().map(ManagedThread::name).collect(Collectors.joining(", "));
      become(State.WAITING, "for " + names);
    }
    if (config.schedule().isPresent() && due.await(pleaseStop)) {
      due = nextTime();
    }
    while (!pleaseStop.isSignalled()) {
      Order order = orders.poll(due.or(pleaseStop));
      if (!pleaseStop.isSignalled()) {
        due = order == Order.STOP ? rest(State.STOPPED, ORDERED) : runOnce(pleaseStop);
      }
    }
  }

  /** Answers when to run again. */
  private Signal runOnce(Signal pleaseStop) throws InterruptedException {
    if (resting) {
      resting = false;
      listener.wakes(this);
    }
    long began = nanoTime.getAsLong();
    Exit exit = program.run(this);
    stopRun = null;
    if (pleaseStop.isSignalled() || isOrdered()) {
      become(State.ENDED, exit.text());
      return Signal.NEVER; // whoever ordered it says how to go on
    }
    Signal next = afterRun(exit, began);
    if (!exit.failed() && config.ready() instanceof ServiceConfig.Ready.Ended) {
      ManagedThread.current().signalReady(); // once it is said
    }
    return next;
  }

  private Signal afterRun(Exit exit, long began) {
    if (config.schedule().isPresent()) {
      become(exit.failed() ? State.FAILED : State.ENDED, exit.text());
      return nextTime();
    }
    long now = nanoTime.getAsLong();
    return switch (restarts.after(exit.failed(), Duration.ofNanos(now - began), now)) {
      case Restarts.Next.End() -> rest(exit.failed() ? State.FAILED : State.ENDED, exit);
      case Restarts.Next.GiveUp(int times) -> {
        String text = "%s; given up after %d restarts".formatted(exit.text(), times);
        yield rest(State.FAILED, new Exit(exit.code(), true, text));
      }
      case Restarts.Next.Again(Duration pause) -> {
        become(State.PAUSING, "%s; again in %s s".formatted(exit.text(), pause.toMillis() / 1e3));
        yield Till.after(pause);
      }
    };
  }

  private Signal rest(State state, Exit exit) {
    become(state, exit.text());
    if (!resting) {
      resting = true;
      listener.rests(this, exit);
    }
    return Signal.NEVER;
  }

  private Signal nextTime() {
    Optional<ZonedDateTime> next =
        config.schedule().flatMap(it -> it.next(ZonedDateTime.now(ZoneId.systemDefault())));
    if (next.isEmpty()) {
      return rest(State.ENDED, new Exit(0, false, "its schedule has ended"));
    }
    become(State.SCHEDULED, "for " + next.get().toLocalDateTime());
    return Till.at(next.get().toInstant());
  }

  private void become(State state, String detail) {
    Status next = status.updateAndGet(it -> new Status(state, Instant.now(), detail, it.run()));
    listener.became(this, next);
  }

  /** Its program runs, and can be stopped. */
  int running(String detail, Runnable stop) {
    Status next =
        status.updateAndGet(it -> new Status(State.STARTING, Instant.now(), detail, it.run() + 1));
    listener.became(this, next);
    stopRun = stop;
    if (isOrdered()) { // who gave it may not have seen what to stop
      stop.run();
    }
    return next.run();
  }

  /** Whether somebody has ordered what its thread has not taken up yet. */
  boolean isOrdered() {
    return !orders.isEmpty();
  }

  // ---- for others

  /** Its program has got on, or is being stopped; without effect when that run is over. */
  void isNow(State state, int run, String detail) {
    Set<State> from =
        state == State.READY ? Set.of(State.STARTING) : Set.of(State.STARTING, State.READY);
    Status next = new Status(state, Instant.now(), detail, run);
    Status before =
        status.getAndUpdate(it -> it.run() == run && from.contains(it.state()) ? next : it);
    if (before.run() == run && from.contains(before.state())) {
      listener.became(this, next);
    }
  }

  /** Gives an order; returns at once. */
  void order(Order order) {
    orders.putForced(order);
    Runnable stop = stopRun;
    if (stop != null && isOrdered()) { // else it is taken, and that run may be what it began
      stop.run();
    }
  }

  Status status() {
    return status.get();
  }
}
