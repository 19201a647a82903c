import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.morethreads.sync.Signal;
import org.morethreads.thread.Adoption;
import org.morethreads.thread.ContextCarrier;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.StopPolicy;
import org.morethreads.thread.ThreadTree;

/** The examples in the documentation of threads and the tree. */
final class ThreadSnippets {
  private ThreadSnippets() {}

  static int run() throws InterruptedException {
    // @start region=run
    ManagedThread.run(
        "beat",
        pleaseStop -> {
          while (!pleaseStop.await(Duration.ofSeconds(5))) {
            System.out.println("still here");
          }
        });

    var answer = ManagedThread.call("thinker", pleaseStop -> 6 * 7);
    int result = answer.join(); // or throws what the task threw
    // @end region=run
    return result;
  }

  static void builder(Signal userCancel) throws InterruptedException {
    // @start region=builder
    var database =
        ManagedThread.named("database")
            .platform()
            .stopPolicy(StopPolicy.standard().withAsk(Duration.ofSeconds(2)))
            .run(pleaseStop -> pleaseStop.await());

    var web =
        ManagedThread.named("web")
            .needs(database) // the database is told to stop only after this has stopped
            .stopWhen(userCancel)
            .run(pleaseStop -> {
              ManagedThread.current().signalReady();
              pleaseStop.await();
            });
    web.awaitReady();
    // @end region=builder
  }

  // @start region=adopt
  static void onMessage(String text) {
    try (Adoption adoption = ManagedThread.adopt()) { // a thread of somebody's pool
      if (!adoption.pleaseStop().isSignalled()) {
        System.out.println(adoption.thread().path() + ": " + text);
      }
    }
  }

  // @end region=adopt

  static void startSeveral(ManagedThread.Task store, ManagedThread.Task serve)
      throws InterruptedException {
    // @start region=startSeveral
    ThreadTree tree = ThreadTree.main();
    try (var _ = ManagedThread.adopt()) { // a stop waits until all threads are there
      var database = tree.run("database", store);
      tree.named("web").needs(database).run(serve);
    }
    tree.awaitShutdown();
    // @end region=startSeveral
  }

  // @start region=carrier
  private static final ThreadLocal<String> USER = new ThreadLocal<>();

  static void carryUser() {
    ContextCarrier.register(
        new ContextCarrier() {
          @Override
          public @Nullable Object capture() {
            return USER.get();
          }

          @Override
          public void install(Object captured) {
            USER.set((String) captured);
          }
        });
  }

  // @end region=carrier

  // @start region=main
  public static void main(String... arguments) throws InterruptedException {
    ManagedThread.run("server", pleaseStop -> pleaseStop.await());
    ThreadTree.main().awaitShutdown(); // Ctrl-C, SIGTERM, or ThreadTree.main().stop()
    System.out.println("all stopped");
  }
  // @end region=main
}
