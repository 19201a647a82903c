package org.morethreads.thread;

import java.lang.StackWalker.StackFrame;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Where threads are started, so that the stack trace of a failure goes on beyond the thread's
 * boundary (H8).
 */
final class StartSite {
  /*
   * Walking the stack costs several times what starting a virtual thread does. So the line is remembered for each class of task,
   * which for a lambda means for each place in the source: as long as all starts looked at so far came from one line, only each
   * 64th start is looked at, later each 512th, and a trace says of the others that the line is that of the starts before. A task
   * class that was started from two lines is always looked at.
   */
  private static final String OURS = "org.morethreads.";

  /** The classes through which threads are started; their frames say nothing. */
  private static final Set<String> ENTRANCES =
      Set.of(
          OURS + "process.Command",
          OURS + "process.ManagedProcess",
          OURS + "process.ProcessTask",
          OURS + "process.ProgramBuilder",
          OURS + "thread.StartSite",
          OURS + "thread.Node",
          OURS + "thread.ManagedThread",
          OURS + "thread.OpenScope",
          OURS + "thread.Race",
          OURS + "thread.Scope",
          OURS + "thread.ScopeLife",
          OURS + "thread.ThreadBuilder",
          OURS + "thread.ThreadTree",
          OURS + "work.Actor",
          OURS + "work.JobBuilder",
          OURS + "work.PoolExecutor",
          OURS + "work.Repeat",
          OURS + "work.Schedule",
          OURS + "work.ThreadPool");

  private static final StackTraceElement[] NONE = {};
  private static final int TRUSTED_AFTER = 64;
  private static final int TRUSTED_MORE_AFTER = 4096;
  private static final int TRUSTED_MORE = 512;

  /** One failure that many threads throw would grow by each of them. */
  static final int MOST_BOUNDARIES = 16;

  private static final String BOUNDARY = "----- thread \"";

  /** Stands first where the line was not looked at, but taken from the starts before. */
  private static final StackTraceElement ASSUMED = new StackTraceElement("-", "-", null, -1);

  /**
   * Whether no stack was looked at yet. The first one is that of an exception: to load what walks
   * stacks takes 10 ms, of which a program that starts few threads has nothing. A race does it
   * twice.
   */
  private static boolean isFirst = true;

  private StartSite() {}

  private static final class Settings {
    /** Whether whole stacks are kept: for tests, and for those who can pay. */
    static final boolean WHOLE = Boolean.getBoolean("org.morethreads.wholeStartStacks");
  }

  /** What is known of the starts of one class of task. A race loses a count or walks once more. */
  private static final class Known {
    private volatile StackTraceElement @Nullable [] line;
    private volatile StackTraceElement[] assumed = NONE;
    private int seen;
    private boolean varies;
  }

  private static final ClassValue<Known> KNOWN =
      new ClassValue<>() {
        @Override
        protected Known computeValue(Class<?> type) {
          return new Known();
        }
      };

  /** The line that started a thread, in words; null when it is not known. */
  static @Nullable String line(StackTraceElement @Nullable [] from) {
    int first = from != null && from.length > 0 && from[0] == ASSUMED ? 1 : 0;
    return from == null || from.length <= first ? null : from[first].toString();
  }

  /** The line from which the library was called. */
  static StackTraceElement[] here() {
    return walk(Settings.WHOLE ? Integer.MAX_VALUE : 1);
  }

  static StackTraceElement[] capture(Object task, ThreadTree tree) {
    if (Settings.WHOLE || tree.keepsWholeStarts()) {
      return walk(Integer.MAX_VALUE);
    }
    Known known = KNOWN.get(identity(task));
    int seen = known.seen++;
    StackTraceElement[] line = known.line;
    if (line != null && !known.varies && isTrusted(seen)) {
      return known.assumed;
    }
    StackTraceElement[] walked = walk(1);
    if (line == null) {
      known.assumed = walked.length == 0 ? NONE : new StackTraceElement[] {ASSUMED, walked[0]};
      known.line = walked;
    } else if (!java.util.Arrays.equals(line, walked)) {
      known.varies = true;
    }
    return walked;
  }

