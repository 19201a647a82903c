package org.morethreads.profiling;

import java.util.ArrayList;
import java.util.List;
import jdk.jfr.consumer.RecordedFrame;
import jdk.jfr.consumer.RecordedMethod;
import jdk.jfr.consumer.RecordedStackTrace;
import org.jspecify.annotations.Nullable;

/**
 * A method in a stack.
 *
 * @param type the name of its class
 * @param method its name
 * @param line the line in it, or 0 when it is unknown
 */
record Frame(String type, String method, int line) {
  static final Frame CUT = new Frame("", "[stack was deeper than was recorded]", 0);

  /** The frames of a stack, the outermost first. */
  static List<Frame> of(@Nullable RecordedStackTrace stack) {
    List<Frame> frames = new ArrayList<>();
    if (stack != null) {
      for (RecordedFrame frame : stack.getFrames()) {
        RecordedMethod method = frame.getMethod();
        if (method != null && !isMachinery(method)) {
          frames.add(
              new Frame(
                  method.getType().getName(),
                  method.getName(),
                  Math.max(0, frame.getLineNumber())));
        }
      }
      if (stack.isTruncated()) {
        frames.add(CUT);
      }
    }
    return frames.reversed();
  }

  /** How a thread gets going: it is the same below the task of each. */
  private static boolean isMachinery(RecordedMethod method) {
    String type = method.getType().getName();
    String name = method.getName();
    return type.startsWith("jdk.internal.vm.Continuation")
        || (type.startsWith("java.lang.VirtualThread") && name.equals("run"))
        || (type.equals("java.lang.Thread") && name.startsWith("run"))
        || (type.equals("org.morethreads.thread.Node") && name.equals("run"));
  }

  /** The source file, as far as the name of the class tells. */
  String file() {
    int nested = type.indexOf('$');
    String outermost = nested < 0 ? type : type.substring(0, nested);
    return outermost.isEmpty() ? "" : outermost.replace('.', '/') + ".java";
  }

  /** The class without its package, and the method. */
  String shortName() {
    String simple = type.substring(type.lastIndexOf('.') + 1);
    return simple.isEmpty() ? method : simple + "." + method;
  }

  String name() {
    return type.isEmpty() ? method : type + "." + method;
  }
}
