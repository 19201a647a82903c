import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.morethreads.profiling.Profiler;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.ThreadTree;

/** The examples in the documentation of the profiler. */
final class ProfilerSnippets {
  private ProfilerSnippets() {}

  static void part(Path directory) throws Exception {
    // @start region=part
    var profile =
        Profiler.into(directory)
            .allocation()
            .run(_ -> {
              try (var tree = ThreadTree.open("import")) {
                var first = tree.run("parser-1", pleaseStop -> parse());
                tree.run("parser-2", pleaseStop -> parse()).join();
                first.join();
              }
            });
    System.out.println(profile.coverage());
    System.out.println(profile.time("import/parser-*"));
    // @end region=part
  }

  static void program() throws IOException, InterruptedException {
    // @start region=program
    Profiler.into(Path.of("profiles")).interval(Duration.ofMillis(5)).start();
    ManagedThread.run("server", pleaseStop -> pleaseStop.await());
    ThreadTree.main()
        .awaitShutdown(); // Ctrl-C; when all threads have stopped the profile is written
    // @end region=program
  }

  static void both(Path directory) throws Exception {
    // @start region=both
    Profiler.into(Path.of("profiles")).interval(Duration.ofMillis(5)).start(); // till the end

    var profile = Profiler.into(directory).allocation().run(_ -> importAll()); // or of a part
    System.out.println(profile.time("import/parser-*"));
    // @end region=both
  }

  private static void importAll() throws InterruptedException {
    try (var tree = ThreadTree.open("import")) {
      tree.run("parser-1", _ -> parse()).join();
    }
  }

  private static void parse() {}
}
