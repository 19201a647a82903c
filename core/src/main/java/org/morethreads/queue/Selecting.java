package org.morethreads.queue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.morethreads.internal.Blocker;
import org.morethreads.internal.Library;
import org.morethreads.internal.SchedulePoint;
import org.morethreads.internal.Surroundings;
import org.morethreads.sync.Signal;
import org.morethreads.sync.Waiting;

/**
 * One wait of a {@link Select}. Confined to the waiting thread; it is also the blocker that dumps
 * show.
 *
 * @param <R> the type of the result
 */
final class Selecting<R extends @Nullable Object> implements Blocker {
  /*
   * The thread stands in the line of each queue at once, with a waiter for each, and in each of them it behaves as any other waiter
   * (see CloseableQueue): when it comes back it leaves every line, each through unlock(), before it does anything else; so a chance
   * that it had in a line where it did not act goes to the next there. It never holds two mutexes. It acts in one queue only, by the
   * very look at that queue under its mutex, and from there on nothing can keep it from returning with what it has: it does not
   * look at interrupts, signals or times any more.
   *
   * A first round glances at the queues without their mutexes, and looks under the mutex only where there seems to be something; a
   * second one enters the lines, and looks at each queue in the same moment. A glance may miss what comes meanwhile, so a wait that
   * will not get to a second round (its time is zero) looks under the mutexes at once.
   *
   * The clock is read once before a park and once after it, whatever the number of lines: it costs as much as entering one.
   */

  /** Given by a queue from which nothing will come any more. */
  static final Object ENDED = new Object();

  /** The outcome of clauses that have nothing to show. */
  private static final Object HAPPENED = new Object();

  private static final @Nullable Object[] NO_ITEMS = {};

  private static final int NONE = -1;

  private final List<? extends Select.Clause<? extends R>> clauses;

  /** The indexes of the clauses among which the choice is fair, in the order of the last look. */
  private final int[] fair;

  private final int fairs;

  /** For each clause: its place in the line of its queue, while it has one. */
  private final Line.@Nullable Waiter[] waiters;

  /** For each clause that puts: what it puts. */
  private @Nullable Object[] items = NO_ITEMS;

  private final boolean[] ended;
  private int open;
  private int puts;

  private Object outcome = HAPPENED;
  private @Nullable Surroundings me;

  /** Whether queues in which there seems to be nothing need not be looked at under their mutex. */
  private boolean glances;

  /** When this thread has come back from its last park. */
  private long returned;

  Selecting(List<? extends Select.Clause<? extends R>> clauses) {
    this.clauses = clauses;
    int count = clauses.size();
    this.waiters = new Line.@Nullable Waiter[count];
    this.ended = new boolean[count];
    int[] indexes = new int[count];
    int last = 0;
    for (int i = 0; i < count; i++) {
      Select.Clause<? extends R> clause = clauses.get(i);
      if (clause instanceof Select.Put<?, ?> put) {
        if (puts++ == 0) {
          items = new @Nullable Object[count];
        }
        items[i] = put.newItem();
      } else if (clause instanceof Select.Take) {
        open++;
      }
      boolean isFair =
          !(clause instanceof Select.Otherwise)
              && !(clause instanceof Select.When<?> when && when.first);
      if (isFair) {
        indexes[last++] = i;
      }
    }
    this.fair = indexes;
    this.fairs = last;
  }

  R await() throws InterruptedException {
    SchedulePoint.at("select");
    if (Thread.interrupted()) {
      throw new InterruptedException("Interrupted before waiting for " + this + ".");
    }
    int chosen;
    try {
      chosen = choose();
    } finally {
      leaveLines();
    }
    return clauses.get(chosen).result(outcome);
  }

  private int choose() throws InterruptedException {
    boolean mayEnd = open > 0 && puts == 0;
    int time = nearest();
    long nanos = time == NONE ? Long.MAX_VALUE : ((Select.Otherwise<?>) clauses.get(time)).nanos;
    glances = nanos != 0;
    int chosen = look(false, mayEnd);
    glances = false;
    if (chosen != NONE) {
      return chosen;
    }
    if (nanos == 0) {
      return time;
    }
    Surroundings surroundings = Surroundings.current();
    long deadline = time == NONE ? 0 : surroundings.time().nanoTime() + nanos;
    Signal wake = wakeSignal();
    me = surroundings;
    chosen = look(false, mayEnd); // now standing in line
    while (chosen == NONE) {
      SchedulePoint.at("select.park");
      if (park(surroundings, wake, time != NONE, deadline)) {
        throw new InterruptedException("Interrupted while waiting for " + this + ".");
      }
      boolean over = time != NONE && deadline - returned <= 0;
      if (over) {
        me = null; // look once more, and do not stand in line again
      }
      chosen = look(!over, mayEnd);
      if (over && chosen == NONE) {
        return time;
      }
    }
    return chosen;
  }

  /** Parks until there is a reason to look again; answers true when interrupted instead. */
  private boolean park(Surroundings surroundings, Signal wake, boolean timed, long deadline) {
    boolean isRead = false;
    long now = 0;
    for (Line.Waiter waiter : waiters) {
      if (waiter != null && waiter.isNew()) {
        if (!isRead) {
          now = surroundings.time().nanoTime();
          isRead = true;
        }
        waiter.begin(now);
      }
    }
    try {
      return Waiting.parkUntil(
          Library.MEMBER, surroundings, this, wake, timed, deadline, this::isAssigned);
    } finally {
      returned = surroundings.time().nanoTime();
    }
  }

