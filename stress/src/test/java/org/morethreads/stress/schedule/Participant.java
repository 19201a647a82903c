package org.morethreads.stress.schedule;

import java.time.Instant;
import org.morethreads.internal.Firing;
import org.morethreads.internal.OneShot;
import org.morethreads.internal.Surroundings;

/** A thread of a scenario that is not in a tree, and its surroundings. */
public final class Participant extends Surroundings {
  private final Run run;
  private final String name;
  private final Hurry hurry = new Hurry(this);
  private Thread thread;
  private volatile long hurriedAtNanos;
  private volatile Instant hurriedAt;

  Participant(Run run, String name) {
    this.run = run;
    this.name = name;
  }

  void bind(Runnable body) {
    thread =
        Thread.ofVirtual()
            .name(name)
            .unstarted(() -> {
              Surroundings.remember(this); // not as its handler: the thread can be adopted
              body.run(); // which lets nothing through
            });
  }

  /** The thread itself. */
  public Thread thread() {
    return thread;
  }

  /** Interrupts it, through the seam. */
  public void interrupt() {
    run.step("interrupt " + name);
    run.interrupt(this, thread);
  }

  /** Hurries its tills, as the request to stop does with those of a managed thread. */
  public void hurry() {
    hurriedAtNanos = run.nanoTime();
    hurriedAt = run.now();
    Firing.fire(hurry);
    run.unpark(this, thread);
  }

  /** Its hurry, as a signal of the library's. */
  private static final class Hurry extends OneShot {
    private final Participant owner;

    Hurry(Participant owner) {
      this.owner = owner;
    }

    @Override
    protected Surroundings detached() {
      return owner;
    }
  }

  @Override
  public Run time() {
    return run;
  }

  @Override
  public boolean isOf(Thread some) {
    return thread == some;
  }

  @Override
  public boolean isHurried() {
    return Firing.isFired(hurry);
  }

  @Override
  public long hurriedAtNanos() {
    return hurriedAtNanos;
  }

  @Override
  public Instant hurriedAt() {
    return hurriedAt;
  }

  @Override
  public OneShot hurrySignal() {
    return hurry;
  }

  @Override
  public String describe() {
    return name;
  }
}
