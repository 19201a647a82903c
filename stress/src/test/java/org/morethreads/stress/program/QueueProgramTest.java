package org.morethreads.stress.program;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;
import org.morethreads.queue.CloseablePriorityQueue;
import org.morethreads.queue.CloseableQueue;
import org.morethreads.queue.Offer;
import org.morethreads.queue.QueueClosedException;
import org.morethreads.queue.Select;
import org.morethreads.queue.WaitInterruptedException;
import org.morethreads.stress.lincheck.QueueOperations;
import org.morethreads.stress.lincheck.QueueSpecification;
import org.morethreads.stress.schedule.Participant;
import org.morethreads.stress.schedule.Run;
import org.morethreads.stress.schedule.Run.Timeouts;
import org.morethreads.sync.OpenSignal;
import org.morethreads.sync.Signal;

/** Random programs on queues of every kind (Q1 to Q5, Q7). */
class QueueProgramTest {

  private static final class Operations extends QueueOperations {
    Operations(CloseableQueue<Integer> queue) {
      super(queue);
    }
  }

  private static final class Specification extends QueueSpecification {
    Specification(int capacity, boolean unique, boolean prioritized) {
      super(capacity, unique, prioritized);
    }
  }

  private record Kind(int capacity, boolean unique, boolean prioritized) {
    static Kind any(Random random) {
      int[] capacities = {1, 2, 3, 17, 40, Integer.MAX_VALUE};
      return new Kind(
          capacities[random.nextInt(capacities.length)],
          random.nextBoolean(),
          random.nextBoolean());
    }

    CloseableQueue<Integer> create() {
      CloseableQueue.Builder<Integer> builder =
          prioritized
              ? CloseablePriorityQueue.<Integer>named("queue").priorityBy(element -> element)
              : CloseableQueue.named("queue");
      if (unique) {
        builder = builder.unique();
      }
      return builder.capacity(capacity).create();
    }
  }

  // ---- one thread, against the sequential specification

  @Test
  void operations_anyOrder_areThoseOfTheSpecification() {
    Programs.run(800, this::runOne);
  }

  private void runOne(Random random) {
    Kind kind = Kind.any(random);
    CloseableQueue<Integer> queue = kind.create();
    var real = new Operations(queue);
    var model = new Specification(kind.capacity, kind.unique, kind.prioritized);
    int elements = 1 + random.nextInt(60);
    int growth = 1 + random.nextInt(6); // puts for each take
    StringBuilder steps = new StringBuilder(kind + ": ");
    for (int i = 0; i < 200; i++) {
      int element = random.nextInt(elements);
      int another = random.nextInt(elements);
      boolean puts = random.nextInt(growth + 1) > 0;
      int which = puts ? random.nextInt(5) : 5 + random.nextInt(10);
      String name = NAMES[Math.min(which, NAMES.length - 1)];
      if (name.equals("close") && random.nextInt(8) > 0) {
        continue;
      }
      if (name.equals("drain") && random.nextInt(4) > 0) {
        continue;
      }
      steps.append(name).append(' ').append(element).append(' ').append(another).append("; ");
      String expected = answer(() -> call(model, name, element, another));
      assertThat(answer(() -> call(real, name, element, another)))
          .as("after %s", steps)
          .isEqualTo(expected);
      assertThat(queue.size()).as("size after %s", steps).isEqualTo(model.size());
    }
    assertThat(queue.drain()).as("the rest after %s", steps).isEqualTo(model.drain());
  }

  private static final String[] NAMES = {
    "offer",
    "put",
    "putFirst",
    "putAll",
    "putForced",
    "poll",
    "pollAWhile",
    "drain",
    "remove",
    "size",
    "close",
    "isClosed",
    "isDrained",
    "poll"
  };

  private static Object call(QueueOperations queue, String name, int element, int another)
      throws Exception {
    return switch (name) {
      case "offer" -> queue.offer(element);
      case "put" -> queue.put(element);
      case "putFirst" -> queue.putFirst(element);
      case "putAll" -> queue.putAll(element, another);
      case "putForced" -> {
        queue.putForced(element);
        yield "done";
      }
      case "poll" -> String.valueOf(queue.poll());
      case "pollAWhile" -> String.valueOf(queue.pollAWhile());
      case "drain" -> queue.drain();
      case "remove" -> queue.remove(element);
      case "size" -> queue.size();
      case "close" -> {
        queue.close();
        yield "done";
      }
      case "isClosed" -> queue.isClosed();
      case "isDrained" -> queue.isDrained();
      default -> throw new AssertionError(name);
    };
  }

  private static Object call(QueueSpecification queue, String name, int element, int another) {
    return switch (name) {
      case "offer" -> queue.offer(element);
      case "put" -> queue.put(element);
      case "putFirst" -> queue.putFirst(element);
      case "putAll" -> queue.putAll(element, another);
      case "putForced" -> {
        queue.putForced(element);
        yield "done";
      }
      case "poll" -> String.valueOf(queue.poll());
      case "pollAWhile" -> String.valueOf(queue.pollAWhile());
      case "drain" -> queue.drain();
      case "remove" -> queue.remove(element);
      case "size" -> queue.size();
      case "close" -> {
        queue.close();
        yield "done";
      }
      case "isClosed" -> queue.isClosed();
      case "isDrained" -> queue.isDrained();
      default -> throw new AssertionError(name);
    };
  }

