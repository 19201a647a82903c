import java.time.Duration;
import org.morethreads.sync.OpenSignal;
import org.morethreads.sync.Progress;
import org.morethreads.sync.Signal;
import org.morethreads.sync.Till;

/** The examples in the documentation of signals. */
final class SignalSnippets {
  private int blocks;

  void doOneBlockOfWork() {
    blocks++;
  }

  // @start region=worker
  void work(Signal pleaseStop) throws InterruptedException {
    while (!pleaseStop.isSignalled()) {
      doOneBlockOfWork();
      pleaseStop.await(Duration.ofSeconds(10)); // rest, but wake at once to stop
    }
  }

  // @end region=worker

  boolean worksTillStopped(Signal userCancel) throws InterruptedException {
    // @start region=till
    Signal enough = userCancel.or(Till.after(Duration.ofMinutes(6)));
    while (!enough.isSignalled()) {
      doOneBlockOfWork();
      enough.await(Duration.ofSeconds(1));
    }
    // @end region=till
    return enough.isSignalled();
  }

  int blocks() {
    return blocks;
  }

  static boolean progress(Signal pleaseStop) throws InterruptedException {
    // @start region=progress
    Progress written = Progress.create("rows written");
    OpenSignal half = Signal.create("half done");
    written.reached(50).then(half::go);
    for (int row = 0; row < 100; row++) {
      written.advance();
    }
    written.end();
    // @end region=progress
    return half.await(pleaseStop);
  }
}
