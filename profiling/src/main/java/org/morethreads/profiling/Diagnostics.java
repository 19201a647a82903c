package org.morethreads.profiling;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import javax.management.InstanceAlreadyExistsException;
import javax.management.JMException;
import javax.management.ObjectName;
import org.jspecify.annotations.Nullable;
import org.morethreads.internal.Log;
import org.morethreads.sync.Signal;
import org.morethreads.thread.ManagedThread;
import org.morethreads.thread.ThreadObserver;
import org.morethreads.thread.ThreadTree;

/**
 * Makes a program that runs tell what its threads do: trees can be dumped through JMX and from the
 * command line, and recordings of Flight Recorder have {@linkplain ThreadEvents events} of them. It
 * costs nothing until somebody asks.
 *
 * <p>Called by the program, or by {@code -Dorg.morethreads.diagnostics=true} when the main tree is
 * first used. {@code -Dorg.morethreads.diagnostics.dumps=DIR} besides has a dump written as JSON
 * when a stop is overdue.
 *
 * <p><b>Thread safety.</b> Every method may be called from any thread without further
 * synchronization.
 *
 * @since 0.1
 */
public final class Diagnostics {
  /** The name of the MBean, a {@link TreesMXBean}. */
  public static final String NAME = "org.morethreads:type=Trees";

  private static final AtomicBoolean ENABLED = new AtomicBoolean();

  private Diagnostics() {}

  /** Registers the MBean, and has recordings contain events. Repeating it does nothing. */
  public static void enable() {
    if (!ENABLED.compareAndSet(false, true)) {
      return;
    }
    ThreadEvents.enable();
    try {
      ManagementFactory.getPlatformMBeanServer().registerMBean(new Trees(), new ObjectName(NAME));
    } catch (InstanceAlreadyExistsException e) {
      Log.warning(
          "\"" + NAME + "\" is registered already, by another class loader: that one answers.");
    } catch (JMException e) {
      throw new IllegalStateException("\"" + NAME + "\" cannot be registered.", e);
    }
    String directory = System.getProperty("org.morethreads.diagnostics.dumps");
    if (directory != null) {
      Signal.Registration _ = dumpOverdueStopsInto(Path.of(directory));
    }
  }

  /**
   * Has a tree dumped as JSON when one of its threads does not stop in time: when the log names it
   * first, and then at most once for each interval of its reports.
   *
   * @param directory where the files go; made if it is not there
   * @return a handle to end that
   */
  public static Signal.Registration dumpOverdueStopsInto(Path directory) {
    return ThreadTree.observe(new OverdueDumps(directory));
  }

  private static final class OverdueDumps implements ThreadObserver {
    private static final DateTimeFormatter STAMP =
        DateTimeFormatter.ofPattern("yyyyMMdd_HHmmss_SSS");

    private final Path directory;
    private final AtomicLong lastNanos = new AtomicLong(System.nanoTime() - 1_000_000_000L);

    OverdueDumps(Path directory) {
      this.directory = directory;
    }

    @Override
    public void overdue(ManagedThread<?> thread, Duration since) {
      long last = lastNanos.get();
      long now = System.nanoTime();
      // many threads may be late at once: one dump shows them all
      if (now - last >= 500_000_000L && lastNanos.compareAndSet(last, now)) {
        Path file =
            directory.resolve(
                "overdue_"
                    + thread.tree().name()
                    + "_"
                    + STAMP.format(LocalDateTime.now(ZoneId.systemDefault()))
                    + ".json");
        try {
          Files.createDirectories(directory);
          thread.tree().dumpJson(file);
        } catch (IOException e) {
          throw new UncheckedIOException(e); // for the log, once
        }
      }
    }
  }

  /** All trees as text. */
  static void dump(List<ThreadTree> trees, Appendable out) throws IOException {
    for (ThreadTree tree : trees) {
      tree.dumpTo(out);
    }
  }

  /** All trees as JSON. */
  static void dumpJson(List<ThreadTree> trees, Appendable out) throws IOException {
    String separator = "[";
    for (ThreadTree tree : trees) {
      out.append(separator);
      separator = ",";
      tree.dumpJsonTo(out);
    }
    out.append(trees.isEmpty() ? "[]" : "]");
  }

  private interface Dump {
    void to(List<ThreadTree> trees, Appendable out) throws IOException;
  }

  private static final class Trees implements TreesMXBean {
    @Override
    public String[] getTrees() {
      return ThreadTree.openTrees().stream().map(ThreadTree::name).toArray(String[]::new);
    }

    @Override
    public int getThreadCount() {
      return ThreadTree.openTrees().stream().mapToInt(ThreadTree::threadCount).sum();
    }

    @Override
    public String dump() {
      return text(Diagnostics::dump);
    }

    @Override
    public String dumpJson() {
      return text(Diagnostics::dumpJson);
    }

    private static String text(Dump dump) {
      StringBuilder text = new StringBuilder();
      try {
        dump.to(ThreadTree.openTrees(), text);
      } catch (IOException e) {
        throw new UncheckedIOException(e); // a string builder throws none
      }
      return text.toString();
    }

    @Override
    public void dumpToFile(@Nullable String file) throws IOException {
      if (file == null || file.isEmpty()) {
        throw new IllegalArgumentException("Name the file to dump to.");
      }
      Dump dump = file.endsWith(".json") ? Diagnostics::dumpJson : Diagnostics::dump;
      try (BufferedWriter out = Files.newBufferedWriter(Path.of(file))) {
        dump.to(ThreadTree.openTrees(), out);
      }
    }
  }
}
