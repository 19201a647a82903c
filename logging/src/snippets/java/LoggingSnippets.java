import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.morethreads.logging.LineSink;
import org.morethreads.logging.LogWriter;
import org.morethreads.logging.micrometer.MicrometerContext;
import org.morethreads.thread.ContextCarrier;
import org.morethreads.thread.ManagedThread;

/** What the documentation of the log writer shows. */
final class LoggingSnippets {
  private LoggingSnippets() {}

  static void merge(Path file) throws IOException {
    // @start region="merge"
    LogWriter<CharSequence> log = LogWriter.start("services", LineSink.file(file));
    for (String name : new String[] {"web", "mail"}) {
      ManagedThread.run(
          name,
          pleaseStop -> {
            do {
              log.write(name + " is alive"); // whole lines, in the order of each service
            } while (!pleaseStop.await(Duration.ofSeconds(5)));
            log.write(name + " stops"); // is in the file when the program has ended
          });
    }
    // @end
  }

  static void micrometer() {
    // @start region="micrometer"
    ContextCarrier.register(new MicrometerContext());
    // @end
  }
}
