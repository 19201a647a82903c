import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import org.morethreads.sync.Lock;
import org.morethreads.sync.Signal;

/** The examples in the documentation of the lock. */
final class LockSnippets {
  private final Lock lock = Lock.create("todo");
  private final Deque<Runnable> todo = new ArrayDeque<>();

  void add(Runnable work) throws InterruptedException {
    lock.run(() -> todo.add(work));
  }

  // @start region=todo
  void work(Signal pleaseStop) throws InterruptedException {
    while (!pleaseStop.isSignalled()) {
      Runnable next;
      try (var held = lock.acquire()) {
        while (todo.isEmpty() && !pleaseStop.isSignalled()) {
          held.await(Duration.ofSeconds(1)); // woken by whoever leaves a block of this lock
        }
        next = todo.poll();
      }
      if (next != null) {
        next.run(); // outside the lock
      }
    }
  }
  // @end region=todo
}
