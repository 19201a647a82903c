package org.morethreads.thread;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.morethreads.internal.Blocker;
import org.morethreads.internal.Log;
import org.morethreads.internal.Observer;
import org.morethreads.internal.Surroundings;
import org.morethreads.sync.Lock;
import org.morethreads.sync.Signal;
import org.morethreads.sync.Waiting;

/** Passes on to all {@link ThreadObserver}s what the library is doing. */
final class Observers extends Observer {
  /** Guards the change of the one that is installed. Innermost. */
  private static final Object CHANGE = new Object();

  private final List<Entry> all;

  private Observers(List<Entry> all) {
    this.all = all;
  }

  private static final class Entry implements Signal.Registration {
    final ThreadObserver observer;
    private final AtomicBoolean hasFailed = new AtomicBoolean();

    Entry(ThreadObserver observer) {
      this.observer = observer;
    }

    void tell(Consumer<ThreadObserver> news) {
      try {
        news.accept(observer);
      } catch (Throwable broken) { // whoever is being observed must get on
        failed(broken);
      }
    }

    void failed(Throwable broken) {
      if (hasFailed.compareAndSet(false, true)) {
        Log.error(
            "A ThreadObserver has thrown; it is called further on, but not reported again.",
            broken);
      }
    }

    @Override
    public boolean remove() {
      return change(entries -> entries.remove(this));
    }
  }

  static Signal.Registration add(ThreadObserver observer) {
    Entry entry = new Entry(Objects.requireNonNull(observer, "observer"));
    boolean _ = change(entries -> entries.add(entry));
    return entry;
  }

  private interface Change {
    boolean to(List<Entry> entries);
  }

  private static boolean change(Change change) {
    synchronized (CHANGE) {
      List<Entry> entries =
          new ArrayList<>(Observer.installed() instanceof Observers now ? now.all : List.of());
      boolean changed = change.to(entries);
      Observer.install(entries.isEmpty() ? null : new Observers(List.copyOf(entries)));
      return changed;
    }
  }

  // ---- from this layer

  static void started(Node node) {
    if (Observer.installed() instanceof Observers now && isThread(node)) {
      now.tell(each -> each.started(node.handle));
    }
  }

  static void ended(Node node, Outcome<?> outcome) {
    if (Observer.installed() instanceof Observers now && isThread(node)) {
      now.tell(each -> each.ended(node.handle, outcome));
    }
  }

  static void toldToStop(Node node, Told told) {
    if (Observer.installed() instanceof Observers now && isThread(node)) {
      now.tell(each -> each.toldToStop(node.handle, told.reason()));
    }
  }

  static void overdue(Node node, long nanos) {
    if (Observer.installed() instanceof Observers now && isThread(node)) {
      now.tell(each -> each.overdue(node.handle, Duration.ofNanos(nanos)));
    }
  }

  private static boolean isThread(Node node) {
    return node.kind() != Node.Kind.ROOT && node.kind() != Node.Kind.SCOPE;
  }

  // ---- from the layers below

  @Override
  public @Nullable Runnable waiting(Surroundings self, Object blocker) {
    ManagedThread<?> thread = self instanceof Node node && isThread(node) ? node.handle : null;
    ThreadObserver.Wait sort = sortOf(blocker);
    Runnable first = null;
    List<Runnable> more = List.of();
    for (Entry entry : all) {
      Runnable after = waiting(entry, thread, sort, blocker);
      if (after != null && first == null) {
        first = after;
      } else if (after != null) {
        more = new ArrayList<>(more);
        more.add(after);
      }
    }
    if (first == null || more.isEmpty()) {
      return first;
    }
    more.addFirst(first);
    List<Runnable> each = more;
    return () -> each.forEach(Runnable::run);
  }

  private static @Nullable Runnable waiting(
      Entry entry, @Nullable ManagedThread<?> thread, ThreadObserver.Wait sort, Object blocker) {
    try {
      Runnable after = entry.observer.waiting(thread, sort, blocker);
      return after == null ? null : () -> entry.tell(_ -> after.run());
    } catch (Throwable broken) { // as in tell
      entry.failed(broken);
      return null;
    }
  }

  private static ThreadObserver.Wait sortOf(Object blocker) {
    return switch (blocker) {
      case Waiting _ -> ThreadObserver.Wait.SIGNAL;
      case Lock _ -> ThreadObserver.Wait.LOCK;
      case Blocker known ->
          switch (known.sort()) {
            case CHANCE -> ThreadObserver.Wait.CHANCE;
            case ELEMENT -> ThreadObserver.Wait.ELEMENT;
            case PLACE -> ThreadObserver.Wait.PLACE;
            case SELECT -> ThreadObserver.Wait.SELECT;
          };
      default -> ThreadObserver.Wait.OTHER;
    };
  }

  @Override
  public void timeCame(long lateNanos) {
    Duration late = Duration.ofNanos(lateNanos);
    tell(each -> each.timeCame(late));
  }

  @Override
  public void processStarted(String owner, long pid, String command) {
    tell(each -> each.processStarted(owner, pid, command));
  }

  @Override
  public void processEnded(String owner, long pid, String command, int exitCode, long nanos) {
    Duration lived = Duration.ofNanos(nanos);
    tell(each -> each.processEnded(owner, pid, command, exitCode, lived));
  }

  private void tell(Consumer<ThreadObserver> news) {
    for (Entry entry : all) {
      entry.tell(news);
    }
  }
}
