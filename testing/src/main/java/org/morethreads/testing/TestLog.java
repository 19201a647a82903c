package org.morethreads.testing;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import org.jspecify.annotations.Nullable;
import org.morethreads.internal.Log;

/**
 * What was logged while a test ran, on the threads that belong to it: by this library, and by
 * others through {@code java.util.logging}, where {@link System.Logger} leads to by default. A test
 * under {@link ManagedThreads} may have it as a parameter, to look at what it expects and {@link
 * #take} it: what is taken does not make the test fail.
 *
 * {@snippet class="TestingSnippets" region="log"}
 *
 * <p><b>Thread safety.</b> Every method may be called from any thread without further
 * synchronization.
 *
 * @since 0.1
 */
public final class TestLog {
  private static final String OWN_LOGGER = "org.morethreads";

  private final Queue<Entry> entries = new ConcurrentLinkedQueue<>();

  TestLog() {}

  /**
   * Something that was logged.
   *
   * @param level its level
   * @param logger the name of the logger
   * @param message its text
   * @param failure the failure it reports, or null
   */
  public record Entry(
      System.Logger.Level level, String logger, String message, @Nullable Throwable failure) {
    /** Checks that nothing is null but the failure. */
    public Entry {
      Objects.requireNonNull(level, "level");
      Objects.requireNonNull(logger, "logger");
      Objects.requireNonNull(message, "message");
    }

    @Override
    public String toString() {
      return level + " " + logger + ": " + message + (failure == null ? "" : " (" + failure + ")");
    }
  }

  /** {@return what was logged so far and has not been taken, in order} */
  public List<Entry> entries() {
    return List.copyOf(entries);
  }

  /**
   * {@return the messages of a level so far that have not been taken, in order}
   *
   * @param level the level
   */
  public List<String> messages(System.Logger.Level level) {
    return entries.stream().filter(entry -> entry.level == level).map(Entry::message).toList();
  }

  /**
   * Takes the first entry of a level that contains some words.
   *
   * @param level its level
   * @param words a part of its message
   * @return the entry
   * @throws AssertionError if there is none, with all that there are
   */
  public Entry take(System.Logger.Level level, String words) {
    for (Entry entry : entries()) {
      if (entry.level == level && entry.message.contains(words) && entries.remove(entry)) {
        return entry;
      }
    }
    throw new AssertionError(
        "Nothing with \"" + words + "\" was logged at " + level + ", but: " + entries);
  }

  /**
   * Takes all entries of a level that contain some words.
   *
   * @param level their level
   * @param words a part of their messages; empty for all of the level
   * @return the entries, in order; empty if there are none
   */
  public List<Entry> takeAll(System.Logger.Level level, String words) {
    List<Entry> taken = new ArrayList<>();
    for (Entry entry : entries()) {
      if (entry.level == level && entry.message.contains(words) && entries.remove(entry)) {
        taken.add(entry);
      }
    }
    return List.copyOf(taken);
  }

  /**
   * Takes what this library has said of stops that took more than a second, and of threads that
   * were abandoned in them: for a test that provokes just that.
   *
   * @return the entries, in order
   * @throws AssertionError if there are none, with all that there are
   */
  public List<Entry> takeStopReports() {
    List<Entry> taken = new ArrayList<>();
    for (Entry entry : entries()) {
      if (isStopReport(entry) && entries.remove(entry)) {
        taken.add(entry);
      }
    }
    if (taken.isEmpty()) {
      throw new AssertionError(
          "Nothing was logged about a stop that took its time, but: " + entries);
    }
    return List.copyOf(taken);
  }

  private static boolean isStopReport(Entry entry) {
    return entry.logger.equals(OWN_LOGGER)
        && (entry.message.startsWith("The stop of ") || entry.message.startsWith("Abandoned "));
  }

  /** What is above a level, in order. */
  List<Entry> above(System.Logger.Level allowed) {
    return entries.stream()
        .filter(entry -> entry.level.getSeverity() > allowed.getSeverity())
        .toList();
  }

  void add(Entry entry) {
    entries.add(entry);
  }

  // ---- hearing

  /** The tests that run now. */
  private static final Set<TestRun> LISTENING = ConcurrentHashMap.newKeySet();

  private static final Object INSTALLING = new Object();
  private static @Nullable Runnable endForOthers;

  /** Who heard before: hears as well, and alone again at the end. */
  private static Log.@Nullable Listener before;

  static void listen(TestRun run) {
    synchronized (INSTALLING) {
      if (LISTENING.isEmpty()) {
        Log.Listener others = Log.listener();
        before = others;
        Log.setListener((level, message, failure) -> {
          heard(new Entry(level, OWN_LOGGER, message, failure));
          if (others != null) {
            others.logged(level, message, failure);
          }
        });
        try {
          endForOthers = ForOthers.begin();
        } catch (NoClassDefFoundError noSuchModule) {
          endForOthers = null; // only this library is heard
        }
      }
      LISTENING.add(run);
    }
  }

  static void stopListening(TestRun run) {
    synchronized (INSTALLING) {
      LISTENING.remove(run);
      if (LISTENING.isEmpty()) {
        Log.setListener(before);
        before = null;
        if (endForOthers != null) {
          endForOthers.run();
        }
        endForOthers = null;
      }
    }
  }

  /** A record of a thread that belongs to nobody is that of the only test, if there is only one. */
  private static void heard(Entry entry) {
    TestRun run = Ownership.current();
    if (run == null) {
      List<TestRun> running = new ArrayList<>(LISTENING);
      run = running.size() == 1 ? running.getFirst() : null;
    }
    if (run != null && LISTENING.contains(run)) {
      run.log().add(entry);
    }
  }

  /** Hears what others log through java.util.logging. */
  private static final class ForOthers extends Handler {
    private final Logger root = Logger.getLogger("");
    private final SimpleFormatter formatter = new SimpleFormatter();

    static Runnable begin() {
      ForOthers handler = new ForOthers();
      handler.root.addHandler(handler);
      return handler::close;
    }

    @Override
    public void publish(LogRecord each) {
      String logger = each.getLoggerName();
      if (!OWN_LOGGER.equals(logger)) {
        heard(
            new Entry(
                levelOf(each.getLevel().intValue()),
                logger == null ? "?" : logger,
                formatter.formatMessage(each),
                each.getThrown()));
      }
    }

    private static System.Logger.Level levelOf(int value) {
      if (value >= java.util.logging.Level.SEVERE.intValue()) {
        return System.Logger.Level.ERROR;
      }
      if (value >= java.util.logging.Level.WARNING.intValue()) {
        return System.Logger.Level.WARNING;
      }
      if (value >= java.util.logging.Level.INFO.intValue()) {
        return System.Logger.Level.INFO;
      }
      return value >= java.util.logging.Level.FINE.intValue()
          ? System.Logger.Level.DEBUG
          : System.Logger.Level.TRACE;
    }

    @Override
    public void flush() {}

    @Override
    public void close() {
      root.removeHandler(this);
    }
  }
}