  private static boolean isTrusted(int seen) {
    int each = seen > TRUSTED_MORE_AFTER || seen < 0 ? TRUSTED_MORE : TRUSTED_AFTER;
    return (seen > TRUSTED_AFTER || seen < 0) && seen % each != 0;
  }

  private static Class<?> identity(Object task) {
    Object own = task;
    if (own instanceof Options.Carrying carrying) {
      own = carrying.task();
    }
    if (own instanceof ManagedThread.Wrapped wrapped) {
      own = wrapped.task();
    }
    return own.getClass();
  }

  private static StackTraceElement[] walk(int most) {
    if (isFirst && most == 1) { // a whole stack may be deeper than an exception shows
      isFirst = false;
      StackTraceElement[] found = first(new Throwable().getStackTrace());
      if (found.length > 0) { // else the JVM fills in none
        return found;
      }
    }
    return StackWalker.getInstance().walk(frames -> firstOf(frames.iterator(), most));
  }

  private static StackTraceElement[] first(StackTraceElement[] stack) {
    for (StackTraceElement element : stack) {
      if (!isOurs(element.getClassName())) {
        return new StackTraceElement[] {element};
      }
    }
    return NONE;
  }

  /** By an iterator, which needs fewer classes than the stages of a stream. */
  private static StackTraceElement[] firstOf(Iterator<StackFrame> frames, int most) {
    List<StackTraceElement> found = new ArrayList<>();
    while (found.size() < most && frames.hasNext()) {
      StackFrame frame = frames.next();
      if (!isOurs(frame.getClassName())) {
        found.add(frame.toStackTraceElement());
      }
    }
    return found.toArray(NONE);
  }

  private static boolean isOurs(String name) {
    if (!name.startsWith(OURS)) {
      return false;
    }
    int nested = name.indexOf('$');
    return ENTRANCES.contains(nested < 0 ? name : name.substring(0, nested));
  }

  /** Appends the start of a thread to what its task threw; not when the heap is full. */
  static void append(Throwable failure, Node node) {
    try {
      appendIfNew(failure, node);
    } catch (OutOfMemoryError full) {
      // the failure itself matters more
    }
  }

  private static void appendIfNew(Throwable failure, Node node) {
    StackTraceElement[] from = node.startedFrom;
    if (from == null || from.length == 0) {
      return;
    }
    try {
      append(failure, node, from);
    } catch (
        Throwable broken) { // of a failure whose methods fail, or memory: the trace stays as it is
      return;
    }
  }

  private static void append(Throwable failure, Node node, StackTraceElement[] from) {
    StackTraceElement[] own = failure.getStackTrace();
    String marker = BOUNDARY + node.describe() + "\"";
    int boundaries = 0;
    for (StackTraceElement element : own) {
      if (element.getClassName().startsWith(BOUNDARY)
          && (element.getClassName().equals(marker) || ++boundaries == MOST_BOUNDARIES)) {
        return; // the same exception came this way before, or is thrown by very many
      }
    }
    List<StackTraceElement> whole = new ArrayList<>(own.length + from.length + 1);
    whole.addAll(List.of(own));
    boolean assumed = from[0] == ASSUMED;
    whole.add(
        new StackTraceElement(
            marker,
            "started by \"" + starterOf(node) + "\"",
            assumed ? "as those with this task before it" : "as follows",
            -1));
    whole.addAll(List.of(from).subList(assumed ? 1 : 0, from.length));
    failure.setStackTrace(whole.toArray(NONE));
  }

  private static String starterOf(Node node) {
    Node parent = node.parent;
    return parent == null ? "nobody" : parent.describe();
  }
}
