package org.morethreads.testing;

import java.lang.StackWalker.StackFrame;
import java.lang.ref.WeakReference;
import java.security.CodeSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which test a thread belongs to: the one whose code, or whose threads' code, has made it. An
 * inheritable thread-local hands the test on, and tells of every thread that is made with it.
 *
 * <p>Not seen are threads that are made without inheritance: those of the JDK's own pools, such as
 * the common pool and the carriers, and those that a program makes with {@code
 * inheritInheritableThreadLocals(false)}. Managed threads are made so too, but enter by {@link
 * #enter}. A thread that the JDK makes for itself while it is called by a test – in a package that
 * it does not export, or when it initializes a class – belongs to the JDK; one made by JUnit
 * belongs to JUnit.
 */
final class Ownership {
  private static final int MOST_FRAMES = 8;

  private static final String OWN_NAME = Ownership.class.getName();

  private static final StackWalker WALKER =
      StackWalker.getInstance(StackWalker.Option.RETAIN_CLASS_REFERENCE);

  private static final Set<String> OWN_PLACES = ownPlaces();

  private static final InheritableThreadLocal<@Nullable Mark> MARK =
      new InheritableThreadLocal<>() {
        @Override
        protected @Nullable Mark childValue(@Nullable Mark parent) {
          return parent == null ? null : parent.made();
        }
      };

  private Ownership() {}

  /**
   * The mark of one thread. It is referred to by the thread alone, so that it is garbage when the
   * thread has ended; nobody else may keep it.
   */
  private static final class Mark {
    private final TestRun run;

    /** The number of a thread that was made before any of those that this thread will make. */
    private long before;

    Mark(TestRun run, long before) {
      this.run = run;
      this.before = before;
    }

    /** Called in the constructor of a thread, by the thread that makes it. */
    @Nullable Mark made() {
      long after = nextThreadId(); // first of all: little may come between
      Site site = Site.look();
      if (site.maker == Maker.JDK) {
        return null;
      }
      Mark mark = new Mark(run, after);
      if (site.maker == Maker.TEST) {
        run.aliens()
            .add(
                new Alien(
                    new WeakReference<>(mark),
                    before,
                    after,
                    site.isVirtual,
                    site.startsAtOnce,
                    List.copyOf(site.frames)));
      }
      before = after;
      return mark;
    }
  }

  /**
   * A thread outside of the tree that a test has made.
   *
   * @param mark what only the thread refers to
   * @param before its number is above this
   * @param after its number is below this, mostly the one before it
   * @param isVirtual whether it is virtual
   * @param startsAtOnce whether what made it starts it as well
   * @param madeAt the stack of its maker, beginning with the first line that is not the JDK's
   */
  record Alien(
      WeakReference<?> mark,
      long before,
      long after,
      boolean isVirtual,
      boolean startsAtOnce,
      List<StackTraceElement> madeAt) {}

  /** {@return the test that the calling thread belongs to, or null} */
  static @Nullable TestRun current() {
    Mark mark = MARK.get();
    return mark == null ? null : mark.run;
  }

  /** From now on the calling thread belongs to a test; to none when that is null. */
  static void enter(@Nullable TestRun run) {
    if (run == null) {
      MARK.remove();
    } else {
      MARK.set(new Mark(run, nextThreadId()));
    }
  }

  /** Threads are numbered in the order in which they are made. */
  private static long nextThreadId() {
    return Thread.ofVirtual().inheritInheritableThreadLocals(false).unstarted(() -> {}).threadId();
  }

  private enum Maker {
    TEST,
    JDK,
    /** This library, or JUnit: not reported, but what it makes in turn may be. */
    FRAMEWORK
  }

  /** Where a thread is made. */
  private static final class Site {
    private Maker maker = Maker.FRAMEWORK;
    private boolean isVirtual;
    private boolean startsAtOnce;
    private final List<StackTraceElement> frames = new ArrayList<>();

    static Site look() {
      Site site = new Site();
      WALKER.walk(frames -> {
        frames
            .dropWhile(frame -> frame.getClassName().startsWith(OWN_NAME))
            .takeWhile(site::isToGoOn)
            .forEach(_ -> {});
        return null;
      });
      return site;
    }

    /** Looks at one frame, the innermost first; answers whether to go on to the next. */
    private boolean isToGoOn(StackFrame frame) {
      if (!frames.isEmpty()) {
        frames.add(frame.toStackTraceElement());
        return frames.size() < MOST_FRAMES;
      }
      Class<?> type = frame.getDeclaringClass();
      Module module = type.getModule();
      if (isOfJdk(module)) {
        isVirtual |= type.getName().equals("java.lang.VirtualThread");
        startsAtOnce |= isStart(type, frame.getMethodName());
        if (module.isExported(type.getPackageName()) && !isInitializer(frame)) {
          return true;
        }
        maker = Maker.JDK;
        return false;
      }
      if (isOfFramework(type)) {
        return false;
      }
      maker = Maker.TEST;
      frames.add(frame.toStackTraceElement());
      return true;
    }

    /** Whether a method of the JDK's starts the threads that it makes. */
    private static boolean isStart(Class<?> type, String method) {
      return switch (type.getPackageName()) {
        case "java.lang" -> method.equals("start") || method.equals("startVirtualThread");
        case "java.util.concurrent" -> true; // executors of all kinds
        default -> false;
      };
    }

    /** What a class of the JDK makes when it is initialized is for the whole JVM. */
    private static boolean isInitializer(StackFrame frame) {
      return frame.getMethodName().equals("<clinit>");
    }

    private static boolean isOfJdk(Module module) {
      String name = module.getName();
      return name != null
          && (name.startsWith("java.") || name.startsWith("jdk."))
          && module.getLayer() == ModuleLayer.boot();
    }

    private static boolean isOfFramework(Class<?> type) {
      String name = type.getName();
      return name.startsWith("org.junit.")
          || (name.startsWith("org.morethreads.") && OWN_PLACES.contains(placeOf(type)));
    }
  }

  /** Where this library's classes come from: a test of its own comes from somewhere else. */
  private static Set<String> ownPlaces() {
    Set<String> places = new HashSet<>();
    for (Class<?> type : List.of(org.morethreads.internal.Time.class, Ownership.class)) {
      String place = placeOf(type);
      if (place != null) {
        places.add(place);
      }
    }
    return places;
  }

  private static @Nullable String placeOf(Class<?> type) {
    CodeSource source = type.getProtectionDomain().getCodeSource();
    return source == null ? null : String.valueOf(source.getLocation());
  }
}