  private static String answer(Callable<Object> call) {
    try {
      return call.call().toString();
    } catch (QueueClosedException closed) {
      return "closed";
    } catch (Exception unexpected) {
      return unexpected.toString();
    }
  }

  // ---- several threads that wait, in random schedules

  /** What the threads of a program have put and got; they run one at a time. */
  private static final class Tally {
    final CloseableQueue<Integer> queue;
    final List<Integer> in = new ArrayList<>();
    final List<Integer> out = new ArrayList<>();

    Tally(CloseableQueue<Integer> queue) {
      this.queue = queue;
    }
  }

  @Test
  void waits_closesAndInterrupts_nothingIsLostOrDoubledOrStranded() {
    Programs.explore(150, 10, Timeouts.SOON, seed -> run -> setUp(Programs.random(seed), run));
  }

  private static void setUp(Random random, Run run) {
    Kind kind = new Kind(1 + random.nextInt(2), random.nextBoolean(), random.nextInt(3) == 0);
    var tally = new Tally(kind.create());
    OpenSignal until = Signal.create("until");
    // nobody helps who waits for a place: the queue is closed only when all is put
    boolean patient = random.nextBoolean();
    List<OpenSignal> done = new ArrayList<>();
    List<Participant> all = new ArrayList<>();
    int producers = 1 + random.nextInt(2);
    for (int i = 0; i < producers; i++) {
      int base = 20 * i;
      int count = 1 + random.nextInt(3);
      int how = random.nextInt(5);
      OpenSignal its = Signal.create("producer " + i + " is done");
      done.add(its);
      all.add(
          run.thread(
              "producer " + i,
              () -> {
                produce(tally, base, count, how, until);
                its.go();
              }));
    }
    int consumers = 1 + random.nextInt(2);
    for (int i = 0; i < consumers; i++) {
      int how = patient ? TO_THE_END[random.nextInt(TO_THE_END.length)] : random.nextInt(5);
      all.add(run.thread("consumer " + i, () -> consume(tally, how, until)));
    }
    boolean untilGoes = random.nextBoolean();
    boolean interrupts = !patient && random.nextInt(3) == 0;
    int who = random.nextInt(all.size());
    run.thread(
        "closer",
        () -> {
          if (interrupts) {
            all.get(who).interrupt();
          }
          if (untilGoes) {
            until.go();
          }
          if (patient) {
            Signal.allOf(done).await();
          }
          run.step("close");
          tally.queue.close();
          // nobody is left behind a full queue, or an empty one
        });
    run.afterwards(() -> check(tally, consumers));
  }

  /** The ways to consume that end with the queue, and not before. */
  private static final int[] TO_THE_END = {0, 1, 4};

  private static void produce(Tally tally, int base, int count, int how, Signal until) {
    CloseableQueue<Integer> queue = tally.queue;
    for (int i = 0; i < count; i++) {
      int element = base + i;
      try {
        boolean isIn =
            switch (how) {
              case 0 -> {
                queue.put(element);
                yield true;
              }
              case 1 -> queue.put(element, until);
              case 2 -> queue.offer(element) == Offer.ADDED;
              case 3 -> queue.put(element, Duration.ofMillis(20));
              default ->
                  Select.awaitFirst(
                      Select.put(queue, element, () -> true), Select.when(until, () -> false));
            };
        if (isIn) {
          tally.in.add(element);
        }
      } catch (QueueClosedException | InterruptedException ended) {
        // the element is not in: the tally tells
        if (ended instanceof QueueClosedException) {
          return;
        }
      }
    }
  }

  private static void consume(Tally tally, int how, Signal until) {
    CloseableQueue<Integer> queue = tally.queue;
    boolean ended = false;
    while (!ended) {
      try {
        switch (how) {
          case 0 -> tally.out.add(queue.take());
          case 1 -> queue.forEach(tally.out::add);
          case 2 -> queue.until(until).forEach(tally.out::add);
          case 3 -> {
            Integer element = queue.poll(Duration.ofMillis(20));
            if (element != null) {
              tally.out.add(element);
            }
          }
          default -> {
            Integer element = Select.awaitFirst(Select.take(queue), Select.atEnd(() -> -1));
            if (element >= 0) {
              tally.out.add(element);
            }
          }
        }
        ended = queue.drained().isSignalled() || (how == 2 && until.isSignalled()) || how == 3;
      } catch (QueueClosedException end) {
        ended = true;
      } catch (InterruptedException | WaitInterruptedException interrupted) {
        boolean _ = Thread.interrupted();
        ended = how == 1 || how == 2;
      }
    }
  }

  private static void check(Tally tally, int consumers) {
    CloseableQueue<Integer> queue = tally.queue;
    assertThat(queue.statistics().waitingToPut()).isZero();
    assertThat(queue.statistics().waitingToTake()).isZero();
    List<Integer> all = new ArrayList<>(tally.out);
    all.addAll(queue.drain());
    assertThat(all).as("what was put is out or inside").hasSameElementsAs(tally.in);
    assertThat(all).hasSameSizeAs(tally.in);
    assertThat(queue.drained().isSignalled()).isTrue();
    if (consumers == 1 && !(queue instanceof CloseablePriorityQueue<Integer>)) {
      Map<Integer, Integer> last = new HashMap<>();
      for (int element : all) {
        Integer before = last.put(element / 20, element);
        assertThat(before == null || before < element).as("order of a producer: " + all).isTrue();
      }
    }
  }
}
