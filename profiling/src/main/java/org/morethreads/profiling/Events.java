package org.morethreads.profiling;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Threshold;
import jdk.jfr.Timespan;

/** The events of JDK Flight Recorder. Their names and fields are part of the API. */
@SuppressWarnings("unused") // the fields are read by Flight Recorder
final class Events {
  static final String PREFIX = "org.morethreads.";

  private Events() {}

  /** What a thread waits for, in words. */
  static String words(Object blocker) {
    String name = blocker.getClass().getName();
    return name.startsWith(PREFIX) ? blocker.toString() : name;
  }

  /** The queue of which somebody waits for a place. */
  static String queueOf(Object place) {
    String words = place.toString();
    return words.startsWith("a place in ") ? words.substring("a place in ".length()) : words;
  }

  /** A managed thread is being started; recorded by its starter. */
  @Name(PREFIX + "ThreadStart")
  @Label("Managed Thread Start")
  @Category({"More Threads"})
  @StackTrace(false)
  static final class ThreadStart extends Event {
    @Label("Path")
    String path = "";

    @Label("Managed Thread Id")
    @Description("The id of the Java thread that was started")
    long managedThreadId;

    @Label("Virtual")
    boolean virtual;

    @Label("Adopted")
    boolean adopted;

    @Label("Started By")
    String startedBy = "";

    @Label("CPU Time")
    @Description("What the platform thread had used by then; 0 of a virtual one, and when unknown")
    @Timespan(Timespan.NANOSECONDS)
    long cpuTime;
  }

  /** A managed thread has stopped, and its children have. */
  @Name(PREFIX + "ThreadEnd")
  @Label("Managed Thread End")
  @Category({"More Threads"})
  @StackTrace(false)
  static final class ThreadEnd extends Event {
    @Label("Path")
    String path = "";

    @Label("Managed Thread Id")
    long managedThreadId;

    @Label("Outcome")
    String outcome = "";

    @Label("CPU Time")
    @Description("What the platform thread had used by then; 0 of a virtual one, and when unknown")
    @Timespan(Timespan.NANOSECONDS)
    long cpuTime;
  }

  /** A managed thread is there when a recording begins or ends. */
  @Name(PREFIX + "ThreadPresent")
  @Label("Managed Thread Present")
  @Category({"More Threads"})
  @StackTrace(false)
  static final class ThreadPresent extends Event {
    @Label("Path")
    String path = "";

    @Label("Managed Thread Id")
    long managedThreadId;

    @Label("Virtual")
    boolean virtual;

    @Label("At End")
    boolean atEnd;

    @Label("Waits For")
    String waitsFor = "";

    @Label("CPU Time")
    @Description("What the platform thread had used by then; 0 of a virtual one, and when unknown")
    @Timespan(Timespan.NANOSECONDS)
    long cpuTime;
  }

  /** A managed thread was told to stop. */
  @Name(PREFIX + "StopRequested")
  @Label("Stop Requested")
  @Category({"More Threads"})
  @StackTrace(false)
  static final class StopRequested extends Event {
    @Label("Path")
    String path = "";

    @Label("Managed Thread Id")
    long managedThreadId;

    @Label("Kind")
    String kind = "";

    @Label("By")
    String by = "";

    @Label("Reason")
    String reason = "";
  }

  /** A managed thread has not stopped in time. */
  @Name(PREFIX + "StopOverdue")
  @Label("Stop Overdue")
  @Category({"More Threads"})
  @StackTrace(false)
  static final class StopOverdue extends Event {
    @Label("Path")
    String path = "";

    @Label("Managed Thread Id")
    long managedThreadId;

    @Label("Since")
    @Timespan(Timespan.NANOSECONDS)
    long since;
  }

  /** A managed thread has failed. */
  @Name(PREFIX + "ThreadFailure")
  @Label("Managed Thread Failure")
  @Category({"More Threads"})
  @StackTrace(false)
  static final class ThreadFailure extends Event {
    @Label("Path")
    String path = "";

    @Label("Managed Thread Id")
    long managedThreadId;

    @Label("Thrown Class")
    Class<?> thrownClass = Throwable.class;

    @Label("Message")
    String message = "";
  }

  /** A thread has slept in the library until something came. */
  @Name(PREFIX + "Wait")
  @Label("Wait")
  @Category({"More Threads"})
  @Threshold("10 ms")
  static final class Wait extends Event {
    @Label("Path")
    String path = "";

    @Label("Sort")
    String sort = "";

    @Label("What")
    String what = "";
  }

  /** A thread must wait for a place in a queue. */
  @Name(PREFIX + "QueueFull")
  @Label("Queue Full")
  @Category({"More Threads"})
  @StackTrace(false)
  static final class QueueFull extends Event {
    @Label("Path")
    String path = "";

    @Label("Queue")
    String queue = "";
  }

  /** A process was started. */
  @Name(PREFIX + "ProcessStart")
  @Label("Managed Process Start")
  @Category({"More Threads"})
  @StackTrace(false)
  static final class ProcessStart extends Event {
    @Label("Path")
    String path = "";

    @Label("Process Id")
    long pid;

    @Label("Command")
    String command = "";
  }

  /** A process has ended. */
  @Name(PREFIX + "ProcessEnd")
  @Label("Managed Process End")
  @Category({"More Threads"})
  @StackTrace(false)
  static final class ProcessEnd extends Event {
    @Label("Path")
    String path = "";

    @Label("Process Id")
    long pid;

    @Label("Command")
    String command = "";

    @Label("Exit Code")
    int exitCode;

    @Label("Lived")
    @Timespan(Timespan.NANOSECONDS)
    long lived;
  }

  /** What a profile covers; recorded by the profiler as the last event. */
  @Name(PREFIX + "Coverage")
  @Label("Profile Coverage")
  @Category({"More Threads"})
  @StackTrace(false)
  @Enabled(true)
  static final class Coverage extends Event {
    @Label("Begin")
    @Description("Milliseconds since the epoch")
    long beginMillis;

    @Label("End")
    @Description("Milliseconds since the epoch")
    long endMillis;

    @Label("Begin After JVM Start")
    @Timespan(Timespan.NANOSECONDS)
    long afterJvmStart;

    @Label("CPU Time")
    @Description("What Java threads have used while this was recorded; 0 when unknown")
    @Timespan(Timespan.NANOSECONDS)
    long cpuTime;

    @Label("End Of Program")
    boolean endOfProgram;

    @Label("Waits From")
    @Timespan(Timespan.NANOSECONDS)
    long waitsFrom;
  }
}
