package org.morethreads.internal;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * What the program still needs while its trees stop, and what ends after the last of them (H11):
 * the profiler, the log writers, then the logging frameworks. Kept here, asked to finish by the end
 * of the program.
 *
 * <p>Every method may be called from any thread.
 */
public final class Services {
  /*
   *     OPEN -> FINISHED   // the end of the program, after the last stage
   *
   * Each stage is taken as a whole, under the monitor of the list, and asked to finish outside of it. Who adds to a stage that has
   * been taken is told so, and finishes itself.
   */

  /** When a service is asked to finish; in this order. */
  public enum Stage {
    /** While the log can still be told. */
    PROFILER,
    /** After everybody who may log. */
    LOG,
    /** What the log writers write to: logging frameworks whose own shutdown was taken over. */
    FRAMEWORK
  }

  /** What ends after the last tree. */
  @FunctionalInterface
  public interface Service {
    /**
     * The last tree has stopped: finishes what is under way. Called once, on a thread of its own,
     * beside the others of its stage. Throws nothing that matters: it would only be logged.
     *
     * @param until when nobody waits any longer, by {@link System#nanoTime}
     */
    void finish(long until);
  }

  private record Entry(Stage stage, Service service) {}

  private static final Object MONITOR = new Object();
  private static final List<Entry> ENTRIES = new ArrayList<>();

  /** The stages that have been taken. */
  private static final Set<Stage> TAKEN = EnumSet.noneOf(Stage.class);

  /** How long it may take what is done before the JVM is halted. */
  private static final long LAST_MOMENT_MILLIS = 500;

  private static final List<Runnable> BEFORE_HALT = new CopyOnWriteArrayList<>();

  private Services() {}

  /**
   * Adds a service. The caller sees to it that there is a main tree, whose end is that of the
   * program.
   *
   * @param stage when it is asked to finish
   * @param service the service
   * @return whether it will be asked; false when its stage is over
   */
  public static boolean add(Stage stage, Service service) {
    synchronized (MONITOR) {
      return !TAKEN.contains(stage) && ENTRIES.add(new Entry(stage, service));
    }
  }

  /**
   * Forgets a service, which has ended by itself.
   *
   * @param service the service
   * @return whether it would have been asked to finish
   */
  public static boolean remove(Service service) {
    synchronized (MONITOR) {
      return ENTRIES.removeIf(entry -> entry.service() == service);
    }
  }

  /**
   * Takes out the services of a stage; from now on none can be added to it.
   *
   * @param stage the stage
   * @return its services, in the order in which they were added
   */
  public static List<Service> take(Stage stage) {
    synchronized (MONITOR) {
      TAKEN.add(stage);
      List<Service> found = new ArrayList<>();
      for (Iterator<Entry> entries = ENTRIES.iterator(); entries.hasNext(); ) {
        Entry entry = entries.next();
        if (entry.stage() == stage) {
          found.add(entry.service());
          entries.remove();
        }
      }
      return found;
    }
  }

  /**
   * Adds what is to be done before the JVM is {@linkplain #halt halted}: in a moment, without
   * waiting for anybody.
   *
   * @param deed what to do
   */
  public static void beforeHalt(Runnable deed) {
    BEFORE_HALT.add(deed);
  }

  /**
   * Halts the JVM, after what is to be done before, all of which has half a second.
   *
   * @param status the exit status
   */
  public static void halt(int status) {
    try {
      Thread helper =
          Thread.ofPlatform()
              .daemon()
              .name("more-threads-before-halt")
              .unstarted(() -> BEFORE_HALT.forEach(Services::tryToDo));
      helper.start();
      helper.join(LAST_MOMENT_MILLIS);
    } catch (InterruptedException | OutOfMemoryError e) {
      // then without
    } finally {
      Runtime.getRuntime().halt(status);
    }
  }

  private static void tryToDo(Runnable deed) {
    try {
      deed.run();
    } catch (Throwable broken) { // the others have their moment, too
      Log.error("Something that was to be done before the JVM is halted failed.", broken);
    }
  }
}
