import java.util.concurrent.atomic.LongAdder;
import org.morethreads.sync.Signal;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.Outcome;
import org.morethreads.thread.ThreadObserver;
import org.morethreads.thread.ThreadTree;

/** Code that the Javadoc of {@link ThreadObserver} shows. */
final class ObserverSnippets {
  private ObserverSnippets() {}

  static Signal.Registration counting(LongAdder started, LongAdder failed) {
    // @start region=counting
    var registration =
        ThreadTree.observe(
            new ThreadObserver() {
              @Override
              public void started(ManagedThread<?> thread) {
                started.increment();
              }

              @Override
              public void ended(ManagedThread<?> thread, Outcome<?> outcome) {
                if (outcome instanceof Outcome.Failed<?>) {
                  failed.increment();
                }
              }
            });
    // later: registration.remove();
    // @end region=counting
    return registration;
  }
}
