package org.morethreads.stress.lincheck;

import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jetbrains.kotlinx.lincheck.Actor;
import org.jetbrains.kotlinx.lincheck.execution.ExecutionScenario;
import org.jetbrains.lincheck.datastructures.Operation;

/**
 * Scenarios that leave nothing to chance: of two threads, one calls one operation, and the other
 * calls one and then looks; every operation meets every other, from each of some states.
 *
 * <p>Few calls make few interleavings; model checking goes through those with one switch first,
 * always in the same order. What comes of more calls is for the random scenarios.
 */
public final class Pairs {
  /** Stands for the number of the thread that calls, 0 or 1. */
  public static final String THREAD = "thread";

  private final Class<?> operations;
  private final List<List<Call>> states = new ArrayList<>();
  private final List<Call> calls = new ArrayList<>();
  private final List<Call> apart = new ArrayList<>();
  private final List<Call> looks = new ArrayList<>();
  private List<Call> ending = List.of();
  private int longestLoop = 10;

  /** An operation with its arguments, of which {@link #THREAD} stands for the calling thread. */
  public record Call(String name, Object... arguments) {}

  private Pairs(Class<?> operations) {
    this.operations = operations;
  }

  /** Scenarios for the operations of a class. */
  public static Pairs of(Class<?> operations) {
    return new Pairs(operations);
  }

  /** A call of an operation. */
  public static Call call(String name, Object... arguments) {
    return new Call(name, arguments);
  }

  /** A state that pairs begin in: what one thread has called before. */
  public Pairs from(Call... before) {
    states.add(List.of(before));
    return this;
  }

  /** Operations that meet each other. */
  public Pairs meet(Call... more) {
    calls.addAll(List.of(more));
    return this;
  }

  /** Operations that meet the others, and never each other. */
  public Pairs meetApart(Call... more) {
    apart.addAll(List.of(more));
    return this;
  }

  /** What the second thread calls after its operation, in turn each of a pair. */
  public Pairs look(Call... more) {
    looks.addAll(List.of(more));
    return this;
  }

  /** What is called when both have ended. */
  public Pairs end(Call... last) {
    ending = List.of(last);
    return this;
  }

  /**
   * How often the operations go round at most without waiting for anybody; 10 if not said. Who goes
   * round more often is taken to spin, and the other thread runs: too few hides interleavings, many
   * make waiting for a mutex cost much.
   */
  public Pairs loops(int rounds) {
    longestLoop = rounds;
    return this;
  }

  int longestLoop() {
    return longestLoop;
  }

  /** All of them, always in the same order. */
  public List<ExecutionScenario> scenarios() {
    List<ExecutionScenario> all = new ArrayList<>();
    for (List<Call> state : states) {
      for (int i = 0; i < calls.size(); i++) {
        Call one = calls.get(i);
        for (Call other : calls.subList(looks.isEmpty() ? i : 0, calls.size())) {
          all.add(scenario(state, one, other));
        }
        for (Call other : apart) {
          all.add(scenario(state, one, other));
          if (!looks.isEmpty()) {
            all.add(scenario(state, other, one));
          }
        }
      }
    }
    return all;
  }

  private ExecutionScenario scenario(List<Call> state, Call one, Call other) {
    List<Actor> second = new ArrayList<>();
    second.add(actor(other, 1));
    looks.forEach(look -> second.add(actor(look, 1)));
    return new ExecutionScenario(
        state.stream().map(call -> actor(call, 0)).toList(),
        List.of(List.of(actor(one, 0)), second),
        ending.stream().map(call -> actor(call, 0)).toList(),
        null); // Lincheck itself adds the validation
  }

  private Actor actor(Call call, int thread) {
    List<Object> arguments =
        Arrays.stream(call.arguments).map(each -> THREAD.equals(each) ? thread : each).toList();
    return new Actor(method(call), arguments, false, false, false, false, false);
  }

  private Method method(Call call) {
    for (Method method : operations.getMethods()) {
      if (method.getName().equals(call.name)
          && method.isAnnotationPresent(Operation.class)
          && method.getParameterCount() == call.arguments.length) {
        return method;
      }
    }
    throw new IllegalArgumentException(operations + " has no operation " + call.name);
  }
}
