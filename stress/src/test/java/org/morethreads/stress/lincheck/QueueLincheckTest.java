package org.morethreads.stress.lincheck;

import static org.morethreads.stress.lincheck.Pairs.call;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.morethreads.queue.CloseablePriorityQueue;
import org.morethreads.queue.CloseableQueue;

/** Queues of every kind are linearizable (Q1 to Q5). */
@Tag("lincheck")
@Timeout(900) // the longest takes a minute, with the machine to itself
class QueueLincheckTest {

  public static final class Bounded extends QueueOperations {
    public Bounded() {
      super(CloseableQueue.bounded("queue", 2));
    }
  }

  public static final class BoundedSpecification extends QueueSpecification {
    public BoundedSpecification() {
      super(2, /* unique= */ false, /* prioritized= */ false);
    }
  }

  public static final class Unbounded extends QueueOperations {
    public Unbounded() {
      super(CloseableQueue.unbounded("queue"));
    }
  }

  public static final class UnboundedSpecification extends QueueSpecification {
    public UnboundedSpecification() {
      super(Integer.MAX_VALUE, /* unique= */ false, /* prioritized= */ false);
    }
  }

  public static final class Unique extends QueueOperations {
    public Unique() {
      super(CloseableQueue.<Integer>named("queue").capacity(2).unique().create());
    }
  }

  public static final class UniqueSpecification extends QueueSpecification {
    public UniqueSpecification() {
      super(2, /* unique= */ true, /* prioritized= */ false);
    }
  }

  public static final class Prioritized extends QueueOperations {
    public Prioritized() {
      super(
          CloseablePriorityQueue.<Integer>named("queue")
              .capacity(2)
              .priorityBy(element -> element)
              .create());
    }
  }

  public static final class PrioritizedSpecification extends QueueSpecification {
    public PrioritizedSpecification() {
      super(2, /* unique= */ false, /* prioritized= */ true);
    }
  }

  public static final class PrioritizedUnique extends QueueOperations {
    public PrioritizedUnique() {
      super(
          CloseablePriorityQueue.<Integer>named("queue")
              .capacity(2)
              .unique()
              .priorityBy(element -> element)
              .create());
    }
  }

  public static final class PrioritizedUniqueSpecification extends QueueSpecification {
    public PrioritizedUniqueSpecification() {
      super(2, /* unique= */ true, /* prioritized= */ true);
    }
  }

  // every operation while others take, put and close
  @Test
  void bounded_pairsModelChecked_areLinearizable() {
    Checks.modelCheck(
        Bounded.class,
        BoundedSpecification.class,
        Pairs.of(Bounded.class)
            .from(call("putForced", 1))
            .meet(call("poll"), call("offer", 1), call("close"))
            .meetApart(call("remove", 1), call("pollAWhile"), call("drain"), call("put", 3))
            .meetApart(call("putFirst", 3), call("putAll", 1, 3), call("putForced", 2))
            .end(call("drain"), call("isClosed"), call("isDrained")));
  }

  // nobody sees that it is closed, or what comes of that, and then not its signals
  @Test
  void bounded_endSeenWhileItComes_isLinearizable() {
    Checks.modelCheck(
        Bounded.class,
        BoundedSpecification.class,
        Pairs.of(Bounded.class)
            .from()
            .from(call("putForced", 1))
            .meet(call("close"))
            .meetApart(call("poll"), call("drain"), call("offer", 1))
            .look(call("isClosed"), call("isDrained")));
  }

  // removal looks for its element first, among all priorities: the longest way of all
  @Test
  void prioritizedUnique_removeMeetsOthers_isLinearizable() {
    Checks.modelCheck(
        PrioritizedUnique.class,
        PrioritizedUniqueSpecification.class,
        Pairs.of(PrioritizedUnique.class)
            .loops(80)
            .from(call("putForced", 1))
            .meet(call("remove", 1))
            .meetApart(call("poll"), call("drain"), call("offer", 1))
            .end(call("drain")));
  }

  @Test
  void bounded_modelChecked_isLinearizable() {
    Checks.modelCheck(Bounded.class, BoundedSpecification.class);
  }

  @Test
  void bounded_stressed_isLinearizable() {
    Checks.stress(Bounded.class, BoundedSpecification.class);
  }

  @Test
  void unbounded_modelChecked_isLinearizable() {
    Checks.modelCheck(Unbounded.class, UnboundedSpecification.class);
  }

  @Test
  void unique_modelChecked_isLinearizable() {
    Checks.modelCheck(Unique.class, UniqueSpecification.class);
  }

  @Test
  void unique_stressed_isLinearizable() {
    Checks.stress(Unique.class, UniqueSpecification.class);
  }

  @Test
  void prioritized_modelChecked_isLinearizable() {
    Checks.modelCheck(Prioritized.class, PrioritizedSpecification.class);
  }

  @Test
  void prioritized_stressed_isLinearizable() {
    Checks.stress(Prioritized.class, PrioritizedSpecification.class);
  }

  @Test
  void prioritizedUnique_modelChecked_isLinearizable() {
    Checks.modelCheck(PrioritizedUnique.class, PrioritizedUniqueSpecification.class);
  }

  @Test
  void prioritizedUnique_stressed_isLinearizable() {
    Checks.stress(PrioritizedUnique.class, PrioritizedUniqueSpecification.class);
  }
}
