package org.morethreads.thread;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.morethreads.internal.Log;

/**
 * What is carried from a starter to a thread: one part of each registered carrier that had some.
 */
final class Context {
  private static final ContextCarrier[] NONE = {};

  /** Replaced, never changed. Without carriers a start costs one read of it. */
  private static final AtomicReference<ContextCarrier[]> CARRIERS = new AtomicReference<>(NONE);

  private record Part(ContextCarrier carrier, Object captured) {}

  private final List<Part> parts = new ArrayList<>(2);

  private Context() {}

  static ContextCarrier.Registration register(ContextCarrier carrier) {
    ContextCarrier own = new Own(carrier); // the same may be registered twice
    CARRIERS.updateAndGet(present -> {
      ContextCarrier[] more = Arrays.copyOf(present, present.length + 1);
      more[present.length] = own;
      return more;
    });
    AtomicBoolean registered = new AtomicBoolean(true);
    return () -> {
      if (!registered.compareAndSet(true, false)) {
        return false;
      }
      CARRIERS.updateAndGet(present ->
          Arrays.stream(present).filter(each -> each != own).toArray(ContextCarrier[]::new));
      return true;
    };
  }

  /** A registration of a carrier. */
  private record Own(ContextCarrier carrier) implements ContextCarrier {
    Own {
      Objects.requireNonNull(carrier, "carrier");
    }

    @Override
    public @Nullable Object capture() {
      return carrier.capture();
    }

    @Override
    public void install(Object captured) {
      carrier.install(captured);
    }
  }

  /** Captures the context of the calling thread; null when there is nothing to carry. */
  static @Nullable Context capture() {
    ContextCarrier[] carriers = CARRIERS.get();
    if (carriers.length == 0) {
      return null;
    }
    Context context = new Context();
    for (ContextCarrier carrier : carriers) {
      try {
        Object captured = carrier.capture();
        if (captured != null) {
          context.parts.add(new Part(carrier, captured));
        }
      } catch (Throwable failure) { // user code, which must not keep a thread from being started
        report(carrier, "read", failure);
      }
    }
    return context.parts.isEmpty() ? null : context;
  }

  /** Makes this the context of the calling thread. */
  void install() {
    for (Part part : parts) {
      try {
        part.carrier().install(part.captured());
      } catch (Throwable failure) { // user code, which must not keep the task from running
        report(part.carrier(), "passed on", failure);
      }
    }
  }

  private static void report(ContextCarrier carrier, String what, Throwable failure) {
    ContextCarrier users = carrier instanceof Own own ? own.carrier() : carrier;
    Log.error(
        "A thread goes without a part of its context, which could not be "
            + what
            + ": "
            + users.getClass().getName(),
        failure);
  }
}
