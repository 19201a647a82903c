package org.morethreads.thread;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.morethreads.internal.Log;

/** Several calls for one result (H9): a scope whose first success stops the others. */
final class Race {
  private Race() {}

  static <T extends @Nullable Object> T run(
      String name, @Nullable Duration deadline, List<ManagedThread.Call<? extends T>> calls)
      throws InterruptedException {
    if (calls.isEmpty()) {
      throw new IllegalArgumentException(
          "Race \"" + name + "\" has no calls, and can have no result. Give it at least one.");
    }
    List<ManagedThread<?>> racers = new ArrayList<>();
    var settings = new ScopeLife.Settings(name, /* isolated= */ true, deadline, null);
    Object undecided = new Object();
    Object result =
        ScopeLife.<@Nullable Object, RuntimeException>execute(
            settings,
            scope -> {
              for (ManagedThread.Call<? extends T> call : calls) {
                racers.add(scope.call("call", racer(scope, call)));
              }
              return undecided;
            });
    if (result == undecided) {
      throw noResult(name, racers);
    }
    return Race.<T>ofACall(result);
  }

  @SuppressWarnings({"unchecked", "NullAway", "TypeParameterUnusedInFormals"}) // it is a T
  private static <T extends @Nullable Object> T ofACall(@Nullable Object result) {
    return (T) result;
  }

  private static <T extends @Nullable Object> ManagedThread.Call<T> racer(
      OpenScope scope, ManagedThread.Call<T> call) {
    return pleaseStop -> {
      T result = call.call(pleaseStop);
      ScopeLife.decided(scope.node, result);
      return result;
    };
  }

  /** No call has failed, and none has returned: all were stopped. */
  private static RuntimeException noResult(String name, List<ManagedThread<?>> racers) {
    for (ManagedThread<?> racer : racers) {
      try {
        takeResult(racer);
      } catch (ThreadEndException end) {
        return end;
      }
    }
    return new IllegalStateException("Race \"" + name + "\" has no result.");
  }

  private static <T extends @Nullable Object> void takeResult(ManagedThread<T> racer) {
    racer.outcome().ifPresent(racer::resultOf);
  }

  /** Failures that a result has made irrelevant are not lost all the same. */
  static void reportLosers(Node scope, List<Throwable> failures) {
    for (Throwable failure : failures) {
      Log.info(
          "A call of race \""
              + scope
              + "\" failed, while another had a result: "
              + Failures.words(failure));
    }
  }
}