  /** The clause with the shortest time, or none. */
  private int nearest() {
    int nearest = NONE;
    long least = Long.MAX_VALUE;
    for (int i = 0; i < clauses.size(); i++) {
      if (clauses.get(i) instanceof Select.Otherwise<?> otherwise
          && otherwise.nanos >= 0
          && otherwise.nanos < least) {
        least = otherwise.nanos;
        nearest = i;
      }
    }
    return nearest;
  }

  private Signal wakeSignal() {
    Signal only = Signal.NEVER;
    List<Signal> several = List.of();
    for (Select.Clause<? extends R> clause : clauses) {
      Signal signal = clause.signal();
      if (signal == Signal.NEVER) {
        continue;
      }
      if (only == Signal.NEVER) {
        only = signal;
      } else {
        if (several.isEmpty()) {
          several = new ArrayList<>();
          several.add(only);
        }
        several.add(signal);
      }
    }
    return several.isEmpty() ? only : Signal.anyOf(several);
  }

  private boolean isAssigned() {
    for (Line.Waiter waiter : waiters) {
      if (waiter != null && waiter.isAssigned()) {
        return true;
      }
    }
    return false;
  }

  /**
   * Looks at the clauses, and answers which one has happened.
   *
   * @param onlyAssigned whether queues need not be looked at in whose line this thread stands, and
   *     has not been told to look
   */
  private int look(boolean onlyAssigned, boolean mayEnd) {
    for (int i = 0; i < clauses.size(); i++) {
      if (clauses.get(i) instanceof Select.When<?> when
          && when.first
          && when.signal().isSignalled()) {
        noteLeft();
        return i;
      }
    }
    // A schedule that is driven must be the same when it is replayed.
    Random random = SchedulePoint.ON ? new Random(fairs) : ThreadLocalRandom.current();
    for (int i = 0; i < fairs; i++) {
      int other = random.nextInt(i, fairs); // so every order is as likely as any other
      int index = fair[other];
      fair[other] = fair[i];
      fair[i] = index;
      if (happens(index, onlyAssigned)) {
        return index;
      }
    }
    return mayEnd && open == 0 ? end() : NONE;
  }

  private boolean happens(int index, boolean onlyAssigned) {
    Line.Waiter waiter = waiters[index];
    if (onlyAssigned && waiter != null && !waiter.isAssigned()) {
      return false;
    }
    return switch (clauses.get(index)) {
      case Select.Take<?, ?> take ->
          !ended[index]
              && (!glances || take.queue.mayHaveElement())
              && takes(take.queue, index, waiter);
      case Select.Put<?, ?> put ->
          (!glances || put.queue.mayHavePlace()) && puts(put.queue, index, waiter);
      case Select.When<?> when -> when.signal().isSignalled();
      case Select.Otherwise<?> _ -> false;
    };
  }

  private boolean takes(CloseableQueue<?> queue, int index, Line.@Nullable Waiter waiter) {
    leaves(index, waiter);
    Object answer = queue.takeOrEnter(waiter, me);
    if (answer == ENDED) {
      ended[index] = true;
      open--;
      queue.throwFailure();
      return false;
    }
    if (answer instanceof Line.Waiter entered) {
      waiters[index] = entered;
      return false;
    }
    if (answer == null) {
      return false;
    }
    outcome = answer;
    return true;
  }

  private boolean puts(CloseableQueue<?> queue, int index, Line.@Nullable Waiter waiter) {
    Object item = items[index];
    if (item == null) {
      throw new AssertionError("nothing to put");
    }
    leaves(index, waiter);
    Object answer = queue.putOrEnter(item, waiter, me);
    if (answer instanceof Line.Waiter entered) {
      waiters[index] = entered;
      return false;
    }
    if (answer == Offer.CLOSED) {
      throw queue.closedToPut();
    }
    return answer != Offer.FULL;
  }

  /** The waiter is about to leave its line. */
  private void leaves(int index, Line.@Nullable Waiter waiter) {
    if (waiter != null) {
      waiters[index] = null;
      waiter.end(returned);
    }
  }

  private int end() {
    StringBuilder names = new StringBuilder();
    String first = "";
    for (int i = 0; i < clauses.size(); i++) {
      if (clauses.get(i) instanceof Select.Otherwise<?> otherwise && otherwise.nanos < 0) {
        return i;
      }
      if (clauses.get(i) instanceof Select.Take<?, ?> take) {
        first = names.isEmpty() ? take.queue.name() : first;
        names.append(names.isEmpty() ? "" : ", ").append(take.queue);
      }
    }
    throw new QueueClosedException(
        first,
        "Cannot take from any of "
            + names
            + ": all have ended. Give the select an atEnd clause to see that without an exception.",
        null);
  }

  private void noteLeft() {
    for (int i = 0; i < clauses.size(); i++) {
      if (!ended[i] && clauses.get(i) instanceof Select.Take<?, ?> take) {
        take.queue.leave();
      }
    }
  }

  private void leaveLines() {
    for (int i = 0; i < waiters.length; i++) {
      Line.Waiter waiter = waiters[i];
      if (waiter != null) {
        leaves(i, waiter);
        switch (clauses.get(i)) {
          case Select.Take<?, ?> take -> take.queue.leaveLine(waiter);
          case Select.Put<?, ?> put -> put.queue.leaveLine(waiter);
          default -> throw new AssertionError("no line");
        }
      }
    }
  }

  @Override
  public Sort sort() {
    return Sort.SELECT;
  }

  @Override
  public String toString() {
    return clauses.stream()
        .map(Select.Clause::what)
        .collect(Collectors.joining(", ", "the first of ", ""));
  }
}
